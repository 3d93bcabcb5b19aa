"""``riskscan aws`` as a person runs it: against AWS on the loopback interface, and without any."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from scanner.cli.main import run
from scanner.parsers.aws_live import collecting
from scanner.parsers.aws_live.specification import listings

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    import moto_server

    with moto_server.serving() as (url, application):
        for name, value in {
            "AWS_ACCESS_KEY_ID": "reader",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_ENDPOINT_URL": url,
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_CONFIG_FILE": str(tmp_path / "none"),
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("AWS_PROFILE", raising=False)
        monkeypatch.chdir(tmp_path)
        some = tuple(each for each in listings() if each.service in ("rds", "sqs"))
        monkeypatch.setattr(collecting, "listings", lambda: some)
        import urllib.request

        reset = urllib.request.Request(f"{url}/moto-api/reset", method="POST")  # noqa: S310 - the loopback
        urllib.request.urlopen(reset).read()  # noqa: S310 - the same
        yield application


def database() -> None:
    import boto3

    boto3.client("rds").create_db_instance(
        DBInstanceIdentifier="ledger",
        DBInstanceClass="db.m5.large",
        Engine="postgres",
        MasterUsername="x",
        MasterUserPassword="correct-horse-battery",
        AllocatedStorage=10,
        AvailabilityZone="eu-west-1a",
    )


def findings(text: str) -> set[tuple[str, str]]:
    return {(f["rule"], f["resource"]) for f in json.loads(text)["findings"] if f["outcome"] == "fail"}


def test_scan_and_snapshot_agree(aws: Any, capsys: pytest.CaptureFixture[str]) -> None:
    database()
    assert run(["aws", "--format", "json", "--save", "account.jsonl", "--allow-incomplete"]) == 1
    live = capsys.readouterr()
    assert live.err == "", "progress is for terminals"
    aws.requests.clear()

    assert run(["scan", "account.jsonl", "--format", "json", "--allow-incomplete"]) == 1
    saved = capsys.readouterr()

    assert not aws.requests, "a snapshot is read without asking anybody"
    assert findings(live.out) == findings(saved.out)
    assert ("RS101", "arn:aws:rds:eu-west-1:123456789012:db:ledger") in findings(saved.out)
    [resource] = [r for r in json.loads(saved.out)["resources"] if r["id"].endswith(":db:ledger")]
    assert (resource["type"], resource["account"], resource["region"]) == (
        "AWS::RDS::DBInstance",
        "123456789012",
        "eu-west-1",
    )
    assert resource["zones"] == ["eu-west-1a"]
    assert resource["file"] == "account.jsonl"
    assert json.loads(saved.out)["coverage"]["formats"]["aws-snapshot"]["found"] == 1


@pytest.mark.usefixtures("aws")
def test_same_as_terraform(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a database in code is found to be, it is found to be when it runs."""
    database()
    run(["aws", "--format", "json", "--allow-incomplete"])
    live = {rule for rule, name in findings(capsys.readouterr().out) if name.endswith(":db:ledger")}
    (tmp_path / "main.tf").write_text(
        'provider "aws" {\n  region = "eu-west-1"\n}\n'
        'resource "aws_db_instance" "ledger" {\n'
        '  identifier = "ledger"\n  engine = "postgres"\n  availability_zone = "eu-west-1a"\n'
        "  backup_retention_period = 1\n  skip_final_snapshot = true\n}\n"
    )
    run(["scan", "main.tf", "--format", "json"])
    code = {rule for rule, _ in findings(capsys.readouterr().out)}
    # Whether a last snapshot is taken is said by whoever deletes it, and stands nowhere in the account.
    assert {"RS101", "RS212", "RS702"} <= live & code
    assert live <= code


def test_denied_is_incomplete(aws: Any, capsys: pytest.CaptureFixture[str]) -> None:
    import moto_server

    aws.faults.append(moto_server.Fault(403, "AccessDenied", "ListQueues"))
    assert run(["aws", "--exit-zero"]) == 3
    assert "the permission sqs:ListQueues is missing" in capsys.readouterr().out


def test_policy(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["aws", "--print-policy"]) == 0
    allowed = json.loads(capsys.readouterr().out)["Statement"][0]["Action"]
    assert "rds:DescribeDBInstances" in allowed
    assert "organizations:ListAccounts" in allowed


@pytest.mark.usefixtures("aws")
def test_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["aws", "--regions", "eu-nowhere-1"]) == 2
    assert "no such region" in capsys.readouterr().err
    assert run(["aws", "--save", str(tmp_path / "no" / "file")]) == 2
    (tmp_path / "taken").write_text("notes")
    assert run(["aws", "--save", "taken"]) == 2
    assert "no snapshot of ours" in capsys.readouterr().err
    assert run(["aws", "--profile", "nobody"]) == 2
    assert "no access to AWS" in capsys.readouterr().err


def test_no_module_of_amazons_is_loaded_to_scan_files(tmp_path: Path) -> None:
    import subprocess

    (tmp_path / "main.tf").write_text('resource "aws_sqs_queue" "orders" {}\n')

    code = "import sys; from scanner.cli.main import run; run(['scan', '.']); print('boto3' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ran.stdout.rstrip().endswith("False")
