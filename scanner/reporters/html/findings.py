"""Findings as the page lists them: by rule, the worst first, with what the rule says once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from scanner.model.change import Change
from scanner.model.finding import Finding, Outcome, Severity
from scanner.model.report import Report
from scanner.model.resource import Resource
from scanner.model.rule import RuleInfo
from scanner.reporters import changes, services, summary
from scanner.reporters.html import frames, names, prose
from scanner.reporters.options import Options
from scanner.reporters.redact import MASK
from scanner.reporters.suggestion import suggested

FRAMED: Final = 500
"""With more findings than this, their source lines are for the script alone to show: equal ones are held once."""
PLACES: Final = 5
_LISTED: Final = (Outcome.FAIL, Outcome.ERROR, Outcome.UNKNOWN, Outcome.SUPPRESSED)


class Advice(Struct, frozen=True):
    """What a rule advises in one dialect."""

    dialect: str
    blocks: tuple[prose.Block, ...]


class Place(Struct, frozen=True):
    """Another place of a finding, and what it has to do with it."""

    file: str
    line: int
    text: str


class Row(Struct, frozen=True):
    """One finding, with what else is told of it. ``excerpt`` is the number of its lines where the script shows them."""

    outcome: str
    severity: str
    axis: str
    file: str
    line: int
    resource: str
    message: str
    frame: frames.Excerpt = ()
    places: tuple[Place, ...] = ()
    more: int = 0
    reason: str = ""
    accepted: str = ""
    services: str = ""
    action: str = ""
    before: str = ""
    after: str = ""
    excerpt: int | None = None


class Rule(Struct, frozen=True):
    """A rule with its findings; ``advice`` is that of the dialect of most of them, ``others`` are the rest."""

    code: str
    slug: str
    axis: str
    severity: str
    title: str
    why: tuple[prose.Piece, ...]
    rows: tuple[Row, ...]
    counts: Mapping[str, int]
    passed: int
    advice: Advice | None
    others: tuple[Advice, ...]
    controls: tuple[tuple[str, str], ...]
    references: tuple[str, ...]

    @property
    def failing(self) -> int:
        """How many fail."""
        return self.counts.get("fail", 0)

    @property
    def printed(self) -> bool:
        """Whether paper shows all of it, and not its heading alone."""
        return Severity[self.severity.upper()] >= Severity.MEDIUM and self.counts.keys() != {"suppressed"}


class Listing(Struct, frozen=True):
    """All rules that have something listed, and what can be filtered by."""

    rules: tuple[Rule, ...]
    total: int
    told: str
    severities: tuple[str, ...]
    axes: tuple[str, ...]
    outcomes: tuple[str, ...]
    files: tuple[str, ...]
    excerpts: tuple[frames.Excerpt, ...]


def listing(report: Report, options: Options) -> Listing:
    """The findings that the reader wants listed; suppressed ones too, with their reason."""
    outcomes = (*_LISTED, *((Outcome.PASS,) if Outcome.PASS in options.show else ()))
    found = [finding for outcome in outcomes for finding in summary.listed(report, outcome, options)]
    by_rule: dict[str, list[Finding]] = defaultdict(list)
    for finding in found:
        by_rule[finding.rule].append(finding)
    making = _Making(report, len(found) <= FRAMED)
    rules = sorted((making.rule(code, group) for code, group in by_rule.items()), key=_weight)
    return Listing(
        tuple(rules),
        len(found),
        _told(Counter(finding.outcome for finding in found)),
        tuple(s.label for s in sorted({finding.severity for finding in found}, reverse=True)),
        tuple(dict.fromkeys(axis.axis.value for axis in report.score.axes if any(f.axis is axis.axis for f in found))),
        tuple(outcome.value for outcome in outcomes if any(finding.outcome is outcome for finding in found)),
        tuple(sorted({finding.span.file for finding in found})),
        tuple(making.excerpts),
    )


def _told(counts: Mapping[Outcome, int]) -> str:
    """How many there are: ``80 failing, 1 unknown``."""
    words = {
        Outcome.FAIL: "failing",
        Outcome.ERROR: "rule errors",
        Outcome.UNKNOWN: "unknown",
        Outcome.SUPPRESSED: "accepted",
        Outcome.PASS: "passed",
    }
    told = ", ".join(f"{counts[outcome]} {word}" for outcome, word in words.items() if counts[outcome])
    return names.grouped(told) or "none"


def _weight(rule: Rule) -> tuple[bool, int, int, str]:
    """Rules that fail first, by severity, then those that more fails."""
    severity = Severity[rule.severity.upper()]
    return not (rule.failing or rule.counts.get("error")), -severity, -rule.failing, rule.code


class _Making:
    """Makes rows; what is asked of the report again and again is looked up once."""

    def __init__(self, report: Report, framed: bool) -> None:
        self.report, self.framed = report, framed
        self.excerpts: dict[frames.Excerpt, int] = {}
        self.resources: Mapping[str, Resource] = {resource.id: resource for resource in report.resources}
        self.services = services.by_resource(report)
        self.changes: Mapping[str, Change] = changes.by_resource(report)
        self.passed = Counter(f.rule for f in report.findings if f.outcome is Outcome.PASS)

    def rule(self, code: str, found: Sequence[Finding]) -> Rule:
        first, info = found[0], self.report.rules.get(code)
        ordered = sorted(found, key=lambda f: (_LISTED.index(f.outcome) if f.outcome in _LISTED else 9, *_by_place(f)))
        own, others = self._advice(info, found)
        return Rule(
            code,
            first.slug,
            first.axis.value,
            max(finding.severity for finding in found).label,
            info.title if info else first.slug,
            prose.pieces(info.why) if info else (),
            tuple(map(self._row, ordered)),
            Counter(finding.outcome.value for finding in found),
            self.passed[code],
            own,
            others,
            tuple((names.framework(name), ", ".join(ids)) for name, ids in (info.controls if info else {}).items()),
            tuple(url for url in (info.references if info else ()) if url.startswith(("https://", "http://"))),
        )

    def _advice(self, info: RuleInfo | None, found: Iterable[Finding]) -> tuple[Advice | None, tuple[Advice, ...]]:
        if info is None or not info.remediation:
            return None, ()
        wanted = Counter(summary.remedy(info, summary.written_at(finding, self.resources)) for finding in found)
        text = wanted.most_common(1)[0][0]
        dialect = next(name for name, other in info.remediation.items() if other == text)
        others = tuple(
            Advice(names.dialect(name), prose.blocks(other))
            for name, other in info.remediation.items()
            if name != dialect
        )
        return Advice(names.dialect(dialect), prose.blocks(text)), others

    def _row(self, finding: Finding) -> Row:
        resource = self.resources.get(finding.resource)
        places = summary.trail(finding)
        used = self.services.get(finding.resource, [])
        before, after = self._fix(finding) if self.framed else ("", "")
        frame = frames.excerpt(self.report.sources, finding.span, resource)
        held = frame and not self.framed
        return Row(
            finding.outcome.value,
            finding.severity.label,
            finding.axis.value,
            finding.span.file,
            finding.span.line,
            finding.resource,
            finding.message,
            frame if self.framed else (),
            tuple(self._places(finding)),
            max(0, len(places) - PLACES),
            "" if finding.reason in finding.message else finding.reason,
            finding.accepted_by.value if finding.accepted_by else "",
            services.some(used) if used else "",
            changes.of(finding, self.changes),
            before,
            after,
            self.excerpts.setdefault(frame, len(self.excerpts)) if held else None,
        )

    def _places(self, finding: Finding) -> Iterator[Place]:
        for place in summary.trail(finding)[:PLACES]:
            if place.message and place.message in finding.message:
                continue  # the message ends with this place
            named = not place.resource or place.resource in place.message
            yield Place(
                place.span.file, place.span.line, place.message if named else f"{place.resource}: {place.message}"
            )

    def _fix(self, finding: Finding) -> tuple[str, str]:
        """The line before and after the change that fixes it, where one literal does."""
        lines = self.report.sources.get(finding.span.file, ())
        found = suggested(finding, self.report.rules.get(finding.rule), lines)
        if found is None or MASK in found.before:
            return "", ""
        return found.before.strip(), found.after.strip()


def _by_place(finding: Finding) -> tuple[str, int, int, str]:
    return finding.span.file, finding.span.line, finding.span.column, finding.resource
