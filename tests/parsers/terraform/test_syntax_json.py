"""JSON configuration syntax: each case beside the native text that Terraform's documentation gives the same meaning."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec import Struct

from scanner.parsers.terraform.positions import MAX_NESTING
from scanner.parsers.terraform.syntax import parse
from scanner.parsers.terraform.tree import Body, Literal, ParsedFile


def placeless(value: Any) -> Any:
    """A tree as plain data without positions, template wrappers of JSON's making kept."""
    if isinstance(value, Struct):
        kept = {name: placeless(getattr(value, name)) for name in value.__struct_fields__ if name != "at"}
        return (type(value).__name__, kept)
    if isinstance(value, dict):
        return {key: placeless(item) for key, item in value.items()}
    return [placeless(item) for item in value] if isinstance(value, tuple | list) else value


SAME: dict[str, dict[str, str]] = yaml.safe_load(
    (Path(__file__).parent / "syntax_json_cases.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", SAME)
def test_json_gives_the_tree_of_the_native_syntax(case: str) -> None:
    read = parse(SAME[case]["json"].encode(), "main.tf.json")
    expected = parse(SAME[case]["native"].encode(), "main.tf")
    assert read.problems == expected.problems == ()
    assert placeless(read.body) == placeless(expected.body)


def test_an_object_in_a_resource_stays_an_argument() -> None:
    """Whether ``root_block_device`` is a block only the provider knows."""
    read = parse(b'{"resource": {"a": {"x": {"root_block_device": [{"size": 8}]}}}}', "main.tf.json")
    native = parse(b'resource "a" "x" {\n root_block_device = [{"size" = 8}]\n}\n')
    assert placeless(read.body) == placeless(native.body)


def test_variable_values_are_literal() -> None:
    read = parse(b'{"a": "${x}", "b": {"c": ["%{y}"]}, "resource": 1}', "env/prod.tfvars.json").body
    native = parse(b'a = "$${x}"\nb = {"c" = ["%%{y}"]}\nresource = 1\n').body
    assert placeless(read) == placeless(native)


def test_numbers() -> None:
    read = parse(b'{"locals": {"a": -1, "b": 1.50, "c": 1e3, "d": -0.5, "e": 1E400}}', "main.tf.json")
    found = [attribute.value for attribute in read.body.blocks[0].body.attributes.values()]
    values = [value.value for value in found if isinstance(value, Literal)]
    assert values == [-1, Decimal("1.50"), 1000, Decimal("-0.5"), Decimal("1E400")]
    assert [type(value) for value in values] == [int, Decimal, int, Decimal, Decimal]


def test_every_argument_and_block_has_its_place() -> None:
    source = '{\n\t"resource": {\n"a": {\n      "é": {\n        "n": "${v}",\n        "m": [\n1\n        ]\n}}}}'
    (block,) = parse(source.encode(), "main.tf.json").body.blocks
    assert block.at == (4, 7, 4, 10)
    assert block.body.attributes["n"].at == (5, 9, 5, 20)
    assert block.body.attributes["n"].value.at == (5, 14, 5, 20)
    assert block.body.attributes["m"].at == (6, 9, 8, 10)


def names(parsed: ParsedFile) -> list[str]:
    return [*parsed.body.attributes, *(".".join((block.type, *block.labels)) for block in parsed.body.blocks)]


WRONG = {
    "": (1, 1),
    "{": (1, 2),
    "{]": (1, 2),
    '{"a"}': (1, 5),
    '{"a": }': (1, 7),
    '{"a": 1,}': (1, 9),
    '{"a": 01}': (1, 7),
    '{"a": .5}': (1, 7),
    '{"a": tru}': (1, 7),
    '{"a": NaN}': (1, 7),
    "{'a': 1}": (1, 2),
    '{"a": "x\ny"}': (1, 7),
    '{"a": "\\q"}': (1, 7),
    '{"a": 1} 2': (1, 10),
    "1": (1, 1),
    '{"locals": 1}': (1, 12),
    '{"resource": {"a": [1]}}': (1, 21),
    '{"locals": {"a": "${"}}': (1, 18),
    '{"variable": {"v": {"type": "list("}}}': (1, 29),
}


@pytest.mark.parametrize("source", WRONG)
def test_what_is_wrong_is_reported_where_it_is(source: str) -> None:
    problems = parse(source.encode(), "values.json").problems
    assert problems[0].at[:2] == WRONG[source]
    assert problems[0].fatal


def test_blocks_before_the_break_are_returned() -> None:
    source = '{"resource": {"a": {"x": {"n": 1}, "y": {"n": }, "z": {"n": 3}}}}'
    parsed = parse(source.encode(), "main.tf.json")
    assert names(parsed) == ["resource.a.x"]
    assert [problem.at[:2] for problem in parsed.problems] == [(1, 47)]


def test_one_unreadable_template_costs_its_block_only() -> None:
    parsed = parse(b'{"resource": {"a": {"x": {"n": "${"}, "y": {"n": 1}}}}', "main.tf.json")
    assert names(parsed) == ["resource.a.y"]
    assert [problem.at[:2] for problem in parsed.problems] == [(1, 32)]


def test_a_property_that_is_no_block_is_reported_in_a_configuration_only() -> None:
    source = b'{"inputs": {"a": "${local.x}"}}'
    assert parse(source, "terragrunt.hcl.json").problems == ()
    (problem,) = parse(source, "main.tf.json").problems
    assert (problem.at, problem.fatal) == ((1, 2, 1, 10), False)


def test_the_second_of_two_arguments_is_reported() -> None:
    parsed = parse(b'{"locals": {"a": 1, "a": 2}}', "main.tf.json")
    value = parsed.body.blocks[0].body.attributes["a"].value
    assert isinstance(value, Literal)
    assert value.value == 1
    assert [problem.at for problem in parsed.problems] == [(1, 21, 1, 27)]


@pytest.mark.parametrize("opening", ["[", '{"a":', '{"locals":{"a":', '{"locals":[['])
def test_deep_nesting_is_a_problem(opening: str) -> None:
    parsed = parse(opening.encode() * 10_000, "main.tf.json")
    assert parsed.problems[0].message == f"nested deeper than {MAX_NESTING} levels"
    assert parsed.body == Body({}, ())


def test_escaped_characters_are_characters() -> None:
    parsed = parse(json.dumps({"locals": {"é": "\N{GRINNING FACE}\t${x}"}}).encode(), "main.tf.json")
    native = parse('locals {\n é = "\N{GRINNING FACE}\\t${x}"\n}\n'.encode())
    assert placeless(parsed.body) == placeless(native.body)


def test_half_a_surrogate_pair_becomes_the_replacement_character() -> None:
    value = parse(b'{"locals": {"a": "\\ud800"}}', "main.tf.json").body.blocks[0].body.attributes["a"].value
    assert isinstance(value, Literal)
    assert value.value == "\N{REPLACEMENT CHARACTER}"
