"""Reading a normalized property from native attributes. The small language is described in ``README.md``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from scanner.model.value import ABSENT, Truth, Unknown, Value, both, either, equal, less, negate, unknown_from

Reader = Any
"""A path, or a mapping of reader keys: plain data as written in the catalog."""

KEYS: Final = frozenset(
    {
        "path",
        "annotation",
        "default",
        "is",
        "in",
        "map",
        "above",
        "set",
        "count",
        "each",
        "total",
        "matches",
        "extract",
        "negate",
        "const",
        "all",
        "any",
        "first",
    }
)
"""Every key that a reader may have."""

_NUMBER: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")


def read(reader: Reader, attributes: Mapping[str, Value]) -> tuple[Value, str]:
    """The property's value and the native path that decided it (the first path when nothing is written)."""
    if isinstance(reader, str):
        return lookup(attributes, reader), reader
    if "const" in reader:
        return reader["const"], ""
    for key, combine in _COMBINED.items():
        if key in reader:
            value, path = combine([read(part, attributes) for part in reader[key]])
            value = reader.get("default", ABSENT) if value is ABSENT else value
            value = _map(value, reader["map"]) if "map" in reader and value is not ABSENT else value
            return _negated(reader, value), path
    value, path = _located(reader, attributes)
    return _negated(reader, _interpreted(reader, value, path, attributes)), path


def _negated(reader: Mapping[str, Any], value: Value) -> Value:
    truth = _like(value, True)
    return negate(truth) if reader.get("negate") and isinstance(truth, (bool, Unknown)) else value


def _like(value: Value, wanted: Value) -> Value:
    """A value in the type that is wanted: files write booleans and numbers as text, and the other way round."""
    if isinstance(wanted, bool):
        return {"true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value
    if isinstance(wanted, (int, Decimal)) and isinstance(value, str):
        return Decimal(value) if _NUMBER.fullmatch(value) else value
    if isinstance(wanted, str) and isinstance(value, (bool, int, Decimal)):
        return str(value).lower()
    return value


def _decided(parts: list[tuple[Value, str]], truth: Truth) -> tuple[Value, str]:
    """A combined truth and the path of the part that settled it."""
    for part, (_, path) in zip(_truths(parts), parts, strict=True):
        if (isinstance(truth, Unknown) and isinstance(part, Unknown)) or part is truth:
            return truth, path
    return truth, parts[0][1] if parts else ""


def _truths(parts: list[tuple[Value, str]]) -> list[Truth]:
    truths = [_like(value, True) for value, _ in parts]
    return [truth if isinstance(truth, (bool, Unknown)) else False for truth in truths]


def _first(parts: list[tuple[Value, str]]) -> tuple[Value, str]:
    for value, path in parts:
        if value is not ABSENT:
            return value, path
    return ABSENT, parts[0][1] if parts else ""


_COMBINED: Final[Mapping[str, Callable[[list[tuple[Value, str]]], tuple[Value, str]]]] = {
    "all": lambda parts: _decided(parts, both(_truths(parts))),
    "any": lambda parts: _decided(parts, either(_truths(parts))),
    "first": _first,
}


def _located(reader: Mapping[str, Any], attributes: Mapping[str, Value]) -> tuple[Value, str]:
    if "annotation" in reader:
        return _annotated(reader["annotation"], attributes)
    paths = reader["path"] if isinstance(reader["path"], list) else [reader["path"]]
    for path in paths:
        value = lookup(attributes, path)
        if value is not ABSENT:
            return value, path
    return ABSENT, paths[0]


def _annotated(name: str, attributes: Mapping[str, Value]) -> tuple[Value, str]:
    """An annotation of a Kubernetes object; its name has dots, so that it is no path."""
    found, path = lookup(attributes, "metadata.annotations"), f"metadata.annotations.{name}"
    value = found.get(name) if isinstance(found, dict) else found if isinstance(found, Unknown) else None
    return (ABSENT if value is None else value), path


def _interpreted(reader: Mapping[str, Any], value: Value, path: str, attributes: Mapping[str, Value]) -> Value:
    """The value after the reader's keys, in the order of :data:`_INTERPRETATIONS` (which the README states)."""
    if "each" in reader:
        value = _each(whole(attributes, path), reader["each"])
    elif "total" in reader:
        value = _total(_each(whole(attributes, path), reader["total"]))
    elif "count" in reader:
        value = _count(whole(attributes, path))
    elif "set" in reader:
        value = _is_set(whole(attributes, path))
    if value is ABSENT:
        value = reader.get("default", ABSENT)
    for key, interpret in _INTERPRETATIONS.items():
        if key in reader and value is not ABSENT:
            value = interpret(value, reader[key])
    return value


def _is(value: Value, wanted: Value) -> Truth:
    return equal(_folded(_like(value, wanted)), _folded(wanted))


def _in(value: Value, wanted: list[Value]) -> Truth:
    return either(_is(value, item) for item in wanted)


def _folded(value: Value) -> Value:
    return value.lower() if isinstance(value, str) else value


def _map(value: Value, table: Mapping[str, Value]) -> Value:
    if isinstance(value, Unknown):
        results = list(table.values())
        agreed = all(equal(result, results[0]) is True for result in results)
        return results[0] if agreed and "*" in table else value
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    for key, result in table.items():
        if str(key).lower() == text.lower():
            return result
    return table.get("*", ABSENT)


def _above(value: Value, limit: int) -> Truth:
    return less(limit, _like(value, limit))


def _matches(value: Value, pattern: str) -> Truth:
    if isinstance(value, Unknown):
        return unknown_from([value])
    if isinstance(value, list):
        return either(_matches(item, pattern) for item in value)
    return isinstance(value, str) and _compiled(pattern).search(value) is not None


def _extract(value: Value, pattern: str) -> Value:
    if isinstance(value, Unknown):
        return value.derived()
    found = _compiled(pattern).search(value) if isinstance(value, str) else None
    return found.group(1) if found else ABSENT


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


_INTERPRETATIONS: Final[Mapping[str, Callable[[Value, Any], Value]]] = {
    "extract": _extract,
    "matches": _matches,
    "is": _is,
    "in": _in,
    "above": _above,
    "map": _map,
}


def _is_set(value: Value) -> Truth:
    if isinstance(value, Unknown):
        names_a_resource = value.ref is not None and not value.ref.address.rsplit(".", 1)[0].endswith("var")
        partly_text = any(isinstance(part, str) for part in value.parts)
        return True if names_a_resource or partly_text else unknown_from([value])
    return value is not ABSENT and value not in (None, "", [], {})


def _count(value: Value) -> Value:
    if isinstance(value, Unknown):
        return unknown_from([value])
    undecided = [item for item in value if isinstance(item, Unknown)] if isinstance(value, list) else []
    if undecided and any(isinstance(item, dict) for item in value):
        return unknown_from(undecided)  # beside blocks an unknown stands for any number of them
    if isinstance(value, (list, dict)):
        return len(value)
    return 0 if value is ABSENT else 1


def _each(value: Value, path: str) -> Value:
    if isinstance(value, Unknown):
        return unknown_from([value])
    if value is ABSENT:
        return ABSENT
    items = list(value.values()) if isinstance(value, dict) and not _has(value, path) else value
    result: list[Value] = []
    for item in items if isinstance(items, list) else [items]:
        found = lookup(item, path) if isinstance(item, dict) else item if isinstance(item, Unknown) else ABSENT
        if isinstance(found, list):
            result.extend(found)
        elif found is not ABSENT:
            result.append(found)
    return result


def _total(values: Value) -> Value:
    """The sum of numbers; unknown when one is, absent when there is none."""
    if not isinstance(values, list) or not values:
        return values if isinstance(values, Unknown) else ABSENT
    if any(isinstance(value, Unknown) for value in values):
        return unknown_from(values)
    return sum(value for value in values if isinstance(value, int) and not isinstance(value, bool))


def _has(value: Mapping[str, Value], path: str) -> bool:
    return path.split(".", 1)[0] in value


def lookup(attributes: Value, path: str) -> Value:
    """The value at a path: a step goes through the first of several blocks, and null counts as absent."""
    value = attributes
    for step in path.split("."):
        value = _step(value, step)
        if value is ABSENT or isinstance(value, Unknown):
            return value
    return ABSENT if value is None else value


def whole(attributes: Mapping[str, Value], path: str) -> Value:
    """Like :func:`lookup`, but steps before the last go through every entry: all blocks at ``a.b``, as one list."""
    values: list[Value] = [attributes]
    for step in path.split("."):
        values = [found for value in values for found in _entries(value, step)]
    if not values:
        return ABSENT
    return values[0] if len(values) == 1 else _joined(values)


def _joined(values: list[Value]) -> Value:
    joined: list[Value] = []
    for value in values:
        joined.extend(value if isinstance(value, list) else [value])
    return joined


def _entries(value: Value, step: str) -> Iterator[Value]:
    for item in value if isinstance(value, list) else [value]:
        found = _step(item, step)
        if found is not ABSENT and found is not None:
            yield found


def _step(value: Value, step: str) -> Value:
    if isinstance(value, list):
        value = value[0] if value else ABSENT
    if isinstance(value, Unknown):
        return value.derived()
    if isinstance(value, dict):
        found = value.get(step, ABSENT)
        return ABSENT if found is None else found
    return ABSENT
