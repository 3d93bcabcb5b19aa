"""The file of a baseline: what is written, and where a broken one is broken."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest

from scanner.model.baseline import Baseline, Entry
from scanner.rules.baseline_file import BaselineError, baseline_text, read_baseline

ONE: Final = Entry(
    "a" * 32, "RS101", "envs/prod#aws_db_instance.d", "envs/prod/main.tf", note="zone-database-single", line=5
)
TWO: Final = Entry(
    "b" * 32, "RS701", 'é"\\#x', "a b.tf", 3, "data-database-backup-off", "kept: small", date(2027, 1, 31), 6
)


def written(folder: Path, text: str) -> Path:
    file = folder / "baseline.json"
    file.write_text(text, encoding="utf-8")
    return file


def line(**changes: Any) -> str:
    entry = {"fingerprint": "a" * 32, "rule": "RS101", "resource": "r", "file": "f", **changes}
    return json.dumps({name: value for name, value in entry.items() if value is not None})


def test_one_entry_a_line() -> None:
    assert baseline_text(Baseline(Path("x"), (ONE, TWO), ("envs", "k8s"))).split("\n") == [
        "{",
        ' "version": 1,',
        ' "paths": ["envs", "k8s"],',
        ' "entries": [',
        '  {"fingerprint": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "rule": "RS101", "resource": "envs/prod#aws_db_instance.d", "file": "envs/prod/main.tf", "count": 1, "note": "zone-database-single"},',
        '  {"fingerprint": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "rule": "RS701", "resource": "é\\"\\\\#x", "file": "a b.tf", "count": 3, "note": "data-database-backup-off", "reason": "kept: small", "until": "2027-01-31"}',
        " ]",
        "}",
        "",
    ]


@pytest.mark.parametrize("entries", [(), (ONE,), (ONE, TWO)])
def test_what_is_written_is_read_again(entries: tuple[Entry, ...], tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    before = Baseline(file, entries, (".",))
    file.write_text(baseline_text(before), encoding="utf-8")
    assert read_baseline(file) == before


def test_lines_are_known_whoever_wrote_the_file(tmp_path: Path) -> None:
    text = json.dumps({"entries": [json.loads(line()), json.loads(line(note='"entries": ['))], "version": 1}, indent=4)
    assert [entry.line for entry in read_baseline(written(tmp_path, text)).entries] == [3, 9]
    assert read_baseline(written(tmp_path, "\ufeff" + text)).entries[1].note == '"entries": ['


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "1:1: invalid JSON: Expecting value"),
        ("{", "1:2: invalid JSON: Expecting property name enclosed in double quotes"),
        ("[]", "1:1: not a baseline: the key `version` is missing"),
        ('{"entries": []}', "1:1: not a baseline: the key `version` is missing"),
        (
            '{\n "version": 2, "entries": [{"new": 1}]}',
            "2:2: version 2 is newer than this riskscan reads (1); update riskscan",
        ),
        ('{"version": "1"}', "1:2: the version is not a whole number from 1"),
        ('{"version": true}', "1:2: the version is not a whole number from 1"),
        ('{"version": 1}', "1:1: the key `entries` must hold a list"),
        ('{"version": 1, "entries": {}}', "1:1: the key `entries` must hold a list"),
        ('{"version": 1,\n "entris": [], "entries": []}', "2:2: unknown key `entris`"),
        ('{"version": 1, "paths": "x", "entries": []}', "1:16: the key `paths` must hold a list of texts"),
        (f'{{"version": 1, "entries": [\n{line()},\n  {line(count=0)}]}}', "3:3: Expected `int` >= 1 (key `count`)"),
        (
            f'{{"version": 1, "entries": [\n{line(fingerprint="XYZ")}]}}',
            "2:1: Expected `str` matching regex '^[0-9a-f]{32}$' (key `fingerprint`)",
        ),
        (
            f'{{"version": 1, "entries": [\n{line(fingerprint=None)}]}}',
            "2:1: Object missing required field `fingerprint`",
        ),
        (f'{{"version": 1, "entries": [\n{line(line=3)}]}}', "2:1: Object contains unknown field `line`"),
        (f'{{"version": 1, "entries": [\n{line(until="soon")}]}}', "2:1: Invalid RFC3339 encoded date (key `until`)"),
        ('{"version": 1, "entries": [7]}', "1:28: Expected `object`, got `int`"),
        ('{"version": 1, "entries": [\n<<<<<<< HEAD\n]}', "2:1: a merge was not finished; take both sides' lines"),
        ("[" * 100_000, "1:1: invalid JSON"),
        ("9" * 5_000, "1:1: invalid JSON"),
    ],
)
def test_a_broken_file_is_told_with_its_place(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(BaselineError) as caught:
        read_baseline(written(tmp_path, text), "b.json")
    assert str(caught.value).startswith(f"b.json:{told}")


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match="there is no such baseline; `riskscan baseline write` makes it"):
        read_baseline(tmp_path / "gone.json")
    with pytest.raises(BaselineError, match="cannot be read"):
        read_baseline(tmp_path)
    (tmp_path / "x").write_bytes(b"\xff\xfe")
    with pytest.raises(BaselineError, match="not UTF-8"):
        read_baseline(tmp_path / "x")
