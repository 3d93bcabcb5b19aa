"""Which line of which template wrote a rendered line.

Helm's output does not say. So a copy of the chart is rendered a second time with marks in it: characters of a private
range behind the text of each line, and before and after what each action writes. Taken out again they tell, exactly,
where each line came from, through conditions, loops and named templates; what is read as YAML is the first, unmarked
rendering. Marks must not reach functions, which could tell the difference: they stand where text goes to the output,
that is in files and in those named templates that are only ever written out.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from msgspec import Struct

from scanner.parsers.kubernetes.helm_text import Action, Text, defines, names_others, pieces, trims

_START, _END, _ZERO = "\ue000", "\ue001", 0xE010
_MARK: Final = re.compile(f"{_START}([\ue010-\ue01f]+){_END}")
_FOREIGN: Final = re.compile("[\ue000-\ue01f]")
_MOST_KEPT: Final = 1 << 14
"""Marks that are kept: charts number theirs from the same beginning."""
_MOST_COMPARED: Final = 20_000
"""Lines of one rendering up to which two of different length are compared line by line."""
_PASSED_ON: Final = re.compile(r"""(?:include|template)\s+"[^"\n]+"\s+[^|]*(?:\|\s*(?:nindent|indent)\s+\d+\s*)?""")
_GROUP: Final = re.compile(r"\([^()]*\)")


class Template(Struct, frozen=True):
    """A template's text; ``file`` is its name in reports. One without a name there lies in an archive."""

    file: str
    text: str
    partial: bool


class Mark(Struct, frozen=True):
    """What a mark stands for: text of a line, or the beginning or end of what an action writes."""

    kind: str
    template: int
    line: int
    action: Action | None = None


class Opened(Struct, frozen=True):
    """An action that wrote into a line: its mark, the column where it began, and a number for this one writing."""

    mark: Mark
    column: int
    number: int


@dataclass(slots=True)
class Line:
    """Where a rendered line came from. ``around`` are the actions that had begun before it, outermost first."""

    texts: list[Mark] = field(default_factory=list)
    opened: list[Opened] = field(default_factory=list)
    around: tuple[Opened, ...] = ()

    @property
    def origin(self) -> Mark | None:
        """The place that wrote the line: text if there is any, else the action that wrote it first."""
        if self.texts:
            return self.texts[0]
        if self.around:
            return self.around[-1].mark
        return self.opened[-1].mark if self.opened else None


@dataclass(slots=True)
class Marks:
    """The marks of one chart."""

    templates: Sequence[Template]
    marks: list[Mark] = field(default_factory=list)

    def marked(self, names: frozenset[str], written: frozenset[int]) -> list[str]:
        """The texts of all templates with marks in them; of named templates only those in ``names`` are marked.

        ``written`` are the numbers of files that write something; in others marks would tell nothing.
        """
        return [
            self._marked(index, each, names) if index in written or defines(each.text) else each.text
            for index, each in enumerate(self.templates)
        ]

    def _marked(self, index: int, template: Template, names: frozenset[str]) -> str:
        if _FOREIGN.search(template.text):
            return template.text
        made = []
        done = 0
        for piece in pieces(template.text):
            open_to_marks = piece.inside in names or (not piece.inside and not template.partial)
            if not open_to_marks or (isinstance(piece, Action) and not piece.writes):
                continue
            made.append(template.text[done : piece.start])
            written = template.text[piece.start : piece.end]
            made.append(
                self._text(index, piece, written) if isinstance(piece, Text) else self._action(index, piece, written)
            )
            done = piece.end
        return "".join((*made, template.text[done:]))

    def _text(self, index: int, piece: Text, written: str) -> str:
        """Text with a mark behind the last letter of each line: there it changes nothing that trimming takes away."""
        made = []
        for number, line in enumerate(written.split("\n")):
            bare = line.rstrip()
            mark = self._new(Mark("text", index, piece.line + number)) if bare.strip() else ""
            made.append(bare + mark + line[len(bare) :])
        return "\n".join(made)

    def _action(self, index: int, action: Action, written: str) -> str:
        left, right = trims(written)
        begin = self._new(Mark("begin", index, action.line, action))
        end = self._new(Mark("end", index, action.line, action))
        return f'{{{{{"- " if left else ""}"{begin}"}}}}{{{{ {action.body} }}}}{{{{ "{end}"{" -" if right else ""}}}}}'

    def _new(self, mark: Mark) -> str:
        self.marks.append(mark)
        return _mark(len(self.marks) - 1)

    def read(self, rendered: str, plain: str) -> list[Line]:
        """Where each line of a rendering came from, by the same rendering with marks."""
        lines, texts = self._lines(rendered)
        wanted = plain.split("\n")
        if len(wanted) == len(texts):
            return lines
        found = [Line() for _ in wanted]
        if max(len(wanted), len(texts)) <= _MOST_COMPARED:
            for block in difflib.SequenceMatcher(None, wanted, texts, autojunk=False).get_matching_blocks():
                found[block.a : block.a + block.size] = lines[block.b : block.b + block.size]
        return found

    def _lines(self, rendered: str) -> tuple[list[Line], list[str]]:
        open_now: list[Opened] = []
        lines, texts = [], []
        number = 0
        for written in rendered.split("\n"):
            line = Line(around=tuple(open_now))
            bare = ""
            done = 0
            for match in _MARK.finditer(written):
                bare += written[done : match.start()]
                done = match.end()
                mark = self._of(match[1])
                if mark is None:
                    continue
                if mark.kind == "text":
                    line.texts.append(mark)
                elif mark.kind == "begin":
                    number += 1
                    opened = Opened(mark, len(bare) + 1, number)
                    open_now.append(opened)
                    line.opened.append(opened)
                elif open_now:
                    open_now.pop()
            lines.append(line)
            texts.append(bare + written[done:])
        return lines, texts

    def _of(self, digits: str) -> Mark | None:
        number = _number(digits)
        return self.marks[number] if number < len(self.marks) else None


@lru_cache(maxsize=_MOST_KEPT)
def _mark(number: int) -> str:
    return _START + "".join(chr(_ZERO + int(digit, 16)) for digit in f"{number:x}") + _END


@lru_cache(maxsize=_MOST_KEPT)
def _number(digits: str) -> int:
    return int("".join(f"{ord(digit) - _ZERO:x}" for digit in digits), 16)


def written_out(templates: Iterable[Template]) -> frozenset[str]:
    """Named templates whose text only ever goes to the output, so that marks in it change nothing.

    One that is compared, hashed, cut or parsed anywhere is none of them, nor is one that such a template names.
    """
    uses: dict[str, list[str]] = {}
    refused: set[str] = set()
    for template in templates:
        passed, others = _calls(template.text)
        refused |= others
        for name, inside in passed:
            uses.setdefault(name, []).append(inside)
    while True:
        further = {
            name
            for name, places in uses.items()
            if name not in refused and any(place and (place in refused or place not in uses) for place in places)
        }
        if not further:
            return frozenset(uses) - refused
        refused |= further


@lru_cache(maxsize=1024)
def _calls(text: str) -> tuple[tuple[tuple[str, str], ...], frozenset[str]]:
    """The named templates that a template writes out as they are, each with where it does, and all others it names."""
    passed: list[tuple[str, str]] = []
    others: set[str] = set()
    for piece in pieces(text) if names_others(text) else ():
        if isinstance(piece, Action) and piece.calls:
            kept = piece.calls[:1] if piece.writes and _passed_on(piece.body) else ()
            others.update(name for name in piece.calls if name not in kept or piece.calls.count(name) > 1)
            passed.extend((name, piece.inside) for name in kept)
    return tuple(passed), frozenset(others)


def _passed_on(body: str) -> bool:
    """Whether an action writes a named template out as it is, at most indented."""
    before = ""
    while before != body:
        before, body = body, _GROUP.sub("_", body)
    return _PASSED_ON.fullmatch(body) is not None


def reads_of(templates: Iterable[Template]) -> Mapping[str, tuple[str, ...]]:
    """The values that each named template reads, with those that it names: what it writes before what it asks."""
    own: dict[str, list[str]] = {}
    asked: dict[str, list[str]] = {}
    calls: dict[str, list[str]] = {}
    for template in templates:
        for piece in _inner(template.text):
            own.setdefault(piece.inside, [])
            (own if piece.writes else asked).setdefault(piece.inside, []).extend(piece.reads)
            calls.setdefault(piece.inside, []).extend(piece.calls)
    found: dict[str, tuple[str, ...]] = {}
    for name in own:
        seen, stack = {name}, [name]
        keys: list[str] = []
        others: list[str] = []
        while stack:
            current = stack.pop()
            keys += own.get(current, [])
            others += asked.get(current, [])
            fresh = [called for called in calls.get(current, []) if called not in seen]
            seen.update(fresh)
            stack.extend(reversed(fresh))
        found[name] = tuple(dict.fromkeys((*keys, *others)))
    return found


@lru_cache(maxsize=1024)
def _inner(text: str) -> tuple[Action, ...]:
    """The actions inside of named templates."""
    if not defines(text):
        return ()
    return tuple(piece for piece in pieces(text) if isinstance(piece, Action) and piece.inside)
