"""The types that values have, and one type for many.

https://github.com/zclconf/go-cty/blob/main/docs/convert.md says which conversions exist, on which unification rests.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final, Literal

from scanner.model.value import Unknown, Value
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
    member_types,
)
from scanner.parsers.terraform.values import ListValue, MapValue, SetValue


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
    found: Type | None = None
    if kinds == {"map", "object"}:
        found = _unify_with_collection(distinct, ObjectType)
    elif kinds == {"list", "tuple"}:
        found = _unify_with_collection(distinct, TupleType)
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
        members = member_types(source)
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
