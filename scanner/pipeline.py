"""The story of a scan, one call a stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from scanner.config import Config
from scanner.discovery import Discovery, discover
from scanner.discovery.files import format_of
from scanner.facts.key_material import key_texts
from scanner.model.finding import Finding, Severity
from scanner.model.problem import Problem
from scanner.model.report import FormatCoverage, Report
from scanner.model.span import Span
from scanner.normalize import Settings, normalize
from scanner.parsers.terraform.folders import InputFile
from scanner.parsers.terraform.options import TerraformOptions
from scanner.parsers.terraform.project import TerraformResult, read
from scanner.rules.evaluate import evaluate
from scanner.rules.load import load_rules
from scanner.rules.rule import RuleSet
from scanner.rules.waivers import RiskWaiver, inline_waivers, suppress
from scanner.scoring import score
from scanner.version import VERSION


def scan(paths: Sequence[Path], config: Config) -> Report:
    """Read the paths, judge what they declare, and say what is centralized.

    Raises :class:`FileNotFoundError` for a path that does not exist and :class:`~scanner.rules.load.RuleError` for a
    faulty rule pack. Everything else that goes wrong is a problem in the report.
    """
    loaded = load_rules(config.packs)
    rules = RuleSet({code: rule for code, rule in loaded.rules.items() if rule.info.axis in config.axes})
    found = discover(paths, config.limits.max_file_bytes)
    terraform = read_terraform(found, config)
    graph, uncatalogued = normalize(terraform.declarations, Settings(config.region, config.environments))
    judged, crashes = evaluate(rules, graph, _by_code(loaded, config.severities), _codes(loaded, config.disable))
    findings, waiver_problems = _suppressed(judged, loaded, terraform, config)
    problems = sorted({*found.problems, *terraform.problems, *crashes, *waiver_problems}, key=_order)
    return Report(
        tool_version=VERSION,
        base=str(found.base),
        resources=tuple(r for r in graph.resources.values() if r.declaration.mode != "module"),
        edges=tuple(graph.edges()),
        findings=findings,
        rules=loaded.infos,
        problems=tuple(problems),
        coverage=_coverage(found, terraform),
        score=score((), judged, judged, config.targets),
        sources=terraform.sources,
        secrets=terraform.secrets | frozenset(key_texts(graph)),
        uncatalogued=uncatalogued,
        roots=tuple(root.name for root in terraform.roots),
    )


def read_terraform(found: Discovery, config: Config) -> TerraformResult:
    """Parse and evaluate the Terraform files among those discovered."""
    scan_root = found.roots[0] if len(found.roots) == 1 else found.base
    if scan_root.is_file():
        scan_root = scan_root.parent
    files = [
        InputFile(f.path, f.name, f.format == "terraform-variables")
        for f in found.files
        if f.format.startswith("terraform")
    ]
    options = TerraformOptions(
        variables=config.variables,
        var_files=tuple(path.absolute() for path in config.var_files),
        environment=config.environment_variables,
        workspace=config.workspace,
        max_file_bytes=config.limits.max_file_bytes,
    )
    return read(files, scan_root, found.base, options)


def _order(problem: Problem) -> tuple[str, int, int, str, str]:
    span = problem.span
    return span.file, span.line, span.column, problem.kind, problem.message


def _by_code(rules: RuleSet, table: Mapping[str, Severity]) -> dict[str, Severity]:
    return {rules.by_name(name).info.code: value for name, value in table.items()}


def _codes(rules: RuleSet, names: frozenset[str]) -> frozenset[str]:
    return frozenset(rules.by_name(name).info.code for name in names)


def _suppressed(
    findings: tuple[Finding, ...], rules: RuleSet, terraform: TerraformResult, config: Config
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
    waivers.extend(inline_waivers(terraform.sources))
    blocks = {d.id: d.span for d in terraform.declarations}
    return suppress(findings, waivers, blocks, known, config.today)


def _coverage(found: Discovery, terraform: TerraformResult) -> dict[str, FormatCoverage]:
    by_format: dict[str, list[str]] = {}
    for file in found.files:
        by_format.setdefault(file.format, []).append(file.name)
    left_out = {problem.span.file for problem in found.problems}
    for name in sorted(left_out):
        if (kind := format_of(name.rsplit("/", 1)[-1])) is not None:
            by_format.setdefault(kind, []).append(name)
    unread = terraform.unread | left_out
    return {
        name: FormatCoverage(
            found=len(files),
            read=sum(1 for f in files if f not in unread and f not in terraform.partly),
            partly=sum(1 for f in files if f in terraform.partly),
            unread=sum(1 for f in files if f in unread),
        )
        for name, files in sorted(by_format.items())
    }
