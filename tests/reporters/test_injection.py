"""Hostile text from scanned files, in every field and format."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from scanner.model.finding import Finding, Outcome, Related
from scanner.model.outage import Cause, OutageReport, RiskGroup, Scenario, ServiceOutage, ServiceRisk, Step, Verdict
from scanner.model.problem import Problem, ProblemKind
from scanner.model.report import Report
from scanner.model.span import Span
from scanner.reporters import MODULES, OUTAGES, Options, render, render_outages
from scanner.reporters.inert import inert

Make = Callable[..., Report]
MakeFinding = Callable[..., Finding]

COMMAND = "::error::" + "x " * 30 + "::error::y " * 10
HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\r\n::error::x\n##[add-mask]\x00 \udc80 %0A <img src=x> | [a](javascript:b)"
)


def hostile_risk(risk: Callable[..., ServiceRisk], text: str) -> ServiceRisk:
    domain, steps = f"owner:{text}", (Step(text, text, Span(text, 1)), Step(f"owner:{text}", text, Span(text, 1)))
    groups = [RiskGroup((domain,), True, True, (steps,)), RiskGroup((domain, "zone:a/b"), False, False, (steps, steps))]
    return risk(text, *groups, entry=(text,), gatekeepers=(domain,), attestations=(text,), cold_start=(text,))


def hostile_report(report: Make, finding: MakeFinding, risk: Callable[..., ServiceRisk], text: str) -> Report:
    place = Span("db/main.tf", 3, 3, 3, 9).under(Span(f"{text}.tf", 1), text)
    everywhere = [
        finding(
            outcome,
            rule=text,
            slug=text,
            message=text,
            why=text,
            reason=text,
            resource=text,
            span=place,
            related=(Related(place, text, text),),
        )
        for outcome in Outcome
    ]
    return report(
        [*everywhere, finding(span=Span(text, 1))],
        problems=(Problem(Span(text, 1), ProblemKind.INVALID, text),),
        sources={"db/main.tf": ("", "", text)},
        uncatalogued={text: 1},
        services=(hostile_risk(risk, text), hostile_risk(risk, f"{text} 2")),
    )


@pytest.mark.parametrize("format_name", MODULES)
@pytest.mark.parametrize("hostile", [HOSTILE, COMMAND])
@pytest.mark.parametrize("color", [False, True])
def test_nothing_reaches_a_terminal_or_a_log_as_a_command(
    report: Make,
    finding: MakeFinding,
    risk: Callable[..., ServiceRisk],
    format_name: str,
    hostile: str,
    color: bool,
) -> None:
    options = Options(show=frozenset(Outcome), full=True, color=color)
    harmless(render(format_name, hostile_report(report, finding, risk, hostile), options), format_name, color)


def harmless(text: str, format_name: str, color: bool) -> None:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text) if color and format_name == "text" else text
    strange = {c for c in plain if not c.isprintable()} - {"\n", "\u200b"}
    assert strange == set()
    if format_name in ("text", "github", "markdown", "junit"):
        assert "##[" not in text
    if format_name != "github":
        assert not re.search(r"^\s*::", plain, re.MULTILINE)
    text.encode()


@pytest.mark.parametrize("format_name", OUTAGES)
@pytest.mark.parametrize("hostile", [HOSTILE, COMMAND])
@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("ranking", ["", "zone"])
def test_nothing_of_a_simulation_does_either(
    outage: Callable[..., ServiceOutage],
    outages: Callable[..., OutageReport],
    format_name: str,
    hostile: str,
    color: bool,
    ranking: str,
) -> None:
    place, domain = Span(hostile, 1), f"owner:{hostile}"
    services = [
        outage(
            hostile,
            automatic=automatic,
            manual=manual,
            condition=hostile,
            because=(Cause(hostile, domain, place),) * 9,
            path=(Step(f"x{hostile}", hostile, place), Step(domain, hostile, place)),
            remedies=(hostile,),
        )
        for automatic in Verdict
        for manual in Verdict
    ]
    found = tuple(
        Scenario(hostile, (domain, "edge:x"), tuple(services), title, (domain,), (hostile,)) for title in ("", hostile)
    )
    problems = (Problem(place, ProblemKind.INVALID, hostile), Problem(place, ProblemKind.WAIVER, hostile))
    page = outages(scenarios=found, problems=problems, ranking=ranking)
    harmless(render_outages(format_name, page, Options(color=color)), format_name, color)


@pytest.mark.parametrize("format_name", MODULES)
def test_the_same_report_gives_the_same_bytes(full: Report, format_name: str) -> None:
    options = Options(show=frozenset(Outcome))
    assert render(format_name, full, options) == render(format_name, full, options)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain  text", "plain  text"),
        ("a\tb\nc", "a b c"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x9b\x7f", "\\x9b\\x7f"),
        ("a\u202eb", "a\\u202eb"),
        ("\udcff", "\\udcff"),
        ("##[group]x ##vso[task]y", "# #[group]x # #vso[task]y"),
        ("## heading", "## heading"),
        ("日本 é", "日本 é"),
    ],
)
def test_inert(text: str, expected: str) -> None:
    assert inert(text) == expected
