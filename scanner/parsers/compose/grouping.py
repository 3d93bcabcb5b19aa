"""Which Compose files make one project: what ``docker compose`` would take together in a folder, and what lies over it.

https://docs.docker.com/compose/how-tos/multiple-compose-files/merge/.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from scanner.model.compose import FOR_DEVELOPMENT, RUNNABLE
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
    found = [_Folder(folder, tuple(names), folders, reading) for folder, names in folders.items()]
    over = {fragment: below for each in found for fragment, below in each.fragments().items()}
    bases = {below for fragment, below in over.items() if below and not for_development(fragment, reading)}
    for each in found:
        yield from each.projects(over, bases)


class _Folder(Struct, frozen=True):
    """The Compose files of one folder."""

    folder: str
    paths: tuple[str, ...]
    folders: Mapping[str, Sequence[str]]
    reading: Reading

    def projects(self, over: Mapping[str, str], bases: Collection[str]) -> Iterator[Files]:
        """Its projects. ``over`` maps fragments to what they lie over; ``bases`` are no projects without them."""
        first = self._default()
        if first and first[0] not in bases:
            yield Files(self.reading.name_of(self.folder), self.folder, tuple(first), True)
        for path in self._rest(first):
            if path not in bases:
                below = over.get(path, "")
                paths = (below, path) if below else (path,)
                yield Files(self.reading.name_of(path), posixpath.dirname(paths[0]), paths, False)

    def fragments(self) -> dict[str, str]:
        """Files that only say more about services of another, with that file, or an empty text where none fits."""
        first = self._default()
        return {path: self._below(path, first) for path in self._rest(first) if incomplete(path, self.reading)}

    def _rest(self, first: Sequence[str]) -> list[str]:
        return [path for path in self.paths if path not in first and posixpath.basename(path) not in OVERRIDES]

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

    def _below(self, fragment: str, first: Sequence[str]) -> str:
        """What a fragment lies over: the usual file, else the one here or above that has its services."""
        wanted = incomplete(fragment, self.reading)
        near = [*first[:1], *self.paths, *self.folders.get(posixpath.dirname(self.folder), ())]
        fits = [path for path in dict.fromkeys(near) if path != fragment and wanted <= complete(path, self.reading)]
        if first[:1] and first[0] in fits:
            return first[0]
        return fits[0] if len(fits) == 1 else ""


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


def incomplete(path: str, reading: Reading) -> frozenset[str]:
    """Services of a file that say neither what they run nor what they extend."""
    return _told(path, reading)[1]


def complete(path: str, reading: Reading) -> frozenset[str]:
    """Services of a file that say what they run."""
    return _told(path, reading)[0]


def _told(path: str, reading: Reading) -> tuple[frozenset[str], frozenset[str]]:
    """The names of a file's services: those that say what they run, and the others. Kept, for many ask."""
    if path not in reading.told:
        services = dict(_services(path, reading))
        whole = frozenset(name for name, item in services.items() if _complete(item))
        reading.told[path] = whole, frozenset(services) - whole
    return reading.told[path]


def _services(path: str, reading: Reading) -> Iterator[tuple[str, object]]:
    for document in reading.documents(path, Span(reading.name_of(path), 1)) or ():
        services = document.data.get("services") if isinstance(document.data, dict) else None
        yield from services.items() if isinstance(services, dict) else ()


def _complete(service: object) -> bool:
    return isinstance(service, dict) and bool(service.keys() & RUNNABLE)


def for_development(path: str, reading: Reading) -> bool:
    """Whether the name of a file, or of a folder that it lies in, says that it is not for production."""
    return FOR_DEVELOPMENT.search(reading.name_of(path).lower()) is not None


def raw_name(model: Field, variables: Variables) -> str:
    """The name that a project gives itself, or an empty text."""
    named = model.text("name") or variables.values.get("COMPOSE_PROJECT_NAME")
    return named if isinstance(named, str) else ""
