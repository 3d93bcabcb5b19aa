"""Terraform's type constraints: reading them, what values have, one type for many, and conversion.

https://developer.hashicorp.com/terraform/language/expressions/type-constraints for the notation and ``optional()``;
https://github.com/zclconf/go-cty/blob/main/docs/convert.md for which conversions exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal

from scanner.model.value import Unknown, Value, is_known
from scanner.parsers.terraform import tree
from scanner.parsers.terraform.values import (
    ListValue,
    MapValue,
    SetValue,
    make_set,
    to_boolean,
    to_number,
    to_text,
)


class ConversionError(Exception):
    """A value that can't have the wanted type; the message is a clause such as ``a number is required``."""


class TypeSyntaxError(Exception):
    """An expression that is no type constraint; ``at`` is the part that is wrong."""

    def __init__(self, message: str, at: tree.Position) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True, slots=True)
class Scalar:
    """``string``, ``number``, ``bool`` or ``any``."""

    name: Literal["string", "number", "bool", "any"]


@dataclass(frozen=True, slots=True)
class Collection:
    """``list(…)``, ``set(…)`` or ``map(…)``."""

    kind: Literal["list", "set", "map"]
    element: Type


@dataclass(frozen=True, slots=True)
class TupleType:
    """``tuple([…])``."""

    elements: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class AttributeType:
    """One attribute of an object type; ``default`` is the second argument of ``optional``."""

    name: str
    type: Type
    optional: bool = False
    default: tree.Expression | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ObjectType:
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

    The notations from before Terraform 0.12 (``list``, ``"map"``) are read as Terraform reads them.
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


def type_of(value: Value) -> Type:
    """The type of a value; ``any`` for null and for unknowns, except partly known texts."""
    if isinstance(value, str):
        return STRING
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, (int, Decimal)):
        return NUMBER
    if isinstance(value, MapValue):
        return Collection("map", _element_type(value.values()))
    if isinstance(value, dict):
        return ObjectType(tuple(AttributeType(name, type_of(value[name])) for name in sorted(value)))
    if isinstance(value, ListValue):
        return Collection("list", _element_type(value))
    if isinstance(value, SetValue):
        return Collection("set", _element_type(value))
    if isinstance(value, (list, tuple)):
        return TupleType(tuple(map(type_of, value)))
    return STRING if isinstance(value, Unknown) and value.parts else ANY


def _element_type(items: Iterable[Value]) -> Type:
    types = dict.fromkeys(type_of(item) for item in items)
    types.pop(ANY, None)
    return (unify(tuple(types)) if types else None) or ANY


def unify(types: Sequence[Type]) -> Type | None:
    """The most general of the types, or a new one, that all of them convert to; None when there is none.

    ``any`` stands for a type not known yet. Objects with equal attribute names and tuples of one length are unified
    member by member, others become maps and lists. https://github.com/zclconf/go-cty/blob/main/docs/convert.md
    """
    distinct = tuple(dict.fromkeys(types))
    if len(distinct) <= 1:
        return distinct[0] if distinct else None
    kinds = {_kind(each) for each in distinct}
    undecided = "any" in kinds
    kinds.discard("any")
    if kinds == {"object", "tuple"}:
        return None
    if len(kinds) == 1 and kinds <= {"list", "set", "map", "object", "tuple"}:
        return ANY if undecided else _unify_alike(distinct)
    structure = {frozenset({"map", "object"}): ObjectType, frozenset({"list", "tuple"}): TupleType}.get(
        frozenset(kinds)
    )
    if structure is not None:
        found = _unify_with_collection(distinct, structure)
        if found is not None:
            return found
    return next((wanted for wanted in _by_preference(distinct) if all(_converts(t, wanted) for t in distinct)), None)


def _kind(type_: Type) -> str:
    match type_:
        case Scalar(name):
            return name
        case Collection(kind):
            return kind
        case TupleType():
            return "tuple"
        case ObjectType():
            return "object"


def _unify_alike(types: Sequence[Type]) -> Type | None:
    first = types[0]
    if isinstance(first, Collection):
        element = unify([each.element for each in types if isinstance(each, Collection)])
        return None if element is None else Collection(first.kind, element)
    if isinstance(first, TupleType):
        rows = [each.elements for each in types if isinstance(each, TupleType)]
        if any(len(row) != len(rows[0]) for row in rows):
            return _as_collection("list", [element for row in rows for element in row])
        members = [unify(column) for column in zip(*rows, strict=True)]
        return None if None in members else TupleType(tuple(each for each in members if each is not None))
    objects = [each.attributes for each in types if isinstance(each, ObjectType)]
    names = [[attribute.name for attribute in each] for each in objects]
    if any(each != names[0] for each in names):
        return _as_collection("map", [attribute.type for each in objects for attribute in each])
    attributes = []
    for column in zip(*objects, strict=True):
        common = unify([attribute.type for attribute in column])
        if common is None:
            return None
        attributes.append(AttributeType(column[0].name, common))
    return ObjectType(tuple(attributes))


def _as_collection(kind: Literal["list", "map"], elements: Sequence[Type]) -> Type | None:
    element = unify(elements)
    return None if element is None else Collection(kind, element)


def _unify_with_collection(types: Sequence[Type], structure: type[ObjectType | TupleType]) -> Type | None:
    """One list for lists and tuples, one map for maps and objects."""
    loose = [each for each in types if isinstance(each, structure)]
    if structure is TupleType:
        elements = [element for each in loose if isinstance(each, TupleType) for element in each.elements]
        converted = _as_collection("list", elements)
    else:
        elements = [each.type for one in loose if isinstance(one, ObjectType) for each in one.attributes]
        converted = _as_collection("map", elements)
    if converted is None:
        return None
    return unify([converted if isinstance(each, structure) else each for each in types])


def _by_preference(types: Sequence[Type]) -> list[Type]:
    """The types with the more general ones first; those that can't be compared keep their order."""
    remaining, ordered = list(types), []
    while remaining:
        best = next((t for t in remaining if not any(_more_general(other, t) for other in remaining)), remaining[0])
        remaining.remove(best)
        ordered.append(best)
    return ordered


_GENERALITY: Final = {"list": 0, "set": 1, "tuple": 2}


def _more_general(left: Type, right: Type) -> bool:
    if left in (right, ANY):
        return False
    if right == ANY:
        return True
    if isinstance(left, Collection) and isinstance(right, Collection) and left.kind == right.kind:
        return _more_general(left.element, right.element)
    kinds = _kind(left), _kind(right)
    if kinds[0] in _GENERALITY and kinds[1] in _GENERALITY and kinds[0] != kinds[1]:
        return _GENERALITY[kinds[0]] < _GENERALITY[kinds[1]]
    if isinstance(left, TupleType) and isinstance(right, TupleType) and len(left.elements) == len(right.elements):
        return _all_more_general(list(zip(left.elements, right.elements, strict=True)))
    if isinstance(left, ObjectType) and isinstance(right, ObjectType):
        ours, theirs = ({each.name: each.type for each in one.attributes} for one in (left, right))
        return ours.keys() == theirs.keys() and _all_more_general([(ours[name], theirs[name]) for name in ours])
    return kinds == ("map", "object") or (left == STRING and isinstance(right, Scalar))


def _all_more_general(pairs: Sequence[tuple[Type, Type]]) -> bool:
    return any(_more_general(a, b) for a, b in pairs) and not any(_more_general(b, a) for a, b in pairs)


def _converts(source: Type, wanted: Type) -> bool:
    """Whether some values of one type convert to another; whether a given one does shows when it is converted."""
    if source == wanted or ANY in (source, wanted):
        return True
    if isinstance(source, Scalar) and isinstance(wanted, Scalar):
        return STRING in (source, wanted)
    if isinstance(wanted, Collection):
        if isinstance(source, Collection):
            return (source.kind == "map") == (wanted.kind == "map") and _converts(source.element, wanted.element)
        members = _member_types(source)
        if members is None or isinstance(source, ObjectType) != (wanted.kind == "map"):
            return False
        return all(_converts(each, wanted.element) for each in members)
    if isinstance(wanted, TupleType):
        return (
            isinstance(source, TupleType)
            and len(source.elements) == len(wanted.elements)
            and all(map(_converts, source.elements, wanted.elements))
        )
    if isinstance(wanted, ObjectType) and isinstance(source, ObjectType):
        given = {each.name: each.type for each in source.attributes}
        return all(
            _converts(given[each.name], each.type) if each.name in given else each.optional
            for each in wanted.attributes
        )
    return (
        isinstance(wanted, ObjectType)
        and isinstance(source, Collection)
        and source.kind == "map"
        and all(_converts(source.element, each.type) or each.optional for each in wanted.attributes)
    )


def _member_types(type_: Type) -> list[Type] | None:
    if isinstance(type_, TupleType):
        return list(type_.elements)
    return [each.type for each in type_.attributes] if isinstance(type_, ObjectType) else None


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
    return type_ == ANY or any(map(_has_any, _member_types(type_) or ()))


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
