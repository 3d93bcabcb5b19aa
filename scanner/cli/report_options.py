"""What every command that judges is told: which reports to write where, what to show, what fails."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from msgspec import Struct
from msgspec.structs import replace

from scanner.cli.exits import exit_code, why_incomplete
from scanner.cli.outputs import FORMATS, Target, parse_outputs, write_reports
from scanner.cli.pages import Pages, pages
from scanner.cli.rule_sets import PACKS
from scanner.config import Config, UnknownPolicy
from scanner.model.comparison import Comparison
from scanner.model.finding import Axis, Severity
from scanner.model.history import History
from scanner.model.report import Report

SEVERITIES: Final = [severity.label for severity in sorted(Severity, reverse=True)]

Command = TypeVar("Command", bound=Callable[..., Any])

LEAST: Final = click.option(
    "--min-severity",
    type=click.Choice(SEVERITIES),
    envvar="RISKSCAN_MIN_SEVERITY",
    show_envvar=True,
    help="Leave milder findings out of the reports.",
)
AXES: Final = click.option(
    "--axis",
    "axes",
    multiple=True,
    type=click.Choice([axis.value for axis in Axis]),
    envvar="RISKSCAN_AXIS",
    show_envvar=True,
    help="Report only this axis. Repeatable.",
)
BASELINE: Final = click.option(
    "--baseline",
    "baseline",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="RISKSCAN_BASELINE",
    show_envvar=True,
    help="The file of findings that were accepted all at once.",
)

_BEFORE: Final = (
    click.option(
        "--output",
        "-o",
        "outputs",
        multiple=True,
        metavar="FORMAT=FILE",
        help="Write a report; - is stdout. Repeatable.",
    ),
    click.option("--format", "-f", "format_name", type=click.Choice(FORMATS), help="Write this report to stdout."),
    click.option(
        "--fail-on",
        type=click.Choice([*SEVERITIES, "never"]),
        envvar="RISKSCAN_FAIL_ON",
        show_envvar=True,
        help="The lowest severity that gives exit code 1.  [default: high]",
    ),
    LEAST,
    AXES,
    click.option(
        "--unknown",
        type=click.Choice([policy.value for policy in UnknownPolicy]),
        envvar="RISKSCAN_UNKNOWN",
        show_envvar=True,
        help="What to do with questions that the files do not decide.  [default: report]",
    ),
    BASELINE,
    PACKS,
)
_AFTER: Final = (
    click.option(
        "--fail-on-target",
        is_flag=True,
        envvar="RISKSCAN_FAIL_ON_TARGET",
        show_envvar=True,
        help="A service that misses a target of the configuration gives exit code 1.",
    ),
    click.option("--exit-zero", is_flag=True, help="Findings do not give exit code 1."),
    click.option(
        "--show", multiple=True, type=click.Choice(["pass", "unknown", "all"]), help="List these in full too."
    ),
    click.option(
        "--category",
        default="scan",
        show_default=True,
        help="Tells several SARIF uploads, or comments, of one commit apart.",
    ),
    click.option(
        "--sarif",
        type=click.Choice(["all", "new"]),
        default="all",
        show_default=True,
        envvar="RISKSCAN_SARIF",
        show_envvar=True,
        help="With --base: which findings SARIF holds. GitHub takes what it does not hold for fixed.",
    ),
    click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        help="NO_COLOR and FORCE_COLOR count too.",
    ),
    click.option("--quiet", "-q", is_flag=True, help="Findings only: no summary, nothing on stderr but errors."),
)


class Shown(Struct, frozen=True):
    """Where reports go, how they look, and the earlier summaries that they show beside the scan."""

    targets: tuple[Target, ...]
    show: frozenset[str]
    category: str
    color: str
    quiet: bool
    only_new: bool
    linked: Pages
    history: History | None = None

    @property
    def formats(self) -> frozenset[str]:
        """The formats of all reports."""
        return frozenset(target.format for target in self.targets)


def judging(command: Command) -> Command:
    """Add what stands before a command's own options. It receives all as keywords, for :func:`shown`."""
    return _with(command, _BEFORE)


def showing(command: Command) -> Command:
    """Add what stands after a command's own options."""
    return _with(command, _AFTER)


def _with(command: Command, options: tuple[Callable[[Command], Command], ...]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def shown(
    outputs: tuple[str, ...],
    format_name: str | None,
    show: tuple[str, ...],
    category: str,
    sarif: str,
    color: str,
    quiet: bool,
) -> Shown:
    """The flags as one value. Raises ``UsageError``, before anything is read, for what could only fail afterwards."""
    targets = parse_outputs(outputs, format_name)
    return Shown(targets, frozenset(show), category, color, quiet, sarif == "new", pages(os.environ))


def write(report: Report, config: Config, wanted: Shown) -> int:
    """Write the reports, and return the exit code."""
    report = on_axes(replace(report, history=wanted.history), config.axes)
    write_reports(
        report,
        wanted.targets,
        config,
        show=wanted.show,
        category=wanted.category,
        color=wanted.color,
        quiet=wanted.quiet,
        only_new=wanted.only_new,
        linked=wanted.linked,
    )
    if (reason := why_incomplete(report, config)) and not wanted.quiet:
        click.echo(f"incomplete: {reason}", err=True)
    return exit_code(report, config)


def on_axes(report: Report, axes: frozenset[Axis]) -> Report:
    """The report about some axes only; the overall score stays that of all."""
    if axes == frozenset(Axis):
        return report
    since = report.since
    return replace(
        report,
        since=since and changes_on_axes(since, axes),
        findings=tuple(finding for finding in report.findings if finding.axis in axes),
        score=replace(report.score, axes=tuple(score for score in report.score.axes if score.axis in axes)),
    )


def changes_on_axes(since: Comparison, axes: frozenset[Axis]) -> Comparison:
    """What changed, about some axes only."""
    return replace(
        since,
        new=tuple(turn for turn in since.new if turn.finding.axis in axes),
        fixed=tuple(turn for turn in since.fixed if turn.finding.axis in axes),
        lasting=tuple(finding for finding in since.lasting if finding.axis in axes),
    )
