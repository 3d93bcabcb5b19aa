"""The text report: golden pages read by a person, and the laws of a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from scanner.model.finding import Axis, Finding, Outcome, Related, Severity
from scanner.model.problem import Problem, ProblemKind
from scanner.model.report import AxisScore, Report, Score
from scanner.model.resource import Declaration, Placement, Resource
from scanner.model.rule import RuleInfo
from scanner.model.score import Stage
from scanner.model.span import Span
from scanner.reporters.frame import frame
from scanner.reporters.options import Options
from scanner.reporters.summary import remedy
from scanner.reporters.text import CAUSES, FULL_PER_RULE, PROBLEMS_PER_KIND, render

Make = Callable[..., Report]
MakeFinding = Callable[..., Finding]

GOLDEN = """\
Grade D: 40 to 61.5 of 100; the unknowns decide where
  zone     40 to 61.5     1 of 2 failing
  edge     -              nothing to judge
2 findings: 1 critical, 1 high. 1 unknown, 1 passed, 1 suppressed, 1 rule error.

No service was found in these files; name them under services in .riskscan.yaml.

critical[RS101]: The database runs in one zone: multi_az is false.
 --> db/main.tf:1:1  aws_db_instance.main
  |
1 | resource "aws_db_instance" "main" {
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = why: If that zone fails, what reads it stops.
  = fix: Set multi_az; riskscan explain RS101

high[RS101]: The database runs in one zone: multi_az is false.
 --> db/main.tf:3:3  aws_db_instance.main
  |
3 |   multi_az = false
  |   ^^^^^^^^^^^^^^^^
  = in the module called: main.tf:7:1
  = module.other: called here too: main.tf:12:1
  = why: If that zone fails, what reads it stops.
  = fix: Set multi_az; riskscan explain RS101

1 question that the files do not decide
  variable zones has no default (variables.tf:2)
    RS101 a.tf:9:5  aws_db_instance.main

high[RS101] (error) db/main.tf:3:3: aws_db_instance.odd: the rule failed

1 problem: invalid, input was lost
  bad.tf:4:1: unexpected }
1 problem: module-unavailable
  main.tf:3:2: the source of module vpc is not on this machine

Read 3 of 5 files (helm 0 of 1; terraform 3 of 4, 1 of them in part).
Not judged: 4 resources of types that the catalog does not know (aws_new_thing 3, aws_other 1).
1 finding suppressed by waivers.
"""


def test_a_full_report(full: Report) -> None:
    assert render(full) == GOLDEN


def test_a_clean_report(report: Make, finding: MakeFinding) -> None:
    score = Score(1, 100.0, 100.0, "A", (AxisScore(Axis.ZONE, 100.0, 100.0, 0, 1),))
    assert render(report([finding(Outcome.PASS)], score=score)) == (
        "Grade A: 100 of 100\n"
        "  zone     100            0 of 1 failing\n"
        "0 findings. 0 unknown, 1 passed, 0 suppressed.\n"
        "\n"
        "No service was found in these files; name them under services in .riskscan.yaml.\n"
        "\n"
        "Read 1 of 1 file (terraform 1 of 1).\n"
    )


def test_the_stage_comes_first(report: Make) -> None:
    axes = (AxisScore(Axis.ZONE, 60.0, 70.0, 2, 3, 1), AxisScore(Axis.DATA, 100.0, 100.0, 0, 0))
    score = Score(1, 80.0, 85.0, "B", axes, stage=Stage.R0, stage_high=Stage.R2, services=1)
    assert render(report(score=score)).startswith(
        "Stage R0: one zone, region or cluster stops a service; up to R2 if the unknowns turn out well\n"
        "Grade B: 80 to 85 of 100; the unknowns decide where\n"
        "  zone     60 to 70       one domain stops 1 of 1 service; 2 of 3 failing\n"
        "  data     -              nothing to judge\n"
    )


def test_nothing_judged_is_no_good_grade(report: Make) -> None:
    empty = Score(1, 100.0, 100.0, "A", (AxisScore(Axis.ZONE, 100.0, 100.0, 0, 0),))
    text = render(report(score=empty))
    assert text.startswith("No grade: nothing was judged\n  zone     -              nothing to judge\n")


def test_the_risk_is_one_sentence_and_the_resource_is_named_once(report: Make, finding: MakeFinding) -> None:
    findings = [
        finding(
            message="aws_x.y has one zone",
            resource="aws_x.y",
            why="It stops at 1.5 s. Later it costs.",
            span=Span("db/main.tf", line, 3),
        )
        for line in range(1, 5)
    ]
    text = render(report(findings))
    assert "= why: It stops at 1.5 s.\n" in text
    assert "high[RS101] db/main.tf:4:3: aws_x.y has one zone\n" in text


def test_a_problem_of_many_instances_is_one_line(report: Make) -> None:
    problems = (Problem(Span("m.tf", 1), ProblemKind.UNRESOLVED, "no such attribute"),) * 8
    text = render(report(problems=problems))
    assert "8 problems: unresolved\n  m.tf:1:1: no such attribute (8 times)\n" in text


def test_quiet_shows_findings_only(full: Report, report: Make) -> None:
    text = render(full, Options(quiet=True))
    assert text.startswith("critical[RS101]: ")
    assert "Grade" not in text
    assert "problem" not in text
    assert render(report(), Options(quiet=True)) == ""


def test_colour_changes_nothing_but_colour(full: Report) -> None:
    coloured = render(full, Options(color=True))
    assert "\x1b[1;31mhigh[RS101]\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == GOLDEN


def test_findings_of_one_rule_become_one_line_each_after_the_first(report: Make, finding: MakeFinding) -> None:
    findings = [finding(resource=f"aws_db_instance.n{n}", span=Span("x.tf", n + 1)) for n in range(FULL_PER_RULE + 40)]
    text = render(report(findings))
    assert text.count("fix: ") == FULL_PER_RULE
    assert all(f"aws_db_instance.n{n}" in text for n in range(FULL_PER_RULE + 40))
    assert render(report(findings), Options(full=True)).count("fix: ") == FULL_PER_RULE + 40


def test_order_is_severity_then_file(report: Make, finding: MakeFinding) -> None:
    findings = [
        finding(rule=f"R{n}", severity=severity, span=Span(file, n + 1))
        for n, (severity, file) in enumerate(
            [(Severity.LOW, "a.tf"), (Severity.CRITICAL, "b.tf"), (Severity.LOW, "b.tf"), (Severity.CRITICAL, "a.tf")]
        )
    ]
    assert re.findall(r"--> (\S+)", render(report(findings))) == ["a.tf:4:1", "b.tf:2:1", "a.tf:1:1", "b.tf:3:1"]


def test_what_is_not_listed_is_counted(report: Make, finding: MakeFinding) -> None:
    findings = [finding(severity=Severity.LOW), finding()]
    text = render(report(findings), Options(min_severity=Severity.HIGH))
    assert "2 findings: 1 high, 1 low." in text
    assert "1 finding below high not listed." in text
    assert "low[RS101]" not in text


def test_unknowns_are_grouped_by_what_decides_them(report: Make, finding: MakeFinding) -> None:
    def unknown(number: int, cause: str) -> Finding:
        return finding(Outcome.UNKNOWN, resource=f"r{number}", why=cause)

    findings = [unknown(n, "variable a has no default") for n in range(5)]
    findings += [unknown(100 + n, f"cause {n:02}") for n in range(CAUSES + 4)]
    text = render(report(findings))
    assert "19 questions that the files do not decide" in text
    assert text.count("variable a has no default") == 1
    assert "    and 2 more\n" in text
    # The big group and 9 of the 14 others fill the list; 5 causes with a question each are left.
    assert "  and 5 more for 5 other reasons; --show unknown lists all" in text
    whole = render(report(findings), Options(show=frozenset({Outcome.UNKNOWN})))
    assert all(f"cause {n:02}" in whole for n in range(CAUSES + 4))


def test_the_place_that_decides_is_named(report: Make, finding: MakeFinding) -> None:
    decider = Related(Span("variables.tf", 4), "variable a has no default")
    unknown = finding(Outcome.UNKNOWN, reason="variable a has no default", related=(decider,))
    assert "\n  variable a has no default (variables.tf:4)\n" in render(report([unknown]))


def test_unknowns_that_fail_are_listed_as_findings(report: Make, finding: MakeFinding) -> None:
    text = render(report([finding(Outcome.UNKNOWN)]), Options(unknown_fails=True))
    assert "high[RS101] (unknown): The database" in text
    assert "do not decide" not in text


def test_hidden_outcomes_are_counted(report: Make, finding: MakeFinding) -> None:
    text = render(report([finding(Outcome.UNKNOWN)]), Options(hide=frozenset({Outcome.UNKNOWN})))
    assert "1 unknown" in text
    assert "aws_db_instance.main" not in text


def test_passes_and_suppressed_on_request(full: Report) -> None:
    text = render(full, Options(show=frozenset({Outcome.PASS, Outcome.SUPPRESSED})))
    assert "pass[RS101] db/main.tf:3:3: aws_db_instance.good: " in text
    assert "suppressed[RS101] db/main.tf:3:3: aws_db_instance.known: " in text
    assert text.count("(Rebuilt nightly.)") == 1


def test_lost_input_is_always_listed_and_other_problems_are_capped(report: Make) -> None:
    problems = [Problem(Span(f"m{n:02}.tf", 1), ProblemKind.MODULE, "no source") for n in range(PROBLEMS_PER_KIND + 3)]
    problems += [Problem(Span(f"x{n:02}.tf", 1), ProblemKind.INVALID, "odd") for n in range(PROBLEMS_PER_KIND + 3)]
    text = render(report(problems=tuple(problems)))
    assert text.count(": odd") == PROBLEMS_PER_KIND + 3
    assert text.count(": no source") == PROBLEMS_PER_KIND
    assert "13 problems: module-unavailable\n" in text
    assert "  and 3 more; --show all lists them" in text
    assert text.index(": odd") < text.index(": no source")


def test_notes_are_wrapped_at_the_width(report: Make, finding: MakeFinding) -> None:
    text = render(report([finding(why="word " * 60)]), Options(width=60))
    assert max(len(line) for line in text.splitlines() if line.startswith("  ")) <= 60


@pytest.mark.parametrize(
    ("line", "span", "width", "expected"),
    [
        # A tab is shown as four blanks, so the mark starts at column 5.
        ("\tmulti_az = false", Span("f", 1, 2, 1, 10), 80, ("    multi_az = false", "    ^^^^^^^^")),
        # East Asian wide characters take two columns: 名前 is 2 characters and 4 columns.
        ("名前 = x", Span("f", 1, 1, 1, 3), 80, ("名前 = x", "^^^^")),
        ("名前 = x", Span("f", 1, 6, 1, 7), 80, ("名前 = x", "       ^")),
        # e and a combining acute accent are one column.
        ("e\u0301 = x", Span("f", 1, 1, 1, 3), 80, ("e\u0301 = x", "^")),
        # What spans lines is marked to the end of its first one.
        ("resource {", Span("f", 1, 1, 9, 2), 80, ("resource {", "^^^^^^^^^^")),
        # A position without an extent gets one mark.
        ("abc", Span("f", 1, 2), 80, ("abc", " ^")),
        # Columns beyond the line stay at its end.
        ("abc", Span("f", 1, 50, 1, 60), 80, ("abc", "   ^")),
        ("abc\r", Span("f", 1, 1, 1, 4), 80, ("abc", "^^^")),
        # A long line is cut around the mark: 12 characters before it are kept.
        ("x" * 100 + "HERE" + "y" * 100, Span("f", 1, 101, 1, 105), 60, (
            "..." + "x" * 12 + "HERE" + "y" * 41, " " * 15 + "^^^^"
        )),
        ("\x1b[31mred", Span("f", 1, 6, 1, 9), 80, ("\\x1b[31mred", "        ^^^")),
    ],
)  # fmt: skip
def test_frames(line: str, span: Span, width: int, expected: tuple[str, str]) -> None:
    assert frame([line], span, width) == expected


def test_no_frame_without_the_line() -> None:
    assert frame([], Span("f", 1), 80) is None
    assert frame(["a"], Span("f", 2), 80) is None
    assert frame(["a"], Span("f", 0), 80) is None


def test_a_wide_column_is_never_exceeded() -> None:
    for width in range(20, 60):
        shown = frame(["日本" * 60], Span("f", 1, 50, 1, 70), width)
        assert shown is not None
        assert all(len(part) + sum(c > "\xff" for c in part) <= width for part in shown)


def test_instances_that_share_a_line_are_one_finding(report: Make, finding: MakeFinding) -> None:
    findings = [finding(resource=f'module.db["{n}"].aws_db_instance.this') for n in range(3)]
    text = render(report(findings))
    assert text.count("-->") == 1
    assert all(f'module.db["{n}"].aws_db_instance.this' in text for n in range(3))
    assert "3 findings" in text


def test_advice_about_the_estate_is_for_the_files_that_it_points_at(
    report: Make, finding: MakeFinding, resource: Callable[..., Resource]
) -> None:
    texts = {"terraform/aws": "Set multi_az.", "kubernetes": "Spread the copies."}
    rule = RuleInfo("RS101", "a", Axis.ZONE, Severity.HIGH, "medium", "a", "w", remediation=texts)
    found = finding(Outcome.FAIL, resource="estate", span=Span("k8s/api.yaml", 3))
    written = Declaration("default/Deployment/api", "apps/Deployment", "api", "kubernetes", Span("k8s/api.yaml", 1), {})
    manifest = Resource(written, "workload", {}, {}, Placement("kubernetes"))
    page = report([found], resources=(resource(), manifest), rules={"RS101": rule})
    assert "fix: Spread the copies; riskscan explain RS101" in render(page)
    page = report([found], resources=(resource(),), rules={"RS101": rule})
    assert "fix: Set multi_az; riskscan explain RS101" in render(page)


@pytest.mark.parametrize(
    ("platform", "written", "provider", "advice"),
    [
        ("cloudformation", "", "aws", "Set MultiAZ"),
        ("arm", "bicep", "azure", "Set highAvailability"),
        ("arm", "arm", "azure", "Set highAvailability"),  # ARM's JSON has the names that Bicep has
        ("arm", "az-graph", "azure", "Set zone_redundant"),
        ("aws", "aws-config", "aws", "Set multi_az"),
        ("google", "gcp-assets", "google", "Set availability_type"),
        ("arm", "bicep", "hetzner", "Set highAvailability"),
        ("google", "gcp-assets", "oracle", "Set multi_az"),  # of nothing that fits, the first
    ],
)
def test_advice_is_in_the_language_of_the_file(platform: str, written: str, provider: str, advice: str) -> None:
    texts = {
        "terraform/aws": "Set multi_az",
        "cloudformation": "Set MultiAZ",
        "terraform/google": "Set availability_type",
        "terraform/azure": "Set zone_redundant",
        "bicep": "Set highAvailability",
    }
    rule = RuleInfo("RS101", "a", Axis.ZONE, Severity.HIGH, "medium", "a", "w", remediation=texts)
    declared = Declaration("x", "x", "x", platform, Span("f", 1), {}, written=written)
    assert remedy(rule, Resource(declared, "database", {}, {}, Placement(provider))) == advice


def test_a_rule_without_advice_gives_none() -> None:
    assert remedy(RuleInfo("RS101", "a", Axis.ZONE, Severity.HIGH, "medium", "a", "w"), None) == ""
