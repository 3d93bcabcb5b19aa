"""``riskscan scan``: flags → Config → pipeline → reports → exit code."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
from msgspec.structs import replace

from scanner.cli.earlier import comparing, configured, opened, others_config, usable, without_base
from scanner.cli.history_files import HISTORY, history_of
from scanner.cli.incident_sets import FOLDERS, replayed
from scanner.cli.report_options import Shown, judging, showing, shown, write
from scanner.cli.rule_sets import load
from scanner.cli.sources import configure, sources
from scanner.config import Config, with_rule_codes
from scanner.states import State

if TYPE_CHECKING:
    from scanner.simulation.incidents import Incident


@click.command("scan", short_help="Scan files and folders.")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@judging
@comparing
@HISTORY
@sources
@FOLDERS
@showing
def command(
    paths: tuple[Path, ...],
    base: str | None,
    config_from: str | None,
    folders: tuple[Path, ...],
    outputs: tuple[str, ...],
    format_name: str | None,
    show: tuple[str, ...],
    category: str,
    sarif: str,
    color: str,
    quiet: bool,
    history: Path | None,
    **flags: Any,
) -> int:
    """Scan infrastructure files for what can stop a service or lock its funds.

    PATHS are files or folders, by default the working directory.

    Exit codes: 0 nothing at or above --fail-on, 1 findings at or above it, 2 usage or configuration error, 3 the scan
    is incomplete, 130 interrupted.
    """
    wanted = shown(outputs, format_name, show, category, sarif, color, quiet)
    incidents = replayed(wanted.formats, folders)
    paths = paths or (Path(),)
    wanted = replace(wanted, history=history_of(history, paths))
    if not base:
        config = _coded(without_base(configure(paths, flags, os.environ)))

        from scanner import pipeline

        return write(pipeline.scan(paths, config, incidents), config, wanted)
    return _since(base, State(paths), flags, wanted, incidents, "base" if config_from == "base" else "head")


def _since(
    base: str,
    head: State,
    flags: Mapping[str, Any],
    wanted: Shown,
    incidents: Collection[Incident] | None,
    owner: Literal["base", "head"],
) -> int:
    """Scan and compare. A revision's files are there only as long as they are read."""
    mine = configure(head.paths, flags, os.environ) if owner == "head" else None
    with opened(base, head.paths, mine, later=mine is not None and mine.cache is not None) as before, usable():
        config = _coded(mine or configured(before, head, flags, os.environ))
        other = others_config(before if owner == "head" else head, head, flags)

        from scanner import since

        report = since.scan_since(head, before, config, owner, other, incidents)
    return write(report, config, wanted)


def _coded(config: Config) -> Config:
    return with_rule_codes(config, {code: info.slug for code, info in load(config.packs).infos.items()})
