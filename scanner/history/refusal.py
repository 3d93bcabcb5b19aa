"""Why a history cannot be used."""

from __future__ import annotations


class HistoryError(Exception):
    """The file cannot be used; nothing was written to it. The message begins with its name."""


def why(error: OSError) -> str:
    """The system's words for an error."""
    return error.strerror or type(error).__name__
