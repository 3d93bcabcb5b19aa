"""What keeps that which owns funds or opens everything else: whoever can withhold it can withhold them."""

from __future__ import annotations

from typing import Final

from scanner.facts.committees import chain_signers
from scanner.facts.fact import Answer
from scanner.facts.key_material import is_whole_key
from scanner.facts.secret_servers import vault_seals
from scanner.facts.signers import signing_keys
from scanner.facts.value_bearing import is_value_bearing
from scanner.graph.graph import Graph
from scanner.model.resource import Resource

_RUNNING: Final = ("stack", "workload", "compute", "compute_group", "container_service")


def fund_keepers(graph: Graph) -> tuple[Resource, ...]:
    """Keys that sign for funds, hardware for other keys, secrets that hold the key or seed of a wallet, and signers.

    Signers are programs that hold keys and sign alone. Hardware counts where its name or tags speak of funds, and not
    beside the keys that lie in it.
    """
    keys = signing_keys(graph)
    told = {store.id for key in keys for store in graph.targets(key, "key_ring")}
    hardware = [
        store
        for store in graph.of_kind("key_store", "hsm")
        if (store.kind == "hsm" or store.get("hsm") is True)
        and not graph.targets(store, "cluster")
        and store.id not in told
        and is_value_bearing(store) is True
    ]
    secrets = [secret for secret in graph.of_kind("secret") if is_whole_key(secret)]
    return tuple(
        each for each in (*keys, *hardware, *secrets, *chain_signers(graph)) if each.declaration.mode == "managed"
    )


def sealed_servers(graph: Graph) -> tuple[Resource, ...]:
    """Secret servers that stay shut until somebody else's key opens them."""
    return tuple(
        server
        for server in graph.of_kind(*_RUNNING)
        if server.declaration.mode == "managed" and isinstance(vault_seals(server, graph), Answer)
    )
