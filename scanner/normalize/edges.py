"""References → typed edges between resources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scanner.catalog.load import Catalog, Entry
from scanner.graph.index import Index, plain_path
from scanner.model.resource import Declaration, Edge, EdgeKind
from scanner.model.span import Span
from scanner.normalize.clusters import Clusters
from scanner.normalize.names import Names
from scanner.normalize.objects import Objects
from scanner.normalize.states import READS, States

_LOWERED: Mapping[str, EdgeKind] = {
    "registry": EdgeKind.CONTROL,
    "identity": EdgeKind.CONTROL,
    "grant": EdgeKind.CONTROL,
    "monitor": EdgeKind.NONE,
    "audit_log": EdgeKind.NONE,
    "policy": EdgeKind.NONE,
    "security_group": EdgeKind.NONE,
}
"""Kinds that nothing needs in order to serve: an edge to them is at most this, whatever attribute states it."""


@dataclass
class Linker:
    """Makes the edges of declarations. ``parts`` maps a split resource to the wholes that it configures."""

    entries: Mapping[str, Entry | None]
    parts: Mapping[str, tuple[str, ...]]
    index: Index
    tables: Catalog
    objects: Objects
    clusters: Clusters

    def __post_init__(self) -> None:
        self._states = States(self.index)
        self._names = Names(self.entries, self.index, self.tables)

    def edges(self, declarations: Iterable[Declaration]) -> Iterator[Edge]:
        """Every edge that the declarations state: references, memberships, and the ends that glue connects."""
        for declaration in declarations:
            entry = self.entries[declaration.id]
            if entry is not None:
                yield from self._references(declaration, entry)
                yield from self._named(declaration, entry)
                yield from self._memberships(declaration, entry)
                yield from self._connections(declaration, entry)
                yield from self.objects.edges(declaration, entry)
                yield from self.clusters.edges(declaration)

    def _named(self, declaration: Declaration, entry: Entry) -> Iterator[Edge]:
        """What its texts name without a reference: ARNs, host names, names of stores; in this root or another."""
        if declaration.mode != "managed":
            return
        known = {target for r in declaration.references for target in self.index.addressed(r.target)}
        for path, target in dict.fromkeys(self._names.mentions(declaration)):
            if target not in known and target != declaration.id:
                kind = self._lowered(edge_kind(path, entry, self.tables), target)
                yield from self._between(declaration, target, kind, path, declaration.span_of(path))

    def _between(self, source: Declaration, target: str, kind: EdgeKind, path: str, span: Span) -> Iterator[Edge]:
        for whole_source in self._wholes(source.id):
            for whole in self._wholes(target):
                yield Edge(whole_source, whole, kind, path, span)

    def _references(self, declaration: Declaration, entry: Entry) -> Iterator[Edge]:
        for reference in declaration.references:
            written = edge_kind(reference.path, entry, self.tables)
            read = READS in reference.target and reference.target_path.startswith("outputs.")
            for target in (*self.index.addressed(reference.target), *(self._states.targets(reference) if read else ())):
                kind = self._lowered(written, target)
                yield from self._between(declaration, target, kind, reference.path, reference.span)

    def _memberships(self, declaration: Declaration, entry: Entry) -> Iterator[Edge]:
        for path in entry.member_of:
            for target in self.index.referred(declaration, path):
                for group in self._wholes(target):
                    yield Edge(group, declaration.id, EdgeKind.MEMBERSHIP, path, declaration.span_of(path))

    def _connections(self, declaration: Declaration, entry: Entry) -> Iterator[Edge]:
        for link in entry.connects:
            targets = self._ends(declaration, link.target)
            sources = self._ends(declaration, link.source)
            span = declaration.span_of(link.target[0])
            for source in sources:
                for target in targets:
                    yield Edge(source, target, EdgeKind(link.kind), link.target[0], span)

    def _ends(self, declaration: Declaration, paths: Iterable[str]) -> list[str]:
        """The resources at one end of glue; where that is glue of its own (a listener), also what it belongs to."""
        found: dict[str, None] = {}
        for path in paths:
            for target in self.index.referred(declaration, path):
                found.update(dict.fromkeys(self._wholes(target)))
                entry = self.entries[target]
                for link in entry.connects[:1] if entry is not None and entry.kind in ("listener", "glue") else ():
                    for owner_path in link.source:
                        owners = self.index.referred(self.index.by_id[target], owner_path)
                        found.update(dict.fromkeys(whole for owner in owners for whole in self._wholes(owner)))
            if found:
                break
        return list(found)

    def _wholes(self, name: str) -> tuple[str, ...]:
        return self.parts.get(name, (name,))

    def _lowered(self, kind: EdgeKind, target: str) -> EdgeKind:
        entry = self.entries[target]
        limit = _LOWERED.get(entry.kind) if entry is not None else None
        return limit if limit is not None and kind is EdgeKind.RUNTIME else kind


def edge_kind(path: str, entry: Entry, tables: Catalog) -> EdgeKind:
    """What a reference at a path means: the type's own table, then the common one, innermost step first."""
    plain = plain_path(path)
    steps = plain.split(".")
    for length in range(len(steps), 0, -1):
        found = entry.refs.get(".".join(steps[:length]))
        if found is not None:
            return EdgeKind(found)
    if plain == "name" or plain in entry.names:
        return EdgeKind.NONE
    for step in reversed(steps):
        found = entry.refs.get(step) or tables.references.get(step)
        if found is not None:
            return EdgeKind(found)
    return EdgeKind.RUNTIME
