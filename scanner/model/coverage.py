"""How much of what was found was read."""

from __future__ import annotations

from msgspec import Struct


class FormatCoverage(Struct, frozen=True):
    """How many files of one format were found, read whole, read in part, and not read."""

    found: int = 0
    read: int = 0
    partly: int = 0
    unread: int = 0
