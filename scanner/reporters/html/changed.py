"""What changed since an earlier state, for the top of the page."""

from __future__ import annotations

from msgspec import Struct

from scanner.model.finding import Finding
from scanner.model.report import Report
from scanner.reporters import since as words
from scanner.reporters import summary
from scanner.reporters.html import frames
from scanner.reporters.options import Options


class Turned(Struct, frozen=True):
    """A finding that is new or fixed; ``causes`` are the changed places that it comes from."""

    severity: str
    rule: str
    slug: str
    resource: str
    message: str
    file: str
    line: int
    frame: frames.Excerpt = ()
    causes: tuple[tuple[str, int, str], ...] = ()


class Changed(Struct, frozen=True):
    """Before and after."""

    base: str
    head: str
    headline: str
    services: tuple[str, ...]
    rows: tuple[tuple[str, str, str, str], ...]
    new: tuple[Turned, ...]
    fixed: tuple[Turned, ...]
    lasting: int
    milder: tuple[tuple[str, int, str], ...]
    blind: tuple[str, ...]

    @property
    def moved(self) -> tuple[tuple[str, str, str, str], ...]:
        """The rows in which something is otherwise than before."""
        return tuple(row for row in self.rows if row[1] != row[2])


def changed(report: Report, options: Options) -> Changed | None:
    """What is new, fixed and lasting; ``None`` where no earlier state was named."""
    since = report.since
    if since is None:
        return None
    new = tuple(
        _turned(
            each.finding,
            frames.excerpt(report.sources, each.finding.span),
            tuple((c.span.file, c.span.line, words.cause_words([c])) for c in each.causes),
        )
        for each in words.new(report, options)
    )
    return Changed(
        since.base.revision[:12] or since.base.label,
        since.head.revision[:12] or since.head.label,
        words.findings(since),
        tuple(words.services_turned(since)),
        tuple(words.table(report, since)),
        new,
        tuple(_turned(turn.finding) for turn in words.fixed(since, options)),
        len(words.lasting(since, options)),
        tuple((each.span.file, each.span.line, each.message) for each in since.weakened),
        tuple(words.blind(since)),
    )


def _turned(finding: Finding, frame: frames.Excerpt = (), causes: tuple[tuple[str, int, str], ...] = ()) -> Turned:
    return Turned(
        finding.severity.label,
        finding.rule,
        finding.slug,
        finding.resource,
        summary.subject(finding),
        finding.span.file,
        finding.span.line,
        frame,
        causes,
    )
