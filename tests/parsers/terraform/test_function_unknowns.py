"""Functions of unknown arguments: what stays known, and that no answer contradicts the one without unknowns."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.value import Ref, Unknown, Value, is_known
from scanner.parsers.terraform import functions, syntax, tree
from scanner.parsers.terraform.evaluate import EvaluationError, Scope, evaluate
from scanner.parsers.terraform.functions import FunctionContext, FunctionError
from scanner.parsers.terraform.values import MapValue, SetValue, join_parts, make_set, to_text

HERE = Path(__file__).parent
ORACLE: dict[str, Any] = json.loads((HERE / "function_oracle.json").read_text())
SPECIAL_FORMS = {"try", "can", "issensitive"}


def _no_names(name: str, at: tree.Position) -> Value:
    raise EvaluationError(f"there is no {name}", at)


def _render(text: str, variables: dict[str, Value]) -> Value:
    return evaluate(syntax.parse_template(text), Scope(_no_names, CONTEXT, names=variables))


CONTEXT = FunctionContext(HERE, HERE, _render)


def call(name: str, *arguments: Value) -> Value:
    return functions.call(name, arguments, CONTEXT)


ZONES = Unknown("data aws_availability_zones is read at apply", ref=Ref("data.aws_availability_zones.all", "names"))
NAME = Unknown("variable name has no default", ref=Ref("var.name"), refs=(Ref("var.name"),))
OTHER = Unknown("variable other has no default", ref=Ref("var.other"), refs=(Ref("var.other"),))


def zone(index: int) -> Ref:
    return Ref("data.aws_availability_zones.all", f"names[{index}]")


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        # The number of elements is known although an element is not.
        ("length", [[NAME, "b"]], 2),
        ("length", [MapValue(a=NAME)], 1),
        ("concat", [["a"], [NAME]], ["a", NAME]),
        ("keys", [{"b": NAME, "a": 1}], ["a", "b"]),
        ("values", [{"b": NAME, "a": 1}], [1, NAME]),
        ("merge", [{"a": NAME}, {"b": 1}], {"a": NAME, "b": 1}),
        ("merge", [{"a": NAME}, {"a": 1}], {"a": 1}),
        ("lookup", [{"a": 1, "b": NAME}, "a", 2], 1),
        ("lookup", [{"a": 1}, "b", NAME], NAME),
        ("element", [["a", NAME], 1], NAME),
        ("element", [["a", NAME], 2], "a"),
        ("slice", [["a", NAME, "c"], 0, 2], ["a", NAME]),
        ("reverse", [["a", NAME]], [NAME, "a"]),
        ("one", [[NAME]], NAME),
        ("zipmap", [["a", "b"], [NAME, 1]], {"a": NAME, "b": 1}),
        ("chunklist", [["a", NAME, "c"], 2], [["a", NAME], ["c"]]),
        ("setproduct", [["a"], [NAME]], [["a", NAME]]),
        ("tolist", [["a", NAME]], ["a", NAME]),
        ("tomap", [{"a": NAME}], {"a": NAME}),
        # The answer is the same whatever the unknown is.
        ("contains", [["a", NAME], "a"], True),
        ("contains", [[NAME], NAME], True),
        ("index", [["a", NAME], "a"], 0),
        ("coalesce", ["a", NAME], "a"),
        ("coalesce", [None, "", "b", NAME], "b"),
        ("coalesce", [join_parts(["x", NAME]), "b"], join_parts(["x", NAME])),
        ("coalescelist", [["a"], ZONES], ["a"]),
        ("compact", [["", join_parts(["x", NAME])]], [join_parts(["x", NAME])]),
        ("alltrue", [[NAME, False]], False),
        ("anytrue", [[NAME, True]], True),
        ("startswith", [join_parts(["prod-", NAME]), "prod"], True),
        ("startswith", [join_parts(["prod-", NAME]), "dev"], False),
        ("endswith", [join_parts([NAME, ".zip"]), ".zip"], True),
        ("endswith", [join_parts([NAME, ".zip"]), ".tar"], False),
        ("strcontains", [join_parts([NAME, "-eu-", OTHER]), "eu"], True),
        ("substr", [join_parts(["eu-west-1", NAME]), 0, 2], "eu"),
        ("basename", [join_parts([NAME, "/lambda.zip"])], "lambda.zip"),
        # Partly known texts.
        ("join", ["-", ["a", NAME, "c"]], join_parts(["a-", NAME, "-c"])),
        ("format", ["%s-%s", NAME, "a"], join_parts([NAME, "-a"])),
        ("formatlist", ["%s-a", [NAME, "b"]], [join_parts([NAME, "-a"]), "b-a"]),
        ("upper", [join_parts(["a", NAME.derived()])], join_parts(["A", NAME.derived()])),
        ("trimprefix", [join_parts(["a-", NAME]), "a-"], NAME),
        ("trimsuffix", [join_parts([NAME, "."]), "."], NAME),
        ("dirname", [join_parts([NAME, "/a/b"])], join_parts([NAME, "/a"])),
        # The same value under another name.
        ("sort", [ZONES], ZONES),
        ("tolist", [ZONES], ZONES),
        ("toset", [ZONES], ZONES),
        ("distinct", [ZONES], ZONES),
        ("sensitive", [NAME], NAME),
        ("nonsensitive", [NAME], NAME),
        ("tostring", [NAME], NAME),
    ],
)
def test_what_is_known_survives(name: str, arguments: list[Value], expected: Value) -> None:
    assert call(name, *arguments) == expected


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("length", [ZONES]),
        ("length", [make_set(["a", NAME])]),  # one or two elements
        ("upper", [NAME]),
        ("contains", [["a", NAME], "b"]),
        ("index", [[NAME, "a"], "a"]),
        ("coalesce", [NAME, "b"]),
        ("coalescelist", [ZONES, ["b"]]),
        ("compact", [["a", NAME]]),  # it may be empty
        ("flatten", [["a", NAME]]),  # it may be a list
        ("distinct", [["a", NAME]]),
        ("sort", [["b", NAME]]),
        ("merge", [{"a": 1}, NAME]),
        ("keys", [NAME]),
        ("lookup", [NAME, "a", "b"]),
        ("element", [["a", "b"], NAME]),
        ("zipmap", [[NAME], [1]]),
        ("setintersection", [["a", NAME], ["a"]]),
        ("replace", ["a", NAME, "b"]),
        ("max", [1, NAME]),
        ("cidrsubnet", [NAME, 8, 0]),
        ("yamlencode", [{"a": NAME}]),
        ("file", [NAME]),
        ("templatefile", ["function_files/wrap.tftpl", NAME]),
    ],
)
def test_what_is_not_decided_is_unknown_and_keeps_its_references(name: str, arguments: list[Value]) -> None:
    result = call(name, *arguments)
    assert isinstance(result, Unknown)
    assert result.ref is None
    assert set(result.refs) <= {Ref("var.name"), Ref("var.other")}
    assert NAME not in arguments or Ref("var.name") in result.refs


def test_elements_of_an_unknown_list_are_distinct_and_stable() -> None:
    first, second, third = call("slice", ZONES, 0, 3)
    assert [first.ref, second.ref, third.ref] == [zone(0), zone(1), zone(2)]
    assert call("element", ZONES, 1).ref == zone(1)
    assert call("element", call("sort", ZONES), 2) == third
    assert call("length", call("slice", ZONES, 0, 3)) == 3
    assert call("lookup", NAME, "zone").ref == Ref("var.name", '["zone"]')


def test_the_first_reason_is_given() -> None:
    assert call("join", "-", [NAME, OTHER]).reason == "variable name has no default"
    assert call("max", 1, OTHER, NAME).reason == "variable other has no default"


def test_functions_of_providers_are_unknown() -> None:
    result = call("provider::aws::arn_parse", NAME)
    assert result.reason == "only the provider can compute provider::aws::arn_parse"
    assert result.refs == NAME.refs


def test_gzip_is_known_as_far_as_its_header() -> None:
    # RFC 1952: magic number, deflate, no flags, no time, no extra flags, unknown system; Terraform writes the same.
    for text in ("", "test"):
        result = call("base64gzip", text)
        assert result.prefix == "H4sIAAAAAAAA/"


def test_json_with_unknowns_is_partly_known_and_reads_back() -> None:
    arn = join_parts(["arn:aws:s3:::", NAME, "/*"])
    policy = {"Statement": [{"Effect": "Deny", "Resource": arn}], "Version": "2012-10-17", "Id": NAME}
    text = call("jsonencode", policy)
    assert isinstance(text, Unknown)
    assert text.parts[0] == '{"Id":'
    assert text.suffix == '/*"}],"Version":"2012-10-17"}'
    read = call("jsondecode", text)
    assert read["Statement"] == policy["Statement"]
    assert read["Version"] == "2012-10-17"
    assert read["Id"].refs == NAME.refs


def test_a_bare_unknown_in_a_json_array_may_be_several_elements() -> None:
    text = join_parts(['{"a": [1, ', NAME, '], "b": 2}'])
    read = call("jsondecode", text)
    assert read["b"] == 2
    assert isinstance(read["a"], Unknown)
    assert isinstance(call("jsondecode", join_parts(["{", NAME])), Unknown)


def _holes(value: Value, depth: int = 2) -> Iterator[Value]:
    """The value with one part of it, or all of it, replaced by an unknown."""
    yield NAME
    if depth and isinstance(value, list):
        for index, item in enumerate(value):
            yield from (type(value)([*value[:index], hole, *value[index + 1 :]]) for hole in _holes(item, depth - 1))
    elif depth and isinstance(value, dict):
        for key, item in value.items():
            yield from (type(value)({**value, key: hole}) for hole in _holes(item, depth - 1))
    elif isinstance(value, str) and value:
        yield join_parts([value[:1], NAME])
        yield join_parts([NAME, value[-1:]])


def _agrees(open_value: Value, value: Value) -> bool:
    """Whether an unknown in the first can be filled in to give the second."""
    if isinstance(open_value, Unknown):
        known = isinstance(value, str) or not open_value.parts
        return (
            known
            and _apart(value).startswith(_apart(open_value.prefix))
            and _apart(value).endswith(_apart(open_value.suffix))
        )
    if isinstance(open_value, SetValue):
        return isinstance(value, SetValue) and (not is_known(open_value) or open_value == value)
    if isinstance(open_value, list) and isinstance(value, list):
        return len(open_value) == len(value) and all(map(_agrees, open_value, value))
    if isinstance(open_value, dict) and isinstance(value, dict):
        return open_value.keys() == value.keys() and all(_agrees(item, value[key]) for key, item in open_value.items())
    same_kind = type(open_value) is type(value) or isinstance(value, str)  # beside a text numbers become texts
    return same_kind and to_text(open_value) == to_text(value)


def _apart(value: Value) -> str:
    """The text with accents apart from their letters, as they may be before an unknown is filled in."""
    return unicodedata.normalize("NFD", value) if isinstance(value, str) else ""


def _calls() -> Iterator[tuple[str, list[Value]]]:
    """The calls among the cases, with their arguments evaluated."""
    for expression, answer in ORACLE["answers"].items():
        if "json" not in answer:
            continue
        call_ = syntax.parse_expression(expression)
        if isinstance(call_, tree.Call) and call_.name not in SPECIAL_FORMS and not call_.expand:
            yield call_.name, [evaluate(argument, Scope(_no_names, CONTEXT)) for argument in call_.arguments]


def test_answers_with_unknowns_never_contradict_those_without() -> None:
    contradictions = []
    for name, arguments in _calls():
        answer = call(name, *arguments)
        for index, argument in enumerate(arguments):
            for hole in _holes(argument):
                holed = [*arguments[:index], hole, *arguments[index + 1 :]]
                try:
                    agrees = _agrees(call(name, *holed), answer)
                except FunctionError:
                    agrees = False
                if not agrees:
                    contradictions.append((name, holed))
    assert contradictions == []


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-100, 100), st.text(max_size=5), st.just(NAME))
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=4), st.dictionaries(st.text(max_size=3), SCALARS, max_size=4))


@given(st.sampled_from(sorted(functions.names)), st.lists(VALUES, max_size=4))
def test_no_call_with_unknowns_fails_in_another_way(name: str, arguments: list[Value]) -> None:
    try:
        call(name, *arguments)
    except FunctionError:
        return
