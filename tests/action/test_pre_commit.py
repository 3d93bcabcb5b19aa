"""The hook as pre-commit installs it from a clone. Marked ``act``: that installation needs the package index."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.act

SINGLE = """
provider "aws" {
  region = "ap-northeast-1"
}

resource "aws_db_instance" "orders" {
  engine   = "postgres"
  multi_az = false
}
"""


def run(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    for name in [name for name in environment if name.startswith(("GIT_", "RISKSCAN_"))]:
        del environment[name]
    environment |= {f"GIT_{who}_{what}": "t@t" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return subprocess.run(
        command, cwd=folder, env=environment | variables, capture_output=True, text=True, timeout=300, check=False
    )


def committed(folder: Path) -> str:
    """Commit all that is in a folder and return the commit."""
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "state")):
        done = run(folder, "git", *arguments)
        assert done.returncode == 0, done.stderr
    return run(folder, "git", "rev-parse", "HEAD").stdout.strip()


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A repository of riskscan, as far as an installation needs it."""
    target = tmp_path / "riskscan"
    skipped = shutil.ignore_patterns("__pycache__", "_compiled")
    for name in ("scanner", "rules"):
        shutil.copytree(ROOT / name, target / name, ignore=skipped)
    for name in (".pre-commit-hooks.yaml", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, target / name)
    return target


def test_hook_judges_the_whole_when_a_part_changes(release: Path, tmp_path: Path) -> None:
    estate = tmp_path / "estate"
    (estate / "data").mkdir(parents=True)
    (estate / "data" / "main.tf").write_text(SINGLE)
    (estate / "other.tf").write_text('variable "unused" {}\n')
    (estate / "notes.md").write_text("Notes.\n")
    hook = {"id": "riskscan", "args": ["--fail-on=medium", "data"]}
    settings = {"repos": [{"repo": str(release), "rev": committed(release), "hooks": [hook]}]}
    (estate / ".pre-commit-config.yaml").write_text(json.dumps(settings))
    committed(estate)

    def checked(*files: str) -> subprocess.CompletedProcess[str]:
        return run(estate, "pre-commit", "run", "--files", *files, PRE_COMMIT_HOME=str(tmp_path / "home"))

    risky = checked("other.tf")
    assert risky.returncode == 1, risky.stdout + risky.stderr
    assert "data/main.tf:8" in risky.stdout
    assert "RS101" in risky.stdout

    assert "(no files to check)Skipped" in checked("notes.md").stdout

    (estate / "data" / "main.tf").write_text('variable "nothing" {}\n')
    clean = checked("other.tf")
    assert clean.returncode == 0, clean.stdout + clean.stderr
    assert "Passed" in clean.stdout
