"""The Markdown that rules are written in, as far as they use it: paragraphs, code in them, and blocks of code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

_FENCE: Final = re.compile(r"\s*(`{3,}|~{3,})")
_SPAN: Final = re.compile(r"`([^`]+)`")


class Piece(Struct, frozen=True):
    """A run of text, or of code."""

    text: str
    code: bool = False


class Block(Struct, frozen=True):
    """A paragraph as pieces, or lines of code."""

    pieces: tuple[Piece, ...] = ()
    lines: tuple[str, ...] = ()


def blocks(text: str) -> tuple[Block, ...]:
    """The blocks of a text, in order."""
    return tuple(_blocks(text.strip().splitlines()))


def _blocks(lines: list[str]) -> Iterator[Block]:
    paragraph: list[str] = []
    code: list[str] | None = None
    for line in lines:
        if _FENCE.match(line):
            yield from _paragraph(paragraph)
            if code is None:
                code = []
            else:
                yield Block(lines=tuple(code))
                code = None
        elif code is not None:
            code.append(line)
        elif line.strip():
            paragraph.append(line.strip())
        else:
            yield from _paragraph(paragraph)
    yield from _paragraph(paragraph)
    if code:
        yield Block(lines=tuple(code))


def _paragraph(lines: list[str]) -> Iterator[Block]:
    """The collected lines as one paragraph, if there are any; they are taken."""
    if lines:
        yield Block(pieces=pieces(" ".join(lines)))
        lines.clear()


def pieces(text: str) -> tuple[Piece, ...]:
    """A text by what stands in backticks and what does not."""
    parts = _SPAN.split(" ".join(text.split()))
    return tuple(Piece(part, index % 2 == 1) for index, part in enumerate(parts) if part)
