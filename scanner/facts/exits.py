"""Ways out: exports into open formats, services without a second maker, and services that their provider ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Final

from msgspec import Struct

from scanner.facts.estate import applied, is_system, managed, related
from scanner.facts.fact import Answer, Fact
from scanner.facts.place import prevent_destroy
from scanner.facts.relations import same_region
from scanner.graph.graph import Graph
from scanner.graph.index import base_of
from scanner.model.finding import Related
from scanner.model.resource import Resource
from scanner.model.span import Span
from scanner.model.value import ABSENT, Unknown, Value, either

_SERVICES: Final = ("queue", "function", "workflow", "container_service")
_STREAMS: Final = ("function", "queue", "replication", "export")


class Ending(Struct, frozen=True):
    """The end of a service: what it is called, and the day after which nobody is served, in words."""

    service: str
    ends: str


_ENDINGS: Final[Mapping[str, Ending]] = {
    "aws_appmesh_mesh": Ending("AWS App Mesh", "30 September 2026"),
    "aws_media_store_container": Ending("AWS Elemental MediaStore", "13 November 2025"),
    "aws_opsworks_stack": Ending("AWS OpsWorks", "26 May 2024"),
    "aws_qldb_ledger": Ending("Amazon QLDB", "31 July 2025"),
    "azurerm_data_lake_store": Ending("Azure Data Lake Storage Gen1", "29 February 2024"),
    "azurerm_frontdoor": Ending("Azure Front Door (classic)", "31 March 2027"),
    "azurerm_mariadb_server": Ending("Azure Database for MariaDB", "19 September 2025"),
    "azurerm_mysql_server": Ending("Azure Database for MySQL single server", "16 September 2024"),
    "azurerm_postgresql_server": Ending("Azure Database for PostgreSQL single server", "28 March 2025"),
    "azurerm_redis_cache": Ending("Azure Cache for Redis", "30 September 2028"),
    "azurerm_redis_enterprise_cluster": Ending("Azure Cache for Redis Enterprise", "31 March 2027"),
    "google_container_registry": Ending("Container Registry", "18 March 2025"),
    "google_pubsub_lite_topic": Ending("Pub/Sub Lite", "31 January 2027"),
}
"""Types of services whose provider has said when they end or ended."""


def ending(resource: Resource, _graph: Graph) -> Value:
    """The service's name and its end, in words; absent for services that go on."""
    for pattern, found in _ENDINGS.items():
        if fnmatchcase(resource.type, pattern):
            return f"{found.service} (end of service: {found.ends})"
    return ABSENT


def exported(resource: Resource, graph: Graph) -> Value:
    """Whether something in the files takes the data out: an export, a copy job, a stream of its changes."""
    jobs = [job for job in graph.of_kind("export", "replication") if resource in graph.targets(job, "source")]
    edges = (*graph.incoming.get(resource.id, ()), *graph.outgoing.get(resource.id, ()))
    streams = [edge for edge in edges if "stream" in edge.path or "event_source" in edge.path]
    ends = [graph.resources[end] for edge in streams for end in (edge.source, edge.target) if end != resource.id]
    return either(found.declaration.exists for found in (*jobs, *(e for e in ends if e.kind in _STREAMS)))


def provider_bound_services(_resource: Resource, graph: Graph) -> Value:
    """The products that carry the estate's work and speak one provider's own protocol, with their number.

    Absent for files that are no whole service.
    """
    if not is_system(graph):
        return ABSENT
    bound = [r for r in managed(graph, *_SERVICES) if r.get("proprietary") is True and applied(r, graph)]
    counts: dict[str, int] = {}
    for resource in bound:
        counts[_product(resource)] = counts.get(_product(resource), 0) + 1
    listed = [f"{name} ({number})" for name, number in sorted(counts.items())]
    return Answer(listed, related(bound, "speaks its provider's own protocol"), _first(bound))


def _product(resource: Resource) -> str:
    engine = resource.get("engine")
    return engine if isinstance(engine, str) else resource.native_type


def _first(resources: Iterable[Resource]) -> Span | None:
    return next((resource.span for resource in resources), None)


def plan_may_destroy(resource: Resource, graph: Graph) -> Value:
    """Whether one applied plan can destroy it: nothing in the files keeps it, nor is a deletion protection on.

    Absent in dialects whose files destroy nothing.
    """
    kept = prevent_destroy(resource, graph)
    if kept is ABSENT:
        return ABSENT
    held = [kept, resource.get("deletion_protection")]
    if any(value is True for value in held):
        return False
    return next((value for value in held if isinstance(value, Unknown)), True)


def twin_elsewhere(resource: Resource, graph: Graph) -> Value:
    """Whether the same thing is declared for another region: one type and name, or two instances of one block."""
    twins = [other for other in graph.of_kind(resource.kind) if other.id != resource.id and _is_twin(resource, other)]
    apart = [same_region(resource, twin) for twin in twins]
    found = either(truth if isinstance(truth, Unknown) else not truth for truth in apart)
    return Answer(found, tuple(Related(t.span, f"{t.id} is its twin", t.id) for t in twins[:5]))


def _is_twin(left: Resource, right: Resource) -> bool:
    """One name, or names that are not known and one block in several modules, roots or instances."""
    mine, other = left.declaration, right.declaration
    if (mine.type, mine.mode) != (other.type, other.mode):
        return False
    names = [d.attributes.get("name", d.attributes.get("secret_id")) for d in (mine, other)]
    if all(isinstance(name, str) for name in names):
        return bool(names[0] == names[1])
    apart = (mine.module, mine.root) != (other.module, other.root)
    return mine.name == other.name and (apart or base_of(mine.id) == base_of(other.id))


FACTS: Final[Mapping[str, Fact]] = {
    "ending": Fact(ending, "the name and end of a service that its provider ends"),
    "exported": Fact(exported, "whether something takes its data out", ("database",)),
    "provider_bound_services": Fact(provider_bound_services, "the products bound to one provider", ("estate",)),
    "plan_may_destroy": Fact(plan_may_destroy, "whether one applied plan can destroy it"),
    "twin_elsewhere": Fact(twin_elsewhere, "whether the same thing is declared in another region"),
}
