"""What texts name without a reference, and what one root reads from another's state."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.config import Config
from scanner.model.resource import EdgeKind
from scanner.pipeline import read_estate

PROVIDER = 'provider "aws" {\n  region = "eu-west-1"\n}\n'


def edges(folder: Path, **files: str) -> set[tuple[str, str, str]]:
    for name, text in files.items():
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "main.tf").write_text(PROVIDER + text, encoding="utf-8")
    graph = read_estate([folder], Config()).graph
    return {(e.source, e.target, e.kind.value) for e in graph.edges()}


QUEUE = 'resource "aws_sqs_queue" "jobs" {\n  name = "jobs"\n}\n'
OTHER = 'resource "aws_sns_topic" "other" {}\n'


def function(variables: str) -> str:
    return f'resource "aws_lambda_function" "api" {{\n  environment {{\n    variables = {variables}\n  }}\n}}\n'


@pytest.mark.parametrize(
    ("variables", "linked"),
    [
        ('{ Q = "arn:aws:sqs:eu-west-1:111122223333:jobs" }', True),
        ('{ QUEUE_NAME = "jobs" }', True),
        ('{ MODE = "jobs" }', False),  # a word that happens to be a name
        ('{ Q = "arn:aws:sns:eu-west-1:111122223333:jobs" }', False),  # the name of another service's thing
        ('{ QUEUE_NAME = "job" }', False),
    ],
)
def test_a_queue_of_another_root_is_named(variables: str, linked: bool, tmp_path: Path) -> None:
    found = edges(tmp_path, app=function(variables), net=QUEUE + OTHER)
    assert (("app#aws_lambda_function.api", "net#aws_sqs_queue.jobs", EdgeKind.RUNTIME.value) in found) is linked


STORES = (
    'resource "aws_db_instance" "main" {\n  identifier = "prod"\n}\n'
    'resource "aws_elasticache_replication_group" "main" {\n  replication_group_id = "prod"\n}\n'
    'resource "aws_eks_cluster" "main" {\n  name = "prod"\n}\n'
) + QUEUE


@pytest.mark.parametrize(
    ("value", "target"),
    [
        ("prod.c9akciq32rmx.eu-west-1.rds.amazonaws.com", "aws_db_instance.main"),
        ("postgres://api@prod.c9akciq32rmx.eu-west-1.rds.amazonaws.com:5432/api", "aws_db_instance.main"),
        ("master.prod.4er6ct.euw1.cache.amazonaws.com:6379", "aws_elasticache_replication_group.main"),
        ("prod.4er6ct.ng.0001.euw1.cache.amazonaws.com:6379", "aws_elasticache_replication_group.main"),
        ("https://sqs.eu-west-1.amazonaws.com/111122223333/jobs", "aws_sqs_queue.jobs"),
        ("staging.c9akciq32rmx.eu-west-1.rds.amazonaws.com", None),
        ("https://prod.example.com", None),
    ],
)
def test_a_store_is_named_by_its_host(value: str, target: str | None, tmp_path: Path) -> None:
    found = edges(tmp_path, app=function(f'{{ ADDRESS = "{value}" }}'), net=STORES)
    named = {end for source, end, _ in found if source == "app#aws_lambda_function.api" and end.startswith("net#")}
    assert named == ({f"net#{target}"} if target else set())


def test_hosts_lead_to_records_and_buckets(tmp_path: Path) -> None:
    variables = '{ API = "https://api.example.com/v1", FILES = "https://shop-files.s3.eu-west-1.amazonaws.com/a" }'
    net = (
        'resource "aws_route53_zone" "main" {\n  name = "example.com"\n}\n'
        'resource "aws_route53_record" "api" {\n  zone_id = aws_route53_zone.main.id\n  name = "api.example.com"\n'
        '  type = "A"\n  records = ["192.0.2.1"]\n}\n'
        'resource "aws_s3_bucket" "files" {\n  bucket = "shop-files"\n}\n'
    )
    found = {
        target for source, target, _ in edges(tmp_path, app=function(variables), net=net) if source.startswith("app#")
    }
    assert {"net#aws_route53_record.api", "net#aws_s3_bucket.files"} <= found


def test_a_policy_names_without_needing(tmp_path: Path) -> None:
    policy = 'resource "aws_iam_role_policy" "p" {\n  policy = "arn:aws:sqs:eu-west-1:111122223333:jobs"\n}\n'
    found = edges(tmp_path, app=policy, net=QUEUE + OTHER)
    assert all(kind != "runtime" for source, target, kind in found if target.endswith("aws_sqs_queue.jobs"))


STATE = 'terraform {\n  backend "s3" {\n    bucket = "states"\n    key    = "net"\n  }\n}\n'
DATABASE = 'resource "aws_db_instance" "main" {}\noutput "host" {\n  value = aws_db_instance.main.address\n}\n'


@pytest.mark.parametrize(
    ("config", "output", "linked"),
    [
        ('{ bucket = "states", key = "net" }', "host", True),
        ('{ bucket = "states", key = "other" }', "host", False),
        ('{ bucket = "states" }', "host", False),  # which of its states is not told
        ('{ bucket = "states", key = "net" }', "name", False),
    ],
)
def test_a_state_of_another_root_is_read(config: str, output: str, linked: bool, tmp_path: Path) -> None:
    reader = f'data "terraform_remote_state" "net" {{\n  backend = "s3"\n  config  = {config}\n}}\n'
    app = reader + function(f"{{ DB = data.terraform_remote_state.net.outputs.{output} }}")
    found = edges(tmp_path, app=app, net=STATE + DATABASE)
    assert (("app#aws_lambda_function.api", "net#aws_db_instance.main", "runtime") in found) is linked


def test_a_local_state_is_that_of_its_folder(tmp_path: Path) -> None:
    reader = (
        'data "terraform_remote_state" "net" {\n  backend = "local"\n'
        '  config  = { path = "../net/terraform.tfstate" }\n}\n'
    )
    app = reader + function("{ DB = data.terraform_remote_state.net.outputs.host }")
    assert ("app#aws_lambda_function.api", "net#aws_db_instance.main", "runtime") in edges(
        tmp_path, app=app, net=DATABASE
    )


@pytest.mark.parametrize(("before", "linked"), [(1_000, True), (300_000, False)])
def test_names_are_looked_for_in_the_first_part_of_endless_texts(before: int, linked: bool, tmp_path: Path) -> None:
    arn = "arn:aws:sqs:eu-west-1:111122223333:jobs"
    found = edges(tmp_path, a=QUEUE + function(f'{{ Q = "{"x " * (before // 2)}{arn}" }}'))
    assert any(target == "aws_sqs_queue.jobs" for _, target, _ in found) is linked
