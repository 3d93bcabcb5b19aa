"""How much of a scan is spent in the programs that render charts and overlays, for each tree.

    python benchmarks/rendering.py TREE…

"Rendering" is the time in which Helm or Kustomize works for the scan, overlaps counted once; its CPU seconds are those
of the processes that riskscan starts. Run it once before, so that everything is in the caches.
"""

from __future__ import annotations

import gc
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, Final

from scanner.config import Config
from scanner.parsers.kubernetes import helm_render, kustomize_run
from scanner.pipeline import scan

_PLACES: Final = (
    (kustomize_run, "render"),
    (helm_render.Program, "render"),
    (helm_render.Library, "render"),
)


def main(trees: list[str]) -> int:
    """Measure and print a Markdown table."""
    gc.disable()  # as the command does
    spent: list[tuple[float, float]] = []
    for owner, name in _PLACES:
        setattr(owner, name, _timed(getattr(owner, name), spent))
    print("| tree | scan s | of it rendering s | CPU s | CPU s of renderers |\n|---|---:|---:|---:|---:|")
    for tree in trees:
        spent.clear()
        start, own, others = perf_counter(), process_time(), _of_children()
        scan([Path(tree)], Config())
        wall = perf_counter() - start
        row = (wall, _covered(spent), process_time() - own, _of_children() - others)
        print(f"| {Path(tree).resolve().name} | {' | '.join(f'{seconds:.2f}' for seconds in row)} |")
    return 0


def _timed(work: Callable[..., Any], spent: list[tuple[float, float]]) -> Callable[..., Any]:
    def timed(*arguments: Any) -> Any:
        start = perf_counter()
        try:
            return work(*arguments)
        finally:
            spent.append((start, perf_counter()))

    return timed


def _covered(spent: list[tuple[float, float]]) -> float:
    """The length of what intervals cover together."""
    total, until = 0.0, 0.0
    for start, end in sorted(spent):
        total += max(end - max(start, until), 0.0)
        until = max(until, end)
    return total


def _of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
