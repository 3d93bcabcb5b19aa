"""People and machines: who may do everything, who may deploy, who runs as whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts import FACTS, Answer
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT, Unknown
from scanner.rules.evaluate import estate

UNKNOWN = "unknown"


def value(found: Any) -> Any:
    plain = found.value if isinstance(found, Answer) else found
    return UNKNOWN if isinstance(plain, Unknown) else plain


def of_estate(graph: Graph, fact: str) -> Any:
    return value(FACTS[fact].compute(estate(graph), graph))


AWS, GOOGLE, AZURE = 'provider "aws" {}\n', 'provider "google" {}\n', 'provider "azurerm" {\n features {}\n}\n'


def owner(member: str, label: str = "a", role: str = "roles/owner") -> str:
    return (
        f'resource "google_project_iam_member" "{label}" {{\n project = "p"\n role = "{role}"\n member = {member}\n}}\n'
    )


def azure_owner(scope: str) -> str:
    return (
        'resource "azuread_user" "u" {\n user_principal_name = "u@a.example"\n display_name = "u"\n}\n'
        f'resource "azurerm_role_assignment" "a" {{\n scope = {scope}\n role_definition_name = "Owner"\n'
        " principal_id = azuread_user.u.object_id\n}\n"
    )


ADMINS: dict[str, tuple[str, Any]] = {
    "nobody": (GOOGLE + owner('"user:a@a.example"', role="roles/viewer"), ABSENT),
    "one": (GOOGLE + owner('"user:a@a.example"'), "user:a@a.example"),
    "the same one twice": (GOOGLE + owner('"user:a@a.example"') + owner('"user:a@a.example"', "b"), "user:a@a.example"),
    "two": (GOOGLE + owner('"user:a@a.example"') + owner('"user:b@a.example"', "b"), ""),
    "a group": (GOOGLE + owner('"group:owners@a.example"'), ""),
    "one and a variable": (
        'variable "m" {}\n' + GOOGLE + owner('"user:a@a.example"') + owner("var.m", "b"),
        UNKNOWN,
    ),
    "a library": (owner('"user:a@a.example"'), ABSENT),
    "of a subscription": (AZURE + azure_owner('"/subscriptions/0123"'), "azuread_user.u"),
    # https://learn.microsoft.com/en-us/azure/role-based-access-control/scope-overview
    "of one storage account": (
        AZURE + 'resource "azurerm_storage_account" "s" {}\n' + azure_owner("azurerm_storage_account.s.id"),
        ABSENT,
    ),
}


@pytest.mark.parametrize(("code", "expected"), ADMINS.values(), ids=ADMINS)
def test_single_admin(graph_of: Callable[..., Graph], code: str, expected: Any) -> None:
    assert of_estate(graph_of(code), "single_admin") == expected


GITHUB = '{ Federated = "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com" }'


def trusting(principal: str, label: str = "a", policy: str = "AdministratorAccess") -> str:
    return (
        f'resource "aws_iam_role" "{label}" {{\n name = "{label}"\n'
        " assume_role_policy = jsonencode({ Statement = [{\n"
        f' Effect = "Allow"\n Action = "sts:AssumeRole"\n Principal = {principal} }}] }})\n}}\n'
        f'resource "aws_iam_role_policy_attachment" "{label}" {{\n role = aws_iam_role.{label}.name\n'
        f' policy_arn = "arn:aws:iam::aws:policy/{policy}"\n}}\n'
    )


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
DEPLOYERS: dict[str, tuple[str, Any]] = {
    "nobody strong": (AWS + trusting(GITHUB, policy="ReadOnlyAccess"), ABSENT),
    "one service": (AWS + trusting(GITHUB), "GitHub Actions"),
    "a strong but narrower policy": (AWS + trusting(GITHUB, policy="PowerUserAccess"), "GitHub Actions"),
    "a role of a provider's service beside it": (
        AWS + trusting(GITHUB) + trusting('{ Service = "ec2.amazonaws.com" }', "b"),
        "GitHub Actions",
    ),
    "people beside it": (
        AWS + trusting(GITHUB) + trusting('{ AWS = "arn:aws:iam::111111111111:role/people" }', "b"),
        "",
    ),
    "people of single sign-on beside it": (
        AWS + trusting(GITHUB) + trusting('{ Federated = "arn:aws:iam::111111111111:saml-provider/okta" }', "b"),
        "",
    ),
    "a second service": (
        AWS + trusting(GITHUB) + trusting('{ Federated = "arn:aws:iam::111111111111:oidc-provider/gitlab.com" }', "b"),
        "",
    ),
    "people alone": (AWS + trusting('{ AWS = "arn:aws:iam::111111111111:role/people" }'), ABSENT),
    "a service account that a pool may use": (
        GOOGLE
        + 'resource "google_service_account" "d" {\n account_id = "d"\n}\n'
        + 'resource "google_iam_workload_identity_pool" "w" {\n workload_identity_pool_id = "w"\n}\n'
        + 'resource "google_iam_workload_identity_pool_provider" "w" {\n workload_identity_pool_provider_id = "w"\n'
        + " workload_identity_pool_id = google_iam_workload_identity_pool.w.workload_identity_pool_id\n"
        + ' oidc {\n issuer_uri = "https://token.actions.githubusercontent.com"\n }\n}\n'
        + 'resource "google_service_account_iam_member" "w" {\n service_account_id = google_service_account.d.name\n'
        + ' role = "roles/iam.workloadIdentityUser"\n'
        + ' member = "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.w.name}/*"\n}\n'
        + owner('"serviceAccount:${google_service_account.d.email}"', role="roles/editor"),
        "GitHub Actions",
    ),
}


@pytest.mark.parametrize(("code", "expected"), DEPLOYERS.values(), ids=DEPLOYERS)
def test_only_deployer(graph_of: Callable[..., Graph], code: str, expected: Any) -> None:
    assert of_estate(graph_of(code), "only_deployer") == expected


LOGINS: dict[str, tuple[str, Any]] = {
    "none": (AWS, ABSENT),
    "one": (AWS + 'resource "aws_iam_saml_provider" "o" {\n name = "okta"\n}\n', "okta"),
    "a build service is no way in for people": (
        AWS
        + 'resource "aws_iam_openid_connect_provider" "g" {\n'
        + ' url = "https://token.actions.githubusercontent.com"\n}\n',
        ABSENT,
    ),
    "two": (
        AWS
        + 'resource "aws_iam_saml_provider" "o" {\n name = "okta"\n}\n'
        + 'resource "aws_ssoadmin_permission_set" "p" {\n name = "p"\n instance_arn = "i"\n}\n',
        "",
    ),
    "an emergency role": (
        AWS
        + 'resource "aws_iam_saml_provider" "o" {\n name = "okta"\n}\n'
        + 'resource "aws_iam_role" "e" {\n name = "EmergencyAccess"\n assume_role_policy = "{}"\n}\n',
        "",
    ),
}


@pytest.mark.parametrize(("code", "expected"), LOGINS.values(), ids=LOGINS)
def test_single_login(graph_of: Callable[..., Graph], code: str, expected: Any) -> None:
    assert of_estate(graph_of(code + 'resource "aws_vpc" "v" {}\n'), "single_login") == expected


def test_programs_of_an_identity(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        'resource "aws_iam_role" "r" {\n name = "r"\n assume_role_policy = "{}"\n}\n'
        'resource "aws_iam_instance_profile" "p" {\n role = aws_iam_role.r.name\n}\n'
        # three machines of one declaration, through the profile: one program
        'resource "aws_instance" "m" {\n count = 3\n iam_instance_profile = aws_iam_instance_profile.p.name\n}\n'
        'resource "aws_lambda_function" "f" {\n function_name = "f"\n role = aws_iam_role.r.arn\n}\n'
        # its task role counts, a role that only starts tasks does not
        'resource "aws_ecs_task_definition" "t" {\n family = "t"\n container_definitions = "[]"\n'
        " task_role_arn = aws_iam_role.r.arn\n}\n"
        'resource "aws_ecs_task_definition" "u" {\n family = "u"\n container_definitions = "[]"\n'
        " execution_role_arn = aws_iam_role.r.arn\n}\n"
    )
    assert value(FACTS["role_users"].compute(graph.resources["aws_iam_role.r"], graph)) == 3
