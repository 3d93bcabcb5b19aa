"""Strongly connected components of a structure, and least fixed points inside of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from scanner.simulation.structure import Structure

Step: TypeAlias = int | tuple[int, ...]
"""A node on no cycle, or all nodes of a cyclic component, ascending. A node that is its own child is one, too."""


def condense(structure: Structure) -> list[Step]:
    """All nodes, children before parents except inside of a component.

    Linear; fastest when most nodes come after their children already.
    """
    offsets, targets = structure.offsets, structure.targets
    placed = bytearray(len(structure))
    steps: list[Step] = []
    left: list[int] = []
    begin = 0
    is_placed = placed.__getitem__
    for node in range(len(structure)):
        end = offsets[node + 1]
        if begin == end or all(map(is_placed, targets[begin:end])):
            placed[node] = 1
            steps.append(node)
        else:
            left.append(node)
        begin = end
    if left:
        rest = components(left, lambda node: [c for c in structure.children(node) if not placed[c]])
        for component in rest:
            node = component[0]
            steps.append(node if len(component) == 1 and node not in structure.children(node) else component)
    return steps


def components(nodes: Iterable[int], children: Callable[[int], Iterable[int]]) -> list[tuple[int, ...]]:
    """The strongly connected components of what can be reached from ``nodes``, children first, each ascending.

    Tarjan, *Depth-first search and linear graph algorithms* (1972), without recursion.
    """
    found: list[tuple[int, ...]] = []
    low: dict[int, int] = {}
    index: dict[int, int] = {}
    done: set[int] = set()
    stack: list[int] = []
    for root in nodes:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        stack.append(root)
        path = [(root, iter(children(root)))]
        while path:
            node, rest = path[-1]
            for child in rest:
                if child not in index:
                    index[child] = low[child] = len(index)
                    stack.append(child)
                    path.append((child, iter(children(child))))
                    break
                if child not in done and index[child] < low[node]:
                    low[node] = index[child]
            else:
                path.pop()
                if path and low[node] < low[path[-1][0]]:
                    low[path[-1][0]] = low[node]
                if low[node] == index[node]:
                    found.append(_pop(stack, node))
                    done.update(found[-1])
    return found


def _pop(stack: list[int], node: int) -> tuple[int, ...]:
    at = len(stack) - 1
    while stack[at] != node:
        at -= 1
    members = tuple(sorted(stack[at:]))
    del stack[at:]
    return members


def settle(structure: Structure, members: Sequence[int], update: Callable[[int], bool]) -> None:
    """Update each member of a component, and again whenever a child of it in the component has changed.

    ``update`` brings one node up to date with its children and tells whether it has changed. Values that only grow,
    from the least one, end in the least fixed point: nothing fails without a cause outside of its cycle.
    """
    parents = parents_within(structure, members)
    queue = deque(members)
    waiting = set(members)
    while queue:
        node = queue.popleft()
        waiting.discard(node)
        if update(node):
            for parent in parents[node]:
                if parent not in waiting:
                    waiting.add(parent)
                    queue.append(parent)


def parents_within(structure: Structure, members: Iterable[int]) -> Mapping[int, list[int]]:
    """For each member the members that have it as a child."""
    parents: dict[int, list[int]] = {node: [] for node in members}
    for node in parents:
        for child in structure.children(node):
            if child in parents:
                parents[child].append(node)
    return parents


def never_starts(structure: Structure, given: Iterable[int] = ()) -> tuple[tuple[int, ...], ...]:
    """Per cyclic component the nodes that are up, ``given`` having failed, but would stay down once all of it were.

    While running, nothing fails without a cause outside of its cycle; in a start, nothing comes up before enough of its
    children are. What lies outside of a component counts as it runs, so that each answer names the cycle at fault and
    not what merely depends on it. Nodes and components ascending.
    """
    thresholds = structure.thresholds
    failed = bytearray(len(structure))
    for node in given:
        failed[node] = 1

    def fail(node: int) -> bool:
        if failed[node] or not 0 < thresholds[node] <= sum(failed[child] for child in structure.children(node)):
            return False
        failed[node] = 1
        return True

    held: list[tuple[int, ...]] = []
    for step in condense(structure):
        if isinstance(step, int):
            fail(step)
            continue
        settle(structure, step, fail)
        held.append(_held_down(structure, step, failed))
    return tuple(sorted(nodes for nodes in held if nodes))


def _held_down(structure: Structure, component: Sequence[int], failed: bytearray) -> tuple[int, ...]:
    """The running members of a component that a start of it does not reach."""
    down = dict.fromkeys(component, True)

    def start(node: int) -> bool:
        lacking = sum(down.get(child, failed[child]) for child in structure.children(node))
        if failed[node] or not down[node] or lacking >= structure.thresholds[node]:
            return False
        down[node] = False
        return True

    settle(structure, component, start)
    return tuple(node for node in component if down[node] and not failed[node])
