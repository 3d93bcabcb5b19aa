"""Assets as the REST references show them, with the properties that rules ask for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from scanner.model.resource import Scope
from scanner.model.value import ABSENT
from scanner.pipeline import Estate

Read = Callable[..., Estate]

COMPUTE = "https://www.googleapis.com/compute/v1/projects/p"


def asset(kind: str, path: str, data: Mapping[str, Any], location: str = "us-central1") -> dict[str, Any]:
    return {
        "name": f"//{kind.partition('/')[0]}/{path}",
        "asset_type": kind,
        "resource": {"version": "v1", "data": dict(data), "location": location},
    }


def estate(estate_of: Read, *assets: Mapping[str, Any]) -> Estate:
    return estate_of({"assets.ndjson": "\n".join(map(json.dumps, assets))})


REGIONAL = "us-central1"
ZONE = f"{COMPUTE}/zones/us-central1-a"
KEY = "projects/p/locations/us-central1/keyRings/r/cryptoKeys/k"


@pytest.mark.parametrize(
    ("kind", "path", "data", "type_", "expected"),
    [
        (  # https://cloud.google.com/sql/docs/postgres/admin-api/rest/v1/instances
            "sqladmin.googleapis.com/Instance",
            "projects/p/instances/db",
            {
                "databaseVersion": "POSTGRES_16",
                "region": REGIONAL,
                "gceZone": "us-central1-f",
                "settings": {
                    "availabilityType": "ZONAL",
                    "backupConfiguration": {"enabled": True, "backupRetentionSettings": {"retainedBackups": 14}},
                },
                "diskEncryptionConfiguration": {"kmsKeyName": KEY},
            },
            "google_sql_database_instance",
            {
                "engine": "postgres",
                "zone_redundant": False,
                "backup_retention_days": 14,
                "key": KEY,
                "deletion_protection": False,
            },
        ),
        (  # https://cloud.google.com/sql/docs/mysql/admin-api/rest/v1/SqlAvailabilityType
            "sqladmin.googleapis.com/Instance",
            "projects/p/instances/ha",
            {
                "databaseVersion": "MYSQL_8_0",
                "region": REGIONAL,
                "settings": {"availabilityType": "REGIONAL", "deletionProtectionEnabled": True},
            },
            "google_sql_database_instance",
            {"engine": "mysql", "zone_redundant": True, "deletion_protection": True},
        ),
        (  # https://cloud.google.com/storage/docs/json_api/v1/buckets: durations are texts
            "storage.googleapis.com/Bucket",
            "bucket",
            {
                "location": "EU",
                "storageClass": "STANDARD",
                "versioning": {"enabled": True},
                "softDeletePolicy": {"retentionDurationSeconds": "604800"},
                "retentionPolicy": {"retentionPeriod": "86400", "isLocked": True},
            },
            "google_storage_bucket",
            {
                "redundancy": "multi-region",
                "versioning": True,
                "soft_delete_days": 7,
                "lock_mode": "locked",
                "lock_days": 1,
            },
        ),
        (  # https://cloud.google.com/compute/docs/reference/rest/v1/instances
            "compute.googleapis.com/Instance",
            "projects/p/zones/us-central1-a/instances/i",
            {
                "zone": ZONE,
                "scheduling": {"preemptible": False, "provisioningModel": "SPOT"},
                "networkInterfaces": [{"accessConfigs": [{"natIP": "1.2.3.4"}]}],
                "deletionProtection": True,
            },
            "google_compute_instance",
            {"spot": True, "public": True, "deletion_protection": True, "zone_redundant": False},
        ),
        (
            "compute.googleapis.com/InstanceGroupManager",
            "projects/p/zones/us-central1-a/instanceGroupManagers/g",
            {"zone": ZONE, "targetSize": 3, "autoHealingPolicies": [{"healthCheck": "x"}]},
            "google_compute_instance_group_manager",
            {"min_size": 3, "zone_redundant": False, "health_check": "autohealing"},
        ),
        (
            "compute.googleapis.com/InstanceGroupManager",
            "projects/p/regions/us-central1/instanceGroupManagers/g",
            {"region": f"{COMPUTE}/regions/us-central1", "targetSize": 3},
            "google_compute_region_instance_group_manager",
            {"min_size": 3, "zone_redundant": True},
        ),
        (  # https://cloud.google.com/compute/docs/reference/rest/v1/forwardingRules: IPAddress, and no region when global
            "compute.googleapis.com/ForwardingRule",
            "projects/p/global/forwardingRules/f",
            {"IPAddress": "1.2.3.4", "loadBalancingScheme": "EXTERNAL_MANAGED"},
            "google_compute_global_forwarding_rule",
            {"type": "global", "public": True},
        ),
        (  # https://cloud.google.com/compute/docs/reference/rest/v1/backendServices
            "compute.googleapis.com/BackendService",
            "projects/p/global/backendServices/b",
            {"backends": [{"group": "g1"}, {"group": "g2"}], "healthChecks": ["h"], "enableCDN": True},
            "google_compute_backend_service",
            {"targets": ["g1", "g2"], "health_check": True, "cdn": True},
        ),
        (  # https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys
            "cloudkms.googleapis.com/CryptoKey",
            KEY,
            {
                "purpose": "ASYMMETRIC_SIGN",
                "versionTemplate": {"protectionLevel": "HSM", "algorithm": "EC_SIGN_SECP256K1_SHA256"},
                "destroyScheduledDuration": "86400s",
            },
            "google_kms_crypto_key",
            {
                "usage": "sign",
                "hsm": True,
                "algorithm": "EC_SIGN_SECP256K1_SHA256",
                "deletion_window_days": 1,
                "rotation": False,
            },
        ),
        (  # https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters
            "container.googleapis.com/Cluster",
            "projects/p/locations/us-central1/clusters/c",
            {
                "location": "us-central1",
                "locations": ["us-central1-a", "us-central1-b"],
                "databaseEncryption": {"keyName": KEY},
            },
            "google_container_cluster",
            {
                "zone_redundant": True,
                "node_zones": ["us-central1-a", "us-central1-b"],
                "secrets_key": KEY,
                "deletion_protection": False,
            },
        ),
        (  # https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters.nodePools
            "container.googleapis.com/NodePool",
            "projects/p/locations/us-central1/clusters/c/nodePools/n",
            {
                "locations": ["us-central1-a"],
                "config": {"spot": True, "taints": [{"key": "a"}]},
                "autoscaling": {"minNodeCount": 2},
            },
            "google_container_node_pool",
            {"zone_redundant": False, "spot": True, "min_size": 2, "taints": [{"key": "a"}]},
        ),
        (  # https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics
            "pubsub.googleapis.com/Topic",
            "projects/p/topics/t",
            {
                "messageStoragePolicy": {"allowedPersistenceRegions": ["europe-west1"]},
                "messageRetentionDuration": "86400s",
                "kmsKeyName": KEY,
            },
            "google_pubsub_topic",
            {"allowed_regions": ["europe-west1"], "retention_hours": 24, "key": KEY},
        ),
        (  # https://cloud.google.com/dns/docs/reference/rest/v1/managedZones
            "dns.googleapis.com/ManagedZone",
            "projects/p/managedZones/z",
            {"dnsName": "example.com.", "visibility": "public", "dnssecConfig": {"state": "on"}},
            "google_dns_managed_zone",
            {"domain": "example.com.", "private": False, "dnssec": True},
        ),
        (  # https://cloud.google.com/memorystore/docs/redis/reference/rest/v1/projects.locations.instances
            "redis.googleapis.com/Instance",
            "projects/p/locations/us-central1/instances/c",
            {
                "tier": "STANDARD_HA",
                "locationId": "us-central1-a",
                "alternativeLocationId": "us-central1-b",
                "replicaCount": 2,
            },
            "google_redis_instance",
            {"zone_redundant": True, "replicas": 2},
        ),
        (  # https://cloud.google.com/spanner/docs/reference/rest/v1/projects.instances.databases
            "spanner.googleapis.com/Database",
            "projects/p/instances/i/databases/d",
            {"enableDropProtection": True},
            "google_spanner_database",
            {"deletion_protection": True},
        ),
        (  # https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets
            "secretmanager.googleapis.com/Secret",
            "projects/p/secrets/s",
            {
                "replication": {
                    "userManaged": {
                        "replicas": [{"location": "us-east1", "customerManagedEncryption": {"kmsKeyName": KEY}}]
                    }
                }
            },
            "google_secret_manager_secret",
            {"replicated": False, "replica_regions": ["us-east1"], "key": KEY},
        ),
        (  # https://cloud.google.com/run/docs/reference/rest/v1/namespaces.services
            "run.googleapis.com/Service",
            "projects/p/locations/us-central1/services/s",
            {
                "apiVersion": "serving.knative.dev/v1",
                "kind": "Service",
                "spec": {
                    "template": {
                        "spec": {"containers": [{"image": "i", "env": [{"name": "A", "value": "https://rpc.example"}]}]}
                    }
                },
            },
            "google_cloud_run_service",
            {"environment_hosts": ["https://rpc.example"], "zone_redundant": True},
        ),
        (  # https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions
            "cloudfunctions.googleapis.com/Function",
            "projects/p/locations/us-central1/functions/f",
            {
                "environment": "GEN_2",
                "serviceConfig": {"minInstanceCount": 1, "ingressSettings": "ALLOW_INTERNAL_ONLY", "vpcConnector": "c"},
            },
            "google_cloudfunctions2_function",
            {"min_instances": 1, "public": False, "in_network": True},
        ),
        (  # https://cloud.google.com/filestore/docs/reference/rest/v1/projects.locations.instances
            "file.googleapis.com/Instance",
            "projects/p/locations/us-central1-a/instances/f",
            {"tier": "BASIC_SSD"},
            "google_filestore_instance",
            {"zone_redundant": False, "deletion_protection": False},
        ),
    ],
)
def test_properties(
    kind: str, path: str, data: Mapping[str, Any], type_: str, expected: Mapping[str, Any], estate_of: Read
) -> None:
    found = estate(estate_of, asset(kind, path, data)).graph.resources[f"//{kind.partition('/')[0]}/{path}"]
    assert found.type == type_
    assert {name: found.get(name) for name in expected} == expected
    assert (found.declaration.dialect, found.placement.provider) == ("gcp-assets", "google")
    assert found.placement.account == ("p" if path.startswith("projects/") else None)


@pytest.mark.parametrize(
    ("kind", "path", "data", "location", "scope", "region", "zones"),
    [
        (
            "compute.googleapis.com/Disk",
            "projects/p/zones/us-central1-a/disks/d",
            {"zone": ZONE},
            "us-central1-a",
            Scope.ZONAL,
            "us-central1",
            ("us-central1-a",),
        ),
        (
            "compute.googleapis.com/Disk",
            "projects/p/regions/us-central1/disks/d",
            {"region": f"{COMPUTE}/regions/us-central1", "replicaZones": [ZONE, ZONE[:-1] + "b"]},
            "us-central1",
            Scope.ZONAL,
            "us-central1",
            ("us-central1-a", "us-central1-b"),
        ),
        (
            "sqladmin.googleapis.com/Instance",
            "projects/p/instances/d",
            {"region": "europe-west4", "gceZone": "europe-west4-b"},
            "europe-west4",
            Scope.ZONAL,
            "europe-west4",
            ("europe-west4-b",),
        ),
        (
            "cloudkms.googleapis.com/KeyRing",
            "projects/p/locations/global/keyRings/r",
            {},
            "global",
            Scope.GLOBAL,
            None,
            (),
        ),
        (
            "cloudkms.googleapis.com/KeyRing",
            "projects/p/locations/europe/keyRings/r",
            {},
            "europe",
            Scope.MULTI_REGION,
            "europe",
            (),
        ),
        (
            "container.googleapis.com/Cluster",
            "projects/p/zones/us-east1-b/clusters/c",
            {"location": "us-east1-b"},
            "us-east1-b",
            Scope.ZONAL,
            "us-east1",
            ("us-east1-b",),
        ),
        (
            "spanner.googleapis.com/Instance",
            "projects/p/instances/i",
            {"config": "projects/p/instanceConfigs/regional-asia-northeast1"},
            "asia-northeast1",
            Scope.REGIONAL,
            "asia-northeast1",
            (),
        ),
    ],
)
def test_places(
    kind: str,
    path: str,
    data: Mapping[str, Any],
    location: str,
    scope: Scope,
    region: str | None,
    zones: tuple[str, ...],
    estate_of: Read,
) -> None:
    place = (
        estate(estate_of, asset(kind, path, data, location))
        .graph.resources[f"//{kind.partition('/')[0]}/{path}"]
        .placement
    )
    assert (place.scope, place.region, place.zones) == (scope, region, zones)


def test_assets_hang_together(estate_of: Read) -> None:
    """A replica on its primary, a key on its ring, a pool on its cluster, a rule on the groups behind its proxy."""
    primary = "//cloudsql.googleapis.com/projects/p/instances/one"
    replica = primary.replace("one", "two")
    sql = [
        asset("sqladmin.googleapis.com/Instance", "projects/p/instances/one", {"region": REGIONAL}) | {"name": primary},
        asset(
            "sqladmin.googleapis.com/Instance",
            "projects/p/instances/two",
            {"region": REGIONAL, "masterInstanceName": "p:one"},
        )
        | {"name": replica},
    ]
    found = estate(
        estate_of,
        *sql,
        asset("cloudkms.googleapis.com/KeyRing", KEY.partition("/cryptoKeys")[0], {}),
        asset("cloudkms.googleapis.com/CryptoKey", KEY, {}),
        asset(
            "container.googleapis.com/Cluster", "projects/p/locations/us-central1/clusters/c", {"location": REGIONAL}
        ),
        asset("container.googleapis.com/NodePool", "projects/p/locations/us-central1/clusters/c/nodePools/n", {}),
        asset(
            "compute.googleapis.com/TargetHttpProxy",
            "projects/p/global/targetHttpProxies/h",
            {"urlMap": f"{COMPUTE}/global/urlMaps/m"},
        ),
        asset(
            "compute.googleapis.com/UrlMap",
            "projects/p/global/urlMaps/m",
            {"defaultService": f"{COMPUTE}/global/backendServices/b"},
        ),
        asset(
            "compute.googleapis.com/BackendService",
            "projects/p/global/backendServices/b",
            {"backends": [{"group": f"{ZONE}/instanceGroups/g"}]},
        ),
        asset(
            "compute.googleapis.com/InstanceGroup", "projects/p/zones/us-central1-a/instanceGroups/g", {"zone": ZONE}
        ),
    )
    edges = {
        (e.source.rpartition("/")[2], e.target.rpartition("/")[2], e.kind.value, e.path) for e in found.graph.edges()
    }
    assert edges >= {
        ("two", "one", "membership", "master_instance_name"),
        ("k", "r", "runtime", "key_ring"),
        ("n", "c", "placement", "cluster"),
        ("h", "m", "runtime", "url_map"),
        ("m", "b", "runtime", "default_service"),
        ("b", "g", "membership", "backend[0].group"),
    }
    assert found.graph.resources[primary].get("replica_of") is ABSENT
    assert not found.uncatalogued
