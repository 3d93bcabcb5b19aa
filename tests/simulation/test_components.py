"""Condensation, and cycles that cannot be started."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scanner.simulation.components import condense, never_starts
from scanner.simulation.structure import Structure, StructureBuilder

GRAPHS = st.integers(1, 12).flatmap(
    lambda size: st.lists(st.lists(st.integers(0, size - 1), max_size=4), min_size=size, max_size=size)
)


def structure(*gates: tuple[int, list[int]]) -> Structure:
    """Nodes by threshold and children."""
    builder = StructureBuilder()
    for threshold, children in gates:
        builder.add(threshold, children)
    return builder.build()


@given(GRAPHS)
def test_components_are_what_reaches_itself(graph: list[list[int]]) -> None:
    found = structure(*((min(len(children), 1), children) for children in graph))
    reach = [set(children) for children in graph]
    for _ in graph:
        reach = [{*nodes, *(far for node in nodes for far in reach[node])} for nodes in reach]
    steps = condense(found)
    members = [{step} if isinstance(step, int) else set(step) for step in steps]
    assert sorted(node for nodes in members for node in nodes) == list(range(len(graph)))
    for position, (step, nodes) in enumerate(zip(steps, members, strict=True)):
        below = set().union(*members[: position + 1])
        for node in nodes:
            assert set(graph[node]) <= below
            mutual = {n for n in range(len(graph)) if n in reach[node] and node in reach[n]}
            assert (set() if isinstance(step, int) else nodes) == mutual


def test_depth_is_no_recursion() -> None:
    size = 50_000
    builder = StructureBuilder()
    for node in range(size):
        builder.add(1, [(node + 1) % size])
    assert condense(builder.build()) == [tuple(range(size))]


def test_two_that_need_each_other_never_start() -> None:
    # 0: leaf; 1 needs 0 and 2; 2 needs 1.
    found = structure((0, []), (1, [0, 2]), (1, [1]))
    assert never_starts(found) == ((1, 2),)
    assert never_starts(found, given=[0]) == ()  # down anyway


def test_a_fallback_starts_the_cycle() -> None:
    # 1 needs 2 or the leaf; 2 needs 1.
    found = structure((0, []), (2, [0, 2]), (1, [1]))
    assert never_starts(found) == ()
    assert never_starts(found, given=[0]) == ((1, 2),)  # still running, but not again


def test_a_majority_that_needs_its_own_service_to_start() -> None:
    # Three members of a quorum (4) that find each other through a name which the quorum serves.
    members = [(1, [4])] * 3
    assert never_starts(structure((0, []), *members, (2, [1, 2, 3]))) == ((1, 2, 3, 4),)
    seeded = structure((0, []), (2, [0, 4]), (2, [0, 4]), (1, [4]), (2, [1, 2, 3]))
    assert never_starts(seeded) == ()


def test_only_the_cycle_at_fault_is_named() -> None:
    # 1 and 2 block each other; 3 needs them; 4 and 5 would start, if 3 ran.
    found = structure((0, []), (1, [2]), (1, [1]), (1, [1]), (2, [3, 5]), (1, [4]))
    assert never_starts(found) == ((1, 2),)


def test_a_node_that_needs_itself() -> None:
    assert never_starts(structure((1, [0]))) == ((0,),)
    assert never_starts(structure((0, []), (2, [0, 1]))) == ()


def test_members_that_start_are_not_named() -> None:
    # 1 starts from the leaf; 2 and 3 need each other, and 1 can do with 3.
    found = structure((0, []), (2, [0, 3]), (1, [1, 3]), (1, [2]))
    assert never_starts(found) == ((2, 3),)
