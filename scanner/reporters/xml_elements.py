"""Elements of XML, written out: texts of strangers stay texts."""

from __future__ import annotations

import re
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from scanner.reporters.inert import inert

_NO_CHARACTER: Final = re.compile("[\ufffe\uffff]")
"""What :func:`inert` leaves and XML does not allow: https://www.w3.org/TR/xml/#charsets."""


def element(name: str, content: str = "", **attributes: str | float) -> str:
    """An element with content that is XML already. ``class_`` is ``class``; ``_`` in other names becomes ``-``."""
    told = "".join(f" {_name(key)}={quoteattr(_value(value))}" for key, value in attributes.items())
    return f"<{name}{told}>{content}</{name}>" if content else f"<{name}{told}/>"


def text(words: str) -> str:
    """Words as content."""
    return escape(_NO_CHARACTER.sub("�", inert(words)))


def number(value: float) -> str:
    """A coordinate, to a tenth."""
    return f"{value:.1f}".removesuffix(".0")


def _name(key: str) -> str:
    return "class" if key == "class_" else key.replace("_", "-") if key != "viewBox" else key


def _value(value: str | float) -> str:
    return _NO_CHARACTER.sub("�", inert(value)) if isinstance(value, str) else number(value)
