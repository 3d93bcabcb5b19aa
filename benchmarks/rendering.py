"""How much of a scan is spent in the programs that render charts and overlays, beside `trivy config`, turn by turn.

    python benchmarks/rendering.py [--runs N] TREE…

"s" is the whole command. "Rest" is the same scan where Helm's and Kustomize's answers are at hand: the first round,
which does not count, notes them, and a scan that is told them makes the same report. "Rendering" is the difference.
What the renderers do while riskscan does something else is a part of neither. "CPU s" are those of the rest, Python's
start included. trivy renders in its own process. Medians.
"""

from __future__ import annotations

import gc
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any, Final, NoReturn
from zlib import crc32

from msgspec.structs import replace

HERE: Final = Path(__file__)

Answers = dict[tuple[Any, ...], Any]
"""What renderers answered, by what they were asked."""


def main() -> int:
    """Measure and print a Markdown table."""
    if sys.argv[1] in ("--note", "--told"):
        _scan(*sys.argv[1:])
    import argparse
    import shutil
    import tempfile

    from networkless import without_network

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("trees", nargs="+")
    asked = parser.parse_args()
    program = shutil.which("trivy")
    trivy = [*without_network(), program, "config", "--skip-check-update", "--quiet"] if program else []
    print("| tree | s | rendering s | rest s | CPU s | trivy s | × | trivy CPU s | × |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for tree in (str(Path(each).resolve()) for each in asked.trees):  # trivy follows no link to a tree
        with tempfile.TemporaryDirectory() as folder:
            whole, rest, cpu, other, other_cpu = _measured(tree, Path(folder), asked.runs, trivy)
        told = (whole, whole - rest, rest, cpu, other, other / rest, other_cpu, other_cpu / cpu)
        print(f"| {Path(tree).name} | {' | '.join(f'{number:.2f}' for number in told)} |", flush=True)
    return 0


def _measured(tree: str, folder: Path, runs: int, trivy: list[str]) -> tuple[float, ...]:
    import shutil
    import statistics

    answers, reports = folder / "answers", (folder / "noted.json", folder / "told.json")
    this = [sys.executable, str(HERE)]
    told = [*this, "--told", str(answers), str(reports[1]), tree]
    scan = [shutil.which("riskscan") or "riskscan", "scan", *_flags(str(reports[0])), "--", tree]
    _timed([*this, "--note", str(answers), str(reports[0]), tree])
    _timed(told)
    if reports[0].read_bytes() != reports[1].read_bytes():
        sys.exit(f"{tree}: the report is another one where the answers are told")
    rounds = []
    for _ in range(runs):
        whole, _ = _timed(scan)
        rounds.append((whole, *_timed(told), *(_timed([*trivy, tree]) if trivy else (0.0, 0.0))))
    return tuple(map(statistics.median, zip(*rounds, strict=True)))


def _flags(report: str) -> list[str]:
    return ["--quiet", "--no-config", "--exit-zero", "--output", f"json={report}"]


def _timed(command: list[str]) -> tuple[float, float]:
    import subprocess

    start = perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return perf_counter() - start, usage.ru_utime + usage.ru_stime


def _scan(way: str, file: str, report: str, tree: str) -> NoReturn:
    """Run the command in this process, noting the renderers' answers in a file or being told those in it.

    What this takes besides is a part of what is measured, so it is little: nothing is imported for it alone.
    """
    from scanner.cli.main import run
    from scanner.parsers.kubernetes import helm_render, kustomize_run

    told = way == "--told"
    answers: Answers = pickle.loads(Path(file).read_bytes()) if told else {}  # noqa: S301 — written by this program
    for owner in (helm_render.Library, helm_render.Program):
        if told:
            owner.prepare = lambda _self: None  # type: ignore[method-assign]
        owner.start = _starting(owner.start, answers)  # type: ignore[method-assign]
    kustomize_run.render = _rendering(kustomize_run.render, answers)
    gc.disable()  # as the command does
    run(["scan", *_flags(report), "--", tree])
    if not told:
        Path(file).write_bytes(pickle.dumps(answers))
    os._exit(0)  # as the command does: freeing what a scan made takes time


# What has been answered before, or was told, is not asked again.


def _starting(start: Callable[..., Any], answers: Answers) -> Callable[..., Any]:
    """Helm, whose answers are noted, without the path of the archive that they name."""

    def noted(owner: Any, request: Any) -> Any:
        key, path = _of_chart(request), str(request.chart)
        if key not in answers:
            found = start(owner, request)()
            answers[key] = replace(found, error=found.error.replace(path, "\0"))
        found = replace(answers[key], error=answers[key].error.replace("\0", path))
        return lambda: found

    return noted


def _rendering(render: Callable[..., Any], answers: Answers) -> Callable[..., Any]:
    def noted(tool: Any, copy: Any) -> Any:
        key = _of_overlay(copy)
        if key not in answers:
            answers[key] = render(tool, copy)
        return answers[key]

    return noted


def _of_chart(request: Any) -> tuple[Any, ...]:
    content = request.chart.read_bytes()
    return request.release, request.namespace, request.values, len(content), crc32(content)


def _of_overlay(copy: Any) -> tuple[Any, ...]:
    given = ((path, crc32(content)) for path, content in copy.contents.items())
    files = ((path, crc32(file.read_bytes())) for path, file in copy.files.items())
    return copy.entry, *sorted(given), *sorted(files)


if __name__ == "__main__":
    sys.exit(main())
