"""Kubernetes objects in YAML documents: what counts as one, what it is called, and what of it is secret."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from scanner.model.objects import PLATFORM, name_of_object, namespace_of
from scanner.model.resource import Declaration, ProviderContext
from scanner.model.span import Span
from scanner.model.value import Value
from scanner.parsers.positioned_yaml import Document, Positions

PROVIDER: Final = ProviderContext("kubernetes")

_MOVED: Final[Mapping[str, str]] = {
    "extensions/DaemonSet": "apps/DaemonSet",
    "extensions/Deployment": "apps/Deployment",
    "extensions/Ingress": "networking.k8s.io/Ingress",
    "extensions/NetworkPolicy": "networking.k8s.io/NetworkPolicy",
    "extensions/ReplicaSet": "apps/ReplicaSet",
}
"""Groups that kinds have left: https://kubernetes.io/docs/reference/using-api/deprecation-guide/."""

_CARRIERS: Final[Mapping[str, str]] = {
    "work.open-cluster-management.io/ManifestWork": "spec.workload.manifests",
    "work.open-cluster-management.io/ManifestWorkReplicaSet": "spec.manifestWorkTemplate.workload.manifests",
}
"""Types whose objects hold others for other clusters, and where."""


class KubernetesObject(Struct, frozen=True):
    """One object: its data, its document and where in it it stands (empty for a document that is one object)."""

    data: Mapping[str, Value]
    document: Document
    prefix: str = ""

    @property
    def group(self) -> str:
        """The API group; ``core`` for the one without a name."""
        group, slash, _ = str(self.data["apiVersion"]).partition("/")
        return group if slash else "core"

    @property
    def type(self) -> str:
        """Group and kind, as the catalog names types: ``apps/Deployment``. The version is left out."""
        written = f"{self.group}/{self.data['kind']}"
        return _MOVED.get(written, written)

    @property
    def name(self) -> str:
        """Its name; a generated one ends in ``*``."""
        return name_of_object(self.data)

    @property
    def namespace(self) -> str:
        """Its namespace, empty for a kind that has none."""
        return namespace_of(self.data)

    @property
    def id(self) -> str:
        """``namespace/Kind/name``, or ``Kind/name``; two groups that share a kind are told apart by nothing else."""
        return "/".join(part for part in (self.namespace, str(self.data["kind"]), self.name) if part)

    @property
    def span(self) -> Span:
        """The line that says what kind of object it is."""
        return self._places.get("kind") or self.document.span

    @property
    def named_at(self) -> Span:
        """The line of its name."""
        return self._places.get("metadata.name") or self.span

    @property
    def _places(self) -> Positions:
        return self.document.places.below(self.prefix) if self.prefix else self.document.places


def objects(document: Document) -> Iterator[KubernetesObject]:
    """The objects of a document: itself, or the items of a list, in order. Nothing for other YAML."""
    stack: list[tuple[Value, str]] = [(document.data, "")]
    while stack:
        data, prefix = stack.pop()
        if not is_object(data):
            continue
        items = data.get("items")
        if str(data["kind"]).endswith("List") and isinstance(items, list):
            inner = f"{prefix}.items" if prefix else "items"
            stack.extend((item, f"{inner}[{index}]") for index, item in reversed(list(enumerate(items))))
        else:
            yield KubernetesObject(data, document, prefix)


def carried(found: Sequence[KubernetesObject]) -> Iterator[KubernetesObject]:
    """The objects that others carry to clusters inside of them; what several carry is given once.

    https://open-cluster-management.io/docs/concepts/work-distribution/manifestwork/
    """
    seen = {(each.type, each.id) for each in found}
    for each in found:
        path = _CARRIERS.get(each.type)
        manifests: Value = each.data
        for step in path.split(".") if path else ():
            manifests = manifests.get(step) if isinstance(manifests, dict) else None
        for index, data in enumerate(manifests if path and isinstance(manifests, list) else ()):
            prefix = f"{each.prefix}.{path}[{index}]" if each.prefix else f"{path}[{index}]"
            inner = KubernetesObject(data, each.document, prefix)
            if is_object(data) and (inner.type, inner.id) not in seen:
                seen.add((inner.type, inner.id))
                yield inner


def is_object(data: Value) -> bool:
    """Whether something says both its kind and the version of its API."""
    return isinstance(data, dict) and isinstance(data.get("apiVersion"), str) and isinstance(data.get("kind"), str)


def declaration(found: KubernetesObject, root: str, prefix: str, suffix: str = "") -> Declaration:
    """An object as the rest of the program sees it. ``prefix`` and ``suffix`` stand around its id."""
    places = found.document.places
    return Declaration(
        id=f"{prefix}{found.id}{suffix}",
        type=found.type,
        name=found.name,
        platform=PLATFORM,
        span=found.span,
        attributes=found.data,
        places=places.below(found.prefix) if found.prefix else places,
        provider=PROVIDER,
        root=root,
    )


def secret_texts(data: Mapping[str, Value]) -> Iterator[str]:
    """What a Secret holds, as written and decoded."""
    if data.get("kind") != "Secret":
        return
    for key in ("data", "stringData"):
        held = data.get(key)
        for value in held.values() if isinstance(held, dict) else ():
            if isinstance(value, str) and value:
                yield value
                if key == "data":
                    yield from _decoded(value)


def _decoded(text: str) -> Iterator[str]:
    try:
        plain = base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return
    if plain:
        yield plain
