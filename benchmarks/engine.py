"""Time and memory of the engine: all single outages, and all minimal cut sets of up to three events, of every service.

    python benchmarks/engine.py [--only NAME]

Each row is measured in a process of its own, which tells the peak of its memory. Times are CPU seconds, since other
load would be in the others; making the structure is not timed, but its memory counts. "cut sets" are the services': of
one, two and three events. "incomplete" counts the services whose enumeration the budget cut off.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from time import process_time
from typing import Final

from estate import Estate, companies, estate, fat_tree

CASES: Final[Mapping[str, Callable[[], Estate]]] = {
    "estate, 10,000 nodes, 200 domains": lambda: estate(10_000, 200),
    "estate, 100,000 nodes, 1,000 domains": lambda: estate(100_000, 1_000),
    "estate, 1,000,000 nodes, 2,000 domains": lambda: estate(1_000_000, 2_000),
    "the same with 500 loops of calls": lambda: estate(1_000_000, 2_000, loops=500),
    "1 estate of 10,000 nodes, 2,000 domains": lambda: companies(1, 10_000, 2_000),
    "10 such estates side by side": lambda: companies(10, 10_000, 2_000),
    "100 such estates side by side": lambda: companies(100, 10_000, 2_000),
    "fat tree, 1,344 devices": lambda: fat_tree(16, 1_000),
    "fat tree, 4,176 devices": lambda: fat_tree(24, 1_000),
    "fat tree, 30,528 devices": lambda: fat_tree(48, 1_000),
    "fat tree, 70,656 devices": lambda: fat_tree(64, 1_000),
}


def measure(name: str) -> str:
    """One row of the table."""
    from scanner.simulation.cut_sets import minimal_cut_sets
    from scanner.simulation.sweep import single_outages

    case = CASES[name]()
    start = process_time()
    masks = single_outages(case.structure, case.events)
    swept = process_time() - start
    singles = sum(masks[service].bit_count() for service in case.services)
    del masks
    start = process_time()
    result = minimal_cut_sets(case.structure, case.events, nodes=case.services)
    enumerated = process_time() - start
    counts = [sum(column) for column in zip(*map(result.counts, case.services), strict=True)]
    incomplete = sum(result.exact(service) < result.size for service in case.services)
    assert counts[0] == singles
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cells = (
        f"{len(case.structure):,}",
        f"{len(case.services):,}",
        f"{swept:.3f}",
        f"{enumerated:.3f}",
        f"{peak:.0f}",
        " / ".join(f"{count:,}" for count in counts),
        f"{incomplete:,}",
    )
    return " | ".join((name, *cells))


def main() -> None:
    """Measure all cases, or one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=CASES, help="measure this case, in this process")
    only: str | None = parser.parse_args().only
    if only:
        sys.stdout.write(f"| {measure(only)} |\n")
        return
    sys.stdout.write("| case | nodes | services | outages s | cut sets s | peak MiB | cut sets | incomplete |\n")
    sys.stdout.write("|---|---:|---:|---:|---:|---:|---:|---:|\n")
    for name in CASES:
        sys.stdout.flush()
        subprocess.run([sys.executable, __file__, "--only", name], check=True)


if __name__ == "__main__":
    main()
