"""Framework files: well formed, and consistent with what their README and the rules cite."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

RULES = Path(__file__).parents[2] / "rules"
FOLDER = RULES / "frameworks"
FILES = sorted(FOLDER.glob("*.yaml"))
AXES = frozenset({"zone", "region", "provider", "account", "edge", "custody", "data"})
MARKS = {"verified": None, "partly": "p", "memory": "m"}
_CITED = re.compile(r"(?P<id>.+?)(?: \((?P<mark>[mp])\))?")


def read(path: Path) -> dict[str, Any]:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(data, dict)
    return data


def controls() -> dict[str, dict[str, str]]:
    """Framework key → control id → status."""
    return {path.stem: {c["id"]: c["status"] for c in read(path)["controls"]} for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_framework_is_well_formed(path: Path) -> None:
    framework = read(path)
    assert framework.keys() == {"id", "name", "version", "url", "controls"}
    assert framework["id"] == path.stem
    assert all(isinstance(framework[key], str) and framework[key] for key in ("name", "version"))
    assert framework["url"].startswith("https://")
    assert framework["controls"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_controls_are_well_formed(path: Path) -> None:
    listed = read(path)["controls"]
    for control in listed:
        where = f"{path.name}: {control.get('id')}"
        assert control.keys() - {"supporting", "remark"} == {"id", "title", "axes", "status", "unprovable"}, where
        assert isinstance(control["id"], str), where
        assert control["id"] == control["id"].strip(), where
        assert 0 < len(control["title"]) <= 140, where
        assert control["status"] in MARKS, where
        named = control["axes"] + control.get("supporting", [])
        assert named, where
        assert set(named) <= AXES, where
        assert len(named) == len(set(named)), where
    assert [name for name, count in Counter(c["id"] for c in listed).items() if count > 1] == []


def test_every_axis_has_verified_controls() -> None:
    covered = Counter(
        axis for path in FILES for c in read(path)["controls"] if c["status"] == "verified" for axis in c["axes"]
    )
    assert covered.keys() == AXES


def suggestions() -> list[tuple[str, str, str | None]]:
    """What the README's tables suggest: framework, control, mark."""
    found = []
    for line in (FOLDER / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("| ") or len(cells) != 2 or cells[1] in ("controls", "---"):
            continue
        for part in re.split(r"; |\. In tension with ", cells[1]):
            framework, _, cited = part.partition(": ")
            for match in map(_CITED.fullmatch, cited.split(", ")):
                assert match is not None, line
                found.append((framework, match["id"], match["mark"]))
    return found


def test_readme_suggests_controls_that_exist_and_marks_the_unverified() -> None:
    known = controls()
    suggested = suggestions()
    assert len(suggested) > 200
    assert [s for s in suggested if MARKS.get(known.get(s[0], {}).get(s[1], ""), "?") != s[2]] == []


def test_readme_lists_every_framework() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for path in FILES:
        framework = read(path)
        verified = sum(control["status"] == "verified" for control in framework["controls"])
        counts = f"{len(framework['controls'])} ({verified})"
        row = f"| `{path.stem}` | {framework['name']} | {framework['version']} | {counts} |"
        assert row in text
