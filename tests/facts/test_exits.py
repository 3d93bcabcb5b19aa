"""Exports, twins in other regions, endings of services, and what a plan may destroy."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.facts import FACTS, Answer
from scanner.graph.graph import Graph
from scanner.model.resource import Declaration
from scanner.model.span import Span
from scanner.model.value import ABSENT, Unknown, Value
from scanner.normalize import Settings, normalize
from scanner.pipeline import Estate


def answer(graph: Graph, resource: str, fact: str) -> Value:
    found = FACTS[fact].compute(graph.resources[resource], graph)
    return found.value if isinstance(found, Answer) else found


TABLE = 'resource "aws_dynamodb_table" "t" {\n name = "t"\n stream_enabled = true\n}\n'
EXPORTS: dict[str, tuple[str, bool]] = {
    "nothing": (TABLE, False),
    "export": (
        TABLE
        + 'resource "aws_dynamodb_table_export" "e" {\n table_arn = aws_dynamodb_table.t.arn\n s3_bucket = "b"\n}',
        True,
    ),
    "stream into a function": (
        TABLE
        + 'resource "aws_lambda_function" "f" {\n function_name = "f"\n}\n'
        + 'resource "aws_lambda_event_source_mapping" "m" {\n'
        + " event_source_arn = aws_dynamodb_table.t.stream_arn\n function_name = aws_lambda_function.f.arn\n}",
        True,
    ),
    "read by a function": (
        TABLE
        + 'resource "aws_lambda_function" "f" {\n function_name = "f"\n environment {\n'
        + " variables = { TABLE = aws_dynamodb_table.t.name }\n }\n}",
        False,
    ),
}


@pytest.mark.parametrize(("code", "expected"), EXPORTS.values(), ids=EXPORTS)
def test_exports(graph_of: Callable[..., Graph], code: str, expected: bool) -> None:
    assert answer(graph_of(code), "aws_dynamodb_table.t", "exported") is expected


def secret(label: str, name: str, region: str) -> str:
    return f'resource "aws_secretsmanager_secret" "{label}" {{\n name = "{name}"\n region = "{region}"\n}}\n'


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (secret("a", "db", "us-east-1"), False),
        (secret("a", "db", "us-east-1") + secret("b", "db", "us-west-2"), True),
        (secret("a", "db", "us-east-1") + secret("b", "db", "us-east-1"), False),
        (secret("a", "db", "us-east-1") + secret("b", "api", "us-west-2"), False),
    ],
)
def test_twins(graph_of: Callable[..., Graph], code: str, expected: bool) -> None:
    assert answer(graph_of(code), "aws_secretsmanager_secret.a", "twin_elsewhere") is expected


def test_instances_of_one_block_are_twins(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        'variable "name" {}\nresource "aws_secretsmanager_secret" "a" {\n'
        ' for_each = toset(["us-east-1", "us-west-2"])\n region = each.value\n name = var.name\n}'
    )
    assert answer(graph, 'aws_secretsmanager_secret.a["us-east-1"]', "twin_elsewhere") is True


def template(native: str, policy: str = "", *, member: bool = False) -> Declaration:
    """A resource of CloudFormation."""
    properties: dict[str, Value] = {"DBClusterIdentifier": "c"} if member else {}
    beside: dict[str, Value] = {"DeletionPolicy": policy} if policy else {}
    return Declaration("x", native, "x", "cloudformation", Span("template.yaml", 1), properties, lifecycle=beside)


PLANS: dict[str, tuple[str, bool | None]] = {
    "nothing stands against it": ("", True),
    "prevent_destroy": ("lifecycle {\n prevent_destroy = true\n}", False),
    "deletion protection": ("deletion_protection_enabled = true", False),
    "a variable decides": ("deletion_protection_enabled = var.p", None),
}


@pytest.mark.parametrize(("code", "expected"), PLANS.values(), ids=PLANS)
def test_what_a_plan_may_destroy(graph_of: Callable[..., Graph], code: str, expected: bool | None) -> None:
    graph = graph_of(f'variable "p" {{}}\nresource "aws_dynamodb_table" "t" {{\n name = "t"\n {code}\n}}')
    found = answer(graph, "aws_dynamodb_table.t", "plan_may_destroy")
    assert isinstance(found, Unknown) if expected is None else found is expected


KEPT: dict[str, tuple[Declaration, Value]] = {
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
    "Delete is the default": (template("AWS::KMS::Key"), False),
    "but for databases that stand by themselves": (template("AWS::RDS::DBInstance"), True),
    "not for members of a cluster": (template("AWS::RDS::DBInstance", member=True), False),
    "Retain": (template("AWS::KMS::Key", "Retain"), True),
    "RetainExceptOnCreate": (template("AWS::KMS::Key", "RetainExceptOnCreate"), True),
    # incremental deployments leave alone what is no longer in the template:
    # https://learn.microsoft.com/azure/azure-resource-manager/templates/deployment-modes
    "Azure's templates": (
        Declaration("x", "Microsoft.KeyVault/vaults/keys", "x", "arm", Span("main.bicep", 1), {}, written="bicep"),
        ABSENT,
    ),
}


@pytest.mark.parametrize(("declaration", "expected"), KEPT.values(), ids=KEPT)
def test_what_keeps_a_resource_that_leaves_the_files(declaration: Declaration, expected: Value) -> None:
    graph, _ = normalize([declaration], Settings())
    assert answer(graph, "x", "prevent_destroy") is expected
    assert answer(graph, "x", "plan_may_destroy") is (ABSENT if expected is ABSENT else not expected)


# https://learn.microsoft.com/azure/azure-cache-for-redis/retirement-faq; https://cloud.google.com/pubsub/lite/docs
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            'resource "azurerm_redis_cache" "r" {\n name = "r"\n}',
            "Azure Cache for Redis (end of service: 30 September 2028)",
        ),
        ('resource "google_pubsub_lite_topic" "r" {\n name = "r"\n}', "Pub/Sub Lite (end of service: 31 January 2027)"),
        ('resource "azurerm_managed_redis" "r" {\n name = "r"\n}', ABSENT),
    ],
)
def test_endings(graph_of: Callable[..., Graph], code: str, expected: object) -> None:
    graph = graph_of(code)
    (resource,) = graph.resources
    assert answer(graph, resource, "ending") == expected


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("{Type: AWS::EC2::Volume}", True),
        ("{Type: AWS::EC2::Volume, DeletionPolicy: Delete}", True),
        ("{Type: AWS::EC2::Volume, DeletionPolicy: Retain}", False),
        ("{Type: AWS::EC2::Volume, DeletionPolicy: Snapshot}", False),
        ("{Type: AWS::S3::Bucket, DeletionPolicy: RetainExceptOnCreate}", False),
        ("{Type: AWS::RDS::DBInstance}", False),
        ("{Type: AWS::RDS::DBInstance, DeletionPolicy: Delete}", True),
        ("{Type: AWS::RDS::DBInstance, DeletionPolicy: Delete, Properties: {DeletionProtection: true}}", False),
        ("{Type: AWS::RDS::DBInstance, Properties: {DBClusterIdentifier: c}}", True),
    ],
)
def test_a_deletion_policy_keeps_what_a_stack_holds(
    resource: str, expected: bool, estate_of: Callable[..., Estate]
) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html: Delete
    is the default but for databases that are in no cluster and for clusters, of which a snapshot is kept."""
    graph = estate_of({"template.yaml": f"Resources:\n  It: {resource}\n"}).graph
    assert answer(graph, "It", "plan_may_destroy") is expected
