"""Keys: where they work, who uses them, and who could bring them back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from scanner.catalog.readers import lookup
from scanner.facts.fact import Answer, Fact
from scanner.facts.relations import same_account, same_region
from scanner.facts.value_bearing import is_named_for_value, is_value_bearing
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.resource import EdgeKind, Resource, Scope
from scanner.model.value import ABSENT, Truth, Unknown, Value, either, negate

STORES: Final = (
    "database",
    "cache",
    "queue",
    "search",
    "object_store",
    "file_store",
    "volume",
    "snapshot",
    "secret",
    "registry",
    "backup_vault",
)
"""Kinds that keep data which a key can encrypt."""

_USERS: Final = frozenset(
    {
        *STORES,
        "function",
        "compute",
        "compute_group",
        "container_service",
        "task",
        "cluster",
        "node_group",
        "workload",
        "workflow",
        "batch",
        "analytics",
        "user_directory",
        "signer",
        "secret_manager",
        "certificate_authority",
    }
)
_CLOUDS: Final = frozenset({"aws", "google", "azure", "alibaba", "oracle", "ibm"})
"""Providers whose own places can differ from a key's; what a cluster's API makes stands wherever the cluster stands."""
_GOOGLE_REGION: Final = re.compile(r"[a-z]+-[a-z]+\d+")
_LOCATION: Final = re.compile(r"/locations/([^/]+)/")
_SIGNS_NAMES: Final = frozenset({"aws_route53_key_signing_key"})


def key_single_region(resource: Resource, graph: Graph) -> Value:
    """Whether the key works in one region only. Absent for replicas: their primary is asked."""
    if resource.get("replica_of") is not ABSENT:
        return ABSENT
    provider = resource.placement.provider
    if provider == "google":
        return _google_single(resource, graph)
    if provider == "azure":
        return True  # a vault's keys are read in its paired region only after a failover that Microsoft orders
    return negate(multi) if isinstance(multi := resource.get("multi_region"), (bool, Unknown)) else ABSENT


def _google_single(resource: Resource, graph: Graph) -> Value:
    ring = resource.get("key_ring")
    locations = [target.get("storage_location") for target in graph.targets(resource, "key_ring")]
    if not locations and isinstance(ring, str):
        found = _LOCATION.search(ring)
        locations = [found[1]] if found else []
    for location in locations:
        if isinstance(location, Unknown):
            return Unknown(f"the key ring's location is not known: {location.reason}", location.origin)
        if isinstance(location, str):
            return _GOOGLE_REGION.fullmatch(location.lower()) is not None
    return Unknown("the key ring is not in the files", resource.span_of("key_ring"))


def key_replicas(resource: Resource, graph: Graph) -> Value:
    """How many replicas a multi-Region key has in these files; absent for others."""
    multi = resource.get("multi_region")
    if resource.get("replica_of") is not ABSENT or multi is ABSENT or multi is False:
        return ABSENT
    if isinstance(multi, Unknown):
        return multi
    replicas = [r for r in graph.of_kind("key") if resource in graph.targets(r, "replica_of")]
    certain = sum(1 for replica in replicas if replica.declaration.exists is True)
    if certain:
        return certain
    for replica in (*replicas, *_unplaced_replicas(graph)):
        return Unknown(f"{replica.id} may be its replica", replica.span_of("replica_of"))
    return 0


def _unplaced_replicas(graph: Graph) -> Iterator[Resource]:
    """Replicas of a primary that the files do not name."""
    for key in graph.of_kind("key"):
        if key.get("replica_of") is not ABSENT and not graph.targets(key, "replica_of"):
            yield key


def users(key: Resource, graph: Graph) -> tuple[Resource, ...]:
    """What needs a key to serve: stores encrypted under it and programs that call it."""
    found: dict[str, Resource] = {}
    for edge in graph.incoming.get(key.id, ()):
        source = graph.resources[edge.source]
        if edge.kind is EdgeKind.RUNTIME and source.kind in _USERS:
            found[source.id] = source
    return tuple(found.values())


def protects(resource: Resource, graph: Graph) -> Value:
    """The stores that are encrypted under the key, by id; absent when the files name none."""
    stores = [user for user in users(resource, graph) if user.kind in STORES]
    return (
        Answer([s.id for s in stores], tuple(_related(s, "encrypted under it") for s in stores)) if stores else ABSENT
    )


def protects_value(resource: Resource, graph: Graph) -> Value:
    """The stores under the key that hold value, by id; absent when the files name no store under it."""
    stores = [user for user in users(resource, graph) if user.kind in STORES]
    held = [store for store in stores if store.kind not in ("queue", "cache") and is_named_for_value(store)]
    related = tuple(_related(store, "encrypted under it") for store in held)
    return Answer([store.id for store in held], related) if stores else ABSENT


def used_by(resource: Resource, graph: Graph) -> Value:
    """What needs the key to serve, by id; absent when the files name nothing."""
    found = users(resource, graph)
    return Answer([u.id for u in found], tuple(_related(u, "needs it") for u in found)) if found else ABSENT


def used_elsewhere(resource: Resource, graph: Graph) -> Value:
    """What needs the key in a region where it does not work, by id; absent when nothing uses the key."""
    found = users(resource, graph)
    if not found:
        return ABSENT
    away = [(user, _is_elsewhere(user, resource)) for user in found]
    certain = [user for user, answer in away if answer is True]
    if certain:
        return Answer([u.id for u in certain], tuple(_related(u, "needs it from another region") for u in certain))
    return next((answer for _, answer in away if isinstance(answer, Unknown)), [])


def _is_elsewhere(user: Resource, key: Resource) -> Truth:
    """Whether a user also runs outside the key's region. On AWS every replica takes a key of its own region."""
    if user.placement.provider != key.placement.provider:
        return user.placement.provider in _CLOUDS
    if user.placement.region is None:
        return False
    if key.placement.provider != "aws" and (user.placement.scope is Scope.MULTI_REGION or user.get("replica_regions")):
        return True
    return negate(same_region(user, key))


def dnssec(resource: Resource, graph: Graph) -> Value:
    """Whether it signs DNS zones."""
    return any(graph.resources[edge.source].type in _SIGNS_NAMES for edge in graph.incoming.get(resource.id, ()))


def primary_value_bearing(resource: Resource, graph: Graph) -> Value:
    """Whether the key that this one copies, or the copy itself, holds value; absent when it is no replica."""
    if resource.get("replica_of") is ABSENT:
        return ABSENT
    primaries = graph.targets(resource, "replica_of")
    known = either(is_value_bearing(key) for key in (resource, *primaries))
    return (
        known
        if known is True or primaries
        else Unknown("its primary is not in the files", resource.span_of("replica_of"))
    )


def replica_same_account(resource: Resource, graph: Graph) -> Value:
    """Whether a replica belongs to its primary's account; absent when it is no replica."""
    if resource.get("replica_of") is ABSENT:
        return ABSENT
    primaries = graph.targets(resource, "replica_of")
    if not primaries:
        return Unknown("its primary is not in the files", resource.span_of("replica_of"))
    return either(same_account(resource, primary) for primary in primaries)


def material_missing(resource: Resource, graph: Graph) -> Value:
    """Whether a replica of an imported key lacks the material that its primary got; absent for other keys."""
    if resource.get("replica_of") is ABSENT or resource.get("origin") != "external":
        return ABSENT
    if _has_material(resource):
        return False
    if any(_has_material(primary) for primary in graph.targets(resource, "replica_of")):
        return True
    return Unknown("the material is imported outside these files", resource.span)


def _has_material(key: Resource) -> bool:
    return lookup(key.declaration.attributes, "key_material_base64") is not ABSENT


def ring_imports(resource: Resource, graph: Graph) -> Value:
    """Whether keys are brought into its ring from outside; absent when it lies in no ring."""
    rings = graph.targets(resource, "key_ring")
    jobs = (graph.resources[edge.source].type for ring in rings for edge in graph.incoming.get(ring.id, ()))
    return any(job == "google_kms_key_ring_import_job" for job in jobs) if rings else ABSENT


def _related(resource: Resource, how: str) -> Related:
    return Related(resource.span, f"{resource.id}: {how}", resource.id)


_KEY: Final = ("key",)

FACTS: Final[Mapping[str, Fact]] = {
    "key_single_region": Fact(key_single_region, "whether it works in one region only", _KEY),
    "key_replicas": Fact(key_replicas, "how many replicas of it there are", _KEY),
    "protects": Fact(protects, "the stores that are encrypted under it", _KEY),
    "protects_value": Fact(protects_value, "the stores that hold value and are encrypted under it", _KEY),
    "used_by": Fact(used_by, "what needs it to serve", _KEY),
    "used_elsewhere": Fact(used_elsewhere, "what needs it in regions where it does not work", _KEY),
    "dnssec": Fact(dnssec, "whether it signs DNS zones", _KEY),
    "primary_value_bearing": Fact(primary_value_bearing, "whether the key that it copies holds value", _KEY),
    "replica_same_account": Fact(replica_same_account, "whether it belongs to its primary's account", _KEY),
    "material_missing": Fact(material_missing, "whether the primary's imported material is missing from it", _KEY),
    "ring_imports": Fact(ring_imports, "whether its ring takes keys made elsewhere", _KEY),
}
