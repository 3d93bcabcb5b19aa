"""``yamlencode`` and ``yamldecode``.

Rules: https://github.com/zclconf/go-cty-yaml, a libyaml of YAML 1.1 that writes every text in double quotes or as a
literal block, and reads numbers by YAML 1.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from scanner.model.value import Unknown, Value
from scanner.parsers.terraform import arithmetic
from scanner.parsers.terraform.functions.calling import FunctionError
from scanner.parsers.terraform.functions.encoding import base64_bytes
from scanner.parsers.terraform.values import ELEMENTS_LIMIT, TOO_MANY, normal, to_text

_BREAKS: Final = "\n\r\x85\u2028\u2029"
_WIDTH: Final = 80
_SIMPLE_KEY: Final = 128
_NESTING: Final = 200
_ESCAPES: Final = {
    "\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e",
    '"': '"', "\\": "\\", "\x85": "N", "\u2028": "L", "\u2029": "P",
}  # fmt: skip


# -- writing -----------------------------------------------------------------------------------------------------------


def encode(value: Value) -> str:
    """The document of a wholly known value."""
    if _is_block(value):
        return _block(value, 0, 0)
    text = _scalar(value, 2, 0)
    end = "...\n" if not isinstance(value, (str, list, tuple, dict)) else ""  # an open end, by libyaml
    return _ended(text) + end


def _is_block(value: Value) -> bool:
    return isinstance(value, (list, tuple, dict)) and bool(value)


def _ended(text: str) -> str:
    return text if text[-1] in _BREAKS else text + "\n"


def _block(value: Value, indent: int, depth: int) -> str:
    """The lines of a collection that has elements, each indented."""
    if depth > _NESTING:
        raise FunctionError("the value is nested too deeply")
    margin = " " * indent
    if not isinstance(value, dict):
        return "".join(f"{margin}-{_inline(item, indent, depth)}" for item in value)
    lines: list[str] = []
    for key in sorted(value):
        item = value[key]
        if len(key.encode(errors="replace")) > _SIMPLE_KEY or any(each in _BREAKS for each in key):
            complex_key = _ended(_scalar(key, indent + 2, indent + 2))
            lines.append(f"{margin}? {complex_key}{margin}:{_inline(item, indent, depth)}")
            continue
        name = f"{margin}{_quoted(key, 0, None)}:"
        if not _is_block(item):
            lines.append(f"{name} {_ended(_scalar(item, indent + 2, len(name) + 1))}")
        else:
            lines.append(f"{name}\n{_block(item, indent + 2 if isinstance(item, dict) else indent, depth + 1)}")
    return "".join(lines)


def _inline(item: Value, indent: int, depth: int) -> str:
    """An item behind a ``-``: a collection starts on the same line."""
    if _is_block(item):
        return " " + _block(item, indent + 2, depth + 1)[indent + 2 :]
    return " " + _ended(_scalar(item, indent + 2, indent + 2))


def _scalar(value: Value, indent: int, column: int) -> str:
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, (list, tuple)):
        return "[]"
    if isinstance(value, str):
        return _literal(value, indent) if "\n" in value and _allows_block(value) else _quoted(value, indent, column)
    text = "null" if value is None else to_text(value)
    if not isinstance(text, str):
        raise FunctionError("a number is too large or too small to write")
    return text


def _is_printable(character: str) -> bool:
    code = ord(character)
    return code == 0x0A or 0x20 <= code <= 0x7E or (0xA0 <= code <= 0xFFFD and code != 0xFEFF)


def _allows_block(text: str) -> bool:
    spaced = re.search(f" [{_BREAKS}]", text) is not None
    return not spaced and not text.endswith(" ") and all(map(_is_printable, text))


def _literal(text: str, indent: int) -> str:
    hint = "2" if text[0] == " " or text[0] in _BREAKS else ""
    if text[-1] not in _BREAKS:
        hint += "-"
    elif len(text) == 1 or text[-2] in _BREAKS:
        hint += "+"
    lines = re.split(f"(?<=[{_BREAKS}])", text)
    margin = " " * indent
    return f"|{hint}\n" + "".join(line if line[:1] in _BREAKS else margin + line for line in lines if line)


def _quoted(text: str, indent: int, column: int | None) -> str:
    """In double quotes, folded behind column 80 unless ``column`` is None."""
    pieces = ['"']
    position = (column or 0) + 1
    spaces = False
    for index, character in enumerate(text):
        if character == " ":
            folds = column is not None and not spaces and position > _WIDTH and 0 < index < len(text) - 1
            written = "\n" + " " * indent + ("\\" if text[index + 1] == " " else "") if folds else " "
            position = indent if folds else position
        else:
            written = character if _is_plain(character) else _escaped(character)
        spaces = character == " "
        position = position + len(written) if not written.startswith("\n") else len(written) - 1
        pieces.append(written)
    return "".join(pieces) + '"'


def _is_plain(character: str) -> bool:
    return character not in _ESCAPES and _is_printable(character)


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return "\\" + _ESCAPES[character]
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


# -- reading -----------------------------------------------------------------------------------------------------------

_TAG: Final = "tag:yaml.org,2002:"
_TRUE: Final = frozenset(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"])
_FALSE: Final = frozenset(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"])
_NULL: Final = frozenset(("", "~", "null", "Null", "NULL"))
_INFINITE: Final = frozenset([".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"])
_INTEGER: Final = r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
_FLOAT: Final = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
_TIMESTAMP: Final = (
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"(?:(?P<between>[Tt ])(?P<hour>\d{1,2}):(?P<minute>\d{1,2}):(?P<second>\d{1,2})(?:[.,]\d+)?"
    r"(?P<zone>Z|[+-]\d\d:\d\d)?)?"
)


class _Reader:
    """Builds the value of one document from the parser's events. ``size`` counts elements, aliased ones each time."""

    def __init__(self, events: Iterator[Any]) -> None:
        self.events = events
        self.anchors: dict[str, tuple[Value, int]] = {}
        self.size = 0

    def value(self, event: Any, depth: int) -> Value:
        from yaml import AliasEvent, MappingStartEvent, ScalarEvent, SequenceStartEvent

        if depth > _NESTING:
            raise FunctionError("the document is nested too deeply")
        if isinstance(event, AliasEvent):
            return self.alias(str(event.anchor))
        before = self.size
        self.count(1)
        if event.anchor is not None:
            self.anchors.pop(event.anchor, None)
        if isinstance(event, ScalarEvent):
            value = _resolve(event.tag, event.value, event.style)
            if event.style in ("|", ">") and event.tag is None and value is not None:
                value = to_text(value)
        elif isinstance(event, SequenceStartEvent):
            value = self.sequence(event, depth)
        elif isinstance(event, MappingStartEvent):
            value = self.mapping(event, depth)
        else:
            raise FunctionError("the document has no value")
        if event.anchor is not None:
            self.anchors[event.anchor] = value, self.size - before
        return value

    def count(self, elements: int) -> None:
        self.size += elements
        if self.size > ELEMENTS_LIMIT:
            raise _TooManyElements

    def alias(self, name: str) -> Value:
        if name not in self.anchors:
            raise FunctionError(f"the anchor {name!r} is not defined before its use")
        value, size = self.anchors[name]
        self.count(size)
        return value

    def sequence(self, event: Any, depth: int) -> Value:
        from yaml import SequenceEndEvent

        if event.tag not in (None, f"{_TAG}seq"):
            raise FunctionError(f"a sequence cannot be {event.tag}")
        items: list[Value] = []
        while not isinstance(following := next(self.events), SequenceEndEvent):
            items.append(self.value(following, depth + 1))
        return items

    def mapping(self, event: Any, depth: int) -> Value:
        from yaml import MappingEndEvent, ScalarEvent

        if event.tag not in (None, f"{_TAG}map"):
            raise FunctionError(f"a mapping cannot be {event.tag}")
        result: dict[str, Value] = {}
        while not isinstance(key := next(self.events), MappingEndEvent):
            if not isinstance(key, ScalarEvent):
                raise FunctionError("only texts can be keys of a mapping")
            if (key.value == "<<" and key.tag is None) or key.tag == f"{_TAG}merge":
                result.update(_merged(self.value(next(self.events), depth + 1)))
                continue
            name = to_text(_resolve(key.tag, key.value, key.style))
            if not isinstance(name, str):
                raise FunctionError("a key of a mapping cannot be null")
            result[normal(name)] = self.value(next(self.events), depth + 1)
        return {name: result[name] for name in sorted(result)}


class _TooManyElements(Exception):
    """Aliases of aliases grow without end."""


def _merged(value: Value) -> dict[str, Value]:
    result: dict[str, Value] = {}
    for mapping in value if isinstance(value, list) else [value]:
        if not isinstance(mapping, dict):
            raise FunctionError("only mappings can be merged into a mapping")
        result.update(mapping)
    return result


def decode(text: str) -> Value:
    """The value of the only document of a text."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    events = iter(yaml.parse(text or "\n", Loader=loader))
    try:
        next(events)
        if not isinstance(next(events), yaml.DocumentStartEvent):
            raise FunctionError("there is no document")
        value = _Reader(events).value(next(events), 0)
        next(events)
        if not isinstance(next(events), yaml.StreamEndEvent):
            raise FunctionError("only a single document is allowed")
    except _TooManyElements:
        return Unknown(TOO_MANY)
    except yaml.YAMLError as error:
        raise FunctionError(f"the text is not YAML: {getattr(error, 'problem', None) or error}") from None
    return value


def _resolve(tag: str | None, text: str, style: str | None) -> Value:
    """What a scalar means: its tag's type, else by its form; quoted ones are texts."""
    kind = "" if tag is None else tag.removeprefix(_TAG)
    if kind not in ("", "str", "binary", "bool", "int", "float", "null", "timestamp"):
        raise FunctionError(f"unsupported tag {tag!r}")
    if kind in ("str", "binary"):
        return _text(text, binary=kind == "binary")
    if style in ("'", '"') and (text == "" or text[0] in "+-0123456789yYnNtTfFoO~."):
        return normal(text)
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if text in _NULL or kind == "null":
        return None
    if text in _INFINITE:
        return Unknown("a number is infinite")
    return _typed(kind, text)


def _text(text: str, *, binary: bool) -> str:
    if binary:
        base64_bytes(text)
    return normal(text)


def _typed(kind: str, text: str) -> Value:
    if not kind and text in (".nan", ".NaN", ".NAN"):
        raise FunctionError("a number cannot be NaN")
    if kind in ("", "timestamp") and text[:1].isdigit():
        timestamp = _timestamp(text)
        if timestamp is not None:
            return timestamp
    if kind in ("int", "float") or re.fullmatch(f"{_INTEGER}|{_FLOAT}", text, re.ASCII):
        number = _number(text)
        if number is not None:
            return number
    if not kind:
        return normal(text)
    raise FunctionError(f"{text!r} is not a {kind}")


def _number(text: str) -> int | Decimal | Unknown | None:
    plain = text.replace("_", "")
    number = arithmetic.parse(plain)
    if number is None and re.fullmatch(_INTEGER, plain, re.ASCII):
        number = arithmetic.canonical(int(plain, 0))
    return number


def _timestamp(text: str) -> str | None:
    """An RFC 3339 timestamp for the dates and times that YAML knows."""
    match = re.fullmatch(_TIMESTAMP, text, re.ASCII)
    if match is None or (match["between"] in ("T", "t")) != (match["zone"] is not None):
        return None
    year, month, day = (int(match[name]) for name in ("year", "month", "day"))
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    if not (1 <= month <= 12 and 1 <= day <= days[month - 1] and hour < 24 and minute < 60 and second < 60):
        return None
    zone = match["zone"] or "Z"
    zone = "Z" if zone in ("+00:00", "-00:00") else zone
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}{zone}"
