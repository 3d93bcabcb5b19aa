"""Terraform's types: conversion of values, and the names of everything about types in one place.

https://github.com/zclconf/go-cty/blob/main/docs/convert.md for which conversions exist;
https://developer.hashicorp.com/terraform/language/expressions/type-constraints for ``optional()``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal

from scanner.model.value import Unknown, Value, is_known
from scanner.parsers.terraform import tree
from scanner.parsers.terraform.type_constraints import (
    ANY,
    BOOL,
    NUMBER,
    STRING,
    AttributeType,
    Collection,
    ObjectType,
    Scalar,
    TupleType,
    Type,
    TypeSyntaxError,
    describe,
    member_types,
    parse_type,
)
from scanner.parsers.terraform.unification import type_of, unify
from scanner.parsers.terraform.values import ListValue, MapValue, make_set, to_boolean, to_number, to_text

__all__ = [
    "ANY",
    "BOOL",
    "NUMBER",
    "STRING",
    "AttributeType",
    "Collection",
    "ConversionError",
    "ObjectType",
    "Scalar",
    "TupleType",
    "Type",
    "TypeSyntaxError",
    "branch",
    "convert",
    "describe",
    "parse_type",
    "type_of",
    "unify",
    "unify_values",
]


class ConversionError(Exception):
    """A value that can't have the wanted type; the message is a clause such as ``a number is required``."""


Evaluate = Callable[[tree.Expression], Value]
"""Gives the value of a default's expression."""


def convert(value: Value, wanted: Type, evaluate: Evaluate | None = None) -> Value:
    """The value with the wanted type; an unknown stays as it is, and what stands beside it is taken to decide the type.

    Attributes that the type does not declare are dropped; declared ones that are missing or null take their default,
    the value that ``evaluate`` gives for it. Raises :class:`ConversionError`.
    """
    if wanted == ANY or value is None:
        return value
    if isinstance(value, Unknown):
        return value.derived() if value.parts and wanted != STRING else value  # it is no text any more
    if isinstance(wanted, Scalar):
        return _convert_scalar(value, wanted)
    if isinstance(wanted, TupleType):
        return _convert_tuple(value, wanted, evaluate)
    if isinstance(wanted, ObjectType):
        return _convert_object(value, wanted, evaluate)
    if wanted.kind == "map":
        return _convert_map(value, wanted, evaluate)
    return _convert_sequence(value, wanted, evaluate)


def _convert_scalar(value: Value, wanted: Scalar) -> Value:
    try:
        if wanted.name == "string":
            return to_text(value)
        return to_number(value) if wanted.name == "number" else to_boolean(value)
    except ValueError as error:
        raise ConversionError(str(error)) from None


def _convert_sequence(value: Value, wanted: Collection, evaluate: Evaluate | None) -> Value:
    if not isinstance(value, (list, tuple)):
        raise ConversionError(f"{describe(wanted)} required")
    if wanted.element == STRING and all(type(item) is str for item in value):
        items: list[Value] = list(value)
    else:
        items = _convert_members(list(value), wanted, evaluate)
    return ListValue(items) if wanted.kind == "list" else make_set(items)


def _convert_map(value: Value, wanted: Collection, evaluate: Evaluate | None) -> Value:
    if not isinstance(value, dict):
        raise ConversionError(f"{describe(wanted)} required")
    return MapValue(zip(value, _convert_members(list(value.values()), wanted, evaluate), strict=True))


def _convert_members(items: list[Value], wanted: Collection, evaluate: Evaluate | None) -> list[Value]:
    element = wanted.element
    converted = items if element == ANY else [convert(item, element, evaluate) for item in items]
    return unify_values(converted, wanted.kind) if _has_any(element) else converted


def _has_any(type_: Type) -> bool:
    if isinstance(type_, Collection):
        return _has_any(type_.element)
    return type_ == ANY or any(map(_has_any, member_types(type_) or ()))


def unify_values(items: Sequence[Value], kind: Literal["list", "set", "map"] = "list") -> list[Value]:
    """The items converted to one type, as elements of a collection must be; raises :class:`ConversionError`.

    An untyped null takes the type of what stands beside it, but not that of a list or an object in a list.
    """
    if not items:
        return []
    common = unify([type_of(item) for item in items])
    if common is None:
        raise ConversionError(_MIXED)
    converted = [convert(item, common) for item in items]
    if _has_any(common) and is_known(converted):
        types = {type_of(item) for item in converted if kind != "map" or item is not None}
        if len(types) > 1:
            raise ConversionError(_MIXED)
    return converted


_MIXED: Final = "all elements must have the same type"


def branch(chosen: Value, other: Value) -> Value:
    """The chosen result of a conditional, converted to the type that both results have in common.

    Raises :class:`ConversionError` when there is none. Where one of them is null or unknown the chosen one stays.
    """
    if chosen is None or other is None or isinstance(chosen, Unknown) or isinstance(other, Unknown):
        return chosen
    if type(chosen) is type(other) and isinstance(chosen, (str, bool)):
        return chosen
    common = unify([type_of(chosen), type_of(other)])
    if common is None:
        raise ConversionError("the two results of the conditional have different types")
    return convert(chosen, common)


def _convert_tuple(value: Value, wanted: TupleType, evaluate: Evaluate | None) -> Value:
    if not isinstance(value, list) or isinstance(value, ListValue) or len(value) != len(wanted.elements):
        raise ConversionError(f"{describe(wanted)} required")
    return [convert(item, element, evaluate) for item, element in zip(value, wanted.elements, strict=True)]


def _convert_object(value: Value, wanted: ObjectType, evaluate: Evaluate | None) -> Value:
    if not isinstance(value, dict):
        raise ConversionError("object required")
    missing = [f'"{each.name}"' for each in wanted.attributes if not each.optional and each.name not in value]
    if missing:
        subject = f"attribute {missing[0]} is" if len(missing) == 1 else f"attributes {', '.join(missing)} are"
        raise ConversionError(f"{subject} required")
    return {each.name: _convert_attribute(value.get(each.name), each, evaluate) for each in wanted.attributes}


def _convert_attribute(value: Value, attribute: AttributeType, evaluate: Evaluate | None) -> Value:
    if value is None and attribute.default is not None and evaluate is not None:
        value = evaluate(attribute.default)
    try:
        return convert(value, attribute.type, evaluate)
    except ConversionError as error:
        raise ConversionError(f'attribute "{attribute.name}": {error}') from None
