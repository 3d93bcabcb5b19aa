"""Attributes that a dialect writes in several: ``sku: {name: Premium, capacity: 2}`` is Terraform's ``Premium_2``."""

from __future__ import annotations

import re
from typing import Final

from scanner.catalog.readers import lookup
from scanner.model.value import ABSENT, Unknown, Value
from scanner.normalize.respelled import Respelled

_GAP: Final = re.compile(r"\{([a-z0-9_.]+)\}")


def join(spoken: Respelled, target: str, pattern: str) -> None:
    """Put the values of paths into a text: ``{sku.name}_{sku.capacity}``; nothing where one of them is not written."""
    words = _GAP.split(pattern)
    values = [lookup(spoken.attributes, path) for path in words[1::2]]
    if any(value is ABSENT or value is None for value in values):
        return
    texts: list[str | Unknown] = [words[0]]
    for value, between in zip(values, words[2::2], strict=True):
        for text in (value if isinstance(value, Unknown) else str(value), between):
            if isinstance(text, str) and isinstance(texts[-1], str):
                texts[-1] += text
            else:
                texts.append(text)
    spoken.put(target, _text(texts))
    spoken.paths.setdefault(target, spoken.paths.get(words[1], words[1]))


def _text(texts: list[str | Unknown]) -> Value:
    unknown = [text for text in texts if isinstance(text, Unknown)]
    if not unknown:
        return texts[0]
    refs = tuple(ref for each in unknown for ref in each.refs)
    return Unknown(unknown[0].reason, unknown[0].origin, refs=refs, parts=tuple(text for text in texts if text != ""))
