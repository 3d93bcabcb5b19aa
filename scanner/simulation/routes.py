"""How requests travel: names, delivery networks, balancers and what stands behind them, as groups of ways.

Each front has routes. Different routes do different work, so a front by itself needs them all; a service that names a
front and what is behind it needs only the routes that lead there (:meth:`Routes.toward`). Within a route, targets stand
in for each other: by themselves where health is watched, else by the hand of a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from msgspec import Struct

from scanner.facts.names import owner_of_vendor
from scanner.facts.quorums import needs_majority
from scanner.graph.index import plain_path
from scanner.model.resource import Edge, EdgeKind, Resource
from scanner.model.span import Span
from scanner.model.value import ABSENT, Truth, Unknown, Value
from scanner.simulation.context import FRONTS, SERVERS, Context
from scanner.simulation.origins import origin_groups, origin_ids, used_origins

Mode = Literal["any", "hand", "majority"]

_LEADING: Final = ("A", "AAAA", "CNAME", "ALIAS", "ANAME")
_JOINT: Final = frozenset({"target_group", "global_balancer", "address", "endpoint"})
"""Fronts whose targets all do the same work."""


class Route(Struct, frozen=True):
    """One kind of requests of a front, and who answers it: ``any`` one, a ``majority``, or one by ``hand``."""

    targets: tuple[str, ...]
    mode: Mode = "any"


@dataclass(slots=True)
class Routes:
    """The routes of every front, found once, and the nodes that follow from them."""

    context: Context
    routes: dict[str, tuple[Route, ...]] = field(default_factory=dict)
    _needs: dict[str, list[int]] = field(default_factory=dict)
    _ways: dict[tuple[str, str], int] = field(default_factory=dict)
    _reach: dict[str, frozenset[str]] = field(default_factory=dict)
    _spans: tuple[str, Mapping[str, Span]] = ("", {})
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def find(self) -> None:
        """Find the routes of all fronts and which records share a name."""
        for resource in self.context.graph.resources.values():
            if resource.kind in FRONTS:
                self.routes[resource.id] = tuple(self._of(resource))
        self._find_names()

    # -- what leads where --------------------------------------------------------------------------

    def _of(self, front: Resource) -> Iterator[Route]:
        edges = [edge for edge in self.context.graph.outgoing.get(front.id, ()) if self.leads(front, edge)]
        if front.kind == "dns_record":
            yield from self._of_record(front, edges)
        elif front.kind == "cdn":
            yield from self._of_cdn(front, edges)
        elif front.kind in _JOINT:
            targets = tuple(dict.fromkeys(target for edge in edges for target in self._answering(edge.target)))
            if targets:
                yield Route(targets, self._group_mode(front, targets))
        else:
            yield from self._by_work(front, edges)

    def leads(self, front: Resource, edge: Edge) -> bool:
        """Whether an edge of a front sends requests on. A listener names its balancer, which it does not lead to."""
        target = self.context.graph.resources[edge.target]
        if edge.kind not in (EdgeKind.RUNTIME, EdgeKind.MEMBERSHIP) or edge.target == front.id:
            return False
        if front.kind == "listener" and target.kind in ("load_balancer", "listener"):
            return plain_path(edge.path).startswith(("url_map", "target"))
        if front.kind == "load_balancer" and target.kind == "address":
            return False
        if target.kind == "other":
            return edge.kind is EdgeKind.MEMBERSHIP and bool(self.context.graph.referrers(target, *SERVERS))
        served = target.kind in FRONTS or target.kind in SERVERS or target.kind in ("cluster", "cache", "database")
        return served or (
            target.kind == "object_store" and front.kind in ("cdn", "dns_record", "target_group", "endpoint", "gateway")
        )

    def _answering(self, name: str) -> list[str]:
        """Who answers in the end: for an interface of a server's, that server."""
        target = self.context.graph.resources[name]
        if target.kind != "other":
            return [name]
        return [server.id for server in self.context.graph.referrers(target, *SERVERS)]

    def _by_work(self, front: Resource, edges: list[Edge]) -> Iterator[Route]:
        """Balancers, listeners and gateways: each further front is work of its own, servers named directly share it."""
        servers: dict[str, None] = {}
        for target in dict.fromkeys(target for edge in edges for target in self._answering(edge.target)):
            if front.kind == "load_balancer" and self.context.graph.resources[target].kind in SERVERS:
                servers[target] = None
            else:
                yield Route((target,))
        if servers:
            yield Route(tuple(servers), self._group_mode(front, tuple(servers)))

    def _group_mode(self, front: Resource, targets: tuple[str, ...]) -> Mode:
        if len(targets) > 2 and all(self._is_quorum(target) for target in targets):
            return "majority"
        resources = (front, *(self.context.graph.resources[target] for target in targets))
        return "hand" if any(resource.get("health_check") is False for resource in resources) else "any"

    def _is_quorum(self, name: str) -> bool:
        return needs_majority(self.context.graph.resources[name])

    def _of_record(self, record: Resource, edges: list[Edge]) -> Iterator[Route]:
        targets = tuple(
            dict.fromkeys(e.target for e in edges if self.context.graph.resources[e.target].kind != "dns_zone")
        )
        if not targets:
            return
        if len(targets) > 2 and all(self._is_quorum(target) for target in targets):
            yield Route(targets, "majority")
            return
        yield Route(targets, "any" if len(targets) == 1 or watches(record) is True else "hand")

    def _of_cdn(self, cdn: Resource, edges: list[Edge]) -> Iterator[Route]:
        """Origins in a group with failover stand in for each other; other origins are work of their own."""
        if cdn.get("origin_failover") is True and cdn.type != "aws_cloudfront_distribution":
            yield from (Route(t) for t in [tuple(dict.fromkeys(edge.target for edge in edges))] if t)
            return
        names = origin_ids(cdn)
        by_origin: dict[str, dict[str, None]] = {}
        for edge in edges:
            head = edge.path.split(".", 1)[0]
            by_origin.setdefault(names.get(head, edge.target), {})[edge.target] = None
        grouped: set[str] = set()
        for group in origin_groups(cdn):
            grouped.update(group)
            targets = tuple(dict.fromkeys(t for origin in group for t in by_origin.get(origin, ())))
            if targets and all(origin in by_origin for origin in group):
                yield Route(targets)
        used = used_origins(cdn)
        for origin, found in by_origin.items():
            if origin not in grouped and (used is None or origin in used):
                yield from (Route((target,)) for target in found)

    # -- names -------------------------------------------------------------------------------------

    def _find_names(self) -> None:
        """Records of one name, over all hosts of it."""
        groups: dict[tuple[str, ...], list[str]] = {}
        sixes: list[tuple[tuple[str, ...], str]] = []  # AAAA records answer beside the A records of their name
        for record in self.context.graph.of_kind("dns_record"):
            kind = record.get("record_type")
            if record.declaration.mode == "managed" and (kind in _LEADING or kind is ABSENT):
                key: tuple[str, ...] = (record.declaration.root, self._full_name(record))
                if kind == "AAAA":
                    sixes.append((key, record.id))
                else:
                    groups.setdefault(key, []).append(record.id)
        for place, six in sixes:
            apart = place if place not in groups else (*place, "AAAA")
            groups.setdefault(apart, []).append(six)
        for balancer in self.context.graph.of_kind("global_balancer"):
            name = balancer.declaration.attributes.get("name")
            if balancer.type.startswith("cloudflare_load_balancer") and isinstance(name, (str, Unknown)):
                key = (balancer.declaration.root, signature(name))
                if key in groups:
                    groups[key].append(balancer.id)
        for found in groups.values():
            for name in found:
                self.names[name] = tuple(found)

    def _full_name(self, record: Resource) -> str:
        name = signature(record.get("domain"))
        for zone in self.zones(record):
            domain = signature(zone.get("domain"))
            if name in ("@", "", domain):
                return domain
            return name if name.endswith(domain) else f"{name}.{domain}"
        return name

    def zones(self, record: Resource) -> list[Resource]:
        """The zones in the files that a record belongs to."""
        return [zone for zone in self.context.graph.targets(record, "zone") if zone.kind == "dns_zone"]

    def name_node(self, record: Resource) -> int:
        """What makes a name stop answering: all hosts of it, each with the records that it holds."""
        hosts: dict[str, list[str]] = {}
        for other in self.names.get(record.id, (record.id,)):
            hosts.setdefault(self._host(self.context.graph.resources[other]), []).append(other)
        return self.context.gates.all([self._at_host(records) for records in hosts.values()], "every host of the name")

    def _host(self, record: Resource) -> str:
        if record.kind != "dns_record":
            return record.placement.provider
        vendor = next((z.get("vendor") for z in self.zones(record)), record.placement.provider)
        return owner_of_vendor(vendor) if isinstance(vendor, str) else record.placement.provider

    def _at_host(self, records: list[str]) -> int:
        """The records of a name at one host: a failed one is left out where it is watched, else by hand."""
        gates = self.context.gates
        own = [self.context.own.get(name, self.context.whole[name]) for name in records]
        if len(own) == 1:
            return own[0]
        found = [self.context.graph.resources[name] for name in records]
        place = found[0].placement
        service = self.context.tables.service(place.provider, found[0].type)
        stuck = gates.any((gates.by_hand, self.context.places.control(place.provider, service, None)))
        children = [gates.all(own, "all answers of the name")]
        for record, node in zip(found, own, strict=True):
            taken_out = leaves(record)
            kept = gates.all((stuck, node), "an answer that only people take out")
            if isinstance(taken_out, Unknown):
                children.append(gates.if_undecided(kept, taken_out.reason))
            elif not taken_out:
                children.append(kept)
        return gates.any(children)

    # -- nodes -------------------------------------------------------------------------------------

    def needs(self, front: Resource, nodes: list[int]) -> list[int]:
        """All that a front needs: ``nodes`` (its place, certificate, …) and every one of its routes."""
        self._needs[front.id] = nodes
        return [*nodes, *(self._route(front, route) for route in self.routes.get(front.id, ()))]

    def _route(self, front: Resource, route: Route) -> int:
        context = self.context
        members = [context.graph.resources[target] for target in route.targets]
        if front.kind == "load_balancer" and self._keeps_zones(front):
            return self._within_zones(front, [context.whole[m.id] for m in members], members)
        if len(members) == 1:
            node = context.needed(members[0]) if front.kind != "target_group" else context.whole[members[0].id]
            return self._stated(front, members[0], node)
        return self._grouped(route, members, [self._stated(front, m, context.whole[m.id]) for m in members])

    def _grouped(self, route: Route, members: list[Resource], nodes: list[int]) -> int:
        gates = self.context.gates
        if route.mode == "hand":
            return gates.one_by_hand(nodes)
        if route.mode == "majority":
            return gates.at_least((len(nodes) + 1) // 2, nodes, "the majority of its members")
        return self.context.group(members, nodes, "all targets")

    def _stated(self, front: Resource, target: Resource, node: int) -> int:
        span = self._written(front.id).get(target.id)
        if span is not None:
            self.context.gates.state(self.context.whole[front.id], node, span)
        return node

    def _written(self, front: str) -> Mapping[str, Span]:
        """Where a front first names each of its targets; kept for the last front, whose targets are asked in turn."""
        if self._spans[0] != front:
            edges = self.context.graph.outgoing.get(front, ())
            self._spans = front, {edge.target: edge.span for edge in reversed(edges)}
        return self._spans[1]

    def _keeps_zones(self, balancer: Resource) -> bool:
        crossing = balancer.get("cross_zone")
        groups = [self.context.graph.resources[t] for route in self.routes[balancer.id] for t in route.targets]
        overrides = [
            g.get("cross_zone") for g in groups if g.kind == "target_group" and g.get("cross_zone") is not ABSENT
        ]
        zones = balancer.placement.zones
        return (
            crossing is False
            and not any(o is not False for o in overrides)
            and isinstance(zones, tuple)
            and len(zones) > 0
        )

    def _within_zones(self, balancer: Resource, whole: list[int], members: list[Resource]) -> int:
        """A front end of a zone reaches targets of that zone only: some zone must hold both."""
        gates, places, place = self.context.gates, self.context.places, balancer.placement
        servers = [s for member in members for s in self._servers(member)]
        zones = place.zones if isinstance(place.zones, tuple) else ()
        standing = [s.placement.zones for s in servers]
        if not servers or any(
            isinstance(z, Unknown) or not z or any(isinstance(i, Unknown) for i in z) for z in standing
        ):
            return gates.all(whole, "all targets")
        ways = []
        for zone in zones:
            here = [s for s in servers if isinstance(s.placement.zones, tuple) and zone in s.placement.zones]
            if here:
                inside = self.context.group(here, [self.context.whole[s.id] for s in here], "all targets of the zone")
                ways.append(gates.any((places.zone(place.provider, place.region, zone), inside)))
        return (
            gates.all(ways, "all zones that hold both a front end and a target")
            if ways
            else gates.all(whole, "all targets")
        )

    def _servers(self, resource: Resource, hops: int = 4) -> Iterator[Resource]:
        if resource.kind in SERVERS:
            yield resource
        elif hops:
            for route in self.routes.get(resource.id, ()):
                for target in route.targets:
                    yield from self._servers(self.context.graph.resources[target], hops - 1)

    # -- ways through ------------------------------------------------------------------------------

    def reach(self, front: str) -> frozenset[str]:
        """All resources that requests to a front may come to, itself included."""
        if front not in self._reach:
            seen = {front: None}
            stack = [front]
            while stack:
                for route in self.routes.get(stack.pop(), ()):
                    for target in route.targets:
                        if target not in seen:
                            seen[target] = None
                            stack.append(target)
            self._reach[front] = frozenset(seen)
        return self._reach[front]

    def toward(self, front: str, goal: str) -> int:
        """What makes requests to a front no longer reach a resource behind it; the resource's own failure included."""
        if front == goal:
            return self.context.whole[goal]
        key = (front, goal)
        if key in self._ways:
            return self._ways[key]
        self._ways[key] = self.context.whole[front]  # on a cycle, the front by itself
        context = self.context
        resource = context.graph.resources[front]
        if len(self.names.get(front, ())) > 1:
            return self._ways[key]  # a name of several records is one thing, wherever they lead
        node = context.gates.reserve(context.label(resource))
        ways = []
        for route in self.routes.get(front, ()):
            leading = [target for target in route.targets if goal in self.reach(target)]
            if leading:
                members = [context.graph.resources[target] for target in leading]
                ways.append(self._grouped(route, members, [self._step(node, front, t, goal) for t in leading]))
        needs = self._needs.get(front, [])
        for need in needs:
            if (span := context.gates.stated.get((context.whole[front], need))) is not None:
                context.gates.state(node, need, span)
        context.gates.define(node, [*needs, context.gates.all(ways, "all ways")])
        self._ways[key] = node
        return node

    def _step(self, node: int, front: str, target: str, goal: str) -> int:
        way = self.toward(target, goal)
        for edge in self.context.graph.outgoing.get(front, ()):
            if edge.target == target:
                return self.context.gates.state(node, way, edge.span)
        return way


def watches(record: Resource) -> Truth:
    """Whether a record's answer is taken out when what it leads to is unhealthy."""
    if record.kind == "global_balancer":
        return True
    if record.get("routing") == "failover" and record.type == "google_dns_record_set":
        return True
    check, follows = record.get("health_check"), record.get("evaluate_target_health")
    if check not in (ABSENT, None, "") and not (isinstance(check, Unknown) and check.ref is None):
        return True
    if isinstance(follows, Unknown):
        return follows
    return check if isinstance(check, Unknown) else follows is True


def leaves(record: Resource) -> Truth:
    """Whether a failed record makes room for the others of its name; one of last resort is in nobody's way."""
    switched = record.kind != "dns_record" or record.get("routing") not in ("simple", ABSENT)
    if not switched:
        return False
    policy = record.declaration.attributes.get("failover_routing_policy")
    blocks = policy if isinstance(policy, list) else [policy]
    if any(isinstance(block, dict) and block.get("type") == "SECONDARY" for block in blocks):
        return True
    return watches(record)


def signature(value: Value) -> str:
    """A name as text, with what it is read from in place of unknown pieces: equal texts are equal names."""
    if isinstance(value, str):
        return value.rstrip(".").lower()
    if isinstance(value, Unknown):
        if value.parts:
            return "".join(
                signature(part) if isinstance(part, Unknown) else part.lower() for part in value.parts
            ).rstrip(".")
        return "${" + (str(value.ref) if value.ref else value.reason) + "}"
    return ""
