"""The history that a command works with: its flag, where it lies, and reading it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
from msgspec.structs import replace

from scanner.cli.sources import shown_path
from scanner.config import ConfigError, common_folder, repository_root
from scanner.discovery.files import relative_name
from scanner.model.history import History
from scanner.reporters.inert import inert

FILE_NAME: Final = ".riskscan-history.jsonl"
"""What the file is called unless somebody calls it otherwise."""
TOLD: Final = 10
"""Problems of a file that are told one by one."""

FILE: Final = click.option(
    "--file",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="RISKSCAN_HISTORY",
    show_envvar=True,
    help=f"The history: .jsonl, .db or .sqlite.  [default: {FILE_NAME} at the repository's root]",
)
HISTORY: Final = click.option(
    "--history",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Show the trend of this file of `riskscan history` in the HTML report. It is only read.",
)
BRANCH: Final = click.option("--branch", help="Only what was recorded on this branch.")
NAME: Final = click.option("--name", help="Only what was recorded under this name.")


def located(file: Path | None, paths: Sequence[Path]) -> Path:
    """The file that was named, or the one that is looked for by itself. Raises ``UsageError`` for an unusable name."""
    from scanner.history.store import HistoryError, check_name

    try:
        if file is not None:
            check_name(file)
            return file
    except HistoryError as error:
        raise click.UsageError(inert(str(error))) from None
    root = repository_root(common_folder(paths)) or Path.cwd()
    found = root / FILE_NAME
    if not found.resolve().is_relative_to(root.resolve()):
        raise click.UsageError(f"{found} is a link that leads outside of the repository; name the file with --file")
    return found


def read_history(file: Path) -> History:
    """The history of a file. Raises :class:`ConfigError` for one that cannot be used."""
    from scanner.history.store import HistoryError, read

    try:
        return read(file, shown_path(file))
    except HistoryError as error:
        raise ConfigError(inert(str(error))) from None


def check_writable(file: Path) -> None:
    """Raises :class:`ConfigError` for a file to which nothing will be added, before anything is scanned."""
    if not file.exists():
        return
    history = read_history(file)
    broken = next((problem for problem in history.problems if problem.kind.incomplete), None)
    if broken is not None:
        raise ConfigError(inert(f"{broken.span}: {broken.message}; nothing is written before this line is repaired"))


def names_of(paths: Sequence[Path], root: Path) -> tuple[str, ...]:
    """Paths as a history calls them: from the repository, sorted."""
    from scanner.history.summary import storable

    return tuple(sorted(storable(relative_name(path.resolve(), root)) for path in paths))


def history_of(file: Path | None, paths: Sequence[Path]) -> History | None:
    """What a file holds of some paths, else all of it; ``None`` without a file. Tells what of it is not read.

    Raises ``UsageError`` or :class:`ConfigError`.
    """
    if file is None:
        return None
    history = read_history(located(file, paths))
    tell_problems(history)
    names = names_of(paths, repository_root(common_folder(paths)) or Path.cwd().resolve())
    kept = tuple(entry for entry in history.entries if entry.place.paths == names)
    return replace(history, entries=kept) if kept else history


def chosen(history: History, branch: str | None, name: str | None) -> History:
    """What was recorded on a branch and under a name. Raises ``UsageError`` where nothing was."""
    kept = tuple(
        entry
        for entry in history.entries
        if (branch is None or entry.branch == branch) and (name is None or entry.place.name == name)
    )
    if history.entries and not kept:
        branches = sorted({entry.branch or "(none)" for entry in history.entries})
        names = sorted({entry.place.name or "(none)" for entry in history.entries})
        there = f"branches {', '.join(branches)}; names {', '.join(names)}"
        raise click.UsageError(inert(f"{history.file} holds no such entries; it has {there}"))
    return replace(history, entries=kept)


def tell_problems(history: History) -> None:
    """Say on stderr what of a file could not be used."""
    for problem in history.problems[:TOLD]:
        click.echo(f"warning: {inert(f'{problem.span.file}:{problem.span.line}: {problem.message}')}", err=True)
    if (rest := len(history.problems) - TOLD) > 0:
        click.echo(f"warning: {rest} more problems in {inert(history.file)}", err=True)
