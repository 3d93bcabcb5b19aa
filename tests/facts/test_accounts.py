"""Accounts: whether copies, logs, state and recovery lie outside of the account that they are for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts import FACTS, Answer
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT, Unknown
from scanner.pipeline import Estate
from scanner.rules.evaluate import estate

UNKNOWN = "unknown"


def value(found: Any) -> Any:
    plain = found.value if isinstance(found, Answer) else found
    return UNKNOWN if isinstance(plain, Unknown) else plain


def aws(extra: str = "", alias: str = "", region: str = "eu-west-1") -> str:
    named = f' alias = "{alias}"\n' if alias else ""
    return f'provider "aws" {{\n{named} region = "{region}"\n {extra}\n}}\n'


def role(account: str) -> str:
    return f'assume_role {{\n role_arn = "arn:aws:iam::{account}:role/x"\n }}'


ONE, TWO = 'allowed_account_ids = ["111111111111"]', 'allowed_account_ids = ["222222222222"]'
HELD = 'resource "aws_lb" "l" {}\nresource "aws_instance" "i" {}\nresource "aws_dynamodb_table" "t" {\n name = "t"\n}\n'
OTHER = 'resource "aws_kms_key" "k" {\n provider = aws.other\n}\n'
ACCOUNTS: dict[str, tuple[str, Any]] = {
    "one provider": (aws() + HELD, True),
    "two regions of the same credentials": (aws() + aws(alias="other", region="eu-west-3") + HELD + OTHER, True),
    "another account": (aws(ONE) + aws(TWO, "other") + HELD + OTHER, False),
    "another role": (aws(role("111111111111")) + aws(role("222222222222"), "other") + HELD + OTHER, False),
    "the same account by a role": (aws(ONE) + aws(role("111111111111"), "other") + HELD + OTHER, True),
    "a role that a variable gives": (
        'variable "r" {}\n' + aws(ONE) + aws("assume_role {\n role_arn = var.r\n }", "other") + HELD + OTHER,
        UNKNOWN,
    ),
    "an account that only one of them names": (aws() + aws(TWO, "other") + HELD + OTHER, UNKNOWN),
    "a profile on one side": (aws(ONE) + aws('profile = "backup"', "other") + HELD + OTHER, UNKNOWN),
    "no entrance, no system": (aws() + HELD.replace('resource "aws_lb" "l" {}\n', ""), ABSENT),
    "a library": (HELD, ABSENT),
}


@pytest.mark.parametrize(("code", "expected"), ACCOUNTS.values(), ids=ACCOUNTS)
def test_one_account(graph_of: Callable[..., Graph], code: str, expected: Any) -> None:
    graph = graph_of(code)
    assert value(FACTS["one_account"].compute(estate(graph), graph)) == expected


def test_two_roots_without_accounts_may_be_two(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of({"a/main.tf": aws() + HELD, "b/main.tf": aws() + HELD})
    assert value(FACTS["one_account"].compute(estate(graph), graph)) == UNKNOWN


def plan(*destinations: str) -> str:
    copies = "".join(f" copy_action {{\n destination_vault_arn = {d}\n }}\n" for d in destinations)
    return (
        'resource "aws_backup_vault" "v" {\n name = "v"\n}\n'
        'resource "aws_backup_plan" "p" {\n name = "p"\n rule {\n rule_name = "r"\n'
        f" target_vault_name = aws_backup_vault.v.name\n{copies} }}\n}}\n"
    )


def arn(account: str) -> str:
    return f'"arn:aws:backup:eu-west-3:{account}:backup-vault:copies"'


COPIES: dict[str, tuple[str, Any]] = {
    "none": (aws(ONE) + plan(), True),
    "an ARN of the account": (aws(ONE) + plan(arn("111111111111")), True),
    "an ARN of another": (aws(ONE) + plan(arn("222222222222")), False),
    "one of two outside": (aws(ONE) + plan(arn("111111111111"), arn("222222222222")), False),
    "an ARN, and an account that nobody names": (aws() + plan(arn("222222222222")), UNKNOWN),
    "an ARN that a variable gives": ('variable "v" {}\n' + aws(ONE) + plan("var.v"), UNKNOWN),
    "a library": (plan(), UNKNOWN),
}


@pytest.mark.parametrize(("code", "expected"), COPIES.values(), ids=COPIES)
def test_copies(graph_of: Callable[..., Graph], code: str, expected: Any) -> None:
    graph = graph_of(code)
    found = value(FACTS["copies_in_own_account"].compute(graph.resources["aws_backup_plan.p"], graph))
    assert found == expected


def backend(extra: str, kind: str = "s3", region: str = 'region = "eu-west-1"') -> str:
    return f'terraform {{\n backend "{kind}" {{\n bucket = "state"\n key = "k"\n {region}\n {extra}\n }}\n}}\n'


# https://developer.hashicorp.com/terraform/language/backend/s3: without a role it uses the same credentials as the
# provider.
STATES: dict[str, tuple[str, Any]] = {
    "beside it": (backend("") + aws() + HELD, True),
    "beside it, the account asserted": (backend("") + aws(ONE) + HELD, True),
    "another region": (backend("", region='region = "eu-west-3"') + aws() + HELD, False),
    "another account": (
        backend('assume_role = {\n role_arn = "arn:aws:iam::222222222222:role/s"\n }') + aws(ONE) + HELD,
        False,
    ),
    "another account, the old way": (
        backend('role_arn = "arn:aws:iam::222222222222:role/s"') + aws(ONE) + HELD,
        False,
    ),
    "roles on one side only": (backend("") + aws(role("111111111111")) + HELD, UNKNOWN),
    "a region on the command line": (backend("", region="") + aws() + HELD, UNKNOWN),
    "another provider": (backend("", "gcs", "") + aws() + HELD, ABSENT),
    "nothing that matters": (backend("") + aws() + 'resource "aws_vpc" "v" {}', ABSENT),
    "a bucket that replicates": (
        backend("")
        + aws()
        + HELD
        + 'resource "aws_s3_bucket" "s" {\n bucket = "state"\n}\n'
        + 'resource "aws_s3_bucket_replication_configuration" "s" {\n bucket = aws_s3_bucket.s.id\n role = "r"\n'
        + ' rule {\n status = "Enabled"\n destination {\n bucket = "arn:aws:s3:::copy"\n }\n }\n}',
        False,
    ),
}


@pytest.mark.parametrize(("code", "expected"), STATES.values(), ids=STATES)
def test_state(graph_of: Callable[..., Graph], code: str, expected: Any) -> None:
    graph = graph_of(code)
    (state,) = graph.of_kind("state_backend")
    assert value(FACTS["state_beside"].compute(state, graph)) == expected


@pytest.mark.parametrize(
    ("folder", "text", "expected"),
    [
        ("production", "", True),
        ("modules/vault", "", UNKNOWN),
        ("modules/vault", 'terraform {\n backend "local" {\n path = "x"\n }\n}\n', True),
        ("production", 'terraform {\n backend "http" {}\n}\n', False),
    ],
)
def test_local_state(graph_of: Callable[..., Graph], folder: str, text: str, expected: Any) -> None:
    graph = graph_of({f"{folder}/main.tf": text + aws() + HELD, "other/main.tf": 'resource "aws_vpc" "v" {}'})
    (state,) = graph.of_kind("state_backend")
    assert value(FACTS["state_local"].compute(state, graph)) == expected


GROUP = 'resource "azurerm_resource_group" "g" {\n name = "g"\n location = "westeurope"\n}\n'
STORE = (
    'resource "azurerm_storage_account" "s" {\n name = "s"\n resource_group_name = azurerm_resource_group.g.name\n}\n'
)
AZURE = 'provider "azurerm" {\n features {}\n}\ndata "azurerm_subscription" "current" {}\n' + GROUP + STORE


def lock(scope: str) -> str:
    return (
        f'resource "azurerm_management_lock" "l" {{\n name = "l"\n scope = {scope}\n lock_level = "CanNotDelete"\n}}\n'
    )


# https://learn.microsoft.com/en-us/azure/azure-resource-manager/management/lock-resources: locks are inherited from
# above.
LOCKS: dict[str, tuple[str, Any]] = {
    "none": (AZURE, False),
    "on it": (AZURE + lock("azurerm_storage_account.s.id"), True),
    "on its group": (AZURE + lock("azurerm_resource_group.g.id"), True),
    "on the subscription": (AZURE + lock("data.azurerm_subscription.current.id"), True),
    "on the subscription, written": (AZURE + lock('"/subscriptions/0123"'), True),
    "on another group": (
        AZURE + GROUP.replace('"g"', '"h"') + lock("azurerm_resource_group.h.id"),
        False,
    ),
    "on what a variable gives": ('variable "s" {}\n' + AZURE + lock("var.s"), UNKNOWN),
    "a library": (AZURE.replace('provider "azurerm" {\n features {}\n}\n', ""), UNKNOWN),
}


@pytest.mark.parametrize(("code", "expected"), LOCKS.values(), ids=LOCKS)
def test_locks(graph_of: Callable[..., Graph], code: str, expected: Any) -> None:
    graph = graph_of(code)
    assert value(FACTS["delete_locked"].compute(graph.resources["azurerm_storage_account.s"], graph)) == expected


TEMPLATE = """{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "parameters": {"name": {"type": "string"}},
  "resources": [
    {"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-01-01", "name": "[parameters('name')]"},
    {"apiVersion": "2020-05-01", "properties": {"level": "CanNotDelete"}, LOCK}
  ]
}"""
BICEP = """
resource s 'Microsoft.Storage/storageAccounts@2023-01-01' = { name: 's' }
module locks 'lock.bicep' = { name: 'locks'SCOPE }
"""
BICEP_LOCK = """
resource l 'Microsoft.Authorization/locks@2020-05-01' = {
  name: 'keep'
  properties: { level: 'CanNotDelete' }
}
"""
ON_TEMPLATES: dict[str, tuple[dict[str, str], bool]] = {
    # https://learn.microsoft.com/azure/azure-resource-manager/templates/scope-extension-resources
    "by type and name": (
        {
            "main.json": TEMPLATE.replace(
                "LOCK",
                """"type": "Microsoft.Authorization/locks", "name": "l",
                "scope": "[format('Microsoft.Storage/storageAccounts/{0}', parameters('name'))]\"""",
            )
        },
        True,
    ),
    "on another": (
        {
            "main.json": TEMPLATE.replace(
                "LOCK",
                """"type": "Microsoft.Authorization/locks", "name": "l",
                "scope": "Microsoft.Network/virtualNetworks/v\"""",
            )
        },
        False,
    ),
    # https://learn.microsoft.com/azure/templates/microsoft.authorization/2016-09-01/locks
    "in its own name": (
        {
            "main.json": TEMPLATE.replace(
                "LOCK",
                """"type": "Microsoft.Storage/storageAccounts/providers/locks",
                "name": "[concat(parameters('name'), '/Microsoft.Authorization/l')]\"""",
            )
        },
        True,
    ),
    # https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources#template
    "on the group": (
        {"main.json": TEMPLATE.replace("LOCK", '"type": "Microsoft.Authorization/locks", "name": "l"')},
        True,
    ),
    "a module for the group": ({"main.bicep": BICEP.replace("SCOPE", ""), "lock.bicep": BICEP_LOCK}, True),
    "another template for its group": ({"main.bicep": BICEP.partition("module")[0], "lock.bicep": BICEP_LOCK}, False),
}


@pytest.mark.parametrize(("files", "expected"), ON_TEMPLATES.values(), ids=ON_TEMPLATES)
def test_locks_of_templates(estate_of: Callable[..., Estate], files: dict[str, str], expected: bool) -> None:
    graph = estate_of(files).graph
    (store,) = graph.of_kind("object_store")
    assert value(FACTS["delete_locked"].compute(store, graph)) is expected


def test_a_lock_for_a_group_that_only_the_deployment_knows(estate_of: Callable[..., Estate]) -> None:
    elsewhere = "param group string\n" + BICEP.replace("SCOPE", "\n  scope: resourceGroup(group)\n")
    graph = estate_of({"main.bicep": elsewhere, "lock.bicep": BICEP_LOCK}).graph
    (store,) = graph.of_kind("object_store")
    assert value(FACTS["delete_locked"].compute(store, graph)) == UNKNOWN


DOORS = aws() + 'resource "aws_lb" "a" {}\nresource "aws_lb" "b" {\n region = "eu-west-3"\n}\n'


def answer_for(extra: str) -> str:
    return (
        'resource "aws_route53_record" "r" {\n zone_id = "Z"\n name = "api"\n type = "A"\n set_identifier = "a"\n'
        " alias {\n name = aws_lb.a.dns_name\n zone_id = aws_lb.a.zone_id\n evaluate_target_health = true\n }\n"
        f" {extra}\n}}\n"
    )


FAILOVER: dict[str, tuple[str, Any]] = {
    "one region": (aws() + 'resource "aws_lb" "a" {}\n' + answer_for(""), ABSENT),
    "a plain record": (DOORS + answer_for(""), True),
    # https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-complex-configs.html
    "weights and watched targets": (DOORS + answer_for("weighted_routing_policy {\n weight = 1\n }"), False),
    "weights and nobody watches": (
        DOORS + answer_for("weighted_routing_policy {\n weight = 1\n }").replace("health = true", "health = false"),
        True,
    ),
    "an accelerator": (DOORS + answer_for("") + 'resource "aws_globalaccelerator_accelerator" "g" {}', False),
    "names from elsewhere": (DOORS, UNKNOWN),
}


@pytest.mark.parametrize(("code", "expected"), FAILOVER.values(), ids=FAILOVER)
def test_failover(graph_of: Callable[..., Graph], code: str, expected: Any) -> None:
    graph = graph_of(code)
    assert value(FACTS["failover_by_hand"].compute(estate(graph), graph)) == expected


# Velero: https://velero.io/docs/main/api-types/backupstoragelocation/. The bucket's account is that of its provider configuration.
VELERO = """\
apiVersion: velero.io/v1
kind: BackupStorageLocation
metadata: {name: default, namespace: velero}
spec: {provider: aws, objectStorage: {bucket: backups}, config: {region: eu-west-3}}
---
apiVersion: velero.io/v1
kind: Schedule
metadata: {name: daily, namespace: velero}
spec: {schedule: 0 3 * * *, template: {storageLocation: default}}
"""
CLUSTER = 'provider "aws" {\n region = "eu-west-1"\n allowed_account_ids = ["111122223333"]\n}\nresource "aws_eks_cluster" "c" {\n name = "c"\n}\n'
APART = 'provider "aws" {\n alias = "apart"\n region = "eu-west-3"\n allowed_account_ids = ["444455556666"]\n}\n'
SAVED: dict[str, tuple[str, Any]] = {
    "beside the cluster": (CLUSTER + 'resource "aws_s3_bucket" "b" {\n bucket = "backups"\n}\n', True),
    "in another account": (
        CLUSTER + APART + 'resource "aws_s3_bucket" "b" {\n provider = aws.apart\n bucket = "backups"\n}\n',
        False,
    ),
    "to a bucket of somebody else": (CLUSTER, ABSENT),
    "without a cluster in the files": (
        'provider "aws" {}\nresource "aws_s3_bucket" "b" {\n bucket = "backups"\n}\n',
        "unknown",
    ),
}


@pytest.mark.parametrize(("code", "own"), SAVED.values(), ids=SAVED)
def test_a_cluster_is_saved_in_its_own_account(code: str, own: Any, told: Callable[..., Any]) -> None:
    files = {"main.tf": code, "velero.yaml": VELERO}
    assert told(files, "copies_in_own_account", "velero/Schedule/daily") == own
