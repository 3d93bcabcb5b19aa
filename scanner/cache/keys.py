"""What an entry is called: a hash of all that decides what it holds."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

from scanner.version import VERSION

_PACKAGE: Final = Path(__file__).resolve().parent.parent
_LIBRARIES: Final = frozenset(
    {
        *("msgspec", "pyyaml", "lark", "regex", "google_re2", "python_hcl2", "tree_sitter", "tree_sitter_hcl"),
        "helm_python_sdk",
    }
)
"""Distributions that read for us: another version may read otherwise."""
_READING: Final = ("model", "cache", "parsers")
"""Packages whose code decides what is read from a file."""
_INSTALLED: Final = re.compile(r"([A-Za-z0-9._-]+)-([^-]+)\.dist-info")


def digest(*parts: str | bytes) -> str:
    """The hash of several texts in order. Each counts with its length: none can be taken for the end of another."""
    state = blake2b(digest_size=20)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        state.update(b"%d:" % len(data))
        state.update(data)
    return state.hexdigest()


def of_content(data: bytes) -> str:
    """The hash of a file's bytes."""
    return blake2b(data, digest_size=20).hexdigest()


@cache
def origin() -> str:
    """The hash of who reads: riskscan's version and code, Python's version, and the libraries that read for us.

    The code is hashed by its content: an installation of the same commit somewhere else has the same.
    """
    files = sorted(path for name in _READING for path in _sources(_PACKAGE / name))
    code = digest(*(part for path in files for part in (path.relative_to(_PACKAGE).as_posix(), path.read_bytes())))
    python = ".".join(map(str, sys.version_info[:3]))
    return digest(VERSION, code, python, sys.implementation.name, sys.platform, *sorted(_libraries(sys.path)))


def _sources(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in names if name.endswith(".py"))


def _libraries(path: Iterable[str]) -> Iterator[str]:
    """The name and version of each library that is installed, by the folders that installers leave."""
    for folder in path:
        try:
            names = os.listdir(folder or ".")  # noqa: PTH208 - thousands of names, of which a few count
        except OSError:
            continue
        for name in names:
            found = _INSTALLED.fullmatch(name)
            if found is not None and found[1].lower().replace("-", "_").replace(".", "_") in _LIBRARIES:
                yield name
