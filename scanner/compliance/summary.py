"""The first page of an assessment, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from scanner.compliance import spoken
from scanner.model.assessment import (
    Attested,
    Control,
    ControlEvidence,
    Direction,
    Evidence,
    Framework,
    Origin,
    Status,
    Summary,
)
from scanner.model.finding import Axis
from scanner.model.report import Report

WORST: Final = 3
_OPEN: Final = 5
"""So many open questions are told on the first page; the rest is counted."""

_LIMITS: Final = (
    "Files describe what is meant to run. They do not show what runs now, nor what was changed by hand.",
    (
        "Contracts, exercises, responsibilities and decisions stand in no infrastructure file; under each control it "
        "is said what only people can show."
    ),
    "Evidence in favour means that a check found nothing wrong. It does not mean that the control is met.",
    (
        "Which evidence counts for which control is a judgement of the makers of this tool, not of those who wrote the "
        "framework."
    ),
)


def summary(
    report: Report, framework: Framework, controls: Sequence[ControlEvidence], attested: Sequence[Attested]
) -> Summary:
    """What was looked at, the worst of it, what is open, and what files cannot tell."""
    return Summary(
        scope=tuple(_scope(report, framework, controls)),
        worst=worst(controls),
        remaining=tuple(_remaining(controls, attested)),
        limits=(*_LIMITS, *_statuses(framework)),
    )


# -- what was looked at ----------------------------------------------------------------------------


def _scope(report: Report, framework: Framework, controls: Sequence[ControlEvidence]) -> Iterator[str]:
    found = sum(part.found for part in report.coverage.values())
    read = sum(part.read for part in report.coverage.values())
    yield f"{read} of {found} infrastructure files were read in full."
    yield f"They declare {len(report.resources)} resources{_where(report)}."
    names = {kind: [s.name for s in report.services if s.kind == kind] for kind in ("service", "custody")}
    if names["service"]:
        yield f"The scan asked what stops {spoken.names(names['service'])}."
    if names["custody"]:
        yield f"The scan asked who can keep {spoken.names(names['custody'])} from being released."
    against = sum(bool(each.of(Direction.AGAINST)) for each in controls)
    silent = sum(all(claim.origin is Origin.PROBLEM for claim in each.evidence) for each in controls)
    yield (
        f"Of {len(controls)} controls of {framework.name}, the scan found evidence against {against}, none against but "
        f"something relevant to {len(controls) - against - silent}, and nothing about {silent}."
    )


def _where(report: Report) -> str:
    regions: dict[str, set[str]] = {}
    # Terraform also calls providers what makes random names and local files: those can't fail.
    failing = {effect.scenario.id for effect in (report.outages.single if report.outages else ())}
    for resource in report.resources:
        place = resource.placement
        if f"provider:{place.provider}" in failing:
            known = regions.setdefault(place.provider, set())
            if isinstance(place.region, str) and place.region:
                known.add(spoken.located(place.provider, place.region))
    parts = []
    for name in sorted(regions):
        within = f", in {spoken.listed(sorted(regions[name]))}" if regions[name] else ""
        parts.append(f"{spoken.provider(name)}{within}")
    return f" at {'; at '.join(parts)}" if parts else ""


# -- what matters most -----------------------------------------------------------------------------


def worst(controls: Sequence[ControlEvidence]) -> tuple[Evidence, ...]:
    """The claims against the framework that weigh most: severe, about many of its controls, each about another thing.

    A control weighs twice what it does otherwise where the claim's axis is what it is mainly about.
    """
    weights: dict[int, int] = {}
    claims: dict[int, Evidence] = {}
    for each in controls:
        for claim in each.of(Direction.AGAINST):
            if claim.accepted_by is None:
                claims[claim.number] = claim
                weights[claim.number] = weights.get(claim.number, 0) + _weight(claim, each.control)
    ranked = sorted(claims.values(), key=lambda c: (-(c.severity or 0), -weights[c.number], c.number))
    return tuple(_varied(ranked))[:WORST]


def _weight(claim: Evidence, control: Control) -> int:
    return 2 if claim.axis in control.axes else 1


def _varied(ranked: Sequence[Evidence]) -> Iterator[Evidence]:
    """The first of each axis, then the others."""
    told: set[Axis | None] = set()
    rest = []
    for claim in ranked:
        if claim.axis in told or claim.axis is None:
            rest.append(claim)
        else:
            told.add(claim.axis)
            yield claim
    yield from rest


# -- what is open ----------------------------------------------------------------------------------


def _remaining(controls: Sequence[ControlEvidence], attested: Sequence[Attested]) -> Iterator[str]:
    claims = {claim.number: claim for each in controls for claim in each.of(Direction.OPEN)}
    questions = [claim for claim in claims.values() if claim.origin not in (Origin.DEPENDENCY, Origin.OUTAGE)]
    questions.sort(key=lambda claim: (-(claim.severity or 0), claim.number))
    for claim in questions[:_OPEN]:
        yield f"{claim.text} (E{claim.number}, {claim.span.file}:{claim.span.line})"
    if len(questions) > _OPEN:
        yield f"{len(questions) - _OPEN} more questions are open; the list of evidence tells each of them."
    parties = sorted(claim.number for claim in claims.values() if claim.origin is Origin.DEPENDENCY)
    if parties:
        yield f"No file shows the contracts with {_parties(claims[number] for number in parties)}."
    yield from _attestations(controls, attested)


def _parties(claims: Iterable[Evidence]) -> str:
    return spoken.listed(list(dict.fromkeys(spoken.domain(claim.domains[0]) for claim in claims)))


def _attestations(controls: Sequence[ControlEvidence], attested: Sequence[Attested]) -> Iterator[str]:
    every = {id(each): each for each in (*attested, *(a for control in controls for a in control.attestations))}
    ended = sum(each.expired for each in every.values())
    if ended:
        yield (
            "One attestation has ended and no longer counts."
            if ended == 1
            else (f"{ended} attestations have ended and no longer count.")
        )
    without = sum(not any(not a.expired for a in each.attestations) for each in controls)
    yield f"For {without} of {len(controls)} controls nobody has put on record what only people can show."


def _statuses(framework: Framework) -> Iterator[str]:
    for status, words in (
        (Status.PARTLY, "were read in a secondary source only"),
        (Status.MEMORY, "are given from memory and must be checked before anybody relies on them"),
    ):
        number = sum(control.status is status for control in framework.controls)
        if number:
            yield f"{number} of the {len(framework.controls)} controls {words}; each of them is marked."
