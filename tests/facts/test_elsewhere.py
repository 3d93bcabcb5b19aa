"""Copies in other regions, of stores of several clouds. None stands for an answer that the files do not decide."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.facts import FACTS, Answer
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT, Unknown, Value

TWO = 'provider "aws" {\n region = "us-east-1"\n}\nprovider "aws" {\n alias = "west"\n region = "us-west-2"\n}\n'


def answer(graph: Graph, resource: str, fact: str) -> Value:
    found = FACTS[fact].compute(graph.resources[resource], graph)
    return found.value if isinstance(found, Answer) else found


def replicated(destination: str, more: str = "") -> str:
    """A bucket with a replication into another, as the AWS provider documents it."""
    return (
        TWO
        + f'resource "aws_s3_bucket" "a" {{}}\nresource "aws_s3_bucket" "b" {{\n {more}\n}}\n'
        + 'resource "aws_s3_bucket_replication_configuration" "a" {\n bucket = aws_s3_bucket.a.id\n role = "r"\n'
        + f' rule {{\n status = "Enabled"\n destination {{\n bucket = {destination}\n }}\n }}\n}}\n'
    )


def instance(code: str = "") -> str:
    return TWO + f'resource "aws_db_instance" "d" {{\n backup_retention_period = 7\n {code}\n}}\n'


# An ARN of S3 holds no region (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html);
# one of AWS Backup does. An alias of a provider may name the same region as another. A provider configuration without
# a region puts everything of it into one.
COPIES: dict[str, tuple[str, str, bool | None]] = {
    "bucket alone": (TWO + 'resource "aws_s3_bucket" "a" {}', "aws_s3_bucket.a", False),
    "into another region": (replicated("aws_s3_bucket.b.arn", "provider = aws.west"), "aws_s3_bucket.a", True),
    "into the same region": (replicated("aws_s3_bucket.b.arn"), "aws_s3_bucket.a", False),
    "region argument of the resource": (
        replicated("aws_s3_bucket.b.arn", 'region = "eu-central-1"'),
        "aws_s3_bucket.a",
        True,
    ),
    "alias of the same region": (
        replicated("aws_s3_bucket.b.arn", "provider = aws.same")
        + 'provider "aws" {\n alias = "same"\n region = "us-east-1"\n}',
        "aws_s3_bucket.a",
        False,
    ),
    "into a bucket that is not in the files": (replicated('"arn:aws:s3:::elsewhere"'), "aws_s3_bucket.a", None),
    "no region is known, one configuration": (
        replicated("aws_s3_bucket.b.arn").removeprefix(TWO),
        "aws_s3_bucket.a",
        False,
    ),
    "replica in another region": (
        instance()
        + 'resource "aws_db_instance" "r" {\n provider = aws.west\n replicate_source_db = aws_db_instance.d.arn\n}',
        "aws_db_instance.d",
        True,
    ),
    "replica in the same region": (
        instance() + 'resource "aws_db_instance" "r" {\n replicate_source_db = aws_db_instance.d.identifier\n}',
        "aws_db_instance.d",
        False,
    ),
    "replica that may not exist": (
        'variable "n" {}\n'
        + instance()
        + 'resource "aws_db_instance" "r" {\n count = var.n\n provider = aws.west\n'
        + " replicate_source_db = aws_db_instance.d.arn\n}",
        "aws_db_instance.d",
        None,
    ),
    "snapshot copied twice over": (
        instance()
        + 'resource "aws_db_snapshot" "s" {\n db_instance_identifier = aws_db_instance.d.identifier\n'
        + ' db_snapshot_identifier = "s"\n}\n'
        + 'resource "aws_db_snapshot_copy" "c" {\n source_db_snapshot_identifier = aws_db_snapshot.s.db_snapshot_arn\n'
        + ' target_db_snapshot_identifier = "c"\n destination_region = "us-west-2"\n}',
        "aws_db_instance.d",
        True,
    ),
    "plan that copies elsewhere, by ARN": (
        instance('tags = { backup = "yes" }')
        + 'resource "aws_backup_plan" "p" {\n name = "p"\n rule {\n rule_name = "r"\n target_vault_name = "v"\n'
        + ' copy_action {\n destination_vault_arn = "arn:aws:backup:us-west-2:111122223333:backup-vault:v"\n }\n }\n}\n'
        + 'resource "aws_backup_selection" "s" {\n name = "s"\n iam_role_arn = "r"\n plan_id = aws_backup_plan.p.id\n'
        + ' selection_tag {\n type = "STRINGEQUALS"\n key = "backup"\n value = "yes"\n }\n}',
        "aws_db_instance.d",
        True,
    ),
    "plan that copies within the region": (
        instance('tags = { backup = "yes" }')
        + 'resource "aws_backup_plan" "p" {\n name = "p"\n rule {\n rule_name = "r"\n target_vault_name = "v"\n'
        + ' copy_action {\n destination_vault_arn = "arn:aws:backup:us-east-1:111122223333:backup-vault:v"\n }\n }\n}\n'
        + 'resource "aws_backup_selection" "s" {\n name = "s"\n iam_role_arn = "r"\n plan_id = aws_backup_plan.p.id\n'
        + ' selection_tag {\n type = "STRINGEQUALS"\n key = "backup"\n value = "yes"\n }\n}',
        "aws_db_instance.d",
        False,
    ),
    # Keyspaces lists the home region too: https://docs.aws.amazon.com/keyspaces/latest/devguide/multiRegion-replication.html
    "keyspace in its own region": (
        (
            'resource "aws_keyspaces_keyspace" "k" {\n name = "k"\n replication_specification {\n'
            ' replication_strategy = "MULTI_REGION"\n region_list = ["us-east-1"]\n }\n}'
        ),
        "aws_keyspaces_keyspace.k",
        False,
    ),
    "keyspace in two": (
        (
            'resource "aws_keyspaces_keyspace" "k" {\n name = "k"\n replication_specification {\n'
            ' replication_strategy = "MULTI_REGION"\n region_list = ["us-east-1", "us-west-2"]\n }\n}'
        ),
        "aws_keyspaces_keyspace.k",
        True,
    ),
    # https://cloud.google.com/sql/docs/postgres/backup-recovery/backups: without a location, the nearest multi-region.
    "Cloud SQL by default": (
        (
            'resource "google_sql_database_instance" "d" {\n region = "europe-west3"\n settings {\n tier = "t"\n'
            " backup_configuration {\n enabled = true\n }\n }\n}"
        ),
        "google_sql_database_instance.d",
        True,
    ),
    "Cloud SQL without backups": (
        'resource "google_sql_database_instance" "d" {\n region = "europe-west3"\n settings {\n tier = "t"\n }\n}',
        "google_sql_database_instance.d",
        False,
    ),
    "Cloud SQL with backups in another region": (
        (
            'resource "google_sql_database_instance" "d" {\n region = "europe-west3"\n settings {\n tier = "t"\n'
            ' backup_configuration {\n enabled = true\n location = "europe-west4"\n }\n }\n}'
        ),
        "google_sql_database_instance.d",
        True,
    ),
    "Bigtable with clusters in two regions": (
        (
            'resource "google_bigtable_instance" "b" {\n name = "b"\n cluster {\n cluster_id = "a"\n'
            ' zone = "europe-west3-a"\n }\n cluster {\n cluster_id = "b"\n zone = "europe-west4-a"\n }\n}'
        ),
        "google_bigtable_instance.b",
        True,
    ),
    "Bigtable with clusters in two zones": (
        (
            'resource "google_bigtable_instance" "b" {\n name = "b"\n cluster {\n cluster_id = "a"\n'
            ' zone = "europe-west3-a"\n }\n cluster {\n cluster_id = "b"\n zone = "europe-west3-b"\n }\n}'
        ),
        "google_bigtable_instance.b",
        False,
    ),
    # A failover group copies the databases of its server:
    # https://learn.microsoft.com/azure/azure-sql/database/failover-group-sql-db
    "SQL database whose server fails over": (
        (
            'resource "azurerm_mssql_server" "a" {\n name = "a"\n location = "japaneast"\n}\n'
            'resource "azurerm_mssql_server" "b" {\n name = "b"\n location = "japanwest"\n}\n'
            'resource "azurerm_mssql_database" "d" {\n name = "d"\n server_id = azurerm_mssql_server.a.id\n'
            ' storage_account_type = "Local"\n}\n'
            'resource "azurerm_mssql_failover_group" "f" {\n name = "f"\n server_id = azurerm_mssql_server.a.id\n'
            " databases = [azurerm_mssql_database.d.id]\n partner_server {\n id = azurerm_mssql_server.b.id\n }\n}"
        ),
        "azurerm_mssql_database.d",
        True,
    ),
    "SQL database with local backups": (
        (
            'resource "azurerm_mssql_server" "a" {\n name = "a"\n location = "japaneast"\n}\n'
            'resource "azurerm_mssql_database" "d" {\n name = "d"\n server_id = azurerm_mssql_server.a.id\n'
            ' storage_account_type = "Local"\n}\n'
        ),
        "azurerm_mssql_database.d",
        False,
    ),
    "registry replicated as a whole": (
        TWO
        + 'resource "aws_ecr_repository" "r" {\n name = "r"\n}\nresource "aws_ecr_replication_configuration" "c" {\n'
        + ' replication_configuration {\n rule {\n destination {\n region = "us-west-2"\n registry_id = "1"\n'
        + " }\n }\n }\n}",
        "aws_ecr_repository.r",
        True,
    ),
    "registry of another region is replicated": (
        TWO
        + 'resource "aws_ecr_repository" "r" {\n name = "r"\n}\nresource "aws_ecr_replication_configuration" "c" {\n'
        + ' provider = aws.west\n replication_configuration {\n rule {\n destination {\n region = "eu-west-1"\n'
        + ' registry_id = "1"\n }\n }\n }\n}',
        "aws_ecr_repository.r",
        False,
    ),
}


@pytest.mark.parametrize(("code", "store", "expected"), COPIES.values(), ids=COPIES)
def test_copies_elsewhere(graph_of: Callable[..., Graph], code: str, store: str, expected: bool | None) -> None:
    found = answer(graph_of(code), store, "copy_elsewhere")
    assert isinstance(found, Unknown) if expected is None else found is expected


def test_backups_are_no_live_copies(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        instance()
        + 'resource "aws_db_instance_automated_backups_replication" "b" {\n provider = aws.west\n'
        + " source_db_instance_arn = aws_db_instance.d.arn\n}"
    )
    assert answer(graph, "aws_db_instance.d", "live_copy_elsewhere") is False
    assert answer(graph, "aws_db_instance.d", "backup_elsewhere") is True


def test_same_region_names_the_bucket_and_its_line(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(replicated("aws_s3_bucket.b.arn"))
    found = FACTS["same_region_targets"].compute(graph.resources["aws_s3_bucket.a"], graph)
    assert isinstance(found, Answer)
    assert found.value == ["aws_s3_bucket.b"]
    assert found.mark is not None
    assert replicated("aws_s3_bucket.b.arn").splitlines()[found.mark.line - 1] == " bucket = aws_s3_bucket.b.arn"


def test_a_key_of_the_copies_is_no_destination(graph_of: Callable[..., Graph]) -> None:
    code = replicated("aws_s3_bucket.b.arn").replace(
        "bucket = aws_s3_bucket.b.arn",
        "bucket = aws_s3_bucket.b.arn\n encryption_configuration {\n replica_kms_key_id = aws_kms_key.k.arn\n }",
    )
    graph = graph_of(code + 'resource "aws_kms_key" "k" {}')
    assert answer(graph, "aws_s3_bucket.a", "same_region_targets") == ["aws_s3_bucket.b"]


def test_without_replication_there_are_no_targets(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of('resource "aws_s3_bucket" "a" {}')
    assert answer(graph, "aws_s3_bucket.a", "same_region_targets") is ABSENT


def test_parts_of_a_storage_account_are_not_asked(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        'resource "azurerm_storage_account" "a" {\n name = "a"\n account_replication_type = "LRS"\n}\n'
        'resource "azurerm_storage_container" "c" {\n name = "c"\n storage_account_id = azurerm_storage_account.a.id\n}'
    )
    assert answer(graph, "azurerm_storage_container.c", "copy_elsewhere") is ABSENT
    assert answer(graph, "azurerm_storage_account.a", "copy_elsewhere") is False


@pytest.mark.parametrize(("provider", "expected"), [("aws", False), ("aws.west", True)], ids=["here", "elsewhere"])
def test_a_role_that_a_job_needs_is_no_place_of_its_copies(
    provider: str, expected: bool, graph_of: Callable[..., Graph]
) -> None:
    """https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.S3.html: the endpoint names a bucket and a role."""
    graph = graph_of(
        TWO
        + 'resource "aws_iam_role" "r" {\n name = "r"\n}\n'
        + f'resource "aws_s3_bucket" "b" {{\n provider = {provider}\n}}\n'
        + 'resource "aws_rds_cluster" "d" {\n engine = "aurora-postgresql"\n}\n'
        + 'resource "aws_dms_endpoint" "from" {\n endpoint_id = "from"\n endpoint_type = "source"\n engine_name = "aurora"\n'
        + " server_name = aws_rds_cluster.d.endpoint\n}\n"
        + 'resource "aws_dms_endpoint" "to" {\n endpoint_id = "to"\n endpoint_type = "target"\n engine_name = "s3"\n'
        + " s3_settings {\n bucket_name = aws_s3_bucket.b.id\n service_access_role_arn = aws_iam_role.r.arn\n }\n}\n"
        + 'resource "aws_dms_replication_task" "t" {\n replication_task_id = "t"\n migration_type = "cdc"\n'
        + " source_endpoint_arn = aws_dms_endpoint.from.endpoint_arn\n target_endpoint_arn = aws_dms_endpoint.to.endpoint_arn\n}\n"
    )
    assert answer(graph, "aws_rds_cluster.d", "live_copy_elsewhere") is expected
