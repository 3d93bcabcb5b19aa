"""Which pods are meant: by a selector, behind a Service, under a budget; and what their containers run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from scanner.catalog.load import Entry, catalog
from scanner.facts.nodes import pod_spec
from scanner.facts.traffic import fronts
from scanner.graph.graph import Graph
from scanner.model.objects import PLATFORM, labels_of, namespace_of, plain_labels, selects, template_of
from scanner.model.resource import EdgeKind, Resource
from scanner.model.value import Value

_IMAGE: Final = re.compile(r"^(?:(?P<host>[^/]*[.:][^/]*|localhost)/)?(?P<path>[^@:]+)(?::[^@]*)?(?:@.*)?$")


def is_served(workload: Resource, graph: Graph) -> bool:
    """Whether a Service sends requests to it."""
    return bool(fronts(workload, graph))


def behind(service: Resource, graph: Graph) -> list[Resource]:
    """The workloads to which a Service sends requests."""
    edges = graph.outgoing.get(service.id, ())
    found = {e.target: graph.resources[e.target] for e in edges if e.kind is EdgeKind.MEMBERSHIP}
    return [r for r in found.values() if r.kind == "workload"]


def peers(workload: Resource, graph: Graph) -> list[Resource]:
    """The other workloads that answer the same requests."""
    found = dict.fromkeys(name for group in _groups(workload, graph) for name in group if name != workload.id)
    return [graph.resources[name] for name in found]


def has_peers(workload: Resource, graph: Graph) -> bool:
    """Whether another workload answers the same requests."""
    return any(name != workload.id for group in _groups(workload, graph) for name in group)


def _groups(workload: Resource, graph: Graph) -> Iterable[tuple[str, ...]]:
    """The ids behind each of its fronts, those that stand behind several together only once."""
    behind_each = graph.once(_behind_each)
    return dict.fromkeys(behind_each.get(front.id, ()) for front in fronts(workload, graph))


def _behind_each(graph: Graph) -> Mapping[str, tuple[str, ...]]:
    """Front → the ids of the workloads behind it; equal ones are one tuple, however many fronts share them."""
    shared: dict[tuple[str, ...], tuple[str, ...]] = {}
    found: dict[str, tuple[str, ...]] = {}
    for front in graph.outgoing:
        names = tuple(r.id for r in behind(graph.resources[front], graph))
        if names:
            found[front] = shared.setdefault(names, names)
    return found


def pod_labels(workload: Resource) -> Mapping[str, Value]:
    """The labels of a Kubernetes object's pods; empty for what makes none."""
    entry = catalog().entry(workload.type) or Entry("other")
    return labels_of(template_of(workload.declaration.attributes, entry.pods)) if entry.pods else {}


def selector_of(resource: Resource) -> Value:
    """The selector over labels of pods that an object states; ``None`` where it states none."""
    entry = catalog().entry(resource.type) or Entry("other")
    found: Value = resource.declaration.attributes
    for step in entry.selects.split(".") if entry.selects else ():
        found = found.get(step) if isinstance(found, dict) else None
    return found if entry.selects else None


def chosen(resource: Resource, graph: Graph) -> list[Resource]:
    """What an object's selector chooses: in the files that are applied with it, else anywhere in its namespace.

    Budgets and autoscalers often lie apart from what they are about, in a chart or an overlay of their own.
    """
    edges = graph.outgoing.get(resource.id, ())
    path = (catalog().entry(resource.type) or Entry("other")).selects
    named = {e.target: graph.resources[e.target] for e in edges if path and e.path.startswith(path)}
    return list(named.values()) or list(_anywhere(resource, graph))


def _anywhere(resource: Resource, graph: Graph) -> Iterator[Resource]:
    selector = selector_of(resource)
    namespace = namespace_of(resource.declaration.attributes)
    for workload in carrying(selector, graph) if isinstance(selector, dict) and selector else ():
        here = namespace_of(workload.declaration.attributes) == namespace
        if here and selects(selector, pod_labels(workload)) is True:
            yield workload


def carrying(selector: Value, graph: Graph) -> Sequence[Resource]:
    """What makes pods in clusters, less those without one of the labels that a selector asks for."""
    labels = plain_labels(selector)
    if not labels:
        return making_pods(graph)
    return min((graph.once(_by_label).get(label, ()) for label in labels.items()), key=len)


def making_pods(graph: Graph) -> Sequence[Resource]:
    """Everything that makes pods in clusters."""
    return graph.once(_making_pods)


def _making_pods(graph: Graph) -> Sequence[Resource]:
    return [r for r in graph.of_kind("workload", "batch") if r.platform == PLATFORM]


def _by_label(graph: Graph) -> Mapping[tuple[str, str], Sequence[Resource]]:
    """Label → what makes pods that carry it."""
    found: dict[tuple[str, str], list[Resource]] = {}
    for workload in making_pods(graph):
        for label in plain_labels(pod_labels(workload)).items():
            found.setdefault(label, []).append(workload)
    return found


def path_of_pods(workload: Resource) -> str:
    """The native path of the specification of its pods."""
    entry = catalog().entry(workload.type) or Entry("other")
    return "spec" if entry.pods == "." else f"{entry.pods}.spec"


def containers(workload: Resource) -> list[Mapping[str, Value]]:
    """Its containers, without those that only prepare the pod."""
    found = pod_spec(workload).get("containers")
    return [c for c in found if isinstance(c, dict)] if isinstance(found, list) else []


def images(workload: Resource) -> list[str]:
    """The images of its containers, as written."""
    found = workload.get("images")
    return [image for image in found if isinstance(image, str)] if isinstance(found, list) else []


def repository(image: str) -> tuple[str, str]:
    """An image's registry and its name there: ``("docker.io", "library/postgres")`` for ``postgres:17``."""
    match = _IMAGE.match(image)
    if match is None:
        return "", image
    host, path = match["host"] or "docker.io", match["path"]
    return host, path if "/" in path or host != "docker.io" else f"library/{path}"


def program(image: str) -> str:
    """The last part of an image's name: ``postgres`` of ``docker.io/bitnami/postgres:17``."""
    return repository(image)[1].rsplit("/", 1)[-1].lower()
