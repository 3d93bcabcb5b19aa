"""What backup plans select, by the rules of their services, and who can delete what they keep."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.facts import FACTS, Answer
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT, Unknown, Value

PLAN = 'resource "aws_backup_plan" "p" {\n name = "p"\n rule {\n rule_name = "r"\n target_vault_name = "v"\n }\n}\n'
TABLE = 'resource "aws_dynamodb_table" "t" {\n name = "orders"\n tags = { team = "trading", env = "prod" }\n}\n'


def select(code: str) -> str:
    return (
        PLAN
        + TABLE
        + 'resource "aws_backup_selection" "s" {\n name = "s"\n iam_role_arn = "r"\n plan_id = aws_backup_plan.p.id\n'
        + f" {code}\n}}\n"
    )


def tag(key: str, value: str) -> str:
    return f'selection_tag {{\n type = "STRINGEQUALS"\n key = "{key}"\n value = "{value}"\n}}\n'


def condition(*tests: str) -> str:
    return "condition {\n" + "\n".join(tests) + "\n}"


def holds(operator: str, key: str, value: str) -> str:
    return f'{operator} {{\n key = "aws:ResourceTag/{key}"\n value = "{value}"\n}}'


# https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html: any of several tags selects, while
# all conditions must hold; patterns of ARNs may have wildcards.
SELECTED: dict[str, tuple[str, bool | object | None]] = {
    "by reference": (select("resources = [aws_dynamodb_table.t.arn]"), True),
    "everything": (select('resources = ["*"]'), True),
    "all tables": (select('resources = ["arn:aws:dynamodb:*:*:table/*"]'), True),
    "tables by name": (select('resources = ["arn:aws:dynamodb:us-east-1:111122223333:table/ord*"]'), True),
    "another table": (select('resources = ["arn:aws:dynamodb:us-east-1:111122223333:table/users"]'), False),
    "another service": (select('resources = ["arn:aws:rds:*:*:db:*"]'), False),
    "by its tag": (select(tag("team", "trading")), True),
    "by one of two tags": (select(tag("team", "risk") + tag("env", "prod")), True),
    "by no tag of its own": (select(tag("team", "risk")), False),
    "by all conditions": (
        select(condition(holds("string_equals", "team", "trading"), holds("string_equals", "env", "prod"))),
        True,
    ),
    "by one condition of two": (
        select(condition(holds("string_equals", "team", "trading"), holds("string_equals", "env", "dev"))),
        False,
    ),
    "by a pattern": (select(condition(holds("string_like", "env", "pr*"))), True),
    "not by the contrary": (select(condition(holds("string_not_equals", "env", "prod"))), False),
    "by a variable": ('variable "r" {}\n' + select("resources = [var.r]"), None),
    "selection that may not exist": ('variable "n" {}\n' + select("count = var.n\n" + tag("team", "trading")), None),
    "no selection": (PLAN + TABLE, ABSENT),
    "no plan": (TABLE, ABSENT),
    "plan of another region": (
        'provider "aws" {\n region = "us-east-1"\n}\nprovider "aws" {\n alias = "w"\n region = "us-west-2"\n}\n'
        + select('resources = ["*"]').replace('"t" {', '"t" {\n provider = aws.w'),
        ABSENT,
    ),
    "tag of the provider": (
        'provider "aws" {\n default_tags {\n tags = { backup = "daily" }\n }\n}\n' + select(tag("backup", "daily")),
        True,
    ),
}


def answer(graph: Graph, resource: str, fact: str) -> Value:
    found = FACTS[fact].compute(graph.resources[resource], graph)
    return found.value if isinstance(found, Answer) else found


@pytest.mark.parametrize(("code", "expected"), SELECTED.values(), ids=SELECTED)
def test_selections(graph_of: Callable[..., Graph], code: str, expected: object) -> None:
    found = answer(graph_of(code), "aws_dynamodb_table.t", "in_backup_plan")
    assert isinstance(found, Unknown) if expected is None else found is expected


# https://docs.aws.amazon.com/ebs/latest/userguide/snapshot-ami-policy.html: a policy targets what has any of its tags.
@pytest.mark.parametrize(("tags", "expected"), [('{ a = "1" }', True), ('{ a = "2" }', False), ("{}", False)])
def test_lifecycle_policies(graph_of: Callable[..., Graph], tags: str, expected: bool) -> None:
    graph = graph_of(
        f'resource "aws_ebs_volume" "v" {{\n availability_zone = "us-east-1a"\n size = 1\n tags = {tags}\n}}\n'
        'resource "aws_dlm_lifecycle_policy" "p" {\n description = "p"\n execution_role_arn = "r"\n policy_details {\n'
        ' resource_types = ["VOLUME"]\n target_tags = { a = "1", b = "1" }\n schedule {\n name = "s"\n }\n }\n}'
    )
    assert answer(graph, "aws_ebs_volume.v", "snapshotted") is expected


def vault(code: str) -> str:
    return 'resource "aws_backup_vault" "v" {\n name = "v"\n}\n' + code


ACCOUNTS = (
    'provider "aws" {\n allowed_account_ids = ["111111111111"]\n}\n'
    'provider "aws" {\n alias = "b"\n allowed_account_ids = ["222222222222"]\n}\n'
)
COPY = (
    'resource "aws_backup_vault" "c" {\n provider = aws.b\n name = "c"\n}\n'
    'resource "aws_backup_plan" "p" {\n name = "p"\n'
    ' rule {\n rule_name = "r"\n target_vault_name = aws_backup_vault.v.name\n copy_action {\n'
    " destination_vault_arn = aws_backup_vault.c.arn\n }\n }\n}\n"
)
DENY = (
    'resource "aws_backup_vault_policy" "v" {{\n backup_vault_name = aws_backup_vault.v.name\n policy = jsonencode({{\n'
    ' Statement = [{{\n Effect = "{}"\n Principal = "*"\n Action = "{}"\n Resource = "*"\n }}]\n }})\n}}'
)
DELETABLE: dict[str, tuple[str, bool]] = {
    "plain": (vault(""), True),
    "locked": (
        vault(
            'resource "aws_backup_vault_lock_configuration" "v" {\n backup_vault_name = aws_backup_vault.v.name\n'
            " min_retention_days = 7\n}"
        ),
        False,
    ),
    "deletion denied": (vault(DENY.format("Deny", "backup:Delete*")), False),
    "something else denied": (vault(DENY.format("Deny", "backup:CopyFromBackupVault")), True),
    "deletion allowed": (vault(DENY.format("Allow", "backup:*")), True),
    "copied into another account": (ACCOUNTS + vault(COPY), False),
    "copied within the account": (ACCOUNTS + vault(COPY.replace(" provider = aws.b\n", "")), True),
}


@pytest.mark.parametrize(("code", "expected"), DELETABLE.values(), ids=DELETABLE)
def test_who_can_delete_recovery_points(graph_of: Callable[..., Graph], code: str, expected: bool) -> None:
    assert answer(graph_of(code), "aws_backup_vault.v", "deletable") is expected


def rules(*days: str) -> str:
    blocks = "".join(f'rule {{\n rule_name = "r"\n target_vault_name = "v"\n{day}\n}}\n' for day in days)
    return f'resource "aws_backup_plan" "p" {{\n name = "p"\n{blocks}}}'


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (rules("lifecycle {\n delete_after = 7\n}", "lifecycle {\n delete_after = 365\n}"), 365),
        (rules("lifecycle {\n delete_after = 7\n}"), 7),
        (rules("lifecycle {\n delete_after = 7\n}", ""), ABSENT),  # without a lifecycle it is kept for ever
    ],
)
def test_longest_retention(graph_of: Callable[..., Graph], code: str, expected: object) -> None:
    assert answer(graph_of(code), "aws_backup_plan.p", "longest_retention_days") == expected
