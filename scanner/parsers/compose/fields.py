"""Values with the place that each was written at, so that it is known after files have been merged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from msgspec import Struct

from scanner.model.resource import nearest_span
from scanner.model.span import Span, line_of
from scanner.model.value import Unknown, Value

RESET: Final = "!reset"
OVERRIDE: Final = "!override"

_OPEN: Final = "\ue000"
_CLOSE: Final = "\ue001"


class Origin(Struct, frozen=True):
    """Where something was written: a path among the places of a file. Looked up when somebody asks."""

    places: Mapping[str, Span]
    path: str
    fallback: Span

    @property
    def span(self) -> Span:
        """The nearest place that is known."""
        return nearest_span(self.places, self.path, self.fallback)


class Field(Struct, frozen=True):
    """A value with its origin. Collections hold fields; ``tag`` says how it is merged over another value."""

    value: Any
    origin: Origin
    tag: str = ""

    def get(self, key: str) -> Field | None:
        """The entry of a mapping."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def text(self, key: str) -> str:
        """A known text of a mapping, else an empty one."""
        found = self.get(key)
        return found.value if found is not None and isinstance(found.value, str) else ""

    def mapping(self) -> Mapping[str, Field]:
        """Its entries; none for what is no mapping."""
        return self.value if isinstance(self.value, dict) else {}

    def items(self) -> list[Field]:
        """Its items; a single value is a list of itself, an empty one of nothing."""
        if isinstance(self.value, list):
            return self.value
        return [] if self.value is None else [self]

    def with_value(self, value: Any) -> Field:
        """Another value at the same place."""
        return Field(value, self.origin, self.tag)


def plain(field: Field) -> Value:
    """The data alone."""
    value = field.value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


@dataclass(frozen=True, slots=True, eq=False)
class FieldPlaces(Mapping[str, Span]):
    """Where the fields of merged data stand, by path; the files are asked on demand."""

    field: Field

    def __getitem__(self, path: str) -> Span:
        found = _at(self.field, path)
        if found is None:
            raise KeyError(path)
        return found.origin.span

    def line_of(self, path: str, word: str, nth: int) -> Span | None:
        """The line of a text at a path in which a word stands for the ``nth`` time, where it takes several lines."""
        found = _at(self.field, path)
        return None if found is None else line_of(found.origin.places, found.origin.path, word, nth)

    def __iter__(self) -> Iterator[str]:
        return (path for path, _ in _walk(self.field, ""))

    def __len__(self) -> int:
        return sum(1 for _ in _walk(self.field, ""))

    def __bool__(self) -> bool:
        return True


def _walk(field: Field, prefix: str) -> Iterator[tuple[str, Field]]:
    for key, item in field.mapping().items():
        path = f"{prefix}.{key}" if prefix else key
        yield path, item
        yield from _walk(item, path)
    for index, item in enumerate(field.value) if isinstance(field.value, list) else ():
        yield f"{prefix}[{index}]", item
        yield from _walk(item, f"{prefix}[{index}]")


def _at(field: Field, path: str) -> Field | None:
    """The field at a path. Keys may hold dots: the longest that fits is meant."""
    while path:
        if path.startswith("["):
            number, _, path = path[1:].partition("]")
            items = field.value if isinstance(field.value, list) else []
            if not number.isdecimal() or int(number) >= len(items):
                return None
            field = items[int(number)]
            continue
        path = path.removeprefix(".")
        fits = [k for k in field.mapping() if path.startswith(k) and path[len(k) : len(k) + 1] in ("", ".", "[") and k]
        if not fits:
            return None
        key = max(fits, key=len)
        field, path = field.mapping()[key], path[len(key) :]
    return field


# -- texts of which a part is not known ------------------------------------------------------------


def marked(value: Value) -> tuple[str, list[Unknown]]:
    """A text in which a mark stands for each part that is not known, so that it can be taken apart."""
    if isinstance(value, bool):
        return ("true" if value else "false"), []
    if not isinstance(value, Unknown):
        return ("" if value is None else str(value)), []
    gaps: list[Unknown] = []
    text = ""
    for part in value.parts or (value,):
        if isinstance(part, str):
            text += part
        else:
            text += f"{_OPEN}{len(gaps)}{_CLOSE}"
            gaps.append(part)
    return text, gaps


def unmarked(text: str, gaps: list[Unknown], join: Callable[[list[str | Unknown]], str | Unknown]) -> str | Unknown:
    """What :func:`marked` took apart, as a value again."""
    parts: list[str | Unknown] = []
    for index, piece in enumerate(text.split(_OPEN)):
        number, _, rest = piece.partition(_CLOSE) if index else ("", "", piece)
        if number:
            parts.append(gaps[int(number)])
        parts.append(rest)
    return join(parts)
