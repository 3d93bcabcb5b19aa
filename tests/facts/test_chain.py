"""Nodes of chains: what runs where, and what all of them share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from scanner.facts import FACTS, Answer
from scanner.facts.containers import COMPOSE_SERVICE
from scanner.facts.programs import copies_of, nodes
from scanner.graph.graph import Graph, build_graph
from scanner.graph.index import build_index
from scanner.model.resource import Declaration, Placement, Resource
from scanner.model.span import Span
from scanner.model.value import ABSENT, Unknown, Value
from scanner.pipeline import Estate
from scanner.rules.evaluate import estate

EstateOf = Callable[..., Estate]
UNKNOWN = "unknown"
FLASHBOTS, ULTRA = "https://0xac@boost-relay.flashbots.net", "https://0xa1@relay.ultrasound.money"
PROFIT, REGULATED = "https://0x8b@bloxroute.max-profit.blxrbdn.com", "https://0xb0@bloxroute.regulated.blxrbdn.com"
GAP = Unknown("variable v has no default")


def compose(services: dict[str, dict[str, Value]]) -> Graph:
    """Services of one Compose project, each with what it says about itself."""
    made = [
        Declaration(name, COMPOSE_SERVICE, name, "compose", Span("compose.yaml", line), said)
        for line, (name, said) in enumerate(services.items(), 1)
    ]
    found = [Resource(d, "workload", {"replicas": 1}, {}, Placement("compose")) for d in made]
    return build_graph(found, (), build_index(made, {}))


def ask(graph: Graph, fact: str, resource: str = "") -> Any:
    """The fact's value; an unknown as a word."""
    found = FACTS[fact].compute(graph.resources[resource] if resource else estate(graph), graph)
    value = found.value if isinstance(found, Answer) else found
    return UNKNOWN if isinstance(value, Unknown) else value


def service(image: Value, *command: Value, **more: Value) -> dict[str, Value]:
    return {"image": image, "command": list(command), **more}


LIGHTHOUSE, TEKU = service("sigp/lighthouse:v8", "lighthouse", "bn"), service("consensys/teku:25.4")
GETH, NETHERMIND = service("ethereum/client-go:v1.15"), service("nethermind/nethermind:1.37")

CLIENTS: dict[str, tuple[dict[str, dict[str, Value]], Any, Any]] = {
    "no chain": ({"web": service("nginx")}, ABSENT, ABSENT),
    "one of each": ({"a": LIGHTHOUSE, "b": GETH}, ABSENT, ABSENT),
    "two of one": ({"a": LIGHTHOUSE, "b": LIGHTHOUSE, "c": GETH, "d": GETH}, "Lighthouse", "Geth"),
    "two of two": ({"a": LIGHTHOUSE, "b": TEKU, "c": GETH, "d": NETHERMIND}, "", ""),
    "one node and its validator": (
        {"a": LIGHTHOUSE, "v": service("sigp/lighthouse", "lighthouse", "vc")},
        ABSENT,
        ABSENT,
    ),
    "Prysm under two names": (
        {"a": service("gcr.io/prysmaticlabs/prysm/beacon-chain"), "b": service("mirror/prysm-beacon-chain")},
        "Prysm",
        ABSENT,
    ),
    "two of a test network": (
        {
            "a": service("sigp/lighthouse", "lighthouse", "bn", "--network=hoodi"),
            "b": service("ethereum/client-go", "--sepolia"),
        },
        ABSENT,
        ABSENT,
    ),
    "a test node beside two others": (
        {"a": LIGHTHOUSE, "b": LIGHTHOUSE, "c": service("consensys/teku", "--network=holesky")},
        "Lighthouse",
        ABSENT,
    ),
    "two networks, each of its own": (
        {"a": LIGHTHOUSE, "b": service("consensys/teku", "--network=gnosis")},
        ABSENT,
        ABSENT,
    ),
    "an unknown network": (
        {"a": LIGHTHOUSE, "b": service("sigp/lighthouse", "lighthouse", "bn", Unknown("g", parts=("--network=", GAP)))},
        UNKNOWN,
        ABSENT,
    ),
    "an unknown network beside two implementations": (
        {"a": TEKU, "b": service("sigp/lighthouse", "lighthouse", "bn", Unknown("g", parts=("--network=", GAP)))},
        "",
        ABSENT,
    ),
    "a node whose image is not known": ({"a": GETH, "b": GETH, "execution": service(GAP)}, ABSENT, UNKNOWN),
    "another program whose image is not known": ({"a": GETH, "b": GETH, "web": service(GAP)}, ABSENT, "Geth"),
}


@pytest.mark.parametrize("name", CLIENTS)
def test_implementations(name: str) -> None:
    services, consensus, execution = CLIENTS[name]
    graph = compose(services)
    assert (ask(graph, "consensus_client"), ask(graph, "execution_client")) == (consensus, execution)


SOLANA = service("anzaxyz/agave:v2", "agave-validator", "--vote-account=/v.json")


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ([SOLANA, SOLANA], "Agave"),
        ([SOLANA, service("jito-solana:v2", "--vote-account=/v.json")], "Agave"),  # one code base
        ([SOLANA, service("x", "fdctl", "run")], ""),
        ([service("avaplatform/avalanchego"), service("avaplatform/avalanchego")], ABSENT),  # there is no other
        ([LIGHTHOUSE, LIGHTHOUSE], ABSENT),  # asked elsewhere
    ],
)
def test_implementations_of_other_chains(services: Sequence[dict[str, Value]], expected: Value) -> None:
    graph = compose({f"s{number}": each for number, each in enumerate(services)})
    assert ask(graph, "full_node_client") == expected


def boost(value: Value) -> Graph:
    return compose({"boost": service("flashbots/mev-boost:1.10", "-mainnet", "-relays", value)})


RELAYS = [
    (boost(FLASHBOTS), 1, ABSENT),
    (boost(f"{FLASHBOTS},{ULTRA}"), 2, ""),
    (boost(f"{PROFIT},{REGULATED}"), 2, "bloXroute"),
    (boost("https://0x1@global.titanrelay.xyz,https://0x1@regional.titanrelay.xyz"), 2, "Titan"),
    (boost(f"{FLASHBOTS},https://0x1@relay.example.com"), 2, ""),
    (boost("https://0x1@boost-relay-hoodi.flashbots.net"), ABSENT, ABSENT),
    (boost(GAP), UNKNOWN, ABSENT),
    (boost(Unknown("g", parts=(f"{FLASHBOTS},", GAP))), UNKNOWN, UNKNOWN),
    (boost(Unknown("g", parts=(f"{FLASHBOTS},{ULTRA},", GAP))), 2, ""),
    (boost(Unknown("g", parts=("https://", GAP, "@boost-relay.flashbots.net"))), 1, ABSENT),
    (boost(Unknown("g", parts=(f"{FLASHBOTS},https://", GAP))), 2, UNKNOWN),
    (boost(Unknown("g", parts=(f"{FLASHBOTS},{ULTRA},https://", GAP))), 3, ""),
    (compose({"boost": service("commit-boost/pbs", config=f"[[relays]]\nurl = '{FLASHBOTS}'\n")}), 1, ABSENT),
    (compose({"boost": service("nginx")}), ABSENT, ABSENT),
]


@pytest.mark.parametrize(("graph", "count", "owner"), RELAYS)
def test_relays(graph: Graph, count: Value, owner: Value) -> None:
    assert (ask(graph, "relay_count", "boost"), ask(graph, "relay_owner", "boost")) == (count, owner)


def validator(*command: Value) -> dict[str, Value]:
    return service("sigp/lighthouse", "lighthouse", "vc", *command)


CHARON = service("obolnetwork/charon", "charon", "run", "--beacon-node-endpoints=http://a:5052")
BEACONS: dict[str, tuple[dict[str, dict[str, Value]], Value]] = {
    "none named": ({"v": validator()}, ABSENT),
    "one": ({"v": validator("--beacon-nodes=http://a:5052"), "a": LIGHTHOUSE}, 1),
    "two": ({"v": validator("--beacon-nodes", "http://a:5052,http://b:5052")}, 2),
    "two by host and port": (
        {"v": service("gcr.io/prysmaticlabs/prysm/validator", "--beacon-rpc-provider=a:4000,b:4000")},
        2,
    ),
    "a script that is told a beacon node": (
        {"v": service("chainsafe/lodestar", "/run.sh", environment={"BEACON_NODE_ADDRESS": "http://a:3600"})},
        1,
    ),
    "two of another client": ({"v": service("chainsafe/lodestar", "validator", "--beaconNodes=http://a,http://b")}, 2),
    "one behind a distributed validator": ({"v": validator("--beacon-nodes=http://dv:3600"), "dv": CHARON}, ABSENT),
    "the distributed validator's own": ({"v": CHARON}, 1),
    "with a fallback": (
        {"v": {**CHARON, "environment": {"CHARON_FALLBACK_BEACON_NODE_ENDPOINTS": "http://b:5052"}}},
        2,
    ),
    "an empty fallback": ({"v": {**CHARON, "environment": {"CHARON_FALLBACK_BEACON_NODE_ENDPOINTS": ""}}}, 1),
    "a list that is not known": ({"v": validator("--beacon-nodes", GAP)}, UNKNOWN),
    "one whose host is not known": ({"v": validator(Unknown("g", parts=("--beacon-nodes=http://", GAP, ":5052")))}, 1),
    "one and more that are not known": (
        {"v": validator(Unknown("g", parts=("--beacon-nodes=http://a:5052,", GAP)))},
        UNKNOWN,
    ),
    "two and more that are not known": (
        {"v": validator(Unknown("g", parts=("--beacon-nodes=http://a:5052,http://b:5052,", GAP)))},
        2,
    ),
}


@pytest.mark.parametrize("name", BEACONS)
def test_beacon_nodes_of_a_validator(name: str) -> None:
    services, expected = BEACONS[name]
    assert ask(compose(services), "beacon_count", "v") == expected


def beacon(*command: Value) -> dict[str, Value]:
    return service("sigp/lighthouse", "lighthouse", "bn", *command)


VALIDATOR = validator("--beacon-nodes=http://a:5052")
EXECUTION: dict[str, tuple[dict[str, dict[str, Value]], Value]] = {
    "no validator": ({"a": beacon("--execution-endpoint=http://g:8551"), "g": GETH}, ABSENT),
    "one": ({"a": beacon("--execution-endpoint=http://g:8551"), "g": GETH, "v": VALIDATOR}, True),
    "one for two": (
        {
            "a": beacon("--execution-endpoint=http://g:8551"),
            "b": beacon("--execution-endpoint=http://g:8551"),
            "g": GETH,
            "v": VALIDATOR,
        },
        True,
    ),
    "two": (
        {
            "a": beacon("--execution-endpoint=http://g:8551"),
            "b": beacon("--execution-endpoint=http://h:8551"),
            "v": VALIDATOR,
        },
        False,
    ),
    "not known": ({"a": beacon("--execution-endpoint", GAP), "v": VALIDATOR}, UNKNOWN),
}


@pytest.mark.parametrize("name", EXECUTION)
def test_execution_clients_behind_beacon_nodes(name: str) -> None:
    services, expected = EXECUTION[name]
    assert ask(compose(services), "one_execution_behind") == expected


START, OTHER = (
    "--checkpoint-sync-url=https://beaconstate.info",
    "--checkpoint-sync-url=https://beaconstate.ethstaker.cc",
)


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ({"a": beacon(START)}, ABSENT),
        ({"a": beacon(START), "b": beacon(START)}, "beaconstate.info"),
        ({"a": beacon(OTHER), "b": beacon(OTHER)}, "EthStaker"),
        ({"a": beacon(START), "b": beacon(OTHER)}, ""),
        (
            {
                "a": beacon("--checkpoint-sync-url=http://own:5052"),
                "b": beacon("--checkpoint-sync-url=http://own:5052"),
            },
            ABSENT,
        ),
        ({"a": beacon(START), "b": beacon("--checkpoint-sync-url", GAP)}, UNKNOWN),
    ],
)
def test_where_beacon_nodes_start(services: dict[str, dict[str, Value]], expected: Value) -> None:
    assert ask(compose(services), "checkpoint_source") == expected


ORDERER = service("hyperledger/fabric-orderer:2.5")


@pytest.mark.parametrize(("count", "expected"), [(0, ABSENT), (1, 1), (3, 3)])
def test_orderers(count: int, expected: Value) -> None:
    assert (
        ask(compose({"web": service("nginx")} | {f"o{number}": ORDERER for number in range(count)}), "orderers")
        == expected
    )


def test_what_a_resource_runs() -> None:
    graph = compose({"a": beacon("--validator-dir=x"), "web": service("nginx")})
    assert ask(graph, "chain_programs", "a") == ["Lighthouse"]
    assert ask(graph, "chain_roles", "a") == ["consensus"]
    assert ask(graph, "chain_programs", "web") is ABSENT


def test_development_tiers_and_named_test_networks_are_left_out() -> None:
    graph = compose({"a": LIGHTHOUSE, "beacon-hoodi": LIGHTHOUSE})
    tier = {name: replace(r, tier="development") if name == "a" else r for name, r in graph.resources.items()}
    assert [node.resource.id for node in nodes(graph)] == ["a"]
    assert nodes(build_graph(tier.values(), (), graph.index)) == ()


TASK = """
resource "aws_ecs_task_definition" "geth" {
  family                = "geth"
  container_definitions = jsonencode([{ name = "geth", image = "ethereum/client-go:v1.15" }])
}
resource "aws_ecs_service" "geth" {
  name            = "geth"
  task_definition = aws_ecs_task_definition.geth.arn
  desired_count   = 3
}
"""


def test_a_task_is_run_by_its_services(estate_of: EstateOf) -> None:
    graph = estate_of(TASK).graph
    (node,) = nodes(graph)
    assert (node.resource.id, node.holder.id) == ("aws_ecs_service.geth", "aws_ecs_task_definition.geth")
    assert copies_of(node, graph) == 3
    assert node.span.line == 4
    assert ask(graph, "execution_client") == "Geth"


PODS = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: validator}
spec:
  template:
    spec:
      containers:
        - name: v
          image: sigp/lighthouse:v8
          args: [lighthouse, vc, "--beacon-nodes=http://beacon.chain.svc:5052"]
---
apiVersion: v1
kind: Service
metadata: {name: beacon, namespace: chain}
spec: {selector: {app: beacon}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: b, namespace: chain}
spec:
  replicas: COPIES
  template:
    metadata: {labels: {app: beacon}}
    spec: {containers: [{name: b, image: "sigp/lighthouse:v8", args: [lighthouse, bn]}]}
"""


@pytest.mark.parametrize("copies", [1, 2])
def test_pods_behind_a_service_are_counted(estate_of: EstateOf, copies: int) -> None:
    graph = estate_of({"m.yaml": PODS.replace("COPIES", str(copies))}).graph
    assert ask(graph, "beacon_count", "default/StatefulSet/validator") == copies


def test_execution_clients_in_the_pods_of_their_beacon_nodes_are_several(estate_of: Callable[..., Estate]) -> None:
    """``localhost`` means the pod that says it: two pods with a client each are not one client for both."""
    pod = (
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: {name}}}\nspec:\n  template:\n    spec:\n      containers:\n"
        "      - {{name: el, image: ethereum/client-go:v1, args: [--mainnet]}}\n"
        "      - {{name: cl, image: sigp/lighthouse:v7, command: [lighthouse, bn, --network=mainnet, "
        "--execution-endpoint=http://localhost:8551]}}\n"
        "      - {{name: vc, image: sigp/lighthouse:v7, command: [lighthouse, vc, --network=mainnet]}}\n"
    )
    for names, expected in ((("a", "b"), False), (("a",), True)):
        graph = estate_of({"n.yaml": "---\n".join(pod.format(name=name) for name in names)}).graph
        found = FACTS["one_execution_behind"].compute(estate(graph), graph)
        assert isinstance(found, Answer)
        assert found.value is expected
