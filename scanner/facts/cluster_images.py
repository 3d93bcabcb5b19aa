"""Where the images of a cluster's programs come from, and which cloud its objects are written for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from scanner.facts.estate import managed
from scanner.facts.fact import Answer, Fact
from scanner.facts.nodes import pod_spec
from scanner.facts.pods import containers, images, path_of_pods, repository
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.objects import PLATFORM
from scanner.model.resource import Resource
from scanner.model.span import Span
from scanner.model.value import ABSENT, Value

_SHOWN: Final = 5
MIRRORS: Final = re.compile(r"/(?:Image(?:Digest|Tag)MirrorSet|ImageContentSourcePolicy)$")
"""Objects that send a node to another registry: https://docs.redhat.com/en/documentation/openshift_container_platform/."""
_ENDED: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"^k8s\.gcr\.io/"), "k8s.gcr.io, frozen since April 2023"),
    (re.compile(r"^gcr\.io/google[-_]containers/"), "gcr.io/google-containers, frozen since April 2023"),
    (re.compile(r"^gcr\.io/kubernetes-helm/"), "gcr.io/kubernetes-helm, given up with Helm 2"),
    (re.compile(r"^docker\.pkg\.github\.com/"), "docker.pkg.github.com, replaced by ghcr.io"),
    (re.compile(r"^docker\.io/bitnami/"), "docker.io/bitnami, emptied of its versions in 2025"),
)
"""Registries that nobody fills any more, with what happened."""
_CLOUD_MARKS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (
        re.compile(
            r"aws-load-balancer-|alb\.ingress\.kubernetes\.io/|^eks\.amazonaws\.com/|\.aws\.com/|\.amazonaws\.com"
        ),
        "aws",
    ),
    (
        re.compile(r"^(?:.*\.)?cloud\.google\.com/|^networking\.gke\.io/|iam\.gke\.io/|kubernetes\.io/gce|\.gke\.io"),
        "google",
    ),
    (
        re.compile(
            r"azure-load-balancer|^(?:service|kubernetes|appgw)\.[a-z.]*azure|azure\.workload\.identity|\.azure\.com"
        ),
        "azure",
    ),
)
"""Keys of annotations and labels, and names of drivers, that one cloud alone understands."""


def ended_registry(workload: Resource, _graph: Graph) -> Value:
    """The registry that nobody fills any more from which one of its images comes, as text; empty for none."""
    found = workload.get("images")
    if workload.platform != PLATFORM or not isinstance(found, list) or not images(workload):
        return ABSENT
    for index, container in enumerate(containers(workload)):
        image = container.get("image")
        name = "/".join(repository(image)) if isinstance(image, str) else ""
        for pattern, what in _ENDED:
            if pattern.match(name):
                path = f"{path_of_pods(workload)}.containers[{index}].image"
                return Answer(what, (), workload.declaration.span_of(path))
    return ""


def anonymous_pulls(_estate: Resource, graph: Graph) -> Value | Answer:
    """The programs whose images come from Docker Hub without an account, by id; empty where a mirror is declared.

    Absent where no Kubernetes object runs an image.
    """
    running = [w for w in managed(graph, "workload") if w.platform == PLATFORM and images(w)]
    if not running:
        return ABSENT
    mirrored = any(MIRRORS.search(d.type) for d in graph.index.by_id.values())
    found = [w for w in running if _from_docker_hub(w) and not mirrored and not _has_account(w, graph)]
    related = tuple(Related(w.span_of("images"), f"{w.id}: pulls from Docker Hub", w.id) for w in found[:_SHOWN])
    return Answer([w.id for w in found], related, (found or running)[0].span_of("images"))


def _from_docker_hub(workload: Resource) -> bool:
    """Whether an image comes from Docker Hub by name; one without a version may be replaced before it is applied."""
    return any(repository(i)[0] == "docker.io" and (":" in i or "/" in i) for i in images(workload))


def _has_account(workload: Resource, graph: Graph) -> bool:
    """Whether its pods, or the account as which they run, bring the password of a registry."""
    if pod_spec(workload).get("imagePullSecrets"):
        return True
    accounts = (graph.resources[e.target] for e in graph.outgoing.get(workload.id, ()))
    return any(a.kind == "identity" and a.declaration.attributes.get("imagePullSecrets") for a in accounts)


def always_pulled(_estate: Resource, graph: Graph) -> Value | Answer:
    """The programs that ask their registry at each start, by id, although their image has a version.

    Absent where no Kubernetes object runs an image.
    """
    running = [w for w in managed(graph, "workload") if w.platform == PLATFORM and images(w)]
    if not running:
        return ABSENT
    found = [w for w in running if any(map(_asks_each_time, containers(w)))]
    related = tuple(Related(_place(w), f"{w.id}: asks at each start", w.id) for w in found[:_SHOWN])
    return Answer([w.id for w in found], related, _place((found or running)[0]))


def _asks_each_time(container: Mapping[str, Value]) -> bool:
    image = str(container.get("image", ""))
    name = image.rsplit("/", 1)[-1]
    versioned = ("@" in name) or (":" in name and not name.endswith(":latest"))
    return container.get("imagePullPolicy") == "Always" and versioned


def _place(workload: Resource) -> Span:
    for index, container in enumerate(containers(workload)):
        if _asks_each_time(container):
            path = f"{path_of_pods(workload)}.containers[{index}].imagePullPolicy"
            return workload.declaration.span_of(path)
    return workload.span_of("images")


# -- written for one cloud -------------------------------------------------------------------------


def written_for_cloud(_estate: Resource, graph: Graph) -> Value | Answer:
    """The one cloud whose words the Kubernetes objects of the files use; empty for several. Absent for none."""
    marks = [(r, cloud) for r in graph.resources.values() if r.platform == PLATFORM for cloud in _clouds_of(r)]
    if not marks:
        return ABSENT
    clouds = sorted({cloud for _, cloud in marks})
    related = tuple(Related(r.span, f"{r.id}: written for {cloud}", r.id) for r, cloud in marks[:_SHOWN])
    return Answer(clouds[0] if len(clouds) == 1 else "", related, marks[0][0].span)


def _clouds_of(resource: Resource) -> Iterator[str]:
    words = list(_words(resource))
    for pattern, cloud in _CLOUD_MARKS:
        if any(pattern.search(word) for word in words):
            yield cloud


def _words(resource: Resource) -> Iterator[str]:
    metadata = resource.declaration.attributes.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    yield from (str(key) for key in annotations) if isinstance(annotations, dict) else ()
    selector = pod_spec(resource).get("nodeSelector") if resource.kind == "workload" else None
    yield from (str(key) for key in selector) if isinstance(selector, dict) else ()
    if resource.kind == "storage_class" and isinstance(resource.get("provisioner"), str):
        yield str(resource.get("provisioner"))


_ESTATE: Final = ("estate",)

FACTS: Final[Mapping[str, Fact]] = {
    "ended_registry": Fact(
        ended_registry, "the registry that nobody fills any more from which an image comes", ("workload",)
    ),
    "anonymous_pulls": Fact(
        anonymous_pulls, "the programs whose images come from Docker Hub without an account", _ESTATE
    ),
    "always_pulled": Fact(always_pulled, "the programs that ask their registry at each start", _ESTATE),
    "written_for_cloud": Fact(written_for_cloud, "the one cloud that the Kubernetes objects are written for", _ESTATE),
}
