"""Keys of the standards' own test vectors are recognised, and never shown.

Sources: BIP-39's English vectors (https://github.com/trezor/python-mnemonic/blob/master/vectors.json), BIP-32's test
vector 1, EIP-155's example key (0x46 thirty-two times), and the Bitcoin wiki's example of the wallet import format.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts import key_material
from scanner.facts.fact import Answer
from scanner.graph.graph import Graph
from scanner.model.report import Report
from scanner.model.value import ABSENT, Unknown
from scanner.reporters import json_, sarif, text
from scanner.reporters.redact import redacted

BIP39 = "legal winner thank year wave sausage worth useful legal winner thank yellow"
BIP39_24 = (
    "void come effort suffer camp survey warrior heavy shoot primary clutch crush "
    "open amazing screen patrol group space point ten exist slush involve unfold"
)
BIP32 = (
    "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"
)
EIP155 = "0x" + "46" * 32
WIF = "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"
ANVIL = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"


def function(name: str, value: str, label: str = "worker") -> str:
    return f"""variable "given" {{}}
data "aws_secretsmanager_secret_version" "v" {{
  secret_id = "s"
}}
resource "aws_lambda_function" "{label}" {{
  function_name = "{label}"
  role          = "arn:aws:iam::111122223333:role/r"
  environment {{
    variables = {{
      {name} = {value}
    }}
  }}
}}"""


def quoted(text: str) -> str:
    return f'"{text}"'


WRITTEN = {
    "mnemonic": ("MNEMONIC", quoted(BIP39), ["MNEMONIC"]),
    "24 words": ("WALLET_MNEMONIC", quoted(BIP39_24), ["WALLET_MNEMONIC"]),
    "extended key under any name": ("ROOT", quoted(BIP32), ["ROOT"]),
    "ethereum": ("DEPLOYER_PRIVATE_KEY", quoted(EIP155), ["DEPLOYER_PRIVATE_KEY"]),
    "bare name, form of a key": ("PRIVATE_KEY", quoted(EIP155), ["PRIVATE_KEY"]),
    "bitcoin": ("BTC_PRIVATE_KEY", quoted(WIF), ["BTC_PRIVATE_KEY"]),
    "hyphens and dots": ('"wallet.private-key"', quoted(EIP155), ["wallet.private-key"]),
    # Everybody has these.
    "published": ("PRIVATE_KEY", quoted(ANVIL), []),
    # Not the key itself.
    "name of a key": ("DEPLOYER_PRIVATE_KEY", quoted("alias/deployer"), []),
    "sentence": ("MNEMONIC", quoted("see the safe in the office"), []),
}
SILENT = {
    "hash": ("IMAGE_DIGEST", quoted("46" * 32)),
    "transaction": ("GENESIS_HASH", quoted(EIP155)),
    "address": ("TREASURY_ADDRESS", quoted("0x" + "46" * 20)),
    "twelve ordinary words": ("MOTTO", quoted(BIP39)),
}


def value_of(answer: Any) -> Any:
    return answer.value if isinstance(answer, Answer) else answer


@pytest.mark.parametrize(("name", "value", "expected"), WRITTEN.values(), ids=WRITTEN)
def test_keys_in_files(graph_of: Callable[..., Graph], name: str, value: str, expected: list[str]) -> None:
    graph = graph_of(function(name, value))
    (resource,) = graph.of_kind("function")
    found = value_of(key_material.open_keys(resource, graph))
    assert found == expected or (expected == [] and found is ABSENT)


@pytest.mark.parametrize(("name", "value"), SILENT.values(), ids=SILENT)
def test_other_texts_are_no_keys(graph_of: Callable[..., Graph], name: str, value: str) -> None:
    graph = graph_of(function(name, value))
    (resource,) = graph.of_kind("function")
    assert key_material.open_keys(resource, graph) is ABSENT
    assert list(key_material.key_texts(graph)) == []


def test_key_from_a_variable_is_undecided(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(function("MNEMONIC", "var.given"))
    (resource,) = graph.of_kind("function")
    assert isinstance(value_of(key_material.open_keys(resource, graph)), Unknown)


def test_test_networks_have_no_keys(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(function("PRIVATE_KEY", quoted(EIP155), "sepolia_faucet"))
    (resource,) = graph.of_kind("function")
    assert key_material.open_keys(resource, graph) is ABSENT


HANDED = {
    "from a store": (
        "WALLET_PRIVATE_KEY",
        "data.aws_secretsmanager_secret_version.v.secret_string",
        ["WALLET_PRIVATE_KEY"],
    ),
    "from a variable": ("MNEMONIC", "var.given", ["MNEMONIC"]),
    "where it lies": ("WALLET_PRIVATE_KEY", "data.aws_secretsmanager_secret_version.v.arn", []),
    "a key's name": ("SIGNER_KEY_ID", "var.given", ABSENT),
}


@pytest.mark.parametrize(("name", "value", "expected"), HANDED.values(), ids=HANDED)
def test_keys_in_environments(graph_of: Callable[..., Graph], name: str, value: str, expected: Any) -> None:
    graph = graph_of(function(name, value))
    (resource,) = graph.of_kind("function")
    assert value_of(key_material.handed_keys(resource, graph)) == expected


NAMES = {
    "prod/treasury/mnemonic": True,
    "hot-wallet-private-key": True,
    "eth_private_key": True,
    "validator-keystore": True,  # ERC-2335: the whole key, encrypted under one password
    "validator-keys": True,
    "master-seed": True,
    "api/tls-private-key": False,
    "github-app-private-key": False,
    "hot-wallet-key-arn": False,
    "wallet-xpub-mnemonic-public": False,
    "fireblocks-api-key": False,
    "goerli-wallet-mnemonic": False,
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items())
def test_names_of_whole_keys(graph_of: Callable[..., Graph], name: str, expected: bool) -> None:
    graph = graph_of(f'resource "aws_secretsmanager_secret" "s" {{ name = "{name}" }}')
    (secret,) = graph.of_kind("secret")
    assert key_material.whole_key(secret, graph) is expected


@pytest.mark.parametrize("value", [BIP39, EIP155])
def test_no_report_shows_a_key(report_of: Callable[..., Report], value: str) -> None:
    report = report_of(f'variable "key" {{ default = "{value}" }}\n' + function("DEPLOYER_PRIVATE_KEY", "var.key"))
    assert any(finding.rule == "RS632" for finding in report.findings)
    assert value in report.secrets
    for reporter in (text, json_, sarif):
        assert value not in reporter.render(redacted(report))
