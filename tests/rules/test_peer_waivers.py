"""How far comments for other tools reach.

Each case was given to checkov 3.3.30 or trivy 0.76: ``True`` is where the tool itself skipped its check. Where we are
stricter on purpose, the case says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

import pytest

from scanner.config import OTHERS
from scanner.model.finding import Acceptance
from scanner.model.problem import ProblemKind
from scanner.model.report import Report
from scanner.rules.equivalents import Equivalent

SKIP: Final = "checkov:skip=CKV_AWS_157"
IGNORE: Final = "trivy:ignore:AVD-AWS-0077"
TODAY: Final = date(2026, 11, 27)


def database(first: str = "", engine: str = "", between: str = "", value: str = "", last: str = "") -> str:
    return (
        f'resource "aws_db_instance" "d" {{{first}\n  engine = "postgres"{engine}\n{between}'
        f"  multi_az                = false{value}\n  backup_retention_period = 0{value}\n  storage_encrypted = true\n}}{last}\n"
    )


def retention(between: str = "", value: str = "", engine: str = "", first: str = "") -> str:
    return (
        f'resource "aws_db_instance" "d" {{{first}\n  engine = "postgres"{engine}\n'
        f"{between}  backup_retention_period = 0{value}\n  storage_encrypted = true\n}}\n"
    )


def waived(report: Report, rule: str) -> tuple[bool, str, Acceptance | None]:
    (found,) = [f for f in report.findings if f.rule == rule and f.outcome.value != "pass"]
    return found.outcome.value == "suppressed", found.reason, found.accepted_by


MODULE: Final = 'module "m" {\n%s  source = "./m"%s\n}\n'


@pytest.mark.parametrize(
    ("files", "skipped"),
    [
        (database(engine=f" # {SKIP}:why"), True),
        (database(between=f"  # {SKIP}:why\n"), True),
        (database(between=f"  // {SKIP}:why\n"), True),
        (database(between=f"  /* {SKIP}:why */\n"), True),
        (database(between="  # checkov:skip= CKV_AWS_157:why\n"), True),
        (database(between="  # checkov:skip=CKV_AWS_1,CKV_AWS_157:why\n"), True),
        (database(between="  # bridgecrew:skip=CKV_AWS_157:why\n"), True),
        (database(first=f" # {SKIP}:why"), False),
        (database(last=f" # {SKIP}:why"), False),
        (f"# {SKIP}:why\n" + database(), False),
        (database() + f"locals {{\n  # {SKIP}:why\n}}\n", False),
        (database(between="  # checkov:skip=ckv_aws_157:why\n"), False),
        (database(between="  # checkov:skip=CKV_AWS_16:why\n"), False),
        (
            database(between=f'  identifier = "{SKIP}:why"\n'),
            False,
        ),  # no comment: stricter than checkov, which looks at lines
        ({"main.tf": MODULE % (f"  # {SKIP}:why\n", ""), "m/main.tf": database()}, True),
        ({"main.tf": f"# {SKIP}:why\n" + MODULE % ("", ""), "m/main.tf": database()}, False),
    ],
)
def test_checkov_in_terraform(files: str | Mapping[str, str], skipped: bool, report_of: Callable[..., Report]) -> None:
    expected = (True, "CKV_AWS_157: why", Acceptance.CHECKOV) if skipped else (False, "", None)
    assert waived(report_of(files), "RS101") == expected


def test_a_skip_without_a_reason_counts_as_it_does_for_checkov(report_of: Callable[..., Report]) -> None:
    report = report_of(database(between=f"  # {SKIP}\n"))
    assert waived(report, "RS101") == (True, "CKV_AWS_157: no reason given", Acceptance.CHECKOV)
    assert [p for p in report.problems if p.kind is ProblemKind.WAIVER] == []


TEMPLATE: Final = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
%s  Db:%s
    Type: AWS::RDS::DBInstance
%s    Properties:
      Engine: postgres%s
      MultiAZ: false
%s  Other:
    Type: AWS::SNS::Topic
"""
METADATA: Final = (
    "    Metadata:\n      checkov:\n        skip:\n          - id: CKV_AWS_157\n            comment: why\n"
)


@pytest.mark.parametrize(
    ("parts", "skipped"),
    [
        (("", "", "", f" # {SKIP}:why", ""), True),
        (("", f" # {SKIP}:why", "", "", ""), True),
        ((f"  # {SKIP}:why\n", "", "", "", ""), False),
        (("", "", "", "", f"      # {SKIP}:why\n"), False),
        (("", "", METADATA, "", ""), True),
    ],
)
def test_checkov_in_cloudformation(parts: tuple[str, ...], skipped: bool, report_of: Callable[..., Report]) -> None:
    report = report_of({"t.yaml": TEMPLATE % parts})
    expected = (True, "CKV_AWS_157: why", Acceptance.CHECKOV) if skipped else (False, "", None)
    assert waived(report, "RS101") == expected


VAULT: Final = """\
%sresource kv 'Microsoft.KeyVault/vaults@2023-07-01' = {%s
  name: 'kv'
%s  location: 'japaneast'
  properties: {
    tenantId: subscription().tenantId
    sku: { family: 'A', name: 'standard' }
%s  }
}
"""


@pytest.mark.parametrize(
    ("parts", "skipped"),
    [
        (("", "", "", ""), False),
        (("", "", "  // checkov:skip=CKV_AZURE_110:why\n", ""), True),
        (("", "", "", "    // checkov:skip=CKV_AZURE_110:why\n"), True),
        (("", " // checkov:skip=CKV_AZURE_110:why", "", ""), True),
        (("// checkov:skip=CKV_AZURE_110:why\n", "", "", ""), False),
    ],
)
def test_checkov_in_bicep(parts: tuple[str, ...], skipped: bool, report_of: Callable[..., Report]) -> None:
    assert waived(report_of({"main.bicep": VAULT % parts}), "RS618")[0] is skipped


@pytest.mark.parametrize(
    ("files", "ignored"),
    [
        (retention(), False),
        (retention(value=f" # {IGNORE}"), True),
        (retention(between=f"  # {IGNORE}\n"), True),
        (retention(between=f"  # {IGNORE}\n\n"), False),
        (retention(between=f"  # {IGNORE}\n  # another\n"), False),
        (f"# {IGNORE}\n" + retention(), True),
        (f"#{IGNORE}\n" + retention(), True),
        (f"# {IGNORE}\n\n" + retention(), False),
        (retention(first=f" # {IGNORE}"), True),
        (f"# {IGNORE}\n# trivy:ignore:AVD-AWS-0176\n" + retention(), True),
        (f"# trivy:ignore:AVD-AWS-0176 {IGNORE}\n" + retention(), True),
        (f"# see the ticket {IGNORE} as decided\n" + retention(), True),
        (f"# {IGNORE}:exp:2020-01-01\n" + retention(), False),
        (f"# {IGNORE}:exp:2999-01-01\n" + retention(), True),
        (f"# {IGNORE}:exp:soon\n" + retention(), False),
        (f"# {IGNORE}:exp:29990101\n" + retention(), False),
        ("# trivy:ignore:avd-aws-0077\n" + retention(), True),
        ("# trivy:ignore:AWS-0077\n" + retention(), True),
        ("# trivy:ignore:aws-rds-specify-backup-retention\n" + retention(), True),
        ("# trivy:ignore:specify-backup-retention\n" + retention(), True),
        ("#tfsec:ignore:aws-rds-specify-backup-retention\n" + retention(), True),
        ("#tfsec:ignore:AVD-AWS-0077\n" + retention(), True),
        (f"# {IGNORE}:ws:prod\n" + retention(), False),
        ({"main.tf": f"# {IGNORE}\n" + MODULE % ("", ""), "m/main.tf": retention()}, True),
        ({"main.tf": MODULE % ("", f" # {IGNORE}"), "m/main.tf": retention()}, False),
        # stricter than trivy, for which each of these counts
        (retention(engine=f" # {IGNORE}"), False),  # behind the code of the line above
        ("# trivy:ignore:*\n" + retention(), False),  # names no question
        (f"# {IGNORE}[backup_retention_period=0]\n" + retention(), False),  # a condition of trivy's own
    ],
)
def test_trivy_and_tfsec(files: str | Mapping[str, str], ignored: bool, report_of: Callable[..., Report]) -> None:
    report = report_of(files, today=TODAY)
    assert waived(report, "RS701")[0] is ignored
    assert [p for p in report.problems if p.kind is ProblemKind.WAIVER] == []


def test_an_ignore_ends_on_its_day(report_of: Callable[..., Report]) -> None:
    """trivy asks whether now is before midnight of that day."""
    text = f"# {IGNORE}:exp:2026-11-28\n" + retention()
    assert waived(report_of(text, today=date(2026, 11, 27)), "RS701")[0]
    assert not waived(report_of(text, today=date(2026, 11, 28)), "RS701")[0]
    assert waived(report_of(text), "RS701")[0]


@pytest.mark.parametrize(
    ("honour", "by"),
    [
        (OTHERS, [Acceptance.CHECKOV, Acceptance.TRIVY]),
        (frozenset({Acceptance.CHECKOV}), [Acceptance.CHECKOV, None]),
        (frozenset({Acceptance.TFSEC}), [None, None]),
        (frozenset(), [None, None]),
    ],
)
def test_the_configuration_says_whom_to_honour(
    honour: frozenset[Acceptance], by: list[Acceptance | None], report_of: Callable[..., Report]
) -> None:
    report = report_of(f"# {IGNORE}\n" + database(between=f"  # {SKIP}:why\n"), honour=honour)
    assert [waived(report, rule)[2] for rule in ("RS101", "RS701")] == by


def test_a_waiver_of_ours_is_used_before_another_tools(report_of: Callable[..., Report]) -> None:
    both = f"  # {SKIP}:theirs\n  # riskscan: ignore[RS101] ours\n"
    report = report_of(database(between=both))
    assert waived(report, "RS101") == (True, "ours", Acceptance.WAIVER)
    assert [p for p in report.problems if p.kind is ProblemKind.WAIVER] == []


def test_a_needless_one_is_the_other_tools_affair(report_of: Callable[..., Report]) -> None:
    text = f"# {IGNORE}\n" + database(between=f"  # {SKIP}:why\n").replace("false", "true").replace("= 0", "= 7")
    assert [p for p in report_of(text).problems if p.kind is ProblemKind.WAIVER] == []


def test_only_the_types_that_the_check_is_for(report_of: Callable[..., Report]) -> None:
    """CKV_AWS_139 is about clusters: in a module's call it does not reach the instances inside."""
    module = 'resource "aws_db_instance" "d" {\n  deletion_protection = false\n}\nresource "aws_rds_cluster" "c" {\n  deletion_protection = false\n}\n'
    report = report_of({"main.tf": MODULE % ("  # checkov:skip=CKV_AWS_139:why\n", ""), "m/main.tf": module})
    found = {f.resource: f.outcome.value for f in report.findings if f.rule == "RS704"}
    assert found == {"module.m.aws_db_instance.d": "fail", "module.m.aws_rds_cluster.c": "suppressed"}


OBJECT: Final = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  annotations: {%s}
spec:
  replicas: 1
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: api, image: api}]}
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec: {selector: {app: api}}
"""


@pytest.mark.parametrize(
    ("annotation", "skipped"),
    [
        ("checkov.io/skip1: CKV_K8S_9999=why", True),
        ("bridgecrew.io/skip: CKV_K8S_9999=why", True),
        ("checkov.io/skip1: CKV_K8S_1=why", False),
        ("example.io/note: CKV_K8S_9999=why", False),
    ],
)
def test_checkov_in_kubernetes(
    annotation: str, skipped: bool, report_of: Callable[..., Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No check of checkov asks a question of ours about objects today, so the row is made up."""
    row = Equivalent("CKV_K8S_9999", "made up", ("RS120",), ("apps/Deployment",), "for this test")
    monkeypatch.setattr("scanner.rules.peer_waivers.equivalents", lambda _tool: {row.id: row})
    report = report_of({"a.yaml": OBJECT % annotation})
    expected = (True, "CKV_K8S_9999: why", Acceptance.CHECKOV) if skipped else (False, "", None)
    assert waived(report, "RS120") == expected
