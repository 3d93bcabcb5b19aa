"""What is concentrated among the nodes of a chain: implementations, relays, the nodes that others depend on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from scanner.catalog.endpoints import hosts_in, owner_of
from scanner.catalog.programs import implementations
from scanner.facts.containers import running
from scanner.facts.documents import host_span, literal_text, texts
from scanner.facts.fact import Answer, Fact
from scanner.facts.programs import BEACON_OPTIONS, EXECUTION_OPTIONS, Node, copies_of, nodes_of, playing, related
from scanner.facts.third_parties import owner_name
from scanner.facts.value_bearing import TEST_NETWORKS
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.resource import Resource
from scanner.model.span import Span
from scanner.model.value import ABSENT, Unknown, Value, equal, less

FALLBACK_OPTIONS: Final = ("fallback-beacon-node-endpoints",)
CHECKPOINT_OPTIONS: Final = ("checkpoint-sync-url", "checkpointSyncUrl", "trusted-node-url", "initial-state")
RELAY_OPTIONS: Final = ("relays", "relay", "relay-urls")

_CONSENSUS: Final = ("consensus", "validator")
_SHARING: Final = ("validator", "distributed-validator")
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104  # read, not bound
"""Hosts by which a program means its own pod."""
_NODE_NAMES: Final = re.compile(r"(?<![a-z])(?:beacon|consensus|execution|validators?|cl|el|bn|vc)(?![a-z])")
UNTOLD: Final = "?"
"""Stands for a piece of an address that is not known."""
_BETWEEN: Final = re.compile(r"[\s,;]+")
_HOST: Final = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:[^\s/@]*@)?(?P<host>[\w.?-]+)(?::[\d?]+)?(?:[/?#].*)?", re.IGNORECASE
)
_TEXTS: Final = (
    "config",
    "workload",
    "container_service",
    "task",
    "compute",
    "compute_group",
    "stack",
    "batch",
    "other",
)


# -- implementations -------------------------------------------------------------------------------


def consensus_client(_estate: Resource, graph: Graph) -> Value | Answer:
    """The one implementation of all consensus nodes and validators of a network; empty where there are several.

    Absent for fewer than two nodes of one role, and for networks with one implementation in the world.
    """
    return _implementation(graph, _CONSENSUS)


def execution_client(_estate: Resource, graph: Graph) -> Value | Answer:
    """The one implementation of all execution clients of a network; as :func:`consensus_client`."""
    return _implementation(graph, ("execution",))


def full_node_client(_estate: Resource, graph: Graph) -> Value | Answer:
    """The one implementation of all nodes of a network whose nodes are not split in two layers."""
    return _implementation(graph, ("full-node", "validator"), layered=False)


def _implementation(graph: Graph, roles: Sequence[str], *, layered: bool = True) -> Value | Answer:
    several: Span | None = None
    unknown: Answer | None = None
    for network, found in sorted(_by_network(playing(graph, *roles), layered).items()):
        kinds = sorted({node.program.implementation for node in found})
        if _most_of_a_role(found, roles, graph) is False or _alternatives(network, roles) < 2:
            continue
        if len(kinds) > 1:
            several = several or found[0].span
            continue
        answer = _single(found, graph)
        if not isinstance(answer.value, Unknown):
            return answer
        unknown = unknown or answer
    return unknown if unknown is not None else (ABSENT if several is None else Answer("", (), several))


def _single(found: Sequence[Node], graph: Graph) -> Answer:
    first, span = found[0], found[0].span
    undecided = next((node.network for node in found if isinstance(node.network, Unknown)), None)
    undecided = undecided if undecided is not None else _unnamed_node(graph)
    return Answer(first.program.name if undecided is None else undecided, related(found, "runs"), span)


def _by_network(found: Sequence[Node], layered: bool) -> dict[str, list[Node]]:
    groups: dict[str, list[Node]] = {}
    for node in found:
        network = node.program.network if isinstance(node.network, Unknown) else str(node.network)
        if network and (implementations(node.program.network, "consensus") > 0) is layered:
            groups.setdefault(network, []).append(node)
    return groups


def _alternatives(network: str, roles: Sequence[str]) -> int:
    """How many implementations there are; a network of another chain's software has as many as that."""
    known = max(implementations(network, role) for role in roles)
    return known or max(implementations("ethereum", role) for role in roles)


def _most_of_a_role(found: Sequence[Node], roles: Sequence[str], graph: Graph) -> bool:
    """Whether at least two processes of some role may run."""
    for role in roles:
        counts = [copies_of(node, graph) for node in found if node.plays(role)]
        known = sum(count for count in counts if isinstance(count, int))
        if known > 1 or (counts and any(isinstance(count, Unknown) for count in counts)):
            return True
    return False


def _unnamed_node(graph: Graph) -> Unknown | None:
    """A container that is called like a node and whose image is not known at all: it may run anything."""
    for name, held in running(graph).items():
        for container in held:
            if not container.repository.strip("?") and isinstance(container.image, Unknown):
                words = f"{container.name} {graph.resources[name].declaration.name}".lower()
                if _NODE_NAMES.search(words):
                    return Unknown(
                        f"the image of {name} is not known: {container.image.reason}", container.image.origin
                    )
    return None


# -- relays ----------------------------------------------------------------------------------------


def relay_count(resource: Resource, graph: Graph) -> Value | Answer:
    """How many relays it asks for blocks; absent where it names none, and for those of test networks."""
    found, undecided, span = _relays(resource, graph)
    if not found and undecided is None:
        return ABSENT
    if undecided is not None and len(found) < 2:
        return Answer(undecided, (), span)
    return Answer(len(found), (), span)


def relay_owner(resource: Resource, graph: Graph) -> Value | Answer:
    """The one company that owns all of its two or more relays; empty when they differ."""
    found, undecided, span = _relays(resource, graph)
    if len(found) < 2 and (undecided is None or not found):
        return ABSENT
    owners = {_owner(host) for host in found if UNTOLD not in host}
    if undecided is None and any(UNTOLD in host for host in found):
        undecided = Unknown("the host of a relay is not in the files", span)
    if len(owners) > 1:
        return Answer("", (), span)
    return Answer(undecided if undecided is not None else next(iter(owners)), (), span)


def _relays(resource: Resource, graph: Graph) -> tuple[list[str], Unknown | None, Span | None]:
    """The relays' hosts, what is not known of them, and where they stand."""
    found: dict[str, None] = {}
    span: Span | None = None
    undecided: Unknown | None = None
    for node in nodes_of(resource, graph):
        value = node.container.option(*RELAY_OPTIONS) if node.plays("relay-client") else ABSENT
        if isinstance(value, (str, Unknown)):
            found.update(dict.fromkeys(addresses(value)))
            span = span or node.span_of(*RELAY_OPTIONS)
            gap = _open([value], "which relays it asks is not in the files")
            undecided = gap if undecided is None else undecided
    for path, text in texts(resource.declaration.attributes):
        for host in hosts_in(text) if "." in text else ():
            endpoint = owner_of(host)
            if endpoint is not None and endpoint.category == "mev-relay":
                found.setdefault(host)
                span = span or host_span(resource, path, text, host)
    return [host for host in found if not TEST_NETWORKS.search(host)], undecided, span


def _owner(host: str) -> str:
    endpoint = owner_of(host)
    return host if endpoint is None else owner_name(endpoint)


def addresses(value: str | Unknown) -> list[str]:
    """The hosts of a list of URLs or addresses, each once, with ``?`` for a piece of one that is not known.

    Entries of which nothing is known are left out: :func:`_open` tells about them.
    """
    found = (_HOST.fullmatch(each) for each in _entries(value) if each.strip(UNTOLD))
    return list(dict.fromkeys(match["host"].lower() for match in found if match is not None))


def _entries(value: str | Unknown) -> list[str]:
    parts = (value,) if isinstance(value, str) else value.parts or (value,)
    text = "".join(part if isinstance(part, str) else UNTOLD for part in parts)
    return [each for each in _BETWEEN.split(text) if each]


def _open(values: Iterable[Value], reason: str) -> Unknown | None:
    """Why a list of addresses may have other entries than are written: one of them is not known, or not whose it is."""
    for value in values:
        if isinstance(value, Unknown) and any(not each.strip(UNTOLD) for each in _entries(value)):
            return Unknown(f"{reason}: {value.reason}", value.origin)
    return None


def _partly(values: Iterable[Value], reason: str) -> Unknown | None:
    """As :func:`_open`, also where the host of an entry is not known as a whole."""
    for value in values:
        if isinstance(value, Unknown) and any(UNTOLD in host for host in addresses(value)):
            return Unknown(f"{reason}: {value.reason}", value.origin)
    return _open(values, reason)


# -- what validators and beacon nodes depend on ------------------------------------------------------


def beacon_count(resource: Resource, graph: Graph) -> Value | Answer:
    """How many beacon nodes answer a validator, copies behind one name counted. Absent where none is named.

    A validator behind a distributed validator's client has one by design; that client's own beacon nodes count.
    """
    for node in nodes_of(resource, graph):
        if node.plays(*_SHARING) and not node.plays("consensus"):
            named = [*told(node, *BEACON_OPTIONS), *told(node, *FALLBACK_OPTIONS)]
            if named:
                return Answer(_behind(node, named, graph), (), node.span_of(*BEACON_OPTIONS))
    return ABSENT


def told(node: Node, *options: str) -> list[str | Unknown]:
    """What a node is told by the first of some options, nothing for one that is left empty."""
    value = node.container.option(*options)
    return [value] if isinstance(value, Unknown) or (isinstance(value, str) and value.strip()) else []


def _behind(node: Node, values: Sequence[str | Unknown], graph: Graph) -> Value:
    hosts = dict.fromkeys(host for value in values for host in addresses(value))
    total = 0
    undecided: Unknown | None = None
    for host in hosts:
        count, joint = _processes(node, host, graph)
        if joint:
            return ABSENT
        undecided = undecided if undecided is not None or not isinstance(count, Unknown) else count
        total += count if isinstance(count, int) else 1
    gap = _open(values, "which beacon nodes it asks is not in the files")
    undecided = undecided if undecided is not None else gap
    return total if undecided is None or total > 1 else undecided


def _processes(node: Node, host: str, graph: Graph) -> tuple[Value, bool]:
    """How many processes stand behind a host, and whether it is a distributed validator's client."""
    behind = behind_host(node.holder, host, graph)
    members = [n for r in behind for n in nodes_of(r, graph)]
    if any(n.plays("distributed-validator") for n in members):
        return 1, True
    counts = [copies_of(n, graph) for n in members if n.plays("consensus", "rpc-proxy")]
    unknown = next((count for count in counts if isinstance(count, Unknown)), None)
    if unknown is not None:
        return unknown, False
    return (sum(c for c in counts if isinstance(c, int)) or 1), False


def behind_host(source: Resource, host: str, graph: Graph) -> list[Resource]:
    """What runs behind a host name that a resource calls: the members of a Service, or what is called so itself."""
    labels = host.lower().split(".")
    for edge in graph.outgoing.get(source.id, ()):
        target = graph.resources[edge.target]
        names = {target.declaration.name.lower(), literal_text(target.get("name")).lower()}
        if names & set(labels[:2]):
            return list(graph.members(target)) or [target]
    root = source.declaration.root
    alike = (graph.resources[name] for name in running(graph))
    return [r for r in alike if r.declaration.root == root and r.declaration.name.lower() == labels[0]]


def one_execution_behind(_estate: Resource, graph: Graph) -> Value | Answer:
    """Whether all beacon nodes that validators need lead to one execution client; absent without validators."""
    beacons = [node for node in playing(graph, "consensus") if told(node, *EXECUTION_OPTIONS)]
    if not beacons or not playing(graph, *_SHARING):
        return ABSENT
    hosts: dict[str, Node] = {}  # what is in a node's own pod is called by that node's name
    for node in beacons:
        values = told(node, *EXECUTION_OPTIONS)
        gap = _partly(values, "which execution client it asks is not in the files")
        if gap is not None:
            return Answer(gap, (), node.span_of(*EXECUTION_OPTIONS))
        told_hosts = dict.fromkeys(host for value in values for host in addresses(value))
        hosts.update((f"{node.resource.id} {host}" if host in LOOPBACK else host, node) for host in told_hosts)
    first = next(iter(hosts.values()), beacons[0])
    span = first.span_of(*EXECUTION_OPTIONS)
    if len(hosts) != 1:
        return Answer(False, (), span) if hosts else ABSENT
    host = next(iter(hosts))
    runners = [first.resource] if " " in host else behind_host(first.holder, host, graph)
    counts = [copies_of(n, graph) for r in runners for n in nodes_of(r, graph) if n.plays("execution", "rpc-proxy")]
    unknown = next((count for count in counts if isinstance(count, Unknown)), None)
    alone = sum(count for count in counts if isinstance(count, int)) < 2
    return Answer(alone if unknown is None else unknown, related(beacons, "asks it:"), span)


def checkpoint_source(_estate: Resource, graph: Graph) -> Value | Answer:
    """The one server from which every beacon node takes its first state; empty for several.

    Absent for fewer than two beacon nodes, and where it is one of the estate's own.
    """
    named = [(node, value) for node in playing(graph, "consensus") for value in told(node, *CHECKPOINT_OPTIONS)]
    if not named or (len(named) < 2 and equal(copies_of(named[0][0], graph), 1) is True):
        return ABSENT
    first = named[0][0]
    hosts = {
        h: n for n, v in named for h in hosts_in(literal_text(v)) if "." in h and not behind_host(n.holder, h, graph)
    }
    sources = {_owner(host) for host in hosts}
    reason = "from where it takes its first state is not in the files"
    gap = _partly([value for _, value in named], reason)
    span = first.span_of(*CHECKPOINT_OPTIONS)
    if len(sources) > 1:
        return Answer("", (), span)
    if gap is not None:
        return Answer(gap, (), span)
    spans = tuple(Related(n.span, f"{n.resource.id}: starts from {h}", n.resource.id) for h, n in hosts.items())
    return Answer(next(iter(sources)), spans, span) if sources else ABSENT


# -- ordering services -------------------------------------------------------------------------------


def orderers(_estate: Resource, graph: Graph) -> Value | Answer:
    """How many ordering processes of Hyperledger Fabric run at least; absent for none."""
    found = playing(graph, "orderer")
    if not found:
        return ABSENT
    counts = [copies_of(node, graph) for node in found]
    total = sum(count for count in counts if isinstance(count, int))
    unknown = next((count for count in counts if isinstance(count, Unknown)), None)
    decided = unknown is None or less(2, total) is True
    return Answer(total if decided else unknown, related(found[1:], "runs"), found[0].span)


_ESTATE: Final = ("estate",)

FACTS: Final[Mapping[str, Fact]] = {
    "consensus_client": Fact(consensus_client, "the one implementation of all consensus nodes", _ESTATE),
    "execution_client": Fact(execution_client, "the one implementation of all execution clients", _ESTATE),
    "full_node_client": Fact(full_node_client, "the one implementation of all nodes of a chain", _ESTATE),
    "relay_count": Fact(relay_count, "how many relays it asks for blocks", _TEXTS),
    "relay_owner": Fact(relay_owner, "the one owner of its several relays", _TEXTS),
    "beacon_count": Fact(beacon_count, "how many beacon nodes answer it"),
    "one_execution_behind": Fact(
        one_execution_behind, "whether all beacon nodes lead to one execution client", _ESTATE
    ),
    "checkpoint_source": Fact(
        checkpoint_source, "the one server from which all beacon nodes take their first state", _ESTATE
    ),
    "orderers": Fact(orderers, "how many ordering processes run at least", _ESTATE),
}
