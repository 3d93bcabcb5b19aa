"""Spares of stores and keys: what takes over by itself, what takes a person, and whether data survives."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from scanner.graph.graph import Graph
from scanner.simulation.fault_graph import FaultGraph, maker
from scanner.simulation.sweep import failing

GraphOf = Callable[..., Graph]

PROVIDERS = (
    'provider "aws" {\n  region = "eu-west-1"\n}\nprovider "aws" {\n  alias  = "far"\n  region = "eu-central-1"\n}\n'
)
HOME, FAR = "region:aws/eu-west-1", "region:aws/eu-central-1"


def database(name: str = "main", more: str = "") -> str:
    return (
        f'resource "aws_db_instance" "{name}" {{\n  engine = "postgres"\n  availability_zone = "eu-west-1a"\n{more}}}\n'
    )


def fails(faults: FaultGraph, node: int, domains: Sequence[str], *, people: bool) -> bool:
    told = [faults.events[domain] for domain in domains] + ([] if people else [faults.gates.by_hand])
    return bool(failing(faults.structure, told)[node])


def verdicts(faults: FaultGraph, name: str, *domains: str) -> tuple[bool, bool, bool]:
    """Whether it is down by itself, down with people, and whether its data is lost."""
    whole, kept = faults.nodes[name], faults.survives[name]
    return (
        fails(faults, whole, domains, people=False),
        fails(faults, whole, domains, people=True),
        fails(faults, kept, domains, people=True),
    )


DB, ZONE = "aws_db_instance.main", "zone:aws/eu-west-1a"


# What is beside the database; what fails; down by itself, down with people, data lost.
@pytest.mark.parametrize(
    ("text", "domains", "expected"),
    [
        # without backups a zone takes the only copy
        (database(more="  backup_retention_period = 0\n"), [ZONE], (True, True, True)),
        # backups lie in the region: people restore into another zone
        (database(more="  backup_retention_period = 7\n"), [ZONE], (True, False, False)),
        (database(more="  backup_retention_period = 7\n"), [HOME], (True, True, True)),
        # restoring goes through the plane that changes databases in that region
        (database(more="  backup_retention_period = 7\n"), [ZONE, "control:aws/rds@eu-west-1"], (True, True, False)),
        # a backup is of no use without its key
        (
            database(more="  backup_retention_period = 7\n  kms_key_id = aws_kms_key.k.arn\n")
            + 'resource "aws_kms_key" "k" {\n}\n',
            [ZONE, "service:aws/kms@eu-west-1"],
            (True, True, True),
        ),
        # a read replica in another region is promoted by hand
        (
            database() + 'resource "aws_db_instance" "copy" {\n  provider = aws.far\n  availability_zone = "eu-central-1a"\n'
            "  replicate_source_db = aws_db_instance.main.arn\n}\n",
            [HOME],
            (True, False, False),
        ),
        (
            database() + 'resource "aws_db_instance" "copy" {\n  provider = aws.far\n  availability_zone = "eu-central-1a"\n'
            "  replicate_source_db = aws_db_instance.main.arn\n}\n",
            [HOME, "zone:aws/eu-central-1a"],
            (True, True, True),
        ),
        # a snapshot that somebody took lies in the region
        (
            database() + 'resource "aws_db_snapshot" "s" {\n  db_instance_identifier = aws_db_instance.main.identifier\n'
            '  db_snapshot_identifier = "s"\n}\n',
            [ZONE],
            (True, False, False),
        ),
        # automated backups copied to another region
        (
            database(more="  backup_retention_period = 7\n")
            + 'resource "aws_db_instance_automated_backups_replication" "c" {\n  provider = aws.far\n'
            "  source_db_instance_arn = aws_db_instance.main.arn\n}\n",
            [HOME],
            (True, False, False),
        ),
    ],
)  # fmt: skip
def test_a_database(graph_of: GraphOf, text: str, domains: list[str], expected: tuple[bool, bool, bool]) -> None:
    assert verdicts(maker(graph_of(PROVIDERS + text)).finish(), DB, *domains) == expected


def test_a_table_of_several_regions_serves_each_caller_at_home(graph_of: GraphOf) -> None:
    text = (
        PROVIDERS
        + 'resource "aws_dynamodb_table" "t" {\n  name = "t"\n  replica {\n    region_name = "eu-central-1"\n  }\n}\n'
        + 'resource "aws_lambda_function" "home" {\n  environment {\n    variables = { T = aws_dynamodb_table.t.name }\n  }\n}\n'
        + 'resource "aws_lambda_function" "far" {\n  provider = aws.far\n'
        + "  environment {\n    variables = { T = aws_dynamodb_table.t.name }\n  }\n}\n"
    )
    faults = maker(graph_of(text)).finish()
    far, home = faults.nodes["aws_lambda_function.far"], faults.nodes["aws_lambda_function.home"]
    assert not fails(faults, far, [HOME], people=False)
    assert fails(faults, far, ["service:aws/dynamodb@eu-central-1"], people=False)
    # A caller at home is pointed to the other region by a person.
    assert fails(faults, home, ["service:aws/dynamodb@eu-west-1"], people=False)
    assert not fails(faults, home, ["service:aws/dynamodb@eu-west-1"], people=True)
    assert verdicts(faults, "aws_dynamodb_table.t", HOME) == (True, False, False)
    assert verdicts(faults, "aws_dynamodb_table.t", HOME, FAR) == (True, True, True)


def test_a_key_has_no_backup_to_restore(graph_of: GraphOf) -> None:
    faults = maker(graph_of(PROVIDERS + 'resource "aws_kms_key" "k" {\n}\n')).finish()
    assert fails(faults, faults.nodes["aws_kms_key.k"], ["service:aws/kms@eu-west-1"], people=True)


def test_the_replica_of_a_key_serves_its_own_region(graph_of: GraphOf) -> None:
    text = (
        PROVIDERS
        + 'resource "aws_kms_key" "k" {\n  multi_region = true\n}\n'
        + 'resource "aws_kms_replica_key" "r" {\n  provider = aws.far\n  primary_key_arn = aws_kms_key.k.arn\n}\n'
        + 'resource "aws_lambda_function" "far" {\n  provider = aws.far\n'
        + "  environment {\n    variables = { KEY = aws_kms_key.k.key_id }\n  }\n}\n"
    )
    faults = maker(graph_of(text)).finish()
    node = faults.nodes["aws_lambda_function.far"]
    assert not fails(faults, node, ["service:aws/kms@eu-west-1"], people=False)
    assert fails(faults, node, ["service:aws/kms@eu-central-1"], people=True)


def test_a_replicated_bucket_is_switched_to_by_hand(graph_of: GraphOf) -> None:
    text = (
        PROVIDERS
        + 'resource "aws_s3_bucket" "b" {\n  bucket = "b"\n}\n'
        + 'resource "aws_s3_bucket" "copy" {\n  provider = aws.far\n  bucket = "copy"\n}\n'
        + 'resource "aws_s3_bucket_replication_configuration" "r" {\n  bucket = aws_s3_bucket.b.id\n'
        + '  rule {\n    status = "Enabled"\n    destination {\n      bucket = aws_s3_bucket.copy.arn\n    }\n  }\n}\n'
    )
    faults = maker(graph_of(text)).finish()
    assert verdicts(faults, "aws_s3_bucket.b", HOME) == (True, False, False)
    assert verdicts(faults, "aws_s3_bucket.b", HOME, FAR) == (True, True, True)
    assert verdicts(faults, "aws_s3_bucket.copy", FAR)[2] is False


def test_members_of_a_cluster_serve_data_that_outlives_them(graph_of: GraphOf) -> None:
    member = (
        'resource "aws_rds_cluster_instance" "{0}" {{\n  cluster_identifier = aws_rds_cluster.c.id\n'
        '  availability_zone = "eu-west-1{0}"\n}}\n'
    )
    text = (
        PROVIDERS
        + 'resource "aws_rds_cluster" "c" {\n  engine = "aurora-postgresql"\n  backup_retention_period = 1\n}\n'
        + member.format("a")
        + member.format("b")
    )
    faults = maker(graph_of(text)).finish()
    assert verdicts(faults, "aws_rds_cluster.c", ZONE) == (False, False, False)
    down = verdicts(faults, "aws_rds_cluster.c", ZONE, "zone:aws/eu-west-1b")
    assert down[0] is True
    assert down[2] is False, "the storage is the region's"
    assert "aws_rds_cluster_instance.a" not in faults.survives
