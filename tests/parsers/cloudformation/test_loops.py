"""``Fn::ForEach``, by the examples of its documentation.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach-example-resource.html
"""

from __future__ import annotations

from typing import Any

from scanner.model.value import Ref


def test_nested_loops_of_resources_and_outputs(parse: Any) -> None:
    parsed = parse(
        """
        AWSTemplateFormatVersion: 2010-09-09
        Transform: 'AWS::LanguageExtensions'
        Mappings:
          Tables:
            Names: {All: [Points, Score]}
        Resources:
          'Fn::ForEach::Loop1':
            - A
            - !FindInMap [Tables, Names, All]
            - 'Fn::ForEach::Loop2':
                - B
                - ["1", "2.0"]
                - 'Table${A}&{B}':
                    Type: 'AWS::DynamoDB::Table'
                    Properties:
                      TableName: !Sub '${A}-${B}'
                      Plain: '${A}'
                      Named: !Ref A
                      Other: '${C}'
        Outputs:
          'Fn::ForEach::Arns':
            - T
            - [Points1]
            - '${T}Arn':
                Value: !GetAtt ['Table${T}', Arn]
        """
    )
    assert parsed.problems == ()
    found = {d.id: d.attributes for d in parsed.declarations}
    assert list(found) == ["TablePoints1", "TablePoints20", "TableScore1", "TableScore20"]
    assert found["TableScore20"] == {"TableName": "Score-2.0", "Plain": "Score", "Named": "Score", "Other": "${C}"}


def test_loops_of_properties_and_conditions(parse: Any) -> None:
    parsed = parse(
        """
        Transform: AWS::LanguageExtensions
        Parameters:
          Env: {Type: String, Default: prod}
        Conditions:
          Fn::ForEach::Envs:
            - E
            - [prod, dev]
            - "Is${E}": !Equals [!Ref Env, !Ref E]
        Resources:
          Key: {Type: AWS::KMS::Key, Condition: Isdev}
          Topic:
            Type: AWS::SNS::Topic
            Condition: Isprod
            Properties:
              Fixed: 1
              Fn::ForEach::Flags:
                - Flag
                - [One, Two]
                - "Enable${Flag}": !Sub "${Flag}-${AWS::Region}"
        """,
        "eu-west-1",
    )
    (topic,) = parsed.declarations
    assert topic.attributes == {"Fixed": 1, "EnableOne": "One-eu-west-1", "EnableTwo": "Two-eu-west-1"}


def test_what_a_loop_makes_refers_to_what_another_makes(parse: Any) -> None:
    parsed = parse(
        """
        Resources:
          Fn::ForEach::Vpcs:
            - N
            - [A, B]
            - "Vpc${N}": {Type: AWS::EC2::VPC}
              "Net${N}":
                Type: AWS::EC2::Subnet
                DependsOn: "Vpc${N}"
                Properties: {VpcId: {Ref: "Vpc${N}"}}
        """
    )
    net = next(d for d in parsed.declarations if d.id == "NetB")
    assert net.attributes["VpcId"].ref == Ref("VpcB", "Ref")
    assert net.depends_on == ("VpcB",)


def test_a_loop_that_is_not_decided_is_told(parse: Any) -> None:
    parsed = parse(
        """
        Parameters:
          Names: {Type: CommaDelimitedList}
        Resources:
          Fn::ForEach::Topics:
            - N
            - !Ref Names
            - "Topic${N}": {Type: AWS::SNS::Topic}
          Fn::ForEach::Broken: [N, [a]]
          Queue: {Type: AWS::SQS::Queue}
        """
    )
    assert [d.id for d in parsed.declarations] == ["Queue"]
    assert [(p.kind.value, p.span.line) for p in parsed.problems] == [("unresolved", 6), ("invalid", 9)]
    assert "parameter Names has no default" in parsed.problems[0].message
