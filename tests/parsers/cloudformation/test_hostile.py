"""Templates that were made to break a reader: all end, with what was cut off told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.parsers.cloudformation import limits
from scanner.parsers.cloudformation.estate import Estate
from scanner.parsers.cloudformation.evaluation import Deployment
from scanner.parsers.cloudformation.project import Planned
from scanner.parsers.cloudformation.reading import Options, Reading, root_of, template_of
from scanner.parsers.positioned_yaml import read_yaml


def messages(parsed: Any) -> str:
    return "\n".join(problem.message for problem in parsed.problems)


@pytest.mark.parametrize("link", ["!Not [!Condition {}]", "!And [!Condition {}, !Equals [a, a]]", "{{Condition: {}}}"])
def test_a_chain_of_conditions_ends(parse: Any, link: str) -> None:
    chain = "\n".join(f"  C{n}: {link.format(f'C{n + 1}')}" for n in range(500))
    parsed = parse(
        f"Conditions:\n{chain}\n  C500: !Equals [a, a]\nResources:\n  T: {{Type: AWS::SNS::Topic, Condition: C0}}\n"
    )
    assert len(parsed.declarations) == 1
    assert "depend on each other over more than" in messages(parsed)


def test_a_chain_of_stacks_ends(parse: Any) -> None:
    stack = "  S{0}:\n    Type: AWS::CloudFormation::Stack\n    Properties: {{TemplateURL: n.yaml, Parameters: {{In: !GetAtt S{1}.Outputs.Out}}}}\n"
    main = "Resources:\n" + "".join(stack.format(n, n + 1) for n in range(200)) + "  S200: {Type: AWS::SNS::Topic}\n"
    nested = "Parameters: {In: {Type: String}}\nResources: {T: {Type: AWS::SNS::Topic, Properties: {N: !Ref In}}}\nOutputs: {Out: {Value: !Sub '${In}'}}\n"
    parsed = parse({"main.yaml": main, "n.yaml": nested})
    assert "depend on each other over more than" in messages(parsed)
    assert len(parsed.declarations) > 201


def test_loops_in_loops_end(parse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_FIELDS", 20_000)
    items = ", ".join(f"v{n}" for n in range(100))
    text = f"{{Fn::ForEach::L2: [B, [{items}], {{Fn::ForEach::L3: [C, [{items}], {{'R${{A}}${{B}}${{C}}': {{Type: AWS::SNS::Topic}}}}]}}]}}"
    parsed = parse(f"Resources:\n  Fn::ForEach::L1: [A, [{items}], {text}]\n  T: {{Type: AWS::SNS::Topic}}\n")
    assert "templates make more than" in messages(parsed)
    assert "stack.yaml" in parsed.partly


def test_a_loop_of_many_entries_ends(parse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.parsers.cloudformation.loops.MAX_LOOP", 10)
    items = ", ".join(f"v{n}" for n in range(50))
    parsed = parse(f"Resources:\n  Fn::ForEach::L: [A, [{items}], {{'R${{A}}': {{Type: AWS::SNS::Topic}}}}]\n")
    assert len(parsed.declarations) == 10
    assert "a loop makes more than 10 entries" in messages(parsed)


def test_a_long_list_that_is_repeated_ends(parse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_FIELDS", 50_000)
    names = ", ".join(["!Ref P"] * 100)
    parsed = parse(
        f"Parameters: {{P: {{Type: CommaDelimitedList, Default: '{'a,' * 5_000}'}}}}\n"
        f"Conditions: {{C: !Equals [[{names}], [{names}]]}}\n"
        f"Resources:\n  A: {{Type: AWS::SNS::Topic, Condition: C, Properties: {{V: [{names}]}}}}\n"
        f"  B: {{Type: AWS::SNS::Topic, Properties: {{V: [{names}]}}}}\n"
    )
    assert "templates make more than" in messages(parsed)
    assert parsed.partly == {"stack.yaml"}


def test_texts_that_double_end(parse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_TEXT", 10_000)
    stack = "Parameters: {{P: {{Type: String, Default: xxxxxxxx}}}}\nResources:\n  N:\n    Type: AWS::CloudFormation::Stack\n    Properties: {{TemplateURL: {}, Parameters: {{P: !Sub '{}'}}}}\n"
    files = {f"s{n:02}.yaml": stack.format(f"s{n + 1:02}.yaml", "${P}" * 8) for n in range(8)}
    files["s08.yaml"] = (
        "Parameters: {P: {Type: String}}\nResources: {T: {Type: AWS::SNS::Topic, Properties: {N: !Ref P}}}\n"
    )
    parsed = parse(files)
    assert "a text of more than 10000 characters" in messages(parsed)


def test_stacks_that_multiply_end(parse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.parsers.cloudformation.estate.MAX_STACKS", 50)
    nested = "".join(
        f"  N{n}:\n    Type: AWS::CloudFormation::Stack\n    Properties: {{{{TemplateURL: {{0}}}}}}\n"
        for n in range(10)
    )
    files = {f"s{n}.yaml": f"Resources:\n{nested}".format(f"s{n + 1}.yaml") for n in range(9)}
    parsed = parse({**files, "s9.yaml": "Resources: {T: {Type: AWS::SNS::Topic}}\n"})
    assert "more than 50 nested stacks" in messages(parsed)


def test_aliases_that_multiply_end(parse: Any) -> None:
    levels = "\n".join(f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10))
    text = (
        f"Metadata:\n  a0: &a0 [x]\n{levels}\nResources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties: {{A: *a9}}\n"
    )
    parsed = parse(text)
    assert parsed.declarations == ()
    assert parsed.unread == {"stack.yaml"}


@pytest.mark.parametrize(
    "text",
    [
        "Resources: [AWS::X]\nType: AWS::X",
        "AWSTemplateFormatVersion: x\nResources:\n  A: AWS::X\n  B: {Type: [AWS::X]}\n  C: {Type: !Ref X}\n  D:\n  E: {Properties: {}}\n",
        "Resources:\n  A: {Type: AWS::X, Properties: [1], DependsOn: {a: b}, Condition: [a]}\n",
        "Resources:\n  A: {Type: AWS::X, Properties: !Ref X}\nParameters: {X: 5}\n",
        "Resources:\n  A: {Type: AWS::X}\nOutputs: {O: 5}\nConditions: {C: {}}\nMappings: {M: 5}\nTransform: {a: b}\n",
        "Resources:\n  A: {Type: AWS::X, Properties: {A: {{name}}, B: 1}}\n",
        "Resources:\n  ? [a, b]\n  : {Type: AWS::X}\n  <<: {B: {Type: AWS::Y}}\n",
    ],
)
def test_shapes_that_are_wrong_are_told_or_passed_over(parse: Any, text: str) -> None:
    parsed = parse(text)
    assert parsed.roots
    assert parsed.problems or parsed.declarations


NAMES = st.sampled_from(["A", "B", "P", "AWS::Region", "AWS::NoValue", "N", "x", "1", "prod", ",", ""])
FUNCTIONS = st.sampled_from(
    [
        "Ref",
        "Condition",
        *(f"Fn::{n}" for n in ("And", "Base64", "Cidr", "Equals", "FindInMap", "ForEach::L", "GetAZs")),
    ]
    + [f"Fn::{n}" for n in ("GetAtt", "If", "ImportValue", "Join", "Length", "Not", "Or", "Select", "Split", "Sub")]
    + ["Fn::ToJsonString", "Fn::Transform", "Fn::Nothing"]
)
VALUES = st.recursive(
    NAMES | st.integers(-2, 9) | st.none() | st.booleans() | st.sampled_from(["${A.Arn}-${P}", "{{resolve:ssm:x}}"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(FUNCTIONS, inner, min_size=1, max_size=1)
        | st.dictionaries(NAMES | FUNCTIONS, inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(a=VALUES, b=VALUES, condition=VALUES, mapping=VALUES, output=VALUES)
def test_no_template_breaks_the_reader(
    a: Any, b: Any, condition: Any, mapping: Any, output: Any, tmp_path: Any
) -> None:
    data = {
        "Parameters": {"P": {"Type": "String"}, "N": {"Type": "CommaDelimitedList", "Default": a}},
        "Conditions": {"A": condition, "B": {"Fn::Not": [{"Condition": "A"}]}},
        "Mappings": {"A": mapping, "B": {"A": {"B": 1}}},
        "Resources": {
            "A": {"Type": "AWS::SNS::Topic", "Properties": a, "Condition": "A"},
            "B": {"Type": "AWS::SQS::Queue", "Properties": {"V": b}, "DependsOn": b, "DeletionPolicy": a},
            "Fn::ForEach::L": ["x", ["1"], {"C${x}": {"Type": "AWS::CloudFormation::Stack", "Properties": b}}],
        },
        "Outputs": {"A": {"Value": output, "Export": {"Name": a}}},
    }
    reading = Reading(Options(tmp_path, tmp_path))
    (document,) = read_yaml(json.dumps(data).encode(), "t.json").documents
    template = template_of(str(tmp_path / "t.json"), "t.json", root_of(document))
    estate = Estate(reading, {template.path: template})
    plan = Planned(template, Deployment("t.json"))
    stack = estate.stack(plan.template, plan.deployment)
    estate.roots.append(stack)
    for declaration in estate.declared(stack):
        assert declaration.span.file == "t.json"
        assert all(declaration.span_of(path).line >= 1 for path in declaration.places)
