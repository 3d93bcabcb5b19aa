"""In which cluster Kubernetes objects run: one that is declared in the same files, where something tells which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

from scanner.catalog.load import Entry
from scanner.catalog.readers import lookup, read
from scanner.graph.index import Index
from scanner.model.objects import stands_in_cluster
from scanner.model.resource import Declaration, Edge, EdgeKind
from scanner.normalize.settings import GivenPlace


@dataclass
class Clusters:
    """Finds the cluster of objects: the one that the configuration names for their file, else the only one there is."""

    entries: Mapping[str, Entry | None]
    index: Index
    places: Sequence[GivenPlace] = ()

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

    def of(self, declaration: Declaration) -> str | None:
        """The declared cluster in which an object runs, by id; ``None`` when the files do not tell."""
        if not stands_in_cluster(declaration) or declaration.id in self.declared:
            return None
        for given in self.places:
            if any(fnmatchcase(declaration.span.file, path) for path in given.paths):
                named = [i for i, names in self.declared.items() if given.cluster in names]
                if given.cluster or given.region or given.zones:
                    return named[0] if len(named) == 1 else None
        return next(iter(self.declared)) if len(self.declared) == 1 else None

    def edges(self, declaration: Declaration) -> Iterator[Edge]:
        """What says where an object runs."""
        cluster = self.of(declaration)
        if cluster is not None:
            yield Edge(declaration.id, cluster, EdgeKind.PLACEMENT, "cluster", declaration.span)

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
            for path in [paths] if isinstance(paths, str) else paths:
                for target in self.index.referred(each, path):
                    if target in self.declared and each.id not in found.setdefault(target, []):
                        found[target].append(each.id)
        return {cluster: tuple(groups) for cluster, groups in found.items()}
