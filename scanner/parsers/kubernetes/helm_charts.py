"""Charts and what they depend on, gathered so that they can be rendered without touching what is scanned.

A copy holds regular files of the scanned folder only: Helm itself would follow a link to anywhere. Dependencies that
lie in the scanned folder are put where Helm looks for them, archives are unpacked within limits, and those that are
nowhere are left out and named. Copies are kept in memory and handed to Helm as one archive: a repository of charts
has thousands of small files, and making and removing these takes longer than reading and rendering them.
"""

from __future__ import annotations

import io
import os
import re
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from msgspec import Struct

from scanner.model.span import Span
from scanner.model.value import Value
from scanner.parsers.kubernetes.helm_ignore import IGNORE, BadPattern, kept, patterns
from scanner.parsers.positioned_yaml import Positions, read_yaml

MAX_FILE: Final = 5 << 20
"""Bytes of a file that is copied or unpacked; Helm, too, refuses larger ones."""
MAX_BYTES: Final = 64 << 20
"""Bytes of a chart with all that it depends on; Helm refuses archives of more than 100 MiB."""
MAX_FILES: Final = 20_000
MAX_NESTED: Final = 8
"""How deep charts may depend on charts."""

CHART: Final = "Chart.yaml"
TOP: Final = PurePosixPath("chart")
"""The folder of the copy; Helm does not look at its name."""
REQUIREMENTS: Final = "requirements.yaml"
_LEFT_OUT: Final = frozenset({"values.schema.json", ".git"})
"""A schema may refer to other hosts, and Helm would ask them."""
_NOTES: Final = "NOTES.txt"
_LOCAL: Final = "file://"
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")


class Refused(Exception):
    """A chart that is not copied, with the reason."""


class Dependency(Struct, frozen=True):
    """What a chart says it depends on, and where it says so."""

    name: str
    version: str
    repository: str
    alias: str
    condition: str
    tags: tuple[str, ...]
    span: Span


class Folder(Struct, frozen=True):
    """A chart that was found: its folder, and that folder's name in reports."""

    path: Path
    name: str
    data: Mapping[str, Value]
    places: Positions

    @property
    def title(self) -> str:
        """What the chart calls itself."""
        return str(self.data.get("name") or self.path.name)


@dataclass(slots=True)
class Copied:
    """A chart of the copy: its folder in it, and the content of each file below that folder but those of ``below``.

    ``origin`` is what it was copied from; one that was unpacked has none. ``place`` is where the chart above says that
    it depends on it. ``missing`` are dependencies that are nowhere.
    """

    path: PurePosixPath
    title: str
    origin: Folder | None
    place: Span | None
    files: dict[str, bytes] = field(default_factory=dict)
    below: dict[str, Copied] = field(default_factory=dict)
    missing: list[Dependency] = field(default_factory=list)

    def under(self, folder: str) -> Iterator[tuple[str, bytes]]:
        """The files of one of its folders, by name."""
        return ((name, self.files[name]) for name in sorted(self.files) if name.startswith(f"{folder}/"))

    def walk(self) -> Iterator[Copied]:
        """This chart and all below; one that is used under two names comes once."""
        stack: list[Copied] = [self]
        seen: set[PurePosixPath] = set()
        while stack:
            chart = stack.pop()
            if chart.path not in seen:
                seen.add(chart.path)
                yield chart
                stack.extend(chart.below[name] for name in sorted(chart.below, reverse=True))

    def reached(self) -> Iterator[tuple[tuple[str, ...], Copied]]:
        """This chart and all below, each with the names of dependencies that lead to it."""
        stack: list[tuple[tuple[str, ...], Copied]] = [((), self)]
        while stack:
            names, chart = stack.pop()
            yield names, chart
            stack.extend(((*names, name), chart.below[name]) for name in sorted(chart.below, reverse=True))

    def at(self, names: Sequence[str]) -> Copied | None:
        """The chart that is reached by names of dependencies."""
        chart: Copied | None = self
        for name in names:
            chart = chart.below.get(name) if chart is not None else None
        return chart


class Known:
    """The charts of a scan by their folders, and by what others call them."""

    def __init__(self, scan_root: Path, folders: Mapping[Path, Folder]) -> None:
        self.scan_root, self.folders = scan_root, folders
        self.inside: dict[Path, list[Folder]] = {}
        self.titled: dict[tuple[str, str], list[Folder]] = {}
        for path, folder in sorted(folders.items()):
            if path.parent.name == "charts":
                self.inside.setdefault(path.parent.parent, []).append(folder)
            self.titled.setdefault((folder.title, str(folder.data.get("version"))), []).append(folder)


@dataclass(slots=True)
class Copying:
    """Copies one chart with all that it depends on."""

    known: Known
    size: int = 0
    count: int = 0

    def whole(self, chart: Folder) -> Copied:
        """Copy a chart without what its ``.helmignore`` leaves out. Raises :class:`Refused` and :class:`OSError`."""
        root = self.copy(chart, TOP)
        try:
            ignored = patterns(root.files.get(IGNORE, b"").decode("utf-8", "replace"))
        except BadPattern as bad:
            raise Refused(f"{IGNORE}: {bad}") from None
        for copied in root.walk():
            inside = "/".join((*copied.path.parts[1:], ""))
            left = kept((f"{inside}{name}" for name in copied.files), ignored)
            copied.files = {name: copied.files[name] for name in (each.removeprefix(inside) for each in left)}
        return root

    def copy(
        self, chart: Folder, target: PurePosixPath, place: Span | None = None, above: tuple[Path, ...] = ()
    ) -> Copied:
        """Copy a chart to a folder of the copy. Raises :class:`Refused`."""
        if len(above) >= MAX_NESTED or chart.path in above:
            raise Refused("its dependencies go round in a circle or deeper than " + str(MAX_NESTED))
        copied = Copied(target, chart.title, chart, place)
        dependencies = _dependencies(chart)
        places = {each.name: each.span for each in dependencies}
        archives = self._files(chart, copied)
        for below in self.known.inside.get(chart.path, ()):
            inner = target / "charts" / below.path.name
            self._add(copied, self.copy(below, inner, places.get(below.title), (*above, chart.path)), dependencies)
        for archive in archives:
            for unpacked in self._unpack(archive, target / "charts"):
                unpacked.place = places.get(unpacked.title, _top(chart))
                self._add(copied, unpacked, dependencies)
        self._satisfy(copied, chart, dependencies, above)
        return copied

    def _add(self, copied: Copied, below: Copied, dependencies: Sequence[Dependency]) -> None:
        names = [each.alias or each.name for each in dependencies if each.name == below.title]
        for name in names or [below.title]:
            copied.below[name] = below

    def _satisfy(
        self, copied: Copied, chart: Folder, dependencies: Sequence[Dependency], above: tuple[Path, ...]
    ) -> None:
        """Put dependencies in place that lie elsewhere in the scanned folder; note those that do not."""
        present = {each.title for each in copied.below.values()}
        for each in dependencies:
            if each.name in present:
                continue
            found = self._elsewhere(chart, each)
            if found is None or not _NAME.fullmatch(each.name):
                copied.missing.append(each)
                continue
            present.add(each.name)
            target = copied.path / "charts" / each.name
            self._add(copied, self.copy(found, target, each.span, (*above, chart.path)), dependencies)
        _leave_out(copied)

    def _elsewhere(self, chart: Folder, wanted: Dependency) -> Folder | None:
        """The folder that a dependency names, else the one scanned chart of its name and very version.

        Repositories of charts list each other by the address at which they are published, and install what that
        address serves; the folder that it is published from holds the same.
        """
        if wanted.repository.startswith(_LOCAL):
            path = Path(chart.path, wanted.repository.removeprefix(_LOCAL)).resolve()
            return self.known.folders.get(path) if path.is_relative_to(self.known.scan_root) else None
        same = self.known.titled.get((wanted.name, wanted.version), ()) if wanted.repository else ()
        return same[0] if len(same) == 1 else None

    def _files(self, chart: Folder, copied: Copied) -> list[Path]:
        """Copy the files of one chart; returns the archives among its dependencies."""
        archives: list[Path] = []
        stack = [""]
        while stack:
            folder = stack.pop()
            with os.scandir(chart.path / folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
            for entry in found:
                inside = f"{folder}{entry.name}"
                top = inside.partition("/")[0]
                if entry.name in _LEFT_OUT or (entry.name == _NOTES and top == "templates"):
                    continue
                if folder == "charts/":
                    if entry.name.endswith((".tgz", ".gz")) and self._allowed(entry):
                        archives.append(Path(entry.path))
                elif entry.is_dir():
                    if not entry.is_symlink():
                        stack.append(f"{inside}/")
                elif self._allowed(entry):
                    with open(entry.path, "rb") as file:  # noqa: PTH123 — paths of thousands of files take their time
                        copied.files[inside] = self._counted(file.read())
        return archives

    def _allowed(self, entry: os.DirEntry[str]) -> bool:
        """Whether a file is a regular one of the scanned folder, whatever links lead to it."""
        try:
            if not entry.is_symlink():  # the folders on the way are no links either
                return entry.is_file() and entry.stat().st_size <= MAX_FILE
            real = Path(entry.path).resolve(strict=True)
            return real.is_file() and real.is_relative_to(self.known.scan_root) and real.stat().st_size <= MAX_FILE
        except (OSError, RuntimeError):
            return False

    def _counted(self, content: bytes) -> bytes:
        self.size += len(content)
        self.count += 1
        if self.size > MAX_BYTES or self.count > MAX_FILES:
            raise Refused(f"it has more than {MAX_FILES} files or {MAX_BYTES} bytes")
        return content

    def _unpack(self, archive: Path, target: PurePosixPath) -> Iterator[Copied]:
        """Unpack a dependency: regular files alone, none outside of its folder."""
        folder = ""
        size = 0
        files: dict[str, bytes] = {}
        try:
            with tarfile.open(fileobj=io.BytesIO(archive.read_bytes()), mode="r:gz") as opened:
                for member in opened:
                    size += member.size
                    if size > MAX_BYTES:
                        raise Refused(f"{archive.name} holds more than {MAX_BYTES} bytes")
                    parts = PurePosixPath(member.name).parts
                    safe = member.isreg() and len(parts) > 1 and not {"..", "/"} & set(parts) and parts[0] != "."
                    if not safe or parts[-1] in _LEFT_OUT or (_NOTES in parts and "templates" in parts):
                        continue
                    if member.size > MAX_FILE:
                        raise Refused(f"{archive.name} holds a file of more than {MAX_FILE} bytes")
                    folder = folder or parts[0]
                    content = opened.extractfile(member)
                    if content is not None and parts[0] == folder:
                        files["/".join(parts[1:])] = self._counted(content.read())
        except (tarfile.TarError, OSError, EOFError, ValueError):
            raise Refused(f"{archive.name} cannot be unpacked") from None
        if CHART in files:
            yield _unpacked(target / folder, files)


def _unpacked(path: PurePosixPath, files: dict[str, bytes], depth: int = 0) -> Copied:
    """A chart that was unpacked, with those that lie unpacked inside of it."""
    data = _chart_data(files[CHART])
    copied = Copied(path, str(data.get("name") or path.name), None, None)
    inner: dict[str, dict[str, bytes]] = {}
    for name, content in files.items():
        parts = name.split("/", 2)
        deep = depth < MAX_NESTED and len(parts) == 3 and parts[0] == "charts"
        if deep and f"charts/{parts[1]}/{CHART}" in files:
            inner.setdefault(parts[1], {})[parts[2]] = content
        else:
            copied.files[name] = content
    for folder in sorted(inner):
        below = _unpacked(path / "charts" / folder, inner[folder], depth + 1)
        copied.below[below.title] = below
    return copied


def read_dependencies(data: Mapping[str, Value], places: Positions, name: str) -> list[Dependency]:
    """The dependencies that a Chart.yaml or requirements.yaml lists."""
    listed = data.get("dependencies")
    found = []
    for index, each in enumerate(listed if isinstance(listed, list) else ()):
        if not isinstance(each, dict) or not each.get("name"):
            continue
        at = f"dependencies[{index}]"
        tags = each.get("tags")
        found.append(
            Dependency(
                str(each["name"]),
                str(each.get("version") or ""),
                str(each.get("repository") or ""),
                str(each.get("alias") or ""),
                str(each.get("condition") or ""),
                tuple(map(str, tags)) if isinstance(tags, list) else (),
                places.get(f"{at}.name") or Span(name, 1),
            )
        )
    return found


def _dependencies(chart: Folder) -> list[Dependency]:
    file = chart.path / REQUIREMENTS
    if "dependencies" not in chart.data and file.is_file() and file.stat().st_size <= MAX_FILE:
        name = f"{chart.name}/{REQUIREMENTS}" if chart.name != "." else REQUIREMENTS
        for document in read_yaml(file.read_bytes(), name).documents[:1]:
            if isinstance(document.data, dict):
                return read_dependencies(document.data, document.places, name)
    return read_dependencies(chart.data, chart.places, f"{chart.name}/{CHART}")


def _top(chart: Folder) -> Span:
    return chart.places.get("name") or Span(f"{chart.name}/{CHART}", 1)


def _chart_data(content: bytes) -> Mapping[str, Value]:
    for document in read_yaml(content, CHART).documents[:1]:
        if isinstance(document.data, dict):
            return document.data
    return {}


def _leave_out(copied: Copied) -> None:
    """Take missing dependencies out of the copy's list: ``helm template`` refuses even those that are turned off."""
    if not copied.missing:
        return
    import yaml

    names = {each.name for each in copied.missing}
    for name in (CHART, REQUIREMENTS):
        for document in read_yaml(copied.files[name], name).documents[:1] if name in copied.files else ():
            data = document.data
            listed = data.get("dependencies") if isinstance(data, dict) else None
            if isinstance(data, dict) and isinstance(listed, list):
                kept = [each for each in listed if not (isinstance(each, dict) and str(each.get("name")) in names)]
                text = yaml.safe_dump({**data, "dependencies": kept}, sort_keys=False, allow_unicode=True)
                copied.files[name] = text.encode("utf-8")
