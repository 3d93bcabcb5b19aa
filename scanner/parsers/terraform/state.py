"""What a state or the values of a plan hold, and what its values refer to.

https://developer.hashicorp.com/terraform/internals/json-format#values-representation, and version 4 of
``terraform.tfstate``, whose layout is only told by https://github.com/hashicorp/terraform/blob/main/internal/states/statefile/version4.go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from scanner.model.resource import Reference, nearest_span
from scanner.model.span import Span
from scanner.model.value import Value
from scanner.parsers.positioned_json import JsonDocument, JsonPlaces
from scanner.parsers.terraform.plan_references import Key, listed, mapping, unkeyed
from scanner.parsers.terraform.plan_values import secrets_in

_NAMING: Final = re.compile(r"(?:.+_)?(?:id|arn|name|self_link|bucket|fqdn|endpoint|address|ip|host)|identifier")
"""Attributes by whose value others name a resource."""
_OWN_WORDS: Final = frozenset(
    {"tags", "tags_all", "labels", "effective_labels", "terraform_labels", "name", "description"}
)
"""Attributes whose values are the user's own words."""
_SHORTEST_NAME: Final = 3
_CONTAINERS: Final = frozenset({"object", "tuple", "list", "map", "set"})
_SCALARS: Final = frozenset({"string", "number", "bool", "dynamic"})
_PROVIDER: Final = re.compile(r'provider\["([^"]+)"\](?:\.([\w-]+))?')


class Standing(Struct, frozen=True):
    """One instance of a resource as a state or plan holds it.

    ``provider`` is the provider's name in full, ``alias`` its configuration's where that is told. ``places`` are the
    places of ``values``, ``depends_on`` addresses without keys.
    """

    address: str
    module: str
    mode: str
    type: str
    name: str
    key: Key
    provider: str
    alias: str
    values: dict[str, Value]
    depends_on: tuple[str, ...]
    places: JsonPlaces
    span: Span
    secrets: tuple[str, ...] = ()


def values_in(values: Value, places: JsonPlaces) -> Iterator[Standing]:
    """The resources of a values representation, module by module."""
    waiting = [(mapping(values, "root_module"), places.step("root_module"))]
    while waiting:
        module, at = waiting.pop(0)
        own = at.step("resources")
        for index, entry in enumerate(listed(module, "resources")):
            if isinstance(entry, dict) and isinstance(entry.get("address"), str):
                yield _standing(entry, str(module.get("address") or ""), own.step(index))
        children = at.step("child_modules")
        for index, child in enumerate(listed(module, "child_modules")):
            waiting.append((child if isinstance(child, dict) else {}, children.step(index)))


def _standing(entry: Mapping[str, Value], module: str, places: JsonPlaces) -> Standing:
    values = mapping(entry, "values")
    key = entry.get("index")
    return Standing(
        address=_whole(entry["address"], module, key),
        module=module,
        mode=str(entry.get("mode") or "managed"),
        type=str(entry.get("type") or ""),
        name=str(entry.get("name") or ""),
        key=key if isinstance(key, (str, int)) else None,
        provider=str(entry.get("provider_name") or ""),
        alias="",
        values=values,
        depends_on=tuple(unkeyed(each) for each in listed(entry, "depends_on") if isinstance(each, str)),
        places=places.step("values"),
        span=places.get("address") or places.span,
        secrets=tuple(secrets_in(values, entry.get("sensitive_values"))),
    )


def _whole(address: str, module: str, key: Value) -> str:
    """An address in full: states of Terraform 0.12 leave out the module and the key that stand beside it."""
    if module and not address.startswith(f"{module}."):
        address = f"{module}.{address}"
    written = address.endswith("]") or not isinstance(key, (str, int))
    return address if written else f"{address}[{json.dumps(key, ensure_ascii=False)}]"


def stored_in(document: JsonDocument) -> Iterator[Standing]:
    """The resources of a ``terraform.tfstate`` of version 4."""
    places = document.places.step("resources")
    for index, entry in enumerate(listed(document.data, "resources")):
        if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
            continue
        own = places.step(index)
        for number, instance in enumerate(listed(entry, "instances")):
            if isinstance(instance, dict) and "deposed" not in instance:
                yield _stored(entry, instance, own, own.step("instances", number))


def _stored(
    entry: Mapping[str, Value], instance: Mapping[str, Value], resource: JsonPlaces, places: JsonPlaces
) -> Standing:
    module, mode, key = entry.get("module"), str(entry.get("mode") or "managed"), instance.get("index_key")
    address = f"{module}." if isinstance(module, str) else ""
    address += f"{'' if mode == 'managed' else 'data.'}{entry['type']}.{entry.get('name')}"
    if isinstance(key, (str, int)):
        address += f"[{json.dumps(key, ensure_ascii=False)}]"
    values = {name: _untyped(value) for name, value in mapping(instance, "attributes").items()}
    provider = _PROVIDER.search(str(entry.get("provider") or ""))
    return Standing(
        address=address,
        module=module if isinstance(module, str) else "",
        mode=mode,
        type=entry["type"],
        name=str(entry.get("name") or ""),
        key=key if isinstance(key, (str, int)) else None,
        provider=provider[1] if provider else "",
        alias=(provider[2] or "") if provider else "",
        values=values,
        depends_on=tuple(unkeyed(each) for each in listed(instance, "dependencies") if isinstance(each, str)),
        places=places.step("attributes"),
        span=places.get("index_key") or resource.get("name") or resource.span,
        secrets=tuple(_stored_secrets(values, listed(instance, "sensitive_attributes"))),
    )


def _untyped(value: Value) -> Value:
    """A value of any type, which a state stores beside its type."""
    if not isinstance(value, dict) or value.keys() != {"value", "type"}:
        return value
    kind = value["type"]
    outer = kind[0] if isinstance(kind, list) and kind else ""
    typed = (isinstance(kind, str) and kind in _SCALARS) or (isinstance(outer, str) and outer in _CONTAINERS)
    return value["value"] if typed else value


def _stored_secrets(values: Mapping[str, Value], paths: Iterable[Value]) -> Iterator[str]:
    for path in paths:
        value: Value = values
        for step in path if isinstance(path, list) else []:
            name = step.get("value") if isinstance(step, dict) else None
            name = name.get("value") if isinstance(name, dict) else name  # an index holds its type, too
            if isinstance(value, dict) and isinstance(name, str):
                value = value.get(name)
            elif isinstance(value, list) and isinstance(name, int) and 0 <= name < len(value):
                value = value[name]
            else:
                value = None
        yield from secrets_in(value, True) if value is not values else ()


# -- what values refer to --------------------------------------------------------------------------


class Names(Struct, frozen=True):
    """By what values the resources of one state are named: base address → value → address and attribute."""

    by_base: Mapping[str, Mapping[str, tuple[str, str]]]

    def references(self, standing: Standing) -> Iterator[Reference]:
        """The resources, of those that it depends on, that its values name. A state keeps no other reference."""
        known: dict[str, tuple[str, str]] = {}
        for base in standing.depends_on:
            for value, named in self.by_base.get(base, {}).items():
                known.setdefault(value, named)
        for path, text in _strings(standing.values, "") if known else ():
            target = known.get(text)
            if target is not None and target[0] != standing.address and path.partition(".")[0] not in _OWN_WORDS:
                yield Reference(path, *target, nearest_span(standing.places, path, standing.span))


def names_of(resources: Iterable[Standing]) -> Names:
    """By what values the resources are named, their ids before their names."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for each in resources:
        known = found.setdefault(unkeyed(each.address), {})
        named = [name for name in each.values if _NAMING.fullmatch(name)]
        for name in sorted(named, key=lambda name: (name not in ("id", "arn"), name)):
            value = each.values[name]
            if isinstance(value, str) and len(value) >= _SHORTEST_NAME:
                known.setdefault(value, (each.address, name))
    return Names(found)


def _strings(value: Value, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _strings(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, f"{path}[{index}]")
