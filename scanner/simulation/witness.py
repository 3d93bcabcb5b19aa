"""Why a node fails: the path to a cause, and all causes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from scanner.simulation.components import components
from scanner.simulation.structure import Structure, StructureBuilder
from scanner.simulation.sweep import single_outages

Last: TypeAlias = Callable[[int], tuple[bool, bool]]
"""What to take for a child on a way only where need be: greater comes later."""


def witness(
    structure: Structure,
    failed: Iterable[int],
    node: int,
    conditions: Collection[int] = (),
    doubts: Collection[int] = (),
    points: Collection[int] = (),
) -> tuple[int, ...]:
    """The shortest path from a failing node over children to a node told to fail; empty when the node does not fail.

    ``conditions`` are told nodes at which a path ends only where it cannot end at another one. Of a node that does not
    fail without the ``doubts`` among them, the path shows a part that does not either.
    Where a gate needs several children, the way by one of them is not the whole reason: the path then goes by the
    nearest of the ``points`` whose failure alone is enough, if there is any.
    Each node on it failed in an earlier round than the one before it, so that no cycle explains itself. Between equally
    short ways the child listed first is taken.
    """
    return Below(structure, node).witness(frozenset(failed), conditions, doubts, points)


@dataclass(slots=True)
class Below:
    """What a node depends on, itself included: read off the structure once for all questions about the node."""

    structure: Structure
    node: int
    nodes: frozenset[int] = frozenset()
    _parents: dict[int, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._parents[self.node] = []
        left = [self.node]
        while left:
            current = left.pop()
            for child in self.structure.children(current):
                if child in self._parents:
                    self._parents[child].append(current)
                else:
                    self._parents[child] = [current]
                    left.append(child)
        self.nodes = frozenset(self._parents)

    def witness(
        self,
        told: frozenset[int],
        conditions: Collection[int] = (),
        doubts: Collection[int] = (),
        points: Collection[int] = (),
    ) -> tuple[int, ...]:
        """What :func:`witness` says of the node."""
        failed = self._failing(told)
        if self.node not in failed:
            return ()
        sure = self._failing(told.difference(doubts)) if doubts else {}
        rounds = _on_the_way(self.structure, told, failed, self.node)
        last: Last = lambda child: (child in doubts or child in sure, child in conditions)  # noqa: E731
        path = _way(_following(self.structure, told, rounds, last), self.node, told)
        if not points or all(self.structure.thresholds[n] < 2 for n in path[:-1]):
            return path
        return _by_points(self.structure, told, path, conditions, points, last)

    def fails(self, told: Iterable[int]) -> bool:
        """Whether the node fails when the nodes ``told`` do."""
        return self.node in self._failing(frozenset(told))

    def _failing(self, told: frozenset[int]) -> dict[int, int]:
        return _spread(self.structure.thresholds, self._parents, told & self.nodes)


def _on_the_way(structure: Structure, told: frozenset[int], failed: Mapping[int, int], node: int) -> dict[int, int]:
    """The rounds of the failing nodes that ways down from a node can go by."""
    found = {node: failed[node]}
    left = [node]
    while left:
        current = left.pop()
        if current not in told:
            for child in structure.children(current):
                if child in failed and child not in found:
                    found[child] = failed[child]
                    left.append(child)
    return found


def _by_points(
    structure: Structure,
    told: frozenset[int],
    path: tuple[int, ...],
    conditions: Collection[int],
    points: Collection[int],
    last: Last,
) -> tuple[int, ...]:
    """A path that goes by the nearest point whose failure alone is enough; as it is where there is none."""
    rounds = _rounds(structure, told, path[0])
    near = [n for n in sorted(rounds, key=lambda n: (rounds[n], n)) if n in points and n not in told]
    before = _by_point(structure, rounds, path, told.intersection(conditions).intersection(rounds), near)
    return (*before, *_way(_following(structure, told, rounds, last), before[-1], told)[1:]) if before else path


def _following(structure: Structure, told: frozenset[int], rounds: Mapping[int, int], last: Last) -> dict[int, int]:
    """The child by which the way of each failing node goes on. ``last`` tells what to take only where need be."""
    # From the earliest round on: the way of a node goes by nodes of earlier rounds only.
    far = len(structure)
    steps = {event: far if last(event)[1] else 0 for event in rounds if event in told}
    following: dict[int, int] = {}
    for current in sorted(rounds, key=lambda n: (rounds[n], n)):
        if current in told:
            continue
        earlier = [c for c in structure.children(current) if c in rounds and rounds[c] < rounds[current]]
        following[current] = min(earlier, key=lambda c: (last(c)[0], steps[c]))
        steps[current] = steps[following[current]] + 1
    return following


def _way(following: Mapping[int, int], node: int, ends: Collection[int]) -> tuple[int, ...]:
    path = [node]
    while path[-1] not in ends:
        path.append(following[path[-1]])
    return tuple(path)


def _by_point(
    structure: Structure, rounds: Mapping[int, int], path: tuple[int, ...], given: frozenset[int], points: list[int]
) -> tuple[int, ...]:
    """The way to the nearest point whose failure is enough; nothing when none is, or when the path's last point is.

    ``rounds`` are those of the nodes below the path's first one, ``given`` fails anyway.
    """
    numbers = {node: number for number, node in enumerate(rounds)}
    inside = StructureBuilder()
    for _ in numbers:
        inside.leaf()
    for node, number in numbers.items():
        children = [numbers[child] for child in structure.children(node) if child in numbers]
        if rounds[node] and children:
            inside.set(number, structure.thresholds[node], children)
    alone = single_outages(inside.build(), [numbers[n] for n in points], [numbers[n] for n in given])[numbers[path[0]]]
    enough = [point for position, point in enumerate(points) if alone >> position & 1 and point != path[0]]
    last = next((n for n in reversed(path) if n in points), None)
    if not enough or last in enough:
        return ()
    told = given.union(enough)
    again = _failing(structure, rounds, told)
    return _way(_following(structure, told, again, lambda child: (False, child in given)), path[0], told)


def causes(structure: Structure, failed: Iterable[int], node: int) -> tuple[int, ...]:
    """All nodes told to fail that have a part in the failure of a node, ascending; none when it does not fail.

    A failed child has a part in its parent's failure when it fails even with the parent held up: what fails only
    because of the parent does not explain it. Each told node that is in a minimal cut set of the node is among them.
    """
    told = frozenset(failed)
    rounds = _rounds(structure, told, node)
    if node not in rounds:
        return ()
    parts = {n: () if n in told else tuple(child for child in structure.children(n) if child in rounds) for n in rounds}
    component = {n: members for members in components(rounds, parts.__getitem__) for n in members}
    seen = {node}
    left = [node]
    while left:
        current = left.pop()
        inside = [c for c in parts[current] if component[c] is component[current]]
        alone = _without(structure, component[current], current, rounds) if inside else frozenset()
        for child in parts[current]:
            if child not in seen and (component[child] is not component[current] or child in alone):
                seen.add(child)
                left.append(child)
    return tuple(sorted(seen & told))


def _rounds(structure: Structure, told: frozenset[int], node: int) -> dict[int, int]:
    """The round in which each failing node below ``node``, and itself, fails: 0 for told nodes."""
    below = {node}
    left = [node]
    while left:
        current = left.pop()
        if current not in told:
            fresh = [child for child in structure.children(current) if child not in below]
            below.update(fresh)
            left.extend(fresh)
    return _failing(structure, below, {n for n in below if n in told})


def _failing(structure: Structure, among: Collection[int], told: Iterable[int]) -> dict[int, int]:
    """The round in which each of the nodes ``among`` fails when ``told`` fail and nothing outside of it does."""
    parents: dict[int, list[int]] = {}
    for node in among:
        for child in structure.children(node):
            parents.setdefault(child, []).append(node)
    return _spread(structure.thresholds, parents, told)


def _spread(thresholds: Sequence[int], parents: Mapping[int, Sequence[int]], told: Iterable[int]) -> dict[int, int]:
    """The round in which each node fails that the failures of ``told`` reach over ``parents``."""
    rounds = dict.fromkeys(told, 0)
    lacking: dict[int, int] = {}
    now = list(rounds)
    number = 0
    while now:
        number += 1
        reached: list[int] = []
        for node in now:
            for parent in parents.get(node, ()):
                left = lacking.get(parent, thresholds[parent]) - 1
                lacking[parent] = left
                if left == 0 and parent not in rounds:
                    rounds[parent] = number
                    reached.append(parent)
        now = reached
    return rounds


def _without(structure: Structure, component: tuple[int, ...], held: int, failing: Mapping[int, int]) -> frozenset[int]:
    """The members of a component of failing nodes that fail with one of them held up."""
    members = frozenset(component) - {held}
    outside = {
        child for node in members for child in structure.children(node) if child in failing and child not in component
    }
    return frozenset(_failing(structure, members, outside)) & members
