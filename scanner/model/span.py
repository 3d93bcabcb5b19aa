"""Where something stands in a file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct
from msgspec.structs import force_setattr, replace


class Span(Struct, frozen=True, order=True):
    """A range of one file. Lines and columns count from 1 in Unicode characters; ``end_column`` is exclusive.

    ``file`` is the path as reports show it: relative to the scan's base, with forward slashes. ``parent`` is the place
    that brought this one into being (the module call, the chart, the ``for_each`` line) and ``via`` says how.
    """

    file: str
    line: int
    column: int = 1
    end_line: int = 0
    end_column: int = 0
    parent: Span | None = None
    via: str = ""

    def __post_init__(self) -> None:
        if self.end_line == 0:
            force_setattr(self, "end_line", self.line)
            force_setattr(self, "end_column", self.end_column or self.column)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    @property
    def several_lines(self) -> bool:
        """Whether it does not end in the line that it begins in."""
        return self.end_line > self.line

    def under(self, parent: Span | None, via: str) -> Span:
        """The same place, reached through another one if there is one."""
        return self if parent is None else replace(self, parent=parent, via=via)

    def chain(self) -> tuple[Span, ...]:
        """This place and the ones that led to it, innermost first."""
        places = [self]
        while (parent := places[-1].parent) is not None:
            places.append(parent)
        return tuple(places)


MAX_SEARCHED = 1 << 17
"""Characters of one text in which a word is looked for: beyond, the text as a whole is marked."""


@runtime_checkable
class Lined(Protocol):
    """Places of fields that also know the lines of what takes several."""

    def line_of(self, path: str, word: str, nth: int) -> Span | None:
        """The line of the text at a path in which a word stands for the ``nth`` time, counted from 0."""


def line_of(places: Mapping[str, Span], path: str, word: str, nth: int) -> Span | None:
    """The line in which a text says something; ``None`` where the places know no lines, or the text no such word."""
    return places.line_of(path, word, nth) if isinstance(places, Lined) else None


def line_within(extent: Span, lines: Sequence[str], word: str, nth: int) -> Span | None:
    """The line of a part of a file in which a word stands for the ``nth`` time, without the blanks around it."""
    pattern, searched = whole_word(word), 0
    for number in range(extent.line, min(extent.end_line, len(lines)) + 1):
        line = lines[number - 1]
        start = extent.column - 1 if number == extent.line else 0
        end = extent.end_column - 1 if number == extent.end_line else len(line)
        found = len(pattern.findall(line, start, end))
        if nth < found:
            first = len(line) - len(line.lstrip()) + 1
            return Span(extent.file, number, first, number, len(line.rstrip()) + 1, extent.parent, extent.via)
        nth -= found
        searched += len(line) + 1
        if searched > MAX_SEARCHED:
            break
    return None


def whole_word(word: str) -> re.Pattern[str]:
    """A host or other name where it is not a part of a longer one; an end that is no letter may stand anywhere."""
    before = r"(?<![\w.-])" if word[:1].isalnum() else ""
    after = r"(?![\w-]|\.\w)" if word[-1:].isalnum() else ""
    return re.compile(f"{before}{re.escape(word)}{after}", re.IGNORECASE)
