"""What a pod template says about where and how its pods run, as normalized properties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from scanner.model.objects import (
    HOST_LABEL,
    POOL_LABELS,
    REGION_LABELS,
    ZONE_LABELS,
    labels_of,
    pinned_values,
    selects,
    spec_of,
    template_of,
)
from scanner.model.value import Truth, Unknown, Value, both, contains, either, equal, negate

Property = tuple[str, Value, str]
"""Name, value and the native path that decides it."""

_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
_SPOT: Final[Mapping[str, tuple[str, ...]]] = {
    "eks.amazonaws.com/capacityType": ("SPOT",),
    "karpenter.sh/capacity-type": ("spot",),
    "cloud.google.com/gke-spot": ("true",),
    "cloud.google.com/gke-preemptible": ("true",),
    "kubernetes.azure.com/scalesetpriority": ("spot",),
    "node-lifecycle": ("spot",),
}
"""Node labels by which vendors tell capacity that may be taken away."""


class _Rule(Struct, frozen=True):
    """A rule that keeps pods apart over a node label: ``hard`` when pods wait rather than break it."""

    key: Value
    hard: Truth
    own: Truth
    path: str


def pod_properties(attributes: Mapping[str, Value], path: str) -> Iterator[Property]:
    """The properties of a workload that its pod template decides."""
    spec, at = spec_of(attributes, path), "spec" if path == "." else f"{path}.spec"
    yield from _containers(spec, at)
    yield from _spread(spec, at, labels_of(template_of(attributes, path)))
    yield from _pinned(spec, at)
    yield from _data(spec, at)
    for name, key in (("service_account", "serviceAccountName"), ("priority_class", "priorityClassName")):
        if spec.get(key) is not None:
            yield name, spec[key], f"{at}.{key}"


def _containers(spec: Mapping[str, Value], at: str) -> Iterator[Property]:
    containers = [(i, c) for i, c in enumerate(_listed(spec.get("containers"))) if isinstance(c, dict)]
    images = [(i, c["image"]) for i, c in containers if isinstance(c.get("image"), (str, Unknown))]
    path = f"{at}.containers[{images[0][0]}].image" if images else f"{at}.containers"
    yield "images", [image for _, image in images], path
    yield "environment_hosts", [entry for _, c in containers for entry in _listed(c.get("env"))], f"{at}.containers"


# -- spread ----------------------------------------------------------------------------------------


def _spread(spec: Mapping[str, Value], at: str, labels: Mapping[str, Value]) -> Iterator[Property]:
    """How pods are kept apart: by a rule that holds, or by one that is only preferred."""
    rules = [*_constraints(spec, at, labels), *_anti_affinities(spec, at, labels)]
    for level, keys in (("zone", ZONE_LABELS), ("host", (HOST_LABEL,))):
        of_level = [(rule, here) for rule in rules if (here := contains(keys, rule.key)) is not False]
        path = next(
            (rule.path for rule, _ in of_level if rule.own is not False), of_level[0][0].path if of_level else at
        )
        yield f"{level}_spread", either(both((here, rule.hard, rule.own)) for rule, here in of_level), path
        yield f"{level}_spread_wanted", either(both((here, rule.own)) for rule, here in of_level), path
    if rules:
        stray = next((rule for rule in rules if rule.own is False), None)
        yield "spread_of_others", stray is not None, (stray or rules[0]).path


def _constraints(spec: Mapping[str, Value], at: str, labels: Mapping[str, Value]) -> Iterator[_Rule]:
    for index, each in enumerate(_listed(spec.get("topologySpreadConstraints"))):
        if isinstance(each, dict):
            own = selects(each.get("labelSelector"), labels)
            path = f"{at}.topologySpreadConstraints[{index}]"
            hard = negate(equal(each.get("whenUnsatisfiable"), "ScheduleAnyway"))
            yield _Rule(each.get("topologyKey"), hard, own, path)


def _anti_affinities(spec: Mapping[str, Value], at: str, labels: Mapping[str, Value]) -> Iterator[_Rule]:
    """Anti-affinity against the own pods; against others it is no spread, and meant so."""
    affinity = spec.get("affinity")
    anti = affinity.get("podAntiAffinity") if isinstance(affinity, dict) else None
    for name in (_REQUIRED, _PREFERRED):
        for index, each in enumerate(_listed(anti.get(name) if isinstance(anti, dict) else None)):
            path = f"{at}.affinity.podAntiAffinity.{name}[{index}]"
            term = each.get("podAffinityTerm") if name == _PREFERRED and isinstance(each, dict) else each
            if isinstance(term, dict) and (own := selects(term.get("labelSelector"), labels)) is not False:
                yield _Rule(term.get("topologyKey"), name == _REQUIRED, own, path)


# -- bound to places -------------------------------------------------------------------------------


def _pinned(spec: Mapping[str, Value], at: str) -> Iterator[Property]:
    for name, keys in (("pinned_zones", ZONE_LABELS), ("pinned_regions", REGION_LABELS), ("node_pool", POOL_LABELS)):
        values, path = pinned_values(spec, keys)
        if values:
            yield name, values, f"{at}.{path}"
    hosts, path = pinned_values(spec, (HOST_LABEL,))
    if spec.get("nodeName") not in (None, ""):
        yield "pinned_host", spec["nodeName"], f"{at}.nodeName"
    elif len(hosts) == 1:
        yield "pinned_host", hosts[0], f"{at}.{path}"
    chosen = spec.get("nodeSelector")
    if chosen is not None:
        yield "node_selector", chosen, f"{at}.nodeSelector"
    for label, words in _SPOT.items():
        values, path = pinned_values(spec, (label,))
        if values and all(str(value) in words for value in values):
            yield "spot", True, f"{at}.{path}"


# -- data ------------------------------------------------------------------------------------------


def _data(spec: Mapping[str, Value], at: str) -> Iterator[Property]:
    volumes = [(i, v) for i, v in enumerate(_listed(spec.get("volumes"))) if isinstance(v, dict)]
    hosts = [(i, v["hostPath"].get("path")) for i, v in volumes if isinstance(v.get("hostPath"), dict)]
    claims = [(i, v["persistentVolumeClaim"]) for i, v in volumes if isinstance(v.get("persistentVolumeClaim"), dict)]
    if hosts:
        yield "host_paths", [path for _, path in hosts], f"{at}.volumes[{hosts[0][0]}].hostPath"
    if claims:
        names = [claim.get("claimName") for _, claim in claims]
        yield "claims", names, f"{at}.volumes[{claims[0][0]}].persistentVolumeClaim"


def _listed(value: Value) -> Sequence[Value]:
    return value if isinstance(value, list) else ()
