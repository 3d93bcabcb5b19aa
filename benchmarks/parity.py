"""Compare the resource addresses of riskscan in every root of a tree with those of tfparse, the evaluator of trivy.

    python benchmarks/parity.py TREE...

Both expand `count`, `for_each` and local module calls. Each difference is listed with a reason where there is one:
*number unknown* (riskscan keeps one instance, `[*]`, and says so; tfparse guesses), *module unknown* (the number of the
module's instances is). Exit code 1 when a difference has no reason. Needs `pip install tfparse`.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isolated import Aborted, Isolated

from scanner.config import Config
from scanner.discovery import discover
from scanner.pipeline import read_terraform


def ours(tree: Path) -> dict[Path, set[str]]:
    """The addresses of riskscan by root module."""
    config = Config()
    found = read_terraform(discover([tree], config.limits.max_file_bytes), config)
    by_root: dict[Path, set[str]] = {root.folder: set() for root in found.roots}
    folders = {root.name: root.folder for root in found.roots}
    for declaration in found.declarations:
        if declaration.mode in ("managed", "data"):
            by_root[folders[declaration.root]].add(declaration.id.rpartition("#")[2])
    return by_root


def theirs(root: Path) -> set[str]:
    """The addresses of tfparse."""
    import tfparse

    return set(_addresses(tfparse.load_from_path(str(root))))


def _addresses(blocks: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    for members in blocks.values():
        for block in members:
            meta = block.get("__tfmeta", {})
            if meta.get("type") in ("resource", "data"):
                yield meta["path"]


_KEY = re.compile(r'\[(?:[^\]"]|"[^"]*")*\]')


def reason(address: str, mine: set[str], peer: set[str]) -> str:
    """Why one side alone has an address; empty when nothing explains it."""
    base = _KEY.sub("", address)
    kin = [other for other in mine if _KEY.sub("", other) == base]
    if any("[*]" in other for other in kin):
        return "module unknown" if any(other.startswith("module.") for other in kin) else "number unknown"
    if address in mine and not any(_KEY.sub("", other) == base for other in peer) and "module." in address:
        return "tfparse does not enter the module"
    return ""


def main() -> int:
    """Print each difference, then one line a root and one a tree."""
    parser = argparse.ArgumentParser(description="Compare resource addresses with tfparse.")
    parser.add_argument("trees", nargs="+", type=Path, metavar="TREE", help="a folder of Terraform root modules")
    unexplained = 0
    child = Isolated()
    for tree in parser.parse_args().trees:
        total: Counter[str] = Counter()
        for root, mine in sorted(ours(tree.resolve()).items()):
            try:
                peer = child(theirs, root)
            except Aborted:
                total["roots on which tfparse aborts"] += 1
                continue
            total["roots"] += 1
            total["in common"] += len(mine & peer)
            for address in sorted(mine ^ peer):
                why = reason(address, mine, peer)
                total[why or "unexplained"] += 1
                if not why:
                    unexplained += 1
                    side = "riskscan" if address in mine else "tfparse"
                    print(f"{root.relative_to(tree.resolve())}: only {side}: {address}")
        print(f"{tree.name}: {', '.join(f'{name}: {number}' for name, number in sorted(total.items()))}")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
