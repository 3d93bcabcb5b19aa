"""Committees and lists of nodes in the fault graph, against k-of-n counted by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import pytest

from scanner.model.domain import parse
from scanner.simulation.committees import heavier
from scanner.simulation.gates import Gates, Label
from scanner.simulation.study import Study
from scanner.simulation.sweep import failing

StudyOf = Callable[..., Study]


@pytest.mark.parametrize("weights", [(1, 1, 1, 1), (2, 1, 1), (3, 1), (2, 2), (4,), (1, 2, 3)])
def test_members_that_run_several_parties_weigh_so_much(weights: Sequence[int]) -> None:
    for least in range(1, sum(weights) + 2):
        gates = Gates()
        members = [gates.leaf(Label(f"member {number}")) for number in range(len(weights))]
        node = heavier(members, weights, least, gates)
        structure = gates.build()
        for down in product((False, True), repeat=len(weights)):
            told = [member for member, is_down in zip(members, down, strict=True) if is_down]
            weight = sum(each for each, is_down in zip(weights, down, strict=True) if is_down)
            assert bool(failing(structure, told)[node]) == (weight >= least)


# -- manifests -------------------------------------------------------------------------------------


def document(kind: str, name: str, **content: Any) -> str:
    group = "v1" if kind in ("ConfigMap", "Service") else "apps/v1"
    return json.dumps({"apiVersion": group, "kind": kind, "metadata": {"name": name}, **content}) + "\n---\n"


def lock(parties: int, threshold: int) -> str:
    text = json.dumps({"cluster_definition": {"uuid": "u", "threshold": threshold, "operators": [{}] * parties}})
    return document("ConfigMap", "lock", data={"cluster-lock.json": text})


def runs(name: str, image: str, zone: str, *command: str, replicas: int = 1, mounts: str = "") -> str:
    volumes = [{"name": "m", "configMap": {"name": mounts}}] if mounts else []
    pinned = {"nodeSelector": {"topology.kubernetes.io/zone": f"eu-west-1{zone}"}} if zone else {}
    pod = {"containers": [{"name": "main", "image": image, "command": list(command)}], "volumes": volumes, **pinned}
    spec = {"replicas": replicas, "template": {"metadata": {"labels": {"app": name}}, "spec": pod}}
    return document("Deployment", name, spec=spec)


def charon(name: str, zone: str, **more: Any) -> str:
    return runs(name, "obolnetwork/charon:v1", zone, "charon", "run", mounts="lock", **more)


def stopped(found: Study, service: str, *domains: str) -> str:
    scenario = found.replay.run("x", [parse(domain) for domain in domains])
    return next(each.automatic.value for each in scenario.services if each.name == service)


SIGNATURES = "signatures of a"
DOWN: list[tuple[tuple[int, int], dict[str, str], tuple[str, ...], str]] = [
    # four parties here, three must sign: one zone with one party may fail, two may not
    ((4, 3), {"a": "a", "b": "b", "c": "c", "d": "d"}, ("a",), "up"),
    ((4, 3), {"a": "a", "b": "b", "c": "c", "d": "d"}, ("a", "b"), "down"),
    ((4, 3), {"a": "a", "b": "a", "c": "b", "d": "c"}, ("a",), "down"),
    ((4, 3), {"a": "a", "b": "a", "c": "b", "d": "c"}, ("b",), "up"),
    # four of seven are here, and three may be down
    ((7, 4), {"a": "a", "b": "a", "c": "a", "d": "b"}, ("a",), "up"),
    ((7, 4), {"a": "a", "b": "a", "c": "a", "d": "a"}, ("a",), "down"),
    # all must sign
    ((3, 3), {"a": "a", "b": "b", "c": "c"}, ("c",), "down"),
]


@pytest.mark.parametrize(("terms", "zones", "down", "expected"), DOWN)
def test_signatures_while_zones_are_down(
    study_of: StudyOf, terms: tuple[int, int], zones: dict[str, str], down: Sequence[str], expected: str
) -> None:
    found = study_of({"m.yaml": lock(*terms) + "".join(charon(name, zone) for name, zone in zones.items())})
    assert stopped(found, SIGNATURES, *(f"zone:aws/eu-west-1{zone}" for zone in down)) == expected


def test_too_few_parties_to_stop_a_committee_are_no_item(study_of: StudyOf) -> None:
    found = study_of({"m.yaml": lock(4, 3) + charon("a", "a")})
    assert [risk.name for risk in found.analysis.risks() if risk.kind == "custody"] == []


def test_signatures_are_called_after_the_cluster_that_the_lock_names(study_of: StudyOf) -> None:
    named = lock(4, 3).replace('\\"uuid\\"', '\\"name\\": \\"treasury\\", \\"uuid\\"')
    found = study_of({"m.yaml": named + charon("a", "a") + charon("b", "b")})
    assert [risk.name for risk in found.analysis.risks() if risk.kind == "custody"] == ["signatures of treasury"]


def test_a_committee_goes_by_what_the_names_of_its_parties_share(study_of: StudyOf) -> None:
    parties = "".join(charon(f"charon-{n}", zone) for n, zone in enumerate("abcd"))
    found = study_of({"m.yaml": lock(4, 3) + parties})
    assert [risk.name for risk in found.analysis.risks() if risk.kind == "custody"] == ["signatures of charon"]


def test_copies_of_one_party_fall_together(study_of: StudyOf) -> None:
    found = study_of({"m.yaml": lock(4, 3) + charon("a", "a", replicas=2) + charon("b", "b") + charon("c", "c")})
    assert stopped(found, SIGNATURES, "zone:aws/eu-west-1a") == "down"
    assert stopped(found, SIGNATURES, "zone:aws/eu-west-1b") == "up"


def test_terms_that_are_not_known_are_taken_both_ways(study_of: StudyOf) -> None:
    found = study_of({"m.yaml": charon("a", "a").replace("lock", "none") + charon("b", "b").replace("lock", "none")})
    assert stopped(found, SIGNATURES, "zone:aws/eu-west-1a") == "unknown"
    assert stopped(found, SIGNATURES, "zone:aws/eu-west-1a", "zone:aws/eu-west-1b") == "down"


def test_a_signer_alone_is_an_item(study_of: StudyOf) -> None:
    found = study_of({"m.yaml": runs("keys", "consensys/web3signer:25.4", "a")})
    assert [risk.name for risk in found.analysis.risks() if risk.kind == "custody"] == ["keys"]


# -- lists of nodes --------------------------------------------------------------------------------


def beacons(*zones: str) -> str:
    made = (
        runs(f"beacon-{zone}", "sigp/lighthouse:v8", zone, "lighthouse", "bn")
        + document("Service", f"beacon-{zone}", spec={"selector": {"app": f"beacon-{zone}"}})
        for zone in zones
    )
    return "".join(made)


def validator(endpoints: str) -> str:
    return runs("v", "sigp/lighthouse:v8", "c", "lighthouse", "vc", f"--beacon-nodes={endpoints}")


@pytest.mark.parametrize(
    ("endpoints", "down", "expected"),
    [
        ("http://beacon-a:5052", ("a",), "down"),
        ("http://beacon-a:5052,http://beacon-b:5052", ("a",), "up"),
        ("http://beacon-a:5052,http://beacon-b:5052", ("a", "b"), "down"),
        ("http://beacon-a:5052,https://beacon.example.com", ("a",), "up"),  # nothing is known of the other
        ("http://beacon-a:5052,http://beacon-b:5052", ("c",), "down"),  # its own zone
    ],
)
def test_a_validator_needs_one_of_its_beacon_nodes(
    study_of: StudyOf, endpoints: str, down: Sequence[str], expected: str
) -> None:
    found = study_of({"m.yaml": beacons("a", "b") + validator(endpoints)})
    assert stopped(found, "v", *(f"zone:aws/eu-west-1{zone}" for zone in down)) == expected


def test_a_vendor_among_beacon_nodes_is_one_of_them(study_of: StudyOf) -> None:
    found = study_of({"m.yaml": beacons("a") + validator("http://beacon-a:5052,https://rpc.ankr.com/eth_beacon")})
    assert stopped(found, "v", "zone:aws/eu-west-1a") == "up"
    assert stopped(found, "v", "owner:Ankr") == "up"
    assert stopped(found, "v", "zone:aws/eu-west-1a", "owner:Ankr") == "down"


def test_a_beacon_node_needs_its_execution_client(study_of: StudyOf) -> None:
    geth = runs("geth", "ethereum/client-go", "b", "geth") + document(
        "Service", "geth", spec={"selector": {"app": "geth"}}
    )
    beacon = runs("v", "sigp/lighthouse:v8", "a", "lighthouse", "bn", "--execution-endpoint=http://geth:8551")
    found = study_of({"m.yaml": geth + beacon})
    assert stopped(found, "v", "zone:aws/eu-west-1b") == "down"
