"""The report for people at a terminal: verdict first, then findings by severity and file, then what is not known."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from msgspec import Struct

from scanner.model.change import Change
from scanner.model.finding import Finding, Outcome
from scanner.model.outage import RiskGroup, ServiceRisk
from scanner.model.report import Report
from scanner.model.resource import Resource
from scanner.model.span import Span
from scanner.reporters import changes, services, since, since_text, summary
from scanner.reporters.frame import frame
from scanner.reporters.inert import inert, without_commands
from scanner.reporters.options import DEFAULT, Options
from scanner.reporters.redact import redacted

FULL_PER_RULE: Final = 3
"""Findings of one rule that are explained in full; the next ones take one line each."""

CAUSES: Final = 10
CHANGES: Final = 20
PER_CAUSE: Final = 3
PROBLEMS_PER_KIND: Final = 10
NAME: Final = 48
"""The widest column of names, even; the middle of longer ones is left out."""
RELATED: Final = 5
SERVICES: Final = 20
TYPES: Final = 8

_STYLES: Final = {
    "critical": "1;35",
    "high": "1;31",
    "medium": "1;33",
    "low": "1;36",
    "info": "1",
    "unknown": "1;34",
    "strong": "1",
    "faint": "2",
    "mark": "1;31",
}


class _About(Struct, frozen=True):
    """What is known of the resources that findings are about, and what is new by its rule and line."""

    resources: Mapping[str, Resource]
    changes: Mapping[str, Change]
    new: frozenset[tuple[str, str, int]]


def render(report: Report, options: Options = DEFAULT) -> str:
    """The report as lines for a terminal of ``options.width`` columns."""
    report = redacted(report)
    sections = [_findings(report, options)]
    if not options.quiet:
        sections = [
            _since(report, options),
            _verdict(report, options),
            _services(report, options),
            _changes(report, options),
            *sections,
            _unknowns(report, options),
            _others(report, options),
            _problems(report, options),
            _coverage(report, options),
        ]
    return "\n".join(text for section in sections if (text := _text(section)))


def _text(section: Iterator[str]) -> str:
    lines = "\n".join(map(without_commands, section)).rstrip("\n")
    return f"{lines}\n" if lines else ""


def _paint(text: str, style: str, options: Options) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if options.color and text else text


def _since(report: Report, options: Options) -> Iterator[str]:
    if report.since is not None:
        for line, strong in since_text.lines(report, report.since, options):
            yield _paint(line, "strong", options) if strong else line


def _verdict(report: Report, options: Options) -> Iterator[str]:
    score, counts = report.score, summary.count(report)
    if stage := summary.stage_line(score):
        yield _paint(stage, "strong", options)
    yield _paint(inert(summary.grade_line(score)), "strong", options)
    for axis in score.axes:
        if summary.judged(axis, score):
            shown = summary.score_range(axis.low, axis.high)
            yield f"  {axis.axis.value:<9}{shown:<15}{summary.axis_words(axis, score)}"
        else:
            yield _paint(f"  {axis.axis.value:<9}{'-':<15}nothing to judge", "faint", options)
    failing = counts.outcomes[Outcome.FAIL]
    words = f": {summary.severity_words(counts)}" if failing else ""
    yield _paint(f"{summary.plural(failing, 'finding')}{words}. {summary.other_outcomes(counts)}.", "strong", options)
    if hidden := summary.hidden_failures(report, options):
        yield f"{summary.plural(hidden, 'finding')} below {options.min_severity.label} not listed."


def _services(report: Report, options: Options) -> Iterator[str]:
    """How many failures each service takes, the riskiest outage, and the groups behind it with their reasons."""
    if not report.services:
        yield _paint(
            "No service was found in these files; name them under services in .riskscan.yaml.", "faint", options
        )
        return
    shown = list(services.rows(report.services))
    kept = shown if options.full else shown[:SERVICES]
    yield _paint("How many failures stop a service", "strong", options)
    yield from (
        _paint(line, "faint", options) if not index else line for index, line in enumerate(_table(report, kept))
    )
    if len(shown) > len(kept):
        yield f"  and {len(shown) - len(kept)} more; --show all lists them"
    if (outage := services.riskiest(report)) is not None:
        yield from _wrapped(f"Riskiest outage: {inert(services.sentence(outage))}", "", options)
    for service, group in services.top_groups(report):
        yield from _group(report, service, group, options)
    for line in (*services.locks(report), *services.missed_targets(report)):
        yield from _wrapped(inert(line), "  ", options)
    if outside := services.uncovered(report):
        words = f"{summary.plural(len(outside), 'resource')} on no service's graph, judged by rules alone"
        yield _paint(f"{words}{':' if options.full else '; --show all lists them'}", "faint", options)
        yield from (f"  {inert(name)}" for name in (outside if options.full else ()))


def _table(report: Report, rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    head = ("", "", *services.levels(report.services))
    name = min(max(len(inert(row[0])) for row in rows), NAME)
    widths = [max(4, *map(len, column)) + 2 for column in list(zip(head, *rows, strict=True))[2:]]
    for row in (head, *rows):
        label = inert(row[0])
        half = name // 2  # both ends tell: what it is, and the last folder of where
        label = label if len(label) <= name else f"{label[: half - 1]}…{label[half - name :]}"
        cells = "".join(f"{cell:>{width}}" for width, cell in zip(widths, row[2:], strict=True))
        yield f"  {label:<{name}}  {row[1]:<9}{cells}".rstrip()


def _group(report: Report, service: ServiceRisk, group: RiskGroup, options: Options) -> Iterator[str]:
    others = services.also_stopped(report, group, service)
    also = f" (and {', '.join(map(inert, others[:3]))}{'…' if len(others) > 3 else ''})" if others else ""
    sure = "" if group.certain else ", perhaps"
    hand = "; a person can bring it back" if group.recoverable else ""
    style = "high" if group.certain else "unknown"
    names = [inert(services.called(domain)) for domain in group.domains]
    verb = "stops" if len(names) == 1 else "stop"
    lines = _wrapped(f"{' + '.join(names)} {verb} {inert(service.name)}{also}{sure}{hand}", "  ", options)
    pattern = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    yield from (re.sub(pattern, lambda name: _paint(name.group(), style, options), line) for line in lines)
    for step in (step for path in group.paths for step in path):
        place = f"  {_paint(f'{inert(step.span.file)}:{step.span.line}', 'faint', options)}" if step.span else ""
        yield f"    -> {inert(step.text)}{place}"


def _changes(report: Report, options: Options) -> Iterator[str]:
    """What the apply of the plans changes, deletions and replacements first."""
    if not report.changes:
        return
    found = changes.listed(report)
    shown = found if options.full else found[:CHANGES]
    yield _paint("What the apply changes", "strong", options)
    yield from _wrapped(f"{inert(', '.join(changes.plans(report)))}: {changes.sentence(report)}", "  ", options)
    for change in shown:
        why = f" ({inert(changes.reason(change))})" if changes.reason(change) else ""
        yield from _wrapped(f"{change.action.value:<9} {inert(change.id)}{why}", "    ", options)
    if len(found) > len(shown):
        yield f"    and {len(found) - len(shown)} more; --show all lists them"
    if concerned := changes.concerned(report):
        yield f"  findings: {concerned}"


def _findings(report: Report, options: Options) -> Iterator[str]:
    resources = {resource.id: resource for resource in report.resources}
    about = _About(resources, changes.by_resource(report), since.new_lines(report))
    seen: Counter[str] = Counter()
    findings = summary.merged(summary.listed(report, Outcome.FAIL, options))
    if options.unknown_fails:
        findings = tuple(sorted((*findings, *_unknown(report, options)), key=summary.worst_first))
    for _, group in groupby(findings, key=lambda f: (f.severity, f.span.file)):
        compact = False
        for finding in group:
            seen[finding.rule] += 1
            was_compact, compact = compact, seen[finding.rule] > FULL_PER_RULE and not options.full
            if compact:
                yield _one_line(finding, options, about)
                continue
            if was_compact:
                yield ""
            yield from _full(finding, report, about, options)
            yield ""
        if compact:
            yield ""


def _label(finding: Finding) -> str:
    return finding.outcome.value if finding.outcome in (Outcome.PASS, Outcome.SUPPRESSED) else finding.severity.label


def _title(finding: Finding, options: Options, about: _About | None = None) -> str:
    style = finding.severity.label if finding.outcome in (Outcome.FAIL, Outcome.UNKNOWN) else "strong"
    unsure = f" ({finding.outcome.value})" if finding.outcome in (Outcome.UNKNOWN, Outcome.ERROR) else ""
    fresh = " (new)" if about is not None and since.line_of(finding) in about.new else ""
    return _paint(f"{_label(finding)}[{inert(finding.rule)}]{unsure}{fresh}", style, options)


def _one_line(finding: Finding, options: Options, about: _About | None = None) -> str:
    return f"{_title(finding, options, about)} {_place(finding.span)}: {inert(summary.subject(finding))}"


def _full(finding: Finding, report: Report, about: _About, options: Options) -> Iterator[str]:
    yield f"{_title(finding, options, about)}: {_paint(inert(finding.message), 'strong', options)}"
    gutter = " " * len(str(finding.span.line))
    yield f"{gutter}{_paint('-->', 'faint', options)} {_place(finding.span)}  {inert(finding.resource)}"
    bar = _paint("|", "faint", options)
    shown = frame(report.sources.get(finding.span.file, ()), finding.span, options.width - len(gutter) - 3)
    if shown:
        line, underline = shown
        yield f"{gutter} {bar}"
        yield f"{_paint(str(finding.span.line), 'faint', options)} {bar} {line}"
        yield f"{gutter} {bar} {_paint(underline, 'mark', options)}"
    for note in _notes(finding, report, about):
        yield from _wrapped(note, f"{gutter} = ", options)


def _notes(finding: Finding, report: Report, about: _About) -> Iterator[str]:
    places = summary.trail(finding)
    for place in places[:RELATED]:
        named = not place.resource or place.resource in place.message
        subject = "" if named else f"{inert(place.resource)}: "
        yield f"{subject}{inert(place.message)}: {_place(place.span)}"
    if (more := len(places) - RELATED) > 0:
        yield f"{summary.plural(more, 'more place')}; the JSON report lists all"
    if action := changes.of(finding, about.changes):
        yield f"apply: the resource is {action}"
    if finding.why:
        yield f"why: {inert(summary.first_sentence(finding.why))}"
    rule = report.rules.get(finding.rule)
    fix = (
        inert(summary.first_advice(summary.remedy(rule, summary.written_at(finding, about.resources)))) if rule else ""
    )
    explain = f"riskscan explain {inert(finding.rule)}"
    yield f"fix: {fix}; {explain}" if fix else f"fix: {explain}"


def _wrapped(text: str, lead: str, options: Options) -> list[str]:
    return textwrap.wrap(
        text,
        max(options.width, 40),
        initial_indent=lead,
        subsequent_indent=" " * (len(lead) + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _place(span: Span) -> str:
    return f"{inert(span.file)}:{span.line}:{span.column}"


def _unknown(report: Report, options: Options) -> tuple[Finding, ...]:
    return summary.listed(report, Outcome.UNKNOWN, options)


def _unknowns(report: Report, options: Options) -> Iterator[str]:
    """Grouped by what would decide them, since one undecided variable often leaves many questions open."""
    findings = () if options.unknown_fails else _unknown(report, options)
    if not findings:
        return
    whole = options.full or Outcome.UNKNOWN in options.show
    causes: dict[str, list[Finding]] = {}
    for finding in findings:
        causes.setdefault(summary.cause(finding), []).append(finding)
    ordered = sorted(causes.items(), key=lambda cause: -len(cause[1]))
    yield _paint(f"{summary.plural(len(findings), 'question')} that the files do not decide", "unknown", options)
    for cause, group in ordered if whole else ordered[:CAUSES]:
        yield from _wrapped(inert(cause), "  ", options)
        shown = group if whole else group[:PER_CAUSE]
        yield from (f"    {inert(f.rule)} {_place(f.span)}  {inert(f.resource)}" for f in shown)
        if len(group) > len(shown):
            yield f"    and {len(group) - len(shown)} more"
    if not whole and len(ordered) > CAUSES:
        rest = sum(len(group) for _, group in ordered[CAUSES:])
        yield f"  and {rest} more for {summary.plural(len(ordered) - CAUSES, 'other reason')}; --show unknown lists all"


def _others(report: Report, options: Options) -> Iterator[str]:
    """Rules that failed on their input, and what is listed only on request."""
    for finding in summary.on_request(report, options):
        reason = f" ({inert(finding.reason)})" if finding.reason else ""
        yield f"{_one_line(finding, options)}{reason}"


def _problems(report: Report, options: Options) -> Iterator[str]:
    ordered = summary.lost_first(report.problems)
    for kind, found in groupby(ordered, key=lambda problem: problem.kind):
        group = list(found)
        # One place may have the same problem in every instance of a module.
        lines = Counter(f"{_place(problem.span)}: {inert(problem.message)}" for problem in group)
        texts = [f"{line} ({number} times)" if number > 1 else line for line, number in lines.items()]
        weight = ", input was lost" if kind.incomplete else ""
        yield _paint(f"{summary.plural(len(group), 'problem')}: {kind.value}{weight}", "strong", options)
        shown = texts if options.full or kind.incomplete else texts[:PROBLEMS_PER_KIND]
        yield from (f"  {line}" for line in shown)
        if len(texts) > len(shown):
            yield f"  and {len(texts) - len(shown)} more; --show all lists them"


def _coverage(report: Report, options: Options) -> Iterator[str]:
    yield summary.coverage_line(report)
    if report.uncatalogued:
        yield _uncatalogued(report.uncatalogued, options)
    if suppressed := summary.suppressed_line(summary.count(report)):
        yield f"{suppressed}."


def _uncatalogued(types: Mapping[str, int], options: Options) -> str:
    ordered = sorted(types.items(), key=lambda item: (-item[1], item[0]))
    shown: Sequence[tuple[str, int]] = ordered if options.full else ordered[:TYPES]
    names = ", ".join(f"{inert(name)} {number}" for name, number in shown)
    rest = len(ordered) - len(shown)
    more = f" and {summary.plural(rest, 'more type')}" if rest else ""
    resources = summary.plural(sum(types.values()), "resource")
    return f"Not judged: {resources} of types that the catalog does not know ({names}{more})."
