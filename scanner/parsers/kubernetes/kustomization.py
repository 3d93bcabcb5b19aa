"""Kustomizations as they are written: the files and folders that they name, and what of it is not to be followed.

https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/ lists the fields.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from msgspec import Struct

from scanner.model.problem import Problem, ProblemKind
from scanner.model.span import Span
from scanner.model.value import Value
from scanner.parsers.kubernetes.paths import Steps, entries, written
from scanner.parsers.kubernetes.reading import InputFile, Options, Reading
from scanner.parsers.positioned_yaml import Document, YamlFile, read_yaml

MAX_FILE_BYTES: Final = 16 * 1024 * 1024
"""Larger files are not handed to kustomize."""
FILE_NAMES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")

_SHOWN: Final = 200
"""Characters of a name in a message."""
_CREDENTIALS: Final = re.compile(r"(?<=://)[^/@\s]*@")
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*(?:://|::)", re.IGNORECASE)
_HOSTED: Final = re.compile(r"github\.com[/:]|[a-z][a-z0-9-]*@", re.IGNORECASE)
_QUERY: Final = re.compile(r"\?.*\b(?:ref|version|timeout|submodules)=")
_MARKED: Final = re.compile(r"_git/|\.git(?:/|\?|$)|^[\w-]+(?:\.[\w-]+)+//")
"""Marks of a repository within a path: https://github.com/kubernetes-sigs/kustomize/blob/master/examples/remoteBuild.md."""
_FUNCTIONS: Final = ("config.kubernetes.io/function", "config.k8s.io/function")
_FILE_KEYS: Final = frozenset({"path", "paths", "files", "envs", "env", "valuesFile", "additionalValuesFiles"})
_CHARTS: Final = ("helmCharts", "helmChartInflationGenerator")


class Role(StrEnum):
    """What a kustomization names something for."""

    RESOURCE = "base"
    COMPONENT = "component"
    PATCH = "patch"
    PLUGIN = "plugin"
    SETTING = "configuration"
    CONTENT = "file"


_LISTS: Final[Mapping[str, Role]] = {
    "resources": Role.RESOURCE,
    "bases": Role.RESOURCE,
    "components": Role.COMPONENT,
    "patchesStrategicMerge": Role.PATCH,
    "crds": Role.SETTING,
    "configurations": Role.SETTING,
    "generators": Role.PLUGIN,
    "transformers": Role.PLUGIN,
    "validators": Role.PLUGIN,
}
_WITH_PATHS: Final[Mapping[str, Role]] = {
    "patches": Role.PATCH,
    "patchesJson6902": Role.PATCH,
    "replacements": Role.SETTING,
}
GENERATORS: Final[Mapping[str, str]] = {"configMapGenerator": "ConfigMap", "secretGenerator": "Secret"}
"""Fields that make objects, and their kind."""


class Named(Struct, frozen=True):
    """One file or folder that a kustomization names.

    ``steps`` is the field that does, ``cut`` the smallest one that can be left out with it. ``plain`` is the path
    without links followed, ``target`` what it leads to.
    """

    steps: Steps
    cut: Steps
    text: str
    role: Role
    plain: Path
    target: Path


class Refused(Struct, frozen=True):
    """A field that is left out, and why."""

    cut: Steps
    problem: Problem


@dataclass(frozen=True, slots=True, eq=False)
class Kustomization:
    """One kustomization file. ``data`` is empty for one that could not be read."""

    file: InputFile
    folder: Path
    document: Document | None
    data: Mapping[str, Value]
    named: tuple[Named, ...]
    refused: tuple[Refused, ...]

    @property
    def component(self) -> bool:
        """Whether it only adds to those that use it."""
        return self.data.get("kind") == "Component"

    def span(self, *steps: str | int) -> Span:
        """The place of a field, or of what encloses it."""
        if self.document is None:
            return Span(self.file.name, 1)
        for length in range(len(steps), 0, -1):
            found = self.document.places.get(written(steps[:length]))
            if found is not None:
                return found
        return self.document.span


@dataclass(slots=True)
class Store:
    """Reads kustomizations and what they name, each file once."""

    reading: Reading
    options: Options
    _folders: dict[Path, Kustomization | None] = field(default_factory=dict)
    _files: dict[Path, YamlFile] = field(default_factory=dict)

    def name(self, path: Path) -> str:
        """A path as reports show it."""
        return os.path.relpath(path, self.options.base).replace(os.sep, "/")

    def yaml(self, path: Path) -> YamlFile:
        """The documents of a file."""
        if path not in self._files:
            self._files[path] = self.reading.yaml(InputFile(path, self.name(path)))
        return self._files[path]

    def at(self, folder: Path) -> Kustomization | None:
        """The kustomization of a folder, which stands in the scan root and has its links followed."""
        if folder not in self._folders:
            self._folders[folder] = None
            path = next((folder / name for name in FILE_NAMES if (folder / name).is_file()), None)
            if path is not None and self.fault(path, path.resolve()) is None:
                self._folders[folder] = self._read(path, folder)
        return self._folders[folder]

    def child(self, named: Named) -> Kustomization | None:
        """The kustomization of a folder that another one names."""
        return self.at(named.target) if named.target.is_dir() else None

    def fault(self, plain: Path, target: Path) -> tuple[ProblemKind, str] | None:
        """Why something is not to be read."""
        if not target.is_relative_to(self.options.scan_root.resolve()):
            how = "leads" if plain != target else "lies"
            return ProblemKind.UNREADABLE, f"{how} outside of the scanned folder and is not read"
        if target.is_file() and target.stat().st_size > MAX_FILE_BYTES:
            return ProblemKind.LIMIT, f"is larger than {MAX_FILE_BYTES} bytes and is not read"
        return None

    def _read(self, path: Path, folder: Path) -> Kustomization:
        file = InputFile(path, self.name(path), "kustomize")
        documents = self.yaml(path).documents
        if len(documents) != 1 or not isinstance(documents[0].data, dict):
            if documents or not self.reading.unread & {file.name}:
                fault = "not a kustomization: it is to be one mapping"
                self.reading.problems.append(Problem(Span(file.name, 1), ProblemKind.INVALID, fault))
                self.reading.unread.add(file.name)
            return Kustomization(file, folder, None, {}, (), ())
        document = documents[0]
        following = _Following(self, Kustomization(file, folder, document, document.data, (), ()))
        following.follow()
        self.reading.problems.extend(refused.problem for refused in following.refused)
        if following.refused:
            self.reading.partly.add(file.name)
        named, refused = tuple(following.named), tuple(following.refused)
        return Kustomization(file, folder, document, document.data, named, refused)


@dataclass(slots=True)
class _Following:
    """Follows what one kustomization names."""

    store: Store
    here: Kustomization
    named: list[Named] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def follow(self) -> None:
        data = self.here.data
        for key in _CHARTS:
            for index, chart in entries(data, key):
                name = (chart.get("name") or chart.get("chartName")) if isinstance(chart, dict) else None
                self._refuse((key, index), (key, index), f"helm chart {_shown(name or '')} not run by an overlay")
        for cut, steps, text, role in _mentions(data):
            if role is Role.PLUGIN:
                self._plugin(steps, text)
            elif "\n" not in text:  # else a patch that stands here
                self._name(cut, steps, text, role)

    def _plugin(self, steps: Steps, text: str) -> None:
        """A generator or transformer: its settings, or a file or folder of such."""
        if "\n" in text or text.lstrip().startswith("{"):
            documents = read_yaml(text.encode(), self.here.file.name).documents
        else:
            named = self._name(steps, steps, text, Role.PLUGIN)
            if named is None or not named.target.is_file():
                return
            documents = self.store.yaml(named.target).documents
        for document in documents:
            kind = _foreign(document.data)
            if kind:
                self._refuse(steps, steps, f"plugin {_shown(kind)} not run")
                return
            for file in _files(document.data):
                self._name(steps, steps, file, Role.CONTENT)

    def _name(self, cut: Steps, steps: Steps, text: str, role: Role) -> Named | None:
        """Note a file or folder, or why it is none."""
        plain = Path(os.path.normpath(self.here.folder / text))
        try:
            target = plain.resolve()
            fault = self._fault(text, role, plain, target)
        except (OSError, RuntimeError, ValueError):
            fault = ProblemKind.UNREADABLE, f"{_shown(text)} is no path that can be followed"
            target = plain
        if fault is not None:
            self._refuse(cut, steps, fault[1], fault[0])
            return None
        found = Named(steps, cut, text, role, plain, target)
        self.named.append(found)
        return found

    def _fault(self, text: str, role: Role, plain: Path, target: Path) -> tuple[ProblemKind, str] | None:
        """Why a file or folder is not followed."""
        if is_remote(text, plain):
            return ProblemKind.UNREADABLE, f"remote {role} {_shown(text)} is not fetched"
        fault = self.store.fault(plain, target)
        if fault is not None:
            return fault[0], f"{_shown(text)} {fault[1]}"
        if Path(text).is_absolute():
            return ProblemKind.UNREADABLE, f"the absolute path {_shown(text)} is not followed"
        if target.is_file() and not target.is_relative_to(self.here.folder):
            # https://kubectl.docs.kubernetes.io/faq/kustomize/#security-file-foo-is-not-in-or-below-bar
            return ProblemKind.INVALID, f"{_shown(text)} is not in or below the folder of its kustomization"
        return None

    def _refuse(self, cut: Steps, steps: Steps, why: str, kind: ProblemKind = ProblemKind.UNREADABLE) -> None:
        """Note a field that is left out."""
        self.refused.append(Refused(cut, Problem(self.here.span(*steps), kind, why)))


def is_remote(text: str, plain: Path) -> bool:
    """Whether kustomize would fetch this. A file that lies there under a name like a URL's counts first."""
    if _URL.match(text):
        return True
    if plain.is_file():
        return False
    return bool(_HOSTED.match(text) or _QUERY.search(text) or (_MARKED.search(text) and not plain.exists()))


def _shown(text: str) -> str:
    """A name in a message: in one line, bounded, without passwords."""
    return _CREDENTIALS.sub("", " ".join(str(text).split()))[:_SHOWN]


def _mentions(data: Mapping[str, Value]) -> Iterator[tuple[Steps, Steps, str, Role]]:
    """What can be cut, the field, its text and role."""
    for key, role in _LISTS.items():
        for index, text in entries(data, key):
            if isinstance(text, str):
                yield (key, index), (key, index), text, role
    for key, role in _WITH_PATHS.items():
        for index, entry in entries(data, key):
            if isinstance(entry, dict) and isinstance(entry.get("path"), str):
                yield (key, index), (key, index, "path"), entry["path"], role
    for key in GENERATORS:
        for index, entry in entries(data, key):
            yield from _contents((key, index), entry)
    schema = data.get("openapi")
    if isinstance(schema, dict) and isinstance(schema.get("path"), str):
        yield ("openapi",), ("openapi", "path"), schema["path"], Role.SETTING


def _contents(prefix: Steps, generator: Value) -> Iterator[tuple[Steps, Steps, str, Role]]:
    for key in ("files", "envs"):
        for index, text in entries(generator, key):
            if isinstance(text, str):
                steps = (*prefix, key, index)
                yield steps, steps, text.partition("=")[2] or text if key == "files" else text, Role.CONTENT
    if isinstance(generator, dict) and isinstance(generator.get("env"), str):
        yield (*prefix, "env"), (*prefix, "env"), generator["env"], Role.CONTENT


def _foreign(data: Value) -> str:
    """The kind of a plugin that kustomize does not bring along, or that runs something."""
    if not isinstance(data, dict):
        return ""
    kind = str(data.get("kind", "without a kind"))
    metadata = data.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    runs = isinstance(annotations, dict) and any(name in annotations for name in _FUNCTIONS)
    return kind if data.get("apiVersion") != "builtin" or runs or kind == "HelmChartInflationGenerator" else ""


def _files(data: Value, depth: int = 0) -> Iterator[str]:
    """The files that the settings of a built-in plugin name."""
    for key, value in data.items() if isinstance(data, dict) and depth < 8 else ():
        if key in _FILE_KEYS:
            texts = [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
            yield from (text.partition("=")[2] or text if key == "files" else text for text in texts)
        for inner in value if isinstance(value, list) else [value]:
            yield from _files(inner, depth + 1)
