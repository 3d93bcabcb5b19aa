"""How requests find pods: Services and what they choose, names that lead outside, and webhooks that must answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from scanner.facts.fact import Answer, Fact
from scanner.facts.nodes import pod_spec
from scanner.facts.pods import behind, carrying, making_pods, path_of_pods, pod_labels, selector_of
from scanner.facts.workloads import least_pods
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.objects import PLATFORM, name_of_object, namespace_of, selects
from scanner.model.resource import Declaration, Resource
from scanner.model.span import Span
from scanner.model.value import ABSENT, Unknown, Value

_SHOWN: Final = 5
_MAKES_NO_PODS: Final = re.compile(
    r"\.k8s\.io$|^monitoring\.coreos\.com$|cert-manager\.io$|\.istio\.io$|^external-secrets\.io$|^traefik\.|\.konghq\.com$"
    r"|^velero\.io$|^kyverno\.io$|^projectcontour\.io$|^cilium\.io$|^bitnami\.com$|^secrets\.hashicorp\.com$|^linkerd\.io$"
)
"""Groups of kinds that describe traffic, secrets, metrics and policies."""
_NAMESPACE_LABEL: Final = "kubernetes.io/metadata.name"


# -- Services --------------------------------------------------------------------------------------


def chooses_nothing(service: Resource, graph: Graph) -> Value:
    """Whether no pod that the files make carries the labels which a Service asks for.

    Asked only where something that makes pods is applied together with it; unknown where objects of kinds that other
    programs turn into pods are.
    """
    selector = selector_of(service) if service.platform == PLATFORM else None
    if not isinstance(selector, dict) or not selector or _spec(service).get("type") == "ExternalName":
        return ABSENT
    if behind(service, graph) or any(selects(selector, pod_labels(p)) is True for p in carrying(selector, graph)):
        return False
    root = service.declaration.root
    if root not in graph.once(_roots_of_pods):
        return ABSENT
    maker = graph.once(_custom)
    path = "spec.selector"
    if maker is not None:
        return Unknown(f"{maker.id} may make its pods", maker.span)
    return Answer(True, (), service.declaration.span_of(path))


def _roots_of_pods(graph: Graph) -> frozenset[str]:
    """What is applied together with something that makes pods."""
    return frozenset(pods.declaration.root for pods in making_pods(graph))


def _custom(graph: Graph) -> Declaration | None:
    """The first object of a custom kind of which an operator may make pods, wherever it is applied from."""
    found = [d for d in graph.index.by_id.values() if d.platform == PLATFORM and _may_become_pods(d)]
    return min(found, key=lambda d: d.id, default=None)


def _may_become_pods(declaration: Declaration) -> bool:
    group = declaration.type.partition("/")[0]
    return "." in group and not _MAKES_NO_PODS.search(group)


def stays_on_node(service: Resource, graph: Graph) -> Value | Answer:
    """Whether requests from inside find only pods on the caller's own node, though not every node has one.

    ``internalTrafficPolicy: Local`` and the old ``topologyKeys`` without ``*`` drop what finds none there:
    https://kubernetes.io/docs/concepts/services-networking/service-traffic-policy/.
    """
    if service.platform != PLATFORM:
        return ABSENT
    spec, name = _spec(service), "internalTrafficPolicy"
    local = spec.get(name) == "Local"
    keys = spec.get("topologyKeys")
    if isinstance(keys, list) and keys and "*" not in keys:
        local, name = True, "topologyKeys"
    workloads = behind(service, graph)
    if not local:
        return False if name in spec else ABSENT
    if not workloads:
        return ABSENT
    related = tuple(Related(w.span, f"{w.id}: is behind it", w.id) for w in workloads[:_SHOWN])
    everywhere = any(w.get("every_node") is True for w in workloads)
    return Answer(not everywhere, related, service.declaration.span_of(f"spec.{name}"))


def _spec(resource: Resource) -> Mapping[str, Value]:
    found = resource.declaration.attributes.get("spec")
    return found if isinstance(found, dict) else {}


# -- outside of the cluster ------------------------------------------------------------------------


def outside_endpoint(resource: Resource, _graph: Graph) -> Value:
    """The one host or address outside of the cluster that a Service stands for; empty for several.

    Absent for Services that lead to pods.
    """
    if resource.platform != PLATFORM:
        return ABSENT
    if resource.kind == "load_balancer":
        return _external_name(resource)
    addresses = sorted(set(_addresses(resource.declaration.attributes)))
    if not addresses or resource.get("targets") is ABSENT:
        return ABSENT
    return addresses[0] if len(addresses) == 1 else ""


def _external_name(service: Resource) -> Value:
    spec = _spec(service)
    name = spec.get("externalName")
    if spec.get("type") != "ExternalName" or not isinstance(name, str):
        return ABSENT
    return ABSENT if ".svc" in f".{name}." else name


def _addresses(attributes: Mapping[str, Value]) -> Iterator[str]:
    """The addresses of Endpoints and EndpointSlices."""
    for subset in _objects(attributes.get("subsets")):
        yield from (str(a["ip"]) for a in _objects(subset.get("addresses")) if a.get("ip"))
    for endpoint in _objects(attributes.get("endpoints")):
        found = endpoint.get("addresses")
        yield from (str(a) for a in found) if isinstance(found, list) else ()


def _objects(value: Value) -> Iterator[Mapping[str, Value]]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def pod_resolvers(workload: Resource, _graph: Graph) -> Value:
    """How many name servers its pods ask, where they ask others than the cluster's; absent where they do not."""
    spec = pod_spec(workload)
    config = spec.get("dnsConfig")
    servers = config.get("nameservers") if isinstance(config, dict) else None
    if spec.get("dnsPolicy") != "None" or not isinstance(servers, list):
        return ABSENT
    mark = workload.declaration.span_of(f"{path_of_pods(workload)}.dnsConfig.nameservers")
    return Answer(len({str(server) for server in servers}), (), mark)


# -- webhooks --------------------------------------------------------------------------------------


def webhook_copies(admission: Resource, graph: Graph) -> Value | Answer:
    """How many pods answer, at the weakest of its webhooks without which the API server refuses changes.

    Absent where none refuses, and for webhooks at a URL; unknown where the Service is not in the files.
    """
    weakest: Value = ABSENT
    related: tuple[Related, ...] = ()
    mark: Span | None = None
    for place, webhook in _refusing(admission):
        service = _service(webhook)
        if service is None:
            continue
        count = _answering(service, admission, graph)
        if isinstance(count, Unknown):
            return Answer(count, (), place)
        pods, workloads = count
        if pods is not ABSENT and (weakest is ABSENT or pods < weakest):
            weakest, mark = pods, place
            related = tuple(Related(w.span, f"{w.id}: answers", w.id) for w in workloads[:_SHOWN])
    return Answer(weakest, related, mark)


def _refusing(admission: Resource) -> Iterator[tuple[Span, Mapping[str, Value]]]:
    """The webhooks whose failure refuses requests, and where they say so. ``v1beta1`` ignores failures by default."""
    attributes = admission.declaration.attributes
    default = "Ignore" if str(attributes.get("apiVersion", "")).endswith("beta1") else "Fail"
    for index, webhook in enumerate(_objects(attributes.get("webhooks"))):
        if webhook.get("failurePolicy", default) == "Fail":
            yield admission.declaration.span_of(f"webhooks[{index}].failurePolicy"), webhook


def _service(webhook: Mapping[str, Value]) -> Mapping[str, Value] | None:
    config = webhook.get("clientConfig")
    service = config.get("service") if isinstance(config, dict) else None
    return service if isinstance(service, dict) else None


def _answering(
    wanted: Mapping[str, Value], admission: Resource, graph: Graph
) -> tuple[Value, list[Resource]] | Unknown:
    name, namespace = wanted.get("name"), wanted.get("namespace")
    for service in graph.of_kind("load_balancer"):
        attributes = service.declaration.attributes
        same = name_of_object(attributes) == name and namespace_of(attributes) in (namespace, "default")
        if service.platform == PLATFORM and same:
            workloads = behind(service, graph)
            counts = [least_pods(w, graph) for w in workloads]
            undecided = next((c for c in counts if isinstance(c, Unknown)), None)
            if undecided is not None:
                return undecided
            known = [c for c in counts if isinstance(c, int)]
            return (sum(known) if known and len(known) == len(counts) else ABSENT), workloads
    return Unknown(f"the Service {name} that answers is not in the files", admission.span)


def waits_for_itself(admission: Resource, graph: Graph) -> Value:
    """Whether a webhook must answer before its own pods can be made, so that none comes back after all are lost.

    Absent where no webhook is asked about pods:
    https://kubernetes.io/docs/concepts/cluster-administration/admission-webhooks-good-practices/.
    """
    answers: list[tuple[Value, Span]] = []
    for place, webhook in _refusing(admission):
        service = _service(webhook)
        if service is not None and _is_asked_about_pods(webhook):
            answers.append((_covers(webhook, str(service.get("namespace", "default")), graph), place))
    if not answers:
        return ABSENT
    certain = next((a for a in answers if a[0] is True), None)
    value, mark = certain or next((a for a in answers if isinstance(a[0], Unknown)), answers[0])
    return Answer(value, (), mark)


def _is_asked_about_pods(webhook: Mapping[str, Value]) -> bool:
    for rule in _objects(webhook.get("rules")):
        groups, resources, operations = (_texts(rule.get(key)) for key in ("apiGroups", "resources", "operations"))
        pods = ({"", "*"} & groups) and ({"pods", "*", "*/*"} & resources)
        if pods and {"CREATE", "*"} & operations:
            return True
    return False


def _texts(value: Value) -> set[str]:
    return {str(item) for item in value} if isinstance(value, list) else set()


def _covers(webhook: Mapping[str, Value], namespace: str, graph: Graph) -> Value:
    """Whether a webhook is asked about pods of a namespace. A selector over objects may leave its own ones out."""
    if webhook.get("objectSelector") or webhook.get("matchConditions"):
        return False
    selector = webhook.get("namespaceSelector")
    if not selector:
        return True
    labels = {_NAMESPACE_LABEL: namespace}
    for each in graph.of_kind("other"):
        if each.declaration.attributes.get("kind") == "Namespace" and each.declaration.name == namespace:
            written = each.declaration.attributes.get("metadata")
            found = written.get("labels") if isinstance(written, dict) else None
            return selects(selector, {**labels, **(found if isinstance(found, dict) else {})})
    if _keys(selector) <= {_NAMESPACE_LABEL}:
        return selects(selector, labels)
    return Unknown(f"the labels of namespace {namespace} are not in the files")


def _keys(selector: Value) -> set[str]:
    if not isinstance(selector, dict):
        return set()
    wanted = selector.get("matchLabels")
    expressions = (str(e.get("key")) for e in _objects(selector.get("matchExpressions")))
    return {*(str(k) for k in (wanted if isinstance(wanted, dict) else {})), *expressions}


_SERVICE: Final = ("load_balancer",)
_ADMISSION: Final = ("admission",)

FACTS: Final[Mapping[str, Fact]] = {
    "chooses_nothing": Fact(
        chooses_nothing, "whether no pod of the files carries the labels that it asks for", _SERVICE
    ),
    "stays_on_node": Fact(stays_on_node, "whether requests find only pods on the caller's own node", _SERVICE),
    "outside_endpoint": Fact(
        outside_endpoint,
        "the one host or address outside of the cluster that it stands for",
        ("load_balancer", "target_group"),
    ),
    "pod_resolvers": Fact(pod_resolvers, "how many name servers of its own choice its pods ask", ("workload",)),
    "webhook_copies": Fact(
        webhook_copies, "how many pods answer where the API server refuses changes without an answer", _ADMISSION
    ),
    "waits_for_itself": Fact(waits_for_itself, "whether it must answer before its own pods can be made", _ADMISSION),
}
