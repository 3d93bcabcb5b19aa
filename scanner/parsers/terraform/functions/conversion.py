"""Functions that change a value's type, or only its marks."""

from __future__ import annotations

from collections.abc import Callable

from scanner.model.value import Value
from scanner.parsers.terraform.types import Type, convert


def to(wanted: Type) -> Callable[[Value], Value]:
    """The function that converts to a type (``tostring``, ``toset``, …)."""
    return lambda value: convert(value, wanted)


def same(value: Value) -> Value:
    """``sensitive``, ``nonsensitive``, ``ephemeralasnull``: what is marked keeps its value."""
    return value
