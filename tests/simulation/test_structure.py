"""Building structures."""

from __future__ import annotations

import pytest

from scanner.simulation.structure import StructureBuilder


def test_children_are_distinct_and_in_order() -> None:
    builder = StructureBuilder()
    a, b = builder.leaf(), builder.leaf()
    gate = builder.add(2, [b, a, b])
    found = builder.build()
    assert len(builder) == len(found) == 3
    assert list(found.children(gate)) == [b, a]
    assert list(found.thresholds) == [0, 0, 2]


def test_children_may_come_later() -> None:
    builder = StructureBuilder()
    first, second = builder.leaf(), builder.leaf()
    builder.set(first, 1, [second])
    builder.set(second, 1, [first])
    last = builder.add(1, [first])
    builder.set(second, 2, [first, second])
    found = builder.build()
    assert [list(found.children(node)) for node in (first, second, last)] == [[second], [first, second], [first]]
    assert list(found.thresholds) == [1, 2, 1]


@pytest.mark.parametrize(("threshold", "children"), [(0, [0]), (-1, [0]), (-1, [])])
def test_gates_need_a_threshold(threshold: int, children: list[int]) -> None:
    builder = StructureBuilder()
    node = builder.leaf()
    with pytest.raises(ValueError, match="threshold"):
        builder.add(threshold, children)
    with pytest.raises(ValueError, match="threshold"):
        builder.set(node, threshold, children)


@pytest.mark.parametrize("child", [-1, 1])
def test_children_are_nodes(child: int) -> None:
    builder = StructureBuilder()
    builder.add(1, [child])
    with pytest.raises(ValueError, match="not a node"):
        builder.build()


def test_only_allocated_nodes_can_be_set() -> None:
    with pytest.raises(IndexError):
        StructureBuilder().set(0, 1, [])
