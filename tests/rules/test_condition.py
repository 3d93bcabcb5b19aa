"""Conditions: each operator, three-valued combination, and what does not apply."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from scanner.facts import FACTS, Answer
from scanner.facts.fact import Fact
from scanner.graph.graph import Graph, build_graph
from scanner.graph.index import build_index
from scanner.model.finding import Related
from scanner.model.resource import Declaration, Placement, Resource
from scanner.model.span import Span
from scanner.model.value import ABSENT, Ref, Unknown, Value
from scanner.rules.condition import OPERATORS, Inquiry, faults, judge, mentioned

U = Unknown("no default", Span("main.tf", 1), Ref("var.x"))
RESOURCE = Unknown("after apply", None, Ref("aws_kms_key.k", "arn"))
EMPTY = build_graph([], [], build_index([], {}))


def inquiry(**properties: Value) -> Inquiry:
    declaration = Declaration("aws_db_instance.d", "aws_db_instance", "d", "terraform", Span("main.tf", 3), {})
    known = {name: value for name, value in properties.items() if value is not ABSENT}
    deciders = {name: (declaration, name) for name in properties}
    return Inquiry(Resource(declaration, "database", known, deciders, Placement("aws")), EMPTY)


def shown(verdict: Any) -> str:
    return (
        {True: "true", False: "false", None: "does not apply"}.get(verdict, "?")
        if not isinstance(verdict, Unknown)
        else "unknown"
    )


ANSWERS: list[tuple[Value, str, Any, str]] = [
    (True, "is", True, "true"),
    (True, "is", 1, "false"),
    ("ZoneRedundant", "is", "zoneredundant", "true"),
    (7, "is", 7, "true"),
    (None, "is", None, "true"),
    ([1], "is", [1], "true"),
    (U, "is", True, "unknown"),
    (True, "is_not", False, "true"),
    (U, "is_not", True, "unknown"),
    (ABSENT, "is_not", "x", "true"),
    (ABSENT, "is", "x", "does not apply"),  # neither written nor known by default: nothing passes by accident
    ("B", "in", ["a", "b"], "true"),
    ("c", "in", ["a", "b"], "false"),
    (U, "in", ["a"], "unknown"),
    ("c", "not_in", ["a", "b"], "true"),
    (U, "not_in", ["a"], "unknown"),
    (6, "below", 7, "true"),
    (7, "below", 7, "false"),
    ("6", "below", 7, "false"),
    (U, "below", 7, "unknown"),
    (ABSENT, "below", 7, "does not apply"),
    (Decimal("7.5"), "above", 7, "true"),
    (True, "above", 0, "false"),
    (U, "above", 0, "unknown"),
    (7, "at_least", 7, "true"),
    (6, "at_least", 7, "false"),
    ("many", "at_least", 7, "false"),
    (True, "at_least", 0, "false"),
    (None, "at_least", 0, "false"),
    (ABSENT, "at_least", 0, "does not apply"),
    (U, "at_least", 7, "unknown"),
    (7, "at_most", 7, "true"),
    (8, "at_most", 7, "false"),
    ("few", "at_most", 7, "false"),
    (U, "at_most", 7, "unknown"),
    ("2024", "at_most", "2025", "true"),
    (["a", U], "contains", "a", "true"),
    (["a", U], "contains", "b", "unknown"),
    (["a"], "contains", "b", "false"),
    ("abc", "contains", "b", "true"),
    ({"k": 1}, "contains", "k", "true"),
    ([], "empty", True, "true"),
    (["a"], "empty", True, "false"),
    (ABSENT, "empty", True, "true"),
    ("x", "empty", False, "true"),
    ([U], "empty", True, "false"),
    (U, "empty", True, "unknown"),
    ("eu-west-1", "matches", "^eu-", "true"),
    (7, "matches", "7", "false"),
    (["us-1", "eu-1"], "matches", "^eu-", "true"),
    (["us-1", U], "matches", "^eu-", "unknown"),
    (U, "matches", "^eu-", "unknown"),
    (7, "known", True, "true"),
    (U, "known", True, "false"),
    ([U], "known", False, "true"),
    ("x", "exists", True, "true"),
    ("", "exists", True, "false"),
    ([], "exists", True, "false"),
    (None, "exists", False, "true"),
    (False, "exists", True, "true"),
    (0, "exists", True, "true"),
    (ABSENT, "exists", True, "false"),
    (ABSENT, "exists", False, "true"),
    (RESOURCE, "exists", True, "true"),
    (RESOURCE, "exists", False, "false"),
    (U, "exists", True, "unknown"),  # a variable may be null
]


@pytest.mark.parametrize(("value", "operator", "operand", "expected"), ANSWERS)
def test_operators(value: Value, operator: str, operand: Any, expected: str) -> None:
    assert shown(judge({"engine": {operator: operand}}, inquiry(engine=value))) == expected


def test_every_operator_is_tested() -> None:
    assert {operator for _, operator, _, _ in ANSWERS} == OPERATORS.keys()


def test_several_operators_must_all_hold() -> None:
    asked = inquiry(backup_retention_days=5, engine=U)
    assert judge({"backup_retention_days": {"above": 0, "below": 7}}, asked) is True
    assert judge({"backup_retention_days": {"above": 0, "below": 5}}, asked) is False
    assert isinstance(judge({"engine": {"is": "x", "matches": "x"}}, asked), Unknown)


# -- combination -----------------------------------------------------------------------------------

PARTS: dict[str, Any] = {
    "true": {"engine": {"is": "x"}},
    "false": {"engine": {"is": "y"}},
    "unknown": {"cluster": {"is": "z"}},
    "does not apply": {"serverless": {"is": True}},
}


def ask(condition: Any) -> str:
    return shown(judge(condition, inquiry(engine="x", cluster=U)))


@pytest.mark.parametrize("name", PARTS)
def test_the_four_answers(name: str) -> None:
    assert ask(PARTS[name]) == name
    opposite = {"true": "false", "false": "true"}
    assert ask({"not": PARTS[name]}) == opposite.get(name, name)


@pytest.mark.parametrize("names", list(product(PARTS, repeat=2)))
def test_all_and_any(names: tuple[str, str]) -> None:
    every = ask({"all": [PARTS[name] for name in names]})
    some = ask({"any": [PARTS[name] for name in names]})
    if "does not apply" in names:
        assert every == "does not apply"
    else:
        assert every == next((word for word in ("false", "unknown") if word in names), "true")
    applying = [name for name in names if name != "does not apply"]
    if applying:
        assert some == next((word for word in ("true", "unknown") if word in applying), "false")
    else:
        assert some == "does not apply"


def test_conditions_nest() -> None:
    condition = {
        "all": [{"not": {"any": [PARTS["false"], PARTS["does not apply"]]}}, {"any": [PARTS["unknown"], PARTS["true"]]}]
    }
    assert ask(condition) == "true"
    assert list(mentioned(condition)) == ["engine", "serverless", "cluster", "engine"]


# -- facts -----------------------------------------------------------------------------------------


def test_a_fact_is_asked_once_and_explains_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    place = Related(Span("other.tf", 9), "the group")

    def compute(resource: Resource, _graph: Graph) -> Answer:
        calls.append(resource.id)
        return Answer(3, (place, place), Span("main.tf", 5))

    monkeypatch.setitem(FACTS, "members", Fact(compute, "for this test"))
    asked = inquiry()
    assert judge({"all": [{"members": {"above": 2}}, {"members": {"below": 4}}]}, asked) is True
    assert calls == ["aws_db_instance.d"]
    assert (list(asked.related), asked.mark) == ([place], Span("main.tf", 5))


def test_a_fact_of_other_kinds_does_not_apply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FACTS, "members", Fact(lambda _r, _g: 1, "for this test", ("queue",)))
    assert judge({"members": {"is": 1}}, inquiry()) is None
    monkeypatch.setitem(FACTS, "members", Fact(lambda _r, _g: ABSENT, "for this test"))
    assert judge({"members": {"is": 1}}, inquiry()) is None
    assert judge({"members": {"exists": False}}, inquiry()) is True


# -- checking --------------------------------------------------------------------------------------

NAMES = frozenset({"engine", "instances", "zone_redundant"})


@pytest.mark.parametrize(
    ("condition", "key", "told"),
    [
        ({"engin": {"is": "x"}}, "engin", "engin is neither a fact nor a property of the kinds it applies to; did you mean engine?"),
        ({"qqq": {"is": "x"}}, "qqq", "qqq is neither a fact nor a property of the kinds it applies to"),
        ({"engine": {"iss": "x"}}, "engine", "iss is no operator; did you mean is?"),
        ({"engine": "x"}, "engine", f"engine takes a mapping of operators: {', '.join(OPERATORS)}"),
        ({"engine": {}}, "engine", f"engine takes a mapping of operators: {', '.join(OPERATORS)}"),
        ({"all": []}, "all", "all takes a list of conditions"),
        ({"any": {"engine": {"is": 1}}}, "any", "any takes a list of conditions"),
        ({"not": []}, "", "a condition is a mapping: all, any, not, or a fact's name"),
        ([], "", "a condition is a mapping: all, any, not, or a fact's name"),
        ({"engine": {"is": 1}, "instances": {"is": 1}}, "engine", "a condition has one key; use all: [...] for several"),
        ({"all": [{"not": {"any": [{"engine": {"on": 1}}]}}]}, "engine", "on is no operator"),
        ({"engine": {"in": "zonal"}}, "engine", "in takes a list"),
        ({"engine": {"exists": "no"}}, "engine", "exists takes true or false"),
        ({"engine": {"above": True}}, "engine", "above takes a number"),
        ({"engine": {"matches": "("}}, "engine", "matches takes a regular expression: missing ), unterminated subpattern at position 0"),
    ],
)  # fmt: skip
def test_faults(condition: Any, key: str, told: str) -> None:
    assert list(faults(condition, NAMES)) == [(key, told)]


def test_a_condition_without_faults() -> None:
    assert (
        list(faults({"all": [{"engine": {"is": "x"}}, {"not": {"instances": {"above": 1, "below": 3}}}]}, NAMES)) == []
    )
