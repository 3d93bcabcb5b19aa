"""What the scanned files as a whole run, keep and open to the world.

Rules about the estate speak only of a *system*: files that are applied (a provider or a state backend is configured)
and declare something that runs, something that keeps data or keys, and an entrance. A module library or a lone
component is none: what surrounds it is elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from scanner.facts.relations import same_account, same_region
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.resource import Resource, Scope
from scanner.model.value import ABSENT, Truth, Unknown, Value, both

RUNNERS: Final = (
    "compute",
    "compute_group",
    "container_service",
    "function",
    "workload",
    "cluster",
    "node_group",
    "batch",
)
"""Kinds that execute programs."""

RECORDS: Final = ("database", "object_store", "file_store", "search", "queue", "cache")
"""Kinds that keep data."""

HELD: Final = (*RECORDS, "volume", "secret", "key", "key_store", "hsm", "user_directory", "backup_vault")
"""Kinds whose loss is a loss of data or keys."""

ENTRANCES: Final = ("load_balancer", "gateway", "cdn", "global_balancer", "function", "container_service")
"""Kinds that users may reach."""

CLOUDS: Final = frozenset(
    {
        *(
            "aws",
            "google",
            "azure",
            "alibaba",
            "oracle",
            "ibm",
            "hetzner",
            "ovh",
            "digitalocean",
            "scaleway",
            "linode",
            "vultr",
        ),
        *(
            "equinix",
            "exoscale",
            "upcloud",
            "tencentcloud",
            "openstack",
            "vsphere",
            "civo",
            "ionoscloud",
            "yandex",
            "huaweicloud",
        ),
    }
)
"""Providers that run servers."""

_NOT_PRODUCTION: Final = frozenset({"development", "dev", "test", "testing", "sandbox", "staging"})


def managed(graph: Graph, *kinds: str) -> Iterator[Resource]:
    """The declared resources of the kinds that the files create, those of development tiers left out."""
    for resource in graph.of_kind(*kinds):
        if resource.declaration.mode == "managed" and resource.tier.lower() not in _NOT_PRODUCTION:
            yield resource


def applied(resource: Resource, graph: Graph) -> bool:
    """Whether the files around a resource are applied as they are: they configure its provider or a state backend."""
    if resource.declaration.provider.declared:
        return True
    return any(b.declaration.root == resource.declaration.root for b in graph.of_kind("state_backend"))


def runners(graph: Graph) -> list[Resource]:
    """What executes programs at providers that the files configure."""
    return [r for r in managed(graph, *RUNNERS) if applied(r, graph)]


def records(graph: Graph) -> list[Resource]:
    """What keeps data at providers that the files configure."""
    return [r for r in managed(graph, *RECORDS) if applied(r, graph)]


def entrances(graph: Graph) -> list[Resource]:
    """What users reach: public balancers, gateways and delivery networks, and names of a public zone."""
    found = [r for r in managed(graph, *ENTRANCES) if applied(r, graph) and _open(r)]
    return found or [
        r for r in managed(graph, "dns_record") if applied(r, graph) and in_private_zone(r, graph) is False
    ]


def _open(resource: Resource) -> bool:
    if resource.kind in ("cdn", "global_balancer") or resource.get("public") is True:
        return True
    return resource.kind in ("load_balancer", "gateway") and resource.get("internal") in (False, ABSENT)


def in_private_zone(record: Resource, graph: Graph) -> Truth:
    """Whether a record's zone answers inside a network only; unknown when the zone is not in the files."""
    zones = [z for z in graph.targets(record, "zone") if z.kind == "dns_zone"]
    if not zones:
        return Unknown("the record's zone is not in the files", record.span_of("zone"))
    found = zones[0].get("private")
    return found if isinstance(found, (bool, Unknown)) else False


def is_system(graph: Graph) -> bool:
    """Whether the files show a whole service: it runs, it keeps something, and users can reach it."""
    return bool(runners(graph)) and any(applied(r, graph) for r in managed(graph, *HELD)) and bool(entrances(graph))


class Place(Struct, frozen=True):
    """Resources that certainly share an account or region, by their first."""

    first: Resource
    members: tuple[Resource, ...]


def by_account(resources: Iterable[Resource]) -> tuple[list[Place], Truth]:
    """Resources grouped by account, and whether all groups are certainly different ones."""
    groups: list[list[Resource]] = []
    alike: dict[tuple[str, str | None], list[list[Resource]]] = {}
    last: dict[tuple[str, str], list[Resource]] = {}  # most resources of a root share one account: a first guess
    for resource in resources:
        key = (resource.declaration.root, resource.declaration.provider.alias)
        guess = [last[key]] if key in last else []
        among = alike.setdefault(_may_share(resource), [])
        home = next((g for g in (*guess, *among) if shares_account(g[0], resource) is True), None)
        if home is None:
            home = []
            groups.append(home)
            among.append(home)
        home.append(resource)
        last[key] = home
    places = [Place(g[0], tuple(g)) for g in groups]
    # No later group has been found to be an earlier one: they differ, or nothing tells.
    answers = (_differ(shares_account(a.first, b.first)) for i, a in enumerate(places) for b in places[i + 1 :])
    return places, next((answer for answer in answers if isinstance(answer, Unknown)), True)


def _may_share(resource: Resource) -> tuple[str, str | None]:
    """What two resources agree in that are certainly of one account; without a written one that includes the root."""
    placement = resource.placement
    return placement.provider, resource.declaration.root if placement.account is None else None


def shares_account(left: Resource, right: Resource) -> Truth:
    """Whether two lie in one account: roots that name none may be applied with different credentials."""
    found = same_account(left, right)
    if found is True and left.placement.account is None and left.declaration.root != right.declaration.root:
        return Unknown("no account is written in the files", right.declaration.provider.span or right.span)
    return found


def _differ(truth: Truth) -> Truth:
    return truth if isinstance(truth, Unknown) else not truth


def written(value: Value) -> bool:
    """Whether an attribute says anything, known or not."""
    return isinstance(value, Unknown) or value not in (ABSENT, None, "", [], {}, False)


def regional(resources: Iterable[Resource]) -> list[Resource]:
    """Those that live in one region."""
    return [
        r
        for r in resources
        if r.placement.scope not in (Scope.GLOBAL, Scope.MULTI_REGION) and r.placement.region is not None
    ]


def one_region(resources: Iterable[Resource]) -> Truth:
    """Whether all live in one region; global and multi-region things do not count."""
    found = regional(resources)
    return both(same_region(found[0], other) for other in found[1:])


def related(resources: Iterable[Resource], message: str, limit: int = 10) -> tuple[Related, ...]:
    """Places that explain an answer, the first ``limit`` of them."""
    return tuple(Related(r.span, f"{r.id}: {message}", r.id) for r in list(resources)[:limit])
