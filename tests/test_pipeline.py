"""The whole way from files to a report, and that it is the same on every run."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from scanner.config import Config, Limits
from scanner.model.finding import Outcome, Severity
from scanner.model.report import Report
from scanner.model.value import Unknown
from scanner.normalize.placement import distinct
from scanner.pipeline import scan
from scanner.reporters import json_
from scanner.rules.load import RuleError

ESTATE = {
    "envs/prod/main.tf": """
terraform {
  backend "s3" {
    bucket = "state"
    region = "ap-northeast-1"
  }
}
provider "aws" { region = "ap-northeast-1" }
module "network" {
  source = "../../modules/network"
  zones  = ["ap-northeast-1a", "ap-northeast-1c"]
}
module "gone" { source = "example.org/a/b/c" }
resource "aws_db_instance" "orders" {
  multi_az             = false # riskscan: ignore[RS101] rebuilt from the ledger
  db_subnet_group_name = module.network.group
}
resource "aws_db_instance" "perhaps" {
  multi_az   = var.multi_az
  kms_key_id = aws_kms_key.k.arn
}
variable "multi_az" {}
resource "aws_kms_key" "k" { policy = local.nothing }
resource "aws_unheard_of" "x" { for_each = toset(["b", "a"]) }
""",
    "envs/dev/main.tf": 'module "network" {\n  source = "../../modules/network"\n  zones = var.zones\n}\nvariable "zones" {}\n',
    "envs/dev/terraform.tfvars": 'zones = ["eu-west-1a"]\n',
    "modules/network/main.tf": """
variable "zones" { type = set(string) }
resource "aws_subnet" "s" {
  for_each          = var.zones
  availability_zone = each.key
}
resource "aws_db_subnet_group" "g" {
  name       = "g"
  subnet_ids = [for s in aws_subnet.s : s.id]
}
output "group" { value = aws_db_subnet_group.g.name }
""",
    "broken.tf": 'resource "aws_sqs_queue" "q" {\n',
    "large.tf": "#" * 2_000,
}


def test_a_report_holds_everything(report_of: Callable[..., Report]) -> None:
    report = report_of(ESTATE, limits=Limits(1_500))
    ids = {resource.id for resource in report.resources}
    assert {
        "envs/prod#aws_db_instance.orders",
        'envs/prod#module.network.aws_subnet.s["ap-northeast-1c"]',
        'envs/dev#module.network.aws_subnet.s["eu-west-1a"]',
        "envs/prod#terraform.backend.s3",
    } <= ids
    assert report.roots == ("envs/dev", "envs/prod")
    assert report.uncatalogued == {"aws_unheard_of": 2}
    zone = {f.resource.split("#")[-1]: f for f in report.findings if f.rule == "RS101"}
    assert zone["aws_db_instance.orders"].outcome is Outcome.SUPPRESSED
    assert zone["aws_db_instance.perhaps"].outcome is Outcome.UNKNOWN
    coverage = report.coverage["terraform"]
    assert (coverage.found, coverage.read, coverage.partly, coverage.unread) == (5, 3, 0, 2)
    assert report.coverage["terraform-variables"].read == 1
    assert {(p.span.file, p.kind.value) for p in report.problems} == {
        ("broken.tf", "invalid"),
        ("envs/prod/main.tf", "module-unavailable"),
        ("envs/prod/main.tf", "unresolved"),
        ("large.tf", "limit"),
    }
    assert {edge.source for edge in report.edges} <= ids
    assert report.sources["broken.tf"][0] == 'resource "aws_sqs_queue" "q" {'
    assert set(report.rules) >= {finding.rule for finding in report.findings}


def test_a_waiver_does_not_change_the_score(report_of: Callable[..., Report]) -> None:
    waived = report_of(ESTATE, limits=Limits(1_500))
    plain = dict(ESTATE)
    plain["envs/prod/main.tf"] = plain["envs/prod/main.tf"].replace(
        " # riskscan: ignore[RS101] rebuilt from the ledger", ""
    )
    unknown = ESTATE["envs/prod/main.tf"].replace("var.multi_az\n", "var.multi_az # riskscan: ignore[RS101] x\n")
    assert report_of(plain, limits=Limits(1_500)).score == waived.score
    assert report_of({**ESTATE, "envs/prod/main.tf": unknown}, limits=Limits(1_500)).score == waived.score


def test_severities_and_disabled_rules_by_any_name(report_of: Callable[..., Report]) -> None:
    text = 'resource "aws_db_instance" "d" {}\n'
    report = report_of(text, severities={"ZONE-database-single": Severity.INFO}, disable=frozenset({"rs701"}))
    assert {f.severity for f in report.findings if f.rule == "RS101"} == {Severity.INFO}
    assert "RS701" not in {f.rule for f in report.findings}
    assert "RS701" in {f.rule for f in report_of(text).findings}


def test_nothing_is_a_report_too(report_of: Callable[..., Report]) -> None:
    report = report_of({"README.md": "nothing"})
    assert (report.resources, report.findings, report.problems, report.roots) == ((), (), (), ())
    assert (report.score.low, report.score.grade) == (100.0, "A")


def test_errors_that_the_user_must_mend(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        scan([tmp_path / "nothing"], Config())
    with pytest.raises(RuleError):
        scan([tmp_path], Config(packs=(tmp_path / "nothing",)))


def test_environments_give_a_tier(report_of: Callable[..., Report]) -> None:
    report = report_of(ESTATE, environments={"production": ("envs/prod",), "development": ("envs/dev",)})
    tiers = {(resource.id.split("#")[0], resource.tier) for resource in report.resources}
    assert tiers == {("envs/prod", "production"), ("envs/dev", "development")}


# -- the same bytes --------------------------------------------------------------------------------

PROGRAM = """
import sys
from pathlib import Path
from scanner.config import Config
from scanner.pipeline import scan
from scanner.reporters import json_
sys.stdout.write(json_.render(scan([Path(sys.argv[1])], Config())))
"""


def rendered(folder: Path, seed: str) -> bytes:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)],
        env=environment,
        capture_output=True,
        check=True,
        cwd=folder.parent,
    )
    return done.stdout


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    """Whatever the hash seed, and whatever the order in which files were made."""
    files: list[tuple[str, str]] = [
        *ESTATE.items(),
        ("more.tf", "".join(f'resource "aws_sqs_queue" "q{i}" {{}}\n' for i in range(50))),
    ]
    found: list[bytes] = []
    for seed in ("0", "1", "2"):
        files = sorted(files, key=lambda file: sha256(f"{seed}{file[0]}".encode()).digest())
        folder = tmp_path / "estate"
        shutil.rmtree(folder, ignore_errors=True)
        for name, text in files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        found.append(rendered(folder, seed))
    assert found[0] == found[1] == found[2]
    document: dict[str, Any] = json.loads(found[0])
    assert len(document["resources"]) > 50
    assert document["findings"]


def test_a_second_scan_in_one_process_says_the_same(report_of: Callable[..., Report]) -> None:
    assert json_.render(report_of(ESTATE)) == json_.render(report_of(ESTATE))


OPEN = {
    "subnets of a function": """
variable "open" {
  type = list(string)
}
resource "aws_lambda_function" "f" {
  function_name = "f"
  vpc_config {
    subnet_ids = var.open
  }
}
""",
    "region of a replica": """
variable "open" {
  type = string
}
resource "aws_dynamodb_table" "t" {
  name = "t"
  replica {
    region_name = var.open
  }
}
""",
}


@pytest.mark.parametrize("code", OPEN.values(), ids=OPEN)
def test_what_a_variable_leaves_open_is_no_truth_to_the_fault_graph(
    code: str, report_of: Callable[..., Report]
) -> None:
    assert [resource.kind for resource in report_of(code).resources] in (["function"], ["database"])


@pytest.mark.skipif(
    shutil.which("helm") is None and importlib.util.find_spec("helm_python") is None,
    reason="neither helm nor riskscan[helm] is installed",
)
def test_a_chart_is_judged_at_its_template_with_the_values_given(tmp_path: Path) -> None:
    files = {
        "chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
        "chart/values.yaml": "replicas: 3\n",
        "chart/templates/web.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: {{ .Values.replicas }}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
""",
        "given/one.yaml": "replicas: 1\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    def judged(*values: Path) -> tuple[Outcome, ...]:
        report = scan([tmp_path / "chart"], Config(helm_values=values))
        assert report.coverage["helm"].read == 3
        assert report.problems == ()
        return tuple(finding.outcome for finding in report.findings if finding.rule == "RS120")

    assert judged() == (Outcome.PASS,)
    assert judged(tmp_path / "given/one.yaml") == (Outcome.FAIL,)
    report = scan([tmp_path / "chart"], Config(helm_values=(tmp_path / "given/one.yaml",)))
    (failed,) = [finding for finding in report.findings if finding.rule == "RS120"]
    assert report.sources[failed.span.file][failed.span.line - 1] == "  replicas: {{ .Values.replicas }}"
    assert failed.span.parent is not None
    assert report.sources[failed.span.parent.file][failed.span.parent.line - 1] == "replicas: 1"
    values = tmp_path / "given/one.yaml"
    values.write_text("replicas: 1 # riskscan: ignore[RS120] restarts in a second\n")
    assert judged(values) == (Outcome.SUPPRESSED,)


TEMPLATE = """
Parameters:
  Prod: {Type: String, Default: "true"}
  Spare: {Type: String}
Conditions:
  IsProd: !Equals [!Ref Prod, "true"]
  HasSpare: !Equals [!Ref Spare, "true"]
Resources:
  A: {Type: AWS::EC2::Subnet, Properties: {AvailabilityZone: !Select [0, !GetAZs ""]}}
  B: {Type: AWS::EC2::Subnet, Properties: {AvailabilityZone: !Select [1, !GetAZs ""]}}
  C: {Type: AWS::EC2::Subnet, Condition: HasSpare, Properties: {AvailabilityZone: !Select [1, !GetAZs ""]}}
"""


def test_the_zones_of_a_template_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "network.yaml").write_text(TEMPLATE, encoding="utf-8")
    (tmp_path / "main.tf").write_text('provider "aws" { region = "eu-west-1" }\n', encoding="utf-8")
    report = scan([tmp_path], Config(region="ap-northeast-1"))
    found = {resource.id: resource for resource in report.resources}
    places = {name: found[name].placement for name in "ABC"}
    assert {place.region for place in places.values()} == {"ap-northeast-1"}
    zones = [zone for place in places.values() if isinstance(place.zones, tuple) for zone in place.zones]
    assert len(distinct(zones)) == 2
    assert isinstance(found["C"].declaration.exists, Unknown)
    assert report.coverage["cloudformation"].read == 1
    regions = {
        resource.placement.region for resource in scan([tmp_path], Config()).resources if resource.type == "aws_subnet"
    }
    assert [isinstance(region, Unknown) and "--region" in region.reason for region in regions] == [True]


def test_templates_of_two_clouds_may_call_things_alike(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text("Resources:\n  key: {Type: AWS::KMS::Key}\n", encoding="utf-8")
    vault = "resource key 'Microsoft.KeyVault/vaults@2023-07-01' = {\n  name: 'key'\n  location: 'westeurope'\n}\n"
    (tmp_path / "main.bicep").write_text(vault, encoding="utf-8")
    kinds = {resource.id: resource.kind for resource in scan([tmp_path], Config()).resources}
    assert sorted(kinds.values()) == ["key", "key_store"]


def test_calls_of_modules_are_not_judged(report_of: Callable[..., Report]) -> None:
    """They are no resources of the report; what they declare is."""
    files = {
        "main.bicep": "module store 'store.bicep' = {\n  name: 'store'\n}\n",
        "store.bicep": "resource s 'Microsoft.Storage/storageAccounts@2023-01-01' = {\n  name: 'ledger'\n"
        "  location: 'westeurope'\n  kind: 'StorageV2'\n  sku: { name: 'Standard_LRS' }\n}\n",
    }
    report = report_of(files)
    assert {f.resource for f in report.findings} - {r.id for r in report.resources} <= {"estate"}
    assert any(f.resource == "store.s" for f in report.findings)
