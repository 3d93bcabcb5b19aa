"""``riskscan history add``: record a scan, a report, or one scan for each of many commits."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import click

from scanner.cli.earlier import usable
from scanner.cli.exits import INCOMPLETE, OK
from scanner.cli.history_entries import (
    Asked,
    asked_for,
    found_commit,
    head_config,
    moment_of,
    needed,
    of_report,
    of_scan,
    scanned_at,
)
from scanner.cli.history_files import FILE, check_writable
from scanner.cli.report_options import AXES, BASELINE
from scanner.cli.rule_sets import PACKS
from scanner.cli.sources import shown_path, sources
from scanner.config import FILE_NAMES, Config, ConfigError
from scanner.model.history import Entry
from scanner.reporters.inert import inert
from scanner.revisions import Repository
from scanner.revisions.log import commits_in

MOST: Final = 100


@click.command("add", short_help="Record a scan, a report, or every commit of a range.")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@FILE
@click.option(
    "--report",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Record this JSON report instead of scanning.",
)
@click.option("--commit", help="The commit that is recorded.  [default: HEAD, its files as they lie]")
@click.option(
    "--date", "day", metavar="DATE", help="When that was, in ISO 8601.  [default: the commit's date, or today]"
)
@click.option(
    "--branch",
    envvar="RISKSCAN_BRANCH",
    show_envvar=True,
    help="The branch that is recorded.  [default: the one at hand]",
)
@click.option("--name", default="", help="Tells apart what else is recorded of the same commits.")
@click.option("--every", metavar="RANGE", help="Scan every commit of a range, such as v1.0..HEAD, or up to a revision.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Scan every commit since a day.")
@click.option(
    "--max",
    "most",
    type=click.IntRange(1),
    default=MOST,
    show_default=True,
    help="With --every or --since: so many commits at most, spread evenly up to the newest.",
)
@click.option(
    "--config-from",
    type=click.Choice(["head", "commit"]),
    default="head",
    show_default=True,
    help="With --every, --since or --commit: whose configuration counts.",
)
@AXES
@BASELINE
@PACKS
@sources
def add(
    paths: tuple[Path, ...],
    file: Path | None,
    report: Path | None,
    commit: str | None,
    day: str | None,
    branch: str | None,
    name: str,
    every: str | None,
    since: datetime | None,
    most: int,
    config_from: Literal["head", "commit"],
    **flags: Any,
) -> int:
    """Scan PATHS and record date, commit, stage, score, findings and coefficients; an earlier record is replaced.

    One commit has one record for the same PATHS, --name and flags. With --every or --since, revisions are scanned
    along the first parents, as far as they change PATHS or the configuration. Waivers count as on the commit's day.

    Exit codes: 0 recorded, 2 usage error or a file that cannot be used, 3 a scan is incomplete or could not be made.
    """
    many = every is not None or since is not None
    _check_flags(many=many, report=report, commit=commit, day=day)
    if flags["plans"] and (many or (commit and report is None)):
        raise click.UsageError("a plan tells of files as they lie, not of a revision's")
    asked = asked_for(file, paths, branch, name, flags)
    check_writable(asked.file)
    if many:
        return _add_many(asked, every or "HEAD", since, most, config_from)
    if report is not None:
        return _recorded(asked, [of_report(asked, report, commit, day)])
    if commit is not None:
        found = found_commit(needed(asked), commit)
        entry = scanned_at(asked, found, head_config(asked) if config_from == "head" else None, moment_of(day))
        return _recorded(asked, [entry] if entry else [])
    return _recorded(asked, [of_scan(asked, day)])


def _check_flags(*, many: bool, report: Path | None, commit: str | None, day: str | None) -> None:
    if many and (report or commit or day):
        raise click.UsageError("--every and --since scan many commits by their dates: no --report, --commit or --date")
    moment_of(day)


def _add_many(
    asked: Asked, wanted: str, since: datetime | None, most: int, config_from: Literal["head", "commit"]
) -> int:
    repository = needed(asked)
    config = head_config(asked) if config_from == "head" else None
    with usable():
        begin = f"{since:%Y-%m-%d}T00:00:00Z" if since else ""
        found = commits_in(repository, wanted, begin, list(_watched(asked, repository.root)))
    if not found:
        raise click.UsageError(inert(f"no commit of {wanted} changes {', '.join(asked.place.paths)}"))
    picked = spread(found, most)
    if len(picked) < len(found):
        click.echo(f"{len(picked)} of {len(found)} commits; --max takes more", err=True)
    codes = [_one_of_many(asked, repository, name, config) for name in picked]
    return INCOMPLETE if INCOMPLETE in codes else OK


def _watched(asked: Asked, root: Path) -> Iterator[str]:
    """What a commit must change to be scanned: the paths, and where their configuration may lie."""
    yield from asked.place.paths
    named = asked.flags["config_file"]
    if named is not None and named.resolve().is_relative_to(root):
        yield named.resolve().relative_to(root).as_posix()
    folders = {parent: None for path in asked.paths for parent in (path.resolve(), *path.resolve().parents)}
    for folder in folders:
        if folder.is_relative_to(root):
            yield from ((folder / name).relative_to(root).as_posix() for name in FILE_NAMES)


def spread(found: Sequence[str], most: int) -> list[str]:
    """So many of a list, spread evenly; the last is always among them, and the first of two or more."""
    if len(found) <= most:
        return list(found)
    if most == 1:
        return [found[-1]]
    return [found[round(index * (len(found) - 1) / (most - 1))] for index in range(most)]


def _one_of_many(asked: Asked, repository: Repository, name: str, config: Config | None) -> int:
    """Scan and record one commit at once: what is done stays done if somebody interrupts. A commit may be unusable."""
    if sys.stderr.isatty():
        click.echo(f"scanning {name[:10]}", err=True)
    try:
        entry = scanned_at(asked, found_commit(repository, name), config)
    except (ConfigError, click.UsageError) as error:
        words = error.lines[0] if isinstance(error, ConfigError) else error.format_message()
        click.echo(f"warning: {name[:10]} is left out: {inert(words)}", err=True)
        return INCOMPLETE
    if entry is None:
        click.echo(f"{name[:10]}: nothing to scan there yet", err=True)
        return OK
    return _recorded(asked, [entry])


def _recorded(asked: Asked, entries: Sequence[Entry | None]) -> int:
    """Write entries, tell them, and return the exit code."""
    from scanner.history.store import HistoryError
    from scanner.history.store import add as store

    found = [entry for entry in entries if entry is not None]
    if not found:
        click.echo("incomplete: there was nothing to scan, so nothing is recorded", err=True)
        return INCOMPLETE
    try:
        store(asked.file, found, shown_path(asked.file))
    except HistoryError as error:
        raise ConfigError(inert(str(error))) from None
    for entry in found:
        click.echo(_told(entry))
    complete = all(entry.summary.complete for entry in found)
    return OK if complete or asked.flags["allow_incomplete"] else INCOMPLETE


def _told(entry: Entry) -> str:
    from scanner.reporters import trend

    about = " ".join(filter(None, (trend.day(entry), trend.commit_text(entry), entry.branch)))
    return inert(f"{about}: {trend.verdict(entry.summary)}; {trend.findings_text(entry.summary)} findings")
