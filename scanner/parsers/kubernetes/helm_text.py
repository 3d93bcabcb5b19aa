"""Text of Go templates taken apart: what is written out as it is, and the actions between ``{{`` and ``}}``.

Nothing is evaluated here; Helm renders. Taking templates apart tells which line a rendered line was written by, and
which values an action reads: https://pkg.go.dev/text/template.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from msgspec import Struct

_ACTION: Final = re.compile(
    r"""\{\{(?:-(?=\s))?\s*/\*.*?\*/\s*-?\}\}|\{\{(?:"(?:\\.|[^"\\\n])*"|`[^`]*`|'(?:\\.|[^'\\\n])*'|[^"`'}]++|\}(?!\}))*+\}\}""",
    re.DOTALL,
)
_WORD: Final = re.compile(r"[A-Za-z]+")
_TEXTS: Final = re.compile(r'"((?:\\.|[^"\\\n])*)"|`([^`]*)`')
_ASSIGNED: Final = re.compile(r"\$\w*(?:\s*,\s*\$\w+)?\s*:?=(?!=)")
_NAMES: Final = re.compile(r"\$\w+")
_VARIABLE: Final = re.compile(r"(\$\w+)\s*:?=(?!=)")
_INDEXED: Final = re.compile(r"\bindex\s+(\$\w*(?:\.\w+)*|\.\w+(?:\.\w+)*|\.)((?:\s+\"[^\"\n]+\")+)")
_FIELD: Final = re.compile(r"(?<![\w)\"`.$])(?:\$\w*)?(?:(?:\.\w+)+|\.(?![\w.]))|(?<![\w$])\$\w+(?![\w.])")
_CALLED: Final = re.compile(r'\b(?:include|template|block)\s+(?:"([^"\n]+)"|`([^`]+)`)')

OPENING: Final = frozenset({"if", "range", "with", "define", "block"})
SILENT: Final = frozenset({*OPENING, "else", "end", "break", "continue"})
"""Actions that write nothing themselves."""
VALUES: Final = "Values"
EACH: Final = "[*]"
"""Some item of a list, or value of a mapping: which one is not followed."""
_MOST_KEPT: Final = 1 << 14
"""Actions of which it is kept what they name: charts are made after each other."""
_UNKNOWN: Final = ("?",)
"""What stands for a dot that cannot be followed."""


class Action(Struct, frozen=True):
    """One action. ``reads`` are the keys of values that it reads, in order; ``calls`` the templates that it names.

    ``inside`` is the named template that it stands in, empty for the file itself.
    """

    start: int
    end: int
    line: int
    body: str
    inside: str
    reads: tuple[str, ...]
    calls: tuple[str, ...]
    writes: bool

    @property
    def word(self) -> str:
        """The keyword or function that it begins with."""
        found = _WORD.match(self.body)
        return found[0] if found else ""


class Text(Struct, frozen=True):
    """Text between actions, and the named template that it stands in."""

    start: int
    end: int
    line: int
    inside: str


@dataclass(slots=True)
class _Block:
    """An action that is open: its word, the named template around it, and the dot outside of it."""

    word: str
    inside: str
    dot: tuple[str, ...]


@dataclass(slots=True)
class _Walk:
    """Follows what ``.`` and variables mean. Names that cannot be followed are left out, never guessed."""

    dot: tuple[str, ...] = ()
    inside: str = ""
    blocks: list[_Block] = field(default_factory=list)
    variables: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def reads(self, body: str) -> list[tuple[str, ...]]:
        """The paths that an action reads, from the root of what templates are given."""
        if "." not in body and "$" not in body:
            return []
        return [(*self._start(head), *names) for head, names in _named(body)]

    def _start(self, head: str) -> tuple[str, ...]:
        if not head:
            return self.dot
        return () if head == "$" else self.variables.get(head, _UNKNOWN)

    def enter(self, word: str, body: str) -> None:
        """Go into a block."""
        self.blocks.append(_Block(word, self.inside, self.dot))
        rest = body[len(word) :]
        names, assigned, given = rest.partition(":=")
        paths = self.reads(given if assigned else rest)
        if word in ("define", "block"):
            self.inside = next((a or b for a, b in _TEXTS.findall(body)), "?")
            self.dot = () if word == "define" or () in paths else _UNKNOWN
        elif word in ("with", "range"):
            simple = len(paths) == 1 and not _CALLED.search(rest)
            self.dot = (*paths[0], *((EACH,) if word == "range" else ())) if simple else _UNKNOWN
            for name in _NAMES.findall(names) if assigned else ():
                self.variables[name] = self.dot

    def turn(self, body: str) -> None:
        """Go into the other branch of a block."""
        if self.blocks:
            self.dot = self.blocks[-1].dot
            word = body[4:].split(maxsplit=1)
            if word and word[0] == "with":
                paths = self.reads(body[4:].strip()[4:])
                self.dot = paths[0] if len(paths) == 1 else _UNKNOWN

    def leave(self) -> None:
        """Go out of a block."""
        if self.blocks:
            block = self.blocks.pop()
            self.dot, self.inside = block.dot, block.inside


@lru_cache(maxsize=1024)
def pieces(text: str) -> tuple[Action | Text, ...]:
    """The pieces of a template, in order. Comments and what Go would refuse are no pieces.

    They are kept: a template is taken apart for several purposes, and charts share templates.
    """
    return tuple(_pieces(text))


def defines(text: str) -> bool:
    """Whether named templates may be defined in a text."""
    return "define" in text or "block" in text


def names_others(text: str) -> bool:
    """Whether a text may name other templates."""
    return "include" in text or "template" in text or "block" in text


def _pieces(text: str) -> Iterator[Action | Text]:
    walk = _Walk()
    done = line = 0
    for match in _ACTION.finditer(text):
        if match.start() > done:
            yield Text(done, match.start(), line + 1, walk.inside)
        line += text.count("\n", done, match.start())
        said = _said(match[0])
        if said.body and not said.body.startswith("/*"):
            yield _action(match, line + 1, said, walk)
        line += said.lines
        done = match.end()
    if done < len(text):
        yield Text(done, len(text), line + 1, walk.inside)


@lru_cache(maxsize=_MOST_KEPT)
def _named(body: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What an action names, in order: a variable or nothing (the dot), and the fields behind it."""
    indexed = list(_INDEXED.finditer(body)) if "index" in body else []
    quoted = '"' in body or "`" in body
    plain = _TEXTS.sub(lambda match: '"' + " " * (len(match[0]) - 2) + '"', body) if quoted else body
    found = [(match.start(), _split(match[0])) for match in _FIELD.finditer(plain)]
    if indexed:
        inside = [match.span() for match in indexed]
        found = [each for each in found if not any(start <= each[0] < end for start, end in inside)]
        found.extend((match.start(), _split(match[1], match[2])) for match in indexed)
        found.sort()
    return tuple(name for _, name in found)


def _split(text: str, keys: str = "") -> tuple[str, tuple[str, ...]]:
    head, *names = text.split(".")
    return head, (*(name for name in names if name), *(key for key, _ in _TEXTS.findall(keys)))


def _action(match: re.Match[str], line: int, said: _Said, walk: _Walk) -> Action:
    reads = keys_of(walk.reads(said.body))
    inside = walk.inside
    if said.word in OPENING:
        walk.enter(said.word, said.body)
    elif said.word == "else":
        walk.turn(said.body)
    elif said.word == "end":
        walk.leave()
    if said.variable:
        paths = walk.reads(said.assigned)
        walk.variables[said.variable] = paths[0] if paths else _UNKNOWN
    return Action(match.start(), match.end(), line, said.body, inside, reads, said.calls, said.writes)


class _Said(Struct, frozen=True):
    """What an action says by itself: its body and first word, the variable that it sets, the templates it names."""

    body: str
    word: str
    variable: str
    assigned: str
    calls: tuple[str, ...]
    writes: bool
    lines: int


@lru_cache(maxsize=_MOST_KEPT)
def _said(written: str) -> _Said:
    body = _body(written)
    found, variable = _WORD.match(body), _VARIABLE.match(body)
    word = found[0] if found else ""
    return _Said(
        body,
        word,
        variable[1] if variable else "",
        body[variable.end() :] if variable else "",
        tuple(a or b for a, b in _CALLED.findall(body)) if names_others(body) else (),
        word not in SILENT and not _ASSIGNED.match(body),
        written.count("\n"),
    )


def keys_of(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Those of the paths that lead into values, as keys of these; the same key once."""
    if not paths:
        return ()
    found = (".".join(path[1:]) for path in paths if len(path) > 1 and path[0] == VALUES)
    return tuple(dict.fromkeys(found))


def _body(written: str) -> str:
    inner = written[2:-2]
    if inner.startswith("-") and inner[1:2].isspace():
        inner = inner[1:]
    if inner.endswith("-") and inner[-2:-1].isspace():
        inner = inner[:-1]
    return inner.strip()


def trims(written: str) -> tuple[bool, bool]:
    """Whether an action takes away the blanks before and after it."""
    inner = written[2:-2]
    return inner.startswith("-") and inner[1:2].isspace(), inner.endswith("-") and inner[-2:-1].isspace()
