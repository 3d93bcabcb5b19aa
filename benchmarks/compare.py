"""Run riskscan, `trivy config`, checkov and cfn-lint over one tree, turn by turn, and print a Markdown table.

    python benchmarks/compare.py --tree DIR [--runs N] [--tool riskscan --tool trivy] [--framework kubernetes]

Every tool is found on the PATH; one that is missing is named on stderr and left out. The first round is a warm-up that
does not count. checkov reads the frameworks that ``--framework`` names (default: terraform); cfn-lint, which runs only
where it is asked for, every file of the tree that looks like a CloudFormation template. On Linux each run gets a
network namespace of its own: nothing here needs a network, and trivy spends minutes on module downloads that fail
slowly where a network is merely filtered.

Wall time and CPU time (user and system) are those of the whole process tree. Peak memory is that of the warm-up, since
looking at it slows a process down: the largest sum of the proportional set sizes of all processes, sampled ten times a
second, or the kernel's own maximum of the largest single process where that is more. It is Linux only, as /proc is.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from networkless import without_network

SAMPLE_SECONDS: Final = 0.1
MEBIBYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Seen:
    """What one tool says that it looked at. ``None``: it does not tell."""

    files: int | None
    resources: int | None
    findings: int


@dataclass(frozen=True, slots=True)
class Tool:
    """One program: its command for a tree and an output file, the exit codes of a finished run, how to read its report.

    ``count_command`` makes the report that is counted, once and untimed, where the timed one leaves out what passed.
    """

    name: str
    command: Callable[[str, str], list[str]]
    finished: frozenset[int]
    count: Callable[[Any], Seen]
    count_command: Callable[[str, str], list[str]] | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One finished run: seconds, and bytes where they were looked at."""

    wall: float
    cpu: float
    peak: int = 0


def _riskscan_command(tree: str, output: str) -> list[str]:
    return ["riskscan", "scan", "--quiet", "--no-config", "--output", f"json={output}", "--", tree]


def _riskscan_seen(report: Any) -> Seen:
    coverage, summary = report["coverage"], report["summary"]
    resources = summary["resources"] + sum(coverage["uncatalogued"].values())
    return Seen(coverage["read"] + coverage["partly_read"], resources, summary["findings"])


def _trivy_command(tree: str, output: str, *flags: str) -> list[str]:
    return ["trivy", "config", "--skip-check-update", "--quiet", *flags, "--format", "json", "--output", output, tree]


def _trivy_count_command(tree: str, output: str) -> list[str]:
    return _trivy_command(tree, output, "--include-non-failures")


def _trivy_seen(report: Any) -> Seen:
    checks = [check for result in report.get("Results", ()) for check in result.get("Misconfigurations", ())]
    files = {result["Target"] for result in report.get("Results", ()) if Path(result["Target"]).suffix}
    resources = {
        (place.get("Provider"), place["Resource"])
        for check in checks
        if "Resource" in (place := check["CauseMetadata"])
    }
    return Seen(len(files), len(resources), _count(checks, lambda check: check["Status"] == "FAIL"))


def _checkov_command(frameworks: Sequence[str], tree: str, output: str) -> list[str]:
    folder = str(Path(output).parent)
    flags = [
        "--framework",
        *frameworks,
        "--compact",
        "--quiet",
        "--skip-download",
        "--download-external-modules",
        "false",
    ]
    return ["checkov", "--directory", tree, *flags, "--output", "json", "--output-file-path", folder]


def _checkov_seen(report: Any) -> Seen:
    reports = report if isinstance(report, list) else [report]
    failed = [check for part in reports for check in part.get("results", {}).get("failed_checks", ())]
    return Seen(None, sum(part.get("summary", part)["resource_count"] for part in reports), len(failed))


_TEMPLATES: Final = frozenset({".yaml", ".yml", ".json", ".template"})


def _cfn_lint_command(tree: str, output: str) -> list[str]:
    named = (file for file in sorted(Path(tree).rglob("*")) if file.suffix in _TEMPLATES and file.is_file())
    templates = [str(file) for file in named if all(word in file.read_bytes() for word in (b"Resources", b"AWS::"))]
    return ["cfn-lint", "--format", "json", "--output-file", output, "--", *templates]


def _cfn_lint_seen(report: Any) -> Seen:
    return Seen(None, None, len(report))


NAMES: Final = ("riskscan", "trivy", "checkov", "cfn-lint")
USUAL: Final = ("riskscan", "trivy", "checkov")
OUTPUT_NAMES: Final = {"checkov": "results_json.json"}
"""checkov chooses the name itself."""


def tools(frameworks: Sequence[str]) -> tuple[Tool, ...]:
    """All tools, in the order of :data:`NAMES`; checkov reads some frameworks."""
    return (
        Tool("riskscan", _riskscan_command, frozenset({0, 1, 3}), _riskscan_seen),
        Tool("trivy", _trivy_command, frozenset({0}), _trivy_seen, _trivy_count_command),
        Tool("checkov", partial(_checkov_command, frameworks), frozenset({0, 1}), _checkov_seen),
        Tool("cfn-lint", _cfn_lint_command, frozenset(range(16)), _cfn_lint_seen),
    )


def main() -> int:
    """Measure and print. Returns 1 when a tool fails."""
    arguments = _arguments()
    chosen = [tool for tool in tools(arguments.framework) if tool.name in arguments.tool and _is_present(tool)]
    jail = without_network()
    tree = str(arguments.tree.resolve())
    measured: dict[str, list[Run]] = {tool.name: [] for tool in chosen}
    peaks: dict[str, int] = {}
    outputs: dict[str, Path] = {}
    with tempfile.TemporaryDirectory(prefix="riskscan-compare-") as folder:
        for turn in range(arguments.runs + 1):
            for tool in chosen:
                output = Path(folder, f"{tool.name}-{turn}", OUTPUT_NAMES.get(tool.name, "report.json"))
                output.parent.mkdir()
                command = [*jail, *tool.command(tree, str(output))]
                run = measure(command, tool.finished, cwd=output.parent, memory=turn == 0)
                print(f"{tool.name} {'warm-up' if turn == 0 else turn}: {run.wall:.2f} s", file=sys.stderr)
                outputs[tool.name] = output
                if turn:
                    measured[tool.name].append(run)
                else:
                    peaks[tool.name] = run.peak
        # Looked at last: a process begins as large as the one that starts it, and reports are large.
        seen = {tool.name: _look(tool, jail, tree, outputs[tool.name]) for tool in chosen}
    print(table(measured, peaks, seen, tree_size(arguments.tree), arguments.runs))
    return 0


def measure(command: Sequence[str], finished: frozenset[int], cwd: Path, *, memory: bool = False) -> Run:
    """Run a command once. Raises ``SystemExit`` with the end of its stderr when its exit code is not ``finished``."""
    with tempfile.TemporaryFile() as errors:
        start = perf_counter()
        process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True)
        sampler = _Sampler(process.pid) if memory else None
        _, status, usage = os.wait4(process.pid, 0)
        wall = perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        peak = max(sampler.stop(), usage.ru_maxrss * 1024) if sampler else 0
        if process.returncode not in finished:
            errors.seek(0)
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{errors.read()[-2000:].decode()}")
    return Run(wall, usage.ru_utime + usage.ru_stime, peak)


class _Sampler(threading.Thread):
    """Adds up the memory of all processes of one session, again and again, and keeps the largest sum."""

    def __init__(self, session: int) -> None:
        super().__init__(daemon=True)
        self._session = session
        self._done = threading.Event()
        self._peak = 0
        self.start()

    def run(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            self._peak = max(self._peak, sum(map(_proportional_size, _processes(self._session))))

    def stop(self) -> int:
        """The peak in bytes."""
        self._done.set()
        self.join()
        return self._peak


def _processes(session: int) -> list[Path]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                # Fields after the command in parentheses: state, parent, process group, session.
                fields = Path(folder, "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session:
                found.append(folder)
    return found


def _proportional_size(folder: Path) -> int:
    try:
        lines = Path(folder, "smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended in between
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _look(tool: Tool, jail: Sequence[str], tree: str, output: Path) -> Seen:
    if tool.count_command:
        measure([*jail, *tool.count_command(tree, str(output))], tool.finished, cwd=output.parent)
    return tool.count(json.loads(output.read_bytes()))


def _is_present(tool: Tool) -> bool:
    if shutil.which(tool.name):
        return True
    print(f"{tool.name} is not on the PATH: left out", file=sys.stderr)
    return False


def tree_size(tree: Path) -> str:
    """How many Terraform, YAML and JSON files there are, and how large they are."""
    suffixes = (".tf", ".yaml", ".yml", ".json")
    files = {suffix: [f for f in tree.rglob(f"*{suffix}") if f.is_file()] for suffix in suffixes}
    counts = ", ".join(f"{len(found):,} {suffix}" for suffix, found in files.items() if found)
    size = sum(file.stat().st_size for found in files.values() for file in found)
    return f"{counts} files, {size / MEBIBYTE:.1f} MiB"


def table(measured: dict[str, list[Run]], peaks: dict[str, int], seen: dict[str, Seen], size: str, runs: int) -> str:
    """The Markdown table: medians, and how many times the first tool's wall time each one takes."""
    lines = [
        f"{size}; median of {runs}; {os.cpu_count()} CPUs; Python {platform.python_version()}, {platform.system()}",
        "",
        "| tool | wall s | × | CPU s | peak MiB | files | resources | failures |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    reference = 0.0
    for name, all_runs in measured.items():
        wall = statistics.median(run.wall for run in all_runs)
        reference = reference or wall
        cpu = statistics.median(run.cpu for run in all_runs)
        peak = peaks[name] / MEBIBYTE
        what = seen[name]
        lines.append(
            f"| {name} | {wall:.2f} | {wall / reference:.1f} | {cpu:.2f} | {peak:.0f} | {_shown(what.files)} "
            f"| {_shown(what.resources)} | {what.findings} |"
        )
    return "\n".join(lines)


def _shown(number: int | None) -> str:
    return "not told" if number is None else str(number)


def _count(items: Any, wanted: Callable[[Any], bool]) -> int:
    return sum(map(wanted, items))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--tree", type=Path, required=True, help="the folder to scan")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each tool (default: 5)")
    parser.add_argument(
        "--tool",
        action="append",
        choices=NAMES,
        help="only this one; repeatable (default: all but cfn-lint)",
    )
    parser.add_argument(
        "--framework",
        action="append",
        choices=("terraform", "kubernetes", "helm", "kustomize"),
        help="what checkov reads; repeatable (default: terraform)",
    )
    arguments = parser.parse_args()
    arguments.tool = arguments.tool or USUAL
    arguments.framework = arguments.framework or ["terraform"]
    if arguments.runs < 1:
        parser.error("--runs must be at least 1")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
