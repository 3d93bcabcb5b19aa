"""What an entry is called: a hash of all that decides what it holds."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scanner.version import VERSION

if TYPE_CHECKING:
    from hashlib import blake2b

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
_SHOWING: Final = ("cli", "reporters", "_data", "_compiled")
"""Folders that decide nothing: they show, or hold again what lies elsewhere or is a part of the key."""
_DECIDING: Final = (".py", ".yaml", ".json")
_INSTALLED: Final = re.compile(r"([A-Za-z0-9._-]+)-([^-]+)\.dist-info")


def digest(*parts: str | bytes) -> str:
    """The hash of several texts in order. Each counts with its length: none can be taken for the end of another."""
    state = hashing()(digest_size=20)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        state.update(b"%d:" % len(data))
        state.update(data)
    return state.hexdigest()


def of_content(data: bytes) -> str:
    """The hash of a file's bytes."""
    return hashing()(data, digest_size=20).hexdigest()


@cache
def hashing() -> type[blake2b]:
    """The hash function, imported where there is something to hash."""
    from hashlib import blake2b

    return blake2b


@cache
def origin() -> str:
    """The hash of who reads: riskscan's version and code, Python's version, and the libraries that read for us.

    The code is hashed by its content: an installation of the same commit somewhere else has the same.
    """
    code = _code(_READING)
    python = ".".join(map(str, sys.version_info[:3]))
    return digest(VERSION, code, python, sys.implementation.name, sys.platform, *sorted(_libraries(sys.path)))


@cache
def origin_of_all() -> str:
    """The hash of who reads and judges: the same for all code and tables."""
    names = (entry.name for entry in _PACKAGE.iterdir() if entry.name not in (*_SHOWING, *_READING))
    return digest(origin(), _code(tuple(sorted(names))))


def _code(names: Iterable[str]) -> str:
    files = sorted(path for name in names for path in _sources(f"{_PACKAGE}{os.sep}{name}"))
    start = len(str(_PACKAGE))
    return digest(*(part for path in files for part in (path[start:].replace(os.sep, "/"), _content(path))))


def _sources(path: str) -> Iterator[str]:
    if path.endswith(_DECIDING):
        yield path
    for place, _, names in os.walk(path):
        yield from (f"{place}{os.sep}{name}" for name in names if name.endswith(_DECIDING))


def _content(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - hundreds of small files
        return file.read()


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
