"""What an evaluation sees of the disk, written down as it looks: the same answers again give the same result."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from msgspec import Struct

from scanner.cache.keys import digest, of_content

FILE_LIMIT: Final = 5 * 1024 * 1024
"""Bytes of the largest file that is read."""

ABSOLUTE: Final = "where absolute"
"""The question for the real path of one that does not depend on where the scanned folder is."""


class Entry(Struct, frozen=True):
    """What stands under a name in a folder. ``leads_out``: it is a link to what lies outside of the scanned folder."""

    name: str
    path: str
    is_folder: bool
    is_file: bool
    leads_out: bool


@dataclass(slots=True)
class Disk:
    """Looks below ``root``, its real path, and keeps question and answer in ``seen`` when ``noting``.

    Questions name paths by the way from ``root``, so that the same files somewhere else give the same answers.
    """

    root: Path
    noting: bool = False
    seen: dict[tuple[str, str], str] = field(default_factory=dict)

    def note(self, question: str, path: str | Path, answer: str) -> None:
        """Keep an answer that was found."""
        if self.noting:
            self.seen[question, str(path) if question == ABSOLUTE else self.named(path)] = answer

    def named(self, path: str | Path) -> str:
        """A path by the way from the root, with all the steps that it is written with."""
        text, root = str(path), str(self.root)
        below = text.removeprefix(root)
        if len(below) < len(text) and (not below or below[0] == os.sep):
            return f".{below}"
        return os.path.relpath(text, root)

    def path_of(self, name: str) -> str:
        """The path that :meth:`named` names."""
        if name == "." or name.startswith(f".{os.sep}"):
            return f"{self.root}{name[1:]}"
        return os.path.normpath(self.root / name)

    def located(self, path: str | Path, question: str = "where") -> Path | None:
        """The real path of what may not exist; ``None`` outside of the root. Raises :class:`OSError`.

        The ``question`` is :data:`ABSOLUTE` for a path that is written from the top of the disk.
        """
        try:
            found = Path(os.path.realpath(path))
        except OSError as error:
            self.note(question, path, f"error {error.strerror}")
            raise
        inside = found.is_relative_to(self.root)
        self.note(question, path, self.named(found) if inside else "outside")
        return found if inside else None

    def is_within(self, path: Path) -> bool:
        """Whether a path leads, through links, to a place inside of the root."""
        try:
            inside = path.resolve().is_relative_to(self.root)
        except (OSError, ValueError, RuntimeError):
            inside = False
        self.note("within", path, str(inside))
        return inside

    def mode(self, path: Path) -> int | None:
        """The file's kind, ``None`` when it does not exist. Raises :class:`OSError`."""
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            self.note("kind", path, "none")
            return None
        except OSError as error:
            self.note("kind", path, f"error {error.strerror}")
            raise
        self.note("kind", path, str(stat.S_IFMT(mode)))
        return mode

    def content(self, path: Path) -> bytes:
        """A file's first bytes, one more than :data:`FILE_LIMIT` if there are. Raises :class:`OSError`."""
        try:
            with path.open("rb") as file:
                data = file.read(FILE_LIMIT + 1)
        except OSError as error:
            self.note("content", path, f"error {error.strerror}")
            raise
        if self.noting:
            self.note("content", path, of_content(data))
        return data

    def entries(self, folder: str) -> list[Entry]:
        """What a folder holds, nothing when it does not exist. Raises :class:`OSError`."""
        try:
            with os.scandir(folder) as entries:
                found = [self._entry(entry) for entry in entries]
        except (FileNotFoundError, NotADirectoryError):
            found = []
        except OSError as error:
            self.note("entries", folder, f"error {error.strerror}")
            raise
        if self.noting:
            told = sorted(f"{e.name}\0{e.is_folder}{e.is_file}{e.leads_out}" for e in found)
            self.note("entries", folder, digest(*told))
        return found

    def _entry(self, entry: os.DirEntry[str]) -> Entry:
        leads_out = entry.is_symlink() and not Path(os.path.realpath(entry.path)).is_relative_to(self.root)
        try:
            return Entry(entry.name, entry.path, entry.is_dir(), entry.is_file(), leads_out)
        except OSError:  # a link that leads back to itself
            return Entry(entry.name, entry.path, is_folder=False, is_file=False, leads_out=leads_out)

    def answer(self, question: str, name: str) -> str:
        """What a question is answered now; nothing where it leads out of the root, for it may be a stranger's."""
        ask, path = _QUESTIONS.get(question), name if question == ABSOLUTE else self.path_of(name)
        looking = Disk(self.root, noting=True)
        try:
            if ask is None or (question in _OPENING and not self._may_open(path)):
                return ""
            ask(looking, path)
        except (OSError, ValueError):
            pass  # the answer tells which
        return next(iter(looking.seen.values()), "")

    def _may_open(self, path: str) -> bool:
        """Whether looking inside stays in the root and does not wait for what a pipe brings."""
        found = Disk(self.root).located(path)
        return found is not None and (found.is_file() or found.is_dir() or not found.exists())


_QUESTIONS: Final[dict[str, Callable[[Disk, str], object]]] = {
    "where": lambda disk, path: disk.located(path),
    ABSOLUTE: lambda disk, path: disk.located(path, ABSOLUTE),
    "within": lambda disk, path: disk.is_within(Path(path)),
    "kind": lambda disk, path: disk.mode(Path(path)),
    "content": lambda disk, path: disk.content(Path(path)),
    "entries": lambda disk, path: disk.entries(path),
}
_OPENING: Final = frozenset({"content", "entries"})
