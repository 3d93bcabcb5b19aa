"""``riskscan scan``: flags → Config → pipeline → reports → exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from scanner.cli.exits import exit_code, why_incomplete
from scanner.cli.outputs import FORMATS, parse_outputs, write_reports
from scanner.cli.rule_sets import PACKS, load
from scanner.config import (
    Config,
    UnknownPolicy,
    find_config,
    load_config,
    severity_of,
    severity_or_never,
    with_rule_codes,
)
from scanner.model.finding import Axis, Severity
from scanner.model.report import Report

SEVERITIES = [severity.label for severity in sorted(Severity, reverse=True)]
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


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
@click.option(
    "--config", "config_file", type=FILE, envvar="RISKSCAN_CONFIG", show_envvar=True, help="The configuration file."
)
@click.option("--no-config", is_flag=True, help="Read no configuration file.")
@click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="A Terraform variable. Repeatable.")
@click.option(
    "--var-file", "var_files", multiple=True, type=FILE, help="A .tfvars file; --var wins over it. Repeatable."
)
@click.option("--workspace", envvar="TF_WORKSPACE", show_envvar=True, help="The Terraform workspace.")
@click.option(
    "--region", envvar="RISKSCAN_REGION", show_envvar=True, help="The region of resources whose provider names none."
)
@click.option(
    "--strict", is_flag=True, envvar="RISKSCAN_STRICT", show_envvar=True, help="Every problem gives exit code 3."
)
@click.option("--allow-incomplete", is_flag=True, help="Unread input, or none at all, does not give exit code 3.")
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
@click.option(
    "--today", type=click.DateTime(["%Y-%m-%d"]), help="The day on which waivers are judged.  [default: today]"
)
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


def configure(paths: Sequence[Path], flags: Mapping[str, Any], environment: Mapping[str, str]) -> Config:
    """The file's configuration with the flags over it. Raises ``UsageError`` or ``ConfigError``."""
    if flags["config_file"] and flags["no_config"]:
        raise click.UsageError("--config and --no-config exclude each other")
    if flags["strict"] and flags["allow_incomplete"]:
        raise click.UsageError("--strict and --allow-incomplete exclude each other")
    file = None if flags["no_config"] else flags["config_file"] or find_config(paths, Path.cwd())
    config = load_config(file, _shown(file)) if file else Config()
    return replace(config, **_overrides(config, flags, environment))


def _overrides(config: Config, flags: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    today: datetime | None = flags["today"]
    given: dict[str, Any] = {
        "variables": dict(map(_variable, flags["variables"])),
        "environment_variables": {
            name.removeprefix("TF_VAR_"): value for name, value in environment.items() if name.startswith("TF_VAR_")
        },
        "packs": (*config.packs, *flags["packs"]),
        "today": today.date() if today else datetime.now().astimezone().date(),
    }
    same = ("var_files", "workspace", "region", "strict", "allow_incomplete", "exit_zero")
    given |= {name: flags[name] for name in same}
    if flags["fail_on"]:
        given["fail_on"] = severity_or_never(flags["fail_on"])
    if flags["min_severity"]:
        given["min_severity"] = severity_of(flags["min_severity"])
    if flags["axes"]:
        given["axes"] = frozenset(map(Axis, flags["axes"]))
    if flags["unknown"]:
        given["unknown"] = UnknownPolicy(flags["unknown"])
    return given


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--var")
    return name.strip(), value


def _shown(file: Path) -> str:
    """A path as people typed or see it: relative to the working directory where that is shorter."""
    relative = os.path.relpath(file)
    return file.as_posix() if relative.startswith("..") or sys.platform == "win32" else relative
