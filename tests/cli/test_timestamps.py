"""When a report was made: what says so, and what happens when nobody does."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from scanner.cli.timestamps import when

Run = Callable[..., Any]

FILES = """\
provider "aws" {
  region = "eu-west-1"
}

resource "aws_instance" "api" {
  availability_zone = "eu-west-1a"
}
"""


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("2025-01-31T12:00:00Z", "2025-01-31T12:00:00Z"),
        ("2025-01-31T13:00:00+01:00", "2025-01-31T12:00:00Z"),
        ("2025-01-31T12:00:00.250Z", "2025-01-31T12:00:00Z"),
    ],
)
def test_a_time_is_told_in_utc(written: str, shown: str) -> None:
    assert when(written, ["oscal"], {}) == shown


@pytest.mark.parametrize("written", ["2025-01-31T12:00:00", "2025-01-31", "yesterday", "", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_an_error(written: str) -> None:
    with pytest.raises(click.BadParameter):
        when(written, ["oscal"], {})


def test_the_time_of_a_reproducible_build() -> None:
    """`date --date=@1738324800 --utc` says 2025-01-31 12:00:00."""
    assert when(None, ["oscal"], {"SOURCE_DATE_EPOCH": "1738324800"}) == "2025-01-31T12:00:00Z"


@pytest.mark.parametrize("seconds", ["soon", "1e9", "9" * 30])
def test_an_epoch_that_is_none(seconds: str) -> None:
    with pytest.raises(click.UsageError):
        when(None, ["oscal"], {"SOURCE_DATE_EPOCH": seconds})


def test_the_clock_is_read_only_when_asked() -> None:
    told = datetime.fromisoformat(when("now", ["oscal"], {}))

    assert abs(datetime.now(UTC) - told) < timedelta(hours=1)


def test_formats_without_a_time_need_none() -> None:
    assert when(None, ["markdown", "register"], {}) == ""


def test_nobody_says_when(riskscan: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    (tmp_path / "main.tf").write_text(FILES, encoding="utf-8")

    result = riskscan("report", str(tmp_path), "--framework", "dora", "--format", "oscal")

    assert result.code == 2
    assert "--timestamp" in result.err
    assert result.out == ""


def test_oscal_and_register(riskscan: Run, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(FILES, encoding="utf-8")
    register = tmp_path / "register.csv"

    made = ("--timestamp", "2025-01-31T12:00:00Z", "--format", "oscal", "--output", f"register={register}")
    result = riskscan("report", str(tmp_path), "--framework", "dora", *made)

    assert result.code == 0
    assert json.loads(result.out)["assessment-results"]["metadata"]["last-modified"] == "2025-01-31T12:00:00Z"
    rows = list(csv.DictReader(io.StringIO(register.read_text(encoding="utf-8"))))
    assert {row["template"] for row in rows} >= {"B_05.01", "B_07.01", "B_99.01"}
