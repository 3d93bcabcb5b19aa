"""Where a resource runs: provider, account, region, zones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from scanner.catalog.load import Catalog, Entry
from scanner.catalog.places import GOOGLE_ZONE, region_of
from scanner.catalog.readers import lookup, read, whole
from scanner.facts.volumes import OPERATED
from scanner.graph.index import Index
from scanner.model.compose import PLATFORM as COMPOSE
from scanner.model.objects import PLATFORM, REGION_LABELS, ZONE_LABELS, pinned_values, spec_of, stands_in_cluster
from scanner.model.resource import Declaration, Placement, ProviderContext, Scope
from scanner.model.value import ABSENT, Unknown, Value, equal, unknown_from
from scanner.normalize.clusters import Clusters
from scanner.normalize.told_places import shared_place, told_by, zone_of

PROVIDERS: Final[Mapping[str, str]] = {
    "aws": "aws",
    "awscc": "aws",
    "google": "google",
    "google-beta": "google",
    "azurerm": "azure",
    "azuread": "azure",
    "azapi": "azure",
    "azurestack": "azure",
    "cloudflare": "cloudflare",
    "hcloud": "hetzner",
    "ovh": "ovh",
    "digitalocean": "digitalocean",
    "equinix": "equinix",
    "metal": "equinix",
    "packet": "equinix",
    "alicloud": "alibaba",
    "oci": "oracle",
    "ibm": "ibm",
    "scaleway": "scaleway",
    "linode": "linode",
    "vultr": "vultr",
    "kubernetes": "kubernetes",
    "kubectl": "kubernetes",
    "helm": "kubernetes",
}
"""Terraform provider names → the names that failure domains use. Others keep their own name."""

_REGION_ATTRIBUTES: Final[Mapping[str, tuple[str, ...]]] = {
    "aws": ("region",),
    "google": ("region", "location", "zone"),
    "azure": ("location",),
    "alibaba": ("region",),
    "hetzner": ("location", "home_location", "network_zone"),
    "digitalocean": ("region",),
    "oracle": ("region",),
    "scaleway": ("region",),
    "linode": ("region",),
    "vultr": ("region",),
    "equinix": ("metro",),
    "ovh": ("region",),
    "ibm": ("region", "location"),
}
_REGION_FROM: Final[Mapping[str, tuple[str, ...]]] = {"azure": ("resource_group_name",)}
_ACCOUNT_ATTRIBUTES: Final[Mapping[str, tuple[str, ...]]] = {
    "google": ("project",),
    "azure": ("subscription_id",),
}
_SCOPES: Final[Mapping[str, Scope]] = {scope.value: scope for scope in Scope}
_ACCOUNT_IN_ARN: Final = re.compile(r"^arn:[^:]*:[^:]*:[^:]*:(\d{12}):")
_IN_ZONES: Final = frozenset({"workload", "batch", "volume", *OPERATED})
"""Kinds of Kubernetes objects that stand on nodes or disks."""
_MAX_HOPS: Final = 8
MAX_ZONES: Final = 64
"""So many unknown zones are compared with each other; no region has nearly as many."""


@dataclass(slots=True)
class Placer:
    """Places every declaration once; zones and regions flow along references."""

    index: Index
    entries: Mapping[str, Entry | None]
    tables: Catalog
    default_region: str | None
    clusters: Clusters
    _regions: dict[str, str | Unknown | None] = field(default_factory=dict)
    _zones: dict[str, tuple[str | Unknown, ...] | Unknown] = field(default_factory=dict)

    def place(self, name: str) -> Placement:
        """The placement of a declared resource."""
        declaration = self.index.by_id[name]
        entry = self.entries[name] or Entry("other")
        if stands_in_cluster(declaration) and name not in self.clusters.declared:
            return self._in_cluster(declaration, entry)
        if declaration.platform == COMPOSE:  # no file says where its host stands
            return Placement(COMPOSE)
        provider = provider_of(declaration)
        scope = self._scope(declaration, entry)
        account = self._account(declaration, entry, provider)
        if scope is Scope.GLOBAL:
            return Placement(provider, account, None, (), scope)
        region = self.region(name)
        if scope is Scope.REGIONAL and isinstance(region, str):
            scope = self._wider(scope, provider, region)
        return Placement(provider, account, None if scope is Scope.GLOBAL else region, self.zones(name), scope)

    def _in_cluster(self, declaration: Declaration, entry: Entry) -> Placement:
        """Where an object of a cluster stands: what runs or keeps data, in zones of it; all else, in it as a whole."""
        clusters = self.clusters.every(declaration)
        if len(clusters) > 1:
            return shared_place([self.place(c) if c in self.clusters.declared else None for c in clusters])
        cluster = self.clusters.of(declaration)
        base = self.place(cluster) if cluster is not None else Placement(PLATFORM, cluster=next(iter(clusters), None))
        if entry.kind not in _IN_ZONES:
            return replace(base, zones=(), scope=Scope.REGIONAL)
        spec = spec_of(declaration.attributes, entry.pods) if entry.pods else {}
        pinned = distinct([z for z in pinned_values(spec, ZONE_LABELS)[0] if isinstance(z, (str, Unknown))])
        if base.provider == PLATFORM:
            base = told_by(pinned, base, pinned_values(spec, REGION_LABELS)[0])
        if base.provider == "azure":  # labels there hold the region, too
            pinned = tuple(z.removeprefix(f"{base.region}-") if isinstance(z, str) else z for z in pinned)
        zones = pinned or (self.node_zones(cluster) if cluster is not None else ())
        return replace(base, zones=zones, scope=Scope.ZONAL)

    def node_zones(self, cluster: str) -> tuple[str | Unknown, ...] | Unknown:
        """The zones of a cluster's nodes: those of its node groups and of the nodes that it declares itself."""
        entry = self.entries[cluster] or Entry("other")
        own = (
            read(entry.properties["node_zones"], self.index.by_id[cluster].attributes)[0]
            if "node_zones" in entry.properties
            else ()
        )
        found: list[str | Unknown] = [z for z in own if isinstance(z, (str, Unknown))] if isinstance(own, list) else []
        for group in self.clusters.node_groups.get(cluster, ()):
            zones = self.zones(group)
            if isinstance(zones, Unknown):
                return zones
            found.extend(zones)
        return distinct(found) or self.zones(cluster)

    def _wider(self, scope: Scope, provider: str, region: str) -> Scope:
        """The scope that a location by itself implies: a multi-region, or everywhere."""
        if region in self.tables.multi_regions.get(provider, {}):
            return Scope.MULTI_REGION
        return Scope.GLOBAL if region == "global" else scope

    def _scope(self, declaration: Declaration, entry: Entry) -> Scope:
        value = entry.scope if isinstance(entry.scope, str) else read(entry.scope, declaration.attributes)[0]
        return _SCOPES.get(value, Scope.REGIONAL) if isinstance(value, str) else Scope.REGIONAL

    # -- region ------------------------------------------------------------------------------------

    def region(self, name: str, hops: int = 0) -> str | Unknown | None:
        """The region: the resource's own, that of what it belongs to, or the provider configuration's."""
        if name not in self._regions:
            self._regions[name] = None
            self._regions[name] = self._find_region(name, hops)
        return self._regions[name]

    def _find_region(self, name: str, hops: int) -> str | Unknown | None:
        declaration = self.index.by_id[name]
        entry = self.entries[name] or Entry("other")
        provider = provider_of(declaration)
        for path in (*entry.region, *_REGION_ATTRIBUTES.get(provider, ("region",))):
            value = lookup(declaration.attributes, path)
            if isinstance(value, str) and value:
                return region_of(value, provider)
            if isinstance(value, Unknown):
                shared = self._shared_region(value, hops)
                return value if shared is None else shared
        for path in (*entry.region_from, *_REGION_FROM.get(provider, ())):
            found = self._region_through(declaration, path, hops)
            if found is not None:
                return found
        return self._provider_region(declaration, provider)

    def _shared_region(self, value: Unknown, hops: int) -> str | Unknown | None:
        """``location = azurerm_resource_group.x.location``: the region of what is referred to."""
        if hops >= _MAX_HOPS or value.ref is None:
            return None
        listed = value.ref.path.startswith("names") and "google_compute_zones." in value.ref.address
        if not listed and not value.ref.path.endswith(("location", "region", "zone")):
            return None
        for target in self.index.addressed(value.ref.address):
            return self.region(target, hops + 1)
        return None

    def _region_through(self, declaration: Declaration, path: str, hops: int) -> str | Unknown | None:
        if hops >= _MAX_HOPS:
            return None
        for target in self.index.referred(declaration, path):
            return self.region(target, hops + 1)
        return None

    def _provider_region(self, declaration: Declaration, provider: str) -> str | Unknown | None:
        context = declaration.provider
        for path in ("region", "location", "zone"):
            value = lookup(context.attributes, path)
            if isinstance(value, str) and value:
                return region_of(value, provider)
            if isinstance(value, Unknown):
                return value
        if self.default_region is not None:
            return self.default_region
        return Unknown(_no_region(context), context.span or declaration.span)

    # -- zones -------------------------------------------------------------------------------------

    def zones(self, name: str, hops: int = 0) -> tuple[str | Unknown, ...] | Unknown:
        """Distinct zones: written ones and those of the subnets and groups that the resource stands in."""
        if name not in self._zones:
            self._zones[name] = ()
            self._zones[name] = self._find_zones(name, hops)
        return self._zones[name]

    def _find_zones(self, name: str, hops: int) -> tuple[str | Unknown, ...] | Unknown:
        declaration = self.index.by_id[name]
        entry = self.entries[name]
        if entry is None:
            return ()
        found: list[str | Unknown] = []
        for path in entry.zones:
            value = whole(declaration.attributes, path)
            zones = _zone_values(value, provider_of(declaration), _is_plural(path))
            if isinstance(zones, Unknown):
                return zones
            found.extend(zones)
        if found:
            return distinct(found)
        if entry.zones and entry.scope == "zonal" and not entry.zones_from:
            value = lookup(declaration.provider.attributes, "zone")
            inherited = _zone_values(value, provider_of(declaration), False)
            return inherited if isinstance(inherited, Unknown) else distinct(inherited)
        for path in entry.zones_from:
            value = whole(declaration.attributes, path)
            if value is ABSENT:
                continue
            zones = self._zones_through(value, declaration, path, hops)
            if isinstance(zones, Unknown):
                return zones
            found.extend(zones)
        return distinct(found)

    def _zones_through(
        self, value: Value, declaration: Declaration, path: str, hops: int
    ) -> tuple[str | Unknown, ...] | Unknown:
        """The zones of what a value refers to. A target without a known place makes an unknown zone of its own.

        What the text of the attribute at ``path`` (empty for one item of a list) names decides what a plain name means.
        """
        if hops >= _MAX_HOPS:
            return ()
        if isinstance(value, list):
            found: list[str | Unknown] = []
            for number, item in enumerate(value):
                told = self.index.told_at(declaration, f"{path}[{number}]") if isinstance(item, str) else ()
                zones = self._zones_of_targets(told, hops) if told else self._zones_through(item, declaration, "", hops)
                if isinstance(zones, Unknown):
                    return zones
                found.extend(zones)
            return tuple(found)
        if isinstance(value, Unknown):
            return self._zones_through_unknown(value, _is_plural(path), hops)
        referred = self.index.referred(declaration, path) if path else ()
        named = self.index.named(value, root=declaration.root)
        targets = tuple(target for target in named if target in referred) or referred or named
        if targets:
            return self._zones_of_targets(targets, hops)
        return (Unknown(f"the zone of {value} is not in the files"),) if isinstance(value, str) and value else ()

    def _zones_through_unknown(self, value: Unknown, plural: bool, hops: int) -> tuple[str | Unknown, ...] | Unknown:
        """The zones of what an unknown refers to: all of them, or one when it is a choice among them."""
        if _is_listing(value) or (plural and value.choice):
            return value
        targets = self._places(value)
        if not targets:
            return value if plural or _is_splat(value) else (zone_of(value),)
        zones = self._zones_of_targets(targets, hops)
        if isinstance(zones, Unknown) or not value.choice or len(distinct(zones)) == 1:
            return zones
        return (value.derived(),)

    def _places(self, value: Unknown) -> tuple[str, ...]:
        """What an unknown refers to, without what only hands places on (a module, another state, a parameter)."""
        found = self.index.meant(value)
        return tuple(i for i in found if (entry := self.entries[i]) is not None and (entry.zones or entry.zones_from))

    def _zones_of_targets(self, targets: tuple[str, ...], hops: int) -> tuple[str | Unknown, ...] | Unknown:
        found: list[str | Unknown] = []
        for target in targets:
            declaration = self.index.by_id[target]
            zones = self.zones(target, hops + 1)
            if isinstance(zones, Unknown):
                return zones
            if isinstance(declaration.exists, Unknown):
                return unknown_from([declaration.exists])
            found.extend(zones or (Unknown(f"the zone of {target} is not in the files", declaration.span),))
        return tuple(found)

    # -- account -----------------------------------------------------------------------------------

    def _account(self, declaration: Declaration, entry: Entry, provider: str) -> str | Unknown | None:
        for path in (*entry.account, *_ACCOUNT_ATTRIBUTES.get(provider, ())):
            value = lookup(declaration.attributes, path)
            if isinstance(value, (str, Unknown)):
                return value
        return account_of(declaration.provider, provider)


def provider_of(declaration: Declaration) -> str:
    """The provider's name as failure domains use it."""
    name = declaration.provider.name
    if declaration.mode == "backend":
        return {"s3": "aws", "gcs": "google", "azurerm": "azure", "oss": "alibaba", "cos": "tencent"}.get(
            declaration.name, declaration.name
        )
    return PROVIDERS.get(name, name)


def account_of(context: ProviderContext, provider: str) -> str | Unknown | None:
    """The account, project or subscription that a provider configuration works in; ``None`` when it does not say."""
    for path in ("project", "subscription_id", "account_id"):
        value = lookup(context.attributes, path)
        if isinstance(value, (str, Unknown)):
            return value
    allowed = lookup(context.attributes, "allowed_account_ids")
    if isinstance(allowed, list) and len(allowed) == 1 and isinstance(allowed[0], (str, Unknown)):
        return allowed[0]
    role = lookup(context.attributes, "assume_role.role_arn")
    if role is ABSENT:
        role = lookup(context.attributes, "role_arn")
    if isinstance(role, Unknown):
        found = _ACCOUNT_IN_ARN.match(role.prefix)
        return found.group(1) if found else role
    if isinstance(role, str):
        found = _ACCOUNT_IN_ARN.match(role)
        return found.group(1) if found else None
    profile = lookup(context.attributes, "profile")
    if isinstance(profile, str) and provider == "aws":
        return f"profile:{profile}"
    return None


def _no_region(context: ProviderContext) -> str:
    if not context.declared:
        return f"no provider block configures {context.name or 'it'}; give the region with --region"
    return f"provider {context.name} has no region; give it with --region"


def _zone_values(value: Value, provider: str, plural: bool) -> tuple[str | Unknown, ...] | Unknown:
    """Zone names written in an attribute, or an unknown when not even their number is known."""
    if value is ABSENT or value is None:
        return ()
    if isinstance(value, Unknown):
        return value if plural or _is_splat(value) else (value,)
    if isinstance(value, list):
        found: list[str | Unknown] = []
        for item in value:
            if isinstance(item, Unknown) and _is_listing(item):
                return item  # a list in a list, as Terraform 0.11 let people write
            zones = _zone_values(item, provider, False)
            if isinstance(zones, Unknown):
                return zones
            found.extend(zones)
        return tuple(found)
    text = str(value).rsplit("/", 1)[-1] if provider == "google" else str(value)
    is_region = provider == "google" and not GOOGLE_ZONE.search(text)
    return (text,) if text and not is_region else ()


def _is_plural(path: str) -> bool:
    """Whether an attribute's name says that it holds several."""
    return path.rsplit(".", 1)[-1].endswith(("s", "identifier"))


def _is_listing(value: Unknown) -> bool:
    """Whether an unknown is a data source's whole list (``data.aws_subnets.x.ids``)."""
    if value.ref is None or not value.ref.path.endswith(("ids", "names")):
        return False
    return ".data." in f".{value.ref.address.replace('#', '.')}"


def _is_splat(value: Unknown) -> bool:
    """Whether an unknown stands for a list whose length is not known."""
    return not value.parts and not value.choice and (value.ref is None or "[*]" in value.ref.path)


def distinct(zones: list[str | Unknown] | tuple[str | Unknown, ...]) -> tuple[str | Unknown, ...]:
    """Zones without repetition: unknown ones that are the same value count once."""
    kept: list[str | Unknown] = []
    unknown: list[Unknown] = []
    for zone in dict.fromkeys(zones):
        if isinstance(zone, Unknown):
            if len(unknown) < MAX_ZONES and any(equal(zone, other) is True for other in unknown):
                continue
            unknown.append(zone)
        kept.append(zone)
    return tuple(kept)
