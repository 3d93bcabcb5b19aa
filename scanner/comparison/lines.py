"""Which lines of the sources differ. White space does not count, and a file that moved is the same file."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Final

from msgspec import Struct

from scanner.model.span import Span

Sources = Mapping[str, Sequence[str]]

MAX_LINES: Final = 4000
"""Of a longer stretch that differs no line is sought elsewhere in it: matching costs the square of its length."""
_ALIKE: Final = 0.5
"""The part of its lines that a file keeps when it moves."""
_CANDIDATES: Final = 20
"""More new files of one basename are not looked through."""


class Changes(Struct, frozen=True):
    """The lines of either side that the other does not have, by file; ``files`` maps names of base to those of head."""

    base: Mapping[str, frozenset[int]]
    head: Mapping[str, frozenset[int]]
    files: Mapping[str, str]
    sources: tuple[Sources, Sources]

    def in_base(self, span: Span) -> Span | None:
        """The first line of a place of base that head does not have."""
        return _first(self.base.get(span.file, frozenset()), _whole(span, self.sources[0]))

    def in_head(self, span: Span) -> Span | None:
        """The first line of a place of head that is new or changed."""
        return _first(self.head.get(span.file, frozenset()), _whole(span, self.sources[1]))


def _whole(span: Span, sources: Sources) -> Span:
    """A key of YAML with all that stands below it, where the place is the key alone."""
    lines = sources.get(span.file, ())
    if span.line != span.end_line or not span.file.endswith((".yaml", ".yml")) or span.line > len(lines):
        return span
    own = lines[span.line - 1]
    if not own.rstrip().endswith((":", "|", ">", "-")):
        return span
    indent, end = _indent(own), span.line
    for number in range(span.line, len(lines)):
        text = lines[number]
        if text.strip() and not (
            _indent(text) > indent or (_indent(text) == indent and text.lstrip().startswith("- "))
        ):
            break
        end = number + 1 if text.strip() else end
    return span if end == span.line else Span(span.file, span.line, span.column, end, len(lines[end - 1]) + 1)


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _first(lines: frozenset[int], span: Span) -> Span | None:
    number = next((line for line in range(span.line, span.end_line + 1) if line in lines), None)
    if number is None:
        return None
    return span if span.line == span.end_line else Span(span.file, number)


def changes(base: Sources, head: Sources) -> Changes:
    """Hold the sources of two sides against each other."""
    files = {**{name: name for name in base if name in head}, **moved(base, head)}
    removed = {name: frozenset(range(1, len(lines) + 1)) for name, lines in base.items() if name not in files}
    known = frozenset(files.values())
    added = {name: frozenset(range(1, len(lines) + 1)) for name, lines in head.items() if name not in known}
    for old, new in files.items():
        if base[old] != head[new]:
            removed[old], added[new] = _differing(base[old], head[new])
    return Changes(removed, added, files, (base, head))


def moved(base: Sources, head: Sources) -> dict[str, str]:
    """The files that have another name: those of the same content, then of one basename and mostly the same lines."""
    gone = {name: _kept(base[name]) for name in sorted(base.keys() - head.keys())}
    come = {name: _kept(head[name]) for name in sorted(head.keys() - base.keys())}
    found: dict[str, str] = {}
    by_content: dict[tuple[str, ...], list[str]] = {}
    for name, lines in come.items():
        by_content.setdefault(lines, []).append(name)
    for name, lines in gone.items():
        same = by_content.get(lines, [])
        best = max(same, key=lambda other: _shared_ending(name, other), default=None)
        if best is not None and lines:
            same.remove(best)
            found[name] = best
    by_basename: dict[str, list[str]] = {}
    for name in (name for several in by_content.values() for name in several):
        by_basename.setdefault(posixpath.basename(name), []).append(name)
    for name, lines in gone.items():
        others = by_basename.get(posixpath.basename(name), []) if name not in found else []
        if len(others) <= _CANDIDATES and (twin := _twin(lines, {other: come[other] for other in others})):
            found[name] = twin
            others.remove(twin)
    return found


def _twin(lines: Sequence[str], others: Mapping[str, Sequence[str]]) -> str:
    """The file that has most of the lines; empty where several have."""
    kept = Counter(lines)
    fitting = [
        other for other, its in others.items() if (kept & Counter(its)).total() >= _ALIKE * max(len(lines), len(its), 1)
    ]
    return fitting[0] if len(fitting) == 1 else ""


def _shared_ending(one: str, other: str) -> int:
    """How many folders and names two paths share, from their ends."""
    pairs = zip(reversed(one.split("/")), reversed(other.split("/")), strict=False)
    return next((count for count, (left, right) in enumerate(pairs) if left != right), 1_000)


def _kept(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(" ".join(line.split()) for line in lines)


def _differing(base: Sequence[str], head: Sequence[str]) -> tuple[frozenset[int], frozenset[int]]:
    """The numbers of the lines that only one of two texts has. What both begin and end with is passed over first."""
    one, other = _kept(base), _kept(head)
    start, shortest = 0, min(len(one), len(other))
    while start < shortest and one[start] == other[start]:
        start += 1
    end = 0
    while end < shortest - start and one[-1 - end] == other[-1 - end]:
        end += 1
    left, right = one[start : len(one) - end], other[start : len(other) - end]
    if max(len(left), len(right)) > MAX_LINES:
        return _numbers(start, left), _numbers(start, right)
    removed: set[int] = set()
    added: set[int] = set()
    for kind, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind != "equal":
            removed.update(start + number + 1 for number in range(a, b) if left[number])
            added.update(start + number + 1 for number in range(c, d) if right[number])
    return frozenset(removed), frozenset(added)


def _numbers(start: int, lines: Sequence[str]) -> frozenset[int]:
    return frozenset(start + number + 1 for number, line in enumerate(lines) if line)
