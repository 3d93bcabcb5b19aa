"""Copies in other regions: what of a store survives the loss of its region, and by which copy.

Two kinds are told apart. A *live* copy is updated all the time (replica, replication, members of a global cluster);
a *backup* is restored. Files show a copy by the store's own attributes or by another resource that names the store; a
copy whose place or existence depends on something unknown makes the answer unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from scanner.catalog.load import catalog
from scanner.catalog.readers import read
from scanner.facts.fact import Answer, Fact
from scanner.facts.region_names import is_replica_elsewhere, lists_another, lists_home, names_other_region, region_in
from scanner.facts.relations import same_account, same_region
from scanner.facts.selections import in_plan, stated
from scanner.graph.graph import Graph
from scanner.graph.index import base_of
from scanner.model.finding import Related
from scanner.model.objects import PLATFORM
from scanner.model.resource import EdgeKind, Resource, Scope
from scanner.model.span import Span
from scanner.model.value import ABSENT, Truth, Unknown, Value, both, either, negate, unknown_from

STORES: Final = ("database", "object_store", "file_store", "cache", "queue", "search", "secret", "registry", "volume")
"""Kinds that can have a copy elsewhere."""

_HOLDING: Final = frozenset(STORES) - {"secret"}
"""Stores that a location may stand for; it may also name a role and a secret to reach them."""

_BACKUP_JOBS: Final = frozenset({"aws_db_instance_automated_backups_replication"})
_WHOLES: Final = ("server_id", "server_name", "managed_instance_id", "instance", "cluster_id")
"""Attributes that name the server which a failover group copies together with its databases."""
_HOLDERS: Final = ("storage_account_id", "storage_account_name")


class Copy(Struct, frozen=True):
    """One copy of a store. ``elsewhere``: whether it is in another region (and there at all)."""

    live: bool
    elsewhere: Truth
    where: Related


def copies(store: Resource, graph: Graph) -> Iterator[Copy]:
    """Every copy that the files show."""
    yield from _own_copies(store)
    yield from _replica_targets(store, graph)
    yield from _served_together(store, graph)
    yield from _replicas(store, graph)
    yield from job_copies(store, graph)
    yield from _global_members(store, graph)
    yield from _snapshot_copies(store, graph)
    yield from _planned(store, graph)
    yield from _registry_rules(store, graph)


def _own_copies(store: Resource) -> Iterator[Copy]:
    redundancy = store.get("redundancy")
    wide = redundancy if isinstance(redundancy, Unknown) else redundancy == "multi-region"
    yield Copy(True, either((wide, _spans_regions(store))), _at(store, "redundancy"))
    yield Copy(True, lists_another(store, store.get("replica_regions")), _at(store, "replica_regions"))
    replicated = store.get("replicated")
    if isinstance(replicated, (bool, Unknown)):
        yield Copy(True, replicated, _at(store, "replicated"))
    enabled = store.get("backup_enabled")
    taken: Truth = enabled if isinstance(enabled, (bool, Unknown)) else True
    geo = store.get("backup_geo_redundant")
    if isinstance(geo, (bool, Unknown)):
        yield Copy(False, both((taken, geo)), _at(store, "backup_geo_redundant"))
    kept = store.get("backup_regions")
    places = kept if isinstance(kept, list) else [kept] if isinstance(kept, Unknown) else []
    outside = either(names_other_region(store, place) for place in places)
    yield Copy(False, both((taken, outside)), _at(store, "backup_regions"))


def _spans_regions(store: Resource) -> Truth:
    """Whether the product keeps it in several regions by the location or zones that it is given."""
    entry = catalog().entry(store.type)
    if entry is not None and not isinstance(entry.scope, str):
        scope = read(entry.scope, store.declaration.attributes)[0]
        if isinstance(scope, Unknown):
            return unknown_from([scope])
    if store.placement.scope is Scope.MULTI_REGION:
        return True
    zones = store.placement.zones
    if store.placement.provider != "google" or isinstance(zones, Unknown):
        return False
    return len({zone.rsplit("-", 1)[0] for zone in zones if isinstance(zone, str)}) > 1


def _at(store: Resource, name: str) -> Related:
    return Related(store.span_of(name), f"{store.id}: its own copy", store.id)


def replica_stores(store: Resource, graph: Graph) -> list[Resource]:
    """What it replicates into, as far as the files hold it."""
    if store.get("replica_targets") is ABSENT:
        return []
    return [target for target in graph.targets(store, "replica_targets") if target.kind == store.kind]


def _replica_targets(store: Resource, graph: Graph) -> Iterator[Copy]:
    """Buckets that the store replicates into, each in its own effective region."""
    written = store.get("replica_targets")
    targets = replica_stores(store, graph)
    sure = stated(store, "replica_targets")
    for target in targets:
        elsewhere = both((negate(same_region(store, target)), target.declaration.exists, sure))
        yield Copy(True, elsewhere, Related(target.span, f"{target.id}: replicated into", target.id))
    if isinstance(written, Unknown) and not targets:
        yield Copy(True, unknown_from([written]), _at(store, "replica_targets"))
    elif isinstance(written, list) and len(written) > len(targets):
        unseen = Unknown("the destination of the replication is not in the files", store.span_of("replica_targets"))
        yield Copy(True, either((unseen, *(_in_name(store, t) for t in written))), _at(store, "replica_targets"))


def _served_together(store: Resource, graph: Graph) -> Iterator[Copy]:
    """Other instances of one block that a delivery network serves beside it: the same files are put into each."""
    networks = _networks(store, graph)
    for other in graph.of_kind("object_store") if networks else ():
        instance = other.id != store.id and base_of(other.id) == base_of(store.id)
        if instance and networks & _networks(other, graph):
            elsewhere = both((negate(same_region(store, other)), other.declaration.exists))
            yield Copy(True, elsewhere, Related(other.span, f"{other.id}: served beside it", other.id))


def _networks(store: Resource, graph: Graph) -> set[str]:
    """What delivers the files of a bucket to users."""
    return {r.id for r in graph.referrers(store, "cdn", "target_group")} if store.kind == "object_store" else set()


def _in_name(store: Resource, target: Value) -> Truth:
    named = region_in(target)
    return names_other_region(store, named) if isinstance(named, str) and named != target else False


def _replicas(store: Resource, graph: Graph) -> Iterator[Copy]:
    for other in graph.of_kind(store.kind):
        if other.get("replica_of") is ABSENT or store not in graph.targets(other, "replica_of"):
            continue
        elsewhere = both((negate(same_region(store, other)), other.declaration.exists))
        yield Copy(True, elsewhere, Related(other.span, f"{other.id}: its replica", other.id))
    for primary in graph.targets(store, "replica_of") if store.get("replica_of") is not ABSENT else ():
        where = Related(primary.span, f"{primary.id}: its primary", primary.id)
        yield Copy(True, negate(same_region(store, primary)), where)


def job_copies(store: Resource, graph: Graph) -> Iterator[Copy]:
    """Standing copy jobs that name the store, its server, or a location that stands for it."""
    ends = (store, *(whole for path in _WHOLES for whole in graph.targets(store, path)))
    for job in graph.of_kind("replication"):
        if not any(end in end_of(job, "source", graph) for end in ends):
            continue
        live = job.type not in _BACKUP_JOBS
        yield Copy(live, both((_lands_elsewhere(store, job, graph), job.declaration.exists)), _job(job))
    for job in graph.of_kind("export"):
        targets = graph.targets(job, "target")
        if store in graph.targets(job, "source") and targets:
            elsewhere = either(negate(same_region(store, target)) for target in targets)
            yield Copy(False, both((elsewhere, job.declaration.exists)), _job(job))


def end_of(job: Resource, end: str, graph: Graph) -> tuple[Resource, ...]:
    """What one end of a job means: a resource, or the store that the location resource at that end stands for."""
    direct = graph.targets(job, end)
    behind = [
        graph.resources[edge.target]
        for location in direct
        if location.kind == "other"
        for edge in graph.outgoing.get(location.id, ())
    ]
    return (*direct, *(store for store in behind if store.kind in _HOLDING))


def _lands_elsewhere(store: Resource, job: Resource, graph: Graph) -> Truth:
    regions = job.get("target_regions")
    if isinstance(regions, list) and regions:
        return either(is_replica_elsewhere(store, region) for region in regions)
    if job.type in _BACKUP_JOBS:
        return negate(same_region(store, job))
    targets = [target for target in end_of(job, "target", graph) if target.id != store.id]
    if not targets:
        return Unknown(f"the target of {job.id} is not in the files", job.span_of("target"))
    return either(negate(same_region(store, target)) for target in targets)


def _job(job: Resource) -> Related:
    return Related(job.span, f"{job.id}: copies it", job.id)


def _global_members(store: Resource, graph: Graph) -> Iterator[Copy]:
    """The other members of the global clusters that the store belongs to, whichever end says so."""
    named = store.get("global_cluster") is not ABSENT
    groups = dict.fromkeys(g.id for g in (graph.targets(store, "global_cluster") if named else ()))
    for edge in graph.incoming.get(store.id, ()):
        whole = graph.resources[edge.source]
        if edge.kind is EdgeKind.MEMBERSHIP and whole.kind == "other" and whole.placement.scope is Scope.MULTI_REGION:
            groups[whole.id] = None
    for group in groups:
        for member in graph.members(graph.resources[group]):
            if member.id != store.id:
                elsewhere = both((negate(same_region(store, member)), member.declaration.exists))
                yield Copy(True, elsewhere, Related(member.span, f"{member.id}: member of {group}", member.id))
    if named and not groups:
        unseen = Unknown("the global cluster is not in the files", store.span_of("global_cluster"))
        yield Copy(True, unseen, _at(store, "global_cluster"))


def _snapshot_copies(store: Resource, graph: Graph) -> Iterator[Copy]:
    for snapshot in graph.of_kind("snapshot"):
        elsewhere = snapshot_leaves_region(snapshot, store)
        if elsewhere is not False and _taken_of(snapshot, store, graph, 3):
            where = Related(snapshot.span, f"{snapshot.id}: copy of its snapshot", snapshot.id)
            yield Copy(False, both((elsewhere, snapshot.declaration.exists)), where)


def snapshot_leaves_region(snapshot: Resource, home: Resource) -> Truth:
    """Whether a snapshot, or a schedule of them, is kept outside of the region of ``home``."""
    copied = snapshot.get("cross_region_copy")
    stored = snapshot.get("storage_regions")
    places = stored if isinstance(stored, list) else [stored] if isinstance(stored, Unknown) else []
    found: list[Truth] = [names_other_region(home, place) for place in places]
    if isinstance(copied, (bool, Unknown)):
        found.append(copied)
    return either(found)


def _taken_of(snapshot: Resource, store: Resource, graph: Graph, hops: int) -> bool:
    sources = graph.targets(snapshot, "source")
    if store in sources:
        return True
    return hops > 0 and any(s.kind == "snapshot" and _taken_of(s, store, graph, hops - 1) for s in sources)


def _planned(store: Resource, graph: Graph) -> Iterator[Copy]:
    """Backup plans that select the store and copy its recovery points to another region."""
    for plan in graph.of_kind("backup_plan"):
        selected = in_plan(store, plan, graph)
        if selected is not False:
            where = Related(plan.span, f"{plan.id}: backs it up", plan.id)
            yield Copy(False, both((selected, plan_leaves_region(plan, graph))), where)


def plan_leaves_region(plan: Resource, graph: Graph) -> Truth:
    """Whether a plan keeps recovery points in another region than that of what it backs up."""
    return either(
        (lists_another(plan, plan.get("copy_regions")), *_to_vaults(plan, graph), *_from_sources(plan, graph))
    )


def _to_vaults(plan: Resource, graph: Graph) -> Iterator[Truth]:
    for vault in graph.targets(plan, "vault"):
        redundancy = vault.get("redundancy")
        yield redundancy if isinstance(redundancy, Unknown) else redundancy == "multi-region"
        if plan.platform == PLATFORM:  # a location of Velero may stand anywhere, on a bucket that has copies
            yield _beyond_cluster(plan, vault)
            yield from (copy.elsewhere for b in graph.targets(vault, "bucket") for copy in copies(b, graph))
    targets = graph.targets(plan, "copy_targets") if plan.get("copy_targets") is not ABSENT else ()
    for vault in targets:
        yield both((negate(same_region(plan, vault)), vault.declaration.exists))
    if not targets:
        yield from _named_vaults(plan)


def _beyond_cluster(plan: Resource, vault: Resource) -> Truth:
    """Whether a location stands outside of the region of the cluster that is saved there."""
    if plan.placement.provider == PLATFORM:
        return Unknown("the cluster that it saves is not in the files", plan.span)
    return negate(same_region(plan, vault))


def _from_sources(plan: Resource, graph: Graph) -> Iterator[Truth]:
    """A plan that stands in another region than its source stores there."""
    sources = graph.targets(plan, "source") if plan.get("source") is not ABSENT else ()
    for source in sources:
        if source.kind in ("cluster", *STORES):
            yield negate(same_region(source, plan))
    if not sources and isinstance(named := region_in(plan.get("source")), str) and named != plan.get("source"):
        yield names_other_region(plan, named)


def _named_vaults(plan: Resource) -> Iterator[Truth]:
    """Vaults that are only named by their ARN, which holds the region."""
    written = plan.get("copy_targets")
    for target in written if isinstance(written, list) else [written]:
        if target is ABSENT or target is None:
            continue
        named = region_in(target)
        if isinstance(named, str) and catalog().region(plan.placement.provider, named) is not None:
            yield names_other_region(plan, named)
        else:
            yield Unknown("the vault that copies go to is not in the files", plan.span_of("copy_targets"))


def _registry_rules(store: Resource, graph: Graph) -> Iterator[Copy]:
    """The replication of a whole registry, which holds for every repository of its account and region."""
    for rule in graph.of_kind("registry_replication") if store.kind == "registry" else ():
        if same_account(store, rule) is not False and same_region(store, rule) is not False:
            elsewhere = both((lists_another(rule, rule.get("replica_regions")), rule.declaration.exists))
            yield Copy(True, elsewhere, Related(rule.span, f"{rule.id}: replicates the registry", rule.id))


# -- facts -----------------------------------------------------------------------------------------


def copy_elsewhere(resource: Resource, graph: Graph) -> Value:
    """Whether any copy, live or backup, exists in another region. Absent for parts of a store, and for global ones."""
    return _any_elsewhere(resource, graph, (True, False))


def live_copy_elsewhere(resource: Resource, graph: Graph) -> Value:
    """Whether a copy that is updated all the time exists in another region."""
    return _any_elsewhere(resource, graph, (True,))


def backup_elsewhere(resource: Resource, graph: Graph) -> Value:
    """Whether a backup exists in another region."""
    return _any_elsewhere(resource, graph, (False,))


def _any_elsewhere(resource: Resource, graph: Graph, kinds: tuple[bool, ...]) -> Value:
    if is_part(resource) or resource.placement.scope is Scope.GLOBAL:
        return ABSENT
    found = [copy for copy in copies(resource, graph) if copy.live in kinds]
    here = tuple(copy.where for copy in found if copy.elsewhere is False and copy.where.resource != resource.id)
    return Answer(either(copy.elsewhere for copy in found), here[:5])


def is_part(resource: Resource) -> bool:
    """Whether it shares the place and copies of the storage account that holds it."""
    return any(resource.declaration.attributes.get(name) is not None for name in _HOLDERS)


def same_region_targets(resource: Resource, graph: Graph) -> Value:
    """The destinations of its replication that stand in its own region, by id; absent when it has no replication."""
    replicates = resource.get("replica_targets") is not ABSENT
    listed = resource.get("replica_regions")
    named = listed if isinstance(listed, list) and not lists_home(resource) else []
    if not replicates and not named:
        return ABSENT
    here = [target for target in replica_stores(resource, graph) if same_region(resource, target) is True]
    own = [str(region) for region in named if names_other_region(resource, region) is False]
    related = tuple(Related(t.span, f"{t.id} stands in the same region", t.id) for t in here)
    return Answer([*(target.id for target in here), *own], related, _first_edge(resource, here, graph))


def _first_edge(resource: Resource, targets: Iterable[Resource], graph: Graph) -> Span | None:
    ids = {target.id for target in targets}
    edges = graph.outgoing.get(resource.id, ())
    return next((edge.span for edge in edges if edge.target in ids and "destination" in edge.path), None)


def backups_leave_region(resource: Resource, graph: Graph) -> Value:
    """Whether a backup plan or snapshot schedule keeps copies in another region. Absent for what takes no backups."""
    scheduled = resource.declaration.attributes.get("snapshot_schedule_policy") is not None
    if resource.type == "google_compute_resource_policy" and not scheduled:
        return ABSENT
    if resource.kind == "snapshot":
        return snapshot_leaves_region(resource, resource)
    return plan_leaves_region(resource, graph)


FACTS: Final[Mapping[str, Fact]] = {
    "copy_elsewhere": Fact(copy_elsewhere, "whether a replica or backup of it exists in another region", STORES),
    "live_copy_elsewhere": Fact(live_copy_elsewhere, "whether a live copy of it exists in another region", STORES),
    "backup_elsewhere": Fact(backup_elsewhere, "whether a backup of it exists in another region", STORES),
    "same_region_targets": Fact(
        same_region_targets, "what it replicates into without leaving its region", ("object_store", "file_store")
    ),
    "backups_leave_region": Fact(
        backups_leave_region, "whether its backups are also kept in another region", ("backup_plan", "snapshot")
    ),
}
