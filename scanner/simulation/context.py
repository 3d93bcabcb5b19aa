"""What every part of the fault graph's making works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from scanner.catalog.load import Catalog
from scanner.graph.graph import Graph
from scanner.model.resource import Edge, EdgeKind, Resource
from scanner.model.span import Span
from scanner.model.value import Unknown
from scanner.simulation.gates import Gates, Label
from scanner.simulation.places import Places

SERVERS: Final = frozenset(
    {"compute", "compute_group", "container_service", "function", "workload", "node_group", "batch"}
)
"""Kinds that execute programs."""

FRONTS: Final = frozenset(
    {
        "load_balancer",
        "target_group",
        "listener",
        "gateway",
        "cdn",
        "global_balancer",
        "dns_record",
        "address",
        "endpoint",
    }
)
"""Kinds that hand requests on."""

STORES: Final = frozenset({"database", "object_store", "file_store", "volume", "search", "secret", "cache", "queue"})
"""Kinds that keep data and may have copies."""

_PASSED_BY: Final = frozenset(
    {
        *("network", "subnet", "route", "security_group", "policy", "identity", "grant", "monitor", "audit_log"),
        *("registry", "health_check", "placement_group", "account", "organization", "state_backend", "backup_plan"),
        *("snapshot", "backup_vault", "stack", "deployment_source", "billing_commitment", "module"),
    }
)
"""Kinds that nothing needs in order to serve, or whose place is already that of what stands in them."""


@dataclass(slots=True)
class Context:
    """The graph of resources, the structure in the making, and the node of each resource.

    ``own`` is a resource by itself with what it needs; ``whole`` is what others need of it, spares and copies included.
    """

    graph: Graph
    gates: Gates
    places: Places
    tables: Catalog
    whole: dict[str, int] = field(default_factory=dict)
    own: dict[str, int] = field(default_factory=dict)
    notes: list[tuple[Span, str]] = field(default_factory=list)

    def label(self, resource: Resource, text: str = "") -> Label:
        """A label for a node of a resource."""
        return Label(text or resource.id, resource.id)

    def group(self, members: Sequence[Resource], nodes: Sequence[int], text: str) -> int:
        """Members of which one is enough.

        In the pessimistic bound those that may not exist do not count; where none certainly does, only one exists,
        and it may be any of them.
        """
        doubtful = [isinstance(member.declaration.exists, Unknown) for member in members]
        everyone = self.gates.all(nodes, text)
        if not any(doubtful) or len(nodes) < 2:
            return everyone
        certain = [node for node, doubt in zip(nodes, doubtful, strict=True) if not doubt]
        worst = self.gates.all(certain, text) if certain else self.gates.any(nodes)
        reason = next(m.declaration.exists.reason for m in members if isinstance(m.declaration.exists, Unknown))
        return self.gates.any((everyone, self.gates.if_undecided(worst, reason)))

    def needed(self, resource: Resource) -> int:
        """Something needed: in the optimistic bound it is not where it may not exist."""
        node, exists = self.whole[resource.id], resource.declaration.exists
        return self.gates.if_undecided(node, exists.reason) if isinstance(exists, Unknown) else node

    def needs_of(self, resource: Resource) -> list[Edge]:
        """The edges that say what a resource needs in order to serve."""
        edges = self.graph.outgoing.get(resource.id, ())
        return [edge for edge in edges if self._is_need(edge)]

    def _is_need(self, edge: Edge) -> bool:
        target = self.graph.resources[edge.target]
        if target.kind in _PASSED_BY:
            return False
        if edge.kind is EdgeKind.PLACEMENT:
            return target.kind in (
                "cluster",
                "container_service",
                "compute",
                "compute_group",
                "node_group",
                "key_store",
                "hsm",
            )
        return edge.kind is EdgeKind.RUNTIME
