"""Where things stand: in YAML and JSON, through functions, loops and SAM."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import scanner.parsers.cloudformation.sam
from scanner.model.value import Ref

TEMPLATE = """\
Transform: AWS::LanguageExtensions
Parameters:
  Zones:
    Type: CommaDelimitedList
    Default: a,b
Resources:
  Db:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Retain
    DependsOn: [TopicA]
    Properties:
      MultiAZ: !If
        - Prod
        - true
        - false
      Tags:
        - Key: Name
          Value: !Sub "${AWS::StackName}"
  Fn::ForEach::Topics:
    - Name
    - [A, B]
    - Topic${Name}:
        Type: AWS::SNS::Topic
        Properties:
          TopicName: !Sub "t-${Name}"
"""


def place(declaration: Any, path: str) -> tuple[int, int, int, int]:
    span = declaration.span_of(path)
    return span.line, span.column, span.end_line, span.end_column


def test_attributes_stand_where_they_are_written(parse: Any) -> None:
    found = {d.id: d for d in parse(TEMPLATE).declarations}
    db = found["Db"]
    assert (db.span.line, db.span.column, db.span.end_column) == (7, 3, 5)
    assert place(db, "MultiAZ") == (12, 7, 12, 14)
    assert place(db, "Tags[0].Key") == (17, 11, 17, 20)
    assert place(db, "Tags[0].Value") == (18, 11, 18, 42)
    assert place(db, "lifecycle.DeletionPolicy") == (9, 5, 9, 27)
    assert db.lifecycle == {"DeletionPolicy": "Retain"}
    assert db.depends_on == ("TopicA",)
    topic = found["TopicB"]
    assert (topic.span.line, topic.span.column) == (22, 7)
    assert place(topic, "TopicName") == (25, 11, 25, 38)
    assert [s.line for s in topic.span_of("TopicName").chain()] == [25, 20]
    assert topic.attributes == {"TopicName": "t-B"}


def test_json_stands_where_it_is_written(parse: Any) -> None:
    text = '{\n  "Resources": {\n    "T": {\n      "Type": "AWS::SNS::Topic",\n      "Properties": {"Name": {"Ref": "X"}}}}}'
    (topic,) = parse({"a.json": text}).declarations
    assert (topic.span.line, topic.span.column) == (3, 5)
    assert place(topic, "Name")[:2] == (5, 22)


def test_every_place_can_be_listed(parse: Any) -> None:
    found = {d.id: d for d in parse(TEMPLATE).declarations}
    assert set(found["Db"].places) == {
        *("MultiAZ", "Tags", "Tags[0]", "Tags[0].Key", "Tags[0].Value", "lifecycle.DeletionPolicy", "DependsOn"),
    }
    assert all(found["Db"].places[path].line for path in found["Db"].places)


SAM = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Size: {Type: Number, Default: 256}
Globals:
  Function:
    Timeout: 30
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: app.main
      CodeUri: src/
      MemorySize: 512
      Environment:
        Variables:
          TABLE: !Ref Table
      Events:
        Api:
          Type: Api
          Properties: {Path: /hello, Method: get}
  Table:
    Type: AWS::Serverless::SimpleTable
    Properties:
      TableName: !Sub "${AWS::StackName}-t"
  Plain:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: plain
"""


def test_sam_is_unfolded_by_amazons_translator(parse: Any) -> None:
    """https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html"""
    parsed = parse(SAM, "eu-west-1")
    assert parsed.problems == ()
    found = {d.id: d for d in parsed.declarations}
    types = {name: d.type for name, d in found.items()}
    assert types["Hello"] == "AWS::Lambda::Function"
    assert types["HelloRole"] == "AWS::IAM::Role"
    assert types["ServerlessRestApi"] == "AWS::ApiGateway::RestApi"
    assert types["Table"] == "AWS::DynamoDB::Table"
    assert types["Plain"] == "AWS::SQS::Queue"
    hello = found["Hello"]
    assert hello.attributes["Timeout"] == 30
    assert hello.attributes["Code"] == "src/"
    assert {(r.path, r.target) for r in hello.references} == {
        ("Environment.Variables.TABLE", "Table"),
        ("Role", "HelloRole"),
    }


def test_what_sam_makes_stands_in_the_sam_template(parse: Any) -> None:
    found = {d.id: d for d in parse(SAM, "eu-west-1").declarations}
    hello = found["Hello"]
    assert hello.span.line == 8
    assert place(hello, "Runtime") == (11, 7, 11, 26)
    assert place(hello, "MemorySize")[0] == 14
    assert place(hello, "Environment.Variables.TABLE")[0] == 17
    assert place(hello, "Timeout")[0] == 6
    assert found["HelloRole"].span.line == 8
    assert place(found["Table"], "TableName")[0] == 25
    assert found["Plain"].span.line == 26
    assert place(found["Plain"], "QueueName")[0] == 29
    assert found["ServerlessRestApi"].span.line == 8


def test_sam_keeps_references_that_are_not_decided(parse: Any) -> None:
    template = SAM.replace("MemorySize: 512", "MemorySize: !Ref Size").replace("Default: 256", "Description: x")
    hello = next(d for d in parse(template).declarations if d.id == "Hello")
    assert "parameter Size has no default" in hello.attributes["MemorySize"].reason


def test_sam_keeps_a_region_that_is_not_known(parse: Any) -> None:
    api = """\
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Name: !Sub "api-${AWS::Region}"
      Description: !Ref "AWS::Region"
"""
    for region in ("eu-west-1", None):
        api_of = next(d for d in parse(SAM + api, region).declarations if d.id == "Api").attributes
        if region:
            assert (api_of["Name"], api_of["Description"]) == ("api-eu-west-1", "eu-west-1")
        else:
            assert api_of["Name"].prefix == "api-"
            assert "--region" in api_of["Description"].reason


def test_what_the_translator_refuses_stays_as_it_is(parse: Any) -> None:
    parsed = parse(SAM.replace("Handler: app.main", "Handlers: app.main"))
    assert {d.type for d in parsed.declarations} >= {"AWS::Serverless::Function", "AWS::SQS::Queue"}
    assert ["the SAM translator refuses it" in p.message for p in parsed.problems] == [True]


def test_without_the_translator_sam_stays_as_it_is(parse: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    parsed = parse(SAM)
    assert {d.type for d in parsed.declarations} == {
        *("AWS::Serverless::Function", "AWS::Serverless::SimpleTable", "AWS::SQS::Queue"),
    }
    assert ["riskscan[sam]" in p.message for p in parsed.problems] == [True]


def test_the_translator_has_no_sdk() -> None:
    """Python's own list of what is imported (-X importtime) names the translator, and nothing that opens connections."""
    packages = json.dumps([path for path in sys.path if path])
    worker = Path(scanner.parsers.cloudformation.sam.__file__).with_name("sam_worker.py")
    command = [sys.executable, "-I", "-X", "importtime", str(worker), packages]
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in ran.stderr.splitlines()}
    assert "samtranslator" in imported
    assert not imported & {"boto3", "botocore", "urllib3", "requests", "ssl"}


def test_applications_of_the_repository_are_not_looked_up(parse: Any) -> None:
    application = """\
  Repository:
    Type: AWS::Serverless::Application
    Properties:
      Location: {ApplicationId: "arn:aws:serverlessrepo:us-east-1:1:applications/a", SemanticVersion: 1.0.0}
  Local:
    Type: AWS::Serverless::Application
    Properties: {Location: nested.yaml, Parameters: {Name: !Ref Plain}}
"""
    nested = (
        "Parameters: {Name: {Type: String}}\nResources: {Topic: {Type: AWS::SNS::Topic, Properties: {Q: !Ref Name}}}\n"
    )
    parsed = parse({"stack.yaml": SAM + application, "nested.yaml": nested})
    found = {d.id: d for d in parsed.declarations}
    assert found["Repository"].type == "AWS::Serverless::Application"
    assert found["Hello"].type == "AWS::Lambda::Function"
    assert found["Local"].type == "AWS::CloudFormation::Stack"
    assert found["Local.Topic"].attributes["Q"].ref == Ref("Plain", "Ref")
    assert parsed.problems == ()
    assert parsed.roots == ("stack.yaml",)


def test_the_parameters_of_sam_can_be_given(parse: Any) -> None:
    template = SAM.replace("MemorySize: 512", "MemorySize: !Ref Size")
    given = json.dumps([{"ParameterKey": "Size", "ParameterValue": "1024"}])
    parsed = parse({"stack.yaml": template, "stack.parameters.json": given})
    hello = next(d for d in parsed.declarations if d.id == "Hello")
    assert str(hello.attributes["MemorySize"]) == "1024"


def test_a_word_stands_in_the_line_that_says_it(parse: Any) -> None:
    parsed = parse(
        """\
Resources:
  Node:
    Type: AWS::EC2::Instance
    Properties:
      UserData:
        Fn::Base64: !Sub |
          #!/bin/sh
          export RPC=https://one.example.org/${AWS::Region}
      Tags:
        - Key: url
          Value: !Join
            - ""
            - - https://
              - two.example.org
"""
    )
    (node,) = parsed.declarations
    assert str(node.span_in("UserData", "one.example.org")) == "stack.yaml:8:11"
    assert str(node.span_in("Tags[0].Value", "two.example.org")) == "stack.yaml:14:15"
    assert node.span_in("UserData", "two.example.org") == node.span_of("UserData")


DECIDED = """\
Parameters:
  Stage:
    Type: String
    Default: dev
  Count: {Type: Number, Default: 1}
  Needed: {Type: String}
  Image:
    Type: AWS::SSM::Parameter::Value<String>
    Default: /images/latest
Conditions:
  Prod: !Equals [!Ref Stage, prod]
  Large: !And [!Condition Prod, !Not [!Equals [!Ref Count, 1]]]
Resources:
  Db:
    Type: AWS::RDS::DBInstance
    Properties:
      MultiAZ: !If [Prod, true, false]
      StorageEncrypted: !If [Large, true, false]
      AllocatedStorage: !Ref Count
      DBInstanceIdentifier: !Sub "${AWS::StackName}-${Stage}"
      Engine: postgres
      DBName: !Ref Needed
      KmsKeyId: !Ref Image
      DBInstanceClass: !Join [".", [db, !Ref Stage]]
"""


@pytest.mark.parametrize(
    ("path", "line", "decided"),
    [
        ("MultiAZ", 17, (4, "value from the default of parameter Stage")),
        ("StorageEncrypted", 18, (4, "value from the default of parameter Stage")),
        ("AllocatedStorage", 19, (5, "value from the default of parameter Count")),
        ("DBInstanceIdentifier", 20, (4, "value from the default of parameter Stage")),
        ("Engine", 21, None),
        ("DBName", 22, None),  # nothing is given: the value is unknown, and says so
        ("KmsKeyId", 23, None),  # the default only names where the value is stored
        ("DBInstanceClass", 24, (4, "value from the default of parameter Stage")),
    ],
)
def test_the_default_that_decides_is_told(parse: Any, path: str, line: int, decided: tuple[int, str] | None) -> None:
    (database,) = parse(DECIDED).declarations
    span = database.span_of(path)
    assert span.line == line
    assert (None if span.parent is None else (span.parent.line, span.via)) == decided


def test_what_is_given_for_a_parameter_is_told(parse: Any) -> None:
    values = json.dumps([{"ParameterKey": "Stage", "ParameterValue": "prod"}], indent=1)
    parsed = parse({"stack.yaml": DECIDED, "values.json": values}, parameter_files=("values.json",))
    span = parsed.declarations[0].span_of("MultiAZ")
    assert span.parent is not None
    assert (span.parent.file, span.parent.line) == ("values.json", 4)
    assert span.via == "value from what is given for parameter Stage"


def test_conditions_in_a_circle_are_followed_to_an_end(parse: Any) -> None:
    text = DECIDED.replace("!Equals [!Ref Stage, prod]", "!Not [!Condition Large]")
    (database,) = parse(text).declarations
    assert database.span_of("MultiAZ").line == 17
