"""The attributes of a resource, with the place of each and what each refers to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from scanner.model.resource import Reference
from scanner.model.span import Span, line_within
from scanner.model.value import Ref, Unknown, Value, with_origin
from scanner.parsers.azure.deciders import decider
from scanner.parsers.azure.evaluate import Frame, Handle, plain, rounds, value
from scanner.parsers.azure.instance import Instance
from scanner.parsers.azure.places import named_resource
from scanner.parsers.azure.reports import Fault
from scanner.parsers.azure.tree import At, Call, Expression, Fields, Items, Literal, Loop

_NOT_ATTRIBUTES: Final = frozenset(
    {"apiversion", "type", "condition", "dependson", "copy", "resources", "comments", "metadata", "existing", "parent"}
    | {"name", "asserts", "import", "extension", "params"}
)

WHOLE: Final = "{"
"""The path of all that is declared, among the places of its parts."""
_WALKED: Final = 10
"""Values that are walked through in the time of one expression."""


@dataclass(frozen=True, slots=True, eq=False)
class PlacesOf(Mapping[str, Span]):
    """Where attributes stand, by path. ``written`` are the expressions of those that are not plain data."""

    instance: Instance
    ats: Mapping[str, At]
    written: Mapping[str, tuple[Expression, Frame]]

    def __getitem__(self, path: str) -> Span:
        span = self.instance.deployment.span(self.ats[path])
        source = decider(*self.written[path]) if path in self.written else None
        return span if source is None else span.under(*source)

    def line_of(self, path: str, word: str, nth: int) -> Span | None:
        """The line of a value at a path in which a word stands for the ``nth`` time, where it takes several lines."""
        at = self.ats.get(path)
        span = None if at is None else self.instance.deployment.span(at)
        if span is None or not span.several_lines:
            return None
        texts = self.instance.deployment.run.reading.sources
        return line_within(span, texts.get(span.file, ()), word, nth)

    def __iter__(self) -> Iterator[str]:
        return iter(self.ats)

    def __len__(self) -> int:
        return len(self.ats)


@dataclass(slots=True)
class Body:
    """Builds the attributes of one resource."""

    instance: Instance
    attributes: dict[str, Value] = field(default_factory=dict)
    ats: dict[str, At] = field(default_factory=dict)
    references: dict[Reference, None] = field(default_factory=dict)
    written: dict[str, tuple[Expression, Frame]] = field(default_factory=dict)

    def read(self) -> None:
        """Evaluate everything that is written."""
        frame = self.instance.frame
        name = self.instance.declared.body.entry("name")
        self.ats["name"] = name.at if name is not None else self.instance.declared.at
        self.ats[WHOLE] = self.instance.declared.body.at
        self.attributes["name"] = self._noted(self.instance.full_name, "name", self.ats["name"])
        for key, entry in self.instance.declared.body.named():
            if key.lower() not in _NOT_ATTRIBUTES:
                self.ats[key] = entry.at
                self.attributes[key] = self.at(entry.value, frame, key, entry.at)
        self._parent()
        self._scope()
        if self.instance.declared.existing and "parent" not in self.attributes:
            reason = f"where {self.instance.id} lies is not written: it exists already"
            self.attributes.setdefault("location", Unknown(reason, self.instance.span))

    def _parent(self) -> None:
        parent = self.instance.parent or self._parent_by_name()
        if parent is None:
            return
        written = self.instance.declared.body.entry("parent")
        inside = self.instance.declared.at if self.instance.parent is not None else self.ats["name"]
        at = inside if written is None else written.at
        self.ats["parent"] = at
        self.attributes["parent"] = self._noted(parent.read("id"), "parent", at)

    def _scope(self) -> None:
        """What a lock or an assignment is for: JSON tells it by type and name, of old in the type and name themselves.

        See https://learn.microsoft.com/azure/azure-resource-manager/templates/scope-extension-resources.
        """
        kind, old, _ = self.instance.type.rpartition("/providers/")
        if old and "scope" not in self.attributes:
            name = self.instance.name_key.rsplit("/", 2)[0]
            found, at = self.instance.deployment.find(kind, name), self.ats["name"]
        else:
            written = self.attributes.get("scope")
            text = written if isinstance(written, str) else written.prefix if isinstance(written, Unknown) else ""
            if "." not in text.partition("/")[0]:
                return
            found, at = named_resource(written, self.instance.frame), self.ats["scope"]
        if found is not None:
            self.ats["scope"] = at
            self.attributes["scope"] = self._noted(found.read("id"), "scope", at)

    def _parent_by_name(self) -> Instance | None:
        """The resource whose type and name are the beginning of this one's."""
        kind, _, step = self.instance.type.rpartition("/")
        name, slash, _ = self.instance.name_key.rpartition("/")
        if "/" not in kind or not slash or not step:
            return None
        found = self.instance.deployment.find(kind, name)
        return found if found is not self.instance else None

    # -- values ------------------------------------------------------------------------------------

    def at(self, node: Expression, frame: Frame, path: str, at: At) -> Value:
        """The value of what is written for an attribute."""
        run = frame.deployment.run
        before, run.touched = run.touched, []
        if not isinstance(node, (Literal, Fields, Items)):
            self.written[path] = node, frame
        try:
            return self._structure(node, frame.moved(at), path, at)
        except Fault as fault:
            run.fault(self.instance.deployment.span(at), str(fault))
            return frame.moved(at).unknown(str(fault))
        finally:
            run.touched = before

    def _structure(self, node: Expression, frame: Frame, path: str, at: At) -> Value:
        match node:
            case Fields():
                return self._fields(node, frame, path, at)
            case Items():
                return self._items(node, frame, path, at)
            case Loop():
                return self._loop(node, frame, path, at)
            case Call(function="if", target=None) if len(node.arguments) == 3:
                condition = value(node.arguments[0], frame)
                if isinstance(condition, bool):
                    self._mention(path, at, frame)
                    return self._structure(node.arguments[1 if condition else 2], frame, path, at)
        return self._noted(plain(value(node, frame)), path, at)

    def _fields(self, node: Fields, frame: Frame, path: str, at: At) -> Value:
        found: dict[str, Value] = {}
        for entry in node.entries:
            key = value(entry.key, frame) if entry.key is not None else None
            if key is None or isinstance(key, Unknown):
                return self._noted(plain(value(node, frame)), path, at)
        for key, entry in ((str(value(e.key, frame)), e) for e in node.entries if e.key is not None):
            inside = f"{path}.{key}"
            self.ats[inside] = entry.at
            found[key] = self.at(entry.value, frame, inside, entry.at)
        return found

    def _items(self, node: Items, frame: Frame, path: str, at: At) -> Value:
        if node.spread:
            return self._noted(plain(value(node, frame)), path, at)
        found: list[Value] = []
        for number, each in enumerate(node.values):
            inside, place = f"{path}[{number}]", node.ats[number] if node.ats else at
            self.ats[inside] = place
            found.append(self.at(each, frame, inside, place))
        return found

    def _loop(self, node: Loop, frame: Frame, path: str, at: At) -> Value:
        frames = rounds(node, frame)
        if isinstance(frames, Unknown):
            return self._noted(frames.derived(), path, at)
        self._mention(path, at, frame)
        return [self.at(node.body, each, f"{path}[{number}]", at) for number, each in enumerate(frames)]

    # -- references --------------------------------------------------------------------------------

    def _noted(self, found: Value, path: str, at: At) -> Value:
        """The value, with what it refers to noted down."""
        span = self.instance.deployment.span(at)
        run = self.instance.deployment.run
        if isinstance(found, (list, dict)):
            run.count(run.size(found) // _WALKED)
        told: set[str] = set()
        for inside, unknown in _unknowns(found, path):
            for ref in unknown.refs:
                if not ref.is_variable:
                    told.add(ref.address)
                    self._refer(inside, ref, span)
        for ref in run.touched:
            if ref.address not in told:
                self._refer(path, ref, span)
        run.touched = []
        return with_origin(found, span) if isinstance(found, Unknown) else found

    def _mention(self, path: str, at: At, frame: Frame) -> None:
        """Note what decided a value without being a part of it."""
        run = frame.deployment.run
        for ref in run.touched:
            self._refer(path, ref, self.instance.deployment.span(at))
        run.touched = []

    def _refer(self, path: str, ref: Ref, span: Span) -> None:
        if ref.address != self.instance.id:
            self.references[Reference(path, ref.address, ref.path, span)] = None

    # -- what it waits for -------------------------------------------------------------------------

    def depends_on(self) -> tuple[str, ...]:
        """The ids of resources that are deployed before it."""
        declared = self.instance.declared.depends
        if declared is None:
            return ()
        frame = self.instance.frame
        found: dict[str, None] = {}
        nodes = declared.values if isinstance(declared, Items) and not declared.spread else (declared,)
        for node in nodes:
            try:
                waited = value(node, frame)
            except Fault:
                continue  # said where the resource that it names is declared, or nowhere deployed
            for each in waited if isinstance(waited, list) else [waited]:
                found |= dict.fromkeys(self._waited(each, frame))
        return tuple(found)

    def _waited(self, named: Value, frame: Frame) -> list[str]:
        """The ids of what an entry names: a resource, or all that a loop makes."""
        looped = self.instance.deployment.looped(named) if isinstance(named, str) else []
        if looped:
            return [each.id for each in looped]
        found = named.instance if isinstance(named, Handle) else named_resource(named, frame)
        return [] if found is None else [found.id]


def _unknowns(found: Value, path: str) -> Iterator[tuple[str, Unknown]]:
    """The unknown values inside of a value, with their paths."""
    stack = [(path, found)]
    while stack:
        inside, item = stack.pop()
        if isinstance(item, Unknown):
            yield inside, item
        elif isinstance(item, dict):
            stack.extend((f"{inside}.{key}", each) for key, each in reversed(item.items()))
        elif isinstance(item, list):
            stack.extend((f"{inside}[{n}]", each) for n, each in reversed(list(enumerate(item))))
