"""What one native resource says about several: entries of its lists that the catalog knows as resources of their own.

``Targets`` of a target group are Terraform's attachments, ``RecordSets`` of a record set group are records.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from scanner.catalog.spellings import Part
from scanner.model.resource import Declaration, Reference
from scanner.model.value import Unknown, Value
from scanner.normalize.respelled import CLOUD, Respelled

T = TypeVar("T")
_KEYS: Final = ("key", "name")
_INDEX: Final = re.compile(r"\[(\d+)\]")


class PartOf(Struct, frozen=True):
    """A part in the catalog's words; its ``declaration`` still has the type and attributes of the whole."""

    declaration: Declaration
    spoken: Respelled
    meaning: Part


def parts_of(spoken: Respelled, meaning: Part, declaration: Declaration) -> Iterator[PartOf]:
    """The parts that stand at one place. What is no list, object or text there, says nothing."""
    for holder, key, at in _found(spoken.attributes, meaning.at.split("."), ""):
        value = holder[key]
        if isinstance(value, Unknown) and not meaning.value:
            continue
        below = _by_entry(spoken.paths, at)
        written_at = spoken.paths.get(at, at)
        references = _by_entry({each.path: each for each in declaration.references}, written_at)
        for index, entry in enumerate(value) if isinstance(value, list) else ((None, value),):
            if not meaning.value and not isinstance(entry, dict):
                continue
            own = replace(
                declaration,
                id=f"{declaration.id}/{_entry_of(at, index)}",
                span=declaration.span_of(_entry_of(written_at, index)),
                references=tuple(references.get(index, {}).values()),
                lifecycle={},
                depends_on=(),
            )
            yield PartOf(own, _part(entry, _entry_of(at, index), below.get(index, {}), meaning.value), meaning)
        spoken.moved.add(at)


def _entry_of(path: str, index: int | None) -> str:
    return path if index is None else f"{path}[{index}]"


def _by_entry(below: Mapping[str, T], at: str) -> dict[int | None, dict[str, T]]:
    """What stands at or below a path, by the index of its entry; all of it together where there is no list."""
    found: dict[int | None, dict[str, T]] = {}
    for path, each in below.items():
        if path == at or path.startswith((f"{at}.", f"{at}[")):
            number = _INDEX.match(path, len(at))
            found.setdefault(int(number[1]) if number else None, {})[path] = each
    return found


def _found(holder: Mapping[str, Value], steps: list[str], at: str) -> Iterator[tuple[Mapping[str, Value], str, str]]:
    inner = holder.get(steps[0])
    path = f"{at}.{steps[0]}" if at else steps[0]
    if inner is None:
        return
    if len(steps) == 1:
        yield holder, steps[0], path
    elif isinstance(inner, dict):
        yield from _found(inner, steps[1:], path)


def _part(entry: Value, path: str, below: Mapping[str, str], value: str) -> Respelled:
    """What is written at a path as attributes of its own; a plain entry is one of them."""
    attributes: dict[str, Value] = {value: entry} if value or not isinstance(entry, dict) else dict(entry)
    paths = {}
    for each, written in below.items():
        own = f"{value}{each[len(path) :]}" if value else each[len(path) + 1 :]
        if own:
            paths[own] = written
    return Respelled(CLOUD, attributes, paths)


def shared(part: PartOf, whole: Respelled, declaration: Declaration) -> PartOf:
    """The part with the attributes that it shares with the whole, and what they read of others."""
    places = []
    for path, name in part.meaning.shared.items():
        if path in whole.attributes and name not in part.spoken.attributes:
            part.spoken.attributes[name] = whole.attributes[path]
            part.spoken.paths[name] = whole.paths.get(path, path)
            places.append(part.spoken.paths[name])
    if not places:
        return part
    read = [each for each in declaration.references if each.path in places]
    return replace(part, declaration=replace(part.declaration, references=(*part.declaration.references, *read)))


def with_whole(declaration: Declaration, name: str, whole: Value, reference: Reference) -> Declaration:
    """The part, naming the resource that it is written in."""
    return replace(
        declaration,
        attributes={**declaration.attributes, name: whole},
        references=(*declaration.references, reference),
    )


def lift_pairs(spoken: Respelled, path: str, told: Mapping[str, str]) -> None:
    """``LoadBalancerAttributes: [{Key: deletion_protection.enabled, Value: "true"}]``: attributes by their keys."""
    pairs = spoken.attributes.get(path)
    for index, pair in enumerate(pairs if isinstance(pairs, list) else ()):
        if not isinstance(pair, dict):
            continue
        key = next((pair[name] for name in _KEYS if name in pair), None)
        target = told.get(key) if isinstance(key, str) else None
        if target is not None and "value" in pair:
            spoken.put(target, pair["value"])
            spoken.paths[target] = spoken.paths.get(f"{path}[{index}].value", path)


def lift_own(spoken: Respelled, own: Mapping[str, str], region: Any) -> None:
    """Of the list at ``in`` take the entry for the region that the resource stands in: it is the resource itself.

    Where the region is not known it is the first one, as one of them must be.
    """
    path, key = own["in"], own["region"]
    entries = spoken.attributes.get(path)
    if not isinstance(entries, list) or not entries:
        return
    here = [i for i, entry in enumerate(entries) if isinstance(entry, dict) and entry.get(key) == region]
    index = here[0] if here else 0
    entry = entries[index]
    if not isinstance(entry, dict):
        return
    spoken.attributes[path] = [each for i, each in enumerate(entries) if i != index]
    taken, paths = f"{path}[{index}]", {}
    for each, written in spoken.paths.items():
        if each.startswith(f"{taken}."):
            paths[each[len(taken) + 1 :]] = written
        elif each != taken:
            paths[_closed(each, path, index)] = written
    spoken.paths = paths
    for name, value in entry.items():
        if name != key:
            spoken.attributes.setdefault(name, value)


def _closed(path: str, at: str, gap: int) -> str:
    """A path into a list after one of its entries was taken out."""
    number, bracket, rest = path.removeprefix(f"{at}[").partition("]")
    if not path.startswith(f"{at}[") or not bracket or int(number) < gap:
        return path
    return f"{at}[{int(number) - 1}]{rest}"
