"""Terraform's values over plain Python data: kinds of collections, conversions of scalars, equality, text and JSON.

A tuple is a ``list`` and an object a ``dict``; what Terraform calls a list, a set and a map are :class:`ListValue`,
:class:`SetValue` and :class:`MapValue`. The distinction is visible in the language: ``[] == tolist([])`` is false, and
``concat`` of two lists converts their elements to one type where ``concat`` of two tuples does not.

Rules: https://github.com/zclconf/go-cty/blob/main/docs/types.md and https://developer.hashicorp.com/terraform/language.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from scanner.model.value import Ref, Truth, Unknown, Value, both, either, equal, is_known, unknown_from
from scanner.parsers.terraform import arithmetic

TEXT_LIMIT: Final = 10 * 1024 * 1024
"""Characters of the longest text that is built."""

TOO_LONG: Final = f"a text has more than {TEXT_LIMIT} characters"

PARTS_LIMIT: Final = 1_000
"""Parts of a partly known text; beyond that only what it was computed from is kept."""

ELEMENTS_LIMIT: Final = 100_000
"""Elements of the largest value: a few lines that double a list or nest it in itself can ask for billions."""

TOO_MANY: Final = f"a value has more than {ELEMENTS_LIMIT} elements"


class ListValue(list[Value]):
    """A list: all elements of one type."""

    __slots__ = ()


class MapValue(dict[str, Value]):
    """A map: all elements of one type."""

    __slots__ = ()


class SetValue(tuple[Value, ...]):
    """A set: no element twice, in Terraform's order. Build it with :func:`make_set`."""

    __slots__ = ()


def make_set(items: Iterable[Value]) -> SetValue:
    """The set of items of one type: numbers by value, texts by code point, others by their hash text.

    Unknowns come after these, null comes last. Two unknowns are one element only when they are the same value.
    """
    members: list[Value] = []
    seen: set[object] = set()
    for item in items:
        key = _identity(item)
        if key not in seen:
            seen.add(key)
            members.append(item)
    return SetValue(sorted(members, key=_order))


def _identity(item: Value) -> object:
    if isinstance(item, Unknown):
        return ("unknown", item.ref) if item.ref is not None else ("unknown", id(item))
    if isinstance(item, (list, tuple, dict)):
        return type(item).__name__, hash_text(item), id(item) if not is_known(item) else 0
    return type(item) is bool, item


def _order(item: Value) -> tuple[str, object]:
    """Elements beside an unknown may still be of several types, which is why the type's letter comes first."""
    if item is None:
        return "z", 0
    if isinstance(item, Unknown):
        return "y", 0
    if isinstance(item, (list, tuple, dict)):
        return "c", hash_text(item)
    if isinstance(item, str):
        return "t", item
    return "b" if isinstance(item, bool) else "n", item


def hash_text(value: Value) -> bytes:
    """The bytes by which go-cty orders and tells apart set elements that have no order of their own."""
    if isinstance(value, Unknown):
        return b"?"
    if value is None:
        return b"~"
    if isinstance(value, bool):
        return b"T" if value else b"F"
    if isinstance(value, (int, Decimal)):
        return (str(value) if arithmetic.is_extreme(value) else arithmetic.general(value, 10)).encode()
    if isinstance(value, str):
        return quote(value).encode("utf-8", "surrogatepass")
    opening, closing = (b"[", b"]") if isinstance(value, (ListValue, SetValue)) else (b"<", b">")
    if isinstance(value, MapValue):
        opening, closing = b"{", b"}"
        items = [hash_text(key) + b":" + hash_text(value[key]) for key in sorted(value)]
    elif isinstance(value, dict):
        items = [hash_text(value[key]) for key in sorted(value)]
    else:
        items = [hash_text(item) for item in value]
    return opening + b"".join(item + b";" for item in items) + closing


_GO_ESCAPES: Final = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    '"': '\\"',
    "\\": "\\\\",
}


def quote(text: str) -> str:
    """The text as Go's ``%q`` writes it."""
    return '"' + "".join(map(_go_character, text)) + '"'


def _go_character(character: str) -> str:
    if character in _GO_ESCAPES:
        return _GO_ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def normal(text: str) -> str:
    """The text in Unicode's normalization form C, which all of Terraform's strings have."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def to_text(value: Value) -> str | Unknown | None:
    """A scalar as text, None for null; raises ``ValueError`` for everything else."""
    if value is None or isinstance(value, (str, Unknown)):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return Unknown(arithmetic.TOO_LARGE) if arithmetic.is_extreme(value) else arithmetic.text(value)
    raise ValueError("string required")


def to_number(value: Value) -> arithmetic.Number | Unknown | None:
    """A number, or the number a text is; raises ``ValueError`` for everything else."""
    if value is None or isinstance(value, Unknown):
        return value
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return Unknown(arithmetic.TOO_LARGE) if arithmetic.is_extreme(value) else value
    number = arithmetic.parse(value) if isinstance(value, str) else None
    if number is None:
        raise ValueError("a number is required")
    return number


def to_boolean(value: Value) -> bool | Unknown | None:
    """A bool, or what ``true``, ``false``, ``1`` and ``0`` as text stand for; raises ``ValueError`` otherwise."""
    if value is None or isinstance(value, (bool, Unknown)):
        return value
    if isinstance(value, str) and value in ("true", "1"):
        return True
    if isinstance(value, str) and value in ("false", "0"):
        return False
    raise ValueError("a bool is required")


def equals(left: Value, right: Value) -> Truth:
    """Terraform's ``==``: false between types, null equals null, sets whatever their order."""
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return equal(left, right)
    if isinstance(left, SetValue) and isinstance(right, SetValue):
        return _equal_sets(left, right)
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        same = _kind(left) is _kind(right) and len(left) == len(right)
        if same and not left and isinstance(left, ListValue):
            return Unknown("whether two empty lists are equal depends on the types of their elements")
        return same and both(equals(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        same = _kind(left) is _kind(right) and left.keys() == right.keys()
        return same and both(equals(item, right[key]) for key, item in left.items())
    return equal(left, right)


def _kind(value: Value) -> type:
    return next((kind for kind in (ListValue, MapValue, SetValue) if isinstance(value, kind)), object)


def _equal_sets(left: SetValue, right: SetValue) -> Truth:
    if not (is_known(left) and is_known(right)):
        return True if left == right and all(_named(item) for item in left) else unknown_from([left, right])
    return len(left) == len(right) and both(member_of(item, right) for item in left)


def _named(item: Value) -> bool:
    return is_known(item) or (isinstance(item, Unknown) and item.ref is not None)


def member_of(item: Value, collection: Iterable[Value]) -> Truth:
    """Whether a collection holds an item, by Terraform's equality."""
    return either(equals(item, member) for member in collection)


def join_parts(pieces: Iterable[str | Unknown]) -> str | Unknown:
    """One text from pieces in order: a plain text when all are known, else a partly known one."""
    parts: list[str | Unknown] = []
    for piece in pieces:
        for part in piece.parts or (piece,) if isinstance(piece, Unknown) else (piece,):
            if isinstance(part, str) and parts and isinstance(parts[-1], str):
                parts[-1] += part
            elif part != "":
                parts.append(part)
    if sum(len(part) for part in parts if isinstance(part, str)) > TEXT_LIMIT:
        return Unknown(TOO_LONG)
    if not parts:
        return ""
    if len(parts) == 1:
        return normal(parts[0]) if isinstance(parts[0], str) else parts[0]
    undecided = unknown_from(parts)
    return undecided if len(parts) > PARTS_LIMIT else replace(undecided, parts=tuple(parts))


def map_text(value: str | Unknown, change: Callable[[str], str]) -> str | Unknown:
    """A change of every character applied to a text, and to the known parts of a partly known one."""
    if isinstance(value, str):
        return change(value)
    if not value.parts:
        return value.derived()
    return join_parts(change(part) if isinstance(part, str) else part.derived() for part in value.parts)


def is_too_large(value: Value) -> bool:
    """Whether a value has more than :data:`ELEMENTS_LIMIT` elements, counting shared ones each time."""
    stack: list[Iterator[Value]] = [iter((value,))]
    count = 0
    while stack:
        for item in stack[-1]:
            count += 1
            if count > ELEMENTS_LIMIT:
                return True
            if isinstance(item, dict):
                stack.append(iter(item.values()))
                break
            if isinstance(item, (list, tuple)):
                stack.append(iter(item))
                break
        else:
            stack.pop()
    return False


def item_of(collection: Unknown, key: int | str) -> Unknown:
    """The element of an unknown collection: the same key of the same value is the same unknown."""
    if collection.ref is None:
        return collection.derived()
    step = f"[{key}]" if isinstance(key, int) else f'["{key}"]'
    ref = Ref(collection.ref.address, collection.ref.path + step)
    return Unknown(collection.reason, collection.origin, ref, (ref,))
