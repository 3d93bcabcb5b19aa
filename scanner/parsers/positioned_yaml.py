"""YAML and JSON as plain data, with the place of every field: what manifests and Compose files are read through.

Anybody may have written the text. Circles and billions of values made of aliases, deep nesting, duplicate keys and
broken documents end in problems; what stands before and after a broken document is read all the same.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Final

from msgspec import Struct

from scanner.model.encodings import encoding_of
from scanner.model.problem import Problem, ProblemKind
from scanner.model.span import Span, line_within
from scanner.model.value import Value

MAX_DEPTH: Final = 100
"""How deep collections may nest."""
MAX_VALUES: Final = 200_000
"""Keys and values of one document, those that aliases repeat counted each time. Each takes half a kilobyte to read."""
MAX_KEYS: Final = 10_000
"""Keys of one mapping. A ConfigMap of a megabyte, the most that a cluster takes, has seldom a hundred."""
MAX_ITEMS: Final = 50_000
"""Items of one list."""
MAX_DOCUMENTS: Final = 5_000
"""Documents of one file."""
MAX_BROKEN: Final = 20
"""Broken documents of one file after which the rest of it is given up."""

_TOO_MANY: Final = f"more than {MAX_VALUES} keys and values in one document"
_TOO_DEEP: Final = f"nested deeper than {MAX_DEPTH} levels"
_PLACEHOLDER: Final = "{{…}} is filled in by a program that is not run here; what it stands for is left out"
_READERS_LIMIT: Final = "exceeded maximum nesting depth"
"""What the reader says whose own limit is reached first."""
_INDEX: Final = re.compile(r"\[(\d+)\]")
_MERGE: Final = "tag:yaml.org,2002:merge"
_STR: Final = "tag:yaml.org,2002:str"
_WHOLE: Final = re.compile(r"[-+]?(?:0|[1-9][0-9_]*|0o?[0-7_]+|0x[0-9a-fA-F_]+|0b[01_]+)")
_DECIMAL: Final = re.compile(r"[-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9_]+)(?:[eE][-+]?[0-9]+)?")
_TRUE: Final = frozenset({"true", "yes", "on", "y"})


class Positions(Mapping[str, Span]):
    """Where the fields of an object stand, by path. What renders documents has its own."""

    @abstractmethod
    def below(self, prefix: str) -> Positions:
        """The positions of an object inside this one, its paths counted from there."""

    def line_of(self, path: str, word: str, nth: int) -> Span | None:  # noqa: ARG002 — not all have a text
        """The line of a text at a path in which a word stands for the ``nth`` time, where it takes several lines."""
        return None

    def extent(self, path: str) -> Span | None:  # noqa: ARG002 — what is rendered has none in a file
        """The place of a value that takes several lines, for those who keep places in a table."""
        return None


class Document(Struct, frozen=True):
    """One document: its data, and where its fields stand."""

    data: Value
    places: Positions
    span: Span


class YamlFile(Struct, frozen=True):
    """The documents of one file that could be read, and what is wrong with the others or with parts of them."""

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]


class _Source(Struct, frozen=True):
    """The nodes of one document, for those who ask where something stands, and the text of its file."""

    file: str
    text: str
    node: Any


@dataclass(frozen=True, slots=True, eq=False)
class Places(Positions):
    """Where the fields of a document stand, by path (``spec.containers[0].image``); read on demand.

    ``prefix`` is the path of an object within the document (one item of a list). A field's span runs from its key to
    the end of a plain value in the same line.
    """

    source: _Source
    prefix: str = ""

    def __getitem__(self, path: str) -> Span:
        found = self._find(f"{self.prefix}.{path}" if self.prefix else path) if path else None
        if found is None:
            raise KeyError(path)
        return found

    def __iter__(self) -> Iterator[str]:
        """The paths of all fields, outermost first; those of keys that are no text are left out, as in the data."""
        start = _descend(self.source.node, self.prefix)
        stack: list[tuple[str, Any, int]] = [("", start[1], 0)] if start is not None else []
        while stack:
            path, node, depth = stack.pop()
            children: list[tuple[str, Any, int]] = []
            if node.id == "mapping" and depth < MAX_DEPTH:
                named = [(key.value, value) for key, value in node.value if key.id == "scalar"]
                children = [(f"{path}.{name}" if path else name, value, depth + 1) for name, value in named]
            elif node.id == "sequence" and depth < MAX_DEPTH:
                children = [(f"{path}[{i}]", v, depth + 1) for i, v in enumerate(node.value)]
            yield from (child[0] for child in children)
            stack.extend(reversed(children))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return True

    def below(self, prefix: str) -> Places:
        """The places of an object inside this one, its paths counted from there."""
        return Places(self.source, f"{self.prefix}.{prefix}" if self.prefix else prefix)

    @property
    def root(self) -> Any:
        """The node of the whole document, for those who give a meaning to its tags."""
        return self.source.node

    def value_span(self, path: str) -> Span | None:
        """The span of a field's value alone, without its key."""
        found = _descend(self.source.node, f"{self.prefix}.{path}" if self.prefix else path)
        return None if found is None else node_span(self.source.file, found[1])

    def line_of(self, path: str, word: str, nth: int) -> Span | None:
        """The line of a text at a path in which a word stands for the ``nth`` time, where it takes several lines."""
        extent = self.extent(path)
        return None if extent is None else line_within(extent, _lines(self.source.text), word, nth)

    def extent(self, path: str) -> Span | None:
        """The place of a value that takes several lines, for those who keep places in a table."""
        span = self.value_span(path)
        return span if span is not None and span.several_lines else None

    def tag(self, path: str) -> str:
        """The tag of a field's value: one that is written, else what the value looks like."""
        found = _descend(self.source.node, f"{self.prefix}.{path}" if self.prefix and path else self.prefix or path)
        return "" if found is None else str(found[1].tag)

    def _find(self, path: str) -> Span | None:
        found = _descend(self.source.node, path)
        if found is None:
            return None
        return field_span(self.source.file, *found)


def read_yaml(content: bytes, name: str) -> YamlFile:
    """Read a file, which reports call ``name``. Never raises: what cannot be read is a problem."""
    text, fault = decoded(content)
    if fault:
        return YamlFile((), (Problem(Span(name, 1), ProblemKind.UNREADABLE, fault),))
    return _Reading(name, text).read()


def decoded(content: bytes) -> tuple[str, str]:
    """The text of a file, and what keeps it from being one."""
    encoding = encoding_of(content)
    try:
        return content.decode(encoding).replace("\r\n", "\n"), ""
    except UnicodeDecodeError as error:
        return "", f"not valid {encoding.removesuffix('-sig').upper()} at byte {error.start}"


@dataclass(slots=True)
class _Reading:
    """Reads one text."""

    name: str
    text: str
    documents: list[Document] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def read(self) -> YamlFile:
        skipped, broken = 0, 0
        lines: list[str] = []
        while True:
            fault = self._documents(skipped, lines)
            if fault is None:
                break
            self.problems.append(fault)
            broken += 1
            lines = lines or self.text.split("\n")
            start = max(fault.span.line - 1, skipped + 1)
            following = next((n for n in range(start, len(lines)) if lines[n].startswith("---")), None)
            if following is None:
                break
            if broken >= MAX_BROKEN:
                span = Span(self.name, following + 1)
                self.problems.append(
                    Problem(span, ProblemKind.LIMIT, "too many broken documents; the rest is left out")
                )
                break
            skipped = following
        return YamlFile(tuple(self.documents), tuple(self.problems))

    def _documents(self, skipped: int, lines: list[str]) -> Problem | None:
        """Read the documents after so many lines; returns what stopped it."""
        import yaml

        text = "\n" * skipped + "\n".join(lines[skipped:]) if skipped else self.text
        too_long = _too_long(text)
        text = text if too_long is None else "\n".join(text.split("\n")[:too_long])
        done = skipped
        try:
            for node in yaml.compose_all(text, Loader=_loader()):
                done = node.end_mark.line
                if len(self.documents) >= MAX_DOCUMENTS:
                    span = Span(self.name, node.start_mark.line + 1)
                    message = f"more than {MAX_DOCUMENTS} documents in one file; the rest is left out"
                    self.problems.append(Problem(span, ProblemKind.LIMIT, message))
                    return None
                self._document(node)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
            problem = getattr(error, "problem", None) or str(error).splitlines()[0]
            if mark is None:  # a character that no YAML may contain
                return Problem(
                    _place_of(error, self.name, self.text), ProblemKind.INVALID, f"not valid YAML: {problem}"
                )
            line, column = max(mark.line, done) + 1, mark.column + 1
            deep = problem == _READERS_LIMIT
            kind = ProblemKind.LIMIT if deep else ProblemKind.INVALID
            return Problem(Span(self.name, line, column), kind, _TOO_DEEP if deep else f"not valid YAML: {problem}")
        except (RecursionError, ValueError) as error:
            return Problem(Span(self.name, done + 1), ProblemKind.INVALID, f"not valid YAML: {error}")
        if too_long is not None:
            return Problem(Span(self.name, too_long + 1), ProblemKind.LIMIT, _TOO_MANY)
        return None

    def _document(self, node: Any) -> None:
        start = node.start_mark
        span = Span(self.name, start.line + 1, start.column + 1)
        building = _Building(self.name)
        try:
            data = building.value(node, 0)
        except _Refused as refused:
            self.problems.append(Problem(refused.span, ProblemKind.LIMIT, refused.args[0]))
            return
        self.problems.extend(building.problems)
        self.documents.append(Document(data, Places(_Source(self.name, self.text, node)), span))


class _Refused(Exception):
    """A document that is not to be read; with the reason."""

    def __init__(self, reason: str, span: Span) -> None:
        super().__init__(reason)
        self.span = span


@dataclass(slots=True)
class _Building:
    """Makes plain data of nodes. Data that aliases repeat is shared; it must not be changed."""

    name: str
    problems: list[Problem] = field(default_factory=list)
    _made: dict[int, tuple[Value, int]] = field(default_factory=dict)
    _open: set[int] = field(default_factory=set)
    _count: int = 0

    def value(self, node: Any, depth: int) -> Value:
        """The data of a node. Raises :class:`_Refused`."""
        if node.id == "scalar":
            self._count += 1
            return scalar_value(node)
        key = id(node)
        if key in self._open:
            raise _Refused("an alias stands inside of what it repeats", self._span(node))
        made = self._made.get(key)
        if made is not None:
            self._count += made[1]
            if self._count > MAX_VALUES:
                raise _Refused(f"aliases make more than {MAX_VALUES} values of it", self._span(node))
            return made[0]
        if depth >= MAX_DEPTH:
            raise _Refused(_TOO_DEEP, self._span(node))
        self._open.add(key)
        self._keep_narrow(node)
        before = self._count
        self._count += 1
        found = self._mapping(node, depth) if node.id == "mapping" else [self.value(v, depth + 1) for v in node.value]
        self._open.discard(key)
        self._made[key] = (found, self._count - before)
        return found

    def _keep_narrow(self, node: Any) -> None:
        """Refuse what is too wide for any reader of it: each key and item is looked at many times later on."""
        allowed, what = (MAX_KEYS, "keys in one mapping") if node.id == "mapping" else (MAX_ITEMS, "items in one list")
        if len(node.value) > allowed:
            raise _Refused(f"more than {allowed} {what}", self._span(node))

    def _mapping(self, node: Any, depth: int) -> dict[str, Value]:
        found: dict[str, Value] = {}
        merged: list[Any] = []
        for key, value in node.value:
            if key.id != "scalar":
                placeholder = key.id == "mapping" and key.flow_style
                self._report(key, _PLACEHOLDER if placeholder else "a key that is no text is left out")
            elif key.tag == _MERGE:
                merged += value.value if value.id == "sequence" else [value]
            else:
                name = key.value
                if name in found:
                    message = f"the key {name} is written twice; the last one counts"
                    self.problems.append(Problem(self._span(key), ProblemKind.UNSUPPORTED, message))
                found[name] = self.value(value, depth + 1)
        for each in merged:
            inherited = self.value(each, depth + 1)
            for name, value in inherited.items() if isinstance(inherited, dict) else ():
                found.setdefault(name, value)
        return found

    def _report(self, node: Any, message: str) -> None:
        self.problems.append(Problem(self._span(node), ProblemKind.INVALID, message))

    def _span(self, node: Any) -> Span:
        return _span(self.name, node.start_mark, node.end_mark)


def _too_long(text: str) -> int | None:
    """After how many lines the first document with too many values begins; ``None`` when there is none.

    It is counted in a stream, for the reader would hold all of them at once; only where so many could stand at all.
    """
    import yaml

    if sum(map(text.count, ",:-?\n")) < MAX_VALUES:
        return None
    start, number = 0, 0
    try:
        for event in yaml.parse(text, Loader=_loader()):
            if isinstance(event, yaml.DocumentStartEvent):
                mark: Any = event.start_mark
                start, number = mark.line, 0
            elif isinstance(event, yaml.NodeEvent):
                number += 1
                if number > MAX_VALUES:
                    return start
    except (yaml.YAMLError, RecursionError, ValueError):
        return None  # the reader stops there too, and says why
    return None


def scalar_value(node: Any) -> Value:
    """A scalar's value as JSON would have it: no dates, no base-60 numbers; what looks like neither is text."""
    tag = node.tag
    text: str = node.value
    match tag:
        case "tag:yaml.org,2002:str":
            number = not node.style and ("e" in text or "E" in text) and _DECIMAL.fullmatch(text)
            return float(text.replace("_", "")) if number else text
        case "tag:yaml.org,2002:int" if _WHOLE.fullmatch(text):
            return _whole(text.replace("_", ""))
        case "tag:yaml.org,2002:float" if _DECIMAL.fullmatch(text):
            return float(text.replace("_", ""))
        case "tag:yaml.org,2002:bool":
            return text.lower() in _TRUE
        case "tag:yaml.org,2002:null":
            return None
        case _:
            return text


def _whole(text: str) -> Value:
    sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text.lstrip("+"))
    if len(digits) > 40:
        return text
    if len(digits) > 1 and digits[0] == "0":
        base = {"x": 16, "b": 2, "o": 8}.get(digits[1].lower(), 8)
        return sign * int(digits[2:] if digits[1].isalpha() else digits, base)
    return sign * int(digits)


@cache
def _loader() -> Any:
    """PyYAML's reader in C where it is installed.

    It asks Python for the tag of every node. Most are one of few words, whose tags are remembered.
    """
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    resolver: Any = yaml.SafeLoader("")
    plain = lru_cache(maxsize=4096)(lambda text: resolver.resolve(yaml.ScalarNode, text, (True, False)))

    class Loader(base):  # type: ignore[misc]
        def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
            if kind is yaml.ScalarNode:
                return plain(value) if implicit[0] else _STR
            return super().resolve(kind, value, implicit)

    return Loader


def _descend(node: Any, path: str) -> tuple[Any, Any] | None:
    """Key (none for items) and value of the field at a path. Keys may hold dots: the longest that fits is meant."""
    key: Any = None
    while path:
        index = _INDEX.match(path)
        if index is not None:
            number, path = int(index[1]), path[index.end() :]
            if node.id != "sequence" or number >= len(node.value):
                return None
            key, node = None, node.value[number]
        else:
            path = path.removeprefix(".")
            found = _entry(node, path) if node.id == "mapping" else None
            if found is None:
                return None
            key, node = found
            path = path[len(key.value) :]
    return key, node


def _entry(node: Any, path: str, hops: int = 8) -> tuple[Any, Any] | None:
    """The entry with which a path goes on: the last one written, else one that is merged in."""
    written = _written(node)
    for end in (len(path), *(at for at in range(len(path) - 1, -1, -1) if path[at] in ".[")):
        if path[:end] in written:
            return written[path[:end]]
    for key, value in node.value if hops else ():
        if key.id == "scalar" and key.tag == _MERGE:
            for merged in value.value if value.id == "sequence" else [value]:
                found = _entry(merged, path, hops - 1) if merged.id == "mapping" else None
                if found is not None:
                    return found
    return None


def _written(node: Any) -> dict[str, tuple[Any, Any]]:
    """A mapping's entries by key, the last of each. Kept with the node, since many fields are asked for."""
    if not hasattr(node, "by_key"):
        node.by_key = {key.value: (key, value) for key, value in node.value if key.id == "scalar"}
    found: dict[str, tuple[Any, Any]] = node.by_key
    return found


def _first_line(node: Any) -> Any:
    """Where the first line of a collection ends: at its first key, or the first plain value beside it."""
    while node.id != "scalar" and node.value:
        first = node.value[0]
        if node.id == "mapping":
            key, value = first
            if value.id == "scalar" and value.end_mark.line == key.start_mark.line:
                return value.end_mark
            return key.end_mark
        node = first
    return node.end_mark if node.end_mark.line == node.start_mark.line else node.start_mark


@lru_cache(maxsize=4)
def _lines(text: str) -> list[str]:
    """The lines of a text, for those who ask for several of its fields."""
    return text.split("\n")


def field_span(file: str, key: Any, node: Any) -> Span:
    """The span of a field, from its key (``None`` for an item of a list) to the end of a plain value in that line.

    An item of JSON that has its brace in a line of its own begins at its first key: a brace tells a reader nothing.
    """
    if key is None and node.id == "mapping" and node.value and node.value[0][0].start_mark.line > node.start_mark.line:
        return field_span(file, *node.value[0])
    start, end = (key or node).start_mark, (key or node).end_mark
    if node.id == "scalar" and node.end_mark.line == start.line:
        end = node.end_mark
    elif key is None:  # an item of a list: its first line
        end = _first_line(node)
    return _span(file, start, end)


def node_span(file: str, node: Any) -> Span:
    """The place of a value from its beginning to its end."""
    return _span(file, node.start_mark, node.end_mark)


def _span(file: str, start: Any, end: Any) -> Span:
    return Span(file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _place_of(error: Any, name: str, text: str) -> Span:
    """The line of a character that YAML does not allow."""
    position = getattr(error, "position", None)
    if not isinstance(position, int) or position < 0:
        return Span(name, 1)
    before = text[:position]
    return Span(name, before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)
