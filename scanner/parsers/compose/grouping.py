"""Which Compose files make one project: what ``docker compose`` would take together in a folder, and what lies over it.

https://docs.docker.com/compose/how-tos/multiple-compose-files/merge/.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from scanner.model.span import Span
from scanner.parsers.compose.fields import Field
from scanner.parsers.compose.interpolation import Variables
from scanner.parsers.compose.reading import Reading

DEFAULTS: Final = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
"""File names that need not be told, in the order in which they are looked for."""
OVERRIDES: Final = (
    *("compose.override.yml", "compose.override.yaml"),
    *("docker-compose.override.yml", "docker-compose.override.yaml"),
)
NOT_PRODUCTION: Final = re.compile(
    r"(?:^|[-._/])(?:dev|devel|development|local|test|tests|testing|e2e|ci|debug|example|examples|sample|samples|demo"
    r"|devcontainer|sandbox|playground|fixtures?|testdata|testnet|devnet)(?:$|[-._/])"
)
"""Words in the path of a file that say that it is not for production."""


class Files(Struct, frozen=True):
    """The files of one project in the order in which they are laid over each other, by absolute path.

    ``name`` is what the project is called in ids: its folder, or for one of several in a folder the file that makes it.
    """

    name: str
    folder: str
    paths: tuple[str, ...]
    default: bool


def grouped(paths: Sequence[str], reading: Reading) -> Iterator[Files]:
    """The projects that files make."""
    folders: dict[str, list[str]] = {}
    for path in sorted(paths):
        folders.setdefault(posixpath.dirname(path), []).append(path)
    for folder, found in folders.items():
        yield from _Folder(folder, tuple(found), folders, reading).projects()


class _Folder(Struct, frozen=True):
    """The Compose files of one folder."""

    folder: str
    paths: tuple[str, ...]
    folders: Mapping[str, Sequence[str]]
    reading: Reading

    def projects(self) -> Iterator[Files]:
        first = self._default()
        taken = set(first)
        rest = [path for path in self.paths if path not in taken and posixpath.basename(path) not in OVERRIDES]
        over: dict[str, tuple[str, ...]] = {
            path: self._below(path, first) for path in rest if is_fragment(path, self.reading)
        }
        covered = any(
            below and below[0] in first and not for_development(path, self.reading) for path, below in over.items()
        )
        if first and not covered:
            yield Files(self.reading.name_of(self.folder), self.folder, tuple(first), True)
        bases = {below[0] for path, below in over.items() if below and not for_development(path, self.reading)}
        for path in rest:
            if path in bases:
                continue
            below = over.get(path, ())
            folder = posixpath.dirname(below[0]) if below else self.folder
            yield Files(self.reading.name_of(path), folder, (*below, path), False)

    def _default(self) -> list[str]:
        """What is taken when no file is told: those that ``COMPOSE_FILE`` in ``.env`` lists, else the usual names."""
        listed = [path for path in listed_files(self.folder, self.reading) if path in self.paths]
        if listed:
            return listed
        by_name = {posixpath.basename(path): path for path in self.paths}
        base = next((by_name[name] for name in DEFAULTS if name in by_name), None)
        if base is None:
            return []
        override = next((by_name[name] for name in OVERRIDES if name in by_name), None)
        return [base] if override is None else [base, override]

    def _below(self, fragment: str, first: Sequence[str]) -> tuple[str, ...]:
        """What a fragment lies over: the usual file, else the one here or above that has its services."""
        wanted = incomplete(fragment, self.reading)
        near = [*first[:1], *self.paths, *self.folders.get(posixpath.dirname(self.folder), ())]
        fits = [path for path in dict.fromkeys(near) if path != fragment and wanted <= complete(path, self.reading)]
        if first[:1] and first[0] in fits:
            return (first[0],)
        return (fits[0],) if len(fits) == 1 else ()


def listed_files(folder: str, reading: Reading) -> list[str]:
    """The files that ``COMPOSE_FILE`` lists."""
    values = reading.variables(
        posixpath.join(folder, ".env"), _start(folder, reading), Variables({}), optional=True
    ).values
    listed = values.get("COMPOSE_FILE")
    separator = values.get("COMPOSE_PATH_SEPARATOR") or (";" if isinstance(listed, str) and ";" in listed else ":")
    if not isinstance(listed, str) or not isinstance(separator, str):
        return []
    return [
        posixpath.normpath(posixpath.join(folder, part.strip())) for part in listed.split(separator) if part.strip()
    ]


def _start(folder: str, reading: Reading) -> Span:
    return Span(reading.name_of(posixpath.join(folder, ".env")), 1)


def is_fragment(path: str, reading: Reading) -> bool:
    """Whether a file only says more about services that another one declares."""
    return bool(incomplete(path, reading))


def incomplete(path: str, reading: Reading) -> frozenset[str]:
    """Services of a file that say neither what they run nor what they extend."""
    return frozenset(name for name, item in _services(path, reading) if not _complete(item))


def complete(path: str, reading: Reading) -> frozenset[str]:
    """Services of a file that say what they run."""
    return frozenset(name for name, item in _services(path, reading) if _complete(item))


def _services(path: str, reading: Reading) -> Iterator[tuple[str, object]]:
    for document in reading.documents(path, Span(reading.name_of(path), 1)) or ():
        services = document.data.get("services") if isinstance(document.data, dict) else None
        yield from services.items() if isinstance(services, dict) else ()


def _complete(service: object) -> bool:
    return isinstance(service, dict) and bool(service.keys() & RUNNABLE)


RUNNABLE: Final = frozenset({"image", "build", "extends", "provider"})
"""Keys of which a service has one in the end."""


def for_development(path: str, reading: Reading) -> bool:
    """Whether the name of a file, or of a folder that it lies in, says that it is not for production."""
    return NOT_PRODUCTION.search(reading.name_of(path).lower()) is not None


def raw_name(model: Field, variables: Variables) -> str:
    """The name that a project gives itself, or an empty text."""
    named = model.text("name") or variables.values.get("COMPOSE_PROJECT_NAME")
    return named if isinstance(named, str) else ""
