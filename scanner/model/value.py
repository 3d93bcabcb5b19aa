"""Values that may be unknown, and the three-valued logic over them.

Every value read from a file is plain Python data: ``None``, ``bool``, ``int``, ``Decimal``, ``str``, ``list`` and
``dict``
(with ``str`` keys), or an :class:`Unknown` in place of any of them. Comparisons follow Kleene's strong logic of
indeterminacy (S. C. Kleene, *Introduction to Metamathematics*, 1952, section 64): an answer is definite exactly when
every way to fill in the unknowns gives that answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from scanner.model.span import Span


class Ref(Struct, frozen=True):
    """One attribute of one declared object, such as ``module.vpc.aws_subnet.a[0]`` and ``id``."""

    address: str
    path: str = ""

    def __str__(self) -> str:
        return f"{self.address}.{self.path}" if self.path else self.address

    @property
    def is_variable(self) -> bool:
        """Whether it is an input variable, of whatever module and root (``module.a.var.x``, ``envs/prod#var.x``)."""
        return ".var." in f".{self.address.replace('#', '.', 1)}"


class Unknown(Struct, frozen=True):
    """A value that the files do not decide.

    It refuses to be a boolean, so that no branch forgets it.

    ``reason`` is a clause for people ("variable multi_az has no default"), ``origin`` the place that would decide it.
    ``ref`` is set when the value *is* that attribute: two unknowns with equal ``ref`` are the same value. ``refs``
    are all attributes that it was computed from; with ``choice`` only some of them go into it, and nothing tells which.
    ``parts`` is set for a partly known string: literal pieces and unknowns in order. ``content`` is set for the base64
    of one, as start-up scripts are handed over: that string.
    """

    reason: str
    origin: Span | None = None
    ref: Ref | None = None
    refs: tuple[Ref, ...] = ()
    parts: tuple[str | Unknown, ...] = ()
    choice: bool = False
    content: Unknown | None = None

    def __bool__(self) -> bool:
        raise TypeError(f"an unknown value is neither true nor false: {self.reason}")

    @property
    def prefix(self) -> str:
        """The text that the value certainly begins with."""
        return self.parts[0] if self.parts and isinstance(self.parts[0], str) else ""

    @property
    def suffix(self) -> str:
        """The text that the value certainly ends with."""
        return self.parts[-1] if self.parts and isinstance(self.parts[-1], str) else ""

    def derived(self, reason: str | None = None, origin: Span | None = None) -> Unknown:
        """A new unknown computed from this one: the same refs, no longer the same value."""
        return Unknown(reason or self.reason, origin or self.origin, None, self.refs, choice=self.choice)


class _Absent:
    """The type of :data:`ABSENT`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = _Absent()
"""Nothing was written, and the dialect has no default. Neither unknown nor null."""

Value = Any
"""None | bool | int | Decimal | str | list[Value] | dict[str, Value] | Unknown | ABSENT (a recursive alias costs mypy
more than it gives)."""

Truth = bool | Unknown


def unknown_from(values: Iterable[Value], reason: str | None = None) -> Unknown:
    """One unknown standing for a result that depends on ``values``, of which at least one is or contains an unknown."""
    found = list(unknowns_in(values))
    refs = tuple(dict.fromkeys(ref for u in found for ref in u.refs))
    if not found:
        return Unknown(reason or "not decided", None, None, refs)
    return Unknown(reason or found[0].reason, found[0].origin, None, refs, choice=any(u.choice for u in found))


def unknowns_in(value: Value) -> Iterable[Unknown]:
    """Every unknown inside a value, depth first."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Unknown):
            yield item
        elif isinstance(item, dict):
            stack.extend(reversed(list(item.values())))
        elif isinstance(item, (list, tuple, set, frozenset)) or (
            not isinstance(item, str) and hasattr(item, "__next__")
        ):
            stack.extend(reversed(list(item)))


def is_known(value: Value) -> bool:
    """Whether no part of the value is unknown."""
    return next(iter(unknowns_in(value)), None) is None


def negate(truth: Truth) -> Truth:
    """Kleene's not."""
    return truth if isinstance(truth, Unknown) else not truth


def both(truths: Iterable[Truth]) -> Truth:
    """Kleene's and: false as soon as one is false, else unknown if one is unknown, else true."""
    undecided: Unknown | None = None
    for truth in truths:
        if isinstance(truth, Unknown):
            undecided = truth if undecided is None else undecided
        elif not truth:
            return False
    return True if undecided is None else undecided


def either(truths: Iterable[Truth]) -> Truth:
    """Kleene's or: true as soon as one is true, else unknown if one is unknown, else false."""
    return negate(both(negate(t) for t in truths))


def equal(left: Value, right: Value) -> Truth:
    """Whether two values are the same, without Python's ``True == 1``.

    Numbers compare by value; lists and objects element by element. Two unknowns with the same ``ref`` are equal, and so
    are texts made of the same parts. A partly known text differs from all texts that its known ends exclude.
    """
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return _equal_unknown(left, right)
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, (int, float, Decimal)) and isinstance(right, (int, float, Decimal)):
        return bool(left == right)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and both(equal(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and both(equal(v, right[k]) for k, v in left.items())
    return type(left) is type(right) and bool(left == right)


def _equal_unknown(left: Value, right: Value) -> Truth:
    if isinstance(left, Unknown) and isinstance(right, Unknown):
        same_parts = left.parts and len(left.parts) == len(right.parts)
        if (left.ref is not None and left.ref == right.ref) or (
            same_parts and all(equal(a, b) is True for a, b in zip(left.parts, right.parts, strict=True))
        ):
            return True
    if _excluded(left, right) or _excluded(right, left):
        return False
    return unknown_from([left, right])


def _excluded(partly: Value, other: Value) -> bool:
    """Whether a partly known text cannot be the other value, by kind (it is never null), ends or length."""
    if not isinstance(partly, Unknown) or not partly.parts:
        return False
    if isinstance(other, Unknown):
        ends_fit = _fit(partly.prefix, other.prefix) and _fit(partly.suffix[::-1], other.suffix[::-1])
        return bool(other.parts) and not ends_fit
    if not isinstance(other, str):
        return True
    known = sum(len(part) for part in partly.parts if isinstance(part, str))
    return not (other.startswith(partly.prefix) and other.endswith(partly.suffix) and known <= len(other))


def _fit(one: str, other: str) -> bool:
    """Whether one text can be continued to a continuation of the other."""
    return one.startswith(other) or other.startswith(one)


def less(left: Value, right: Value) -> Truth:
    """Whether a number (or text) is smaller than another; unknown when either is; false for things without an order."""
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return unknown_from([left, right])
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    numbers = (int, float, Decimal)
    if (isinstance(left, numbers) and isinstance(right, numbers)) or (isinstance(left, str) and isinstance(right, str)):
        return bool(left < right)  # type: ignore[operator]  # both are numbers or both are text
    return False


def contains(collection: Value, item: Value) -> Truth:
    """Whether a list holds an item, an object holds a key, or a text holds a text."""
    if isinstance(collection, Unknown):
        return unknown_from([collection])
    if isinstance(collection, str):
        return unknown_from([item]) if isinstance(item, Unknown) else isinstance(item, str) and item in collection
    if isinstance(collection, (list, tuple, dict)):
        return either(equal(member, item) for member in collection)
    return False


def with_origin(value: Unknown, origin: Span | None) -> Unknown:
    """The unknown with a place, if it has none yet."""
    return value if value.origin is not None or origin is None else replace(value, origin=origin)
