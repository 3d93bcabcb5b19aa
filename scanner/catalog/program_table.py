"""What the table of blockchain programs may hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

_PROGRAM_NEEDS: Final = frozenset({"name", "role", "status", "source"})
_PROGRAM_KEYS: Final = _PROGRAM_NEEDS | {"network", "images", "executables", "roles", "also", "fork_of"}
ROLES: Final = frozenset(
    {
        *("consensus", "execution", "validator", "signer", "distributed-validator", "key-manager", "relay-client"),
        *("relay", "builder", "full-node", "lightning", "oracle", "indexer", "storage", "bridge-relayer", "sequencer"),
        *("batcher", "orderer", "peer", "certificate-authority", "explorer", "rpc-proxy", "checkpoint-server"),
        *("bootnode", "monitor", "faucet", "test-chain", "tool"),
    }
)
"""What blockchain programs do, as ``programs.yaml`` explains."""


def program_faults(data: Any) -> Iterator[str]:
    """What is wrong with one entry of the table of programs."""
    if not isinstance(data, dict) or not data.keys() >= _PROGRAM_NEEDS:
        yield f"an entry has {', '.join(sorted(_PROGRAM_NEEDS))}"
        return
    for key in sorted(data.keys() - _PROGRAM_KEYS, key=str):
        yield f"unknown key {key}"
    if not (data.get("images") or data.get("executables")):
        yield "neither images nor executables"
    for role in (data["role"], *data.get("roles", {}), *data.get("also", {})):
        if role not in ROLES:
            yield f"{role} is no role"
    if data["status"] not in ("verified", "memory") or (data["status"] == "verified") is not bool(data["source"]):
        yield "a source is named where the status is verified, and only there"
