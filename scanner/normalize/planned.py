"""Planned resources as they are written.

A plan lists what the provider will decide as known after the apply: such a value is itself and nothing else, and says
as little as an attribute that nobody wrote. The catalog tells what the provider then does.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from scanner.model.resource import Declaration
from scanner.model.value import Unknown, Value


def as_written(declaration: Declaration) -> Declaration:
    """The declaration without attributes whose values are only themselves."""
    if declaration.platform != "terraform":
        return declaration
    attributes = _written(declaration.attributes, declaration.id)
    return declaration if attributes is declaration.attributes else replace(declaration, attributes=attributes)


def _written(values: Mapping[str, Value], own: str) -> Mapping[str, Value]:
    """The same object when nothing is left out of it."""
    found = {name: _value(value, own) for name, value in values.items() if not _is_itself(value, own)}
    same = len(found) == len(values) and all(found[name] is value for name, value in values.items())
    return values if same else found


def _value(value: Value, own: str) -> Value:
    if isinstance(value, dict):
        return _written(value, own)
    if isinstance(value, list):
        items = [_value(item, own) for item in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    return value


def _is_itself(value: Value, own: str) -> bool:
    return isinstance(value, Unknown) and value.ref is not None and value.ref.address == own
