"""Do overlays say here what kustomize makes of them, and do fields point to the lines that set them?

    python benchmarks/overlays.py DIR… [--show N]

For every overlay that riskscan renders whole: whether its objects equal those of ``kustomize build`` or ``kubectl
kustomize``, run in the tree itself, without a network. For every plain value of these objects: whether the line that it
points to holds the value (a text of several lines begins below it), a part of it (a tag, a prefix), or else its key.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scanner.config import Config
from scanner.discovery import discover
from scanner.front_ends import read_kubernetes
from scanner.model.resource import Declaration
from scanner.parsers.kubernetes.objects import objects
from scanner.parsers.kubernetes.paths import steps_of, value_at
from scanner.parsers.parsed import Parsed
from scanner.parsers.positioned_yaml import read_yaml

_CLOSED = {name: "http://127.0.0.1:1" for each in ("http_proxy", "https_proxy") for name in (each, each.upper())}

_COLUMNS = (
    *(
        "repository",
        "kustomizations",
        "overlays",
        "equal",
        "not or in part",
        "objects",
        "values",
        "on the line",
        "part",
    ),
    "key only",
)
_BLOCKS = ("|", "|-", "|+", ">", ">-", ">+")


def main() -> int:
    """Compare the overlays of each folder and print a Markdown table."""
    parser = argparse.ArgumentParser(description="riskscan's overlays beside kustomize's own.")
    parser.add_argument("trees", nargs="+", type=Path, metavar="DIR", help="a repository")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="list so many fields whose line lacks them")
    arguments = parser.parse_args()
    print("| " + " | ".join(_COLUMNS) + " |")
    print("|---|" + "---:|" * (len(_COLUMNS) - 1))
    rows = [_compared(tree, _command()) for tree in arguments.trees]
    for tree, row in zip(arguments.trees, rows, strict=True):
        print("| " + " | ".join([tree.name, *(f"{row.counts[column]:,}" for column in _COLUMNS[1:])]) + " |")
    for note in (note for row in rows for note in (*row.lost, *row.different, *row.elsewhere[: arguments.show])):
        print(note, file=sys.stderr)
    return 1 if any(row.different for row in rows) else 0


@dataclass
class Row:
    """What was counted in one repository, and what to tell beside it."""

    counts: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


def _compared(tree: Path, command: Sequence[str]) -> Row:
    found = discover([tree], 1 << 30)
    files = [file for file in found.files if file.format == "kustomize"]
    parsed = read_kubernetes(found, Config())
    row = Row()
    row.counts["kustomizations"] = len(files)
    for name in sorted((parsed.unread | parsed.partly) & {file.name for file in files}):
        row.counts["not or in part"] += 1
        row.lost.append(f"not rendered or in part: {name}: {_reasons(parsed, name)}")
    folders = {file.path.parent for file in files if file.name not in parsed.partly}
    for folder in sorted({found.base / root for root in parsed.roots} & folders):
        mine = [each for each in parsed.declarations if found.base / each.root == folder]
        equal = _texts(each.attributes for each in mine) == _texts(_rendered(command, folder))
        row.counts.update({"overlays": 1, "equal": int(equal), "objects": len(mine)})
        row.different += [] if equal else [f"different: {folder}"]
        for where, how in _lines(mine, parsed):
            row.counts.update(("values", how))
            row.elsewhere += [f"elsewhere: {where}"] if how == "elsewhere" else []
    return row


def _command() -> list[str]:
    for name, word in (("kustomize", "build"), ("kubectl", "kustomize")):
        path = shutil.which(name)
        if path:
            return [path, word]
    sys.exit("overlays.py needs kustomize or kubectl")


def _rendered(command: Sequence[str], folder: Path) -> list[object]:
    environment = {"HOME": os.devnull, "PATH": "", **_CLOSED}
    done = subprocess.run([*command, str(folder)], capture_output=True, env=environment, check=False)
    documents = read_yaml(done.stdout, str(folder)).documents
    return [each.data for document in documents for each in objects(document)]


def _texts(found: Iterable[object]) -> list[str]:
    return sorted(json.dumps(each, sort_keys=True) for each in found)


def _lines(found: Sequence[Declaration], parsed: Parsed) -> Iterator[tuple[str, str]]:
    """For each plain value where it is said to stand, and what of it stands there."""
    for each in found:
        for path, span in each.places.items():
            steps = steps_of(each.attributes, path)
            value = value_at(each.attributes, steps or ())
            if steps is None or value is None or isinstance(value, dict | list):
                continue
            line = parsed.sources[span.file][span.line - 1]
            text = json.dumps(value) if isinstance(value, bool) else str(value).partition("\n")[0]
            if line.rstrip().endswith(_BLOCKS):
                line += parsed.sources[span.file][span.line]
            part = line.partition(":")[2].strip().strip("\"'")
            key = "key only" if str(steps[-1]) in line else "elsewhere"
            how = "on the line" if text in line else "part" if part and part in text else key
            yield f"{each.id} {path} = {text!r}: {span}: {line.strip()}", how


def _reasons(parsed: Parsed, name: str) -> str:
    return "; ".join(problem.message for problem in parsed.problems if problem.span.file == name)


if __name__ == "__main__":
    sys.exit(main())
