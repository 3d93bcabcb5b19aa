"""Type constraints and conversion against what Terraform makes of a variable's default."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from scanner.model.value import Ref, Unknown, Value
from scanner.parsers.terraform import json_values, syntax, tree, types
from scanner.parsers.terraform.evaluate import EvaluationError, Scope, evaluate
from scanner.parsers.terraform.functions import FunctionContext
from scanner.parsers.terraform.values import ListValue, MapValue, SetValue, join_parts

HERE = Path(__file__).parent
CASES: dict[str, list[str]] = yaml.safe_load((HERE / "type_cases.yaml").read_text())
ORACLE: dict[str, Any] = json.loads((HERE / "function_oracle.json").read_text())["types"]
UNKNOWN = Unknown("variable x has no default", ref=Ref("var.x"))


def _value(expression: tree.Expression) -> Value:
    def no_names(name: str, at: tree.Position) -> Value:
        raise EvaluationError(f"there is no {name}", at)

    return evaluate(expression, Scope(no_names, FunctionContext(HERE, HERE, lambda text, _: text)))


def _type(text: str) -> types.Type:
    return types.parse_type(syntax.parse_expression(text))


def _converted(type_: str, default: str) -> str:
    try:
        value = types.convert(_value(syntax.parse_expression(default)), _type(type_), _value)
    except (types.ConversionError, types.TypeSyntaxError):
        return "error"
    return str(json_values.encode(value))


@pytest.mark.parametrize("type_", CASES)
def test_variables_have_the_value_that_terraform_gives_them(type_: str) -> None:
    expected = {default: ORACLE[type_][default].get("json", "error") for default in CASES[type_]}
    assert {default: _converted(type_, default) for default in expected} == expected


def test_quoted_types_of_old_modules_are_read() -> None:
    # Terraform 0.11 wrote types in quotes and 0.12 still read them; later versions refuse them.
    assert _converted('"string"', "1") == '"1"'
    assert _converted('"list"', '[1, "a"]') == '["1","a"]'
    assert _converted('"map"', '{a = 1, b = "x"}') == '{"a":"1","b":"x"}'


def test_collections_have_their_kind() -> None:
    assert isinstance(types.convert(["a"], _type("list(string)")), ListValue)
    assert isinstance(types.convert(["a"], _type("set(string)")), SetValue)
    assert isinstance(types.convert({"a": 1}, _type("map(string)")), MapValue)
    assert type(types.convert(["a"], _type("tuple([string])"))) is list
    assert type(types.convert(MapValue(a="x"), _type("object({a = string})"))) is dict


def test_unknowns_stay_what_they_are() -> None:
    for text in ("string", "list(string)", "object({a = optional(string, 1)})"):
        assert types.convert(UNKNOWN, _type(text)) is UNKNOWN
    assert types.convert([UNKNOWN, 1], _type("list(string)")) == [UNKNOWN, "1"]
    assert types.convert({"a": UNKNOWN}, _type('object({a = optional(string, "d"), b = optional(string)})')) == {
        "a": UNKNOWN,
        "b": None,
    }
    partly = join_parts(["1", UNKNOWN])
    assert types.convert(partly, _type("string")) is partly
    number = types.convert(partly, _type("number"))
    assert isinstance(number, Unknown)
    assert number.parts == ()


def test_types_say_where_they_are_wrong() -> None:
    with pytest.raises(types.TypeSyntaxError) as error:
        _type("object({a = optional(strin)})")
    assert error.value.at == (1, 22, 1, 27)
    assert str(error.value) == '"strin" is not a type'


def test_errors_name_the_attribute() -> None:
    with pytest.raises(types.ConversionError, match=r'attribute "a": attribute "b": a number is required'):
        types.convert({"a": {"b": "x"}}, _type("object({a = object({b = number})})"))
    with pytest.raises(types.ConversionError, match=r'attributes "a", "b" are required'):
        types.convert({}, _type("object({a = string, b = string})"))


def test_results_of_conditionals_have_one_type() -> None:
    # https://developer.hashicorp.com/terraform/language/expressions/conditionals#result-types
    assert types.branch("12", 1) == "12"
    assert types.branch(12, "hello") == "12"
    assert types.branch([], ["a"]) == ListValue()
    assert types.branch(None, ["a"]) is None
    assert types.branch(12, None) == 12
    assert types.branch(12, UNKNOWN) == 12
    assert types.branch({"a": 1}, {"b": "x"}) == MapValue(a="1")
    with pytest.raises(types.ConversionError):
        types.branch([1], {"a": 1})


@pytest.mark.parametrize(
    "type_", [text for text, answers in ORACLE.items() if any("json" in a for a in answers.values())]
)
def test_descriptions_read_back(type_: str) -> None:
    described = types.describe(_type(type_))
    without_optional = types.describe(types.parse_type(syntax.parse_expression(described)))
    assert described == without_optional
