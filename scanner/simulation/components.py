"""Strongly connected components of a structure, and least fixed points inside of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from scanner.simulation.structure import Structure

Step: TypeAlias = int | tuple[int, ...]
"""A node on no cycle, or all nodes of a cyclic component, ascending. A node that is its own child is one, too."""


def condense(structure: Structure) -> list[Step]:
    """All nodes, children before parents except inside of a component; found once for a structure.

    Linear; fastest when most nodes come after their children already.
    """
    if not structure.order:
        structure.order.extend(_condensed(structure))
    return structure.order


def _condensed(structure: Structure) -> list[Step]:
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
        rest = components(left, lambda node: [c for c in targets[offsets[node] : offsets[node + 1]] if not placed[c]])
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


class Gate(Struct, frozen=True):
    """Nodes of a cyclic component that fail together, as one gate over other such gates and nodes outside."""

    threshold: int
    children: Sequence[int]
    nodes: Sequence[int]


def contract(structure: Structure, component: Sequence[int]) -> dict[int, Gate]:
    """The gates of a component by their representative, which is their first node.

    Nodes that one failed child is enough for, and that reach each other over such nodes, fail together whatever fails
    one of them: service meshes are nearly all of this kind.
    """
    thresholds, members = structure.thresholds, frozenset(component)

    def joined(node: int) -> list[int]:
        return [child for child in structure.children(node) if child in members and thresholds[child] == 1]

    groups = components(component, lambda node: joined(node) if thresholds[node] == 1 else ())
    representative = {node: group[0] for group in groups for node in group}
    gates: dict[int, Gate] = {}
    for group in groups:
        children = [child for node in group for child in structure.children(node)]
        if len(group) > 1:
            children = [child for child in children if representative.get(child) != group[0]]
            # Of several gates that fail together one is enough here, too.
            children = list(dict.fromkeys(representative.get(child, child) for child in children))
        gates[group[0]] = Gate(thresholds[group[0]], [representative.get(c, c) for c in children], group)
    return gates


def settle(children: Mapping[int, Iterable[int]], update: Callable[[int], bool]) -> None:
    """Update each node of a cyclic component, and again whenever a child of it in the component has changed.

    ``update`` brings one node up to date with its children and tells whether it has changed. Values that only grow,
    from the least one, end in the least fixed point: nothing fails without a cause outside of its cycle.
    """
    parents: dict[int, list[int]] = {node: [] for node in children}
    for node in children:
        for child in children[node]:
            if child in parents:
                parents[child].append(node)
    queue = deque(children)
    waiting = set(children)
    while queue:
        node = queue.popleft()
        waiting.discard(node)
        if update(node):
            for parent in parents[node]:
                if parent not in waiting:
                    waiting.add(parent)
                    queue.append(parent)


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
        settle({node: structure.children(node) for node in step}, fail)
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

    settle({node: structure.children(node) for node in component}, start)
    return tuple(node for node in component if down[node] and not failed[node])
