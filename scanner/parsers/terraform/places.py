"""Where the attributes of a declaration stand, and the lines of those that take several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scanner.model.span import Span, line_within


class WrittenPlaces(dict[str, Span]):
    """Where attributes stand, by path. ``texts`` are the lines of the files that they stand in."""

    __slots__ = ("texts",)

    def __init__(self, texts: Mapping[str, Sequence[str]]) -> None:
        super().__init__()
        self.texts = texts

    def line_of(self, path: str, word: str, nth: int) -> Span | None:
        """The line of an expression at a path in which a word stands for the ``nth`` time: of a heredoc, of a list."""
        span = self.get(path)
        if span is None or not span.several_lines:
            return None
        return line_within(span, self.texts.get(span.file, ()), word, nth)
