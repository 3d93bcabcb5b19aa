"""In which clusters manifests run: what Argo CD, Flux, Fleet, Karmada and OCM deliver where, and the nodes that are there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.pipeline import Estate

CLUSTERS = """\
provider "aws" {
  region = "eu-west-1"
}
resource "aws_eks_cluster" "prod" {
  name     = "prod"
  role_arn = "arn:aws:iam::123456789012:role/x"
}
resource "aws_eks_cluster" "dr" {
  name     = "dr"
  region   = "us-east-1"
  role_arn = "arn:aws:iam::123456789012:role/x"
}
"""
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "example.com/web:1"}]}
"""


def application(destination: str, path: str = "apps/web") -> str:
    return f"""\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: web, namespace: argocd}}
spec:
  source: {{repoURL: "https://github.com/acme/gitops.git", path: {path}}}
  destination: {destination}
"""


def clusters_of(estate: Estate, name: str = "default/Deployment/web") -> list[str]:
    edges = estate.graph.outgoing.get(name, ())
    return sorted(e.target for e in edges if e.kind.value == "placement")


def test_an_application_decides_the_cluster_of_what_lies_below_its_path(estate_of: Callable[..., Estate]) -> None:
    files = {"main.tf": CLUSTERS, "argo/web.yaml": application("{name: prod}"), "apps/web/base/d.yaml": WEB}
    estate = estate_of(files)
    assert clusters_of(estate) == ["aws_eks_cluster.prod"]
    web = estate.graph.resources["default/Deployment/web"]
    assert (web.placement.provider, web.placement.region) == ("aws", "eu-west-1")
    controls = [(e.target, e.kind.value) for e in estate.graph.outgoing[web.id] if e.path == "delivery"]
    assert controls == [("argocd/Application/web", "control")]


def test_other_folders_are_not_decided_by_it(estate_of: Callable[..., Estate]) -> None:
    files = {"main.tf": CLUSTERS, "argo/web.yaml": application("{name: prod}"), "apps/website/d.yaml": WEB}
    assert clusters_of(estate_of(files)) == []


def test_a_cluster_that_no_file_declares_is_known_by_its_name(estate_of: Callable[..., Estate]) -> None:
    server = "{server: 'https://api.staging.example.com:6443'}"
    estate = estate_of({"argo/web.yaml": application(server), "apps/web/d.yaml": WEB})
    assert estate.graph.resources["default/Deployment/web"].placement.cluster == "api.staging.example.com"


def test_argos_cluster_secrets_name_servers(estate_of: Callable[..., Estate]) -> None:
    """https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#clusters"""
    secret = """\
apiVersion: v1
kind: Secret
metadata: {name: s, labels: {argocd.argoproj.io/secret-type: cluster}}
stringData: {name: dr, server: "https://dr.example.com"}
"""
    files = {"main.tf": CLUSTERS, "argo/s.yaml": secret, "apps/web/d.yaml": WEB}
    files["argo/web.yaml"] = application("{server: 'https://dr.example.com'}")
    assert clusters_of(estate_of(files)) == ["aws_eks_cluster.dr"]


def test_a_list_of_clusters_runs_it_in_each(estate_of: Callable[..., Estate]) -> None:
    """https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators-List/"""
    text = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: web, namespace: argocd}
spec:
  generators: [{list: {elements: [{cluster: prod}, {cluster: dr}]}}]
  template:
    spec:
      source: {repoURL: "https://github.com/acme/gitops.git", path: "apps/web"}
      destination: {name: "{{.cluster}}", namespace: web}
"""
    estate = estate_of({"main.tf": CLUSTERS, "argo/web.yaml": text, "apps/web/d.yaml": WEB})
    assert clusters_of(estate) == ["aws_eks_cluster.dr", "aws_eks_cluster.prod"]
    assert estate.graph.resources["default/Deployment/web"].placement.region is None


def test_folders_of_a_git_generator(estate_of: Callable[..., Estate]) -> None:
    text = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: all, namespace: argocd}
spec:
  generators: [{git: {repoURL: "https://github.com/acme/gitops.git", directories: [{path: apps/*}]}}]
  template:
    spec:
      source: {repoURL: "https://github.com/acme/gitops.git", path: "{{path}}"}
      destination: {name: prod, namespace: "{{path.basename}}"}
"""
    estate = estate_of({"main.tf": CLUSTERS, "argo/all.yaml": text, "apps/web/d.yaml": WEB})
    assert clusters_of(estate) == ["aws_eks_cluster.prod"]


FLUX = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: %s, namespace: flux-system}
spec:
  path: ./%s
  sourceRef: {kind: GitRepository, name: flux-system}
%s"""


def test_flux_applies_what_a_cluster_folder_names_to_that_cluster(estate_of: Callable[..., Estate]) -> None:
    """The layout of https://fluxcd.io/flux/guides/repository-structure/: clusters/prod holds what names apps/prod."""
    files = {
        "main.tf": CLUSTERS,
        "clusters/prod/flux-system/gotk-sync.yaml": FLUX % ("flux-system", "clusters/prod", ""),
        "clusters/prod/apps.yaml": FLUX % ("apps", "apps/prod", ""),
        "apps/prod/d.yaml": WEB,
    }
    assert clusters_of(estate_of(files)) == ["aws_eks_cluster.prod"]


def test_flux_reaches_other_clusters_by_a_secret(estate_of: Callable[..., Estate]) -> None:
    remote = "  kubeConfig: {secretRef: {name: dr-kubeconfig}}\n"
    files = {"main.tf": CLUSTERS, "flux/web.yaml": FLUX % ("web", "apps/web", remote), "apps/web/d.yaml": WEB}
    assert clusters_of(estate_of(files)) == ["aws_eks_cluster.dr"]


def test_karmada_and_fleet(estate_of: Callable[..., Estate]) -> None:
    policy = """\
apiVersion: policy.karmada.io/v1alpha1
kind: PropagationPolicy
metadata: {name: web}
spec:
  resourceSelectors: [{apiVersion: apps/v1, kind: Deployment, name: web}]
  placement: {clusterAffinity: {clusterNames: [prod, dr]}}
"""
    estate = estate_of({"main.tf": CLUSTERS, "policy.yaml": policy, "web.yaml": WEB})
    assert clusters_of(estate) == ["aws_eks_cluster.dr", "aws_eks_cluster.prod"]


# https://karmada.io/docs/userguide/scheduling/propagation-policy: spread constraints, groups of clusters, division of replicas
PLACEMENTS = {
    "all that it names": ("clusterAffinity: {clusterNames: [prod, dr]}", ["dr", "prod"]),
    "one of two": (
        "clusterAffinity: {clusterNames: [prod, dr]}, spreadConstraints: [{spreadByField: cluster, maxGroups: 1}]",
        [],
    ),
    "two of two": (
        "clusterAffinity: {clusterNames: [prod, dr]}, spreadConstraints: [{spreadByField: cluster, minGroups: 2, maxGroups: 2}]",
        ["dr", "prod"],
    ),
    "as few as hold it": (
        "clusterAffinity: {clusterNames: [prod, dr]}, replicaScheduling: {replicaDivisionPreference: Aggregated}",
        [],
    ),
    "the first group, the second waits": (
        "clusterAffinities: [{affinityName: a, clusterNames: [prod]}, {affinityName: b, clusterNames: [dr]}]",
        ["prod"],
    ),
    "those with a label": ("clusterAffinity: {labelSelector: {matchLabels: {tier: live}}}", ["prod"]),
    "all but one": ("clusterAffinity: {clusterNames: [prod, dr], exclude: [dr]}", ["prod"]),
}


@pytest.mark.parametrize(("placement", "names"), PLACEMENTS.values(), ids=PLACEMENTS)
def test_karmada_fills_the_clusters_that_its_placement_leaves_no_choice_about(
    placement: str, names: list[str], estate_of: Callable[..., Estate]
) -> None:
    policy = f"""\
apiVersion: policy.karmada.io/v1alpha1
kind: PropagationPolicy
metadata: {{name: web}}
spec:
  resourceSelectors: [{{apiVersion: apps/v1, kind: Deployment}}]
  placement: {{{placement}}}
---
{{apiVersion: cluster.karmada.io/v1alpha1, kind: Cluster, metadata: {{name: prod, labels: {{tier: live}}}}}}
---
{{apiVersion: cluster.karmada.io/v1alpha1, kind: Cluster, metadata: {{name: dr, labels: {{tier: spare}}}}}}
"""
    estate = estate_of({"main.tf": CLUSTERS, "policy.yaml": policy, "web.yaml": WEB})
    assert clusters_of(estate) == [f"aws_eks_cluster.{name}" for name in names]


def work(cluster: str) -> str:
    """https://open-cluster-management.io/docs/concepts/work-distribution/manifestwork/: in the namespace of the cluster."""
    inner = "".join(f"        {line}\n" for line in WEB.splitlines())
    return f"""\
apiVersion: work.open-cluster-management.io/v1
kind: ManifestWork
metadata: {{namespace: {cluster}, name: web}}
spec:
  workload:
    manifests:
      -
{inner}"""


def test_a_work_of_ocm_runs_in_the_cluster_that_its_namespace_is_called_after(
    estate_of: Callable[..., Estate],
) -> None:
    estate = estate_of({"main.tf": CLUSTERS, "works/prod.yaml": work("prod")})
    assert clusters_of(estate) == ["aws_eks_cluster.prod"]
    web = estate.graph.resources["default/Deployment/web"]
    assert (web.span.file, web.span.line) == ("works/prod.yaml", 9)
    assert web.placement.region == "eu-west-1"
    controls = [e.target for e in estate.graph.outgoing[web.id] if e.path == "delivery"]
    assert controls == ["prod/ManifestWork/web"]


def test_what_two_works_carry_runs_in_both_clusters(estate_of: Callable[..., Estate]) -> None:
    estate = estate_of({"main.tf": CLUSTERS, "works/prod.yaml": work("prod"), "works/dr.yaml": work("dr")})
    assert clusters_of(estate) == ["aws_eks_cluster.dr", "aws_eks_cluster.prod"]
    web = estate.graph.resources["default/Deployment/web"]
    assert sorted(web.get("clusters")) == ["aws_eks_cluster.dr", "aws_eks_cluster.prod"]


BINDING = (
    "{apiVersion: cluster.open-cluster-management.io/v1beta2, kind: ManagedClusterSetBinding, "
    "metadata: {name: live, namespace: ocm-ns}, spec: {clusterSet: live}}"
)
# https://open-cluster-management.io/docs/concepts/content-placement/placement/: predicates, cluster sets, numberOfClusters
CHOICES = {
    "all of its namespace's sets": ("{}", ["dr", "prod"]),
    "by a label": ("{predicates: [{requiredClusterSelector: {labelSelector: {matchLabels: {name: prod}}}}]}", ["prod"]),
    "by what the clusters claim": (
        "{predicates: [{requiredClusterSelector: {claimSelector: {matchExpressions: [{key: platform, operator: Exists}]}}}]}",
        [],
    ),
    "one of two": ("{numberOfClusters: 1}", []),
    "two of two": ("{numberOfClusters: 2}", ["dr", "prod"]),
    "of the set that is bound": ("{}\n---\n" + BINDING, ["prod"]),
    "of one set": ("{clusterSets: [live]}", ["prod"]),
}


@pytest.mark.parametrize(("placement", "names"), CHOICES.values(), ids=CHOICES)
def test_a_set_of_works_runs_where_its_placement_leaves_no_choice(
    placement: str, names: list[str], estate_of: Callable[..., Estate]
) -> None:
    inner = "".join(f"          {line}\n" for line in WEB.splitlines())
    files = {
        "main.tf": CLUSTERS,
        "clusters.yaml": "apiVersion: cluster.open-cluster-management.io/v1\nkind: ManagedCluster\nmetadata:\n  name: prod\n"
        "  labels: {name: prod, cluster.open-cluster-management.io/clusterset: live}\n---\n"
        "apiVersion: cluster.open-cluster-management.io/v1\nkind: ManagedCluster\nmetadata: {name: dr}\n",
        "set.yaml": f"""\
apiVersion: cluster.open-cluster-management.io/v1beta1
kind: Placement
metadata: {{name: where, namespace: ocm-ns}}
spec: {placement}
---
apiVersion: work.open-cluster-management.io/v1alpha1
kind: ManifestWorkReplicaSet
metadata: {{name: web, namespace: ocm-ns}}
spec:
  placementRefs: [{{name: where}}]
  manifestWorkTemplate:
    workload:
      manifests:
        -
{inner}""",
    }
    assert clusters_of(estate_of(files)) == [f"aws_eks_cluster.{name}" for name in names]


@pytest.mark.parametrize("path", [".", "", "../x", "/"])
def test_a_path_that_says_nothing_decides_nothing(path: str, estate_of: Callable[..., Estate]) -> None:
    files = {"main.tf": CLUSTERS, "argo/web.yaml": application("{name: prod}", f'"{path}"'), "apps/web/d.yaml": WEB}
    assert clusters_of(estate_of(files)) == []


def test_karpenters_nodes_belong_to_the_cluster_in_which_it_runs(estate_of: Callable[..., Estate]) -> None:
    pool = """\
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: default}
spec:
  template:
    spec:
      nodeClassRef: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: default}
      requirements: [{key: topology.kubernetes.io/zone, operator: In, values: [eu-west-1a, eu-west-1b]}]
"""
    one = CLUSTERS.partition('resource "aws_eks_cluster" "dr"')[0]
    graph = estate_of({"main.tf": one, "pool.yaml": pool, "web.yaml": WEB}).graph
    assert graph.resources["default/Deployment/web"].placement.zones == ("eu-west-1a", "eu-west-1b")
