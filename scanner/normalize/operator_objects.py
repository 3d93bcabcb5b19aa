"""What operators run where one object does not say all of it: brokers in pools, stores of backups and secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from msgspec.structs import replace

from scanner.catalog.readers import lookup
from scanner.model.objects import PLATFORM, annotations_of, labels_of, name_of_object, namespace_of
from scanner.model.resource import Declaration, ProviderContext, Reference
from scanner.model.span import Span
from scanner.model.value import ABSENT, Value
from scanner.normalize.added_places import AddedPlaces

_CLOUDS: Final[Mapping[str, str]] = {"aws": "aws", "gcp": "google", "azure": "azurerm"}
_BUCKETS: Final = ("aws_s3_bucket", "google_storage_bucket", "azurerm_storage_account")
_STORES: Final = ("external-secrets.io/SecretStore", "external-secrets.io/ClusterSecretStore")
_SECRET_CLOUDS: Final[Mapping[str, str]] = {"aws": "aws", "gcpsm": "google", "azurekv": "azurerm"}
_SEARCH: Final[Mapping[str, tuple[str, str, str]]] = {
    "elasticsearch.k8s.elastic.co/Elasticsearch": ("spec.nodeSets", "config", "count"),
    "opensearch.opster.io/OpenSearchCluster": ("spec.nodePools", "roles", "replicas"),
}
"""Search clusters → where their sets of nodes stand, and a set's roles and size."""
_LOCATIONS: Final = ("velero.io/BackupStorageLocation", "velero.io/VolumeSnapshotLocation")


@dataclass
class OperatorObjects:
    """Translates the objects of one estate that operators read."""

    declarations: Sequence[Declaration]

    def translated(self) -> Iterator[Declaration]:
        """Every declaration; clusters with what their pools add up to, locations of backups with their cloud."""
        for each in self.declarations:
            if each.platform == PLATFORM and each.type == "kafka.strimzi.io/Kafka":
                yield self._kafka(each)
            elif each.platform == PLATFORM and each.type in _SEARCH:
                yield _search(each)
            elif each.platform == PLATFORM and each.type in _LOCATIONS:
                yield self._location(each)
            elif each.platform == PLATFORM and each.type in _STORES:
                yield _store(each)
            else:
                yield each

    def _kafka(self, kafka: Declaration) -> Declaration:
        """The brokers and the controllers of all pools together: https://strimzi.io/docs/operators/latest/configuring#type-KafkaNodePool-reference."""
        if annotations_of(kafka.attributes).get("strimzi.io/node-pools", "enabled") != "enabled":
            return kafka
        key = (kafka.root, namespace_of(kafka.attributes), name_of_object(kafka.attributes))
        found: dict[str, Value] = {}
        spans: dict[str, Span] = {}
        for role in ("broker", "controller"):
            pools = [pool for pool in self._pools.get(key, ()) if role in _roles(pool)]
            counts = [lookup(pool.attributes, "spec.replicas") for pool in pools]
            known = [count for count in counts if isinstance(count, int)]
            if known and len(known) == len(counts):
                found[f"{role}s"] = sum(known)
                spans[f"pools.{role}s"] = pools[0].span_of("spec.replicas")
        attributes = {**kafka.attributes, "pools": found}
        return replace(kafka, attributes=attributes, places=AddedPlaces(kafka.places, spans)) if found else kafka

    @cached_property
    def _pools(self) -> Mapping[tuple[str, str, str], list[Declaration]]:
        found: dict[tuple[str, str, str], list[Declaration]] = {}
        for each in self.declarations:
            if each.type == "kafka.strimzi.io/KafkaNodePool":
                name = str(labels_of(each.attributes).get("strimzi.io/cluster", ""))
                found.setdefault((each.root, namespace_of(each.attributes), name), []).append(each)
        return found

    def _location(self, location: Declaration) -> Declaration:
        """A store of backups stands where its bucket does, not in the cluster that it saves."""
        word = lookup(location.attributes, "spec.provider")
        provider = _CLOUDS.get(str(word).rpartition("/")[2])
        if provider is None:
            return location
        region = lookup(location.attributes, "spec.config.region")
        told: dict[str, Value] = {"region": region} if region is not ABSENT else {}
        span = location.span_of("spec.config.region")
        name = lookup(location.attributes, "spec.objectStorage.bucket")
        buckets = self._buckets.get(str(name), ())
        written = location.span_of("spec.objectStorage.bucket")
        references = tuple(Reference("bucket", bucket, "id", written) for bucket in buckets)
        context = ProviderContext(provider, "", told, span, bool(told), {"region": span})
        return replace(location, provider=context, references=references)

    @cached_property
    def _buckets(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for each in self.declarations:
            if each.type in _BUCKETS and each.mode == "managed":
                for name in (each.attributes.get("bucket"), each.attributes.get("name")):
                    if isinstance(name, str) and each.id not in found.setdefault(name, []):
                        found[name].append(each.id)
        return {name: ids for name, ids in found.items() if len(ids) == 1}


def _store(store: Declaration) -> Declaration:
    """A store of secrets with its cloud: https://external-secrets.io/latest/provider/aws-secrets-manager/."""
    for key, provider in _SECRET_CLOUDS.items():
        if lookup(store.attributes, f"spec.provider.{key}") is not ABSENT:
            told: dict[str, Value] = {}
            for name, path in (("region", "region"), ("region", "location"), ("project", "projectID")):
                value = lookup(store.attributes, f"spec.provider.{key}.{path}")
                if isinstance(value, str):
                    told.setdefault(name, value)
            span = store.span_of(f"spec.provider.{key}")
            return replace(store, provider=ProviderContext(provider, "", told, span, bool(told), {"region": span}))
    return store


def _search(cluster: Declaration) -> Declaration:
    """A search cluster with the number of nodes that may be elected master; a set without roles has all of them.

    https://www.elastic.co/guide/en/cloud-on-k8s/current/k8s-node-configuration.html,
    https://docs.opensearch.org/latest/install-and-configure/install-opensearch/operator/.
    """
    sets, roles, size = _SEARCH[cluster.type]
    found = lookup(cluster.attributes, sets)
    groups = [group for group in found if isinstance(group, dict)] if isinstance(found, list) else []
    voting = [
        (at, g) for at, g in enumerate(groups) if _may_lead(_node(g) if roles == "config" else g.get(roles, ABSENT))
    ]
    counts = [group.get(size) for _, group in voting]
    known = [count for count in counts if isinstance(count, int)]
    if not known or len(known) < len(counts):
        return cluster
    span = cluster.span_of(f"{sets}[{voting[0][0]}].{size}")
    attributes = {**cluster.attributes, "masters": sum(known)}
    return replace(cluster, attributes=attributes, places=AddedPlaces(cluster.places, {"masters": span}))


def _node(group: Mapping[str, Value]) -> Value:
    """The roles of a set of Elasticsearch, whose configuration writes them nested or with a dot."""
    config = group.get("config")
    if not isinstance(config, dict):
        return ABSENT
    nested = config.get("node")
    roles = config.get("node.roles", nested.get("roles", ABSENT) if isinstance(nested, dict) else ABSENT)
    leads = config.get("node.master", nested.get("master", ABSENT) if isinstance(nested, dict) else ABSENT)
    return roles if roles is not ABSENT else [] if leads is False else ABSENT


def _may_lead(roles: Value) -> bool:
    return not isinstance(roles, list) or any(role in ("master", "cluster_manager") for role in roles)


def _roles(pool: Declaration) -> list[Value]:
    roles = lookup(pool.attributes, "spec.roles")
    return roles if isinstance(roles, list) else ["broker"]
