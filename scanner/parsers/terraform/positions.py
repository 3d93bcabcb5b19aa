"""Where things stand in a source text, and the error that a front end raises."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

from scanner.parsers.terraform.tree import Position

MAX_NESTING: Final = 200
"""How deep expressions and blocks may nest. A chain of operators or conditionals nests once a link."""


class SyntaxInvalid(ValueError):
    """A text that HCL does not allow. ``at`` is where, ``line`` and ``column`` are where that begins."""

    def __init__(self, message: str, at: Position) -> None:
        super().__init__(message)
        self.message = message
        self.at = at

    @property
    def line(self) -> int:
        """The line, counted from 1."""
        return self.at[0]

    @property
    def column(self) -> int:
        """The column, counted from 1 in Unicode characters."""
        return self.at[1]


def too_deep(at: Position) -> SyntaxInvalid:
    """The error for a text that nests deeper than :data:`MAX_NESTING`."""
    return SyntaxInvalid(f"nested deeper than {MAX_NESTING} levels", at)


def between(first: Position, last: Position) -> Position:
    """The range from the beginning of one position to the end of another."""
    return (first[0], first[1], last[2], last[3])


def advanced(line: int, column: int, text: str) -> tuple[int, int]:
    """Where one stands after reading ``text`` from a place on."""
    if (newline := text.rfind("\n")) < 0:
        return line, column + len(text)
    return line + text.count("\n"), len(text) - newline


class Lines:
    """Turns places in a text, counted in characters from 0, into positions.

    Lines count from ``first_line``; or all of the text stands ``everywhere``, in one place.
    """

    def __init__(self, text: str, first_line: int = 1, everywhere: Position | None = None) -> None:
        self.everywhere = everywhere
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._before = first_line - 1

    def at(self, start: int, end: int) -> Position:
        """The position of the characters from ``start`` up to ``end``."""
        return self.everywhere or (*self.place(start), *self.place(end))

    def place(self, offset: int) -> tuple[int, int]:
        """The line and column of one character."""
        line = bisect_right(self._starts, offset)
        return line + self._before, offset - self._starts[line - 1] + 1


def unexpected(found: str) -> str:
    """What to say of text that the grammar could not place: what should stand there instead."""
    shown = found[:40]
    if not found:
        return "expected more before the end"
    if found.endswith(("=", "+", "-", "*", "/", "%", "?", ":", "&&", "||", "!", "<", ">", ",", "(", "[")):
        return f"expected a value after {shown}"
    return f"expected an argument, a block or the end of the expression, found {shown}"
