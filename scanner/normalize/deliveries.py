"""What is delivered to which cluster: objects of Argo CD, Flux, Fleet, Karmada and OCM that take manifests there.

A delivery covers the manifests below a folder, or objects that a policy selects. Where it names no cluster, they run in
the one in which it runs itself. A folder of another repository that has the same name here is taken for this one: no
file tells its own repository.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from scanner.catalog.readers import lookup
from scanner.model.objects import PLATFORM, labels_of, name_of_object, namespace_of, selects
from scanner.model.resource import Declaration
from scanner.model.value import ABSENT, Value

_HERE: Final = frozenset({"https://kubernetes.default.svc", "https://kubernetes.default", "in-cluster", ""})
"""How Argo CD calls the cluster in which it runs."""
_FIELD: Final = re.compile(r"\{\{-?\s*(?:index\s+)?\.?([A-Za-z0-9_.\-]+)\s*-?\}\}")
_SECRET_SUFFIX: Final = re.compile(r"-(?:kubeconfig|value|config)$")
_MOST: Final = 200
"""Parameter sets of one ApplicationSet that are looked at."""
_DEEPEST: Final = 8
"""Deliveries that deliver deliveries, one below the other."""


class Delivery(Struct, frozen=True):
    """What one object takes where: ``paths`` are folders (globs), ``clusters`` names; none is its own cluster."""

    by: str
    paths: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    selectors: tuple[Mapping[str, Value], ...] = ()


@dataclass
class Deliveries:
    """Finds what is delivered where."""

    declarations: Sequence[Declaration]
    _covering: dict[str, tuple[Delivery, ...]] = field(default_factory=dict)

    @cached_property
    def all(self) -> tuple[Delivery, ...]:
        """Every delivery, in the order of the objects."""
        readers = {
            "argoproj.io/Application": self._application,
            "argoproj.io/ApplicationSet": self._applications,
            "kustomize.toolkit.fluxcd.io/Kustomization": self._kustomization,
            "helm.toolkit.fluxcd.io/HelmRelease": self._release,
            "fleet.cattle.io/GitRepo": self._fleet,
            "policy.karmada.io/PropagationPolicy": self._propagation,
            "policy.karmada.io/ClusterPropagationPolicy": self._propagation,
            "work.open-cluster-management.io/ManifestWork": self._work,
            "work.open-cluster-management.io/ManifestWorkReplicaSet": self._works,
        }
        found: list[Delivery] = []
        for each in self.declarations:
            reader = readers.get(each.type) if each.platform == PLATFORM else None
            if reader is not None:
                found.extend(d for d in reader(each) if d.paths or d.selectors)
        return tuple(found)

    def covering(self, declaration: Declaration) -> tuple[Delivery, ...]:
        """The deliveries that take an object somewhere: those of the deepest folder, and policies that select it."""
        if not self.all or declaration.platform != PLATFORM:
            return ()
        if declaration.id not in self._covering:
            self._covering[declaration.id] = self._find(declaration)
        return self._covering[declaration.id]

    def _find(self, declaration: Declaration) -> tuple[Delivery, ...]:
        others = [each for each in self._selecting if each.by != declaration.id and _selected(each, declaration)]
        if others:
            return tuple(others)
        deepest, found = 0, list[Delivery]()
        for place in dict.fromkeys((posixpath.dirname(declaration.span.file), declaration.root)):
            for folder in _upwards(place):
                here = [*self._by_folder.get(folder, ()), *self._matching(folder)]
                here = [each for each in here if each.by != declaration.id]
                if here and _steps(folder) >= deepest:
                    found = [*(found if _steps(folder) == deepest else ()), *here]
                    deepest = _steps(folder)
                    break
        return tuple({id(each): each for each in found}.values())

    def _matching(self, folder: str) -> list[Delivery]:
        return [each for pattern, each in self._globs if _fits(folder, pattern)]

    @cached_property
    def _by_folder(self) -> Mapping[str, list[Delivery]]:
        found: dict[str, list[Delivery]] = {}
        for each in self.all:
            for path in each.paths:
                found.setdefault(path, []).append(each)
        return found

    @cached_property
    def _globs(self) -> list[tuple[str, Delivery]]:
        return [(path, each) for each in self.all for path in each.paths if "*" in path]

    @cached_property
    def _selecting(self) -> list[Delivery]:
        return [each for each in self.all if each.selectors]

    def clusters_of(self, declaration: Declaration, depth: int = 0) -> tuple[str, ...]:
        """The names of the clusters to which an object is delivered; none where no delivery names one."""
        found: dict[str, None] = {}
        for each in self.covering(declaration):
            if each.clusters:
                found.update(dict.fromkeys(each.clusters))
            elif depth < _DEEPEST and each.by in self._by_id:
                found.update(dict.fromkeys(self.clusters_of(self._by_id[each.by], depth + 1)))
        return tuple(found)

    @cached_property
    def _by_id(self) -> Mapping[str, Declaration]:
        return {d.id: d for d in self.declarations}

    # -- Argo CD: https://argo-cd.readthedocs.io/en/stable/operator-manual/application.yaml --------

    def _application(self, application: Declaration) -> Iterator[Delivery]:
        spec = application.attributes.get("spec")
        yield self._argo(application, spec if isinstance(spec, dict) else {}, {})

    def _argo(self, by: Declaration, spec: Mapping[str, Value], values: Mapping[str, str]) -> Delivery:
        several = spec.get("sources")
        sources = [spec.get("source"), *(several if isinstance(several, list) else [])]
        written = (s.get("path") for s in sources if isinstance(s, dict))
        paths = tuple(_folder(_filled(p, values)) for p in written if isinstance(p, str) and p)
        target = spec.get("destination")
        target = target if isinstance(target, dict) else {}
        name, server = (_filled(str(target.get(key) or ""), values) for key in ("name", "server"))
        named = name if name not in _HERE else self._servers.get(server, server) if server not in _HERE else ""
        return Delivery(by.id, tuple(p for p in paths if p), (_short(named),) if named and "{{" not in named else ())

    @cached_property
    def _servers(self) -> Mapping[str, str]:
        """Addresses of clusters → the names that Argo CD's cluster secrets give them."""
        found = {}
        for each in self.declarations:
            labels = labels_of(each.attributes)
            data = each.attributes.get("stringData")
            if labels.get("argocd.argoproj.io/secret-type") == "cluster" and isinstance(data, dict):
                found[str(data.get("server", ""))] = str(data.get("name", ""))
        return found

    def _applications(self, found: Declaration) -> Iterator[Delivery]:
        template = lookup(found.attributes, "spec.template.spec")
        generators = lookup(found.attributes, "spec.generators")
        if not isinstance(template, dict):
            return
        sets = [values for g in generators for values in _parameters(g)] if isinstance(generators, list) else []
        for values in sets[:_MOST]:
            yield self._argo(found, template, values)

    # -- Flux: https://fluxcd.io/flux/components/ --------------------------------------------------

    def _kustomization(self, found: Declaration) -> Iterator[Delivery]:
        path = lookup(found.attributes, "spec.path")
        folder = _folder(path) if isinstance(path, str) else ""
        cluster = self._remote(found)
        if not cluster and folder and found.name == "flux-system":  # what a bootstrapped cluster applies to itself
            cluster = posixpath.basename(folder)
        yield Delivery(found.id, (folder,) if folder else (), (cluster,) if cluster else ())

    def _release(self, found: Declaration) -> Iterator[Delivery]:
        chart = lookup(found.attributes, "spec.chart.spec.chart")
        source = lookup(found.attributes, "spec.chart.spec.sourceRef.kind")
        folder = _folder(chart) if isinstance(chart, str) and source in ("GitRepository", "Bucket") else ""
        cluster = self._remote(found)
        yield Delivery(found.id, (folder,) if folder else (), (cluster,) if cluster else ())

    @staticmethod
    def _remote(found: Declaration) -> str:
        """The other cluster whose access a secret holds, by the secret's name."""
        name = lookup(found.attributes, "spec.kubeConfig.secretRef.name")
        return _SECRET_SUFFIX.sub("", name) if isinstance(name, str) else ""

    # -- Fleet: https://fleet.rancher.io/ref-gitrepo ------------------------------------------------

    def _fleet(self, found: Declaration) -> Iterator[Delivery]:
        paths, targets = (lookup(found.attributes, f"spec.{key}") for key in ("paths", "targets"))
        folders = (
            tuple(_folder(p) for p in paths if isinstance(p, str) and _folder(p)) if isinstance(paths, list) else ()
        )
        items = targets if isinstance(targets, list) else []
        names = [str(t["clusterName"]) for t in items if isinstance(t, dict) and t.get("clusterName")]
        yield Delivery(found.id, folders, tuple(names))

    # -- Karmada: https://karmada.io/docs/userguide/scheduling/propagation-policy -------------------

    def _propagation(self, found: Declaration) -> Iterator[Delivery]:
        placement = lookup(found.attributes, "spec.placement")
        names = self._affine(placement)
        chosen = lookup(found.attributes, "spec.resourceSelectors")
        selectors = [s for s in chosen if isinstance(s, dict)] if isinstance(chosen, list) else []
        if names and not _packed(placement, len(names)):
            space = namespace_of(found.attributes)
            selectors = [{"namespace": space, **s} if space else s for s in selectors]
            yield Delivery(found.id, (), names, tuple(selectors))

    def _affine(self, placement: Value) -> tuple[str, ...]:
        """The clusters that a placement allows, of several groups those of the first: others wait until it fails."""
        groups = lookup(placement, "clusterAffinities")
        affinity = groups[0] if isinstance(groups, list) and groups else lookup(placement, "clusterAffinity")
        names, selector, without = (lookup(affinity, k) for k in ("clusterNames", "labelSelector", "exclude"))
        found = [str(n) for n in names] if isinstance(names, list) else []
        if not found and isinstance(selector, dict) and lookup(affinity, "fieldSelector") is ABSENT:
            found = [c.name for c in self._members("cluster.karmada.io/Cluster") if _chosen(selector, c)]
        return tuple(n for n in found if not (isinstance(without, list) and n in without))

    def _members(self, native: str) -> list[Declaration]:
        return [each for each in self.declarations if each.type == native]

    # -- OCM: https://open-cluster-management.io/docs/concepts/work-distribution/manifestwork/ ------

    @staticmethod
    def _work(found: Declaration) -> Iterator[Delivery]:
        """What one work carries, to the cluster that its namespace is called after."""
        manifests = lookup(found.attributes, "spec.workload.manifests")
        yield Delivery(found.id, (), (namespace_of(found.attributes),), tuple(_exactly(manifests)))

    def _works(self, found: Declaration) -> Iterator[Delivery]:
        """What a set of works carries, to the clusters that its placements in the same namespace choose."""
        manifests = lookup(found.attributes, "spec.manifestWorkTemplate.workload.manifests")
        names: dict[str, None] = {}
        for each in _items(found.attributes, "spec.placementRefs"):
            names.update(dict.fromkeys(self._placed(namespace_of(found.attributes), str(each.get("name")))))
        yield Delivery(found.id, (), tuple(names), tuple(_exactly(manifests)))

    def _placed(self, space: str, name: str) -> tuple[str, ...]:
        """The declared clusters that a placement chooses; none where it takes fewer of them than it may.

        https://open-cluster-management.io/docs/concepts/content-placement/placement/
        """
        for each in self._members("cluster.open-cluster-management.io/Placement"):
            if (namespace_of(each.attributes), each.name) != (space, name):
                continue
            sets = self._bound(each)
            members = self._members("cluster.open-cluster-management.io/ManagedCluster")
            found = [c for c in members if _placeable(each, c) and (not sets or _set_of(c) in sets)]
            most = lookup(each.attributes, "spec.numberOfClusters")
            return tuple(c.name for c in found) if most is ABSENT or most == len(found) else ()
        return ()

    def _bound(self, placement: Declaration) -> tuple[str, ...]:
        """The sets of clusters that are bound to a placement's namespace; empty for all, and where no file tells."""
        space = namespace_of(placement.attributes)
        bindings = self._members("cluster.open-cluster-management.io/ManagedClusterSetBinding")
        bound = [str(lookup(b.attributes, "spec.clusterSet")) for b in bindings if namespace_of(b.attributes) == space]
        return () if "global" in bound else tuple(bound)


def _packed(placement: Value, clusters: int) -> bool:
    """Whether a policy may leave allowed clusters empty: it limits their number, or fills one before the next.

    https://karmada.io/docs/userguide/scheduling/propagation-policy
    """
    limits = [each.get("maxGroups") for each in _items(placement, "spreadConstraints")]
    few = any(isinstance(most, int) and 0 < most < clusters for most in limits)
    return few or lookup(placement, "replicaScheduling.replicaDivisionPreference") == "Aggregated"


def _exactly(manifests: Value) -> Iterator[Mapping[str, Value]]:
    """Selectors of the objects that a work carries."""
    for each in manifests if isinstance(manifests, list) else ():
        if isinstance(each, dict):
            same = {key: each.get(key) for key in ("apiVersion", "kind")}
            yield {**same, "name": name_of_object(each), "namespace": namespace_of(each)}


def _chosen(selector: Value, cluster: Declaration) -> bool:
    return selects(selector, labels_of(cluster.attributes)) is True


def _placeable(placement: Declaration, cluster: Declaration) -> bool:
    """Whether a placement's sets and predicates allow a cluster; claims of clusters are in no file."""
    sets = lookup(placement.attributes, "spec.clusterSets")
    if isinstance(sets, list) and sets and _set_of(cluster) not in sets:
        return False
    chosen = [lookup(each, "requiredClusterSelector") for each in _items(placement.attributes, "spec.predicates")]
    fits = (
        lookup(each, "claimSelector") is ABSENT and _chosen(_or_all(lookup(each, "labelSelector")), cluster)
        for each in chosen
    )
    return not chosen or any(fits)


def _set_of(cluster: Declaration) -> str:
    return str(labels_of(cluster.attributes).get("cluster.open-cluster-management.io/clusterset", "default"))


def _or_all(selector: Value) -> Value:
    return {} if selector is ABSENT else selector


def _upwards(folder: str) -> Iterator[str]:
    """A folder and those that it lies in, deepest first."""
    while folder and folder != ".":
        yield folder
        folder = posixpath.dirname(folder)


def _fits(folder: str, pattern: str) -> bool:
    """Whether a folder is one of those that a glob names, as deep as it."""
    return _steps(folder) == _steps(pattern) and fnmatchcase(folder, pattern)


def _steps(path: str) -> int:
    return path.count("/") + 1


def _selected(delivery: Delivery, declaration: Declaration) -> bool:
    attributes = declaration.attributes
    for each in delivery.selectors:
        alike = each.get("kind") == attributes.get("kind") and each.get("apiVersion") == attributes.get("apiVersion")
        named = each.get("name") in (None, "", name_of_object(attributes))
        spaced = each.get("namespace") in (None, "", namespace_of(attributes))
        chosen = each.get("labelSelector")
        if alike and named and spaced and (chosen is None or selects(chosen, labels_of(attributes)) is True):
            return True
    return False


def _parameters(generator: Value, depth: int = 0) -> Iterator[dict[str, str]]:
    """The parameter sets that a generator makes of what the files tell; one of folders has a glob for the folder.

    Clusters that Argo CD knows and no file names stay unknown (https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/).
    """
    if not isinstance(generator, dict) or depth > 2:
        return
    elements = lookup(generator, "list.elements")
    yield from (_flat(e) for e in (elements if isinstance(elements, list) else ())[:_MOST] if isinstance(e, dict))
    for each in _items(generator, "git.directories"):
        path = each.get("path")
        if isinstance(path, str) and not each.get("exclude"):
            name = posixpath.basename(path)
            keys = ("path", "path.path"), ("path.basename", "path.basenameNormalized")
            yield dict.fromkeys(keys[0], path) | dict.fromkeys(keys[1], "*" if "*" in name else name)
    if "clusters" in generator:
        values = generator["clusters"].get("values") if isinstance(generator["clusters"], dict) else None
        yield _flat({"values": values} if isinstance(values, dict) else {})
    for word in ("matrix", "merge"):
        parts = [list(_parameters(p, depth + 1)) for p in _items(generator, f"{word}.generators")]
        if len(parts) == 2:
            yield from ({**a, **b} for a in parts[0][:_MOST] for b in parts[1][:_MOST])


def _items(value: Value, path: str) -> list[Mapping[str, Value]]:
    found = lookup(value, path)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _flat(element: Mapping[str, Value], before: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in element.items():
        if isinstance(value, dict) and before.count(".") < _DEEPEST:
            found.update(_flat(value, f"{before}{key}."))
        elif isinstance(value, (str, int, float)):
            found[f"{before}{key}"] = str(value)
    return found


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda m: values.get(m[1], m[0]), text)


def _folder(path: str) -> str:
    """A folder as names of files begin; empty for the repository's own, which would cover everything."""
    found = posixpath.normpath(path.strip().lstrip("/")) if path.strip() else ""
    found = _FIELD.sub("*", found)
    return "" if found in (".", "*") or found.startswith("..") else found


def _short(name: str) -> str:
    """A cluster by its name, or by the host of its address."""
    return (urlsplit(name).hostname or name) if "://" in name else name
