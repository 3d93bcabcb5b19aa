"""Markdown for a job summary or a pull request comment.

Everything from scanned files is shown as text: no HTML, links, mentions, issue numbers or table breaks of theirs
work. The whole stays under a limit, since GitHub shows nothing at all of a summary that is larger.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote

from msgspec import Struct

from scanner.model.finding import Finding, Outcome
from scanner.model.outage import RiskGroup, ServiceRisk, Step
from scanner.model.problem import Problem
from scanner.model.report import AxisScore, Report, Score
from scanner.model.span import Span
from scanner.reporters import changes, services, summary
from scanner.reporters.inert import inert
from scanner.reporters.options import DEFAULT, Options
from scanner.reporters.redact import redacted

_SPECIAL: Final = re.compile(r"([\\`*\[\]#|~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
_HTML: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LINKED: Final = re.compile(r"@(?=\w)|#(?=\d)|\bGH-(?=\d)|\bwww(?=\.)|\b(?:https?|ftp|mailto|xmpp)(?=:)", re.IGNORECASE)
"""What GitHub makes mentions and links of in bare text: a zero-width space behind it keeps it from that."""

_RESERVE: Final = 200
"""Bytes kept free for each section's word on what was left out."""


class Section(Struct, frozen=True):
    """Some rows between fixed lines; rows are dropped from the end when room is short."""

    head: str
    rows: tuple[str, ...]
    tail: str = ""


def render(report: Report, options: Options = DEFAULT) -> str:
    """The report as GitHub-flavoured Markdown of at most ``options.max_bytes`` bytes of UTF-8."""
    report = redacted(report)
    head, foot = _verdict(report, options), _coverage(report)
    sections = [
        _services(report),
        _risk_groups(report, options),
        _changes(report, options),
        _findings(report, options),
        _unknowns(report, options),
        _listed(report, options),
        _problems(report, options),
    ]
    room = options.max_bytes - _size(head) - _size(foot) - _RESERVE * len(sections)
    body = []
    for section in filter(lambda section: section.rows, sections):
        text = _fitted(section, room)
        room -= _size(text)
        body.append(text)
    return hard_limit("\n".join([head, *body, foot]), options.max_bytes)


def _fitted(section: Section, room: int) -> str:
    """A section with as many of its rows as there is room for, and how many there is none for."""
    room -= _size(section.head) + _size(section.tail)
    kept = 0
    for row in section.rows:
        room -= _size(row)
        if room < 0:
            break
        kept += 1
    left_out = len(section.rows) - kept
    note = f"\n{left_out} of {len(section.rows)} are left out here to stay within the size limit.\n" if left_out else ""
    return section.head + "".join(section.rows[:kept]) + section.tail + note if kept else note


def hard_limit(text: str, max_bytes: int) -> str:
    """Whole lines up to the limit, for limits that not even the fixed parts fit in."""
    if _size(text) <= max_bytes:
        return text
    note = "\nThe rest is left out to stay within the size limit.\n"
    cut = text.encode("utf-8", "backslashreplace")[: max(0, max_bytes - len(note))].decode("utf-8", "ignore")
    return cut[: cut.rfind("\n") + 1] + note if "\n" in cut else ""


def _size(text: str) -> int:
    return len(text.encode("utf-8", "backslashreplace"))


def _verdict(report: Report, options: Options) -> str:
    score, counts = report.score, summary.count(report)
    failing = counts.outcomes[Outcome.FAIL]
    words = f": {summary.severity_words(counts)}" if failing else ""
    lines = [f"## riskscan: {summary.plural(failing, 'finding')}{words}", ""]
    if stage := summary.stage_line(score):
        lines += [f"**{escaped(stage)}.**", ""]
    lines += [f"**{escaped(summary.grade_line(score))}.** {summary.other_outcomes(counts)}.", ""]
    if hidden := summary.hidden_failures(report, options):
        lines += [f"{summary.plural(hidden, 'finding')} below {options.min_severity.label} not listed.", ""]
    if score.axes:
        lines += [
            "| Axis | Score | Failing | Judged |",
            "|---|--:|--:|--:|",
            *(_axis(axis, score) for axis in score.axes),
        ]
    return "".join(f"{line}\n" for line in lines)


def _axis(axis: AxisScore, score: Score) -> str:
    shown = summary.score_range(axis.low, axis.high) if summary.judged(axis, score) else "-"
    return f"| {axis.axis.value} | {shown} | {axis.failing} | {axis.judged} |"


def _services(report: Report) -> Section:
    levels = services.levels(report.services)
    outage = services.riskiest(report)
    sentence = f"\n**Riskiest outage:** {escaped(services.sentence(outage))}.\n" if outage else ""
    told = (*services.missed_targets(report), *services.locks(report))
    sentence += "".join(f"\n* {escaped(line)}" for line in told) + ("\n" if told else "")
    titles = f"| Service | Criticality | {' | '.join(levels)} |\n|---|---|{'--:|' * len(levels)}\n"
    head = f"### How many failures stop a service\n\n{titles}"
    rows = (f"| {' | '.join(escaped(cell) for cell in row)} |\n" for row in services.rows(report.services))
    return Section(head, tuple(rows), sentence)


def _risk_groups(report: Report, options: Options) -> Section:
    found = services.top_groups(report)
    return Section("### What stops them\n\n", tuple(_group(service, group, options) for service, group in found))


def _group(service: ServiceRisk, group: RiskGroup, options: Options) -> str:
    names = " + ".join(code(services.called(domain)) for domain in group.domains)
    unsure = "" if group.certain else ", perhaps"
    hand = "; a person can bring it back" if group.recoverable else ""
    reasons = f"{'; '.join(_reason(path, options) for path in group.paths)}"
    verb = "stops" if len(group.domains) == 1 else "stop"
    return f"* {names} {verb} **{escaped(service.name)}**{unsure}{hand}: {reasons}\n"


def _reason(path: Iterable[Step], options: Options) -> str:
    return " → ".join(escaped(step.text) + (f" {link(step.span, options)}" if step.span else "") for step in path)


def _changes(report: Report, options: Options) -> Section:
    """What the apply of the plans changes, deletions and replacements first."""
    if not report.changes:
        return Section("", ())
    files = ", ".join(map(code, changes.plans(report)))
    concerned = changes.concerned(report)
    told = f"{files}: {changes.sentence(report)}.{f' Findings: {concerned}.' if concerned else ''}\n"
    rows = (
        f"| {change.action.value} | {_cell(code(change.id))} | {_cell(link(change.span, options))} "
        f"| {escaped(changes.reason(change))} |\n"
        for change in changes.listed(report)
    )
    table = "\n| Action | Resource | Place | Why |\n|---|---|---|---|\n"
    found = tuple(rows)
    head = f"### What the apply changes\n\n{told}"
    return Section(head + table, found) if found else Section(head, ("\nNothing that stands is changed.\n",))


def _cell(text: str) -> str:
    """A code span or link in a table, whose cells a pipe ends even there."""
    return text.replace("|", "\\|")


def _findings(report: Report, options: Options) -> Section:
    findings = summary.merged(summary.listed(report, Outcome.FAIL, options))
    if options.unknown_fails:
        unknowns = summary.listed(report, Outcome.UNKNOWN, options)
        findings = tuple(sorted((*findings, *unknowns), key=summary.worst_first))
    head = "### Findings\n\n| Severity | Rule | Place | Resource | What |\n|---|---|---|---|---|\n"
    known = changes.by_resource(report)
    return Section(head, tuple(_row(finding, options, changes.of(finding, known)) for finding in findings))


def _row(finding: Finding, options: Options, action: str) -> str:
    undecided = "Unknown: " if finding.outcome is Outcome.UNKNOWN else ""
    codes = [f"{code(finding.rule)} {code(finding.slug)}", link(finding.span, options), code(finding.resource)]
    codes[-1] += f" ({action})" if action else ""
    cells = [
        finding.severity.label,
        *map(_cell, codes),
        undecided + escaped(finding.message),
    ]
    return f"| {' | '.join(cells)} |\n"


def _unknowns(report: Report, options: Options) -> Section:
    findings = () if options.unknown_fails else summary.listed(report, Outcome.UNKNOWN, options)
    rows = (
        f"* {code(f.rule)} {link(f.span, options)} {code(f.resource)}: {escaped(summary.cause(f))}\n" for f in findings
    )
    return _collapsed(f"{summary.plural(len(findings), 'question')} that the files do not decide", rows)


def _listed(report: Report, options: Options) -> Section:
    rows = (
        f"* {f.outcome.value}: {code(f.rule)} {link(f.span, options)} {code(f.resource)}: "
        f"{escaped(f.reason or f.message)}\n"
        for f in summary.on_request(report, options)
    )
    return _collapsed("Other answers", rows)


def _problems(report: Report, options: Options) -> Section:
    ordered = summary.lost_first(report.problems)
    lost = sum(problem.kind.incomplete for problem in ordered)
    weight = f", {lost} of which cost input" if lost else ""
    rows = (_problem(problem, options) for problem in ordered)
    return _collapsed(f"{summary.plural(len(ordered), 'problem')}{weight}", rows)


def _problem(problem: Problem, options: Options) -> str:
    return f"* {link(problem.span, options)} {problem.kind.value}: {escaped(problem.message)}\n"


def _collapsed(title: str, rows: Iterable[str]) -> Section:
    return Section(f"<details><summary>{title}</summary>\n\n", tuple(rows), "\n</details>\n")


def _coverage(report: Report) -> str:
    return "".join(f"{line}\n" for line in _coverage_lines(report))


def _coverage_lines(report: Report) -> Iterator[str]:
    yield escaped(summary.coverage_line(report))
    if report.uncatalogued:
        number = sum(report.uncatalogued.values())
        types = summary.plural(len(report.uncatalogued), "type")
        yield f"Not judged: {summary.plural(number, 'resource')} of {types} that the catalog does not know."


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line, without links, mentions or references of its own."""
    plain = _LINKED.sub("\\g<0>\u200b", inert(text))
    return _SPECIAL.sub(r"\\\1", plain.translate(_HTML))


def code(text: str) -> str:
    """Text as a code span, in which links, mentions and HTML do nothing."""
    shown = inert(text) or " "
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{'`' * (longest + 1)}{pad}{shown}{pad}{'`' * (longest + 1)}"


def link(span: Span, options: Options) -> str:
    """A place as a link relative to the repository's root."""
    path = posixpath.normpath(options.prefix + span.file)
    target = quote(path, safe="/", errors="surrogateescape")
    return f"[{code(f'{path}:{span.line}')}]({target}#L{span.line})"
