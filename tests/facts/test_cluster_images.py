"""Registries of a cluster's images, and the cloud that manifests are written for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts.pods import program, repository
from scanner.model.value import ABSENT

Told = Callable[..., Any]
API = "default/Deployment/api"


def workload(image: str, container: str = "", pod: str = "", name: str = "api") -> str:
    return (
        f"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  template:\n    spec:\n"
        f"      containers: [{{name: c, image: '{image}'{container}}}]\n      {pod}\n"
    )


# https://github.com/distribution/reference: a name without a host is Docker Hub's, one word is in ``library``
@pytest.mark.parametrize(
    ("image", "parts", "last"),
    [
        ("postgres", ("docker.io", "library/postgres"), "postgres"),
        ("postgres:17", ("docker.io", "library/postgres"), "postgres"),
        ("bitnami/postgresql:17", ("docker.io", "bitnami/postgresql"), "postgresql"),
        (
            "registry.k8s.io/ingress-nginx/controller:v1@sha256:ab",
            ("registry.k8s.io", "ingress-nginx/controller"),
            "controller",
        ),
        ("localhost:5000/api:1", ("localhost:5000", "api"), "api"),
        ("localhost/api", ("localhost", "api"), "api"),
        ("", ("", ""), ""),
    ],
)
def test_repository(image: str, parts: tuple[str, str], last: str) -> None:
    assert (repository(image), program(image)) == (parts, last)


@pytest.mark.parametrize(
    ("image", "ended"),
    [
        ("k8s.gcr.io/pause:3", "k8s.gcr.io"),
        ("gcr.io/google_containers/pause:3", "gcr.io/google-containers"),
        ("bitnami/redis:7", "docker.io/bitnami"),
        ("registry.k8s.io/pause:3", ""),
        ("bitnamilegacy/redis:7", ""),
    ],
)
def test_ended_registry(image: str, ended: str, told: Told) -> None:
    found = told(workload(image), "ended_registry", API)
    assert found.startswith(ended) if ended else found == ""


ACCOUNT = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\nimagePullSecrets: [{name: p}]\n"
MIRROR = "---\napiVersion: config.openshift.io/v1\nkind: ImageTagMirrorSet\nmetadata: {name: m}\n"


@pytest.mark.parametrize(
    ("manifests", "programs"),
    [
        (workload("nginx:1"), [API]),
        (workload("quay.io/nginx/nginx:1"), []),
        (workload("nginx:1", pod="imagePullSecrets: [{name: p}]"), []),
        (workload("nginx:1", pod="serviceAccountName: a") + ACCOUNT, []),
        (workload("nginx:1") + MIRROR, []),
        (workload("api"), []),  # a name that a build replaces
        (ACCOUNT, ABSENT),
    ],
)
def test_anonymous_pulls(manifests: str, programs: Any, told: Told) -> None:
    assert told(manifests, "anonymous_pulls") == programs


@pytest.mark.parametrize(
    ("image", "policy", "programs"),
    [
        ("a.io/api:1", "Always", [API]),
        ("a.io/api@sha256:ab", "Always", [API]),
        ("a.io/api:1", "IfNotPresent", []),
        ("a.io/api:latest", "Always", []),
        ("a.io/api", "Always", []),
    ],
)
def test_always_pulled(image: str, policy: str, programs: list[str], told: Told) -> None:
    assert told(workload(image, f", imagePullPolicy: {policy}"), "always_pulled") == programs


SERVICE = "---\napiVersion: v1\nkind: Service\nmetadata: {name: s, annotations: {%s}}\n"


@pytest.mark.parametrize(
    ("manifests", "cloud"),
    [
        (SERVICE % "prometheus.io/scrape: x", ABSENT),
        (SERVICE % "service.beta.kubernetes.io/aws-load-balancer-type: x", "aws"),
        (SERVICE % "cloud.google.com/neg: x", "google"),
        (SERVICE % "service.beta.kubernetes.io/azure-load-balancer-internal: x", "azure"),
        (SERVICE % "cloud.google.com/neg: x, alb.ingress.kubernetes.io/scheme: x", ""),
        (workload("i:1", pod="nodeSelector: {cloud.google.com/gke-nodepool: p}"), "google"),
        (
            "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: f}\nprovisioner: disk.csi.azure.com\n",
            "azure",
        ),
    ],
)
def test_written_for_cloud(manifests: str, cloud: Any, told: Told) -> None:
    assert told(manifests, "written_for_cloud") == cloud
