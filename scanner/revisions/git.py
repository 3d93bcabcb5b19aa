"""Asking git about a repository that strangers wrote: nothing of it runs, nothing is fetched, nothing is written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

_SAFE: Final = (
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),  # a program that the repository's configuration may name
    ("protocol.allow", "never"),  # before GIT_NO_LAZY_FETCH was known, what kept partial clones from fetching
)
"""Settings over those of the repository: https://git-scm.com/docs/git-config"""
_KEPT: Final = re.compile(r"GIT_(CONFIG_.*|CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM)")
"""Settings of the user's own. The others, which hooks are run with, name another repository or index."""
_OBJECT: Final = re.compile(r"[0-9a-fA-F]{7,64}")
_PARTING: Final = "..."
_NAME: Final = re.compile(r"[\w./-]+")
"""A branch or tag; what else is written reckons from one."""


class RevisionError(Exception):
    """A revision cannot be read. The message says what to do."""


class Repository(Struct, frozen=True):
    """A repository with a working tree: its folder, and the git that reads it."""

    root: Path
    program: str

    def ask(self, *arguments: str, data: bytes = b"") -> bytes:
        """What git answers. Raises :class:`RevisionError` with git's own words when it refuses."""
        done = run(self.program, self.root, arguments, data)
        if done.returncode != 0:
            raise RevisionError(f"git {arguments[0]}: {_words(done.stderr)}")
        return done.stdout

    def commit(self, revision: str) -> str:
        """The commit that a revision names; of ``REVISION...`` the one at which the branch at hand left it.

        Raises :class:`RevisionError` for one that is not in this clone.
        """
        if revision.startswith("-") or not revision.isprintable() or not revision:
            raise RevisionError(f"{revision!r} is no revision")
        if revision.endswith(_PARTING) and revision != _PARTING:
            return self._parting(self.commit(revision.removesuffix(_PARTING)), revision)
        found = run(self.program, self.root, ("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"))
        if found.returncode == 0:
            return found.stdout.decode().strip()
        raise RevisionError(self._missing(revision))

    def _parting(self, commit: str, revision: str) -> str:
        """https://git-scm.com/docs/git-merge-base: of several, git names one."""
        found = run(self.program, self.root, ("merge-base", commit, "HEAD"))
        if found.returncode == 0:
            return found.stdout.decode().strip()
        raise RevisionError(
            f"where this branch left {revision.removesuffix(_PARTING)} is not in this clone; "
            "fetch more of both with `git fetch --deepen=100`, or check out with fetch-depth: 0"
        )

    def _missing(self, revision: str) -> str:
        """Why a revision is not there, and how to get it."""
        if run(self.program, self.root, ("rev-parse", "--verify", "--quiet", revision)).returncode == 0:
            if _OBJECT.fullmatch(revision) is None or self._has(revision):
                return f"{revision} is no commit"
            return _absent(f"the commit {revision}", revision)
        if _OBJECT.fullmatch(revision):
            return _absent(f"the commit {revision}", revision)
        if not _NAME.fullmatch(revision):
            if not self._is_shallow():
                return f"there is no commit {revision} in {self.root}"
            return (
                f"the commit {revision} is not in this clone, which is shallow; deepen it with "
                "`git fetch --deepen=1`, or check out with fetch-depth: 2"
            )
        name = revision.removeprefix("refs/remotes/").removeprefix("origin/")
        return (
            f"there is no path and no revision {revision} in {self.root}; fetch it with `git fetch --depth=1 origin "
            f"{name}:refs/remotes/origin/{name}` and name origin/{name}, or check out with fetch-depth: 0"
        )

    def _has(self, name: str) -> bool:
        return run(self.program, self.root, ("cat-file", "-e", name)).returncode == 0

    def _is_shallow(self) -> bool:
        return self.ask("rev-parse", "--is-shallow-repository").strip() == b"true"


def _absent(what: str, revision: str) -> str:
    return (
        f"{what} is not in this clone; fetch it with `git fetch --depth=1 origin {revision}`, "
        "or check out with fetch-depth: 2"
    )


def find_repository(path: Path) -> Repository:
    """The repository that a path is in. Raises :class:`RevisionError` where there is none, or no git."""
    folder = path if path.is_dir() else path.parent
    program = find_program(os.environ.get("PATH", ""), folder)
    done = run(program, folder, ("rev-parse", "--show-toplevel"))
    if done.returncode == 0 and (top := os.fsdecode(done.stdout).rstrip("\r\n")):
        return Repository(Path(top).resolve(), program)
    told = _words(done.stderr)
    if "dubious ownership" in told:
        raise RevisionError(
            f"git does not trust {folder.resolve()}, which belongs to another user; "
            "allow it with `git config --global --add safe.directory` and the repository's folder"
        )
    if "not a git repository" in told:
        raise RevisionError(f"{folder.resolve()} is in no git repository, so it has no earlier revision; name a folder")
    raise RevisionError(f"git cannot read the repository of {folder.resolve()}: {told or 'it has no working tree'}")


def find_program(search_path: str, scanned: Path) -> str:
    """The git on the path, never one that lies in what is scanned: Windows looks in the working directory first."""
    name = "git.exe" if sys.platform == "win32" else "git"
    inside = scanned.resolve()
    for entry in search_path.split(os.pathsep):
        candidate = Path(entry) / name
        if not entry or not Path(entry).is_absolute() or candidate.resolve().is_relative_to(inside):
            continue
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return str(candidate)
    raise RevisionError("git is not on the PATH, and without it no revision can be read; name a folder instead")


def run(program: str, folder: Path, arguments: Sequence[str], data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder without anything that a repository could make it do."""
    return subprocess.run(  # noqa: S603 - no shell; the program was looked up, the arguments are ours
        command(program, arguments),
        cwd=folder,
        env=environment(os.environ),
        input=data,
        capture_output=True,
        check=False,
    )


def command(program: str, arguments: Sequence[str]) -> list[str]:
    """The words of a call of git."""
    settings = [word for name, value in _SAFE for word in ("-c", f"{name}={value}")]
    return [program, "--no-pager", "--no-replace-objects", "--literal-pathspecs", *settings, *arguments]


def environment(outer: Mapping[str, str]) -> dict[str, str]:
    """The variables that git gets.

    https://git-scm.com/docs/git#_environment_variables
    """
    kept = {name: value for name, value in outer.items() if not name.startswith("GIT_") or _KEPT.fullmatch(name)}
    return {
        **kept,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "LC_ALL": "C",
    }


def _words(text: bytes) -> str:
    """Git's first line, without what it calls the line."""
    first = next(iter(text.decode("utf-8", "replace").strip().splitlines()), "")
    return first.removeprefix("fatal: ").removeprefix("error: ")
