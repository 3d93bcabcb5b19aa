"""What differs of one resource on two sides, what cannot be compared, and what rules make of it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from scanner.comparison.differences import View, differences, shown
from scanner.comparison.services import effect as coefficient_effect
from scanner.comparison.shifts import effect, shifts
from scanner.graph.graph import Graph, build_graph
from scanner.graph.index import build_index
from scanner.model.comparison import Difference, Effect, Interval
from scanner.model.finding import Axis, Finding, Outcome, Severity
from scanner.model.resource import Declaration, Placement, Resource, Scope
from scanner.model.span import Span
from scanner.model.value import ABSENT, Ref, Unknown, Value

SPAN = Span("main.tf", 1)


def view(
    label: str = "code",
    *,
    written: str = "",
    place: Placement | None = None,
    attributes: Mapping[str, Value] | None = None,
    twins: Mapping[str, str] | None = None,
    **properties: Value,
) -> View:
    """A resource whose properties are read from attributes of their names; a default where there is no attribute."""
    declaration = Declaration(
        "x", "t", "x", "terraform", SPAN, properties if attributes is None else attributes, written=written
    )
    deciders = {name: (declaration, name) for name in properties}
    subnet = Declaration("aws_subnet.a", "aws_subnet", "a", "terraform", SPAN, {"id": "subnet-1"})
    values = {name: value for name, value in properties.items() if value is not ABSENT}
    resource = Resource(declaration, "database", values, deciders, place or Placement("aws", None, "eu-west-1"))
    others = Resource(subnet, "subnet", {}, {}, Placement("aws"))
    return View(resource, graph_of(resource, others), lambda name: f"\0{(twins or {}).get(name, name)}", label)


def graph_of(*resources: Resource) -> Graph:
    return build_graph(resources, (), build_index([r.declaration for r in resources], {"aws_subnet": ("id",)}))


def found(base: View, head: View) -> list[tuple[str, str, str, str]]:
    return [(d.name, d.base, d.head, d.reason) for d in differences(base, head)]


def test_equal_sides_do_not_differ() -> None:
    assert found(view(multi_az=True, days=7), view(multi_az=True, days=7)) == []


def test_a_value_that_differs() -> None:
    assert found(view(multi_az=True), view(multi_az=False)) == [("multi_az", "on", "off", "")]


def test_an_undecided_value_is_not_comparable_and_says_why() -> None:
    undecided = Unknown("variable multi_az has no default")
    assert found(view(multi_az=undecided), view(multi_az=False)) == [
        ("multi_az", "not known", "off", "variable multi_az has no default")
    ]


def test_what_an_inventory_does_not_say_is_not_taken_from_a_default() -> None:
    head = view("account", written="aws-config", attributes={}, days=0)
    assert found(view(days=7), head) == [("days", "7", "0", "the account does not say")]


def test_a_default_that_agrees_needs_no_word() -> None:
    assert found(view(days=7), view("account", written="aws-config", attributes={}, days=7)) == []


def test_what_code_leaves_to_a_default_is_its_word() -> None:
    assert found(view(attributes={}, days=0), view("account", written="aws-config", days=7)) == [("days", "0", "7", "")]


def test_what_code_leaves_open_is_no_drift() -> None:
    assert found(view(days=ABSENT), view("account", written="aws-config", days=7)) == [
        ("days", "none", "7", "the code leaves it open")
    ]


def test_between_two_states_of_code_what_is_gone_differs() -> None:
    assert found(view("base", days=7), view("head")) == [("days", "7", "none", "")]


def test_a_reference_is_the_same_as_the_id_of_its_counterpart() -> None:
    ref = Ref("aws_subnet.a", "id")
    base = view(subnets=[Unknown("known after it is made", SPAN, ref, (ref,))])
    assert found(base, view("account", written="aws-config", subnets=["subnet-1"])) == []


def test_the_order_of_a_list_means_nothing() -> None:
    assert found(view(regions=["b", "a"]), view(regions=["a", "b"])) == []


def test_a_document_is_compared_as_read() -> None:
    assert found(view(document='{"a": [1], "b": 2}'), view(document='{ "b": 2, "a": [1] }')) == []


def test_principals_of_policies_are_named() -> None:
    def policy(who: str) -> str:
        return f'{{"Statement": [{{"Effect": "Allow", "Principal": {{"AWS": "{who}"}}, "Action": "kms:*"}}]}}'

    rows = found(view(policy=policy("arn:aws:iam::1:root")), view(policy=policy("arn:aws:iam::1:user/a")))
    assert rows[-1] == ("policy principals", "arn:aws:iam::1:root", "arn:aws:iam::1:user/a", "")


def test_a_document_nested_too_deeply_is_not_comparable() -> None:
    deep = "[" * 200 + "1" + "]" * 200
    assert found(view(document=deep), view(document=f"{deep} "))[0][3] == "it is nested too deeply"


@pytest.mark.parametrize(
    ("base", "head", "rows"),
    [
        (Placement("aws", None, "eu-west-1"), Placement("aws", "1", "eu-west-1"), []),
        (Placement("aws", "1", "eu-west-1"), Placement("aws", "2", "eu-west-1"), [("account", "1", "2", "")]),
        (Placement("aws", None, "a"), Placement("aws", None, "b"), [("region", "a", "b", "")]),
        (
            Placement("aws", None, Unknown("no region")),
            Placement("aws", None, "b"),
            [("region", "not known", "b", "no region")],
        ),
        (
            Placement("aws", None, "a", ("az-2", "az-1"), Scope.ZONAL),
            Placement("aws", None, "a", ("az-1",), Scope.ZONAL),
            [("zones", "az-1, az-2", "az-1", "")],
        ),
        (Placement("aws", None, "a", (), Scope.ZONAL), Placement("aws", None, "a", ("az-1",), Scope.ZONAL), []),
        (
            Placement("aws", None, "a", scope=Scope.REGIONAL),
            Placement("aws", None, "a", scope=Scope.GLOBAL),
            [("scope", "regional", "global", "")],
        ),
    ],
)
def test_places(base: Placement, head: Placement, rows: list[tuple[str, str, str, str]]) -> None:
    assert found(view(place=base), view(place=head)) == rows


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "on"),
        (ABSENT, "none"),
        (None, "none"),
        ([], "none"),
        (list(range(8)), "0, 1, 2, 3, 4, 5 and 2 more"),
        ({"a": 1}, "a document of 1 entries"),
        ("x" * 200, "x" * 119 + "…"),
        (Unknown("r", None, Ref("aws_subnet.a", "id")), "aws_subnet.a.id"),
    ],
)
def test_values_as_people_read_them(value: Value, text: str) -> None:
    assert shown(value) == text


FAIL, PASS, UNKNOWN, WAIVED = Outcome.FAIL, Outcome.PASS, Outcome.UNKNOWN, Outcome.SUPPRESSED


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        (PASS, FAIL, Effect.MORE),
        (None, FAIL, Effect.MORE),
        (FAIL, PASS, Effect.LESS),
        (FAIL, None, Effect.LESS),
        (FAIL, FAIL, Effect.NEITHER),
        (PASS, None, Effect.NEITHER),
        (WAIVED, FAIL, Effect.NEITHER),
        (PASS, WAIVED, Effect.NEITHER),
        (WAIVED, PASS, Effect.LESS),
        (UNKNOWN, FAIL, Effect.UNDECIDED),
        (PASS, UNKNOWN, Effect.UNDECIDED),
        (None, UNKNOWN, Effect.UNDECIDED),
        (UNKNOWN, UNKNOWN, Effect.NEITHER),
    ],
)
def test_what_a_changed_answer_means(base: Outcome | None, head: Outcome | None, expected: Effect) -> None:
    assert effect(base, head) is expected


def finding(outcome: Outcome, attribute: str = "") -> Finding:
    return Finding("RS1", "slug", Axis.ZONE, Severity.HIGH, outcome, "x", SPAN, str(outcome), attribute=attribute)


def test_a_failure_that_rests_on_what_an_inventory_does_not_say_is_undecided() -> None:
    views = view(days=7), view("account", written="aws-config", attributes={}, days=0)
    (shift,) = shifts({"RS1": finding(PASS)}, {"RS1": finding(FAIL, "days")}, views)
    assert (shift.effect, shift.reason) == (Effect.UNDECIDED, "the account does not say days")


def test_a_failure_of_what_is_written_is_one() -> None:
    views = view(days=7), view("account", written="aws-config", days=0)
    (shift,) = shifts({"RS1": finding(PASS)}, {"RS1": finding(FAIL, "days")}, views)
    assert (shift.effect, shift.message, shift.reason) == (Effect.MORE, "fail", "")


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        ((2, 2), (1, 1), Effect.MORE),
        ((None, None), (3, 3), Effect.MORE),
        ((1, 1), (2, None), Effect.LESS),
        ((1, 2), (1, 2), Effect.NEITHER),
        ((2, 2), (1, 2), Effect.UNDECIDED),
        ((1, None), (1, 1), Effect.UNDECIDED),
    ],
)
def test_coefficients(
    base: tuple[int | None, int | None], head: tuple[int | None, int | None], expected: Effect
) -> None:
    assert coefficient_effect(Interval(*base), Interval(*head)) is expected


def test_a_difference_is_a_record_of_both_places() -> None:
    (difference,) = differences(view(days=1), view(days=2))
    assert difference == Difference("days", "1", "2", SPAN, SPAN)
