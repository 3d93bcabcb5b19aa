"""Charts and what they depend on, copied to where they can be rendered without touching what is scanned.

A copy holds regular files of the scanned folder only: Helm itself would follow a link to anywhere. Dependencies that
lie in the scanned folder are put where Helm looks for them, archives are unpacked within limits, and those that are
nowhere are left out and named.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from msgspec import Struct

from scanner.model.span import Span
from scanner.model.value import Value
from scanner.parsers.positioned_yaml import Positions, read_yaml

MAX_FILE: Final = 5 << 20
"""Bytes of a file that is copied or unpacked; Helm, too, refuses larger ones."""
MAX_BYTES: Final = 100 << 20
"""Bytes of a chart with all that it depends on."""
MAX_FILES: Final = 20_000
MAX_NESTED: Final = 8
"""How deep charts may depend on charts."""

CHART: Final = "Chart.yaml"
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
    """A chart of the copy. ``origin`` is what it was copied from; one that was unpacked has none.

    ``place`` is where the chart above says that it depends on it. ``missing`` are dependencies that are nowhere.
    """

    path: Path
    title: str
    origin: Folder | None
    place: Span | None
    below: dict[str, Copied] = field(default_factory=dict)
    missing: list[Dependency] = field(default_factory=list)

    def walk(self) -> Iterator[Copied]:
        """This chart and all below; one that is used under two names comes once."""
        stack: list[Copied] = [self]
        seen: set[Path] = set()
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


@dataclass(slots=True)
class Copying:
    """Copies one chart with all that it depends on. ``known`` are the charts of the scan by their folders."""

    scan_root: Path
    known: Mapping[Path, Folder]
    size: int = 0
    count: int = 0

    def copy(self, chart: Folder, target: Path, place: Span | None = None, above: tuple[Path, ...] = ()) -> Copied:
        """Copy a chart. Raises :class:`Refused`."""
        if len(above) >= MAX_NESTED or chart.path in above:
            raise Refused("its dependencies go round in a circle or deeper than " + str(MAX_NESTED))
        copied = Copied(target, chart.title, chart, place)
        dependencies = _dependencies(chart)
        places = {each.name: each.span for each in dependencies}
        archives = self._files(chart.path, target)
        for folder in sorted(self.known):
            if folder.parent == chart.path / "charts":
                below = self.known[folder]
                inner = target / "charts" / folder.name
                self._add(copied, self.copy(below, inner, places.get(below.title), (*above, chart.path)), dependencies)
        for archive in archives:
            unpacked = self._unpack(archive, target / "charts")
            if unpacked is not None:
                title, inner = unpacked
                self._add(copied, self._unpacked(inner, title, places.get(title, _top(chart))), dependencies)
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
            return self.known.get(path) if path.is_relative_to(self.scan_root) else None
        same = [
            other
            for _, other in sorted(self.known.items())
            if other.title == wanted.name and str(other.data.get("version")) == wanted.version and wanted.repository
        ]
        return same[0] if len(same) == 1 else None

    def _files(self, source: Path, target: Path) -> list[Path]:
        """Copy the files of one chart; returns the archives among its dependencies."""
        target.mkdir(parents=True)
        archives: list[Path] = []
        stack = [source]
        while stack:
            for path in sorted(stack.pop().iterdir()):
                inside = path.relative_to(source)
                if path.name in _LEFT_OUT or (path.name == _NOTES and inside.parts[0] == "templates"):
                    continue
                if inside.parts[0] == "charts" and len(inside.parts) > 1:
                    if path.suffix in (".tgz", ".gz") and self._allowed(path):
                        archives.append(path)
                elif path.is_dir():
                    if not path.is_symlink():
                        stack.append(path)
                elif self._allowed(path):
                    self._write(target / inside, path.read_bytes())
        return archives

    def _allowed(self, path: Path) -> bool:
        """Whether a file is a regular one of the scanned folder, whatever links lead to it."""
        try:
            real = path.resolve(strict=True)
            return real.is_file() and real.is_relative_to(self.scan_root) and real.stat().st_size <= MAX_FILE
        except (OSError, RuntimeError):
            return False

    def _write(self, path: Path, content: bytes) -> None:
        self.size += len(content)
        self.count += 1
        if self.size > MAX_BYTES or self.count > MAX_FILES:
            raise Refused(f"it has more than {MAX_FILES} files or {MAX_BYTES} bytes")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def _unpack(self, archive: Path, target: Path) -> tuple[str, Path] | None:
        """Unpack a dependency: regular files alone, none outside of its folder."""
        folder = ""
        size = 0
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
                        self._write(target.joinpath(*parts), content.read())
        except (tarfile.TarError, OSError, EOFError, ValueError):
            raise Refused(f"{archive.name} cannot be unpacked") from None
        data = _chart_data(target / folder) if folder else None
        return (str(data.get("name") or folder), target / folder) if data is not None else None

    def _unpacked(self, path: Path, title: str, place: Span, depth: int = 0) -> Copied:
        """A chart that was unpacked, with those unpacked inside of it."""
        copied = Copied(path, title, None, place)
        if depth < MAX_NESTED:
            for inner in sorted((path / "charts").glob("*/" + CHART)):
                data = _chart_data(inner.parent)
                name = str((data or {}).get("name") or inner.parent.name)
                copied.below[name] = self._unpacked(inner.parent, name, place, depth + 1)
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


def _chart_data(folder: Path) -> Mapping[str, Value] | None:
    file = folder / CHART
    if not file.is_file():
        return None
    for document in read_yaml(file.read_bytes(), CHART).documents[:1]:
        if isinstance(document.data, dict):
            return document.data
    return None


def _leave_out(copied: Copied) -> None:
    """Take missing dependencies out of the copy's list: ``helm template`` refuses even those that are turned off."""
    if not copied.missing:
        return
    import yaml

    names = {each.name for each in copied.missing}
    for name in (CHART, REQUIREMENTS):
        file = copied.path / name
        for document in read_yaml(file.read_bytes(), name).documents[:1] if file.is_file() else ():
            data = document.data
            listed = data.get("dependencies") if isinstance(data, dict) else None
            if isinstance(data, dict) and isinstance(listed, list):
                kept = [each for each in listed if not (isinstance(each, dict) and str(each.get("name")) in names)]
                text = yaml.safe_dump({**data, "dependencies": kept}, sort_keys=False, allow_unicode=True)
                file.write_text(text, encoding="utf-8")
