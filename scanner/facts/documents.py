"""Text inside attributes: JSON documents with gaps, and the named settings of what a resource runs.

A container definition, a policy or a start-up script is often written as text with references in it. What is literal
in it can be judged although the whole is only known after apply.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct

from scanner.catalog.endpoints import named_before
from scanner.model.resource import Resource
from scanner.model.span import Span
from scanner.model.value import ABSENT, Unknown, Value

_OPEN: Final = "\ue000"
_GAP: Final = "\ue000{}\ue001"
_GAP_PATTERN: Final = re.compile("\ue000(\\d+)\ue001")
_ASSIGNMENT: Final = re.compile(
    r"""^[ \t]*(?:-[ \t]+|export[ \t]+|ENV[ \t]+|-e[ \t]+)?["']?(?P<name>[A-Za-z_][\w.-]{0,80})["']?"""
    r"""[ \t]*[=:][ \t]*(?P<value>[^\r\n]*)""",
    re.MULTILINE,
)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_DEEPEST: Final = 12
_MOST_REMEMBERED: Final = 20_000
"""Resources whose settings or texts are kept; then all are forgotten."""
Found = TypeVar("Found")


class Setting(Struct, frozen=True):
    """A named value that a resource is given, such as an environment variable.

    ``path`` is the native path that holds it, as far as it is written apart.
    """

    name: str
    value: Value
    path: str


def json_document(value: Value) -> Value:
    """What a JSON text says, with unknowns where it has gaps; an unknown when it can't be read as JSON.

    Lists and objects are returned as they are: some attributes take them in place of text.
    """
    if isinstance(value, (dict, list)):
        return value
    gaps: list[Unknown] = []
    text = _with_gaps(value, gaps)
    if not isinstance(text, str):
        return text
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return value if isinstance(value, Unknown) else Unknown("the text is not valid JSON")
    return _filled(parsed, gaps)


def literal_text(value: Value, gap: str = "\n") -> str:
    """The literal pieces of a text, with ``gap`` where something is not known. Empty for what is no text."""
    if isinstance(value, str):
        return value
    if isinstance(value, Unknown):
        return gap.join(part for part in value.parts if isinstance(part, str))
    return ""


def settings(attributes: Mapping[str, Value]) -> tuple[Setting, ...]:
    """Every named value below a resource's attributes: map entries, ``{name, value}`` objects, assignments in text."""
    return _SETTINGS.of(attributes)


def texts(attributes: Mapping[str, Value]) -> tuple[tuple[str, str], ...]:
    """Every text below a resource's attributes with the native path that holds it; gaps become line breaks."""
    return _TEXTS.of(attributes)


def setting_span(resource: Resource, setting: Setting) -> Span:
    """Where a setting stands: its own line in a text of several."""
    return resource.declaration.span_in(setting.path, setting.name)


def host_span(resource: Resource, path: str, text: str, host: str) -> Span:
    """Where a text that stands at a native path mentions a host."""
    nth = named_before(text, host) if "\n" in text else 0
    return resource.declaration.span_of(path) if nth is None else resource.declaration.span_in(path, host, nth)


@dataclass(slots=True)
class _Remembered(Generic[Found]):
    """What was found in the attributes of resources, which many facts ask for. Attributes never change."""

    find: Callable[[Mapping[str, Value]], Iterable[Found]]
    held: dict[int, tuple[Mapping[str, Value], tuple[Found, ...]]] = field(default_factory=dict)

    def of(self, attributes: Mapping[str, Value]) -> tuple[Found, ...]:
        known = self.held.get(id(attributes))
        if known is None or known[0] is not attributes:
            if len(self.held) >= _MOST_REMEMBERED:
                self.held.clear()
            known = self.held[id(attributes)] = (attributes, tuple(self.find(attributes)))
        return known[1]


_SETTINGS: Final[_Remembered[Setting]] = _Remembered(
    lambda attributes: (s for path, value in attributes.items() for s in _named(path, value, path, 0))
)
_TEXTS: Final[_Remembered[tuple[str, str]]] = _Remembered(
    lambda attributes: (t for path, value in attributes.items() for t in _texts(value, path, 0))
)


def partly_known(value: Value) -> Iterator[tuple[str | Unknown, ...]]:
    """Every text inside a value that is known at least in part, as literal pieces and unknowns in order."""
    if isinstance(value, (dict, list, tuple)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from partly_known(item)
    elif isinstance(value, (str, Unknown)):
        text = decoded(value)
        yield (text,) if isinstance(text, str) else text.parts


def _with_gaps(value: Value, gaps: list[Unknown]) -> Value:
    """The text with a mark in place of each unknown, in quotes where the unknown stands for a whole JSON value."""
    if isinstance(value, str):
        return value
    if not isinstance(value, Unknown):
        return Unknown("there is no document") if value is ABSENT or value is None else value
    if not value.parts:
        return value
    pieces: list[str] = []
    quoted = False
    for part in value.parts:
        if isinstance(part, str):
            pieces.append(part)
            quoted = _ends_quoted(part, quoted)
        else:
            mark = _GAP.format(len(gaps))
            gaps.append(part)
            pieces.append(mark if quoted else f'"{mark}"')
    return "".join(pieces)


def _ends_quoted(text: str, quoted: bool) -> bool:
    """Whether the place after a piece of JSON lies inside of a quoted text."""
    escaped = False
    for character in text:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = quoted
        elif character == '"':
            quoted = not quoted
    return quoted


def _filled(value: Any, gaps: list[Unknown]) -> Value:
    if isinstance(value, dict):
        return {name: _filled(item, gaps) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, gaps) for item in value]
    if not isinstance(value, str) or _OPEN not in value:
        return value
    whole = _GAP_PATTERN.fullmatch(value)
    if whole is not None:
        return gaps[int(whole[1])]
    parts: list[str | Unknown] = []
    for index, piece in enumerate(_GAP_PATTERN.split(value)):
        if index % 2:
            parts.append(gaps[int(piece)])
        elif piece:
            parts.append(piece)
    first = next(part for part in parts if isinstance(part, Unknown))
    refs = tuple(dict.fromkeys(ref for part in parts if isinstance(part, Unknown) for ref in part.refs))
    return Unknown(first.reason, first.origin, None, refs, tuple(parts))


def _named(name: str, value: Value, path: str, depth: int) -> Iterator[Setting]:
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        yield from _in_object(value, path, depth)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            if isinstance(item, (dict, list)):
                yield from _named(name, item, f"{path}[{index}]", depth + 1)
            else:
                yield Setting(name, item, path)
    elif isinstance(value, (str, Unknown)):
        yield from _in_text(name, value, path, depth)


def _in_object(value: Mapping[str, Value], path: str, depth: int) -> Iterator[Setting]:
    label, held = value.get("name", value.get("Name")), ABSENT
    for key in ("value", "Value"):
        held = value.get(key, held)
    if isinstance(label, str) and held is not ABSENT:
        yield from _named(label, held, f"{path}.value", depth + 1)
        return
    for key, item in value.items():
        yield from _named(str(key), item, f"{path}.{key}", depth + 1)


def decoded(value: str | Unknown) -> str | Unknown:
    """The text behind base64, as start-up scripts are handed over; other values as they are."""
    if isinstance(value, Unknown):
        return value if value.content is None else value.content
    if len(value) % 4 or not _BASE64.fullmatch(value):
        return value
    try:
        text = base64.b64decode(value, validate=True).decode("utf-8")
    except (ValueError, UnicodeDecodeError):
        return value
    return text if text.isprintable() or "\n" in text else value


def _in_text(name: str, value: str | Unknown, path: str, depth: int) -> Iterator[Setting]:
    value = decoded(value)
    text = literal_text(value, "")
    if text.lstrip()[:1] in ("{", "["):
        parsed = json_document(value)
        if isinstance(parsed, (dict, list)):
            yield from _named(name, parsed, path, depth + 1)
            return
    yield Setting(name, value, path)
    if "\n" in text:
        for found in _ASSIGNMENT.finditer(literal_text(value, _OPEN)):
            held = found["value"].strip().rstrip(",").strip("\"'")
            yield Setting(found["name"], Unknown("a part of the text is not known") if _OPEN in held else held, path)


def _texts(value: Value, path: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, f"{path}.{key}", depth + 1)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _texts(item, f"{path}[{index}]", depth + 1)
    else:
        text = literal_text(decoded(value) if isinstance(value, (str, Unknown)) else value)
        if text:
            yield path, text
