"""Which files a scan reads, and as what."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from scanner.discovery.content import AWS_SNAPSHOT, CHART, MACHINE_WRITTEN, format_by_content, is_of_chart, named_format
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
    ".bicep": "bicep",
    ".bicepparam": "bicep-parameters",
}
"""File name endings and the format that they mean. The longest ending wins."""


_SNIFFED_ENDINGS: Final = frozenset({".yaml", ".yml", ".template"}) | MACHINE_WRITTEN
_PACKED: Final = (".json.gz",)
MAX_SNAPSHOT_BYTES: Final = 1024 * 1024 * 1024
"""Snapshots of accounts are read line by line, so they may be larger than files that people write."""


class SourceFile(Struct, frozen=True):
    """One file to read: its absolute path, and its name in reports (relative to the base, forward slashes)."""

    path: Path
    name: str
    format: str


class Discovery(Struct, frozen=True):
    """What was found. ``base`` is the folder that reported paths are relative to, ``roots`` the folders asked for.

    Files in ``left_out`` are ours but not to be read; a problem tells why.
    """

    base: Path
    roots: tuple[Path, ...]
    files: tuple[SourceFile, ...]
    problems: tuple[Problem, ...]
    left_out: tuple[SourceFile, ...] = ()


def discover(paths: Sequence[Path], max_file_bytes: int) -> Discovery:
    """List the files under ``paths``. Raises :class:`FileNotFoundError` for a path that does not exist.

    Links that lead outside every given path are left out with a problem; folders are visited in name order.
    """
    roots = tuple(dict.fromkeys(path.resolve(strict=True) for path in paths))
    base = find_base(roots)
    files: dict[Path, SourceFile] = {}
    left_out: dict[Path, SourceFile] = {}
    problems: list[Problem] = []
    for root in roots:
        paths = list(_walk(root, problems, base))
        charts = frozenset(str(path.parent) for path in paths if path.name == CHART)
        for path in paths:
            kind = format_of(path.name) or _format_inside(path, charts)
            if kind is None:
                continue
            source = SourceFile(path, relative_name(path, base), kind)
            fault = _fault(path, roots, MAX_SNAPSHOT_BYTES if kind == AWS_SNAPSHOT else max_file_bytes)
            if fault is None:
                files.setdefault(path, source)
            elif path not in left_out:
                left_out[path] = source
                problems.append(Problem(Span(source.name, 1), *fault))
    ordered = sorted(files.values(), key=lambda f: f.name)
    return Discovery(base, roots, tuple(ordered), tuple(sorted(problems)), tuple(left_out.values()))


def with_named(found: Discovery, paths: Sequence[Path], kinds: Sequence[str], max_file_bytes: int) -> Discovery:
    """The same with files that were named beside the paths, wherever they lie.

    Each is of the one of some formats that its content tells, else of the first. Raises :class:`FileNotFoundError`.
    """
    known = {file.path for file in (*found.files, *found.left_out)}
    files, left_out, problems = list(found.files), list(found.left_out), list(found.problems)
    for path in dict.fromkeys(path.resolve(strict=True) for path in paths):
        if path in known:
            continue
        told = format_by_content(path, ".json")
        kind = told if told is not None and told in kinds else kinds[0]
        source = SourceFile(path, relative_name(path, found.base), kind)
        fault = _fault(path, (path,), max_file_bytes)
        if fault is None:
            files.append(source)
        else:
            left_out.append(source)
            problems.append(Problem(Span(source.name, 1), *fault))
    files.sort(key=lambda file: file.name)
    return Discovery(found.base, found.roots, tuple(files), tuple(sorted(problems)), tuple(left_out))


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
    text, start = str(path), f"{base}{os.sep}"
    if text.startswith(start) and f"{os.sep}.." not in text:  # nearly all are below: ten times as fast
        return text[len(start) :].replace(os.sep, "/")
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
        place = Path(folder)
        for name in sorted(files):
            yield place / name


def format_of(name: str) -> str | None:
    """The format that a file's name promises, or ``None`` for a file that is none of ours."""
    lowered = name.lower()
    ending = max((ending for ending in FORMATS if lowered.endswith(ending)), key=len, default="")
    if name.startswith(".") and FORMATS.get(ending) == "terraform":
        return None  # Terraform passes over what editors leave, though not over .auto.tfvars
    return FORMATS.get(ending)


def _format_inside(path: Path, charts: frozenset[str]) -> str | None:
    """The format that a file's content, or the chart that it belongs to, tells."""
    if charts and is_of_chart(path, charts):
        return "helm"
    sniffed = path.suffix.lower() in _SNIFFED_ENDINGS or path.name.lower().endswith(_PACKED)
    if not sniffed and path.name != "Kustomization":
        return None
    if not path.is_file():  # a link to nowhere, a pipe: nothing that somebody meant to be read
        return None
    return named_format(path) or format_by_content(path)


def _fault(path: Path, roots: Sequence[Path], max_file_bytes: int) -> tuple[ProblemKind, str] | None:
    """Why a file is not to be read."""
    try:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            if not any(path.resolve(strict=True).is_relative_to(root) for root in roots):
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
