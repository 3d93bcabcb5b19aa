"""Conditions and what they decide: existence of resources, values, outputs."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.value import Unknown

TEMPLATE = """
Parameters:
  Env: {{Type: String, Default: {default}}}
  Zones: {{Type: Number}}
Conditions:
  C: {condition}
  Prod: !Equals [!Ref Env, prod]
  Many: !Equals [!Ref Zones, 3]
Resources:
  Thing:
    Type: AWS::SNS::Topic
    Condition: C
"""


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("!Equals [!Ref Env, prod]", True),
        ("!Equals [!Ref Env, dev]", False),
        ('!Equals ["true", true]', True),
        ('!Equals [1, "1"]', True),
        ("!Not [!Condition Prod]", False),
        ("!Not [{Condition: Prod}]", False),
        ("{Condition: Prod}", True),
        ("!And [!Condition Prod, !Equals [a, a]]", True),
        ("!And [!Condition Prod, !Equals [a, b]]", False),
        ("!Or [!Equals [a, b], !Condition Prod]", True),
        # Kleene: what is decided decides
        ("!And [!Condition Many, !Equals [a, b]]", False),
        ("!Or [!Condition Many, !Condition Prod]", True),
        ("!And [!Condition Many, !Condition Prod]", None),
        ("!Or [!Condition Many, !Equals [a, b]]", None),
        ("!Not [!Condition Many]", None),
        ("!Equals [!Ref Zones, !Ref Zones]", True),
    ],
)
def test_a_resource_exists_when_its_condition_holds(parse: Any, condition: str, expected: bool | None) -> None:
    found = parse(TEMPLATE.format(condition=condition, default="prod")).declarations
    if expected is None:
        (declaration,) = found
        assert isinstance(declaration.exists, Unknown)
        assert "parameter Zones has no default" in declaration.exists.reason
        assert declaration.exists.origin is not None
        assert declaration.exists.origin.line == 4
    else:
        assert [declaration.exists for declaration in found] == ([True] if expected else [])


def test_conditions_that_depend_on_themselves_are_told(parse: Any) -> None:
    parsed = parse(
        """
        Conditions:
          A: !Not [!Condition B]
          B: !Or [!Condition A, !Condition C]
          C: !Condition C
        Resources:
          Thing:
            Type: AWS::SNS::Topic
            Condition: A
        """
    )
    assert isinstance(parsed.declarations[0].exists, Unknown)
    assert {p.message for p in parsed.problems} == {
        "the condition A depends on itself",
        "the condition C depends on itself",
    }


def test_what_is_not_created_is_no_reference(parse: Any) -> None:
    parsed = parse(
        """
        Conditions:
          Never: !Equals [a, b]
        Resources:
          Gone: {Type: AWS::SNS::Topic, Condition: Never}
          Queue:
            Type: AWS::SQS::Queue
            DependsOn: [Gone]
            Properties:
              A: !If [Never, !Ref Gone, none]
              B: !Ref Gone
        """
    )
    (queue,) = parsed.declarations
    assert queue.attributes["A"] == "none"
    assert "its condition does not hold" in queue.attributes["B"].reason
    assert queue.references == ()


def test_an_undecided_choice_keeps_what_it_may_be(parse: Any) -> None:
    parsed = parse(
        """
        Parameters:
          Own: {Type: String}
        Conditions:
          IsOwn: !Equals [!Ref Own, "true"]
        Resources:
          One: {Type: AWS::KMS::Key}
          Two: {Type: AWS::KMS::Key}
          Store:
            Type: AWS::S3::Bucket
            Properties: {Key: !If [IsOwn, !Ref One, !Ref Two]}
        """
    )
    store = next(d for d in parsed.declarations if d.id == "Store")
    assert store.attributes["Key"].choice
    assert {(r.path, r.target) for r in store.references} == {("Key", "One"), ("Key", "Two")}
