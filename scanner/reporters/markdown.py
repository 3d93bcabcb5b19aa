"""Markdown for a job summary or a pull request comment.

Everything from scanned files is shown as text: no HTML, links, mentions, issue numbers or table breaks of theirs
work. Where an earlier state is known, what changed since comes first and the whole lies folded below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from scanner.model.comparison import Comparison
from scanner.model.finding import Finding, Outcome
from scanner.model.outage import RiskGroup, ServiceRisk, Step
from scanner.model.problem import Problem
from scanner.model.report import AxisScore, Report, Score
from scanner.reporters import changes, mermaid, services, since_markdown, summary
from scanner.reporters import since as since_words
from scanner.reporters.gfm import CUT, Section, cell, code, collapsed, escaped, fenced, link, page
from scanner.reporters.options import DEFAULT, Options
from scanner.reporters.redact import redacted
from scanner.reporters.since_markdown import FINDINGS


def render(report: Report, options: Options = DEFAULT) -> str:
    """The report as GitHub-flavoured Markdown of at most ``options.max_bytes`` bytes of UTF-8."""
    report = redacted(report)
    if report.since is None:
        return page(_verdict(report, options), _whole(report, options), _coverage(report), options.max_bytes)
    head = since_markdown.head(report.since, options) + _riskiest(report)
    sections = _changed(report, report.since, options)
    return page(head, sections, _coverage(report), options.max_bytes)


def _whole(report: Report, options: Options) -> list[Section]:
    return [
        _services(report),
        _risk_groups(report, options),
        _picture(report),
        _changes(report, options),
        _findings(report, options),
        _folded("Suggested changes", since_markdown.fixes(report, options)),
        _unknowns(report, options),
        _listed(report, options),
        _problems(report, options),
    ]


def _changed(report: Report, since: Comparison, options: Options) -> list[Section]:
    """What changed, then everything else in folds."""
    lasting = since_words.lasting(since, options)
    rows = tuple(_row(finding, options, "") for finding in lasting)
    return [
        since_markdown.table(report, since),
        since_markdown.new(report, options),
        since_markdown.fixes(report, options),
        since_markdown.fixed(since, options),
        _picture(report, "### What stops the services\n\n"),
        _folded("How many failures stop each service", _services(report)),
        _folded("What stops them", _risk_groups(report, options)),
        _folded("What the apply changes", _changes(report, options)),
        _folded(f"{summary.plural(len(lasting), 'finding')} from before", Section(FINDINGS, rows)),
        _unknowns(report, options),
        _listed(report, options),
        _problems(report, options),
    ]


def _folded(title: str, section: Section) -> Section:
    """A section that the reader opens, without its own title."""
    head = section.head.partition("\n")[2].lstrip("\n") if section.head.startswith("### ") else section.head
    return replace(section, head=f"<details><summary>{title}</summary>\n\n{head}", tail=f"{section.tail}\n</details>\n")


def _picture(report: Report, head: str = "") -> Section:
    """The services and what stops them, drawn; left out as a whole where there is no room."""
    lines = mermaid.picture(report).splitlines()
    return Section(head, (fenced("mermaid", lines),) if lines else (), left_out=f"The picture is left out {CUT}")


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
    outage = "" if report.since else _riskiest(report)
    sentence = f"\n{outage}" if outage else ""
    told = (*services.missed_targets(report), *services.locks(report))
    sentence += "".join(f"\n* {escaped(line)}" for line in told) + ("\n" if told else "")
    titles = f"| Service | Criticality | {' | '.join(levels)} |\n|---|---|{'--:|' * len(levels)}\n"
    head = f"### How many failures stop a service\n\n{titles}"
    rows = (f"| {' | '.join(escaped(cell) for cell in row)} |\n" for row in services.rows(report.services))
    return Section(head, tuple(rows), sentence)


def _riskiest(report: Report) -> str:
    outage = services.riskiest(report)
    return f"**Riskiest outage:** {escaped(services.sentence(outage))}.\n" if outage else ""


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
        f"| {change.action.value} | {cell(code(change.id))} | {cell(link(change.span, options))} "
        f"| {escaped(changes.reason(change))} |\n"
        for change in changes.listed(report)
    )
    table = "\n| Action | Resource | Place | Why |\n|---|---|---|---|\n"
    found = tuple(rows)
    head = f"### What the apply changes\n\n{told}"
    return Section(head + table, found) if found else Section(head, ("\nNothing that stands is changed.\n",))


def _findings(report: Report, options: Options) -> Section:
    findings = summary.merged(summary.listed(report, Outcome.FAIL, options))
    if options.unknown_fails:
        unknowns = summary.listed(report, Outcome.UNKNOWN, options)
        findings = tuple(sorted((*findings, *unknowns), key=summary.worst_first))
    head = f"### Findings\n\n{FINDINGS}"
    known = changes.by_resource(report)
    return Section(head, tuple(_row(finding, options, changes.of(finding, known)) for finding in findings))


def _row(finding: Finding, options: Options, action: str) -> str:
    undecided = "Unknown: " if finding.outcome is Outcome.UNKNOWN else ""
    codes = [f"{code(finding.rule)} {code(finding.slug)}", link(finding.span, options), code(finding.resource)]
    codes[-1] += f" ({action})" if action else ""
    cells = [
        finding.severity.label,
        *map(cell, codes),
        undecided + escaped(finding.message),
    ]
    return f"| {' | '.join(cells)} |\n"


def _unknowns(report: Report, options: Options) -> Section:
    findings = () if options.unknown_fails else summary.listed(report, Outcome.UNKNOWN, options)
    rows = (
        f"* {code(f.rule)} {link(f.span, options)} {code(f.resource)}: {escaped(summary.cause(f))}\n" for f in findings
    )
    return collapsed(f"{summary.plural(len(findings), 'question')} that the files do not decide", rows)


def _listed(report: Report, options: Options) -> Section:
    rows = (
        f"* {f.outcome.value}: {code(f.rule)} {link(f.span, options)} {code(f.resource)}: "
        f"{escaped(f.reason or f.message)}\n"
        for f in summary.on_request(report, options)
    )
    return collapsed("Other answers", rows)


def _problems(report: Report, options: Options) -> Section:
    ordered = summary.lost_first(report.problems)
    lost = sum(problem.kind.incomplete for problem in ordered)
    weight = f", {lost} of which cost input" if lost else ""
    rows = (_problem(problem, options) for problem in ordered)
    return collapsed(f"{summary.plural(len(ordered), 'problem')}{weight}", rows)


def _problem(problem: Problem, options: Options) -> str:
    return f"* {link(problem.span, options)} {problem.kind.value}: {escaped(problem.message)}\n"


def _coverage(report: Report) -> str:
    return "".join(f"{line}\n" for line in _coverage_lines(report))


def _coverage_lines(report: Report) -> Iterator[str]:
    yield escaped(summary.coverage_line(report))
    if report.uncatalogued:
        number = sum(report.uncatalogued.values())
        types = summary.plural(len(report.uncatalogued), "type")
        yield f"Not judged: {summary.plural(number, 'resource')} of {types} that the catalog does not know."
