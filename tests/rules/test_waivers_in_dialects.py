"""A waiver beside a resource, in every language that resources are written in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

import pytest

from scanner.model.problem import ProblemKind
from scanner.model.report import Report

REASON: Final = "rebuilt from the ledger"
TODAY: Final = date(2027, 1, 1)


def hash_(rule: str, words: str = REASON) -> str:
    return f"# riskscan: ignore[{rule}] {words}\n"


def slashes(rule: str, words: str = REASON) -> str:
    return f"// riskscan: ignore[{rule}] {words}\n"


TERRAFORM: Final = (
    '<above>resource "aws_db_instance" "d" {<first>\n  engine = "postgres"\n<inside>  multi_az = false<line>\n}\n'
)
CLOUDFORMATION: Final = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
<above>  Db:<first>
    Type: AWS::RDS::DBInstance
    Properties:
      Engine: postgres
<inside>      MultiAZ: false<line>
"""
BICEP: Final = """\
<above>@description('keys')
resource kv 'Microsoft.KeyVault/vaults@2023-07-01' = {<first>
  name: 'kv'
  location: 'japaneast'
  properties: {
    tenantId: subscription().tenantId
    sku: { family: 'A', name: 'standard' }
<inside>    enablePurgeProtection: null<line>
  }
}
"""
COMPOSE: Final = """\
name: app
services:
<above>  api:<first>
    image: nginx:1.27
<inside>    container_name: api<line>
x-environment: production
"""
KUBERNETES: Final = """\
<above>apiVersion: apps/v1
kind: Deployment<first>
metadata: {name: api}
spec:
<inside>  replicas: 1<line>
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
CHART: Final = "apiVersion: v2\nname: api\nversion: 0.1.0\n"

LANGUAGES: Final[dict[str, tuple[str, str, str, dict[str, str]]]] = {
    "terraform": ("main.tf", TERRAFORM, "RS101", {}),
    "cloudformation": ("t.yaml", CLOUDFORMATION, "RS101", {}),
    "bicep": ("main.bicep", BICEP, "RS618", {}),
    "compose": ("compose.yaml", COMPOSE, "RS161", {}),
    "kubernetes": ("a.yaml", KUBERNETES, "RS120", {}),
    "helm": ("templates/a.yaml", KUBERNETES, "RS120", {"Chart.yaml": CHART}),
}


def written(language: str, place: str, words: str = REASON) -> dict[str, str]:
    file, text, rule, others = LANGUAGES[language]
    comment = slashes(rule, words) if language == "bicep" else hash_(rule, words)
    for name in ("above", "first", "inside", "line"):
        said = comment if name in ("above", "inside") else f" {comment.rstrip()}"
        text = text.replace(f"<{name}>", said if name == place else "")
    return {file: text, **others}


def told(report: Report, rule: str) -> tuple[set[tuple[str, str]], list[str]]:
    found = {(f.outcome.value, f.reason) for f in report.findings if f.rule == rule and f.outcome.value != "pass"}
    return found, [p.message for p in report.problems if p.kind is ProblemKind.WAIVER]


def scanned(
    language: str, files: Mapping[str, str], report_of: Callable[..., Report]
) -> tuple[set[tuple[str, str]], list[str]]:
    environments = {"production": ("**",)} if language == "compose" else {}
    return told(report_of(files, today=TODAY, environments=environments), LANGUAGES[language][2])


@pytest.mark.parametrize("place", ["above", "first", "inside", "line"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_on_the_line_above_it_and_at_the_block(language: str, place: str, report_of: Callable[..., Report]) -> None:
    assert scanned(language, written(language, place), report_of) == ({("suppressed", REASON)}, [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_its_day_its_reason_and_its_need(language: str, report_of: Callable[..., Report]) -> None:
    rule = LANGUAGES[language][2]
    plain, none = scanned(language, written(language, ""), report_of)
    assert ({outcome for outcome, _ in plain}, none) == ({"fail"}, [])
    assert scanned(language, written(language, "line", f"until=2027-01-01 {REASON}"), report_of) == (
        {("suppressed", REASON)},
        [],
    )
    late = f"this waiver of {rule} expired on 2026-12-31"
    assert scanned(language, written(language, "line", f"until=2026-12-31 {REASON}"), report_of) == (plain, [late])
    assert scanned(language, written(language, "line", ""), report_of) == (plain, ["a waiver needs a reason"])
    files = {
        name: text.replace(f"ignore[{rule}]", "ignore[RS143]") for name, text in written(language, "above").items()
    }
    assert scanned(language, files, report_of) == (plain, ["this waiver of RS143 matches no finding; remove it"])


@pytest.mark.parametrize(
    "comment",
    [
        "{{/* riskscan: ignore[RS120] %s */}}\n",
        "{{- /* riskscan: ignore[RS120] %s */ -}}\n",
        "{{- /* riskscan: ignore[RS120] %s */ -}}\n{{- if true }}\n",
        "# riskscan: ignore[RS120] %s\n---\n",
    ],
)
def test_comments_of_charts(comment: str, report_of: Callable[..., Report]) -> None:
    end = "{{- end }}\n" if "if true" in comment else ""
    text = KUBERNETES.replace("<above>", comment % REASON)
    for name in ("first", "inside", "line"):
        text = text.replace(f"<{name}>", "")
    first, second = text.split("---\napiVersion: v1\n")
    files = {"templates/a.yaml": first + end, "templates/b.yaml": "apiVersion: v1\n" + second, "Chart.yaml": CHART}
    assert told(report_of(files), "RS120") == ({("suppressed", REASON)}, [])


def test_a_waiver_in_the_values_of_a_chart(report_of: Callable[..., Report]) -> None:
    text = KUBERNETES.replace("replicas: 1", "replicas: {{ .Values.replicas }}")
    for name in ("above", "first", "inside", "line"):
        text = text.replace(f"<{name}>", "")
    files = {"templates/a.yaml": text, "Chart.yaml": CHART, "values.yaml": f"replicas: 1 {hash_('RS120')}"}
    assert told(report_of(files), "RS120") == ({("suppressed", REASON)}, [])


# -- metadata of CloudFormation --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "outcome", "problem"),
    [
        (f"RS101 until=2027-06-30 {REASON}", "suppressed", ""),
        (f"RS704 {REASON}\nRS101 {REASON}", "suppressed", ""),
        ([f"RS704 {REASON}", f"RS101, RS702 {REASON}"], "suppressed", ""),
        (f"zone-database-single {REASON}", "suppressed", ""),
        ("RS101", "fail", "a waiver needs a reason"),
        (f"RS101 until=2026-06-30 {REASON}", "fail", "this waiver of RS101 expired on 2026-06-30"),
        (f"RS101 {REASON}\nRS143 {REASON}", "suppressed", "this waiver of RS143 matches no finding; remove it"),
        ({"Ref": "AWS::Region"}, "fail", ""),
        (7, "fail", "a waiver needs a reason"),
    ],
)
def test_templates_of_json_carry_waivers_in_metadata(
    words: object, outcome: str, problem: str, report_of: Callable[..., Report]
) -> None:
    database = {
        "Type": "AWS::RDS::DBInstance",
        "Metadata": {"riskscan/ignore": words},
        "Properties": {"Engine": "postgres", "MultiAZ": False},
    }
    text = json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Db": database}}, indent=2)
    found, problems = told(report_of({"t.json": text}, today=TODAY), "RS101")
    assert {o for o, _ in found} == {outcome}
    assert problems == ([problem] if problem else [])


def test_the_place_of_a_metadata_waiver(report_of: Callable[..., Report]) -> None:
    text = CLOUDFORMATION.replace(
        "    Properties:\n", "    Metadata:\n      riskscan/ignore: RS143 never\n    Properties:\n"
    )
    for name in ("above", "first", "inside", "line"):
        text = text.replace(f"<{name}>", "")
    (problem,) = [p for p in report_of({"t.yaml": text}).problems if p.kind is ProblemKind.WAIVER]
    assert (problem.span.file, problem.span.line) == ("t.yaml", 6)


# -- what was not asked ----------------------------------------------------------------------------


def test_a_waiver_of_a_rule_that_was_not_asked_is_not_needless(report_of: Callable[..., Report]) -> None:
    from scanner.model.finding import Axis

    files = written("terraform", "line")
    assert told(report_of(files, axes=frozenset({Axis.DATA})), "RS101") == (set(), [])
    assert told(report_of(files, disable=frozenset({"RS101"})), "RS101") == (set(), [])


def test_a_waiver_above_a_modules_call_covers_what_the_call_sets(report_of: Callable[..., Report]) -> None:
    module = 'variable "ha" {}\nresource "aws_db_instance" "d" {\n  multi_az = var.ha\n}\n'
    call = hash_("RS101") + 'module "m" {\n  source = "./m"\n  ha     = false\n}\n'
    assert told(report_of({"main.tf": call, "m/main.tf": module}), "RS101") == ({("suppressed", REASON)}, [])
