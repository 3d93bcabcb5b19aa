"""Source lines as the page shows them: the marked line, below the one that begins its block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from scanner.model.resource import Resource
from scanner.model.span import Span
from scanner.reporters.inert import inert
from scanner.reporters.redact import MASK, masked_line

WIDEST: Final = 240
"""Characters of a line that are shown; what lies left and right of the mark is cut."""
_LEAD: Final = 40
_TAB: Final = "    "


class Line(Struct, frozen=True):
    """A line in three parts, of which the middle one is marked; ``skipped`` tells that lines before it are left out."""

    number: int
    before: str
    marked: str
    after: str
    skipped: bool = False


Excerpt = tuple[Line, ...]


def excerpt(sources: Mapping[str, Sequence[str]], span: Span, resource: Resource | None = None) -> Excerpt:
    """The line that a span begins in, and the first of its resource's block where that is another one above it.

    No other line is shown: what stands beside may be a secret that no attribute's name gives away.
    """
    line = _line(sources, span)
    if line is None:
        return ()
    head = resource.span if resource is not None else span
    if head.file != span.file or head.line >= span.line:
        return (line,)
    first = _line(sources, Span(head.file, head.line), marking=False)
    return (first, _after(line, first)) if first is not None else (line,)


def _after(line: Line, first: Line) -> Line:
    return Line(line.number, line.before, line.marked, line.after, line.number > first.number + 1)


def _line(sources: Mapping[str, Sequence[str]], span: Span, *, marking: bool = True) -> Line | None:
    lines = sources.get(span.file, ())
    if not 1 <= span.line <= len(lines):
        return None
    raw = lines[span.line - 1].removeprefix("\ufeff").rstrip("\r\n")
    line = masked_line(raw)
    start, end = _marked(line, span, exact=MASK not in line) if marking else (0, 0)
    first = max(0, start - _LEAD) if len(line) > WIDEST and end > WIDEST else 0
    last = min(len(line), max(end, first + WIDEST) if marking else WIDEST)
    last = min(last, first + 2 * WIDEST)
    before = ("…" if first else "") + _shown(line[first:start])
    return Line(span.line, before, _shown(line[start : min(end, last)]), _rest(line, max(end, start), last))


def _rest(line: str, end: int, last: int) -> str:
    return _shown(line[end:last]).rstrip() + ("…" if last < len(line.rstrip()) else "")


def _marked(line: str, span: Span, *, exact: bool) -> tuple[int, int]:
    """The marked part as offsets; a line that hides a secret is marked as a whole, for its columns no longer hold."""
    text_start, text_end = len(line) - len(line.lstrip()), len(line.rstrip())
    if not exact:
        return text_start, text_end
    start = min(span.column - 1, text_end)
    end = span.end_column - 1 if span.end_line == span.line else text_end
    return start, max(start, min(end, text_end))


def _shown(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(_TAB if character == "\t" else inert(character) for character in text)
