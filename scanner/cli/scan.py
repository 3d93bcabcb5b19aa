"""``riskscan scan``: flags → Config → pipeline → reports → exit code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from scanner.cli.exits import exit_code, why_incomplete
from scanner.cli.outputs import FORMATS, parse_outputs, write_reports
from scanner.cli.rule_sets import PACKS, load
from scanner.cli.sources import configure, sources
from scanner.config import UnknownPolicy, with_rule_codes
from scanner.model.finding import Axis, Severity
from scanner.model.report import Report

SEVERITIES = [severity.label for severity in sorted(Severity, reverse=True)]


@click.command("scan", short_help="Scan files and folders.")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--output", "-o", "outputs", multiple=True, metavar="FORMAT=FILE", help="Write a report; - is stdout. Repeatable."
)
@click.option("--format", "-f", "format_name", type=click.Choice(FORMATS), help="Write this report to stdout.")
@click.option(
    "--fail-on",
    type=click.Choice([*SEVERITIES, "never"]),
    envvar="RISKSCAN_FAIL_ON",
    show_envvar=True,
    help="The lowest severity that gives exit code 1.  [default: high]",
)
@click.option(
    "--min-severity",
    type=click.Choice(SEVERITIES),
    envvar="RISKSCAN_MIN_SEVERITY",
    show_envvar=True,
    help="Leave milder findings out of the reports.",
)
@click.option(
    "--axis",
    "axes",
    multiple=True,
    type=click.Choice([axis.value for axis in Axis]),
    envvar="RISKSCAN_AXIS",
    show_envvar=True,
    help="Report only this axis. Repeatable.",
)
@click.option(
    "--unknown",
    type=click.Choice([policy.value for policy in UnknownPolicy]),
    envvar="RISKSCAN_UNKNOWN",
    show_envvar=True,
    help="What to do with questions that the files do not decide.  [default: report]",
)
@PACKS
@sources
@click.option(
    "--fail-on-target",
    is_flag=True,
    envvar="RISKSCAN_FAIL_ON_TARGET",
    show_envvar=True,
    help="A service that misses a target of the configuration gives exit code 1.",
)
@click.option("--exit-zero", is_flag=True, help="Findings do not give exit code 1.")
@click.option("--show", multiple=True, type=click.Choice(["pass", "unknown", "all"]), help="List these in full too.")
@click.option("--category", default="scan", show_default=True, help="Tells several SARIF uploads of one commit apart.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="NO_COLOR and FORCE_COLOR count too.",
)
@click.option("--quiet", "-q", is_flag=True, help="Findings only: no summary, nothing on stderr but errors.")
def command(
    paths: tuple[Path, ...],
    outputs: tuple[str, ...],
    format_name: str | None,
    show: tuple[str, ...],
    category: str,
    color: str,
    quiet: bool,
    **flags: Any,
) -> int:
    """Scan infrastructure files for what can stop a service or lock its funds.

    PATHS are files or folders, by default the working directory.

    Exit codes: 0 nothing at or above --fail-on, 1 findings at or above it, 2 usage or configuration error, 3 the scan
    is incomplete, 130 interrupted.
    """
    targets = parse_outputs(outputs, format_name)
    paths = paths or (Path(),)
    config = configure(paths, flags, os.environ)

    from scanner import pipeline

    slugs = {code: info.slug for code, info in load(config.packs).infos.items()}
    report = on_axes(pipeline.scan(paths, with_rule_codes(config, slugs)), config.axes)
    write_reports(report, targets, config, show=frozenset(show), category=category, color=color, quiet=quiet)
    if (reason := why_incomplete(report, config)) and not quiet:
        click.echo(f"incomplete: {reason}", err=True)
    return exit_code(report, config)


def on_axes(report: Report, axes: frozenset[Axis]) -> Report:
    """The report about some axes only; the overall score stays that of all."""
    if axes == frozenset(Axis):
        return report
    return replace(
        report,
        findings=tuple(finding for finding in report.findings if finding.axis in axes),
        score=replace(report.score, axes=tuple(score for score in report.score.axes if score.axis in axes)),
    )
