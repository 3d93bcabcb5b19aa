"""Functions over sets."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from scanner.model.value import Unknown, Value, is_known, unknown_from
from scanner.parsers.terraform.functions.calling import FunctionError
from scanner.parsers.terraform.types import ANY, Collection, convert, type_of, unify, unify_values
from scanner.parsers.terraform.values import (
    ELEMENTS_LIMIT,
    TOO_MANY,
    ListValue,
    SetValue,
    make_set,
    member_of,
)


def union(*sets: SetValue) -> Value:
    """Elements of any."""
    return make_set(item for each in _common_sets(sets) for item in each)


def intersection(*sets: SetValue) -> Value:
    """Elements of all."""
    first, *others = _common_sets(sets)
    return SetValue(item for item in first if all(member_of(item, other) is True for other in others))


def subtract(left: SetValue, right: SetValue) -> Value:
    """Elements of the first that the second has not."""
    left, right = _common_sets((left, right))
    return SetValue(item for item in left if member_of(item, right) is not True)


def _common_sets(sets: Sequence[SetValue]) -> list[SetValue]:
    types = [of.element for of in map(type_of, sets) if isinstance(of, Collection)]
    known = [of for of in types if of != ANY]
    common = unify(known) if known else ANY
    if common is None:
        raise FunctionError("the sets must have elements of one type")
    return [convert(each, Collection("set", common)) for each in sets]


def product(*collections: Value) -> Value:
    """All combinations; a list of them when all arguments are lists, else a set."""
    if len(collections) < 2:
        raise FunctionError("it takes at least two arguments")
    rows: list[list[Value]] = []
    size = 1
    for each in collections:
        if isinstance(each, Unknown):
            return unknown_from(collections)
        if not isinstance(each, (list, tuple)):
            raise FunctionError("all arguments must be lists or sets")
        if isinstance(each, SetValue) and not is_known(each):
            return unknown_from(collections)
        rows.append(unify_values(list(each)))
        size *= len(each)
    if size * len(rows) > ELEMENTS_LIMIT:
        return Unknown(TOO_MANY)
    combined: Iterable[list[Any]] = map(list, itertools.product(*rows))
    return make_set(combined) if any(isinstance(each, SetValue) for each in collections) else ListValue(combined)
