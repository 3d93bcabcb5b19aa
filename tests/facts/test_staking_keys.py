"""Keys of validators on disks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts import FACTS, Answer
from scanner.model.value import ABSENT, Unknown
from scanner.pipeline import Estate

UNKNOWN = "unknown"
VALIDATOR = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: v}
spec:
  template:
    spec:
      containers: [{name: v, image: "IMAGE", args: [ARGS]}]
VOLUMES
"""
CLAIMS = (
    "  volumeClaimTemplates: [{metadata: {name: d}, spec: {storageClassName: CLASS, accessModes: [ReadWriteOnce]}}]"
)
MOUNTED = """      volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: d}
spec: {storageClassName: gp3, accessModes: [ReadWriteOnce]}
"""
SNAPSHOT = """---
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshot
metadata: {name: s}
spec: {source: {persistentVolumeClaimName: d}}
"""


def manifest(image: str = "sigp/lighthouse", args: str = "vc", volumes: str = CLAIMS, storage: str = "gp3") -> str:
    text = VALIDATOR.replace("IMAGE", image).replace("ARGS", args).replace("VOLUMES", volumes)
    return text.replace("CLASS", storage)


CASES: dict[str, tuple[str, Any]] = {
    "a zonal disk": (manifest(), True),
    "a disk of a node": (manifest(storage="local-path"), True),
    "a file system of the region": (manifest(storage="efs"), False),
    "a class that is not known": (manifest(storage="fast"), UNKNOWN),
    "no disk": (manifest(volumes=""), ABSENT),
    "a claim": (manifest(volumes=MOUNTED), True),
    "a claim with a snapshot": (manifest(volumes=MOUNTED + SNAPSHOT), False),
    "a signer": (manifest("consensys/web3signer", "eth2"), True),
    "a signer whose keys lie in a vault": (manifest("consensys/web3signer", '"--azure-vault-enabled=true"'), ABSENT),
    "keys with a remote signer": (
        manifest("consensys/teku", 'validator-client, "--validators-external-signer-url=http://s:9000"'),
        ABSENT,
    ),
    "a beacon node": (manifest(args="bn"), ABSENT),
    "another program": (manifest("nginx"), ABSENT),
}


@pytest.mark.parametrize("name", CASES)
def test_keys_on_disks(estate_of: Callable[..., Estate], name: str) -> None:
    text, expected = CASES[name]
    graph = estate_of({"m.yaml": text}).graph
    found = FACTS["validator_keys_disk"].compute(graph.resources["default/StatefulSet/v"], graph)
    value = found.value if isinstance(found, Answer) else found
    assert (UNKNOWN if isinstance(value, Unknown) else value) == expected
