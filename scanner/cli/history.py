"""``riskscan history``: keep dated summaries of scans, and show where they lead."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

import click
from msgspec.structs import replace

from scanner.cli.exits import INCOMPLETE, OK
from scanner.cli.history_add import add
from scanner.cli.history_files import BRANCH, FILE, NAME, chosen, located, read_history, tell_problems
from scanner.cli.outputs import show_history, write_text
from scanner.cli.rule_sets import PACKS
from scanner.cli.sources import sources
from scanner.model.history import History, Summary, series
from scanner.reporters import HISTORIES
from scanner.reporters.inert import inert

ENDINGS: Final = (".svg", ".json")


@click.group("history", short_help="Keep dated summaries of scans, and show where they lead.")
def command() -> None:
    """Record scans by commit, plot score and coefficients over commits, and draw a badge.

    The file is JSON Lines (.jsonl), which lies well in a repository and merges (`merge=union` in .gitattributes), or
    SQLite (.db, .sqlite), which other programs can ask.
    """


command.add_command(add)


@command.command("show")
@FILE
@click.option("--format", "-f", "format_name", type=click.Choice(list(HISTORIES)), default="text", show_default=True)
@click.option(
    "--output",
    "-o",
    "output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the answer here.  [default: stdout]",
)
@BRANCH
@NAME
@click.option("--service", default="", help="Coefficients of this service alone.")
@click.option("--show", type=click.Choice(["all"]), help="List everything in full.")
def show(
    file: Path | None,
    format_name: str,
    output: Path | None,
    branch: str | None,
    name: str | None,
    service: str,
    show: str | None,
) -> int:
    """Show the entries with what changed between them.

    Numbers are not compared where the score model or the rules changed in between; that is told.

    Exit codes: 0 shown, 2 usage error or a file that cannot be used, 3 some of it could not be read.
    """
    history = chosen(read_history(located(file, (Path(),))), branch, name)
    if service:
        _check_service(history, service)
    show_history(format_name, history, service, output, full=show == "all")
    tell_problems(history)
    return INCOMPLETE if any(problem.kind.incomplete for problem in history.problems) else OK


def _check_service(history: History, service: str) -> None:
    names = {each.name for entry in history.entries for each in entry.summary.services}
    if service not in names:
        from scanner.config_file import suggestion

        raise click.UsageError(inert(f"no entry has a service `{service}`{suggestion(service, sorted(names))}"))


@command.command("badge")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@FILE
@click.option(
    "--output",
    "-o",
    "output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="BADGE.svg, or BADGE.json for the endpoint badge of shields.io.",
)
@click.option("--about", type=click.Choice(["stage", "score"]), default="stage", show_default=True)
@click.option("--label", default=None, help="The left half.  [default: centralization risk]")
@BRANCH
@NAME
@PACKS
@sources
def badge(
    paths: tuple[Path, ...],
    file: Path | None,
    output: Path,
    about: Literal["stage", "score"],
    label: str | None,
    branch: str | None,
    name: str | None,
    **flags: Any,
) -> int:
    """Draw a badge of the newest entry, or of a scan of PATHS.

    What is unknown or incomplete says so, and is never green.

    Exit codes: 0 drawn, 2 usage error or a file that cannot be used, 3 the badge is of an incomplete scan.
    """
    from scanner.reporters.badge import LABEL, as_json, as_svg, badge_of

    if output.suffix.lower() not in ENDINGS:
        raise click.BadParameter(f"{output} ends with neither of {', '.join(ENDINGS)}", param_hint="--output")
    if paths and click.get_current_context().get_parameter_source("file") is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError("name either PATHS to scan or a history with --file")
    if paths and (branch is not None or name is not None):
        raise click.UsageError("--branch and --name choose from a history; PATHS are scanned")
    summary, whole = _scanned(paths, flags) if paths else _newest(file, branch, name)
    drawn = badge_of(summary, about, LABEL if label is None else label)
    write_text((as_svg if output.suffix.lower() == ".svg" else as_json)(drawn), output)
    click.echo(inert(f"{drawn.label}: {drawn.message}"))
    return OK if whole else INCOMPLETE


def _newest(file: Path | None, branch: str | None, name: str | None) -> tuple[Summary | None, bool]:
    """The newest summary, and whether all was read."""
    history = chosen(read_history(located(file, (Path(),))), branch, name)
    tell_problems(history)
    found = series(history)
    if not found:
        return None, False
    summary = found[0].last.summary
    if any(problem.kind.incomplete for problem in history.problems):
        summary = replace(summary, complete=False)  # what could not be read may be newer
    return summary, summary.complete


def _scanned(paths: tuple[Path, ...], flags: dict[str, Any]) -> tuple[Summary, bool]:
    from scanner.cli.history_entries import scanned

    summary = scanned(paths, flags)
    return summary, summary.complete or flags["allow_incomplete"]
