"""What a baseline no longer says right, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from scanner.config import Config
from scanner.model.baseline import Baseline, Entry
from scanner.model.finding import Finding, Outcome
from scanner.reporters.inert import inert, json_text
from scanner.reporters.redact import redacted
from scanner.reporters.summary import plural, subject
from scanner.rules.baseline import Stale, matches, stale, suppressed

if TYPE_CHECKING:
    from scanner.survey import Survey

SCHEMA_VERSION: Final = 1


class Checked(Struct, frozen=True):
    """What fails and is not accepted, what matches nothing any more, and what is past its last day."""

    name: str
    accepted: int
    new: tuple[Finding, ...]
    stale: tuple[Stale, ...]
    expired: tuple[Entry, ...]

    @property
    def exact(self) -> bool:
        """Whether the baseline accepts what fails, and nothing else."""
        return not (self.new or self.stale)


def compared(found: Survey, baseline: Baseline, config: Config, name: str) -> Checked:
    """A baseline beside today's findings."""
    report = redacted(found.report)
    findings = suppressed(report.findings, baseline, config.today)
    before, there = report.findings, matches(report.findings)
    return Checked(
        name=name,
        accepted=sum(one is not other for one, other in zip(before, findings, strict=True)),
        new=tuple(f for f in findings if f.outcome is Outcome.FAIL and f.severity >= config.min_severity),
        stale=tuple(stale(before, baseline, found.scope)),
        expired=tuple(e for e in baseline.entries if e.expired(config.today) and there[e.fingerprint]),
    )


def as_text(checked: Checked) -> str:
    """For people."""
    return "".join(f"{line}\n" for line in _lines(checked))


def _lines(checked: Checked) -> Iterator[str]:
    if checked.new:
        yield f"{plural(len(checked.new), 'finding')} not in the baseline"
        for each in checked.new:
            place = inert(f"{each.span.file}:{each.span.line}")
            yield f"  {each.severity.label} {inert(each.rule)} {place}  {inert(subject(each))}"
    if checked.stale:
        yield f"{plural(len(checked.stale), 'entry', 'entries')} of the baseline to prune"
        yield from (f"  {inert(checked.name)}:{each.entry.line}  {inert(each.message)}" for each in checked.stale)
    for entry in checked.expired:
        yield f"past its last day ({entry.until}): {inert(entry.rule)} for {inert(entry.resource)}"
    if checked.exact:
        yield f"The baseline is exact: {plural(checked.accepted, 'finding')} accepted, none new, nothing to prune."


def as_json(checked: Checked) -> str:
    """For programs."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "baseline": checked.name,
        "exact": checked.exact,
        "accepted": checked.accepted,
        "new": [_finding(each) for each in checked.new],
        "stale": [{**_entry(s.entry), "found": s.found, "message": s.message} for s in checked.stale],
        "expired": [{**_entry(e), "until": e.until.isoformat() if e.until else None} for e in checked.expired],
    }
    return json_text(document, indent=2)


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "fingerprint": finding.fingerprint,
        "rule": finding.rule,
        "severity": finding.severity.label,
        "resource": finding.resource,
        "file": finding.span.file,
        "line": finding.span.line,
        "message": finding.message,
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "fingerprint": entry.fingerprint,
        "rule": entry.rule,
        "resource": entry.resource,
        "file": entry.file,
        "count": entry.count,
        "line": entry.line,
    }
