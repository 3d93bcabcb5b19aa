"""Records of the model as bytes, and back: lossless, and into their types alone.

Records have types that msgspec checks as it decodes. What files give as values has none (:data:`scanner.model.value.
Value`), so its kinds that MessagePack lacks are marked: https://github.com/msgpack/msgpack/blob/master/spec.md#extension-types.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import PurePath
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec.msgpack import Decoder, Encoder, Ext
from msgspec.structs import replace

from scanner.model.resource import Declaration
from scanner.model.value import ABSENT, Unknown, Value

_UNKNOWN, _DECIMAL, _ABSENT, _LARGE = 1, 2, 3, 4
_DIGITS: Final = 5_000
"""Digits and exponents of numbers beyond those of any file: such a number would take minutes to write out."""
_WHOLE: Final = range(-(2**63), 2**64)
"""Whole numbers that MessagePack has."""

_UNENCODABLE: Final = (TypeError, ValueError, OverflowError, RecursionError)

T = TypeVar("T")


class NotStorableError(Exception):
    """The value has no encoding: it is not kept."""


class ForeignError(Exception):
    """The bytes are not what was asked for."""


def encode(record: object) -> bytes:
    """A record as bytes; its values must be :func:`packed`. Raises :class:`NotStorableError`."""
    try:
        return _encoder().encode(record)
    except _UNENCODABLE as error:
        raise NotStorableError(str(error)) from None


def canonical(record: object) -> bytes:
    """Bytes that are equal for equal records, to be hashed. Raises :class:`NotStorableError`."""
    try:
        return _canonical_encoder().encode(record)
    except _UNENCODABLE as error:
        raise NotStorableError(str(error)) from None


def decode(data: bytes, kind: type[T]) -> T:
    """The record of a type. Raises :class:`ForeignError` for all that is not one."""
    decoder: Decoder[T] = _decoder(cast("Hashable", kind))
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
        raise ForeignError(str(error)) from None


def packed_declaration(declaration: Declaration) -> Declaration:
    """The declaration with its values :func:`packed`, to be encoded; decoding gives the one that it was."""
    provider = declaration.provider
    return replace(
        declaration,
        attributes=_packed_object(declaration.attributes),
        lifecycle=_packed_object(declaration.lifecycle),
        metadata=_packed_object(declaration.metadata),
        provider=replace(provider, attributes=_packed_object(provider.attributes)),
    )


def packed(value: Value) -> Value:
    """A value with marks for what MessagePack lacks. Raises :class:`NotStorableError` for a kind that is not known."""
    pack = _KINDS.get(type(value))
    if pack is None:
        raise NotStorableError(f"values of {type(value)}")
    return pack(value)


def _packed_object(value: Any) -> dict[str, Value]:
    return {_key(name): packed(item) for name, item in value.items()}


def _key(name: object) -> str:
    if type(name) is not str:
        raise NotStorableError(f"names of {type(name)}")
    return name


def _packed_int(value: int) -> Value:
    return value if value in _WHOLE else Ext(_LARGE, hex(value).encode())  # in hex: no limit, no time for converting


def _same(value: Value) -> Value:
    return value


_KINDS: Final[dict[type, Callable[[Any], Value]]] = {
    str: _same,
    bool: _same,
    float: _same,
    type(None): _same,
    int: _packed_int,
    list: lambda value: [packed(item) for item in value],
    dict: _packed_object,
    Decimal: lambda value: Ext(_DECIMAL, str(value).encode()),
    Unknown: lambda value: Ext(_UNKNOWN, encode(value)),
    type(ABSENT): lambda _value: Ext(_ABSENT, b""),
}


def _unpacked(code: int, data: memoryview) -> Value:
    if code == _UNKNOWN:
        return _decoder(Unknown).decode(data)
    if code == _DECIMAL:
        return _decimal(bytes(data).decode("ascii"))
    if code == _LARGE:
        return int(bytes(data).decode("ascii"), 16)
    if code == _ABSENT:
        return ABSENT
    raise ForeignError(f"no kind of value has the mark {code}")


def _decimal(text: str) -> Decimal:
    value = Decimal(text)
    exponent = value.as_tuple().exponent
    if len(text) > _DIGITS or not isinstance(exponent, int) or abs(exponent) > _DIGITS:
        raise ForeignError("a number beyond those of any file")
    return value


@cache
def _encoder() -> Encoder:
    return Encoder(enc_hook=_plain)


@cache
def _canonical_encoder() -> Encoder:
    return Encoder(enc_hook=_plain, order="deterministic")


def _plain(value: object) -> object:
    """What stands for a value of a type that msgspec does not know. A path is only hashed, never read back."""
    match value:
        case Fraction():
            return [hex(value.numerator), hex(value.denominator)]
        case PurePath():
            return str(value)
    raise NotStorableError(f"values of {type(value)}")


def _typed(kind: type, value: object) -> object:
    match value:
        case [str() as above, str() as below] if kind is Fraction:
            return Fraction(int(above, 16), int(below, 16))
    raise ForeignError(f"not a {kind}")


@cache
def _decoder(kind: Any) -> Any:
    return Decoder(kind, ext_hook=_unpacked, dec_hook=_typed)
