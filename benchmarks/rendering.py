"""How much of a scan is spent in the programs that render charts and overlays, beside `trivy config`, turn by turn.

    python benchmarks/rendering.py [--runs N] TREE…

"Rendering" is the time in which riskscan waits for Helm or Kustomize; what they do while it does something else is no
part of it. "CPU s" of riskscan are those of its own process, Python's start included, without the processes that
render. trivy renders in its own process.
Medians, after one round that does not count.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from networkless import without_network

HERE: Final = Path(__file__)


def main() -> int:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--once", action="store_true", help="scan once and tell what was spent, as JSON on stderr")
    parser.add_argument("trees", nargs="+")
    asked = parser.parse_args()
    if asked.once:
        return _scan(asked.trees[0])
    program = shutil.which("trivy")
    trivy = [*without_network(), program, "config", "--skip-check-update", "--quiet"] if program else []
    print("| tree | s | rendering s | rest s | CPU s | trivy s | × | trivy CPU s | × |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for tree in (str(Path(each).resolve()) for each in asked.trees):  # trivy follows no link to a tree
        rounds = [_round(tree, trivy) for _ in range(asked.runs + 1)][1:]
        wall, rendering, cpu, other, other_cpu = map(statistics.median, zip(*rounds, strict=True))
        rest = wall - rendering
        told = (wall, rendering, rest, cpu, other, other / rest, other_cpu, other_cpu / cpu)
        print(f"| {Path(tree).name} | {' | '.join(f'{number:.2f}' for number in told)} |", flush=True)
    return 0


def _round(tree: str, trivy: list[str]) -> tuple[float, float, float, float, float]:
    start = perf_counter()
    command = [sys.executable, str(HERE), "--once", tree]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall = perf_counter() - start
    spent = json.loads(done.stderr.splitlines()[-1])
    other, other_cpu = _timed([*trivy, tree]) if trivy else (0.0, 0.0)
    return wall, spent["rendering"], spent["cpu"], other, other_cpu


def _timed(command: list[str]) -> tuple[float, float]:
    start = perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return perf_counter() - start, usage.ru_utime + usage.ru_stime


def _scan(tree: str) -> int:
    """Run the command in this process, and tell on stderr what it and its renderers spent."""
    from scanner.cli.main import run
    from scanner.parsers.kubernetes import helm_render, kustomize_run

    spans: list[tuple[float, float]] = []
    places: list[tuple[Any, str]] = [
        (kustomize_run, "render"),
        (helm_render.Program, "_answer"),
        (helm_render.Library, "_answer"),
    ]
    for owner, name in places:
        setattr(owner, name, _noted(getattr(owner, name), spans))
    with tempfile.TemporaryDirectory() as folder, _told(spans):
        output = f"json={Path(folder, 'report.json')}"
        gc.disable()  # as the command does
        run(["scan", "--quiet", "--no-config", "--exit-zero", "--output", output, "--", tree])
    return 0


@contextmanager
def _told(spans: list[tuple[float, float]]) -> Iterator[None]:
    import resource

    try:
        yield
    finally:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        print(json.dumps({"rendering": _covered(spans), "cpu": usage.ru_utime + usage.ru_stime}), file=sys.stderr)


def _noted(work: Callable[..., Any], spans: list[tuple[float, float]]) -> Callable[..., Any]:
    def noted(*arguments: Any) -> Any:
        start = perf_counter()
        try:
            return work(*arguments)
        finally:
            spans.append((start, perf_counter()))

    return noted


def _covered(spans: list[tuple[float, float]]) -> float:
    """The length of what intervals cover together."""
    total, until = 0.0, 0.0
    for start, end in sorted(spans):
        total += max(end - max(start, until), 0.0)
        until = max(until, end)
    return total


if __name__ == "__main__":
    sys.exit(main())
