"""HCL through ``python-hcl2``: the front end where no compiled grammar is installed, and a second opinion in tests.

Only the grammar of python-hcl2 (8.1) is used, for code without texts: :mod:`~scanner.parsers.terraform.masking` paints
over quotes, heredocs, comments, meaningless line breaks and foreign letters, and what is interpolated is read on its
own. That leaves one known difference from HCL: two operators before one value (``!!x``, ``!-x``) are rejected.
"""

from __future__ import annotations

from scanner.parsers.terraform.front_end import BodyAndProblems
from scanner.parsers.terraform.hcl2_reader import Reader
from scanner.parsers.terraform.masking import Masker
from scanner.parsers.terraform.positions import Lines, SyntaxInvalid, advanced
from scanner.parsers.terraform.tree import Expression, Position


def read_body(source: bytes, first_line: int = 1) -> BodyAndProblems:
    """See :class:`~scanner.parsers.terraform.front_end.FrontEnd`."""
    text = source.decode()
    lines = Lines(text, first_line)
    reader = Reader(text, lines)
    return reader.file(Masker(text, lines).code(0)), reader.problems


def read_expression(source: str, at: Position | None = None) -> Expression:
    """See :class:`~scanner.parsers.terraform.front_end.FrontEnd`."""
    lines = Lines(source, 1, at)
    reader = Reader(source, lines)
    value = reader.value(Masker(source, lines).code(0, bare=True))
    if reader.problems:
        raise SyntaxInvalid(reader.problems[0].message, reader.problems[0].at)
    return value


def read_template(source: str, at: Position | None = None) -> Expression:
    """See :class:`~scanner.parsers.terraform.front_end.FrontEnd`."""
    lines = Lines(source, 1, at)
    whole = at or (1, 1, *advanced(1, 1, source))
    return Reader(source, lines).template(Masker(source, lines).template(), whole)
