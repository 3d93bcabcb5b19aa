"""Stacks in stacks, stack sets, and what stacks hand to each other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scanner.model.value import Ref, Unknown

NETWORK = """
Parameters:
  Cidr: {Type: String}
  Ids: {Type: "List<AWS::EC2::Subnet::Id>", Default: ""}
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: !Ref Cidr, Ids: !Ref Ids}
Outputs:
  VpcId: {Value: !Ref Vpc}
  Block: {Value: !Ref Cidr}
"""
MAIN = """
Resources:
  A: {Type: AWS::EC2::Subnet}
  B: {Type: AWS::EC2::Subnet}
  Network:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: <URL>
      Parameters:
        Cidr: 10.0.0.0/16
        Ids: !Join [",", [!Ref A, !Ref B]]
  Db:
    Type: AWS::RDS::DBInstance
    Properties:
      Vpc: !GetAtt Network.Outputs.VpcId
      Block: !GetAtt [Network, Outputs.Block]
      Text: !Sub "${Network.Outputs.Block} of ${Network.Outputs.VpcId}"
"""


@pytest.mark.parametrize(
    ("main", "nested", "url"),
    [
        ("main.yaml", "network.yaml", "./network.yaml"),
        ("main.yaml", "nested/network.yaml", "nested/network.yaml"),
        ("a/main.yaml", "b/network.yaml", "../b/network.yaml"),
        ("main.yaml", "network.yaml", "https://s3.amazonaws.com/bucket/some/prefix/network.yaml"),
        ("t/main.yaml", "t/network.yaml", "https://bucket.s3.amazonaws.com/release/v1/t/network.yaml?versionId=1"),
        ("t/main.yaml", "t/sub/network.yaml", '!Sub "https://${AWS::Region}.s3.amazonaws.com/x/sub/network.yaml"'),
        ("t/main.yaml", "t/sub/network.yaml", '!Join ["/", ["https:/", !Ref "AWS::AccountId", t, sub, network.yaml]]'),
    ],
)
def test_a_nested_stack_is_part_of_its_parent(parse: Any, main: str, nested: str, url: str) -> None:
    parsed = parse({main: MAIN.replace("<URL>", url), nested: NETWORK})
    assert parsed.roots == (main,)
    assert {d.id for d in parsed.declarations} == {"A", "B", "Network", "Network.Vpc", "Db"}
    found = {d.id: d for d in parsed.declarations}
    assert found["Network.Vpc"].attributes["CidrBlock"] == "10.0.0.0/16"
    assert [each.ref for each in found["Network.Vpc"].attributes["Ids"]] == [Ref("A", "Ref"), Ref("B", "Ref")]
    assert found["Db"].attributes["Vpc"].ref == Ref("Network.Vpc", "Ref")
    assert found["Db"].attributes["Block"] == "10.0.0.0/16"
    assert found["Db"].attributes["Text"].prefix == "10.0.0.0/16 of "
    assert {(r.path, r.target) for r in found["Db"].references} == {("Vpc", "Network.Vpc"), ("Text", "Network.Vpc")}
    assert [(p.file, p.line) for p in found["Network.Vpc"].span.chain()] == [(nested, 6), (main, 5)]
    assert parsed.problems == ()


def test_two_roots_have_their_names_before_their_ids(parse: Any) -> None:
    parsed = parse({"b/one.yaml": NETWORK, "a/two.yaml": NETWORK})
    assert parsed.roots == ("a/two.yaml", "b/one.yaml")
    assert [d.id for d in parsed.declarations] == ["a/two.yaml#Vpc", "b/one.yaml#Vpc"]


def test_a_stack_whose_template_is_elsewhere_is_told(parse: Any) -> None:
    parsed = parse({"main.yaml": MAIN.replace("<URL>", "https://s3.amazonaws.com/bucket/else.yaml")})
    assert [(p.kind.value, p.span.line) for p in parsed.problems] == [("module-unavailable", 5)]
    db = next(d for d in parsed.declarations if d.id == "Db")
    assert db.attributes["Vpc"].ref == Ref("Network", "Outputs.VpcId")


def test_of_two_templates_with_a_urls_ending_none_is_taken(parse: Any) -> None:
    files = {"main.yaml": MAIN.replace("<URL>", "https://x/network.yaml"), "a/network.yaml": NETWORK}
    parsed = parse({**files, "b/network.yaml": NETWORK})
    assert parsed.roots == ("a/network.yaml", "b/network.yaml", "main.yaml")


def test_nothing_outside_of_the_scanned_folder_is_read(parse: Any, tmp_path: Any) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside.yaml"
    outside.write_text(NETWORK)
    parsed = parse({"main.yaml": MAIN.replace("<URL>", f"../{outside.name}")})
    assert any("outside of the scanned folder" in p.message for p in parsed.problems)
    assert {d.id for d in parsed.declarations} == {"A", "B", "Network", "Db"}


def test_stacks_that_nest_each_other_end_in_a_problem(parse: Any) -> None:
    stack = "Resources:\n  Next:\n    Type: AWS::CloudFormation::Stack\n    Properties: {{TemplateURL: {}}}\n"
    parsed = parse(
        {"a.yaml": stack.format("b.yaml"), "b.yaml": stack.format("c.yaml"), "c.yaml": stack.format("a.yaml")}
    )
    assert parsed.roots == ("a.yaml",)
    assert [p.message for p in parsed.problems] == [
        "stacks nest each other in a circle: a.yaml -> b.yaml -> c.yaml -> a.yaml"
    ]


def test_outputs_that_wait_for_each_other_end_in_a_problem(parse: Any) -> None:
    main = """
    Resources:
      A:
        Type: AWS::CloudFormation::Stack
        Properties: {TemplateURL: n.yaml, Parameters: {In: !GetAtt B.Outputs.Out}}
      B:
        Type: AWS::CloudFormation::Stack
        Properties: {TemplateURL: n.yaml, Parameters: {In: !GetAtt A.Outputs.Out}}
    """
    nested = """
    Parameters: {In: {Type: String}}
    Resources: {Thing: {Type: AWS::SNS::Topic, Properties: {Name: !Ref In}}}
    Outputs: {Out: {Value: !Ref In}}
    """
    parsed = parse({"main.yaml": main, "n.yaml": nested})
    assert any("wait for its outputs" in p.message for p in parsed.problems)
    assert {d.id for d in parsed.declarations} >= {"A", "B", "A.Thing", "B.Thing"}


def test_an_import_is_what_one_other_stack_exports(parse: Any) -> None:
    exporting = """
    Resources: {Key: {Type: AWS::KMS::Key}}
    Outputs: {Key: {Value: !GetAtt Key.Arn, Export: {Name: prod-key}}}
    """
    importing = """
    Parameters: {Env: {Type: String, Default: prod}}
    Resources:
      Store: {Type: AWS::S3::Bucket, Properties: {Key: !ImportValue {"Fn::Sub": "${Env}-key"}}}
      Other: {Type: AWS::S3::Bucket, Properties: {Key: !ImportValue nowhere}}
    """
    parsed = parse({"keys.yaml": exporting, "store.yaml": importing})
    found = {d.id: d for d in parsed.declarations}
    assert found["store.yaml#Store"].attributes["Key"].ref == Ref("keys.yaml#Key", "Arn")
    assert [r.target for r in found["store.yaml#Store"].references] == ["keys.yaml#Key"]
    assert "exports nowhere" in found["store.yaml#Other"].attributes["Key"].reason
    # the same name twice says nothing
    parsed = parse({"keys2.yaml": exporting})
    found = {d.id: d for d in parsed.declarations}
    assert "not one alone" in found["store.yaml#Store"].attributes["Key"].reason


def test_a_stack_set_is_deployed_to_each_of_its_places(parse: Any) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stackset.html"""
    main = """
    Resources:
      Set:
        Type: AWS::CloudFormation::StackSet
        Properties:
          TemplateURL: member.yaml
          Parameters: [{ParameterKey: Name, ParameterValue: audit}]
          StackInstancesGroup:
            - DeploymentTargets: {Accounts: ["111122223333", "444455556666"]}
              Regions: [eu-west-1, us-east-1]
            - DeploymentTargets: {OrganizationalUnitIds: [ou-1]}
              Regions: [eu-north-1]
    """
    member = """
    Parameters: {Name: {Type: String}}
    Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {Name: !Sub "${Name}-${AWS::Region}"}}}
    """
    parsed = parse({"main.yaml": main, "member.yaml": member}, "ap-northeast-1")
    found = {d.id: d for d in parsed.declarations}
    one = found['Set["444455556666/us-east-1"].Topic']
    assert one.provider.attributes == {"region": "us-east-1", "account_id": "444455556666"}
    assert one.attributes["Name"] == "audit-us-east-1"
    assert len(found) == 1 + 4 + 1
    unit = found['Set["eu-north-1"].Topic']
    assert isinstance(unit.provider.attributes["account_id"], Unknown)
    assert found["Set"].provider.attributes["region"] == "ap-northeast-1"


def test_a_template_in_a_text_is_read(parse: Any) -> None:
    text = """\
Parameters: {Env: {Type: String, Default: prod}}
Resources:
  Lines:
    Type: AWS::CloudFormation::StackSet
    Properties:
      TemplateBody: |
        Resources:
          Topic:
            Type: AWS::SNS::Topic
            Properties:
              Name: !Ref AWS::Region
      StackInstancesGroup:
        - {Regions: [us-east-1], DeploymentTargets: {Accounts: ["111122223333"]}}
  Escaped:
    Type: AWS::CloudFormation::StackSet
    Properties:
      TemplateBody: !Sub '{"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"Name": "${Env}"}}}}'
      StackInstancesGroup:
        - {Regions: [us-east-1], DeploymentTargets: {Accounts: ["111122223333"]}}
  Unknown:
    Type: AWS::CloudFormation::StackSet
    Properties: {TemplateBody: !Sub "${AWS::AccountId}"}
"""
    parsed = parse(text)
    found = {d.name: d for d in parsed.declarations}
    topic, queue = found["Topic"], found["Q"]
    assert (topic.span.line, topic.span.column, topic.attributes) == (8, 11, {"Name": "us-east-1"})
    assert topic.span_of("Name").line == 11
    assert (queue.span.line, queue.attributes) == (17, {"Name": "prod"})
    assert [(p.kind.value, p.span.line) for p in parsed.problems] == [("module-unavailable", 20)]


def test_a_file_that_is_included_brings_its_entries(parse: Any) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-include.html"""
    files = {
        "main.yaml": """
        Resources:
          Fn::Transform: {Name: AWS::Include, Parameters: {Location: parts/queues.yaml}}
          Topic:
            Type: AWS::SNS::Topic
            Properties:
              Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://bucket/elsewhere.yaml}}
              Name: known
        """,
        "parts/queues.yaml": "Queue:\n  Type: AWS::SQS::Queue\n  Properties: {Topic: !Ref Topic}\n",
    }
    parsed = parse(files)
    found = {d.id: d for d in parsed.declarations}
    assert found["Queue"].attributes["Topic"].ref == Ref("Topic", "Ref")
    assert (found["Queue"].span.file, found["Queue"].span.line) == ("parts/queues.yaml", 1)
    assert found["Topic"].attributes == {"Name": "known"}
    assert [(p.span.line, p.kind.value) for p in parsed.problems] == [(7, "module-unavailable")]


def test_files_and_macros_of_the_whole_template(parse: Any) -> None:
    files = {
        "main.yaml": """
        Transform:
          - AWS::LanguageExtensions
          - {Name: AWS::Include, Parameters: {Location: parts/common.yaml}}
          - Company::Hardening
        Resources:
          Topic: {Type: AWS::SNS::Topic, Properties: {Key: !Ref Key, Size: !Ref Size}}
        """,
        "parts/common.yaml": """
        Parameters: {Size: {Type: Number, Default: 3}}
        Resources:
          Key: {Type: AWS::KMS::Key}
        """,
    }
    parsed = parse(files)
    found = {d.id: d for d in parsed.declarations}
    topic = found["main.yaml#Topic"]
    assert topic.attributes["Size"] == 3
    assert topic.attributes["Key"].ref == Ref("main.yaml#Key", "Ref")
    assert [(p.message, p.span.line) for p in parsed.problems] == [
        ("the macro Company::Hardening is run by AWS alone", 5)
    ]
    assert parsed.partly == {"main.yaml"}


def manifest(**stacks: dict[str, Any]) -> str:
    """As `cdk synth` writes it."""
    found = {name: {"type": "aws:cloudformation:stack", **about} for name, about in stacks.items()}
    tree = {"Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}}}
    return json.dumps({"version": "36.0.0", "artifacts": {**tree, **found}})


CDK_STACK = json.dumps(
    {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"R": {"Ref": "AWS::Region"}}}}}
)


def test_the_stacks_of_a_cdk_app_have_their_places(parse: Any) -> None:
    nested = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
    parent = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": {"Fn::Sub": "https://s3.${AWS::URLSuffix}/cdk-assets/0123.json"}},
        "Metadata": {"aws:asset:path": "Eu.nested.template.json"},
    }
    parsed = parse(
        {
            "cdk.out/manifest.json": manifest(
                Us={"environment": "aws://111122223333/us-east-1", "properties": {"templateFile": "Us.template.json"}},
                Eu={
                    "environment": "aws://unknown-account/eu-west-1",
                    "properties": {"templateFile": "Eu.template.json", "stackName": "eu-prod"},
                },
                Any={
                    "environment": "aws://unknown-account/unknown-region",
                    "properties": {"templateFile": "Any.template.json"},
                },
            ),
            "cdk.out/Us.template.json": CDK_STACK,
            "cdk.out/Eu.template.json": json.dumps({"Resources": {"Nested": parent}}),
            "cdk.out/Eu.nested.template.json": nested,
            "cdk.out/Any.template.json": CDK_STACK,
        },
        "ap-northeast-1",
    )
    found = {d.id: d for d in parsed.declarations}
    assert found["cdk.out/Us.template.json#Topic"].provider.attributes == {
        "region": "us-east-1",
        "account_id": "111122223333",
    }
    assert found["cdk.out/Us.template.json#Topic"].attributes == {"R": "us-east-1"}
    assert found["cdk.out/Eu.template.json#Nested.Queue"].provider.attributes == {"region": "eu-west-1"}
    assert found["cdk.out/Any.template.json#Topic"].attributes == {"R": "ap-northeast-1"}
    assert len(found) == 4
    assert parsed.problems == ()


def test_a_template_deployed_twice_by_a_cdk_app_has_two_names(parse: Any) -> None:
    file = {"templateFile": "S.template.json"}
    parsed = parse(
        {
            "cdk.out/manifest.json": manifest(
                A={"environment": "aws://unknown-account/us-east-1", "properties": file},
                B={"environment": "aws://unknown-account/us-west-2", "properties": file},
            ),
            "cdk.out/S.template.json": CDK_STACK,
        }
    )
    assert [(d.id, d.attributes["R"]) for d in parsed.declarations] == [
        ("cdk.out/S.template.json@A#Topic", "us-east-1"),
        ("cdk.out/S.template.json@B#Topic", "us-west-2"),
    ]


def test_exports_are_of_a_region(parse: Any) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-importvalue.html"""
    exporting = {
        "Resources": {"Key": {"Type": "AWS::KMS::Key"}},
        "Outputs": {"K": {"Value": {"Ref": "Key"}, "Export": {"Name": "key"}}},
    }
    importing = {"Resources": {"B": {"Type": "AWS::S3::Bucket", "Properties": {"K": {"Fn::ImportValue": "key"}}}}}
    places = {"Us": "us-east-1", "Eu": "eu-west-1", "Use": "us-east-1"}
    files = {f"{n}.json": json.dumps(importing if n == "Use" else exporting) for n in places}
    about = {
        n: {"environment": f"aws://111122223333/{r}", "properties": {"templateFile": f"{n}.json"}}
        for n, r in places.items()
    }
    parsed = parse({"manifest.json": manifest(**about), **files})
    bucket = next(d for d in parsed.declarations if d.type == "AWS::S3::Bucket")
    assert bucket.attributes["K"].ref == Ref("Us.json#Key", "Ref")
