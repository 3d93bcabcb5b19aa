"""JSON as plain data, with the place of a field found when somebody asks: machines write it, often in one long line.

The standard library's reader does the reading, and once more the skipping on the way to a place. Anybody may have
written the text: what is not JSON, or nests too deeply, is a problem.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from json.decoder import scanstring  # type: ignore[attr-defined]  # there since Python 2.6, but not in typeshed
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from scanner.model.problem import Problem, ProblemKind
from scanner.model.span import Span
from scanner.model.value import Value
from scanner.parsers.positioned_yaml import Positions, decoded

MAX_DEPTH: Final = 100
"""How deep objects and arrays may nest."""
MAX_DIGITS: Final = 400
"""Longer numbers are no JSON here: reading them takes their length squared."""

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_INDEX: Final = re.compile(r"\[(\d+)\]")
_LINE_END: Final = re.compile("\n")
_HALF: Final = re.compile(r"\\u[dD][89abAB]")
"""An escape that may be half of a surrogate pair, which no file of ours may hold."""

Step = str | int
Steps = tuple[Step, ...]


class _Entry(Struct, frozen=True):
    """Where one field of an object or item of an array stands: ``start`` is its name's, ``value`` its value's."""

    start: int
    value: int
    end: int


@dataclass(slots=True)
class JsonText:
    """The text of one file, which reports call ``name``, and the places in it that were asked for."""

    name: str
    text: str
    _lines: list[int] = field(default_factory=list)
    _entries: dict[int, dict[Step, _Entry]] = field(default_factory=dict)

    def span(self, start: int, end: int) -> Span:
        """The span of the characters from one offset up to another."""
        return Span(self.name, *self._place(start), *self._place(end))

    def _place(self, offset: int) -> tuple[int, int]:
        if not self._lines:
            self._lines.extend((0, *(match.end() for match in _LINE_END.finditer(self.text))))
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def entries(self, start: int) -> dict[Step, _Entry]:
        """The fields of the object, or the items of the array, that begins at an offset; none for a plain value."""
        if start not in self._entries:
            opening = self.text[start : start + 1]
            self._entries[start] = dict(self._scan(start, opening)) if opening in ("{", "[") else {}
        return self._entries[start]

    def _scan(self, start: int, opening: str) -> Iterator[tuple[Step, _Entry]]:
        place, number = self._skip(start + 1), 0
        while self.text[place] not in "]}":
            at, step = place, number
            name: Step = step
            if opening == "{":
                name, place = scanstring(self.text, place + 1, True)
                place = self._skip(self._skip(place) + 1)
            value, (_, end) = place, _DECODER.raw_decode(self.text, place)
            yield name, _Entry(at, value, end)
            place, number = self._skip(end), number + 1
            if self.text[place] == ",":
                place = self._skip(place + 1)

    def _skip(self, place: int) -> int:
        """The next character that is not space."""
        return _SPACE.match(self.text, place).end()  # type: ignore[union-attr]  # also matches nothing


@dataclass(frozen=True, slots=True, eq=False)
class JsonPlaces(Positions):
    """Where the fields of an object stand, by path (``settings[0].tier``): from the name to the end of a plain value.

    ``start`` is the offset at which the object begins.
    """

    source: JsonText
    start: int

    def __getitem__(self, path: str) -> Span:
        found = self._find(path)
        if found is None:
            raise KeyError(path)
        return self._span(found)

    def __iter__(self) -> Iterator[str]:
        """The paths of all fields, outermost first."""
        stack = [("", self.start)]
        while stack:
            path, start = stack.pop()
            children = [
                (f"{path}[{step}]" if isinstance(step, int) else f"{path}.{step}" if path else step, entry.value)
                for step, entry in self.source.entries(start).items()
            ]
            yield from (child for child, _ in children)
            stack.extend(reversed(children))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return True

    def below(self, prefix: str) -> JsonPlaces:
        """The places of an object inside this one, its paths counted from there; of nothing when it is not there."""
        found = self._find(prefix)
        return JsonPlaces(self.source, found.value if found is not None else len(self.source.text))

    def step(self, *steps: Step) -> JsonPlaces:
        """The places of an object inside this one, told by names and indices."""
        start = self.start
        for step in steps:
            found = self.source.entries(start).get(step)
            start = found.value if found is not None else len(self.source.text)
        return JsonPlaces(self.source, start)

    @property
    def span(self) -> Span:
        """Where the object begins."""
        return self.source.span(self.start, self.start + 1)

    def _span(self, entry: _Entry) -> Span:
        text = self.source.text
        plain = text[entry.value] not in "{["
        named = entry.start != entry.value
        if plain:
            return self.source.span(entry.start, entry.end)
        end = scanstring(text, entry.start + 1, True)[1] if named else entry.value + 1
        return self.source.span(entry.start, end)

    def _find(self, path: str) -> _Entry | None:
        start, found = self.start, None
        while path:
            index = _INDEX.match(path)
            if index is not None:
                found, path = self.source.entries(start).get(int(index[1])), path[index.end() :]
            else:
                path = path.removeprefix(".")
                name = _name(self.source.entries(start), path)
                found, path = self.source.entries(start).get(name), path[len(name) :]
            if found is None:
                return None
            start = found.value
        return found


def _name(entries: Mapping[Step, _Entry], path: str) -> str:
    """The name with which a path goes on. Names may hold dots: the longest that fits is meant."""
    ends = (len(path), *(at for at in range(len(path) - 1, 0, -1) if path[at] in ".["))
    return next((path[:end] for end in ends if path[:end] in entries), path)


class JsonDocument(Struct, frozen=True):
    """One document: its data, and where its fields stand."""

    data: Value
    places: JsonPlaces


def read_json(content: bytes, name: str) -> JsonDocument | Problem:
    """Read a file of one document, which reports call ``name``. Never raises."""
    text, fault = decoded(content)
    if fault:
        return Problem(Span(name, 1), ProblemKind.UNREADABLE, fault)
    source = JsonText(name, text)
    start = len(text) - len(text.lstrip(" \t\r\n"))
    found = _document(source, start)
    if isinstance(found, Problem):
        return found
    document, end = found
    rest = len(text) - len(text[end:].lstrip(" \t\r\n"))
    if rest < len(text):
        return Problem(source.span(rest, rest + 1), ProblemKind.INVALID, "not valid JSON: more follows the document")
    return document


def read_json_lines(content: bytes, name: str) -> Iterator[JsonDocument | Problem]:
    """Read a file of one document a line (https://github.com/ndjson/ndjson-spec). A line that is none is a problem."""
    text, fault = decoded(content)
    if fault:
        yield Problem(Span(name, 1), ProblemKind.UNREADABLE, fault)
        return
    source, start = JsonText(name, text), 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if text[start:end].strip():
            yield _line(source, start, end)
        start = end + 1


def _line(source: JsonText, start: int, end: int) -> JsonDocument | Problem:
    found = _document(source, start + len(source.text[start:end]) - len(source.text[start:end].lstrip(" \t\r")))
    if isinstance(found, Problem):  # what breaks off in this line is seen only in a later one
        last = source.span(end, end)
        return found if (found.span.line, found.span.column) <= (last.line, last.column) else replace(found, span=last)
    document, stop = found
    if stop > end or source.text[stop:end].strip(" \t\r"):
        return Problem(source.span(start, end), ProblemKind.INVALID, "not valid JSON: a line is one document here")
    return document


def _document(source: JsonText, start: int) -> tuple[JsonDocument, int] | Problem:
    try:
        data, end = _DECODER.raw_decode(source.text, start)
    except json.JSONDecodeError as error:
        place = source.span(error.pos, error.pos + 1)
        return Problem(place, ProblemKind.INVALID, f"not valid JSON: {error.msg}")
    except RecursionError:
        return Problem(source.span(start, start + 1), ProblemKind.LIMIT, _TOO_DEEP)
    except ValueError as error:
        return Problem(source.span(start, start + 1), ProblemKind.INVALID, f"not valid JSON: {error}")
    if _depth(data) > MAX_DEPTH:
        return Problem(source.span(start, start + 1), ProblemKind.LIMIT, _TOO_DEEP)
    data = _whole(data) if _HALF.search(source.text, start, end) else data
    return JsonDocument(data, JsonPlaces(source, start)), end


def parsed(text: str) -> Value:
    """The data of a text that holds JSON in a document, without places; the text itself when it is none."""
    try:
        data, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return text
    return text if text[end:].strip() or _depth(data) > MAX_DEPTH else _whole(data)


_TOO_DEEP: Final = f"nested deeper than {MAX_DEPTH} levels"


def _depth(data: Value) -> int:
    """How deep objects and arrays nest, level by level."""
    depth, level = 0, [data]
    while level and depth <= MAX_DEPTH:
        level = [
            item
            for each in level
            if isinstance(each, (dict, list))
            for item in (each.values() if isinstance(each, dict) else each)
            if isinstance(item, (dict, list))
        ]
        depth += 1
    return depth


def _whole(value: Value) -> Value:
    """A value without halves of surrogate pairs, which no text of ours may hold."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value


def _number(text: str) -> int | Decimal:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"a number of {len(text)} digits")
    try:
        return int(text) if text.lstrip("-").isdigit() else Decimal(text)
    except InvalidOperation:
        raise ValueError(f"a number out of range: {text}") from None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no value")


_DECODER: Final = json.JSONDecoder(parse_int=_number, parse_float=_number, parse_constant=_refuse)
