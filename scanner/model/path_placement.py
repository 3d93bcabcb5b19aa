"""Where files that name no place of their own run, as the user says."""

from __future__ import annotations

from msgspec import Struct

from scanner.model.span import Span


class PathPlacement(Struct, frozen=True):
    """Where the resources of matching files run, when they do not say so themselves. Unset parts are empty."""

    paths: tuple[str, ...]
    provider: str = ""
    account: str = ""
    region: str = ""
    zones: tuple[str, ...] = ()
    cluster: str = ""
    span: Span | None = None
