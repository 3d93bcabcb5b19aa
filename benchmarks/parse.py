"""Compare HCL front ends over a tree: riskscan's own, python-hcl2, and tfparse where it is installed.

    python benchmarks/parse.py --tree DIR [--every N]

riskscan and python-hcl2 read the same files, one after another, from memory. tfparse, which wraps trivy's parser, reads
whole folders and evaluates them as well: its time is for that larger job. `--every 10` takes each tenth file or folder,
since python-hcl2 is slow. A front end accepts a file when it reads all of it without an error.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

from isolated import Isolated


@dataclass(slots=True)
class Result:
    """One front end's time in seconds, how many inputs it was given, and those that it refused with the reason."""

    name: str
    unit: str
    given: int = 0
    seconds: float = 0.0
    refused: dict[str, str] = field(default_factory=dict)


def run(name: str, unit: str, inputs: Iterable[tuple[str, object]], read: Callable[[object], str]) -> Result:
    """Read every input. ``read`` returns why the input is refused, or nothing."""
    result = Result(name, unit)
    for label, item in inputs:
        start = perf_counter()
        reason = read(item)
        result.seconds += perf_counter() - start
        result.given += 1
        if reason:
            result.refused[label] = reason.splitlines()[0][:100]
    return result


def read_ours(source: object) -> str:
    """The syntax front end of riskscan."""
    from scanner.parsers.terraform.syntax import parse

    assert isinstance(source, bytes)
    problems = parse(source).problems
    return problems[0].message if problems else ""


def read_hcl2(source: object) -> str:
    """python-hcl2, an LALR parser in pure Python."""
    import hcl2

    assert isinstance(source, bytes)
    try:
        hcl2.loads(source.decode("utf-8-sig"))
    except Exception as error:  # noqa: BLE001  # whatever it raises, it did not read the file
        return f"{type(error).__name__}: {error}"
    return ""


def read_tfparse(folder: object) -> str:
    """tfparse: trivy's parser and evaluator behind a C interface, which aborts on some input."""
    try:
        _child(_load, str(folder))
    except Exception as error:  # noqa: BLE001  # whatever it raises, it did not read the folder
        return f"{type(error).__name__}: {error}"
    return ""


_child = Isolated()


def _load(folder: str) -> None:
    import tfparse

    tfparse.load_from_path(folder, stop_on_hcl_error=True)


def main() -> int:
    """Measure and print a Markdown table, then the files on which the two file parsers disagree."""
    parser = argparse.ArgumentParser(description="Compare HCL front ends over a tree.")
    parser.add_argument("--tree", type=Path, required=True, help="a folder with .tf files")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth file (default: all)")
    arguments = parser.parse_args()
    files = sorted(path for path in arguments.tree.rglob("*.tf") if path.is_file())[:: arguments.every]
    sources = [(path.relative_to(arguments.tree).as_posix(), path.read_bytes()) for path in files]
    folders = [(folder.as_posix(), folder) for folder in sorted({path.parent for path in files})]
    ours = run("riskscan", "file", sources, read_ours)
    peer = run("python-hcl2", "file", sources, read_hcl2)
    results = [ours, peer]
    if find_spec("tfparse") is None:
        print("tfparse is not installed: left out", file=sys.stderr)
    else:
        read_tfparse(folders[0][1])  # starts the child
        results.append(run("tfparse (evaluates too)", "folder", folders, read_tfparse))
    print(table(results, sum(len(source) for _, source in sources)))
    for name in sorted(ours.refused.keys() ^ peer.refused.keys()):
        side = ours if name in ours.refused else peer
        print(f"- only {side.name} refuses {name}: {side.refused[name]}")
    return 0


def table(results: Sequence[Result], size: int) -> str:
    """The Markdown table; ``size`` is in bytes."""
    lines = [
        f"{results[0].given:,} files, {size / 2**20:.1f} MiB",
        "",
        "| front end | inputs | refused | seconds | ms each |",
        "|---|---:|---:|---:|---:|",
    ]
    for result in results:
        each = 1000 * result.seconds / max(result.given, 1)
        inputs = f"{result.given:,} {result.unit}s"
        lines.append(f"| {result.name} | {inputs} | {len(result.refused)} | {result.seconds:.2f} | {each:.2f} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main())
