"""What an overlay is made of: the objects that it starts from, and the kustomizations that change each, in order.

The order is kustomize's: resources, generators, components, then what the kustomization itself changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from msgspec import Struct

from scanner.model.span import Span
from scanner.model.value import Value
from scanner.parsers.kubernetes.kustomization import GENERATORS, Kustomization, Named, Role, Store
from scanner.parsers.kubernetes.objects import KubernetesObject, objects
from scanner.parsers.kubernetes.paths import entries

MAX_PARTS: Final = 20_000
"""How many kustomizations and objects an overlay may be made of, each counted as often as it is used."""
MAX_LEVELS: Final = 50
"""How many kustomizations may stand over one another."""

_NAME_KEPT: Final = frozenset({"CustomResourceDefinition", "APIService", "Namespace"})
"""Kinds that prefixes and suffixes leave alone."""
_HASH: Final = re.compile(r"-[a-z0-9]{10}$")
"""What the names of generated objects end in."""


class TooLarge(Exception):
    """An overlay that is not to be rendered."""


class Layer(Struct, frozen=True):
    """A kustomization that changes an object, and the place that brings it in."""

    kustomization: Kustomization
    parent: Span | None = None
    via: str = ""

    def span(self, *steps: str | int) -> Span:
        """The place of one of its fields."""
        return self.kustomization.span(*steps).under(self.parent, self.via)

    def below(self, named: Named, store: Store) -> tuple[Span, str]:
        """The parent of what a field brings in, and how."""
        here = self.kustomization
        kind = "overlay" if self.parent is None else "component" if here.component else "base"
        return self.span(*named.steps), f"{kind} {store.name(here.folder)}"


@dataclass(slots=True, eq=False)
class Start:
    """An object before anything changes it: one of a file, or an entry of a generator.

    ``names`` and ``namespaces`` are those that it has on its way, the last ones last.
    """

    kind: str
    layer: Layer
    found: KubernetesObject | None
    generator: tuple[str, int] | None
    parent: Span | None
    via: str
    names: list[str]
    namespaces: list[str]
    layers: list[Layer] = field(default_factory=list)

    @property
    def file(self) -> str:
        """The name of the file that it stands in."""
        return self.layer.kustomization.file.name if self.found is None else self.found.document.span.file

    def changed(self, layer: Layer) -> None:
        """Note a kustomization that changes it."""
        self.layers.append(layer)
        data = layer.kustomization.data
        if self.kind not in _NAME_KEPT:
            name = f"{_text(data, 'namePrefix')}{self.names[-1]}{_text(data, 'nameSuffix')}"
            if name != self.names[-1]:
                self.names.append(name)
        namespace = _text(data, "namespace")
        if namespace:
            self.namespaces.append(namespace)


@dataclass(slots=True)
class Overlay:
    """Everything that one entry point is made of."""

    store: Store
    entry: Kustomization
    starts: list[Start] = field(default_factory=list)
    _parts: int = 0

    def collect(self) -> None:
        """Walk it. Raises :class:`TooLarge`."""
        self.starts = self._gather(Layer(self.entry), (), [])

    def _gather(self, layer: Layer, above: tuple[Path, ...], pool: list[Start]) -> list[Start]:
        """The objects of a kustomization, a component's after those of ``pool``, which it changes as well."""
        here = layer.kustomization
        self._count(1)
        if len(above) > MAX_LEVELS:
            raise TooLarge(f"kustomizations nest deeper than {MAX_LEVELS} levels")
        above = (*above, here.folder)
        own: list[Start] = []
        for named in here.named:
            if named.role is Role.RESOURCE:
                own += self._resource(layer, named, above)
        own += self._generated(layer)
        everything = pool + own if here.component else own
        for named in here.named:
            inner = self.store.child(named) if named.role is Role.COMPONENT else None
            if inner is not None and not _leads_back(inner, above):
                everything = self._gather(Layer(inner, *layer.below(named, self.store)), above, everything)
        for start in everything:
            start.changed(layer)
        self._count(len(everything))
        return everything

    def _resource(self, layer: Layer, named: Named, above: tuple[Path, ...]) -> list[Start]:
        parent, via = layer.below(named, self.store)
        if not named.target.is_file():
            inner = self.store.child(named)
            if inner is None or _leads_back(inner, above):
                return []  # kustomize says what is wrong
            return self._gather(Layer(inner, parent, via), above, [])
        found = [each for document in self.store.yaml(named.target).documents for each in objects(document)]
        self._count(len(found))
        return [
            Start(str(each.data["kind"]), layer, each, None, parent, via, [each.name], [_namespace(each.data)])
            for each in found
        ]

    def _generated(self, layer: Layer) -> list[Start]:
        found = []
        for key, kind in GENERATORS.items():
            for index, entry in entries(layer.kustomization.data, key):
                if isinstance(entry, dict) and entry.get("behavior") not in ("merge", "replace"):
                    names, namespaces = [str(entry.get("name"))], [_text(entry, "namespace")]
                    found.append(
                        Start(kind, layer, None, (key, index), layer.parent, layer.via, names, namespaces),
                    )
        self._count(len(found))
        return found

    def _count(self, more: int) -> None:
        self._parts += more
        if self._parts > MAX_PARTS:
            raise TooLarge(f"it is made of more than {MAX_PARTS} parts")


class Origin(Struct, frozen=True):
    """What kustomize says of an object: the file that it is from, and the files that changed it, in order."""

    file: str = ""
    changed_in: tuple[str, ...] = ()


def match(rendered: Sequence[tuple[KubernetesObject, Origin]], starts: Sequence[Start]) -> list[Start | None]:
    """The start of each rendered object. Each start counts once: it makes one object at most."""
    by_name: dict[tuple[str, str], list[Start]] = {}
    by_file: dict[tuple[str, str], list[Start]] = {}
    for start in starts:
        by_file.setdefault((start.kind, start.file), []).append(start)
        for name in dict.fromkeys(start.names):
            by_name.setdefault((start.kind, name), []).append(start)
    taken: set[int] = set()
    found: list[Start | None] = []
    for each, origin in rendered:
        kind, name = str(each.data["kind"]), each.name
        candidates = by_name.get((kind, name), []) + by_name.get((kind, _HASH.sub("", name)), [])
        candidates = candidates or by_file.get((kind, origin.file), [])
        free = [start for start in candidates if id(start) not in taken]
        best = max(free, key=lambda start: _likeness(start, each, origin), default=None)
        taken.add(id(best))
        found.append(best)
    return found


def _likeness(start: Start, found: KubernetesObject, origin: Origin) -> tuple[bool, ...]:
    """How well a start fits, the weightiest first."""
    hashed = start.generator is not None and _HASH.sub("", found.name) == start.names[-1]
    return (
        found.name == start.names[-1] or hashed,
        origin.file == start.file,
        _namespace(found.data) == start.namespaces[-1],
        _passes(origin.changed_in, [layer.kustomization.file.name for layer in start.layers]),
    )


def _passes(changed: Sequence[str], layers: Sequence[str]) -> bool:
    """Whether the layers are passed in this order."""
    remaining = iter(layers)
    current: str | None = None
    for path in changed:
        while current != path:
            current = next(remaining, None)
            if current is None:
                return False
    return True


def _leads_back(inner: Kustomization, above: Sequence[Path]) -> bool:
    """Whether a folder stands over one that is being walked: kustomize calls that a cycle."""
    return any(folder.is_relative_to(inner.folder) for folder in above)


def _text(data: Value, key: str) -> str:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, str) else ""


def _namespace(data: Value) -> str:
    return _text(data.get("metadata") if isinstance(data, dict) else None, "namespace")


def reached(store: Store, entry: Kustomization) -> Iterator[Kustomization]:
    """An entry point and every kustomization below it, plugins' folders as well, each once."""
    seen: set[Path] = set()
    stack = [entry]
    while stack:
        here = stack.pop()
        if here.folder not in seen:
            seen.add(here.folder)
            yield here
            inner = [store.child(named) for named in reversed(here.named)]
            stack.extend(each for each in inner if each is not None)
