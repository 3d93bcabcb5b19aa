"""Writing the blobs of a tree into a folder, whatever the tree calls them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO, Final

from msgspec import Struct

from scanner.model.problem import Problem, ProblemKind
from scanner.model.span import Span
from scanner.revisions.git import Repository, RevisionError, command, environment

LINK: Final = "120000"
SUBMODULE: Final = "160000"
_READ_WHATEVER_SIZE: Final = (".json", ".gz")
"""Endings of snapshots, which are read line by line."""
READ: Final = (
    *(".tf", ".tofu", ".tfvars", ".hcl", ".tftpl", ".tpl", ".json", ".gz", ".yaml", ".yml", ".template", ".env"),
    *(".bicep", ".bicepparam"),
)
"""Endings of what a scan may read."""
POINTER: Final = b"version https://git-lfs.github.com/spec/v1\noid sha256:"
"""https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md"""
_WHOLE: Final = "fetch it whole with `git fetch --refetch --no-filter`"
_LARGEST_POINTER: Final = 1024
_LONGEST_LINK: Final = 4096
_DEEPEST: Final = 8
"""Levels of submodules in submodules."""
_FORBIDDEN: Final = frozenset('<>:"|?*\\') if os.name == "nt" else frozenset()

MISSING: Final = -1
"""The size of what is not in this clone."""


class Entry(Struct, frozen=True):
    """One path of a tree, as git tells it; its size is ``MISSING`` where the object is not in this clone."""

    mode: str
    object: str
    size: int
    name: str


@dataclass(slots=True)
class Writer:
    """Writes trees below ``folder``, and keeps what it leaves out. Links come last: no file is written through one."""

    folder: Path
    largest: int
    absences: list[Problem] = field(default_factory=list)
    links: list[tuple[str, bytes]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    is_filled: bool = False
    objects: tuple[tuple[str, str], ...] | None = None
    borrowed: bool = False
    """Whether some of it is from elsewhere than the tree: a submodule, or what git LFS keeps."""

    def write(self, repository: Repository, commit: str, paths: Sequence[str]) -> None:
        """The files of a commit at or below some paths. Raises :class:`RevisionError` where objects are missing.

        What was written before is left as it is.
        """
        self._write(repository, commit, paths, "", 0)
        links, self.links = self.links, []
        for name, target in links:
            self._link(name, target)
        for name, _ in links:
            self._check(name)

    def _write(self, repository: Repository, commit: str, paths: Sequence[str], prefix: str, depth: int) -> None:
        entries = [
            each for each in self._usable(tree(repository, commit, paths), prefix) if self._is_here(each, prefix)
        ]
        blobs = [each for each in entries if each.mode != SUBMODULE]
        whole = [each for each in blobs if not self._is_only_large(each)]
        lfs = _Storage(repository)
        for each, data in contents(repository, whole):
            name = f"{prefix}{each.name}"
            if each.mode == LINK:
                self.links.append((name, data))
            else:
                self._file(name, self._meant(data, lfs))
        for each in blobs:
            if self._is_only_large(each):
                self._hole(f"{prefix}{each.name}", each.size)
        for each in entries:
            if each.mode == SUBMODULE:
                self._submodule(repository, each, f"{prefix}{each.name}", depth)

    def _meant(self, data: bytes, lfs: _Storage) -> bytes:
        """The content of a file, for which a pointer of git LFS may stand."""
        if len(data) > _LARGEST_POINTER or not data.startswith(POINTER):
            return data
        self.borrowed = True
        return lfs.of(data)

    def _usable(self, entries: Sequence[Entry], prefix: str) -> Iterator[Entry]:
        """The entries whose names are safe to write. git refuses to make the others, strangers may not."""
        for each in entries:
            name = f"{prefix}{each.name}"
            if name in self.seen:
                continue
            self.seen.add(name)
            if is_safe(each.name):
                yield each
            else:
                self._left_out(name, "its name cannot be a file's here")

    def _is_here(self, each: Entry, prefix: str) -> bool:
        """Whether a file can be had. One that a scan would read must be; others may be missing."""
        if each.size != MISSING:
            return True
        if each.name.lower().endswith(READ):
            raise RevisionError(f"{prefix}{each.name} of that revision is not in this clone; {_WHOLE}")
        self._left_out(f"{prefix}{each.name}", "it is not in this clone")
        return False

    def _is_only_large(self, each: Entry) -> bool:
        return each.size > self.largest and not each.name.lower().endswith(_READ_WHATEVER_SIZE)

    def _file(self, name: str, data: bytes) -> None:
        self._make(name, lambda path: path.write_bytes(data))

    def _hole(self, name: str, size: int) -> None:
        """A file that is too large to be read, as its size alone: discovery says so of both sides."""

        def write(path: Path) -> None:
            with path.open("wb") as stream:
                stream.truncate(size)

        self._make(name, write)

    def _link(self, name: str, target: bytes) -> None:
        text = os.fsdecode(target)
        if len(target) > _LONGEST_LINK or "\0" in text or not stays_inside(name, text):
            self._left_out(name, "a link that leads outside of the repository")
        else:
            self._make(name, lambda path: path.symlink_to(text))

    def _check(self, name: str) -> None:
        """Take a link away that leads out by the way of others."""
        path = self.folder / name
        if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(self.folder):
            path.unlink()
            self._left_out(name, "a link that leads outside of the repository")

    def _make(self, name: str, write: Callable[[Path], object]) -> None:
        """Make one file. What the system refuses is told, such as two names that differ in their case alone."""
        path = self.folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.parent.resolve() != path.parent or os.path.lexists(path):
                raise FileExistsError(0, "another file has its name here")
            write(path)
        except OSError as error:
            told = f"left out of that revision: {error.strerror or 'it cannot be written'}"
            self.absences.append(Problem(Span(name, 1), ProblemKind.UNREADABLE, told))

    def _submodule(self, repository: Repository, each: Entry, name: str, depth: int) -> None:
        """The commit of a submodule, where this clone has it."""
        self.borrowed = True
        inner = Repository(repository.root / each.name, repository.program)
        if depth < _DEEPEST and (inner.root / ".git").exists():
            with suppress(RevisionError):
                self._write(inner, inner.commit(each.object), [""], f"{name}/", depth + 1)
                return
        reason = f"the commit {each.object[:12]} of this submodule is not in this clone; its files are left out"
        self.absences.append(Problem(Span(name, 1), ProblemKind.UNSUPPORTED, reason))

    def _left_out(self, name: str, reason: str) -> None:
        self.absences.append(Problem(Span(name, 1), ProblemKind.UNSUPPORTED, f"left out of that revision: {reason}"))


@dataclass(slots=True)
class _Storage:
    """What git LFS keeps beside the repository. A pointer whose file is not there stays one, as in a clone."""

    repository: Repository
    folder: Path | None = None

    def of(self, data: bytes) -> bytes:
        """The content that a pointer stands for, else the data."""
        if not data.startswith(POINTER):
            return data
        name = data[len(POINTER) : len(POINTER) + 64].decode("ascii", "replace")
        if len(name) != 64 or not name.isalnum():
            return data
        try:
            found = (self._place() / name[:2] / name[2:4] / name).read_bytes()
        except OSError:
            return data
        return found if sha256(found).hexdigest() == name else data

    def _place(self) -> Path:
        if self.folder is None:
            told = os.fsdecode(self.repository.ask("rev-parse", "--git-common-dir")).rstrip("\r\n")
            self.folder = self.repository.root / told / "lfs" / "objects"
        return self.folder


def tree(repository: Repository, commit: str, paths: Sequence[str]) -> list[Entry]:
    """The entries of a commit at or below some paths, in git's order."""
    wanted = [path for path in paths if path not in ("", ".")]
    below = ["--", *wanted] if len(wanted) == len(paths) else []
    try:
        listing = repository.ask("ls-tree", "-r", "-z", "-l", "--full-tree", commit, *below)
    except RevisionError as error:
        raise RevisionError(f"{commit} is not whole in this clone ({error}); {_WHOLE}") from None
    return [_entry(line) for line in listing.split(b"\0") if line]


def _entry(line: bytes) -> Entry:
    """An entry from ``mode SP type SP object SP* size TAB path``.

    https://git-scm.com/docs/git-ls-tree#_output_format
    """
    told, _, name = line.partition(b"\t")
    mode, _, name_of_object, size = told.decode("ascii").split()
    known = int(size) if size.isdecimal() else MISSING if size == "BAD" else 0
    return Entry(mode, name_of_object, known, os.fsdecode(name))


def contents(repository: Repository, entries: Sequence[Entry]) -> Iterator[tuple[Entry, bytes]]:
    """The blobs of entries, one after the other. Raises :class:`RevisionError` for one that is not in this clone."""
    if not entries:
        return
    process = subprocess.Popen(  # noqa: S603 - no shell; the program was looked up, the arguments are ours
        command(repository.program, ("cat-file", "--batch")),
        cwd=repository.root,
        env=environment(os.environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        assert process.stdin is not None and process.stdout is not None  # noqa: PT018 - both are pipes
        try:
            for each in entries:
                # One request is answered before the next is made, so that neither side waits for a full pipe.
                process.stdin.write(f"{each.object}\n".encode())
                process.stdin.flush()
                yield each, _answer(process.stdout, each)
            process.stdin.close()
        finally:
            process.kill()


def _answer(stream: IO[bytes], each: Entry) -> bytes:
    """The content from ``object SP type SP size LF content LF``.

    https://git-scm.com/docs/git-cat-file#_batch_output
    """
    words = stream.readline().split()
    if len(words) != 3 or words[1] != b"blob":
        raise RevisionError(f"{each.name} of that revision is not in this clone, which is a partial one; {_WHOLE}")
    size = int(words[2])
    data = stream.read(size)
    if len(data) != size or stream.read(1) != b"\n":
        raise RevisionError(f"git ended while it told {each.name}")
    return data


def is_safe(name: str) -> bool:
    """Whether a path of a tree stays in the folder that it is written to, and out of the repository's own."""
    return (
        all(
            step not in ("", ".", "..") and step.casefold() != ".git" and not _FORBIDDEN & frozenset(step)
            for step in name.split("/")
        )
        and "\0" not in name
    )


def stays_inside(name: str, target: str) -> bool:
    """Whether a link leads to a place of the tree, by its words alone: every link on its way is held to the same."""
    if target.startswith(("/", "\\")) or (os.name == "nt" and _FORBIDDEN & frozenset(target)):
        return False
    depth = len(PurePosixPath(name).parent.parts)
    for step in target.split("/"):
        if step == "..":
            depth -= 1
        elif step not in ("", "."):
            depth += 1
        if depth < 0:
            return False
    return True
