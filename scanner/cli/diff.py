"""``riskscan diff``: hold an account against its code, or a repository against what it was before."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, Literal

import click

from scanner.cli.earlier import config_from as config_from_option
from scanner.cli.earlier import configured, opened, others_config, usable
from scanner.cli.exits import comparison_exit_code, why_incomplete
from scanner.cli.outputs import show_comparison
from scanner.cli.report_options import SEVERITIES
from scanner.cli.rule_sets import PACKS, load
from scanner.cli.sources import sources
from scanner.config import Config, UnknownPolicy, with_rule_codes
from scanner.states import State, files_of

FORMATS: Final = ("text", "markdown", "json")


@click.command("diff", short_help="Hold an account, or a changed repository, against its code.")
@click.argument("base", metavar="CODE")
@click.argument("head", metavar="[LIVE]", required=False)
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
@config_from_option("base for two paths, else head")
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
    base: str,
    head: str | None,
    format_name: str,
    output: Path | None,
    config_from: str | None,
    show: str | None,
    color: str,
    **flags: Any,
) -> int:
    """Say which resources of LIVE are which of CODE, what differs, and where LIVE is more centralized.

    CODE is a file or folder, or a git revision: the working directory as it was there. LIVE is an inventory of an
    account (a snapshot, an AWS Config snapshot, the output of az graph or gcloud asset, a Terraform state), another
    state of the same files, or a revision; by default the working directory. A path that exists wins over a revision
    of its name. The configuration is that of CODE, or that of LIVE where either is a revision.

    Exit codes: 0 nothing at or above --fail-on is more centralized, 1 something is, 2 usage or configuration error, 3
    input could not be read, 130 interrupted.
    """
    with _opened(base, head, config_from, flags) as (sides, config, owner, other), usable():
        from scanner import since

        report = since.diff(*sides, config, owner, other)
    show_comparison(format_name, report, output, color, full=show == "all")
    for name, side in ((base, report.base), (head or ".", report.head)):
        if reason := why_incomplete(side, config):
            click.echo(f"incomplete: {name}: {reason}", err=True)
    return comparison_exit_code(report, config)


Opened = tuple[tuple[State, State], Config, Literal["base", "head"], Config | None]


@contextmanager
def _opened(base: str, head: str | None, wish: str | None, flags: Mapping[str, Any]) -> Iterator[Opened]:
    """Both states, the configuration, whose it is, and the other's.

    A revision is of the path that stands beside it, else of the working directory.
    """
    if head is None and Path(base).exists():
        raise click.UsageError(f"{base} is a path: name what is held against it, a second path or a revision")
    with ExitStack() as stack:
        paths = [Path(word) for word in (base, head) if word and Path(word).exists()] or [Path()]
        later = flags["cache_folder"] is not None and not flags["no_cache"]
        first = stack.enter_context(opened(base, paths, later=later))
        second = stack.enter_context(opened(head, paths, later=later)) if head else State(tuple(paths))
        if first.checkout and second.checkout and flags["plans"]:
            raise click.UsageError("a plan tells of files as they lie, not of a revision's; name a path")
        revised = first.checkout or second.checkout
        owner: Literal["base", "head"] = "base" if (wish or ("head" if revised else "base")) == "base" else "head"
        mine, theirs = (first, second) if owner == "base" else (second, first)
        here = State(tuple(paths))
        with usable():
            if mine.checkout is not None:
                mine.checkout.add_all()
            config = configured(mine, here, flags, os.environ)
            if theirs.checkout is not None:
                theirs.checkout.add(files_of(config))
        config = with_rule_codes(config, {code: info.slug for code, info in load(config.packs).infos.items()})
        yield (first, second), config, owner, others_config(theirs, here, flags) if revised else None
