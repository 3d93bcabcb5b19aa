"""The fault graph of an estate: which failures stop each resource, as one structure of gates over failure domains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct

from scanner.catalog.load import catalog
from scanner.facts.administrators import sole_administrator
from scanner.facts.quorums import needs_majority
from scanner.facts.secret_servers import seals
from scanner.graph.graph import Graph
from scanner.graph.index import plain_path
from scanner.model.resource import Edge, Resource
from scanner.model.span import Span
from scanner.model.value import ABSENT, Unknown
from scanner.simulation.calls import Call, call_nodes, calls, is_template
from scanner.simulation.committees import alternatives
from scanner.simulation.context import FRONTS, SERVERS, Context
from scanner.simulation.copies import Copies
from scanner.simulation.gates import Gates, Label
from scanner.simulation.places import Places
from scanner.simulation.routes import Routes, signature
from scanner.simulation.stands import Stands
from scanner.simulation.structure import Structure

_ALIKE: Final = frozenset({*SERVERS, *FRONTS, "cache", "search", "blockchain_node"})
"""Kinds of which several instances of one block, named together, do the same work."""


class FaultGraph(Struct, frozen=True):
    """A structure and what its nodes mean.

    ``nodes`` maps a resource's id to the node whose failure means that others cannot use it, ``own`` to the resource
    without its spares where it has any, ``standing`` to its places and the vendors that it calls; ``survives`` a
    store's to the node whose failure means that its data and all copies are out of reach. ``events`` maps a failure
    domain's id to its basic event, ``domains`` to the node that also falls with the domain's parents. ``families``
    lists the zones of a region (``zone:aws/eu-west-1``), the regions of a provider (``region:aws``) and its accounts.
    ``administrators`` are the events of principals who alone decide what others may do with a key: these refuse, but do
    not fail.
    """

    structure: Structure
    gates: Gates
    graph: Graph
    routes: Routes
    nodes: Mapping[str, int]
    own: Mapping[str, int]
    standing: Mapping[str, tuple[int, ...]]
    survives: Mapping[str, int]
    events: Mapping[str, int]
    domains: Mapping[str, int]
    unknown: Mapping[str, Unknown]
    zonal: frozenset[str] = frozenset()
    families: Mapping[str, tuple[str, ...]] = {}
    zone_ids: Mapping[str, str] = {}
    administrators: Mapping[str, int] = {}


@dataclass
class Maker:
    """Makes the nodes of all resources. :func:`make` is the way in; services may add nodes before :meth:`finish`."""

    context: Context
    calls: dict[str, tuple[Call, ...]] = field(default_factory=dict)
    survives: dict[str, int] = field(default_factory=dict)
    standing: dict[str, list[int]] = field(default_factory=dict)
    administrators: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.stands = Stands(self.context)
        self.copies = Copies(self.context, self.stands)
        self.routes = Routes(self.context)

    def make(self) -> None:
        """Make a node for every resource."""
        context = self.context
        for resource in context.graph.resources.values():
            context.whole[resource.id] = context.gates.reserve(context.label(resource))
            found = calls(resource, context)
            if found:
                self.calls[resource.id] = tuple(found)
        self.routes.find()
        for resource in context.graph.resources.values():
            several = len(self.routes.names.get(resource.id, ())) > 1
            if self.copies.may_have(resource) or several or _is_kubernetes(resource):
                context.own[resource.id] = context.gates.reserve(context.label(resource))
        for resource in context.graph.resources.values():
            self._define(resource)

    def finish(self) -> FaultGraph:
        """Close the domains and build the structure."""
        context = self.context
        context.places.close()
        return FaultGraph(
            context.gates.build(),
            context.gates,
            context.graph,
            self.routes,
            context.whole,
            context.own,
            {name: tuple(nodes) for name, nodes in self.standing.items()},
            self.survives,
            context.places.events,
            context.places.nodes,
            context.places.unknown,
            frozenset(context.places.zonal),
            context.places.families(),
            context.places.zone_ids,
            self.administrators,
        )

    def _define(self, resource: Resource) -> None:
        gates, context = self.context.gates, self.context
        whole, own = context.whole[resource.id], context.own.get(resource.id)
        needs = self._needs(resource)
        if resource.kind in FRONTS:
            needs = self.routes.needs(resource, needs)
        if resource.kind == "backup_vault":
            self.survives[resource.id] = self.copies.recovery_points(resource)
        if own is None:
            gates.define(whole, needs)
            return
        gates.define(own, needs)
        for need in needs:  # what is written about the whole holds for the resource itself
            if (span := gates.stated.get((whole, need))) is not None:
                gates.state(own, need, span)
        if _is_kubernetes(resource):  # its control plane starts without the nodes, which cannot start without it
            gates.define(whole, (own, *self._members(resource)))
            return
        if resource.kind in FRONTS:
            gates.define(whole, (self.routes.name_node(resource),))
            return
        if not self.copies.is_server_of_cluster(resource):
            self.survives[resource.id] = self.copies.surviving(resource)
        spares = self.copies.spares(resource)
        node = gates.helped(own, (s.node for s in spares if not s.by_hand), by_hand=False)
        hand = [gates.any((gates.by_hand, s.node)) for s in spares if s.by_hand]
        gates.define(whole, (gates.all((node, *hand)),))

    # -- needs -------------------------------------------------------------------------------------

    def _needs(self, resource: Resource) -> list[int]:
        context, whole = self.context, self.context.whole[resource.id]
        if resource.kind == "certificate":
            return self._certificate(resource)
        called = self._calls_of(resource)
        nodes = self.stands.standing(resource, calls_out=bool(called))
        for node in nodes:
            context.gates.state(whole, node, self._place_span(resource, node))
        nodes += call_nodes(self.calls.get(resource.id, ()), whole, context)
        self.standing[resource.id] = list(nodes)
        nodes += self._references(resource, {name for call in called for name in call.own})
        if not _is_kubernetes(resource):
            nodes += self._replicated(resource) if resource.kind == "replication" else self._members(resource)
        if resource.kind in ("dns_record", "global_balancer"):
            nodes += self._name_keepers(resource)
        if resource.kind == "key":
            nodes += self._administrator(resource)
        source = self.copies.source(resource) if resource.kind == "database" else None
        if source is not None:  # writes go to the primary cluster until somebody promotes this one
            first = context.own.get(source.id, context.whole[source.id])
            nodes.append(context.gates.state(whole, context.gates.all((context.gates.by_hand, first)), source.span))
        return [node for node in nodes if node != context.gates.never]

    def _calls_of(self, resource: Resource) -> list[Call]:
        """Its own calls, and those of the task or template that it runs."""
        found = list(self.calls.get(resource.id, ()))
        for edge in self.context.graph.outgoing.get(resource.id, ()) if resource.kind in SERVERS else ():
            target = self.context.graph.resources[edge.target]
            if target.kind == "task" or is_template(target):
                found.extend(self.calls.get(target.id, ()))
        return found

    def _place_span(self, resource: Resource, node: int) -> Span:
        domain = self.context.gates.labels.get(node, Label()).domain
        provider = resource.declaration.provider.span
        if domain.startswith("account:") and provider is not None:
            return provider
        attributes = resource.declaration.attributes
        written = attributes.get("region", attributes.get("location"))
        zonal = domain in self.context.places.zonal
        if domain.startswith("service:") and "@" in domain and written is None and provider is not None and not zonal:
            return provider
        return self.stands.zone_span(resource)

    def _references(self, resource: Resource, spares: set[str]) -> list[int]:
        """What its attributes name; several instances of one block, named together, are one need."""
        groups: dict[tuple[str, int, int, str], list[Edge]] = {}
        templates = self._templates(resource) if resource.kind in SERVERS else []
        opened, said = self._seals(resource)
        listed, of_lists = alternatives(resource, self.context)
        said |= of_lists
        for edge in (*self.context.needs_of(resource), *templates):
            target = self.context.graph.resources[edge.target]
            if (
                edge in said
                or (edge.path == "cluster" and resource.get("clusters") is not ABSENT)  # any of them, as it stands
                or edge.target in spares
                or (resource.kind in FRONTS and self.routes.leads(resource, edge))
            ):
                continue
            block = (
                edge.target.rpartition("[")[0] if edge.target.endswith("]") and target.kind in _ALIKE else edge.target
            )
            groups.setdefault((edge.span.file, edge.span.line, edge.span.column, block), []).append(edge)
        return [*opened, *listed, *(self._reference(resource, edges) for edges in groups.values())]

    def _seals(self, resource: Resource) -> tuple[list[int], set[Edge]]:
        """Of a secret server with several seals any one opens it; with the edges about which this says all.

        A seal that names nothing of the estate has a key elsewhere.
        """
        context, nodes, said = self.context, [], set[Edge]()
        for attribute, each in seals(resource).items():
            if len(each) < 2:
                continue
            edges = {e.target: e for e in context.needs_of(resource) if plain_path(e.path).split(".")[0] == attribute}
            ways = []
            for values in each:
                named = {t.id: t for value in values for t in context.graph.meant(value)}
                mentioned = (context.graph.resources[name] for name in edges)
                named.update({t.id: t for t in mentioned if t.declaration.attributes.get("name") in values})
                keys = [t for t in named.values() if t.kind == "key" or t.id in edges]
                said.update(edges[t.id] for t in keys if t.id in edges)
                spans = [edges[t.id].span if t.id in edges else resource.span_of(attribute) for t in keys]
                found = [context.needed(key) for key in keys]
                for key, span in zip(found, spans, strict=True):
                    context.gates.state(context.whole[resource.id], key, span)
                ways.append(context.gates.any(found))
            nodes.append(context.gates.all(ways, "every seal"))
        return nodes, said

    def _templates(self, resource: Resource) -> list[Edge]:
        """The templates that its servers are made from: what these name, the servers need."""
        edges = self.context.graph.outgoing.get(resource.id, ())
        return [edge for edge in edges if is_template(self.context.graph.resources[edge.target])]

    def _reference(self, resource: Resource, edges: list[Edge]) -> int:
        context, whole = self.context, self.context.whole[resource.id]
        targets = [context.graph.resources[name] for name in dict.fromkeys(edge.target for edge in edges)]
        if len(targets) == 1:
            local = self.copies.local_to(targets[0], resource)
            if resource.kind == "node_group" and _is_kubernetes(targets[0]):
                local = context.own[targets[0].id]
            node = context.needed(targets[0]) if local is None else local
            return context.gates.state(whole, node, edges[0].span)
        nodes = [context.gates.state(whole, context.whole[t.id], edges[0].span) for t in targets]
        if len(nodes) > 2 and all(needs_majority(t) for t in targets):
            return context.gates.at_least((len(nodes) + 1) // 2, nodes, "the majority of its members")
        return context.group(targets, nodes, "all of them")

    def _members(self, resource: Resource) -> list[int]:
        """The members of a cluster: one is enough to serve."""
        context = self.context
        if resource.kind in FRONTS or resource.kind in SERVERS:
            return []
        members = [m for m in context.graph.members(resource) if m.declaration.mode == "managed"]
        if resource.kind == "cluster" and resource.get("engine") == "kubernetes":
            groups = [
                n
                for n in context.graph.referrers(resource, "node_group")
                if resource in context.graph.targets(n, "cluster")
            ]
            members = [*members, *(n for n in groups if n not in members)]
        if resource.kind == "other" and resource.placement.scope.value == "multi-region":
            return []
        if resource.kind in ("database", "cache", "search"):
            return self._database_members(resource, [m for m in members if m.kind == resource.kind])
        own = self._own_nodes(resource)
        if not members:
            return own
        nodes = [context.gates.state(context.whole[resource.id], context.whole[m.id], m.span) for m in members]
        if own:
            return [context.gates.all((*own, context.group(members, nodes, "all of its members")))]
        return [context.group(members, nodes, "all of its members")]

    def _replicated(self, job: Resource) -> list[int]:
        """A failover group: its source, or its target after a switch that it makes by itself or a person makes."""
        context = self.context
        sources, targets = (context.graph.targets(job, name) for name in ("source", "target"))
        if not sources or not targets:
            return []
        named = {edge.target: edge.span for edge in reversed(context.graph.outgoing.get(job.id, ()))}
        for end in (*sources, *targets):
            context.gates.state(context.whole[job.id], context.whole[end.id], named.get(end.id, job.span))
        by_hand = job.get("automatic_failover") is not True
        first = context.gates.any([context.whole[s.id] for s in sources])
        return [context.gates.helped(first, [context.whole[t.id] for t in targets], by_hand=by_hand)]

    def _own_nodes(self, cluster: Resource) -> list[int]:
        """The nodes that a cluster declares itself, in the zones that it gives them."""
        zones, place, context = cluster.get("node_zones"), cluster.placement, self.context
        if not isinstance(zones, list) or not zones or place.region is None:
            return []
        service = context.tables.service(place.provider, cluster.type)
        slots = [context.places.zonal_service(place.provider, service, place.region, str(zone)) for zone in zones]
        node = context.gates.all(slots, "all zones of its nodes")
        return [context.gates.state(context.whole[cluster.id], node, cluster.span_of("node_zones"))]

    def _database_members(self, cluster: Resource, members: list[Resource]) -> list[int]:
        context, gates = self.context, self.context.gates
        if not members:
            return []
        if any(member.get("zone_redundant") is True for member in members):
            return [context.group(members, [context.whole[m.id] for m in members], "all of its members")]
        nodes = [self._member_alone(m, len(members)) for m in members]
        for member, node in zip(members, nodes, strict=True):
            gates.state(context.whole[cluster.id], node, member.span)
        return [context.group(members, nodes, "all of its members")]

    def _member_alone(self, member: Resource, count: int) -> int:
        """A member whose zone the provider picks among several is put apart from the other members by it."""
        context = self.context
        place = member.placement
        pinned = member.declaration.attributes.get("availability_zone") is not None
        several = isinstance(place.zones, tuple) and len(place.zones) > 1
        if count < 2 or pinned or not several:
            return context.whole[member.id]
        zones = place.zones if isinstance(place.zones, tuple) else ()
        service = context.tables.service(place.provider, member.type)
        return context.gates.all(
            [context.places.zonal_service(place.provider, service, place.region, zone) for zone in zones],
            "all of its zones",
        )

    def _administrator(self, key: Resource) -> list[int]:
        """The one principal who certainly alone decides what others may do with a key."""
        sole, context = sole_administrator(key, self.context.graph), self.context
        if sole is None:
            return []
        domain = f"administrator:{sole.name}"
        if domain not in self.administrators:
            self.administrators[domain] = context.gates.leaf(Label(domain))
        return [context.gates.state(context.whole[key.id], self.administrators[domain], sole.span)]

    def _certificate(self, certificate: Resource) -> list[int]:
        """An authority that must revoke, until somebody puts in a certificate of another one."""
        authority = certificate.get("authority")
        gates = self.context.gates
        if not isinstance(authority, str) or authority in ("imported", "private", "self", "self-signed"):
            return []
        node = gates.all((gates.by_hand, self.context.places.other("ca", authority)))
        return [gates.state(self.context.whole[certificate.id], node, certificate.span)]

    def _name_keepers(self, record: Resource) -> list[int]:
        """The registrars of a record's domain, or of a balancer's that answers in a zone, where the files name them."""
        context, found = self.context, []
        named = (context.graph.resources[edge.target] for edge in context.graph.outgoing.get(record.id, ()))
        zones = self.routes.zones(record) if record.kind == "dns_record" else [z for z in named if z.kind == "dns_zone"]
        for zone in zones:
            domain = signature(zone.get("domain"))
            for registration in context.graph.of_kind("domain_registration"):
                registrar = registration.get("registrar")
                if isinstance(registrar, str) and domain and signature(registration.get("domain")) == domain:
                    node = context.places.other("registrar", registrar)
                    found.append(context.gates.state(context.whole[record.id], node, registration.span))
        return found


def _is_kubernetes(resource: Resource) -> bool:
    return resource.kind == "cluster" and resource.get("engine") == "kubernetes"


def maker(graph: Graph, zone_ids: Mapping[str, str] | None = None) -> Maker:
    """Everything that :class:`Maker` needs for a graph, with the nodes of all resources made."""
    gates = Gates()
    tables = catalog()
    result = Maker(Context(graph, gates, Places(gates, tables, dict(zone_ids or {})), tables))
    result.make()
    return result
