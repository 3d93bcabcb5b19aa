"""Resources of Azure's templates mean what Terraform's of the same settings mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from scanner.catalog.load import FOLDER, read_table
from scanner.catalog.spellings import Spelling, spellings
from scanner.model.resource import Declaration, ProviderContext, Resource
from scanner.model.span import Span
from scanner.normalize import Settings, normalize

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("arm_cases.yaml").read_text(encoding="utf-8"))
COMMON = frozenset(read_table(FOLDER / "spelled" / "arm.yaml")["common"])
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


def _facts() -> dict[str, set[str]]:
    lines = Path(__file__).with_name("arm_paths.txt").read_text(encoding="utf-8").splitlines()
    return {line.split()[0]: set(line.split()[1:]) for line in lines if line and not line.startswith("#")}


def _native(path: str, before: Mapping[str, str]) -> str:
    """A path as it is written, before the parts of it that stand in ``before`` got other names."""
    steps = path.split(".")
    for length in range(len(steps), 0, -1):
        written = before.get(".".join(steps[:length]))
        if written is not None:
            return ".".join([written, *steps[length:]])
    return path


def _spoken_of(spelling: Spelling) -> Iterator[str]:
    """The native paths that an entry speaks of; not those that every resource has or that the translator makes."""
    before: dict[str, str] = {}
    for source, target in spelling.renamed.items():
        native = _native(source, before)
        if source not in COMMON and not native.startswith(("parent", "ancestors.", "scope")):
            yield native
        if target is not None and source != target:
            before[target if isinstance(target, str) else target["to"]] = native
    yield from (path.removesuffix("[1:]") for path in spelling.inner)
    yield from (path for pattern in spelling.joined.values() for path in re.findall(r"\{(.*?)\}", pattern))
    for _, variant in spelling.variants:
        yield from _spoken_of(variant)


def _spoken() -> dict[str, set[str]]:
    table = spellings("arm")
    named = [name for name in table.types if not name.startswith("*/")]
    return {name: set(_spoken_of(found)) for name in named if (found := table.of(name)) is not None}


def test_every_path_is_one_of_its_types_schema() -> None:
    """``arm_paths.txt`` holds types and properties of https://github.com/Azure/bicep-types-az."""
    facts = _facts()
    assert [name for name in _spoken() if name not in facts] == []
    assert [(name, path) for name, paths in _spoken().items() for path in sorted(paths - facts[name])] == []
