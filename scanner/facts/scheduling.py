"""Where copies of a workload may stand together, what binds them to a place, and what a new version takes away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from scanner.facts.committees import committee_of
from scanner.facts.fact import Answer, Fact
from scanner.facts.pods import containers, has_peers, images, is_served, path_of_pods, peers, program
from scanner.facts.programs import must_run_once
from scanner.facts.volumes import kept_on_host, reach_of_claims, volume_reach
from scanner.facts.workloads import least_pods
from scanner.facts.zones import count_different
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.objects import PLATFORM, namespace_of
from scanner.model.resource import Resource
from scanner.model.value import ABSENT, Unknown, Value

_SHOWN: Final = 5
_INGRESS: Final = re.compile(
    r"^(?:nginx-ingress(?:-controller)?|ingress-nginx|traefik|haproxy-ingress(?:-controller)?|kubernetes-ingress(?:-controller)?"
    r"|kong|kong-gateway|contour|emissary|ambassador|skipper|apisix|gloo-envoy-wrapper|voyager|tyk-gateway)$"
)
"""Images of programs through which requests come into a cluster:
https://kubernetes.io/docs/concepts/services-networking/ingress-controllers/."""
_PROXY: Final = frozenset({"proxyv2", "envoy", "envoy-distroless", "controller", "nginx-ingress-dev"})
"""Images that are such a program only under such a name."""
_GATE_NAME: Final = re.compile(r"ingress|gateway|contour", re.IGNORECASE)
_CONTROLLER: Final = re.compile(r"(?:^|[-_/])(?:operator|controller|manager)s?(?:$|[-_])", re.IGNORECASE)
_DNS: Final = frozenset({"coredns", "k8s-dns-kube-dns", "kube-dns"})
_MAJORITY: Final = frozenset(
    {
        *("etcd", "consul", "vault", "zookeeper", "cp-zookeeper", "nats", "rabbitmq", "mongo", "mongodb", "rqlite"),
        *("openbao", "pd", "kubernetes-zookeeper"),
    }
)
"""Programs whose members elect a leader or agree by majority, so that an even number adds nothing:
https://etcd.io/docs/latest/faq/#why-an-odd-number-of-cluster-members."""


# -- which question a workload is asked ------------------------------------------------------------


def cluster_part(workload: Resource, graph: Graph) -> Value:
    """What it does for the whole cluster: ``ingress``, ``dns``, ``controller`` (of custom resources), else empty."""
    if workload.platform != PLATFORM and not workload.type.startswith("kubernetes_"):
        return ""
    name, programs = workload.declaration.name, [program(image) for image in images(workload)]
    if any(_INGRESS.match(p) or (p in _PROXY and _GATE_NAME.search(name)) for p in programs):
        return "ingress"
    if any(p in _DNS for p in programs) and (namespace_of(workload.declaration.attributes) == "kube-system"):
        return "dns"
    words = (name, *programs)
    return "controller" if any(map(_CONTROLLER.search, words)) and _has_own_kinds(workload, graph) else ""


def _has_own_kinds(workload: Resource, graph: Graph) -> bool:
    """Whether kinds of objects are declared beside it, which it then looks after."""
    return workload.declaration.root in graph.once(_roots_of_kinds)


def _roots_of_kinds(graph: Graph) -> frozenset[str]:
    kinds = (r for r in graph.of_kind("other") if r.type == "apiextensions.k8s.io/CustomResourceDefinition")
    return frozenset(kind.declaration.root for kind in kinds)


def majority_members(workload: Resource, graph: Graph) -> Value:
    """How many members a system that needs their majority has at least; absent for other workloads.

    Only numbered pods are members: a Deployment of that image is a client, a proxy or a toy. What operators run says
    by its type that it elects; its voters are counted, not those that only keep data.
    """
    if workload.kind != "workload":
        return _voters(workload)
    numbered = workload.platform == PLATFORM and workload.get("stateful") is True
    if not numbered or not any(program(image) in _MAJORITY for image in images(workload)):
        return ABSENT
    return least_pods(workload, graph)


_MEMBERS: Final = ("brokers", "instances", "nodes")
"""How kinds call the servers of what operators run."""


def _voters(resource: Resource) -> Value:
    if resource.platform != PLATFORM or resource.get("majority") is not True:
        return ABSENT
    if resource.get("engine") == "kafka" and "controllers" in resource.deciders:
        return resource.get("controllers")
    if resource.kind == "search":
        return resource.get("dedicated_masters")
    return next((v for name in _MEMBERS if (v := resource.get(name)) is not ABSENT), ABSENT)


def waits_on_disk(workload: Resource, graph: Graph) -> Value:
    """Whether its volumes hold it in one place, or may."""
    reach = volume_reach(workload, graph)
    return isinstance(reach, Unknown) or reach in ("zone", "node")


def copies_matter(resource: Resource, graph: Graph) -> Value:
    """Whether nothing but the number of its copies says if it can be lost.

    A workload of a cluster must be reached through a Service, and nothing else may do its work. What waits on a disk,
    needs a majority or serves the cluster itself is asked more particular questions. Of what must not run twice with
    the same keys nobody may ask for a second copy.
    """
    if must_run_once(resource, graph):
        return False
    if resource.kind != "workload" or resource.platform != PLATFORM:
        return True
    if _has_substitutes(resource, graph):
        return False
    particular = waits_on_disk(resource, graph) or cluster_part(resource, graph)
    return is_served(resource, graph) and not particular and majority_members(resource, graph) is ABSENT


def _has_substitutes(workload: Resource, graph: Graph) -> bool:
    """Whether others answer the same requests, or sign together with it: then it is not the only one."""
    return has_peers(workload, graph) or committee_of(workload, graph) is not None


# -- bound to one place ----------------------------------------------------------------------------


def lone_copy_on_disk(workload: Resource, graph: Graph) -> Value:
    """What the claims of a workload of one copy bind it to: ``node``, ``zone``, ``region``; absent for others.

    Where another workload does its work too, it is not the only copy.
    """
    managed = workload.platform == PLATFORM and workload.get("unmanaged") is not True
    if not managed or least_pods(workload, graph) != 1 or _has_substitutes(workload, graph):
        return ABSENT
    reach = reach_of_claims(workload, graph)
    return reach if isinstance(reach, Unknown) else ABSENT if reach == "none" else str(reach)


def pinned_zone_count(workload: Resource, graph: Graph) -> Value | Answer:
    """To how many zones it and what answers the same requests are bound; absent where one of them is not bound."""
    return _bound(workload, graph, "pinned_zones")


def node_pool_count(workload: Resource, graph: Graph) -> Value | Answer:
    """To how many groups of nodes it and what answers the same requests are bound; absent where one is not."""
    return _bound(workload, graph, "node_pool")


def pinned_host_count(workload: Resource, graph: Graph) -> Value | Answer:
    """To how many nodes it and what answers the same requests are bound; absent where one is not.

    Pods of the control plane are bound to their nodes on purpose.
    """
    system = namespace_of(workload.declaration.attributes) == "kube-system"
    return ABSENT if system else _bound(workload, graph, "pinned_host")


def _bound(workload: Resource, graph: Graph, name: str) -> Value | Answer:
    if workload.get(name) is ABSENT or workload.get("every_node") is True:
        return ABSENT
    if committee_of(workload, graph) is not None:
        return ABSENT  # its members are kept apart by being bound
    others = peers(workload, graph)
    values: list[Value] = []
    for each in (workload, *others):
        found = each.get(name)
        if found is ABSENT:
            return ABSENT
        values.extend(found if isinstance(found, list) else [found])
    return Answer(count_different(values), _related(others, "answers the same requests"))


def data_on_node(resource: Resource, _graph: Graph) -> Value:
    """The folder of one node in which it keeps data; empty for none. Absent for what runs on every node."""
    if resource.kind == "volume":
        path = resource.get("host_path")
        return path if isinstance(path, (str, Unknown)) else ABSENT
    if resource.get("every_node") is True or resource.get("host_paths") is ABSENT:
        return ABSENT
    return next(iter(kept_on_host(resource)), "")


# -- together on one node --------------------------------------------------------------------------


def kept_apart(workload: Resource, _graph: Graph) -> Value:
    """Whether some rule keeps copies that hold data on different nodes, or zones; absent for other workloads."""
    if workload.get("stateful") is not True or workload.platform != PLATFORM:
        return ABSENT
    return workload.get("host_spread_wanted") is True or workload.get("zone_spread_wanted") is True


def spread_matters(workload: Resource, graph: Graph) -> Value:
    """Whether a rule over zones is all that its copies lack.

    One that is only preferred, members of a majority, data that nothing keeps apart, a spread over other pods and a
    zone that is asked for are more particular questions.
    """
    if workload.get("zone_spread_wanted") is True and workload.get("zone_spread") is not True:
        return False
    if workload.get("pinned_zones") is not ABSENT:
        return False
    if workload.get("spread_of_others") is True or kept_apart(workload, graph) is False:
        return False
    return majority_members(workload, graph) is ABSENT


# -- a new version ---------------------------------------------------------------------------------


def kept_by_rollout(workload: Resource, graph: Graph) -> Value:
    """How many of its copies a new version leaves running at least; absent for one copy, and where nothing tells.

    Deployments round a share down: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#max-unavailable.
    """
    pods = least_pods(workload, graph)
    if isinstance(pods, Unknown) or workload.get("update_strategy") is ABSENT:
        return pods if isinstance(pods, Unknown) else ABSENT
    if not isinstance(pods, int) or pods < 2:
        return ABSENT
    strategy = workload.get("update_strategy")
    if isinstance(strategy, Unknown) or strategy == "Recreate":
        return Answer(strategy if isinstance(strategy, Unknown) else 0, (), workload.span_of("update_strategy"))
    kept = pods - _share(workload.get("rollout_unavailable"), pods) if strategy == "RollingUpdate" else ABSENT
    return Answer(kept, (), workload.span_of("rollout_unavailable"))


def _share(value: Value, pods: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return min(value, pods)
    if isinstance(value, str) and value.endswith("%") and value[:-1].isdecimal():
        return pods * min(int(value[:-1]), 100) // 100
    return 0


def looks_for_leader(workload: Resource, _graph: Graph) -> Value:
    """Whether its arguments turn on the election of a leader, without which a second copy cannot stand by."""
    found = [str(a) for c in containers(workload) for name in ("command", "args") for a in _listed(c.get(name))]
    at = f"{path_of_pods(workload)}.containers"
    elected = any(re.search(r"leader-elect(?:ion)?(?!.*false)", argument) for argument in found)
    return Answer(elected, (), workload.declaration.span_of(at))


def _listed(value: Value) -> Iterable[Value]:
    return value if isinstance(value, list) else ()


def served_by_pod_alone(workload: Resource, graph: Graph) -> Value:
    """Whether requests go to a bare pod, and nothing else answers them; absent for what is no bare pod."""
    if workload.get("unmanaged") is not True or workload.platform != PLATFORM or not is_served(workload, graph):
        return ABSENT
    return not has_peers(workload, graph)


def _related(found: Iterable[Resource], what: str) -> tuple[Related, ...]:
    return tuple(Related(r.span, f"{r.id}: {what}", r.id) for r in list(found)[:_SHOWN])


_WORKLOAD: Final = ("workload",)
_ELECTING: Final = (*_WORKLOAD, "queue", "database", "search", "cache")

FACTS: Final[Mapping[str, Fact]] = {
    "cluster_part": Fact(cluster_part, "what it does for the whole cluster: ingress, dns or controller", _WORKLOAD),
    "majority_members": Fact(majority_members, "how many members a majority system has at least", _ELECTING),
    "waits_on_disk": Fact(waits_on_disk, "whether its volumes hold it in one place, or may", _WORKLOAD),
    "copies_matter": Fact(
        copies_matter,
        "whether nothing but the number of its copies says if it can be lost",
        ("container_service", "workload"),
    ),
    "lone_copy_on_disk": Fact(lone_copy_on_disk, "what its claims bind its only copy to", _WORKLOAD),
    "pinned_zone_count": Fact(pinned_zone_count, "to how many zones it and what shares its work are bound", _WORKLOAD),
    "node_pool_count": Fact(
        node_pool_count, "to how many groups of nodes it and what shares its work are bound", _WORKLOAD
    ),
    "pinned_host_count": Fact(pinned_host_count, "to how many nodes it and what shares its work are bound", _WORKLOAD),
    "data_on_node": Fact(data_on_node, "the folder of one node in which it keeps data", ("workload", "volume")),
    "spread_matters": Fact(spread_matters, "whether a rule over zones is all that its copies lack", _WORKLOAD),
    "kept_apart": Fact(kept_apart, "whether a rule keeps copies that hold data on different nodes", _WORKLOAD),
    "kept_by_rollout": Fact(kept_by_rollout, "how many copies a new version leaves running", _WORKLOAD),
    "looks_for_leader": Fact(looks_for_leader, "whether its arguments turn on the election of a leader", _WORKLOAD),
    "served_by_pod_alone": Fact(
        served_by_pod_alone, "whether a pod that nothing makes again answers requests alone", _WORKLOAD
    ),
}
