"""The states that are compared: files as they lie, or those of a revision; and the configuration as it is in each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from scanner.config import Config, ConfigError
from scanner.discovery.files import find_base, relative_name
from scanner.model.problem import Problem

if TYPE_CHECKING:
    from scanner.revisions import Checkout


class State(Struct, frozen=True):
    """What to read: paths, and the checkout that they lie in if they are a revision's."""

    paths: tuple[Path, ...]
    checkout: Checkout | None = None

    @property
    def folder(self) -> Path:
        """The folder from which places are named."""
        return self.checkout.folder if self.checkout else find_base([path.resolve() for path in self.paths])

    @property
    def shown(self) -> Path:
        """The folder that people know it by."""
        return self.checkout.repository.root if self.checkout else self.folder

    @property
    def revision(self) -> str:
        """The commit, empty for files as they lie."""
        return self.checkout.commit if self.checkout else ""

    @property
    def absences(self) -> tuple[Problem, ...]:
        """What the revision holds and could not be written."""
        return self.checkout.absences if self.checkout else ()


def named_from(config: Config, owner: State) -> Path:
    """The folder from which the positions and globs of a state's configuration are named."""
    inside = config.root is not None and config.root.is_relative_to(owner.folder)
    return owner.folder if inside else owner.shown


def file_name(config: Config, owner: State) -> str:
    """A state's configuration file as reports name it; empty where there is none."""
    if config.file is None:
        return ""
    return relative_name(config.file.resolve(), named_from(config, owner))


def baseline_name(config: Config, owner: State) -> str:
    """A state's baseline as reports name it; empty where there is none."""
    if config.baseline is None:
        return ""
    place = config.baseline.resolve()
    return relative_name(place, owner.folder if place.is_relative_to(owner.folder) else owner.shown)


def placed(config: Config, owner: State, other: State) -> Config:
    """The configuration of one state as it is for another: the files that it names are the other's own.

    A plan tells of files as they lie, the owner's before others. Raises :class:`ConfigError` for a file that those do
    not have; what a revision did not have yet is left out.
    """
    planned = other.checkout is None and (other is owner or owner.checkout is not None)
    config = config if planned else replace(config, plans=())
    if owner.checkout is None and other.checkout is None:
        return config
    return replace(
        config,
        var_files=_there(config.var_files, owner, other),
        helm_values=_there(config.helm_values, owner, other),
        parameter_files=_there(config.parameter_files, owner, other),
    )


def completed(config: Config, other: Config) -> Config:
    """The configuration with what another says of paths that it does not mention: a folder may have moved since."""
    paths = {path for placement in config.placements for path in placement.paths}
    rest = (replace(each, paths=tuple(p for p in each.paths if p not in paths)) for each in other.placements)
    added = tuple(each for each in rest if each.paths)
    known = {glob for globs in config.environments.values() for glob in globs}
    environments = {
        tier: (*config.environments.get(tier, ()), *(g for g in other.environments.get(tier, ()) if g not in known))
        for tier in (*config.environments, *(tier for tier in other.environments if tier not in config.environments))
    }
    return replace(config, placements=(*config.placements, *added), environments=environments)


def _there(paths: Sequence[Path], owner: State, other: State) -> tuple[Path, ...]:
    found = [(path, place_of(path, owner, other)) for path in paths]
    if other.checkout is not None:
        return tuple(place for _, place in found if place.exists())
    for _, place in found:
        if not place.exists():
            raise ConfigError(f"{place}: the configuration of the base names this file, which is not there any more")
    return tuple(place for _, place in found)


def place_of(path: Path, owner: State, other: State) -> Path:
    """The path of one state as the other has it; one that lies in neither is itself."""
    origin = owner.checkout.origin_of(path) if owner.checkout else path
    return other.checkout.place_of(origin) if other.checkout else origin


def files_of(config: Config) -> tuple[Path, ...]:
    """The files and folders that a configuration names."""
    named = (*config.var_files, *config.helm_values, *config.parameter_files, *config.packs)
    return (*named, *filter(None, (config.file, config.baseline)))
