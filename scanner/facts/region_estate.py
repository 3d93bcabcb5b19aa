"""Where the estate as a whole stands: its regions, how they relate, and whose levers stand in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from scanner.catalog.load import catalog
from scanner.facts.estate import ENTRANCES, HELD, RUNNERS, applied, is_system, managed, regional, related
from scanner.facts.fact import Answer, Fact
from scanner.graph.graph import Graph
from scanner.model.resource import Resource
from scanner.model.span import Span
from scanner.model.value import ABSENT, Unknown, Value, unknown_from

CONCENTRATED: Final = 80
"""Percent of what runs and stores from which one region is called the estate's centre."""

_WEIGHED: Final = tuple(dict.fromkeys((*RUNNERS, *HELD, *ENTRANCES)))
_FEWEST: Final = 10
"""Resources below which a share says nothing."""

_HOMES: Final[Mapping[str, Mapping[str, str]]] = {
    "us-east-1": {
        "aws_route53_": "Route 53",
        "aws_cloudfront_": "CloudFront",
        "aws_iam_": "IAM",
        "aws_organizations_": "Organizations",
    },
    "us-west-2": {
        "aws_globalaccelerator_": "Global Accelerator",
        "aws_route53recoverycontrolconfig_": "Application Recovery Controller",
    },
}
"""Regions that hold the control planes of AWS's global services, by prefix of the types that these change.
https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/global-services.html"""

_LEVERS: Final = ("aws_route53_", "aws_cloudfront_", "aws_globalaccelerator_", "aws_route53recoverycontrolconfig_")
"""Prefixes of what traffic is moved with in an outage."""


def _placed(graph: Graph) -> list[Resource]:
    """What runs or stores in a region, at providers that the files configure."""
    clouds = catalog().regions
    found = (r for r in regional(managed(graph, *_WEIGHED)) if r.placement.provider in clouds and applied(r, graph))
    return sorted(found, key=lambda r: r.id)


def _counted(resources: Iterable[Resource]) -> tuple[Counter[tuple[str, str]], list[Resource]]:
    """How many resources each known region has, and those whose region is not known."""
    counts: Counter[tuple[str, str]] = Counter()
    undecided: list[Resource] = []
    for resource in resources:
        region = resource.placement.region
        if isinstance(region, str):
            counts[resource.placement.provider, region] += 1
        else:
            undecided.append(resource)
    return counts, undecided


def _unknown_region(resources: Iterable[Resource]) -> Unknown:
    return unknown_from([r.placement.region for r in resources])


def estate_in_one_region(_resource: Resource, graph: Graph) -> Value:
    """Whether everything that runs or stores stands in one region. Absent for files that are no whole service."""
    if not is_system(graph):
        return ABSENT
    placed = _placed(graph)
    counts, undecided = _counted(placed)
    if len(counts) > 1:
        return False
    if undecided:
        return _unknown_region(undecided)
    return Answer(True, related(placed, "stands there", 5), _telling(placed)) if counts else ABSENT


def _telling(resources: Iterable[Resource]) -> Span | None:
    """The provider configuration that decides the region, else the first resource's own place."""
    for resource in resources:
        if resource.declaration.provider.span is not None:
            return resource.declaration.provider.span
        return resource.span
    return None


def estate_regions(_resource: Resource, graph: Graph) -> Value:
    """The known regions in which something runs or stores, as ``provider/region``."""
    counts, _ = _counted(_placed(graph))
    return [f"{provider}/{region}" for provider, region in sorted(counts)] or ABSENT


def region_concentrated(_resource: Resource, graph: Graph) -> Value:
    """Whether one of several regions holds :data:`CONCENTRATED` percent or more of what runs and stores."""
    placed = _placed(graph)
    counts, undecided = _counted(placed)
    if not is_system(graph) or len(placed) < _FEWEST or len(counts) < 2:
        return ABSENT
    largest = max(counts.values())
    if largest * 100 >= CONCENTRATED * len(placed):
        (provider, region), _ = counts.most_common(1)[0]
        there = [r for r in placed if (r.placement.provider, r.placement.region) == (provider, region)]
        return Answer(True, related(there, "stands there", 5), _telling(there))
    if (largest + len(undecided)) * 100 >= CONCENTRATED * len(placed):
        return _unknown_region(undecided)
    return False


def largest_region(_resource: Resource, graph: Graph) -> Value:
    """The region that holds most of what runs and stores; absent when the files name none."""
    counts, _ = _counted(_placed(graph))
    return counts.most_common(1)[0][0][1] if counts else ABSENT


def largest_region_share(_resource: Resource, graph: Graph) -> Value:
    """Percent of what runs and stores that certainly stands in the largest region."""
    placed = _placed(graph)
    counts, _ = _counted(placed)
    return max(counts.values()) * 100 // len(placed) if counts else ABSENT


def levers_at_home(_resource: Resource, graph: Graph) -> Value:
    """The global services that traffic would be moved with and whose control plane stands in the estate's main region.

    Absent when the files hold no such lever, or nothing runs at AWS.
    """
    levers = [r for r in graph.resources.values() if r.type.startswith(_LEVERS) and r.declaration.mode == "managed"]
    placed = [r for r in _placed(graph) if r.placement.provider == "aws"]
    if not levers or not placed or not is_system(graph):
        return ABSENT
    counts, undecided = _counted(placed)
    if not counts or len(undecided) > max(counts.values()):
        return _unknown_region(undecided)
    services = _HOMES.get(counts.most_common(1)[0][0][1], {})
    held = [(r, services[p]) for r in graph.resources.values() for p in services if r.type.startswith(p)]
    moved = [r for r in levers if any(r is other for other, _ in held)]
    names = list(dict.fromkeys(name for _, name in held)) if moved else []
    return Answer(sorted(names), related(moved, "is changed through that control plane", 5), _telling(placed))


def regions_share_geography(_resource: Resource, graph: Graph) -> Value:
    """Whether all regions, of which there are at least two, lie in one country. Absent with one region."""
    counts, undecided = _counted(_placed(graph))
    if len(counts) < 2 or not is_system(graph):
        return ABSENT
    places = _geographies(counts)
    if len(places) > 1:
        return False
    if undecided or not places:
        return _unknown_region(undecided) if undecided else ABSENT
    return Answer(True, (), _telling(_placed(graph)))


def _geographies(regions: Iterable[tuple[str, str]]) -> list[str]:
    known = (catalog().region(provider, region) for provider, region in regions)
    return sorted({region.geography if region is not None else "" for region in known} - {""})


def estate_geographies(_resource: Resource, graph: Graph) -> Value:
    """The countries in which the known regions lie."""
    counts, _ = _counted(_placed(graph))
    return _geographies(counts) or ABSENT


def clusters_in_one_region(_resource: Resource, graph: Graph) -> Value:
    """Whether all Kubernetes clusters stand in one region although the estate uses several. Absent otherwise."""
    clusters = [r for r in _placed(graph) if r.kind == "cluster" and r.get("engine") == "kubernetes"]
    everywhere, _ = _counted(_placed(graph))
    counts, undecided = _counted(clusters)
    if not clusters or len(everywhere) < 2 or not is_system(graph):
        return ABSENT
    if len(counts) > 1:
        return False
    if undecided:
        return _unknown_region(undecided)
    return Answer(True, related(clusters, "stands there"), clusters[0].span)


def cluster_regions(_resource: Resource, graph: Graph) -> Value:
    """The known regions of the Kubernetes clusters."""
    counts, _ = _counted(r for r in _placed(graph) if r.kind == "cluster" and r.get("engine") == "kubernetes")
    return sorted(region for _, region in counts) or ABSENT


_ESTATE: Final = ("estate",)

FACTS: Final[Mapping[str, Fact]] = {
    "estate_in_one_region": Fact(estate_in_one_region, "whether everything stands in one region", _ESTATE),
    "estate_regions": Fact(estate_regions, "the regions in which something runs or stores", _ESTATE),
    "region_concentrated": Fact(region_concentrated, f"whether one region holds {CONCENTRATED} % or more", _ESTATE),
    "largest_region": Fact(largest_region, "the region that holds most", _ESTATE),
    "largest_region_share": Fact(largest_region_share, "the percentage in the largest region", _ESTATE),
    "levers_at_home": Fact(levers_at_home, "global services that are steered from the main region", _ESTATE),
    "regions_share_geography": Fact(regions_share_geography, "whether all regions lie in one country", _ESTATE),
    "estate_geographies": Fact(estate_geographies, "the countries of the regions", _ESTATE),
    "clusters_in_one_region": Fact(clusters_in_one_region, "whether all clusters stand in one region", _ESTATE),
    "cluster_regions": Fact(cluster_regions, "the regions of the clusters", _ESTATE),
}
