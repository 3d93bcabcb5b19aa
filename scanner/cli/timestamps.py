"""When a report was made: said by whoever asks, so that two runs give the same bytes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final

import click

TELLING: Final = frozenset({"oscal"})
"""Formats that must tell when they were made."""

NOW: Final = "now"
EPOCH: Final = "SOURCE_DATE_EPOCH"
"""https://reproducible-builds.org/specs/source-date-epoch/"""

TIMESTAMP: Final = click.option(
    "--timestamp",
    metavar="TIME",
    help="When the report is made, such as 2025-01-31T12:00:00Z, or now. oscal needs it.  [default: SOURCE_DATE_EPOCH]",
)


def when(written: str | None, formats: Collection[str], environment: Mapping[str, str]) -> str:
    """The time as formats write it, empty where none asks. Raises ``UsageError`` where one does and nobody says it."""
    asking = sorted(TELLING & set(formats))
    if written is not None:
        return _shown(datetime.now(UTC) if written == NOW else _parsed(written))
    if not asking:
        return ""
    if epoch := environment.get(EPOCH, ""):
        return _shown(_of_epoch(epoch))
    raise click.UsageError(f"{asking[0]} tells when it was made: give --timestamp TIME or now, or set {EPOCH}")


def _shown(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _parsed(written: str) -> datetime:
    try:
        time = datetime.fromisoformat(written)
        if time.tzinfo is None:
            raise click.BadParameter(
                f"{written} has no zone, such as the Z of 2025-01-31T12:00:00Z", param_hint="--timestamp"
            )
        time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{written} is no time such as 2025-01-31T12:00:00Z", param_hint="--timestamp"
        ) from None
    return time


def _of_epoch(seconds: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        raise click.UsageError(f"{EPOCH} is no number of seconds since 1970: {seconds[:40]!r}") from None
