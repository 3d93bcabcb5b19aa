"""Commits as records: their days, and which there are. Plumbing alone is asked, which runs no viewer or verifier."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from scanner.revisions.git import Repository, RevisionError

_COMMITTED: Final = re.compile(rb"^committer .*? (-?\d{1,18}) [+-]\d+$", re.MULTILINE)
"""https://git-scm.com/docs/git-commit-tree#_commit_information; seconds since 1970, of which the zone is no part."""


class Commit(Struct, frozen=True):
    """A commit: when it was made (UTC, as ``2026-11-27T10:00:00Z``), and how many lead to it by first parents.

    ``depth`` is 0 in a shallow clone, which does not tell.
    """

    id: str
    date: str
    depth: int


def commit_at(repository: Repository, revision: str) -> Commit:
    """The commit that a revision names. Raises :class:`RevisionError`."""
    name = repository.commit(revision)
    header = repository.ask("cat-file", "commit", name).partition(b"\n\n")[0]
    return Commit(name, _date(header, name), _depth(repository, name))


def _depth(repository: Repository, name: str) -> int:
    if repository.ask("rev-parse", "--is-shallow-repository").strip() == b"true":
        return 0
    return int(repository.ask("rev-list", "--first-parent", "--count", name))


def _date(header: bytes, name: str) -> str:
    found = _COMMITTED.search(header)
    try:
        moment = datetime.fromtimestamp(int(found[1]), UTC) if found else None
    except (ValueError, OverflowError, OSError):
        moment = None
    if moment is None:
        raise RevisionError(f"the commit {name} has no date that can be read; give one with --date")
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def branch_of(repository: Repository) -> str:
    """The branch at hand; empty where none is, as in most pipelines."""
    try:
        told = repository.ask("symbolic-ref", "--quiet", "--short", "HEAD")
    except RevisionError:
        return ""
    return os.fsdecode(told).rstrip("\r\n")


def commits_in(repository: Repository, wanted: str, since: str, names: Sequence[str]) -> list[str]:
    """The ids of the commits of a range or revision, the oldest first, by first parents; ``since`` may be a day.

    Those alone that change something at or below ``names``, unless one of them is the whole repository. Raises
    :class:`RevisionError`.
    """
    if wanted.startswith("-") or not wanted.isprintable() or not wanted:
        raise RevisionError(f"{wanted!r} is no range of revisions")
    limit = (f"--since={since}",) if since else ()
    below = ("--", *names) if names and "." not in names else ("--",)
    arguments = ("rev-list", "--first-parent", "--topo-order", "--reverse", *limit, wanted, *below)
    return repository.ask(*arguments).decode("ascii").split()
