"""Where a resource stands, as nodes: its account, its service in a region or zone, and the way out of its subnets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from msgspec.structs import replace

from scanner.catalog.load import Entry
from scanner.catalog.places import region_of
from scanner.catalog.readers import lookup
from scanner.facts.estate import CLOUDS
from scanner.facts.nodes import cluster_name, group_name
from scanner.facts.place import in_every_zone
from scanner.facts.quorums import needs_majority
from scanner.facts.traffic import subnets_through
from scanner.facts.zones import in_one_zone, stands_apart, zones_matter
from scanner.graph.graph import Graph
from scanner.model.compose import PLATFORM as COMPOSE
from scanner.model.objects import stands_in_cluster
from scanner.model.resource import EdgeKind, Resource, Scope
from scanner.model.span import Span
from scanner.model.value import ABSENT, Ref, Unknown
from scanner.simulation.context import Context
from scanner.simulation.hosts import Hosts
from scanner.simulation.places import EDGE_VENDORS, Place
from scanner.simulation.pods import Pods

_NOWHERE: Final = frozenset(
    {
        "task",
        "other",
        "listener",
        "glue",
        "target_group",
        "health_check",
        "certificate",
        "certificate_authority",
        "replication",
        "config",
        "autoscaler",
        "disruption_budget",
        "storage_class",
        "admission",
    }
)
"""Kinds that describe something and run nowhere themselves."""


_SEVERAL: Final = 2

_BOUND_BY: Final = ("pinned_zones", "pinned_host", "node_pool", "node_selector")
"""What of a workload tells on which nodes it runs, most telling first."""


@dataclass
class Stands:
    """Places resources. Keeps the way out of each subnet, which is found once."""

    context: Context

    def __post_init__(self) -> None:
        self._pods = Pods(self.context)
        self._hosts = Hosts(self.context)

    def standing(self, resource: Resource, *, calls_out: bool) -> list[int]:
        """What of places a resource needs: all of the nodes. ``calls_out`` says that it calls hosts outside."""
        if resource.kind in _NOWHERE:
            return []
        if stands_in_cluster(resource.declaration) and resource.kind not in ("cluster", "node_group"):
            return self._pods.standing(resource)
        if resource.platform == COMPOSE:
            return [] if resource.kind == "stack" else self._hosts.standing(resource)
        place, places = resource.placement, self.context.places
        if place.provider in EDGE_VENDORS:
            return [places.provider(place.provider)]
        if place.provider not in CLOUDS:
            return self._elsewhere(resource)
        service = self.context.tables.service(place.provider, resource.type)
        found = [self._account(resource), self._serving(resource, service, calls_out)]
        if resource.kind == "cluster" and resource.get("engine") == "kubernetes":
            found.append(places.other("cluster", cluster_name(resource)))
        if resource.kind == "node_group" and _is_of_kubernetes(resource, self.context.graph):
            found.append(places.other("node-group", group_name(resource, self.context.graph)))
        return found + ([places.other("cluster", place.cluster)] if place.cluster else [])

    def _elsewhere(self, resource: Resource) -> list[int]:
        """A cluster's resource stands in the cluster; what a vendor runs, with the vendor; a tool's, nowhere."""
        provider = resource.placement.provider
        if provider == "kubernetes":
            return self._in_cluster(resource)
        if resource.kind == "saas" or provider not in (
            "",
            "terraform",
            "local",
            "null",
            "random",
            "tls",
            "time",
            "external",
        ):
            vendor = resource.get("vendor")
            return [self.context.places.other("owner", vendor if isinstance(vendor, str) else provider)]
        return []

    def _in_cluster(self, resource: Resource) -> list[int]:
        host = lookup(resource.declaration.provider.attributes, "host")
        for target in self.context.graph.meant(host) if host is not ABSENT else ():
            if target.kind == "cluster":
                return [self.context.whole[target.id]]
        name = resource.placement.cluster or root_of(resource) or "default"
        return [self.context.places.other("cluster", name)]

    def _account(self, resource: Resource) -> int:
        place = resource.placement
        account: Place | None = place.account
        if account is None:
            root = root_of(resource)
            ref = Ref(root, "account") if root else Ref("account")
            account = Unknown(f"the account that {root or 'this root'} is applied with", None, ref)
        return self.context.places.account(place.provider, account)

    def region_node(self, resource: Resource, region: Place | None = None) -> int:
        """The resource's service in another region (or its own), with its account."""
        place = resource.placement
        if stands_in_cluster(resource.declaration):
            return self.context.gates.any(self._pods.standing(resource)[:1])
        service = self.context.tables.service(place.provider, resource.type)
        where = region if region is not None else place.region
        return self.context.gates.any(
            (self._account(resource), self.context.places.service(place.provider, service, where))
        )

    def anywhere(self, resource: Resource) -> int:
        """The resource's provider and account, in a region that the files do not name and that is not its own."""
        return self.context.gates.any(
            (self._account(resource), self.context.places.provider(resource.placement.provider))
        )

    def _serving(self, resource: Resource, service: str, calls_out: bool) -> int:
        place, places = resource.placement, self.context.places
        if place.scope is Scope.GLOBAL or place.region is None:
            return places.service(place.provider, service, None)
        if place.scope is Scope.MULTI_REGION:
            return self._several_regions(resource, service)
        if place.scope is Scope.REGIONAL and not self._in_subnets(resource):
            return places.service(place.provider, service, place.region)
        return self._in_zones(resource, service, calls_out)

    def _in_subnets(self, resource: Resource) -> bool:
        """Whether a thing without a zone of its own is attached to subnets of certain zones (a function in a VPC)."""
        zones = resource.placement.zones
        return resource.kind == "function" and (isinstance(zones, Unknown) or bool(zones))

    def _several_regions(self, resource: Resource, service: str) -> int:
        place, places = resource.placement, self.context.places
        regions: Sequence[Place] = ()
        if isinstance(place.region, str):
            regions = self.context.tables.multi_regions.get(place.provider, {}).get(place.region, ())
        listed = resource.get("replica_regions")
        if isinstance(listed, list) and listed:
            regions = [
                region_of(r, place.provider) if isinstance(r, str) else r
                for r in listed
                if isinstance(r, (str, Unknown))
            ]
        if not regions:
            return places.service(place.provider, service, None)
        return self.context.gates.all([places.service(place.provider, service, region) for region in regions])

    # -- zones -------------------------------------------------------------------------------------

    def _in_zones(self, resource: Resource, service: str, calls_out: bool) -> int:
        place, places, gates = resource.placement, self.context.places, self.context.gates
        regional = places.service(place.provider, service, place.region)
        if zones_matter(resource, self.context.graph) is False and not resource.placement.zones:
            return gates.any((regional, *self._ways_out(resource, None, calls_out)))
        zones = place.zones if isinstance(place.zones, tuple) else ()
        if self._in_every_zone(resource) or self._in_zones_not_told(resource):
            return gates.any((regional, *self._ways_out(resource, None, calls_out)))
        alone = in_one_zone(resource)
        slots = [
            self._slot(resource, service, _told_apart(zone, resource, number), calls_out)
            for number, zone in enumerate(zones)
        ]
        if len(zones) == 1 and not (alone is False and self._provider_spreads(resource)):
            return slots[0]
        if len(slots) > 1 and self._waits_for_people(resource):
            return gates.any((regional, gates.helped(slots[0], slots[1:], by_hand=True)))
        spread = self._spread(resource, slots) if slots else regional
        if alone is False:
            if isinstance(place.zones, Unknown):
                somewhere = places.zone_among(place.provider, place.region, resource.id, ())
                return gates.any((regional, gates.if_undecided(somewhere, place.zones.reason)))
            return spread
        if alone is ABSENT and not isinstance(place.zones, Unknown):
            return spread
        somewhere = gates.any((places.zone_among(place.provider, place.region, resource.id, zones), regional))
        if isinstance(alone, Unknown):
            return gates.any((spread, gates.if_undecided(somewhere, alone.reason)))
        return gates.any((somewhere, *self._ways_out(resource, None, calls_out)))

    @staticmethod
    def _in_every_zone(resource: Resource) -> bool:
        """Whether it spreads over the whole list of its region's zones, which are several."""
        spreads = resource.get("zone_redundant") is True or resource.kind == "compute_group"
        return spreads and in_every_zone(resource)

    @staticmethod
    def _in_zones_not_told(resource: Resource) -> bool:
        """Whether nothing tells its zones but that they are several."""
        zones = resource.placement.zones
        told = isinstance(zones, tuple) and (len(zones) < _SEVERAL or any(isinstance(zone, str) for zone in zones))
        return not told and stands_apart(resource)

    @staticmethod
    def _provider_spreads(resource: Resource) -> bool:
        """Whether one zone that is named is only the primary's (Cloud SQL, Azure databases), the standby elsewhere."""
        return resource.kind in ("database", "cache") and resource.get("zone_redundant") is True

    @staticmethod
    def _waits_for_people(resource: Resource) -> bool:
        """Whether a cache has replicas, the first listed zone holding the primary, and nothing that fails over."""
        copies = resource.get("replicas")
        failing_over = resource.get("automatic_failover") is False
        return resource.kind == "cache" and failing_over and isinstance(copies, int) and copies > 0

    def _spread(self, resource: Resource, slots: Sequence[int]) -> int:
        """Any one zone is enough; for what needs a majority of its members, a majority of the zones."""
        gates = self.context.gates
        elected = resource.kind in ("compute_group", "container_service", "workload") and needs_majority(resource)
        if len(slots) > 1 and (elected or (resource.kind == "cluster" and resource.get("majority") is True)):
            return gates.at_least((len(slots) + 1) // 2, slots, "the majority of its zones")
        everywhere = gates.all(slots, "all of its zones")
        copies = self._copies(resource)
        if copies is None or not 1 < copies < len(slots):
            return everywhere
        reason = f"in which {copies} of its {len(slots)} zones {resource.id} stands"
        return gates.any((everywhere, gates.if_undecided(gates.at_least(copies, slots), reason)))

    @staticmethod
    def _copies(resource: Resource) -> int | None:
        """In how many zones a database or cache stands at most, where its provider picks them among more."""
        if resource.kind == "cache":
            replicas = resource.get("replicas")
            return replicas + 1 if isinstance(replicas, int) and not isinstance(replicas, bool) else None
        copies = resource.get("zone_copies") if resource.kind == "database" else None
        return copies if isinstance(copies, int) else None

    def _slot(self, resource: Resource, service: str, zone: Place, calls_out: bool) -> int:
        place, gates = resource.placement, self.context.gates
        node = self.context.places.zonal_service(place.provider, service, place.region, zone)
        slot = gates.any((node, *self._ways_out(resource, zone, calls_out)))
        gates.state(slot, node, self.zone_span(resource))
        return slot

    def zone_span(self, resource: Resource) -> Span:
        """Where a resource's zones are written: its own attribute, or the one that names its subnets."""
        entry = self.context.tables.entry(_native(resource)) or Entry("other")
        for path in (*entry.zones, *entry.zones_from):
            if lookup(resource.declaration.attributes, path) is not ABSENT:
                return resource.span_of(path)
        bound = (name for name in _BOUND_BY if resource.get(name) is not ABSENT)
        return resource.span_of(next(bound, ""))

    # -- the way out -------------------------------------------------------------------------------

    def _ways_out(self, resource: Resource, zone: Place | None, calls_out: bool) -> Iterator[int]:
        """The address translation that a resource's calls pass, in one of its zones or in all of them."""
        if not calls_out:
            return
        for subnet in self._subnets(resource):
            zones = subnet.placement.zones
            if zone is None or not zones or (isinstance(zones, tuple) and zone in zones):
                for nat in self._translators.get(subnet.id, ()):
                    yield self.context.needed(nat)

    def _subnets(self, resource: Resource) -> Iterator[Resource]:
        for edge in self.context.graph.outgoing.get(resource.id, ()):
            target = self.context.graph.resources[edge.target]
            if edge.kind is EdgeKind.PLACEMENT and target.kind == "subnet":
                yield target
            elif target.kind == "other" and resource.kind != "other":  # a network interface of its own
                yield from self._subnets(target)

    @cached_property
    def _translators(self) -> Mapping[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for nat in self.context.graph.of_kind("nat"):
            for subnet in subnets_through(nat, self.context.graph):
                held = found.setdefault(subnet.id, [])
                if nat not in held:
                    held.append(nat)
        return found


def _is_of_kubernetes(group: Resource, graph: Graph) -> bool:
    return any(cluster.get("engine") == "kubernetes" for cluster in graph.targets(group, "cluster"))


def _told_apart(zone: Place, resource: Resource, number: int) -> Place:
    """A zone of which nothing tells what it is, by whose it is and the how manieth."""
    if isinstance(zone, Unknown) and zone.ref is None and not zone.parts:
        return replace(zone, ref=Ref(resource.id, f"zone[{number}]" if number else "zone"))
    return zone


def root_of(resource: Resource) -> str:
    """The root that declares a resource; empty for the scan's base, which has no name of its own."""
    root = resource.declaration.root
    return "" if root == "." else root


def _native(resource: Resource) -> str:
    return f"data.{resource.type}" if resource.declaration.mode == "data" else resource.type
