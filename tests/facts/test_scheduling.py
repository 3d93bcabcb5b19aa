"""What binds workloads to a place, what keeps their copies apart, and what a new version takes away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.model.value import ABSENT

Told = Callable[..., Any]


def workload(
    kind: str = "Deployment",
    name: str = "api",
    spec: str = "",
    pod: str = "",
    image: str = "example.com/api:1",
    labels: str = "app: api",
    space: str = "default",
) -> str:
    return (
        f"---\napiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {space}}}\nspec:\n  {spec}\n"
        f"  template:\n    metadata: {{labels: {{{labels}}}}}\n    spec:\n      containers: [{{name: c, image: '{image}'}}]\n"
        f"      {pod}\n"
    )


def service(selector: str = "app: api", name: str = "api", space: str = "default") -> str:
    return (
        f"---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {space}}}\n"
        f"spec: {{selector: {{{selector}}}}}\n"
    )


API = "default/Deployment/api"
CRD = "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a.example.com}\n"


# https://kubernetes.io/docs/concepts/services-networking/ingress-controllers/ lists the controllers
@pytest.mark.parametrize(
    ("manifests", "resource", "part"),
    [
        (workload(image="registry.k8s.io/ingress-nginx/controller:v1"), API, ""),
        (
            workload(name="ingress-nginx", image="registry.k8s.io/ingress-nginx/controller:v1@sha256:ab"),
            "default/Deployment/ingress-nginx",
            "ingress",
        ),
        (workload(image="traefik:v3"), API, "ingress"),
        (workload(image="nginx/nginx-ingress:5"), API, "ingress"),
        (workload(image="nginx:1"), API, ""),
        (
            workload(name="istio-ingressgateway", image="istio/proxyv2:1"),
            "default/Deployment/istio-ingressgateway",
            "ingress",
        ),
        (workload(image="istio/proxyv2:1"), API, ""),
        (workload(image="coredns/coredns:1", space="kube-system"), "kube-system/Deployment/api", "dns"),
        (workload(image="coredns/coredns:1"), API, ""),
        (workload(name="ledger-operator") + CRD, "default/Deployment/ledger-operator", "controller"),
        (workload(name="ledger-operator"), "default/Deployment/ledger-operator", ""),
    ],
)
def test_cluster_part(manifests: str, resource: str, part: str, told: Told) -> None:
    assert told(manifests, "cluster_part", resource) == part


@pytest.mark.parametrize(
    ("kind", "image", "spec", "members"),
    [
        ("StatefulSet", "quay.io/coreos/etcd:v3", "replicas: 2", 2),
        ("StatefulSet", "docker.io/hashicorp/consul", "{}", 1),
        ("StatefulSet", "danielqsj/kafka-exporter", "replicas: 2", ABSENT),
        ("StatefulSet", "percona/mongodb_exporter:0.40", "replicas: 2", ABSENT),
        ("Deployment", "quay.io/coreos/etcd:v3", "replicas: 2", ABSENT),
    ],
)
def test_majority_members(kind: str, image: str, spec: str, members: Any, told: Told) -> None:
    manifest = workload(kind, image=image, spec="" if spec == "{}" else spec)
    assert told(manifest, "majority_members", f"default/{kind}/api") == members


OPERATED = {
    # https://www.rabbitmq.com/kubernetes/operator/using-operator: one replica unless told
    "rabbitmq": ("rabbitmq.com/v1beta1", "RabbitmqCluster", "replicas: 2", 2),
    # https://cloudnative-pg.io/documentation/current/: a primary and standbys, no majority of instances
    "postgresql": ("postgresql.cnpg.io/v1", "Cluster", "instances: 2", ABSENT),
    # https://strimzi.io/docs/operators/latest/configuring: ZooKeeper elects, not the brokers
    "kafka with zookeeper": ("kafka.strimzi.io/v1beta2", "Kafka", "kafka: {replicas: 4}, zookeeper: {replicas: 3}", 3),
    "kafka whose pools are elsewhere": ("kafka.strimzi.io/v1beta2", "Kafka", "kafka: {}", ABSENT),
    # https://www.elastic.co/guide/en/cloud-on-k8s/current/k8s-node-configuration.html
    "elasticsearch": (
        "elasticsearch.k8s.elastic.co/v1",
        "Elasticsearch",
        "nodeSets: [{name: m, count: 2, config: {node.roles: [master]}}, {name: d, count: 3, config: {node: {roles: [data]}}}]",
        2,
    ),
    "elasticsearch of old settings": (
        "elasticsearch.k8s.elastic.co/v1",
        "Elasticsearch",
        "nodeSets: [{name: m, count: 1}, {name: d, count: 3, config: {node.master: false}}]",
        1,
    ),
}


@pytest.mark.parametrize(("version", "kind", "spec", "members"), OPERATED.values(), ids=OPERATED)
def test_members_of_what_operators_run(version: str, kind: str, spec: str, members: Any, told: Told) -> None:
    manifest = f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: x}}\nspec: {{{spec}}}\n"
    assert told(manifest, "majority_members", f"default/{kind}/x") == members


def test_services_of_compose_are_no_part_of_a_cluster(told: Told) -> None:
    files = {
        "compose.yaml": "services:\n  proxy: {image: 'traefik:3'}\n  db: {image: 'mongo:8', volumes: ['d:/data']}\nvolumes: {d: {}}\n"
    }
    assert told(files, "cluster_part", "service:proxy") == ""
    assert told(files, "majority_members", "service:db") is ABSENT


CLAIM = "volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]"


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        (workload() + service(), True),
        (workload(), False),
        (workload(pod=CLAIM) + service(), False),  # its claim is not in the files, so it may lie on one disk
        (workload(image="traefik:3") + service(), False),
        (workload() + workload(name="other") + service(), False),  # another answers the same requests
        (workload(image="consensys/web3signer:25.4") + service(), False),  # two with the same keys are slashed
        (workload(image="statusim/nimbus-validator-client:v25", labels="app: api, net: holesky") + service(), False),
    ],
)
def test_copies_matter(manifests: str, expected: bool, told: Told) -> None:
    assert told(manifests, "copies_matter", API) is expected


PVC = "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: d}\nspec: {accessModes: [%s], storageClassName: %s}\n"


@pytest.mark.parametrize(
    ("manifests", "bound"),
    [
        (workload(), ABSENT),
        (workload(pod=CLAIM) + PVC % ("ReadWriteOnce", "gp3"), "zone"),
        (workload(pod=CLAIM) + PVC % ("ReadWriteOnce", "local-path"), "node"),
        (workload(pod=CLAIM) + PVC % ("ReadWriteMany", "gp3"), "region"),
        (workload(pod=CLAIM) + PVC % ("ReadWriteOnce", "ours"), "unknown"),
        (workload(pod=CLAIM), "unknown"),
        (workload(pod=CLAIM, spec="replicas: 2") + PVC % ("ReadWriteOnce", "gp3"), ABSENT),
        (workload(pod=CLAIM) + PVC % ("ReadWriteOnce", "gp3") + workload(name="b") + service(), ABSENT),
        (workload(pod="volumes: [{name: d, hostPath: {path: /data}}]"), ABSENT),
    ],
)
def test_lone_copy_on_disk(manifests: str, bound: Any, told: Told) -> None:
    assert told(manifests, "lone_copy_on_disk", API) == bound


def in_zone(zone: str) -> str:
    return f"nodeSelector: {{topology.kubernetes.io/zone: {zone}}}"


@pytest.mark.parametrize(
    ("manifests", "zones"),
    [
        (workload(), ABSENT),
        (workload(pod=in_zone("a")), 1),
        (workload(pod=in_zone("a")) + workload(name="b", pod=in_zone("b")) + service(), 2),
        (workload(pod=in_zone("a")) + workload(name="b", pod=in_zone("a")) + service(), 1),
        (workload(pod=in_zone("a")) + workload(name="b") + service(), ABSENT),
        (workload(pod=in_zone("a")) + workload(name="b", pod=in_zone("b"), labels="app: b") + service(), 1),
    ],
)
def test_pinned_zone_count(manifests: str, zones: Any, told: Told) -> None:
    assert told(manifests, "pinned_zone_count", API) == zones


def test_members_of_a_committee_are_not_the_only_copy(told: Told) -> None:
    """Three of four operators sign: https://docs.obol.org/learn/charon/charon-cli-reference."""
    lock = (
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: lock}\ndata:\n  cluster-lock.json: >-\n    "
        '{"cluster_definition": {"name": "c", "threshold": 3, "operators": [{}, {}, {}, {}]}, "lock_hash": "0xab"}\n'
    )
    mounted = f"{in_zone('a')}\n      volumes: [{{name: d, persistentVolumeClaim: {{claimName: d}}}}, {{name: l, configMap: {{name: lock}}}}]"
    member = workload(pod=mounted, image="obolnetwork/charon:v1.5")
    manifests = member + lock + PVC % ("ReadWriteOnce", "gp3")
    assert told(manifests, "lone_copy_on_disk", API) is ABSENT
    assert told(manifests, "pinned_zone_count", API) is ABSENT
    alone = manifests.replace("obolnetwork/charon:v1.5", "example.com/api:1")
    assert told(alone, "lone_copy_on_disk", API) == "zone"


def test_pinned_host_and_node_pool(told: Told) -> None:
    host = "nodeName: n1"
    assert told(workload(pod=host), "pinned_host_count", API) == 1
    assert told(workload(pod=host, space="kube-system"), "pinned_host_count", "kube-system/Deployment/api") is ABSENT
    assert told(workload("DaemonSet", pod=host), "pinned_host_count", "default/DaemonSet/api") is ABSENT
    pool = "nodeSelector: {cloud.google.com/gke-nodepool: p}"
    assert told(workload(pod=pool), "node_pool_count", API) == 1
    assert told(workload(), "node_pool_count", API) is ABSENT


@pytest.mark.parametrize(
    ("kind", "path", "folder"),
    [
        ("Deployment", "/data/chain", "/data/chain"),
        ("Deployment", "/var/log", ""),
        ("Deployment", "/var/run/docker.sock", ""),
        ("DaemonSet", "/data/chain", ABSENT),
    ],
)
def test_data_on_node(kind: str, path: str, folder: Any, told: Told) -> None:
    manifest = workload(kind, pod=f"volumes: [{{name: d, hostPath: {{path: {path}}}}}]")
    assert told(manifest, "data_on_node", f"default/{kind}/api") == folder


def test_data_on_node_of_volumes(told: Told) -> None:
    volume = "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: v}\nspec: {%s}\n"
    assert told(volume % "hostPath: {path: /mnt/v}", "data_on_node", "PersistentVolume/v") == "/mnt/v"
    assert told(volume % "local: {path: /mnt/v}", "data_on_node", "PersistentVolume/v") == "/mnt/v"
    assert told(volume % "nfs: {server: s, path: /v}", "data_on_node", "PersistentVolume/v") is ABSENT


ANTI = "affinity: {podAntiAffinity: {%s: [%s]}}"
HARD, SOFT = "requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"
TERM = "{topologyKey: %s, labelSelector: {matchLabels: {app: %s}}}"
HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"


@pytest.mark.parametrize(
    ("kind", "pod", "apart", "asked"),
    [
        ("StatefulSet", "", False, False),
        ("StatefulSet", ANTI % (HARD, TERM % (HOST, "api")), True, True),
        ("StatefulSet", ANTI % (HARD, TERM % (ZONE, "api")), True, True),
        ("StatefulSet", ANTI % (HARD, TERM % (HOST, "other")), False, False),
        ("StatefulSet", ANTI % (SOFT, "{weight: 1, podAffinityTerm: %s}" % (TERM % (HOST, "api"))), True, True),
        ("Deployment", "", ABSENT, True),
        ("Deployment", ANTI % (SOFT, "{weight: 1, podAffinityTerm: %s}" % (TERM % (ZONE, "api"))), ABSENT, False),
        ("Deployment", ANTI % (HARD, TERM % (ZONE, "api")), ABSENT, True),
        ("Deployment", in_zone("a"), ABSENT, False),
    ],
)
def test_kept_apart_and_spread_matters(kind: str, pod: str, apart: Any, asked: bool, told: Told) -> None:
    manifest = workload(kind, pod=pod, spec="replicas: 3")
    assert told(manifest, "kept_apart", f"default/{kind}/api") is apart
    assert told(manifest, "spread_matters", f"default/{kind}/api") is asked


# https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#max-unavailable: a share is rounded down
@pytest.mark.parametrize(
    ("spec", "kept"),
    [
        ("replicas: 1", ABSENT),
        ("replicas: 3", 3),  # 25 % of 3, rounded down
        ("replicas: 4", 3),
        ("{replicas: 3, strategy: {type: Recreate}", 0),
        ("{replicas: 2, strategy: {rollingUpdate: {maxUnavailable: 50%}}", 1),
        ("{replicas: 2, strategy: {rollingUpdate: {maxUnavailable: 100%}}", 0),
        ("{replicas: 2, strategy: {rollingUpdate: {maxUnavailable: 5}}", 0),
        ("{replicas: 5, strategy: {rollingUpdate: {maxUnavailable: 2}}", 3),
    ],
)
def test_kept_by_rollout(spec: str, kept: Any, told: Told) -> None:
    lines = spec.removeprefix("{").replace(", strategy", "\n  strategy")
    assert told(workload(spec=lines), "kept_by_rollout", API) == kept


@pytest.mark.parametrize(
    ("argument", "elects"),
    [
        ("--leader-elect", True),
        ("--enable-leader-election", True),
        ("--leader-elect=false", False),
        ("--port=1", False),
    ],
)
def test_looks_for_leader(argument: str, elects: bool, told: Told) -> None:
    manifest = workload().replace("image: 'example.com/api:1'", f"image: 'example.com/api:1', args: ['{argument}']")
    assert told(manifest, "looks_for_leader", API) is elects


def test_served_by_pod_alone(told: Told) -> None:
    pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: %s, labels: {app: api}}\nspec: {containers: []}\n"
    assert told(pod % "a" + service(), "served_by_pod_alone", "default/Pod/a") is True
    assert told(pod % "a" + pod % "b" + service(), "served_by_pod_alone", "default/Pod/a") is False
    assert told(pod % "a", "served_by_pod_alone", "default/Pod/a") is ABSENT
    assert told(workload() + service(), "served_by_pod_alone", API) is ABSENT
