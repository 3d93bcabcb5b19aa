"""Resources of Azure's templates mean what Terraform's of the same settings mean."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from scanner.model.resource import Declaration, ProviderContext, Resource
from scanner.model.span import Span
from scanner.normalize import Settings, normalize

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("arm_cases.yaml").read_text(encoding="utf-8"))
HERE = Span("main.json", 1)


def _resource(platform: str, native: str, attributes: Mapping[str, Any]) -> Resource:
    declared = Declaration("x", native, "x", platform, HERE, attributes, provider=ProviderContext("azurerm"))
    graph, unknown = normalize([declared], Settings())
    assert unknown == {}
    return graph.resources["x"]


@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{case['native']}" for number, case in enumerate(CASES)])
def test_a_template_means_what_terraform_means(case: dict[str, Any]) -> None:
    written = _resource("terraform", case["type"], case["terraform"])
    spelled = _resource("arm", case["native"], case["arm"])
    assert spelled.type == case["type"]
    assert spelled.kind == written.kind
    assert spelled.properties == written.properties
    assert spelled.placement == written.placement
    for resource in (written, spelled):
        assert {name: resource.get(name) for name in case["means"]} == case["means"]


def test_many_types_are_compared() -> None:
    assert len({case["native"] for case in CASES}) >= 70
