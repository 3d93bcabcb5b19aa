"""SARIF as others read it: the standard's schema, GitHub's limits, its vendor's validator, and a consumer's counts.

``python benchmarks/sarif.py TREE...`` scans each tree once, with SARIF and JSON of the same scan, prints a Markdown
table and ends with 1 when something is wrong. ``--multitool PROGRAM`` names ``Sarif.Multitool`` of the npm package
``@microsoft/sarif-multitool-linux`` (or ``-win32``, ``-darwin``). What sarif-tools counts is held against the JSON
report: one result for each rule, file and line.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from scanner.reporters.sarif import MAX_RESULTS
from scanner.reporters.sarif_contract import check

ROOT: Final = Path(__file__).resolve().parent.parent
SCHEMA: Final = ROOT / "tests" / "fixtures" / "sarif-2.1.0.json"
SETTINGS: Final = ROOT / ".ci" / "ghas.xml"
LEVELS: Final[Mapping[str, str]] = {"critical": "error", "high": "error", "medium": "warning"}
"""What a reader of SARIF calls our severities; the others are notes."""
EXPECTED_EXITS: Final = (0, 1, 3)

_MAIN: Final = "import sys; sys.argv[0] = 'riskscan'; from scanner.cli.main import main; sys.exit(main())"
_TOOLS: Final = "import sys; sys.argv[0] = 'sarif'; from sarif.cmdline.main import main; sys.exit(main())"
_COUNTED: Final = re.compile(r"^(error|warning|note): (\d+)$", re.MULTILINE)
_LISTED: Final = re.compile(r"^ - (RS\d+|\S+).*: (\d+)$", re.MULTILINE)

Json = dict[str, Any]
Place = tuple[str, str, int]
"""Rule, file and line of a result."""


def scan(tree: Path, folder: Path) -> tuple[Path, Json]:
    """The SARIF file of a tree, and the JSON report of the same scan."""
    sarif, report = folder / "report.sarif", folder / "report.json"
    outputs = ("--output", f"sarif={sarif}", "--output", f"json={report}")
    command = [sys.executable, "-I", "-c", _MAIN, "scan", "--no-config", "--quiet", *outputs, str(tree)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in EXPECTED_EXITS:
        raise SystemExit(f"{tree}: exit {done.returncode}\n{done.stderr[-2_000:]}")
    return sarif, json.loads(report.read_text(encoding="utf-8"))


def expected(report: Json) -> dict[Place, str]:
    """The results that a report must come to, with their levels: one for each rule, file and line that fails."""
    return {
        (f["rule"], f["file"], f["line"]): LEVELS.get(f["severity"], "note")
        for f in report["findings"]
        if f["outcome"] == "fail"
    }


# -- readers that are not ours ---------------------------------------------------------------------


def schema_faults(sarif: Path) -> Iterator[str]:
    """What the standard's JSON Schema refuses."""
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(SCHEMA), str(sarif)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        yield f"schema: {done.stdout.strip()[-300:]}"


def validator_faults(sarif: Path, multitool: str, folder: Path) -> tuple[list[str], int]:
    """What the vendor's validator calls an error with GitHub's rules, and how often it warns.

    It ends with 0 even for broken files, so its own report decides.
    """
    told = folder / "validated.sarif"
    command = [
        *(multitool, "validate", str(sarif), "--rule-kind", "Sarif;Ghas", "--config", str(SETTINGS)),
        *("--level", "Error;Warning", "--quiet", "true", "--output", str(told), "--log", "ForceOverwrite"),
    ]
    environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if not told.is_file():
        return [f"multitool: exit {done.returncode}: {(done.stderr or done.stdout).strip()[-300:]}"], 0
    runs = json.loads(told.read_text(encoding="utf-8-sig"))["runs"]
    levels = [(r.get("level", "warning"), r) for run in runs for r in run.get("results", [])]
    errors = [r for level, r in levels if level == "error"]
    faults = [f"multitool: {r['ruleId']} {' '.join(r['message'].get('arguments', []))[:200]}" for r in errors]
    return faults, len(levels) - len(errors)


def tools(*arguments: str) -> str:
    """What ``sarif`` of sarif-tools prints."""
    command = [sys.executable, "-I", "-c", _TOOLS, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def consumer_faults(sarif: Path, wanted: Mapping[Place, str], folder: Path) -> Iterator[str]:
    """Where sarif-tools counts something else than the JSON report."""
    levels, rules = Counter(wanted.values()), Counter(rule for rule, _, _ in wanted)
    summary = tools("summary", str(sarif))
    counted = Counter({level: int(number) for level, number in _COUNTED.findall(summary)})
    if +counted != levels:
        yield f"sarif summary counts {dict(counted)}, the report {dict(levels)}"
    listed: Counter[str] = Counter()
    for rule, number in _LISTED.findall(summary):
        listed[rule] += int(number)
    if listed != rules:
        yield f"sarif summary lists other rules: {sorted((listed - rules) | (rules - listed))[:5]}"
    yield from table_faults(sarif, wanted, folder)
    yield from difference_faults(sarif, levels, folder)


def table_faults(sarif: Path, wanted: Mapping[Place, str], folder: Path) -> Iterator[str]:
    """Results that are not in the table of sarif-tools as they are in the report, or are there twice."""
    table = folder / "results.csv"
    tools("csv", str(sarif), "--output", str(table))
    with table.open(encoding="utf-8", newline="") as rows:  # it shows URIs as they are written
        read = Counter(
            ((row["Code"], unquote(row["Location"]), int(row["Line"])), row["Severity"]) for row in csv.DictReader(rows)
        )
    told = Counter(wanted.items())
    apart = [*(read - told).elements(), *(told - read).elements()]
    if apart:
        yield f"sarif csv has {len(apart)} rows apart: {sorted(apart)[:2]}"


def difference_faults(sarif: Path, levels: Mapping[str, int], folder: Path) -> Iterator[str]:
    """What ``sarif diff`` says is new since a scan without results, and since the same scan.

    Its ``+`` counts kinds of issues; how many there are of each stands with them.
    """
    empty = folder / "empty.sarif"
    log = json.loads(sarif.read_text(encoding="utf-8"))
    log["runs"][0]["results"] = []
    empty.write_text(json.dumps(log), encoding="utf-8")
    for before, after in ((empty, levels), (sarif, {})):
        out = folder / "difference.json"
        tools("diff", str(before), str(sarif), "--output", str(out))
        said = json.loads(out.read_text(encoding="utf-8"))
        codes = {level: said[level]["codes"].values() for level in ("error", "warning", "note")}
        new = {level: sum(each[">"] - each["<"] for each in found) for level, found in codes.items()}
        if new != {level: after.get(level, 0) for level in new} or any(said[level]["-"] for level in new):
            yield f"sarif diff since {before.stem} says {new}, the report {dict(after)}"


# -- the table ---------------------------------------------------------------------------------------


def row(tree: Path, multitool: str | None) -> tuple[list[str], list[str]]:
    """The cells of one tree, and what is wrong with its SARIF."""
    with tempfile.TemporaryDirectory(prefix="riskscan-") as place:
        folder = Path(place)
        sarif, report = scan(tree, folder)
        log = json.loads(sarif.read_text(encoding="utf-8"))
        wanted = expected(report)
        faults = [*schema_faults(sarif), *(f"contract: {fault}" for fault in check(log))]
        warnings = ""
        if multitool is not None:
            found, number = validator_faults(sarif, multitool, folder)
            faults += found
            warnings = str(number)
        if len(wanted) <= MAX_RESULTS:
            faults += consumer_faults(sarif, wanted, folder)
        failures = sum(f["outcome"] == "fail" for f in report["findings"])
        notes = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
        size = f"{sarif.stat().st_size / 1024:,.0f}"
        cells = [tree.name, str(failures), str(len(wanted)), str(len(notes)), size, warnings]
    return cells, faults


def main(arguments: Sequence[str] | None = None) -> int:
    """Check every tree that is named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trees", nargs="+", type=Path)
    parser.add_argument("--multitool", help="the program Sarif.Multitool; without it that check is left out")
    options = parser.parse_args(arguments)
    print("| tree | failures | results | notifications | KiB | warnings of the validator | |")
    print("|---|---:|---:|---:|---:|---:|---|")
    failed = False
    for tree in options.trees:
        cells, faults = row(tree, options.multitool)
        failed |= bool(faults)
        print("| " + " | ".join((*cells, "; ".join(faults[:5]) or "holds")) + " |", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
