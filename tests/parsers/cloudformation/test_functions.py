"""Intrinsic functions, as their documentation tells.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from scanner.model.value import Ref, Unknown, equal

Properties = Callable[..., dict[str, Any]]

REST = """
Parameters:
  Environment: {Type: String, Default: prod}
  Ports: {Type: CommaDelimitedList, Default: "80, 443"}
  Sizes: {Type: List<Number>, Default: "1,2"}
  Count: {Type: Number, Default: "3"}
  Open: {Type: String}
  Subnets: {Type: "List<AWS::EC2::Subnet::Id>"}
Conditions:
  IsProd: !Equals [!Ref Environment, prod]
  IsOpen: !Equals [!Ref Open, "yes"]
Mappings:
  RegionMap:
    us-east-1: {HVM64: ami-0ff8a91507f77f867, HVMG2: ami-0a584ac55a7631c0c}
    ap-northeast-1: {HVM64: ami-06cd52961ce9f0d85, HVMG2: ami-053cdd503598e4a9d}
  Same:
    a: {size: 5, list: [x, y]}
    b: {size: 5, list: [x]}
"""

CASES: list[tuple[str, Any]] = [
    ("V: !Ref Environment", "prod"),
    ("V: {Ref: Environment}", "prod"),
    ("V: !Ref Ports", ["80", "443"]),
    ("V: !Ref Sizes", [1, 2]),
    ("V: !Ref Count", 3),
    # the examples of each function's page
    ('V: !Join [":", [a, b, c]]', "a:b:c"),
    ('V: {"Fn::Join": ["", ["arn:", !Ref "AWS::Partition", ":s3:::x"]]}', "arn:aws:s3:::x"),
    ('V: !Select ["1", ["apples", "grapes", "oranges", "mangoes"]]', "grapes"),
    ("V: !Select [1, !Ref Ports]", "443"),
    ('V: !Split ["|", "a|b|c"]', ["a", "b", "c"]),
    ('V: !Split ["|", "a||c|"]', ["a", "", "c", ""]),
    ('V: !Select [2, !Split [",", "x,y,z"]]', "z"),
    ('V: !FindInMap [RegionMap, !Ref "AWS::Region", HVM64]', "ami-06cd52961ce9f0d85"),
    ("V: !FindInMap [Nowhere, a, b, {DefaultValue: other}]", "other"),
    ("V: !FindInMap [RegionMap, nowhere-1, HVM64, {DefaultValue: !Ref Environment}]", "prod"),
    ("V: !FindInMap [Same, !Ref Open, size]", 5),
    ('V: !Sub "arn:aws:ec2:${AWS::Region}:x:vpc/${Environment}"', "arn:aws:ec2:ap-northeast-1:x:vpc/prod"),
    ('V: !Sub ["www.${Domain}", {Domain: !Ref Environment}]', "www.prod"),
    ('V: {"Fn::Sub": "${!Literal} ${Count}"}', "${Literal} 3"),
    ("V: !If [IsProd, large, small]", "large"),
    ('V: {"Fn::If": [IsProd, {Size: 2}, {Size: 1}]}', {"Size": 2}),
    ('V: !Cidr ["192.168.0.0/24", 6, 5]', [f"192.168.0.{n}/27" for n in range(0, 192, 32)]),
    ('V: !Select [0, !Cidr ["10.0.0.0/16", 2, 8]]', "10.0.0.0/24"),
    ('V: !Base64 "AWS CloudFormation"', base64.b64encode(b"AWS CloudFormation").decode()),
    ("V: {'Fn::Base64': !Sub 'run ${Environment}'}", base64.b64encode(b"run prod").decode()),
    ("V: {'Fn::Length': !Ref Ports}", 2),
    ("V: {'Fn::Length': [1, 2, 3]}", 3),
    ("V: {'Fn::ToJsonString': {Name: !Ref Environment, Ports: !Ref Ports}}", '{"Name":"prod","Ports":["80","443"]}'),
    ('V: !Ref "AWS::URLSuffix"', "amazonaws.com"),
    # AWS::NoValue takes the key or the item away
    ('V: {A: 1, B: !Ref "AWS::NoValue", C: !If [IsProd, !Ref "AWS::NoValue", 2]}', {"A": 1}),
    ('V: [1, !Ref "AWS::NoValue", 2]', [1, 2]),
    # branches that agree are decided, whichever is taken
    ("V: !If [IsOpen, same, same]", "same"),
    # YAML's own numbers and truths stay what they are
    ("V: [0, 1.5, true, ~, '007']", [0, 1.5, True, None, "007"]),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_known_values(properties: Properties, text: str, expected: Any) -> None:
    value = properties(text, REST)["V"]
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("eu-west-1", "aws", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
        (None, "aws", "amazonaws.com"),
    ],
)
def test_partitions(properties: Properties, region: str | None, partition: str, suffix: str) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html"""
    found = properties('P: !Ref "AWS::Partition"\nS: !Ref "AWS::URLSuffix"\nR: !Ref "AWS::Region"', region=region)
    assert (found["P"], found["S"]) == (partition, suffix)
    assert found["R"] == region if region else "give it with --region" in found["R"].reason


def test_what_is_known_only_later_is_a_reference(properties: Properties) -> None:
    rest = "  Db:\n    Type: AWS::RDS::DBInstance\n"
    found = properties('A: !Ref Db\nB: !GetAtt Db.Endpoint.Address\nC: {"Fn::GetAtt": [Db, Endpoint.Port]}', rest)
    assert [found[k].ref for k in "ABC"] == [
        Ref("Db", "Ref"),
        Ref("Db", "Endpoint.Address"),
        Ref("Db", "Endpoint.Port"),
    ]


def test_a_text_keeps_what_is_known_of_it(properties: Properties) -> None:
    rest = "  Db:\n    Type: AWS::RDS::DBInstance\n" + REST
    found = properties('A: !Sub "postgres://${Db.Endpoint.Address}:5432/${Environment}"', rest)["A"]
    assert found.prefix == "postgres://"
    assert found.suffix == ":5432/prod"
    assert found.refs == (Ref("Db", "Endpoint.Address"),)


def test_a_parameter_without_a_default_is_named(properties: Properties) -> None:
    found = properties("A: !Ref Open\nB: !If [IsOpen, 1, 2]\nC: !Ref Open\nD: !Select [1, !Ref Subnets]", REST)
    assert "parameter Open has no default" in found["A"].reason
    assert "condition IsOpen" in found["B"].reason
    assert "parameter Open has no default" in found["B"].reason
    assert equal(found["A"], found["C"]) is True
    assert found["A"].ref.is_variable
    assert "Subnets" in found["D"].reason


def test_zones_are_told_apart_by_their_index(properties: Properties) -> None:
    found = properties(
        """
        A: !Select [0, !GetAZs ""]
        B: !Select [1, !GetAZs {Ref: "AWS::Region"}]
        C: !Select ["0", {"Fn::GetAZs": ap-northeast-1}]
        D: !GetAZs ""
        E: !Select [0, !GetAZs us-east-1]
        """
    )
    assert equal(found["A"], found["C"]) is True
    assert equal(found["A"], found["B"]) is not True
    assert equal(found["A"], found["E"]) is not True
    assert found["A"].ref.path == "names[0]"
    assert found["D"].ref.path == "names"


def test_a_list_that_is_joined_and_split_again_is_itself(properties: Properties) -> None:
    rest = "  A:\n    Type: AWS::EC2::Subnet\n  B:\n    Type: AWS::EC2::Subnet\n" + REST
    found = properties(
        """
        Two: !Split [",", !Join [",", [!Ref A, !Ref B]]]
        All: !Split [",", !Join [",", !Ref Subnets]]
        Whole: !Ref Subnets
        """,
        rest,
    )
    assert [each.ref for each in found["Two"]] == [Ref("A", "Ref"), Ref("B", "Ref")]
    assert equal(found["All"], found["Whole"]) is True


def test_what_is_read_at_deployment_is_unknown(properties: Properties) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html"""
    found = properties(
        """
        A: "{{resolve:ssm:/db/size:1}}"
        B: "{{resolve:ssm:/db/size:1}}"
        C: "{{resolve:ssm:/db/other}}"
        D: "x-{{resolve:ssm:/db/size:1}}-y"
        E: !Sub "{{resolve:secretsmanager:${AWS::StackName}:SecretString:password}}"
        """
    )
    assert equal(found["A"], found["B"]) is True
    assert equal(found["A"], found["C"]) is not True
    assert (found["D"].prefix, found["D"].suffix) == ("x-", "-y")
    assert isinstance(found["E"], Unknown)
    assert found["E"].parts == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("V: !Select [5, [a]]", "asks for item 5 of a list of 1"),
        ("V: !Select [a, [a]]", "takes a whole number as index"),
        ("V: !Join a", "takes a delimiter and a list"),
        ("V: !Cidr [10.0.0.0/30, 4, 8]", "cannot cut 10.0.0.0/30"),
        ("V: !Cidr [10.0.0.0/8, 999, 8]", "gives 1 to 256 blocks"),
        ("V: !Cidr [nonsense, 4, 8]", "cannot cut nonsense"),
        ("V: !FindInMap [RegionMap, us-east-1]", "takes a mapping and two keys"),
        ("V: !FindInMap [Nothing, a, b]", "there is no mapping Nothing"),
        ("V: !FindInMap [Same, c, size]", "has no entry c.size"),
        ("V: !Ref Missing", "neither a parameter nor a resource"),
        ("V: !GetAtt Missing.Arn", "neither a parameter nor a resource"),
        ("V: !Sub '${Missing}'", "neither a parameter nor a resource"),
        ("V: !If [Missing, 1, 2]", "there is no condition Missing"),
        ("V: !If [IsProd, 1]", "takes a condition and two values"),
        ("V: !Frobnicate x", "Fn::Frobnicate is a function that is not known"),
        ("V: {'Fn::Transform': {Name: Boto3}}", "the macro Boto3 is run by AWS alone"),
    ],
)
def test_misuse_is_a_problem_and_an_unknown(parse: Any, text: str, message: str) -> None:
    body = f"Resources:\n  Thing:\n    Type: AWS::Test::Thing\n    Properties:\n      {text}\n{REST}"
    parsed = parse(body)
    assert [problem for problem in parsed.problems if message in problem.message and problem.span.line == 5]
    assert isinstance(parsed.declarations[0].attributes["V"], Unknown)
