"""Where the pods of a workload can run, as nodes of the structure.

Pods of Deployments and DaemonSets are made again on any node that takes them, without anybody: one group of nodes in
one zone is enough. A pod that a StatefulSet numbers stays bound to a node that does not answer until a person deletes
one of them (https://kubernetes.io/docs/tasks/run-application/force-delete-stateful-set-pod/); a volume binds it to the
zone of its disk for good; a bare pod is made again by nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from scanner.facts.committees import committee_needs
from scanner.facts.nodes import Nodes, cluster_of, eligible_nodes, in_zone
from scanner.facts.quorums import needs_majority
from scanner.facts.volume_zones import shares_volume, volume_copies, volume_zones
from scanner.facts.volumes import OPERATED, volume_reach
from scanner.facts.workloads import least_pods, members
from scanner.model.resource import Resource
from scanner.model.value import ABSENT, Unknown
from scanner.simulation.context import Context
from scanner.simulation.places import Place

RUNNING: Final = frozenset({"workload", "batch"})


class Slot(Struct, frozen=True):
    """A place that takes pods: its node, its zone where one is known, and the groups of nodes that it has there."""

    node: int
    zone: Place | None
    groups: tuple[int, ...] = ()


@dataclass
class Pods:
    """Places what runs in clusters."""

    context: Context

    def standing(self, resource: Resource) -> list[int]:
        """What of places an object of a cluster needs. A cluster of the files is a need of its own and not among it."""
        clusters = resource.get("clusters")
        if isinstance(clusters, list):
            return [self._any_of(clusters)]
        found = self._cluster(resource)
        if resource.kind in RUNNING or (
            resource.kind in OPERATED and members(resource, self.context.graph) is not ABSENT
        ):
            found += self._running(resource)
        return found

    def _cluster(self, resource: Resource) -> list[int]:
        """The cluster by its name, and what the configuration says of its place."""
        if cluster_of(resource, self.context.graph) is not None:
            return []
        place, places = resource.placement, self.context.places
        declared = self._possible(resource) if place.cluster is None else []
        found = [self._one_cluster(declared)] if declared else []
        if not declared:
            found.append(places.other("cluster", place.cluster or _root_of(resource) or "default"))
        if place.provider != "kubernetes" and place.region is not None:
            found.append(places.region(place.provider, place.region))
        if place.account is not None:
            found.append(places.account(place.provider, place.account))
        return found

    def _possible(self, resource: Resource) -> list[Resource]:
        """The clusters of the files, several, to one of which an object is applied without anything telling which."""
        region = resource.placement.region
        found = [
            each
            for each in self.context.graph.of_kind("cluster")
            if each.get("engine") == "kubernetes" and each.declaration.mode == "managed"
        ]
        return [each for each in found if region is None or each.placement.region == region] if len(found) > 1 else []

    def _one_cluster(self, clusters: Sequence[Resource]) -> int:
        gates, nodes = self.context.gates, [self.context.whole[each.id] for each in clusters]
        reason = f"in which of {len(nodes)} clusters it runs"
        return gates.any((gates.all(nodes), gates.if_undecided(gates.any(nodes), reason)))

    def _any_of(self, clusters: Sequence[str]) -> int:
        """Of several clusters that all run it one is enough; where in it is not looked at."""
        whole, places = self.context.whole, self.context.places
        nodes = [whole[c] if c in whole else places.other("cluster", c) for c in clusters]
        return self.context.gates.all(nodes, "all clusters that run it")

    # -- zones and node groups ---------------------------------------------------------------------

    def _running(self, workload: Resource) -> list[int]:
        slots = self._slots(workload)
        if not slots:
            return self._somewhere(workload)
        gates, anywhere = self.context.gates, self._anywhere(workload, slots)
        reach = volume_reach(workload, self.context.graph)
        if isinstance(reach, Unknown):
            reason = reach.reason or "where its volumes lie"
            return [gates.any((anywhere, gates.if_undecided(self._bound(workload, slots, "zone"), reason)))]
        if reach in ("zone", "node"):
            return [self._bound(workload, slots, reach)]
        if workload.get("unmanaged") is True or workload.get("pinned_host") is not ABSENT:
            return [self._on_one_node(workload, slots)]
        if workload.get("stateful") is True:
            hung = self._on_one_node(workload, slots)
            lasting = needs_majority(workload) and least_pods(workload, self.context.graph) != 1
            return [gates.any((anywhere, hung if lasting else gates.helped(hung, [anywhere], by_hand=True)))]
        return [anywhere]

    def _anywhere(self, workload: Resource, slots: Sequence[Slot]) -> int:
        """Every node that takes it, or all the zones that have a copy of its volumes."""
        gates, nodes = self.context.gates, [slot.node for slot in slots]
        every = gates.all(nodes, "every node that takes it")
        copies = volume_copies(workload, self.context.graph)
        if copies is None or copies >= len(nodes):
            return every
        reason = f"in which {copies} zones the volumes of {workload.id} are kept"
        return gates.any((every, gates.if_undecided(gates.at_least(copies, nodes), reason)))

    def _somewhere(self, workload: Resource) -> list[int]:
        """Where no zone is known: what a disk, a node or a single pod binds stands in one zone, whichever it is."""
        reach = volume_reach(workload, self.context.graph)
        alone = members(workload, self.context.graph) == 1
        if not (reach in ("zone", "node") and alone):
            return []
        place = workload.placement
        return [self.context.places.zone_among(place.provider, place.region, workload.id, self._zones(workload))]

    def _bound(self, workload: Resource, slots: Sequence[Slot], reach: str) -> int:
        """Pods that cannot leave the zones, or the nodes, of their volumes.

        With the disk of a zone a stateful pod whose node is gone hangs until a person deletes it; then another group of
        nodes in that zone will do.
        """
        left, gates = self._left(workload, slots), self.context.gates
        if reach == "node":
            return self._on_one_node(workload, slots)
        if workload.get("stateful") is True:
            return gates.any((left, gates.helped(self._on_one_node(workload, slots), [left], by_hand=True)))
        return left

    def _on_one_node(self, workload: Resource, slots: Sequence[Slot]) -> int:
        """Pods that stay on their nodes, of whichever group in their zones: perhaps of one that is lost."""
        gates, left = self.context.gates, self._left(workload, slots)
        if all(len(slot.groups) < 2 for slot in slots):
            return left
        worst = [Slot(gates.any((slot.node, *slot.groups)), slot.zone) for slot in slots]
        reason = f"on nodes of which group {workload.id} runs"
        return gates.any((left, gates.if_undecided(self._left(workload, worst), reason)))

    def _left(self, workload: Resource, slots: Sequence[Slot]) -> int:
        """Pods that are made again in no other zone: one of them must be left, of a majority system the majority."""
        gates, nodes = self.context.gates, [slot.node for slot in slots]
        pods = members(workload, self.context.graph)
        if len(nodes) == 1:
            return nodes[0]
        if not isinstance(pods, int) or pods < 2 or shares_volume(workload):
            return self._one_of(workload, slots)
        if True not in (workload.get("zone_spread"), workload.get("zone_redundant")):
            together = gates.if_undecided(gates.any(nodes), f"nothing spreads the pods of {workload.id} over zones")
            return gates.any((gates.all(nodes), together))
        needed = committee_needs(workload, pods, self.context.graph) or (
            pods // 2 + 1 if needs_majority(workload) else 1
        )
        sure, perhaps = _fatal(pods, needed, len(nodes))
        apart = gates.at_least(sure, nodes, "the zones of its pods")
        fewer = gates.if_undecided(gates.at_least(perhaps, nodes), f"in which zones the pods of {workload.id} stand")
        return gates.any((apart, fewer)) if perhaps < sure else apart

    def _one_of(self, workload: Resource, slots: Sequence[Slot]) -> int:
        """One place, not told which, of those where it may run."""
        place, gates, nodes = workload.placement, self.context.gates, [slot.node for slot in slots]
        zones = tuple(slot.zone for slot in slots if slot.zone is not None)
        where = self.context.places.zone_among(place.provider, place.region, workload.id, zones)
        anyone = gates.if_undecided(gates.any(nodes), f"in which zone {workload.id} stands")
        return gates.any((where, gates.all(nodes), anyone))

    def _zones(self, workload: Resource) -> tuple[Place, ...]:
        zones = workload.placement.zones
        return zones if isinstance(zones, tuple) else ()

    def _slots(self, workload: Resource) -> list[Slot]:
        """One place for each zone in which it may run: it fails when the zone does, or all groups of nodes there."""
        context = self.context
        cluster = cluster_of(workload, context.graph)
        groups = eligible_nodes(workload, cluster, context.graph) if cluster is not None else []
        if not self._zones(workload):
            return [Slot(self._whole(group), None, (self._group(group),)) for group in groups]
        place = workload.placement
        allowed = volume_zones(workload, context.graph)
        slots = []
        for zone in self._zones(workload):
            there = [group for group in groups if group.zones is None or zone in group.zones]
            if (groups and not there) or in_zone(workload, zone) is False or (allowed and zone not in allowed):
                continue
            nodes = tuple(self._group(group) for group in there)
            zone_node = context.places.zone(place.provider, place.region, zone)
            slot = context.gates.any((zone_node, context.gates.all(nodes, "all groups of nodes there")))
            context.gates.state(slot, zone_node, workload.span_of("pinned_zones"))
            slots.append(Slot(slot, zone, nodes))
        return slots

    def _group(self, group: Nodes) -> int:
        return self.context.places.other("node-group", group.name)

    def _whole(self, group: Nodes) -> int:
        """A group of nodes of which no zone is known, with all that it needs."""
        return self.context.whole[group.id] if group.id else self._group(group)


def _fatal(pods: int, needed: int, zones: int) -> tuple[int, int]:
    """How many lost zones leave too few of evenly spread pods: for certain, and if they are the fullest ones."""
    each, more = divmod(pods, zones)
    lost = range(1, zones + 1)
    sure = next(k for k in lost if pods - k * each - max(0, k - (zones - more)) < needed)
    perhaps = next(k for k in lost if pods - k * each - min(k, more) < needed)
    return sure, perhaps


def _root_of(resource: Resource) -> str:
    """The root that declares an object among several; empty for the only one, which has no name of its own."""
    root = resource.declaration.root
    return root if root != "." and resource.id.startswith(f"{root}#") else ""
