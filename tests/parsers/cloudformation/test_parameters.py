"""Where the values of parameters come from."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scanner.model.value import Unknown

TEMPLATE = """
Parameters:
  Size: {Type: String, Default: small}
  Zones: {Type: CommaDelimitedList, Default: "a, b"}
  Image: {Type: "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", Default: /aws/service/ami}
  Password: {Type: String, NoEcho: true, Default: hunter2secret}
Rules:
  Supported:
    Assertions:
      - Assert: !Contains [[small, large], !Ref Size]
Resources:
  Thing:
    Type: AWS::Test::Thing
    Properties: {Size: !Ref Size, Zones: !Ref Zones, Image: !Ref Image, Password: !Ref Password}
"""


def things(parse: Any, files: dict[str, str], *names: str) -> dict[str, Any]:
    parsed = parse({"net/stack.yaml": TEMPLATE, **files}, parameter_files=names)
    assert [p for p in parsed.problems if p.kind.incomplete] == []
    return dict(parsed.declarations[0].attributes)


def test_defaults_count(parse: Any) -> None:
    found = things(parse, {})
    assert (found["Size"], found["Zones"]) == ("small", ["a", "b"])


def test_a_parameter_of_the_store_is_read_at_deployment(parse: Any) -> None:
    found = things(parse, {})["Image"]
    assert isinstance(found, Unknown)
    assert "/aws/service/ami" in found.reason


def test_a_hidden_default_is_a_secret(parse: Any) -> None:
    assert parse(TEMPLATE).secrets == {"hunter2secret"}


LIST = json.dumps([{"ParameterKey": "Size", "ParameterValue": "large"}])
MAP = json.dumps({"Parameters": {"Size": "large", "Zones": "c"}, "Tags": {"a": "b"}})


@pytest.mark.parametrize(
    "name",
    [
        "net/stack.parameters.json",
        "net/stack-parameters.json",
        "net/stack.params.json",
        "net/stack-params.json",
        "net/parameters/stack.json",
        "net/params/stack.yaml",
    ],
)
@pytest.mark.parametrize("content", [LIST, MAP])
def test_the_one_file_under_the_templates_name_counts(parse: Any, name: str, content: str) -> None:
    assert things(parse, {name: content})["Size"] == "large"


def test_of_two_files_none_is_chosen(parse: Any) -> None:
    files = {"net/stack.parameters.json": LIST, "net/params/stack.json": MAP}
    assert things(parse, files)["Size"] == "small"


def test_files_of_environments_are_not_chosen(parse: Any) -> None:
    assert things(parse, {"net/stack.prod.parameters.json": LIST, "net/parameters/prod.json": MAP})["Size"] == "small"


def test_configured_files_count_in_their_order(parse: Any) -> None:
    files = {"net/stack.parameters.json": LIST, "prod.json": MAP, "more.yaml": "Parameters: {Size: huge}\n"}
    found = things(parse, files, "prod.json", "more.yaml")
    assert (found["Size"], found["Zones"]) == ("huge", ["c"])


def test_a_configured_file_of_another_form_is_a_problem(parse: Any) -> None:
    parsed = parse({"stack.yaml": TEMPLATE, "prod.json": '{"Size": "large"}'}, parameter_files=("prod.json",))
    assert ["ParameterKey" in p.message for p in parsed.problems] == [True]
