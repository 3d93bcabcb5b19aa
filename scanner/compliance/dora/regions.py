"""Where a function runs and keeps its data, as far as files and the catalog of regions tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from scanner.catalog.load import catalog
from scanner.compliance.dora.dependencies import KEEPING, Estate, Place
from scanner.model.outage import ServiceRisk
from scanner.model.resource import Resource, Scope
from scanner.model.value import Unknown

RUNNING: Final = frozenset(
    {"compute", "compute_group", "function", "container_service", "task", "batch", "cluster", "node_group", "workload"}
    | {"database", "search", "cache", "queue"}
)
"""Kinds of resources that work on data."""

GLOBAL: Final = "worldwide"
"""Stands for the region of what a provider runs as one service everywhere."""

UNDECIDED: Final = "not decided by the files"
"""Stands for a region that the files do not tell."""

COUNTRIES: Final[Mapping[str, str]] = {
    "Australia": "AU",
    "Austria": "AT",
    "Bahrain": "BH",
    "Belgium": "BE",
    "Brazil": "BR",
    "Canada": "CA",
    "Chile": "CL",
    "China": "CN",
    "Colombia": "CO",
    "Denmark": "DK",
    "Finland": "FI",
    "France": "FR",
    "Germany": "DE",
    "Hong Kong": "HK",
    "India": "IN",
    "Indonesia": "ID",
    "Ireland": "IE",
    "Israel": "IL",
    "Italy": "IT",
    "Japan": "JP",
    "Korea": "KR",
    "Malaysia": "MY",
    "Mexico": "MX",
    "Netherlands": "NL",
    "New Zealand": "NZ",
    "Norway": "NO",
    "Philippines": "PH",
    "Poland": "PL",
    "Qatar": "QA",
    "Saudi Arabia": "SA",
    "Serbia": "RS",
    "Singapore": "SG",
    "South Africa": "ZA",
    "South Korea": "KR",
    "Spain": "ES",
    "Sweden": "SE",
    "Switzerland": "CH",
    "Taiwan": "TW",
    "Thailand": "TH",
    "UAE": "AE",
    "United Arab Emirates": "AE",
    "United Kingdom": "GB",
    "United States": "US",
}
"""Geographies of the catalog → ISO 3166-1 alpha-2. What names no single country, such as Europe, is left out."""


class Site(Struct, frozen=True):
    """A region of one provider in which a function runs.

    ``country`` is empty where the catalog knows none. ``keeps`` is the first place that keeps data there, and ``runs``
    the first that works on some, if any does.
    """

    provider: str
    region: str
    country: str
    resources: int
    example: Place
    keeps: Place | None = None
    runs: Place | None = None

    @property
    def code(self) -> str:
        """The country's code in ISO 3166-1, or an empty text."""
        return COUNTRIES.get(self.country, "")


def sites(estate: Estate, service: ServiceRisk) -> Iterator[Site]:
    """Every region in which something stands that the function depends on."""
    found: dict[tuple[str, str], list[Resource]] = {}
    for name in sorted(service.cone):
        resource = estate.resources.get(name)
        if resource is not None and resource.placement.provider:
            found.setdefault((resource.placement.provider, _region(resource)), []).append(resource)
    for (provider, region), resources in sorted(found.items()):
        known = catalog().region(provider, region)
        yield Site(
            provider,
            region,
            known.geography if known is not None else "",
            len(resources),
            _place(resources[0]),
            _first(resources, KEEPING),
            _first(resources, RUNNING),
        )


def _first(resources: list[Resource], kinds: frozenset[str]) -> Place | None:
    return next((_place(resource) for resource in resources if resource.kind in kinds), None)


def _place(resource: Resource) -> Place:
    return Place(resource.id, resource.span)


def _region(resource: Resource) -> str:
    region = resource.placement.region
    if isinstance(region, str):
        return region
    if isinstance(region, Unknown) or resource.placement.scope is not Scope.GLOBAL:
        return UNDECIDED
    return GLOBAL
