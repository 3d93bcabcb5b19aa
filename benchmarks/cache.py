"""How much of a pull request's scan does a cache save?

    python benchmarks/cache.py DIR [--change FILE] [--runs N]

Copies a repository, commits it as the base, and scans it since the base (``riskscan scan --base HEAD``): without a
cache, with an empty one, with one that a scan of another change has filled, and once more for the same change. Before
each run one file is changed anew, so that no run finds its own answer unless it is the last kind. The kinds are run in
turn. Seconds are processor time of riskscan and the programs that it starts; the least of the runs counts, since what
else the machine does can only add to them. Prints a Markdown table with each kind's part of the first two, and the
roots that the change touches.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

KINDS = ("no cache", "an empty cache", "a full cache, a new change", "a full cache, the same change")


@dataclass(slots=True)
class Bench:
    """A repository of ours in ``home`` whose ``changed`` file is changed again and again."""

    home: Path
    changed: str
    number: int = 0
    cpu: dict[str, list[float]] = field(default_factory=dict)
    wall: dict[str, list[float]] = field(default_factory=dict)

    @property
    def tree(self) -> Path:
        """The working tree."""
        return self.home / "repository"

    def change(self) -> None:
        """Change the file to what it never was."""
        self.number += 1
        with (self.tree / self.changed).open("a", encoding="utf-8") as file:
            file.write(f"# change {self.number}\n")

    def measure(self, kind: str, cache: Path | None) -> bytes:
        """Scan since the base, and note what that took."""
        arguments = ("--cache", str(cache)) if cache else ("--no-cache",)
        before, began = os.times(), time.perf_counter()
        answer = self.run("scan", ".", "--base", "HEAD", "--format", "json", *arguments)
        after = os.times()
        spent = after.children_user + after.children_system - before.children_user - before.children_system
        self.cpu.setdefault(kind, []).append(spent)
        self.wall.setdefault(kind, []).append(time.perf_counter() - began)
        return answer

    def run(self, *arguments: str) -> bytes:
        """What riskscan prints in the tree, whatever it thinks of it."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("RISKSCAN_")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installation is compiled
        environment["PYTHONPYCACHEPREFIX"] = str(self.home / "compiled")
        done = subprocess.run(
            [_riskscan(), *arguments], cwd=self.tree, env=environment, capture_output=True, check=False
        )
        if done.returncode not in (0, 1, 3):
            raise SystemExit(done.stderr.decode())
        return done.stdout


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="A pull request's scan without, with an empty and with a full cache.")
    parser.add_argument("tree", type=Path, metavar="DIR", help="a repository")
    parser.add_argument("--change", metavar="FILE", help="the file that is changed  [default: the first main.tf]")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="how often each kind is run  [default: 5]")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="riskscan-bench-") as name:
        bench = _prepared(arguments.tree, Path(name), arguments.change)
        full, empty = bench.home / "full", bench.home / "empty"
        bench.measure("warming up", full)
        for _ in range(arguments.runs):
            _round(bench, full, empty)
        _print(bench)
        answer = json.loads(bench.run("diff", "HEAD", "--format", "json", "--cache", str(full)))
        print(f"\n`{bench.changed}` touches: {', '.join(answer['touched']) or 'nothing'}")
    return 0


def _prepared(tree: Path, home: Path, changed: str | None) -> Bench:
    shutil.copytree(tree, home / "repository", ignore=shutil.ignore_patterns(".git"), symlinks=True)
    who = ("-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "commit.gpgsign=false")
    for words in (("init", "-q"), ("add", "-A", "-f"), ("commit", "-q", "-m", "base")):
        subprocess.run(["git", *who, *words], cwd=home / "repository", check=True)  # noqa: S607 - the git of the PATH
    first = min(path.relative_to(home / "repository").as_posix() for path in (home / "repository").rglob("main.tf"))
    return Bench(home, changed or first)


def _round(bench: Bench, full: Path, empty: Path) -> None:
    """One run of each kind. A cache must not change what is answered."""
    for kind in KINDS[:3]:
        bench.change()
        shutil.rmtree(empty, ignore_errors=True)
        bench.measure(kind, {KINDS[0]: None, KINDS[1]: empty, KINDS[2]: full}[kind])
    answer = bench.measure(KINDS[3], full)
    if answer != bench.run("scan", ".", "--base", "HEAD", "--format", "json", "--no-cache"):
        raise SystemExit("a cache changed the answer")


def _print(bench: Bench) -> None:
    cpu = {kind: min(bench.cpu[kind]) for kind in KINDS}
    print(f"| scan since the base | CPU s | wall s | of {KINDS[0]} | of {KINDS[1]} |\n|---|---:|---:|---:|---:|")
    for kind in KINDS:
        parts: Sequence[str] = [f"{cpu[kind] / cpu[other]:.2f}" for other in KINDS[:2]]
        print(f"| {kind} | {cpu[kind]:.2f} | {min(bench.wall[kind]):.2f} | {' | '.join(parts)} |")


def _riskscan() -> str:
    beside = Path(sys.executable).with_name("riskscan")
    return str(beside) if beside.exists() else "riskscan"


if __name__ == "__main__":
    sys.exit(main())
