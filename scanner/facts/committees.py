"""Programs that sign together: how many of how many must be up, and how many of them one cluster or zone takes.

The terms stand in the flags of the command that makes the group, in Charon's cluster lock
(https://docs.obol.org/docs/charon/cluster-configuration), in Horcrux' ``thresholdMode``
(https://github.com/strangelove-ventures/horcrux/blob/main/docs/migrating.md) or among the peers of Dirk, in what the
program mounts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from scanner.facts.documents import json_document, texts
from scanner.facts.fact import Answer, Fact
from scanner.facts.nodes import cluster_of
from scanner.facts.programs import Node, copies_of, nodes, nodes_of, related
from scanner.facts.zones import in_one_zone
from scanner.graph.graph import Graph
from scanner.model.resource import Resource
from scanner.model.span import Span
from scanner.model.value import ABSENT, Unknown, Value

_TOGETHER: Final = frozenset({"charon", "horcrux", "dirk"})
"""Programs that sign together with others of their kind."""
_THRESHOLD: Final = re.compile(r"""^[ \t-]*["']?threshold["']?[ \t]*[:=][ \t]*(\d{1,3})\b""", re.MULTILINE)
_COSIGNER: Final = re.compile(r"""p2p[-_]?addr["']?[ \t]*[:=][ \t]*["']?([^\s"',}]+)""", re.IGNORECASE)
_PEERS: Final = re.compile(r"^([ \t]*)peers:[ \t]*\n((?:\1[ \t]+\S.*\n?|[ \t]*#.*\n?|[ \t]*\n)+)", re.MULTILINE)
_PEER: Final = re.compile(r"^[ \t]+[\"']?(\d+)[\"']?[ \t]*:", re.MULTILINE)
_FROM: Final = ("config", "secret")
_MOST: Final = 200
"""Parties of a committee that are believed."""


class Terms(Struct, frozen=True):
    """``threshold`` of ``parties`` must sign. ``key`` is equal for all members of one committee.

    ``title`` is what its makers call it, where the files say so.
    """

    threshold: Value
    parties: Value
    key: str
    span: Span
    title: str = ""


class Committee(Struct, frozen=True):
    """Nodes of the estate that sign together, with what is known of their terms."""

    name: str
    terms: Terms
    members: tuple[Node, ...]

    @property
    def spare(self) -> Value:
        """How many parties may be down, which can be less than none where the terms contradict each other."""
        k, n = self.terms.threshold, self.terms.parties
        unknown = next((value for value in (k, n) if isinstance(value, Unknown)), None)
        return n - k if unknown is None else unknown


def committees(graph: Graph) -> tuple[Committee, ...]:
    """The committees of which the files show a member, in the order of their first one."""
    return graph.once(_committees)


def committee_of(resource: Resource, graph: Graph) -> Committee | None:
    """The committee of which a resource runs a member."""
    return graph.once(_by_member).get(resource.id)


def _by_member(graph: Graph) -> Mapping[str, Committee]:
    found: dict[str, Committee] = {}
    for committee in committees(graph):
        for member in committee.members:
            found.setdefault(member.resource.id, committee)
    return found


def _committees(graph: Graph) -> tuple[Committee, ...]:
    groups: dict[tuple[str, str], list[tuple[Node, Terms]]] = {}
    for node in nodes(graph):
        if node.program.implementation in _TOGETHER and not node.plays("tool", "relay"):
            terms = terms_of(node, graph)
            groups.setdefault((node.program.implementation, terms.key), []).append((node, terms))
    found = (_joined([node for node, _ in group], [terms for _, terms in group], graph) for group in groups.values())
    return tuple(committee for committee in found if committee is not None)


def _joined(members: Sequence[Node], told: Sequence[Terms], graph: Graph) -> Committee | None:
    """The committee of some members; none for a lone program of which nothing says that there are others."""
    best = min(told, key=lambda t: isinstance(t.threshold, Unknown) + isinstance(t.parties, Unknown))
    here = sum(count for node in members if isinstance(count := copies_of(node, graph), int))
    if isinstance(best.parties, Unknown) and here < 2:
        return None
    if isinstance(best.parties, int) and not 1 < best.parties <= _MOST:
        return None
    return Committee(members[0].program.name, best, tuple(members))


def terms_of(node: Node, graph: Graph) -> Terms:
    """What the files say about the committee of a node."""
    for source, path, text in _documents(node, graph):
        found = _read(text)
        if found is not None:
            threshold, parties, key, title = found
            return Terms(threshold, parties, key, source.span_of(path), title)
    threshold, parties = _flags(node)
    resource = node.resource
    return Terms(threshold, parties, f"{resource.declaration.root} {_namespace(resource)}", node.span)


def _flags(node: Node) -> tuple[Value, Value]:
    cosigners = node.container.option("cosigner")
    parties = len(cosigners.split(",")) if isinstance(cosigners, str) else _number(node, "nodes", "cluster-size")
    return _number(node, "threshold", "signing-threshold"), parties


def _number(node: Node, *options: str) -> Value:
    value = node.container.option(*options)
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    if isinstance(value, Unknown):
        return value
    return Unknown(f"the {options[0]} of its {node.program.name} cluster is not in the files", node.span)


def _documents(node: Node, graph: Graph) -> Iterator[tuple[Resource, str, str]]:
    """Every text that the program is given: what its declaration holds, and what it mounts or reads."""
    named = (graph.resources[edge.target] for edge in graph.outgoing.get(node.holder.id, ()))
    for source in (*(target for target in named if target.kind in _FROM), node.holder):
        for path, text in texts(source.declaration.attributes):
            if len(text) > len("threshold"):
                yield source, path, text


def _read(text: str) -> tuple[Value, Value, str, str] | None:
    """Threshold, parties, key and title of a committee that a text describes."""
    if '"operators"' in text:
        return _lock(json_document(text))
    cosigners = sorted(set(_COSIGNER.findall(text)))
    threshold = _THRESHOLD.search(text)
    if cosigners and threshold is not None:
        return int(threshold[1]), len(cosigners), " ".join(cosigners), ""
    peers = _PEERS.search(text)
    found = sorted(set(_PEER.findall(peers[2]))) if peers is not None else []
    if len(found) > 1:
        return Unknown("the threshold is kept with the accounts of Dirk"), len(found), " ".join(found), ""
    return None


def _lock(document: Value) -> tuple[Value, Value, str, str] | None:
    """Charon's ``cluster-lock.json``, or the definition in it."""
    if not isinstance(document, dict):
        return None
    inner = document.get("cluster_definition", document)
    operators = inner.get("operators") if isinstance(inner, dict) else None
    threshold = inner.get("threshold") if isinstance(inner, dict) else None
    if not isinstance(operators, list) or not isinstance(threshold, (int, Unknown)) or isinstance(threshold, bool):
        return None
    name = inner.get("name")
    key = inner.get("config_hash") or inner.get("uuid") or name
    return threshold, len(operators), str(key), name if isinstance(name, str) else ""


def _namespace(resource: Resource) -> str:
    metadata = resource.declaration.attributes.get("metadata")
    return str(metadata.get("namespace", "")) if isinstance(metadata, dict) else ""


# -- facts -----------------------------------------------------------------------------------------


def committee_spare(resource: Resource, graph: Graph) -> Value | Answer:
    """How many parties of its committee may be down. Told at the committee's first member; absent elsewhere."""
    committee = _led(resource, graph)
    return ABSENT if committee is None else _told(committee, committee.spare)


def committee_minority(resource: Resource, graph: Graph) -> Value | Answer:
    """Whether two groups of its committee without a common party could sign two different things."""
    committee = _led(resource, graph)
    if committee is None:
        return ABSENT
    k, n = committee.terms.threshold, committee.terms.parties
    unknown = next((value for value in (k, n) if isinstance(value, Unknown)), None)
    return _told(committee, 2 * k <= n if unknown is None else unknown)


def committee_threshold(resource: Resource, graph: Graph) -> Value:
    """How many parties of its committee must sign."""
    committee = committee_of(resource, graph)
    return ABSENT if committee is None else committee.terms.threshold


def committee_parties(resource: Resource, graph: Graph) -> Value:
    """How many parties its committee has."""
    committee = committee_of(resource, graph)
    return ABSENT if committee is None else committee.terms.parties


def _led(resource: Resource, graph: Graph) -> Committee | None:
    committee = committee_of(resource, graph)
    return committee if committee is not None and committee.members[0].resource.id == resource.id else None


def _told(committee: Committee, value: Value) -> Answer:
    return Answer(value, related(committee.members[1:], "signs with"), committee.terms.span)


def cosigners_one_cluster(resource: Resource, graph: Graph) -> Value | Answer:
    """Whether one cluster or host runs so many parties of its committee that the others cannot sign without it."""
    return _gathered(resource, graph, _cluster)


def cosigners_one_zone(resource: Resource, graph: Graph) -> Value | Answer:
    """The same of one zone. Absent where no member is bound to a zone."""
    return _gathered(resource, graph, _zone)


def _gathered(resource: Resource, graph: Graph, place: Callable[[Node, Graph], Value]) -> Value | Answer:
    """Told at the first member in the place that runs most of them."""
    committee = committee_of(resource, graph)
    if committee is None:
        return ABSENT
    counts: dict[str, int] = {}
    firsts: dict[str, Node] = {}
    undecided: Unknown | None = None
    for node in committee.members:
        where, copies = place(node, graph), copies_of(node, graph)
        if isinstance(where, Unknown) or isinstance(copies, Unknown):
            undecided = where if isinstance(where, Unknown) else copies
        elif where is not ABSENT and isinstance(copies, int):
            counts[where] = counts.get(where, 0) + copies
            firsts.setdefault(where, node)
    fullest = max(counts, key=lambda where: counts[where], default=None)
    teller = committee.members[0] if fullest is None else firsts[fullest]
    if teller.resource.id != resource.id or (fullest is None and undecided is None):
        return ABSENT
    return _told_where(committee, teller, 0 if fullest is None else counts[fullest], undecided)


def _told_where(committee: Committee, teller: Node, most: int, undecided: Unknown | None) -> Answer:
    spans = related([member for member in committee.members if member is not teller], "signs with")
    spare = committee.spare
    if isinstance(spare, Unknown):
        return Answer(spare if most > 1 or undecided is not None else False, spans, teller.span)
    if most > spare:
        return Answer(True, spans, teller.span)
    return Answer(False if undecided is None else undecided, spans, teller.span)


def _cluster(node: Node, graph: Graph) -> Value:
    resource = node.resource
    found = cluster_of(resource, graph)
    if found is not None:
        return found.id
    named = [target for target in graph.targets(resource, "cluster") if target.kind == "cluster"]
    if named:
        return named[0].id
    if resource.kind == "container_service":
        return ABSENT
    return resource.placement.cluster or f"root {resource.declaration.root}"


def _zone(node: Node, _graph: Graph) -> Value:
    pinned = node.resource.get("pinned_zones")
    if isinstance(pinned, Unknown):
        return pinned
    if isinstance(pinned, list):
        return pinned[0] if len(pinned) == 1 else ABSENT
    if in_one_zone(node.resource) is not True:
        return ABSENT
    zones = node.resource.placement.zones
    return zones if isinstance(zones, Unknown) else zones[0] if len(zones) == 1 else ABSENT


def committee_needs(resource: Resource, copies: int, graph: Graph) -> int | None:
    """How many of its copies, each a party, must be left for its committee to sign.

    ``None`` for what runs no committee, and where all copies together are no more than may be down.
    """
    committee = committee_of(resource, graph)
    spare = committee.spare if committee is not None else None
    return copies - max(0, spare) if isinstance(spare, int) and copies > spare else None


def chain_signers(graph: Graph) -> tuple[Resource, ...]:
    """What runs a program that signs with keys and belongs to no committee."""
    shared = {member.resource.id for committee in committees(graph) for member in committee.members}
    found = {node.resource.id: node.resource for node in nodes(graph) if node.plays("signer")}
    return tuple(resource for name, resource in found.items() if name not in shared)


def signs_by_program(resource: Resource, graph: Graph) -> bool:
    """Whether it runs a program whose work is to sign."""
    return any(node.plays("signer") for node in nodes_of(resource, graph))


_RUNNERS: Final = ("workload", "container_service", "compute", "compute_group", "batch")

FACTS: Final[Mapping[str, Fact]] = {
    "committee_spare": Fact(committee_spare, "how many parties of its committee may be down", _RUNNERS),
    "committee_minority": Fact(
        committee_minority, "whether two groups of its committee could sign different things", _RUNNERS
    ),
    "committee_threshold": Fact(committee_threshold, "how many parties must sign together", _RUNNERS),
    "committee_parties": Fact(committee_parties, "how many parties its committee has", _RUNNERS),
    "cosigners_one_cluster": Fact(
        cosigners_one_cluster, "whether the loss of one cluster keeps its committee from signing", _RUNNERS
    ),
    "cosigners_one_zone": Fact(
        cosigners_one_zone, "whether the loss of one zone keeps its committee from signing", _RUNNERS
    ),
}
