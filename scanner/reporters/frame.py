"""A source line with its marked part underlined, as compilers show it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

from scanner.model.span import Span
from scanner.reporters.inert import LOG_COMMAND, inert
from scanner.reporters.redact import MASK, masked_line

_TAB: Final = "    "
_LEAD: Final = 12
"""Characters kept to the left of the mark when a long line is cut, if there is room."""


def frame(lines: Sequence[str], span: Span, width: int) -> tuple[str, str] | None:
    """The line of a span's start, cut to ``width`` columns, and its underline; ``None`` when there is no such line.

    A line that hides a secret is underlined as a whole, since its columns no longer hold.
    """
    if not 1 <= span.line <= len(lines):
        return None
    raw = lines[span.line - 1].removeprefix("\ufeff").rstrip("\r\n")
    line = masked_line(raw)
    start, end = _marked(line, span, exact=MASK not in line)
    commands = {match.start() for match in LOG_COMMAND.finditer(line)}
    cells = ["# " if at in commands else _cell(character) for at, character in enumerate(line)]
    first = max(0, start - min(_LEAD, (width - 3) // 4)) if _columns(cells[:end]) > width else 0
    shown, kept = "..." if first else "", first
    while kept < len(cells) and _columns([shown, cells[kept]]) <= width:
        shown, kept = shown + cells[kept], kept + 1
    before = (3 if first else 0) + _columns(cells[first:start])
    return shown.rstrip(), " " * before + "^" * max(1, _columns(cells[start : min(end, kept)]))


def _marked(line: str, span: Span, exact: bool) -> tuple[int, int]:
    """The marked part as offsets into a line; what spans several lines is marked to the end of the first."""
    text_start, text_end = len(line) - len(line.lstrip()), len(line.rstrip())
    if not exact:
        return text_start, text_end
    start = min(span.column - 1, text_end)
    end = span.end_column - 1 if span.end_line == span.line else text_end
    return start, max(start + 1, min(end, text_end))


def _cell(character: str) -> str:
    return _TAB if character == "\t" else inert(character)


def _columns(cells: Sequence[str]) -> int:
    """Terminal columns: East Asian wide characters take two, combining marks none."""
    return sum(_width(character) for cell in cells for character in cell)


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
