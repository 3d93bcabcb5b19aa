"""Accepted risks: where an inline waiver reaches, and which waivers are themselves reported."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from scanner.config import Waiver
from scanner.model.finding import Axis, Finding, Outcome, Severity
from scanner.model.problem import ProblemKind
from scanner.model.report import Report
from scanner.model.span import Span
from scanner.rules.waivers import Reach, RiskWaiver, inline_waivers, suppress

DATABASE = [
    'resource "aws_db_instance" "d" {',
    '  engine   = "postgres"',
    "  multi_az = false",
    "}",
]
REASON = "rebuilt from the ledger every night"
COMMENT = f"# riskscan: ignore[RS101] {REASON}"


def with_lines(*changes: tuple[int, str]) -> str:
    """The database with comments: at a line of code (appended) or before it (when the number is negative)."""
    lines = list(DATABASE)
    for number, text in sorted(changes, reverse=True, key=lambda change: abs(change[0])):
        if number > 0:
            lines[number - 1] += f" {text}"
        else:
            lines.insert(-number - 1, text)
    return "\n".join(lines) + "\n"


def outcome(report: Report, rule: str = "RS101") -> tuple[str, str]:
    (found,) = [f for f in report.findings if f.rule == rule]
    return found.outcome.value, found.reason


def waiver_problems(report: Report) -> list[tuple[int, str]]:
    return [(p.span.line, p.message) for p in report.problems if p.kind is ProblemKind.WAIVER]


@pytest.mark.parametrize(
    "text",
    [
        with_lines((3, COMMENT)),  # on the line
        with_lines((-3, f"  {COMMENT}")),  # on the line above
        with_lines((-3, f"  {COMMENT}"), (-3, "  # another comment"), (-3, "")),
        with_lines((1, COMMENT)),  # on the block's first line
        with_lines((-1, COMMENT)),  # above the block
        with_lines((3, f"// riskscan: ignore[RS101] {REASON}")),
        with_lines((3, f"/* riskscan: ignore[RS101] {REASON} */")),
        with_lines((3, f"#riskscan:ignore[zone-database-single]   {REASON}   ")),
        with_lines((3, f"# RISKSCAN: Ignore[rs101] {REASON}")),
        with_lines((3, f"# riskscan: ignore[RS101, RS701] {REASON}")),
        with_lines((3, f"# riskscan: ignore[RS101] until=2999-12-31 {REASON}")),
    ],
)
def test_a_waiver_covers_its_line_the_next_or_the_block(text: str, report_of: Callable[..., Report]) -> None:
    report = report_of(text, today=date(2026, 1, 1))
    assert outcome(report) == ("suppressed", REASON)


@pytest.mark.parametrize(
    "text",
    [
        with_lines((2, COMMENT)),  # behind the code of another line
        with_lines((-2, f"  {COMMENT}")),
        with_lines((4, COMMENT)),
        "\n".join(["locals {}", COMMENT, "locals {}", *DATABASE]),
    ],
)
def test_a_waiver_covers_nothing_else(text: str, report_of: Callable[..., Report]) -> None:
    report = report_of(text)
    assert outcome(report) == ("fail", "")
    assert [message for _, message in waiver_problems(report)] == ["this waiver of RS101 matches no finding; remove it"]


@pytest.mark.parametrize(
    ("comment", "told"),
    [
        ("# riskscan: ignore[RS101]", "a waiver needs a reason"),
        ("# riskscan: ignore[RS101] until=2025-12-31 x", "this waiver of RS101 expired on 2025-12-31"),
        ("# riskscan: ignore[RS101] until=tomorrow x", "tomorrow is no date (YYYY-MM-DD)"),
        ("# riskscan: ignore[RS101] until=2025-02-30 x", "2025-02-30 is no date (YYYY-MM-DD)"),
        ("# riskscan: ignore[RS999] x", "there is no rule RS999"),
        ("# riskscan: ignore[] x", "not a waiver; write riskscan: ignore[RULE] until=YYYY-MM-DD reason"),
        ("# riskscan: ignore RS101 x", "not a waiver; write riskscan: ignore[RULE] until=YYYY-MM-DD reason"),
        ("# riskscan: disable", "not a waiver; write riskscan: ignore[RULE] until=YYYY-MM-DD reason"),
    ],
)
def test_a_faulty_or_expired_waiver_waives_nothing(comment: str, told: str, report_of: Callable[..., Report]) -> None:
    report = report_of(with_lines((3, comment)), today=date(2026, 1, 1))
    assert outcome(report) == ("fail", "")
    assert waiver_problems(report) == [(3, told)]


def test_a_waiver_holds_through_its_last_day_and_without_a_clock(report_of: Callable[..., Report]) -> None:
    text = with_lines((3, "# riskscan: ignore[RS101] until=2026-01-01 x"))
    assert outcome(report_of(text, today=date(2026, 1, 1))) == ("suppressed", "x")
    assert outcome(report_of(text, today=date(2026, 1, 2))) == ("fail", "")
    assert outcome(report_of(text)) == ("suppressed", "x")


def test_words_in_texts_are_no_waivers(report_of: Callable[..., Report]) -> None:
    report = report_of('locals {\n  a = "see riskscan: the tool"\n  b = "riskscan: ignore[RS101] x"\n}\n')
    assert waiver_problems(report) == []


def test_what_passes_needs_no_waiver(report_of: Callable[..., Report]) -> None:
    report = report_of(with_lines((3, COMMENT)).replace("false", "true"))
    assert outcome(report)[0] == "pass"
    assert waiver_problems(report) == [(3, "this waiver of RS101 matches no finding; remove it")]


def test_an_unknown_can_be_waived(report_of: Callable[..., Report]) -> None:
    report = report_of('variable "x" {}\n' + with_lines((3, COMMENT)).replace("false", "var.x"))
    assert outcome(report) == ("suppressed", REASON)


def test_a_waiver_in_a_module_covers_every_call_and_one_at_a_call_that_call(report_of: Callable[..., Report]) -> None:
    module = 'variable "ha" {}\n' + "\n".join(DATABASE).replace("false", "var.ha") + "\n"
    calls = 'module "a" {\n  source = "./m"\n  ha = false COMMENT\n}\nmodule "b" {\n  source = "./m"\n  ha = false\n}\n'
    report = report_of({"main.tf": calls.replace("COMMENT", COMMENT), "m/main.tf": module})
    found = {f.resource: f.outcome.value for f in report.findings if f.rule == "RS101"}
    assert found == {"module.a.aws_db_instance.d": "suppressed", "module.b.aws_db_instance.d": "fail"}
    waived = module.replace("  multi_az", f"  {COMMENT}\n  multi_az")
    report = report_of({"main.tf": calls.replace("COMMENT", ""), "m/main.tf": waived})
    assert {f.outcome.value for f in report.findings if f.rule == "RS101"} == {"suppressed"}


# -- the configuration's list ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "waived"),
    [
        ("aws_db_instance.d[0]", {"aws_db_instance.d[0]"}),
        ("aws_db_instance.d*", {"aws_db_instance.d[0]", "aws_db_instance.d[1]"}),
        ("aws_db_instance.d[*]", {"aws_db_instance.d[0]", "aws_db_instance.d[1]"}),
        ('module.m["x"].*', {'module.m["x"].aws_db_instance.d'}),
        ("*", {"aws_db_instance.d[0]", "aws_db_instance.d[1]", 'module.m["x"].aws_db_instance.d'}),
        ("AWS_DB_INSTANCE.*", set()),
    ],
)
def test_globs_over_addresses_whose_brackets_mean_themselves(
    pattern: str, waived: set[str], report_of: Callable[..., Report]
) -> None:
    files = {
        "main.tf": 'resource "aws_db_instance" "d" { count = 2 }\nmodule "m" {\n  source = "./m"\n  for_each = toset(["x"])\n}\n',
        "m/main.tf": 'resource "aws_db_instance" "d" {}\n',
    }
    report = report_of(files, waivers=(Waiver("RS101", pattern, REASON),))
    found = {f.resource for f in report.findings if f.rule == "RS101" and f.outcome is Outcome.SUPPRESSED}
    assert found == waived
    assert bool(waiver_problems(report)) is not bool(waived)


def test_a_listed_waiver_needs_a_reason(report_of: Callable[..., Report]) -> None:
    report = report_of("\n".join(DATABASE), waivers=(Waiver("RS101", "*", "", None, Span(".riskscan.yaml", 7)),))
    assert outcome(report) == ("fail", "")
    assert waiver_problems(report) == [(7, "a waiver needs a reason")]


# -- by hand ---------------------------------------------------------------------------------------


def test_the_first_line_of_a_block_counts_in_its_own_file() -> None:
    """A part in another file decides: a waiver there on the line that the block has here is not about it."""
    finding = Finding("RS1", "one", Axis.ZONE, Severity.HIGH, Outcome.FAIL, "a.b", Span("part.tf", 20), "m")
    blocks = {"a.b": (Span("main.tf", 3),)}
    sources = {"part.tf": ["", "", "# riskscan: ignore[RS1] x"], "main.tf": ["", "", ""]}
    found, _ = suppress([finding], list(inline_waivers(sources)), Reach({"rs1": "RS1"}, blocks), None)
    assert found[0].outcome is Outcome.FAIL
    sources = {"main.tf": ["", "# riskscan: ignore[RS1] x", "code"]}
    found, problems = suppress([finding], list(inline_waivers(sources)), Reach({"rs1": "RS1"}, blocks), None)
    assert (found[0].outcome, found[0].reason, problems) == (Outcome.SUPPRESSED, "x", ())


def test_the_place_of_a_waiver_is_its_comment() -> None:
    (waiver,) = inline_waivers({"a.tf": ["x = 1 # riskscan: ignore[RS1] until=2026-03-01 why not"]})
    assert waiver == RiskWaiver(
        "RS1", "why not", Span("a.tf", 1, 7, 1, 55), until=date(2026, 3, 1), lines=frozenset({1})
    )


def test_a_waiver_at_the_end_of_a_file_covers_nothing(report_of: Callable[..., Report]) -> None:
    report = report_of("\n".join([*DATABASE, COMMENT]))
    assert outcome(report) == ("fail", "")
    assert len(waiver_problems(report)) == 1


ONE_COPY = """\
%(above)sapiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  annotations: {%(annotations)s}
spec:
  replicas: 1
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: api, image: api}]}
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec: {selector: {app: api}}
"""


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"annotations": f"riskscan/ignore: RS120 until=2099-01-31 {REASON}"}, ""),
        ({"annotations": f"riskscan/ignore: 'zone-container-service-one-copy, RS143 {REASON}'"}, "matches no finding"),
        ({"annotations": "riskscan/ignore: RS120"}, "needs a reason"),
        ({"annotations": f"riskscan/ignore: RS120 until=2001-01-31 {REASON}"}, "expired"),
        ({"annotations": "riskscan/ignore: '?'"}, "not a waiver"),
        ({"above": f"# riskscan: ignore[RS120] {REASON}\n"}, ""),
    ],
)
def test_a_kubernetes_object_carries_its_own_waivers(
    parts: dict[str, str], told: str, report_of: Callable[..., Report]
) -> None:
    report = report_of({"a.yaml": ONE_COPY % {"above": "", "annotations": "", **parts}}, today=date(2027, 1, 1))
    waived = not told or told == "matches no finding"
    assert outcome(report, "RS120") == (("suppressed", REASON) if waived else ("fail", ""))
    said = [p.message for p in report.problems if p.kind is ProblemKind.WAIVER]
    assert all(told in message for message in said)
    assert bool(said) is bool(told)


ACCOUNT = """\
{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "resources": [
    // riskscan: ignore[RS208] rebuilt every night
    {
      "apiVersion": "2023-01-01",
      "type": "Microsoft.Storage/storageAccounts",
      "name": "ledger",
      "location": "westeurope",
      "kind": "StorageV2",
      "sku": {"name": "Standard_ZRS"}
    }
  ]
}
"""


def test_a_comment_above_the_brace_of_a_resource_is_about_it(report_of: Callable[..., Report]) -> None:
    """The finding may stand at the type, three lines below: https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax#comments."""
    assert outcome(report_of({"main.json": ACCOUNT}), "RS208") == ("suppressed", "rebuilt every night")
