"""Which parameters, conditions and mappings go into an attribute of a template."""

from __future__ import annotations

import json

import pytest

from scanner.model.resource import Declaration
from scanner.model.span import Span
from scanner.parsers.cloudformation.provenance import Provenance

YAML = """\
Parameters:
  Stage:
    Type: String
    Default: dev
  Size: {Type: String}
Mappings:
  Days:
    dev: {backup: 1}
Conditions:
  Prod: !Equals [!Ref Stage, prod]
  Big:
    Fn::And:
      - !Condition Prod
      - !Equals [!Ref Size, big]
Resources:
  Stack:
    Type: AWS::CloudFormation::Stack
    Properties:
      Parameters:
        Stage: other
  Ledger:
    Type: AWS::RDS::DBInstance
    Properties:
      MultiAZ: !If [Big, true, false]
      BackupRetentionPeriod: !FindInMap [Days, !Ref Stage, backup]
      DBInstanceIdentifier: !Sub "ledger-${Size}"
      Engine: postgres
"""


def told(text: str, line: int) -> list[str]:
    """The origins of what stands on a line."""
    lines = tuple(text.splitlines())
    span = Span("t.yaml", line)
    declaration = Declaration("Ledger", "x", "Ledger", "cloudformation", span, {}, {"path": span})
    found = Provenance({"t.yaml": lines}).origins(declaration, "path")
    return [f"{each.span.line}-{each.span.end_line} {each.text}" for each in found]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (24, ["11-14 condition Big", "10-10 condition Prod", "5-5 parameter Size", "2-4 parameter Stage"]),
        (25, ["7-8 mapping Days", "2-4 parameter Stage"]),
        (26, ["5-5 parameter Size"]),
        (27, []),
    ],
)
def test_names_are_followed(line: int, expected: list[str]) -> None:
    assert sorted(told(YAML, line)) == sorted(expected)


def test_json() -> None:
    document = {
        "Parameters": {"Stage": {"Type": "String", "Default": "dev"}},
        "Conditions": {"Prod": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Resources": {"Ledger": {"Properties": {"MultiAZ": {"Fn::If": ["Prod", True, False]}}}},
    }
    text = json.dumps(document, indent=2)
    line = next(number for number, each in enumerate(text.splitlines(), 1) if '"Fn::If"' in each)
    lines = tuple(text.splitlines())
    span = Span("t.json", line, 1, line + 2, 1)
    declaration = Declaration("Ledger", "x", "Ledger", "cloudformation", span, {}, {"path": span})
    found = Provenance({"t.json": lines}).origins(declaration, "path")
    assert [each.text for each in found] == ["condition Prod", "parameter Stage"]


def test_a_path_that_is_not_written() -> None:
    declaration = Declaration("Ledger", "x", "Ledger", "cloudformation", Span("t.yaml", 1), {})
    assert Provenance({}).origins(declaration, "path") == ()
