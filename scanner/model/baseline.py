"""Findings that were accepted all at once, so that only what is new fails."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from msgspec import Struct


class Entry(Struct, frozen=True):
    """Accepted findings of one rule for one resource. ``resource`` begins with what it is applied with.

    ``file`` is a path from the anchor of the scan, ``until`` the last day on which the entry counts, ``line`` where it
    stands in its file.
    """

    fingerprint: str
    rule: str
    resource: str
    file: str
    count: int = 1
    note: str = ""
    reason: str = ""
    until: date | None = None
    line: int = 1

    @property
    def home(self) -> str:
        """What the resource is applied with; empty where that is the anchor itself."""
        return self.resource.partition("#")[0] if "#" in self.resource else ""

    def expired(self, today: date | None) -> bool:
        """Whether its last day has passed."""
        return self.until is not None and today is not None and self.until < today


class Baseline(Struct, frozen=True):
    """What was accepted. ``paths`` are the folders that were scanned for it, from the anchor."""

    path: Path
    entries: tuple[Entry, ...] = ()
    paths: tuple[str, ...] = ()
