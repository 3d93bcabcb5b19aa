"""What the page's tables show: outages, services, what is not known, what was not read, and what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from msgspec import Struct

from scanner.model.finding import Outcome
from scanner.model.outage import Effect, RiskGroup, ServiceRisk, Step
from scanner.model.problem import Problem
from scanner.model.report import Report
from scanner.model.resource import Resource
from scanner.model.service import Criticality
from scanner.model.value import Unknown, Value
from scanner.reporters import services, summary
from scanner.reporters.html import frames, names
from scanner.reporters.html.estate import STATES, Estate, Toll, toll
from scanner.reporters.html.front import lost
from scanner.reporters.options import Options
from scanner.reporters.outage_text import headline, state

NAMED: Final = 5
"""So many services are named in a row."""
OUTAGES: Final = 60
"""So many single outages are listed; those that are left out stop less."""
GROUPS: Final = 8
"""So many sets of domains are explained for one service; with ``MANY`` services, ``FEWER`` and without source lines."""
MANY: Final = 40
FEWER: Final = 3
SHOWN: Final = 40
"""So many resources or problems are listed where they belong to one thing."""


class OutageLine(Struct, frozen=True):
    """What one scenario does, for a table."""

    id: str
    name: str
    level: str
    toll: Toll
    names: tuple[tuple[str, str], ...]
    more: int
    resources: int
    doubtful: int
    lost: tuple[str, ...]
    day: str = ""
    title: str = ""
    sentence: str = ""
    notes: tuple[str, ...] = ()


class Hop(Struct, frozen=True):
    """One step of a reason, with the line that states it."""

    text: str
    file: str = ""
    line: int = 0
    frame: frames.Excerpt = ()


class Cut(Struct, frozen=True):
    """A set of domains that stops a service, and why."""

    names: tuple[names.Name, ...]
    certain: bool
    recoverable: bool
    paths: tuple[tuple[Hop, ...], ...]


class ServiceLine(Struct, frozen=True):
    """A service: how many domains of each level stop it, and which."""

    name: str
    kind: str
    criticality: str
    entry: tuple[str, ...]
    found: bool
    resources: int
    cells: tuple[tuple[str, str], ...]
    cuts: tuple[Cut, ...]
    total: int
    locks: tuple[str, ...]
    attestations: tuple[str, ...]
    cold_start: tuple[str, ...]


class Services(Struct, frozen=True):
    """All services, the levels of their table, and what else is told of them."""

    levels: tuple[str, ...]
    lines: tuple[ServiceLine, ...]
    first: int
    missed: tuple[str, ...]
    uncovered: tuple[str, ...]


class Undecided(Struct, frozen=True):
    """One thing that the files do not decide: all that hangs on it."""

    reason: str
    file: str
    line: int
    questions: tuple[tuple[str, str, str], ...]
    places: tuple[tuple[str, str], ...]

    @property
    def number(self) -> int:
        """How much hangs on it."""
        return len(self.questions) + len(self.places)


class ProblemGroup(Struct, frozen=True):
    """The problems of one kind."""

    kind: str
    incomplete: bool
    rows: tuple[tuple[str, int, str, int], ...]
    total: int


def single(estate: Estate) -> tuple[tuple[OutageLine, ...], int]:
    """The domains that alone do something to a service, the worst first, and how many are left out or do nothing."""
    hit = [effect for effect in estate.single if estate.tolls[effect.scenario.id].any]
    return tuple(_outage(estate, effect) for effect in hit[:OUTAGES]), len(estate.single) - len(hit[:OUTAGES])


def incidents(estate: Estate) -> tuple[OutageLine, ...]:
    """The recorded incidents that touch the estate, in the order of their days."""
    return tuple(_outage(estate, effect) for effect in estate.incidents)


def _outage(estate: Estate, effect: Effect) -> OutageLine:
    scenario = effect.scenario
    named = names.domain(scenario.id)
    states = ((service.name, state(service)) for service in scenario.services)
    hit = sorted((each for each in states if each[1] != "up"), key=lambda each: STATES.index(each[1]))
    return OutageLine(
        scenario.id,
        f"not named ({named.text})" if named.unnamed else named.text,
        named.level,
        toll(scenario),
        tuple(hit[:NAMED]),
        len(hit[NAMED:]),
        len(estate.indexes(effect.stopped)),
        len(estate.indexes(effect.doubtful)),
        lost(effect),
        effect.day,
        scenario.title,
        headline(scenario),
        scenario.notes,
    )


def told(report: Report) -> Services:
    """The services with what stops them."""
    shown = services.levels(report.services)
    found = report.services if len(report.services) <= MANY else sorted(report.services, key=_gravity)
    return Services(
        shown,
        tuple(_service(report, service, shown) for service in found),
        MANY,
        tuple(services.missed_targets(report)),
        tuple(services.uncovered(report)),
    )


def _gravity(service: ServiceRisk) -> tuple[int, int, str]:
    """Of many services the critical ones first, and of these what most kinds of single failures stop."""
    ones = sum(number == 1 for number in service.coefficients.values())
    return list(Criticality).index(service.criticality), -ones, service.name


def _service(report: Report, service: ServiceRisk, levels: Sequence[str]) -> ServiceLine:
    few = len(report.services) <= MANY
    groups = sorted(service.risk_groups, key=lambda group: len(group.domains))
    return ServiceLine(
        service.name,
        service.kind,
        service.criticality.value,
        service.entry,
        service.found,
        len(service.cone),
        tuple((services.coefficient(service, level), _by_hand(service, level)) for level in levels),
        tuple(_cut(report, group, framed=few) for group in groups[: GROUPS if few else FEWER]),
        service.groups_total,
        tuple(names.domain(name).sentence for name in service.gatekeepers),
        service.attestations,
        service.cold_start,
    )


def _by_hand(service: ServiceRisk, level: str) -> str:
    """The coefficient when people help, where that is another one."""
    manual = service.coefficients_manual[level]
    return "" if manual == service.coefficients[level] else "more than 3" if manual is None else str(manual)


def _cut(report: Report, group: RiskGroup, *, framed: bool) -> Cut:
    return Cut(
        tuple(map(names.domain, group.domains)),
        group.certain,
        group.recoverable,
        tuple(tuple(_hop(report, step, framed=framed) for step in path) for path in group.paths),
    )


def _hop(report: Report, step: Step, *, framed: bool) -> Hop:
    text = names.told(step)
    if step.span is None:
        return Hop(text)
    frame = frames.excerpt(report.sources, step.span) if framed else ()
    return Hop(text, step.span.file, step.span.line, frame)


def undecided(report: Report, options: Options) -> tuple[Undecided, ...]:
    """What the files do not decide, with the questions and places that hang on it; what most hangs on first."""
    questions: dict[tuple[str, str, int], list[tuple[str, str, str]]] = defaultdict(list)
    places: dict[tuple[str, str, int], list[tuple[str, str]]] = defaultdict(list)
    for finding in summary.listed(report, Outcome.UNKNOWN, options):
        reason = finding.reason or finding.why or finding.message
        span = next((place.span for place in finding.related if place.message == finding.reason), finding.span)
        questions[reason, span.file, span.line].append((finding.rule, finding.slug, finding.resource))
    for resource in report.resources:
        for what, value in _places(resource):
            span = value.origin or resource.span
            places[value.reason, span.file, span.line].append((what, resource.id))
    keys = sorted({*questions, *places}, key=lambda key: (-len(questions[key]) - len(places[key]), key))
    return tuple(Undecided(*key, tuple(questions[key]), tuple(dict.fromkeys(places[key]))) for key in keys)


def _places(resource: Resource) -> Iterator[tuple[str, Unknown]]:
    """The parts of a resource's place that are not known."""
    place = resource.placement
    zones: Iterable[Value] = place.zones if isinstance(place.zones, tuple) else (place.zones,)
    for what, values in (("account", (place.account,)), ("region", (place.region,)), ("zone", zones)):
        unknown = next((value for value in values if isinstance(value, Unknown)), None)
        if unknown is not None:
            yield what, unknown


def problems(report: Report) -> tuple[ProblemGroup, ...]:
    """What was not read or understood, by kind, what cost input first."""
    ordered = summary.lost_first(report.problems)
    return tuple(_problems(list(found)) for _, found in groupby(ordered, key=lambda problem: problem.kind))


def _problems(found: Sequence[Problem]) -> ProblemGroup:
    times: dict[tuple[str, int, str], int] = defaultdict(int)
    for problem in found:
        times[problem.span.file, problem.span.line, problem.message] += 1
    kind = found[0].kind
    return ProblemGroup(
        kind.value, kind.incomplete, tuple((*place, number) for place, number in times.items()), len(found)
    )
