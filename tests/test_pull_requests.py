"""A synthetic history: pull requests over the examples, as real commits, with verdicts that were written by hand.

``tests/fixtures/pull_requests.yaml`` tells each edit, what a reviewer should hear of it, and why.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import scanner.reporters
from scanner.cli.main import run

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples"
HISTORY: list[dict[str, Any]] = yaml.safe_load((HERE / "fixtures/pull_requests.yaml").read_text(encoding="utf-8"))
SCHEMA = json.loads(Path(scanner.reporters.__file__).with_name("comparison_schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="a history needs git")


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def edited(folder: Path, edit: Mapping[str, str]) -> None:
    """Make one edit: replace a text, drop a line, cut a top-level block, add or move a file."""
    if "move" in edit:
        (folder / edit["move"]).rename(folder / edit["to"])
        return
    file = folder / edit["file"]
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    if "drop" in edit:
        changed = "".join(line for line in text.splitlines(keepends=True) if edit["drop"] not in line)
    elif "cut" in edit:
        start = text.index(edit["cut"])
        changed = text[:start] + text[text.index("\n}\n", start) + 3 :]
    elif "old" in edit:
        changed = text.replace(edit["old"], edit["new"])
    else:
        changed = edit["new"]
    assert changed != text, f"{edit} changes nothing"
    file.write_text(changed, encoding="utf-8")


def line_of(root: Path, place: Mapping[str, Any], *, removed: bool) -> str:
    """``file: text`` of a line of the working tree, or of the commit before."""
    if removed:
        shown = subprocess.run(["git", "show", f"HEAD:{place['file']}"], cwd=root, check=True, capture_output=True)
        lines = shown.stdout.decode().splitlines()
    else:
        lines = (root / place["file"]).read_text(encoding="utf-8").splitlines()
    return f"{place['file']}: {' '.join(lines[place['line'] - 1].split())}"


@pytest.mark.parametrize("case", HISTORY, ids=lambda case: case["name"].replace(" ", "-"))
def test_a_pull_request(
    case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    root = tmp_path / "repository"
    shutil.copytree(EXAMPLES / case["example"], root)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Before")
    for edit in case["edits"]:
        edited(root, edit)
    monkeypatch.chdir(root)
    run(["diff", "HEAD", "--format", "json", "--today", "2026-11-27", "--exit-zero"])
    sys.stdout.flush()
    answer = json.loads(capfdbinary.readouterr().out)
    VALIDATOR.validate(answer)

    def told(turn: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {"rule": turn["rule"], "at": turn["resource"]}
        for cause in turn["causes"]:
            found["cause"] = line_of(root, cause, removed=cause["removed"])
            found |= {"removed": True} if cause["removed"] else {}
        assert len(turn["causes"]) < 2
        return found

    def ordered(turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return sorted(turns, key=lambda turn: (turn["rule"], turn["at"]))

    assert ordered([told(turn) for turn in answer["new"]]) == ordered(case.get("new", []))
    assert ordered([told(turn) for turn in answer["fixed"]]) == ordered(case.get("fixed", []))
    assert [text for service in answer["services"] for text in service["sentences"]] == case.get("services", [])
    assert [f"{w['file']}:{w['line']}: {w['message']}" for w in answer["weakened"]] == case.get("weakened", [])
    assert verdict(answer) == case["verdict"]
    assert not answer["base"]["problems"] or {p["file"] for p in answer["base"]["problems"]} <= files_of(root)


def verdict(answer: Mapping[str, Any]) -> str:
    """What findings and services say together."""
    effects = {service["effect"] for service in answer["services"]}
    worse = bool(answer["new"]) or "more" in effects
    better = bool(answer["fixed"]) or "less" in effects
    return "mixed" if worse and better else "worse" if worse else "better" if better else "same"


def files_of(root: Path) -> set[str]:
    """The files of the commit before, as reports name them."""
    shown = subprocess.run(["git", "ls-tree", "-r", "--name-only", "HEAD"], cwd=root, check=True, capture_output=True)
    return set(shown.stdout.decode().splitlines())


def test_the_history_is_long_enough() -> None:
    assert len(HISTORY) >= 30
    assert {case["example"] for case in HISTORY} == {
        "tokyo-exchange",
        "two-cloud-exchange",
        "custody-wallet",
        "validator-fleet",
        "cloudformation-exchange",
    }
    assert all(case["because"] for case in HISTORY)
