"""Providers: shares of clouds, copies that leave them, where images and modules come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts import FACTS, Answer
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT, Unknown
from scanner.rules.evaluate import estate

UNKNOWN = "unknown"


def of_estate(graph: Graph, fact: str) -> Any:
    found = FACTS[fact].compute(estate(graph), graph)
    plain = found.value if isinstance(found, Answer) else found
    return UNKNOWN if isinstance(plain, Unknown) else plain


CLOUDS = 'provider "aws" {\n region = "eu-west-1"\n}\nprovider "google" {\n project = "p"\n}\n'


def servers(aws: str, google: str) -> str:
    return (
        f'variable "n" {{}}\nresource "aws_autoscaling_group" "a" {{\n min_size = {aws}\n max_size = 9\n}}\n'
        f'resource "google_compute_instance" "g" {{\n count = {google}\n name = "g"\n zone = "europe-west1-b"\n}}\n'
    )


SHARES: dict[str, tuple[str, Any]] = {
    "half": (CLOUDS + servers("3", "3"), 50),
    "three quarters": (CLOUDS + servers("9", "3"), 75),
    "one cloud": (CLOUDS + servers("9", "0"), ABSENT),
    "a number that a variable gives": (CLOUDS + servers("var.n", "3"), UNKNOWN),
    "a number of machines that a variable gives": (CLOUDS + servers("3", "var.n"), UNKNOWN),
}


@pytest.mark.parametrize(("code", "expected"), SHARES.values(), ids=SHARES)
def test_compute_share(graph_of: Callable[..., Graph], code: str, expected: Any) -> None:
    assert of_estate(graph_of(code), "compute_share") == expected


def test_members_and_replicas_are_no_stores_of_their_own(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        CLOUDS
        + 'resource "aws_rds_cluster" "c" {\n cluster_identifier = "c"\n}\n'
        + 'resource "aws_rds_cluster_instance" "m" {\n count = 3\n cluster_identifier = aws_rds_cluster.c.id\n}\n'
        + 'resource "aws_db_instance" "d" {\n identifier = "d"\n}\n'
        + 'resource "aws_db_instance" "r" {\n replicate_source_db = aws_db_instance.d.identifier\n}\n'
        + 'resource "google_sql_database_instance" "g" {\n name = "g"\n}\n'
        + 'resource "google_storage_bucket" "b" {\n name = "b"\n location = "EU"\n}\n'
    )
    # one cluster and one instance at AWS; one instance and one bucket at Google
    assert of_estate(graph, "data_share") == 50


SYSTEM = CLOUDS + 'resource "aws_lb" "l" {}\nresource "aws_instance" "i" {}\nresource "aws_db_instance" "d" {}\n'
BUCKETS = (
    'resource "aws_s3_bucket" "x" {\n bucket = "x"\n}\n'
    'resource "google_storage_bucket" "y" {\n name = "y"\n location = "EU"\n}\n'
)


def transfer(source: str) -> str:
    return (
        f'resource "google_storage_transfer_job" "j" {{\n description = "j"\n transfer_spec {{\n {source}\n'
        " gcs_data_sink {\n bucket_name = google_storage_bucket.y.name\n }\n }\n}\n"
    )


LEAVING: dict[str, tuple[str, Any]] = {
    "no copy at all": (SYSTEM, True),
    "a plan within the provider": (SYSTEM + 'resource "aws_backup_plan" "p" {\n name = "p"\n}\n', True),
    "a transfer to another cloud": (
        SYSTEM + BUCKETS + transfer("aws_s3_data_source {\n bucket_name = aws_s3_bucket.x.bucket\n }"),
        False,
    ),
    "a transfer from a bucket that is written": (
        SYSTEM + BUCKETS + transfer('aws_s3_data_source {\n bucket_name = "elsewhere"\n }'),
        False,
    ),
    "a transfer within the other cloud": (
        SYSTEM
        + BUCKETS
        + 'resource "google_storage_bucket" "z" {\n name = "z"\n location = "EU"\n}\n'
        + transfer("gcs_data_source {\n bucket_name = google_storage_bucket.z.name\n }"),
        UNKNOWN,
    ),
    "a bucket at the other cloud that nothing visible fills": (SYSTEM + BUCKETS, UNKNOWN),
    "a program that writes to another store": (
        SYSTEM
        + 'resource "aws_lambda_function" "f" {\n function_name = "f"\n environment {\n variables = {\n'
        + ' TARGET = "https://s3.eu-central-003.backblazeb2.com"\n }\n }\n}\n',
        False,
    ),
    "no database": (SYSTEM.replace('resource "aws_db_instance" "d" {}\n', "") + BUCKETS, ABSENT),
}


@pytest.mark.parametrize(("code", "expected"), LEAVING.values(), ids=LEAVING)
def test_copies_stay(graph_of: Callable[..., Graph], code: str, expected: Any) -> None:
    assert of_estate(graph_of(code), "copies_stay") == expected


def task(*images: str) -> str:
    listed = ", ".join(f'{{ name = "c", image = {image} }}' for image in images)
    return (
        'resource "aws_ecs_task_definition" "t" {\n family = "t"\n'
        f" container_definitions = jsonencode([{listed}])\n}}\n"
    )


# https://github.com/distribution/reference: a name without a host is Docker Hub's.
IMAGES: dict[str, tuple[str, Any]] = {
    "without a host": (task('"nginx:1"'), "Docker"),
    "of an organization without a host": (task('"grafana/grafana:1"'), "Docker"),
    "with a host": (task('"quay.io/x/y:1"'), "IBM"),
    "hosts of one company": (task('"ghcr.io/x/y:1"', '"x.azurecr.io/y:1"'), "Microsoft"),
    "an own host": (task('"registry.exchange.example/x:1"'), "registry.exchange.example"),
    "two companies": (task('"nginx:1"', '"ghcr.io/x/y:1"'), ""),
    "a registry of the files": (
        'resource "aws_ecr_repository" "r" {\n name = "r"\n}\n' + task('"${aws_ecr_repository.r.repository_url}:1"'),
        "AWS",
    ),
    "a cache before it": (
        task('"nginx:1"')
        + 'resource "google_artifact_registry_repository" "m" {\n repository_id = "m"\n format = "DOCKER"\n'
        + ' mode = "REMOTE_REPOSITORY"\n remote_repository_config {\n docker_repository {\n'
        + ' public_repository = "DOCKER_HUB"\n }\n }\n}\n',
        "",
    ),
    "one that a variable gives": ('variable "i" {}\n' + task('"nginx:1"', "var.i"), UNKNOWN),
}


@pytest.mark.parametrize(("code", "expected"), IMAGES.values(), ids=IMAGES)
def test_image_source(graph_of: Callable[..., Graph], code: str, expected: Any) -> None:
    assert of_estate(graph_of(CLOUDS + code), "image_source") == expected


# https://developer.hashicorp.com/terraform/language/modules/sources
SOURCES = {
    "terraform-aws-modules/vpc/aws": "registry.terraform.io",
    "terraform-aws-modules/iam/aws//modules/iam-user": "registry.terraform.io",
    "app.terraform.io/exchange/vpc/aws": "app.terraform.io",
    "github.com/hashicorp/example": "github.com",
    "git@github.com:hashicorp/example.git": "github.com",
    "git::https://gitlab.example/x.git//sub?ref=v1": "gitlab.example",
    "git::ssh://user@host.example/x.git": "host.example",
    "https://host.example/x.zip": "host.example",
    "s3::https://s3-eu-west-1.amazonaws.com/bucket/x.zip": "s3-eu-west-1.amazonaws.com",
}


@pytest.mark.parametrize(("source", "host"), SOURCES.items())
def test_hosts_of_modules(graph_of: Callable[..., Graph], source: str, host: str) -> None:
    graph = graph_of(f'module "m" {{\n source = "{source}"\n}}\n')
    assert [r.get("host") for r in graph.of_kind("deployment_source")] == [host]


@pytest.mark.parametrize("source", ["./x", "../x"])
def test_modules_of_the_same_tree_come_from_nowhere(graph_of: Callable[..., Graph], source: str) -> None:
    graph = graph_of(f'module "m" {{\n source = "{source}"\n}}\nresource "aws_vpc" "v" {{}}\n')
    assert not graph.of_kind("deployment_source")


STACK = """\
Resources:
  Db:
    Type: AWS::RDS::DBInstance
    Properties: {{Engine: postgres}}
  Server:
    Type: AWS::EC2::Instance
    Properties: {{ImageId: ami-1}}
  Balancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
  Job:
    Type: AWS::Lambda::Function
    Properties:
      Role: {role}
"""


@pytest.mark.parametrize(
    ("role", "number", "line"),
    [
        ('!Sub "arn:${AWS::Partition}:iam::111122223333:role/job"', 0, None),
        ('!Join [":", [arn, !Ref "AWS::Partition", "iam::111122223333:role/job"]]', 0, None),
        ('"arn:aws:iam::111122223333:role/job"', 1, 13),
        ('!Join\n        - ""\n        - - "arn:aws:iam::"\n          - "111122223333:role/job"', 1, 15),
    ],
)
def test_a_partition_that_the_stack_tells_is_not_written(
    estate_of: Callable[..., Any], role: str, number: int, line: int | None
) -> None:
    graph = estate_of({"stack.yaml": STACK.format(role=role)}).graph
    answer = FACTS["written_partitions"].compute(estate(graph), graph)
    assert isinstance(answer, Answer)
    assert answer.value == number
    assert (None if answer.mark is None else answer.mark.line) == line
