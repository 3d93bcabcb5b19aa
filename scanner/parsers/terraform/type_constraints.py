"""Terraform's type constraints: what they are and how they are written.

https://developer.hashicorp.com/terraform/language/expressions/type-constraints
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from msgspec import Struct

from scanner.parsers.terraform import tree


class TypeSyntaxError(Exception):
    """An expression that is no type constraint; ``at`` is the part that is wrong."""

    def __init__(self, message: str, at: tree.Position) -> None:
        super().__init__(message)
        self.at = at


class Scalar(Struct, frozen=True):
    """``string``, ``number``, ``bool`` or ``any``."""

    name: Literal["string", "number", "bool", "any"]


class Collection(Struct, frozen=True):
    """``list(…)``, ``set(…)`` or ``map(…)``."""

    kind: Literal["list", "set", "map"]
    element: Type


class TupleType(Struct, frozen=True):
    """``tuple([…])``."""

    elements: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class AttributeType:
    """One attribute of an object type; ``default`` is the second argument of ``optional``."""

    name: str
    type: Type
    optional: bool = False
    default: tree.Expression | None = field(default=None, compare=False)


class ObjectType(Struct, frozen=True):
    """``object({…})``, attributes in the order of their names."""

    attributes: tuple[AttributeType, ...]


Type = Scalar | Collection | TupleType | ObjectType

STRING: Final = Scalar("string")
NUMBER: Final = Scalar("number")
BOOL: Final = Scalar("bool")
ANY: Final = Scalar("any")

_SCALARS: Final = {scalar.name: scalar for scalar in (STRING, NUMBER, BOOL, ANY)}
_LEGACY: Final[dict[str, Type]] = {"string": STRING, "list": Collection("list", ANY), "map": Collection("map", ANY)}
_NEEDS: Final = {
    "list": "list requires one argument, the type of its elements",
    "set": "set requires one argument, the type of its elements",
    "map": "map requires one argument, the type of its elements",
    "object": "object requires one argument, a map of attribute types",
    "tuple": "tuple requires one argument, a list of element types",
}


def parse_type(expression: tree.Expression) -> Type:
    """The type that an expression denotes; raises :class:`TypeSyntaxError`.

    The notations from before Terraform 0.12 (``list``, ``"map"``) are read as Terraform 0.12 read them.
    """
    match expression:
        case tree.Variable(name):
            return _keyword(name, expression.at)
        case tree.Literal(str() as text):
            return _legacy(text, expression.at)
        case tree.Call(("list" | "set" | "map") as kind, (element,)):
            return Collection(kind, parse_type(element))
        case tree.Call("tuple", (tree.TupleCons(items),)):
            return TupleType(tuple(map(parse_type, items)))
        case tree.Call("object", (tree.ObjectCons(items),)):
            return _object_type(items)
        case tree.Call("optional"):
            raise TypeSyntaxError("optional is only for the attributes of an object type", expression.at)
        case tree.Call(name):
            raise TypeSyntaxError(_NEEDS.get(name, f'"{name}" is not a type constructor'), expression.at)
        case _:
            raise TypeSyntaxError("a type is a keyword such as string, or a call such as list(string)", expression.at)


def _keyword(name: str, at: tree.Position) -> Type:
    if name in _SCALARS:
        return _SCALARS[name]
    if name in _LEGACY:
        return _LEGACY[name]
    raise TypeSyntaxError(_NEEDS.get(name, f'"{name}" is not a type'), at)


def _legacy(text: str, at: tree.Position) -> Type:
    if text not in _LEGACY:
        raise TypeSyntaxError(f'"{text}" is not a type', at)
    return _LEGACY[text]


def _object_type(items: Sequence[tuple[tree.Expression, tree.Expression]]) -> ObjectType:
    attributes: dict[str, AttributeType] = {}
    for key, value in items:
        name = key.value if isinstance(key, tree.Literal) else key.name if isinstance(key, tree.Variable) else None
        if not isinstance(name, str):
            raise TypeSyntaxError("an attribute's name must be a plain name", key.at)
        if name in attributes:
            raise TypeSyntaxError(f'the attribute "{name}" is declared twice', key.at)
        attributes[name] = _attribute_type(name, value)
    return ObjectType(tuple(attributes[name] for name in sorted(attributes)))


def _attribute_type(name: str, expression: tree.Expression) -> AttributeType:
    match expression:
        case tree.Call("optional", (of,)):
            return AttributeType(name, parse_type(of), optional=True)
        case tree.Call("optional", (of, default)):
            return AttributeType(name, parse_type(of), optional=True, default=default)
        case tree.Call("optional"):
            raise TypeSyntaxError("optional takes a type and at most one default", expression.at)
        case _:
            return AttributeType(name, parse_type(expression))


def describe(type_: Type) -> str:
    """The type in Terraform's notation, such as ``list(object({a = string}))``."""
    match type_:
        case Scalar(name):
            return name
        case Collection(kind, element):
            return f"{kind}({describe(element)})"
        case TupleType(elements):
            return f"tuple([{', '.join(map(describe, elements))}])"
        case ObjectType(attributes):
            return f"object({{{', '.join(f'{each.name} = {describe(each.type)}' for each in attributes)}}})"


def member_types(type_: Type) -> list[Type] | None:
    """The types of a tuple's elements or an object's attributes; None for other types."""
    if isinstance(type_, TupleType):
        return list(type_.elements)
    return [each.type for each in type_.attributes] if isinstance(type_, ObjectType) else None
