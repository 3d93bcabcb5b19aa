"""A report → what it is evidence for and against, control by control."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from importlib import import_module
from typing import Final

from msgspec.structs import replace

from scanner.compliance.citations import split
from scanner.compliance.drafts import Draft, Drafts, order
from scanner.compliance.findings import cited, findings, problems
from scanner.compliance.mapping import Mapped, Observation, mapped
from scanner.compliance.outages import incidents, single_outages
from scanner.compliance.reasons import Reasons
from scanner.compliance.services import coefficients, dependencies, gatekeepers, stage
from scanner.compliance.summary import summary
from scanner.model.assessment import (
    Assessment,
    Attested,
    ComplianceReport,
    Control,
    ControlEvidence,
    Direction,
    Evidence,
    Framework,
    Origin,
    Section,
)
from scanner.model.report import Report

SECTIONS: Final[Mapping[str, str]] = dict.fromkeys(
    ("dora", "dora-rts-risk", "dora-rts-services", "uk-pra", "mas-trm"), "scanner.compliance.dora"
)
"""The module of each framework that asks for tables besides its controls: ``sections(report, framework)`` makes them.

It is imported when asked for.
"""

_DIRECTIONS: Final = tuple(Direction)


def assess(
    report: Report, frameworks: Sequence[Framework], attested: Sequence[Attested] = (), day: date | None = None
) -> ComplianceReport:
    """What a scan says about the controls of some frameworks. The report's outages make it complete."""
    report, asked = _placed(report), {framework.id for framework in frameworks}
    drafts = sorted((draft for draft in _drafts(report, mapped()) if _about(draft, asked)), key=order)
    numbered = [
        (replace(draft.evidence, number=number), draft) for number, draft in enumerate(_distinct(drafts), start=1)
    ]
    return ComplianceReport(
        tool_version=report.tool_version,
        base=report.base,
        assessments=tuple(_assessment(report, framework, numbered, attested) for framework in frameworks),
        evidence=tuple(claim for claim, _ in numbered),
        problems=report.problems,
        coverage=report.coverage,
        day=day,
        secrets=report.secrets,
    )


def _placed(report: Report) -> Report:
    """The report with a place for every service: where it is reached, if nothing names it."""
    spans = {resource.id: resource.span for resource in report.resources}
    services = [
        service
        if service.span is not None
        else replace(service, span=next((spans[name] for name in service.entry if name in spans), None))
        for service in report.services
    ]
    return replace(report, services=tuple(services))


def _about(draft: Draft, asked: set[str]) -> bool:
    return draft.everywhere or any(framework in asked for framework, _ in draft.controls)


def _distinct(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """Each claim once, with all the controls that it was made for."""
    found: dict[Evidence, Draft] = {}
    for draft in drafts:
        known = found.get(draft.evidence)
        found[draft.evidence] = replace(known, controls=known.controls | draft.controls) if known else draft
    return iter(found.values())


def _drafts(report: Report, table: Mapped) -> Drafts:
    reasons = Reasons.of(report)
    repeated: set[str] = set()
    for observation in table.observations:
        repeated |= observation.instead_of
        yield from _observed(report, _widened(observation, report, table), reasons)
    yield from findings(report, table, repeated)
    yield from problems(report)


def _widened(observation: Observation, report: Report, table: Mapped) -> Observation:
    """The observation with what the rules cite in whose place it speaks."""
    rules = [report.rules[code] for code in sorted(observation.instead_of) if code in report.rules]
    return replace(observation, controls=observation.controls.union(*(cited(rule, table) for rule in rules)))


def _observed(report: Report, observation: Observation, reasons: Reasons) -> Drafts:
    match observation.about:
        case "coefficient":
            return coefficients(report, observation, reasons)
        case "gatekeeper":
            return gatekeepers(report, observation.controls)
        case "stage":
            return stage(report, observation.controls)
        case "outage":
            return single_outages(report, observation, reasons)
        case "incident":
            return incidents(report, observation, reasons)
    return dependencies(report, observation.controls, reasons)


# -- one framework ---------------------------------------------------------------------------------


def _assessment(
    report: Report,
    framework: Framework,
    numbered: Sequence[tuple[Evidence, Draft]],
    attested: Sequence[Attested],
) -> Assessment:
    everywhere = [claim for claim, draft in numbered if draft.everywhere]
    by_control: dict[str, list[Evidence]] = {control.id: list(everywhere) for control in framework.controls}
    for claim, draft in numbered:
        for name, control in draft.controls:
            if name == framework.id:
                by_control[control].append(claim)
    controls = tuple(_control(framework, control, by_control[control.id], attested) for control in framework.controls)
    about = tuple(each for each in attested if split(each.control) == (framework.id, ""))
    return Assessment(
        framework=framework,
        summary=summary(report, framework, controls, about),
        controls=controls,
        attestations=about,
        sections=_sections(report, framework),
    )


def _sections(report: Report, framework: Framework) -> tuple[Section, ...]:
    if framework.id not in SECTIONS:
        return ()
    made = import_module(SECTIONS[framework.id]).sections(report, framework)
    return tuple(section for section in made if isinstance(section, Section))


def _control(
    framework: Framework, control: Control, claims: Iterable[Evidence], attested: Sequence[Attested]
) -> ControlEvidence:
    evidence = tuple(sorted(claims, key=_weight))
    return ControlEvidence(
        control=control,
        evidence=evidence,
        attestations=tuple(each for each in attested if _is_about(each, framework, control, evidence)),
        limits=tuple(_limits(evidence)),
    )


def _weight(claim: Evidence) -> tuple[int, bool, bool, int, int]:
    """The order under a control: what speaks against it first, what nobody accepted, then the worst."""
    problem = claim.origin is Origin.PROBLEM
    return _DIRECTIONS.index(claim.direction), problem, bool(claim.accepted_by), -(claim.severity or 0), claim.number


def _is_about(attested: Attested, framework: Framework, control: Control, evidence: Sequence[Evidence]) -> bool:
    if attested.control:
        return split(attested.control) == (framework.id, control.id)
    pattern = re.compile(".*".join(map(re.escape, attested.resource.split("*"))))
    names = {name for claim in evidence for name in (claim.resource, *(r.resource for r in claim.related))}
    return any(pattern.fullmatch(name) for name in sorted(names) if name)


def _limits(evidence: Sequence[Evidence]) -> Iterator[str]:
    unread = [claim for claim in evidence if claim.origin is Origin.PROBLEM]
    if len(unread) == len(evidence):
        yield "The scan found nothing in the files that speaks for this control or against it."
    if unread:
        several = len(unread) > 1
        yield (
            f"{len(unread)} part{'s' if several else ''} of the files {'were' if several else 'was'} not read or not "
            "decided, so that the evidence here may be incomplete."
        )
