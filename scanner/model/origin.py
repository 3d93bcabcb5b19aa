"""Where a value comes from."""

from __future__ import annotations

from msgspec import Struct

from scanner.model.span import Span


class Origin(Struct, frozen=True):
    """A place that goes into a value written elsewhere. ``text`` says what stands there: ``local zones``."""

    span: Span
    text: str
