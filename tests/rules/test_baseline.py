"""Which findings a baseline accepts, and which of its entries are no longer needed: cases worked by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace

from scanner.model.baseline import Baseline, Entry
from scanner.model.finding import Acceptance, Axis, Finding, Outcome, Severity
from scanner.model.span import Span
from scanner.rules.baseline import Scope, entries_of, matches, problems, pruned, stale, suppressed, written

TODAY: Final = date(2026, 11, 27)
SCOPE: Final = Scope(frozenset({"RS1", "RS2"}), frozenset({"RS1", "RS2"}), (".",))


def finding(name: str = "a", outcome: Outcome = Outcome.FAIL, rule: str = "RS1", line: int = 1) -> Finding:
    return Finding(
        rule, "slug", Axis.ZONE, Severity.LOW, outcome, name, Span("main.tf", line), "m", fingerprint=name * 32
    )


def entry(name: str = "a", count: int = 1, rule: str = "RS1", **changes: object) -> Entry:
    made = Entry(name * 32, rule, name, "main.tf", count)
    return replace(made, **changes)


def baseline(*entries: Entry, paths: Sequence[str] = (".",)) -> Baseline:
    return Baseline(Path("b.json"), entries, tuple(paths))


def outcomes(findings: Sequence[Finding], held: Baseline, today: date | None = TODAY) -> list[str]:
    return [f.outcome.value for f in suppressed(findings, held, today)]


def needless(findings: Sequence[Finding], held: Baseline, scope: Scope = SCOPE) -> list[tuple[str, int]]:
    return [(each.entry.fingerprint[0], each.found) for each in stale(findings, held, scope)]


def test_a_fourth_of_three_fails() -> None:
    four = [finding(line=n) for n in range(1, 5)]
    assert outcomes(four, baseline(entry(count=3))) == ["suppressed"] * 3 + ["fail"]
    assert outcomes(four[:3], baseline(entry(count=3))) == ["suppressed"] * 3
    assert outcomes(four, baseline(entry(), entry("b", 9))) == ["suppressed", "fail", "fail", "fail"]


def test_failures_are_accepted_before_what_is_undecided() -> None:
    mixed = [finding(outcome=Outcome.UNKNOWN), finding(), finding(outcome=Outcome.PASS)]
    assert outcomes(mixed, baseline(entry())) == ["unknown", "suppressed", "pass"]
    assert outcomes(mixed, baseline(entry(count=2))) == ["suppressed", "suppressed", "pass"]


def test_what_a_suppressed_one_says() -> None:
    (plain,) = suppressed([finding()], baseline(entry()), TODAY)
    assert (plain.reason, plain.accepted_by) == ("in the baseline", Acceptance.BASELINE)
    (said,) = suppressed([finding()], baseline(entry(reason="until we move")), TODAY)
    assert said.reason == "in the baseline: until we move"


def test_an_entry_counts_through_its_last_day() -> None:
    held = baseline(entry(until=TODAY), entry("b", until=date(2026, 11, 26)))
    assert outcomes([finding(), finding("b")], held) == ["suppressed", "fail"]
    assert outcomes([finding(), finding("b")], held, None) == ["suppressed", "suppressed"]
    told = [p.message for p in problems([finding(), finding("b")], held, SCOPE, TODAY, "b.json")]
    assert told == ["the baseline's acceptance of RS1 for b expired on 2026-11-26"]


def test_of_two_lines_that_a_merge_left_the_larger_counts() -> None:
    assert outcomes([finding(), finding()], baseline(entry(), entry(count=2))) == ["suppressed", "suppressed"]


# -- what is needless ------------------------------------------------------------------------------


def test_less_than_was_accepted_is_stale() -> None:
    held = baseline(entry(count=3), entry("b"), entry("c"))
    findings = [finding(), finding("b"), finding("c", Outcome.PASS), finding("c", Outcome.SUPPRESSED)]
    assert needless(findings, held) == [("a", 1), ("c", 0)]
    told = {p.message for p in problems(findings, held, SCOPE, TODAY, "sub/b.json")}
    assert told == {
        "the baseline accepts RS1 3 times for a, where 1 are left; `riskscan baseline prune` takes it out",
        "the baseline accepts RS1 for c, which matches no finding any more; `riskscan baseline prune` takes it out",
    }


@pytest.mark.parametrize(
    ("changed", "scope", "judged"),
    [
        ({}, {}, True),
        ({}, {"rules": frozenset({"RS2"})}, False),  # another axis, or disabled
        ({}, {"known": frozenset({"RS2"})}, True),  # there is no such rule
        ({}, {"crashed": frozenset({"a" * 32})}, False),
        ({"file": "envs/a/main.tf", "resource": "envs/a#x.y"}, {"roots": ("envs/b",)}, False),
        ({"file": "envs/a/main.tf", "resource": "envs/a#x.y"}, {"roots": ("envs/a", "k8s")}, True),
        ({"file": "envs/ab/main.tf", "resource": "envs/ab#x.y"}, {"roots": ("envs/a",)}, False),
        ({"file": "envs/a/main.tf", "resource": "envs/a#x.y"}, {"roots": ("envs/a/main.tf",)}, False),
        ({"file": "modules/m/main.tf", "resource": "envs/a#module.m.x.y"}, {"roots": ("modules",)}, False),
        ({"file": "modules/m/main.tf", "resource": "envs/a#module.m.x.y"}, {"roots": ("envs",)}, False),
        ({"file": "modules/m/main.tf", "resource": "envs/a#module.m.x.y"}, {"roots": ("modules", "envs")}, True),
        ({"file": "modules/m/main.tf", "resource": "module.m.x.y"}, {"roots": ("modules",)}, False),
        ({"file": "a/b.yaml", "resource": "a/b.yaml#default/Deployment/x"}, {"roots": ("a/b.yaml",)}, True),
        ({"file": "a/main.tf", "resource": "a#x.y"}, {"lost": ("a",)}, False),
        ({"file": "a/main.tf", "resource": "a#x.y"}, {"lost": (".",)}, False),
        ({"file": "a/main.tf", "resource": "a#x.y"}, {"lost": ("b",)}, True),
        ({"file": ".terraform/modules/m/main.tf", "resource": "module.m.x.y"}, {}, False),
        (
            {"file": ".terraform/modules/m/main.tf", "resource": "module.m.x.y"},
            {"sources": frozenset({".terraform/modules/m/main.tf"})},
            True,
        ),
        ({"resource": "estate"}, {}, True),
        ({"resource": "estate"}, {"roots": ("envs",)}, False),
        ({"resource": "estate"}, {"lost": ("envs",)}, False),
        (
            {"file": "aws", "resource": "123456789012#arn:aws:x"},
            {"roots": (), "accounts": frozenset({"123456789012"})},
            True,
        ),
        (
            {"file": "aws", "resource": "123456789012#arn:aws:x"},
            {"roots": (), "accounts": frozenset({"210987654321"})},
            False,
        ),
    ],
)
def test_only_what_was_judged_is_stale(changed: dict[str, Any], scope: dict[str, Any], judged: bool) -> None:
    held = baseline(entry(**changed))
    assert needless([], held, replace(SCOPE, **scope)) == ([("a", 0)] if judged else [])


def test_an_unknown_rule_is_told() -> None:
    (problem,) = problems([], baseline(entry(rule="RS9", line=7)), SCOPE, TODAY, "b.json")
    assert (problem.span, problem.kind.value) == (Span("b.json", 7), "waiver")
    assert problem.message.startswith("the baseline accepts RS9 for a, but there is no such rule")


# -- writing and pruning ---------------------------------------------------------------------------


def test_entries_count_equal_failures_and_leave_unknowns_out() -> None:
    findings = [
        finding(),
        finding(line=9),
        finding("b", Outcome.UNKNOWN),
        finding("c", Outcome.SUPPRESSED),
        finding("d"),
    ]
    found = entries_of(findings, {name: f"root#{name}" for name in "abcd"}, lambda file: f"sub/{file}")
    assert [(e.fingerprint[0], e.count, e.resource, e.file, e.note) for e in found] == [
        ("a", 2, "root#a", "sub/main.tf", "slug"),
        ("d", 1, "root#d", "sub/main.tf", "slug"),
    ]


def test_writing_again_keeps_words_and_what_was_not_judged() -> None:
    before = baseline(
        entry(reason="old", until=date(2027, 1, 1)),
        entry("b"),
        entry("c", file="other/main.tf", resource="other#c"),
        entry("e", reason="undecided today"),
        paths=("envs", "other"),
    )
    scope = replace(SCOPE, roots=("envs", "envs/a"))
    here = [replace(e, file="envs/main.tf", resource=f"envs#{e.resource}") for e in before.entries[:2]]
    before = replace(before, entries=(*here, *before.entries[2:]))
    findings = [finding(), finding("d"), finding("e", Outcome.UNKNOWN)]
    today = entries_of(findings, {n: f"envs#{n}" for n in "ade"}, lambda _: "envs/main.tf")
    after = written(today, before, scope, matches(findings), "new")
    assert [(e.fingerprint[0], e.reason, e.until) for e in after.entries] == [
        ("a", "old", date(2027, 1, 1)),
        ("d", "new", None),
        ("e", "undecided today", None),
        ("c", "", None),
    ]
    assert after.paths == ("envs", "other")


def test_writing_twice_changes_nothing() -> None:
    findings = [finding(), finding("b"), finding("b")]
    today = entries_of(findings, {n: n for n in "ab"}, str)
    once = written(today, baseline(paths=()), SCOPE, matches(findings), "why")
    assert written(today, once, SCOPE, matches(findings), "other") == once


def test_pruning_lowers_counts_and_keeps_words() -> None:
    held = baseline(entry(count=3, reason="r", until=TODAY), entry("b"), entry("c", file="x/y.tf", resource="x#c"))
    scope = replace(SCOPE, roots=("main.tf", "."))
    left = matches([finding(), finding()])
    after = pruned(held, replace(scope, lost=("x",)), left)
    assert [(e.fingerprint[0], e.count, e.reason, e.until) for e in after.entries] == [
        ("a", 2, "r", TODAY),
        ("c", 1, "", None),
    ]
    assert needless([finding(), finding()], after, replace(scope, lost=("x",))) == []
