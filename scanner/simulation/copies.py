"""Spares of what keeps data or keys: replicas, other regions' copies, and backups.

A spare that takes over by itself helps in both readings; promotion, pointing callers elsewhere and restoring take a
person, and the plane that changes things in the place where they happen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from scanner.catalog.places import region_of
from scanner.facts.selections import in_plan
from scanner.graph.index import is_at
from scanner.model.objects import stands_in_cluster
from scanner.model.resource import EdgeKind, Resource, Scope
from scanner.model.value import ABSENT, Unknown, Value
from scanner.simulation.context import STORES, Context
from scanner.simulation.places import Place
from scanner.simulation.stands import Stands

_COPIED: Final = frozenset({*STORES, "key", "hsm", "key_store"})
_REDIRECTING: Final = (
    "azurerm_cosmosdb",
    "mongodbatlas_",
    "cockroach_",
    "astra_",
    "google_spanner",
    "google_firestore",
)
"""Types whose clients follow a failover to another region without anybody."""
_MULTI_ACTIVE: Final = ("aws_dynamodb", "aws_keyspaces", "aws_dsql", "cockroach_", "astra_")
"""Databases that take writes in every region."""
_SOURCE_MARKS: Final = ("master_username", "manage_master_user_password", "master_password", "database_name")
"""Attributes that only the primary of a global cluster is given: others get them from it."""


class Spare(Struct, frozen=True):
    """A node that stands in for another; ``by_hand`` when a person has to switch."""

    node: int
    by_hand: bool


@dataclass(slots=True)
class Copies:
    """Finds the spares of stores and keys."""

    context: Context
    stands: Stands

    def may_have(self, resource: Resource) -> bool:
        """Whether spares are looked for at all."""
        return resource.kind in _COPIED

    def spares(self, resource: Resource) -> list[Spare]:
        """All that can stand in for a store or key, with the plane that a person needs for it."""
        found = [Spare(self._promoted(replica), by_hand=True) for replica in self._replicas(resource)]
        automatic = resource.get("automatic_failover") is True and resource.type.startswith(_REDIRECTING)
        for region in self.other_regions(resource):
            node = self.in_region(resource, region)
            found.append(Spare(node, by_hand=not automatic))
        found.extend(Spare(self.context.whole[t.id], by_hand=True) for t in self._bucket_copies(resource))
        if resource.kind != "key":
            found.extend(Spare(node, by_hand=True) for node in self._restores(resource))
        return found

    def surviving(self, resource: Resource) -> int:
        """Fails when the data itself and every copy of it are out of reach, whoever would bring them back."""
        stored = self._stored(resource)
        family = {r.id: r for r in (*self._replicas(resource), *self._sources(resource), *self._switched_to(resource))}
        copies = [self._stored(other) for other in family.values() if other.id != resource.id]
        copies += [self.in_region(resource, region) for region in self.other_regions(resource)]
        copies += [self._stored(t) for t in self._bucket_copies(resource)]
        copies += [node for other in (resource, *family.values()) for node, _ in self._backups(other)]
        return self.context.gates.all([stored, *copies], f"every copy of {resource.id}")

    def recovery_points(self, vault: Resource) -> int:
        """Fails when a backup vault and all vaults that its plans copy to are out of reach, or can't be opened."""
        plans = self.context.graph.referrers(vault, "backup_plan")
        vaults = {v.id: v for plan in plans for v in self._vaults(plan) if vault in self._vaults(plan)} | {
            vault.id: vault
        }
        kept = [self.context.gates.any((self._stored(v), *self._keys(v))) for v in vaults.values()]
        return self.context.gates.all(kept, f"every copy of {vault.id}")

    def is_server_of_cluster(self, resource: Resource) -> bool:
        """Whether its data is the cluster's: a member only serves it."""
        return resource.get("cluster") is not ABSENT and resource.kind == "database"

    def _sources(self, resource: Resource) -> list[Resource]:
        """What it is a copy of, and what else is copied from there."""
        found = [r for r in self.context.graph.targets(resource, "replica_of") if r.kind == resource.kind]
        if resource.kind == "object_store":
            stores = self.context.graph.referrers(resource, "object_store")
            found += [r for r in stores if resource in self._bucket_copies(r)]
        return found

    def _switched_to(self, resource: Resource) -> list[Resource]:
        """The targets of jobs that replicate it or name it."""
        jobs = self.context.graph.referrers(resource, "replication")
        return [target for job in jobs for target in self.context.graph.targets(job, "target")]

    def _stored(self, resource: Resource) -> int:
        """The place of the data; a cluster's storage outlives its servers."""
        return self.context.gates.any(self.stands.standing(resource, calls_out=False))

    # -- replicas ----------------------------------------------------------------------------------

    def _replicas(self, resource: Resource) -> list[Resource]:
        """Replicas that say what they copy, and the other clusters of its global cluster."""
        found: dict[str, Resource] = {}
        for other in self.context.graph.referrers(resource, resource.kind):
            if other.get("replica_of") is not ABSENT and resource in self.context.graph.targets(other, "replica_of"):
                found[other.id] = other
        for peer in self.peers(resource):
            found[peer.id] = peer
        return list(found.values())

    def peers(self, resource: Resource) -> list[Resource]:
        """The other clusters of the global cluster that it belongs to."""
        groups = [
            self.context.graph.resources[edge.source]
            for edge in self.context.graph.incoming.get(resource.id, ())
            if edge.kind is EdgeKind.MEMBERSHIP
        ]
        wide = [group for group in groups if group.placement.scope is Scope.MULTI_REGION and group.kind == "other"]
        return [
            m
            for group in wide
            for m in self.context.graph.members(group)
            if m.id != resource.id and m.kind == resource.kind
        ]

    def source(self, resource: Resource) -> Resource | None:
        """The cluster of a global cluster that takes writes, when another one than this certainly does."""
        family = [resource, *self.peers(resource)]
        marked = [m for m in family if any(m.declaration.attributes.get(name) is not None for name in _SOURCE_MARKS)]
        return marked[0] if len(marked) == 1 and marked[0].id != resource.id else None

    def _promoted(self, replica: Resource) -> int:
        node = self.context.own.get(replica.id, self.context.whole[replica.id])
        return self.context.gates.any((node, self._control(replica, replica.placement.region)))

    def _control(self, resource: Resource, region: Place | None) -> int:
        if stands_in_cluster(resource.declaration):
            return self.context.gates.never
        provider = resource.placement.provider
        return self.context.places.control(provider, self.context.tables.service(provider, resource.type), region)

    # -- other regions -----------------------------------------------------------------------------

    def other_regions(self, resource: Resource) -> list[Place]:
        """Regions beside its own that hold a copy by the same declaration."""
        if resource.placement.scope in (Scope.MULTI_REGION, Scope.GLOBAL):
            return []
        listed = resource.get("replica_regions")
        if not isinstance(listed, list) or not listed:
            return []
        values: list[Value] = listed
        provider, own = resource.placement.provider, resource.placement.region
        named = [region_of(_region_in(v), provider) if isinstance(v, str) else v for v in values]
        return [place for place in dict.fromkeys(named) if isinstance(place, (str, Unknown)) and place not in (own, "")]

    def in_region(self, resource: Resource, region: Place) -> int:
        """The copy of a store that another region holds."""
        return self.stands.region_node(resource, region)

    def local_to(self, resource: Resource, caller: Resource) -> int | None:
        """The copy in a caller's own region, where the declaration makes one and it is not the first one's region."""
        region = caller.placement.region
        if region is None or region == resource.placement.region:
            return None
        others = self.other_regions(resource)
        if region not in others:
            return self._local_replica(resource, region)
        first = self.context.own.get(resource.id, self.context.whole[resource.id])
        rest = [first, *(self.in_region(resource, o) for o in others if o != region)]
        gates = self.context.gates
        local = self.in_region(resource, region)
        single = resource.kind == "database" and not resource.type.startswith(_MULTI_ACTIVE)
        if single and resource.get("automatic_failover") is not True:  # writes go to the first region
            local = gates.any((local, gates.all((gates.by_hand, first))))
        return gates.helped(local, rest, by_hand=True)

    def _local_replica(self, resource: Resource, region: Place) -> int | None:
        """The replica of a key or secret that has a declaration of its own in a caller's region."""
        if resource.kind not in ("key", "secret"):
            return None
        found = [replica for replica in self._replicas(resource) if replica.placement.region == region]
        return self.context.whole[found[0].id] if found else None

    def _bucket_copies(self, resource: Resource) -> list[Resource]:
        if resource.kind != "object_store":
            return []
        targets = [t for t in self.context.graph.targets(resource, "replica_targets") if t.kind == "object_store"]
        return [target for target in targets if target.id != resource.id]

    # -- backups -----------------------------------------------------------------------------------

    def _restores(self, resource: Resource) -> Iterator[int]:
        """What a restore needs: the backup, the service that is to run the store, and the plane that makes it."""
        for node, region in self._backups(resource):
            yield self.context.gates.any((node, *self._service(resource, region), self._control(resource, region)))

    def _service(self, resource: Resource, region: Place | None) -> list[int]:
        """The service in a region, whoever's account; nothing where the region is not told."""
        if stands_in_cluster(resource.declaration):
            return self.stands.standing(resource, calls_out=False)[:1]
        provider = resource.placement.provider
        name = self.context.tables.service(provider, resource.type)
        return [] if region is None else [self.context.places.service(provider, name, region)]

    def _backups(self, resource: Resource) -> Iterator[tuple[int, Place | None]]:
        """Each backup, with the region in which it would be restored; it is of no use without its key."""
        own = resource.placement.region
        taken = resource.get("backup_enabled")
        if stands_in_cluster(resource.declaration):  # where an operator puts its backups is not in the object alone
            taken = ABSENT
        if taken is True or isinstance(taken, Unknown):
            doubt = [self.context.gates.undecided] if isinstance(taken, Unknown) else []
            yield self.context.gates.any((self.stands.region_node(resource), *self._keys(resource), *doubt)), own
        keys = (
            [] if resource.placement.provider == "aws" else self._keys(resource)
        )  # AWS copies take a key of the region
        for region in self._backup_regions(resource):
            yield self.context.gates.any((self.stands.region_node(resource, region), *keys)), region
        if self._kept_elsewhere(resource):
            yield self.context.gates.any((self.stands.anywhere(resource), *keys)), None
        for copy in self._copied_backups(resource):
            yield self.context.whole[copy.id], copy.placement.region
        for copy in self._snapshots(resource):
            yield self.context.whole[copy.id], copy.placement.region
        for plan in self.context.graph.of_kind("backup_plan"):
            selected = in_plan(resource, plan, self.context.graph)
            if selected is False:
                continue
            vaults = [(self.context.whole[v.id], v.placement.region) for v in self._vaults(plan)]
            if not vaults and plan.get("vault") is ABSENT:  # snapshots that lie in the plan's region
                vaults = [(self.stands.region_node(resource), plan.placement.region)]
            doubt = [self.context.gates.undecided] if isinstance(selected, Unknown) else []
            yield from ((self.context.gates.any((vault, *doubt)), region) for vault, region in vaults)

    def _backup_regions(self, resource: Resource) -> Iterator[Place]:
        listed = resource.get("backup_regions")
        provider, own = resource.placement.provider, resource.placement.region
        regions: dict[Place, None] = {}
        for value in listed if isinstance(listed, list) else []:
            if isinstance(value, str):
                name = region_of(value, provider)
                members = self.context.tables.multi_regions.get(provider, {}).get(name, [name])
                regions.update(dict.fromkeys(members))
        if self._is_geo_redundant(resource) and not regions and (pair := self._pair(resource)) is not None:
            regions[pair] = None
        if resource.get("backup_enabled") is not False:
            yield from (region for region in regions if region != own)

    def _is_geo_redundant(self, resource: Resource) -> bool:
        wide = resource.kind == "object_store" and resource.get("redundancy") == "multi-region"
        wide = wide and resource.placement.scope is not Scope.MULTI_REGION
        return wide or (resource.get("backup_geo_redundant") is True and resource.get("backup_enabled") is not False)

    def _pair(self, resource: Resource) -> str | None:
        own = resource.placement.region
        known = self.context.tables.region(resource.placement.provider, own) if isinstance(own, str) else None
        return known.pair or None if known is not None else None

    def _kept_elsewhere(self, resource: Resource) -> bool:
        """Whether backups are also kept in another region that the provider picks."""
        return self._is_geo_redundant(resource) and not list(self._backup_regions(resource))

    def _copied_backups(self, resource: Resource) -> list[Resource]:
        """Declarations that copy its backups to their own region."""
        found = self.context.graph.referrers(resource, "snapshot", "replication", "backup_plan")
        return [r for r in found if r.type.endswith("automated_backups_replication")]

    def _snapshots(self, resource: Resource) -> Iterator[Resource]:
        """Snapshots of it, and copies of these."""
        for snapshot in self.context.graph.referrers(resource, "snapshot"):
            if resource in self.context.graph.targets(snapshot, "source"):
                yield snapshot
                if resource.kind != "snapshot":
                    yield from self._snapshots(snapshot)

    def _vaults(self, plan: Resource) -> Iterator[Resource]:
        for name in ("vault", "copy_targets"):
            for target in self.context.graph.targets(plan, name):
                if target.kind == "backup_vault":
                    yield target

    def _keys(self, resource: Resource) -> list[int]:
        _, path = resource.place_of("key")
        edges = self.context.graph.outgoing.get(resource.id, ())
        return [self.context.whole[e.target] for e in edges if is_at(e.path, path) and self._is_key(e.target)]

    def _is_key(self, name: str) -> bool:
        return self.context.graph.resources[name].kind == "key"


def _region_in(text: str) -> str:
    """A region, also where it is written in an ARN (``arn:aws:dsql:us-east-2:…``)."""
    parts = text.split(":")
    return parts[3] if text.startswith("arn:") and len(parts) > 3 else text
