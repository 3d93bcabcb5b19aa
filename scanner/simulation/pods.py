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

from scanner.facts.committees import committee_share
from scanner.facts.nodes import cluster_of, eligible_groups, group_name, node_groups
from scanner.facts.quorums import needs_majority
from scanner.facts.volumes import volume_reach
from scanner.facts.workloads import least_pods
from scanner.model.resource import Resource
from scanner.model.value import Unknown
from scanner.simulation.context import Context
from scanner.simulation.places import Place

RUNNING: Final = frozenset({"workload", "batch"})


@dataclass
class Pods:
    """Places what runs in clusters."""

    context: Context

    def standing(self, resource: Resource) -> list[int]:
        """What of places an object of a cluster needs. A cluster of the files is a need of its own and not among it."""
        found = self._cluster(resource)
        if resource.kind in RUNNING:
            found += self._running(resource)
        return found

    def _cluster(self, resource: Resource) -> list[int]:
        """The cluster by its name, and what the configuration says of its place."""
        if cluster_of(resource, self.context.graph) is not None:
            return []
        place, places = resource.placement, self.context.places
        found = [places.other("cluster", place.cluster or _root_of(resource) or "default")]
        if place.provider != "kubernetes" and place.region is not None:
            found.append(places.region(place.provider, place.region))
        if place.account is not None:
            found.append(places.account(place.provider, place.account))
        return found

    # -- zones and node groups ---------------------------------------------------------------------

    def _running(self, workload: Resource) -> list[int]:
        slots = self._slots(workload)
        if not slots:
            return self._somewhere(workload)
        gates, anywhere = self.context.gates, self.context.gates.all(slots, "every node that takes it")
        reach = volume_reach(workload, self.context.graph)
        bound, reason = reach in ("zone", "node"), "where its volumes lie"
        if isinstance(reach, Unknown):
            return [gates.any((anywhere, gates.if_undecided(self._bound(workload, slots), reach.reason or reason)))]
        if bound:
            return [self._bound(workload, slots)]
        if workload.get("unmanaged") is True or workload.get("pinned_host"):
            return [self._one_of(workload, slots)]
        if workload.get("stateful") is True and least_pods(workload, self.context.graph) == 1:
            return [gates.helped(self._one_of(workload, slots), [anywhere], by_hand=True)]
        return [anywhere]

    def _somewhere(self, workload: Resource) -> list[int]:
        """Where no zone is known: what a disk, a node or a single pod binds stands in one zone, whichever it is."""
        reach = volume_reach(workload, self.context.graph)
        alone = least_pods(workload, self.context.graph) == 1
        if not (reach in ("zone", "node") and alone):
            return []
        return [self._one_of(workload, [])]

    def _one_of(self, workload: Resource, slots: Sequence[int]) -> int:
        """One place, not told which, of those where it may run."""
        place, zones = workload.placement, self._zones(workload)
        if len(slots) == 1:
            return slots[0]
        where = self.context.places.zone_among(place.provider, place.region, workload.id, zones)
        return self.context.gates.any((where, self.context.gates.all(slots)))

    def _bound(self, workload: Resource, slots: Sequence[int]) -> int:
        """Pods that cannot leave their zones: as many as there are, or the majority, must stay."""
        gates, pods = self.context.gates, least_pods(workload, self.context.graph)
        count = pods if isinstance(pods, int) else 1
        if count < 2 or len(slots) < 2:
            return self._one_of(workload, slots)
        used = min(count, len(slots))
        share = committee_share(workload, count, used, self.context.graph)
        if share is None:
            share = (used + 1) // 2 if needs_majority(workload) else used
        apart = gates.at_least(share + len(slots) - used, slots, "the zones of its volumes")
        if workload.get("zone_spread") is True:
            if used == len(slots):
                return apart
            fewer = gates.at_least(share, slots)
            return gates.any((apart, gates.if_undecided(fewer, f"in which zones {workload.id} keeps its volumes")))
        together = gates.if_undecided(self._one_of(workload, slots), f"nothing spreads the volumes of {workload.id}")
        return gates.any((apart, together))

    def _zones(self, workload: Resource) -> tuple[Place, ...]:
        zones = workload.placement.zones
        return zones if isinstance(zones, tuple) else ()

    def _slots(self, workload: Resource) -> list[int]:
        """One node for each zone in which it may run: it fails when the zone does, or all groups of nodes there."""
        context, zones = self.context, self._zones(workload)
        cluster = cluster_of(workload, context.graph)
        groups = eligible_groups(workload, node_groups(cluster, context.graph)) if cluster is not None else []
        if not zones:
            return [context.whole[group.id] for group in groups]
        place = workload.placement
        slots = []
        for zone in zones:
            there = [g for g in groups if not isinstance(g.placement.zones, tuple) or zone in g.placement.zones]
            if groups and not there:
                continue
            nodes = [context.places.other("node-group", group_name(g, context.graph)) for g in there]
            zone_node = context.places.zone(place.provider, place.region, zone)
            slot = context.gates.any((zone_node, context.gates.all(nodes, "all groups of nodes there")))
            slots.append(context.gates.state(slot, zone_node, workload.span_of("pinned_zones")))
        return slots


def _root_of(resource: Resource) -> str:
    root = resource.declaration.root
    return "" if root == "." else root
