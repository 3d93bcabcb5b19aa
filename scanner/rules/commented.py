"""Which files may hold a waiver at all: few do, and all are asked for several kinds, on both sides of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

OURS, SKIP, IGNORE = "riskscan:", ":skip=", ":ignore:"
"""What stands in a comment that waives something: ours, checkov's, trivy's and tfsec's."""
_ALL: Final = (OURS, SKIP, IGNORE)
_REMEMBERED: Final = 4096
"""Files whose answer is remembered."""


def may_waive(lines: Sequence[str], mark: str) -> bool:
    """Whether a mark stands anywhere in a file, in whatever case."""
    return mark in _marks(tuple(lines))


@lru_cache(maxsize=_REMEMBERED)
def _marks(lines: tuple[str, ...]) -> frozenset[str]:
    text = "\n".join(lines).lower()
    return frozenset(mark for mark in _ALL if mark in text)
