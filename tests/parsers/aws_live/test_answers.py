"""What the tables say of things that an account has told of."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scanner.parsers.aws_live.answers import is_default_policy

# https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
STATEMENT = {
    "Sid": "Enable IAM User Permissions",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
    "Action": "kms:*",
    "Resource": "*",
}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize("told", [policy(STATEMENT), json.dumps(policy(STATEMENT))])
def test_the_policy_that_kms_gives_by_itself_is_told(told: Any) -> None:
    assert is_default_policy(told)


@pytest.mark.parametrize(
    "told",
    [
        policy(),
        policy(STATEMENT, STATEMENT),
        policy({**STATEMENT, "Principal": {"AWS": "*"}}),
        policy({**STATEMENT, "Principal": {"AWS": "arn:aws:iam::111122223333:role/admin"}}),
        policy({**STATEMENT, "Action": "kms:Decrypt"}),
        policy({**STATEMENT, "Effect": "Deny"}),
        policy({**STATEMENT, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}),
        "no JSON",
        None,
    ],
)
def test_every_other_policy_was_written_by_somebody(told: Any) -> None:
    assert not is_default_policy(told)
