"""Overlays: every kustomization that no other one uses is rendered; its objects point to the lines that set them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from msgspec import Struct

from scanner.model.problem import Problem, ProblemKind
from scanner.model.value import Value
from scanner.parsers.kubernetes import kustomize_run as run
from scanner.parsers.kubernetes.kustomization import FILE_NAMES, Kustomization, Named, Role, Store
from scanner.parsers.kubernetes.kustomize_layers import Origin, Overlay, Start, TooLarge, match, reached
from scanner.parsers.kubernetes.kustomize_patches import Patch
from scanner.parsers.kubernetes.kustomize_places import OnePlace, RenderedPlaces, Tracing
from scanner.parsers.kubernetes.objects import KubernetesObject, objects
from scanner.parsers.kubernetes.paths import Steps
from scanner.parsers.kubernetes.reading import InputFile, Options, Reading, Root
from scanner.parsers.kubernetes.remembered import build
from scanner.parsers.positioned_yaml import Document, Positions, read_yaml

_ORIGIN: Final = "config.kubernetes.io/origin"
_CHANGES: Final = "alpha.config.kubernetes.io/transformations"
_ASKED: Final[Mapping[str, str]] = {"originAnnotations": _ORIGIN, "transformerAnnotations": _CHANGES}
"""What kustomize tells when asked, and the annotation: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/buildmetadata/."""
_AT_ONCE: Final = 4
"""How many overlays are rendered side by side at most."""


class Overlays(Struct, frozen=True):
    """What overlays declare, and the names of files that are not to be read as manifests of their own."""

    roots: tuple[Root, ...]
    used: frozenset[str]


def read_overlays(files: Sequence[InputFile], reading: Reading, options: Options) -> Overlays:
    """Render the overlays among the files. What goes wrong is noted in ``reading``."""
    store = Store(reading, options)
    folders = dict.fromkeys(file.path.parent.resolve() for file in sorted(files, key=lambda each: each.name))
    everything = [found for found in map(store.at, folders) if found is not None]
    rendering = _Rendering(store)
    rendering.render(_entry_points(everything, store))
    everything += [found for entry in everything for found in reached(store, entry)]
    used = rendering.used | _never_manifests(everything, store)
    return Overlays(tuple(rendering.roots), frozenset(used))


def _entry_points(everything: Sequence[Kustomization], store: Store) -> list[Kustomization]:
    """Those that no other one uses, and of circles the first."""
    inner = {
        child.folder
        for each in everything
        for named in each.named
        if (child := store.child(named)) is not None and child is not each
    }
    found = [each for each in everything if each.folder not in inner]
    covered = {below.folder for each in found for below in reached(store, each)}
    for each in everything:
        if each.folder not in covered:
            found.append(each)
            covered |= {below.folder for below in reached(store, each)}
    return [each for each in found if not each.component]


def _never_manifests(everything: Iterable[Kustomization], store: Store) -> set[str]:
    """Files that are no objects, whatever they look like: patches, settings, contents of generated objects."""
    others = (named for each in everything for named in each.named if named.role is not Role.RESOURCE)
    return {name for named in others for name in _files(named, store)}


def _files(named: Named, store: Store) -> set[str]:
    """The file that is named, also as what it links to."""
    return {store.name(named.plain), store.name(named.target)} if named.target.is_file() else set()


@dataclass(slots=True)
class _Rendering:
    """Renders one overlay after the other."""

    store: Store
    roots: list[Root] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def render(self, entries: Sequence[Kustomization]) -> None:
        ready = [overlay for entry in entries if (overlay := self._prepared(entry)) is not None]
        tool = run.find_tool(self.store.options.scan_root) if ready else None
        if tool is None:
            for overlay in ready:
                self._failed(overlay.entry, "install kubectl or kustomize", ProblemKind.UNREADABLE)
            return
        with ThreadPoolExecutor(min(_AT_ONCE, os.cpu_count() or 1)) as pool:
            results = list(pool.map(lambda each: build(tool, _copy(each), self.store.options.cache), ready))
        for overlay, rendered in zip(ready, results, strict=True):
            incomplete = next((each for each in reached(self.store, overlay.entry) if each.refused), None)
            if not rendered.fault:
                self._take(overlay, rendered.content)
            elif incomplete is None:
                self._failed(overlay.entry, rendered.fault, rendered.kind)
            elif overlay.entry.refused:
                self._unread(overlay.entry)  # why is told where it is named
            else:
                why = f"{incomplete.file.name} names what is not followed"
                self._failed(overlay.entry, why, ProblemKind.UNREADABLE)

    def _prepared(self, entry: Kustomization) -> Overlay | None:
        """An overlay that can be tried."""
        if entry.document is None:
            return None  # told already
        overlay = Overlay(self.store, entry)
        try:
            overlay.collect()
        except TooLarge as reason:
            self._failed(entry, str(reason), ProblemKind.LIMIT)
            return None
        below = list(reached(self.store, entry))
        broken = next((each for each in below if each.document is None), None)
        if broken is not None:
            self._failed(entry, f"{broken.file.name} was not read", ProblemKind.INVALID)
            return None
        over = next((fault for each in below for fault in self._over_limits(each)), None)
        if over is not None:  # kustomize has no limits of its own
            self._failed(entry, f"{over.span.file}: {over.message}", ProblemKind.LIMIT)
            return None
        return overlay

    def _over_limits(self, here: Kustomization) -> Iterator[Problem]:
        """What makes a file that a kustomization names too much to read."""
        for named in here.named:
            if named.role in (Role.RESOURCE, Role.PATCH) and named.target.is_file():
                yield from (p for p in self.store.yaml(named.target).problems if p.kind is ProblemKind.LIMIT)

    def _failed(self, entry: Kustomization, why: str, kind: ProblemKind) -> None:
        self.store.reading.problems.append(Problem(entry.span(), kind, f"overlay not rendered: {why}"))
        self._unread(entry)

    def _unread(self, entry: Kustomization) -> None:
        self.store.reading.unread.add(entry.file.name)
        self.store.reading.partly.discard(entry.file.name)

    def _take(self, overlay: Overlay, content: bytes) -> None:
        """Note what an overlay declares."""
        entry = overlay.entry
        output = read_yaml(content, entry.file.name)
        if output.problems:
            self._failed(entry, output.problems[0].message, output.problems[0].kind)
            return
        below = list(reached(self.store, entry))
        self.used.update(*(_files(named, self.store) for each in below for named in each.named))
        rendered = [self._plain(each, entry) for document in output.documents for each in objects(document)]
        starts = match(rendered, overlay.starts)
        known: dict[int, tuple[Patch, ...]] = {}
        found = (self._placed(each, start, entry, known) for (each, _), start in zip(rendered, starts, strict=True))
        self.roots.append(Root(self.store.name(entry.folder), tuple(found)))

    def _plain(self, found: KubernetesObject, entry: Kustomization) -> tuple[KubernetesObject, Origin]:
        """An object without what we asked kustomize to note on it, and what that says."""
        metadata = _mapping(found.data.get("metadata"))
        annotations = dict(_mapping(metadata.get("annotations")))
        notes = {name: _noted(annotations.get(name)) for name in _ASKED.values()}
        for name in _added(entry):
            annotations.pop(_ASKED[name], None)
        kept = {key: value for key, value in metadata.items() if key != "annotations"}
        if annotations:
            kept = {key: annotations if key == "annotations" else value for key, value in metadata.items()}
        data = {key: kept if metadata and key == "metadata" else value for key, value in found.data.items()}
        changes = notes[_CHANGES] if isinstance(notes[_CHANGES], list) else []
        changed = (self._file(each, "configuredIn", entry) for each in changes)
        origin = self._file(notes[_ORIGIN], "path", entry) or self._file(notes[_ORIGIN], "configuredIn", entry)
        return KubernetesObject(data, found.document), Origin(origin, tuple(filter(None, changed)))

    def _file(self, note: Value, key: str, entry: Kustomization) -> str:
        """The name in reports of a file that a note names."""
        text = note.get(key) if isinstance(note, dict) else None
        return self.store.name(Path(os.path.normpath(entry.folder / text))) if isinstance(text, str) else ""

    def _placed(
        self, found: KubernetesObject, start: Start | None, entry: Kustomization, known: dict[int, tuple[Patch, ...]]
    ) -> KubernetesObject:
        """An object with the places of its fields."""
        places: Positions
        if start is None:
            span = entry.span("resources")
            places = OnePlace(span, found.data)
        else:
            places = RenderedPlaces(Tracing(found.data, start, self.store, known))
            span = places.tracing.span(())
        return KubernetesObject(found.data, Document(found.data, places, span))


def _mapping(data: Value) -> Mapping[str, Value]:
    return data if isinstance(data, dict) else {}


def _noted(text: Value) -> Value:
    documents = read_yaml(text.encode(), "").documents if isinstance(text, str) else ()
    return documents[0].data if documents else None


def _added(entry: Kustomization) -> list[str]:
    """What we ask for beyond what the overlay asks for itself."""
    asked = entry.data.get("buildMetadata")
    return [name for name in _ASKED if name not in (asked if isinstance(asked, list) else [])]


def _copy(overlay: Overlay) -> run.Copy:
    """What kustomize gets to see."""
    root = overlay.store.options.scan_root.resolve()
    below = list(reached(overlay.store, overlay.entry))
    files: dict[Path, Path] = {}
    contents: dict[Path, bytes] = {}
    links: dict[Path, Path] = {}
    for each in below:
        here = each.folder.relative_to(root)
        files.update({here / name: each.folder / name for name in FILE_NAMES if (each.folder / name).is_file()})
        asked = _added(each) if each is overlay.entry else []
        if asked or each.refused:
            contents[each.file.path.relative_to(root)] = _rewritten(each, asked)
        for named in each.named:
            plain = named.plain.relative_to(root)
            if named.target.is_file():
                files[plain] = named.target
            elif named.target.is_dir() and named.plain != named.target:
                links[plain] = named.target.relative_to(root)
    folders = tuple(each.folder.relative_to(root) for each in below)
    kept = {name: path for name, path in files.items() if name not in contents}
    return run.Copy(overlay.entry.folder.relative_to(root), contents, kept, links, folders)


def _rewritten(here: Kustomization, asked: Sequence[str]) -> bytes:
    """A kustomization without what is refused, and with what we ask for."""
    data = _without(here.data, sorted(refused.cut for refused in here.refused))
    before = data.get("buildMetadata") or []
    if asked and isinstance(before, list):  # else kustomize says what is wrong
        data = {**data, "buildMetadata": [*before, *asked]}
    return run.encoded(data)


def _without(data: Value, cuts: Sequence[Steps]) -> Value:
    """A copy of the data without some fields."""
    whole = {cut[0] for cut in cuts if len(cut) == 1}
    inner: dict[str | int, list[Steps]] = {}
    for cut in cuts:
        inner.setdefault(cut[0], []).append(cut[1:])
    pairs = data.items() if isinstance(data, dict) else enumerate(data)
    kept = {key: _without(value, inner[key]) if key in inner else value for key, value in pairs if key not in whole}
    return kept if isinstance(data, dict) else list(kept.values())
