"""``riskscan baseline``: accept what fails today, so that only what is new fails."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from msgspec import Struct

from scanner.cli.exits import FINDINGS, INCOMPLETE, OK, why_incomplete
from scanner.cli.report_options import AXES, BASELINE, LEAST
from scanner.cli.rule_sets import PACKS, load
from scanner.cli.sources import configure, shown_path, sources
from scanner.config import Config, ConfigError, common_folder, repository_root, with_rule_codes
from scanner.model.baseline import Baseline
from scanner.reporters.inert import escaped
from scanner.reporters.summary import plural
from scanner.rules.baseline import matches, pruned, written
from scanner.rules.baseline_file import FILE_NAME, BaselineError, baseline_text, read_baseline

if TYPE_CHECKING:
    from scanner.survey import Survey

Command = TypeVar("Command", bound=Callable[..., Any])
PATHS: Final = click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))


def _told_where(command: Command) -> Command:
    for option in (sources, PACKS, LEAST, AXES, BASELINE, PATHS):
        command = option(command)
    return command


@click.group("baseline", short_help="Accept what fails today, so that only what is new fails.")
def command() -> None:
    """Write, check and prune the file of findings that were accepted all at once.

    By default it is .riskscan-baseline.json, beside the configuration or at the repository's root. `riskscan scan`
    reads it where --baseline or the configuration names it.
    """


class _Asked(Struct, frozen=True):
    """What all three ask: the file, how people see it, what the scan found, and how it was configured."""

    file: Path
    name: str
    config: Config
    found: Survey


def _asked(paths: tuple[Path, ...], flags: dict[str, Any]) -> tuple[Path, Config, tuple[Path, ...]]:
    paths = paths or (Path(),)
    config = configure(paths, flags, os.environ, accepting=False)
    folder = config.root or repository_root(common_folder(paths)) or Path.cwd()
    return config.baseline or folder / FILE_NAME, config, paths


def _surveyed(file: Path, config: Config, paths: tuple[Path, ...]) -> _Asked:
    from scanner.survey import survey

    slugs = {code: info.slug for code, info in load(config.packs).infos.items()}
    config = with_rule_codes(config, slugs)
    found = survey(paths, config, config.min_severity)
    if reason := why_incomplete(found.report, config):
        click.echo(f"incomplete: {reason}", err=True)
    return _Asked(file, shown_path(file), config, found)


def _read(file: Path) -> Baseline:
    try:
        return read_baseline(file, shown_path(file))
    except BaselineError as error:
        raise ConfigError(str(error)) from None


@command.command("write")
@_told_where
@click.option("--add-reason", "reason", default="", metavar="TEXT", help="Why what is new is accepted.")
def write(paths: tuple[Path, ...], reason: str, **flags: Any) -> int:
    """Accept all that fails today in PATHS.

    What the files do not decide is left out. Reasons and dates of earlier entries stay, as do entries about what is
    not scanned now.

    Exit codes: 0 written, 2 usage or configuration error, 3 the scan is incomplete.
    """
    file, config, paths = _asked(paths, flags)
    before = _read(file) if file.exists() else Baseline(file)
    asked = _surveyed(file, config, paths)
    if _nothing_read(asked):
        return INCOMPLETE
    found = asked.found
    after = written(found.entries, before, found.scope, matches(found.report.findings), " ".join(reason.split()))
    _write(asked, after)
    _tell(asked, before, after)
    _hint(asked, flags)
    return _ending(asked)


@command.command("prune")
@_told_where
def prune(paths: tuple[Path, ...], **flags: Any) -> int:
    """Take out what matches nothing any more in PATHS.

    Exit codes: 0 done, 2 usage or configuration error, 3 the scan is incomplete.
    """
    file, config, paths = _asked(paths, flags)
    before = _read(file)
    asked = _surveyed(file, config, paths)
    if _nothing_read(asked):
        return INCOMPLETE
    after = pruned(before, asked.found.scope, matches(asked.found.report.findings))
    _write(asked, after)
    _tell(asked, before, after)
    return _ending(asked)


@command.command("check")
@_told_where
@click.option("--format", "-f", "format_name", type=click.Choice(["text", "json"]), default="text", show_default=True)
def check(paths: tuple[Path, ...], format_name: str, **flags: Any) -> int:
    """Say what fails in PATHS that is not accepted, and which entries match nothing any more.

    Exit codes: 0 neither, 1 one or the other, 2 usage or configuration error, 3 the scan is incomplete.
    """
    from scanner.cli.baseline_check import as_json, as_text, compared

    file, config, paths = _asked(paths, flags)
    before = _read(file)
    asked = _surveyed(file, config, paths)
    result = compared(asked.found, before, asked.config, asked.name)
    click.echo(as_json(result) if format_name == "json" else as_text(result), nl=False)
    return _ending(asked) if result.exact else FINDINGS


def _nothing_read(asked: _Asked) -> bool:
    """Whether no file was read at all: then a wrong path is likelier than an empty repository."""
    return not any(part.read or part.partly for part in asked.found.report.coverage.values())


def _write(asked: _Asked, baseline: Baseline) -> None:
    from scanner.cli.outputs import replace_file

    try:
        replace_file(asked.file.resolve(), escaped(baseline_text(baseline)).encode())
    except OSError as error:
        raise click.ClickException(f"cannot write {asked.name}: {error.strerror}") from None


def _tell(asked: _Asked, before: Baseline, after: Baseline) -> None:
    old, new = ({entry.fingerprint for entry in each.entries} for each in (before, after))
    accepted = plural(sum(entry.count for entry in after.entries), "finding")
    click.echo(f"{asked.name}: {accepted} accepted, {len(new - old)} entries new, {len(old - new)} taken out")
    expired = sum(entry.expired(asked.config.today) for entry in after.entries)
    if expired:
        click.echo(f"{plural(expired, 'entry', 'entries')} past the last day, which no longer count", err=True)


def _hint(asked: _Asked, flags: dict[str, Any]) -> None:
    if not flags.get("baseline") and asked.config.baseline is None:
        click.echo(f"`riskscan scan` reads it with `baseline: {asked.file.name}` in .riskscan.yaml", err=True)


def _ending(asked: _Asked) -> int:
    return INCOMPLETE if why_incomplete(asked.found.report, asked.config) else OK
