"""What is said of clusters that nothing names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from scanner.simulation.study import Study
from scanner.simulation.taken import taken_clusters

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: x}]}\n"
COMPOSE = "services:\n  web:\n    image: nginx:1\n"
EKS = 'provider "aws" {\n  region = "eu-west-1"\n}\nresource "aws_eks_cluster" "c" {\n  name = "prod"\n}\n'
ITS_OWN = "the one that it is applied to; no file names it"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a/p.yaml": POD, "b/p.yaml": POD}, {"cluster:a/p.yaml": ITS_OWN, "cluster:b/p.yaml": ITS_OWN}),
        ({"shop/compose.yaml": COMPOSE}, {"cluster:shop": "the host of this project"}),
        ({"main.tf": EKS, "k8s/p.yaml": POD}, {}),
        ({"main.tf": EKS}, {}),
    ],
)
def test_clusters_taken_for_one(
    files: Mapping[str, str], expected: Mapping[str, str], study_of: Callable[..., Study]
) -> None:
    assert taken_clusters(study_of(files).faults.graph) == expected


def test_the_reason_of_a_group_says_so(study_of: Callable[..., Study]) -> None:
    (risk,) = study_of({"a/p.yaml": POD, "b/p.yaml": POD}).analysis.risks()[:1]
    steps = [step.text for group in risk.risk_groups for path in group.paths for step in path]
    assert f"cluster:a/p.yaml ({ITS_OWN})" in steps
