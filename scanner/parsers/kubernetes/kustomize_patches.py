"""Patches as they are written, and which field of one sets a field of a rendered object.

Strategic merge patches look like the object and match items of lists by a key; JSON 6902 patches list operations:
https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from scanner.model.span import Span
from scanner.model.value import ABSENT, Value
from scanner.parsers.kubernetes.kustomization import Kustomization, Store
from scanner.parsers.kubernetes.kustomize_layers import Layer, Start
from scanner.parsers.kubernetes.paths import Steps, entries, value_at, written
from scanner.parsers.positioned_yaml import Document, Places, read_yaml

_KEYS: Final = ("name", "containerPort", "port", "mountPath", "devicePath", "topologyKey", "ip", "key", "uid")
"""What items of lists are told apart by, where their kinds say so: ``x-kubernetes-patch-merge-key`` of the API."""
_IDENTITY: Final[frozenset[Steps]] = frozenset(
    {("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace")}
)
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/")


class Set(Struct, frozen=True):
    """Where a field is set, and to what; ``line_of`` finds a word in a text of several lines."""

    span: Span
    value: Value
    line_of: Callable[[str, int], Span | None] | None = None


class Patch(Struct, frozen=True):
    """One patch: its document, the field that names or holds it, and what it is for.

    ``lines`` are those of the kustomization that holds its text; empty for a patch in a file of its own.
    """

    document: Document
    layer: Layer
    steps: Steps
    target: Mapping[str, Value] | None
    lines: tuple[str, ...]
    renames: frozenset[Steps]

    def applies(self, start: Start, found: Mapping[str, Value]) -> bool:
        """Whether it is for an object. What cannot be told counts as yes: the values decide then."""
        if self.target is not None:
            return _selected(self.target, start, found)
        data = self.document.data
        if not isinstance(data, dict):
            return False
        metadata = data.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        return data.get("kind") in (start.kind, found.get("kind")) and name in start.names

    def sets(self, steps: Steps, found: Value, start: Value) -> Set | None:
        """Where it sets a field of the rendered object that started as ``start``."""
        data = self.document.data
        if isinstance(data, list):
            return self._operation(data, steps, found, start)
        if steps in _IDENTITY and steps not in self.renames:
            return None
        path = follow(data, steps, found, exact=True)
        return None if path is None else self._set(path, value_at(data, path))

    def _operation(self, operations: Sequence[Value], steps: Steps, found: Value, start: Value) -> Set | None:
        for index, each in reversed(list(enumerate(operations))):
            pointer = each.get("path") if isinstance(each, dict) and each.get("op") in ("add", "replace") else None
            if not isinstance(pointer, str) or "value" not in each:
                continue
            rest = _below(pointer, steps, each["value"], found, start)
            path = None if rest is None else follow(each["value"], rest[1], value_at(found, rest[0]), exact=True)
            if path is not None:
                return self._set((index, "value", *path), value_at(each["value"], path))
        return None

    def _set(self, path: Steps, value: Value) -> Set:
        return Set(self._span(path), value, lambda word, nth: self._line_of(path, word, nth))

    def _span(self, path: Steps) -> Span:
        """The place of a field. Of a text within a kustomization it is that line, where the text stands as it is."""
        outer = self.layer.span(*self.steps)
        span = self.document.places.get(written(path)) or self.document.span
        if not self.lines:
            return span.under(outer, "patch")
        return self._within(span) or outer

    def _line_of(self, path: Steps, word: str, nth: int) -> Span | None:
        """The line of a text in the patch."""
        span = self.document.places.line_of(written(path), word, nth)
        if span is None:
            return None
        return self._within(span) if self.lines else span.under(self.layer.span(*self.steps), "patch")

    def _within(self, span: Span) -> Span | None:
        """A place in the text of the patch as a place in the kustomization, where it stands there as it is."""
        document = self.layer.kustomization.document
        if document is None or not isinstance(document.places, Places):
            return None
        whole = document.places.value_span(written(self.steps))
        text = value_at(document.data, self.steps)
        if whole is None or not isinstance(text, str):
            return None
        inner = text.split("\n")[span.line - 1]
        number = whole.line + span.line
        line = self.lines[number - 1] if number <= len(self.lines) else ""
        if not inner or not line.endswith(inner) or line.removesuffix(inner).strip():
            return None  # folded, or in one line
        indent, last = len(line) - len(inner), whole.line + span.end_line
        moved = Span(span.file, number, span.column + indent, last, span.end_column + indent)
        return moved.under(self.layer.parent, self.layer.via)


def patches(layer: Layer, store: Store) -> Iterator[Patch]:
    """The patches of a kustomization in the order in which they are applied."""
    here = layer.kustomization
    files = {named.steps: named.target for named in here.named}
    cut = {refused.cut for refused in here.refused}
    for key in ("patchesStrategicMerge", "patches", "patchesJson6902"):
        for index, entry in entries(here.data, key):
            steps: Steps = (key, index)
            target, options = None, frozenset[Steps]()
            if isinstance(entry, dict):
                target = entry.get("target") if isinstance(entry.get("target"), dict) else None
                options = _renames(entry.get("options"))
                steps = (*steps, "path") if entry.get("path") else (*steps, "patch")
            if (key, index) in cut:
                continue
            path = files.get(steps)
            lines: tuple[str, ...] = ()
            if path is not None and path.is_file():
                documents = store.yaml(path).documents
            else:
                documents, lines = _inline(here, steps), store.reading.sources.get(here.file.name, ())
            yield from (Patch(each, layer, steps, target, lines, options) for each in documents)


def _inline(here: Kustomization, steps: Steps) -> tuple[Document, ...]:
    text = value_at(here.data, steps)
    return read_yaml(text.encode(), here.file.name).documents if isinstance(text, str) else ()


def _renames(options: Value) -> frozenset[Steps]:
    """The fields that otherwise only tell which object is meant."""
    allowed = options if isinstance(options, dict) else {}
    names = {("metadata", "name")} if allowed.get("allowNameChange") else set()
    kinds = {("kind",), ("apiVersion",)} if allowed.get("allowKindChange") else set()
    return frozenset[Steps](names | kinds)


def names_item(steps: Steps) -> bool:
    """Whether a field tells an item of a list from the others."""
    return len(steps) > 1 and steps[-1] in _KEYS and isinstance(steps[-2], int)


def follow(data: Value, steps: Steps, found: Value, *, exact: bool) -> Steps | None:
    """The path in ``data`` of what stands at ``steps`` in a rendered object, items of lists matched by what they are.

    Without ``exact`` items that match nothing are taken by their number.
    """
    path: list[str | int] = []
    for step in steps:
        if isinstance(step, int):
            index = _item(data, found[step], step, found, exact=exact) if isinstance(data, list) else None
            if index is None:
                return None
            path.append(index)
            data, found = data[index], found[step]
        elif isinstance(data, dict) and step in data:
            path.append(step)
            data, found = data[step], found[step]
        else:
            return None
    return tuple(path)


def _item(items: Sequence[Value], found: Value, index: int, beside: Sequence[Value], *, exact: bool) -> int | None:
    """The number of the item that is meant by a rendered one."""
    equal = [number for number, item in enumerate(items) if item == found]
    if equal:
        return index if index in equal else equal[0]
    if isinstance(found, dict):
        key = next((key for key in _KEYS if key in found), None)
        same = [n for n, item in enumerate(items) if key and isinstance(item, dict) and item.get(key) == found[key]]
        if same:
            return index if index in same else same[0]
        keyed = key and any(isinstance(item, dict) and key in item for item in items)
        if keyed and (exact or len(items) != len(beside)):
            return None
    if index < len(items) and (not exact or len(items) == len(beside)):
        return index
    return None


def _below(pointer: str, steps: Steps, value: Value, found: Value, start: Value) -> tuple[Steps, Steps] | None:
    """Where the pointer of an operation leads in the rendered object, and how ``steps`` go on from there."""
    tokens = [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
    if not pointer.startswith("/") or len(tokens) > len(steps):
        return None
    for number, (token, step) in enumerate(zip(tokens, steps, strict=False)):
        last = number == len(tokens) - 1
        if isinstance(step, str):
            if token != step:
                return None
            found, start = found[step], value_at(start, (step,))
            continue
        item = found[step]
        if last and (item == value or _same(item, value, unkeyed=False)):
            return steps[: len(tokens)], steps[len(tokens) :]
        if not token.isdecimal():
            return None
        begun = value_at(start, (int(token),))
        here = int(token) == step
        moved = begun is not ABSENT and any(_same(each, begun, unkeyed=False) for each in found)
        if not (_same(item, begun, unkeyed=here) if moved else here):
            return None
        found, start = item, begun
    return steps[: len(tokens)], steps[len(tokens) :]


def _same(item: Value, other: Value, *, unkeyed: bool) -> bool:
    """Whether two items of a list are one by their keys; ``unkeyed`` answers for those that have none."""
    if not isinstance(item, dict) or not isinstance(other, dict):
        return unkeyed
    key = next((key for key in _KEYS if key in item), None)
    return item[key] == other.get(key) if key else unkeyed


def _selected(target: Mapping[str, Value], start: Start, found: Mapping[str, Value]) -> bool:
    """Whether a target selects an object. Its texts are regular expressions; labels are left to the values."""
    group, _, version = str(found.get("apiVersion", "")).rpartition("/")
    return (
        _fits(target.get("kind"), [start.kind, str(found.get("kind"))])
        and _fits(target.get("name"), start.names)
        and _fits(target.get("namespace"), start.namespaces)
        and target.get("group") in (None, "", group)
        and target.get("version") in (None, "", version)
    )


def _fits(pattern: Value, texts: Sequence[str]) -> bool:
    """Whether one of the texts matches. Where the engine is missing, what is no plain text matches."""
    if not isinstance(pattern, str) or not pattern or pattern in texts:
        return True
    if _PLAIN.issuperset(pattern):
        return False
    try:
        import re2
    except ImportError:
        return True
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error:
        return True
    return any(compiled.fullmatch(text) is not None for text in texts)
