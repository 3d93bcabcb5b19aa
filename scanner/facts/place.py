"""Where a resource runs, as rules ask it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from scanner.catalog.load import catalog
from scanner.facts.fact import Fact
from scanner.graph.graph import Graph
from scanner.model.resource import Resource, Scope
from scanner.model.value import ABSENT, Unknown, Value, equal


def zones(resource: Resource, _graph: Graph) -> Value:
    """The distinct zones that it stands in; absent when it is not placed in zones."""
    found = resource.placement.zones
    if isinstance(found, Unknown):
        return found
    return list(found) if found else ABSENT


def zone_bounds(resource: Resource) -> tuple[int, int] | Unknown:
    """The least and the most distinct zones that it may stand in; unknown when not even their number is.

    Names are distinct zones, and so are texts that end differently (``${var.region}a``) and different elements of one
    listing of the region's zones. Any other unknown zone may be the same as another.
    """
    found = resource.placement.zones
    return found if isinstance(found, Unknown) else bounds_of(found)


def bounds_of(zones: Sequence[Value]) -> tuple[int, int]:
    """The same for zones from several places, each of them once."""
    apart: list[Value] = []
    for zone in sorted(zones, key=lambda zone: isinstance(zone, Unknown)):
        if not isinstance(zone, Unknown) or (
            len(apart) < _ENOUGH and all(equal(zone, other) is False for other in apart)
        ):
            apart.append(zone)
    listings = Counter(
        (zone.ref.address, zone.ref.path.partition("[")[0])
        for zone in zones
        if isinstance(zone, Unknown) and zone.ref and LISTING.search(zone.ref.address)
    )
    return max(len(apart), *listings.values(), min(len(zones), 1)), len(zones)


_ENOUGH: Final = 64
"""Zones beyond this are not compared; no region has nearly as many."""

LISTING: Final = re.compile(r"(?:^|[.#])data\.\w*zones\.")
"""Address of a data source that lists a region's zones (``data.aws_availability_zones.x``)."""


def in_every_zone(resource: Resource) -> bool:
    """Whether it is given the whole list of its region's zones, which are several."""
    zones = resource.placement.zones
    if not isinstance(zones, Unknown) or zones.ref is None or "[" in zones.ref.path:
        return False
    count = _zones_of_region(resource)
    return LISTING.search(zones.ref.address) is not None and (not isinstance(count, int) or count > 1)


def zone_count(resource: Resource, _graph: Graph) -> Value:
    """How many distinct zones it certainly stands in; unknown when that may be one or more, absent outside of zones."""
    bounds = zone_bounds(resource)
    if isinstance(bounds, Unknown):
        return bounds
    least, most = bounds
    if least < 2 <= most:
        zones = resource.placement.zones
        unknown = (
            next((zone for zone in zones if isinstance(zone, Unknown)), None) if isinstance(zones, tuple) else None
        )
        return Unknown("whether its zones differ is not in the files", unknown.origin if unknown else None)
    return least or ABSENT


def region(resource: Resource, _graph: Graph) -> Value:
    """The region; absent for global things."""
    return ABSENT if resource.placement.region is None else resource.placement.region


def region_zones(resource: Resource, _graph: Graph) -> Value:
    """How many zones the region has; absent when the tables do not know the region."""
    return _zones_of_region(resource)


def _zones_of_region(resource: Resource) -> Value:
    place = resource.placement
    if isinstance(place.region, Unknown):
        return Unknown(f"the region is not known: {place.region.reason}", place.region.origin)
    known = catalog().region(place.provider, place.region) if place.region else None
    return known.zones if known else ABSENT


def region_has_zones(resource: Resource, graph: Graph) -> Value:
    """Whether the region offers more than one zone; true when the region is not known, as nearly all do."""
    count = region_zones(resource, graph)
    return not isinstance(count, int) or count > 1


def scope(resource: Resource, _graph: Graph) -> Value:
    """zonal, regional, global or multi-region."""
    return resource.placement.scope.value


def provider(resource: Resource, _graph: Graph) -> Value:
    """The provider's name as in failure domains."""
    return resource.placement.provider


def is_multi_region(resource: Resource, _graph: Graph) -> Value:
    """Whether it survives a region by itself."""
    return resource.placement.scope is Scope.MULTI_REGION


def tier(resource: Resource, _graph: Graph) -> Value:
    """The environment tier from the configuration, or absent."""
    return resource.tier or ABSENT


def prevent_destroy(resource: Resource, _graph: Graph) -> Value:
    """Whether it, or at least its data, is kept when it leaves the files. Absent where files destroy nothing.

    Terraform's ``prevent_destroy``, and CloudFormation's ``DeletionPolicy``:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
    """
    declaration = resource.declaration
    if declaration.platform == "cloudformation":
        default = "Snapshot" if declaration.type in _SNAPSHOT_BY_DEFAULT else "Delete"
        policy = declaration.lifecycle.get("DeletionPolicy", default)
        return policy if isinstance(policy, Unknown) else policy in _KEEPING
    if declaration.mode != "managed" or declaration.dialect != "terraform":
        return ABSENT
    return declaration.lifecycle.get("prevent_destroy", False)


_KEEPING: Final = frozenset({"Retain", "RetainExceptOnCreate", "Snapshot"})
_SNAPSHOT_BY_DEFAULT: Final = frozenset({"aws_db_instance", "aws_rds_cluster"})


FACTS: Final[Mapping[str, Fact]] = {
    "zones": Fact(zones, "the distinct zones that it stands in"),
    "zone_count": Fact(zone_count, "how many distinct zones it stands in"),
    "region": Fact(region, "its region"),
    "region_zones": Fact(region_zones, "how many zones its region has"),
    "region_has_zones": Fact(region_has_zones, "whether its region offers more than one zone"),
    "scope": Fact(scope, "zonal, regional, global or multi-region"),
    "provider": Fact(provider, "the provider's name"),
    "is_multi_region": Fact(is_multi_region, "whether it survives a region by itself"),
    "tier": Fact(tier, "its environment tier"),
    "prevent_destroy": Fact(prevent_destroy, "whether it is kept when it leaves the files"),
}
