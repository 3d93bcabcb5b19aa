"""``riskscan scan``: flags → Config → pipeline → reports → exit code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from scanner.cli.report_options import judging, showing, shown, write
from scanner.cli.rule_sets import load
from scanner.cli.sources import configure, sources
from scanner.config import with_rule_codes


@click.command("scan", short_help="Scan files and folders.")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@judging
@sources
@showing
def command(
    paths: tuple[Path, ...],
    outputs: tuple[str, ...],
    format_name: str | None,
    show: tuple[str, ...],
    category: str,
    sarif: str,
    color: str,
    quiet: bool,
    **flags: Any,
) -> int:
    """Scan infrastructure files for what can stop a service or lock its funds.

    PATHS are files or folders, by default the working directory.

    Exit codes: 0 nothing at or above --fail-on, 1 findings at or above it, 2 usage or configuration error, 3 the scan
    is incomplete, 130 interrupted.
    """
    wanted = shown(outputs, format_name, show, category, sarif, color, quiet)
    paths = paths or (Path(),)
    config = configure(paths, flags, os.environ)

    from scanner import pipeline

    slugs = {code: info.slug for code, info in load(config.packs).infos.items()}
    return write(pipeline.scan(paths, with_rule_codes(config, slugs)), config, wanted)
