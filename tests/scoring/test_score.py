"""What rules alone score: laws, and numbers worked out by hand from the documented bands."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from scanner.model.finding import Axis, Finding, Outcome, Severity
from scanner.model.score import Score, ScoreAxis
from scanner.model.span import Span
from scanner.scoring import score as score_all
from scanner.scoring.weights import weights


def score(findings: list[Finding]) -> Score:
    """The score of a scan that knows no service."""
    return score_all((), findings, findings)


def finding(severity: Severity, outcome: Outcome = Outcome.FAIL, axis: Axis = Axis.ZONE, name: str = "a") -> Finding:
    return Finding("RS1", "one", axis, severity, outcome, name, Span("main.tf", 1), "m")


FINDINGS = st.builds(
    finding,
    st.sampled_from(Severity),
    st.sampled_from(Outcome),
    st.sampled_from([Axis.ZONE, Axis.CUSTODY, Axis.EDGE]),
    st.sampled_from("abc"),
)
LISTS = st.lists(FINDINGS, max_size=8)
COUNTED = st.sampled_from([Outcome.FAIL, Outcome.UNKNOWN, Outcome.SUPPRESSED, Outcome.ERROR])


def at_least(better: Score, worse: Score) -> bool:
    """Whether no number of one score is below that of another, and its grade not behind."""
    axes = zip(better.axes, worse.axes, strict=True)
    numbers = better.low >= worse.low and better.high >= worse.high
    return numbers and all(a.low >= b.low and a.high >= b.high for a, b in axes) and better.grade <= worse.grade


@given(LISTS)
def test_bounds(findings: list[Finding]) -> None:
    found = score(findings)
    assert 0 <= found.low <= found.high <= 100
    assert all(0 <= axis.low <= axis.high <= 100 for axis in found.axes)
    assert [axis.axis for axis in found.axes] == list(Axis)


@given(LISTS, FINDINGS, COUNTED)
def test_removing_a_finding_never_lowers_the_score(findings: list[Finding], more: Finding, outcome: Outcome) -> None:
    assert at_least(score(findings), score([*findings, replace(more, outcome=outcome)]))


@given(LISTS, FINDINGS, st.sampled_from(Severity), COUNTED)
def test_a_lower_severity_never_lowers_the_score(
    findings: list[Finding], one: Finding, other: Severity, outcome: Outcome
) -> None:
    low, high = sorted([one.severity, other])
    milder, worse = (replace(one, severity=severity, outcome=outcome) for severity in (low, high))
    assert at_least(score([*findings, milder]), score([*findings, worse]))


@given(LISTS, st.lists(st.builds(finding, st.sampled_from(Severity), st.just(Outcome.PASS)), max_size=5))
def test_what_passes_changes_no_points(findings: list[Finding], passes: list[Finding]) -> None:
    with_passes, without = score([*findings, *passes]), score(findings)
    assert (with_passes.low, with_passes.high, with_passes.grade) == (without.low, without.high, without.grade)
    assert [(a.low, a.high) for a in with_passes.axes] == [(a.low, a.high) for a in without.axes]


@given(LISTS, st.randoms())
def test_order_and_names_do_not_matter(findings: list[Finding], random: Random) -> None:
    shuffled = [replace(f, resource=f.resource * 2, span=Span("other.tf", 9)) for f in findings]
    random.shuffle(shuffled)
    assert score(shuffled) == score(findings)


@given(LISTS, FINDINGS, st.sampled_from([Outcome.PASS, Outcome.FAIL]))
def test_deciding_an_unknown_stays_within_the_interval(findings: list[Finding], one: Finding, outcome: Outcome) -> None:
    before = score([*findings, replace(one, outcome=Outcome.UNKNOWN)])
    after = score([*findings, replace(one, outcome=outcome)])
    assert before.low <= after.low <= after.high <= before.high
    for wide, narrow in zip(before.axes, after.axes, strict=True):
        assert wide.low <= narrow.low <= narrow.high <= wide.high


@given(LISTS, FINDINGS)
def test_a_waived_failure_counts_as_a_failure(findings: list[Finding], one: Finding) -> None:
    failed, waived = (score([*findings, replace(one, outcome=o)]) for o in (Outcome.FAIL, Outcome.SUPPRESSED))
    assert waived == failed


@given(LISTS, FINDINGS)
def test_a_crash_counts_as_unknown(findings: list[Finding], one: Finding) -> None:
    crashed, unknown = (score([*findings, replace(one, outcome=o)]) for o in (Outcome.ERROR, Outcome.UNKNOWN))
    assert crashed == unknown


# Exposure of one failure: bottom + (top - bottom) * 1 / (1 + 3); points: 100 * (1 - exposure). The whole: half the mean over the
# weights (zone 0.15, and `any`, which sees the same findings, 0.15), half the weakest axis.
@pytest.mark.parametrize(
    ("severities", "axis_points"),
    [
        ([], 100.0),
        ([Severity.INFO], 100.0),
        ([Severity.LOW], 94.0),  # 0.03 + 0.12 / 4 = 0.06
        ([Severity.MEDIUM], 80.0),  # 0.15 + 0.20 / 4 = 0.20
        ([Severity.HIGH], 58.8),  # 0.35 + 0.25 / 4 = 0.4125, and 58.75 rounds to even: 58.8
        ([Severity.CRITICAL], 30.0),  # 0.60 + 0.40 / 4 = 0.70
        ([Severity.CRITICAL] * 3, 20.0),  # 0.60 + 0.40 / 2 = 0.80
        ([Severity.HIGH] * 9 + [Severity.CRITICAL], 30.0),  # the worst severity counts alone
        ([Severity.MEDIUM] * 997, 65.1),  # 0.15 + 0.20 * 997 / 1000 = 0.3494
    ],
)
def test_points_of_an_axis(severities: list[Severity], axis_points: float) -> None:
    found = score([finding(severity) for severity in severities])
    (zone, *others) = found.axes
    assert (zone.low, zone.high) == (axis_points, axis_points)
    assert {axis.low for axis in others} == {100.0}


def test_the_whole_by_hand() -> None:
    # One critical failure on the zone axis: 0.5 * (0.15 + 0.15) * 0.7 + 0.5 * 0.7 = 0.455.
    assert score([finding(Severity.CRITICAL)]).low == 54.5
    # A medium unknown on the edge axis besides (0.10 * 0.20): the low end loses 0.5 * 0.02 = 0.01 more. `any` has the critical
    # failure as its worst already.
    found = score([finding(Severity.CRITICAL), finding(Severity.MEDIUM, Outcome.UNKNOWN, Axis.EDGE)])
    assert (found.low, found.high) == (53.5, 54.5)
    assert [(a.axis, a.failing, a.judged) for a in found.axes if a.judged] == [(Axis.ZONE, 1, 1), (Axis.EDGE, 0, 1)]


@pytest.mark.parametrize(
    ("severities", "grade"),
    [
        ([], "A"),
        ([Severity.MEDIUM], "B"),  # 0.5 * 0.3 * 0.2 + 0.5 * 0.2 = 0.13
        ([Severity.HIGH], "C"),  # 0.5 * 0.3 * 0.4125 + 0.5 * 0.4125 = 0.2681
        ([Severity.CRITICAL], "F"),  # 54.5
    ],
)
def test_grades(severities: list[Severity], grade: str) -> None:
    assert score([finding(severity) for severity in severities]).grade == grade


def test_a_scan_with_a_critical_failure_is_never_better_than_c() -> None:
    harmless = replace(weights(), rule_bands=dict.fromkeys(Severity, (Fraction(0), Fraction(0))))
    failing, unknown = ([finding(Severity.CRITICAL, outcome)] for outcome in (Outcome.FAIL, Outcome.UNKNOWN))
    assert score_all((), failing, failing, numbers=harmless).grade == "C"
    assert score_all((), unknown, unknown, numbers=harmless).grade == "A"


def test_what_rules_cost_is_told_by_rule() -> None:
    # Two of three critical failures are RS1's: two thirds of the axis; the high one is not the worst and costs nothing.
    found = [finding(Severity.CRITICAL), finding(Severity.CRITICAL), finding(Severity.HIGH)]
    found.append(replace(finding(Severity.CRITICAL), rule="RS2"))
    result = score(found)
    zone = {c.rule: c.points for c in result.contributions if c.axis is ScoreAxis.ZONE}
    assert zone == {"RS1": 2 * zone["RS2"], "RS2": zone["RS2"]}
    assert sum((c.points for c in result.contributions), Fraction(0)) == result.lost
    # Without RS1 one critical failure is left: exposure 0.8 becomes 0.7, on an axis of 0.15 + 0.15 in the mean and 0.5 besides.
    assert {c.gain_if_fixed for c in result.contributions if c.rule == "RS1"} == {Fraction("6.5")}


def test_a_known_service_does_not_excuse_what_rules_find_in_data() -> None:
    lost = finding(Severity.HIGH, axis=Axis.DATA)
    result = score_all((), [], [lost])
    assert {axis.axis: axis.low for axis in result.axes if axis.low < 100} == {Axis.DATA: 58.8}
    assert result.together.low == 100


def test_findings_of_other_axes_on_a_graph_cost_nothing() -> None:
    assert score_all((), [], [finding(Severity.HIGH)]).low == 100
