"""The story of a scan, one call a stage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from scanner.config import ESCROWED, Config, Link, Service, shown_from
from scanner.discovery import Discovery, SourceFile, discover, with_named
from scanner.discovery.files import relative_name
from scanner.facts.key_material import key_texts
from scanner.front_ends import PLANS, read_files
from scanner.graph.graph import Graph, with_edges, with_services
from scanner.model.finding import Acceptance, Finding, Severity
from scanner.model.outage import OutageReport, Scenario, ServiceRisk
from scanner.model.problem import Problem, ProblemKind
from scanner.model.report import FormatCoverage, Report
from scanner.model.resource import Edge, Resource
from scanner.model.service import Criticality
from scanner.model.span import Span
from scanner.normalize import Settings, normalize
from scanner.normalize.crowds import crowded
from scanner.parsers.parsed import Parsed
from scanner.rules import baseline
from scanner.rules.evaluate import evaluate
from scanner.rules.identity import identified, identities
from scanner.rules.load import load_rules
from scanner.rules.peer_waivers import peer_waivers
from scanner.rules.rule import RuleSet
from scanner.rules.waivers import Reach, RiskWaiver, annotated_waivers, beginnings, inline_waivers, suppress
from scanner.scope import asked, frame_of, scope_of
from scanner.scoring import score
from scanner.simulation.selectors import select
from scanner.simulation.services import Escrow, Wanted
from scanner.simulation.study import Study, Wishes, study
from scanner.verdict import Verdict, recalled
from scanner.version import VERSION

if TYPE_CHECKING:
    from scanner.simulation.incidents import Incident


class Estate(Struct, frozen=True):
    """What has been read, and the graph of it. ``config`` has its positions as reports show them."""

    config: Config
    found: Discovery
    parsed: Parsed
    graph: Graph
    uncatalogued: Mapping[str, int]
    problems: tuple[Problem, ...]


def scan(paths: Sequence[Path], config: Config, incidents: Iterable[Incident] | None = None) -> Report:
    """Read the paths, judge what they declare, and say what is centralized.

    Where ``incidents`` are given, the report tells what they and every single failure domain would do. Raises
    :class:`FileNotFoundError` for a path that does not exist and :class:`~scanner.rules.load.RuleError` for a faulty
    rule pack. Everything else that goes wrong is a problem in the report.
    """
    rules = load_rules(config.packs)
    return report_on(read_estate(paths, config), rules, incidents)


def scan_account(
    collect: Callable[[], Parsed],
    names: Callable[[Parsed], Mapping[str, Sequence[str]]],
    config: Config,
    incidents: Iterable[Incident] | None = None,
) -> Report:
    """Judge what ``collect`` reads somewhere else than in files; ``names`` says by format what it has read.

    Raises what ``collect`` raises, and as :func:`scan` does, before anything is collected.
    """
    rules = load_rules(config.packs)
    parsed = collect()
    base = Path.cwd().resolve()
    files = tuple(SourceFile(base, name, kind) for kind, several in names(parsed).items() for name in several)
    found = Discovery(base, (), files, ())
    return report_on(estate_of(found, parsed, shown_from(config, base)), rules, incidents)


def report_on(estate: Estate, loaded: RuleSet, incidents: Iterable[Incident] | None = None) -> Report:
    """What the rules and the fault graph say of an estate."""
    return judged(estate, loaded, incidents)[0]


def judged(estate: Estate, loaded: RuleSet, incidents: Iterable[Incident] | None = None) -> tuple[Report, Graph]:
    """What the rules and the fault graph say of what was read, and the graph with its services."""
    config, parsed = estate.config, estate.parsed
    made: list[tuple[Graph, Study]] = []
    verdict = recalled(parsed, config, loaded, lambda: _verdict(estate, loaded, made.append))
    graph = made[0][0] if made else with_services(estate.graph, verdict.services, verdict.losses)
    outages = None
    if incidents is not None:
        outages = (made[0][1] if made else study(estate.graph, wishes(config))).replay.outages(incidents)
    frame = frame_of(estate.found, config)
    answers = identified(verdict.answers, identities((r.declaration for r in graph.resources.values()), frame))
    findings, waiver_problems = _suppressed(answers, loaded, estate)
    findings, stale = _less_accepted(findings, estate, loaded)
    risks = verdict.services
    problems = {*estate.problems, *verdict.problems, *expired(config), *waiver_problems, *stale}
    report = Report(
        tool_version=VERSION,
        base=str(estate.found.base),
        resources=_shown(graph),
        edges=tuple(graph.edges()),
        findings=findings,
        rules=loaded.infos,
        problems=tuple(sorted(problems, key=_order)),
        coverage=_coverage(estate.found, parsed),
        score=score([risk.cuts for risk in risks], _apart(answers, risks), answers, config.targets),
        sources=parsed.sources,
        secrets=parsed.secrets | verdict.secrets,
        uncatalogued=estate.uncatalogued,
        roots=parsed.roots,
        services=verdict.services,
        changes=parsed.changes,
        outages=outages,
    )
    return report, graph


def _verdict(estate: Estate, loaded: RuleSet, made: Callable[[tuple[Graph, Study]], object]) -> Verdict:
    config = estate.config
    rules = RuleSet({code: rule for code, rule in loaded.rules.items() if rule.info.axis in config.axes})
    outages = study(estate.graph, wishes(config))
    risks, losses = outages.analysis.risks(), tuple(outages.analysis.losses())
    graph = with_services(estate.graph, risks, losses)
    made((graph, outages))
    answers, crashes = evaluate(rules, graph, _by_code(loaded, config.severities), _codes(loaded, config.disable))
    return Verdict(answers, frozenset((*outages.problems, *crashes)), tuple(risks), losses, frozenset(key_texts(graph)))


def _apart(findings: Sequence[Finding], risks: Sequence[ServiceRisk]) -> list[Finding]:
    """The findings about what no service depends on."""
    inside = {name for risk in risks for name in risk.cone}
    return [finding for finding in findings if finding.resource not in inside]


def replay(paths: Sequence[Path], config: Config, ask: Callable[[Study], tuple[Scenario, ...]]) -> OutageReport:
    """Read the paths and answer what outages would do. ``ask`` runs the scenarios. Raises as :func:`scan` does."""
    estate = read_estate(paths, config)
    config = estate.config
    outages = study(estate.graph, wishes(config))
    problems = {*estate.problems, *outages.problems, *expired(config)}
    return OutageReport(
        tool_version=VERSION,
        base=str(estate.found.base),
        scenarios=ask(outages),
        problems=tuple(sorted(problems, key=_order)),
        coverage=_coverage(estate.found, estate.parsed),
        sources=estate.parsed.sources,
        secrets=estate.parsed.secrets | frozenset(key_texts(estate.graph)),
    )


def read_estate(paths: Sequence[Path], config: Config, named_from: Path | None = None) -> Estate:
    """Read the paths into one graph, with the links and places that the configuration adds.

    ``named_from`` is the folder from which the configuration's places and globs are named, where that is another one.
    """
    limit = config.limits.max_file_bytes
    found = with_named(discover(paths, limit), config.plans, PLANS, limit)
    config = shown_from(config, named_from or found.base)
    parsed = _followed(read_files(found, config))
    return estate_of(found, parsed, config)


def estate_of(found: Discovery, parsed: Parsed, config: Config) -> Estate:
    """The graph of what has been read. What an account calls its zones counts unless the configuration knows better."""
    config = replace(config, zone_ids={**parsed.zone_ids, **config.zone_ids})
    graph, uncatalogued = normalize(
        parsed.declarations, Settings(config.region, config.environments, config.placements, parsed.sources)
    )
    edges, problems = linked(graph, config.links)
    graph = with_edges(graph, edges) if edges else graph
    return Estate(config, found, parsed, graph, uncatalogued, (*found.problems, *parsed.problems, *problems))


def _followed(parsed: Parsed) -> Parsed:
    """What was read, less the objects whose selectors pass the limit; their files count as read in part."""
    left_out = crowded(parsed.declarations)
    if not left_out:
        return parsed
    return replace(
        parsed,
        declarations=tuple(d for d in parsed.declarations if d.id not in left_out),
        problems=(*parsed.problems, *left_out.values()),
        partly=parsed.partly | ({problem.span.file for problem in left_out.values()} - parsed.unread),
    )


def linked(graph: Graph, links: Sequence[Link]) -> tuple[list[Edge], list[Problem]]:
    """The edges that a configuration's links state; an end that matches nothing is a problem."""
    edges: list[Edge] = []
    problems: list[Problem] = []
    for link in links:
        span = link.span or Span("the configuration", 1)
        ends = [(text, select(graph, text)) for text in (link.source, link.target)]
        problems.extend(
            Problem(span, ProblemKind.UNRESOLVED, f"links: {text} matches no resource")
            for text, found in ends
            if not found
        )
        edges.extend(Edge(s.id, t.id, link.kind, "links", span) for s in ends[0][1] for t in ends[1][1])
    return edges, problems


def wishes(config: Config) -> Wishes:
    """What the configuration says of services and custody. Attestations past their day are left out."""
    escrows = [
        Escrow(a.resource, a.holder, a.until, a.span)
        for a in config.attest
        if a.resource and a.claim == ESCROWED and not a.past(config.today)
    ]
    return Wishes(_wanted(config.services, "service"), _wanted(config.custody, "custody"), escrows, config.zone_ids)


def _wanted(services: Sequence[Service], kind: Literal["service", "custody"]) -> list[Wanted]:
    return [
        Wanted(s.name, kind, s.entry, Criticality(s.criticality), 0 if s.threshold == "all" else s.threshold, s.span)
        for s in services
    ]


def expired(config: Config) -> list[Problem]:
    """Attestations past their day: they no longer hold, and are said."""
    return [
        Problem(
            a.span or Span(str(config.file or "the configuration"), 1),
            ProblemKind.WAIVER,
            f"the attestation {a.claim} of {a.about} ended on {a.until}; it no longer counts",
        )
        for a in config.attest
        if a.past(config.today)
    ]


def _shown(graph: Graph) -> tuple[Resource, ...]:
    return tuple(r for r in graph.resources.values() if r.declaration.mode != "module")


def _order(problem: Problem) -> tuple[str, int, int, str, str]:
    span = problem.span
    return span.file, span.line, span.column, problem.kind, problem.message


def _by_code(rules: RuleSet, table: Mapping[str, Severity]) -> dict[str, Severity]:
    return {rules.by_name(name).info.code: value for name, value in table.items()}


def _codes(rules: RuleSet, names: frozenset[str]) -> frozenset[str]:
    return frozenset(rules.by_name(name).info.code for name in names)


def _suppressed(
    findings: tuple[Finding, ...], rules: RuleSet, estate: Estate
) -> tuple[tuple[Finding, ...], tuple[Problem, ...]]:
    config, parsed = estate.config, estate.parsed
    waivers = list(_listed_waivers(estate))
    written = (
        *inline_waivers(parsed.sources),
        *annotated_waivers(parsed.declarations),
        *peer_waivers(parsed.sources, parsed.declarations, config.honour, config.today),
    )
    waivers.extend(waiver for waiver in written if (waiver.span.file, waiver.span.line) not in config.refused)
    reach = Reach(
        known={name.lower(): code for code, rule in rules.rules.items() for name in (code, rule.info.slug)},
        blocks={d.id: beginnings(d) for d in parsed.declarations},
        types={d.id: d.type for d in parsed.declarations},
        asked=asked(rules, config),
    )
    return suppress(findings, waivers, reach, config.today)


def _listed_waivers(estate: Estate) -> Iterator[RiskWaiver]:
    """Those of the configuration; where only a part of its folder was scanned, they may be about the rest."""
    config, roots = estate.config, estate.found.roots
    folder = config.root
    partial = folder is not None and roots != () and not any(folder.is_relative_to(root) for root in roots)
    for waiver in config.waivers:
        span = waiver.span or Span(str(config.file or "the configuration"), 1)
        fault = "" if waiver.reason else "a waiver needs a reason"
        yield RiskWaiver(
            waiver.rule,
            waiver.reason,
            span,
            waiver.resource,
            waiver.until,
            fault,
            by=Acceptance.CONFIGURATION,
            optional=partial,
        )


def _less_accepted(
    findings: tuple[Finding, ...], estate: Estate, rules: RuleSet
) -> tuple[tuple[Finding, ...], tuple[Problem, ...]]:
    """The findings with those suppressed that the baseline accepts, and what is wrong with it."""
    config = estate.config
    if config.accepted is None:
        return findings, ()
    scope = scope_of(estate.found, estate.parsed, config, rules, findings)
    shown = relative_name(config.accepted.path.resolve(), estate.found.base)
    problems = tuple(baseline.problems(findings, config.accepted, scope, config.today, shown))
    return baseline.suppressed(findings, config.accepted, config.today), problems


def _coverage(found: Discovery, parsed: Parsed) -> dict[str, FormatCoverage]:
    by_format: dict[str, list[str]] = {}
    for file in (*found.files, *found.left_out):
        by_format.setdefault(file.format, []).append(file.name)
    unread = parsed.unread | {file.name for file in found.left_out}
    return {
        name: FormatCoverage(
            found=len(files),
            read=sum(1 for f in files if f not in unread and f not in parsed.partly),
            partly=sum(1 for f in files if f in parsed.partly),
            unread=sum(1 for f in files if f in unread),
        )
        for name, files in sorted(by_format.items())
    }
