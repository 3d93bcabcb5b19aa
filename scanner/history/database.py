"""A history as SQLite: the entries as JSON, each under its identity, and a view of their columns for other programs.

https://www.sqlite.org/security.html#untrusted_sqlite_database_files is what is done against files of strangers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from scanner.history.entry_text import MAX_LINE, LineError, entry_text, read_entry
from scanner.history.refusal import HistoryError
from scanner.model.history import Entry

VERSION: Final = 1
"""``user_version``: the version of the tables."""
APPLICATION: Final = 0x52534B48
"""``application_id``: ``RSKH``."""
MAX_ENTRIES: Final = 1_000_000
WAIT_SECONDS: Final = 30
"""How long another process may hold the file."""

_TABLE: Final = """\
CREATE TABLE entries (
  "commit" TEXT NOT NULL,
  name TEXT NOT NULL,
  paths TEXT NOT NULL,
  configuration TEXT NOT NULL,
  date TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY ("commit", name, paths, configuration)
)"""
_VIEW: Final = """\
CREATE VIEW scores AS SELECT date, "commit", name, paths,
  json_extract(document, '$.branch') AS branch,
  json_extract(document, '$.stage') AS stage,
  json_extract(document, '$.grade') AS grade,
  json_extract(document, '$.score[0]') AS low,
  json_extract(document, '$.score[1]') AS high,
  json_extract(document, '$.complete') AS complete,
  json_extract(document, '$.tool_version') AS tool_version
FROM entries ORDER BY date"""
_SCHEMA: Final = [("entries", _TABLE), ("scores", _VIEW)]
_ROW: Final = """\
INSERT OR REPLACE INTO entries ("commit", name, paths, configuration, date, document) VALUES (?, ?, ?, ?, ?, ?)"""


def read(path: Path, name: str) -> list[Entry]:
    """The entries of a file. Raises :class:`HistoryError` for one that is broken, foreign or newer than this."""
    with _opened(path, name, "ro") as connection:
        return list(_entries(connection, name)) if _is_made(connection, name) else []


def add(path: Path, name: str, entries: Iterable[Entry]) -> None:
    """Put entries into a file, in the place of those of the same identity. Raises :class:`HistoryError`."""
    with _opened(path, name, "rwc") as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            if not _is_made(connection, name):
                _make(connection)
            connection.executemany(_ROW, map(_row, entries))
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


@contextmanager
def _opened(path: Path, name: str, mode: str) -> Iterator[sqlite3.Connection]:
    address = f"file:{quote(path.resolve().as_posix())}?mode={mode}"
    try:
        with closing(sqlite3.connect(address, WAIT_SECONDS, isolation_level=None, uri=True)) as connection:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 2 * MAX_LINE)
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            yield connection
    except sqlite3.Error as error:
        raise HistoryError(f"{name}: {_told(error)}") from None


def _told(error: sqlite3.Error) -> str:
    match str(error):
        case "file is not a database":
            return "not a SQLite database"
        case "database is locked":
            return f"another process has held it for {WAIT_SECONDS} seconds; nothing was written"
        case words:
            return f"SQLite cannot use it: {words}"


def _is_made(connection: sqlite3.Connection, name: str) -> bool:
    """Whether the tables are there; false for an empty file. Raises :class:`HistoryError` for others than ours."""
    found = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").fetchmany(9)
    application, version = (
        connection.execute(f"PRAGMA {pragma}").fetchone()[0] for pragma in ("application_id", "user_version")
    )
    if not found and not application and not version:
        return False
    if application != APPLICATION:
        raise HistoryError(f"{name}: a SQLite database, but no history of riskscan")
    if version != VERSION:
        raise HistoryError(f"{name}: {_other_version(version)}")
    if found != _SCHEMA:  # a view or trigger of a stranger would run
        raise HistoryError(f"{name}: its tables are not those of a history of riskscan")
    return True


def _other_version(version: int) -> str:
    if version > VERSION:
        return f"version {version} is newer than this riskscan reads ({VERSION}); update riskscan"
    return f"version {version} is none that a riskscan has written"


def _make(connection: sqlite3.Connection) -> None:
    for _, statement in _SCHEMA:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _entries(connection: sqlite3.Connection, name: str) -> Iterator[Entry]:
    rows = connection.execute('SELECT "commit", document FROM entries LIMIT ?', (MAX_ENTRIES + 1,))
    for number, (commit, document) in enumerate(rows):
        if number == MAX_ENTRIES:
            raise HistoryError(f"{name}: more than {MAX_ENTRIES} entries")
        if not isinstance(document, str):
            raise HistoryError(f"{name}: the entry of {commit!r} is no text")
        try:
            yield read_entry(document.encode("utf-8", "surrogatepass"))
        except LineError as error:
            raise HistoryError(f"{name}: the entry of {commit!r}: {error}") from None


def _row(entry: Entry) -> tuple[str, ...]:
    place = entry.place
    key = entry.identity[0]
    return key, place.name, "\n".join(place.paths), place.configuration, entry.date, entry_text(entry)
