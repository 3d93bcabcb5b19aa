"""What Kubernetes objects mean by names, labels and hosts: the edges between them, and where they run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.graph.graph import Graph
from scanner.model.resource import Scope
from scanner.pipeline import Estate

API = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      serviceAccountName: api
%s
      containers:
      - name: api
        image: example.com/api:1
%s
"""


def edges(graph: Graph, source: str = "") -> set[tuple[str, str, str]]:
    found = {(e.source, e.target, e.kind.value) for e in graph.edges()}
    return {edge for edge in found if not source or edge[0] == source}


def named(kind: str, name: str, spec: str, version: str = "v1", namespace: str = "shop") -> str:
    return f"---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\n{spec}\n"


def test_what_a_pod_names(estate_of: Callable[..., Estate]) -> None:
    volumes = (
        "      volumes:\n      - {name: d, persistentVolumeClaim: {claimName: data}}\n"
        "      - {name: c, configMap: {name: settings}}\n      - {name: s, secret: {secretName: keys}}"
    )
    settings = "        envFrom: [{configMapRef: {name: more}}]\n        env: [{name: A, valueFrom: {secretKeyRef: {name: token, key: k}}}]"
    text = API % (volumes, settings) + named("PersistentVolumeClaim", "data", "spec: {storageClassName: fast}")
    text += "".join(named("ConfigMap", name, "data: {}") for name in ("settings", "more", "unused"))
    text += "".join(named("Secret", name, "data: {}") for name in ("keys", "token"))
    text += named("ServiceAccount", "api", "") + named("ConfigMap", "settings", "data: {}", namespace="other")
    text += (
        "---\napiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: fast}\nprovisioner: ebs.csi.aws.com\n"
    )
    found = edges(estate_of({"all.yaml": text}).graph)
    api = "shop/Deployment/api"
    assert found == {
        (api, "shop/PersistentVolumeClaim/data", "runtime"),
        (api, "shop/ConfigMap/settings", "runtime"),
        (api, "shop/ConfigMap/more", "runtime"),
        (api, "shop/Secret/keys", "runtime"),
        (api, "shop/Secret/token", "runtime"),
        (api, "shop/ServiceAccount/api", "control"),
        ("shop/PersistentVolumeClaim/data", "StorageClass/fast", "control"),
    }


def test_who_selects_and_scales_it_from_other_files(estate_of: Callable[..., Estate]) -> None:
    estate = estate_of(
        {
            "apps/api.yaml": API % ("", ""),
            "base/net.yaml": named("Service", "api", "spec: {selector: {app: api}}")
            + named("Service", "none", "spec: {selector: {app: other}}")
            + named("Service", "elsewhere", "spec: {selector: {app: api}}", namespace="other")
            + named("Service", "external", "spec: {type: ExternalName, externalName: x.example.com}")
            + named(
                "Ingress",
                "web",
                "spec: {rules: [{http: {paths: [{backend: {service: {name: api, port: {number: 80}}}}]}}]}",
                "networking.k8s.io/v1",
            ),
            "base/keep.yaml": named("PodDisruptionBudget", "all", "spec: {selector: {}}", "policy/v1")
            + named(
                "HorizontalPodAutoscaler",
                "api",
                "spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}}",
                "autoscaling/v2",
            ),
        }
    )
    api = "shop/Deployment/api"
    assert edges(estate.graph) == {
        ("shop/Service/api", api, "membership"),
        ("shop/Ingress/web", "shop/Service/api", "runtime"),
        ("shop/PodDisruptionBudget/all", api, "none"),
        ("shop/HorizontalPodAutoscaler/api", api, "none"),
    }


# https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
@pytest.mark.parametrize(
    ("setting", "target"),
    [
        ("{name: DB_HOST, value: db}", "shop/Service/db"),
        ("{name: DB, value: 'db:5432'}", "shop/Service/db"),
        ("{name: DSN, value: 'postgres://user:secret@db:5432/x'}", "shop/Service/db"),
        ("{name: URL, value: 'http://db.shop/x'}", "shop/Service/db"),
        ("{name: URL, value: 'http://db.shop.svc'}", "shop/Service/db"),
        ("{name: URL, value: 'http://db.shop.svc.cluster.local:80/'}", "shop/Service/db"),
        ("{name: PEER, value: 'db-0.db:2380'}", "shop/Service/db"),
        ("{name: URL, value: 'http://db.other'}", "other/Service/db"),
        ("{name: GREETING, value: db}", None),
        ("{name: URL, value: 'http://db.example.com'}", None),
        ("{name: URL, value: 'http://mydb'}", None),
    ],
)
def test_services_are_called_by_host(setting: str, target: str | None, estate_of: Callable[..., Estate]) -> None:
    text = API % ("", f"        env: [{setting}]") + named("Service", "db", "spec: {}")
    text += named("Service", "db", "spec: {}", namespace="other")
    found = {t for s, t, _ in edges(estate_of({"a.yaml": text}).graph) if "/Service/" in t}
    assert found == ({target} if target else set())


# https://hyperledger-fabric.readthedocs.io/en/latest/gossip.html
@pytest.mark.parametrize(
    ("setting", "kinds"),
    [
        ("env: [{name: CORE_PEER_GOSSIP_BOOTSTRAP, value: 'db:7051'}]", {"none"}),
        ("env: [{name: CORE_PEER_ADDRESS, value: 'db:7051'}]", {"runtime"}),
        ("env: [{name: CASSANDRA_SEEDS, value: 'db-0.db:9042'}]", {"none"}),
        ("env: [{name: PEERS, value: 'db:7000'}, {name: DB, value: 'db:7000'}]", {"none", "runtime"}),
        ("env: [{name: KAFKA_BOOTSTRAP_SERVERS, value: 'db:9092'}]", {"runtime"}),
        ("args: ['--bootnodes=enode://00ff@db:30303']", {"none"}),
        ("args: [--initial-cluster, 'a=http://db-0.db:2380']", {"none"}),
        ("args: [--execution-endpoint, 'http://db:8551']", {"runtime"}),
        ("command: [sh, -c, 'node --static-nodes=db:7000 --db=db:7000']", {"none", "runtime"}),
    ],
)
def test_settings_by_which_members_find_each_other_are_no_needs(
    setting: str, kinds: set[str], estate_of: Callable[..., Estate]
) -> None:
    text = API % ("", f"        {setting}") + named("Service", "db", "spec: {}")
    assert {k for _, t, k in edges(estate_of({"a.yaml": text}).graph) if "/Service/" in t} == kinds


def test_members_are_found_in_files_too(estate_of: Callable[..., Estate]) -> None:
    text = API % ("", "        envFrom: [{configMapRef: {name: c}}]") + named("Service", "db", "spec: {}")
    text += named("ConfigMap", "c", """data: {config.toml: "persistent_peers = '00ff@db:26656'"}""")
    assert ("shop/ConfigMap/c", "shop/Service/db", "none") in edges(estate_of({"a.yaml": text}).graph)


def test_settings_in_a_config_map_call_too(estate_of: Callable[..., Estate]) -> None:
    text = API % ("", "        envFrom: [{configMapRef: {name: c}}]") + named("Service", "db", "spec: {}")
    text += named("ConfigMap", "c", "data: {app.ini: 'server = tcp://db:5432'}")
    found = edges(estate_of({"a.yaml": text}).graph)
    assert ("shop/Deployment/api", "shop/ConfigMap/c", "runtime") in found
    assert ("shop/ConfigMap/c", "shop/Service/db", "runtime") in found


def test_programs_that_are_told_their_own_name_call_nobody(estate_of: Callable[..., Estate]) -> None:
    """OTEL_SERVICE_NAME and the like: https://opentelemetry.io/docs/languages/sdk-configuration/general/."""
    told = "        env: [{name: OTEL_SERVICE_NAME, value: api}]\n        envFrom: [{configMapRef: {name: c}}]"
    text = API % ("", told) + named("Service", "api", "spec: {selector: {app: api}}")
    text += named("ConfigMap", "c", "data: {ADVERTISED_ADDRESS: 'api:8080'}")
    found = edges(estate_of({"a.yaml": text}).graph)
    assert {(s, t) for s, t, _ in found if t == "shop/Service/api"} == set()
    other = text.replace("selector: {app: api}", "selector: {app: other}")
    assert ("shop/ConfigMap/c", "shop/Service/api", "runtime") in edges(estate_of({"a.yaml": other}).graph)


CLUSTER = """
provider "aws" {
  region              = "eu-west-1"
  allowed_account_ids = ["111122223333"]
}
resource "aws_subnet" "n" {
  for_each          = toset(["a", "b"])
  vpc_id            = "vpc-1"
  availability_zone = "eu-west-1${each.key}"
}
resource "aws_eks_cluster" "%(name)s" {
  name     = "%(name)s"
  role_arn = "arn:aws:iam::111122223333:role/eks"
  vpc_config {
    subnet_ids = [for s in aws_subnet.n : s.id]
  }
}
resource "aws_eks_node_group" "%(name)s" {
  cluster_name  = aws_eks_cluster.%(name)s.name
  node_role_arn = "arn:aws:iam::111122223333:role/node"
  subnet_ids    = [for s in aws_subnet.n : s.id]
  scaling_config {
    min_size     = 2
    max_size     = 4
    desired_size = 2
  }
}
"""


def test_workloads_stand_on_the_nodes_of_the_only_cluster(estate_of: Callable[..., Estate]) -> None:
    pinned = "      nodeSelector: {topology.kubernetes.io/zone: eu-west-1b}"
    text = API % ("", "") + "---\n" + (API % (pinned, "")).replace("name: api, namespace", "name: pinned, namespace")
    estate = estate_of({"main.tf": CLUSTER % {"name": "prod"}, "k8s/a.yaml": text + named("Service", "x", "spec: {}")})
    place = estate.graph.resources["shop/Deployment/api"].placement
    assert (place.provider, place.region, place.account, place.scope) == (
        "aws",
        "eu-west-1",
        "111122223333",
        Scope.ZONAL,
    )
    assert place.zones == ("eu-west-1a", "eu-west-1b")
    assert estate.graph.resources["shop/Deployment/pinned"].placement.zones == ("eu-west-1b",)
    assert estate.graph.resources["shop/Service/x"].placement.zones == ()
    assert ("shop/Deployment/api", "aws_eks_cluster.prod", "placement") in edges(estate.graph)


def test_of_two_clusters_none_is_assumed(estate_of: Callable[..., Estate]) -> None:
    second = (CLUSTER % {"name": "two"}).split('resource "aws_eks_cluster"')[1]
    files = {"main.tf": CLUSTER % {"name": "one"} + 'resource "aws_eks_cluster"' + second, "k8s/a.yaml": API % ("", "")}
    estate = estate_of(files)
    assert estate.graph.resources["shop/Deployment/api"].placement.provider == "kubernetes"
    assert edges(estate.graph, "shop/Deployment/api") == set()


def test_the_name_of_a_zone_tells_provider_and_region(estate_of: Callable[..., Estate]) -> None:
    for zone, provider, region in (
        ("ap-northeast-1a", "aws", "ap-northeast-1"),
        ("asia-northeast1-b", "google", "asia-northeast1"),
    ):
        text = API % (f"      nodeSelector: {{topology.kubernetes.io/zone: {zone}}}", "")
        place = estate_of({"a.yaml": text}).graph.resources["shop/Deployment/api"].placement
        assert (place.provider, place.region, place.zones) == (provider, region, (zone,))


# https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html,
# https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity
@pytest.mark.parametrize(
    ("annotation", "declared", "target"),
    [
        (
            "eks.amazonaws.com/role-arn: 'arn:aws:iam::111122223333:role/withdrawals-signer'",
            'resource "aws_iam_role" "r" { name = "withdrawals-signer" }',
            "aws_iam_role.r",
        ),
        (
            "iam.gke.io/gcp-service-account: withdrawals-signer@fleet.iam.gserviceaccount.com",
            'resource "google_service_account" "a" { account_id = "withdrawals-signer" }',
            "google_service_account.a",
        ),
    ],
)
def test_a_service_account_acts_as_a_cloud_identity(
    annotation: str, declared: str, target: str, estate_of: Callable[..., Estate]
) -> None:
    text = f"apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: api, namespace: shop, annotations: {{{annotation}}}}}\n---\n"
    graph = estate_of({"main.tf": declared, "a.yaml": text + API % ("", "")}).graph
    assert ("shop/ServiceAccount/api", target, "control") in edges(graph)
    assert ("shop/Deployment/api", "shop/ServiceAccount/api", "control") in edges(graph)


def test_a_host_whose_first_label_is_svc_is_a_host_like_any(estate_of: Callable[..., Estate]) -> None:
    settings = named("ConfigMap", "settings", "data: {A: 'https://svc.example.org', B: 'http://svc.shop.svc:80'}")
    service = named("Service", "svc", "spec: {selector: {app: api}}")
    pods = API % ("", "        envFrom: [{configMapRef: {name: settings}}]")
    found = edges(estate_of({"all.yaml": pods + settings + service}).graph, "shop/ConfigMap/settings")
    assert found <= {("shop/ConfigMap/settings", "shop/Service/svc", "runtime")}
