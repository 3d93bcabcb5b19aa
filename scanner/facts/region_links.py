"""What ties a resource to another region: calls across regions, groups whose members share one, far resource groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from scanner.facts.elsewhere import STORES, copies
from scanner.facts.fact import Answer, Fact
from scanner.facts.relations import same_region
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.resource import EdgeKind, Resource, Scope
from scanner.model.value import ABSENT, Truth, Unknown, Value, both, either, negate, unknown_from

_CALLERS: Final = (
    *("compute", "compute_group", "container_service", "task", "function", "workload", "batch", "workflow"),
    *("gateway", "load_balancer", "target_group"),
)
_CALLED: Final = frozenset(
    {
        *("database", "cache", "queue", "search", "object_store", "file_store", "secret", "user_directory"),
        *("directory", "function", "container_service", "workflow", "load_balancer", "gateway", "compute"),
        *("compute_group", "cluster"),
    }
)


def far_dependencies(resource: Resource, graph: Graph) -> Value:
    """What it needs to serve and what stands in another region of its provider, by id; keys are asked elsewhere."""
    if not _in_region(resource):
        return ABSENT
    far: dict[str, Related] = {}
    mark = None
    undecided: Unknown | None = None
    for edge in graph.outgoing.get(resource.id, ()):
        target = graph.resources[edge.target]
        if edge.kind is not EdgeKind.RUNTIME or target.kind not in _CALLED or not _in_region(target):
            continue
        if target.placement.provider != resource.placement.provider:
            continue
        apart = both((negate(same_region(resource, target)), target.declaration.exists, _alone(target, graph)))
        if apart is True:
            where = Related(target.span, f"{target.id} stands in {target.placement.region}", target.id)
            far.setdefault(target.id, where)
            mark = mark or edge.span
        elif isinstance(apart, Unknown):
            undecided = apart if undecided is None else undecided
    if not far and undecided is not None:
        return undecided
    return Answer(sorted(far), tuple(far.values()), mark)


def _alone(target: Resource, graph: Graph) -> Truth:
    """Whether no live copy elsewhere could answer in its place."""
    if target.kind not in STORES:
        return True
    return negate(either(copy.elsewhere for copy in copies(target, graph) if copy.live))


def _in_region(resource: Resource) -> bool:
    return resource.placement.scope in (Scope.ZONAL, Scope.REGIONAL) and resource.placement.region is not None


def resource_group_elsewhere(resource: Resource, graph: Graph) -> Value:
    """Whether an Azure resource stands in another region than its resource group; absent where either has no region."""
    if resource.placement.provider != "azure" or not _in_region(resource):
        return ABSENT
    if resource.declaration.attributes.get("location") is None:
        return ABSENT
    groups = [g for g in graph.targets(resource, "resource_group_name") if g.type == "azurerm_resource_group"]
    if not groups:
        return ABSENT
    related = tuple(Related(g.span, f"{g.id} stands in {_named(g)}", g.id) for g in groups[:1])
    return Answer(negate(same_region(resource, groups[0])), related)


def resource_group_region(resource: Resource, graph: Graph) -> Value:
    """The region of its resource group."""
    groups = [g for g in graph.targets(resource, "resource_group_name") if g.type == "azurerm_resource_group"]
    return groups[0].placement.region if groups else ABSENT


def _named(resource: Resource) -> str:
    region = resource.placement.region
    return region if isinstance(region, str) else "a region that is not known"


def members_in_one_region(resource: Resource, graph: Graph) -> Value:
    """Whether all members of a multi-region group stand in one region; unknown when none of them is in the files."""
    members = [*graph.members(resource)]
    if not members:
        return Unknown("no member is in the files", resource.span)
    related = tuple(Related(m.span, f"{m.id} stands in {_named(m)}", m.id) for m in members[:5])
    return Answer(both(_together(members)), related)


def _together(members: list[Resource]) -> Iterator[Truth]:
    first = members[0]
    for other in members[1:]:
        apart = both((negate(same_region(first, other)), other.declaration.exists))
        yield negate(apart)


def buckets_in_one_region(resource: Resource, graph: Graph) -> Value:
    """Whether all buckets behind a multi-region access point stand in one region."""
    written = resource.get("endpoints")
    if isinstance(written, Unknown) or written is ABSENT:
        return unknown_from([written])
    buckets = list(graph.targets(resource, "endpoints"))
    if len(written) > max(len(buckets), 1):
        return Unknown("not all of its buckets are in the files", resource.span_of("endpoints"))
    related = tuple(Related(b.span, f"{b.id} stands in {_named(b)}", b.id) for b in buckets[:5])
    return Answer(both(_together(buckets)) if len(buckets) > 1 else True, related)


FACTS: Final[Mapping[str, Fact]] = {
    "far_dependencies": Fact(far_dependencies, "what it calls in other regions", _CALLERS),
    "resource_group_elsewhere": Fact(resource_group_elsewhere, "whether its resource group stands in another region"),
    "resource_group_region": Fact(resource_group_region, "the region of its resource group"),
    "members_in_one_region": Fact(members_in_one_region, "whether all members stand in one region", ("other",)),
    "buckets_in_one_region": Fact(
        buckets_in_one_region, "whether all buckets behind an access point stand in one region", ("global_balancer",)
    ),
}
