"""Kubernetes in files: manifests that are applied as they are, charts and overlays.

What reads charts and overlays is imported only where there are any.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final

from scanner.model.problem import Problem, ProblemKind
from scanner.model.resource import Declaration
from scanner.parsers.kubernetes.objects import KubernetesObject, carried, declaration, objects
from scanner.parsers.kubernetes.reading import InputFile, Options, Reading, Root
from scanner.parsers.parsed import Parsed

MAX_OBJECTS: Final = 3_000
"""Objects of one manifest; whole clusters written out have fewer in a file of the size that is read."""


def read(files: Sequence[InputFile], options: Options) -> Parsed:
    """Read charts, overlays and manifests. What an overlay uses is not read a second time as a manifest."""
    reading = Reading()
    roots = _charts(files, options, reading)
    of_charts = set(reading.sources)  # what a chart brings besides templates (crds/) has been read with it
    rendered, used = _overlays([file for file in files if file.format == "kustomize"], options, reading)
    roots += rendered
    plain = [f for f in files if f.format == "kubernetes" and f.name not in of_charts and f.name not in used]
    taken = {root.name for root in roots}
    loose = read_manifests(plain, reading)  # what lies beside an overlay in its folder has a name of its own
    roots += (Root(f"{root.name}/*", root.found) if root.name in taken else root for root in loose)
    roots = [Root(_from_scan_root(root.name, options), (*root.found, *carried(root.found))) for root in roots]
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


def _charts(files: Sequence[InputFile], options: Options, reading: Reading) -> list[Root]:
    if not any(file.format == "helm" for file in files):
        return []
    from scanner.parsers.kubernetes.helm import read_charts

    return [Root(chart.name, chart.found) for chart in read_charts(files, options, reading)]


def _overlays(
    files: Sequence[InputFile], options: Options, reading: Reading
) -> tuple[tuple[Root, ...], frozenset[str]]:
    """The overlays among the files, and the names of the files that they use."""
    if not files:
        return (), frozenset()
    from scanner.parsers.kubernetes.kustomize import read_overlays

    found = read_overlays(files, reading, options)
    return found.roots, found.used


def _from_scan_root(name: str, options: Options) -> str:
    """A root by its path from the folder that is scanned, as Terraform's are called."""
    return os.path.relpath(options.base / name, options.scan_root).replace(os.sep, "/")


def read_manifests(files: Sequence[InputFile], reading: Reading) -> list[Root]:
    """Read manifests. Folders whose objects can be applied together are one root; copies of them are apart."""
    by_file: dict[str, list[KubernetesObject]] = {}
    for file in files:
        found = _within_limit(
            [each for document in reading.yaml(file).documents for each in objects(document)], reading
        )
        reading.note_placeholders(file.name, found)
        if found:
            by_file[file.name] = found
    return list(_split(sorted(by_file), by_file, 0))


def _within_limit(found: list[KubernetesObject], reading: Reading) -> list[KubernetesObject]:
    """The first objects of a file; where it has more than anybody writes, a problem tells that the rest is left out."""
    if len(found) > MAX_OBJECTS:
        rest = found[MAX_OBJECTS].span
        message = f"more than {MAX_OBJECTS} objects in one file; the rest is left out"
        reading.problems.append(Problem(rest, ProblemKind.LIMIT, message))
        reading.partly.add(rest.file)
    return found[:MAX_OBJECTS]


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
