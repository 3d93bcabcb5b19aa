"""Functions over lists, sets, maps and objects.

https://developer.hashicorp.com/terraform/language/functions lists them under "Collection Functions". What is known of a
collection that holds unknowns is kept: Terraform leaves the whole result open until apply in some of these places.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from scanner.model.value import Truth, Unknown, Value, both, either, is_known, unknown_from
from scanner.parsers.terraform import arithmetic
from scanner.parsers.terraform.functions.calling import LIST, TEXTS, FunctionError, integer
from scanner.parsers.terraform.functions.graphemes import count
from scanner.parsers.terraform.types import (
    ANY,
    STRING,
    Collection,
    ConversionError,
    convert,
    type_of,
    unify,
)
from scanner.parsers.terraform.values import (
    ELEMENTS_LIMIT,
    TOO_MANY,
    ListValue,
    MapValue,
    SetValue,
    equals,
    item_of,
    member_of,
    to_number,
)

RANGE_LIMIT = 1024
"""Terraform's own limit of ``range``."""


def length(value: Value) -> Value:
    """Elements of a collection or characters of a text."""
    if isinstance(value, str):
        return count(value)
    if isinstance(value, SetValue) and len(value) > 1 and not is_known(value):
        return unknown_from([value])  # the unknown ones may turn out to be equal
    if isinstance(value, (list, tuple, dict)):
        return len(value)
    raise FunctionError("a text or a collection is required")


def all_true(items: list[Value]) -> Truth:
    """Whether all are true; null is not."""
    return both(item is not None and item for item in items)


def any_true(items: list[Value]) -> Truth:
    """Whether one is true; null is not."""
    return either(item is not None and item for item in items)


def chunk_list(items: list[Value], size: Value) -> Value:
    """Lists of at most ``size`` elements; the whole list for size 0."""
    width = integer(size)
    if width < 0:
        raise FunctionError("the size must be positive")
    width = width or max(len(items), 1)
    return ListValue(ListValue(items[start : start + width]) for start in range(0, len(items), width))


def coalesce(*values: Value) -> Value:
    """The first value that is neither null nor an empty text, converted to what all have in common."""
    common = unify([type_of(value) for value in values])
    if common is None:
        raise FunctionError("all arguments must have the same type")
    for index, value in enumerate(values):
        if isinstance(value, Unknown):
            if value.prefix or value.suffix:
                return value
            rest = [other for other in values[index + 1 :] if other is not None and other != ""]
            return unknown_from([value, *rest]) if rest else value
        if value is not None and value != "":
            return convert(value, common)
    raise FunctionError("no argument is neither null nor empty")


def coalesce_list(*values: Value) -> Value:
    """The first list that has elements."""
    if not values:
        raise FunctionError("it takes at least 1 argument")
    for value in values:
        if isinstance(value, Unknown):
            return unknown_from(values, value.reason)
        if not isinstance(value, list):
            raise FunctionError("all arguments must be lists or tuples")
        if value:
            return value
    raise FunctionError("all lists are empty")


def compact(items: list[Value]) -> Value:
    """Without empty texts and nulls. An unknown element that may be empty makes the length unknown."""
    if any(isinstance(item, Unknown) and not (item.prefix or item.suffix) for item in items):
        return unknown_from(items)
    return ListValue(item for item in items if item is not None and item != "")


def concat(*sequences: Value) -> Value:
    """One list for lists, one tuple otherwise."""
    if not sequences:
        raise FunctionError("it takes at least 1 argument")
    if any(not isinstance(each, (list, Unknown)) for each in sequences):
        raise FunctionError("all arguments must be lists or tuples")
    if any(isinstance(each, Unknown) for each in sequences):
        return unknown_from(sequences)
    if sum(map(len, sequences)) > ELEMENTS_LIMIT:
        return Unknown(TOO_MANY)
    items = [item for each in sequences for item in each]
    if all(isinstance(each, ListValue) for each in sequences):
        common = unify([type_of(each) for each in sequences])
        if common is not None:
            return convert(ListValue(items), common)
    return items


def contains(collection: Value, wanted: Value) -> Truth:
    """Whether an element equals the wanted value, type included."""
    if isinstance(collection, Unknown):
        return unknown_from([collection, wanted])
    if not isinstance(collection, (list, tuple)):
        raise FunctionError("a list, tuple or set is required")
    return member_of(wanted, collection)


def distinct(items: list[Value]) -> Value:
    """Without repetitions, in order."""
    found: list[Value] = []
    if all(isinstance(item, str) for item in items):
        return ListValue(dict.fromkeys(items))
    for item in items:
        repeated = member_of(item, found)
        if isinstance(repeated, Unknown):
            return repeated
        if not repeated:
            found.append(item)
    return ListValue(found)


def element(collection: Value, index: Value) -> Value:
    """The element at an index that wraps around."""
    if isinstance(collection, Unknown) or isinstance(index, Unknown):
        if isinstance(collection, Unknown) and isinstance(index, int) and index >= 0:
            return item_of(collection, index)
        return unknown_from([collection, index])
    if not isinstance(collection, list):
        raise FunctionError("a list is required")
    if not collection:
        raise FunctionError("the list is empty")
    return collection[integer(index) % len(collection)]


def flatten(collection: Value) -> Value:
    """All elements that are not sequences themselves. An unknown that may be a sequence makes the length unknown."""
    if not isinstance(collection, (list, tuple)):
        raise FunctionError("a list, tuple or set is required")
    result: list[Value] = []
    _flatten_into(result, collection)
    maybe = [item for item in result if isinstance(item, Unknown) and not item.parts]
    return unknown_from(maybe + result) if maybe else result


def _flatten_into(result: list[Value], items: Iterable[Value]) -> None:
    for item in items:
        if isinstance(item, (list, tuple)):
            _flatten_into(result, item)
        else:
            result.append(item)
        if len(result) > ELEMENTS_LIMIT:
            return


def index(collection: Value, wanted: Value) -> Value:
    """The position of the first element that equals the wanted value."""
    if not isinstance(collection, list):
        raise FunctionError("a list or tuple is required")
    for position, item in enumerate(collection):
        same = equals(item, wanted)
        if isinstance(same, Unknown):
            return same
        if same:
            return position
    raise FunctionError("item not found")


def keys(mapping: Value) -> Value:
    """The names in order."""
    names = sorted(_mapping(mapping))
    return ListValue(names) if isinstance(mapping, MapValue) else names


def values(mapping: Value) -> Value:
    """The values in the order of their names."""
    found = _mapping(mapping)
    items = [found[name] for name in sorted(found)]
    return ListValue(items) if isinstance(mapping, MapValue) else items


def _mapping(value: Value) -> dict[str, Value]:
    if not isinstance(value, dict):
        raise FunctionError("a map or object is required")
    return value


def lookup(mapping: Value, key: Value, *default: Value) -> Value:
    """The element with a key, else the default."""
    if len(default) > 1:
        raise FunctionError(f"it takes two or three arguments, not {2 + len(default)}")
    if isinstance(mapping, Unknown) and isinstance(key, str) and not default:
        return item_of(mapping, key)
    if isinstance(mapping, Unknown) or isinstance(key, Unknown):
        return unknown_from([mapping, key, *default])
    found = _mapping(mapping)
    if isinstance(mapping, MapValue) and default:
        default = (_default_of(mapping, default[0]),)
    if key in found:
        return found[key]
    if not default:
        raise FunctionError(f"there is no element {key!r}")
    return default[0]


def _default_of(mapping: MapValue, default: Value) -> Value:
    of = type_of(mapping)
    try:
        return convert(default, of.element if isinstance(of, Collection) else ANY)
    except ConversionError:
        raise FunctionError("the default must have the type of the map's elements") from None


def match_keys(items: list[Value], names: list[Value], wanted: list[Value]) -> Value:
    """The items whose names are among the wanted."""
    if len(items) != len(names):
        raise FunctionError("the values and the keys must have the same length")
    common = unify([type_of(ListValue(names)), type_of(ListValue(wanted))])
    if common is None:
        raise FunctionError("the keys and the searched set must have the same type")
    names, wanted = convert(ListValue(names), common), convert(ListValue(wanted), common)
    verdicts = [member_of(name, wanted) for name in names]
    if any(isinstance(verdict, Unknown) for verdict in verdicts):
        return unknown_from([items, names, wanted])
    return ListValue(item for item, verdict in zip(items, verdicts, strict=True) if verdict)


def merge(*mappings: Value) -> Value:
    """One map or object, later ones first; nulls are empty."""
    result: dict[str, Value] = {}
    for mapping in mappings:
        if isinstance(mapping, Unknown):
            return unknown_from(mappings, mapping.reason)
        if mapping is not None and not isinstance(mapping, dict):
            raise FunctionError("all arguments must be maps or objects")
        result.update(mapping or {})
    if any(type(mapping) is dict for mapping in mappings) or not mappings:
        return result
    types = {type_of(mapping) for mapping in mappings if mapping}
    return MapValue(result) if len(types) <= 1 else result


def one(collection: Value) -> Value:
    """The only element, or null when there is none."""
    if not isinstance(collection, (list, tuple)) or len(collection) > 1:
        raise FunctionError("a list, tuple or set of at most one element is required")
    return collection[0] if collection else None


def number_range(*bounds: Value) -> Value:
    """Numbers from a start up to an end, with a step."""
    if not 1 <= len(bounds) <= 3:
        raise FunctionError("it takes one, two or three arguments")
    start, end = (0, bounds[0]) if len(bounds) == 1 else bounds[:2]
    step = bounds[2] if len(bounds) == 3 else -1 if end < start else 1
    if not step:
        raise FunctionError("the step must not be zero")
    if (end > start) if step < 0 else (end < start):
        raise FunctionError("the step leads away from the end")
    if abs(Decimal(end) - Decimal(start)) > (RANGE_LIMIT + 1) * abs(Decimal(step)):
        raise FunctionError(f"more than {RANGE_LIMIT} numbers")
    numbers: list[Value] = []
    current: Value = start
    while (current > end) if step < 0 else (current < end):
        if len(numbers) >= RANGE_LIMIT:
            raise FunctionError(f"more than {RANGE_LIMIT} numbers")
        numbers.append(current)
        current = arithmetic.add(current, step)
        if isinstance(current, Unknown):
            return current
    return ListValue(numbers)


def reverse(collection: Value) -> Value:
    """Backwards; a set becomes a list."""
    if not isinstance(collection, (list, tuple)):
        raise FunctionError("a list or tuple is required")
    items = list(reversed(collection))
    return items if type(collection) is list else ListValue(items)


def cut(collection: Value, start: Value, end: Value) -> Value:
    """``slice``: the elements from a start up to, but not including, an end."""
    if isinstance(start, Unknown) or isinstance(end, Unknown):
        return unknown_from([collection, start, end])
    first, last = integer(start), integer(end)
    if isinstance(collection, Unknown):
        if not 0 <= first <= last:
            raise FunctionError("the start must be between zero and the end")
        if last - first > ELEMENTS_LIMIT:
            return Unknown(TOO_MANY)
        return ListValue(item_of(collection, position) for position in range(first, last))
    if not isinstance(collection, list):
        raise FunctionError("a list or tuple is required")
    if not 0 <= first <= last <= len(collection):
        raise FunctionError(f"{first} to {last} is not within the list's {len(collection)} elements")
    items = collection[first:last]
    return ListValue(items) if isinstance(collection, ListValue) else items


def sort(items: list[Value]) -> Value:
    """Texts by code point."""
    if None in items:
        raise FunctionError("null cannot be sorted")
    return ListValue(sorted(items))


def total(collection: Value) -> Value:
    """``sum`` of numbers."""
    if not isinstance(collection, (list, tuple)):
        raise FunctionError("a list, set or tuple is required")
    if not collection:
        raise FunctionError("the list is empty")
    result: Value = 0
    for item in collection:
        number = to_number(item)
        if number is None:
            raise FunctionError("null is not a number")
        result = number if isinstance(number, Unknown) else arithmetic.add(result, number)
        if isinstance(result, Unknown):
            return result
    return result


def legacy_list(*items: Value) -> Value:
    """``list``, which Terraform had until 0.14: a list of its arguments."""
    return convert(list(items), LIST)


def legacy_map(*pairs: Value) -> Value:
    """``map``, which Terraform had until 0.14: a map of keys and values in turn."""
    if len(pairs) % 2:
        raise FunctionError("it takes keys and values in turn")
    names = convert(list(pairs[::2]), TEXTS)
    if any(isinstance(name, Unknown) for name in names):
        return unknown_from(pairs)
    if None in names:
        raise FunctionError("a key is null")
    return convert(dict(zip(names, pairs[1::2], strict=True)), Collection("map", ANY))


def transpose(mapping: dict[str, Value]) -> Value:
    """Every text of the lists with the names of the lists that have it."""
    result: dict[str, list[str]] = {}
    for name in sorted(mapping):
        if mapping[name] is None or None in mapping[name]:
            raise FunctionError("a list or one of its elements is null")
        for item in mapping[name]:
            result.setdefault(item, []).append(name)
    return MapValue((item, ListValue(result[item])) for item in sorted(result))


def zipmap(names: list[Value], items: Value) -> Value:
    """A map of names to items."""
    if any(isinstance(name, Unknown) for name in names):
        return unknown_from([names, items])
    if not isinstance(items, list):
        raise FunctionError("the values must be a list or tuple")
    if len(names) != len(items):
        raise FunctionError(f"there are {len(names)} keys but {len(items)} values")
    if None in names:
        raise FunctionError("a key is null")
    pairs = zip(names, items, strict=True)
    return MapValue(pairs) if isinstance(items, ListValue) else dict(pairs)


TEXT_LISTS = Collection("map", Collection("list", STRING))
"""The parameter of ``transpose``."""
