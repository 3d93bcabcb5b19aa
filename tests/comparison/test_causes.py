"""Why a finding is new: the changed line where the files tell it, nothing where they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.config import Config
from scanner.since import diff

LINES = """\
variable "standby" {
  default = true
}

variable "days" {
  default = 14
}

resource "aws_db_instance" "main" {
  identifier                = "main"
  engine                    = "postgres"
  multi_az                  = var.standby
  backup_retention_period   = var.days
  deletion_protection       = true
  final_snapshot_identifier = "last"
}
"""


def causes(folder: Path, base: dict[str, str], head: dict[str, str], rule: str) -> list[str]:
    """The causes of the one new finding of a rule, as ``file:line text``."""
    for side, files in (("base", base), ("head", head)):
        for name, text in files.items():
            file = folder / side / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    report = diff(folder / "base", folder / "head", Config(region="eu-west-1"))
    (turn,) = [turn for turn in report.new if turn.finding.rule == rule]
    return [
        f"{'-' if each.removed else ''}{Path(each.span.file).name}:{each.span.line} {each.text}" for each in turn.causes
    ]


def test_a_finding_on_a_changed_line_needs_no_cause(tmp_path: Path) -> None:
    head = LINES.replace("= var.standby", "= false")
    assert causes(tmp_path, {"main.tf": LINES}, {"main.tf": head}, "RS101") == []


def test_the_default_that_decides_and_not_the_one_that_does_not(tmp_path: Path) -> None:
    head = LINES.replace("default = true", "default = false").replace("default = 14", "default = 21")
    assert causes(tmp_path, {"main.tf": LINES}, {"main.tf": head}, "RS101") == [
        "main.tf:2 the default of variable standby changed"
    ]


def test_a_value_that_came_and_one_that_went(tmp_path: Path) -> None:
    values = {"terraform.tfvars": "standby = false\n"}
    assert causes(tmp_path / "come", {"main.tf": LINES}, {"main.tf": LINES, **values}, "RS101") == [
        "terraform.tfvars:1 the value of variable standby changed"
    ]
    low = LINES.replace("default = true", "default = false")
    gone = {"terraform.tfvars": "standby = true\n"}
    assert causes(tmp_path / "gone", {"main.tf": low, **gone}, {"main.tf": low}, "RS101") == [
        "-terraform.tfvars:1 the value of variable standby was removed"
    ]


def test_an_attribute_that_went(tmp_path: Path) -> None:
    head = LINES.replace("  multi_az                  = var.standby\n", "")
    assert causes(tmp_path, {"main.tf": LINES}, {"main.tf": head}, "RS101") == ["-main.tf:12 multi_az was removed"]


def test_an_argument_of_a_module(tmp_path: Path) -> None:
    def root(word: str) -> str:
        return f'module "db" {{\n  source  = "./db"\n  standby = {word}\n  days    = 14\n}}\n'

    base, head = ({"main.tf": root(word), "db/main.tf": LINES} for word in ("true", "false"))
    assert causes(tmp_path, base, head, "RS101") == ["main.tf:3 argument standby of module db changed"]


def test_a_module_that_moved_is_unchanged(tmp_path: Path) -> None:
    def root(folder: str, word: str) -> str:
        return f'module "db" {{\n  source  = "./{folder}"\n  standby = {word}\n}}\n'

    base = {"main.tf": root("db", "true"), "db/main.tf": LINES}
    head = {"main.tf": root("database", "false"), "database/main.tf": LINES}
    assert causes(tmp_path, base, head, "RS101") == ["main.tf:3 argument standby of module db changed"]


REPLICATED = """\
resource "aws_s3_bucket" "wallet" {
  bucket = "wallet"
}
resource "aws_s3_bucket_versioning" "wallet" {
  bucket = aws_s3_bucket.wallet.id
  versioning_configuration {
    status = "Enabled"
  }
}
"""


def test_a_resource_beside_it_that_went(tmp_path: Path) -> None:
    head = REPLICATED.partition('resource "aws_s3_bucket_versioning"')[0]
    assert causes(tmp_path, {"main.tf": REPLICATED}, {"main.tf": head}, "RS707") == [
        "-main.tf:4 aws_s3_bucket_versioning.wallet was removed"
    ]


TWO_REGIONS = """\
provider "aws" {
  region = "ap-northeast-1"
}
provider "aws" {
  alias  = "osaka"
  region = "ap-northeast-3"
}
resource "aws_lb" "api" {
  load_balancer_type = "application"
}
resource "aws_ecs_service" "api" {
  desired_count = 2
}
resource "aws_dynamodb_table" "orders" {
  name = "orders"
}
resource "aws_lb" "standby" {
  provider           = aws.osaka
  load_balancer_type = "application"
}
"""


def test_nothing_is_guessed(tmp_path: Path) -> None:
    """That everything runs in one region is about everything: no one line is the cause of it."""
    head = TWO_REGIONS.partition('resource "aws_lb" "standby"')[0]
    assert causes(tmp_path, {"main.tf": TWO_REGIONS}, {"main.tf": head}, "RS201") == []


@pytest.mark.parametrize("noise", ["# a comment\n", "\n\n", 'variable "other" {\n  default = 1\n}\n'])
def test_what_has_nothing_to_do_with_it_is_not_named(noise: str, tmp_path: Path) -> None:
    head = noise + LINES.replace("default = true", "default = false")
    (found,) = causes(tmp_path, {"main.tf": LINES}, {"main.tf": head}, "RS101")
    assert found.endswith("the default of variable standby changed")
