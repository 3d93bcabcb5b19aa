"""What the user can tell about places and environments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from scanner.model.path_placement import PathPlacement


class Settings(Struct, frozen=True):
    """What the user can tell about places and environments.

    ``region`` is used where a provider configuration has none; ``environments`` maps a tier to globs of file paths;
    of ``places`` the first that matches a file counts. ``texts`` are the lines of the files that were read.
    """

    region: str | None = None
    environments: Mapping[str, tuple[str, ...]] = {}
    places: Sequence[PathPlacement] = ()
    texts: Mapping[str, Sequence[str]] = {}
