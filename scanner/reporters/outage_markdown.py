"""Outages as Markdown, for an incident channel or a review."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.model.outage import OutageReport, Scenario, ServiceOutage
from scanner.reporters.gfm import code, escaped, hard_limit, link
from scanner.reporters.inert import without_commands
from scanner.reporters.options import DEFAULT, Options
from scanner.reporters.outage_text import advice, headline, state

_MARKS = {"down": "🔴 stops", "by hand": "🟠 by hand", "unknown": "🔵 unknown", "up": "🟢 up"}


def render(report: OutageReport, options: Options = DEFAULT) -> str:
    """One section a scenario: the verdict, a table of services, and the reason for each that does not stay up.

    Whole lines of at most ``options.max_bytes`` bytes of UTF-8.
    """
    lines = [line for scenario in report.scenarios for line in _scenario(scenario, options)]
    lines += _problems(report, options)
    safe = map(without_commands, "\n".join(lines).split("\n"))
    return hard_limit("\n".join(safe) + "\n", options.max_bytes)


def _scenario(scenario: Scenario, options: Options) -> Iterator[str]:
    yield f"## {escaped(scenario.title or scenario.id)}"
    yield ""
    yield f"Down: {', '.join(map(code, scenario.down)) or 'nothing'}. {escaped(headline(scenario))}"
    for note in (*(f"Nothing here depends on {name}." for name in scenario.unused), *scenario.notes):
        yield f"\n{escaped(note)}"
    yield ""
    yield "| Service | Criticality | By itself | With people | Data |"
    yield "|---|---|---|---|---|"
    for service in scenario.services:
        cells = (service.criticality, service.automatic, service.manual, service.data)
        yield f"| {escaped(service.name)} | {' | '.join(cells)} |"
    yield ""
    for service in scenario.services:
        if state(service) != "up":
            yield from _reason(service, options)


def _problems(report: OutageReport, options: Options) -> Iterator[str]:
    """What cost input, and how many other problems there are."""
    lost = [problem for problem in report.problems if problem.kind.incomplete]
    for problem in lost:
        yield f"* Not read: {link(problem.span, options)} {escaped(problem.message)}"
    if rest := len(report.problems) - len(lost):
        yield f"\n{rest} more {'problem' if rest == 1 else 'problems'}; `riskscan scan` lists them."


def _reason(service: ServiceOutage, options: Options) -> Iterator[str]:
    yield f"**{_MARKS[state(service)]}: {escaped(service.name)}** {escaped(service.condition)}".rstrip()
    yield ""
    for step in service.path:
        yield f"1. {escaped(step.text)}" + (f" {link(step.span, options)}" if step.span else "")
    yield ""
    yield escaped(f"What to do: {'; '.join(advice(service))}.")
    yield ""
