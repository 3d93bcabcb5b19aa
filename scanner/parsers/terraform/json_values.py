"""JSON as Terraform writes and reads it, also where parts of it are unknown.

https://developer.hashicorp.com/terraform/language/functions/jsonencode. An encoded object that holds unknowns is a
partly known text, and decodes to the object again: policies are written this way.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from scanner.model.value import Unknown, Value, unknown_from
from scanner.parsers.terraform import arithmetic
from scanner.parsers.terraform.values import TEXT_LIMIT, TOO_LONG, join_parts, normal

NESTING_LIMIT: Final = 200
"""Values nested deeper than this are not encoded."""

_OPEN: Final = "\ue000"
_CLOSE: Final = "\ue001"
"""Private characters around the number of an unknown while its document is one text."""

_BARE: Final = "\ue002"
"""Before the mark of an unknown that is no part of a string: it may stand for any JSON."""

_HTML: Final = frozenset("<>&\u2028\u2029")
"""Go escapes these so that JSON can stand inside HTML: https://pkg.go.dev/encoding/json#Marshal."""


_SPACES: Final = " \t\r\n"


class TooLarge(ValueError):
    """A document that would be too long or is nested too deeply; the message is a clause."""


def encode(value: Value) -> str | Unknown:
    """The value as ``jsonencode`` writes it, keys in order; raises :class:`TooLarge`."""
    unknowns: list[Unknown] = []
    pieces: list[str] = []
    _Writer(pieces, unknowns).write(value, 0)
    text = "".join(pieces)
    if not unknowns:
        return text
    if text.count(_OPEN) != len(unknowns):  # the document has such characters itself
        return unknown_from(unknowns)
    return join_parts(_split(text, unknowns))


def _split(text: str, unknowns: list[Unknown]) -> list[str | Unknown]:
    parts = re.split(f"{_OPEN}(\\d+){_CLOSE}", text)
    return [unknowns[int(part)] if index % 2 else part for index, part in enumerate(parts)]


class _Writer:
    """Collects the pieces of a document and the unknowns in it."""

    def __init__(self, pieces: list[str], unknowns: list[Unknown]) -> None:
        self.pieces = pieces
        self.unknowns = unknowns
        self.length = 0

    def add(self, piece: str) -> None:
        self.length += len(piece)
        if self.length > TEXT_LIMIT:
            raise TooLarge(TOO_LONG)
        self.pieces.append(piece)

    def write(self, value: Value, depth: int) -> None:
        if isinstance(value, str):
            self.add(quote(value))
        elif isinstance(value, Unknown):
            self.add(self.unknown(value))
        elif value is None:
            self.add("null")
        elif isinstance(value, bool):
            self.add("true" if value else "false")
        elif isinstance(value, (int, Decimal)):
            extreme = arithmetic.is_extreme(value)
            self.add(self.unknown(Unknown(arithmetic.TOO_LARGE)) if extreme else arithmetic.text(value))
        elif depth >= NESTING_LIMIT:
            raise TooLarge("the value is nested too deeply")
        elif isinstance(value, dict):
            for position, key in enumerate(sorted(value)):
                self.add(("," if position else "{") + quote(key) + ":")
                self.write(value[key], depth + 1)
            self.add("}" if value else "{}")
        else:
            for position, item in enumerate(value):
                self.add("," if position else "[")
                self.write(item, depth + 1)
            self.add("]" if value else "[]")

    def unknown(self, value: Unknown) -> str:
        if not value.parts:
            self.unknowns.append(value.derived())
            return self.mark()
        written = '"'
        for part in value.parts:
            if isinstance(part, str):
                written += quote(part)[1:-1]
            else:
                self.unknowns.append(part)
                written += self.mark()
        return written + '"'

    def mark(self) -> str:
        return f"{_OPEN}{len(self.unknowns) - 1}{_CLOSE}"


def quote(text: str) -> str:
    """The text as a JSON string."""
    from json.encoder import encode_basestring

    written = encode_basestring(text)
    if not _HTML.isdisjoint(written):
        for character in sorted(_HTML):
            written = written.replace(character, f"\\u{ord(character):04x}")
    return written


def decode(document: str | Unknown) -> Value:
    """The value of a document: objects and tuples; raises ``ValueError`` when it is not JSON."""
    if isinstance(document, str):
        return _load(document)
    unknowns = [part for part in document.parts if isinstance(part, Unknown)]
    if not unknowns or any(_OPEN in part for part in document.parts if isinstance(part, str)):
        return document.derived()
    try:
        return _restore(_load(_with_marks(document)), unknowns)
    except ValueError:
        return document.derived()


def _load(text: str) -> Value:
    import json

    def refuse(constant: str) -> Value:
        raise ValueError(f"invalid value {constant}")

    try:
        decoder = json.JSONDecoder(parse_int=arithmetic.parse, parse_float=arithmetic.parse, parse_constant=refuse)
        value, end = decoder.raw_decode(text, len(text) - len(text.lstrip(_SPACES)))
    except json.JSONDecodeError as error:
        raise ValueError(f"the text is not JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise ValueError("the document is nested too deeply") from None
    rest = text[end:].lstrip(_SPACES)
    if rest and rest[0] not in "]}":  # Terraform overlooks what follows a bracket too many
        raise ValueError("the text goes on after the JSON document")
    return value if text.isascii() and "\\u" not in text else _normalized(value)


def _normalized(value: Value) -> Value:
    if isinstance(value, str):
        return normal(value.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    if isinstance(value, list):
        return [_normalized(item) for item in value]
    if isinstance(value, dict):
        return {_normalized(key): _normalized(item) for key, item in value.items()}
    return value


def _with_marks(document: Unknown) -> str:
    """The document with a mark for every unknown; one that is no part of a string becomes one."""
    pieces: list[str] = []
    inside, count = False, 0
    for part in document.parts:
        if isinstance(part, str):
            pieces.append(part)
            inside ^= sum(quote == '"' for quote in re.findall(r'\\.|"', part, re.DOTALL)) % 2 == 1
        else:
            mark = f"{_OPEN}{count}{_CLOSE}"
            pieces.append(mark if inside else f'"{_BARE}{mark}"')
            count += 1
    return "".join(pieces)


def _restore(value: Value, unknowns: list[Unknown]) -> Value:
    if isinstance(value, str):
        return join_parts(_split(value.removeprefix(_BARE), unknowns)) if _OPEN in value else value
    if isinstance(value, list):
        items = [_restore(item, unknowns) for item in value]
        several = any(isinstance(item, str) and item.startswith(_BARE) for item in value)
        return unknown_from(items) if several else items  # a bare unknown may stand for several elements, or none
    if isinstance(value, dict):
        if any(_OPEN in key for key in value):
            return unknown_from(unknowns)
        return {key: _restore(item, unknowns) for key, item in value.items()}
    return value
