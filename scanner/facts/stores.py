"""What a store, broker or trail is for: an original or a copy, of record or passing, paired or alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scanner.catalog.load import catalog
from scanner.facts.elsewhere import STORES, end_of, job_copies
from scanner.facts.fact import Answer, Fact
from scanner.facts.relations import same_account, same_region
from scanner.facts.selections import stated
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.resource import Resource
from scanner.model.value import ABSENT, Truth, Unknown, Value, both, either, negate

_BESIDE: Final = frozenset({"other", "grant", "identity", "policy", "glue"})
"""Kinds that mention a store without keeping anything in it."""


def is_copy(resource: Resource, graph: Graph) -> Value:
    """Whether it is itself the second copy: something replicates, exports or copies backups into it."""
    for other in graph.of_kind(resource.kind):
        copies_to = other.get("replica_targets") is not ABSENT and other.id != resource.id
        if copies_to and resource in graph.targets(other, "replica_targets"):
            return Answer(True, (Related(other.span, f"{other.id} replicates into it", other.id),))
    return any(resource in end_of(job, "target", graph) for job in graph.of_kind("replication", "export"))


def keeps_access_logs(resource: Resource, graph: Graph) -> Value:
    """Whether other resources write their access logs into it, and nothing else is known to use it."""
    users = [edge for edge in graph.incoming.get(resource.id, ()) if graph.resources[edge.source].kind not in _BESIDE]
    return bool(users) and all("log" in edge.path or edge.path == "target_bucket" for edge in users)


def home(resource: Resource, _graph: Graph) -> Value:
    """The region in words: its name, or "its region" where the files don't name it."""
    region = resource.placement.region
    return region if isinstance(region, str) and region else "its region"


def disposable(resource: Resource, _graph: Graph) -> Value:
    """Whether the configuration, or the product's own tier, says that it is for development or tests."""
    size = resource.declaration.attributes.get("sku_name")
    if isinstance(size, str) and size.startswith("Developer"):
        return True
    return resource.tier.lower() in ("development", "dev", "test", "testing", "sandbox")


def has_paired_region(resource: Resource, _graph: Graph) -> Value:
    """Whether the provider pairs its region with another, into which it copies; true when that is not known."""
    region = resource.placement.region
    known = catalog().region(resource.placement.provider, region) if isinstance(region, str) else None
    return known is None or bool(known.pair)


def record_keeping(resource: Resource, _graph: Graph) -> Value:
    """Whether a cache is kept like a database: it is durable by design, or its contents are backed up."""
    if resource.type == "aws_memorydb_cluster":
        return True
    days = resource.get("backup_retention_days")
    return days if isinstance(days, Unknown) else isinstance(days, int) and days > 0


def has_partner(resource: Resource, graph: Graph) -> Value:
    """Whether a message broker is paired or replicated with one in another region."""
    found: list[Truth] = []
    for other in graph.of_kind("queue"):
        if other.get("partner") is ABSENT:
            continue
        ends = graph.targets(other, "partner")
        if other.id == resource.id:
            apart = either(negate(same_region(resource, end)) for end in ends) if ends else True
            found.append(both((apart, stated(other, "partner"))))
        elif resource in ends:
            apart = negate(same_region(resource, other))
            found.append(both((apart, other.declaration.exists, stated(other, "partner"))))
    found.append(either(copy.elsewhere for copy in job_copies(resource, graph)))
    found.append(is_copy(resource, graph) is True)
    return either(found)


def allowed_region_count(resource: Resource, _graph: Graph) -> Value:
    """In how many regions messages may be stored; absent when that is not limited."""
    regions = resource.get("allowed_regions")
    if isinstance(regions, Unknown):
        return regions
    return len(regions) if isinstance(regions, list) and regions else ABSENT


def trail_elsewhere(resource: Resource, graph: Graph) -> Value:
    """Whether another trail of the same account covers all regions."""
    others = [o for o in graph.of_kind("audit_log") if o.id != resource.id and o.type == resource.type]
    near = [o for o in others if same_account(resource, o) is not False]
    wide = [o.get("multi_region") for o in near]
    return either(value for value in wide if isinstance(value, (bool, Unknown)))


FACTS: Final[Mapping[str, Fact]] = {
    "is_copy": Fact(is_copy, "whether it is itself the copy of another store", STORES),
    "keeps_access_logs": Fact(keeps_access_logs, "whether it only holds access logs", ("object_store",)),
    "has_paired_region": Fact(has_paired_region, "whether the provider pairs its region with another"),
    "record_keeping": Fact(record_keeping, "whether it is kept like a database", ("cache",)),
    "has_partner": Fact(has_partner, "whether it is paired with one in another region", ("queue",)),
    "allowed_region_count": Fact(allowed_region_count, "in how many regions messages may be stored", ("queue",)),
    "trail_elsewhere": Fact(trail_elsewhere, "whether another trail covers all regions", ("audit_log",)),
    "home": Fact(home, "its region in words"),
    "disposable": Fact(disposable, "whether its environment is for development or tests"),
}
