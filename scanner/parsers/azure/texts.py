"""Texts of which parts are not known."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from scanner.model.value import Unknown, Value, is_known, unknown_from
from scanner.parsers.azure.tree import Access, Call, Expression, Literal, Name

_SHOWN: Final = 200
"""Characters of a value that is shown in a reason."""


def joined(parts: Iterable[Value], reason: str | None = None) -> str | Unknown:
    """The texts one after another. Where some are not known, the rest is kept."""
    found: list[str | Unknown] = []
    for part in _flat(parts):
        last = found[-1] if found else None
        if isinstance(part, str) and isinstance(last, str):
            found[-1] = last + part
        elif part != "" or isinstance(part, Unknown):
            found.append(part)
    gaps = [part for part in found if isinstance(part, Unknown)]
    if not gaps:
        return "".join(part for part in found if isinstance(part, str))
    if len(found) == 1:
        return gaps[0]
    whole = unknown_from(gaps, reason)
    return Unknown(whole.reason, whole.origin, None, whole.refs, tuple(found), whole.choice)


def _flat(parts: Iterable[Value]) -> Iterable[str | Unknown]:
    for part in parts:
        if isinstance(part, Unknown) and part.parts and part.ref is None:
            yield from part.parts
        elif isinstance(part, (list, dict)) and not is_known(part):
            yield unknown_from([part])
        else:
            yield part if isinstance(part, Unknown) else text_of(part)


def text_of(value: Value) -> str:
    """A known value as Azure writes it into a text."""
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "True" if value else "False"
        case dict() | list():
            return to_json(value)
        case _:
            return str(value)


def to_json(value: Value) -> str:
    """A known value as JSON without spaces."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError


def shown(value: Value) -> str:
    """A value in a reason, and among the names by which resources are found: equal for equal values.

    A part that is not known stands in braces, without the mark that divides names.
    """
    match value:
        case Unknown() if value.ref is not None:
            return "{" + str(value.ref).replace("/", "|") + "}"
        case Unknown() if value.parts:
            return "".join(shown(part) for part in value.parts)
        case Unknown():
            return "{" + value.reason.replace("/", "|") + "}"
        case str():
            return value
        case dict():
            return "{" + ",".join(f"{key}:{shown(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ",".join(map(shown, value)) + "]"
        case _:
            return text_of(value)


def brief(value: Value) -> str:
    """A value in a reason: parameters by name, what else is not known as an ellipsis, cut where it gets long."""
    text = _brief(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _brief(value: Value) -> str:
    match value:
        case Unknown() if value.ref is not None and value.ref.is_variable:
            return value.ref.address.rpartition("var.")[2]
        case Unknown() if value.ref is not None:
            return str(value.ref)
        case Unknown():
            return "".join(map(_brief, value.parts)) or "…"
        case list():
            return "[" + ", ".join(map(_brief, value)) + "]"
        case dict():
            return "{…}"
        case _:
            return text_of(value)


def label(value: Value) -> str:
    """A name as ids show it: of parameters the name, of anything else that is not known an ellipsis."""
    match value:
        case Unknown() if value.ref is not None and value.ref.is_variable:
            return "{" + value.ref.address.rpartition("var.")[2] + "}"
        case Unknown() if value.parts:
            return "".join(label(part) for part in value.parts)
        case Unknown():
            return "{…}"
        case _:
            return text_of(value)


def hint(node: Expression) -> str:
    """What an expression of which nothing is known would be called by its reader: the last name in it."""
    match node:
        case Access(key=Literal(value=str() as name)):
            return name
        case Access():
            return hint(node.target)
        case Call(function="variables" | "parameters", arguments=(Literal(value=str() as name),)):
            return name
        case Call() if node.arguments:
            return next((told for each in node.arguments if (told := hint(each)) != "…"), "…")
        case Name():
            return node.name
        case _:
            return "…"


def segments(value: Value) -> list[str | Unknown]:
    """The parts of a name between its slashes."""
    parts = value.parts if isinstance(value, Unknown) and value.parts and value.ref is None else (value,)
    found: list[list[Value]] = [[]]
    for part in parts:
        if isinstance(part, str):
            first, *rest = part.split("/")
            found[-1].append(first)
            found.extend([piece] for piece in rest)
        else:
            found[-1].append(part)
    return [joined(pieces) for pieces in found]
