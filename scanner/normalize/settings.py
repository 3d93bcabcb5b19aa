"""What the user can tell about places and environments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from scanner.model.span import Span


class GivenPlace(Struct, frozen=True):
    """Where the resources of matching files run, when they do not say so themselves. Unset parts are empty."""

    paths: tuple[str, ...]
    provider: str = ""
    account: str = ""
    region: str = ""
    zones: tuple[str, ...] = ()
    cluster: str = ""
    span: Span | None = None


class Settings(Struct, frozen=True):
    """What the user can tell about places and environments.

    ``region`` is used where a provider configuration has none; ``environments`` maps a tier to globs of file paths;
    of ``places`` the first that matches a file counts.
    """

    region: str | None = None
    environments: Mapping[str, tuple[str, ...]] = {}
    places: Sequence[GivenPlace] = ()
