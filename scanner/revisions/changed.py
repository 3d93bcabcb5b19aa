"""Which files are not those of a commit, by their bytes: `git status` would run the filters of the repository."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from scanner.revisions.git import Repository
from scanner.revisions.tree import LINK, POINTER, READ, SUBMODULE, Entry, contents, tree


def changed(repository: Repository, commit: str, names: Sequence[str]) -> list[str]:
    """The files at or below some paths that a scan may read and that are not as the commit has them, sorted.

    Those that are ignored are left out, as are files of git LFS. Raises :class:`RevisionError`.
    """
    kept = [each for each in tree(repository, commit, names) if _counts(each)]
    other = [each for each in kept if not _is_same(repository.root / each.name, each)]
    pointers = {each.name for each, data in contents(repository, other) if data.startswith(POINTER)}
    below = ("--", *names) if names and "." not in names else ("--",)
    told = repository.ask("ls-files", "--others", "--exclude-standard", "-z", *below)
    new = (os.fsdecode(name) for name in told.split(b"\0"))
    found = {each.name for each in other if each.name not in pointers}
    return sorted(found | {name for name in new if name.lower().endswith(READ)})


def _counts(each: Entry) -> bool:
    return each.mode not in (LINK, SUBMODULE) and each.name.lower().endswith(READ) and each.size >= 0


def _is_same(path: Path, each: Entry) -> bool:
    """Whether a file has the content of a blob, whatever its lines end with."""
    try:
        data = path.read_bytes()
    except OSError:
        return False
    return any(_blob(each.object, text) == each.object for text in (data, data.replace(b"\r\n", b"\n")))


def _blob(name: str, data: bytes) -> str:
    """The name of a blob, by the repository's own hash: https://git-scm.com/docs/hash-function-transition."""
    made = hashlib.sha256() if len(name) == 64 else hashlib.sha1(usedforsecurity=False)
    made.update(b"blob %d\0" % len(data))
    made.update(data)
    return made.hexdigest()
