"""Where attributes stand of which some are told elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scanner.model.span import Span, line_of


class AddedPlaces(Mapping[str, Span]):
    """Places with more that stand elsewhere."""

    def __init__(self, places: Mapping[str, Span], added: Mapping[str, Span]) -> None:
        self._places, self._added = places, added

    def __getitem__(self, path: str) -> Span:
        found = self._added.get(path)
        return self._places[path] if found is None else found

    def line_of(self, path: str, word: str, nth: int) -> Span | None:
        """The line of a text that stands where its places say."""
        return None if path in self._added else line_of(self._places, path, word, nth)

    def __iter__(self) -> Iterator[str]:
        yield from self._added
        yield from (path for path in self._places if path not in self._added)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return True
