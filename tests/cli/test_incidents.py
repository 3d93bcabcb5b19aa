"""``riskscan incidents``, over those that ship and one made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scanner.simulation.incidents import shipped_folder

pytestmark = pytest.mark.usefixtures("scan")

FIRE = """\
id: fire-2024
title: A fire \\| <b>
status: verified
start: 2024-01-02T03:04:00Z
end: 2024-01-02
duration: 2 h
cause: It burned.
down: [region:ovh/SBG, 'account:*', 'service:google/storage@*']
control: [control:ovh/storage]
services: [Public Cloud]
hit: ["Somebody: all of it"]
post_mortem: https://example.org/report
sources: [https://example.org/fire]
notes: It was hot.
approximate: [start]
from_memory: [hit, end]
"""

SHOWN = """\
fire-2024 (verified)
A fire \\| <b>

When: about 2024-01-02 03:04 UTC to 2024-01-02 (2 h)
Cause: It burned.

Down:
  region:ovh/SBG
  account:* (any one of them, one at a time)
  service:google/storage@* (in every place at once)

Could not be changed, though what ran went on:
  control:ovh/storage

Affected services:
  Public Cloud

Hit:
  Somebody: all of it

Post-mortem:
  https://example.org/report

Sources:
  https://example.org/fire

Notes: It was hot.

Left out, for no page was read that tells it: a part of hit, end

Replay it on your own files:
  riskscan simulate PATH --incident fire-2024
"""


@pytest.fixture
def mine(tmp_path: Path) -> str:
    """A folder with one incident."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/fire-2024.yaml").write_text(FIRE, encoding="utf-8")
    return str(tmp_path / "mine")


@pytest.mark.parametrize("name", ["fire-2024", "FIRE-2024"])
def test_an_incident_is_shown(riskscan: Callable[..., Any], mine: str, name: str) -> None:
    result = riskscan("incidents", "show", name, "--incidents", mine)
    assert (result.code, result.out, result.err) == (0, SHOWN, "")


def test_an_incident_of_which_little_is_known(riskscan: Callable[..., Any], tmp_path: Path) -> None:
    text = "id: a\ntitle: A\nstatus: partial\ncause: B.\ndown: [edge:x]\nsources: [https://example.org/]\n"
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    assert riskscan("incidents", "show", "a", "--incidents", str(tmp_path)).out == (
        "a (partial)\nA\n\nWhen: not told\nCause: B.\n\nDown:\n  edge:x\n\nSources:\n  https://example.org/\n\n"
        "Replay it on your own files:\n  riskscan simulate PATH --incident a\n"
    )


def test_an_incident_as_json(riskscan: Callable[..., Any], mine: str) -> None:
    data = json.loads(riskscan("incidents", "show", "fire-2024", "--format", "json", "--incidents", mine).out)
    assert data["down"] == ["region:ovh/SBG", "account:*", "service:google/storage@*"]
    assert (data["start"], data["end"]) == ("2024-01-02T03:04:00Z", "2024-01-02")
    listed = json.loads(riskscan("incidents", "list", "--format", "json", "--incidents", mine).out)
    assert [row for row in listed if row["id"] == "fire-2024"] == [data]


def test_the_list_is_aligned(riskscan: Callable[..., Any], mine: str) -> None:
    result = riskscan("incidents", "list", "--incidents", mine)
    lines = {line.split(" ", 1)[0]: line for line in result.out.splitlines()}
    assert lines["aws-2025-04-15-tokyo"].split() == [
        "aws-2025-04-15-tokyo",
        "2025-04-15",
        "zone:aws/apne1-az4",
        "verified",
    ]
    assert lines["fire-2024"].split("  ")[-1].strip() == "verified"
    assert "region:ovh/SBG, account:* and 1 more" in lines["fire-2024"]
    assert "  control:cloudflare/*  " in lines["cloudflare-2023-11-02-control-plane"]
    assert len({line.rfind("  ") for line in result.out.splitlines()}) == 1, "the last column begins at one place"
    assert list(lines) == sorted(lines)


def test_the_list_as_markdown_stays_a_table(riskscan: Callable[..., Any], mine: str) -> None:
    out = riskscan("incidents", "list", "--format", "markdown", "--incidents", mine).out
    (row,) = [line for line in out.splitlines() if "fire-2024" in line]
    assert row == (
        "| `fire-2024` | 2024-01-02 | A fire \\\\\\| &lt;b&gt; | `region:ovh/SBG`, `account:*` and 1 more | verified |"
    )


def test_the_readme_shows_what_ships(riskscan: Callable[..., Any]) -> None:
    readme = (shipped_folder() / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("## What ships\n\n")[2].partition("\n## ")[0]
    assert shown == riskscan("incidents", "list", "--format", "markdown").out


def test_folders_can_come_from_the_environment(
    riskscan: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, mine: str
) -> None:
    monkeypatch.setenv("RISKSCAN_INCIDENTS", mine)
    assert riskscan("incidents", "show", "fire-2024").out == SHOWN


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("aws-2025-04-15-toky", "; did you mean `aws-2025-04-15-tokyo`, "),
        ("multichain", "; did you mean `multichain-2023-05-21-mpc-account`?"),
        ("\x1b[31mx", "; `riskscan incidents list` shows them"),
    ],
)
def test_an_unknown_incident_is_an_error_with_the_nearest(riskscan: Callable[..., Any], name: str, hint: str) -> None:
    result = riskscan("incidents", "show", name)
    assert (result.code, result.out) == (2, "")
    visible = name.replace("\x1b", "\\x1b")
    assert result.err.startswith(f"error: unknown incident `{visible}`{hint}")


def test_a_wrong_file_is_an_error_with_its_line(riskscan: Callable[..., Any], mine: str) -> None:
    (Path(mine) / "fire-2024.yaml").write_text(FIRE.replace("region:ovh/SBG", "region:\\x1b"), encoding="utf-8")
    for arguments in (["list"], ["show", "fire-2024"], ["show", "aws-2025-04-15-tokyo"]):
        result = riskscan("incidents", *arguments, "--incidents", mine)
        assert (result.code, result.out) == (2, "")
        assert result.err.startswith("error: mine/fire-2024.yaml:8: `region:\\x1b` is no failure domain; a region is")


def test_a_folder_must_exist(riskscan: Callable[..., Any]) -> None:
    assert riskscan("incidents", "list", "--incidents", "absent").code == 2


def test_a_folder_s_words_do_not_reach_the_terminal_raw(riskscan: Callable[..., Any], mine: str) -> None:
    evil = FIRE.replace("It burned.", '"\\e[31m\\x9b\\u202ered"').replace("It was hot.", '"##[error]x\\e"')
    evil = evil.replace("title: A fire \\\\| <b>", 'title: "\\e]8;;x"').replace("[Public Cloud]", '["\\e[0m"]')
    (Path(mine) / "fire-2024.yaml").write_text(evil, encoding="utf-8")
    for arguments in (
        ["list"],
        ["list", "--format", "json"],
        ["list", "--format", "markdown"],
        ["show", "fire-2024"],
        ["show", "fire-2024", "--format", "json"],
    ):
        result = riskscan("incidents", *arguments, "--incidents", mine)
        assert result.code == 0
        assert {c for c in result.out if not c.isprintable()} <= {"\n"}
    assert "##[error]" not in riskscan("incidents", "show", "fire-2024", "--incidents", mine).out
