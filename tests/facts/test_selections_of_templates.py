"""Backup plans of CloudFormation select by the same conditions as Terraform's.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-backup-backupselection-conditions.html.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from scanner.facts.fact import Answer
from scanner.facts.selections import FACTS
from scanner.model.resource import Declaration, ProviderContext, Reference
from scanner.model.span import Span
from scanner.model.value import Ref, Unknown, Value
from scanner.normalize import Settings, normalize

HERE = Span("template.yaml", 1)


def _declared(name: str, native: str, attributes: Mapping[str, Value], *references: Reference) -> Declaration:
    provider = ProviderContext("aws", attributes={"region": "eu-west-1"})
    return Declaration(name, native, name, "cloudformation", HERE, attributes, references=references, provider=provider)


@pytest.mark.parametrize(("tag", "selected"), [("yes", True), ("no", False)])
def test_conditions_select_by_tags(tag: str, selected: bool) -> None:
    plan = Ref("Plan", "Ref")
    conditions = {"StringEquals": [{"ConditionKey": "aws:ResourceTag/backup", "ConditionValue": "yes"}]}
    graph, _ = normalize(
        [
            _declared("Plan", "AWS::Backup::BackupPlan", {"BackupPlan": {"BackupPlanName": "p", "BackupPlanRule": []}}),
            _declared(
                "All",
                "AWS::Backup::BackupSelection",
                {
                    "BackupPlanId": Unknown("known after it is made", HERE, plan, (plan,)),
                    "BackupSelection": {"SelectionName": "s", "Conditions": conditions},
                },
                Reference("BackupPlanId", "Plan", "Ref", HERE),
            ),
            _declared("Db", "AWS::RDS::DBInstance", {"Tags": [{"Key": "backup", "Value": tag}]}),
        ],
        Settings("eu-west-1"),
    )
    found = FACTS["in_backup_plan"].compute(graph.resources["Db"], graph)
    assert (found.value if isinstance(found, Answer) else found) is selected
