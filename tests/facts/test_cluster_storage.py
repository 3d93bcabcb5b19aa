"""Claims, classes, databases without a volume, and what copies data away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts import FACTS, Answer
from scanner.model.value import ABSENT
from scanner.pipeline import Estate

Told = Callable[..., Any]
API, CLASS = "default/Deployment/api", "StorageClass/fast"
MOUNT = "volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]"


def workload(replicas: str = "", pod: str = "", container: str = "image: 'i:1'", kind: str = "Deployment") -> str:
    return (
        f"---\napiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: api}}\nspec:\n  {replicas}\n  template:\n"
        f"    metadata: {{labels: {{app: api}}}}\n    spec:\n      containers: [{{name: c, {container}}}]\n      {pod}\n"
    )


def claim(modes: str) -> str:
    return (
        f"---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: d}}\nspec: {{accessModes: [{modes}]}}\n"
    )


# https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes
@pytest.mark.parametrize(
    ("manifests", "shares"),
    [
        (workload("replicas: 2", MOUNT) + claim("ReadWriteOnce"), True),
        (workload("replicas: 2", MOUNT) + claim("ReadWriteOncePod"), True),
        (workload("replicas: 2", MOUNT) + claim("ReadWriteMany"), False),
        (workload("replicas: 2", MOUNT) + claim("ReadOnlyMany"), False),
        (workload("replicas: 1", MOUNT) + claim("ReadWriteOnce"), ABSENT),
        (workload("replicas: 2", MOUNT), "unknown"),
        (workload("replicas: 2"), ABSENT),
    ],
)
def test_shares_one_disk(manifests: str, shares: Any, told: Told) -> None:
    assert told(manifests, "shares_one_disk", API) == shares


EMPTY = "volumes: [{name: d, emptyDir: {}}]"


@pytest.mark.parametrize(
    ("container", "pod", "forgets"),
    [
        ("image: 'postgres:17'", "", True),
        ("image: 'docker.io/bitnami/mongodb@sha256:ab'", "volumes: [{name: d, emptyDir: {}}]", True),
        ("image: 'postgres:17'", MOUNT, False),
        ("image: 'postgres:17'", "volumes: [{name: d, hostPath: {path: /d}}]", False),
        ("image: 'postgres:17'", "volumes: [{name: d, csi: {driver: x}}]", False),
        ("image: 'postgres:17'", "volumes: [{name: d, configMap: {name: x}}]", True),
        ("image: 'prometheuscommunity/postgres-exporter'", "", ABSENT),
        ("image: 'redis:8'", "", ABSENT),
        ("image: 'mongo:8', command: [mongos]", "", ABSENT),
        ("image: 'postgres:17', args: [sh, -c, 'pg_dump x']", "", ABSENT),
        ("image: 'mysql:8', args: [--mysqlx=0]", "", True),
        ("image: 'shop/ledger-db', volumeMounts: [{name: d, mountPath: /var/lib/postgresql/data}]", EMPTY, True),
        ("image: 'shop/ledger-db', volumeMounts: [{name: d, mountPath: /data/db}]", MOUNT, False),
        ("image: 'shop/api', volumeMounts: [{name: d, mountPath: /var/lib/postgresqlite}]", EMPTY, ABSENT),
        ("image: 'shop/api', volumeMounts: [{name: d, mountPath: /tmp}]", EMPTY, ABSENT),
    ],
)
def test_forgets_its_data(container: str, pod: str, forgets: Any, told: Told) -> None:
    assert told(workload(container=container, pod=pod), "forgets_its_data", API) is forgets


def test_a_claim_of_each_copy_keeps_data(told: Told) -> None:
    manifest = workload(
        "volumeClaimTemplates: [{metadata: {name: d}}]", container="image: 'mysql:8'", kind="StatefulSet"
    )
    assert told(manifest, "forgets_its_data", "default/StatefulSet/api") is False


def storage_class(rest: str = "", driver: str = "ebs.csi.aws.com") -> str:
    return f"---\napiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {{name: fast}}\nprovisioner: {driver}\n{rest}\n"


TERM = "allowedTopologies: [{matchLabelExpressions: [{key: %s, values: [%s]}]}]"


# https://kubernetes.io/docs/concepts/storage/storage-classes/#allowed-topologies
@pytest.mark.parametrize(
    ("rest", "zones"),
    [
        ("", ABSENT),
        (TERM % ("topology.kubernetes.io/zone", "a"), 1),
        (TERM % ("topology.kubernetes.io/zone", "a, b"), 2),
        (TERM % ("topology.ebs.csi.aws.com/zone", "a"), 1),
        (TERM % ("topology.gke.io/zone", "a, a"), 1),
        (TERM % ("kubernetes.io/arch", "arm64"), ABSENT),
        ("parameters: {zone: us-east-1d}", 1),
        ("parameters: {zones: 'us-east-1a, us-east-1b'}", 2),
    ],
)
def test_class_zones(rest: str, zones: Any, told: Told) -> None:
    assert told(storage_class(rest), "class_zones", CLASS) == zones


def test_class_of_zonal_disks(told: Told) -> None:
    assert told(storage_class(), "class_of_zonal_disks", CLASS) is True
    assert told(storage_class(driver="efs.csi.aws.com"), "class_of_zonal_disks", CLASS) is False
    assert told(storage_class(driver="example.com/own"), "class_of_zonal_disks", CLASS) is ABSENT


def test_claimed_from(told: Told) -> None:
    used = claim("ReadWriteOnce").replace("spec: {", "spec: {storageClassName: fast, ")
    assert told(storage_class() + used, "claimed_from", CLASS) == 1
    assert told(storage_class() + claim("ReadWriteOnce"), "claimed_from", CLASS) == 0


NODE = workload(container="image: 'ethereum/client-go:v1.15.11'", pod=MOUNT).replace("}]", "}%s]", 1) + claim(
    "ReadWriteOnce"
)
KEPT = workload(pod=MOUNT) + claim("ReadWriteOnce")
NIGHTLY = (
    "---\napiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\nspec: {jobTemplate: {spec: {template: {spec:"
    " {containers: [{name: c, image: 'i:1', args: [%s]}]}}}}}\n"
)


@pytest.mark.parametrize(
    ("manifests", "claims"),
    [
        (workload(), ABSENT),
        (KEPT, ["default/PersistentVolumeClaim/d"]),
        (claim("ReadWriteOnce"), ABSENT),  # nothing mounts it
        (KEPT + "---\napiVersion: velero.io/v1\nkind: Schedule\nmetadata: {name: daily}\n", []),
        (KEPT + "---\napiVersion: volsync.backube/v1alpha1\nkind: ReplicationSource\nmetadata: {name: d}\n", []),
        (KEPT + NIGHTLY % "'restic backup /data'", []),
        (KEPT + NIGHTLY % "'report --send'", ["default/PersistentVolumeClaim/d"]),
        (NODE % "", ABSENT),  # it syncs again
        (NODE % ", {name: o, image: 'shop/orders:1'}", ["default/PersistentVolumeClaim/d"]),
        (NODE.replace("client-go", "client-goes") % "", ["default/PersistentVolumeClaim/d"]),
    ],
)
def test_claims_without_backup(manifests: str, claims: Any, told: Told) -> None:
    assert told(manifests, "claims_without_backup") == claims


def test_the_zone_of_a_class_is_marked_where_it_is_written(estate_of: Callable[..., Estate]) -> None:
    text = (
        "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: slow}\nprovisioner: kubernetes.io/aws-ebs\n"
        "parameters:\n  type: io1\n  zone: us-east-1d\n"
    )
    graph = estate_of({"a.yaml": text}).graph
    found = FACTS["class_zones"].compute(graph.resources["StorageClass/slow"], graph)
    assert isinstance(found, Answer)
    assert found.mark is not None
    assert (found.value, found.mark.line) == (1, 7)
