"""New, fixed and lasting findings: matched by what they are about, counted where several are alike."""

from __future__ import annotations

from collections.abc import Hashable

from scanner.comparison.matching import Group, Matching, Pair
from scanner.comparison.turns import turns
from scanner.model.comparison import Basis
from scanner.model.finding import Axis, Finding, Outcome, Severity
from scanner.model.span import Span

FAIL, PASS, UNKNOWN, WAIVED = Outcome.FAIL, Outcome.PASS, Outcome.UNKNOWN, Outcome.SUPPRESSED
COUNTED = frozenset({FAIL})


def finding(
    resource: str, outcome: Outcome = FAIL, rule: str = "RS101", attribute: str = "", message: str = ""
) -> Finding:
    span = Span("main.tf", 1)
    return Finding(
        rule, "slug", Axis.ZONE, Severity.HIGH, outcome, resource, span, message or resource, attribute=attribute
    )


def nothing(_finding: Finding) -> Hashable:
    return None


def told(
    base: list[Finding], head: list[Finding], matching: Matching | None = None
) -> tuple[list[tuple[str, Outcome | None]], list[tuple[str, Outcome | None]], list[str]]:
    found = turns(base, head, matching or Matching((), (), (), ()), COUNTED, (nothing, nothing))
    return (
        [(turn.finding.resource, turn.other) for turn in found.new],
        [(turn.finding.resource, turn.other) for turn in found.fixed],
        [each.resource for each in found.lasting],
    )


def pair(base: str, head: str) -> Matching:
    return Matching((Pair(base, head, Basis.MOVED, ""),), (), (), ())


def test_a_pass_that_fails_is_new_and_back_it_is_fixed() -> None:
    assert told([finding("a", PASS)], [finding("a")], pair("a", "a")) == ([("a", PASS)], [], [])
    assert told([finding("a")], [finding("a", PASS)], pair("a", "a")) == ([], [("a", PASS)], [])
    assert told([finding("a")], [finding("a")], pair("a", "a")) == ([], [], ["a"])


def test_a_resource_that_moved_is_the_same() -> None:
    assert told([finding("a")], [finding("b")], pair("a", "b")) == ([], [], ["b"])


def test_another_resource_of_the_same_name_is_not() -> None:
    apart = Matching((), (), ("a",), ("a",))
    assert told([finding("a")], [finding("a")], apart) == ([("a", None)], [("a", None)], [])


def test_what_does_not_arise_any_more_is_fixed_and_says_so() -> None:
    assert told([finding("a")], [], pair("a", "a")) == ([], [("a", None)], [])


def test_findings_of_one_rule_and_resource_are_counted() -> None:
    one, two = finding("a", attribute="x"), finding("a", attribute="y")
    assert told([one], [one, two], pair("a", "a")) == ([("a", None)], [], ["a"])
    assert told([one, two], [two], pair("a", "a")) == ([], [("a", None)], ["a"])
    assert told([one, one], [one, one, one], pair("a", "a")) == ([("a", None)], [], ["a", "a"])
    assert told([one], [two], pair("a", "a")) == ([], [], ["a"])  # the marked attribute alone is another


def test_the_one_that_stays_is_the_one_of_the_same_attribute() -> None:
    x, y = finding("a", attribute="x"), finding("a", attribute="y")
    found = turns([x], [y, x], pair("a", "a"), COUNTED, (nothing, nothing))
    assert [turn.finding.attribute for turn in found.new] == ["y"]


def test_resources_that_nothing_tells_apart_are_counted_together() -> None:
    group = Matching((), (Group(("a", "b"), ("c", "d"), Basis.NAME, "x"),), (), ())
    assert told([finding("a"), finding("b", PASS)], [finding("c", PASS), finding("d")], group) == ([], [], ["d"])
    assert told([finding("a"), finding("b", PASS)], [finding("c"), finding("d")], group)[0] == [("d", PASS)]


def test_what_no_matching_knows_is_known_by_its_id() -> None:
    assert told([finding("estate")], [finding("estate")]) == ([], [], ["estate"])
    assert told([finding("data.a.b")], [finding("prod#data.a.b")]) == ([], [], ["prod#data.a.b"])


def test_a_waiver_fixes_nothing_and_its_end_is_news() -> None:
    assert told([finding("a")], [finding("a", WAIVED)], pair("a", "a")) == ([], [], [])
    assert told([finding("a", WAIVED)], [finding("a")], pair("a", "a")) == ([("a", WAIVED)], [], [])


def test_what_was_unknown_is_new_once_it_fails() -> None:
    assert told([finding("a", UNKNOWN)], [finding("a")], pair("a", "a")) == ([("a", UNKNOWN)], [], [])


def test_that_a_domain_stops_a_service_is_said_once() -> None:
    def stopped(each: Finding) -> Hashable:
        return each.message

    apart = Matching((), (), ("a",), ("b",))
    base, head = [finding("a", message="z stops s")], [finding("b", message="z stops s")]
    found = turns(base, head, apart, COUNTED, (stopped, stopped))
    assert (found.new, found.fixed, [each.resource for each in found.lasting]) == ((), (), ["b"])
    other = turns(base, [finding("b", message="y stops s")], apart, COUNTED, (stopped, stopped))
    assert [turn.finding.resource for turn in (*other.new, *other.fixed)] == ["b", "a"]
