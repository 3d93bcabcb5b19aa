"""Zone rules over whole reports: what several roots and limited types change."""

from __future__ import annotations

from collections.abc import Callable

from scanner.model.report import Report
from scanner.rule_examples import answers
from scanner.rules.load import load_rules

MEMBER = (
    'resource "aws_rds_cluster" "c" {\n engine = "aurora-postgresql"\n}\n'
    'resource "aws_rds_cluster_instance" "i" {\n cluster_identifier = aws_rds_cluster.c.id\n}\n'
)


def outcomes(report: Report, rule: str) -> dict[str, str]:
    return {f.resource: f.outcome.value for f in report.findings if f.rule == rule}


def test_a_variable_decides_alike_in_one_root_and_in_several(report_of: Callable[..., Report]) -> None:
    text = 'variable "source" {}\nresource "aws_db_instance" "d" {\n replicate_source_db = var.source\n}\n'
    report = report_of({"a/main.tf": text, "b/main.tf": text})
    assert outcomes(report, "RS101") == {"a#aws_db_instance.d": "unknown", "b#aws_db_instance.d": "unknown"}


def test_examples_ask_only_the_types_that_a_rule_is_limited_to(graph_of: Callable[..., object]) -> None:
    rule = load_rules().by_name("zone-database-cluster-one-member")
    assert [f.resource for f in answers(rule, graph_of(MEMBER))] == ["aws_rds_cluster.c"]  # type: ignore[arg-type]


def test_no_rule_of_the_axis_speaks_of_a_place_without_zones(report_of: Callable[..., Report]) -> None:
    report = report_of(
        'resource "hcloud_server" "web" {\n location = "nbg1"\n}\n'
        'resource "hcloud_load_balancer" "web" {\n location = "nbg1"\n}\n'
        'resource "digitalocean_database_cluster" "d" {\n region = "sgp1"\n engine = "pg"\n node_count = 1\n}\n'
        'resource "azurerm_storage_account" "s" {\n location = "West US"\n account_replication_type = "LRS"\n}\n'
        'resource "azurerm_public_ip" "p" {\n location = "West US"\n sku = "Basic"\n}\n'
    )
    assert [f for f in report.findings if f.axis.value == "zone" and f.outcome.value != "pass"] == []
