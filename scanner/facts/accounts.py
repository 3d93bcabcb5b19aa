"""What one account, subscription or project holds, and whether a copy or a record of it lies in another."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from scanner.facts.documents import literal_text
from scanner.facts.estate import (
    HELD,
    RECORDS,
    RUNNERS,
    applied,
    by_account,
    is_system,
    managed,
    records,
    regional,
    related,
    runners,
)
from scanner.facts.fact import Answer, Fact
from scanner.facts.relations import same_account, same_region
from scanner.graph.graph import Graph
from scanner.graph.index import base_of
from scanner.model.finding import Related
from scanner.model.objects import PLATFORM
from scanner.model.resource import Resource, Scope
from scanner.model.value import ABSENT, Truth, Unknown, Value, both, either, equal, negate

_ACCOUNT_IN_ARN: Final = re.compile(r"^arn:[^:]*:[^:]*:[^:]*:(\d{12}):")
_PROJECT_IN_SINK: Final = re.compile(r"projects/([^/]+)/")


def one_account(_estate: Resource, graph: Graph) -> Value:
    """Whether everything that runs and keeps data lies in one account. Absent where the files are no system."""
    if not is_system(graph):
        return ABSENT
    held = [r for r in managed(graph, *RUNNERS, *HELD) if applied(r, graph)]
    places, apart = by_account(held)
    first = places[0].first
    if len(places) == 1:
        return Answer(True, related(held, "in the same account", 5), first.declaration.provider.span or first.span)
    spans = tuple(Related(p.first.span, f"{p.first.id}: in another account", p.first.id) for p in places[1:])
    together = negate(apart)
    return Answer(together, spans, first.declaration.provider.span or first.span)


def held_count(_estate: Resource, graph: Graph) -> Value:
    """How many resources of the system run, keep data or hold keys."""
    return sum(1 for r in managed(graph, *RUNNERS, *HELD) if applied(r, graph))


# -- copies ----------------------------------------------------------------------------------------


def copies_in_own_account(resource: Resource, graph: Graph) -> Value:
    """Whether every copy that a backup plan makes stays in the account of what it backs up.

    True when it makes none. Absent for plans whose provider has no copies to other accounts.
    """
    if resource.platform == PLATFORM:
        return _buckets_in_own_account(resource, graph)
    if "copy_targets" not in resource.deciders:
        return ABSENT
    places = [resource.get("copy_targets"), resource.get("vault")]
    targets = [
        t for name in ("copy_targets", "vault") for t in graph.targets(resource, name) if t.kind == "backup_vault"
    ]
    outside = [_outside(resource, t) for t in targets]
    copies = places[0] if isinstance(places[0], list) else [] if places[0] is ABSENT else [places[0]]
    outside.extend(_arn_outside(resource, value) for value in copies if not _in_files(value, graph))
    found = either(outside)
    if found is not True and not applied(resource, graph):
        return Unknown("which account holds the vaults depends on who calls the module", resource.span)
    return negate(found)


def _buckets_in_own_account(plan: Resource, graph: Graph) -> Value:
    """Whether the buckets that a cluster is saved to belong to the cluster's account; absent without such buckets."""
    buckets = [b for vault in graph.targets(plan, "vault") for b in graph.targets(vault, "bucket")]
    if not buckets:
        return ABSENT
    if plan.placement.provider == PLATFORM:
        return Unknown("the cluster that it saves is not in the files", plan.span)
    return both(same_account(plan, bucket) for bucket in buckets)


def _outside(resource: Resource, vault: Resource) -> Truth:
    """Whether a vault lies in another account; one that the provider itself owns does."""
    if vault.get("air_gapped") is True:
        return True
    return negate(same_account(resource, vault))


def _in_files(value: Value, graph: Graph) -> bool:
    return any(found.kind == "backup_vault" for found in graph.meant(value))


def _arn_outside(resource: Resource, value: Value) -> Truth:
    """Whether an ARN names another account than the resource's."""
    match = _ACCOUNT_IN_ARN.match(literal_text(value, "\0"))
    own = resource.placement.account
    if match is None or own is None or isinstance(own, Unknown) or own.startswith("profile:"):
        reason = (
            value.reason if isinstance(value, Unknown) else "the account that it runs in is not written in the files"
        )
        return Unknown(
            f"whether the copy leaves the account is not decided: {reason}", resource.span_of("copy_targets")
        )
    return match[1] != own


def replicas_in_own_account(resource: Resource, graph: Graph) -> Value:
    """Whether every replica of a bucket belongs to the bucket's own account; absent for buckets without replicas."""
    targets = resource.get("replica_targets")
    if targets is ABSENT or targets == []:
        return ABSENT
    accounts = resource.get("replica_accounts")
    own = resource.placement.account
    named = [negate(equal(own, a)) for a in accounts] if isinstance(accounts, list) and isinstance(own, str) else []
    buckets = [t for t in graph.targets(resource, "replica_targets") if t.kind == "object_store"]
    outside = [*named, *(negate(same_account(resource, bucket)) for bucket in buckets)]
    if not outside:
        return Unknown("who owns the replicas is not in the files", resource.span_of("replica_targets"))
    return Answer(negate(either(outside)), related(buckets, "the replica"))


def recovery_in_own_account(_estate: Resource, graph: Graph) -> Value:
    """Whether the second region lies in the account of the first. Absent without a second region that is in use."""
    if not is_system(graph):
        return ABSENT
    held = regional([*runners(graph), *records(graph)])
    clouds = {r.placement.provider for r in held}
    for cloud in sorted(clouds):
        own = [r for r in held if r.placement.provider == cloud]
        elsewhere = next((r for r in own if same_region(own[0], r) is False), None)
        if elsewhere is None:
            continue
        if len(clouds) > 1:
            return Answer(False, (), elsewhere.span)
        places, apart = by_account(own)
        value: Truth = True if len(places) == 1 else negate(apart)
        return Answer(value, related([own[0]], "the first region"), elsewhere.span)
    return ABSENT


# -- audit logs ------------------------------------------------------------------------------------


def log_in_own_account(resource: Resource, graph: Graph) -> Value:
    """Whether an audit log is kept in the account that it records. Absent for logs that name no place."""
    value = resource.get("destination")
    if value is ABSENT:
        return ABSENT
    stores = [t for t in graph.targets(resource, "destination") if t.kind in (*RECORDS, "monitor")]
    if stores:
        together = both(same_account(resource, store) for store in stores)
        if together is True and not applied(resource, graph):
            return Unknown("where the log goes depends on who calls the module", resource.span_of("destination"))
        return Answer(together, related(stores, "keeps the log"))
    project = _PROJECT_IN_SINK.search(literal_text(value, "\0"))
    own = resource.placement.account
    if project is not None and isinstance(own, str):
        return project[1] == own
    return Unknown("who owns the log's destination is not in the files", resource.span_of("destination"))


# -- organization ----------------------------------------------------------------------------------


def workloads_beside(resource: Resource, graph: Graph) -> Value:
    """What runs or keeps data in the management account of an organization, by id. Absent for other resources."""
    if resource.type != "aws_organizations_organization":
        return ABSENT
    others = [r for r in managed(graph, *RUNNERS, "database", "cache") if r.placement.provider == "aws"]
    found = [(r, _in_account(resource, r)) for r in others]
    certain = [r for r, together in found if together is True]
    undecided = next((t for _, t in found if isinstance(t, Unknown)), None)
    if not certain and undecided is not None:
        return undecided
    return Answer([r.id for r in certain], related(certain, "in the management account"))


def _in_account(organization: Resource, other: Resource) -> Truth:
    if organization.declaration.root != other.declaration.root and other.placement.account is None:
        return False
    return same_account(organization, other)


def contact_shared(resource: Resource, graph: Graph) -> Value:
    """Whether another contact of the same account has the same mailbox; absent for what is no alternate contact."""
    if resource.type != "aws_account_alternate_contact":
        return ABSENT
    mine = resource.declaration.attributes.get("alternate_contact_type")
    same = [
        (other, both((equal(resource.get("contact"), other.get("contact")), same_account(resource, other))))
        for other in graph.of_kind("account")
        if other.type == resource.type and other.id != resource.id
        if equal(mine, other.declaration.attributes.get("alternate_contact_type")) is not True
    ]
    spans = related([other for other, found in same if found is True], "the same mailbox")
    return Answer(either(found for _, found in same), spans) if same else ABSENT


# -- locks -----------------------------------------------------------------------------------------


_PARENTS: Final = ("storage_account_id", "storage_account_name", "server_id", "server_name", "account_name")
"""Attributes of what is a part of another resource: the lock belongs there."""


def delete_locked(resource: Resource, graph: Graph) -> Value:
    """Whether a management lock stands over an Azure resource, its group or its subscription. Absent elsewhere."""
    if resource.placement.provider != "azure" or any(graph.targets(resource, name) for name in _PARENTS):
        return ABSENT
    holders = {resource.id, *(g.id for g in graph.targets(resource, "resource_group_name"))}
    locks = [lock for lock in graph.of_kind("policy") if lock.type == "azurerm_management_lock"]
    locked = either(
        _locks_around(lock, resource) if lock.get("target") is ABSENT else _locks(lock, holders, graph)
        for lock in locks
    )
    if locked is False and not applied(resource, graph):
        return Unknown("locks may stand around the module", resource.span)
    return locked


def _locks_around(lock: Resource, resource: Resource) -> Truth:
    """Whether a lock that names nothing stands over a resource: it locks the group that its template is deployed to.

    See https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources#template.
    """
    mine, its = lock.declaration, resource.declaration
    if mine.platform != "arm" or mine.root != its.root:
        return False
    around = mine.provider.attributes.get("resource_group", ABSENT)
    group = its.provider.attributes.get("resource_group", ABSENT)
    return both((around is ABSENT or around == group or equal(around, group), mine.exists))


def _locks(lock: Resource, holders: set[str], graph: Graph) -> Truth:
    target = lock.get("target")
    meant = {base_of(i) for i in graph.index.meant(target)}
    if meant:
        subscription = any(".azurerm_subscription." in f".{name}" for name in meant)
        return both((subscription or bool(meant & {base_of(h) for h in holders}), lock.declaration.exists))
    if isinstance(target, Unknown):
        return Unknown(f"what {lock.id} locks is not known: {target.reason}", lock.span_of("target"))
    return isinstance(target, str) and target.strip("/").count("/") <= 1


# -- clusters, failover ----------------------------------------------------------------------------


def only_cluster(_estate: Resource, graph: Graph) -> Value:
    """The one Kubernetes cluster that runs everything, by id. Empty when there are several or other ways to run.

    Absent without a cluster that the files configure and give nodes or workloads.
    """
    clusters = [c for c in managed(graph, "cluster") if c.get("engine") == "kubernetes" and applied(c, graph)]
    if not clusters or not any(managed(graph, "node_group", "workload")):
        return ABSENT
    others = [r for r in managed(graph, "container_service") if applied(r, graph)]
    if len(clusters) > 1 or others:
        return Answer("", (), clusters[0].span)
    exists = clusters[0].declaration.exists
    return Answer(exists if isinstance(exists, Unknown) else clusters[0].id, (), clusters[0].span)


def failover_by_hand(_estate: Resource, graph: Graph) -> Value:
    """Whether entrances stand in several regions and nothing switches between them by itself.

    Something does when a record with a routing policy is watched, a global balancer or a delivery network chooses.
    """
    doors = [
        r
        for r in managed(graph, "load_balancer", "gateway")
        if r.get("internal") in (False, ABSENT) and applied(r, graph)
    ]
    local = sorted(regional(doors), key=lambda door: door.span)
    apart = [(a, b) for i, a in enumerate(local) for b in local[i + 1 :] if same_region(a, b) is False]
    apart = [(a, b) for a, b in apart if a.placement.provider == b.placement.provider]
    if not apart:
        return ABSENT
    first, second = apart[0]
    spans = related([second], "the other region's entrance")
    if any(door.placement.scope is Scope.GLOBAL for door in doors) or any(managed(graph, "global_balancer")):
        return Answer(False, spans, first.span)
    if any(network.get("origin_failover") is True for network in managed(graph, "cdn")):
        return Answer(False, spans, first.span)
    watched = either(_switches(record) for record in managed(graph, "dns_record"))
    if watched is False and not any(managed(graph, "dns_record")):
        return Answer(Unknown("no name that leads to them is in the files", first.span), spans, first.span)
    return Answer(negate(watched), spans, first.span)


def _switches(record: Resource) -> Truth:
    routing, check = record.get("routing"), record.get("health_check")
    if isinstance(routing, Unknown):
        return routing
    if routing in ("simple", ABSENT):
        return False
    watched = record.get("evaluate_target_health")
    if isinstance(check, Unknown) or (check is not ABSENT and check):
        return True
    return watched if isinstance(watched, (bool, Unknown)) else routing == "failover"


_ESTATE: Final = ("estate",)

FACTS: Final[Mapping[str, Fact]] = {
    "one_account": Fact(one_account, "whether everything lies in one account", _ESTATE),
    "held_count": Fact(held_count, "how many resources run, keep data or hold keys", _ESTATE),
    "recovery_in_own_account": Fact(
        recovery_in_own_account, "whether the second region lies in the first's account", _ESTATE
    ),
    "only_cluster": Fact(only_cluster, "the one Kubernetes cluster that runs everything", _ESTATE),
    "failover_by_hand": Fact(failover_by_hand, "whether nothing switches between the regions by itself", _ESTATE),
    "copies_in_own_account": Fact(
        copies_in_own_account, "whether every copy stays in the source's account", ("backup_plan",)
    ),
    "replicas_in_own_account": Fact(
        replicas_in_own_account, "whether all replicas belong to its account", ("object_store",)
    ),
    "log_in_own_account": Fact(log_in_own_account, "whether it is kept in the account that it records", ("audit_log",)),
    "workloads_beside": Fact(workloads_beside, "what runs in the organization's management account", ("organization",)),
    "contact_shared": Fact(contact_shared, "whether another contact has the same mailbox", ("account",)),
    "delete_locked": Fact(delete_locked, "whether a management lock keeps it from being deleted"),
}
