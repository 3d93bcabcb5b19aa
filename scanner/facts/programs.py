"""Which blockchain software runs where: the nodes of an estate, what each does, and for which network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from scanner.catalog.programs import Program, program
from scanner.facts.containers import Container, running
from scanner.facts.fact import Answer, Fact
from scanner.facts.value_bearing import NOT_PRODUCTION, TEST_NETWORKS, own_words
from scanner.facts.workloads import least_pods
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.resource import Resource
from scanner.model.span import Span
from scanner.model.value import ABSENT, Unknown, Value

_HOLDERS: Final = frozenset({"task", "stack"})
"""Kinds that only say what something else runs."""
_MAIN_NETWORKS: Final = frozenset({"mainnet", "main", "bitcoin", "ethereum", "1"})
_TEST_WORDS: Final = re.compile(
    r"(?<![a-z])(?:ephemery|chiado|fuji|westend|paseo|rococo|signet|devnet\d*|testnet\d*|simnet|localnet|kurtosis|minimal|dev)(?![a-z])"
)
"""More networks whose coins are worth nothing, as command lines name them."""
_NETWORK_OPTIONS: Final = ("network", "config", "chain", "testnet-dir", "network-id", "chain-id")
BEACON_OPTIONS: Final = (
    *("beacon-nodes", "beacon-node-api-endpoints", "beacon-node-api-endpoint", "beaconNodes", "beacon-node-urls"),
    *("beacon-node-endpoints", "beacon-rest-api-provider", "beacon-rpc-provider", "beacon-node-addresses"),
    *("beacon-node-address", "beacon-node-addr", "beacon-node"),
)
"""Options by which validators are told their beacon nodes, as Lighthouse, Teku, Lodestar, Vero, Charon, Prysm, Vouch,
SSV and Nimbus name them."""
EXECUTION_OPTIONS: Final = (
    *("execution-endpoints", "execution-endpoint", "ee-endpoint", "execution.urls", "eth1-rpc-urls", "web3-url", "el"),
    *("eth1-endpoints", "eth1-endpoint", "http-web3provider"),
)
"""Options by which beacon nodes are told their execution clients."""
_COPIES: Final = ("min_replicas", "min_size", "replicas")
_ONE_IDENTITY: Final = frozenset({"validator", "signer", "distributed-validator", "orderer", "sequencer", "batcher"})
"""Roles in which two programs with the same keys are punished, or undo each other's work."""
_SHOWN: Final = 10


class Node(Struct, frozen=True):
    """A blockchain program in a container.

    ``resource`` is what keeps it running, ``holder`` the declaration that names the image: the same, or the task of a
    service. ``network`` is the chain's name, a test network's as well, or unknown.
    """

    resource: Resource
    holder: Resource
    container: Container
    program: Program
    roles: tuple[str, ...]
    network: Value

    @property
    def span(self) -> Span:
        """Where its image is written."""
        return self.holder.span_of(self.container.image_path)

    def span_of(self, *options: str) -> Span:
        """Where an option of its command line or environment is written."""
        return self.holder.span_of(self.container.option_path(*options))

    def plays(self, *roles: str) -> bool:
        """Whether it has one of the roles."""
        return any(role in self.roles for role in roles)


def nodes(graph: Graph) -> tuple[Node, ...]:
    """Every blockchain program that keeps running, those of test networks and development tiers left out."""
    return graph.once(_nodes)


def nodes_of(resource: Resource, graph: Graph) -> Sequence[Node]:
    """The programs that a resource runs, or that a task declares."""
    return graph.once(_by_resource).get(resource.id, ())


def _by_resource(graph: Graph) -> Mapping[str, Sequence[Node]]:
    found: dict[str, list[Node]] = {}
    for node in nodes(graph):
        for name in dict.fromkeys((node.resource.id, node.holder.id)):
            found.setdefault(name, []).append(node)
    return found


def copies_of(node: Node, graph: Graph) -> Value:
    """How many processes of it run at least; one where nothing is said."""
    resource = node.resource
    if resource.kind == "workload":
        found = least_pods(resource, graph)
        return 1 if found is ABSENT else found
    return next((value for name in _COPIES if (value := resource.get(name)) is not ABSENT), 1)


def playing(graph: Graph, *roles: str) -> list[Node]:
    """The nodes with one of some roles."""
    return [node for node in nodes(graph) if node.plays(*roles)]


def network_of(container: Container, found: Program) -> Value:
    """The network that a command line or environment names, else the usual one of the program."""
    flags = " ".join(word.partition("=")[0].lower() for word in container.words() if word.startswith("-"))
    named = TEST_NETWORKS.search(flags) or _TEST_WORDS.search(flags)
    if named is not None:
        return named[0]
    for name in _NETWORK_OPTIONS:
        value = container.option(name)
        if isinstance(value, Unknown):
            return Unknown(f"which network it is for is not in the files: {value.reason}", value.origin)
        if isinstance(value, str):
            text = value.lower().rpartition("/")[2].partition(".")[0]
            return found.network if text in _MAIN_NETWORKS or not text else text
    return found.network


def is_test(network: Value) -> bool:
    """Whether a network is one whose coins are worth nothing."""
    return isinstance(network, str) and bool(TEST_NETWORKS.search(network) or _TEST_WORDS.search(network))


def _nodes(graph: Graph) -> tuple[Node, ...]:
    return tuple(
        Node(runner, holder, container, found, roles_of(container, found), network)
        for holder, container, found in _recognized(graph)
        if not is_test(network := network_of(container, found))
        for runner in _runners(holder, graph)
    )


def roles_of(container: Container, found: Program) -> tuple[str, ...]:
    """What a program does: by its command line, else a validator where it is told beacon nodes and nothing else."""
    roles = found.roles_of(container.words())
    if roles != ("consensus",) or not found.may_play("validator"):
        return roles
    asks = container.option(*BEACON_OPTIONS) is not ABSENT and container.option(*EXECUTION_OPTIONS) is ABSENT
    return ("validator",) if asks else roles


def must_run_once(resource: Resource, graph: Graph) -> bool:
    """Whether it runs a program that acts under keys of its own, so that a second copy would contradict the first.

    Test networks punish that too.
    """
    return resource.id in graph.once(_running_once)


def _running_once(graph: Graph) -> frozenset[str]:
    return frozenset(
        runner.id
        for holder, container, found in _programs(graph)
        if any(role in _ONE_IDENTITY for role in roles_of(container, found))
        for runner in _runners(holder, graph)
    )


def _recognized(graph: Graph) -> Iterator[tuple[Resource, Container, Program]]:
    for holder, container, found in _programs(graph):
        if holder.tier.lower() not in NOT_PRODUCTION and not TEST_NETWORKS.search(own_words(holder)):
            yield holder, container, found


def _programs(graph: Graph) -> Iterator[tuple[Resource, Container, Program]]:
    for name, held in running(graph).items():
        holder = graph.resources[name]
        for container in held:
            found = program(container.repository, container.first_words()) if not container.initial else None
            if found is not None:
                yield holder, container, found


def _runners(holder: Resource, graph: Graph) -> Sequence[Resource]:
    """What keeps a declared container running: the services of a task, else the resource itself."""
    services = graph.referrers(holder, "container_service") if holder.kind in _HOLDERS else ()
    return tuple(s for s in services if s.declaration.mode == "managed") or (holder,)


def related(found: Sequence[Node], what: str) -> tuple[Related, ...]:
    """Places of nodes that explain an answer."""
    return tuple(
        Related(node.span, f"{node.resource.id}: {what} {node.program.name}", node.resource.id)
        for node in found[:_SHOWN]
    )


def chain_programs(resource: Resource, graph: Graph) -> Value | Answer:
    """The blockchain programs that it runs, by name; absent for none."""
    found = nodes_of(resource, graph)
    return Answer(sorted({node.program.name for node in found}), (), found[0].span) if found else ABSENT


def chain_roles(resource: Resource, graph: Graph) -> Value | Answer:
    """What the blockchain programs do that it runs; absent for none."""
    found = nodes_of(resource, graph)
    return Answer(sorted({role for node in found for role in node.roles}), (), found[0].span) if found else ABSENT


FACTS: Final = {
    "chain_programs": Fact(chain_programs, "the blockchain programs that it runs"),
    "chain_roles": Fact(chain_roles, "what the blockchain programs do that it runs"),
}
