"""Minimal cut sets of up to three events for every node of a structure, cyclic or not."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from scanner.simulation.components import condense, contract, settle
from scanner.simulation.families import ALWAYS, LARGEST, Budget, Families, Family, bits
from scanner.simulation.structure import Structure

DEFAULT: Final = Budget()


class CutSets(Struct, frozen=True):
    """The minimal cut sets of the nodes asked for. Asking for another node raises ``KeyError``."""

    size: int
    """The most events of a cut that were asked for."""
    _events: tuple[int, ...]
    _numbers: Mapping[int, int]
    _families: Mapping[int, Family]

    def of(self, node: int) -> tuple[tuple[int, ...], ...]:
        """The minimal cut sets of a node as nodes of events, by size and then in the order of the events given.

        One empty cut when the node fails without any event. No cut has more than :meth:`exact` events.
        """
        number = self._numbers[node]
        if number == ALWAYS:
            return ((),)
        family, width, names = self._families[number], len(self._events) + 1, self._events
        singles = [(names[event - 1],) for event in bits(family.single)]
        pairs = [(names[pair // width - 1], names[pair % width - 1]) for pair in family.pairs]
        triples = [
            (names[triple // width // width - 1], names[triple // width % width - 1], names[triple % width - 1])
            for triple in family.triples
        ]
        return (*singles, *pairs, *triples)

    def exact(self, node: int) -> int:
        """The number of events up to which all minimal cut sets of the node are listed: the size, or less by budget."""
        return self._families[self._numbers[node]].exact

    def counts(self, node: int) -> tuple[int, int, int]:
        """How many minimal cut sets of one, two and three events are listed. The empty cut is not counted."""
        family = self._families[self._numbers[node]]
        return family.single.bit_count(), len(family.pairs), len(family.triples)


def minimal_cut_sets(
    structure: Structure,
    events: Sequence[int],
    given: Iterable[int] = (),
    nodes: Iterable[int] | None = None,
    size: int = LARGEST,
    budget: Budget = DEFAULT,
) -> CutSets:
    """All minimal cut sets of up to ``size`` (1 … 3) of the ``events`` for ``nodes`` (all when none are named).

    ``given`` has failed already. Other leaves never fail. Where the budget does not suffice, the larger cuts of a node
    are left out and :meth:`CutSets.exact` tells. Raises ``ValueError`` for another size.
    """
    wanted = None if nodes is None else tuple(dict.fromkeys(nodes))
    needed = None if wanted is None else _below(structure, wanted)
    distinct = tuple(event for event in dict.fromkeys(events) if needed is None or needed[event])
    families = Families(len(distinct), size, budget)
    told = {event: families.event(number) for number, event in enumerate(distinct, 1)}
    told.update(dict.fromkeys(given, ALWAYS))
    numbers = _numbers(structure, families, told, needed)
    if wanted is None:
        return CutSets(size, distinct, dict(enumerate(numbers)), dict(enumerate(families.all)))
    kept = {node: numbers[node] for node in wanted}
    return CutSets(size, distinct, kept, {number: families.all[number] for number in sorted(set(kept.values()))})


def _numbers(structure: Structure, families: Families, told: Mapping[int, int], needed: bytearray | None) -> array[int]:
    """The number of each needed node's family."""
    thresholds, offsets, targets = structure.thresholds, structure.offsets, structure.targets
    numbers = array("i", bytes(4 * len(structure)))
    for node, number in told.items():
        numbers[node] = number

    for step in condense(structure):
        if isinstance(step, tuple):
            if needed is None or needed[step[0]]:
                _settle(structure, families, step, numbers)
        elif thresholds[step] and (needed is None or needed[step]):
            threshold, children = thresholds[step], targets[offsets[step] : offsets[step + 1]]
            if threshold == 1:
                number = families.one_of({numbers[child] for child in children})
            else:
                number = families.at_least(threshold, [numbers[child] for child in children])
            numbers[step] = families.at_least(1, (number, numbers[step])) if step in told else number
    return numbers


def _settle(structure: Structure, families: Families, component: Sequence[int], numbers: array[int]) -> None:
    """The families inside of a cyclic component, whose nodes have the families of what they are told."""
    gates = contract(structure, component)
    told = {node: families.at_least(1, [numbers[member] for member in gate.nodes]) for node, gate in gates.items()}
    for node in gates:
        numbers[node] = told[node]

    def update(node: int) -> bool:
        before, gate = numbers[node], gates[node]
        after = families.at_least(gate.threshold, [numbers[child] for child in gate.children])
        after = families.at_least(1, (after, told[node]))
        # What the budget once left out stays left out, so that values change in one direction only.
        numbers[node] = families.lowered(after, families.all[before].exact)
        return numbers[node] != before

    settle({node: gate.children for node, gate in gates.items()}, update)
    for node, gate in gates.items():
        for member in gate.nodes:
            numbers[member] = numbers[node]


def _below(structure: Structure, wanted: Sequence[int]) -> bytearray:
    """1 for each node on which the wanted ones depend, and for themselves."""
    offsets, targets = structure.offsets, structure.targets
    below = bytearray(len(structure))
    left = list(wanted)
    for node in left:
        below[node] = 1
    while left:
        node = left.pop()
        for child in targets[offsets[node] : offsets[node + 1]]:
            if not below[child]:
                below[child] = 1
                left.append(child)
    return below
