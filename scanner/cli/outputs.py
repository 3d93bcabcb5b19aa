"""Where reports go: which formats to which files, and how they are written."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import click
from msgspec import Struct
from msgspec.structs import replace

from scanner.cli.pages import NOWHERE, Pages, pages
from scanner.config import Config, UnknownPolicy, repository_root
from scanner.model.assessment import ComplianceReport
from scanner.model.comparison import Comparison
from scanner.model.finding import Outcome
from scanner.model.history import History
from scanner.model.outage import OutageReport
from scanner.model.report import Report
from scanner.reporters import (
    MODULES,
    Options,
    render,
    render_assessments,
    render_comparison,
    render_history,
    render_outages,
)

FORMATS: Final = tuple(MODULES)
PLAIN_WIDTH: Final = 100
"""Columns of a text report that does not go to a terminal."""


class Target(Struct, frozen=True):
    """One report to write; ``file`` is ``None`` for stdout."""

    format: str
    file: Path | None


def parse_outputs(
    outputs: Sequence[str], format_name: str | None, formats: Sequence[str] = FORMATS
) -> tuple[Target, ...]:
    """``FORMAT=FILE`` flags and ``--format`` as targets; the first format to stdout when none is given.

    Raises ``UsageError`` for what could only fail after the scan: unknown formats, folders that do not exist, two
    reports in one place.
    """
    targets = [_target(output, formats) for output in outputs]
    if format_name or not targets:
        targets.append(Target(format_name or formats[0], None))
    places = [target.file and target.file.resolve() for target in targets]
    for place in places:
        if places.count(place) > 1:
            raise click.UsageError(f"two reports cannot both go to {place or 'stdout'}")
    return tuple(targets)


def _target(output: str, formats: Sequence[str]) -> Target:
    name, equals, file = output.partition("=")
    if not equals or not file or name not in formats:
        wanted = f"FORMAT=FILE with FORMAT one of {', '.join(formats)}"
        raise click.BadParameter(f"{output!r} is not {wanted}", param_hint="--output")
    if file == "-":
        return Target(name, None)
    path = Path(file)
    if not path.parent.is_dir():
        raise click.BadParameter(f"the folder {path.parent} does not exist", param_hint="--output")
    if path.is_dir():
        raise click.BadParameter(f"{file} is a folder", param_hint="--output")
    return Target(name, path)


def write_reports(
    report: Report,
    targets: Sequence[Target],
    config: Config,
    *,
    show: frozenset[str],
    category: str,
    color: str,
    quiet: bool,
    only_new: bool = False,
    linked: Pages = NOWHERE,
) -> None:
    """Render every target and write it. Raises ``ClickException`` when a file cannot be written."""
    options = Options(
        show=_outcomes(show, config.unknown),
        hide=frozenset({Outcome.UNKNOWN}) if config.unknown is UnknownPolicy.IGNORE else frozenset(),
        min_severity=config.min_severity,
        full="all" in show,
        unknown_fails=config.unknown is UnknownPolicy.FAIL,
        quiet=quiet,
        category=category,
        prefix=repository_prefix(Path(report.base)),
        only_new=only_new,
        repository_url=linked.repository,
        revision=linked.revision,
        run_url=linked.run,
    )
    for target in targets:
        own = replace(options, color=_wants_color(color, target, os.environ), width=_width(target))
        text = render(target.format, report, own)
        # Lone surrogates stand for undecodable bytes in file names.
        data = text.encode("utf-8", "backslashreplace")
        if target.file is None:
            _write_stdout(data)
        else:
            _write_file(target.file, data)


def show_text(format_name: str, report: OutageReport, file: Path | None, color: str) -> None:
    """Render the answers of a simulation and write them. Raises ``ClickException`` when the file cannot be written."""
    target = Target(format_name, file)
    linked = pages(os.environ)
    options = Options(
        color=_wants_color(color, target, os.environ),
        width=_width(target),
        prefix=repository_prefix(Path(report.base)),
        repository_url=linked.repository,
        revision=linked.revision,
    )
    data = render_outages(format_name, report, options).encode("utf-8", "backslashreplace")
    if file is None:
        _write_stdout(data)
    else:
        _write_file(file, data)


def show_comparison(format_name: str, report: Comparison, file: Path | None, color: str, *, full: bool) -> None:
    """Render two estates side by side and write it. Raises ``ClickException`` when the file cannot be written."""
    target = Target(format_name, file)
    options = Options(color=_wants_color(color, target, os.environ), width=_width(target), full=full)
    data = render_comparison(format_name, report, options).encode("utf-8", "backslashreplace")
    if file is None:
        _write_stdout(data)
    else:
        _write_file(file, data)


def show_history(format_name: str, history: History, service: str, file: Path | None, *, full: bool) -> None:
    """Render a history and write it. Raises ``ClickException`` when the file cannot be written."""
    options = Options(width=_width(Target(format_name, file)), full=full)
    write_text(render_history(format_name, history, options, service), file)


def write_text(text: str, file: Path | None) -> None:
    """Write a text to a file, or to stdout. Raises ``ClickException`` when the file cannot be written."""
    data = text.encode("utf-8", "backslashreplace")
    if file is None:
        _write_stdout(data)
    else:
        _write_file(file, data)


def write_assessments(report: ComplianceReport, targets: Sequence[Target], timestamp: str = "") -> None:
    """Render what a scan says about controls for every target. Raises ``ClickException`` for a file that is refused."""
    linked = pages(os.environ)
    options = Options(
        prefix=repository_prefix(Path(report.base)),
        repository_url=linked.repository,
        revision=linked.revision,
        timestamp=timestamp,
    )
    for target in targets:
        data = render_assessments(target.format, report, options).encode("utf-8", "backslashreplace")
        if target.file is None:
            _write_stdout(data)
        else:
            _write_file(target.file, data)


def _outcomes(show: frozenset[str], unknown: UnknownPolicy) -> frozenset[Outcome]:
    if "all" in show:
        return frozenset({Outcome.PASS, Outcome.UNKNOWN, Outcome.SUPPRESSED})
    found = {Outcome(word) for word in show}
    return frozenset(found | {Outcome.UNKNOWN} if unknown is UnknownPolicy.FAIL else found)


def repository_prefix(base: Path) -> str:
    """The scan's base relative to its repository's root: empty, or a path that ends with a slash."""
    base = base.resolve()
    base = base if base.is_dir() else base.parent
    root = repository_root(base)
    relative = base.relative_to(root).as_posix() if root else "."
    return "" if relative == "." else f"{relative}/"


def _wants_color(choice: str, target: Target, environment: Mapping[str, str]) -> bool:
    """``--color`` decides, then NO_COLOR, then FORCE_COLOR and CLICOLOR_FORCE, then whether a terminal looks on."""
    if choice != "auto":
        return choice == "always"
    if target.file is not None or environment.get("NO_COLOR"):
        return False
    if any(environment.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return environment.get("TERM") != "dumb" and sys.stdout.isatty()


def _width(target: Target) -> int:
    on_terminal = target.file is None and sys.stdout.isatty()
    return max(40, shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns) if on_terminal else PLAIN_WIDTH


def _write_stdout(data: bytes) -> None:
    sys.stdout.flush()
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # The reader has seen enough; the exit code still tells the verdict.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        # What could not be written must not be tried once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.ClickException(f"cannot write the output: {error.strerror}") from None


def _write_file(file: Path, data: bytes) -> None:
    """Replace a file in one step, so that nobody reads half a report. Devices and pipes are written to directly."""
    file = file.resolve()
    try:
        if file.exists() and not file.is_file():
            file.write_bytes(data)
        else:
            replace_file(file, data)
    except OSError as error:
        raise click.ClickException(f"cannot write {file}: {error.strerror}") from None


def replace_file(file: Path, data: bytes) -> None:
    """Write a file beside its place and move it there, so that it is whole or not there. Raises ``OSError``."""
    scratch = file.with_name(f".riskscan-{os.getpid()}.tmp")
    try:
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as stream:
            stream.write(data)
        scratch.replace(file)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
