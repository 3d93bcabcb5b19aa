"""What the reports say of an apply: what becomes of which resources, and which findings are about these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from scanner.model.change import Action, Change
from scanner.model.finding import Finding, Outcome
from scanner.model.report import Report
from scanner.reporters import summary

_SILENT: Final = frozenset({Action.UNCHANGED, Action.READ})
"""Actions that change nothing that stands: they are counted, not listed."""


def by_resource(report: Report) -> Mapping[str, Change]:
    """What becomes of each resource, by its id."""
    return {change.id: change for change in report.changes}


def listed(report: Report) -> list[Change]:
    """What the apply changes: deletions first, then by id."""
    order = list(Action)
    found = (change for change in report.changes if change.action not in _SILENT)
    return sorted(found, key=lambda change: (order.index(change.action), change.id))


def counts(report: Report) -> dict[Action, int]:
    """How many resources of each action there are."""
    found = Counter(change.action for change in report.changes)
    return {action: found[action] for action in Action}


def sentence(report: Report) -> str:
    """``1 deleted, 2 created, 7 unchanged``: the plan's own resources, with its data sources."""
    words = [f"{number} {action.value}" for action, number in counts(report).items() if number]
    return ", ".join(words)


def plans(report: Report) -> list[str]:
    """The files that tell it."""
    return sorted({change.plan for change in report.changes})


def reason(change: Change) -> str:
    """Why, with the attributes that force a replacement: ``cannot be changed in place: engine, port``."""
    parts = [part for part in (change.reason, ", ".join(change.attributes)) if part]
    return ": ".join(parts)


def concerned(report: Report) -> str:
    """How many failing findings are on resources that the apply touches: ``2 on created, 1 on unchanged resources``."""
    known = by_resource(report)
    found: Counter[Action | None] = Counter()
    for finding in report.findings:
        if finding.outcome is Outcome.FAIL:
            change = known.get(finding.resource)
            found[change.action if change else None] += 1
    words = [f"{found[action]} on {action.value}" for action in Action if found[action]]
    if not words:
        return ""
    elsewhere = f", {summary.plural(found[None], 'finding')} on what the plan does not know" if found[None] else ""
    return f"{', '.join(words)} resources{elsewhere}"


def of(finding: Finding, known: Mapping[str, Change]) -> str:
    """The action on a finding's resource, empty where no plan tells."""
    change = known.get(finding.resource)
    return change.action.value if change is not None else ""
