"""Serverless Framework files. Variables: https://www.serverless.com/framework/docs/guides/variables"""

from __future__ import annotations

from typing import Any

SERVICE = """\
service: shop
provider:
  name: aws
  region: ${opt:region, 'eu-west-1'}
custom:
  table: shop-${self:custom.stage}
  stage: ${opt:stage, self:custom.default}
  default: live
  loop: ${self:custom.loop}
resources:
  Conditions:
    Never: !Equals [a, b]
  Resources:
    Table:
      Type: AWS::DynamoDB::Table
      Properties:
        TableName: ${self:custom.table}
        Named: !Sub "${self:service}-${AWS::Region}"
        Secret: ${ssm:/shop/secret}
        Mixed: a-${env:USER}-b
        Stage: ${sls:stage}
        Loop: ${self:custom.loop}
    Gone:
      Type: AWS::SNS::Topic
      Condition: Never
"""


def test_plain_resources_are_read(parse: Any) -> None:
    parsed = parse({"serverless.yml": SERVICE})
    (table,) = parsed.declarations
    assert (table.id, table.type, table.span.line) == ("Table", "AWS::DynamoDB::Table", 14)
    assert table.provider.attributes == {"region": "eu-west-1"}
    found = table.attributes
    assert found["TableName"] == "shop-live"
    assert found["Named"] == "shop-eu-west-1"
    assert found["Stage"] == "dev"
    assert "filled in when it is deployed" in found["Secret"].reason
    assert (found["Mixed"].prefix, found["Mixed"].suffix) == ("a-", "-b")
    assert found["Loop"].reason
    assert parsed.problems == ()


def test_a_region_that_is_not_decided_is_told(parse: Any) -> None:
    parsed = parse({"serverless.yml": SERVICE.replace("${opt:region, 'eu-west-1'}", "${env:REGION}")})
    assert "${env:REGION}" in parsed.declarations[0].provider.attributes["region"].reason
    (table,) = parse(
        {"serverless.yml": SERVICE.replace("${opt:region, 'eu-west-1'}", "${env:REGION}")}, "eu-north-1"
    ).declarations
    assert table.provider.attributes["region"] == "eu-north-1"
    (table,) = parse({"serverless.yml": SERVICE}, "eu-north-1").declarations
    assert table.provider.attributes["region"] == "eu-west-1"


def test_parts_are_laid_together_and_others_told(parse: Any) -> None:
    text = """\
service: shop
provider: {name: aws}
functions:
  hello: {handler: app.main}
resources:
  - Resources: {A: {Type: AWS::SNS::Topic}}
  - ${file(resources/more.yml)}
  - Resources: {B: {Type: AWS::SQS::Queue, Properties: {T: !Ref A}}}
"""
    parsed = parse({"serverless.yml": text, "resources/more.yml": "Resources: {C: {Type: AWS::KMS::Key}}\n"})
    assert [d.id for d in parsed.declarations] == ["resources/more.yml#C", "serverless.yml#A", "serverless.yml#B"]
    assert [r.target for r in parsed.declarations[2].references] == ["serverless.yml#A"]
    assert [p.span.line for p in parsed.problems] == [3, 7]


def test_other_providers_are_not_read(parse: Any) -> None:
    parsed = parse({"serverless.yml": "service: a\nprovider: {name: google}\nfunctions: {a: {handler: b}}\n"})
    assert parsed.declarations == ()
