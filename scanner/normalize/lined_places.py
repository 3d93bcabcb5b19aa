"""Places that are a plain table, with the lines of the files that they stand in.

What a front end reads lazily knows its lines itself. The places of others, such as Terraform's, are tables, as are
places that were kept from an earlier run: the span of what takes several lines tells where to look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from scanner.model.resource import Declaration
from scanner.model.span import Span, line_within

EXTENT: Final = "\n"
"""At the end of a path: the place of the whole value, where the path's own place is that of its key."""


class LinedPlaces(dict[str, Span]):
    """Where attributes stand, by path. ``texts`` are the lines of the files."""

    __slots__ = ("texts",)

    def __init__(self, places: Mapping[str, Span], texts: Mapping[str, Sequence[str]]) -> None:
        super().__init__(places)
        self.texts = texts

    def line_of(self, path: str, word: str, nth: int) -> Span | None:
        """The line of a value at a path in which a word stands for the ``nth`` time, where it takes several lines."""
        span = self.get(f"{path}{EXTENT}") or self.get(path)
        if span is None or not span.several_lines:
            return None
        return line_within(span, self.texts.get(span.file, ()), word, nth)


def lined(declaration: Declaration, texts: Mapping[str, Sequence[str]]) -> Declaration:
    """A declaration whose places find the lines of what takes several."""
    places = declaration.places
    if not texts or type(places) is not dict or not any(span.several_lines for span in places.values()):
        return declaration
    return replace(declaration, places=LinedPlaces(places, texts))
