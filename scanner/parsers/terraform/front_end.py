"""Which of the two HCL front ends reads: the compiled one where it is installed, else the pure-Python one."""

from __future__ import annotations

import os
from typing import Final, Protocol

from scanner.parsers.terraform.positions import SyntaxInvalid, too_deep
from scanner.parsers.terraform.tree import Body, Expression, Position, SyntaxProblem

CHOICE: Final = "RISKSCAN_HCL"
"""Set to ``python-hcl2`` in the environment, it forces the pure-Python front end."""

BodyAndProblems = tuple[Body, list[SyntaxProblem]]


class FrontEnd(Protocol):
    """What both front ends offer. All of it raises :class:`SyntaxInvalid`, or ``RecursionError`` on a full stack."""

    def read_body(self, source: bytes, first_line: int = 1) -> BodyAndProblems:
        """Read a file's text (UTF-8 without byte order mark), or a part of it that begins in ``first_line``.

        Also returns what is wrong though it could be read.
        """

    def read_expression(self, source: str, at: Position | None = None) -> Expression:
        """Read one expression. With ``at``, everything in it stands there."""

    def read_template(self, source: str, at: Position | None = None) -> Expression:
        """Read a template without quotes, whose backslashes mean themselves. With ``at``, everything stands there."""


def choice() -> str:
    """What the environment asks for: the name of a front end, or nothing for the compiled one."""
    return "python-hcl2" if os.environ.get(CHOICE) == "python-hcl2" else ""


def front_end() -> FrontEnd:
    """The front end to use. The environment is asked each time, so that one process can compare both."""
    if not choice():
        try:
            from scanner.parsers.terraform import syntax_treesitter
        except ImportError:
            pass
        else:
            return syntax_treesitter
    from scanner.parsers.terraform import syntax_hcl2

    return syntax_hcl2


def body(source: bytes, first_line: int = 1) -> BodyAndProblems:
    """Read a file or a part of it. Raises :class:`SyntaxInvalid` and nothing else."""
    if (nul := source.find(b"\0")) >= 0:
        line = first_line + source.count(b"\n", 0, nul)
        column = len(source[source.rfind(b"\n", 0, nul) + 1 : nul].decode("utf-8", "replace")) + 1
        raise SyntaxInvalid("a NUL byte is not allowed", (line, column, line, column + 1))
    try:
        return front_end().read_body(source, first_line)
    except RecursionError:
        raise too_deep((first_line, 1, first_line, 1)) from None


def expression(source: str, at: Position | None = None) -> Expression:
    """Read one expression. Raises :class:`SyntaxInvalid` and nothing else."""
    try:
        return front_end().read_expression(_checked(source, at), at)
    except RecursionError:
        raise too_deep(at or (1, 1, 1, 1)) from None


def template(source: str, at: Position | None = None) -> Expression:
    """Read a template without quotes. Raises :class:`SyntaxInvalid` and nothing else."""
    try:
        return front_end().read_template(_checked(source, at), at)
    except RecursionError:
        raise too_deep(at or (1, 1, 1, 1)) from None


def _checked(source: str, at: Position | None) -> str:
    """The text, if it has no characters that no source file can have."""
    if "\0" in source:
        raise SyntaxInvalid("a NUL byte is not allowed", at or (1, 1, 1, 1))
    try:
        source.encode()
    except UnicodeEncodeError:
        raise SyntaxInvalid("half of a surrogate pair is not a character", at or (1, 1, 1, 1)) from None
    return source
