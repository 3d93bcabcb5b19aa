"""Manifests: which documents are objects, what they are called, and which of them are applied together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.pipeline import Estate

DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: %s}\nspec: {replicas: 2}\n"


def ids(estate: Estate) -> list[str]:
    return [declaration.id for declaration in estate.parsed.declarations]


def told(estate: Estate) -> list[tuple[str, str]]:
    return [(str(problem.span), problem.message) for problem in estate.problems]


def test_every_document_and_every_item_of_a_list(estate_of: Callable[..., Estate]) -> None:
    estate = estate_of(
        {
            "a.yaml": "# nothing\n---\napiVersion: v1\nkind: List\nitems:\n"
            "- apiVersion: v1\n  kind: Service\n  metadata: {name: web, namespace: shop}\n"
            "- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n---\n" + DEPLOYMENT % "api",
            "b.json": '{"kind": "PodList", "apiVersion": "v1",\n "items": [{"apiVersion": "v1", "kind": "Pod", '
            '"metadata": {"name": "p"}}]}',
        }
    )
    assert ids(estate) == ["default/ConfigMap/c", "default/Deployment/api", "default/Pod/p", "shop/Service/web"]
    service = next(d for d in estate.parsed.declarations if d.type == "core/Service")
    assert str(service.span) == "a.yaml:7:3"
    assert str(service.span_of("metadata.namespace")) == "a.yaml:8:25"
    assert told(estate) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n", [("Namespace/shop", "core/Namespace")]),
        (
            "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: pi-}\n",
            [("default/Job/pi-*", "batch/Job")],
        ),
        # left in Kubernetes 1.22: https://kubernetes.io/docs/reference/using-api/deprecation-guide/#v1-22
        (
            "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: i}\n",
            [("default/Ingress/i", "networking.k8s.io/Ingress")],
        ),
        (
            "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w, namespace: n}\n",
            [("n/Widget/w", "example.com/Widget")],
        ),
        ("apiVersion: v1\nkind: ConfigMap\n", [("default/ConfigMap/unnamed", "core/ConfigMap")]),
    ],
)
def test_names_and_types(text: str, expected: list[tuple[str, str]], estate_of: Callable[..., Estate]) -> None:
    assert [(d.id, d.type) for d in estate_of({"x.yaml": text}).parsed.declarations] == expected


def test_folders_that_repeat_each_other_are_roots_of_their_own(estate_of: Callable[..., Estate]) -> None:
    api = DEPLOYMENT % "api"
    budget = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: b}\n"
    estate = estate_of({"prod/api.yaml": api, "prod/more/b.yaml": budget, "test/api.yaml": api, "extra.yaml": budget})
    assert ids(estate) == [
        "extra.yaml#default/PodDisruptionBudget/b",
        "prod#default/Deployment/api",
        "prod#default/PodDisruptionBudget/b",
        "test/api.yaml#default/Deployment/api",
    ]


def test_folders_that_do_not_repeat_each_other_are_one(estate_of: Callable[..., Estate]) -> None:
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n"
    estate = estate_of({"a/x.yaml": namespace + DEPLOYMENT % "x", "b/y.yaml": namespace + DEPLOYMENT % "y"})
    assert ids(estate) == ["Namespace/shop", "Namespace/shop@2", "default/Deployment/x", "default/Deployment/y"]
    assert estate.parsed.roots == (".",)


def test_a_name_that_a_program_fills_in_is_told(estate_of: Callable[..., Estate]) -> None:
    """``{pod_name}``, for Python or Rust to fill in, is a mapping in YAML."""
    estate = estate_of({"a.yaml": "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {pod_name}\n"})
    assert ids(estate) == ["default/Pod/{pod_name}"]
    assert told(estate) == [("a.yaml:4:3", "the name {pod_name} is filled in by a program that is not run here")]


def test_an_object_that_is_written_twice_in_one_file(estate_of: Callable[..., Estate]) -> None:
    twice = DEPLOYMENT % "api" + "---\n" + DEPLOYMENT % "api"
    assert ids(estate_of({"a.yaml": twice})) == ["default/Deployment/api", "default/Deployment/api@7"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("values.yaml", "replicas: 2\nkind: x\n"),
        ("openapi.yaml", "openapi: 3.0.0\ninfo: {title: x}\n"),
        ("package.json", '{"name": "x", "kind": "y"}'),
        (".gitlab-ci.yml", "services:\n  - docker:dind\nimage: x\n"),
        ("config/services.yaml", "services:\n    App\\Service:\n        autowire: true\n"),
        ("broken.yaml", "a: [\n"),
    ],
)
def test_other_files_are_none_of_ours(name: str, text: str, estate_of: Callable[..., Estate]) -> None:
    estate = estate_of({name: text})
    assert estate.found.files == ()
    assert told(estate) == []


def test_a_broken_manifest_is_named_and_counted(report_of: Callable[..., Any]) -> None:
    report = report_of(
        {"a.yaml": DEPLOYMENT % "x" + "---\n" + "apiVersion: v1\nkind: [\n", "b.yaml": "kind: Pod\napiVersion: v1\n{\n"}
    )
    assert [(str(p.span), p.kind.value) for p in report.problems] == [
        ("a.yaml:8:1", "invalid"),
        ("b.yaml:4:1", "invalid"),
    ]
    counted = report.coverage["kubernetes"]
    assert (counted.found, counted.read, counted.partly, counted.unread) == (2, 0, 1, 1)


def test_what_secrets_hold_is_never_shown(report_of: Callable[..., Any]) -> None:
    text = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {password: aHVudGVyMi1odW50ZXIy}\n"
        "stringData: {token: correct-horse}\n"
    )
    report = report_of({"s.yaml": text})
    assert {"aHVudGVyMi1odW50ZXIy", "hunter2-hunter2", "correct-horse"} <= report.secrets


# https://open-cluster-management.io/docs/concepts/work-distribution/manifestwork/: manifests inside of a work
def test_what_a_work_carries_is_an_object_and_its_secrets_are_kept(report_of: Callable[..., Any]) -> None:
    text = (
        "apiVersion: work.open-cluster-management.io/v1\nkind: ManifestWork\nmetadata: {namespace: c1, name: w}\n"
        "spec:\n  workload:\n    manifests:\n    - apiVersion: v1\n      kind: Secret\n      metadata: {name: s}\n"
        "      stringData: {token: correct-horse}\n    - not an object\n"
    )
    report = report_of({"w.yaml": text})
    assert "correct-horse" in report.secrets
    assert not report.problems


def test_of_too_many_objects_in_one_file_the_first_are_read(estate_of: Callable[..., Estate]) -> None:
    estate = estate_of(
        {"a.yaml": "".join(f"---\n{{apiVersion: v1, kind: X, metadata: {{name: n{n}}}}}\n" for n in range(3002))}
    )
    assert len(estate.parsed.declarations) == 3000
    assert told(estate) == [("a.yaml:6002:18", "more than 3000 objects in one file; the rest is left out")]
    assert estate.parsed.partly == {"a.yaml"}
