"""The tables of equivalent checks, each row on a resource on which the other tool's check and our rule both fail.

The resources (``equivalents/*.yaml`` beside this file) were given to checkov 3.3.30 and trivy 0.76 themselves: each fails
the check that it stands under, whose title is the table's.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from scanner.model.finding import Acceptance
from scanner.model.report import Report
from scanner.rules.equivalents import equivalents
from scanner.rules.load import load_rules, shipped_folder

HERE: Final = Path(__file__).parent / "equivalents"
CASES: Final[dict[str, dict[str, str]]] = {
    tool: yaml.safe_load((HERE / f"{tool}.yaml").read_text()) for tool in ("checkov", "trivy")
}
ROWS: Final[dict[str, list[dict[str, Any]]]] = {
    tool: yaml.safe_load((shipped_folder() / "equivalents" / f"{tool}.yaml").read_text()) for tool in CASES
}


@pytest.mark.parametrize("tool", sorted(CASES))
def test_every_row_has_a_resource_and_names_rules_that_exist(tool: str) -> None:
    assert [row["id"] for row in ROWS[tool]] == list(CASES[tool])
    known = load_rules().rules
    assert [(row["id"], rule) for row in ROWS[tool] for rule in row["rules"] if rule not in known] == []
    names = [name for row in ROWS[tool] for name in (row["id"], *row.get("aliases", ()))]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("tool", "check"), [(tool, name) for tool, cases in CASES.items() for name in cases])
def test_what_the_other_tool_was_told_to_skip_is_accepted(
    tool: str, check: str, report_of: Callable[..., Report]
) -> None:
    code = CASES[tool][check]
    (row,) = (row for row in ROWS[tool] if row["id"] == check)
    assert {f.rule for f in report_of(code).findings if f.outcome.value == "fail"} & set(row["rules"])
    first, rest = code.split("\n", 1)
    waived = (
        f"{first}\n  # checkov:skip={check}: kept small\n{rest}"
        if tool == "checkov"
        else f"# trivy:ignore:{check} kept small\n{code}"
    )
    findings = [f for f in report_of(waived).findings if f.rule in row["rules"] and f.outcome.value != "pass"]
    assert {(f.outcome.value, f.accepted_by, f.reason) for f in findings} == {
        ("suppressed", Acceptance(tool), f"{check}: kept small")
    }
    others = {f.rule: f.outcome for f in report_of(code).findings if f.rule not in row["rules"]}
    assert {f.rule: f.outcome for f in report_of(waived).findings if f.rule not in row["rules"]} == others


@pytest.mark.parametrize(
    ("tool", "name", "rules"),
    [
        (Acceptance.CHECKOV, "CKV_AWS_157", ("RS101",)),
        (Acceptance.TRIVY, "avd-aws-0177", ("RS704",)),
        (Acceptance.TRIVY, "aws-rds-enable-deletion-protection", ("RS704",)),
        (Acceptance.TFSEC, "aws-rds-specify-backup-retention", ("RS701", "RS702")),
    ],
)
def test_names(tool: Acceptance, name: str, rules: tuple[str, ...]) -> None:
    assert equivalents(tool)[name].rules == rules


def test_checkov_tells_upper_from_lower_case() -> None:
    assert "ckv_aws_157" not in equivalents(Acceptance.CHECKOV)
