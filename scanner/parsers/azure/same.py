"""Declarations that mean one resource: deployed again under the same name, or said to exist by what deploys it.

Azure knows a resource by where it lies, its type and its name. A module that a loop deploys twice, or a nested template
that changes a network made before it, deploys one resource; an ``existing`` one may be another module's.
See https://learn.microsoft.com/azure/azure-resource-manager/bicep/existing-resource.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from scanner.model.resource import Declaration
from scanner.model.value import Ref, Unknown, Value
from scanner.parsers.azure.instance import Instance
from scanner.parsers.azure.place import NO_GROUP, NO_SUBSCRIPTION
from scanner.parsers.azure.texts import shown


def same(registry: Mapping[tuple[str, str], Sequence[Instance]]) -> dict[str, str]:
    """The id of each declaration that another stands for → the id of that."""
    return {each.id: first.id for group in registry.values() for first, each in _alike(group)}


def _alike(group: Sequence[Instance]) -> Iterator[tuple[Instance, Instance]]:
    places: dict[object, list[Instance]] = {}
    for each in group if len(group) > 1 else ():
        place = _place(each)
        if place is not None:
            places.setdefault(place, []).append(each)
    for found in places.values():
        deployed = [each for each in found if not each.declared.existing and each.exists is not False]
        certain = all(each.exists is True for each in deployed)
        if deployed and (certain or len(deployed) == 1):
            yield from ((deployed[0], each) for each in found if each is not deployed[0] and each.exists is not False)


def _place(instance: Instance) -> object:
    """What tells where a resource lies, if its name tells which it is there."""
    body, place = instance.declared.body, instance.deployment.place
    if instance.declared.module is not None or "{" in instance.name_key or body.entry("scope") is not None:
        return None
    if _told(place.subscription, NO_SUBSCRIPTION) and _told(place.group, NO_GROUP):
        return shown(place.subscription), shown(place.group)
    return None


def _told(value: Value, own: Unknown) -> bool:
    """Whether a subscription or group is known, or the same as that of the whole deployment."""
    return isinstance(value, str) or value == own


def merged(found: Sequence[Declaration], names: Mapping[str, str]) -> Iterator[Declaration]:
    """The declarations, each resource once; what was read of those left out is read of those that stand for them."""
    for each in found:
        if each.id not in names:
            yield _renamed(each, names) if names else each


def _renamed(each: Declaration, names: Mapping[str, str]) -> Declaration:
    references = {replace(r, target=names.get(r.target, r.target)): None for r in each.references}
    waits = dict.fromkeys(names.get(name, name) for name in each.depends_on)
    return replace(
        each,
        attributes={key: _value(value, names) for key, value in each.attributes.items()},
        references=tuple(reference for reference in references if reference.target != each.id),
        depends_on=tuple(name for name in waits if name != each.id),
    )


def _value(value: Value, names: Mapping[str, str]) -> Value:
    match value:
        case dict():
            return {key: _value(item, names) for key, item in value.items()}
        case list():
            return [_value(item, names) for item in value]
        case Unknown() if any(ref.address in names for ref in _mentioned(value)):
            return _unknown(value, names)
        case _:
            return value


def _mentioned(value: Unknown) -> tuple[Ref, ...]:
    return value.refs if value.ref is None else (value.ref, *value.refs)


def _unknown(value: Unknown, names: Mapping[str, str]) -> Unknown:
    return replace(
        value,
        ref=_ref(value.ref, names) if value.ref is not None else None,
        refs=tuple(dict.fromkeys(_ref(ref, names) for ref in value.refs)),
        parts=tuple(part if isinstance(part, str) else _unknown(part, names) for part in value.parts),
        content=_unknown(value.content, names) if value.content is not None else None,
    )


def _ref(ref: Ref, names: Mapping[str, str]) -> Ref:
    return Ref(names.get(ref.address, ref.address), ref.path)
