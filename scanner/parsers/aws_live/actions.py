"""The permission that each operation needs, and the policy with exactly those.

An action is nearly always the service's prefix and the operation's name. Where AWS calls it otherwise the table below
says so (https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

PREFIXES: Final = {
    "apigatewayv2": "apigateway",
    "cloudhsmv2": "cloudhsm",
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "emr": "elasticmapreduce",
    "opensearch": "es",
    "opensearchserverless": "aoss",
    "resourcegroupstaggingapi": "tag",
    "stepfunctions": "states",
}
"""Services whose permissions begin with another word than the SDK's name of the service."""

DIFFERENT: Final = {
    ("s3", "ListBuckets"): ("s3:ListAllMyBuckets",),
    ("s3", "GetBucketReplication"): ("s3:GetReplicationConfiguration",),
    ("s3", "GetBucketEncryption"): ("s3:GetEncryptionConfiguration",),
    ("s3", "GetBucketLifecycleConfiguration"): ("s3:GetLifecycleConfiguration",),
    ("s3", "GetObjectLockConfiguration"): ("s3:GetBucketObjectLockConfiguration",),
}
"""Operations whose permission has another name."""

BESIDE: Final = (("sts", "GetCallerIdentity"), ("ec2", "DescribeRegions"))
"""What is called beside the tables: who asks, and which regions the account has."""

ORGANIZATION: Final = (("organizations", "ListAccounts"),)
"""What is called to find an organization's accounts."""


def actions_of(service: str, operation: str) -> tuple[str, ...]:
    """The permissions that a call needs."""
    if service in ("apigateway", "apigatewayv2"):
        return ("apigateway:GET",)  # permissions of API Gateway are the words of HTTP
    return DIFFERENT.get((service, operation), (f"{PREFIXES.get(service, service)}:{operation}",))


def policy(operations: Iterable[tuple[str, str]]) -> str:
    """The least policy that allows some operations, as JSON. Roles to assume are the user's own and not in it."""
    allowed = sorted({action for pair in operations for action in actions_of(*pair)})
    statement = {"Sid": "RiskscanReads", "Effect": "Allow", "Action": allowed, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2) + "\n"
