"""What Kubernetes objects mean by the names and labels that they state: edges between objects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from scanner.catalog.endpoints import owner_of
from scanner.catalog.load import Entry, ObjectPath
from scanner.catalog.readers import lookup
from scanner.graph.index import Index
from scanner.model.objects import (
    PLATFORM,
    labels_of,
    name_of_object,
    namespace_of,
    plain_labels,
    selects,
    spec_of,
    stands_in_cluster,
    template_of,
    text_of,
)
from scanner.model.resource import Declaration, Edge, EdgeKind
from scanner.model.value import Unknown, Value
from scanner.normalize.hints import finds_members, setting_at

_POD_OBJECTS: Final = (
    ObjectPath("volumes.persistentVolumeClaim.claimName", ("core/PersistentVolumeClaim",)),
    ObjectPath("volumes.configMap.name", ("core/ConfigMap",)),
    ObjectPath("volumes.projected.sources.configMap.name", ("core/ConfigMap",)),
    ObjectPath("volumes.secret.secretName", ("core/Secret",)),
    ObjectPath("volumes.projected.sources.secret.name", ("core/Secret",)),
    ObjectPath("containers.envFrom.configMapRef.name", ("core/ConfigMap",)),
    ObjectPath("containers.envFrom.secretRef.name", ("core/Secret",)),
    ObjectPath("containers.env.valueFrom.configMapKeyRef.name", ("core/ConfigMap",)),
    ObjectPath("containers.env.valueFrom.secretKeyRef.name", ("core/Secret",)),
    ObjectPath("initContainers.envFrom.configMapRef.name", ("core/ConfigMap",)),
    ObjectPath("initContainers.envFrom.secretRef.name", ("core/Secret",)),
    ObjectPath("initContainers.env.valueFrom.configMapKeyRef.name", ("core/ConfigMap",)),
    ObjectPath("initContainers.env.valueFrom.secretKeyRef.name", ("core/Secret",)),
    ObjectPath("serviceAccountName", ("core/ServiceAccount",), "control"),
    ObjectPath("imagePullSecrets.name", ("core/Secret",), "control"),
    ObjectPath("priorityClassName", ("scheduling.k8s.io/PriorityClass",), "none"),
)
"""What pods name: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/."""

_SETTINGS: Final = tuple(wanted.path for wanted in _POD_OBJECTS if wanted.types == ("core/ConfigMap",))
"""Where pods are given settings."""

_ADDRESS: Final = re.compile(
    r"://(?:[^\s@/]*@)?([a-z][a-z0-9.-]*)|(?<![\w./-])([a-z][a-z0-9.-]*):[0-9]{2,5}(?![0-9])", re.IGNORECASE
)
"""Hosts in texts: of URLs, and before ports."""
_NAMING: Final = re.compile(r"HOST|ADDR|SERVER|SERVICE|ENDPOINT|URL|URI|UPSTREAM|BROKER|DSN|PEER|NODE", re.IGNORECASE)
"""Settings whose whole value is a host."""
_FLAG: Final = re.compile(r"--?[A-Za-z][\w.-]*")
"""A flag whose value is the next argument."""
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,62}(?:\.[a-z0-9-]{1,63}){0,5}")
_REGISTRY: Final = "networking.istio.io/ServiceEntry"
_LONGEST: Final = 100_000
"""Characters of one text in which hosts are looked for."""


@dataclass
class Objects:
    """Finds Kubernetes objects by name and pods by labels, first among what is applied together."""

    entries: Mapping[str, Entry | None]
    index: Index

    @cached_property
    def all(self) -> list[Declaration]:
        """Every Kubernetes object."""
        return [d for d in self.index.by_id.values() if d.platform == PLATFORM and d.mode == "managed"]

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str, str], tuple[str, ...]]:
        """Namespace, kind and name → ids of all roots."""
        found: dict[tuple[str, str, str], list[str]] = {}
        for each in self.all:
            key = (namespace_of(each.attributes), _kind(each), name_of_object(each.attributes))
            found.setdefault(key, []).append(each.id)
        return {key: tuple(ids) for key, ids in found.items()}

    @cached_property
    def _makers(self) -> Mapping[tuple[str, str, str], tuple[str, ...]]:
        """Namespace, kind and name of what controllers make → the objects that tell them to (ExternalSecret)."""
        found: dict[tuple[str, str, str], list[str]] = {}
        for each in self.all:
            entry = self.entries[each.id]
            for kind, paths in entry.makes.items() if entry is not None else ():
                name = next((v for p in paths if isinstance(v := lookup(each.attributes, p), str)), None)
                if name is not None:
                    found.setdefault((namespace_of(each.attributes), kind, name), []).append(each.id)
        return {key: tuple(ids) for key, ids in found.items()}

    @cached_property
    def _pods(self) -> Mapping[tuple[str, str], list[Declaration]]:
        """Root and namespace → what makes pods there."""
        found: dict[tuple[str, str], list[Declaration]] = {}
        for each in self.all:
            entry = self.entries[each.id]
            if entry is not None and entry.pods:
                found.setdefault((each.root, namespace_of(each.attributes)), []).append(each)
        return found

    def named(self, source: Declaration, kind: str, name: str, namespace: str) -> tuple[str, ...]:
        """The object of a kind and name: of the same root, else of the only other one that has it."""
        found = self._by_name.get((namespace, kind, name)) or self._makers.get((namespace, kind, name), ())
        own = tuple(i for i in found if self.index.by_id[i].root == source.root)
        return own or (found if len(found) == 1 else ())

    def edges(self, declaration: Declaration, entry: Entry) -> Iterator[Edge]:
        """What an object names, chooses by labels, and calls by host name."""
        if not stands_in_cluster(declaration):
            return
        yield from self._objects(declaration, entry.objects, "")
        if entry.pods:
            at = "spec." if entry.pods == "." else f"{entry.pods}.spec."
            yield from self._objects(declaration, _POD_OBJECTS, at)
        if entry.selects:
            yield from self._selected(declaration, entry)
        if entry.pods or entry.kind == "config":
            yield from self._called(declaration, entry)

    # -- by name -----------------------------------------------------------------------------------

    def _objects(self, source: Declaration, paths: Iterable[ObjectPath], at: str) -> Iterator[Edge]:
        for wanted in paths:
            for path, value in values_at(source.attributes, f"{at}{wanted.path}"):
                for target in self._meant(source, value, wanted):
                    if target != source.id:
                        yield Edge(source.id, target, EdgeKind(wanted.kind), path, source.span_of(path))

    def _meant(self, source: Declaration, value: Value, wanted: ObjectPath) -> Iterator[str]:
        """What a name, or an object with a name and perhaps a kind and a namespace, means."""
        spoken = value if isinstance(value, dict) else {"name": value}
        name, kind, namespace = (_told_text(spoken.get(key)) for key in ("name", "kind", "namespace"))
        if not isinstance(name, str):
            return
        if namespace is None and wanted.namespace:
            namespace = next((_told_text(v) for _, v in values_at(source.attributes, wanted.namespace)), None)
        kinds = [kind] if isinstance(kind, str) else [t.partition("/")[2] for t in wanted.types]
        for each in kinds:
            space = str(namespace) if namespace else namespace_of(source.attributes)
            for place in (space, "") if wanted.types else (space,):
                yield from self.named(source, each, name, place)
            if each == "Service" and ("." in name or ":" in name):  # told as a host
                yield from self._host(source, name.partition("://")[2].partition(":")[0] or name.partition(":")[0])

    # -- by labels ---------------------------------------------------------------------------------

    def _selected(self, source: Declaration, entry: Entry) -> Iterator[Edge]:
        """The workloads whose pods a selector chooses. A Service leads there, a budget or policy is only about them."""
        found = self.selector(source)
        if found is None or (found == {} and entry.kind == "load_balancer"):
            return
        kind = EdgeKind.MEMBERSHIP if entry.kind == "load_balancer" else EdgeKind.NONE
        span = source.span_of(entry.selects)
        for pods in self.carrying(found, source):
            if selects(found, self._labels(pods)) is True:
                yield Edge(source.id, pods.id, kind, entry.selects, span)

    def selector(self, source: Declaration) -> Value:
        """The selector over pods that an object states; ``None`` where it states none."""
        entry = self.entries[source.id]
        if entry is None or not entry.selects:
            return None
        return next((v for _, v in values_at(source.attributes, entry.selects)), None)

    def carrying(self, selector: Value, source: Declaration) -> Sequence[Declaration]:
        """What makes pods beside an object, less those without one of the labels that a selector asks for."""
        here = (source.root, namespace_of(source.attributes))
        wanted = plain_labels(selector)
        if not wanted:
            return self._pods.get(here, ())
        return min((self._by_label.get((*here, *label), ()) for label in wanted.items()), key=len)

    @cached_property
    def _by_label(self) -> Mapping[tuple[str, str, str, str], Sequence[Declaration]]:
        """Root, namespace and label → what makes pods there that carry it."""
        found: dict[tuple[str, str, str, str], list[Declaration]] = {}
        for (root, namespace), makers in self._pods.items():
            for pods in makers:
                for key, value in plain_labels(self._labels(pods)).items():
                    found.setdefault((root, namespace, key, value), []).append(pods)
        return found

    # -- by host name ------------------------------------------------------------------------------

    def _called(self, source: Declaration, entry: Entry) -> Iterator[Edge]:
        """The Services whose names stand where a host is told: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/."""
        seen: set[tuple[str, EdgeKind]] = set()
        callers = [self._labels(each) for each in self._callers(source, entry)]
        for path, name, text in _told(source.attributes, entry):
            for setting, host in _hosts(name, text):
                kind = EdgeKind.NONE if finds_members(setting) else EdgeKind.RUNTIME
                for target in self._host(source, host):
                    if (target, kind) not in seen and not self._leads_to(target, callers):
                        seen.add((target, kind))
                        yield Edge(source.id, target, kind, path, source.span_of(path))

    def _callers(self, source: Declaration, entry: Entry) -> Sequence[Declaration]:
        """What reads a text: what holds it, and for settings the pods that are given them."""
        key = (source.root, namespace_of(source.attributes), name_of_object(source.attributes))
        return (source,) if entry.pods else self._readers.get(key, ())

    @cached_property
    def _readers(self) -> Mapping[tuple[str, str, str], Sequence[Declaration]]:
        """Root, namespace and name of settings → what makes pods that are given them."""
        found: dict[tuple[str, str, str], list[Declaration]] = {}
        for (root, namespace), makers in self._pods.items():
            for pods in makers:
                entry = self.entries[pods.id]
                spec = spec_of(pods.attributes, entry.pods) if entry is not None else {}
                for name in {str(name) for path in _SETTINGS for _, name in values_at(spec, path)}:
                    found.setdefault((root, namespace, name), []).append(pods)
        return found

    def _labels(self, pods: Declaration) -> Mapping[str, Value]:
        entry = self.entries[pods.id]
        return labels_of(template_of(pods.attributes, entry.pods)) if entry is not None else {}

    def _leads_to(self, service: str, callers: Sequence[Mapping[str, Value]]) -> bool:
        """Whether a Service leads to those who speak of it: programs are told their own names too."""
        selector = self.selector(self.index.by_id[service])
        stated = isinstance(selector, dict) and bool(selector)
        return stated and bool(callers) and all(selects(selector, labels) is True for labels in callers)

    def _host(self, source: Declaration, host: str) -> tuple[str, ...]:
        """What a host name means: a Service, else what a mesh enters under that name."""
        return self._service(source, host) or self._entered(source, host.lower())

    def _entered(self, source: Declaration, host: str) -> tuple[str, ...]:
        """The entries of a host in Istio's registry that the caller sees, by its name or by a wildcard above it.

        A vendor's own name tells whom it is without them, and stands beside its spares where the caller names several:
        https://istio.io/latest/docs/reference/config/networking/service-entry/#ServiceEntry.
        """
        if not self._mesh or owner_of(host) is not None:
            return ()
        above = (f"*{host[at:]}" for at, sign in enumerate(host) if sign == ".")
        found = next((ids for name in (host, *above) if (ids := self._mesh.get(name))), ())
        return tuple(i for i in found if i != source.id and _exported(self.index.by_id[i], source))

    @cached_property
    def _mesh(self) -> Mapping[str, tuple[str, ...]]:
        """Hosts → the entries of Istio's registry that have them."""
        found: dict[str, list[str]] = {}
        for each in self.all:
            hosts = lookup(each.attributes, "spec.hosts") if each.type == _REGISTRY else None
            for host in hosts if isinstance(hosts, list) else ():
                found.setdefault(str(host).lower(), []).append(each.id)
        return {host: tuple(ids) for host, ids in found.items()}

    def _service(self, source: Declaration, host: str) -> tuple[str, ...]:
        """The Service that a host name means: ``name``, ``name.namespace``, or one pod of it before these."""
        labels = host.split(".")
        if len(labels) > 2 and "svc" in labels[1:]:
            labels = labels[: labels.index("svc", 1)]
        here = namespace_of(source.attributes)
        ways = [(labels[0], here)] if len(labels) == 1 else [(labels[-2], labels[-1])] if len(labels) <= 3 else []
        if len(labels) == 2:
            ways.append((labels[1], here))  # pod-0.service
        services = (found for name, space in ways if (found := self.named(source, "Service", name, space)))
        made = (found for name, space in ways if (found := self._made.get((space, name), ())))
        return next(services, None) or next(made, ())

    @cached_property
    def _made(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """Namespace and name of the Services that controllers make → what they lead to."""
        found: dict[tuple[str, str], list[str]] = {}
        for each in self.all:
            entry = self.entries[each.id]
            for pattern in entry.hosts if entry is not None else ():
                name = pattern.replace("{}", name_of_object(each.attributes))
                found.setdefault((namespace_of(each.attributes), name), []).append(each.id)
        return {key: tuple(ids) for key, ids in found.items() if len(ids) == 1}


def _exported(entry: Declaration, source: Declaration) -> bool:
    """Whether an entry of the registry is meant for the namespace of who calls; by default it is for all."""
    spaces = lookup(entry.attributes, "spec.exportTo")
    here = namespace_of(source.attributes)
    own = here == namespace_of(entry.attributes)
    return not isinstance(spaces, list) or not spaces or any(s in ("*", here) or (s == "." and own) for s in spaces)


def _told_text(value: Value) -> Value:
    """A name as objects of that name have it, also one that a variable decides."""
    return text_of(value) if isinstance(value, Unknown) and (value.ref or value.parts) else value


def _kind(declaration: Declaration) -> str:
    return str(declaration.attributes.get("kind", ""))


def values_at(value: Value, path: str) -> Iterator[tuple[str, Value]]:
    """Every value at a path through all lists on the way, each with the path that leads to it alone."""
    stack: list[tuple[str, Value, tuple[str, ...]]] = [("", value, tuple(path.split(".")) if path else ())]
    while stack:
        at, current, steps = stack.pop()
        if isinstance(current, list):
            stack.extend((f"{at}[{i}]", item, steps) for i, item in reversed(list(enumerate(current))))
        elif not steps:
            if current is not None:
                yield at, current
        elif isinstance(current, dict) and steps[0] in current:
            stack.append((f"{at}.{steps[0]}" if at else steps[0], current[steps[0]], steps[1:]))


def _told(attributes: Mapping[str, Value], entry: Entry) -> Iterator[tuple[str, str, str]]:
    """Path, name and text of all that tells a program what to call."""
    if not entry.pods:
        data = attributes.get("data")
        for key, text in data.items() if isinstance(data, dict) else ():
            if isinstance(text, str):
                yield f"data.{key}", key, text
        return
    at = "spec" if entry.pods == "." else f"{entry.pods}.spec"
    spec = spec_of(attributes, entry.pods)
    for group in ("containers", "initContainers"):
        for path, env in values_at(spec, f"{group}.env"):
            if isinstance(env, dict) and isinstance(env.get("value"), str):
                yield f"{at}.{path}.value", str(env.get("name", "")), env["value"]
        for what in ("command", "args"):
            flag = ""
            for path, text in values_at(spec, f"{group}.{what}"):
                if isinstance(text, str):
                    yield f"{at}.{path}", flag, text
                    flag = text if _FLAG.fullmatch(text) else ""


def _hosts(name: str, text: str) -> Iterator[tuple[str, str]]:
    """The hosts in a text, each with the setting that names it."""
    if len(text) > _LONGEST:
        text = text[:_LONGEST]
    for found in _ADDRESS.finditer(text):
        setting = name if finds_members(name) else setting_at(text, found.start()) or name
        yield setting, (found[1] or found[2]).rstrip(".").lower()
    plain = text.strip()
    if _NAMING.search(name) and _NAME.fullmatch(plain):
        yield name, plain
    if text.startswith("--") and "=" in text:
        flag, _, value = text.partition("=")
        if _NAMING.search(flag) and _NAME.fullmatch(value):
            yield flag, value
