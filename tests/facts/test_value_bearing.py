"""Words and algorithms that say that something holds value."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.facts.value_bearing import is_value_bearing
from scanner.graph.graph import Graph
from scanner.model.value import Unknown

KEYS = {
    # SEC 2 names the curve of Bitcoin and Ethereum secp256k1; each provider's documentation names it as below.
    "aws": ('resource "aws_kms_key" "k" { customer_master_key_spec = "ECC_SECG_P256K1" }', True),
    "azure": ('resource "azurerm_key_vault_key" "k" { curve = "P-256K" }', True),
    "google": (
        'resource "google_kms_crypto_key" "k" { version_template { algorithm = "EC_SIGN_SECP256K1_SHA256" } }',
        True,
    ),
    "google ed25519": (
        'resource "google_kms_crypto_key" "k" { version_template { algorithm = "EC_SIGN_ED25519" } }',
        True,
    ),
    # The NIST curves sign tokens, documents and zones.
    "nist": ('resource "aws_kms_key" "k" { customer_master_key_spec = "ECC_NIST_P256" }', False),
    "default": ('resource "aws_kms_key" "k" {}', False),
    # By name.
    "resource name": ('resource "aws_kms_key" "hot_wallet" {}', True),
    "camel case": ('resource "aws_kms_key" "hotWallet" {}', True),
    "description": ('resource "aws_kms_key" "k" { description = "Treasury, owner 2" }', True),
    "tag": ('resource "aws_kms_key" "k" { tags = { app = "withdrawals" } }', True),
    "alias": (
        (
            'resource "aws_kms_key" "k" {}\n'
            'resource "aws_kms_alias" "k" {\n  name = "alias/cold-wallet"\n  target_key_id = aws_kms_key.k.key_id\n}'
        ),
        True,
    ),
    "partly known name": (
        'variable "env" {}\nresource "aws_kms_key" "k" { description = "${var.env} wallet" }',
        True,
    ),
    # Signatures for something else.
    "token signer": ('resource "aws_kms_key" "jwt_signer" {}', False),
    "designer": ('resource "aws_kms_key" "designer" {}', False),
    "code": ('resource "aws_kms_key" "code_signer" {}', False),
    "jwt on a chain's curve": (
        'resource "aws_kms_key" "jwt_signer" { customer_master_key_spec = "ECC_SECG_P256K1" }',
        True,
    ),
    # Coins of test networks are worth nothing.
    "test network": (
        'resource "aws_kms_key" "sepolia_wallet" { customer_master_key_spec = "ECC_SECG_P256K1" }',
        False,
    ),
}


@pytest.mark.parametrize(("code", "expected"), KEYS.values(), ids=KEYS)
def test_what_holds_value(graph_of: Callable[..., Graph], code: str, expected: bool) -> None:
    (key,) = graph_of(code).of_kind("key")
    assert is_value_bearing(key) is expected


def test_unknown_algorithm_leaves_it_open(graph_of: Callable[..., Graph]) -> None:
    (key,) = graph_of('variable "spec" {}\nresource "aws_kms_key" "k" { customer_master_key_spec = var.spec }').of_kind(
        "key"
    )
    assert isinstance(is_value_bearing(key), Unknown)


def test_development_tier_holds_nothing(graph_of: Callable[..., Graph]) -> None:
    files = {"dev/main.tf": 'resource "aws_kms_key" "hot_wallet" {}'}
    (key,) = graph_of(files, environments={"development": ("dev/*",)}).of_kind("key")
    assert is_value_bearing(key) is False
