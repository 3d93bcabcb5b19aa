"""Values in their properties' types, tiers, tags, and what the catalog does not know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.graph.graph import Graph
from scanner.model.value import Unknown
from scanner.normalize import Settings, normalize
from scanner.normalize.normalize import coerced
from scanner.parsers.terraform.project import TerraformResult

U = Unknown("no default")


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("a", "list", ["a"]),
        (["a"], "list", ["a"]),
        ({"x": 1, "y": 2}, "list", [1, 2]),
        (U, "list", U),
        ("7", "int", 7),
        ("-7", "int", -7),
        ("7.5", "int", "7.5"),
        ("--7", "int", "--7"),
        ("٧", "int", "٧"),
        ("9" * 10_000, "int", "9" * 10_000),
        ("", "int", ""),
        ("True", "bool", True),
        ("false", "bool", False),
        ("yes", "bool", "yes"),
        (U, "bool", U),
        (5, "str", 5),
        ("7", None, "7"),
    ],
)
def test_values_in_the_type_of_their_property(value: Any, kind: str | None, expected: Any) -> None:
    found = coerced(value, kind)
    assert found == expected
    assert type(found) is type(expected)


def test_hostile_numbers_do_not_stop_a_scan(graph_of: Callable[..., Graph]) -> None:
    bodies = ("--5", "NaN", "1e9999", "9" * 5_000)
    graph = graph_of(
        "\n".join(
            f'resource "aws_db_instance" "d{i}" {{ backup_retention_period = "{text}" }}'
            for i, text in enumerate(bodies)
        )
    )
    assert len(graph.resources) == len(bodies)


def test_types_that_the_catalog_does_not_know_are_counted(read_files: Callable[..., TerraformResult]) -> None:
    result = read_files(
        'resource "made_up" "a" { count = 2 }\nresource "also_made_up" "b" {}\ndata "made_up_data" "c" {}\n'
        'resource "aws_sqs_queue" "q" {}\n'
    )
    graph, uncatalogued = normalize(result.declarations, Settings())
    assert list(graph.resources) == ["aws_sqs_queue.q"]
    assert uncatalogued == {"also_made_up": 1, "made_up": 2}


def test_tags_and_labels(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        'variable "u" {}\nresource "aws_sqs_queue" "a" { tags = { app = "x" } }\n'
        'resource "google_pubsub_topic" "b" { labels = { app = "y" } }\nresource "aws_sqs_queue" "c" { tags = var.u }\n'
    )
    assert {name: dict(resource.tags) for name, resource in graph.resources.items()} == {
        "aws_sqs_queue.a": {"app": "x"},
        "aws_sqs_queue.c": {},
        "google_pubsub_topic.b": {"app": "y"},
    }


@pytest.mark.parametrize(
    ("patterns", "tier"),
    [
        ({"production": ("envs/prod/**",)}, "production"),
        ({"production": ("envs/prod",)}, "production"),
        ({"development": ("envs/dev/**",)}, ""),
        ({"development": ("**/prod/*",), "production": ("envs/**",)}, "development"),
        ({}, ""),
    ],
)
def test_tiers(patterns: dict[str, tuple[str, ...]], tier: str, graph_of: Callable[..., Graph]) -> None:
    files = {
        "envs/prod/main.tf": 'resource "aws_sqs_queue" "q" {}\n',
        "envs/dev/main.tf": 'resource "aws_sqs_queue" "q" {}\n',
    }
    graph = graph_of(files, environments=patterns)
    assert graph.resources["envs/prod#aws_sqs_queue.q"].tier == tier
