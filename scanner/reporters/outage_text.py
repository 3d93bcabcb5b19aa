"""Outages for somebody on call: what stops, what a person can do, and why; each with the line that says so."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from scanner.model.outage import Cause, DataVerdict, OutageReport, Scenario, ServiceOutage, Step, Verdict
from scanner.model.service import Criticality
from scanner.model.span import Span
from scanner.reporters.inert import inert, without_commands
from scanner.reporters.options import DEFAULT, Options
from scanner.reporters.services import some

CAUSES: Final = 4
RANKED: Final = 40
STORES: Final = 3

_STYLES: Final = {"down": "1;31", "unknown": "1;34", "by hand": "1;33", "up": "1;32", "strong": "1", "faint": "2"}
_ORDER: Final = ("down", "unknown", "by hand", "up")


def render(report: OutageReport, options: Options = DEFAULT) -> str:
    """Every scenario in full, or one line each when they rank the domains of a level."""
    lines: list[str] = []
    if report.ranking:
        lines += _ranking(report, options)
    else:
        for scenario in report.scenarios:
            lines += [*_scenario(scenario, options), ""]
    lines += _problems(report, options)
    return "\n".join(map(without_commands, lines)).rstrip("\n") + "\n"


def state(service: ServiceOutage) -> str:
    """One word for both readings: up, by hand, down or unknown."""
    if service.automatic is Verdict.UP:
        return "up"
    if service.manual is Verdict.UP and service.automatic is Verdict.DOWN:
        return "by hand"
    return "down" if service.manual is Verdict.DOWN else "unknown"


def _paint(text: str, style: str, options: Options) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if options.color else text


def _scenario(scenario: Scenario, options: Options) -> Iterator[str]:
    title = f"{scenario.id}: {scenario.title}" if scenario.title else scenario.id
    yield _paint(without_commands(inert(title)), "strong", options)
    if scenario.title or len(scenario.down) > 1:
        yield from _wrapped(f"down: {', '.join(scenario.down)}", "  ", options)
    yield from _wrapped(headline(scenario), "  ", options)
    for name in scenario.unused:
        yield from _wrapped(f"nothing here depends on {name}", "  ", options)
    for note in scenario.notes:
        yield from _wrapped(note, "  ", options)
    services = sorted(scenario.services, key=lambda s: (_ORDER.index(state(s)), list(Criticality).index(s.criticality)))
    for service in services:
        yield ""
        yield from _service(service, options)


def headline(scenario: Scenario) -> str:
    """The verdict in one sentence: ``3 of 5 services stop: orders, …``."""
    if not scenario.services:
        return "No service is known here: name them under services in .riskscan.yaml."
    parts = []
    words = {
        "down": ("stop", "stops"),
        "unknown": ("depend on what the files do not say", "depends on what the files do not say"),
        "by hand": ("can be brought back by hand", "can be brought back by hand"),
    }
    for word, (many, one) in words.items():
        names = [service.name for service in scenario.services if state(service) == word]
        if names:
            parts.append(f"{len(names)} {one if len(names) == 1 else many}: {some(names)}")
    total = len(scenario.services)
    if not parts:
        return f"All {total} stay up." if total > 1 else "It stays up."
    return f"Of {total} services and custody items, {'; '.join(parts)}."


def _service(service: ServiceOutage, options: Options) -> Iterator[str]:
    word = state(service)
    label = {"down": "STOPS", "unknown": "UNKNOWN", "by hand": "BY HAND", "up": "UP"}[word]
    kind = (
        f"{service.criticality.value} {service.kind}"
        if service.kind == "service"
        else f"{service.criticality.value}, custody"
    )
    yield f"{_paint(f'{label:<8}', word, options)} {_paint(inert(service.name), 'strong', options)}  ({kind})"
    if word == "up":
        return
    if service.condition:
        yield from _wrapped(service.condition, "    ", options)
    yield from _path(service.path, options)
    shown = [cause for cause in service.because if cause.resource not in {step.name for step in service.path}]
    if shown:
        rest = len(shown) - CAUSES
        yield from _wrapped(
            f"also down: {', '.join(map(_cause, shown[:CAUSES]))}{f' and {rest} more' if rest > 0 else ''}",
            "    ",
            options,
        )
    yield from _wrapped(f"what to do: {'; '.join(advice(service))}", "    ", options)


def _otherwise(service: ServiceOutage) -> tuple[str, ...]:
    if state(service) == "down":
        return ("wait for the domain to return: nothing else in these files can serve",)
    if " is " in service.condition:
        return ("say under zone_ids in .riskscan.yaml which of your zones it is",)
    return ("decide what is unknown first",)


def advice(service: ServiceOutage) -> Iterable[str]:
    """What a person can do, and what becomes of data."""
    yield from service.remedies or _otherwise(service)
    if service.data is DataVerdict.LOST:
        more = f" and {len(service.lost) - STORES} more" if len(service.lost) > STORES else ""
        yield f"out of reach until then, with every copy: {', '.join(service.lost[:STORES])}{more}"
    elif service.data is DataVerdict.UNKNOWN:
        yield "whether a copy of its data survives is not in the files"


def _path(steps: Sequence[Step], options: Options) -> Iterator[str]:
    for index, step in enumerate(steps):
        lead = "    because " if index == 0 else "         -> "
        place = f"  {_place(step.span)}" if step.span else ""
        yield f"{lead}{inert(step.text)}{_paint(place, 'faint', options) if place else ''}"


def _cause(cause: Cause) -> str:
    return f"{cause.resource} ({_place(cause.span)})" if cause.span else cause.resource


def _place(span: Span) -> str:
    return f"{inert(span.file)}:{span.line}"


def _ranking(report: OutageReport, options: Options) -> Iterator[str]:
    shown = [scenario for scenario in report.scenarios if any(state(s) != "up" for s in scenario.services)]
    yield _paint(
        f"Single outages, by {report.ranking}: {len(shown)} of {len(report.scenarios)} stop something",
        "strong",
        options,
    )
    for scenario in shown[:RANKED]:
        counts = {word: [s.name for s in scenario.services if state(s) == word] for word in _ORDER}
        yield ""
        yield _paint(without_commands(inert(scenario.id)), "strong", options)
        for word, label in (("down", "stops"), ("by hand", "by hand"), ("unknown", "unknown")):
            if counts[word]:
                yield from _wrapped(f"{label:<8} {some(counts[word])}", "  ", options)
    if len(shown) > RANKED:
        yield f"and {len(shown) - RANKED} more; --format json lists all"
    yield ""


def _problems(report: OutageReport, options: Options) -> Iterator[str]:
    lost = [problem for problem in report.problems if problem.kind.incomplete]
    rest = len(report.problems) - len(lost)
    for problem in lost:
        yield from _wrapped(f"not read: {problem.span}: {problem.message}", "", options)
    if rest:
        words = "1 more problem" if rest == 1 else f"{rest} more problems"
        yield _paint(f"{words}; riskscan scan lists them", "faint", options)


def _wrapped(text: str, lead: str, options: Options) -> list[str]:
    return textwrap.wrap(
        inert(text),
        max(options.width, 40),
        initial_indent=lead,
        subsequent_indent=" " * (len(lead) + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )
