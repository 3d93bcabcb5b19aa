"""How much of real repositories the catalog knows.

    python benchmarks/coverage.py DIR… [--top N]

For every folder: how many of the declared resources have a catalogued type. For all together: the most frequent types
that have none, which is where a catalog entry helps most.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from scanner.config import Config
from scanner.pipeline import scan


def main() -> int:
    """Scan each folder and print two Markdown tables."""
    parser = argparse.ArgumentParser(description="How much of real repositories the catalog knows.")
    parser.add_argument("trees", nargs="+", type=Path, metavar="DIR", help="a repository")
    parser.add_argument("--top", type=int, default=40, metavar="N", help="how many types to list (default: 40)")
    arguments = parser.parse_args()
    missing: Counter[str] = Counter()
    where: dict[str, set[str]] = {}
    print("| repository | declared | catalogued | share |")
    print("|---|---:|---:|---:|")
    for tree in arguments.trees:
        report = scan([tree], Config())
        unknown = Counter(report.uncatalogued)
        known = len(report.resources)
        total = known + unknown.total()
        print(f"| {tree.name} | {total:,} | {known:,} | {known / total if total else 1:.1%} |")
        missing.update(unknown)
        for native_type in unknown:
            where.setdefault(native_type, set()).add(tree.name)
    print("\n| uncatalogued type | resources | repositories |")
    print("|---|---:|---:|")
    for native_type, count in sorted(missing.items(), key=lambda item: (-item[1], item[0]))[: arguments.top]:
        print(f"| `{native_type}` | {count:,} | {len(where[native_type])} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
