"""Prints a digest of all that an installation of this checkout is made from, the interpreter included."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

MADE = frozenset({"__pycache__", "_compiled"})


def sources(root: Path) -> Iterator[Path]:
    """The files that are installed, or decide what is."""
    yield from (root / name for name in ("pyproject.toml", "requirements.lock", "hatch_build.py"))
    for folder in ("scanner", "rules"):
        found = ((path, path.relative_to(root).parts) for path in (root / folder).rglob("*") if path.is_file())
        yield from (path for path, parts in sorted(found) if not MADE & {*parts})


def digest(root: Path) -> str:
    """The same text for the same sources, wherever they lie."""
    found = hashlib.sha256(sys.version.encode())
    for path in sources(root):
        content = path.read_bytes()
        found.update(f"\0{path.relative_to(root).as_posix()}\0{len(content)}\0".encode() + content)
    return found.hexdigest()


if __name__ == "__main__":
    sys.stdout.buffer.write(digest(Path(sys.argv[1])).encode())
