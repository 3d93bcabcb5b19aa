"""Clusters and groups of nodes that custom resources declare, with the cloud and the region in which they stand.

Cluster API (https://cluster-api.sigs.k8s.io/), eksctl (https://eksctl.io/usage/schema/), kOps
(https://kops.sigs.k8s.io/cluster_spec/), Karpenter (https://karpenter.sh/docs/concepts/nodepools/) and Gardener
(https://gardener.cloud/docs/). One object may declare a cluster and groups of its nodes: these become declarations of
their own. What several objects say together is laid under ``control_plane`` of the cluster and ``zones`` of the group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from msgspec.structs import replace

from scanner.catalog.readers import lookup, whole
from scanner.model.domain import region_of_zone
from scanner.model.objects import PLATFORM, ZONE_LABELS, labels_of, name_of_object
from scanner.model.resource import Declaration, ProviderContext, Reference
from scanner.model.span import Span
from scanner.model.value import ABSENT, Value
from scanner.normalize.added_places import AddedPlaces
from scanner.normalize.respelled import MovedPlaces

_CLOUD_KINDS: Final[tuple[tuple[str, str], ...]] = (
    ("AWS", "aws"),
    ("ROSA", "aws"),
    ("GCP", "google"),
    ("Azure", "azurerm"),
    ("ARO", "azurerm"),
    ("Hetzner", "hcloud"),
    ("HCloud", "hcloud"),
    ("DO", "digitalocean"),
    ("OCI", "oci"),
    ("Linode", "linode"),
    ("Scaleway", "scaleway"),
    ("Vultr", "vultr"),
    ("Packet", "equinix"),
    ("IBM", "ibm"),
)
"""How the kinds of Cluster API's infrastructure providers begin → Terraform's name of the provider."""
_REGIONS: Final = ("spec.region", "spec.location", "spec.controlPlaneRegions", "spec.metro", "spec.zone")
_ACCOUNTS: Final[Mapping[str, str]] = {"spec.project": "project", "spec.subscriptionID": "subscription_id"}
_KARPENTER: Final[Mapping[str, str]] = {"karpenter.k8s.aws": "aws", "karpenter.azure.com": "azurerm"}
_GARDENER: Final[Mapping[str, str]] = {"gcp": "google", "azure": "azurerm", "openstack": "openstack"}
_CLOUDS: Final[Mapping[str, str]] = {"gce": "google", "gcp": "google", "azure": "azurerm", "azurerm": "azurerm"}
_DOMAINS: Final[Mapping[str, str]] = {"azurerm": "azure", "hcloud": "hetzner", "oci": "oracle"}
"""Terraform's names of providers that failure domains call otherwise."""
_MANAGED: Final = ("ManagedControlPlane", "ROSAControlPlane", "AROControlPlane")
_CONTROL_ROLES: Final = frozenset({"Master", "ControlPlane", "APIServer"})


@dataclass
class ClusterObjects:
    """Translates the objects of one estate that declare clusters or nodes."""

    declarations: Sequence[Declaration]

    def translated(self) -> Iterator[Declaration]:
        """Every declaration; what declares clusters and nodes with its cloud, its parts after it."""
        readers: Mapping[str, Callable[[Declaration], Iterator[Declaration]]] = {
            "cluster.x-k8s.io/Cluster": self._cluster,
            "cluster.x-k8s.io/MachineDeployment": self._machines,
            "cluster.x-k8s.io/MachinePool": self._machines,
            "eksctl.io/ClusterConfig": self._eksctl,
            "kops.k8s.io/Cluster": self._kops,
            "kops.k8s.io/InstanceGroup": self._instances,
            "karpenter.sh/NodePool": self._pool,
            "karpenter.sh/Provisioner": self._pool,
            "core.gardener.cloud/Shoot": self._shoot,
        }
        for each in self.declarations:
            reader = readers.get(each.type) if each.platform == PLATFORM else None
            if reader is None:
                yield each
            else:
                yield from reader(each)

    @cached_property
    def _named(self) -> Mapping[tuple[str, str, str], Declaration]:
        """Root, kind and name → the object."""
        return {
            (d.root, d.type.rpartition("/")[2], name_of_object(d.attributes)): d
            for d in self.declarations
            if d.platform == PLATFORM
        }

    def _referred(self, source: Declaration, path: str) -> Declaration | None:
        """The object that a reference with kind and name means."""
        kind, name = (lookup(source.attributes, f"{path}.{key}") for key in ("kind", "name"))
        return self._named.get((source.root, str(kind), str(name)))

    # -- Cluster API -------------------------------------------------------------------------------

    def _cluster(self, cluster: Declaration) -> Iterator[Declaration]:
        infrastructure = self._referred(cluster, "spec.infrastructureRef")
        control = self._referred(cluster, "spec.controlPlaneRef")
        found: dict[str, Value] = {}
        spans: dict[str, Span] = {}
        kind = str(lookup(cluster.attributes, "spec.controlPlaneRef.kind"))
        if kind.endswith(_MANAGED):
            found["managed"] = True
            spans["control_plane.managed"] = cluster.span_of("spec.controlPlaneRef")
        elif control is not None:
            found["replicas"] = _or(lookup(control.attributes, "spec.replicas"), 1)
            spans["control_plane.replicas"] = control.span_of("spec.replicas")
        elif (replicas := lookup(cluster.attributes, "spec.topology.controlPlane.replicas")) is not ABSENT:
            found["replicas"] = replicas
            spans["control_plane.replicas"] = cluster.span_of("spec.topology.controlPlane.replicas")
        context = self._context(cluster, infrastructure, control)
        yield _told(replace(cluster, provider=context), {"control_plane": found}, spans)
        workers = lookup(cluster.attributes, "spec.topology.workers.machineDeployments")
        for index, each in enumerate(workers if isinstance(workers, list) else ()):
            path = f"spec.topology.workers.machineDeployments[{index}]"
            yield _part(cluster, "cluster.x-k8s.io/Machines", each, path, str(_get(each, "name") or index), context)

    def _context(self, cluster: Declaration, *sources: Declaration | None) -> ProviderContext:
        """The cloud, region and account of a cluster, by the objects that describe its infrastructure."""
        paths = ("spec.infrastructureRef.kind", "spec.controlPlaneRef.kind")
        kinds = [str(lookup(cluster.attributes, path)) for path in paths]
        provider = next((p for kind in kinds for begin, p in _CLOUD_KINDS if kind.startswith(begin)), "kubernetes")
        told: dict[str, Value] = {}
        spans: dict[str, Span] = {}
        for source in sources:
            if source is None:
                continue
            region, path = next(((v, p) for p in _REGIONS if (v := _text(source.attributes, p))), ("", ""))
            if region and "region" not in told:
                told["region"], spans["region"] = region, source.span_of(path)
            for path, name in _ACCOUNTS.items():
                if value := _text(source.attributes, path):
                    told[name], spans[name] = value, source.span_of(path)
        return ProviderContext(provider, "", told, spans.get("region"), bool(told), spans)

    def _machines(self, group: Declaration) -> Iterator[Declaration]:
        """A group of machines, in the zones that it or its infrastructure names."""
        name = _text(group.attributes, "spec.clusterName")
        cluster = self._named.get((group.root, "Cluster", name))
        infrastructure = self._referred(group, "spec.template.spec.infrastructureRef")
        for source, path in (
            (group, "spec.template.spec.failureDomain"),
            (group, "spec.failureDomains"),
            (infrastructure, "spec.availabilityZones"),
            (infrastructure, "spec.template.spec.failureDomain"),
        ):
            value = lookup(source.attributes, path) if source is not None else ABSENT
            if value is not ABSENT and source is not None:
                told = {"zones": value if isinstance(value, list) else [value]}
                group = _told(group, told, {"zones": source.span_of(path)})
                break
        if cluster is not None:
            infra, control = (self._referred(cluster, f"spec.{k}Ref") for k in ("infrastructure", "controlPlane"))
            group = _in(group, cluster, "spec.clusterName", self._context(cluster, infra, control))
        yield group

    # -- eksctl ------------------------------------------------------------------------------------

    def _eksctl(self, cluster: Declaration) -> Iterator[Declaration]:
        region = _text(cluster.attributes, "metadata.region")
        place = {"region": region} if region else {}
        span = cluster.span_of("metadata.region")
        context = ProviderContext("aws", "", place, span, bool(region), {"region": span})
        yield replace(cluster, provider=context)
        default = lookup(cluster.attributes, "availabilityZones")
        for key in ("managedNodeGroups", "nodeGroups", "fargateProfiles"):
            groups = lookup(cluster.attributes, key)
            for index, each in enumerate(groups if isinstance(groups, list) else ()):
                path, name = f"{key}[{index}]", str(_get(each, "name") or index)
                part = _part(cluster, "eksctl.io/NodeGroup", each, path, name, context)
                if _get(each, "availabilityZones") is None and default is not ABSENT:
                    spans = {"availabilityZones": cluster.span_of("availabilityZones")}
                    part = _told(part, {"availabilityZones": default}, spans)
                yield part

    # -- kOps --------------------------------------------------------------------------------------

    def _kops(self, cluster: Declaration) -> Iterator[Declaration]:
        name = name_of_object(cluster.attributes)
        groups = [
            g for g in self._groups.get((cluster.root, name), ()) if _text(g.attributes, "spec.role") in _CONTROL_ROLES
        ]
        zones = [zone for group in groups for zone in self._subnet_zones(cluster, group)]
        context = self._kops_context(cluster)
        found: dict[str, Value] = {"zones": list(dict.fromkeys(zones)), "replicas": len(groups)} if groups else {}
        spans = {f"control_plane.{k}": groups[0].span_of("spec.subnets") for k in found}
        yield _told(replace(cluster, provider=context), {"control_plane": found}, spans)

    def _instances(self, group: Declaration) -> Iterator[Declaration]:
        name = str(labels_of(group.attributes).get("kops.k8s.io/cluster", ""))
        cluster = self._named.get((group.root, "Cluster", name))
        if cluster is None:
            yield group
            return
        zones = self._subnet_zones(cluster, group)
        group = _told(group, {"zones": zones}, {"zones": group.span_of("spec.subnets")})
        context = self._kops_context(cluster)
        if _text(group.attributes, "spec.role") in _CONTROL_ROLES:  # its machines are the cluster itself
            yield replace(group, type="kops.k8s.io/ControlPlane", provider=context)
            return
        yield _in(group, cluster, "metadata.labels.kops.k8s.io/cluster", context)

    @cached_property
    def _groups(self) -> Mapping[tuple[str, str], list[Declaration]]:
        found: dict[tuple[str, str], list[Declaration]] = {}
        for each in self.declarations:
            if each.type == "kops.k8s.io/InstanceGroup":
                name = str(labels_of(each.attributes).get("kops.k8s.io/cluster", ""))
                found.setdefault((each.root, name), []).append(each)
        return found

    @staticmethod
    def _subnet_zones(cluster: Declaration, group: Declaration) -> list[Value]:
        written = lookup(group.attributes, "spec.zones")
        if isinstance(written, list) and written:
            return written
        subnets = [
            *_listed(cluster.attributes, "spec.subnets"),
            *_listed(cluster.attributes, "spec.networking.subnets"),
        ]
        zones = {str(_get(s, "name")): _get(s, "zone") for s in subnets}
        names = [str(name) for name in _listed(group.attributes, "spec.subnets")]
        return [zones.get(name) or name for name in names]

    @staticmethod
    def _kops_context(cluster: Declaration) -> ProviderContext:
        cloud = lookup(cluster.attributes, "spec.cloudProvider")
        word = next(iter(cloud), "aws") if isinstance(cloud, dict) else cloud if isinstance(cloud, str) else "aws"
        provider = _CLOUDS.get(str(word), str(word))
        subnets = [
            *_listed(cluster.attributes, "spec.subnets"),
            *_listed(cluster.attributes, "spec.networking.subnets"),
        ]
        region = _shared_region(provider, [_get(subnet, "zone") for subnet in subnets])
        span = cluster.span_of("spec.subnets")
        project = _text(cluster.attributes, "spec.project")
        told = {k: v for k, v in (("region", region), ("project", project)) if v}
        return ProviderContext(provider, "", told, span, bool(region), {"region": span})

    # -- Karpenter ---------------------------------------------------------------------------------

    def _pool(self, pool: Declaration) -> Iterator[Declaration]:
        """Nodes that are made on demand, in the zones that its requirements allow."""
        at = "spec.template.spec" if pool.type.endswith("/NodePool") else "spec"
        group = _text(pool.attributes, f"{at}.nodeClassRef.group") or _text(
            pool.attributes, f"{at}.nodeClassRef.apiVersion"
        )
        provider = _KARPENTER.get(group.partition("/")[0], "aws")
        found: dict[str, Value] = {}
        spans: dict[str, Span] = {}
        for index, each in enumerate(_listed(pool.attributes, f"{at}.requirements")):
            key, values = _get(each, "key"), _get(each, "values")
            name = "zones" if key in ZONE_LABELS else "capacity" if key == "karpenter.sh/capacity-type" else ""
            if name and _get(each, "operator") == "In" and isinstance(values, list):
                found[name], spans[name] = values, pool.span_of(f"{at}.requirements[{index}]")
        found["spot"] = found.get("capacity") == ["spot"]
        spans["spot"] = spans.get("capacity", pool.span)
        region = _shared_region(provider, found.get("zones"))
        context = ProviderContext(provider, "", {"region": region} if region else {}, spans.get("zones"), bool(region))
        told = {"labels": lookup(pool.attributes, "spec.template.metadata.labels")}
        told["taints"] = lookup(pool.attributes, f"{at}.taints")
        found.update({key: value for key, value in told.items() if value is not ABSENT})
        yield _told(replace(pool, provider=context), found, spans)

    # -- Gardener ----------------------------------------------------------------------------------

    def _shoot(self, shoot: Declaration) -> Iterator[Declaration]:
        word = _text(shoot.attributes, "spec.provider.type")
        region = _text(shoot.attributes, "spec.region")
        span = shoot.span_of("spec.region")
        context = ProviderContext(
            _GARDENER.get(word, word), "", {"region": region} if region else {}, span, bool(region), {"region": span}
        )
        yield replace(shoot, provider=context)
        for index, each in enumerate(_listed(shoot.attributes, "spec.provider.workers")):
            path, name = f"spec.provider.workers[{index}]", str(_get(each, "name") or index)
            yield _part(shoot, "core.gardener.cloud/Worker", each, path, name, context)


def _part(whole_: Declaration, native: str, body: Value, path: str, name: str, context: ProviderContext) -> Declaration:
    """A group of nodes that is written inside its cluster's object."""
    attributes = dict(body) if isinstance(body, dict) else {}
    keys = [key for key in attributes if isinstance(key, str)]
    places = MovedPlaces(whole_.places, {key: f"{path}.{key}" for key in keys} | {"cluster": path})
    span = whole_.span_of(path)
    return replace(
        whole_,
        id=f"{whole_.id}/{name}",
        type=native,
        name=name,
        span=span,
        attributes={**attributes, "name": name},
        places=places,
        provider=context,
        references=(Reference("cluster", whole_.id, "id", span),),
    )


def _in(group: Declaration, cluster: Declaration, path: str, context: ProviderContext) -> Declaration:
    references = (Reference("cluster", cluster.id, "id", group.span_of(path)),)
    return replace(group, references=references, provider=context)


def _told(declaration: Declaration, found: Mapping[str, Value], spans: Mapping[str, Span]) -> Declaration:
    """A declaration with what other objects tell of it."""
    attributes = {**declaration.attributes, **found}
    return replace(declaration, attributes=attributes, places=AddedPlaces(declaration.places, spans))


def _shared_region(provider: str, zones: Value) -> str:
    """The region that all zones lie in; empty where they tell none."""
    domain = _DOMAINS.get(provider, provider)
    found = {region_of_zone(domain, zone) for zone in zones or () if isinstance(zone, str)} if zones else set()
    return next(iter(found)) or "" if len(found) == 1 else ""


def _listed(attributes: Mapping[str, Value], path: str) -> list[Value]:
    found = lookup(attributes, path)
    return found if isinstance(found, list) else []


def _text(attributes: Mapping[str, Value], path: str) -> str:
    found = whole(attributes, path)
    found = found[0] if isinstance(found, list) and found else found
    return found if isinstance(found, str) else ""


def _get(value: Value, key: str) -> Value:
    return value.get(key) if isinstance(value, dict) else None


def _or(value: Value, default: Value) -> Value:
    return default if value is ABSENT else value
