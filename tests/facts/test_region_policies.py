"""Guardrails: which regions they leave, by the grammar of each cloud."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from scanner.facts.region_policies import allowed_regions, pinned_region
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT, Unknown


def scp(statement: object) -> str:
    content = json.dumps(json.dumps({"Statement": statement}))
    return f'resource "aws_organizations_policy" "p" {{\n name = "p"\n content = {content}\n}}'


def deny(operator: str, regions: object, key: str = "aws:RequestedRegion") -> str:
    return scp([{"Effect": "Deny", "NotAction": "iam:*", "Resource": "*", "Condition": {operator: {key: regions}}}])


def google(*values: str) -> str:
    return (
        'resource "google_org_policy_policy" "p" {\n name = "folders/1/policies/gcp.resourceLocations"\n'
        ' parent = "folders/1"\n spec {\n rules {\n values {\n'
        f" allowed_values = {json.dumps(values)}\n }}\n }}\n }}\n}}"
    )


# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_examples_general.html
# https://cloud.google.com/resource-manager/docs/organization-policy/defining-locations
POLICIES: dict[str, tuple[str, object, object]] = {
    "one": (deny("StringNotEquals", ["eu-west-1"]), ["eu-west-1"], True),
    "one as text": (deny("StringNotEquals", "eu-west-1"), ["eu-west-1"], True),
    "two": (deny("StringNotEquals", ["eu-west-1", "eu-central-1"]), ["eu-west-1", "eu-central-1"], False),
    "pattern": (deny("StringNotLike", ["eu-*"]), ["eu-*"], False),
    "denies what is inside": (deny("StringEquals", ["us-east-1"]), ABSENT, ABSENT),
    "about something else": (deny("StringNotEquals", ["arn:aws:iam::1:role/a"], "aws:PrincipalArn"), ABSENT, ABSENT),
    "not about conditions": (scp([{"Effect": "Deny", "Action": "*", "Resource": "*"}]), ABSENT, ABSENT),
    "no JSON": ('resource "aws_organizations_policy" "p" {\n name = "p"\n content = "{"\n}', ABSENT, ABSENT),
    "group of a region": (google("in:europe-west3-locations"), ["europe-west3"], True),
    "group of a country": (google("in:us-locations"), ["us*"], False),
    "a value": (google("europe-west3"), ["europe-west3"], True),
    "two values": (
        google("in:europe-west3-locations", "in:europe-west4-locations"),
        ["europe-west3", "europe-west4"],
        False,
    ),
    "another constraint": (
        google("in:europe-west3-locations").replace("gcp.resourceLocations", "compute.vmExternalIpAccess"),
        ABSENT,
        ABSENT,
    ),
    # "global" is always on Azure's list of locations and is no place to recover in.
    "Azure with global": (
        (
            'resource "azurerm_subscription_policy_assignment" "p" {\n name = "p"\n parameters = jsonencode({\n'
            ' listOfAllowedLocations = { value = ["Japan East", "global"] }\n })\n}'
        ),
        ["japaneast"],
        True,
    ),
    "Azure without parameters": (
        'resource "azurerm_subscription_policy_assignment" "p" {\n name = "p"\n}',
        ABSENT,
        ABSENT,
    ),
}


@pytest.mark.parametrize(("code", "regions", "pinned"), POLICIES.values(), ids=POLICIES)
def test_allowed_regions(graph_of: Callable[..., Graph], code: str, regions: object, pinned: object) -> None:
    graph = graph_of(code)
    (policy,) = graph.of_kind("policy")
    assert allowed_regions(policy, graph) == regions
    assert pinned_region(policy, graph) is pinned


def test_a_list_from_a_variable_is_not_decided(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        'variable "r" {}\nresource "aws_organizations_policy" "p" {\n name = "p"\n content = jsonencode({\n'
        ' Statement = [{\n Effect = "Deny"\n Condition = {\n'
        ' StringNotEquals = { "aws:RequestedRegion" = var.r }\n }\n }]\n })\n}'
    )
    (policy,) = graph.of_kind("policy")
    assert isinstance(pinned_region(policy, graph), Unknown)
