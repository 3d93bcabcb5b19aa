"""Disruption budgets and autoscalers: https://kubernetes.io/docs/tasks/run-application/configure-pdb/."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.model.value import ABSENT

Told = Callable[..., Any]
BUDGET, API, SCALER = "default/PodDisruptionBudget/b", "default/Deployment/api", "default/HorizontalPodAutoscaler/h"


def budget(rule: str, selector: str = "matchLabels: {app: api}") -> str:
    return (
        "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: b}\n"
        f"spec: {{{rule}, selector: {{{selector}}}}}\n"
    )


def deployment(replicas: str = "", name: str = "api", pod: str = "", kind: str = "Deployment") -> str:
    return (
        f"---\napiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n  {replicas}\n"
        f"  template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{containers: [{{name: c, image: i:1}}]{pod}}}}}\n"
    )


def scaler(least: str, most: int = 9, kind: str = "Deployment", name: str = "api") -> str:
    return (
        "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\n"
        f"spec: {{{least}maxReplicas: {most}, scaleTargetRef: {{kind: {kind}, name: {name}}}}}\n"
    )


SERVICE = "---\napiVersion: v1\nkind: Service\nmetadata: {name: api}\nspec: {selector: {app: api}}\n"


@pytest.mark.parametrize(
    ("rule", "more", "blocks"),
    [
        ("maxUnavailable: 0", "", True),
        ("maxUnavailable: 0%", "", True),
        ("minAvailable: 100%", "", True),
        ("minAvailable: 1", "", ABSENT),
        ("minAvailable: 1", deployment("replicas: 1"), True),
        ("minAvailable: 1", deployment("replicas: 2"), False),
        ("minAvailable: 3", deployment("replicas: 3"), True),
        ("maxUnavailable: 1", deployment("replicas: 1"), False),
        # a share is rounded up: 67 % of 3 are 2.01, so that all three must stay; 1 % of 3 lets one go
        ("minAvailable: 67%", deployment("replicas: 3"), True),
        ("minAvailable: 66%", deployment("replicas: 3"), False),
        ("maxUnavailable: 1%", deployment("replicas: 3"), False),
        ("minAvailable: 2", deployment() + scaler("minReplicas: 2, "), False),
        ("minAvailable: 2", deployment() + scaler("minReplicas: 2, ", 2), True),
        ("minAvailable: 1", deployment(kind="DaemonSet"), ABSENT),
        ("minAvailable: 1", deployment("replicas: 0"), ABSENT),
    ],
)
def test_blocks_every_drain(rule: str, more: str, blocks: Any, told: Told) -> None:
    assert told(budget(rule) + more, "blocks_every_drain", BUDGET) is blocks


@pytest.mark.parametrize(
    ("rule", "more", "blocks"),
    [
        ("minAvailable: 2", deployment("replicas: 2"), ABSENT),
        ("minAvailable: 2", deployment() + scaler("minReplicas: 2, "), True),
        ("minAvailable: 2", deployment() + scaler("minReplicas: 3, "), False),
        ("minAvailable: 1", deployment() + scaler(""), True),  # minReplicas is one by default
        ("minAvailable: 2", deployment() + scaler("minReplicas: 2, ", 2), ABSENT),  # it always blocks
        ("maxUnavailable: 1", deployment() + scaler("minReplicas: 2, "), False),
    ],
)
def test_blocks_drain_at_minimum(rule: str, more: str, blocks: Any, told: Told) -> None:
    assert told(budget(rule) + more, "blocks_drain_at_minimum", BUDGET) is blocks


CONFIG = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: same}\n"
"""An object that two files share: then each of them is applied for itself."""


def test_a_budget_is_found_in_another_root(told: Told) -> None:
    files = {"a/a.yaml": CONFIG + deployment("replicas: 1"), "b/b.yaml": CONFIG + budget("minAvailable: 1")}
    assert told(files, "blocks_every_drain", f"b/b.yaml#{BUDGET}") is True


WANTED = (
    ", topologySpreadConstraints: [{topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: ScheduleAnyway,"
    " labelSelector: {matchLabels: {app: api}}}]"
)


@pytest.mark.parametrize(
    ("manifests", "missing"),
    [
        (deployment("replicas: 2") + SERVICE, ABSENT),
        (deployment("replicas: 2") + SERVICE + budget("minAvailable: 1", "matchLabels: {app: other}"), True),
        (deployment("replicas: 2") + SERVICE + budget("minAvailable: 1"), False),
        (deployment("replicas: 2", pod=", priorityClassName: p") + SERVICE, True),
        (deployment("replicas: 2", pod=WANTED) + SERVICE, True),
        (deployment() + SERVICE + scaler("minReplicas: 2, "), True),
        (deployment("replicas: 2", pod=WANTED), ABSENT),  # nobody calls it
        (deployment("replicas: 1", pod=WANTED) + SERVICE, ABSENT),
    ],
)
def test_budget_missing(manifests: str, missing: Any, told: Told) -> None:
    assert told(manifests, "budget_missing", API) is missing


@pytest.mark.parametrize(
    ("manifests", "least"),
    [
        (scaler("minReplicas: 1, "), 1),
        (scaler(""), 1),
        (scaler("minReplicas: 3, "), 3),
        (scaler("minReplicas: 1, ") + deployment(), 1),
        (scaler("minReplicas: 1, ") + deployment() + SERVICE, ABSENT),  # the workload itself is asked
    ],
)
def test_scales_down_to(manifests: str, least: Any, told: Told) -> None:
    assert told(manifests, "scales_down_to", SCALER) == least


@pytest.mark.parametrize(
    ("manifests", "nothing"),
    [
        (scaler(""), ABSENT),
        (scaler("") + deployment(), False),
        (scaler("") + deployment(name="other"), True),
        (scaler("", kind="StatefulSet") + deployment(), True),
        (scaler("", kind="Rollout") + deployment(name="other"), ABSENT),
        ({"a/h.yaml": CONFIG + scaler("") + deployment(name="other"), "b/d.yaml": CONFIG + deployment()}, False),
        ({"a/h.yaml": CONFIG + scaler(""), "b/d.yaml": CONFIG + deployment(name="other")}, ABSENT),
    ],
)
def test_scales_nothing(manifests: Any, nothing: Any, told: Told) -> None:
    name = SCALER if isinstance(manifests, str) else f"a/h.yaml#{SCALER}"
    assert told(manifests, "scales_nothing", name) is nothing
