"""Why a finding is new where its own line did not change.

The changed lines that its values come from, or what changed in the resources beside it: only what the files tell. Where
nothing tells, nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from msgspec.structs import asdict

from scanner.comparison.lines import Changes
from scanner.graph.graph import Graph
from scanner.model.comparison import Cause
from scanner.model.finding import Finding
from scanner.model.origin import Origin
from scanner.model.outage import ServiceRisk
from scanner.model.resource import Declaration, EdgeKind, Resource
from scanner.model.span import Span
from scanner.model.value import Unknown, Value

Origins = Callable[[Declaration, str], Iterable[Origin]]
"""Where an attribute of a declaration, by its native path, takes its value from."""

MOST: Final = 5
"""More changes than this are told of none: nothing says which of them it was."""
_NAME: Final = re.compile(r"""["']?([\w./-]+)["']? ?[=:]""")
NEARLY_SURE: Final = 2
"""The same where only the neighbourhood tells: what else changed there may have nothing to do with it."""
_REPEATED: Final = ("count", "for_each")
_PLACE: Final = ("provider.region", "provider.zone", "provider.location")
# fmt: off
_PLACING: Final = frozenset({
    "availability_zone", "availability_zones", "location", "node_locations", "region", "zone", "zones",
    "io/zone", "nodeSelector",
})
# fmt: on
"""Attributes that say where something runs, in all dialects."""


@dataclass(slots=True)
class Side:
    """One side: its graph, services by the resources that they are entered at, and where values come from."""

    graph: Graph
    services: Mapping[str, list[ServiceRisk]]
    origins: Origins


@dataclass(slots=True)
class Causes:
    """Both sides, the lines that differ, and what is what in them. ``reads`` tells what each rule looks at."""

    base: Side
    head: Side
    changes: Changes
    twins: Mapping[str, str]
    reads: Mapping[str, frozenset[str]]
    heads: Mapping[str, str] = field(init=False)
    declared: AbstractSet[str] = field(init=False)

    def __post_init__(self) -> None:
        self.heads = {base: head for head, base in self.twins.items()}
        parts = (part for each in self.head.graph.resources.values() for part, _ in each.deciders.values())
        self.declared = frozenset(part.id for part in parts)

    def of(self, finding: Finding, before: Finding | None) -> tuple[Cause, ...]:
        """The causes of a finding of head that base does not have; ``before`` is what the rule said there."""
        if self.changes.in_head(_line(finding.span)) is not None:
            return ()
        resource = self.head.graph.resources.get(finding.resource)
        if resource is None:
            return _few(self._related(finding, before))
        twin = self.base.graph.resources.get(self.twins.get(resource.id, ""))
        changed = _changed(resource, twin)
        asked = [name for name in changed if name in self.reads.get(finding.rule, ())]
        for told, most in (
            (self._own(resource, twin, asked) if asked or twin is None else (), MOST),
            (self._marked(finding, resource, twin), MOST),
            (self._related(finding, before), MOST),
            (chain(self._own(resource, twin, changed), self._beside(resource, twin)), NEARLY_SURE),
            (self._below(resource, twin), NEARLY_SURE),
        ):
            found = _few((cause for cause in told if not _same_line(cause, finding.span)), most)
            if found:
                return found
        return ()

    # -- the resource itself -----------------------------------------------------------------------

    def _own(self, resource: Resource, twin: Resource | None, names: Iterable[str]) -> Iterator[Cause]:
        """What changed the values of some properties of a resource, or made it be."""
        if twin is None:
            for path in _REPEATED:
                yield from self._traced(self.head, resource.declaration, path)
        for name in names:
            yield from self._written(resource, twin, name)
        if twin is not None and _elsewhere(resource, twin):
            yield from self._placed(resource)

    def _placed(self, resource: Resource) -> Iterator[Cause]:
        """What changed of the attributes that say where a resource runs."""
        declaration = resource.declaration
        edges = self.head.graph.outgoing.get(resource.id, ())
        stated = [edge.path for edge in edges if edge.kind is EdgeKind.PLACEMENT]
        named = [path for path in declaration.places if path.rpartition(".")[2].partition("[")[0] in _PLACING]
        for path in dict.fromkeys((*_PLACE, *stated, *named)):
            yield from self._at(self.head, declaration, path)

    def _marked(self, finding: Finding, resource: Resource, twin: Resource | None) -> Iterator[Cause]:
        """What the place comes from that the rule marks: facts read more of it than properties hold."""
        declaration = resource.declaration
        for path, span in declaration.places.items():
            if _line(span) == _line(finding.span):
                found = list(self._at(self.head, declaration, path))
                yield from found
                if twin is not None and not found:
                    yield from self._at(self.base, twin.declaration, path)

    def _written(self, resource: Resource, twin: Resource | None, name: str) -> Iterator[Cause]:
        found = list(self._at(self.head, *resource.place_of(name)))
        yield from found
        if twin is None or found:
            return
        declaration, path = twin.place_of(name)
        if declaration.id != twin.id and declaration.id not in self.declared:
            yield from self._removed(declaration.id, declaration.span)
        else:
            yield from self._at(self.base, declaration, path)

    def _removed(self, name: str, span: Span) -> Iterator[Cause]:
        if self.changes.in_base(_line(span)) is not None:
            yield Cause(_line(span), f"{name} was removed", removed=True)

    def _at(self, side: Side, declaration: Declaration, path: str) -> Iterator[Cause]:
        """The changed lines of an attribute, of what leads to it, and of what its value comes from."""
        span = declaration.span_of(path) if path else declaration.span
        removed = side is self.base
        if span != declaration.span and (place := self._changed(side, span)) is not None:
            word = self._word(side, span) or _short(path)
            yield Cause(place, _text(_part(word, place, span), removed), removed)
        yield from self._traced(side, declaration, path)
        for child in span.chain():
            if child.parent is not None and (place := self._changed(side, child.parent)) is not None:
                yield Cause(place, _text(_part(_leading(child, path), place, child.parent), removed), removed)

    def _traced(self, side: Side, declaration: Declaration, path: str) -> Iterator[Cause]:
        removed = side is self.base
        for origin in side.origins(declaration, path) if path else ():
            if (place := self._changed(side, origin.span)) is not None:
                yield Cause(place, _text(_part(origin.text, place, origin.span), removed), removed)

    def _word(self, side: Side, span: Span) -> str:
        """What an attribute is called where it stands."""
        lines = (self.changes.sources[0] if side is self.base else self.changes.sources[1]).get(span.file, ())
        found = _NAME.match(lines[span.line - 1], span.column - 1) if span.line <= len(lines) else None
        return found[1] if found is not None else ""

    def _changed(self, side: Side, span: Span) -> Span | None:
        return self.changes.in_base(span) if side is self.base else self.changes.in_head(span)

    # -- what stands beside it ---------------------------------------------------------------------

    def _related(self, finding: Finding, before: Finding | None) -> Iterator[Cause]:
        """The places that explain the finding, or explained why there was none."""
        for related in finding.related:
            if (place := self.changes.in_head(related.span)) is not None:
                yield Cause(place, f"{related.resource or 'this'} changed")
        for related in before.related if before is not None else ():
            if related.resource and related.resource not in self.heads:
                yield from self._removed(related.resource, related.span)

    def _beside(self, resource: Resource, twin: Resource | None) -> Iterator[Cause]:
        """What changed of the resources that it refers to, or that refer to it."""
        if twin is not None:
            yield from self._gone(_beside(self.base.graph, twin.id))
            yield from self._parted(resource, twin)
        yield from self._come(_beside(self.head.graph, resource.id))

    def _parted(self, resource: Resource, twin: Resource) -> Iterator[Cause]:
        """What tied it to resources that are still there, and no longer does."""
        kept = frozenset(_beside(self.head.graph, resource.id))
        graph = self.base.graph
        for edge in (*graph.outgoing.get(twin.id, ()), *graph.incoming.get(twin.id, ())):
            other = edge.target if edge.source == twin.id else edge.source
            if other in self.heads and self.heads[other] not in kept and self.changes.in_base(edge.span) is not None:
                yield Cause(edge.span, f"what ties {edge.source} to {edge.target} was removed", removed=True)

    def _below(self, resource: Resource, twin: Resource | None) -> Iterator[Cause]:
        """What changed of all that the services need which are entered here."""
        for service in self.base.services.get(twin.id, ()) if twin is not None else ():
            yield from self._gone(sorted(service.cone))
        for service in self.head.services.get(resource.id, ()):
            yield from self._come(sorted(service.cone))

    def _gone(self, names: Iterable[str]) -> Iterator[Cause]:
        for name in names:
            if name not in self.heads and (resource := self.base.graph.resources.get(name)) is not None:
                counted = [c for path in _REPEATED for c in self._traced(self.head, resource.declaration, path)]
                yield from counted or self._removed(name, resource.span)

    def _come(self, names: Iterable[str]) -> Iterator[Cause]:
        for name in names:
            resource = self.head.graph.resources.get(name)
            if resource is None:
                continue
            twin = self.base.graph.resources.get(self.twins.get(name, ""))
            if twin is None and self.changes.in_head(resource.span) is not None:
                yield Cause(resource.span, f"{name} was added")
            elif twin is None or _changed(resource, twin) or _elsewhere(resource, twin):
                yield from self._own(resource, twin, _changed(resource, twin))


def _changed(resource: Resource, twin: Resource | None) -> list[str]:
    """The properties that are not the same. Of a new resource, all count."""
    if twin is None:
        return sorted(resource.properties)
    names = sorted(resource.properties.keys() | twin.properties.keys())
    changed = [name for name in names if not _same(resource.get(name), twin.get(name))]
    return changed if _same(resource.tags, twin.tags) else [*changed, "tags"]


def _elsewhere(resource: Resource, twin: Resource) -> bool:
    """Whether it runs in another place."""
    one, other = asdict(resource.placement), asdict(twin.placement)
    return not all(_same(value, other[name]) for name, value in one.items())


def _same(one: Value, other: Value) -> bool:
    """Whether two values are one as far as the files tell; unknowns that say the same are, wherever they stand."""
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, Unknown) and isinstance(other, Unknown):
        return (one.reason, one.ref, one.refs) == (other.reason, other.ref, other.refs)
    return bool(type(one) is type(other) and one == other)


def _beside(graph: Graph, name: str) -> list[str]:
    found = [edge.target for edge in graph.outgoing.get(name, ())]
    found += [edge.source for edge in graph.incoming.get(name, ())]
    return list(dict.fromkeys(found))


def _few(found: Iterable[Cause], most: int = MOST) -> tuple[Cause, ...]:
    """The causes once each, those that stand in head first; none where they are too many to mean anything."""
    once: dict[tuple[str, int, bool], Cause] = {}
    for cause in found:
        once.setdefault((cause.span.file, cause.span.line, cause.removed), cause)
        if len(once) > most:
            return ()
    return tuple(sorted(once.values(), key=lambda cause: (cause.removed, cause.span.file, cause.span.line)))


def _same_line(cause: Cause, span: Span) -> bool:
    return not cause.removed and (cause.span.file, cause.span.line) == (span.file, span.line)


def _line(span: Span) -> Span:
    """The first line of a place."""
    return Span(span.file, span.line, span.column, span.line, span.end_column)


def _short(path: str) -> str:
    return path.rpartition(".")[2] or path


def _leading(child: Span, path: str) -> str:
    """What the place that led to another is: the value of a chart, an argument, the call of a module."""
    return child.via if child.via and child.via not in _PLAIN else f"what {_short(path)} is given"


def _part(what: str, place: Span, whole: Span) -> str:
    """What changed, where that is not the first line of it."""
    return what if place.line == whole.line else f"a line of {what}"


def _text(what: str, removed: bool) -> str:
    return f"{what} {'was removed' if removed else 'changed'}"


_PLAIN: Final = frozenset({"value from", "in the module called"})
