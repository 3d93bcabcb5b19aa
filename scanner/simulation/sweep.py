"""Outages: what fails in one scenario or in many at once, one bit per scenario."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scanner.simulation.components import condense, contract, settle
from scanner.simulation.structure import Structure


def failing(structure: Structure, failed: Iterable[int]) -> bytearray:
    """One scenario: 1 for each node that fails when the nodes ``failed`` (leaves or gates) do, else 0."""
    return bytearray(outages(structure, [failed]))


def single_outages(structure: Structure, events: Sequence[int], given: Iterable[int] = ()) -> list[int]:
    """Per node a bitset over ``events``: bit ``j`` tells that ``events[j]`` and all of ``given`` together fail it.

    All bits are set where ``given`` alone fails the node.
    """
    told: dict[int, int] = {}
    for position, event in enumerate(events):
        told[event] = told.get(event, 0) | 1 << position
    everything = (1 << len(events)) - 1
    told.update(dict.fromkeys(given, everything))
    return _spread(structure, told)


def outages(structure: Structure, scenarios: Sequence[Iterable[int]]) -> list[int]:
    """Per node a bitset: bit ``j`` tells that the node fails when the nodes ``scenarios[j]`` do."""
    told: dict[int, int] = {}
    for position, failed in enumerate(scenarios):
        for node in failed:
            told[node] = told.get(node, 0) | 1 << position
    return _spread(structure, told)


def _spread(structure: Structure, told: dict[int, int]) -> list[int]:
    """Failures, from the nodes told upwards. Equal bitsets of gates are one object, which saves most of the memory."""
    thresholds, offsets, targets = structure.thresholds, structure.offsets, structure.targets
    bits = [0] * len(structure)
    for node, mask in told.items():
        bits[node] = mask
    known: dict[int, int] = {}
    for step in condense(structure):
        if isinstance(step, tuple):
            _spread_in_cycle(structure, step, bits)
            continue
        threshold, children = thresholds[step], targets[offsets[step] : offsets[step + 1]]
        if threshold == 1:  # as at_least does; nine gates in ten are of this kind
            after = last = bits[step]
            for child in children:
                last = bits[child]
                after |= last
            bits[step] = last if after == last else known.setdefault(after, after)
        elif threshold:
            after = bits[step] | at_least(threshold, [bits[child] for child in children])
            bits[step] = known.setdefault(after, after)
    return bits


def _spread_in_cycle(structure: Structure, component: Sequence[int], bits: list[int]) -> None:
    """The same inside of a cyclic component, whose nodes hold what they are told."""
    gates = contract(structure, component)
    for node, gate in gates.items():
        bits[node] = at_least(1, [bits[member] for member in gate.nodes])

    def update(node: int) -> bool:
        before, gate = bits[node], gates[node]
        bits[node] = before | at_least(gate.threshold, [bits[child] for child in gate.children])
        return bits[node] != before

    settle({node: gate.children for node, gate in gates.items()}, update)
    for node, gate in gates.items():
        for member in gate.nodes:
            bits[member] = bits[node]


def at_least(threshold: int, masks: Sequence[int]) -> int:
    """The bits that are set in at least ``threshold`` of the masks; none for threshold 0, which is a leaf's."""
    if not 0 < threshold <= len(masks):
        return 0
    if threshold == 1:
        result = 0
        for mask in masks:
            result |= mask
        return result
    if threshold == len(masks):
        result = masks[0]
        for mask in masks:
            result &= mask
        return result
    return _counted(threshold, masks)


def _counted(threshold: int, masks: Sequence[int]) -> int:
    """A counter per bit, kept in slices: slice ``i`` holds digit ``i`` of all counters."""
    slices: list[int] = []
    for mask in masks:
        carry = mask
        for i, digit in enumerate(slices):
            slices[i], carry = digit ^ carry, digit & carry
            if not carry:
                break
        if carry:
            slices.append(carry)
    if threshold.bit_length() > len(slices):
        return 0
    # Digit by digit from the highest: the counters above the threshold so far, and those equal to it.
    above, equal = 0, -1
    for i in reversed(range(len(slices))):
        if threshold >> i & 1:
            equal &= slices[i]
        else:
            above |= equal & slices[i]
            equal &= ~slices[i]
    return above | equal
