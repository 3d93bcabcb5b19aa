"""The story of a scan, one call a stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from scanner.config import ESCROWED, Attestation, Config, Link, Service, shown_from
from scanner.discovery import Discovery, discover, with_named
from scanner.discovery.content import format_by_content
from scanner.discovery.files import format_of
from scanner.facts.key_material import key_texts
from scanner.graph.graph import Graph, with_edges, with_services
from scanner.model.finding import Finding, Severity
from scanner.model.outage import OutageReport, Scenario, ServiceRisk
from scanner.model.problem import Problem, ProblemKind
from scanner.model.report import FormatCoverage, Report
from scanner.model.resource import Edge, Resource
from scanner.model.service import Criticality
from scanner.model.span import Span
from scanner.normalize import Settings, normalize
from scanner.normalize.crowds import crowded
from scanner.parsers.parsed import Parsed, joined
from scanner.parsers.terraform.folders import InputFile as TerraformFile
from scanner.parsers.terraform.options import TerraformOptions
from scanner.parsers.terraform.project import TerraformResult, read
from scanner.rules.evaluate import evaluate
from scanner.rules.load import load_rules
from scanner.rules.rule import RuleSet
from scanner.rules.waivers import RiskWaiver, annotated_waivers, beginnings, inline_waivers, suppress
from scanner.scoring import score
from scanner.simulation.services import Escrow, Wanted, select
from scanner.simulation.study import Study, Wishes, study
from scanner.version import VERSION

_PLANS: Final = ("terraform-plan", "terraform-state")
_AZURE_PARAMETERS: Final = ("arm-parameters", "bicep-parameters")
_INVENTORIES: Final = ("aws-config", "az-graph", "gcp-assets")


class Estate(Struct, frozen=True):
    """What has been read, and the graph of it. ``config`` has its positions as reports show them."""

    config: Config
    found: Discovery
    parsed: Parsed
    graph: Graph
    uncatalogued: Mapping[str, int]
    problems: tuple[Problem, ...]


def scan(paths: Sequence[Path], config: Config) -> Report:
    """Read the paths, judge what they declare, and say what is centralized.

    Raises :class:`FileNotFoundError` for a path that does not exist and :class:`~scanner.rules.load.RuleError` for a
    faulty rule pack. Everything else that goes wrong is a problem in the report.
    """
    loaded = load_rules(config.packs)
    rules = RuleSet({code: rule for code, rule in loaded.rules.items() if rule.info.axis in config.axes})
    estate = read_estate(paths, config)
    config = estate.config
    outages = study(estate.graph, wishes(config))
    risks = outages.analysis.risks()
    graph, parsed = with_services(estate.graph, risks, outages.analysis.losses()), estate.parsed
    judged, crashes = evaluate(rules, graph, _by_code(loaded, config.severities), _codes(loaded, config.disable))
    findings, waiver_problems = _suppressed(judged, loaded, parsed, config)
    problems = {*estate.problems, *outages.problems, *expired(config), *crashes, *waiver_problems}
    return Report(
        tool_version=VERSION,
        base=str(estate.found.base),
        resources=_shown(graph),
        edges=tuple(graph.edges()),
        findings=findings,
        rules=loaded.infos,
        problems=tuple(sorted(problems, key=_order)),
        coverage=_coverage(estate.found, parsed),
        score=score([risk.cuts for risk in risks], _apart(judged, risks), judged, config.targets),
        sources=parsed.sources,
        secrets=parsed.secrets | frozenset(key_texts(graph)),
        uncatalogued=estate.uncatalogued,
        roots=parsed.roots,
        services=risks,
        changes=parsed.changes,
    )


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


def read_estate(paths: Sequence[Path], config: Config) -> Estate:
    """Read the paths into one graph, with the links and places that the configuration adds."""
    limit = config.limits.max_file_bytes
    found = with_named(discover(paths, limit), config.plans, _PLANS, limit)
    config = shown_from(config, found.base)
    terraform = read_plans(found, read_terraform(found, config))
    parsed = _followed(joined((terraform, *(read(found, config) for read in _FRONT_ENDS))))
    graph, uncatalogued = normalize(
        parsed.declarations, Settings(config.region, config.environments, config.placements)
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
        if a.claim == ESCROWED and not _past(a, config.today)
    ]
    return Wishes(_wanted(config.services, "service"), _wanted(config.custody, "custody"), escrows, config.zone_ids)


def _wanted(services: Sequence[Service], kind: Literal["service", "custody"]) -> list[Wanted]:
    return [
        Wanted(s.name, kind, s.entry, Criticality(s.criticality), 0 if s.threshold == "all" else s.threshold, s.span)
        for s in services
    ]


def _past(attestation: Attestation, today: date | None) -> bool:
    return attestation.until is not None and today is not None and attestation.until < today


def expired(config: Config) -> list[Problem]:
    """Attestations past their day: they no longer hold, and are said."""
    return [
        Problem(
            a.span or Span(str(config.file or "the configuration"), 1),
            ProblemKind.WAIVER,
            f"the attestation {a.claim} of {a.resource} ended on {a.until}; it no longer counts",
        )
        for a in config.attest
        if _past(a, config.today)
    ]


def _shown(graph: Graph) -> tuple[Resource, ...]:
    return tuple(r for r in graph.resources.values() if r.declaration.mode != "module")


def read_terraform(found: Discovery, config: Config) -> TerraformResult:
    """Parse and evaluate the Terraform files among those discovered."""
    files = [
        TerraformFile(f.path, f.name, f.format == "terraform-variables")
        for f in found.files
        if f.format in ("terraform", "terraform-variables")
    ]
    options = TerraformOptions(
        variables=config.variables,
        var_files=tuple(path.absolute() for path in config.var_files if not _is_of_azure(path)),
        environment=config.environment_variables,
        workspace=config.workspace,
        max_file_bytes=config.limits.max_file_bytes,
    )
    return read(files, _scan_root(found), found.base, options)


def read_plans(found: Discovery, result: TerraformResult) -> Parsed:
    """What the Terraform files declare, with the plans and states among the files discovered laid over it."""
    written = _handed_over(result)
    discovered = [f for f in found.files if f.format in _PLANS]
    if not discovered:
        return written
    from scanner.parsers.terraform import planned

    folders = {root.name: root.folder for root in result.roots}
    return planned.read([planned.InputFile(f.path, f.name) for f in discovered], written, folders, found.base)


def _handed_over(result: TerraformResult) -> Parsed:
    return Parsed(
        result.declarations,
        tuple(root.name for root in result.roots),
        result.problems,
        result.unread,
        result.partly,
        result.sources,
        result.secrets,
    )


def read_kubernetes(found: Discovery, config: Config) -> Parsed:
    """Read the manifests, charts and overlays among the files discovered."""
    discovered = [f for f in found.files if f.format in ("kubernetes", "helm", "kustomize")]
    if not discovered:
        return Parsed()
    # Imported only now: other trees are scanned faster without it.
    from scanner.parsers.kubernetes import project as kubernetes
    from scanner.parsers.kubernetes.reading import InputFile, Options

    options = Options(
        base=found.base,
        scan_root=_scan_root(found),
        helm_values=tuple(path.resolve() for path in config.helm_values),
        helm_release=config.helm_release,
        helm_namespace=config.helm_namespace,
    )
    return kubernetes.read([InputFile(f.path, f.name, f.format) for f in discovered], options)


def read_compose(found: Discovery, config: Config) -> Parsed:
    """Read the Compose files among those discovered."""
    discovered = [f for f in found.files if f.format == "compose"]
    if not discovered:
        return Parsed()
    from scanner.parsers.compose import project as compose
    from scanner.parsers.compose.reading import Options

    files = [compose.InputFile(f.path, f.name) for f in discovered]
    return compose.read(files, Options(found.base, _scan_root(found), config.limits.max_file_bytes))


def read_inventories(found: Discovery, config: Config) -> Parsed:
    """Read what providers list of accounts among the files discovered."""
    discovered = [f for f in found.files if f.format in _INVENTORIES]
    if not discovered:
        return Parsed()
    from scanner.parsers.inventories import project as inventories

    files = [inventories.InputFile(f.path, f.name, f.format) for f in discovered]
    return inventories.read(files, config.limits.max_file_bytes)


def read_cloudformation(found: Discovery, config: Config) -> Parsed:
    """Read the templates, the CDK's output and the Serverless Framework files among those discovered."""
    discovered = [f for f in found.files if f.format == "cloudformation"]
    if not discovered:
        return Parsed()
    from scanner.parsers.cloudformation import project as cloudformation
    from scanner.parsers.cloudformation.reading import InputFile, Options

    options = Options(
        found.base, _scan_root(found), config.region, config.parameter_files, config.limits.max_file_bytes
    )
    return cloudformation.read([InputFile(f.path, f.name) for f in discovered], options)


def read_azure(found: Discovery, config: Config) -> Parsed:
    """Read the templates of Azure Resource Manager and Bicep among those discovered."""
    discovered = [f for f in found.files if f.format in ("arm", "bicep", *_AZURE_PARAMETERS)]
    if not discovered:
        return Parsed()
    from scanner.parsers.azure import project as azure
    from scanner.parsers.azure.reading import InputFile, Options

    options = Options(
        base=found.base,
        scan_root=_scan_root(found),
        region=config.region or None,
        parameter_files=tuple(path.resolve() for path in config.var_files if _is_of_azure(path)),
        max_file_bytes=config.limits.max_file_bytes,
    )
    return azure.read([InputFile(f.path, f.name, f.format) for f in discovered], options)


def _is_of_azure(path: Path) -> bool:
    """Whether a file of variables is one for Azure's templates, which are handed none of Terraform's."""
    kind = format_of(path.name) or (format_by_content(path) if path.suffix.lower() in (".json", ".jsonc") else None)
    return kind in _AZURE_PARAMETERS


_FRONT_ENDS: Final = (read_kubernetes, read_compose, read_cloudformation, read_inventories, read_azure)
"""What reads everything but Terraform."""


def _scan_root(found: Discovery) -> Path:
    """The folder outside of which nothing is read."""
    root = found.roots[0] if len(found.roots) == 1 else found.base
    return root.parent if root.is_file() else root


def _order(problem: Problem) -> tuple[str, int, int, str, str]:
    span = problem.span
    return span.file, span.line, span.column, problem.kind, problem.message


def _by_code(rules: RuleSet, table: Mapping[str, Severity]) -> dict[str, Severity]:
    return {rules.by_name(name).info.code: value for name, value in table.items()}


def _codes(rules: RuleSet, names: frozenset[str]) -> frozenset[str]:
    return frozenset(rules.by_name(name).info.code for name in names)


def _suppressed(
    findings: tuple[Finding, ...], rules: RuleSet, parsed: Parsed, config: Config
) -> tuple[tuple[Finding, ...], tuple[Problem, ...]]:
    known = {name.lower(): code for code, rule in rules.rules.items() for name in (code, rule.info.slug)}
    waivers = [
        RiskWaiver(
            w.rule,
            w.reason,
            w.span or Span(str(config.file or "the configuration"), 1),
            w.resource,
            w.until,
            "" if w.reason else "a waiver needs a reason",
        )
        for w in config.waivers
    ]
    waivers.extend(inline_waivers(parsed.sources))
    waivers.extend(annotated_waivers(parsed.declarations))
    blocks = {d.id: beginnings(d) for d in parsed.declarations}
    return suppress(findings, waivers, blocks, known, config.today)


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
