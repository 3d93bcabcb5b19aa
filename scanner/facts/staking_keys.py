"""Where validators keep what they sign with, and the record of what they signed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scanner.facts.fact import Answer, Fact
from scanner.facts.programs import Node, nodes_of
from scanner.facts.volumes import volume_reach
from scanner.graph.graph import Graph
from scanner.model.resource import Resource
from scanner.model.value import ABSENT, Unknown, Value

REMOTE: Final = (
    *(
        "validators-external-signer-url",
        "remote-signer-url",
        "web3-signer-url",
        "externalSigner.url",
        "web3signer-urls",
    ),
    *(
        "azure-vault-enabled",
        "aws-secrets-enabled",
        "aws-kms-enabled",
        "gcp-secrets-enabled",
        "hashicorp-vault-enabled",
    ),
)
"""Options by which keys lie elsewhere: with a remote signer (Teku, Prysm, Nimbus, Lodestar, Grandine) or in a vault."""


def validator_keys_disk(resource: Resource, graph: Graph) -> Value | Answer:
    """Whether a validator's or signer's keys lie on a disk of one node or zone that nothing copies.

    Absent where it mounts no claim, or signs with keys that lie elsewhere.
    """
    if not any(_holds_keys(node) for node in nodes_of(resource, graph)):
        return ABSENT
    reach = volume_reach(resource, graph)
    span = resource.span_of("claims")
    if isinstance(reach, Unknown):
        return Answer(reach, (), span)
    if reach == "none":
        return ABSENT
    return Answer(reach in ("node", "zone") and not _is_copied(resource, graph), (), span)


def _holds_keys(node: Node) -> bool:
    return node.plays("validator", "signer") and node.container.option(*REMOTE) is ABSENT


def _is_copied(resource: Resource, graph: Graph) -> bool:
    """Whether a snapshot or replication of one of its volumes is declared."""
    volumes = (graph.resources[edge.target] for edge in graph.outgoing.get(resource.id, ()))
    return any(
        graph.referrers(volume, "snapshot", "backup_plan", "replication")
        for volume in volumes
        if volume.kind == "volume"
    )


FACTS: Final[Mapping[str, Fact]] = {
    "validator_keys_disk": Fact(
        validator_keys_disk, "whether its signing keys lie on one disk that nothing copies", ("workload",)
    ),
}
