"""Terraform's functions and operators against what ``terraform console`` answers."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.value import Ref, Unknown, Value, is_known
from scanner.parsers.terraform import arithmetic, functions, json_values, syntax, tree
from scanner.parsers.terraform.evaluate import EvaluationError, Scope, evaluate
from scanner.parsers.terraform.functions import FunctionContext, FunctionError, files
from scanner.parsers.terraform.functions.network import parse_network
from scanner.parsers.terraform.values import ListValue, MapValue, SetValue, is_too_large, join_parts, make_set, to_text

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


# -- unknown arguments -------------------------------------------------------------------------------------------------

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
        ("slice", [ZONES, 0, 10**9]),
        ("concat", [["a"] * 60_000, ["a"] * 60_000]),
        ("flatten", [[["a"] * 60_000, ["a"] * 60_000]]),
        ("pow", [10, 10**9]),
        ("parseint", ["9" * 10_000, 10]),
        ("tonumber", ["1e999999999"]),
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


def test_large_values_are_recognized_early() -> None:
    assert not is_too_large([1, {"a": [2, 3]}])
    assert is_too_large(list(range(200_000)))
    assert not is_too_large("x" * 200_000)


# -- files -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("outside")
    root = tmp_path / "root"
    (root / "module").mkdir(parents=True)
    (root / "shared.txt").write_text("shared")
    (root / "module" / "own.txt").write_text("own")
    (root / "module" / "leak.txt").symlink_to(tmp_path / "secret.txt")
    (root / "module" / "leaks").symlink_to(tmp_path)
    (root / "module" / "good.txt").symlink_to(root / "shared.txt")
    return root


def _inside(root: Path) -> Callable[..., Value]:
    context = FunctionContext(root, root / "module", _render)
    return lambda name, *arguments: functions.call(name, arguments, context)


def test_files_are_read_inside_the_scanned_folder_only(folder: Path) -> None:
    inside = _inside(folder)
    assert inside("file", "own.txt") == "own"
    assert inside("file", "../shared.txt") == "shared"
    assert inside("file", "good.txt") == "shared"
    assert inside("file", str(folder / "shared.txt")) == "shared"
    for path in ("../../secret.txt", "leak.txt", "leaks/secret.txt", str(folder.parent / "secret.txt"), "/etc/passwd"):
        for name in ("file", "filebase64", "filemd5", "fileexists"):
            assert inside(name, path).reason == "reads outside the scanned folder"
    assert inside("templatefile", "leak.txt", {}).reason == "reads outside the scanned folder"


def test_patterns_do_not_leave_the_scanned_folder(folder: Path) -> None:
    inside = _inside(folder)
    assert inside("fileset", "..", "*.txt") == SetValue(["shared.txt"])
    for path, pattern in (("../..", "*"), (".", "../../*"), ("leaks", "*"), (".", "leaks/*"), (".", "**/*.txt")):
        assert inside("fileset", path, pattern).reason == "reads outside the scanned folder"


def test_links_in_a_circle_end(folder: Path) -> None:
    (folder / "module" / "leak.txt").unlink()
    (folder / "module" / "leaks").unlink()
    (folder / "module" / "loop").symlink_to(folder / "module")
    result = _inside(folder)("fileset", ".", "**/own.txt")
    assert isinstance(result, Unknown) or "own.txt" in result


def test_large_files_and_special_files_are_not_read(folder: Path) -> None:
    (folder / "module" / "large").write_bytes(b"x" * (files.FILE_LIMIT + 1))
    assert "more than" in _inside(folder)("file", "large").reason
    with pytest.raises(FunctionError):
        _inside(folder)("file", ".")
    with pytest.raises(FunctionError):
        _inside(folder)("file", "a\0b")


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


@given(st.sampled_from(sorted(functions.names)), st.lists(st.one_of(VALUES, st.just(NAME)), max_size=3))
def test_no_call_with_unknowns_fails_in_another_way(name: str, arguments: list[Value]) -> None:
    try:
        call(name, *arguments, NAME)
    except FunctionError:
        return
