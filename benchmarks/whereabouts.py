"""How many resources of a tree have a known type and a region, or the reason why there is none.

    python benchmarks/whereabouts.py [--platform NAME] TREE…

A resource whose scope is global or several regions has no region to know. What is left out is listed by type.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

RISKSCAN: Final = Path(sys.executable).with_name("riskscan")
_WIDE: Final = frozenset({"global", "multi-region"})


def report(tree: str) -> dict[str, Any]:
    """What riskscan reads in a tree."""
    with TemporaryDirectory() as place:
        file = Path(place, "report.json")
        command = [str(RISKSCAN), "scan", "--no-config", "--exit-zero", "--quiet", "--output", f"json={file}", tree]
        subprocess.run(command, capture_output=True, check=False)
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return found


def told(resource: dict[str, Any]) -> bool:
    """Whether where it runs is known, or said not to be."""
    return bool(resource.get("region") or "region" in (resource.get("unknown") or {}) or resource["scope"] in _WIDE)


def main() -> None:
    """Print a Markdown table, and below it what is not known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--platform", default="", help="count only this one: cloudformation, arm, terraform, …")
    parser.add_argument("trees", nargs="+")
    asked = parser.parse_args()
    missing: Counter[str] = Counter()
    print("| tree | resources | region, reason or no need | types not catalogued | files | read | unread |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for tree in asked.trees:
        data = report(tree)
        resources = [r for r in data["resources"] if asked.platform in ("", r["platform"])]
        missing.update(f"{r['platform']} {r['type']}" for r in resources if not told(r))
        share = sum(map(told, resources)) / max(1, len(resources))
        coverage = data["coverage"]
        files = f"{coverage['found']} | {coverage['read']} | {coverage['not_read']}"
        unknown = sum(coverage.get("uncatalogued", {}).values())
        print(f"| {Path(tree).resolve().name} | {len(resources)} | {share:.2%} | {unknown} | {files} |", flush=True)
    for name, number in missing.most_common():
        print(f"* {number} of {name}")


if __name__ == "__main__":
    main()
