"""Both HCL front ends against Terraform itself (recorded by record_syntax.py) and against the specification by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scanner.parsers.terraform.front_end import CHOICE
from scanner.parsers.terraform.syntax import parse, parse_expression, parse_template
from scanner.parsers.terraform.tree import (
    Binary,
    Call,
    Conditional,
    Expression,
    ForObject,
    ForTuple,
    GetAttr,
    Index,
    Literal,
    ObjectCons,
    Splat,
    SplatItem,
    Template,
    TemplateFor,
    TemplateIf,
    TemplateWrap,
    TupleCons,
    Unary,
    Variable,
)

ORACLE: dict[str, Any] = json.loads((Path(__file__).parent / "syntax_oracle.json").read_text(encoding="utf-8"))
FRONT_ENDS = ("tree-sitter", "python-hcl2")

# What python-hcl2's grammar has no words for: reported as a problem, never misread.
TWO_OPERATORS = {"!!true", "- -3"}


@pytest.fixture(params=FRONT_ENDS)
def front_end(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    name: str = request.param
    monkeypatch.setenv(CHOICE, name)
    return name


BOTH = pytest.mark.usefixtures("front_end")
"""Run a test once with each front end."""


def text_of(value: Any) -> str:
    """How HCL writes a value into a text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else f"{Decimal(value).normalize():f}"


Names = dict[str, Any]


def calculate(node: Expression, names: Names) -> Any:  # noqa: C901  # a case for each kind of node
    """The value of a constant expression: enough of HCL to tell one tree from another, without any of our evaluator."""
    match node:
        case Literal():
            return node.value
        case Variable():
            return names[node.name]
        case SplatItem():
            return names["*"]
        case TemplateWrap():
            return calculate(node.value, names)
        case Template():
            return "".join(text_of(calculate(part, names)) for part in node.parts)
        case TemplateIf() | Conditional():
            return calculate(node.then if calculate(node.condition, names) else node.otherwise, names)
        case TemplateFor():
            return "".join(calculate(node.body, inner) for inner in bindings(node, names))
        case GetAttr():
            return calculate(node.value, names)[node.name]
        case Index():
            return calculate(node.value, names)[calculate(node.key, names)]
        case Splat():
            return [calculate(node.each, {**names, "*": item}) for item in calculate(node.value, names)]
        case Unary():
            value = calculate(node.value, names)
            return -value if node.operator == "-" else not value
        case Binary():
            return OPERATORS[node.operator](calculate(node.left, names), calculate(node.right, names))
        case TupleCons():
            return [calculate(item, names) for item in node.items]
        case ObjectCons():
            return {text_of(calculate(key, names)): calculate(value, names) for key, value in node.items}
        case ForTuple():
            return [calculate(node.result, inner) for inner in bindings(node, names)]
        case ForObject():
            return for_object(node, names)
        case Call():
            return call(node, names)


def bindings(node: ForTuple | ForObject | TemplateFor, names: Names) -> list[Names]:
    collection = calculate(node.collection, names)
    pairs = sorted(collection.items()) if isinstance(collection, dict) else enumerate(collection)
    found = [{**names, node.key: key, node.value: value} for key, value in pairs]
    condition = None if isinstance(node, TemplateFor) else node.condition
    return [inner for inner in found if condition is None or calculate(condition, inner)]


def for_object(node: ForObject, names: Names) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for inner in bindings(node, names):
        key, value = text_of(calculate(node.name, inner)), calculate(node.result, inner)
        if node.group:
            result.setdefault(key, []).append(value)
        else:
            result[key] = value
    return result


def call(node: Call, names: Names) -> Any:
    arguments = [calculate(argument, names) for argument in node.arguments]
    if node.expand:
        arguments[-1:] = arguments[-1]
    return max(arguments) if node.name in ("max", "core::max") else arguments[0].join(arguments[1])


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": lambda a, b: a % b,
    "==": lambda a, b: type(a) is type(b) and a == b,
    "!=": lambda a, b: type(a) is not type(b) or a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "&&": lambda a, b: a and b,
    "||": lambda a, b: a or b,
}


@pytest.mark.parametrize("source", ORACLE["values"])
def test_a_constant_expression_means_what_terraform_says(source: str, front_end: str) -> None:
    parsed = parse(f"v = {source}\n".encode())
    if front_end == "python-hcl2" and source in TWO_OPERATORS:
        assert parsed.problems
        return
    assert parsed.problems == ()
    value = calculate(parsed.body.attributes["v"].value, {})
    assert json.loads(json.dumps(value, default=float)) == ORACLE["values"][source]


@BOTH
@pytest.mark.parametrize("source", ORACLE["files"])
def test_a_file_is_accepted_when_terraform_accepts_it(source: str) -> None:
    assert (parse(source.encode()).problems == ()) == ORACLE["files"][source]


@pytest.mark.parametrize("source", [*(f"v = {text}\n" for text in ORACLE["values"]), *ORACLE["files"]])
def test_both_front_ends_give_the_same_tree_and_places(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    for name in FRONT_ENDS:
        monkeypatch.setenv(CHOICE, name)
        read.append(parse(source.encode()))
    if not any(f"= {text}\n" in source for text in TWO_OPERATORS):
        assert read[0].body == read[1].body
        assert bool(read[0].problems) == bool(read[1].problems)


@pytest.mark.parametrize("source", [text for text in ORACLE["values"] if not text.startswith("<<")])
def test_an_expression_alone_is_read_as_in_a_file(source: str, front_end: str) -> None:
    if front_end == "tree-sitter" or source not in TWO_OPERATORS:
        assert calculate(parse_expression(source), {}) == calculate(
            parse(f"v = {source}".encode()).body.attributes["v"].value, {}
        )


# The texts of heredocs without indentation are templates as they stand: Terraform reads a template file the same way.
HEREDOCS = {
    text.split("\n", 1)[1].rsplit("\n", 2)[0] + "\n": value
    for text, value in ORACLE["values"].items()
    if text.startswith("<<EOT\n") and text != "<<EOT\nEOT\n"
}


@BOTH
@pytest.mark.parametrize("source", HEREDOCS)
def test_a_template_alone_is_read_as_in_a_heredoc(source: str) -> None:
    assert calculate(parse_template(source), {}) == HEREDOCS[source]


@BOTH
def test_a_template_of_one_interpolation_keeps_the_type() -> None:
    assert isinstance(parse_template("${x}"), TemplateWrap)
    assert isinstance(parse_template("${~ x ~}"), TemplateWrap)
    assert isinstance(parse_expression('"${x}"'), TemplateWrap)
    assert isinstance(parse_expression('"${x} "'), Template)
    assert isinstance(parse_expression("<<E\n${x ~}\nE\n"), Template)


@BOTH
def test_positions_count_characters_from_one_and_end_after_the_last() -> None:
    source = 'é = "ü${ x.y }" # ß\nb "l" m {\n\ta = [1,\n  -f(x)]\n}\n'
    body = parse(source.encode()).body
    text = body.attributes["é"]
    assert text.at == (1, 1, 1, 16)
    assert isinstance(text.value, Template)
    assert text.value.at == (1, 5, 1, 16)
    assert text.value.parts[0] == Literal("ü", (1, 6, 1, 7))
    assert text.value.parts[1] == GetAttr(Variable("x", (1, 10, 1, 11)), "y", (1, 10, 1, 13))
    (block,) = body.blocks
    assert (block.type, block.labels, block.at) == ("b", ("l", "m"), (2, 1, 2, 8))
    items = block.body.attributes["a"]
    assert items.at == (3, 2, 4, 9)
    negative = Unary("-", Call("f", (Variable("x", (4, 6, 4, 7)),), False, (4, 4, 4, 8)), (4, 3, 4, 8))
    assert items.value == TupleCons((Literal(1, (3, 7, 3, 8)), negative), (3, 6, 4, 9))


@BOTH
def test_a_full_splat_takes_all_that_follows() -> None:
    """As in the specification: ``tuple[*].foo.bar[0]`` is ``[for v in tuple : v.foo.bar[0]]``."""
    item = SplatItem((1, 2, 1, 5))
    each = Index(GetAttr(item, "b", (1, 2, 1, 7)), Literal(0, (1, 8, 1, 9)), (1, 2, 1, 10))
    assert parse_expression("a[*].b[0]") == Splat(Variable("a", (1, 1, 1, 2)), each, True, (1, 1, 1, 10))


@BOTH
def test_an_attribute_splat_leaves_the_index_to_the_list() -> None:
    """As in the specification: ``tuple.*.foo.bar[0]`` is ``[for v in tuple : v.foo.bar][0]``."""
    each = GetAttr(SplatItem((1, 2, 1, 4)), "b", (1, 2, 1, 6))
    splat = Splat(Variable("a", (1, 1, 1, 2)), each, False, (1, 1, 1, 6))
    assert parse_expression("a.*.b[0]") == Index(splat, Literal(0, (1, 7, 1, 8)), (1, 1, 1, 9))


@BOTH
def test_a_splat_in_a_splat_names_the_inner_item() -> None:
    inner = GetAttr(SplatItem((1, 7, 1, 10)), "c", (1, 7, 1, 12))
    outer = Splat(GetAttr(SplatItem((1, 2, 1, 5)), "b", (1, 2, 1, 7)), inner, True, (1, 2, 1, 12))
    assert parse_expression("a[*].b[*].c") == Splat(Variable("a", (1, 1, 1, 2)), outer, True, (1, 1, 1, 12))


@BOTH
def test_a_bare_key_is_a_text_and_one_in_parentheses_is_not() -> None:
    parsed = parse_expression("{a = 1, (b) = 2, c.d = 3}")
    assert isinstance(parsed, ObjectCons)
    keys = [key for key, _ in parsed.items]
    assert keys[0] == Literal("a", (1, 2, 1, 3))
    assert keys[1] == Variable("b", (1, 10, 1, 11))
    assert keys[2] == GetAttr(Variable("c", (1, 18, 1, 19)), "d", (1, 18, 1, 21))


@BOTH
def test_only_the_last_conditional_of_a_chain_holds_the_last_else() -> None:
    def names(node: Expression) -> Any:
        if isinstance(node, Conditional):
            return (names(node.condition), names(node.then), names(node.otherwise))
        assert isinstance(node, Variable)
        return node.name

    assert names(parse_expression("a ? b : c ? d : e ? f : g")) == ("a", "b", ("c", "d", ("e", "f", "g")))
    assert names(parse_expression("a ? b ? c : d : e")) == ("a", ("b", "c", "d"), "e")
    assert names(parse_expression("(a ? b : c) ? d : e")) == (("a", "b", "c"), "d", "e")


@BOTH
def test_numbers_are_whole_or_decimal() -> None:
    def number(text: str) -> Any:
        parsed = parse_expression(text)
        assert isinstance(parsed, Literal)
        return parsed.value

    for text, value in (("10", 10), ("1.0", 1), ("2e3", 2000), ("0.1", Decimal("0.1")), ("9" * 60, int("9" * 60))):
        assert number(text) == value
        assert type(number(text)) is type(value)
    assert number("1e999999999") == Decimal("1e999999999")


@BOTH
def test_a_namespaced_function_keeps_its_whole_name() -> None:
    parsed = parse_expression("provider::aws::arn_parse(x...)")
    assert parsed == Call("provider::aws::arn_parse", (Variable("x", (1, 26, 1, 27)),), True, (1, 1, 1, 31))


@BOTH
def test_an_expression_over_lines_has_the_lines_of_its_text() -> None:
    assert parse_expression("\n# c\n  [x,\n y]\n") == TupleCons(
        (Variable("x", (3, 4, 3, 5)), Variable("y", (4, 2, 4, 3))), (3, 3, 4, 4)
    )


@BOTH
def test_an_interpolation_directly_after_a_heredocs_marker_is_seen() -> None:
    parsed = parse_expression("<<EOT\nEOT${x}\nEOT\n")
    assert isinstance(parsed, Template)
    assert parsed.parts[1] == Variable("x", (2, 6, 2, 7))
