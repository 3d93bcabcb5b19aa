"""A template that lies there as YAML and as JSON is one stack; two that differ are two."""

from __future__ import annotations

import json
from typing import Any

import pytest

TEXT = """\
Description: the stack
Parameters:
  Engine: {Type: String, Default: postgres}
Resources:
  Db:
    Type: AWS::RDS::DBInstance
    Condition: Prod
    Properties:
      Engine: !Ref Engine
      MultiAZ: true
      AllocatedStorage: 100
      KmsKeyId: !GetAtt Key.Arn
      DBInstanceIdentifier: !Sub "${AWS::StackName}-db"
      Tags:
        - Key: since
          Value: 2020-01-01
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
Conditions:
  Prod: !Equals [!Ref Engine, postgres]
"""
SAME: dict[str, Any] = {
    "Resources": {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": ""}, "Metadata": {"by": "hand"}},
        "Db": {
            "Type": "AWS::RDS::DBInstance",
            "Condition": "Prod",
            "Properties": {
                "DBInstanceIdentifier": {"Fn::Sub": "${AWS::StackName}-db"},
                "Engine": {"Ref": "Engine"},
                "MultiAZ": True,
                "AllocatedStorage": "100",
                "KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
                "Tags": [{"Key": "since", "Value": "2020-01-01"}],
            },
        },
    },
    "Conditions": {"Prod": {"Fn::Equals": [{"Ref": "Engine"}, "postgres"]}},
    "Parameters": {"Engine": {"Type": "String", "Default": "postgres", "Description": "of databases"}},
}
PARENT = """\
Resources:
  Inner:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: ./stack.{}
"""


def changed(path: str, value: Any) -> str:
    found = json.loads(json.dumps(SAME))
    *steps, last = path.split(".")
    place = found
    for step in steps:
        place = place[step]
    place[last] = value
    return json.dumps(found)


def told(parsed: Any) -> list[tuple[str, str, bool]]:
    return [(p.span.file, p.message, p.kind.incomplete) for p in parsed.problems]


def test_both_notations_are_one_stack(parse: Any) -> None:
    parsed = parse({"stack.yaml": TEXT, "stack.json": json.dumps(SAME)})
    assert parsed.roots == ("stack.yaml",)
    assert sorted(d.id for d in parsed.declarations) == ["Db", "Key"]
    assert {d.span.file for d in parsed.declarations} == {"stack.yaml"}
    message = "the same template as stack.yaml, which is judged; here it is not judged once more"
    assert told(parsed) == [("stack.json", message, False)]
    assert not parsed.unread
    assert not parsed.partly


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("stack.json", changed("Resources.Db.Properties.MultiAZ", False)),
        ("stack.json", changed("Resources.Db.Type", "AWS::RDS::DBCluster")),
        ("stack.json", changed("Parameters.Engine.Default", "mysql")),
        ("stack.json", changed("Conditions.Prod", {"Fn::Equals": ["postgres", {"Ref": "Engine"}]})),
        ("stack.json", changed("Resources.More", {"Type": "AWS::SNS::Topic"})),
        ("other.json", json.dumps(SAME)),
        ("folder/stack.json", json.dumps(SAME)),
    ],
)
def test_what_differs_is_judged_too(parse: Any, name: str, text: str) -> None:
    parsed = parse({"stack.yaml": TEXT, name: text})
    assert sorted(parsed.roots) == sorted(["stack.yaml", name])
    assert not told(parsed)


@pytest.mark.parametrize(("nested", "other"), [("yaml", "json"), ("json", "yaml")])
def test_the_twin_of_a_nested_template_is_no_root(parse: Any, nested: str, other: str) -> None:
    parsed = parse({"main.yaml": PARENT.format(nested), "stack.yaml": TEXT, "stack.json": json.dumps(SAME)})
    assert parsed.roots == ("main.yaml",)
    assert [(file, f"stack.{nested}" in message) for file, message, _ in told(parsed)] == [(f"stack.{other}", True)]


def test_keys_that_are_no_texts_are_passed_over(parse: Any) -> None:
    parsed = parse(dict.fromkeys(("stack.yaml", "stack.yml"), TEXT + "Mappings:\n  ? [a, b]\n  : {c: d}\n"))
    assert parsed.roots == ("stack.yaml",)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(SAME)[:-1] + ', "Conditions": {"Prod": {"Fn::Equals": ["a", "b"]}}}',  # the last of two would count
        json.dumps(SAME).replace('"MultiAZ": true', '"MultiAZ": "yes", "MultiAZ": true'),
        json.dumps(SAME).replace('"MultiAZ": true', '"MultiAZ": [true]'),
        json.dumps(SAME).replace('"AllocatedStorage": "100"', '"AllocatedStorage": 100.0'),
    ],
)
def test_json_that_says_a_key_twice_or_another_value_is_read(parse: Any, text: str) -> None:
    parsed = parse({"stack.yaml": TEXT, "stack.json": text})
    assert parsed.roots == ("stack.json", "stack.yaml")
    assert "stack.json" in parsed.sources


@pytest.mark.parametrize("value", [True, False, None, 7, 1.50, [True, None, [False, 2]], {"Fn::GetAtt": ["A", "B.C"]}])
def test_values_of_json_are_those_of_yaml(parse: Any, value: Any) -> None:
    """YAML holds JSON, so that the same text read as YAML says what JSON says: https://yaml.org/spec/1.2.2/#12-overview"""
    text = changed("Resources.Db.Properties.MultiAZ", value)
    parsed = parse({"stack.yaml": text, "stack.json": text})
    assert parsed.roots == ("stack.yaml",)


@pytest.mark.parametrize("end", ["", ' "Outputs": }', ', "Outputs": ' + "[" * 2000])
def test_a_broken_twin_is_told(parse: Any, end: str) -> None:
    parsed = parse({"stack.yaml": TEXT, "stack.json": json.dumps(SAME, indent=2)[:-1] + end})
    assert "stack.yaml" in parsed.roots
    assert [problem.span.file for problem in parsed.problems if problem.kind.incomplete] == ["stack.json"]
