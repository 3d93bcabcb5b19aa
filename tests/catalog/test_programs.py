"""Blockchain programs by image and command."""

from __future__ import annotations

import re
from typing import Any

import pytest

from scanner.catalog.load import catalog
from scanner.catalog.program_table import ROLES, program_faults
from scanner.catalog.programs import implementations, program

# Images as ethpandaops/ethereum-helm-charts, eth-educators/eth-docker, ObolNetwork/charon-distributed-validator-node,
# hyperledger/fabric-samples and smartcontracts/simple-optimism-node name them.
IMAGES = {
    "sigp/lighthouse": "Lighthouse",
    "consensys/teku": "Teku",
    "gcr.io/prysmaticlabs/prysm/beacon-chain": "Prysm",
    "gcr.io/offchainlabs/prysm/validator": "Prysm",
    "statusim/nimbus-eth2": "Nimbus",
    "chainsafe/lodestar": "Lodestar",
    "sifrai/grandine": "Grandine",
    "ethereum/client-go": "Geth",
    "nethermind/nethermind": "Nethermind",
    "hyperledger/besu": "Besu",
    "ghcr.io/paradigmxyz/reth": "Reth",
    "erigontech/erigon": "Erigon",
    "consensys/web3signer": "Web3Signer",
    "obolnetwork/charon": "Charon",
    "ssvlabs/ssv-node": "SSV node",
    "flashbots/mev-boost": "mev-boost",
    "flashbots/mev-boost-relay": "mev-boost-relay",
    "ghcr.io/strangelove-ventures/horcrux": "Horcrux",
    "ghcr.io/strangelove-ventures/heighliner/osmosis": "Cosmos SDK chain",
    "hyperledger/fabric-orderer": "Hyperledger Fabric orderer",
    "ghcr.io/hyperledger/fabric-rest-sample": "Hyperledger Fabric tools",
    "us-docker.pkg.dev/oplabs-tools-artifacts/images/op-geth": "op-geth",
    "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mirror/lighthouse": "Lighthouse",
    "?/fabric-peer": "Hyperledger Fabric peer",
}


@pytest.mark.parametrize("image", IMAGES)
def test_images(image: str) -> None:
    found = program(image)
    assert found is not None
    assert found.name == IMAGES[image]


@pytest.mark.parametrize(
    "image", ["", "?", "nginx", "prom/prometheus", "acme/lighthouse-keeper", "geth-exporter", "hyperledger"]
)
def test_other_images(image: str) -> None:
    assert program(image) is None


# The commands of the clients' documentation.
ROLES_BY_COMMAND = [
    ("sigp/lighthouse", "lighthouse bn --network=mainnet", ("consensus",)),
    ("sigp/lighthouse", "sh -ac exec lighthouse beacon_node --datadir=/data", ("consensus",)),
    ("sigp/lighthouse", "lighthouse vc --beacon-nodes=http://a:5052", ("validator",)),
    ("consensys/teku", "--network=mainnet", ("consensus",)),
    ("consensys/teku", "validator-client --beacon-node-api-endpoint=http://a", ("validator",)),
    ("consensys/teku", "--validator-keys=/keys:/passwords", ("consensus", "validator")),
    ("chainsafe/lodestar", "beacon --network=mainnet", ("consensus",)),
    ("chainsafe/lodestar", "validator --beaconNodes=http://a", ("validator",)),
    ("statusim/nimbus-eth2", "nimbus_validator_client --beacon-node=http://a", ("validator",)),
    ("statusim/nimbus-eth2", "/home/user/nimbus-eth2/build/nimbus_validator_client", ("validator",)),
    ("gcr.io/prysmaticlabs/prysm/validator", "", ("validator",)),
    ("gcr.io/prysmaticlabs/prysm/validator", "validator wallet create", ("tool",)),
    ("sigp/lighthouse", "lighthouse account validator exit", ("tool",)),
    ("consensys/teku", "voluntary-exit --beacon-node-api-endpoint=http://a", ("tool",)),
    ("erigontech/erigon", "erigon --beacon.api=beacon", ("execution", "consensus")),
    ("ethereum/client-go", "geth --dev", ("test-chain",)),
    ("obolnetwork/charon", "charon run", ("distributed-validator",)),
    ("obolnetwork/charon", "charon create cluster --nodes=4", ("tool",)),
    ("obolnetwork/charon", "relay", ("relay",)),
    ("anzaxyz/agave", "agave-validator --vote-account=/v.json", ("validator",)),
    ("anzaxyz/agave", "agave-validator --no-voting", ("full-node",)),
    ("us-docker.pkg.dev/oplabs-tools-artifacts/images/op-node", "op-node --sequencer.enabled", ("sequencer",)),
]


@pytest.mark.parametrize(("image", "command", "roles"), ROLES_BY_COMMAND)
def test_roles(image: str, command: str, roles: tuple[str, ...]) -> None:
    found = program(image)
    assert found is not None
    assert found.roles_of(command.split()) == roles


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("geth --http", "Geth"),
        ("/usr/local/bin/geth", "Geth"),
        ("sh -ac exec bitcoind -server", "Bitcoin Core"),
        ("python geth", None),
        ("./start.sh", None),
        ("", None),
    ],
)
def test_commands_of_unknown_images(command: str, name: str | None) -> None:
    found = program("registry.example.com/node", command.split())
    assert (found.name if found is not None else None) == name


@pytest.mark.parametrize(
    ("network", "role", "least", "most"),
    [
        ("ethereum", "consensus", 6, 20),
        ("ethereum", "execution", 5, 20),
        ("solana", "validator", 2, 2),  # Jito-Solana is Agave
        ("fabric", "orderer", 1, 1),
        ("nowhere", "consensus", 0, 0),
    ],
)
def test_implementations(network: str, role: str, least: int, most: int) -> None:
    assert least <= implementations(network, role) <= most


def test_the_table_keeps_its_own_rules() -> None:
    table = catalog().programs
    assert {name: list(program_faults(data)) for name, data in table.items() if list(program_faults(data))} == {}
    images = [image for data in table.values() for image in data.get("images", ())]
    executables = [name for data in table.values() for name in data.get("executables", ())]
    assert len(images) == len(set(images))
    assert len(executables) == len(set(executables))
    assert all(re.fullmatch(r"[a-z0-9*][a-z0-9*._/-]*", image) for image in images)
    used = {role for data in table.values() for role in (data["role"], *data.get("roles", {}), *data.get("also", {}))}
    assert used == ROLES


GOOD = {"name": "n", "role": "tool", "images": ["i"], "status": "memory", "source": ""}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"role": "tol"}, "tol is no role"),
        ({"roles": {"x": ["y"]}}, "x is no role"),
        ({"colour": 1}, "unknown key colour"),
        ({"images": []}, "neither images nor executables"),
        ({"status": "verified"}, "a source is named where the status is verified, and only there"),
        ({"source": "s"}, "a source is named where the status is verified, and only there"),
    ],
)
def test_faults_are_said(change: dict[str, Any], fault: str) -> None:
    assert list(program_faults({**GOOD, **change})) == [fault]
    assert list(program_faults(GOOD)) == []


def test_an_entry_without_a_name_is_refused() -> None:
    assert list(program_faults({"role": "tool"})) == ["an entry has name, role, source, status"]
