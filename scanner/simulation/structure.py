"""Fault structures: which failures make a node fail, in plain integers."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from msgspec import Struct, field


class Structure(Struct, frozen=True):
    """A coherent fault structure over the nodes 0 … n-1, acyclic or not.

    Node ``i`` fails when at least ``thresholds[i]`` of its children have failed. Threshold 0 is a leaf (basic event),
    which fails only when told. One child is enough: threshold 1; all must fail: threshold = number of children. A node
    whose threshold exceeds its number of children fails only when told. The children of ``i`` are
    ``targets[offsets[i] : offsets[i + 1]]``, distinct, in the order in which they were given.
    """

    thresholds: array[int]
    offsets: array[int]
    targets: array[int]
    order: list[int | tuple[int, ...]] = field(default_factory=list)
    """What :func:`~scanner.simulation.components.condense` once found, which every sweep over the structure needs."""

    def __len__(self) -> int:
        return len(self.thresholds)

    def children(self, node: int) -> array[int]:
        """The nodes whose failures ``node`` counts."""
        return self.targets[self.offsets[node] : self.offsets[node + 1]]


class StructureBuilder:
    """Collects nodes in any order; one may be allocated first and get its children later, so cycles are possible."""

    def __init__(self) -> None:
        self._thresholds = array("i")
        self._begins = array("q")
        self._ends = array("q")
        self._pool = array("i")
        self._moved = False

    def __len__(self) -> int:
        return len(self._thresholds)

    def leaf(self) -> int:
        """A new node without children: a basic event, or one that :meth:`set` completes."""
        return self.add(0, ())

    def add(self, threshold: int, children: Iterable[int]) -> int:
        """A new node. Raises ``ValueError`` for children with a threshold below 1."""
        node = len(self._thresholds)
        begin, end = self._store(threshold, children)
        self._thresholds.append(threshold)
        self._begins.append(begin)
        self._ends.append(end)
        return node

    def set(self, node: int, threshold: int, children: Iterable[int]) -> None:
        """Replace what makes an allocated node fail. Raises as :meth:`add` does, ``IndexError`` for no such node."""
        if not 0 <= node < len(self._thresholds):
            raise IndexError(f"node {node} has not been allocated")
        self._begins[node], self._ends[node] = self._store(threshold, children)
        self._thresholds[node] = threshold
        self._moved = True

    def build(self) -> Structure:
        """The structure. Raises ``ValueError`` for a child that is no node."""
        size = len(self._thresholds)
        if self._pool and not (min(self._pool) >= 0 and max(self._pool) < size):
            raise ValueError("a child is not a node of the structure")
        if not self._moved:
            offsets = array("q", [0])
            offsets.extend(self._ends)
            return Structure(self._thresholds[:], offsets, self._pool[:])
        offsets, targets = array("q", [0]), array("i")
        for begin, end in zip(self._begins, self._ends, strict=True):
            targets.extend(self._pool[begin:end])
            offsets.append(len(targets))
        return Structure(self._thresholds[:], offsets, targets)

    def _store(self, threshold: int, children: Iterable[int]) -> tuple[int, int]:
        begin = len(self._pool)
        distinct = dict.fromkeys(children)
        if threshold < 0 or (threshold == 0 and distinct):
            raise ValueError(f"a gate over {len(distinct)} children cannot have threshold {threshold}")
        self._pool.extend(distinct)
        return begin, len(self._pool)
