"""Places that something else tells: the names of zones, or the clusters in which a thing runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from scanner.model.domain import region_of_zone
from scanner.model.objects import PLATFORM
from scanner.model.resource import Placement
from scanner.model.value import Ref, Unknown, Value

_TELLING_ZONES: Final = ("aws", "google")
"""Providers whose names of zones tell them from each other."""


def told_by(zones: tuple[str | Unknown, ...], place: Placement, regions: list[Value]) -> Placement:
    """A placement with the provider and region that the names of zones tell."""
    named = [zone for zone in zones if isinstance(zone, str)]
    for provider in _TELLING_ZONES:
        found = {region_of_zone(provider, zone) for zone in named}
        if named and None not in found and len(found) == 1:
            return replace(place, provider=provider, region=found.pop())
    region = regions[0] if len(regions) == 1 and isinstance(regions[0], str) else None
    return replace(place, region=region) if region else place


def shared_place(places: Sequence[Placement | None]) -> Placement:
    """What the places of several clusters have in common; ``None`` is one that no file declares."""
    known = [place for place in places if place is not None]
    if len(known) < len(places) or any(place.provider != known[0].provider for place in known):
        return Placement(PLATFORM)
    first = known[0]
    account = first.account if all(place.account == first.account for place in known) else None
    alike = all(place.region == first.region for place in known)
    return Placement(first.provider, account, first.region if alike else None)


def zone_of(value: Unknown) -> Unknown:
    """The zone of something that is not in the files: one and the same for all that name the same thing."""
    ref = None if value.ref is None or value.choice else Ref(value.ref.address, f"{value.ref.path}.zone".lstrip("."))
    return replace(value.derived(), ref=ref)
