"""Files that strangers wrote, or that a disk has spoiled, end in a message, and stay as they are."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from scanner.history import database
from scanner.history.database import APPLICATION
from scanner.history.entry_text import MAX_LINE, entry_text
from scanner.history.store import HistoryError, add, read
from scanner.model.history import Entry

Make = Callable[..., Entry]

BROKEN: list[tuple[str, Callable[[dict[str, Any]], object], str]] = [
    ("no object", lambda _line: [], "Expected `object`, got `array`"),
    ("no version", lambda line: line.pop("schema_version") and line, "the key `schema_version` is missing"),
    ("newer", lambda line: line | {"schema_version": 2}, "version 2 is newer than this riskscan reads (1)"),
    ("a word for a version", lambda line: line | {"schema_version": "1"}, "(key `schema_version`)"),
    ("true for a version", lambda line: line | {"schema_version": True}, "(key `schema_version`)"),
    ("unknown key", lambda line: line | {"colour": 1}, "unknown field `colour`"),
    ("missing key", lambda line: line.pop("grade") and line, "missing required field `grade`"),
    ("no such day", lambda line: line | {"date": "2026-02-30T00:00:00Z"}, "2026-02-30T00:00:00Z is no date"),
    ("no date", lambda line: line | {"date": "yesterday"}, "(key `date`)"),
    ("a commit of words", lambda line: line | {"commit": "HEAD"}, "(key `commit`)"),
    ("a negative number", lambda line: line | {"unknown": -1}, "(key `unknown`)"),
    ("a huge number", lambda line: line | {"unknown": 10**30}, "unknown"),
    ("a fraction of findings", lambda line: line | {"unknown": 1.5}, "(key `unknown`)"),
    ("beyond 100", lambda line: line | {"score": [1, 101]}, "(key `score[1]`)"),
    ("an interval backwards", lambda line: line | {"score": [9, 8]}, "begins after its end (key `score`)"),
    ("a stage of its own", lambda line: line | {"stage": "R9"}, "(key `stage`)"),
    ("a grade of its own", lambda line: line | {"grade": "<b>"}, "(key `grade`)"),
    ("an axis of its own", lambda line: line | {"axes": {"time": [1, 2]}}, "time"),
    ("a coefficient of 4", lambda line: _coefficient(line, [4, 4]), "coefficients"),
    ("a coefficient backwards", lambda line: _coefficient(line, [None, 1]), "begins after its end"),
    ("a long branch", lambda line: line | {"branch": "x" * 500}, "(key `branch`)"),
    ("a list for a name", lambda line: line | {"name": []}, "(key `name`)"),
]

RAW: list[tuple[str, bytes, str]] = [
    ("no JSON", b"once upon a time", "invalid JSON"),
    ("not a number", b'{"schema_version":1,"unknown":NaN}', "invalid JSON"),
    ("infinite", b'{"schema_version":1,"unknown":1e999}', "Number out of range (key `unknown`)"),
    ("half a pair", b'{"schema_version":1,"branch":"\\ud800"}', "invalid JSON"),
    ("no UTF-8", b'{"schema_version":1,"branch":"\xff"}', "invalid"),
    ("NUL", b"\0\0\0\0", "invalid JSON"),
    ("deep", b'{"schema_version":1,"x":' + b"[" * 100_000, "nested too deeply"),
    ("a digit a byte", b'{"schema_version":' + b"1" * 100_000 + b"}", "out of range"),
    ("long", b" " * (MAX_LINE + 1) + b"x", f"longer than {MAX_LINE} bytes"),
    ("merge, ours", b"<<<<<<< HEAD", "a merge was not finished; keep the lines of both sides"),
    ("merge, middle", b"=======", "a merge was not finished"),
    ("merge, theirs", b">>>>>>> other", "a merge was not finished"),
]


def _coefficient(line: dict[str, Any], pair: list[int | None]) -> dict[str, Any]:
    line["services"][0]["coefficients"]["zone"] = pair
    return line


def cases(make: Make) -> list[tuple[str, bytes, str]]:
    made = [
        (name, json.dumps(change(json.loads(entry_text(make())))).encode(), words) for name, change, words in BROKEN
    ]
    return [*made, *RAW]


@pytest.mark.parametrize("number", range(len(BROKEN) + len(RAW)), ids=[case[0] for case in (*BROKEN, *RAW)])
def test_a_line_that_is_no_entry_is_told_with_its_number(tmp_path: Path, entry: Make, number: int) -> None:
    _, line, words = cases(entry)[number]
    file = tmp_path / "history.jsonl"
    good = entry_text(entry()).encode()
    file.write_bytes(b"\n" + good + b"\r\n" + line + b"\n")
    history = read(file, "history.jsonl")
    assert history.entries == (entry(),)
    assert [(problem.span.file, problem.span.line) for problem in history.problems] == [("history.jsonl", 3)]
    assert words in history.problems[0].message
    assert len(history.problems[0].message) < 300
    before = file.read_bytes()
    with pytest.raises(HistoryError, match=r"history\.jsonl:3.*nothing is written before this line is repaired"):
        add(file, [entry("2026-02-02", "b" * 40)], "history.jsonl")
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["history.jsonl"]


@pytest.mark.parametrize("number", range(len(BROKEN) + len(RAW)), ids=[case[0] for case in (*BROKEN, *RAW)])
def test_the_same_in_a_database_is_refused(tmp_path: Path, entry: Make, number: int) -> None:
    _, line, words = cases(entry)[number]
    file = tmp_path / "history.db"
    add(file, [entry()])
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE entries SET document = CAST(? AS TEXT)", (line,))
        connection.commit()
    with pytest.raises(HistoryError) as caught:
        read(file, "history.db")
    assert str(caught.value).startswith("history.db: ")
    assert words in str(caught.value) or b"\xff" in line  # SQLite itself finds what is no UTF-8


def test_a_file_without_any_entry_is_no_history(tmp_path: Path, entry: Make) -> None:
    file = tmp_path / "history.jsonl"
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    before = file.read_bytes()
    with pytest.raises(HistoryError, match="no line of this file is an entry"):
        read(file)
    with pytest.raises(HistoryError):
        add(file, [entry()])
    assert file.read_bytes() == before


def test_thousands_of_broken_lines_are_counted(tmp_path: Path, entry: Make) -> None:
    file = tmp_path / "history.jsonl"
    file.write_bytes(entry_text(entry()).encode() + b"\nx" * 5_000)
    problems = read(file).problems
    assert len(problems) == 101
    assert problems[-1].message == "4900 more lines are no entries"


DATABASES = {
    "no database": (b"once upon a time, there was no database here" * 20, "not a SQLite database"),
    "cut off": (b"SQLite format 3\0" + b"\0" * 84, "not a SQLite database"),
}


@pytest.mark.parametrize("case", DATABASES)
def test_what_is_no_database_stays_as_it_is(tmp_path: Path, entry: Make, case: str) -> None:
    data, words = DATABASES[case]
    file = tmp_path / "history.db"
    file.write_bytes(data)
    for use in (read, lambda path, name: add(path, [entry()], name)):
        with pytest.raises(HistoryError, match=words) as caught:
            use(file, "history.db")
        assert str(caught.value).startswith("history.db: ")
    assert file.read_bytes() == data


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (["CREATE TABLE notes (x)"], "a SQLite database, but no history of riskscan"),
        (["PRAGMA user_version = 2", f"PRAGMA application_id = {APPLICATION}"], "version 2 is newer"),
        (["PRAGMA user_version = -7", f"PRAGMA application_id = {APPLICATION}"], "version -7 is none"),
        (["PRAGMA application_id = 1"], "no history of riskscan"),
    ],
)
def test_tables_of_others_are_refused(tmp_path: Path, entry: Make, statements: list[str], words: str) -> None:
    file = tmp_path / "history.db"
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    before = file.read_bytes()
    for use in (read, lambda path: add(path, [entry()])):
        with pytest.raises(HistoryError, match=words):
            use(file)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON entries BEGIN DELETE FROM entries; END",
        "CREATE TABLE more (x)",
        "DROP VIEW scores",
        "ALTER TABLE entries ADD COLUMN more",
    ],
)
def test_a_changed_scheme_is_refused(tmp_path: Path, entry: Make, statement: str) -> None:
    file = tmp_path / "history.db"
    add(file, [entry()])
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(statement)
        connection.commit()
    for use in (read, lambda path: add(path, [entry("2026-02-02", "b" * 40)])):
        with pytest.raises(HistoryError, match="its tables are not those of a history"):
            use(file)


def test_a_view_in_the_place_of_the_table_never_runs(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    endless = 'WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) SELECT x AS "commit", x AS document FROM n'
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"CREATE VIEW entries AS {endless}")
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    with pytest.raises(HistoryError, match="its tables are not those"):
        read(file)


@pytest.mark.parametrize("place", range(100, 12_288, 997))
def test_a_spoilt_byte_is_an_error_or_does_not_matter(tmp_path: Path, entry: Make, place: int) -> None:
    file = tmp_path / "history.db"
    add(file, [entry(f"2026-01-{day:02d}", f"{day:040x}") for day in range(1, 10)])
    data = bytearray(file.read_bytes())
    data[place % len(data)] ^= 0xFF
    file.write_bytes(data)
    try:
        history = read(file)
    except HistoryError:
        assert file.read_bytes() == data
    else:
        assert all(isinstance(each, Entry) for each in history.entries)


def full(_descriptor: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be replaced there")
def test_a_full_disk_leaves_all_as_it_was(tmp_path: Path, entry: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "history.jsonl"
    add(file, [entry()])
    monkeypatch.setattr("os.fsync", full)
    for path in (file, tmp_path / "new.jsonl"):
        with pytest.raises(HistoryError, match="cannot be written: No space left on device"):
            add(path, [entry("2026-02-02", "b" * 40)])
    assert read(file).entries == (entry(),)
    assert [path.name for path in tmp_path.iterdir()] == ["history.jsonl"]


def test_what_is_interrupted_leaves_all_as_it_was(tmp_path: Path, entry: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "history.db"
    add(file, [entry()])

    def rows(found: Iterable[Entry]) -> Iterator[tuple[str, ...]]:
        for number, each in enumerate(found):
            if number == 1:
                raise KeyboardInterrupt
            yield database._row(each)

    monkeypatch.setattr(database, "map", lambda _row, found: rows(found), raising=False)
    with pytest.raises(KeyboardInterrupt):
        add(file, [entry(low=1.0), entry("2026-02-02", "b" * 40)])
    assert read(file).entries == (entry(),)


def test_a_database_tells_its_scores_to_others(tmp_path: Path, entry: Make) -> None:
    file = tmp_path / "history.db"
    add(file, [entry(low=12.5, high=20.0)])
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute('SELECT date, "commit", branch, stage, grade, low, high, complete FROM scores')
        assert rows.fetchall() == [("2026-01-03T00:00:00Z", "a" * 40, "main", "R0", "F", 12.5, 20.0, 1)]
