"""JSON as Azure reads it: with comments, texts over several lines and commas too many, and the place of everything.

https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax#comments-and-metadata
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from scanner.model.problem import ProblemKind
from scanner.parsers.azure.limits import MAX_NESTING
from scanner.parsers.azure.lines import Lines
from scanner.parsers.azure.reports import Refused
from scanner.parsers.azure.tree import At, Entry, Expression, Fields, Items, Literal

_SPACE: Final = re.compile(r"(?:[ \t\r\n\ufeff]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING: Final = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_SINGLE: Final = re.compile(r"'([^'\\]*(?:\\.[^'\\]*)*)'", re.DOTALL)
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORD: Final = re.compile(r"true|false|null", re.IGNORECASE)
_WORDS: Final = {"true": True, "false": False, "null": None}
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_MAX_DIGITS: Final = 40
_SURROGATES: Final = re.compile("[\ud800-\udfff]")

Reads = Callable[[str], Expression]
"""Makes the expression that a text stands for."""


def read_json(text: str, reads: Reads = Literal) -> Expression:
    """The data of a text. Raises :class:`Refused` for what is not JSON."""
    reader = _Reader(text, Lines(text), reads)
    value, _ = reader.value(reader.space(0), 0)
    end = reader.space(reader.position)
    if end < len(text):
        raise reader.refused("something stands after the end of the data", end)
    return value


@dataclass(slots=True)
class _Reader:
    text: str
    lines: Lines
    reads: Reads
    position: int = 0
    _texts: dict[str, Expression] = field(default_factory=dict)

    def refused(self, message: str, offset: int) -> Refused:
        return Refused(f"not valid JSON: {message}", self.lines.at(offset, min(offset + 1, len(self.text))))

    def space(self, position: int) -> int:
        """The position after spaces and comments."""
        found = _SPACE.match(self.text, position)
        self.position = found.end() if found else position
        return self.position

    def value(self, start: int, depth: int) -> tuple[Expression, At]:
        """The value at a position, and its place; :attr:`position` is then after it."""
        if depth > MAX_NESTING:
            raise Refused(f"nested deeper than {MAX_NESTING} levels", self.lines.at(start, start), ProblemKind.LIMIT)
        match self.text[start : start + 1]:
            case "{":
                found: Expression = self._object(start, depth)
            case "[":
                found = self._array(start, depth)
            case '"' | "'":
                found = self._read(self._string(start))
            case "":
                raise self.refused("it ends too early", start)
            case _:
                found = Literal(self._plain(start))
        return found, self.lines.at(start, self.position)

    def _read(self, text: str) -> Expression:
        found = self._texts.get(text)
        if found is None:
            found = self._texts[text] = self.reads(text)
        return found

    def _string(self, start: int) -> str:
        pattern = _SINGLE if self.text[start] == "'" else _STRING
        found = pattern.match(self.text, start)
        if found is None:
            raise self.refused("a text has no end", start)
        self.position = found.end()
        return unescaped(found[1])

    def _plain(self, start: int) -> bool | int | Decimal | None:
        if word := _WORD.match(self.text, start):
            self.position = word.end()
            return _WORDS[word[0].lower()]
        number = _NUMBER.match(self.text, start)
        if number is None:
            raise self.refused(f"{self.text[start]!r} begins no value", start)
        if number.end() - start > _MAX_DIGITS:
            raise self.refused("a number is too long", start)
        self.position = number.end()
        return Decimal(number[0]) if number[1] or number[2] else int(number[0])

    def _object(self, start: int, depth: int) -> Fields:
        entries: list[Entry] = []
        position = self.space(start + 1)
        while self.text[position : position + 1] != "}":
            if self.text[position : position + 1] not in ('"', "'"):
                raise self.refused("a property's name in quotation marks is expected here", position)
            key, begins = self._string(position), position
            key_end = self.position
            position = self.space(self.position)
            if self.text[position : position + 1] != ":":
                raise self.refused("a colon is expected here", position)
            value, at = self.value(self.space(position + 1), depth + 1)
            entries.append(Entry(Literal(key), value, self._entry_at(begins, key_end, at, value)))
            position = self._next(self.position, "}")
        self.position = position + 1
        return Fields(tuple(entries), self.lines.at(start, self.position))

    def _entry_at(self, begins: int, key_end: int, at: At, value: Expression) -> At:
        """From the key to the end of a plain value in the same line."""
        place = self.lines.at(begins, key_end)
        plain = not isinstance(value, (Fields, Items)) and at[2] == place[0]
        return (*place[:2], *at[2:]) if plain else place

    def _array(self, start: int, depth: int) -> Items:
        values: list[Expression] = []
        places: list[At] = []
        position = self.space(start + 1)
        while self.text[position : position + 1] != "]":
            value, at = self.value(position, depth + 1)
            values.append(value)
            places.append(at if at[0] == at[2] else (at[0], at[1], at[0], at[1] + 1))
            position = self._next(self.position, "]")
        self.position = position + 1
        return Items(tuple(values), tuple(places))

    def _next(self, position: int, closing: str) -> int:
        """The position of the next item, or of what closes the collection."""
        position = self.space(position)
        found = self.text[position : position + 1]
        if found == ",":
            return self.space(position + 1)
        if found != closing:
            raise self.refused(f"a comma or {closing} is expected here", position)
        return position


def unescaped(text: str) -> str:
    """A text of JSON without its escapes."""
    if "\\" not in text:
        return text
    found = _ESCAPE.sub(_character, text)
    # Two escapes may make one character; half of one is none that could be written into a report.
    return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if _SURROGATES.search(found) else found


def _character(match: re.Match[str]) -> str:
    escape = match[1]
    return chr(int(escape[1:], 16)) if len(escape) == 5 else _ESCAPES.get(escape, escape)
