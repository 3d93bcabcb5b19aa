"""The one entry to Terraform and OpenTofu syntax: bytes to our own tree, whatever reads them."""

from __future__ import annotations

import codecs
from typing import Final

from scanner.parsers.terraform import front_end
from scanner.parsers.terraform.positions import MAX_NESTING, SyntaxInvalid
from scanner.parsers.terraform.recovery import recover
from scanner.parsers.terraform.syntax_json import read_json
from scanner.parsers.terraform.tree import Body, Expression, ParsedFile, SyntaxProblem

MAX_PROBLEMS: Final = 100
"""So many problems of one file are told one by one."""

__all__ = ["MAX_NESTING", "SyntaxInvalid", "parse", "parse_expression", "parse_template"]

_WIDE_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def parse(source: bytes, path: str = "") -> ParsedFile:
    """Read a file. A name that ends in ``.json`` is read as JSON configuration syntax, all else as HCL native syntax.

    Never raises for what is in the file: that becomes a problem with its place, and what could still be read is
    returned. A problem is ``fatal`` when something of the file is left out; otherwise all of it was read, though
    Terraform would refuse it.
    """
    if source.startswith(_WIDE_MARKS):
        return ParsedFile(Body({}, ()), (SyntaxProblem("encoded as UTF-16: expected UTF-8", (1, 1, 1, 2)),))
    text, problems = _utf8(source.removeprefix(codecs.BOM_UTF8))
    parsed = read_json(text.decode(), path) if path.lower().endswith(".json") else _native(text)
    return ParsedFile(parsed.body, _limited((*problems, *parsed.problems))) if problems or parsed.problems else parsed


def _limited(problems: tuple[SyntaxProblem, ...]) -> tuple[SyntaxProblem, ...]:
    rest = problems[MAX_PROBLEMS:]
    if not rest:
        return problems
    summary = SyntaxProblem(f"{len(rest)} more problems", rest[0].at, any(problem.fatal for problem in rest))
    return (*problems[:MAX_PROBLEMS], summary)


def _native(source: bytes) -> ParsedFile:
    try:
        body, problems = front_end.body(source)
    except SyntaxInvalid as error:
        recovered = recover(source.decode())
        return (
            recovered if recovered.problems else ParsedFile(recovered.body, (SyntaxProblem(error.message, error.at),))
        )
    return ParsedFile(body, tuple(problems))


def _utf8(source: bytes) -> tuple[bytes, tuple[SyntaxProblem, ...]]:
    """The text with replacement characters for what is not UTF-8, and the place of the first of these."""
    try:
        source.decode()
    except UnicodeDecodeError as error:
        before = source[: error.start]
        line = 1 + before.count(b"\n")
        column = 1 + len(before[before.rfind(b"\n") + 1 :].decode())
        problem = SyntaxProblem("not encoded as UTF-8", (line, column, line, column + 1))
        return source.decode(errors="replace").encode(), (problem,)
    return source, ()


def parse_expression(source: str) -> Expression:
    """Read one HCL expression, such as the value of ``-var``. Raises :class:`SyntaxInvalid` with line and column."""
    return front_end.expression(source)


def parse_template(source: str) -> Expression:
    """Read a template without quotes, such as a template file. Raises :class:`SyntaxInvalid` with line and column."""
    return front_end.template(source)
