"""Arrays and objects.

https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-array
https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-object
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from scanner.model.value import Truth, Unknown, Value, either, equal, unknown_from
from scanner.parsers.azure.functions.signature import ANY, Pure
from scanner.parsers.azure.limits import MAX_ITEMS, MAX_RANGE
from scanner.parsers.azure.reports import Fault


def key_in(found: Mapping[str, Value], name: str) -> str | None:
    """The key that is meant: Azure does not tell small from large letters."""
    if name in found:
        return name
    lowered = name.lower()
    return next((key for key in found if key.lower() == lowered), None)


def _array(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [value]


def _objects(*values: Value) -> dict[str, Value]:
    if len(values) % 2:
        raise Fault("each key needs a value")
    return {str(key): value for key, value in zip(values[::2], values[1::2], strict=True)}


def _create_object(*values: Value) -> Value:
    unknown = [key for key in values[::2] if isinstance(key, Unknown)]
    return unknown_from(unknown) if unknown else _objects(*values)


def _contains(container: Value, item: Value) -> Truth:
    match container:
        case Unknown():
            pieces = [part for part in container.parts if isinstance(part, str)]
            found = isinstance(item, str) and any(item in piece for piece in pieces)
            return True if found else unknown_from([container, item])
        case str():
            return unknown_from([item]) if isinstance(item, Unknown) else str(item) in container
        case list():
            return either(equal(member, item) for member in container)
        case dict():
            return unknown_from([item]) if isinstance(item, Unknown) else key_in(container, str(item)) is not None
        case None:
            return False
    raise Fault("a text, an array or an object is expected")


def _empty(value: Value) -> Truth:
    match value:
        case Unknown():
            return False if any(isinstance(part, str) and part for part in value.parts) else value.derived()
        case None:
            return True
        case str() | list() | dict():
            return len(value) == 0
    raise Fault("a text, an array or an object is expected")


def _length(value: Value) -> int:
    if isinstance(value, (str, list, dict)):
        return len(value)
    raise Fault("a text, an array or an object is expected")


def _first(value: Value) -> Value:
    if isinstance(value, str):
        return value[:1]
    return value[0] if value else None


def _last(value: Value) -> Value:
    if isinstance(value, str):
        return value[-1:]
    return value[-1] if value else None


def _take(value: Value, count: Value) -> Value:
    if isinstance(value, Unknown) and not isinstance(count, Unknown) and len(value.prefix) >= count >= 0:
        return value.prefix[:count]
    if isinstance(value, Unknown) or isinstance(count, Unknown):
        return unknown_from([value, count])
    return value[: max(count, 0)]


def _skip(value: Value, count: Value) -> Value:
    return value[max(count, 0) :]


def _range(start: Value, count: Value) -> list[int]:
    if not 0 <= count <= MAX_RANGE:
        raise Fault(f"a range holds up to {MAX_RANGE} numbers")
    return list(range(start, start + count))


def _bounded(values: list[Value]) -> list[Value]:
    if len(values) > MAX_ITEMS:
        raise Fault(f"an array of more than {MAX_ITEMS} items")
    return values


def _distinct(values: Sequence[Value]) -> list[Value]:
    found: dict[str, Value] = {}
    for value in values:
        found.setdefault(repr(value), value)
    return _bounded(list(found.values()))


def _union(*values: Value) -> Value:
    if all(isinstance(value, list) for value in values):
        return _distinct([item for value in values for item in value])
    merged: dict[str, Value] = {}
    for value in values:
        merged = _merged(merged, value or {})
    return merged


def _merged(left: Mapping[str, Value], right: Mapping[str, Value]) -> dict[str, Value]:
    """Objects as one; of values under the same key the later counts, objects among them are merged too."""
    result = dict(left)
    names = {key.lower(): key for key in result}
    for key, value in right.items():
        name = names.setdefault(key.lower(), key)
        before = result.get(name)
        both = isinstance(before, dict) and isinstance(value, dict)
        result[name] = _merged(before, value) if both else value  # type: ignore[arg-type]  # both are objects
    return result


def _intersection(*values: Value) -> Value:
    first, *rest = values
    if isinstance(first, list):
        others = [{repr(item) for item in value} for value in rest]
        return _distinct([item for item in first if all(repr(item) in other for other in others)])
    return {k: v for k, v in first.items() if all(k in other and equal(other[k], v) is True for other in rest)}


def _index_of(value: Value, item: Value) -> int:
    if isinstance(value, str):
        return value.lower().find(item.lower())
    return next((n for n, each in enumerate(value) if equal(each, item) is True), -1)


def _last_index_of(value: Value, item: Value) -> int:
    if isinstance(value, str):
        return value.lower().rfind(item.lower())
    return next((n for n in range(len(value) - 1, -1, -1) if equal(value[n], item) is True), -1)


def _flatten(values: Value) -> list[Value]:
    found: list[Value] = []
    for value in values:
        found.extend(value if isinstance(value, list) else [value])
    return _bounded(found)


def _items(value: Value) -> list[Value]:
    """Keys and values, in the order of the keys."""
    return [{"key": key, "value": value[key]} for key in sorted(value, key=str.lower)]


def _at(value: Value, key: Value) -> Value:
    """The item that ``tryGet`` finds, else null."""
    if isinstance(value, dict):
        name = key_in(value, str(key))
        return None if name is None else value[name]
    found: Value = value[key] if isinstance(key, int) and 0 <= key < len(value) else None
    return found


def _try_get(value: Value, *keys: Value) -> Value:
    for key in keys:
        if value is None or isinstance(value, Unknown):
            return value
        value = _at(value, key)
    return value


def _from_end(value: Value, number: Value) -> Value:
    if not 1 <= number <= len(value):
        raise Fault("there is no such item")
    return value[-number]


def _shallow(values: Value) -> Value:
    found: dict[str, Value] = {}
    for value in values:
        if isinstance(value, Unknown):
            return value.derived()
        found |= value
    return found


def _any(value: Value) -> Value:
    return value


FUNCTIONS: Final[Mapping[str, Pure]] = {
    "any": Pure(_any, (1, 1), "none"),
    "array": Pure(_array, (1, 1), "top"),
    "createarray": Pure(lambda *values: list(values), (0, ANY), "none"),
    "createobject": Pure(_create_object, (0, ANY), "none"),
    "contains": Pure(_contains, (2, 2), "none"),
    "empty": Pure(_empty, (1, 1), "none"),
    "length": Pure(_length, (1, 1), "top"),
    "first": Pure(_first, (1, 1), "top"),
    "last": Pure(_last, (1, 1), "top"),
    "take": Pure(_take, (2, 2), "none"),
    "skip": Pure(_skip, (2, 2), "top"),
    "range": Pure(_range, (2, 2)),
    "union": Pure(_union, (1, ANY), "top"),
    "intersection": Pure(_intersection, (2, ANY)),
    "indexof": Pure(_index_of, (2, 2)),
    "lastindexof": Pure(_last_index_of, (2, 2)),
    "flatten": Pure(_flatten, (1, 1), "top"),
    "items": Pure(_items, (1, 1), "top"),
    "objectkeys": Pure(lambda value: sorted(value, key=str.lower), (1, 1), "top"),
    "shallowmerge": Pure(_shallow, (1, 1), "top"),
    "tryget": Pure(_try_get, (2, ANY), "top"),
    "indexfromend": Pure(_from_end, (2, 2), "top"),
    "tryindexfromend": Pure(lambda value, n: value[-n] if 1 <= n <= len(value) else None, (2, 2), "top"),
}
