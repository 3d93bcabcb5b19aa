"""Policies as AWS documents them, and who they let in.

The first is the default policy of a key made in the API, the second that of the console, both from
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts import policies
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT, Unknown

API_DEFAULT = """{
  "Version": "2012-10-17", "Id": "default-policy", "Statement": [{
    "Sid": "Enable IAM User Permissions", "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"}]}"""

CONSOLE_ADMINISTRATORS = """{
  "Version": "2012-10-17", "Statement": [{
    "Sid": "Allow access for Key Administrators", "Effect": "Allow",
    "Principal": {"AWS": ["arn:aws:iam::111122223333:role/ExampleAdminRole"]},
    "Action": ["kms:Create*", "kms:Describe*", "kms:Enable*", "kms:List*", "kms:Put*", "kms:Update*", "kms:Revoke*",
               "kms:Disable*", "kms:Get*", "kms:Delete*", "kms:TagResource", "kms:UntagResource",
               "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion", "kms:RotateKeyOnDemand"],
    "Resource": "*"}, {
    "Sid": "Allow use of the key", "Effect": "Allow",
    "Principal": {"AWS": ["arn:aws:iam::111122223333:role/ExampleRole"]},
    "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
    "Resource": "*"}]}"""


ACCOUNT = '"arn:aws:iam::111122223333:root"'
ONE_ROLE = '"arn:aws:iam::111122223333:role/r"'


def key(policy: str) -> str:
    return f'resource "aws_kms_key" "k" {{\n  policy = <<POLICY\n{policy}\nPOLICY\n}}'


def statement(principal: str, action: str = "kms:*", extra: str = "") -> str:
    return f"""jsonencode({{ Statement = [{{
      Effect = "Allow", Principal = {{ AWS = {principal} }}, Action = "{action}", Resource = "*"{extra} }}] }})"""


# code → (the account administers, number of others)
CASES: dict[str, tuple[str, Any, Any]] = {
    "api default": (key(API_DEFAULT), True, 0),
    "console administrators": (key(CONSOLE_ADMINISTRATORS), False, 1),
    "none written": ('resource "aws_kms_key" "k" {}', True, ABSENT),
    "account by number": (
        f'resource "aws_kms_key" "k" {{ policy = {statement(chr(34) + "111122223333" + chr(34))} }}',
        True,
        0,
    ),
    "everybody": (f'resource "aws_kms_key" "k" {{ policy = {statement(chr(34) + "*" + chr(34))} }}', True, 0),
    "account known after apply": (
        'data "aws_caller_identity" "me" {}\nresource "aws_kms_key" "k" { policy = '
        + statement('"arn:aws:iam::${data.aws_caller_identity.me.account_id}:root"')
        + " }",
        True,
        0,
    ),
    "one declared role": (
        'resource "aws_iam_role" "r" { assume_role_policy = "{}" }\nresource "aws_kms_key" "k" { policy = '
        + statement("aws_iam_role.r.arn")
        + " }",
        False,
        1,
    ),
    "two declared roles": (
        'resource "aws_iam_role" "a" { assume_role_policy = "{}" }\n'
        'resource "aws_iam_role" "b" { assume_role_policy = "{}" }\nresource "aws_kms_key" "k" { policy = '
        + statement("[aws_iam_role.a.arn, aws_iam_role.b.arn]")
        + " }",
        False,
        2,
    ),
    # kms:Decrypt does not let its holder change the policy.
    "users only": (
        f'resource "aws_kms_key" "k" {{ policy = {statement(ONE_ROLE, "kms:Decrypt")} }}',
        False,
        0,
    ),
}


@pytest.mark.parametrize(("code", "account", "others"), CASES.values(), ids=CASES)
def test_who_administers_a_key(graph_of: Callable[..., Graph], code: str, account: Any, others: Any) -> None:
    graph = graph_of(code)
    (resource,) = graph.of_kind("key")
    assert policies.root_administers(resource, graph) is account
    assert policies.key_administrators(resource, graph) == others


def test_undecided_administrators(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(f'variable "who" {{}}\nresource "aws_kms_key" "k" {{ policy = {statement("var.who")} }}')
    (resource,) = graph.of_kind("key")
    assert isinstance(policies.root_administers(resource, graph), Unknown)
    assert isinstance(policies.key_administrators(resource, graph), Unknown)


def test_account_under_conditions_is_undecided(graph_of: Callable[..., Graph]) -> None:
    condition = ', Condition = { StringEquals = { "aws:PrincipalOrgID" = "o-1" } }'
    graph = graph_of(f'resource "aws_kms_key" "k" {{ policy = {statement(ACCOUNT, extra=condition)} }}')
    (resource,) = graph.of_kind("key")
    assert isinstance(policies.root_administers(resource, graph), Unknown)


def document(statements: str) -> str:
    return f"""
data "aws_iam_policy_document" "p" {{
{statements}
}}
resource "aws_s3_bucket" "b" {{
  bucket = "records"
}}
resource "aws_s3_bucket_policy" "b" {{
  bucket = aws_s3_bucket.b.id
  policy = data.aws_iam_policy_document.p.json
}}"""


def denial(action: str, condition: str = "", who: str = 'principals {\n type = "*"\n identifiers = ["*"]\n }') -> str:
    return f"""  statement {{
    effect    = "Deny"
    actions   = ["{action}"]
    resources = ["*"]
    {who}
    {condition}
  }}"""


def only(values: str, variable: str = "aws:PrincipalArn", operator: str = "StringNotEquals") -> str:
    return f'condition {{\n test = "{operator}"\n variable = "{variable}"\n values = [{values}]\n }}'


ROLE = '"arn:aws:iam::111122223333:role/records"'
LOCKS = {
    "all": (denial("s3:*"), True),
    "all but one role": (denial("s3:*", only(ROLE)), True),
    "all but two roles": (denial("s3:*", only(f'{ROLE}, "arn:aws:iam::111122223333:role/break-glass"')), False),
    "all but one account's roles": (denial("s3:*", only('"arn:aws:iam::111122223333:role/*"')), False),
    # The policy that AWS's own best practices ask for: requests without TLS.
    "plain requests": (denial("s3:*", only('"false"', "aws:SecureTransport", "Bool")), False),
    "from one network": (denial("s3:*", only('"vpce-1"', "aws:SourceVpce")), False),
    "deletions only": (denial("s3:DeleteObject*"), False),
    "uploads without encryption": (denial("s3:PutObject"), False),
}


@pytest.mark.parametrize(("statements", "expected"), LOCKS.values(), ids=LOCKS)
def test_lockouts(graph_of: Callable[..., Graph], statements: str, expected: bool) -> None:
    graph = graph_of(document(statements))
    (bucket,) = graph.of_kind("object_store")
    assert policies.locks_out(bucket, graph) is expected
