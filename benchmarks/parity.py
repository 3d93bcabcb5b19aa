"""Compare the resource addresses that riskscan finds in Terraform roots with those of tfparse, trivy's evaluator.

    python benchmarks/parity.py ROOT…

Each ROOT is one root module. Both expand `count`, `for_each` and local module calls; a difference is listed with the
side that has the address. Where `count` or `for_each` is unknown the two differ by design: riskscan keeps one instance
and says so, tfparse guesses. Exit code 1 when there is any difference. Needs `pip install tfparse`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isolated import Aborted, Isolated

from scanner.config import Config
from scanner.discovery import discover
from scanner.pipeline import read_terraform


def ours(root: Path) -> set[str]:
    """The addresses of riskscan, without the root's own prefix."""
    config = Config()
    found = read_terraform(discover([root], config.limits.max_file_bytes), config)
    names = ("", ".", root.name)
    return {d.id.rpartition("#")[2] for d in found.declarations if d.root in names and d.mode in ("managed", "data")}


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


def main() -> int:
    """Print each difference, then one line a root."""
    parser = argparse.ArgumentParser(description="Compare resource addresses with tfparse.")
    parser.add_argument("roots", nargs="+", type=Path, metavar="ROOT", help="a Terraform root module")
    differences = 0
    child = Isolated()
    for root in parser.parse_args().roots:
        try:
            mine, peer = ours(root), child(theirs, root)
        except Aborted:
            print(f"{root.name}: tfparse aborts")
            continue
        for address in sorted(mine ^ peer):
            print(f"{root.name}: only {'riskscan' if address in mine else 'tfparse'}: {address}")
        differences += len(mine ^ peer)
        print(f"{root.name}: {len(mine & peer)} in common, {len(mine - peer)} + {len(peer - mine)} apart")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
