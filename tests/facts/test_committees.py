"""Committees: their terms as the files say them, and where their members are."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts import FACTS, Answer
from scanner.facts.committees import committee_needs, committees
from scanner.facts.custody import fund_keepers
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT, Unknown
from scanner.pipeline import Estate

EstateOf = Callable[..., Estate]
UNKNOWN = "unknown"


def ask(graph: Graph, fact: str, resource: str) -> Any:
    """The fact's value; an unknown as a word."""
    found = FACTS[fact].compute(graph.resources[resource], graph)
    value = found.value if isinstance(found, Answer) else found
    return UNKNOWN if isinstance(value, Unknown) else value


def lock(operators: int, threshold: int, name: str = "a") -> str:
    """A cluster lock as Charon writes it: https://docs.obol.org/docs/charon/cluster-configuration."""
    definition = {"name": name, "uuid": f"uuid-{name}", "threshold": threshold, "operators": [{}] * operators}
    return json.dumps({"cluster_definition": definition, "lock_hash": "0x00"})


def held(name: str, text: str, kind: str = "ConfigMap") -> str:
    key = "data" if kind == "ConfigMap" else "stringData"
    return json.dumps({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, key: {"file": text}}) + "\n---\n"


def party(
    name: str, image: str = "obolnetwork/charon:v1", mounts: str = "", more: dict[str, Any] | None = None, **spec: Any
) -> str:
    """A deployment of one party; ``spec`` is the pod's, ``more`` the deployment's."""
    volumes = (
        [{"name": "m", "configMap": {"name": mounts}}, {"name": "s", "secret": {"secretName": mounts}}]
        if mounts
        else []
    )
    pod = {"containers": [{"name": "main", "image": image, **spec.pop("container", {})}], "volumes": volumes, **spec}
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    document = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"template": template, **(more or {})},
    }
    return json.dumps(document) + "\n---\n"


HORCRUX = """
signMode: threshold
thresholdMode:
  threshold: 2
  cosigners:
  - shardID: 1
    p2pAddr: tcp://signer-1:2222
  - shardID: 2
    p2pAddr: tcp://signer-2:2222
  - shardID: 3
    p2pAddr: tcp://signer-3:2222
  grpcTimeout: 1000ms
"""
"""As in https://github.com/strangelove-ventures/horcrux/blob/main/cmd/horcrux/cmd/testdata/config-migrated.yaml."""
DIRK = """
server:
  id: 75843236
peers:
  # their IDs
  75843236: a.example.com:13141
  75843237: b.example.com:13141
  75843238: c.example.com:13141
process:
  generation-timeout: 70s
"""
"""As in https://github.com/attestantio/dirk/blob/master/docs/configuration.md."""
NONE = (ABSENT, ABSENT, ABSENT)

TERMS: dict[str, tuple[str, tuple[Any, Any, Any]]] = {
    "a lock in a ConfigMap": (held("m", lock(4, 3)) + party("p", mounts="m"), (3, 4, 1)),
    "a lock in a Secret": (held("m", lock(4, 3), "Secret") + party("p", mounts="m"), (3, 4, 1)),
    "a definition alone": (
        held("m", json.dumps({"name": "x", "threshold": 5, "operators": [{}] * 7})) + party("p", mounts="m"),
        (5, 7, 2),
    ),
    "Horcrux": (held("m", HORCRUX) + party("p", "ghcr.io/strangelove-ventures/horcrux:v3", "m"), (2, 3, 1)),
    "Dirk": (held("m", DIRK) + party("p", "attestant/dirk:1", "m"), (UNKNOWN, 3, UNKNOWN)),
    "flags": (
        party("p", container={"args": ["run", "--nodes=4", "--threshold=3"]}),
        (3, 4, 1),
    ),
    "flags of Horcrux": (
        party(
            "p",
            "horcrux",
            container={
                "args": [
                    "start",
                    "--cosigner=tcp://a:1",
                    "--cosigner=tcp://b:1",
                    "--cosigner=tcp://c:1",
                    "--threshold=2",
                ]
            },
        ),
        (2, 3, 1),
    ),
    "variables": (
        party(
            "p", container={"env": [{"name": "CHARON_NODES", "value": "7"}, {"name": "CHARON_THRESHOLD", "value": "5"}]}
        ),
        (5, 7, 2),
    ),
    "two copies without terms": (party("p", more={"replicas": 2}), (UNKNOWN, UNKNOWN, UNKNOWN)),
    "one copy without terms": (party("p"), NONE),
    "a committee of one": (held("m", lock(1, 1)) + party("p", mounts="m"), NONE),
    "terms that nobody can mean": (held("m", lock(4, 3).replace("3", "true")) + party("p", mounts="m"), NONE),
    "a lock that is no JSON": (held("m", lock(4, 3)[:-2]) + party("p", mounts="m"), NONE),
    "a relay of Charon": (held("m", lock(4, 3)) + party("p", mounts="m", container={"args": ["relay"]}), NONE),
    "another program that mounts a lock": (held("m", lock(4, 3)) + party("p", "nginx", "m"), NONE),
    "a test network": (
        held("m", lock(4, 3)) + party("p", mounts="m", container={"args": ["run", "--network=hoodi"]}),
        NONE,
    ),
}


@pytest.mark.parametrize("name", TERMS)
def test_terms(estate_of: EstateOf, name: str) -> None:
    files, expected = TERMS[name]
    graph = estate_of({"m.yaml": files}).graph
    found = tuple(ask(graph, f"committee_{fact}", "default/Deployment/p") for fact in ("threshold", "parties", "spare"))
    assert found == expected


def test_a_lock_in_base64(estate_of: EstateOf) -> None:
    text = base64.b64encode(lock(4, 3).encode()).decode()
    secret = json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "m"}, "data": {"lock": text}})
    graph = estate_of({"m.yaml": secret + "\n---\n" + party("p", mounts="m")}).graph
    assert ask(graph, "committee_spare", "default/Deployment/p") == 1


@pytest.mark.parametrize(
    ("parties", "threshold", "minority"),
    [(4, 1, True), (4, 2, True), (4, 3, False), (3, 2, False), (2, 1, True), (2, 2, False)],
)
def test_whether_a_minority_can_sign(estate_of: EstateOf, parties: int, threshold: int, minority: bool) -> None:
    graph = estate_of({"m.yaml": held("m", lock(parties, threshold)) + party("p", mounts="m")}).graph
    assert ask(graph, "committee_minority", "default/Deployment/p") is minority


def test_members_share_a_lock(estate_of: EstateOf) -> None:
    files = (
        held("m", lock(4, 3))
        + held("n", lock(4, 3, "b"))
        + party("a", mounts="m")
        + party("b", mounts="m")
        + party("c", mounts="n")
    )
    found = committees(estate_of({"m.yaml": files}).graph)
    assert [[member.resource.declaration.name for member in each.members] for each in found] == [["a", "b"], ["c"]]


def test_a_committee_is_told_once(estate_of: EstateOf) -> None:
    files = held("m", lock(4, 4)) + party("a", mounts="m") + party("b", mounts="m")
    graph = estate_of({"m.yaml": files}).graph
    assert ask(graph, "committee_spare", "default/Deployment/a") == 0
    assert ask(graph, "committee_spare", "default/Deployment/b") is ABSENT
    assert ask(graph, "committee_parties", "default/Deployment/b") == 4


PINNED: list[dict[str, Any]] = [{"nodeSelector": {"topology.kubernetes.io/zone": f"eu-west-1{zone}"}} for zone in "ab"]
A, B = PINNED
GATHERED: dict[str, tuple[str, Any, Any]] = {
    "one of four": (party("p", mounts="m"), False, ABSENT),
    "two of four": (party("p", mounts="m") + party("q", mounts="m"), True, ABSENT),
    "two copies of one": (party("p", mounts="m", more={"replicas": 2}), True, ABSENT),
    "two in one zone": (party("p", mounts="m", **A) + party("q", mounts="m", **A), True, True),
    "two in two zones": (party("p", mounts="m", **A) + party("q", mounts="m", **B), True, False),
    "one bound to a zone": (party("p", mounts="m", **A), False, False),
}


@pytest.mark.parametrize("name", GATHERED)
def test_where_members_are_gathered(estate_of: EstateOf, name: str) -> None:
    files, cluster, zone = GATHERED[name]
    graph = estate_of({"m.yaml": held("m", lock(4, 3)) + files}).graph
    found = tuple(ask(graph, fact, "default/Deployment/p") for fact in ("cosigners_one_cluster", "cosigners_one_zone"))
    assert found == (cluster, zone)


def test_members_in_two_clusters(estate_of: EstateOf) -> None:
    one, other = (held("m", lock(4, 3)) + party(name, mounts="m") for name in "pq")
    graph = estate_of({"tokyo/m.yaml": one, "paris/m.yaml": other}).graph
    (found,) = committees(graph)
    assert [member.resource.declaration.name for member in found.members] == ["q", "p"]
    assert ask(graph, "cosigners_one_cluster", found.members[0].resource.id) is False


@pytest.mark.parametrize(
    ("copies", "expected"),
    [
        (4, 3),  # all four parties: three must be left to sign
        (2, 1),  # two of four parties: one may be down
        (1, None),  # a lone party stops nobody
    ],
)
def test_how_many_copies_must_be_left(estate_of: EstateOf, copies: int, expected: int | None) -> None:
    graph = estate_of({"m.yaml": held("m", lock(4, 3)) + party("p", mounts="m", more={"replicas": copies})}).graph
    assert committee_needs(graph.resources["default/Deployment/p"], copies, graph) == expected


def test_signers_outside_of_committees_keep_funds(estate_of: EstateOf) -> None:
    files = (
        party("w", "consensys/web3signer:25.4")
        + held("m", HORCRUX)
        + party("h", "horcrux:v3", "m")
        + party("j", "nginx")
    )
    graph = estate_of({"m.yaml": files}).graph
    assert [keeper.declaration.name for keeper in fund_keepers(graph)] == ["w"]
    assert ask(graph, "runs_signer", "default/Deployment/w") is True
    assert ask(graph, "signer_processes", "default/Deployment/w") == 1
    assert ask(graph, "signer_processes", "default/Deployment/h") is ABSENT
