"""Compare the resource addresses of riskscan in every root of a tree with those of tfparse, the evaluator of trivy.

    python benchmarks/parity.py TREE...

Both expand `count`, `for_each` and local module calls, and both get the `.tfvars` files that Terraform would load. Each
difference is listed with a reason where the data shows one:

- *number unknown*, *module unknown*: riskscan keeps one instance, `[*]`, and says so; tfparse guesses.
- *tfparse does not enter the module*: it lists nothing of the resource.
- *Terraform refuses the file*: riskscan goes on after a syntax error, tfparse leaves the whole root out.
- *tfparse lists other than it counts*: what its own value of `count` or `for_each` says is not what it lists.
- *tfparse has no number and lists one*: its own value of `count` or `for_each` is null.

The last two say only that tfparse is no witness. README.md tells who is right, from the code
and from what Terraform plans.
Exit code 1 when a difference has no reason. Needs `pip install tfparse`.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from isolated import Aborted, Isolated

from scanner.config import Config
from scanner.discovery import discover
from scanner.front_ends import read_terraform


@dataclass(frozen=True, slots=True)
class Root:
    """What riskscan finds in a root module: its addresses, and which of them stand in a file with a syntax error."""

    addresses: set[str]
    in_refused_files: set[str]


def ours(tree: Path) -> dict[Path, Root]:
    """The addresses of riskscan by root module."""
    config = Config()
    found = read_terraform(discover([tree], config.limits.max_file_bytes), config)
    by_root = {root.folder: Root(set(), set()) for root in found.roots}
    folders = {root.name: root.folder for root in found.roots}
    for declaration in found.declarations:
        if declaration.mode in ("managed", "data"):
            root, address = by_root[folders[declaration.root]], declaration.id.rpartition("#")[2]
            root.addresses.add(address)
            if declaration.span.file in found.partly | found.unread:
                root.in_refused_files.add(address)
    return by_root


def theirs(root: Path) -> dict[str, int | None]:
    """The addresses of tfparse, each with the number of instances that its own `count` or `for_each` comes to."""
    import tfparse

    return dict(_addresses(tfparse.load_from_path(str(root), vars_paths=_value_files(root))))


def _value_files(root: Path) -> list[str]:
    """The names of the files that Terraform takes the values of variables from, in its order."""
    automatic = sorted(path.name for ending in ("", ".json") for path in root.glob(f"*.auto.tfvars{ending}"))
    return [name for name in ("terraform.tfvars", "terraform.tfvars.json", *automatic) if (root / name).is_file()]


def _addresses(blocks: dict[str, list[dict[str, Any]]]) -> Iterator[tuple[str, int | None]]:
    for members in blocks.values():
        for block in members:
            meta = block.get("__tfmeta", {})
            if meta.get("type") in ("resource", "data"):
                yield meta["path"], _number(block)


def _number(block: dict[str, Any]) -> int | None:
    if "for_each" in block:
        return len(block["for_each"]) if isinstance(block["for_each"], (dict, list)) else None
    count = block.get("count", 1)
    try:
        return None if count is None else int(count)
    except (TypeError, ValueError):
        return None


_KEY = re.compile(r'\[(?:[^\]"]|"[^"]*")*\]')
_LAST_KEY = re.compile(_KEY.pattern + "$")


def reason(address: str, root: Root, peer: Mapping[str, int | None]) -> str:
    """Why one side alone has an address; empty when nothing explains it."""
    base = _KEY.sub("", address)
    kin = [other for other in root.addresses if _KEY.sub("", other) == base]
    if any("[*]" in other for other in kin):
        return "module unknown" if any(other.startswith("module.") for other in kin) else "number unknown"
    if address in root.addresses and not any(_KEY.sub("", other) == base for other in peer):
        if address in root.in_refused_files:
            return "Terraform refuses the file"
        return "tfparse does not enter the module" if "module." in address else ""
    block = _LAST_KEY.sub("", address)
    numbers = [number for other, number in peer.items() if _LAST_KEY.sub("", other) == block]
    if None in numbers and len(numbers) == 1:
        return "tfparse has no number and lists one"
    return "tfparse lists other than it counts" if any(number != len(numbers) for number in numbers) else ""


SUMMED: Final = ("number unknown", "module unknown", "tfparse does not enter the module")
"""Reasons that are only counted: what riskscan does there is its design, and the addresses are many."""


def main() -> int:
    """Print each difference to look at, then one line a root and one a tree."""
    parser = argparse.ArgumentParser(description="Compare resource addresses with tfparse.")
    parser.add_argument("trees", nargs="+", type=Path, metavar="TREE", help="a folder of Terraform root modules")
    unexplained = 0
    child = Isolated()
    for tree in parser.parse_args().trees:
        total: Counter[str] = Counter()
        for folder, root in sorted(ours(tree.resolve()).items()):
            try:
                peer = child(theirs, folder)
            except Aborted:
                total["roots on which tfparse aborts"] += 1
                print(f"{folder.relative_to(tree.resolve())}: tfparse aborts")
                continue
            total["roots"] += 1
            total["in common"] += len(root.addresses & peer.keys())
            for address in sorted(root.addresses ^ peer.keys()):
                why = reason(address, root, peer)
                total[why or "unexplained"] += 1
                unexplained += not why
                if why not in SUMMED:
                    side = "riskscan" if address in root.addresses else "tfparse"
                    print(f"{folder.relative_to(tree.resolve())}: only {side}: {address}: {why or 'unexplained'}")
        print(f"{tree.name}: {', '.join(f'{name}: {number}' for name, number in sorted(total.items()))}")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
