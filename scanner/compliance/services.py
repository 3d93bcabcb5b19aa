"""What the fault graph says of services and custody items, as claims with a place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from scanner.compliance import spoken
from scanner.compliance.drafts import Draft, Drafts
from scanner.compliance.mapping import Citations, Observation
from scanner.compliance.reasons import Reasons, levels_of, lone, singles
from scanner.model.assessment import Direction, Evidence, Origin
from scanner.model.finding import Axis, Related, Severity
from scanner.model.outage import RiskGroup, ServiceRisk
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
        service=service.name,
        severity=severity(service),
        axis=Axis.CUSTODY if service.kind == "custody" else None,
        domains=group.domains if group else (),
        related=related,
    )


# -- how many failures it takes --------------------------------------------------------------------


def coefficients(report: Report, observation: Observation, reasons: Reasons) -> Drafts:
    """For each service how many failures at a level stop it; nothing where it does not depend on that level."""
    level = Level(observation.level)
    for service in report.services:
        low, high = service.coefficients[level], service.coefficients_high[level]
        if service.kind != observation.of or (low != 1 and level not in reasons.levels[service.name]):
            continue
        if low == 1 == high:
            claim = _stopped(service, level)
        elif low == 1:
            claim = _undecided(service, level, reasons)
        else:
            claim = _survives(service, level, low)
        axis = claim.axis or _AXES[level]
        yield Draft(replace(claim, axis=axis), observation.controls)


def _stopped(service: ServiceRisk, level: Level) -> Evidence:
    groups = [group for group in lone(service, level) if group.certain]
    names = tuple(group.domains[0] for group in groups) or _single_cuts(service, level)
    told = spoken.each_alone([spoken.domain(name) for name in names], _stops(service))
    again = "nobody can bring it back before the failure has ended"
    if service.coefficients_manual[level] != 1:
        again = "people can bring it back by hand, which takes time"
    text = f"{told} According to the files {again}."
    claim = _claim(service, Origin.COEFFICIENT, Direction.AGAINST, text, groups[0] if groups else None)
    return replace(claim, domains=names)


def _single_cuts(service: ServiceRisk, level: Level) -> tuple[str, ...]:
    cuts = (cut.domains for cut in service.cuts.low if len(cut.domains) == 1)
    return tuple(name for (name,) in cuts if level in levels_of(name))


def _undecided(service: ServiceRisk, level: Level, reasons: Reasons) -> Evidence:
    groups = lone(service, level)
    names = tuple(group.domains[0] for group in groups) or _single_cuts(service, level)
    told = spoken.listed([spoken.domain(name) for name in names], "or")
    why = next((reasons.conditions[key] for name in names if (key := (name, service.name)) in reasons.conditions), "")
    text = f"The files do not decide whether the failure of {told} alone {_stops(service)}{f': {why}' if why else ''}."
    claim = _claim(service, Origin.COEFFICIENT, Direction.OPEN, text, groups[0] if groups else None)
    return replace(claim, domains=names)


def _survives(service: ServiceRisk, level: Level, low: int | None) -> Evidence:
    if low is None:
        text = f"No failure of up to {spoken.count(3, level)} at once {_stops(service)}."
    else:
        text = f"No failure of {spoken.count(1, level)} {_stops(service)}; it takes {spoken.count(low, level)} at once."
    return _claim(service, Origin.COEFFICIENT, Direction.FOR, text, None)


def _stops(service: ServiceRisk) -> str:
    if service.kind == "custody":
        return f"keeps “{service.name}” from being released"
    return f"stops the service “{service.name}”"


# -- custody ---------------------------------------------------------------------------------------


def gatekeepers(report: Report, controls: Citations) -> Drafts:
    """Who alone can keep each custody item from being released, or that nobody can."""
    for item in report.services:
        if item.kind != "custody":
            continue
        if not item.gatekeepers:
            text = f"As far as the files tell, nobody alone can refuse to release “{item.name}”."
            yield Draft(_claim(item, Origin.GATEKEEPER, Direction.FOR, text, None), controls)
        for name in item.gatekeepers:
            group = next((group for group in item.risk_groups if group.domains == (name,)), None)
            text = spoken.sentence(f"{spoken.domain(name)} alone can refuse to release “{item.name}”")
            claim = _claim(item, Origin.GATEKEEPER, Direction.AGAINST, text, group)
            yield Draft(replace(claim, domains=(name,)), controls)


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
    yield Draft(replace(claim, service=service.name if group else ""), controls)


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
        needing = [service.name for service in report.services if not service.cone.isdisjoint(inside)]
        verb = "depends on" if len(needing) == 1 else "depend on"
        who = f"{spoken.names(needing)} {verb}" if needing else "The files use"
        text = f"{who} {spoken.domain(name)}. No file shows the contract, or whether a register names it."
        place = reasons.places[name]
        yield Draft(
            Evidence(0, text, Direction.OPEN, Origin.DEPENDENCY, place, axis=Axis.PROVIDER, domains=(name,)), controls
        )
