"""Laws of witnesses and causes."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.simulation.cut_sets import minimal_cut_sets
from scanner.simulation.structure import Structure, StructureBuilder
from scanner.simulation.sweep import failing
from scanner.simulation.witness import causes, witness


def structure(*gates: tuple[int, list[int]]) -> Structure:
    builder = StructureBuilder()
    for threshold, children in gates:
        builder.add(threshold, children)
    return builder.build()


@st.composite
def outage(draw: st.DrawFn) -> tuple[Structure, set[int]]:
    """A structure of four leaves and up to eight gates, cyclic or not, and what is told to fail."""
    size = 4 + draw(st.integers(1, 8))
    gates = []
    for _ in range(4, size):
        children = draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=4))
        gates.append((draw(st.sampled_from([1, 2, len(set(children))])), children))
    failed = draw(st.sets(st.integers(0, 3)) | st.sets(st.integers(0, size - 1), max_size=2))
    return structure(*[(0, [])] * 4, *gates), failed


@given(outage())
@settings(max_examples=300)
def test_a_witness_is_a_path_of_failures_to_one_told(case: tuple[Structure, set[int]]) -> None:
    found, failed = case
    down = failing(found, failed)
    for node in range(len(found)):
        path = witness(found, failed, node)
        assert bool(path) == bool(down[node])
        if path:
            assert path[0] == node
            assert path[-1] in failed
            assert failed.isdisjoint(path[:-1])
            assert len(set(path)) == len(path)
            assert all(down[step] for step in path)
            assert all(child in found.children(parent) for parent, child in pairwise(path))


@given(outage())
@settings(max_examples=300)
def test_each_step_fails_without_the_steps_before_it(case: tuple[Structure, set[int]]) -> None:
    found, failed = case
    for node in range(len(found)):
        path = witness(found, failed, node)
        for position in range(1, len(path)):
            held = StructureBuilder()
            for n in range(len(found)):
                threshold = found.thresholds[n]
                held.add(threshold + len(found) if n in path[:position] else threshold, found.children(n))
            assert failing(held.build(), failed)[path[position]]


@given(outage())
@settings(max_examples=300)
def test_causes_suffice_and_hold_every_cut(case: tuple[Structure, set[int]]) -> None:
    found, failed = case
    down = failing(found, failed)
    leaves = {node for node in failed if node < 4}
    cuts = minimal_cut_sets(found, range(4))
    for node in range(len(found)):
        told = causes(found, failed, node)
        assert set(told) <= failed
        assert list(told) == sorted(told)
        assert bool(told) == bool(down[node])
        assert failing(found, told)[node] == down[node]
        assert set(witness(found, failed, node)[-1:]) <= set(told)
        if failed == leaves:
            assert {x for cut in cuts.of(node) if set(cut) <= leaves for x in cut} <= set(told)


def test_the_shorter_way_then_the_first_child() -> None:
    # 3 fails by way of 2 or of 1, which are leaves' parents; 4 by the leaf itself or by 3.
    found = structure((0, []), (1, [0]), (1, [0]), (1, [2, 1]), (1, [3, 0]))
    assert witness(found, [0], 3) == (3, 2, 0)
    assert witness(found, [0], 4) == (4, 0)
    assert witness(found, [0], 0) == (0,)
    assert witness(found, [], 4) == ()


def test_the_inputs_that_made_a_gate_fail_explain_it() -> None:
    # 5 fails when two of 2, 3, 4 do; 4 fails only because of 5.
    found = structure((0, []), (0, []), (1, [0]), (1, [2, 1]), (1, [5]), (2, [4, 3, 2]))
    assert witness(found, [0], 5) == (5, 2, 0)
    assert witness(found, [0], 4) == (4, 5, 2, 0)


def test_what_fails_because_of_a_node_is_no_cause_of_it() -> None:
    # A = x ∨ B, B = y ∧ A: y has no part in A's failure, x and y have one in B's.
    found = structure((0, []), (0, []), (1, [0, 3]), (2, [1, 2]))
    assert causes(found, [0, 1], 2) == (0,)
    assert causes(found, [0, 1], 3) == (0, 1)


def test_each_of_two_ways_is_a_cause() -> None:
    # A = x ∨ B, B = y ∨ A.
    found = structure((0, []), (0, []), (1, [0, 3]), (1, [1, 2]))
    assert causes(found, [0, 1], 2) == causes(found, [0, 1], 3) == (0, 1)
    assert causes(found, [1], 2) == (1,)
    assert causes(found, [], 2) == ()


def test_a_way_by_one_of_several_needed_children_gives_way_to_what_is_enough_alone() -> None:
    # 0 a region, 1 another one; 2 a secret in 0; 3 and 4 servers in 0 and 1 that need it; 5 fails when both do
    found = structure((0, []), (0, []), (1, [0]), (1, [0, 2]), (1, [1, 2]), (2, [3, 4]))
    assert witness(found, [0], 5) == (5, 3, 0)
    assert witness(found, [0], 5, points=[2, 3, 4, 5]) == (5, 3, 2, 0)
    apart = structure((0, []), (0, []), (1, [0]), (1, [0]), (1, [0]), (2, [3, 4]))
    assert witness(apart, [0], 5, points=[2, 3, 4, 5]) == (5, 3, 0)


def test_a_doubtful_failure_is_explained_by_the_doubt() -> None:
    # 0 a region, 1 "not decided"; 2 fails with 0, 3 with 0 if undecided; 4 fails when both do
    found = structure((0, []), (0, []), (1, [0]), (2, [0, 1]), (2, [2, 3]))
    assert witness(found, [0, 1], 4, [1]) == (4, 2, 0)
    assert witness(found, [0, 1], 4, [1], doubts=[1]) == (4, 3, 0)


@given(outage(), st.sets(st.integers(4, 11)))
@settings(max_examples=300)
def test_points_and_doubts_leave_a_witness_a_path_of_failures(case: tuple[Structure, set[int]], some: set[int]) -> None:
    found, failed = case
    down = failing(found, failed)
    doubts = sorted(failed)[:1]
    for node in range(len(found)):
        path = witness(found, failed, node, doubts, doubts, [n for n in some if n < len(found)])
        assert bool(path) == bool(down[node])
        assert path[-1:] == () or path[-1] in failed
        assert all(down[step] for step in path)
        assert all(child in found.children(parent) for parent, child in pairwise(path))
