"""Offsets of a text as lines and columns."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from scanner.parsers.azure.tree import At


@dataclass(slots=True)
class Lines:
    """Where the lines of a text begin."""

    text: str
    _starts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._starts = [0]
        position = self.text.find("\n")
        while position >= 0:
            self._starts.append(position + 1)
            position = self.text.find("\n", position + 1)

    def at(self, start: int, end: int) -> At:
        """The place of a stretch of the text."""
        return (*self.place(start), *self.place(end))

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1
