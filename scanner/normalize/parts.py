"""What one native resource says about several: entries of its lists that the catalog knows as resources of their own.

``Targets`` of a target group are Terraform's attachments, ``RecordSets`` of a record set group are records.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from scanner.catalog.spellings import Part
from scanner.model.resource import Declaration, Reference
from scanner.model.value import Ref, Unknown, Value
from scanner.normalize.respelled import CLOUD, Respelled

_KEYS: Final = ("key", "name")


class PartOf(Struct, frozen=True):
    """A part as it is written in ``whole``; ``declaration`` still has what is written there."""

    declaration: Declaration
    spoken: Respelled
    meaning: Part
    whole: str


def parts_of(spoken: Respelled, meaning: Part, declaration: Declaration) -> Iterator[PartOf]:
    """The parts that stand at one place. What is no list, object or text there, says nothing."""
    for holder, key, at in _found(spoken.attributes, meaning.at.split("."), ""):
        value = holder[key]
        if isinstance(value, Unknown) and not meaning.value:
            continue
        entries = value if isinstance(value, list) else [value]
        for index, entry in enumerate(entries):
            path = f"{at}[{index}]" if isinstance(value, list) else at
            part = _part(spoken, entry, path, meaning.value)
            if part is None:
                continue
            written = spoken.paths.get(path, path)
            own = replace(
                declaration,
                id=f"{declaration.id}/{path}",
                span=declaration.span_of(written),
                references=tuple(r for r in declaration.references if _is_below(r.path, written)),
                lifecycle={},
                depends_on=(),
            )
            yield PartOf(own, part, meaning, declaration.id)
        spoken.moved.add(at)


def _found(holder: Mapping[str, Value], steps: list[str], at: str) -> Iterator[tuple[Mapping[str, Value], str, str]]:
    inner = holder.get(steps[0])
    path = f"{at}.{steps[0]}" if at else steps[0]
    if inner is None:
        return
    if len(steps) == 1:
        yield holder, steps[0], path
    elif isinstance(inner, dict):
        yield from _found(inner, steps[1:], path)


def _part(spoken: Respelled, entry: Value, path: str, value: str) -> Respelled | None:
    """What is written at a path as attributes of its own; a plain entry is one of them."""
    if not value and not isinstance(entry, dict):
        return None
    attributes: dict[str, Value] = {value: entry} if value else dict(entry)
    stem = f"{value}." if value else ""
    paths = {value: spoken.paths[path]} if value and path in spoken.paths else {}
    for each, written in spoken.paths.items():
        if each.startswith(f"{path}."):
            paths[f"{stem}{each[len(path) + 1 :]}"] = written
    return Respelled(CLOUD, attributes, paths)


def _is_below(path: str, place: str) -> bool:
    return path == place or path.startswith((f"{place}.", f"{place}["))


def share(part: PartOf, whole: Respelled) -> None:
    """Give a part the attributes that it shares with the whole."""
    for path, name in part.meaning.shared.items():
        if path in whole.attributes and name not in part.spoken.attributes:
            part.spoken.attributes[name] = whole.attributes[path]
            part.spoken.paths[name] = whole.paths.get(path, path)


def name_whole(declaration: Declaration, part: PartOf) -> Declaration:
    """The part, naming the resource that it is written in."""
    name = part.meaning.whole
    if not name:
        return declaration
    ref = Ref(part.whole, "id")
    named = Unknown("known after it is made", declaration.span, ref, (ref,))
    return replace(
        declaration,
        attributes={**declaration.attributes, name: named},
        references=(*declaration.references, Reference(name, part.whole, "id", declaration.span)),
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
