"""Folders of configuration: their files parsed, and which of them call which."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from msgspec import Struct

from scanner.cache.keys import digest, of_content, origin
from scanner.cache.store import Cache
from scanner.model.problem import Problem, ProblemKind
from scanner.model.span import Span
from scanner.parsers.source_lines import source_lines
from scanner.parsers.terraform import syntax, tree
from scanner.parsers.terraform.disk import Disk
from scanner.parsers.terraform.front_end import choice
from scanner.parsers.terraform.source import ModuleSource, module_source
from scanner.parsers.terraform.variables import Assignment, read_assignments

_CONFIGURATION: Final = (".tf", ".tofu", ".tf.json", ".tofu.json")
_STATES: Final = "terraform_remote_state"


class InputFile(Struct, frozen=True):
    """One file to parse: absolute path, reported name, and whether it holds variable values."""

    path: Path
    name: str
    is_values: bool


class Summary(Struct, frozen=True):
    """What has to be known of a folder before anything in it is evaluated.

    ``calls`` are the local sources of its modules; ``declares`` is false when nothing in it makes a root module,
    ``applied`` true when something shows that it is one.
    """

    calls: tuple[str, ...]
    variables: tuple[str, ...]
    declares: bool
    applied: bool
    reads_states: bool
    problems: tuple[Problem, ...]
    unread: tuple[str, ...]
    partly: tuple[str, ...]


@dataclass(slots=True)
class Contents:
    """The parsed files of one folder."""

    source: ModuleSource
    assignments: list[tuple[str, Mapping[str, Assignment]]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    partly: list[str] = field(default_factory=list)

    def summary(self) -> Summary:
        """What others than the evaluation need to know."""
        source = self.source
        calls = (literal(located.block.body.attributes.get("source")) for located in source.calls.values())
        blocks = (block.type for settings in source.settings for block in settings.block.body.blocks)
        return Summary(
            tuple(text for text in calls if text is not None and is_local(text)),
            tuple(source.variables),
            bool(source.resources or source.calls or source.settings or source.outputs or source.locals),
            bool(source.providers or self.assignments) or any(kind in ("backend", "cloud") for kind in blocks),
            any(kind == _STATES for _, kind, _ in source.resources),
            tuple(self.problems),
            tuple(self.unread),
            tuple(self.partly),
        )


@dataclass(slots=True)
class Folder:
    """One folder with the bytes of its files. They are parsed when somebody asks for what they say.

    ``digest`` is the hash of all that decides what it says: contents, and names as reports show them. It is empty where
    nothing is kept for later runs.
    """

    path: Path
    files: tuple[tuple[InputFile, bytes], ...]
    digest: str
    cache: Cache
    _contents: Contents | None = None
    _summary: Summary | None = None

    @property
    def source(self) -> ModuleSource:
        """The blocks of its files."""
        return self.contents().source

    @property
    def assignments(self) -> list[tuple[str, Mapping[str, Assignment]]]:
        """The values of its variable files, by their names."""
        return self.contents().assignments

    def contents(self) -> Contents:
        """The parsed files, parsed once."""
        if self._contents is None:
            self._contents = self._read()
        return self._contents

    def summary(self) -> Summary:
        """What has to be known before evaluating, without parsing where it is known from an earlier run."""
        if self._summary is None:
            self._summary = self._remembered() if self.digest else self.contents().summary()
        return self._summary

    def _remembered(self) -> Summary:
        key = digest("terraform folder", origin(), self.digest)
        found = self.cache.get(key, Summary)
        if found is None:
            found = self.contents().summary()
            self.cache.put(key, found)
        return found

    def _read(self) -> Contents:
        parsed = [(file, _parsed(data, file.path.name, self.cache)) for file, data in self.files]
        source = module_source(str(self.path), [(file.name, found) for file, found in parsed if not file.is_values])
        contents = Contents(source, problems=list(source.problems))
        for file, found in parsed:
            if any(problem.fatal for problem in found.problems):
                empty = not found.body.attributes and not found.body.blocks
                (contents.unread if empty else contents.partly).append(file.name)
            if file.is_values:
                contents.assignments.append((file.path.name, read_assignments(found, file.name, contents.problems)))
        return contents


def _parsed(data: bytes, name: str, cache: Cache) -> tree.ParsedFile:
    """The tree of a file; of equal ones in one run the same."""
    return cache.once(("tree", choice(), data, name.rpartition(".")[2]), partial(syntax.parse, data, name))


@dataclass(slots=True)
class Reader:
    """Reads and parses files, each content once; keeps what could not be read.

    ``keyed`` when something is kept in the cache for later, and not only for this one reading.
    """

    disk: Disk
    base: Path
    max_bytes: int
    cache: Cache
    keyed: bool
    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    partly: set[str] = field(default_factory=set)
    lines: dict[str, tuple[str, ...]] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    answers: dict[tuple[str, str], str] = field(default_factory=dict)
    _installed: dict[Path, Installed] = field(default_factory=dict)

    def folders(self, files: Sequence[InputFile]) -> dict[Path, Folder]:
        """All files, folder by folder. A ``.tofu`` file replaces the ``.tf`` file of the same name."""
        found = {path: self._folder(path, members) for path, members in _by_folder(files)}
        for folder in found.values():
            self.take(folder)
        return found

    def installed(self, path: Path) -> Installed:
        """A folder of installed modules, which the walk over the tree left out, read once."""
        if path not in self._installed:
            self._installed[path] = self._read_installed(path)
        return self._installed[path]

    def take(self, folder: Folder) -> None:
        """Count a folder among what was read, with all that is wrong with it."""
        summary = folder.summary()
        self.problems.extend(summary.problems)
        self.unread.update(summary.unread)
        self.partly.update(summary.partly)
        self.lines.update((f.name, source_lines(data)) for f, data in folder.files)

    def take_installed(self, found: Installed) -> None:
        """Count a folder of installed modules among what was read."""
        self.problems.extend(found.problems)
        if found.folder is not None:
            self.take(found.folder)

    def _folder(self, path: Path, members: Sequence[InputFile]) -> Folder:
        names = {member.path.name for member in members}
        kept = [m for m in members if m.path.name.replace(".tf", ".tofu", 1) not in names or ".tofu" in m.path.name]
        files = tuple((file, data) for file in kept if (data := self._bytes(file)) is not None)
        return Folder(path, files, self._digest(files), self.cache)

    def _digest(self, files: Sequence[tuple[InputFile, bytes]]) -> str:
        if not self.keyed:
            return ""
        return digest(choice(), *(part for file, data in files for part in (file.name, of_content(data))))

    def _bytes(self, file: InputFile) -> bytes | None:
        """A file's bytes; ``None`` when it can't be opened."""
        try:
            with open(file.path, "rb", buffering=0) as opened:  # noqa: PTH123 - thousands of small files
                return opened.read()
        except OSError as error:
            self.problems.append(
                Problem(Span(file.name, 1), ProblemKind.UNREADABLE, f"file not read: {error.strerror}")
            )
            self.unread.add(file.name)
            return None

    def _read_installed(self, path: Path) -> Installed:
        files: list[InputFile] = []
        problems: list[Problem] = []
        for file in sorted(path.iterdir()) if path.is_dir() else ():
            if not file.name.endswith(_CONFIGURATION) or file.name.startswith("."):
                continue
            if not self.disk.is_within(file) or not file.is_file():
                continue
            if file.stat().st_size > self.max_bytes:
                message = f"file larger than {self.max_bytes} bytes"
                problems.append(Problem(Span(file.name, 1), ProblemKind.LIMIT, message))
                continue
            name = os.path.relpath(file, self.base).replace(os.sep, "/")
            files.append(InputFile(file, name, is_values=False))
        folder = self._folder(path, files) if files else None
        told = digest(folder.digest if folder else "none", *(problem.span.file for problem in problems))
        return Installed(folder, tuple(problems), told)


class Installed(Struct, frozen=True):
    """A folder of installed modules if it holds configuration, and what of it is not read."""

    folder: Folder | None
    problems: tuple[Problem, ...]
    digest: str


def _by_folder(files: Sequence[InputFile]) -> list[tuple[Path, list[InputFile]]]:
    found: dict[Path, list[InputFile]] = {}
    for file in files:
        found.setdefault(file.path.parent, []).append(file)
    return sorted(found.items())


def uncalled(folders: Mapping[Path, Folder]) -> list[Path]:
    """Folders that no other calls, and the first of each circle of folders that only call each other."""
    calls = {path: [target for target in _local_calls(folder) if target in folders] for path, folder in folders.items()}
    called = {target for targets in calls.values() for target in targets}
    found: list[Path] = []
    reached: set[Path] = set()
    for path in (*(p for p in folders if p not in called), *folders):
        if path in reached:
            continue
        found.append(path)
        waiting = [path]
        while waiting:
            target = waiting.pop()
            if target not in reached:
                reached.add(target)
                waiting.extend(calls[target])
    return sorted(found)


def _local_calls(folder: Folder) -> Iterator[Path]:
    for text in folder.summary().calls:
        yield Path(os.path.normpath(folder.path / text))


def is_local(source: str) -> bool:
    """Whether a module's source is a path."""
    return source.startswith(("./", "../", ".\\", "..\\"))


def literal(attribute: tree.Attribute | None) -> str | None:
    """The text of an attribute that is written as plain text."""
    value = attribute.value if attribute else None
    return value.value if isinstance(value, tree.Literal) and isinstance(value.value, str) else None
