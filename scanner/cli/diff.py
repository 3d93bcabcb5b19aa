"""``riskscan diff``: hold an account against its code, or a repository against what it was before."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import click

from scanner.cli.exits import comparison_exit_code, why_incomplete
from scanner.cli.outputs import show_comparison
from scanner.cli.report_options import SEVERITIES
from scanner.cli.rule_sets import PACKS
from scanner.cli.sources import configure, sources
from scanner.config import UnknownPolicy

FORMATS: Final = ("text", "markdown", "json")
PATH: Final = click.Path(exists=True, path_type=Path)


@click.command("diff", short_help="Hold an account, or a changed repository, against its code.")
@click.argument("base", metavar="CODE", type=PATH)
@click.argument("head", metavar="LIVE", type=PATH)
@click.option("--format", "-f", "format_name", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option(
    "--output",
    "-o",
    "output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the answer here.  [default: stdout]",
)
@click.option(
    "--fail-on",
    type=click.Choice([*SEVERITIES, "never"]),
    envvar="RISKSCAN_FAIL_ON",
    show_envvar=True,
    help="The lowest severity of what is more centralized that gives exit code 1.  [default: high]",
)
@click.option(
    "--unknown",
    type=click.Choice([policy.value for policy in UnknownPolicy]),
    envvar="RISKSCAN_UNKNOWN",
    show_envvar=True,
    help="Whether what may be more centralized gives exit code 1 too.  [default: report]",
)
@PACKS
@sources
@click.option("--exit-zero", is_flag=True, help="What is more centralized does not give exit code 1.")
@click.option("--show", type=click.Choice(["all"]), help="List everything in full.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="NO_COLOR and FORCE_COLOR count too.",
)
def command(
    base: Path, head: Path, format_name: str, output: Path | None, show: str | None, color: str, **flags: Any
) -> int:
    """Say which resources of LIVE are which of CODE, what differs, and where LIVE is more centralized.

    CODE is a file or folder. LIVE is an inventory of an account (a snapshot, an AWS Config snapshot, the output of az
    graph or gcloud asset, a Terraform state), or another state of the same files. The configuration is that of CODE.

    Exit codes: 0 nothing at or above --fail-on is more centralized, 1 something is, 2 usage or configuration error, 3
    input could not be read, 130 interrupted.
    """
    config = configure((base,), flags, os.environ)

    from scanner import pipeline

    report = pipeline.diff(base, head, config)
    show_comparison(format_name, report, output, color, full=show == "all")
    for path, side in ((base, report.base), (head, report.head)):
        if reason := why_incomplete(side, config):
            click.echo(f"incomplete: {path}: {reason}", err=True)
    return comparison_exit_code(report, config)
