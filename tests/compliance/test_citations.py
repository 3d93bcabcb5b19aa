"""A citation that leads nowhere fails, whoever makes it: a rule, the graph's table, the build."""

from __future__ import annotations

import copy
import importlib.util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from scanner.compliance import mapping
from scanner.compliance.citations import check_rules, fault, split
from scanner.compliance.frameworks import FrameworkError, frameworks
from scanner.compliance.mapping import mapped, table
from scanner.model.rule import RuleInfo
from scanner.rules.load import load_rules

RULES = load_rules().infos


def rule(**controls: tuple[str, ...]) -> RuleInfo:
    some = next(iter(RULES.values()))
    return replace(some, code="RS999", slug="made-up", controls={n.replace("_", "-"): i for n, i in controls.items()})


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("dora:Art. 28(8)", ""),
        ("dora", ""),
        ("dora:Art. 28(9)", "dora has no control Art. 28(9); did you mean Art. 28(8)?"),
        ("dorra", "there is no framework dorra; did you mean dora?"),
        ("", "there is no framework "),
    ],
)
def test_a_reference_is_right_or_its_fault_is_told(reference: str, told: str) -> None:
    assert fault(*split(reference)).startswith(told)
    assert bool(fault(*split(reference))) == bool(told)


def test_shipped_rules_cite_controls_that_exist() -> None:
    check_rules(RULES.values())


def test_a_rule_that_cites_an_unknown_control_is_refused() -> None:
    with pytest.raises(FrameworkError) as caught:
        check_rules([rule(dora=("Art. 12(4)", "Art. 99")), rule(dorra=("Art. 12(4)",))])
    first, second = str(caught.value).splitlines()
    assert first.startswith("rule RS999 (made-up): dora has no control Art. 99; did you mean Art. ")
    assert second == "rule RS999 (made-up): there is no framework dorra; did you mean dora?"


def data() -> dict[str, Any]:
    text = (mapping.shipped_folder() / "evidence.yaml").read_text(encoding="utf-8")
    read = yaml.safe_load(text)
    assert isinstance(read, dict)
    return read


@pytest.mark.parametrize("part", ["observations", "crosswalk", "reversed"])
def test_the_table_of_the_graph_cites_controls_that_exist(part: str) -> None:
    wrong = copy.deepcopy(data())
    item = wrong[part][0]
    (item["also"] if part == "crosswalk" else item["controls"])["dora"] = ["Art. 999"]
    with pytest.raises(FrameworkError, match=r"dora has no control Art\. 999"):
        table(wrong)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"about": "weather"}, "an observation is about one of coefficient"),
        ({"level": "galaxy"}, "a coefficient is of service or custody, at a level"),
        ({"controls": {}}, "an observation is about one of"),
        ({"colour": "red"}, "an observation is about one of"),
    ],
)
def test_the_shape_of_the_table_is_checked(change: dict[str, Any], told: str) -> None:
    wrong = copy.deepcopy(data())
    wrong["observations"][0] |= change
    with pytest.raises(FrameworkError, match=told):
        table(wrong)


def test_the_table_names_rules_that_exist() -> None:
    found = mapped()
    named = {code for each in found.observations for code in each.instead_of} | found.reversed.keys()
    assert named <= RULES.keys()
    assert len(named) > 5


def test_every_framework_is_cited_by_a_rule_or_the_graph() -> None:
    found = mapped()
    cited = {name for each in found.observations for name, _ in each.controls}
    assert cited == frameworks().keys()


def test_the_build_fails_for_a_rule_that_cites_an_unknown_control(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = Path(__file__).parents[2] / "hatch_build.py"
    spec = importlib.util.spec_from_file_location("hatch_build_under_test", file)
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    assert {"frameworks", "evidence"} <= build.tables().keys()

    broken = SimpleNamespace(infos={"RS999": rule(dora=("Art. 99",))})
    monkeypatch.setattr("scanner.rules.load.load_rules", lambda: broken)
    with pytest.raises(FrameworkError, match=r"RS999 \(made-up\): dora has no control Art\. 99"):
        build.tables()
