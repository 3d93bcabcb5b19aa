"""Programs of chains in the fault graph: who signs together, and lists of nodes of which one is enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from scanner.catalog.endpoints import owner_of
from scanner.facts.chain import FALLBACK_OPTIONS, addresses, behind_host, told
from scanner.facts.committees import Committee
from scanner.facts.programs import BEACON_OPTIONS, EXECUTION_OPTIONS, Node, copies_of, nodes
from scanner.facts.third_parties import domain_of, owner_name
from scanner.graph.graph import Graph
from scanner.model.resource import Edge, Resource
from scanner.model.span import Span
from scanner.model.value import Unknown, Value
from scanner.simulation.context import Context
from scanner.simulation.gates import Gates

_LISTS: Final = ((*BEACON_OPTIONS,), (*EXECUTION_OPTIONS,))


def alternatives(resource: Resource, context: Context) -> tuple[list[int], set[Edge]]:
    """A need for each list of nodes that a program of a chain is given; with the edges about which this says all.

    A validator asks the next beacon node when one does not answer, whoever owns it: a host of which nothing is known
    does not fail.
    """
    found: list[int] = []
    said: set[Edge] = set()
    needs = context.needs_of(resource)
    for node in context.graph.once(_by_holder).get(resource.id, ()):
        for options in _LISTS:
            values = told(node, *options)
            values += told(node, *FALLBACK_OPTIONS) if options == BEACON_OPTIONS else []
            hosts = list(dict.fromkeys(host for value in values for host in addresses(value)))
            if len(hosts) > 1 and not any(_is_open(value) for value in values):
                edges = {host: _edges(node, host, needs, context) for host in hosts}
                found += _one_of(resource, node.span_of(*options), edges, context)
                said.update(edge for each in edges.values() for edge in each)
    return found, said


def _by_holder(graph: Graph) -> Mapping[str, Sequence[Node]]:
    found: dict[str, list[Node]] = {}
    for node in nodes(graph):
        held = found.setdefault(node.holder.id, [])
        if all(node.container.path != other.container.path for other in held):
            held.append(node)
    return found


def _is_open(value: Value) -> bool:
    """Whether a list may have more entries than are written."""
    return isinstance(value, Unknown)


def _edges(node: Node, host: str, needs: Sequence[Edge], context: Context) -> list[Edge]:
    """The edges to what a host name means."""
    behind = {resource.id for resource in behind_host(node.holder, host, context.graph)}
    return [edge for edge in needs if edge.target in behind or behind & _members(edge.target, context)]


def _members(name: str, context: Context) -> set[str]:
    return {member.id for member in context.graph.members(context.graph.resources[name])}


def _one_of(resource: Resource, span: Span, edges: Mapping[str, Sequence[Edge]], context: Context) -> Iterator[int]:
    """One node that fails with all of several hosts."""
    gates, whole = context.gates, context.whole[resource.id]
    answers = [_answer(host, found, context) for host, found in edges.items()]
    if gates.never in answers:
        return
    for each in answers:
        gates.state(whole, each, span)
    yield gates.state(whole, gates.all(answers, "every node that it may ask"), span)


def _answer(host: str, edges: Sequence[Edge], context: Context) -> int:
    if edges:
        return context.gates.any([context.whole[edge.target] for edge in edges])
    endpoint = owner_of(host)
    if endpoint is None:
        return context.gates.never
    return context.places.other(*domain_of(endpoint.category, owner_name(endpoint)).split(":", 1))


def no_signature(committee: Committee, context: Context) -> int:
    """The node that fails when so many of a committee's members have failed that the others cannot sign.

    Parties that the files do not show never fail here; a resource that runs several fails with all of them.
    """
    gates, spare = context.gates, committee.spare
    weights = _weights(committee, context)
    members = [context.whole[name] for name in weights]
    if isinstance(spare, Unknown):
        worst = gates.if_undecided(gates.any(members), spare.reason)
        return gates.any((gates.all(members, "all of its signers"), worst))
    counts = set(weights.values())
    if len(counts) == 1:
        each = counts.pop()
        return gates.at_least(max(1, spare // each + 1), members, f"more than {spare} of its signers")
    return heavier(members, list(weights.values()), max(0, spare) + 1, gates)


def _weights(committee: Committee, context: Context) -> dict[str, int]:
    """How many parties each resource runs; one where that is not known."""
    found: dict[str, int] = {}
    for node in committee.members:
        copies = copies_of(node, context.graph)
        found[node.resource.id] = found.get(node.resource.id, 0) + (copies if isinstance(copies, int) else 1)
    return {name: count for name, count in found.items() if count > 0}


def heavier(members: Sequence[int], weights: Sequence[int], least: int, gates: Gates) -> int:
    """Fails when the failed members weigh so much together, built from the last member on."""
    known: dict[tuple[int, int], int | None] = {}

    def rest(index: int, needed: int) -> int | None:
        """The node for members from ``index`` on; ``None`` when nothing more has to fail."""
        if needed <= 0:
            return None
        if index == len(members):
            return gates.never
        if (index, needed) not in known:
            further = rest(index + 1, needed - weights[index])
            with_it = members[index] if further is None else _both(members[index], further, gates)
            without = rest(index + 1, needed)
            known[index, needed] = gates.any((with_it, gates.never if without is None else without))
        return known[index, needed]

    found = rest(0, least)
    return gates.never if found is None else found


def _both(left: int, right: int, gates: Gates) -> int:
    """Both must fail; something that never does keeps the gate from failing."""
    return gates.never if gates.never in (left, right) else gates.all((left, right))
