"""How many charts of real repositories are rendered, in what time, and whether fields stand where they were written.

    python benchmarks/charts.py DIR…

For every folder: charts that are no part of another one, how many of them are rendered, whole or with a template or
dependency left out, and the seconds for all. Of the fields of workloads that rules ask for: on how many the template's
line holds the field's own key or an expression that writes it, and for how many a line of values is named.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from pathlib import Path, PurePosixPath

from scanner.config import Config
from scanner.discovery import discover
from scanner.front_ends import read_kubernetes
from scanner.model.resource import Declaration
from scanner.parsers.parsed import Parsed

WORKLOADS = frozenset(
    {"apps/Deployment", "apps/StatefulSet", "apps/DaemonSet", "batch/Job", "batch/CronJob", "core/Pod"}
)
ASKED = re.compile(
    r"(?:^|\.)(?:replicas|volumeClaimTemplates|affinity|nodeSelector|tolerations|topologySpreadConstraints|strategy|"
    r"updateStrategy|serviceName|priorityClassName|containers\[\d+\](?:\.(?:name|image|resources|livenessProbe|"
    r"readinessProbe|securityContext|command|args|env|ports|volumeMounts))?)$"
)
NOT_RENDERED = "chart not rendered: "


def main() -> int:
    """Read each folder and print a Markdown table."""
    parser = argparse.ArgumentParser(description="How well charts are rendered and their lines told.")
    parser.add_argument("trees", nargs="+", type=Path, metavar="DIR", help="a repository")
    arguments = parser.parse_args()
    print("| repository | charts | rendered | in part | s | objects | fields | on their line | with a value |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for tree in arguments.trees:
        found = discover([tree], Config().limits.max_file_bytes)
        began = time.perf_counter()
        parsed = read_kubernetes(found, Config())
        seconds = time.perf_counter() - began
        charts = {str(PurePosixPath(file.name).parent) for file in found.files if file.path.name == "Chart.yaml"}
        roots = {chart for chart in charts if not _inside(chart, charts)}
        failed = {chart for chart in roots for p in _problems(parsed, chart) if p.startswith(NOT_RENDERED)}
        parts = {chart for chart in roots - failed for p in _problems(parsed, chart) if " not rendered: " in p}
        counts = Counter[str]()
        for declaration in parsed.declarations:
            counts["objects"] += "/templates/" in f"/{declaration.span.file}"
            if declaration.type in WORKLOADS:
                counts.update(_judged(declaration, parsed))
        share = f"{counts['placed'] / counts['fields']:.1%}" if counts["fields"] else "nothing to judge"
        rendered = len(roots) - len(failed)
        print(
            f"| {tree.name} | {len(roots)} | {rendered} ({rendered / max(1, len(roots)):.1%}) | {len(parts)} "
            f"| {seconds:.1f} | {counts['objects']} | {counts['fields']} | {share} | {counts['valued']} |"
        )
    return 0


def _inside(chart: str, charts: set[str]) -> bool:
    path = PurePosixPath(chart)
    return path.parent.name == "charts" and str(path.parent.parent) in charts


def _problems(parsed: Parsed, chart: str) -> list[str]:
    prefix = "" if chart == "." else f"{chart}/"
    return [problem.message for problem in parsed.problems if problem.span.file.startswith(prefix)]


def _judged(declaration: Declaration, parsed: Parsed) -> Counter[str]:
    counts = Counter[str]()
    for path, span in declaration.places.items():
        if not ASKED.search(path) or "/templates/" not in f"/{span.file}":
            continue
        line = parsed.sources[span.file][span.line - 1]
        key = path.rpartition(".")[2]
        own = line.lstrip().startswith("- ") if key.endswith("]") else re.search(rf"\b{key}[\"']?\s*:", line)
        counts["fields"] += 1
        counts["placed"] += bool(own or "{{" in line)
        counts["valued"] += span.parent is not None
    return counts


if __name__ == "__main__":
    sys.exit(main())
