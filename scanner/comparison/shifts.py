"""The rules' answers on two sides: where one fails that the other passes, it is more centralized."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from scanner.comparison.differences import View
from scanner.graph.index import at_path
from scanner.model.comparison import Difference, Effect, Shift, worst
from scanner.model.finding import Finding, Outcome
from scanner.model.resource import Resource

Answers = Mapping[str, Finding]
"""A resource's findings by the rule's code."""

_OPEN = frozenset({Outcome.UNKNOWN, Outcome.ERROR})


def by_resource(findings: Sequence[Finding]) -> dict[str, dict[str, Finding]]:
    """The findings of each resource, by rule."""
    found: dict[str, dict[str, Finding]] = {}
    for finding in findings:
        found.setdefault(finding.resource, {})[finding.rule] = finding
    return found


def shifts(base: Answers, head: Answers, views: tuple[View, View] | None = None) -> Iterator[Shift]:
    """The rules that answer otherwise, worst first. A question that does not arise is as good as one passed."""
    found = [_shift(base.get(code), head.get(code), views) for code in sorted(base.keys() | head.keys())]
    changed = [shift for shift in found if shift is not None]
    yield from sorted(changed, key=lambda shift: (-shift.severity, shift.rule))


def effect(base: Outcome | None, head: Outcome | None) -> Effect:
    """What a changed answer means. What was waived in ``base`` failed there; what is waived in ``head`` is accepted."""
    before = Outcome.FAIL if base is Outcome.SUPPRESSED else base
    if before is head or head is Outcome.SUPPRESSED or {before, head} <= {Outcome.PASS, None}:
        return Effect.NEITHER
    if before in _OPEN or head in _OPEN:
        return Effect.UNDECIDED
    return Effect.MORE if head is Outcome.FAIL else Effect.LESS


def _shift(base: Finding | None, head: Finding | None, views: tuple[View, View] | None) -> Shift | None:
    outcomes = base.outcome if base else None, head.outcome if head else None
    found = effect(*outcomes)
    told = head or base
    if found is Effect.NEITHER or told is None:
        return None
    silent = _unsaid(told, views) if found is Effect.MORE and views is not None else ""
    reason = silent or next((f.reason for f in (head, base) if f is not None and f.outcome in _OPEN), "")
    worse = head if head is not None and head.outcome is not Outcome.PASS else base
    return Shift(
        rule=told.rule,
        slug=told.slug,
        axis=told.axis,
        severity=told.severity,
        base=outcomes[0],
        head=outcomes[1],
        effect=Effect.UNDECIDED if silent else found,
        message=(worse or told).message,
        span=told.span,
        reason=reason if silent or found is Effect.UNDECIDED else "",
    )


def _unsaid(finding: Finding, views: tuple[View, View]) -> str:
    """Why a failure rests on a default: the inventory does not say what the rule marks, and the other side does."""
    base, head = views
    if head.tells_all:
        return ""
    for name, (declaration, path) in head.resource.deciders.items():
        if path and path == finding.attribute and at_path(declaration.attributes, path) is None:
            return f"the {head.label} does not say {name}" if base.resource.get(name) != head.resource.get(name) else ""
    return ""


def effects(
    found: Sequence[Difference], changed: Sequence[Shift], reads: Mapping[str, frozenset[str]], head: Resource
) -> dict[str, Effect]:
    """What each difference does, by its name: the effects of the rules that read it, or what the same line decides."""

    def line(name: str) -> str:
        return head.place_of(name.partition(" ")[0])[1]

    lines = {shift.rule: {line(name) for name in reads.get(shift.rule, ())} - {""} for shift in changed}
    return {each.name: worst(s.effect for s in changed if line(each.name) in lines[s.rule]) for each in found}
