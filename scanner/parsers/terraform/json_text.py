"""JSON with the place of everything in it; the standard library's reader keeps none, and drops repeated names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]  # there since Python 2.6, but not in typeshed
from typing import Final

from scanner.parsers.terraform.positions import MAX_NESTING, Lines, SyntaxInvalid, too_deep
from scanner.parsers.terraform.tree import Position

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_WORD: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![\w.+-])|true\b|false\b|null\b")


@dataclass(slots=True)
class JsonScalar:
    """A text, or a word: a number, ``true``, ``false`` or ``null`` as written."""

    text: str
    quoted: bool
    at: Position


@dataclass(slots=True)
class JsonProperty:
    """One property of an object."""

    name: str
    name_at: Position
    value: JsonValue


@dataclass(slots=True)
class JsonObject:
    """An object, its properties in order. ``complete`` is false when the text broke off or went wrong inside of it."""

    at: Position
    properties: list[JsonProperty] = field(default_factory=list)
    complete: bool = False


@dataclass(slots=True)
class JsonArray:
    """An array; ``complete`` as in :class:`JsonObject`."""

    at: Position
    items: list[JsonValue] = field(default_factory=list)
    complete: bool = False


JsonValue = JsonScalar | JsonObject | JsonArray


def read_text(source: str) -> tuple[JsonValue | None, SyntaxInvalid | None]:
    """Read a JSON text: as far as possible, and what is wrong where that ends."""
    reader = _Reader(source)
    try:
        reader.document()
    except SyntaxInvalid as error:
        return reader.root, error
    return reader.root, None


class _Reader:
    """Reads without recursion; what is open stands in a list."""

    def __init__(self, source: str) -> None:
        self.root: JsonValue | None = None
        self._source = source
        self._place = 0
        self._lines = Lines(source)

    def document(self) -> None:
        value = self.root = self._value()
        open_ = [] if isinstance(value, JsonScalar) else [value]
        while open_:
            top = open_[-1]
            closer, content = ("}", top.properties) if isinstance(top, JsonObject) else ("]", top.items)
            if self._peek() == closer:
                self._place += 1
                top.complete = True
                top.at = (*top.at[:2], *self._lines.place(self._place))
                open_.pop()
                continue
            if content:
                self._take(",", f", or {closer}")
            value = self._property(top.properties) if isinstance(top, JsonObject) else self._item(top.items)
            if not isinstance(value, JsonScalar):
                open_.append(value)
                if len(open_) > MAX_NESTING:
                    raise too_deep(value.at)
        if self._peek():
            raise self._expected("the end of the file")

    def _property(self, properties: list[JsonProperty]) -> JsonValue:
        if self._peek() != '"':
            raise self._expected("a property name in quotes")
        name = self._text()
        self._take(":", ":")
        value = self._value()
        properties.append(JsonProperty(name.text, name.at, value))
        return value

    def _item(self, items: list[JsonValue]) -> JsonValue:
        value = self._value()
        items.append(value)
        return value

    def _value(self) -> JsonValue:
        """A scalar, or the beginning of an object or array."""
        char = self._peek()
        if char == '"':
            return self._text()
        if char in ("{", "["):
            self._place += 1
            at = self._at(self._place - 1)
            return JsonObject(at) if char == "{" else JsonArray(at)
        if (word := _WORD.match(self._source, self._place)) is None:
            raise self._expected("a value")
        self._place = word.end()
        return JsonScalar(word[0], False, self._at(word.start()))

    def _text(self) -> JsonScalar:
        start = self._place
        try:
            text, self._place = scanstring(self._source, start + 1, True)
        except JSONDecodeError as error:
            raise SyntaxInvalid(f"not a JSON text: {error.msg}", self._at(start, error.pos + 1)) from None
        if not text.isascii():  # an escaped half of a surrogate pair is no character, Go replaces it
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return JsonScalar(text, True, self._at(start))

    def _peek(self) -> str:
        """The next character that is not space; nothing at the end."""
        self._place = _SPACE.match(self._source, self._place).end()  # type: ignore[union-attr]  # also matches nothing
        return self._source[self._place : self._place + 1]

    def _take(self, char: str, expected: str) -> None:
        if self._peek() != char:
            raise self._expected(expected)
        self._place += 1

    def _expected(self, what: str) -> SyntaxInvalid:
        found = self._source[self._place : self._place + 20].split("\n")[0]
        message = f"expected {what}, found {found}" if found else f"the file ends where {what} is expected"
        return SyntaxInvalid(message, self._at(self._place, self._place + 1))

    def _at(self, start: int, end: int | None = None) -> Position:
        return self._lines.at(start, self._place if end is None else end)
