"""In which cluster Kubernetes objects run: one that is declared in the same files, where something tells which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property

from scanner.catalog.load import Entry
from scanner.catalog.readers import lookup, read
from scanner.graph.index import Index
from scanner.model.objects import PLATFORM, stands_in_cluster
from scanner.model.path_placement import PathPlacement
from scanner.model.resource import Declaration, Edge, EdgeKind
from scanner.model.value import Unknown
from scanner.normalize.deliveries import Deliveries


@dataclass
class Clusters:
    """Finds the clusters of objects.

    The configuration's word for their file counts first, then the cluster that Terraform's provider works on, then what
    delivers them, then the only cluster there is.
    """

    entries: Mapping[str, Entry | None]
    index: Index
    places: Sequence[PathPlacement] = ()
    _found: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def declared(self) -> Mapping[str, frozenset[str]]:
        """The Kubernetes clusters in the files with the names by which people speak of them."""
        found = {}
        for each in self.index.by_id.values():
            entry = self.entries[each.id]
            if entry is not None and entry.kind == "cluster" and each.mode == "managed" and self._is_kubernetes(each):
                names = {each.id, each.name, *self._names(each, entry)}
                found[each.id] = frozenset(names)
        return found

    def _is_kubernetes(self, declaration: Declaration) -> bool:
        entry = self.entries[declaration.id] or Entry("other")
        reader = entry.properties.get("engine")
        return reader is not None and read(reader, declaration.attributes)[0] == "kubernetes"

    def _names(self, declaration: Declaration, entry: Entry) -> Iterator[str]:
        for path in (*(entry.names or ("name",)), "metadata.name"):
            value = lookup(declaration.attributes, path)
            if isinstance(value, str):
                yield value

    @cached_property
    def deliveries(self) -> Deliveries:
        """What takes objects to clusters."""
        return Deliveries(list(self.index.by_id.values()))

    def of(self, declaration: Declaration) -> str | None:
        """The declared cluster in which an object runs, by id; ``None`` for several and when the files do not tell."""
        found = self.every(declaration)
        return found[0] if len(found) == 1 and found[0] in self.declared else None

    def every(self, declaration: Declaration) -> tuple[str, ...]:
        """All clusters in which an object runs: declared ones by id, others by the name that something gives them."""
        if not stands_in_cluster(declaration) or declaration.id in self.declared:
            return ()
        if declaration.id not in self._found:
            self._found[declaration.id] = self._find(declaration)
        return self._found[declaration.id]

    def _given(self, declaration: Declaration) -> PathPlacement | None:
        """What the configuration says of the place of a declaration's file."""
        for given in self.places:
            told = given.cluster or given.region or given.zones
            if told and any(fnmatchcase(declaration.span.file, path) for path in given.paths):
                return given
        return None

    def _find(self, declaration: Declaration) -> tuple[str, ...]:
        given = self._given(declaration)
        if given is not None:
            named = [i for i, names in self.declared.items() if given.cluster in names]
            return (named[0],) if len(named) == 1 else ()
        configured = self._configured(declaration)
        if configured:
            return configured
        delivered = self.deliveries.clusters_of(declaration)
        if delivered:
            return tuple(dict.fromkeys(self._declared_as(name) for name in delivered))
        return self._only

    def _configured(self, declaration: Declaration) -> tuple[str, ...]:
        """The declared cluster whose address the provider's configuration reads, itself or through a data source."""
        host = declaration.provider.attributes.get("host")
        found: dict[str, None] = {}
        for each in self.index.meant(host) if isinstance(host, Unknown) else ():
            source = self.index.by_id[each]
            meant = self.index.referred(source, "name") if source.mode == "data" else ()
            found.update(dict.fromkeys(c for c in (each, *meant) if c in self.declared))
        return tuple(found) if len(found) == 1 else ()

    def _declared_as(self, name: str) -> str:
        """The one declared cluster of a name, else the name."""
        named = [i for i, names in self.declared.items() if name in names]
        return named[0] if len(named) == 1 else name

    @property
    def _only(self) -> tuple[str, ...]:
        return tuple(self.declared) if len(self.declared) == 1 else ()

    def edges(self, declaration: Declaration) -> Iterator[Edge]:
        """What says where an object runs, and what delivers it there."""
        every = self.every(declaration)
        given = self._given(declaration) if every else None
        span = given.span if given is not None and given.span is not None else declaration.span
        for cluster in every:
            if cluster in self.declared:
                yield Edge(declaration.id, cluster, EdgeKind.PLACEMENT, "cluster", span)
        if stands_in_cluster(declaration):
            for delivery in self.deliveries.covering(declaration):
                yield Edge(declaration.id, delivery.by, EdgeKind.CONTROL, "delivery", declaration.span)
        for target in self._made_in(declaration):
            yield Edge(declaration.id, target, EdgeKind.PLACEMENT, "cluster", declaration.span)

    def _made_in(self, group: Declaration) -> tuple[str, ...]:
        """The cluster of nodes that a controller makes where it runs itself (Karpenter)."""
        entry = self.entries[group.id]
        if group.platform != PLATFORM or entry is None or entry.kind != "node_group" or group.references:
            return ()
        return tuple(cluster for cluster in self._find(group)[:1] if cluster in self.declared)

    @cached_property
    def node_groups(self) -> Mapping[str, tuple[str, ...]]:
        """The groups of nodes of each declared cluster."""
        found: dict[str, list[str]] = {}
        for each in self.index.by_id.values():
            entry = self.entries[each.id]
            if entry is None or entry.kind != "node_group" or each.mode != "managed":
                continue
            reader = entry.properties.get("cluster")
            paths = [reader] if isinstance(reader, str) else reader.get("path", []) if isinstance(reader, dict) else []
            targets = [
                t for path in ([paths] if isinstance(paths, str) else paths) for t in self.index.referred(each, path)
            ]
            for target in (*targets, *self._made_in(each)):
                if target in self.declared and each.id not in found.setdefault(target, []):
                    found[target].append(each.id)
        return {cluster: tuple(groups) for cluster, groups in found.items()}
