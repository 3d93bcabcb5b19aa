"""Texts.

https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-string
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote, unquote

from scanner.model.value import Truth, Unknown, Value, unknown_from
from scanner.parsers.azure.functions.signature import ANY, Pure
from scanner.parsers.azure.limits import MAX_TEXT
from scanner.parsers.azure.reports import Fault
from scanner.parsers.azure.texts import joined, text_of

_HOLE: Final = re.compile(r"\{\{|\}\}|\{(\d{1,3})(?:,(-?\d{1,3}))?(?::([^}]*))?\}")
_NUMERIC: Final = re.compile(r"([dDxXnN])(\d{0,2})")


def _mapped(change: Callable[[str], str]) -> Callable[[Value], Value]:
    """A change of a text that is the same for each of its parts."""

    def changed(value: Value) -> Value:
        if isinstance(value, Unknown):
            if not value.parts or value.ref is not None:
                return value.derived()
            return joined([change(p) if isinstance(p, str) else p.derived() for p in value.parts])
        return change(_text(value))

    return changed


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise Fault("a text is expected")
    return value


def _concat(*values: Value) -> Value:
    """Texts one after another, or the items of arrays."""
    if any(isinstance(value, list) for value in values):
        if any(isinstance(value, Unknown) for value in values):
            return unknown_from(values)
        return [item for value in values for item in (value if isinstance(value, list) else [value])]
    found = joined(values)
    if isinstance(found, str) and len(found) > MAX_TEXT:
        raise Fault(f"a text of more than {MAX_TEXT} characters")
    return found


def _format(pattern: Value, *values: Value) -> Value:
    if isinstance(pattern, Unknown):
        return unknown_from([pattern, *values])
    parts: list[Value] = []
    position = 0
    for hole in _HOLE.finditer(_text(pattern)):
        parts.append(pattern[position : hole.start()])
        position = hole.end()
        if hole[1] is None:
            parts.append(hole[0][0])
        elif int(hole[1]) >= len(values):
            raise Fault(f"there is no value for {hole[0]}")
        else:
            parts.append(_filled(values[int(hole[1])], int(hole[2] or 0), hole[3] or ""))
    parts.append(pattern[position:])
    return _concat(*(part if isinstance(part, (str, Unknown)) else text_of(part) for part in parts))


def _filled(value: Value, width: int, style: str) -> Value:
    """A value in .NET's composite formats, as far as templates use them: whole numbers and widths."""
    if isinstance(value, Unknown):
        return value if not (width or style) else value.derived()
    if isinstance(value, (list, dict)) and any(True for _ in _unknown(value)):
        return unknown_from([value])
    text = text_of(value)
    if style and isinstance(value, int) and not isinstance(value, bool):
        text = _numeric(value, style)
    return text.rjust(width) if width >= 0 else text.ljust(-width)


def _unknown(value: Value) -> list[Unknown]:
    stack, found = [value], []
    while stack:
        item = stack.pop()
        if isinstance(item, Unknown):
            found.append(item)
        stack.extend(item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())
    return found


def _numeric(value: int, style: str) -> str:
    if set(style) == {"0"}:
        return f"{value:0{min(len(style), 99)}d}"
    found = _NUMERIC.fullmatch(style)
    if found is None:
        raise Fault(f"the format {style} is not understood here")
    digits = int(found[2] or 0)
    match found[1]:
        case "d" | "D":
            return f"{value:0{digits}d}"
        case "x" | "X":
            return f"{value:0{digits}{found[1]}}"
        case _:
            return f"{value:,.{digits if found[2] else 2}f}"


def _replace(value: Value, old: Value, new: Value) -> Value:
    if isinstance(value, Unknown) or isinstance(new, Unknown) or isinstance(old, Unknown):
        if isinstance(value, str) and isinstance(old, str) and old not in value:
            return value
        return unknown_from([value, old, new])
    if not old:
        raise Fault("nothing cannot be replaced")
    if len(value) + value.count(old) * len(_text(new)) > MAX_TEXT:
        raise Fault(f"a text of more than {MAX_TEXT} characters")
    return str(_text(value).replace(_text(old), new))


def _substring(value: Value, start: Value, length: Value = None) -> str:
    text = _text(value)
    count = len(text) - start if length is None else length
    if start < 0 or count < 0 or start + count > len(text):
        raise Fault("the piece lies outside of the text")
    return text[start : start + count]


def _split(value: Value, marks: Value) -> list[Value]:
    found = re.split(
        "|".join(re.escape(mark) for mark in (marks if isinstance(marks, list) else [marks]) if mark), value
    )
    return list(found) if marks not in ("", []) else [value]


def _trim(value: Value) -> str:
    return _text(value).strip()


def _pad(value: Value, width: Value, mark: Value = " ") -> str:
    if not 0 <= width <= MAX_TEXT:
        raise Fault("such a width is not taken")
    return text_of(value).rjust(width, mark)


def _starts(value: Value, part: Value) -> Truth:
    """Azure does not tell small from large letters here."""
    if isinstance(part, Unknown) or isinstance(value, Unknown):
        known = value.prefix if isinstance(value, Unknown) else ""
        if isinstance(part, str) and len(known) >= len(part):
            return known.lower().startswith(part.lower())
        return unknown_from([value, part])
    return _text(value).lower().startswith(_text(part).lower())


def _ends(value: Value, part: Value) -> Truth:
    if isinstance(part, Unknown) or isinstance(value, Unknown):
        known = value.suffix if isinstance(value, Unknown) else ""
        if isinstance(part, str) and len(known) >= len(part):
            return known.lower().endswith(part.lower())
        return unknown_from([value, part])
    return _text(value).lower().endswith(_text(part).lower())


def _string(value: Value) -> Value:
    if isinstance(value, Unknown):
        return value
    return unknown_from([value]) if _unknown(value) else text_of(value)


def _join(values: Value, mark: Value) -> Value:
    if isinstance(values, Unknown) or isinstance(mark, Unknown):
        return unknown_from([values, mark])
    parts: list[Value] = []
    for value in values:
        parts += [mark, value] if parts else [value]
    return _concat(*parts)


FUNCTIONS: Final[Mapping[str, Pure]] = {
    "$text": Pure(lambda *parts: _concat(*(_filled(part, 0, "") for part in parts)), (0, ANY), "none"),
    "concat": Pure(_concat, (0, ANY), "none"),
    "format": Pure(_format, (1, ANY), "none"),
    "replace": Pure(_replace, (3, 3), "none"),
    "tolower": Pure(_mapped(str.lower), (1, 1), "none"),
    "toupper": Pure(_mapped(str.upper), (1, 1), "none"),
    "substring": Pure(_substring, (2, 3)),
    "split": Pure(_split, (2, 2)),
    "trim": Pure(_trim, (1, 1)),
    "padleft": Pure(_pad, (2, 3)),
    "startswith": Pure(_starts, (2, 2), "none"),
    "endswith": Pure(_ends, (2, 2), "none"),
    "string": Pure(_string, (1, 1), "none"),
    "join": Pure(_join, (2, 2), "none"),
    "uricomponent": Pure(lambda value: quote(_text(value), safe=""), (1, 1)),
    "uricomponenttostring": Pure(lambda value: unquote(_text(value)), (1, 1)),
}
