"""What an author reads is in the language of the file, with names that its provider knows.

Property names of CloudFormation are those of the registry schemas that cfn-lint ships; Bicep is read by a parser of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from pycep import BicepParser

from scanner.model.rule import RuleInfo
from scanner.rules.load import load_rules

INFOS = load_rules().infos
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TERRAFORM = re.compile(r"```hcl|\bTerraform|\b(aws|google|azurerm)_[a-z]+_")
CONFIGURATION = re.compile(r"```yaml\n\w+: # in .riskscan.yaml\n.*?```", re.DOTALL)
"""Code for the tool's own configuration, where a resource of any provider may be named."""


def snippets(dialect: str, language: str) -> list[Any]:
    return [
        pytest.param(code, id=info.code)
        for info in INFOS.values()
        for name, code in FENCE.findall(info.remediation.get(dialect, ""))
        if name == language
    ]


class _Template(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, whose values do not matter here."""


_Template.add_multi_constructor("!", lambda _loader, suffix, _node: f"!{suffix}")


def strange(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], path: str) -> Iterator[str]:
    """Paths of the keys that a schema does not have."""
    while "$ref" in schema:
        schema = root["definitions"][schema["$ref"].rpartition("/")[2]]
    if isinstance(value, list):
        for item in value:
            yield from strange(item, schema.get("items", {}), root, path)
    known = schema.get("properties")
    if isinstance(value, dict) and known:
        for key, inner in value.items():
            if key not in known:
                yield f"{path}.{key}"
            else:
                yield from strange(inner, known[key], root, f"{path}.{key}")


@pytest.mark.parametrize("code", snippets("cloudformation", "yaml"))
def test_cloudformation_knows_the_properties(code: str) -> None:
    written = yaml.load(code, _Template)  # noqa: S506 -- a subclass of the safe loader
    for name, resource in written.items():
        if isinstance(resource, dict) and str(resource.get("Type", "")).startswith("AWS::"):
            schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource["Type"]).schema
            assert list(strange(resource.get("Properties", {}), schema, schema, name)) == []


def test_a_strange_property_is_told() -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", "AWS::S3::Bucket").schema
    written = {"Versioning": {}, "ReplicationConfiguration": {"Rules": [{"Destination": {"Region": "x"}}]}}
    assert list(strange(written, schema, schema, "Orders")) == [
        "Orders.Versioning",
        "Orders.ReplicationConfiguration.Rules.Destination.Region",
    ]


@pytest.mark.parametrize("code", snippets("bicep", "bicep"))
def test_bicep_is_read_by_its_parser(code: str) -> None:
    whole = code if re.match(r"(resource|module) ", code) else f"var part = {{\n{code}\n}}"
    assert BicepParser().parse(text=whole)


@pytest.mark.parametrize("info", INFOS.values(), ids=list(INFOS))
@pytest.mark.parametrize(("dialect", "near"), [("cloudformation", "terraform/aws"), ("bicep", "terraform/azure")])
def test_no_terraform_is_told_to_who_writes_another_language(info: RuleInfo, dialect: str, near: str) -> None:
    text = info.remediation.get(dialect, info.remediation.get(near, ""))
    assert not TERRAFORM.search(CONFIGURATION.sub("", text))
