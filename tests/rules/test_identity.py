"""The fingerprint ``riskscan/v1``, seen from outside: what may change without changing it, and what may not."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from scanner.config import Config
from scanner.model.finding import Outcome
from scanner.pipeline import scan

ROOT: Final = Path(__file__).parents[2]
DATABASE: Final = 'resource "aws_db_instance" "%s" {\n  engine   = "postgres"\n  multi_az = false\n}\n'
TEMPLATE: Final = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Db:
    Type: AWS::RDS::DBInstance
    Properties:
      Engine: postgres
      MultiAZ: false
"""
DEPLOYMENT: Final = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: %s}
spec:
  replicas: 1
  selector: {matchLabels: {app: %s}}
  template:
    metadata: {labels: {app: %s}}
    spec: {containers: [{name: api, image: api}]}
"""
SERVICE: Final = "apiVersion: v1\nkind: Service\nmetadata: {name: %s}\nspec: {selector: {app: %s}}\n"


def served(name: str) -> str:
    return f"{DEPLOYMENT % (name, name, name)}---\n{SERVICE % (name, name)}"


ESTATE: Final = {
    "infra/tf/a/main.tf": DATABASE % "d",
    "infra/tf/b/main.tf": DATABASE % "d" + 'module "m" {\n  source = "./m"\n  count  = 2\n}\n',
    "infra/tf/b/m/main.tf": DATABASE % "inner",
    "infra/cfn/t.yaml": TEMPLATE,
    "infra/cfn/u.yaml": TEMPLATE,
    "infra/k8s/api.yaml": served("api"),
    "infra/k8s/web.yaml": served("web"),
    "infra/chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 0.1.0\n",
    "infra/chart/templates/a.yaml": served("charted"),
    "infra/az/main.bicep": "resource kv 'Microsoft.KeyVault/vaults@2023-07-01' = {\n  name: 'kv'\n  location: 'japaneast'\n"
    "  properties: {\n    tenantId: subscription().tenantId\n    sku: { family: 'A', name: 'standard' }\n  }\n}\n",
    "infra/compose/compose.yaml": "services:\n  api: {image: nginx}\n  db: {image: postgres}\n",
}


def write(folder: Path, files: Mapping[str, str], *, repository: bool = True) -> Path:
    if repository:
        (folder / ".git").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def fingerprints(*paths: Path, config: Config | None = None) -> set[str]:
    """Of every failure and unknown about a resource; the estate of a part is not that of the whole."""
    report = scan(paths, config or Config())
    asked = [f for f in report.findings if f.outcome in (Outcome.FAIL, Outcome.UNKNOWN) and f.resource != "estate"]
    assert asked
    assert all(re.fullmatch("[0-9a-f]{32}", f.fingerprint) for f in asked)
    return {f"{f.rule} {f.fingerprint}" for f in asked}


def test_from_any_folder_by_any_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path / "checkout", ESTATE)
    whole = fingerprints(root)
    assert fingerprints(root / "infra") == whole
    monkeypatch.chdir(root / "infra")
    assert fingerprints(Path()) == whole
    assert fingerprints(Path("tf"), Path("cfn"), Path("k8s"), Path("chart"), Path("az"), Path("compose")) == whole
    monkeypatch.chdir(tmp_path)
    assert fingerprints(Path("checkout/infra/../infra")) == whole
    parts = [
        root / "infra" / name
        for name in (
            "tf/a",
            "tf/b",
            "cfn/t.yaml",
            "cfn/u.yaml",
            "k8s/api.yaml",
            "k8s/web.yaml",
            "chart",
            "az",
            "compose",
        )
    ]
    assert set().union(*(fingerprints(part) for part in parts)) == whole


DATABASE_OF_PLAN: Final = {
    "address": "aws_db_instance.d",
    "mode": "managed",
    "type": "aws_db_instance",
    "name": "d",
    "provider_name": "registry.terraform.io/hashicorp/aws",
}
VALUES: Final = {"engine": "postgres", "multi_az": False}
CHANGE: Final = {"actions": ["create"], "before": None, "after": VALUES, "after_unknown": {}}
PLAN: Final = {
    "format_version": "1.2",
    "terraform_version": "1.9.0",
    "planned_values": {"root_module": {"resources": [{**DATABASE_OF_PLAN, "values": VALUES}]}},
    "resource_changes": [{**DATABASE_OF_PLAN, "change": CHANGE}],
    "configuration": {"root_module": {"resources": [{**DATABASE_OF_PLAN, "provider_config_key": "aws"}]}},
}


def test_of_a_plan_without_its_configuration(tmp_path: Path) -> None:
    root = write(tmp_path, {"out/prod/plan.json": json.dumps(PLAN)})
    whole = fingerprints(root)
    assert fingerprints(root / "out") == fingerprints(root / "out" / "prod" / "plan.json") == whole


@pytest.mark.skipif(shutil.which("kubectl") is None and shutil.which("kustomize") is None, reason="no kustomize here")
def test_of_overlays_of_one_base(tmp_path: Path) -> None:
    overlay = "resources: [../../base]\nnamePrefix: %s\n"
    files = {
        "k/base/kustomization.yaml": "resources: [api.yaml]\n",
        "k/base/api.yaml": served("api"),
        "k/overlays/one/kustomization.yaml": overlay % "a-",
        "k/overlays/two/kustomization.yaml": overlay % "a-",
    }
    root = write(tmp_path, files)
    found = [f for f in scan([root], Config()).findings if f.rule == "RS120" and f.outcome is Outcome.FAIL]
    assert len({f.fingerprint for f in found}) == len(found) == 2
    assert fingerprints(root / "k") == fingerprints(root)


def test_under_any_name_of_the_checkout(tmp_path: Path) -> None:
    whole = fingerprints(write(tmp_path / "one", ESTATE))
    (tmp_path / "one").rename(tmp_path / "another name")
    assert fingerprints(tmp_path / "another name") == whole


def test_without_a_repository_by_the_configurations_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path, ESTATE, repository=False)
    config = Config(file=root / ".riskscan.yaml", root=root)
    whole = fingerprints(write(tmp_path / "with", ESTATE), config=None)
    assert fingerprints(root / "infra", config=config) == whole
    monkeypatch.chdir(root / "infra" / "tf")
    assert fingerprints(root / "infra", config=config) == whole


def test_without_either_by_what_is_scanned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {name: text for name, text in ESTATE.items() if "compose" not in name}  # their tier is in the path's words
    root = write(tmp_path / "one", files, repository=False)
    whole = fingerprints(root)
    monkeypatch.chdir(tmp_path)
    assert fingerprints(Path("one")) == fingerprints(Path("one"), Path("one/infra")) == whole
    monkeypatch.chdir(root)
    assert fingerprints(Path()) == whole
    monkeypatch.chdir("/")
    assert fingerprints(root) == whole
    root.rename(tmp_path / "two")
    assert fingerprints(tmp_path / "two") == whole


def test_with_lines_blocks_and_files_in_another_order(tmp_path: Path) -> None:
    blocks = [DATABASE % "a", DATABASE % "b", 'resource "aws_s3_bucket" "s" {\n  bucket = "s"\n}\n']
    before = fingerprints(write(tmp_path / "x", {"main.tf": "".join(blocks)}))
    assert fingerprints(write(tmp_path / "y", {"main.tf": "\n# new\n\n" + "\n".join(reversed(blocks))})) == before
    assert fingerprints(write(tmp_path / "z", {"a.tf": blocks[1], "z.tf": blocks[2] + blocks[0]})) == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            {"main.tf": DATABASE % "d"},
            {"main.tf": 'resource   "aws_db_instance" "d" { # one\n  multi_az=false\n\n  engine =    "postgres"\n}\n'},
        ),
        (
            {"a.yaml": served("api")},
            {
                "a.yaml": f"# moved\n{SERVICE % ('api', 'api')}---\n"
                + (DEPLOYMENT % ("api", "api", "api")).replace("replicas: 1", "replicas:   1  # one")
            },
        ),
        ({"a.yaml": served("api")}, {"a.yaml": served("api"), "b.yaml": served("other")}),
        ({"a.yaml": served("api")}, {"a.yaml": served("api"), "sub/b.yaml": served("api")}),
        (
            {"t.yaml": TEMPLATE},
            {
                "t.yaml": TEMPLATE.replace(
                    "      Engine: postgres\n      MultiAZ: false\n", "      MultiAZ: false\n      Engine: 'postgres'\n"
                ),
                "u.yaml": TEMPLATE,
            },
        ),
        ({"main.tf": DATABASE % "d"}, {"main.tf": DATABASE % "d", "other/main.tf": DATABASE % "d"}),
    ],
)
def test_with_another_form_and_other_files_beside(
    before: dict[str, str], after: dict[str, str], tmp_path: Path
) -> None:
    first = fingerprints(write(tmp_path / "x", before))
    second = fingerprints(write(tmp_path / "y", after))
    assert first <= second


def test_containers_of_a_pod_in_another_order(tmp_path: Path) -> None:
    """What is marked has an index; the fingerprint has none."""
    pod = served("api").replace(
        "[{name: api, image: api}]", "[{name: x, image: docker.io/library/x}, {name: api, image: 'api'}]"
    )
    turned = served("api").replace(
        "[{name: api, image: api}]", "[{name: api, image: 'api'}, {name: x, image: docker.io/library/x}]"
    )
    assert fingerprints(write(tmp_path / "x", {"a.yaml": pod})) == fingerprints(
        write(tmp_path / "y", {"a.yaml": turned})
    )


def test_the_same_risk_written_out(tmp_path: Path) -> None:
    """What is off by default is the same risk when somebody writes that it is off."""
    silent = 'resource "aws_db_instance" "d" {\n  engine = "postgres"\n}\n'
    assert fingerprints(write(tmp_path / "x", {"main.tf": silent})) == fingerprints(
        write(tmp_path / "y", {"main.tf": DATABASE % "d"})
    )


def test_the_estate_is_one_wherever_it_begins(tmp_path: Path) -> None:
    def of(folder: Path) -> dict[str, str]:
        asked = (f for f in scan([folder], Config()).findings if f.resource == "estate")
        return {f.rule: f.fingerprint for f in asked if f.outcome is not Outcome.PASS}

    shutil.copytree(ROOT / "examples" / "tokyo-exchange", tmp_path / "x" / "live")
    before = of(write(tmp_path / "x", {}))
    assert before
    after = of(write(tmp_path / "x", {"a/first.tf": DATABASE % "d"}))
    assert {rule: after[rule] for rule in before if rule in after} == {
        rule: before[rule] for rule in before if rule in after
    }
    assert before.keys() & after.keys()


# -- what must differ ------------------------------------------------------------------------------


def test_every_question_and_every_instance_has_its_own(tmp_path: Path) -> None:
    files = {
        "main.tf": 'resource "aws_db_instance" "d" {\n  for_each = { a = 1, b = 7 }\n  engine   = "postgres"\n  backup_retention_period = each.value\n}\n'
        'resource "aws_db_instance" "n" {\n  count  = 3\n  engine = "postgres"\n}\nmodule "m" {\n  source = "./m"\n  count  = 2\n}\n',
        "m/main.tf": DATABASE % "d",
    }
    report = scan([write(tmp_path, files)], Config())
    asked = [(f.rule, f.resource, f.fingerprint) for f in report.findings if f.outcome is Outcome.FAIL]
    assert len({rule for rule, name, _ in asked if name == 'aws_db_instance.d["a"]'}) > 3
    assert len({name for rule, name, _ in asked if rule == "RS101"}) == 7
    assert len({fingerprint for _, _, fingerprint in asked}) == len(asked)


def test_an_object_written_twice_is_the_same_twice(tmp_path: Path) -> None:
    """Its name is no longer enough, and its line moves: a baseline counts such findings."""
    scaler = (
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: api}\n"
        "spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: gone}}\n"
    )
    report = scan([write(tmp_path, {"a.yaml": f"{scaler}---\n{scaler}---\n{served('api')}"})], Config())
    found = [(f.resource, f.fingerprint) for f in report.findings if f.rule == "RS474" and f.outcome is Outcome.FAIL]
    assert len({name for name, _ in found}) == 2
    assert len({fingerprint for _, fingerprint in found}) == 1


def test_moving_a_root_is_another_place(tmp_path: Path) -> None:
    root = write(tmp_path, {"envs/prod/main.tf": DATABASE % "d"})
    before = fingerprints(root)
    shutil.move(root / "envs" / "prod", root / "envs" / "live")
    assert not before & fingerprints(root)
