"""Terraform's functions and operators against what ``terraform console`` answers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.value import Unknown, Value, is_known
from scanner.parsers.terraform import arithmetic, functions, json_values, syntax, tree
from scanner.parsers.terraform.evaluate import EvaluationError, Scope, evaluate
from scanner.parsers.terraform.functions import FunctionContext, FunctionError
from scanner.parsers.terraform.functions.network import parse_network
from scanner.parsers.terraform.values import ListValue, MapValue, is_too_large

HERE = Path(__file__).parent
CASES: dict[str, list[Any]] = yaml.safe_load((HERE / "function_cases.yaml").read_text())
ORACLE: dict[str, Any] = json.loads((HERE / "function_oracle.json").read_text())
SPECIAL_FORMS = {"try", "can", "issensitive"}


def _no_names(name: str, at: tree.Position) -> Value:
    raise EvaluationError(f"there is no {name}", at)


def _render(text: str, variables: dict[str, Value]) -> Value:
    context = FunctionContext(HERE, HERE, _render, in_template=True)
    return evaluate(syntax.parse_template(text), Scope(_no_names, context, names=variables))


CONTEXT = FunctionContext(HERE, HERE, _render)


def _is_sensitive(expression: tree.Expression) -> bool:
    return isinstance(expression, tree.Call) and expression.name == "sensitive"


def _result(expression: str) -> str:
    """The answer as the oracle writes it: JSON, ``error``, or ``unknown: `` and the reason."""
    try:
        value = evaluate(syntax.parse_expression(expression), Scope(_no_names, CONTEXT, is_sensitive=_is_sensitive))
    except (EvaluationError, syntax.SyntaxInvalid):
        return "error"
    written = value if isinstance(value, Unknown) else json_values.encode(value)
    return f"unknown: {written.reason}" if isinstance(written, Unknown) else written


def _expected(case: str | dict[str, str]) -> tuple[str, str]:
    if isinstance(case, str):
        return case, ORACLE["answers"][case].get("json", "error")
    if "unknown" in case:
        return case["expression"], f"unknown: {case['unknown']}"
    assert case["answer"] != ORACLE["answers"][case["expression"]].get("json"), "this case does not differ any more"
    return case["expression"], case["answer"]


@pytest.mark.parametrize("section", CASES)
def test_expressions_give_what_terraform_gives(section: str) -> None:
    expected = dict(map(_expected, CASES[section]))
    assert {expression: _result(expression) for expression in expected} == expected


def test_every_function_of_terraform_is_there_and_has_three_cases() -> None:
    listed = {name for name in ORACLE["functions"] if not name.startswith("core::")}
    assert listed - functions.names == SPECIAL_FORMS
    assert {name for name in listed if len(CASES.get(name, [])) < 3} == set()


def test_every_case_stands_once() -> None:
    expressions = Counter(_expected(case)[0] for cases in CASES.values() for case in cases)
    assert [expression for expression, count in expressions.items() if count > 1] == []


def call(name: str, *arguments: Value, context: FunctionContext = CONTEXT) -> Value:
    return functions.call(name, arguments, context)


# -- hostile input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("format", ["%999999999d", 1]),
        ("format", ["%.999999999f", 1]),
        ("format", ["%99999999999999999999s", "a"]),
        ("formatlist", ["%999999999d", [1, 2]]),
        ("indent", [10**12, "a\nb"]),
        ("replace", ["a" * 10_000, "a", "b" * 10_000]),
        ("replace", ["a" * 10_000, "/a/", "b" * 10_000]),
        ("join", ["x" * 1_000, [""] * 50_000]),
        ("setproduct", [list(range(1_000)), list(range(1_000))]),
        ("slice", [Unknown("not decided"), 0, 10**9]),
        ("concat", [["a"] * 60_000, ["a"] * 60_000]),
        ("flatten", [[["a"] * 60_000, ["a"] * 60_000]]),
        ("pow", [10, 10**9]),
        ("parseint", ["9" * 10_000, 10]),
        ("tonumber", ["1e999999999"]),
        ("tostring", [Decimal("1e999999999")]),
        ("ceil", [Decimal("1e-999999999")]),
        ("format", ["%v", Decimal("1e999999999")]),
        ("format", ["%d", Decimal("1e999999999")]),
        ("jsonencode", [[Decimal("1e999999999")]]),
        ("range", [Decimal("1e4000"), 1]),
        ("jsondecode", ["[1e999999999]"]),
        ("yamldecode", ["a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(8)
        )]),
        ("base64gunzip", ["H4sIAAAAAAACA+3BMQEAAADCoPVPbQ0PoAAAAAAAAAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"]),
    ],
)  # fmt: skip
def test_bombs_end_in_an_unknown_or_an_error(name: str, arguments: list[Value]) -> None:
    try:
        result = call(name, *arguments)
    except FunctionError:
        return
    assert isinstance(result, (Unknown, str)) or not is_known(result)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(.*)*x", "(?:a?){30}a{30}", "a{1000}{1000}"])
def test_no_pattern_can_hang(pattern: str) -> None:
    # Backtracking engines take exponential time on these.
    with pytest.raises(FunctionError):
        call("regex", f"^{pattern}!$", "a" * 2_000)


def _nested(depth: int) -> Value:
    value: Value = ["x"]
    for _ in range(depth):
        value = [value, value]
    return value


@pytest.mark.parametrize("name", ["jsonencode", "yamlencode", "toset", "tolist", "flatten", "distinct", "md5"])
def test_values_that_share_parts_do_not_explode(name: str) -> None:
    assert is_too_large(_nested(40))
    try:
        assert isinstance(call(name, _nested(40)), Unknown)
    except FunctionError:
        assert name == "md5"


def test_deep_documents_end_in_an_error() -> None:
    for name, text in (("jsondecode", "[" * 100_000), ("yamldecode", "[" * 10_000), ("yamldecode", "- " * 10_000)):
        with pytest.raises(FunctionError):
            call(name, text)


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = "import sys, scanner.parsers.terraform.functions; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"yaml", "re2", "regex", "hashlib", "json"} & set(done.stdout.split()) == set()


def test_large_values_are_recognized_early() -> None:
    assert not is_too_large([1, {"a": [2, 3]}])
    assert is_too_large(list(range(200_000)))
    assert not is_too_large("x" * 200_000)


def test_functions_of_opentofu() -> None:
    # https://opentofu.org/docs/language/functions/: the examples of each page.
    assert call("cidrcontains", "192.168.2.0/20", "192.168.2.1") is True
    assert call("cidrcontains", "192.168.2.0/20", "192.126.2.1") is False
    assert call("cidrcontains", "192.168.2.0/20", "192.168.2.0/22") is True
    assert call("cidrcontains", "192.168.2.0/22", "192.168.2.0/20") is False
    assert call("urldecode", "foo%3Abar%40localhost%3Ffoo%3Dbar%26bar%3Dbaz") == "foo:bar@localhost?foo=bar&bar=baz"
    assert call("urldecode", "Hello+World%21") == "Hello World!"
    assert call("base64gunzip", "H4sIAAAAAAAA/ypJLS4BAAAA//8BAAD//wx+f9gEAAAA") == "test"
    with pytest.raises(FunctionError):
        call("urldecode", "%zz")


def test_functions_that_terraform_had_until_0_14() -> None:
    # https://developer.hashicorp.com/terraform/language/functions/list and …/map: tolist([…]), tomap({…}) replace them.
    assert call("list", "a", 1) == ListValue(["a", "1"])
    assert call("map", "a", 1, "b", "x") == MapValue(a="1", b="x")
    with pytest.raises(FunctionError):
        call("map", "a")


# -- laws --------------------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.one_of(
    st.integers(-(10**30), 10**30),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6),
)
VALUES: st.SearchStrategy[Value] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-100, 100), TEXTS.map(lambda text: call("trim", text, ""))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(TEXTS.map(lambda text: call("trim", text, "")), inner, max_size=4),
    ),
    max_leaves=12,
)


@given(VALUES)
def test_json_reads_back(value: Value) -> None:
    assert call("jsondecode", call("jsonencode", value)) == value


@given(VALUES)
def test_yaml_is_read_as_json_is(value: Value) -> None:
    text = call("yamlencode", value)
    assert json.dumps(yaml.safe_load(text), sort_keys=True) == json.dumps(value, sort_keys=True)


@given(st.lists(TEXTS, max_size=8))
def test_sets_are_sorted_and_have_nothing_twice(items: list[str]) -> None:
    members = call("toset", items)
    assert list(members) == sorted(set(members), key=lambda text: text.encode())
    assert call("toset", ListValue(members)) == members


@given(NUMBERS, NUMBERS)
def test_sums_are_undone(left: int | Decimal, right: int | Decimal) -> None:
    a, b = arithmetic.canonical(left), arithmetic.canonical(right)
    assert not isinstance(a, Unknown)
    assert not isinstance(b, Unknown)
    total = arithmetic.add(a, b)
    assert not isinstance(total, Unknown)
    back = arithmetic.subtract(total, b)
    assert not isinstance(back, Unknown)
    assert abs(Decimal(back) - Decimal(a)) < Decimal("1e-100")


@given(NUMBERS)
def test_numbers_read_back(number: int | Decimal) -> None:
    written = arithmetic.canonical(number)
    assert not isinstance(written, Unknown)
    assert arithmetic.parse(arithmetic.text(written)) == written


@given(st.integers(0, 2**32 - 1), st.integers(1, 24), st.lists(st.integers(1, 8), min_size=1, max_size=6))
def test_subnets_lie_in_their_network_and_apart(address: int, prefix: int, bits: list[int]) -> None:
    network = f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}/{prefix}"
    try:
        found = call("cidrsubnets", network, *bits)
    except FunctionError:
        return
    assert all(call("cidrcontains", network, subnet) for subnet in found)
    ranges = [(each.first, each.first + each.size) for each in map(parse_network, found)]
    assert all(end <= start for (_, end), (start, _) in pairwise(ranges))


@given(st.sampled_from(sorted(functions.names)), st.lists(VALUES, max_size=3))
def test_no_call_fails_in_another_way(name: str, arguments: list[Value]) -> None:
    try:
        call(name, *arguments)
    except FunctionError:
        return
