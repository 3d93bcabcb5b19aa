"""Resources that a template writes inside of another: the subnets of a network, the node pools of a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from scanner.model.resource import Declaration, Reference
from scanner.model.span import Span, line_of
from scanner.model.value import Ref, Unknown, Value
from scanner.normalize.respelled import snake

REST: Final = "[1:]"
"""At the end of a path: all entries of the list but the first."""


class _PlacesBelow(Mapping[str, Span]):
    """Where attributes stand below one path of a declaration."""

    def __init__(self, places: Mapping[str, Span], at: str) -> None:
        self._places, self._at = places, f"{at}."

    def __getitem__(self, path: str) -> Span:
        return self._places[self._at + path]

    def line_of(self, path: str, word: str, nth: int) -> Span | None:
        """The line of a text below the path."""
        return line_of(self._places, self._at + path, word, nth)

    def __iter__(self) -> Iterator[str]:
        return (path.removeprefix(self._at) for path in self._places if path.startswith(self._at))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return True


def resources_at(whole: Declaration, path: str, native: str, body: str) -> Iterator[tuple[str, Declaration]]:
    """The entries of the list at a path (in snake case) as resources of a native type, each with its own native path.

    ``parent`` names the whole. ``node_pools[1:]`` leaves out the first.
    """
    at, entries = _written(whole.attributes, path.removesuffix(REST), body)
    references = _by_entry(whole.references, at)
    first, names = 1 if path.endswith(REST) else 0, set[str]()
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict) and index >= first:
            written = entry.get("name")
            name = written if isinstance(written, str) and written and written not in names else f"[{index}]"
            names.add(name)
            part = _part(whole, f"{at}[{index}]", entry, name, native)
            yield f"{at}[{index}]", replace(part, references=(*references.get(index, ()), *part.references))


def _by_entry(references: Iterable[Reference], at: str) -> Mapping[int, list[Reference]]:
    """The references below the list at a path by the index of the entry, as that entry has them."""
    found: dict[int, list[Reference]] = {}
    for each in references:
        number, bracket, rest = each.path.removeprefix(f"{at}[").partition("].")
        if at and bracket and number.isdigit() and each.path.startswith(f"{at}["):
            found.setdefault(int(number), []).append(replace(each, path=rest))
    return found


def _part(whole: Declaration, at: str, entry: Mapping[str, Value], name: str, native: str) -> Declaration:
    read = Ref(whole.id, "id")
    written = None if whole.dialect == "terraform" else whole.places.get(f"{at}.name")
    span = written or whole.span_of(at)  # an entry's brace tells a reader nothing
    return replace(
        whole,
        id=f"{whole.id}/{native.rpartition('/')[2]}/{name}",
        type=native,
        name=name,
        span=span,
        attributes={**entry, "parent": Unknown(f"the id of {whole.id}", span, read, (read,))},
        places=_PlacesBelow(whole.places, at),
        references=(Reference("parent", whole.id, "id", span),),
        lifecycle={},
        depends_on=(),
    )


def _written(attributes: Mapping[str, Value], path: str, body: str) -> tuple[str, Value]:
    """The native path of what stands at a path in snake case, and its value; empty where nothing is written."""
    at, value = "", attributes
    for step in path.split("."):
        found = _step(value, step, body)
        if found is None:
            return "", None
        at, value = f"{at}.{found[0]}" if at else found[0], found[1]
    return at, value


def _step(value: Value, step: str, body: str) -> tuple[str, Value] | None:
    if not isinstance(value, dict):
        return None
    for key, inner in value.items():
        if snake(key) == step:
            return key, inner
    inner = value.get(body) if body else None
    found = _step(inner, step, "") if isinstance(inner, dict) else None
    return (f"{body}.{found[0]}", found[1]) if found is not None else None
