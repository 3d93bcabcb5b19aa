"""Functions that take functions.

https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-lambda
"""

from __future__ import annotations

from functools import cmp_to_key
from typing import Final

from scanner.model.value import Unknown, Value, unknown_from
from scanner.parsers.azure.evaluate import Closure, Frame, Special, apply, plain, value
from scanner.parsers.azure.reports import Fault
from scanner.parsers.azure.tree import Call


def _arguments(node: Call, frame: Frame, least: int, most: int) -> list[Value]:
    if not least <= len(node.arguments) <= most:
        raise Fault(f"{node.function} does not take {len(node.arguments)} arguments")
    return [value(each, frame) for each in node.arguments]


def _array(found: Value) -> list[Value]:
    if isinstance(found, list):
        return found
    raise Fault("an array is expected")


def _with_number(closure: Value, item: Value, number: int) -> Value:
    both = isinstance(closure, Closure) and len(closure.names) > 1
    return apply(closure, item, number) if both else apply(closure, item)


def _map(node: Call, frame: Frame) -> Value:
    items, closure = _arguments(node, frame, 2, 2)
    if isinstance(items, Unknown):
        return items.derived()
    return [_with_number(closure, item, number) for number, item in enumerate(_array(items))]


def _filter(node: Call, frame: Frame) -> Value:
    items, closure = _arguments(node, frame, 2, 2)
    if isinstance(items, Unknown):
        return items.derived()
    found: list[Value] = []
    for number, item in enumerate(_array(items)):
        kept = _with_number(closure, item, number)
        if isinstance(kept, Unknown):
            return kept.derived()
        if kept is True:
            found.append(item)
    return found


def _reduce(node: Call, frame: Frame) -> Value:
    items, result, closure = _arguments(node, frame, 3, 3)
    if isinstance(items, Unknown):
        return items.derived()
    for item in _array(items):
        result = apply(closure, result, item)
    return result


def _sort(node: Call, frame: Frame) -> Value:
    """By a function that tells whether one item stands before another."""
    items, closure = _arguments(node, frame, 2, 2)
    if isinstance(items, Unknown):
        return items.derived()
    undecided: list[Unknown] = []

    def compare(left: Value, right: Value) -> int:
        for one, other, result in ((left, right, -1), (right, left, 1)):
            before = apply(closure, one, other)
            if isinstance(before, Unknown):
                undecided.append(before)
            elif before is True:
                return result
        return 0

    found = sorted(_array(items), key=cmp_to_key(compare))
    return unknown_from(undecided) if undecided else found


def _to_object(node: Call, frame: Frame) -> Value:
    items, key, *shape = _arguments(node, frame, 2, 3)
    if isinstance(items, Unknown):
        return items.derived()
    found: dict[str, Value] = {}
    for item in _array(items):
        name = plain(apply(key, item))
        if isinstance(name, Unknown):
            return name.derived()
        found[str(name)] = apply(shape[0], item) if shape else item
    return found


def _group_by(node: Call, frame: Frame) -> Value:
    items, key = _arguments(node, frame, 2, 2)
    if isinstance(items, Unknown):
        return items.derived()
    found: dict[str, list[Value]] = {}
    for item in _array(items):
        name = plain(apply(key, item))
        if isinstance(name, Unknown):
            return name.derived()
        found.setdefault(str(name), []).append(item)
    return found


def _map_values(node: Call, frame: Frame) -> Value:
    items, closure = _arguments(node, frame, 2, 2)
    if isinstance(items, Unknown):
        return items.derived()
    if not isinstance(items, dict):
        raise Fault("an object is expected")
    return {key: apply(closure, item) for key, item in items.items()}


LAMBDAS: Final[dict[str, Special]] = {
    "map": _map,
    "filter": _filter,
    "reduce": _reduce,
    "sort": _sort,
    "toobject": _to_object,
    "groupby": _group_by,
    "mapvalues": _map_values,
}
"""Functions by name in small letters."""
