"""Values with the place that each was written at, so that it is known after functions and loops have moved them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from msgspec import Struct

from scanner.model.resource import Reference
from scanner.model.span import Span, line_within
from scanner.model.value import Unknown, Value
from scanner.parsers.cloudformation.limits import Budget
from scanner.parsers.positioned_yaml import field_span, node_span


class _NoValue:
    """The type of :data:`NO_VALUE`."""

    def __repr__(self) -> str:
        return "NO_VALUE"


NO_VALUE: Final = _NoValue()
"""What ``AWS::NoValue`` stands for: the key or item that holds it is left out."""


class Origin(Struct, frozen=True):
    """The file that something was written in, and what brought it in from there."""

    file: str
    parent: Span | None = None
    via: str = ""

    def span(self, key: Any, node: Any) -> Span:
        """The place of a key and its value (or of a value alone)."""
        return field_span(self.file, key, node).under(self.parent, self.via)

    def extent(self, node: Any) -> Span:
        """The place of a value from its beginning to its end."""
        return node_span(self.file, node).under(self.parent, self.via)


class Field(Struct, frozen=True):
    """A value with its origin. ``value`` is plain, unknown, a list of fields or a mapping of names to fields."""

    value: Any
    node: Any
    origin: Origin
    key: Any = None

    @property
    def span(self) -> Span:
        """Where it is written."""
        return self.origin.span(self.key, self.node)

    def get(self, *names: str) -> Field | None:
        """What stands below, step by step."""
        found: Field | None = self
        for name in names:
            found = found.value.get(name) if found is not None and isinstance(found.value, dict) else None
        return found

    def text(self, *names: str) -> str:
        """A known text below, else an empty one."""
        found = self.get(*names)
        return found.value if found is not None and isinstance(found.value, str) else ""

    def mapping(self) -> Mapping[str, Field]:
        """Its entries; none for what is no mapping."""
        return self.value if isinstance(self.value, dict) else {}

    def items(self) -> list[Field]:
        """Its items; none for what is no list."""
        return self.value if isinstance(self.value, list) else []

    def with_value(self, value: Any) -> Field:
        """Another value at the same place."""
        return Field(value, self.node, self.origin, self.key)


@dataclass(slots=True)
class Plain:
    """Makes plain data of fields, and notes what it refers to. ``targets`` are the ids of declared things."""

    targets: Mapping[str, object]
    references: dict[Reference, None]
    budget: Budget

    def value(self, field: Field, path: str) -> Value:
        """The data of a field that stands at a path; what there is no room for is left out."""
        value = field.value
        self.budget.fields += 1
        if isinstance(value, Unknown):
            self._refer(value, field, path)
        elif isinstance(value, dict):
            prefix = f"{path}." if path else ""
            return {key: self.value(item, f"{prefix}{key}") for key, item in value.items() if self.budget.has_room}
        elif isinstance(value, list):
            return [self.value(item, f"{path}[{n}]") for n, item in enumerate(value) if self.budget.has_room]
        return value

    def _refer(self, value: Unknown, field: Field, path: str) -> None:
        for ref in value.refs:
            if ref.address in self.targets:
                self.references[Reference(path, ref.address, ref.path, field.span)] = None


@dataclass(frozen=True, slots=True, eq=False)
class FieldPlaces(Mapping[str, Span]):
    """Where the fields of a resource stand, by path. ``beside`` holds what stands beside its properties.

    ``texts`` are the lines of the files that they stand in; ``decider`` tells of a field where its value was written.
    """

    field: Field
    beside: Mapping[str, Field]
    texts: Mapping[str, Sequence[str]]
    decider: Callable[[Field], tuple[Span, str] | None]

    def __getitem__(self, path: str) -> Span:
        found = self._found(path)
        if found is None:
            raise KeyError(path)
        return self._span(found)

    def get(self, path: str, default: Any = None) -> Any:
        """The span, if there is one."""
        found = self._found(path)
        return default if found is None else self._span(found)

    def _span(self, found: Field) -> Span:
        source = self.decider(found)
        return found.span if source is None else found.span.under(*source)

    def line_of(self, path: str, word: str, nth: int) -> Span | None:
        """The line of a value at a path in which a word stands for the ``nth`` time."""
        found = self._found(path)
        if found is None:
            return None
        extent = found.origin.extent(found.node)
        return line_within(extent, self.texts.get(extent.file, ()), word, nth)

    def _found(self, path: str) -> Field | None:
        found = _at(self.field, path) if path else None
        return self.beside.get(path) if found is None else found

    def __iter__(self) -> Iterator[str]:
        yield from (path for path, _ in _walk(self.field, ""))
        yield from self.beside

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return True


def _walk(field: Field, prefix: str) -> Iterator[tuple[str, Field]]:
    for key, item in field.mapping().items():
        path = f"{prefix}.{key}" if prefix else key
        yield path, item
        yield from _walk(item, path)
    for index, item in enumerate(field.items()):
        yield f"{prefix}[{index}]", item
        yield from _walk(item, f"{prefix}[{index}]")


def _at(field: Field, path: str) -> Field | None:
    """The field at a path. Keys may hold dots: the longest that fits is meant."""
    while path:
        if path.startswith("["):
            number, _, path = path[1:].partition("]")
            items = field.items()
            if not number.isdecimal() or int(number) >= len(items):
                return None
            field = items[int(number)]
            continue
        path = path.removeprefix(".")
        entries = field.mapping()
        ends = (len(path), *(at for at in range(len(path) - 1, 0, -1) if path[at] in ".["))
        key = next((path[:end] for end in ends if path[:end] in entries), None)
        if key is None:
            return None
        field, path = entries[key], path[len(key) :]
    return field
