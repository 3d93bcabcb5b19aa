"""``riskscan history add``: record a scan, a report, or one scan for each of many commits."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, Literal

import click
from msgspec import Struct
from msgspec.structs import replace

from scanner.cli.earlier import configured, opened, usable
from scanner.cli.exits import INCOMPLETE, OK
from scanner.cli.history_files import FILE, located
from scanner.cli.report_options import AXES, BASELINE
from scanner.cli.rule_sets import PACKS, load
from scanner.cli.sources import configure, shown_path, sources
from scanner.config import FILE_NAMES, Config, ConfigError, with_rule_codes
from scanner.discovery.files import relative_name
from scanner.model.history import Entry, Place, Summary
from scanner.model.report import Report
from scanner.reporters.inert import inert
from scanner.revisions import Repository, RevisionError, find_repository
from scanner.revisions.log import Commit, branch_of, commit_at, commits_in
from scanner.states import State

MOST: Final = 100
_DATE: Final = "%Y-%m-%dT%H:%M:%SZ"
_NAMED: Final = ("var_files", "plans", "helm_values", "packs")


class Asked(Struct, frozen=True):
    """What is recorded where: the paths, the repository that they are in if there is one, and the user's words."""

    file: Path
    paths: tuple[Path, ...]
    repository: Repository | None
    place: Place
    branch: str
    flags: Mapping[str, Any]


@click.command("add")
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
    asked = _asked(file, paths, branch, name, flags)
    if many:
        return _add_many(asked, every or "HEAD", since, most, config_from)
    if report is not None:
        return _recorded(asked, [_of_report(asked, report, commit, day)])
    if commit is not None:
        found = _commit(_needed(asked), commit)
        entry = _scanned_at(asked, found, _head_config(asked) if config_from == "head" else None, _moment(day))
        return _recorded(asked, [entry] if entry else [])
    return _recorded(asked, [_of_scan(asked, day)])


def _check_flags(*, many: bool, report: Path | None, commit: str | None, day: str | None) -> None:
    if many and (report or commit or day):
        raise click.UsageError("--every and --since scan many commits by their dates: no --report, --commit or --date")
    _moment(day)


def _asked(
    file: Path | None, given: tuple[Path, ...], branch: str | None, name: str, flags: Mapping[str, Any]
) -> Asked:
    paths = given or (Path(),)
    try:
        repository = find_repository(paths[0])
    except RevisionError:
        repository = None
    base = repository.root if repository else Path.cwd().resolve()
    names = tuple(sorted(storable_name(relative_name(path.resolve(), base)) for path in paths))
    told = branch if branch is not None else _branch(repository, os.environ)
    place = Place(names, storable_name(name), _fingerprint(flags, base))
    return Asked(located(file, paths), paths, repository, place, storable_name(told), flags)


def storable_name(words: str) -> str:
    """A word of the user's or of git's, as a history may hold it."""
    from scanner.history.summary import storable

    return storable(words)


def _branch(repository: Repository | None, environment: Mapping[str, str]) -> str:
    """The branch at hand, or the one that a pipeline says it runs for.

    https://docs.github.com/en/actions/reference/workflows-and-actions/variables#default-environment-variables and
    https://docs.gitlab.com/ci/variables/predefined_variables/
    """
    if repository is None:
        return ""
    names = ("GITHUB_HEAD_REF", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_COMMIT_BRANCH")
    told = [environment.get(name, "") for name in names]
    if environment.get("GITHUB_REF_TYPE") == "branch":
        told.append(environment.get("GITHUB_REF_NAME", ""))
    return branch_of(repository) or next(filter(None, told), "")


def _fingerprint(flags: Mapping[str, Any], base: Path) -> str:
    """The flags that decide what a scan reads. Of variables the names count alone: values may be secrets."""
    from scanner.cache.keys import digest

    config = flags["config_file"]
    parts = [f"config={relative_name(config.resolve(), base)}"] if config else []
    parts += ["no-config"] if flags["no_config"] else []
    parts += [f"{key}={flags[key]}" for key in ("workspace", "region") if flags[key]]
    parts += [f"var={each.partition('=')[0].strip()}" for each in sorted(flags["variables"])]
    parts += [f"{key}={relative_name(path.resolve(), base)}" for key in _NAMED for path in flags[key]]
    parts += [f"axis={axis}" for axis in sorted(flags["axes"])]
    return digest(*parts)[:16] if parts else ""


def _moment(day: str | None) -> str:
    """A date of the user's as an entry has it, midnight where no time is told; empty without one."""
    if day is None:
        return ""
    try:
        found = datetime.fromisoformat(day)
        utc = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter(f"{day!r} is no date of ISO 8601", param_hint="--date") from None
    return utc.isoformat(timespec="seconds").replace("+00:00", "Z")


def _of_scan(asked: Asked, day: str | None) -> Entry | None:
    """An entry for the files as they lie."""
    commit = None
    if asked.repository is not None:
        try:
            commit = commit_at(asked.repository, "HEAD")
        except RevisionError as error:
            click.echo(f"warning: recorded without a commit: {inert(str(error))}", err=True)
    moment = _moment(day) or (commit.date if commit else _today())
    flags = _on_day(asked.flags, moment)
    config = _coded(configure(asked.paths, flags, os.environ))

    from scanner import pipeline

    return _entry(asked, commit, moment, pipeline.scan(asked.paths, config), config)


def scanned(paths: tuple[Path, ...], flags: Mapping[str, Any]) -> Summary:
    """The summary of a scan of files as they lie."""
    from scanner import pipeline

    config = _coded(configure(paths, flags, os.environ))
    return _summary(pipeline.scan(paths, config), config)


def _today() -> str:
    return datetime.now().astimezone().strftime("%Y-%m-%dT00:00:00Z")


def _on_day(flags: Mapping[str, Any], moment: str) -> dict[str, Any]:
    """The flags with waivers judged on the day of an entry, so that another day gives the same entry."""
    return {**flags, "today": flags["today"] or datetime.strptime(moment, _DATE).replace(tzinfo=UTC)}


def _coded(config: Config) -> Config:
    return with_rule_codes(config, {code: info.slug for code, info in load(config.packs).infos.items()})


def _entry(asked: Asked, commit: Commit | None, moment: str, report: Report, config: Config) -> Entry | None:
    """The entry of a report; ``None`` where nothing was read, which is no state of anything."""
    if not any(part.read or part.partly for part in report.coverage.values()):
        return None
    summary = _summary(report, config)
    return Entry(moment, commit.id if commit else "", asked.branch, commit.depth if commit else 0, asked.place, summary)


def _summary(report: Report, config: Config) -> Summary:
    from scanner.cli.report_options import on_axes
    from scanner.history.summary import summary_of
    from scanner.reporters.redact import redacted
    from scanner.scope import rule_set_of

    return summary_of(redacted(on_axes(report, config.axes)), rule_set_of(load(config.packs), config))


def _of_report(asked: Asked, report: Path, commit: str | None, day: str | None) -> Entry:
    """An entry for a report that was written before. Raises :class:`ConfigError` for one that is none."""
    from scanner.history.summary import MAX_BYTES, ReportError, summary_from

    name = shown_path(report)
    try:
        if report.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{name}: larger than {MAX_BYTES} bytes")
        summary = summary_from(report.read_bytes())
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read: {error.strerror}") from None
    except ReportError as error:
        raise ConfigError(inert(f"{name}: {error}")) from None
    found = _told_commit(asked, commit, day)
    return Entry(_moment(day) or found.date or _today(), found.id, asked.branch, found.depth, asked.place, summary)


def _told_commit(asked: Asked, commit: str | None, day: str | None) -> Commit:
    """The commit of a report. One that is not in this clone needs a date of the user's."""
    if asked.repository is None and commit is None:
        return Commit("", "", 0)
    if asked.repository is not None:
        try:
            return commit_at(asked.repository, commit or "HEAD")
        except RevisionError as error:
            if commit is None or day is None:
                raise click.UsageError(inert(f"{error}; or name the date with --date")) from None
    import re

    if commit is None or not re.fullmatch("[0-9a-f]{7,64}", commit):
        raise click.UsageError(inert(f"{commit!r} is not the name of a commit, and there is no git to ask"))
    return Commit(commit, "", 0)


def _needed(asked: Asked) -> Repository:
    if asked.repository is not None:
        return asked.repository
    with usable():
        return find_repository(asked.paths[0])


def _commit(repository: Repository, revision: str) -> Commit:
    with usable():
        return commit_at(repository, revision)


def _head_config(asked: Asked) -> Config:
    from scanner.cache.store import Cache

    config = configure(asked.paths, asked.flags, os.environ)
    return replace(config, cache=config.cache or Cache())  # what commits have in common is read once


def _scanned_at(asked: Asked, commit: Commit, config: Config | None, moment: str = "") -> Entry | None:
    """An entry for a revision, judged by a configuration or by its own."""
    moment = moment or commit.date
    flags = _on_day(asked.flags, moment)
    here = State(asked.paths)
    with opened(commit.id, asked.paths, config, later=config is not None) as state, usable():
        if config is None:
            judging, owner = configured(state, here, flags, os.environ), state
        else:
            judging, owner = replace(config, today=_day(flags)), here
        judging = _coded(judging)

        from scanner import since

        return _entry(asked, commit, moment, since.scan_state(state, judging, owner), judging)


def _day(flags: Mapping[str, Any]) -> date:
    today: datetime = flags["today"]
    return today.date()


def _add_many(
    asked: Asked, wanted: str, since: datetime | None, most: int, config_from: Literal["head", "commit"]
) -> int:
    repository = _needed(asked)
    config = _head_config(asked) if config_from == "head" else None
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
        entry = _scanned_at(asked, _commit(repository, name), config)
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
