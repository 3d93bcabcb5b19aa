"""Kubernetes in files: manifests that are applied as they are, charts and overlays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from msgspec import Struct

from scanner.model.problem import Problem, ProblemKind
from scanner.model.resource import Declaration
from scanner.model.span import Span
from scanner.parsers.kubernetes.helm import read_charts
from scanner.parsers.kubernetes.objects import KubernetesObject, declaration, objects, secret_texts
from scanner.parsers.parsed import Parsed
from scanner.parsers.positioned_yaml import YamlFile, read_yaml

_SHORTEST_SECRET: Final = 4
"""Shorter texts (``yes``) would hide too much of a report."""


class InputFile(Struct, frozen=True):
    """One file to read: absolute path, the name in reports, and its format as discovery names it."""

    path: Path
    name: str
    format: str = "kubernetes"


class Options(Struct, frozen=True):
    """What a user can tell: ``helm_values`` are more files of values for every chart, later ones win.

    A release is called ``helm_release``, or else as its chart is.
    ``base`` is the folder that names in reports are relative to; nothing outside of ``scan_root`` is read.
    """

    base: Path
    scan_root: Path
    helm_values: tuple[Path, ...] = ()
    helm_release: str = ""
    helm_namespace: str = "default"


class Root(Struct, frozen=True):
    """What is applied as one: a chart, an overlay, or the manifests of a folder. ``name`` is its folder or file."""

    name: str
    found: tuple[KubernetesObject, ...]


@dataclass(slots=True)
class Reading:
    """What has been read so far."""

    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    partly: set[str] = field(default_factory=set)
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)

    def yaml(self, file: InputFile) -> YamlFile:
        """A file's documents; what is wrong with it is noted."""
        try:
            content = file.path.read_bytes()
        except OSError as error:
            fault = Problem(Span(file.name, 1), ProblemKind.UNREADABLE, f"file not read: {error.strerror}")
            result = YamlFile((), (fault,))
        else:
            result = read_yaml(content, file.name)
            self.sources[file.name] = tuple(content.decode("utf-8-sig", "replace").splitlines())
        self.problems.extend(result.problems)
        if any(problem.kind.incomplete for problem in result.problems):
            (self.partly if result.documents else self.unread).add(file.name)
        return result

    def keep_secrets(self, found: Iterable[KubernetesObject]) -> None:
        """Note what Secrets hold."""
        for each in found:
            self.secrets.update(text for text in secret_texts(each.data) if len(text) >= _SHORTEST_SECRET)


def read(files: Sequence[InputFile], options: Options) -> Parsed:
    """Read charts, overlays and manifests. What an overlay uses is not read a second time as a manifest."""
    from scanner.parsers.kubernetes.kustomize import read_overlays  # which knows the records of this module

    reading = Reading()
    roots: list[Root] = []
    roots += (Root(chart.name, chart.found) for chart in read_charts(files, options, reading))
    used = frozenset(reading.sources)  # a chart also brings what lies in crds/
    overlays = read_overlays([file for file in files if file.format == "kustomize"], reading, options)
    roots += overlays.roots
    used |= overlays.used
    plain = [file for file in files if file.format == "kubernetes" and file.name not in used]
    taken = {root.name for root in roots}
    loose = read_manifests(plain, reading)  # what lies beside an overlay in its folder has a name of its own
    roots += (Root(f"{root.name}/*", root.found) if root.name in taken else root for root in loose)
    declarations: list[Declaration] = []
    for root in roots:
        reading.keep_secrets(root.found)
        prefix = f"{root.name}#" if len(roots) > 1 else ""
        declarations.extend(_declared(root, prefix))
    return Parsed(
        tuple(declarations),
        tuple(root.name for root in roots),
        tuple(reading.problems),
        frozenset(reading.unread),
        frozenset(reading.partly),
        reading.sources,
        frozenset(reading.secrets),
    )


def read_manifests(files: Sequence[InputFile], reading: Reading) -> list[Root]:
    """Read manifests. Folders whose objects can be applied together are one root; copies of them are apart."""
    by_file: dict[str, list[KubernetesObject]] = {}
    for file in files:
        found = [each for document in reading.yaml(file).documents for each in objects(document)]
        if found:
            by_file[file.name] = found
    return list(_split(sorted(by_file), by_file, 0))


def _declared(root: Root, prefix: str) -> list[Declaration]:
    """The objects of a root; one that is written again keeps its name with its line, for the last would win."""
    seen: dict[str, int] = {}
    made = []
    for found in root.found:
        made_here = declaration(found, root.name, prefix)
        again = seen.get(made_here.id, 0)
        seen[made_here.id] = again + 1
        if again:
            made_here = declaration(found, root.name, prefix, f"@{found.span.line}")
        made.append(made_here)
    return made


def _split(names: Sequence[str], by_file: Mapping[str, list[KubernetesObject]], depth: int) -> Iterator[Root]:
    """Split files into the largest folders in which no object is declared by two files."""
    if not names:
        return
    if len(names) == 1 or not _clash(names, by_file):
        yield Root(_folder(names), tuple(found for name in names for found in by_file[name]))
        return
    groups: dict[str, list[str]] = {}
    for name in names:
        parts = PurePosixPath(name).parts
        groups.setdefault(parts[depth] if depth < len(parts) else "", []).append(name)
    loose = [name for name in names if len(PurePosixPath(name).parts) == depth + 1]
    if loose and not _clash(loose, by_file):  # files beside the folders belong together
        yield Root(_folder(loose), tuple(found for name in loose for found in by_file[name]))
        groups = {key: members for key, members in groups.items() if members != [key] and members[0] not in loose}
    for _, members in sorted(groups.items()):
        yield from _split(members, by_file, depth + 1)


def _clash(names: Sequence[str], by_file: Mapping[str, list[KubernetesObject]]) -> bool:
    """Whether two files declare one object. A Namespace may be declared by each that uses it."""
    owners: dict[tuple[str, str], str] = {}
    for name in names:
        for found in by_file[name]:
            if found.type != "core/Namespace" and owners.setdefault((found.type, found.id), name) != name:
                return True
    return False


def _folder(names: Sequence[str]) -> str:
    """The folder that all files lie in, or the file itself for one alone."""
    if len(names) == 1:
        return names[0]
    common = PurePosixPath(names[0]).parent
    while not all(PurePosixPath(name).is_relative_to(common) for name in names):
        common = common.parent
    return str(common)
