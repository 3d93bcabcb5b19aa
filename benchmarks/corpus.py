"""What must hold on every real repository: no crash, nothing unread in silence, the same bytes twice, one answer.

``python benchmarks/corpus.py DIR...`` prints a Markdown table and ends with 1 when something does not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from lines import misplaced

from scanner import pipeline
from scanner.config import Config
from scanner.model.problem import Problem, ProblemKind
from scanner.rules.load import load_rules

EXPECTED_EXITS = (0, 1, 3)
ENDINGS = (".tf", ".tofu", ".tf.json", ".tofu.json")
SKIPPED = {".git", ".terraform", "node_modules"}


def scan(tree: Path, **environment: str) -> tuple[int, bytes]:
    """The exit code and JSON report of one scan in a process of its own."""
    command = [sys.executable, "-I", "-c", _MAIN, "scan", "--no-config", "--quiet", "--format", "json", str(tree)]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, check=False)
    if done.returncode not in EXPECTED_EXITS:
        print(done.stderr.decode(errors="replace")[-2_000:], file=sys.stderr)
    return done.returncode, done.stdout


_MAIN = "import sys; sys.argv[0] = 'riskscan'; from scanner.cli.main import main; sys.exit(main())"


def terraform_files(tree: Path) -> int:
    """How many files Terraform would read, counted without our own discovery."""
    number = 0
    for _, folders, names in os.walk(tree):
        folders[:] = [folder for folder in folders if folder not in SKIPPED]
        number += sum(name.endswith(ENDINGS) for name in names)
    return number


def resources(report: dict[str, Any]) -> dict[str, Any]:
    """Everything a parser decides about resources, without what depends on columns."""
    return {
        r["id"]: [r[key] for key in ("type", "kind", "account", "region", "zones", "scope", "file", "line")]
        for r in report["resources"]
    }


def looked_into(tree: Path) -> tuple[int, list[str], list[str]]:
    """How many findings there are, those whose line holds nothing that they talk about, and files lost in silence."""
    estate = pipeline.read_estate([tree], Config())
    found = pipeline.report_on(estate, load_rules(()))
    apart = [f"{f.rule} {f.span.file}:{f.span.line} {line[:60]}" for f, line in misplaced(found)]
    lost = {*estate.parsed.unread, *estate.parsed.partly, *(file.name for file in estate.found.left_out)}
    told = set(named(found.problems, Path(found.base)))
    silent = sorted(name for name in lost if told.isdisjoint({name, *map(str, PurePosixPath(name).parents)}))
    return len(found.findings), apart, silent


def named(problems: Sequence[Problem], base: Path) -> Iterator[str]:
    """The files that problems name, and the folders of charts that they say are not rendered."""
    for problem in problems:
        if problem.kind.incomplete or problem.kind is ProblemKind.UNSUPPORTED:  # a macro that only AWS runs
            yield problem.span.file
            if problem.message.startswith("chart not rendered"):
                parents = PurePosixPath(problem.span.file).parents
                yield from (str(parent) for parent in parents if (base / parent / "Chart.yaml").is_file())


def check(tree: Path) -> list[str]:
    """One row of the table; its last cell says what does not hold."""
    exit_code, first = scan(tree, RISKSCAN_HCL="")
    _, second = scan(tree, RISKSCAN_HCL="")
    faults = [] if exit_code in EXPECTED_EXITS else [f"exit {exit_code}"]
    if not first:
        return [tree.name, "", "", "", "", "", "; ".join(faults)]
    report = json.loads(first)
    if first != second:
        faults.append("two runs differ")
    coverage = report["coverage"]
    found = coverage["found"]
    present, read = terraform_files(tree), coverage["formats"].get("terraform", {}).get("found", 0)
    told = {problem["file"] for problem in report["problems"] if problem["kind"] in ("invalid", "unreadable", "limit")}
    if present != read:
        faults.append(f"{present} Terraform files, {read} found")
    _, third = scan(tree, RISKSCAN_HCL="python-hcl2")
    other = json.loads(third)
    broken = {p["file"] for r in (report, other) for p in r["problems"] if p["kind"] == "invalid"}
    roots = {folder.as_posix() for file in broken for folder in Path(file).parents}
    mine, theirs = resources(report), resources(other)
    apart = sorted(i for i in mine.keys() | theirs.keys() if mine.get(i) != theirs.get(i))
    unexplained = [i for i in apart if i.partition("#")[0] not in roots and "#" in i] if broken else apart
    if unexplained:
        faults.append(f"{len(unexplained)} resources differ with python-hcl2: {', '.join(unexplained[:3])}")
    findings, misplaced_ones, silent = looked_into(tree)
    if silent:
        faults.append(f"{len(silent)} files are not read whole and no problem names them: {', '.join(silent[:3])}")
    print(*misplaced_ones, sep="\n", file=sys.stderr)
    marks = f"{len(misplaced_ones)} of {findings}"
    cells = [tree.name, str(found), str(len(told)), str(len(mine)), f"{len(apart)} ({len(broken)} files)", marks]
    return [*cells, "; ".join(faults) or "holds"]


def main() -> int:
    """Check every tree that is named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trees", nargs="+", type=Path)
    trees = parser.parse_args().trees
    print(
        "| tree | files | named in problems | resources | apart with python-hcl2 (files it rejects) | lines apart | |"
    )
    print("|---|---|---|---|---|---|---|")
    failed = False
    for tree in trees:
        row = check(tree)
        failed |= row[-1] != "holds"
        print("| " + " | ".join(row) + " |", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
