"""How much hangs on one cloud, one vendor of a kind, or one host that code and images come from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from scanner.catalog.endpoints import owner_of
from scanner.facts.cluster_images import MIRRORS
from scanner.facts.documents import literal_text, settings, texts
from scanner.facts.estate import CLOUDS, applied, is_system, managed, related, runners
from scanner.facts.fact import Answer, Fact
from scanner.facts.vendors import mentions
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.objects import PLATFORM
from scanner.model.resource import Resource
from scanner.model.span import Span
from scanner.model.value import ABSENT, Truth, Unknown, Value, either, negate

_STORES: Final = ("database", "object_store", "file_store", "search")
_CAPACITY: Final = ("replicas", "min_replicas", "min_size", "instances", "node_count")
_NAMES: Final[Mapping[str, str]] = {
    "aws": "AWS",
    "google": "Google Cloud",
    "azure": "Azure",
    "alibaba": "Alibaba Cloud",
    "oracle": "Oracle Cloud",
    "ibm": "IBM Cloud",
}
_OWNERS: Final[Mapping[str, str]] = {"aws": "AWS", "google": "Google", "azure": "Microsoft", "cloudflare": "Cloudflare"}


def _cloud_of(resource: Resource) -> str:
    return resource.placement.provider


def _in_clouds(resources: Sequence[Resource]) -> list[Resource]:
    return [r for r in resources if _cloud_of(r) in CLOUDS]


def _stores(graph: Graph) -> list[Resource]:
    """Data stores; members of a cluster and replicas are the same store."""
    alone = (r for r in managed(graph, *_STORES) if r.get("replica_of") is ABSENT and r.get("cluster") is ABSENT)
    return _in_clouds([r for r in alone if applied(r, graph)])


def _servers(graph: Graph) -> list[Resource]:
    return _in_clouds([r for r in runners(graph) if r.kind not in ("cluster", "function", "batch")])


def only_cloud(_estate: Resource, graph: Graph) -> Value:
    """The one cloud in which everything runs and keeps data. Empty for several; absent for what is no system."""
    if not is_system(graph):
        return ABSENT
    held = _in_clouds([*runners(graph), *_stores(graph)])
    clouds = dict.fromkeys(map(_cloud_of, held))
    if not clouds:
        return ABSENT
    first = held[0]
    span = first.declaration.provider.span or first.span
    return Answer("" if len(clouds) > 1 else _NAMES.get(_cloud_of(first), _cloud_of(first)), (), span)


# -- shares ----------------------------------------------------------------------------------------


def compute_share(_estate: Resource, graph: Graph) -> Value:
    """The largest cloud's share of what is kept running, in percent. Absent with fewer than two clouds."""
    return _share(_servers(graph), weighted=True)


def data_share(_estate: Resource, graph: Graph) -> Value:
    """The largest cloud's share of data stores, in percent. Absent with fewer than two clouds."""
    return _share(_stores(graph), weighted=False)


def largest_compute_cloud(_estate: Resource, graph: Graph) -> Value:
    """The cloud with the largest share of what runs."""
    return _largest(_servers(graph), weighted=True)


def largest_data_cloud(_estate: Resource, graph: Graph) -> Value:
    """The cloud with the largest share of data stores."""
    return _largest(_stores(graph), weighted=False)


def _weights(resources: Sequence[Resource], *, weighted: bool) -> tuple[Counter[str], tuple[Resource, Unknown] | None]:
    """How much each cloud runs, and a resource of which it is not known how much."""
    total: Counter[str] = Counter()
    undecided: tuple[Resource, Unknown] | None = None
    for resource in resources:
        capacity = next((v for name in _CAPACITY if (v := resource.get(name)) is not ABSENT), 1) if weighted else 1
        for value in (capacity, resource.declaration.exists):
            if isinstance(value, Unknown) and undecided is None:
                undecided = resource, value
        count = int(capacity) if isinstance(capacity, (int, float)) and not isinstance(capacity, bool) else 1
        total[_cloud_of(resource)] += max(count, 1)
    return total, undecided


def _share(resources: Sequence[Resource], *, weighted: bool) -> Value:
    """A share in percent; unknown when a count is, or when something may not exist."""
    total, undecided = _weights(resources, weighted=weighted)
    if len(total) < 2:
        return ABSENT
    if undecided is not None:
        resource, unknown = undecided
        return Answer(Unknown(f"how much runs is not known: {unknown.reason}", unknown.origin), (), resource.span)
    largest, count = total.most_common(1)[0]
    first = next(r for r in resources if _cloud_of(r) == largest)
    others = [next(r for r in resources if _cloud_of(r) == cloud) for cloud in total if cloud != largest]
    return Answer(count * 100 // total.total(), related(others, "in another cloud"), first.span)


def _largest(resources: Sequence[Resource], *, weighted: bool) -> Value:
    total, _ = _weights(resources, weighted=weighted)
    return _NAMES.get(total.most_common(1)[0][0], total.most_common(1)[0][0]) if total else ABSENT


# -- copies ----------------------------------------------------------------------------------------


def copies_stay(_estate: Resource, graph: Graph) -> Value:
    """Whether no copy of the data leaves the cloud that holds it. Absent without a system that keeps a database."""
    stores = _stores(graph)
    databases = [s for s in stores if s.kind == "database"]
    if not databases or not is_system(graph):
        return ABSENT
    clouds = {_cloud_of(s) for s in stores}
    leaving = [_leaves(job, graph) for job in managed(graph, "replication", "export")]
    named = set(mentions(graph, "storage-ipfs"))
    if named - {_OWNERS.get(cloud, cloud) for cloud in clouds}:
        leaving.append(True)
    foreign = [s for s in stores if s.kind == "object_store" and _cloud_of(s) != _cloud_of(databases[0])]
    replicas = {_cloud_of(d) for d in managed(graph, "database")} - {_cloud_of(databases[0])}
    found = either(leaving)
    if found is False and (foreign or replicas):
        span = foreign[0].span if foreign else databases[0].span
        found = Unknown("whether the stores at the other provider hold copies is not in the files", span)
    plans = list(managed(graph, "backup_plan"))
    return Answer(negate(found), related(plans, "stays with the provider", 3), databases[0].span)


def _leaves(job: Resource, graph: Graph) -> Truth:
    """Whether a standing copy job ends at another provider than it begins."""
    begins = {_cloud_of(t) for t in graph.targets(job, "source") if t.kind not in ("other", "glue")}
    ends = {_cloud_of(t) for t in graph.targets(job, "target") if t.kind not in ("other", "glue")}
    if begins and ends:
        return not begins & ends
    path = job.place_of("source")[1]
    if job.type == "google_storage_transfer_job" and ("aws" in path or "azure" in path):
        return True
    locations = [t.type for name in ("source", "target") for t in graph.targets(job, name)]
    if any("azure_blob" in kind or "object_storage" in kind for kind in locations):
        return True
    if job.kind == "export" and ends:
        return _cloud_of(job) not in ends
    written = [job.get(name) for name in ("source", "target") if isinstance(job.get(name), Unknown)]
    return written[0] if written and not ends and job.type == "google_storage_transfer_job" else False


# -- vendors of a kind -----------------------------------------------------------------------------

_CRITICAL: Final = ("identity", "observability", "paging", "database", "edge")


def lonely_classes(_estate: Resource, graph: Graph) -> Value:
    """The kinds of bought services that have one vendor, as ``paging: pagerduty``. Absent where none is configured."""
    classes: dict[str, dict[str, Resource]] = {}
    for service in managed(graph, "saas"):
        kind, vendor = service.get("class"), service.get("vendor")
        if kind in _CRITICAL and isinstance(vendor, str) and applied(service, graph):
            classes.setdefault(str(kind), {}).setdefault(vendor, service)
    if not classes:
        return ABSENT
    alone = {kind: next(iter(vendors.items())) for kind, vendors in classes.items() if len(vendors) == 1}
    first = next(iter(alone.values()))[1] if alone else next(iter(next(iter(classes.values())).values()))
    spans = related([service for _, service in alone.values()], "the only one of its kind")
    return Answer([f"{kind}: {vendor}" for kind, (vendor, _) in sorted(alone.items())], spans, first.span)


def watched_from_inside(_estate: Resource, graph: Graph) -> Value:
    """Whether all that watches the system lives with the provider that runs it. Absent where nothing is watched."""
    if not is_system(graph):
        return ABSENT
    alarms = [m for m in managed(graph, "monitor") if applied(m, graph) and m.get("targets") is not ABSENT]
    clouds = {_cloud_of(r) for r in _in_clouds(runners(graph))}
    if not alarms or len(clouds) != 1:
        return ABSENT
    outside = [s for s in managed(graph, "saas") if s.get("class") in ("observability", "paging")]
    outside.extend(m for m in managed(graph, "monitor", "health_check") if _cloud_of(m) not in (*clouds, "kubernetes"))
    named = list(mentions(graph, "observability").values())
    spans = (
        *related(outside, "watches from outside", 3),
        *(Related(m.span, f"{m.resource.id}: reports to {m.owner}") for m in named),
    )
    exists = [m.declaration.exists for m in outside]
    return Answer(negate(either([*exists, *(True for _ in named)])), spans, alarms[0].span)


# -- literals --------------------------------------------------------------------------------------

_PARTITION: Final = re.compile(
    r"arn:aws:(?!iam::aws:)|\.(?:blob|queue|table|file|dfs)\.core\.windows\.net|\.(?:database|servicebus)\.windows\.net|\.vault\.azure\.net"
)
_REGIONAL: Final = re.compile(
    r"(?:[a-z0-9.-]+\.)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d\.amazonaws\.com|[a-z0-9-]+-[a-z]+\d-docker\.pkg\.dev|[a-z]+-[a-z]+\d-\w+\.googleapis\.com"
)


_ANSWERING: Final = frozenset({"aws", "google"})
"""Platforms whose declarations nobody wrote: an account and an inventory name everything by its whole name."""


def written_partitions(_estate: Resource, graph: Graph) -> Value:
    """How many resources name a cloud's partition or endpoint suffix as text. Absent where the files are no system."""
    if not is_system(graph):
        return ABSENT
    found: list[tuple[Resource, Span]] = []
    for resource in graph.resources.values():
        if resource.declaration.mode != "managed" or resource.declaration.platform in _ANSWERING:
            continue
        asked = {_top(r.path) for r in resource.declaration.references if "aws_partition" in r.target}
        for path, text in texts(resource.declaration.attributes):
            written = _PARTITION.search(text) if _top(path) not in asked else None
            if written is not None and not _computed(resource, path, written[0]):
                found.append((resource, resource.declaration.span_in(path, written[0])))
                break
    spans = tuple(Related(span, f"{r.id}: names it", r.id) for r, span in found[1:6])
    return Answer(len(found), spans, found[0][1] if found else None)


def _computed(resource: Resource, path: str, word: str) -> bool:
    """Whether a text is made of what the stack knows of itself (``AWS::Partition``): no line of it says the word."""
    declaration = resource.declaration
    return declaration.platform == "cloudformation" and declaration.line_in(path, word) is None


def _top(path: str) -> str:
    return path.split(".", 1)[0].split("[", 1)[0]


def written_endpoint(resource: Resource, _graph: Graph) -> Value:
    """A cloud's regional host name that a setting holds as text; empty when it holds none, absent without settings."""
    any_setting = False
    for setting in settings(resource.declaration.attributes):
        if not setting.name.isupper():
            continue
        any_setting = True
        match = _REGIONAL.search(literal_text(setting.value, "\0"))
        if match:
            return Answer(match[0], (), resource.declaration.span_in(setting.path, match[0]))
    return "" if any_setting else ABSENT


# -- where images, modules and deployments come from -----------------------------------------------

_IMAGE_NAMES: Final = frozenset({"image", "image_uri", "container_image", "docker_image_name"})
_CONTAINERS: Final = ("task", "workload", "container_service", "function", "batch")


_FEW_IMAGES: Final = 3
"""Fewer different images in manifests are one program, not an estate."""


def image_source(_estate: Resource, graph: Graph) -> Value:
    """The one company from whose registries every image comes. Empty for several, or where a mirror keeps copies.

    Absent when no image is named, or fewer than three in manifests alone; unknown when something runs an image that is
    not.
    """
    sources: dict[str, Span] = {}
    written: set[str] = set()
    in_cloud = False
    undecided: Unknown | None = None
    for resource in managed(graph, *_CONTAINERS):
        if resource.platform != PLATFORM and not applied(resource, graph):
            continue
        images = [s for s in settings(resource.declaration.attributes) if s.name in _IMAGE_NAMES]
        written.update(str(image.value) for image in images)
        in_cloud = in_cloud or resource.platform != PLATFORM
        for image in images:
            owner = _registry_of(image.value, graph)
            if isinstance(owner, str):
                sources.setdefault(owner, resource.declaration.span_of(image.path))
            else:
                undecided = owner if undecided is None else undecided
        if not images and undecided is None and resource.kind in ("task", "workload"):
            undecided = Unknown(f"the images of {resource.id} are not in the files", resource.span)
    if not sources or (len(written) < _FEW_IMAGES and not in_cloud):
        return ABSENT
    owner, span = next(iter(sources.items()))
    if any(MIRRORS.search(d.type) for d in graph.index.by_id.values()):
        return Answer("", (), span)
    mirrors = [r for r in managed(graph, "registry") if r.get("cache_of") is not ABSENT]
    others = [r for r in managed(graph, "registry") if _OWNERS.get(_cloud_of(r), owner) != owner]
    if len(sources) > 1 or mirrors or others:
        return Answer("", related([*mirrors, *others], "keeps copies too"), span)
    return Answer(undecided if undecided is not None else owner, (), span)


def _registry_of(image: Value, graph: Graph) -> str | Unknown | None:
    """Whose registry an image's name points at; ``None`` for what is no image."""
    registries = [r for r in graph.meant(image) if r.kind == "registry"]
    if registries:
        return _OWNERS.get(_cloud_of(registries[0]), _cloud_of(registries[0]))
    text = image.prefix if isinstance(image, Unknown) else image
    if not isinstance(text, str) or not text:
        return image if isinstance(image, Unknown) else None
    host, slash, _ = text.partition("/")
    if not slash or not ("." in host or ":" in host):
        return "Docker" if slash or ":" in text else None
    endpoint = owner_of(host.split(":", 1)[0])
    return host if endpoint is None else endpoint.owner_group or endpoint.provider


def module_host(_estate: Resource, graph: Graph) -> Value:
    """The one host that all remote modules come from. Empty for several; absent for fewer than three modules."""
    found = [
        s
        for s in graph.of_kind("deployment_source")
        if s.declaration.mode == "module" and isinstance(s.get("host"), str)
    ]
    return _single_host(found, 3)


def deploy_host(_estate: Resource, graph: Graph) -> Value:
    """The one host that code and configuration are deployed from. Empty for several; absent where none is named.

    An object of Argo CD or Flux is itself what is applied: it needs no configuration of a provider beside it.
    """
    found = [s for s in managed(graph, "deployment_source") if s.platform == PLATFORM or applied(s, graph)]
    unknown = next((s for s in found if isinstance(s.get("host"), Unknown)), None)
    answer = _single_host([s for s in found if isinstance(s.get("host"), str)], 1)
    if unknown is not None and isinstance(answer, Answer) and answer.value:
        return Answer(unknown.get("host"), (), unknown.span_of("host"))
    return answer


def _single_host(sources: Sequence[Resource], least: int) -> Value:
    if len(sources) < least:
        return ABSENT
    first, *others = sorted(sources, key=lambda source: source.span)
    hosts = {str(source.get("host")).lower() for source in sources}
    return Answer("" if len(hosts) > 1 else hosts.pop(), related(others, "from there too", 5), first.span_of("host"))


_ESTATE: Final = ("estate",)

FACTS: Final[Mapping[str, Fact]] = {
    "only_cloud": Fact(only_cloud, "the one cloud in which everything runs and keeps data", _ESTATE),
    "compute_share": Fact(compute_share, "the largest cloud's share of what runs, in percent", _ESTATE),
    "largest_compute_cloud": Fact(largest_compute_cloud, "the cloud with the largest share of what runs", _ESTATE),
    "data_share": Fact(data_share, "the largest cloud's share of data stores, in percent", _ESTATE),
    "largest_data_cloud": Fact(largest_data_cloud, "the cloud with the largest share of data stores", _ESTATE),
    "copies_stay": Fact(copies_stay, "whether no copy of the data leaves its cloud", _ESTATE),
    "lonely_classes": Fact(lonely_classes, "the kinds of bought services that have one vendor", _ESTATE),
    "watched_from_inside": Fact(watched_from_inside, "whether all that watches it lives with its provider", _ESTATE),
    "written_partitions": Fact(written_partitions, "how many resources name a partition as text", _ESTATE),
    "written_endpoint": Fact(written_endpoint, "a cloud's regional host name that a setting holds as text"),
    "image_source": Fact(image_source, "the one company from whose registries images come", _ESTATE),
    "module_host": Fact(module_host, "the one host that remote modules come from", _ESTATE),
    "deploy_host": Fact(deploy_host, "the one host that is deployed from", _ESTATE),
}
