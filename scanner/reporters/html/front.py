"""The first screen: what was scanned, its stage, grade and score, a sentence for each axis, and the riskiest outage."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from msgspec import Struct

from scanner.model.finding import Axis, Outcome
from scanner.model.outage import DataVerdict, Effect
from scanner.model.report import AxisScore, Report
from scanner.model.score import Score, Stage
from scanner.model.service import Criticality
from scanner.reporters import services, summary
from scanner.reporters.html import names
from scanner.reporters.html.estate import Estate, Toll
from scanner.reporters.options import Options

_ACCOUNTS: Final = 3
_NAMED: Final = 4
"""So many services are named in the sentence on the riskiest outage, critical ones first."""
_WHO: Final = (
    *("zone", "region", "provider", "account", "cluster", "node-group", "service"),
    *("edge", "registrar", "ca", "owner", "custodian"),
)
"""Levels in the order in which the first screen names who alone stops services."""
_SINGLE: Final = {
    Axis.ZONE: "zone or cluster",
    Axis.REGION: "region",
    Axis.PROVIDER: "provider",
    Axis.ACCOUNT: "account",
    Axis.EDGE: "third party at the edge",
    Axis.CUSTODY: "gatekeeper",
}
"""What one domain of an axis is."""


class Bar(Struct, frozen=True):
    """An interval of points, in whole points for drawing."""

    low: float
    high: float
    text: str


class AxisLine(Struct, frozen=True):
    """One axis in a sentence; ``bar`` is ``None`` where there is nothing to judge."""

    name: str
    bar: Bar | None
    sentence: str


class Riskiest(Struct, frozen=True):
    """The single domain whose loss stops most: what it stops, and which data nobody can reach then."""

    name: names.Name
    services: tuple[str, ...]
    more: int
    critical: int
    total: int
    toll: Toll
    lost: tuple[str, ...]
    unsure: bool


class Party(Struct, frozen=True):
    """Who alone stops services: of each level the domain that stops most."""

    name: names.Name
    toll: Toll
    alike: int


class Front(Struct, frozen=True):
    """All that the first screen says. ``folder`` is the path before ``title``, empty or ending with a slash."""

    folder: str
    title: str
    subject: str
    stage: str
    stage_high: str
    stage_words: str
    stages: tuple[tuple[str, str], ...]
    grade: str
    grade_words: str
    bar: Bar
    axes: tuple[AxisLine, ...]
    riskiest: Riskiest | None
    parties: tuple[Party, ...]
    facts: tuple[tuple[str, str], ...]
    incomplete: bool


def front(estate: Estate, options: Options) -> Front:
    """The first screen of a report."""
    report, score = estate.report, estate.report.score
    stage, high = score.stage, score.stage_high
    graded = bool(score.services) or any(axis.judged for axis in score.axes)
    name = title(report, options)
    folder, slash, last = name.rpartition("/")
    return Front(
        folder + slash,
        last,
        _subject(report),
        stage.value if stage else "",
        high.value if high and high is not stage else "",
        summary.STAGES[stage] if stage else "",
        tuple((each.value, summary.STAGES[each]) for each in Stage),
        score.grade if graded else "",
        summary.grade_line(score),
        _bar(score.low, score.high),
        tuple(_axis(axis, score) for axis in score.axes),
        _riskiest(estate),
        tuple(_parties(estate)),
        tuple((name, names.grouped(words)) for name, words in _facts(report)),
        summary.count(report).incomplete,
    )


def title(report: Report, options: Options) -> str:
    """What was scanned: the accounts of a live scan, else the innermost folder that holds all declarations.

    Its path begins at the repository's root, or with the name of the folder that paths are told from.
    """
    formats = {name for name, part in report.coverage.items() if part.found}
    if formats == {"aws"}:
        more = len(report.roots) - _ACCOUNTS
        return f"AWS {', '.join(report.roots[:_ACCOUNTS])}{f' and {more} more' if more > 0 else ''}".strip()
    folders = [PurePosixPath(resource.span.file).parent for resource in report.resources]
    inner = posixpath.commonpath(folders) if folders and not any(folder.is_absolute() for folder in folders) else ""
    path = posixpath.normpath(options.prefix + inner)
    return path if path != "." and not path.startswith("..") else Path(report.base).name or "riskscan"


def _subject(report: Report) -> str:
    """How much was read, in a few words."""
    files = summary.total(report.coverage.values())
    read = f"{files.read + files.partly} of {summary.plural(files.found, 'file')}"
    return names.grouped(f"{summary.plural(len(report.resources), 'resource')} in {read}")


def _bar(low: float, high: float) -> Bar:
    return Bar(low, high, summary.score_range(low, high).replace(" to ", "–"))


def _axis(axis: AxisScore, score: Score) -> AxisLine:
    if not summary.judged(axis, score):
        return AxisLine(axis.axis.value, None, "Nothing to judge.")
    return AxisLine(axis.axis.value, _bar(axis.low, axis.high), names.grouped(" ".join(_axis_sentences(axis, score))))


def _axis_sentences(axis: AxisScore, score: Score) -> Iterator[str]:
    if score.services and axis.axis is not Axis.DATA:
        domain = _SINGLE[axis.axis]
        total = summary.plural(score.services, "service")
        if axis.stopped:
            yield f"One {domain} stops {axis.stopped} of {total}."
        else:
            yield f"No single {domain} stops a service."
    if axis.judged:
        yield f"{axis.failing} of {axis.judged} checks fail." if axis.failing else f"All {axis.judged} checks pass."


def _riskiest(estate: Estate) -> Riskiest | None:
    found = services.riskiest(estate.report)
    if found is None:
        return None
    effect = next((each for each in estate.single if each.scenario.id == found.domain), None)
    order = list(Criticality)
    critical = {service.name: order.index(service.criticality) for service in estate.report.services}
    ordered = sorted(found.services, key=lambda name: critical[name])
    stopped = tuple(ordered[:_NAMED])
    return Riskiest(
        names.domain(found.domain),
        stopped,
        len(ordered[_NAMED:]),
        sum(not critical[name] for name in ordered[_NAMED:]),
        found.total,
        estate.tolls.get(found.domain, Toll(len(found.services))),
        lost(effect) if effect else (),
        effect is not None and any(s.data is DataVerdict.UNKNOWN for s in effect.scenario.services),
    )


def lost(effect: Effect) -> tuple[str, ...]:
    """The stores that nobody can reach until the domains return, nor any copy of them."""
    outages = effect.scenario.services
    return tuple(sorted({store for s in outages if s.data is DataVerdict.LOST for store in s.lost}))


def _parties(estate: Estate) -> Iterator[Party]:
    """The worst domain of each level that stops a service for certain, with how many others of the level stop any."""
    found: dict[str, list[names.Name]] = {}
    for effect in estate.single:
        name = effect.scenario.id
        if estate.tolls[name].stopped:
            found.setdefault(name.partition(":")[0], []).append(names.domain(name))
    for level in _WHO:
        if level in found:
            yield Party(found[level][0], estate.tolls[found[level][0].id], len(found[level]) - 1)


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    counts = summary.count(report)
    items = sum(service.kind == "custody" for service in report.services)
    found = len(report.services) - items
    critical = sum(s.criticality is Criticality.CRITICAL for s in report.services)
    custody = f" and {summary.plural(items, 'custody item')}" if items else ""
    yield "Asked about", f"{summary.plural(found, 'service')}{custody}{f', {critical} critical' if critical else ''}"
    failing = counts.outcomes[Outcome.FAIL]
    words = summary.severity_words(counts)
    yield "Findings", f"{failing}{f': {words}' if words else ''}"
    yield "Other answers", summary.other_outcomes(counts)
    yield "Read", summary.coverage_line(report).removeprefix("Read ").rstrip(".")
