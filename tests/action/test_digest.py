"""By the digest a second use of the action in a job knows the installation that the first one made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "action" / "digest.py"
SOURCES = {
    "pyproject.toml": "[project]",
    "requirements.lock": "click==8.1",
    "hatch_build.py": "",
    "scanner/cli/main.py": "print()",
    "rules/zone/one.yaml": "id: one",
}


def digest(folder: Path) -> str:
    done = subprocess.run([sys.executable, "-I", str(SCRIPT), str(folder)], capture_output=True, text=True, check=True)
    return done.stdout


def checkout(folder: Path) -> Path:
    for name, text in SOURCES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_it_is_the_same_wherever_the_sources_lie(tmp_path: Path) -> None:
    """Also beneath a folder that is called like one of those that are left out."""
    assert digest(checkout(tmp_path / "a")) == digest(checkout(tmp_path / "_compiled" / "b"))


def test_what_an_installation_leaves_behind_does_not_count(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    before = digest(folder)
    for name in ("scanner/cli/__pycache__/main.pyc", "scanner/_compiled/catalog.json", "README.md"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("made")
    assert digest(folder) == before


@pytest.mark.parametrize("name", [*SOURCES, "rules/zone/two.yaml"])
def test_any_other_change_does(tmp_path: Path, name: str) -> None:
    folder = checkout(tmp_path)
    before = digest(folder)
    (folder / name).write_text("changed")
    assert digest(folder) != before


def test_where_one_file_ends_and_the_next_begins_counts(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    (folder / "rules/a").write_text("xy")
    (folder / "rules/b").write_text("")
    before = digest(folder)
    (folder / "rules/a").write_text("x")
    (folder / "rules/b").write_text("y")
    assert digest(folder) != before
