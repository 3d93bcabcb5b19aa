"""Types whose meaning was worked out by hand from the providers' documentation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from scanner.graph.graph import Graph
from scanner.model.resource import Resource
from scanner.model.value import ABSENT, Unknown
from scanner.pipeline import Estate

HERE = Path(__file__).parent
CASES: list[dict[str, Any]] = [
    case
    for provider in ("aws", "azure", "google")
    for case in yaml.safe_load((HERE / f"{provider}_cases.yaml").read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{case['type']}" for number, case in enumerate(CASES)])
def test_a_type_means_what_its_documentation_says(case: dict[str, Any], graph_of: Callable[..., Graph]) -> None:
    body = "\n".join(f"  {line}" for line in case.get("written", "").splitlines())
    graph = graph_of(f'variable "undecided" {{}}\nresource "{case["type"]}" "x" {{\n{body}\n}}\n')
    _holds(graph.resources[f"{case['type']}.x"], case)


OBJECTS: list[dict[str, Any]] = yaml.safe_load((HERE / "kubernetes_cases.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", OBJECTS, ids=[f"{number}-{case['type']}" for number, case in enumerate(OBJECTS)])
def test_an_object_means_what_its_documentation_says(case: dict[str, Any], estate_of: Callable[..., Estate]) -> None:
    first = next(yaml.safe_load_all(case["written"]))
    resources = estate_of({"objects.yaml": case["written"]}).graph.resources
    resource = resources[case.get("of", f"default/{first['kind']}/{first['metadata']['name']}")]
    assert resource.type == case["type"]
    _holds(resource, case)


def _holds(resource: Resource, case: dict[str, Any]) -> None:
    means = case.get("means", {})
    assert {name: resource.get(name) for name in means} == means
    assert [name for name in case.get("absent", ()) if resource.get(name) is not ABSENT] == []
    assert [name for name in case.get("unknown", ()) if not isinstance(resource.get(name), Unknown)] == []
    if "scope" in case:
        assert resource.placement.scope == case["scope"]
    if "zones" in case:
        assert resource.placement.zones == tuple(case["zones"])
    if "region" in case:
        assert resource.placement.region == case["region"]
    if "account" in case:
        assert resource.placement.account == case["account"]
