"""Parameters: what is given, else the default, else unknown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from scanner.model.value import Ref, Unknown
from scanner.parsers.cloudformation.fields import NO_VALUE, Field
from scanner.parsers.cloudformation.text import as_text, split

if TYPE_CHECKING:
    from scanner.parsers.cloudformation.evaluation import Entry, Evaluation

_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d{0,17})(\.\d+)?")
_STORED: Final = "AWS::SSM::Parameter::Value<"
_SHORTEST_SECRET: Final = 6
"""Shorter defaults of hidden parameters would hide too much of a report."""


def value_of(stack: Evaluation, entry: Entry) -> Field:
    """The value of a parameter."""
    written = stack.field(entry.node, entry.scope, entry.key)
    kind = written.text("Type") or "String"
    given = stack.deployment.given.get(entry.name)
    source = given if given is not None else written.get("Default")
    ref = Ref(f"{stack.deployment.prefix}var.{entry.name}")
    if source is None or source.value is NO_VALUE:
        return written.with_value(Unknown(f"parameter {entry.name} has no default", entry.span, ref, (ref,)))
    _keep_secret(stack, written, source)
    if kind.startswith(_STORED):
        name = source.value if isinstance(source.value, str) else entry.name
        reason = f"parameter {entry.name} is read from the parameter store at deployment ({name})"
        return source.with_value(Unknown(reason, entry.span, ref, (ref,)))
    return source.with_value(_typed(stack, source, kind))


def _keep_secret(stack: Evaluation, written: Field, source: Field) -> None:
    hidden = written.get("NoEcho")
    if hidden is None or as_text(hidden.value) not in ("true", "True") or not isinstance(source.value, str):
        return
    if len(source.value) >= _SHORTEST_SECRET and not source.value.startswith("{{"):
        stack.reading.secrets.add(source.value)


def _typed(stack: Evaluation, source: Field, kind: str) -> Any:
    """A value as a parameter's type has it."""
    value = source.value
    if kind == "CommaDelimitedList" or kind.startswith("List<"):
        return _listed(stack, source, kind == "List<Number>")
    if isinstance(value, (dict, list)):
        return value
    text = as_text(value)
    return _number(text) if kind == "Number" and isinstance(text, str) else text


def _listed(stack: Evaluation, source: Field, numbers: bool) -> Any:
    if isinstance(source.value, list):
        return source.value
    items = split(as_text(source.value), ",")
    if isinstance(items, Unknown):
        return items
    stack.reading.budget.fields += len(items)
    texts = [item.strip() if isinstance(item, str) else item for item in items]
    return [source.with_value(_number(t) if numbers and isinstance(t, str) else t) for t in texts]


def _number(text: str) -> int | float | str:
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return text
    return float(text) if found[1] else int(text)
