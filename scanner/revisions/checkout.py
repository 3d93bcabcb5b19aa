"""From a commit to files: blobs as they are stored, so that no filter runs and no attribute leaves a file out.

``git archive`` honours ``export-ignore``; ``git checkout`` and ``git worktree`` run filters and write into the
repository.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scanner.model.problem import Problem, ProblemKind
from scanner.model.span import Span
from scanner.revisions.git import Repository, RevisionError
from scanner.revisions.installed import homes, lend
from scanner.revisions.tree import Writer


@dataclass(frozen=True, slots=True)
class Checkout:
    """A commit's files in a folder that stands for the repository's own, as long as it is open."""

    repository: Repository
    folder: Path
    commit: str
    paths: tuple[Path, ...]
    largest: int
    _writer: Writer

    @property
    def is_whole(self) -> bool:
        """Whether all that was written follows from the commit's tree, and nothing of it is missing."""
        return not self._writer.absences and not self._writer.borrowed

    def objects(self) -> tuple[tuple[str, str], ...]:
        """Each path by its name and that of its tree.

        None where one is no folder in the commit, or where modules are installed beside the tree.
        """
        if self._writer.objects is None:
            self._writer.objects = self._objects()
        return self._writer.objects

    def _objects(self) -> tuple[tuple[str, str], ...]:
        if next(homes(self.paths), None) is not None:
            return ()
        root = self.repository.root
        names = [path.resolve().relative_to(root).as_posix() for path in self.paths]
        asked = "".join(f"{self.commit}:{'' if name == '.' else name}\n" for name in names)
        told = self.repository.ask("cat-file", "--batch-check", data=os.fsencode(asked)).decode("ascii", "replace")
        words = [line.split() for line in told.splitlines()]
        if len(words) != len(names) or any("\n" in name for name in names):
            return ()
        found = [(name, line[0]) for name, line in zip(names, words, strict=True) if line[1:2] == ["tree"]]
        return tuple(found) if len(found) == len(names) else ()

    def fill(self) -> None:
        """Write what is to be read, unless it is there. Raises :class:`RevisionError`."""
        if not self._writer.is_filled:
            self._writer.is_filled = True
            self.add(self.paths)
            self.lend(self.paths, self.largest)

    @property
    def absences(self) -> tuple[Problem, ...]:
        """What the commit holds and the folder does not: submodules, links that lead out."""
        return tuple(sorted(self._writer.absences))

    def place_of(self, path: Path) -> Path:
        """Where a path of the repository lies here, whether it existed then or not; one from outside is itself."""
        found = path.resolve()
        inside = found.is_relative_to(self.repository.root)
        return self.folder / found.relative_to(self.repository.root) if inside else path

    def origin_of(self, path: Path) -> Path:
        """The path of the repository that one of here stands for; another is itself."""
        found = path.resolve()
        return self.repository.root / found.relative_to(self.folder) if found.is_relative_to(self.folder) else path

    def add(self, paths: Sequence[Path]) -> None:
        """Write what the commit holds at or below more paths. Raises :class:`RevisionError`."""
        root = self.repository.root
        found = [path.resolve() for path in paths]
        wanted = [path.relative_to(root).as_posix() for path in found if path.is_relative_to(root)]
        if wanted:
            self._writer.write(self.repository, self.commit, wanted)

    def lend(self, paths: Sequence[Path], largest: int) -> None:
        """Add the modules that are installed in the working tree, which no revision holds."""
        for name in lend(self.repository.root, self.folder, paths, largest):
            place = Span(f"{name}/.terraform/modules" if name != "." else ".terraform/modules", 1)
            told = "these installed modules are those of the working tree; the revision may have asked for others"
            self._writer.absences.append(Problem(place, ProblemKind.UNSUPPORTED, told))

    def add_all(self) -> None:
        """Write all that the commit holds."""
        self.add([self.repository.root])


@contextmanager
def checked_out(
    repository: Repository, revision: str, paths: Sequence[Path], largest: int, *, later: bool = False
) -> Iterator[Checkout]:
    """The files of a revision below some paths of the repository; of one that did not exist, an empty folder.

    With ``later``, folders are empty until they are filled: what they hold may be known. Files of more than ``largest``
    bytes that nobody would read have their size, and nothing in them. Raises :class:`RevisionError`.
    """
    commit = repository.commit(revision)
    for path in paths:
        if not path.resolve().is_relative_to(repository.root):
            raise RevisionError(f"{path} is not in the repository {repository.root}, so {revision} does not hold it")
    with tempfile.TemporaryDirectory(prefix="riskscan-", ignore_cleanup_errors=True) as made:
        folder = Path(made).resolve()
        (folder / ".git").mkdir()  # ends the search for the repository's root here, as in the repository
        checkout = Checkout(repository, folder, commit, tuple(paths), largest, Writer(folder, largest))
        if not later or not checkout.objects():
            checkout.fill()
        for place in map(checkout.place_of, paths):
            if not place.exists():
                place.mkdir(parents=True, exist_ok=True)
        yield checkout
