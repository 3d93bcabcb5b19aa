"""Minimal cut sets against brute force over all subsets of events, on graphs with cycles and k-of-n gates."""

from __future__ import annotations

from itertools import chain, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.simulation.cut_sets import minimal_cut_sets
from scanner.simulation.families import Budget
from scanner.simulation.structure import Structure, StructureBuilder
from scanner.simulation.sweep import at_least, failing, outages, single_outages

Cuts = tuple[tuple[int, ...], ...]


def structure(leaves: int, gates: list[tuple[int, list[int]]]) -> Structure:
    """Leaves first, then gates; a gate may have any node as a child."""
    builder = StructureBuilder()
    nodes = [builder.leaf() for _ in range(leaves + len(gates))]
    for node, (threshold, children) in zip(nodes[leaves:], gates, strict=True):
        builder.set(node, threshold, children)
    return builder.build()


@st.composite
def structures(draw: st.DrawFn, acyclic: bool = False) -> tuple[Structure, int]:
    """A structure and its number of leaves."""
    leaves = draw(st.integers(1, 9))
    number = draw(st.integers(1, 9))
    gates = []
    for position in range(number):
        last = leaves + (position if acyclic else number) - 1
        children = draw(st.lists(st.integers(0, last), min_size=1, max_size=5))
        gates.append((draw(st.sampled_from([1, 1, 2, 2, 3, len(set(children))])), children))
    return structure(leaves, gates), leaves


@st.composite
def wide(draw: st.DrawFn) -> tuple[Structure, int]:
    """A k-of-n gate over more inputs than are counted one by one, each a small gate of its own."""
    leaves = draw(st.integers(4, 8))
    some = st.lists(st.integers(0, leaves - 1), min_size=1, max_size=3)
    inputs = draw(st.lists(st.tuples(st.integers(1, 3), some), min_size=9, max_size=14))
    gates = [(min(threshold, len(set(children))), children) for threshold, children in inputs]
    top = (draw(st.integers(2, len(gates))), list(range(leaves, leaves + len(gates))))
    return structure(leaves, [*gates, top]), leaves


def fails(found: Structure, failed: set[int]) -> list[bool]:
    """The least fixed point of failure by its definition, in rounds."""
    down = [node in failed for node in range(len(found))]
    while True:
        after = [
            down[n] or 0 < found.thresholds[n] <= sum(down[c] for c in found.children(n)) for n in range(len(found))
        ]
        if after == down:
            return down
        down = after


def brute(found: Structure, events: list[int], told: set[int], size: int) -> list[Cuts]:
    """Per node the minimal cuts, by trying all subsets."""
    cuts: list[list[tuple[int, ...]]] = [[] for _ in range(len(found))]
    for subset in chain.from_iterable(combinations(events, n) for n in range(size + 1)):
        for node, down in enumerate(fails(found, {*subset, *told})):
            if down and not any(set(cut) <= set(subset) for cut in cuts[node]):
                cuts[node].append(subset)
    return [tuple(node) for node in cuts]


@given(structures() | wide(), st.integers(1, 3), st.data())
@settings(max_examples=400)
def test_brute_force(case: tuple[Structure, int], size: int, data: st.DataObject) -> None:
    found, leaves = case
    events = data.draw(st.permutations(range(leaves)))
    told = data.draw(st.sets(st.integers(0, len(found) - 1), max_size=1))
    result = minimal_cut_sets(found, events, told, size=size)
    assert [result.of(node) for node in range(len(found))] == brute(found, list(events), told, size)
    assert {result.exact(node) for node in range(len(found))} == {size}


@given(structures() | wide())
def test_sizes_agree(case: tuple[Structure, int]) -> None:
    found, leaves = case
    one, two, three = (minimal_cut_sets(found, range(leaves), size=size) for size in (1, 2, 3))
    for node in range(len(found)):
        assert one.of(node) == tuple(cut for cut in three.of(node) if len(cut) <= 1)
        assert two.of(node) == tuple(cut for cut in three.of(node) if len(cut) <= 2)
        assert sum(three.counts(node)) == len([cut for cut in three.of(node) if cut])


@given(structures() | wide(), st.data())
def test_outages(case: tuple[Structure, int], data: st.DataObject) -> None:
    found, leaves = case
    nodes = st.integers(0, len(found) - 1)
    told = data.draw(st.sets(nodes, max_size=2))
    swept = single_outages(found, range(leaves), told)
    for event in range(leaves):
        expected = fails(found, {event, *told})
        assert [bool(failed) for failed in failing(found, [event, *told])] == expected
        assert [bool(mask >> event & 1) for mask in swept] == expected
    scenarios = data.draw(st.lists(st.sets(nodes), max_size=4))
    at_once = outages(found, scenarios)
    for position, failed in enumerate(scenarios):
        assert [bool(mask >> position & 1) for mask in at_once] == fails(found, failed)


@given(structures() | wide())
def test_cuts_are_failures_and_minimal(case: tuple[Structure, int]) -> None:
    found, leaves = case
    result = minimal_cut_sets(found, range(leaves))
    swept = single_outages(found, range(leaves))
    for node in range(len(found)):
        for cut in result.of(node):
            assert failing(found, cut)[node]
            assert not any(failing(found, [event for event in cut if event != x])[node] for x in cut)
        assert {cut[0] for cut in result.of(node) if len(cut) == 1} == {
            e for e in range(leaves) if swept[node] >> e & 1
        }


@given(structures())
def test_cycles_are_their_unrolling(case: tuple[Structure, int]) -> None:
    # As many copies of the gates as there are gates: the first counts no gate, each other the one before it.
    found, leaves = case
    gates = len(found) - leaves
    unrolled = []
    for copy in range(gates):
        below = leaves + (copy - 1) * gates
        for node in range(leaves, len(found)):
            children = [c if c < leaves else below + c - leaves for c in found.children(node) if c < leaves or copy]
            unrolled.append((found.thresholds[node], children or [0]) if children else (2, [0]))
    flat = structure(leaves, unrolled)
    ours, theirs = minimal_cut_sets(found, range(leaves)), minimal_cut_sets(flat, range(leaves))
    assert [ours.of(leaves + i) for i in range(gates)] == [theirs.of(len(flat) - gates + i) for i in range(gates)]


@given(structures(), st.data())
def test_only_the_nodes_asked_for(case: tuple[Structure, int], data: st.DataObject) -> None:
    found, leaves = case
    wanted = data.draw(st.sets(st.integers(0, len(found) - 1)))
    everything = minimal_cut_sets(found, range(leaves))
    some = minimal_cut_sets(found, range(leaves), nodes=wanted)
    assert [some.of(node) for node in wanted] == [everything.of(node) for node in wanted]
    for node in set(range(len(found))) - wanted:
        with pytest.raises(KeyError):
            some.of(node)


@given(structures(), st.data())
def test_duplicates_change_nothing(case: tuple[Structure, int], data: st.DataObject) -> None:
    found, leaves = case
    twice = [(found.thresholds[n], [*found.children(n)] * 2) for n in range(leaves, len(found))]
    events = [*range(leaves), *data.draw(st.lists(st.integers(0, leaves - 1), max_size=3))]
    again = structure(leaves, twice)
    assert again == found
    once, more = minimal_cut_sets(found, range(leaves)), minimal_cut_sets(again, events)
    assert [once.of(node) for node in range(len(found))] == [more.of(node) for node in range(len(found))]


@given(structures() | wide(), st.integers(0, 6), st.integers(0, 30), st.integers(0, 12), st.integers(0, 60))
@settings(max_examples=300)
def test_budgets(case: tuple[Structure, int], family: int, candidates: int, total: int, work: int) -> None:
    # Whatever was cut off is said, and what is said to be complete is.
    found, leaves = case
    whole = minimal_cut_sets(found, range(leaves))
    result = minimal_cut_sets(found, range(leaves), budget=Budget(family, candidates, total, work))
    for node in range(len(found)):
        exact = result.exact(node)
        assert 1 <= exact <= 3
        assert result.of(node) == tuple(cut for cut in whole.of(node) if len(cut) <= exact)


def test_a_budget_is_met() -> None:
    found = structure(6, [(1, [0, 1, 2]), (1, [3, 4, 5]), (2, [6, 7])])
    assert minimal_cut_sets(found, range(6), budget=Budget(family=9)).exact(8) == 3
    short = minimal_cut_sets(found, range(6), budget=Budget(family=8))
    assert (short.exact(8), short.of(8), short.exact(7)) == (1, (), 3)


def test_work_is_counted() -> None:
    # The first gate looks at nine pairs; the later ones get fewer events as they come.
    sides = [(1, [0, 1, 2]), (1, [3, 4, 5])]
    found = structure(7, [*sides, (2, [7, 8]), (2, [6, 9]), (2, [0, 8]), (2, [6, 8])])
    result = minimal_cut_sets(found, range(7), budget=Budget(work=9))
    assert [result.exact(node) for node in range(9, 13)] == [3, 2, 1, 1]
    assert [sum(result.counts(node)) for node in range(9, 13)] == [9, 0, 0, 0]


def test_without_pairs_there_are_no_triples() -> None:
    # Nine pairs, and one triple that would fit into the budget.
    found = structure(9, [(1, [0, 1, 2]), (1, [3, 4, 5]), (2, [9, 10]), (3, [6, 7, 8]), (1, [11, 12])])
    short = minimal_cut_sets(found, range(9), budget=Budget(family=8))
    assert (short.exact(13), short.of(13), short.of(12)) == (1, (), ((6, 7, 8),))


def test_mutual_support_is_no_cause() -> None:
    # A = x ∨ B, B = y ∨ A: solvers that let A and B support each other find the empty cut.
    found = structure(2, [(1, [0, 3]), (1, [1, 2])])
    result = minimal_cut_sets(found, [0, 1])
    assert result.of(2) == result.of(3) == ((0,), (1,))


def test_a_pair_of_one_input_absorbs_a_triple_of_another() -> None:
    # 7 = (0 ∧ 1) ∨ (2 ∧ 3 ∧ 4), 9 = 0 ∨ (2 ∧ 3): as many pairs in their union as in the first, but another one.
    first = [(2, [0, 1]), (3, [2, 3, 4]), (1, [5, 6])]
    second = [(2, [2, 3]), (1, [0, 8])]
    found = structure(5, [*first, *second, (1, [7, 9]), (2, [7, 9])])
    result = minimal_cut_sets(found, range(5))
    assert result.of(10) == ((0,), (2, 3))
    assert result.of(11) == ((0, 1), (2, 3, 4))


def test_failed_already() -> None:
    found = structure(2, [(1, [0, 1]), (2, [0, 1])])
    result = minimal_cut_sets(found, [0, 1], given=[0])
    assert [result.of(node) for node in range(4)] == [((),), ((1,),), ((),), ((1,),)]
    assert single_outages(found, [0, 1], given=[0]) == [3, 2, 3, 2]


def test_more_than_there_are_never_fails() -> None:
    found = structure(2, [(3, [0, 1])])
    assert minimal_cut_sets(found, [0, 1]).of(2) == ()
    assert failing(found, [0, 1])[2] == 0


@pytest.mark.parametrize("size", [0, 4])
def test_unknown_sizes_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="1 to 3"):
        minimal_cut_sets(structure(1, []), [0], size=size)


def test_validators_in_zones() -> None:
    # 34 of 100 stop the quorum: three zones of 12 do, two do not; the ninth, of 4, and single hosts never matter.
    hosts = [(1, [host + 9, min(host // 12, 8)]) for host in range(100)]
    found = structure(109, [*hosts, (34, list(range(109, 209)))])
    cuts = minimal_cut_sets(found, range(109), nodes=[209]).of(209)
    assert cuts == tuple(combinations(range(8), 3))


@given(st.lists(st.integers(0, 255), max_size=12), st.integers(0, 13))
def test_counting_bits(masks: list[int], threshold: int) -> None:
    expected = sum((0 < threshold <= sum(mask >> bit & 1 for mask in masks)) << bit for bit in range(8))
    assert at_least(threshold, masks) == expected
