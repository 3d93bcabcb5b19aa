"""Pages that are files of the repository as they stand, with their links led to where they are read here."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from generate import schema_pages
from generate.links import PLACES, resolved

ROOT: Final = Path(__file__).parents[2]
_AS_THEY_STAND: Final = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "benchmarks/README.md",
    "rules/README.md",
    "rules/WAIVERS.md",
    "scanner/catalog/README.md",
    "scanner/scoring/README.md",
    "scanner/simulation/README.md",
)


def pages() -> Mapping[str, str]:
    """Each file by its page."""
    return {
        PLACES[name]: resolved((ROOT / name).read_text(encoding="utf-8"), PLACES[name], posixpath.dirname(name) or ".")
        for name in _AS_THEY_STAND
    }


def schemas() -> Mapping[str, str]:
    """Each JSON Schema by where it is published."""
    names = ("config_schema.json", *schema_pages.documents())
    return {
        f"schemas/{posixpath.basename(name)}": (ROOT / "scanner" / name).read_text(encoding="utf-8") for name in names
    }
