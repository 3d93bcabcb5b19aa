"""Reading and adding to a history, of the kind that its name tells."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from scanner.history.entry_text import LineError, entry_text, read_entry
from scanner.history.merging import merged
from scanner.history.refusal import HistoryError
from scanner.model.history import Entry, History
from scanner.model.problem import Problem, ProblemKind
from scanner.model.span import Span

LINES: Final = (".jsonl",)
DATABASES: Final = (".db", ".sqlite", ".sqlite3")

__all__ = ["DATABASES", "LINES", "HistoryError", "add", "check_name", "read"]


def check_name(path: Path) -> None:
    """Raises :class:`HistoryError` for a name that tells neither kind."""
    if path.suffix.lower() not in (*LINES, *DATABASES):
        raise HistoryError(f"{path}: a history is called .jsonl (JSON Lines) or .db, .sqlite (SQLite)")


def read(path: Path, shown_as: str = "") -> History:
    """The history in a file: sorted, each commit once. ``shown_as`` is its name in messages, by default the path.

    Lines that are no entries are problems. Raises :class:`HistoryError` for a file that is missing, broken or no
    history.
    """
    name = shown_as or path.as_posix()
    _check(path, name)
    if not path.exists():
        raise HistoryError(f"{name}: there is no such history; `riskscan history add` makes it")
    problems: list[Problem] = []
    if path.suffix.lower() in LINES:
        from scanner.history import lines

        entries, problems = lines.read(path, name)
    else:
        from scanner.history import database

        entries = database.read(path, name)
    kept, gave_way = merged(entries)
    problems.extend(_doubled(name, *pair) for pair in gave_way)
    return History(name, kept, tuple(problems))


def add(path: Path, entries: Iterable[Entry], shown_as: str = "") -> None:
    """Put entries into a file, which is made if need be; those of the same identity are replaced.

    All are written or none. Raises :class:`HistoryError` for what :func:`read` would raise or call a problem.
    """
    name = shown_as or path.as_posix()
    _check(path, name)
    entries = tuple(entries)
    for entry in entries:
        _check_entry(entry, name)
    if path.suffix.lower() in LINES:
        from scanner.history import lines

        lines.add(path, name, entries)
    else:
        from scanner.history import database

        database.add(path, name, entries)


def _check(path: Path, name: str) -> None:
    check_name(path)
    if path.exists() and not path.is_file():
        raise HistoryError(f"{name}: not a file")
    if not path.resolve().parent.is_dir():
        raise HistoryError(f"{name}: the folder {path.parent} does not exist")


def _check_entry(entry: Entry, name: str) -> None:
    """What could not be read again must not be written."""
    try:
        read_entry(entry_text(entry).encode("ascii"))
    except LineError as error:
        raise HistoryError(f"{name}: the entry cannot be kept: {error}") from None


def _doubled(name: str, counted: Entry, other: Entry) -> Problem:
    what = f"{(counted.commit or counted.date)[:12]} is there twice with different numbers"
    told = f"{what}; those of riskscan {counted.summary.tool_version} count"
    if other.summary.tool_version != counted.summary.tool_version:
        told += f", those of {other.summary.tool_version} do not"
    return Problem(Span(name, 1), ProblemKind.UNRESOLVED, told)
