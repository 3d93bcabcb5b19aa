"""What ``riskscan history`` records: an entry of files as they lie, of a report, or of a revision."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import click
from msgspec import Struct
from msgspec.structs import replace

from scanner.cli.earlier import configured, opened, usable
from scanner.cli.history_files import located, names_of
from scanner.cli.rule_sets import load
from scanner.cli.sources import configure, shown_path
from scanner.config import Config, ConfigError, with_rule_codes
from scanner.discovery.files import relative_name
from scanner.model.history import Entry, Place, Summary
from scanner.model.report import Report
from scanner.reporters.inert import inert
from scanner.revisions import Repository, RevisionError, find_repository
from scanner.revisions.log import Commit, branch_of, commit_at
from scanner.states import State

_DATE: Final = "%Y-%m-%dT%H:%M:%SZ"
_NAMED: Final = ("var_files", "plans", "helm_values", "packs")
_COMMIT: Final = re.compile("[0-9a-f]{7,64}")


class Asked(Struct, frozen=True):
    """What is recorded where: the paths, the repository that they are in if there is one, and the user's words."""

    file: Path
    paths: tuple[Path, ...]
    repository: Repository | None
    place: Place
    branch: str
    flags: Mapping[str, Any]


def asked_for(
    file: Path | None, given: tuple[Path, ...], branch: str | None, name: str, flags: Mapping[str, Any]
) -> Asked:
    """The flags as one value. Raises ``UsageError`` for a file with an unusable name."""
    paths = given or (Path(),)
    try:
        repository = find_repository(paths[0])
    except RevisionError:
        repository = None
    base = repository.root if repository else Path.cwd().resolve()
    told = branch if branch is not None else _branch(repository, os.environ)
    place = Place(names_of(paths, base), storable_name(name), _fingerprint(flags, base))
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


def moment_of(day: str | None) -> str:
    """A date of the user's as an entry has it, midnight where no time is told; empty without one."""
    if day is None:
        return ""
    try:
        found = datetime.fromisoformat(day)
        utc = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter(f"{day!r} is no date of ISO 8601", param_hint="--date") from None
    return utc.isoformat(timespec="seconds").replace("+00:00", "Z")


def of_scan(asked: Asked, day: str | None) -> Entry | None:
    """An entry for the files as they lie."""
    commit = None
    if asked.repository is not None:
        try:
            commit = commit_at(asked.repository, "HEAD")
        except RevisionError as error:
            click.echo(f"warning: recorded without a commit: {inert(str(error))}", err=True)
        else:
            _tell_changes(asked, asked.repository, commit)
    moment = moment_of(day) or (commit.date if commit else _today())
    flags = _on_day(asked.flags, moment)
    config = _coded(configure(asked.paths, flags, os.environ))

    from scanner import pipeline

    return _entry(asked, commit, moment, pipeline.scan(asked.paths, config), config)


def _tell_changes(asked: Asked, repository: Repository, commit: Commit) -> None:
    """Say that what is scanned is not what is recorded."""
    from scanner.revisions.changed import changed

    with usable():
        found = changed(repository, commit.id, asked.place.paths)
    if found:
        names = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
        told = f"warning: recorded under {commit.id[:10]}, which has other files: {names}; --commit HEAD scans its own"
        click.echo(inert(told), err=True)


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


def of_report(asked: Asked, report: Path, commit: str | None, day: str | None) -> Entry:
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
    return Entry(moment_of(day) or found.date or _today(), found.id, asked.branch, found.depth, asked.place, summary)


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
    if commit is None or not _COMMIT.fullmatch(commit):
        raise click.UsageError(inert(f"{commit!r} is not the name of a commit, and there is no git to ask"))
    return Commit(commit, "", 0)


def needed(asked: Asked) -> Repository:
    """The repository of the paths. Raises ``UsageError`` where there is none."""
    if asked.repository is not None:
        return asked.repository
    with usable():
        return find_repository(asked.paths[0])


def found_commit(repository: Repository, revision: str) -> Commit:
    """The commit that a revision names. Raises ``UsageError``."""
    with usable():
        return commit_at(repository, revision)


def head_config(asked: Asked) -> Config:
    """The configuration as it lies, for any number of revisions. Raises ``UsageError`` or :class:`ConfigError`."""
    from scanner.cache.store import Cache

    config = configure(asked.paths, asked.flags, os.environ)
    return replace(config, cache=config.cache or Cache())  # what commits have in common is read once


def scanned_at(asked: Asked, commit: Commit, config: Config | None, moment: str = "") -> Entry | None:
    """An entry for a revision, judged by a configuration or by its own; ``None`` where it holds nothing to read.

    Raises ``UsageError`` or :class:`ConfigError`.
    """
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
