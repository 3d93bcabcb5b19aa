"""Who signs, and how many gatekeepers stand behind them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts import signers
from scanner.facts.fact import Answer
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT, Unknown

AWS = 'resource "aws_kms_key" "a" {\n key_usage = "SIGN_VERIFY"\n customer_master_key_spec = "ECC_SECG_P256K1"\n}\n'
GOOGLE = (
    'resource "google_kms_crypto_key" "b" {\n key_ring = "projects/p/locations/asia1/keyRings/r"\n'
    ' purpose = "ASYMMETRIC_SIGN"\n version_template {\n algorithm = "EC_SIGN_SECP256K1_SHA256"\n }\n}\n'
)
AZURE = 'resource "azurerm_key_vault_key" "c" {\n key_type = "EC-HSM"\n curve = "P-256K"\n key_vault_id = "v"\n}\n'


def value_of(answer: Any) -> Any:
    return answer.value if isinstance(answer, Answer) else answer


# One provider can lock alone; with two nobody knows whether one is enough; any two of three leave nobody alone.
@pytest.mark.parametrize(("code", "expected"), [(AWS, False), (AWS + GOOGLE, None), (AWS + GOOGLE + AZURE, True)])
def test_quorum_of_providers(graph_of: Callable[..., Graph], code: str, expected: bool | None) -> None:
    graph = graph_of(code)
    answer = value_of(signers.signing_quorum(graph.resources["aws_kms_key.a"], graph))
    assert isinstance(answer, Unknown) if expected is None else answer is expected


def count(graph: Graph) -> tuple[int, Any, Any]:
    estate = next(iter(graph.resources.values()))
    return (
        signers.signer_count(estate, graph),
        value_of(signers.signers_one_account(estate, graph)),
        value_of(signers.signers_one_provider(estate, graph)),
    )


def test_two_roots_may_be_applied_in_two_accounts(estate_of: Callable[..., Any]) -> None:
    graph = estate_of({"one/main.tf": AWS, "two/main.tf": AWS}).graph
    keys, together, provider = count(graph)
    assert (keys, provider) == (2, True)
    assert isinstance(together, Unknown)
    assert together.reason == "no account is written in the files"


IMPORTED = 'resource "aws_kms_external_key" "d" {\n key_usage = "SIGN_VERIFY"\n key_spec = "ECC_SECG_P256K1"\n}\n'
REPLICA = 'resource "aws_kms_replica_key" "e" {\n region = "eu-west-1"\n primary_key_arn = aws_kms_key.a.arn\n}\n'


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (AWS, (1, ABSENT, ABSENT)),
        (AWS + REPLICA, (1, ABSENT, ABSENT)),  # the same key in a second place
        (AWS.replace('"a" {', '"a" {\n count = 3'), (3, True, True)),
        (AWS + GOOGLE, (2, False, False)),
        (AWS + IMPORTED, (2, False, False)),  # one of them is also held outside
    ],
)
def test_gatekeepers(graph_of: Callable[..., Graph], code: str, expected: tuple[int, Any, Any]) -> None:
    assert count(graph_of(code)) == expected


TASK = """
resource "aws_ecs_task_definition" "t" {{
  family                = "t"
  container_definitions = jsonencode([{{ name = "t", image = "{image}" }}])
}}
resource "aws_ecs_service" "s" {{
  name            = "s"
  task_definition = aws_ecs_task_definition.t.arn
  desired_count   = 1
}}
"""
IMAGES = {
    "consensys/web3signer:25.4": True,
    "docker.io/consensys/web3signer": True,
    "ghcr.io/strangelove-ventures/horcrux:v3.3.1": True,
    "iqlusion/tmkms@sha256:0a": True,
    "registry.example.com/team/signer:1": True,
    "nginx:1.27": False,
    "registry.example.com/designer:1": False,
    "registry.example.com/signer/web:1": False,  # the repository's name is its last part
}


@pytest.mark.parametrize(("image", "expected"), IMAGES.items())
def test_images_that_sign(graph_of: Callable[..., Graph], image: str, expected: bool) -> None:
    graph = graph_of(TASK.format(image=image))
    (service,) = graph.of_kind("container_service")
    assert signers.runs_signer(service, graph) is expected


def test_servers_of_one_signer_are_counted_together(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of('resource "aws_instance" "signer_a" {}\nresource "aws_instance" "signer_b" {}')
    first, _ = graph.of_kind("compute")
    assert signers.signer_processes(first, graph) == 2


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--slashing-protection-enabled=false", True),
        ("--slashing-protection-db-enabled=false", True),
        ('slashing-protection-enabled", "false', True),
        ("--slashing-protection-enabled=true", False),
        ("--slashing-protection-db-url=jdbc:postgresql://db/w", False),
        ("--http-listen-port=9000", ABSENT),
    ],
)
def test_slashing_protection(graph_of: Callable[..., Graph], words: str, expected: Any) -> None:
    quoted = words.replace('"', '\\"')
    graph = graph_of(f'resource "aws_instance" "signer" {{ user_data = "web3signer {quoted}" }}')
    (server,) = graph.of_kind("compute")
    assert value_of(signers.slashing_protection_off(server, graph)) is expected
