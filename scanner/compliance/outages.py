"""What one failure, or a recorded incident that came again, would do to the services: claims for plans and tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from scanner.compliance import spoken
from scanner.compliance.drafts import Draft, Drafts
from scanner.compliance.mapping import Observation
from scanner.compliance.reasons import Reasons, levels_of, singles
from scanner.compliance.services import severity
from scanner.model.assessment import Direction, Evidence, Origin
from scanner.model.finding import Related, Severity
from scanner.model.outage import DataVerdict, Effect, ServiceOutage, ServiceRisk, Verdict
from scanner.model.report import Report
from scanner.model.service import Level
from scanner.model.span import Span

MOST: Final = 12
"""So many single failures, the worst of an observation's levels, are told."""


def single_outages(report: Report, observation: Observation, reasons: Reasons) -> Drafts:
    """The failure domains of some levels whose failure does most."""
    wanted = frozenset(map(Level, observation.levels))
    touching = [(name, e) for name, e in singles(report) if wanted & levels_of(name) and name in reasons.places]
    for name, effect in touching[:MOST]:
        if not _says_nothing(effect, observation):
            claim = _told(report, effect, f"If {spoken.domain(name)} fails", reasons.places[name])
            yield Draft(_spoken(claim, observation), observation.controls)


def _says_nothing(effect: Effect, observation: Observation) -> bool:
    """Whether nothing stops, where that is no case to analyse, or where the files do not even name what fails."""
    if _direction(effect.scenario.services) is not Direction.FOR:
        return False
    return observation.open or any("?" in name for name in effect.scenario.down)


def incidents(report: Report, observation: Observation, reasons: Reasons) -> Drafts:
    """The recorded incidents that touch the estate."""
    for effect in report.outages.incidents if report.outages else ():
        scenario = effect.scenario
        place = next((reasons.places[name] for name in scenario.down if name in reasons.places), None) or _cause(effect)
        if place is None or _says_nothing(effect, observation):
            continue
        when = f" of {spoken.day(effect.day)}" if effect.day else ""
        here = spoken.listed([spoken.domain(name) for name in scenario.down])
        opening = f"If the recorded incident{when}, “{scenario.title}”, came again and hit {here}"
        yield Draft(_spoken(_told(report, effect, opening, place), observation), observation.controls)


def _spoken(claim: Evidence, observation: Observation) -> Evidence:
    """The claim as it counts for controls that ask for analyses and tests, if that is what the observation is for."""
    if not observation.open:
        return claim
    text = f"{claim.text} No file shows whether this case was analysed or tested."
    return replace(claim, text=text, direction=Direction.OPEN)


def _cause(effect: Effect) -> Span | None:
    return next((c.span for each in effect.scenario.services for c in each.because if c.span is not None), None)


def _told(report: Report, effect: Effect, opening: str, place: Span) -> Evidence:
    services = effect.scenario.services
    known = {service.name: service for service in report.services}
    hit = [each for each in services if each.automatic is not Verdict.UP]
    return Evidence(
        number=0,
        text=f"{opening}, {_effect(services)}.{_data(services)}",
        direction=_direction(services),
        origin=Origin.OUTAGE,
        span=place,
        services=tuple(each.name for each in hit),
        severity=_worst(hit, known),
        domains=effect.scenario.down,
        related=tuple(_related(hit)),
    )


def _direction(services: Sequence[ServiceOutage]) -> Direction:
    if any(each.automatic is Verdict.DOWN for each in services):
        return Direction.AGAINST
    if any(each.automatic is Verdict.UNKNOWN for each in services):
        return Direction.OPEN
    return Direction.FOR


def _effect(services: Sequence[ServiceOutage]) -> str:
    """What becomes of the services, as a clause."""
    down = [each for each in services if each.automatic is Verdict.DOWN]
    unknown = [each.name for each in services if each.automatic is Verdict.UNKNOWN]
    parts = []
    if lost := [each.name for each in down if each.manual is not Verdict.UP and each.kind == "service"]:
        parts.append(f"{spoken.names(lost)} {_verb(lost, 'stops', 'stop')} until it is over")
    if helped := [each.name for each in down if each.manual is Verdict.UP and each.kind == "service"]:
        parts.append(f"{spoken.names(helped)} {_verb(helped, 'stops', 'stop')} until people bring back what failed")
    if locked := [each.name for each in down if each.kind == "custody"]:
        parts.append(f"{spoken.names(locked)} cannot be released")
    if unknown:
        parts.append(f"the files do not decide what becomes of {spoken.names(unknown)}")
    return ", and ".join(parts) or "every service keeps running"


def _verb(names: Sequence[str], one: str, several: str) -> str:
    return one if len(names) == 1 else several


def _data(services: Sequence[ServiceOutage]) -> str:
    lost = [each.name for each in services if each.data is DataVerdict.LOST]
    return f" No copy of the data of {spoken.names(lost)} survives outside of what failed." if lost else ""


def _worst(hit: Sequence[ServiceOutage], known: Mapping[str, ServiceRisk]) -> Severity | None:
    found = [severity(known[each.name]) for each in hit if each.name in known]
    return max(found, default=None)


def _related(hit: Sequence[ServiceOutage]) -> list[Related]:
    """For each service the first resource that the failure takes down."""
    causes = [(each.name, each.because[0]) for each in hit if each.because]
    return [Related(c.span, f"“{name}” needs “{c.resource}”.", c.resource) for name, c in causes if c.span is not None]
