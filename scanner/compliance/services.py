"""What the fault graph says of services and custody items, as claims with a place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from scanner.compliance import spoken
from scanner.compliance.drafts import Draft, Drafts
from scanner.compliance.mapping import Citations, Observation
from scanner.compliance.reasons import Reasons, levels_of, lone, singles
from scanner.model.assessment import Direction, Evidence, Origin
from scanner.model.finding import Axis, Related, Severity
from scanner.model.outage import RiskGroup, ServiceRisk, Verdict
from scanner.model.report import Report
from scanner.model.score import Stage
from scanner.model.service import Level
from scanner.model.span import Span

_AXES: Final[Mapping[Level, Axis]] = {
    Level.ZONE: Axis.ZONE,
    Level.REGION: Axis.REGION,
    Level.PROVIDER: Axis.PROVIDER,
    Level.ACCOUNT: Axis.ACCOUNT,
    Level.EDGE: Axis.EDGE,
    Level.OWNER: Axis.EDGE,
    Level.CUSTODIAN: Axis.CUSTODY,
    Level.CLUSTER: Axis.ZONE,
    Level.SERVICE: Axis.REGION,
}
_MEANINGS: Final[Mapping[Level, str]] = {
    Level.ZONE: "Power, cooling or fire can take a whole zone away, as recorded incidents show.",
    Level.REGION: "Whole regions have failed for hours, as recorded incidents show.",
    Level.PROVIDER: "What stops the provider, or ends the contract with it, stops whatever stands on it alone.",
    Level.ACCOUNT: "Whoever takes over, suspends or deletes the account decides what becomes of all that is in it.",
    Level.EDGE: "Customers reach a service through its name and delivery; without them it might as well be down.",
    Level.OWNER: "A company outside may fail, change its terms, or be ordered to refuse.",
    Level.CUSTODIAN: "What a custodian holds is released when the custodian wants to and is able to.",
}
"""Why it matters that one failure of a level is enough."""
MOST_FAILURES: Final = 3
"""Sets of so many failures are looked through at most."""

_STAGES: Final[Mapping[Stage, str]] = {
    Stage.R0: "at least one service stops when a single availability zone, region or cluster fails",
    Stage.R1: "every service survives the failure of any one region, but not that of any one provider, account or key",
    Stage.R2: "every service survives the failure of any one region, provider, account, key or host of its names",
    Stage.R3: "every service survives the failure of any two places or parties of the same kind",
}
_PARTIES: Final = frozenset({"provider", "edge", "registrar", "ca", "owner", "custodian"})


def severity(service: ServiceRisk) -> Severity:
    """A service is as severe as it is critical: both are told in the same words."""
    return Severity[service.criticality.value.upper()]


def _claim(service: ServiceRisk, origin: Origin, direction: Direction, text: str, group: RiskGroup | None) -> Evidence:
    """A claim about a service, where the last hop of a reason is stated, else where the service is named."""
    steps = [step for step in group.path if step.span is not None] if group else []
    related = tuple(Related(step.span, f"“{step.name}” is needed.", step.name) for step in steps[:-1] if step.span)
    last = steps[-1].span if steps else None
    return Evidence(
        number=0,
        text=text,
        direction=direction,
        origin=origin,
        span=last or service.span or Span("the configuration", 1),
        services=(service.name,),
        severity=severity(service),
        axis=Axis.CUSTODY if service.kind == "custody" else None,
        domains=group.domains if group else (),
        related=related,
    )


# -- how many failures it takes --------------------------------------------------------------------


class _Stop(Struct, frozen=True):
    """What services that the same failure stops in the same way have in common."""

    domain: str
    certain: bool
    recoverable: bool
    condition: str
    place: Span


def coefficients(report: Report, observation: Observation, reasons: Reasons) -> Drafts:
    """Which single failures of a level stop services, and which services survive any of them.

    A service that does not depend on a level at all is no evidence about it.
    """
    level = Level(observation.level)
    services = [service for service in report.services if service.kind == observation.of]
    stops: dict[_Stop, list[tuple[ServiceRisk, RiskGroup | None]]] = {}
    for service in services:
        for stop, group in _stops_of(service, level, reasons):
            stops.setdefault(stop, []).append((service, group))
    claims = [_stopped(stop, stopped) for stop, stopped in stops.items()]
    claims += [
        _survives(service, level)
        for service in services
        if service.coefficients[level] != 1 and level in reasons.levels[service.name]
    ]
    for claim in claims:
        meaning = _MEANINGS.get(level, "") if claim.direction is Direction.AGAINST else ""
        yield Draft(replace(claim, axis=claim.axis or _AXES[level], meaning=meaning), observation.controls)


def _stops_of(service: ServiceRisk, level: Level, reasons: Reasons) -> Iterator[tuple[_Stop, RiskGroup | None]]:
    """The single domains of a level whose failure stops a service, or perhaps does."""
    groups = {group.domains: group for group in service.risk_groups}
    certain = {cut.domains for cut in service.cuts.high}
    for cut in service.cuts.low:
        if len(cut.domains) == 1 and level in levels_of(cut.domains[0]):
            (domain,) = cut.domains
            group = groups.get(cut.domains)
            place = _claim(service, Origin.COEFFICIENT, Direction.AGAINST, "", group).span
            recoverable = group.recoverable if group else service.coefficients_manual[level] != 1
            condition = "" if cut.domains in certain else reasons.conditions.get((domain, service.name), "")
            yield _Stop(domain, cut.domains in certain, recoverable, condition, place), group


def _stopped(stop: _Stop, stopped: Sequence[tuple[ServiceRisk, RiskGroup | None]]) -> Evidence:
    services = [service for service, _ in stopped]
    worst = max(stopped, key=lambda pair: severity(pair[0]))
    named, effect = spoken.domain(stop.domain), _stops(services)
    if stop.certain:
        again = "people can bring it back by hand, which takes time"
        if not stop.recoverable:
            again = "nobody can bring it back before the failure has ended"
        text = f"The failure of {named} alone {effect}. According to the files {again}."
    else:
        why = f": {stop.condition}" if stop.condition else ""
        text = f"The files do not decide whether the failure of {named} alone {effect}{why}."
    claim = _claim(worst[0], Origin.COEFFICIENT, Direction.AGAINST if stop.certain else Direction.OPEN, text, worst[1])
    return replace(claim, services=tuple(service.name for service in services), domains=(stop.domain,))


def _survives(service: ServiceRisk, level: Level) -> Evidence:
    """That no single failure stops a service, and how many do, as far as the sets of failures were looked through."""
    low, looked = service.coefficients[level], min(service.exact, MOST_FAILURES)
    effect = _stops([service])
    if looked < 1:
        text = f"The scan did not look through all failures of {spoken.count(1, level)} for what {effect}."
        return _claim(service, Origin.COEFFICIENT, Direction.OPEN, text, None)
    if low is None:
        text = f"No failure of {'up to ' if looked > 1 else ''}{spoken.count(looked, level)} at once {effect}."
    else:
        needed = spoken.count(min(low, looked + 1), level)
        text = f"No failure of {spoken.count(1, level)} {effect}; it takes at least {needed} at once."
    return _claim(service, Origin.COEFFICIENT, Direction.FOR, text, None)


def _stops(services: Sequence[ServiceRisk]) -> str:
    """What a failure does, as a predicate."""
    names = spoken.names(service.name for service in services)
    if services[0].kind == "custody":
        return f"keeps {names} from being released"
    return f"stops the service{'s' if len(services) > 1 else ''} {names}"


# -- custody ---------------------------------------------------------------------------------------


def gatekeepers(report: Report, controls: Citations) -> Drafts:
    """Who alone can keep which custody items from being released, and which nobody can."""
    items = [service for service in report.services if service.kind == "custody"]
    kept: dict[tuple[str, Span], list[tuple[ServiceRisk, RiskGroup | None]]] = {}
    for item in items:
        groups = {group.domains: group for group in item.risk_groups}
        for name in item.gatekeepers:
            group = groups.get((name,))
            place = _claim(item, Origin.GATEKEEPER, Direction.AGAINST, "", group).span
            kept.setdefault((name, place), []).append((item, group))
        if not item.gatekeepers:
            text = f"As far as the files tell, nobody alone can refuse to release “{item.name}”."
            yield Draft(_claim(item, Origin.GATEKEEPER, Direction.FOR, text, None), controls)
    for (name, _), found in kept.items():
        names = tuple(item.name for item, _ in found)
        worst, group = max(found, key=lambda pair: severity(pair[0]))
        text = spoken.sentence(f"{spoken.domain(name)} alone can refuse to release {spoken.names(names)}")
        claim = _claim(worst, Origin.GATEKEEPER, Direction.AGAINST, text, group)
        yield Draft(replace(claim, domains=(name,), services=names), controls)


# -- all services together -------------------------------------------------------------------------


def stage(report: Report, controls: Citations) -> Drafts:
    """What every service survives, as one claim at the place of the worst weakness."""
    low, high = report.score.stage, report.score.stage_high
    if low is None or high is None or not report.services:
        return
    service, group = _worst(report.services)
    if low is high:
        text, direction = spoken.sentence(_STAGES[low]), Direction.AGAINST if low is Stage.R0 else Direction.FOR
    else:
        text = f"If what is unknown turns out badly, {_STAGES[low]}; if it turns out well, {_STAGES[high]}."
        direction = Direction.OPEN
    text = f"{text} This is stage {low.value} on a scale from R0, the weakest, to R3."
    claim = _claim(service, Origin.STAGE, direction, text, group)
    yield Draft(replace(claim, services=(service.name,) if group else ()), controls)


def _worst(services: Sequence[ServiceRisk]) -> tuple[ServiceRisk, RiskGroup | None]:
    """The first service that one place stops, and that place."""
    for service in services:
        for level in (Level.ZONE, Level.REGION, Level.CLUSTER):
            if groups := [group for group in lone(service, level) if group.certain]:
                return service, groups[0]
    return services[0], None


# -- whom services need ----------------------------------------------------------------------------


def dependencies(report: Report, controls: Citations, reasons: Reasons) -> Drafts:
    """The companies on which something in the estate stands. No file shows whether a register names them."""
    for name, effect in singles(report):
        if name.partition(":")[0] not in _PARTIES or name not in reasons.places:
            continue
        inside = frozenset(effect.standing)
        hit = {each.name for each in effect.scenario.services if each.automatic is not Verdict.UP}
        needing = [s.name for s in report.services if s.name in hit or not s.cone.isdisjoint(inside)]
        verb = "depends on" if len(needing) == 1 else "depend on"
        who = f"{spoken.names(needing)} {verb}" if needing else "The files use"
        text = f"{who} {spoken.domain(name)}. No file shows the contract, or whether a register names it."
        place = reasons.places[name]
        yield Draft(
            Evidence(
                0,
                text,
                Direction.OPEN,
                Origin.DEPENDENCY,
                place,
                services=tuple(needing),
                axis=Axis.PROVIDER,
                domains=(name,),
            ),
            controls,
        )
