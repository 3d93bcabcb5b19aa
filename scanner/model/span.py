"""Where something stands in a file."""

from __future__ import annotations

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

    def under(self, parent: Span | None, via: str) -> Span:
        """The same place, reached through another one if there is one."""
        return self if parent is None else replace(self, parent=parent, via=via)

    def chain(self) -> tuple[Span, ...]:
        """This place and the ones that led to it, innermost first."""
        places = [self]
        while (parent := places[-1].parent) is not None:
            places.append(parent)
        return tuple(places)
