"""Texts that are known in part: joined, taken apart, filled in, with what is read at deployment told apart."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from scanner.model.span import Span
from scanner.model.value import Ref, Unknown, Value, unknown_from, unknowns_in

_RESOLVE: Final = re.compile(r"\{\{resolve:([a-z-]+):([^{}]*)\}\}")
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html"""
_OPEN_RESOLVE: Final = "{{resolve:"
_GAP: Final = re.compile('"?\ue000(\\d+)\ue001"?')


def as_text(value: Value) -> str | Unknown:
    """A single value as CloudFormation writes it into a text. Lists and mappings cannot be written."""
    match value:
        case str() | Unknown():
            return value
        case bool():
            return "true" if value else "false"
        case None:
            return ""
        case dict() | list():
            return unknown_from([value], "a list or mapping stands where a text is expected")
        case _:
            return str(value)


def concatenated(pieces: Sequence[Value]) -> str | Unknown:
    """The pieces as one text, known where they are; a single unknown is itself."""
    parts: list[str | Unknown] = []
    for piece in pieces:
        text = as_text(piece)
        for part in text.parts or (text,) if isinstance(text, Unknown) else (text,):
            if isinstance(part, str) and parts and isinstance(parts[-1], str):
                parts[-1] += part
            elif part != "":
                parts.append(part)
    return _of_parts(parts)


def _of_parts(parts: list[str | Unknown]) -> str | Unknown:
    if not parts:
        return ""
    if len(parts) == 1:
        return parts[0]
    gaps = [part for part in parts if isinstance(part, Unknown)]
    whole = unknown_from(gaps)
    if isinstance(parts[0], str) and parts[0].startswith(_OPEN_RESOLVE):
        return whole  # what it is replaced by does not begin like this
    return Unknown(whole.reason, whole.origin, None, whole.refs, tuple(parts), whole.choice)


def with_resolved(value: str, span: Span) -> str | Unknown:
    """A text without its dynamic references: each is a value that is read when the stack is deployed."""
    if _OPEN_RESOLVE not in value:
        return value
    parts: list[str | Unknown] = []
    position = 0
    for match in _RESOLVE.finditer(value):
        service, name = match[1], match[2]
        ref = Ref(f"resolve:{service}:{name}", "value")
        parts += [value[position : match.start()], Unknown(f"{service}:{name} is read at deployment", span, ref)]
        position = match.end()
    return concatenated([*parts, value[position:]])


def split(value: Value, delimiter: str) -> list[str | Unknown] | Unknown:
    """A text taken apart. What is unknown in it is taken for free of delimiters where it is told by a resource."""
    if isinstance(value, str):
        return list(value.split(delimiter))
    if not isinstance(value, Unknown):
        return unknown_from([value], "only a text can be split")
    if not value.parts:
        return _named(value, f".split({delimiter})", f".join({delimiter})")
    if any(isinstance(p, Unknown) and (p.ref is None or p.ref.is_variable) for p in value.parts):
        return value.derived()
    items: list[list[str | Unknown]] = [[]]
    for part in value.parts:
        if isinstance(part, Unknown):
            items[-1].append(part)
            continue
        first, *others = part.split(delimiter)
        items[-1].append(first)
        items += [[other] for other in others]
    return [concatenated(item) for item in items]


def joined(items: Value, delimiter: str) -> str | Unknown:
    """The items of a list as one text."""
    if isinstance(items, Unknown):
        return _named(items, f".join({delimiter})", f".split({delimiter})")
    pieces: list[Value] = []
    for item in items:
        pieces += [delimiter, item] if pieces else [item]
    return concatenated(pieces)


def item_of(value: Unknown, index: int) -> Unknown:
    """One item of an unknown list: the same item is the same value, another one is another."""
    return _named(value, f"[{index}]", "")


def _named(value: Unknown, step: str, undone: str) -> Unknown:
    """What a function makes of a value that is told by a name. A step that undoes the last one leaves the value."""
    if value.ref is None:
        return value.derived()
    path = value.ref.path
    path = path.removesuffix(undone) if undone and path.endswith(undone) else f"{path}{step}"
    return Unknown(value.reason, value.origin, Ref(value.ref.address, path), value.refs, choice=value.choice)


def as_json(value: Value) -> str | Unknown:
    """A value as JSON, known where it is."""
    gaps = list(unknowns_in(value))
    if not gaps:
        return json.dumps(value, separators=(",", ":"), default=str)
    numbers = iter(range(len(gaps)))
    marked = json.dumps(_marked(value, numbers), separators=(",", ":"), default=str, ensure_ascii=False)
    parts: list[str | Unknown] = []
    position = 0
    for match in _GAP.finditer(marked):
        parts += [marked[position : match.start()], gaps[int(match[1])]]
        position = match.end()
    return concatenated([*parts, marked[position:]])


def _marked(value: Value, numbers: Any) -> Value:
    if isinstance(value, Unknown):
        return f"\ue000{next(numbers)}\ue001"
    if isinstance(value, dict):
        return {key: _marked(item, numbers) for key, item in value.items()}
    if isinstance(value, list):
        return [_marked(item, numbers) for item in value]
    return value
