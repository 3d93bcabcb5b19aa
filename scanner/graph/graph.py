"""Resources and what refers to what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from msgspec import Struct

from scanner.graph.index import Index, is_at
from scanner.model.outage import Loss, RiskGroup, ServiceRisk
from scanner.model.resource import Edge, EdgeKind, Resource
from scanner.model.value import Value

T = TypeVar("T")


class Stop(Struct, frozen=True):
    """One failure domain that stops a service by itself."""

    service: ServiceRisk
    group: RiskGroup

    @property
    def domain(self) -> str:
        """The failure domain's id."""
        return self.group.domains[0]


@dataclass(frozen=True, slots=True)
class Graph:
    """The resources of a scan by id, their edges in both directions, and the services with what stops them.

    ``stops`` lists, by the resource that ties a service to a failure domain, what that domain alone stops; ``entered``
    the services by their first entry; ``losses``, by store, what takes it with all its copies. :func:`with_services`
    fills them.
    """

    resources: Mapping[str, Resource]
    outgoing: Mapping[str, tuple[Edge, ...]]
    incoming: Mapping[str, tuple[Edge, ...]]
    by_kind: Mapping[str, tuple[Resource, ...]]
    index: Index
    services: tuple[ServiceRisk, ...] = ()
    stops: Mapping[str, tuple[Stop, ...]] = field(default_factory=dict)
    entered: Mapping[str, tuple[ServiceRisk, ...]] = field(default_factory=dict)
    losses: Mapping[str, tuple[Loss, ...]] = field(default_factory=dict)
    _answers: dict[Callable[[Graph], Any], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, compute: Callable[[Graph], T]) -> T:
        """What ``compute`` says of this graph; it is asked once, however many rules want to know."""
        if compute not in self._answers:
            self._answers[compute] = compute(self)
        answer: T = self._answers[compute]
        return answer

    def of_kind(self, *kinds: str) -> tuple[Resource, ...]:
        """All resources of the kinds, in id order within each kind."""
        return tuple(resource for kind in kinds for resource in self.by_kind.get(kind, ()))

    def targets(self, resource: Resource, name: str) -> tuple[Resource, ...]:
        """The resources that a normalized property or native attribute of ``resource`` refers to."""
        _, path = resource.place_of(name)
        found = {edge.target: None for edge in self.outgoing.get(resource.id, ()) if is_at(edge.path, path)}
        if not found:
            found = dict.fromkeys(self.index.meant(resource.properties.get(name), root=resource.declaration.root))
        return tuple(self.resources[target] for target in found if target in self.resources and target != resource.id)

    def referrers(self, resource: Resource, *kinds: str) -> tuple[Resource, ...]:
        """The resources (of the kinds, if any) that refer to ``resource``."""
        if len(kinds) == 1:
            return self.once(_referrers_by_kind).get((resource.id, kinds[0]), ())
        found = {edge.source: None for edge in self.incoming.get(resource.id, ())}
        sources = (self.resources[source] for source in found)
        return tuple(source for source in sources if not kinds or source.kind in kinds)

    def members(self, resource: Resource) -> tuple[Resource, ...]:
        """The members of a group, such as the instances of a database cluster."""
        return tuple(
            self.resources[edge.target]
            for edge in self.outgoing.get(resource.id, ())
            if edge.kind is EdgeKind.MEMBERSHIP
        )

    def meant(self, value: Value) -> tuple[Resource, ...]:
        """The resources that a value means, by reference or by name."""
        return tuple(self.resources[i] for i in self.index.meant(value) if i in self.resources)

    def edges(self) -> Iterable[Edge]:
        """Every edge, in order."""
        for source in self.resources:
            yield from self.outgoing.get(source, ())


def _referrers_by_kind(graph: Graph) -> Mapping[tuple[str, str], tuple[Resource, ...]]:
    """What refers to a resource, by its id and their kind: what many select is asked for often."""
    found: dict[tuple[str, str], list[Resource]] = {}
    for target, edges in graph.incoming.items():
        for name in dict.fromkeys(edge.source for edge in edges):
            source = graph.resources[name]
            found.setdefault((target, source.kind), []).append(source)
    return {key: tuple(sources) for key, sources in found.items()}


def with_edges(graph: Graph, edges: Iterable[Edge]) -> Graph:
    """The same graph with more edges, such as those that a configuration states."""
    return build_graph(graph.resources.values(), (*graph.edges(), *edges), graph.index)


def with_services(graph: Graph, services: Iterable[ServiceRisk], losses: Iterable[Loss] = ()) -> Graph:
    """The same graph with the services on it, found by the resources that tie them to a domain and by their entries."""
    lost: dict[str, list[Loss]] = {}
    for loss in losses:
        lost.setdefault(loss.resource, []).append(loss)
    found = tuple(services)
    stops: dict[str, list[Stop]] = {}
    entered: dict[str, list[ServiceRisk]] = {}
    for service in found:
        for entry in service.entry[:1]:
            entered.setdefault(entry, []).append(service)
        for group in service.risk_groups:
            if len(group.domains) == 1 and len(group.path) > 1:
                stops.setdefault(group.path[-2].name, []).append(Stop(service, group))
    return replace(
        graph,
        services=found,
        stops={name: tuple(held) for name, held in stops.items()},
        entered={name: tuple(held) for name, held in entered.items()},
        losses={name: tuple(held) for name, held in lost.items()},
    )


def build_graph(resources: Iterable[Resource], edges: Iterable[Edge], index: Index) -> Graph:
    """Arrange resources and edges; edges to things that are no resources are dropped."""
    by_id = {resource.id: resource for resource in sorted(resources, key=lambda r: r.id)}
    outgoing: dict[str, list[Edge]] = {}
    incoming: dict[str, list[Edge]] = {}
    for edge in sorted(dict.fromkeys(edges), key=lambda e: (e.source, e.target, e.path, e.kind)):
        if edge.source in by_id and edge.target in by_id and edge.source != edge.target:
            outgoing.setdefault(edge.source, []).append(edge)
            incoming.setdefault(edge.target, []).append(edge)
    by_kind: dict[str, list[Resource]] = {}
    for resource in by_id.values():
        by_kind.setdefault(resource.kind, []).append(resource)
    return Graph(
        by_id,
        {k: tuple(v) for k, v in outgoing.items()},
        {k: tuple(v) for k, v in incoming.items()},
        {k: tuple(v) for k, v in by_kind.items()},
        index,
    )
