"""Which files a scan reads, and as what."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from scanner.model.problem import Problem, ProblemKind
from scanner.model.span import Span

SKIPPED_FOLDERS: Final = frozenset(
    {".git", ".hg", ".svn", ".terraform", ".terragrunt-cache", "node_modules", ".venv", "__pycache__"}
)
"""Folders that hold other people's code or a tool's state. ``.terraform`` is read only through its module manifest."""

FORMATS: Final = {
    ".tf": "terraform",
    ".tofu": "terraform",
    ".tf.json": "terraform",
    ".tofu.json": "terraform",
    ".tfvars": "terraform-variables",
    ".tfvars.json": "terraform-variables",
}
"""File name endings and the format that they mean. The longest ending wins."""


class SourceFile(Struct, frozen=True):
    """One file to read: its absolute path, and its name in reports (relative to the base, forward slashes)."""

    path: Path
    name: str
    format: str


class Discovery(Struct, frozen=True):
    """What was found. ``base`` is the folder that reported paths are relative to, ``roots`` the folders asked for."""

    base: Path
    roots: tuple[Path, ...]
    files: tuple[SourceFile, ...]
    problems: tuple[Problem, ...]


def discover(paths: Sequence[Path], max_file_bytes: int) -> Discovery:
    """List the files under ``paths``. Raises :class:`FileNotFoundError` for a path that does not exist.

    Links that lead outside every given path are left out with a problem; folders are visited in name order.
    """
    roots = tuple(dict.fromkeys(path.resolve(strict=True) for path in paths))
    base = find_base(roots)
    files: dict[Path, SourceFile] = {}
    problems: list[Problem] = []
    for root in roots:
        for path in _walk(root, problems, base):
            source = _source(path, base, roots, max_file_bytes, problems)
            if source is not None:
                files.setdefault(source.path, source)
    ordered = sorted(files.values(), key=lambda f: f.name)
    return Discovery(base, roots, tuple(ordered), tuple(sorted(problems)))


def find_base(roots: Sequence[Path]) -> Path:
    """What paths in reports are relative to: the repository, else the working directory, else the path itself."""
    folders = [root if root.is_dir() else root.parent for root in roots] or [Path.cwd()]
    common = Path(os.path.commonpath(folders))
    for folder in (common, *common.parents):
        if (folder / ".git").exists():
            return folder
    working = Path.cwd().resolve()
    return working if common.is_relative_to(working) else common


def relative_name(path: Path, base: Path) -> str:
    """``path`` as reports show it."""
    return os.path.relpath(path, base).replace(os.sep, "/")


def _walk(root: Path, problems: list[Problem], base: Path) -> Iterable[Path]:
    if root.is_file():
        yield root
        return

    def failed(error: OSError) -> None:
        name = relative_name(Path(error.filename or root), base)
        problems.append(Problem(Span(name, 1), ProblemKind.UNREADABLE, f"folder not read: {error.strerror}"))

    for folder, names, files in os.walk(root, onerror=failed):
        names[:] = sorted(name for name in names if name not in SKIPPED_FOLDERS)
        for name in sorted(files):
            yield Path(folder, name)


def format_of(name: str) -> str | None:
    """The format that a file's name promises, or ``None`` for a file that is none of ours."""
    lowered = name.lower()
    ending = max((ending for ending in FORMATS if lowered.endswith(ending)), key=len, default="")
    if name.startswith(".") and FORMATS.get(ending) == "terraform":
        return None  # Terraform passes over what editors leave, though not over .auto.tfvars
    return FORMATS.get(ending)


def _source(
    path: Path, base: Path, roots: Sequence[Path], max_file_bytes: int, problems: list[Problem]
) -> SourceFile | None:
    kind = format_of(path.name)
    if kind is None:
        return None
    name = relative_name(path, base)
    fault = _fault(path, roots, max_file_bytes)
    if fault is not None:
        problems.append(Problem(Span(name, 1), *fault))
        return None
    return SourceFile(path, name, kind)


def _fault(path: Path, roots: Sequence[Path], max_file_bytes: int) -> tuple[ProblemKind, str] | None:
    """Why a file is not to be read."""
    try:
        if path.is_symlink() and not any(path.resolve(strict=True).is_relative_to(root) for root in roots):
            return ProblemKind.UNREADABLE, "link that leads outside the scanned folder"
        found = path.stat()
    except RuntimeError:
        return ProblemKind.UNREADABLE, "file not read: a link that leads back to itself"
    except OSError as error:
        return ProblemKind.UNREADABLE, f"file not read: {error.strerror}"
    if not stat.S_ISREG(found.st_mode):
        return ProblemKind.UNREADABLE, "not a regular file"
    if found.st_size > max_file_bytes:
        message = f"file of {found.st_size} bytes is larger than limits.max_file_bytes ({max_file_bytes})"
        return ProblemKind.LIMIT, message
    return None
