"""Gates in words, against truth tables written down beside them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from scanner.model.span import Span
from scanner.simulation.gates import Gates, Label
from scanner.simulation.sweep import failing


def leaves(gates: Gates, number: int) -> list[int]:
    return [gates.leaf(Label(f"leaf {n}")) for n in range(number)]


def fails(gates: Gates, node: int, *told: int) -> bool:
    return bool(failing(gates.build(), told)[node])


@pytest.mark.parametrize(
    ("make", "threshold"),
    [
        (lambda gates, found: gates.any(found), 1),
        (lambda gates, found: gates.at_least(2, found), 2),
        (lambda gates, found: gates.all(found), 3),
    ],
    ids=["any", "two", "all"],
)
def test_a_gate_counts_failures(make: Callable[[Gates, list[int]], int], threshold: int) -> None:
    gates = Gates()
    found = leaves(gates, 3)
    node = make(gates, found)
    for down in product((False, True), repeat=3):
        told = [leaf for leaf, is_down in zip(found, down, strict=True) if is_down]
        assert fails(gates, node, *told) == (sum(down) >= threshold)


def test_equal_gates_are_one_node_whatever_their_order() -> None:
    gates = Gates()
    a, b, c = leaves(gates, 3)
    assert gates.all((a, b, c)) == gates.all((c, a, b, a))
    assert gates.any((a, b)) == gates.any((b, a))
    assert gates.any((a, b)) != gates.all((a, b))


def test_one_child_is_its_own_gate() -> None:
    gates = Gates()
    (a,) = leaves(gates, 1)
    assert gates.any((a, a)) == gates.all((a,)) == gates.at_least(1, (a,)) == a


def test_what_never_fails() -> None:
    gates = Gates()
    a, b = leaves(gates, 2)
    assert gates.any(()) == gates.all(()) == gates.at_least(1, ()) == gates.never
    assert gates.at_least(3, (a, b)) == gates.never
    assert gates.any((gates.never, a)) == a  # needing it adds nothing
    assert gates.all((gates.never, a)) == gates.never  # it is enough by itself
    assert not fails(gates, gates.never, a, b, gates.by_hand, gates.undecided)


def test_two_of_three_with_one_that_never_fails_takes_both_others() -> None:
    gates = Gates()
    a, b = leaves(gates, 2)
    node = gates.at_least(2, (gates.never, a, b))
    assert not fails(gates, node, a)
    assert fails(gates, node, a, b)


def test_the_undecided_fails_in_the_pessimistic_bound_only() -> None:
    gates = Gates()
    (a,) = leaves(gates, 1)
    node = gates.if_undecided(a, "nobody says")
    assert not fails(gates, node, a)
    assert not fails(gates, node, gates.undecided)
    assert fails(gates, node, a, gates.undecided)
    assert gates.reasons == {node: "nobody says"}
    gates.if_undecided(a, "somebody else says")
    assert gates.reasons == {node: "nobody says"}, "the first reason stays"


@pytest.mark.parametrize("by_hand", [False, True])
def test_spares(by_hand: bool) -> None:
    gates = Gates()
    first, spare = leaves(gates, 2)
    node = gates.helped(first, [spare], by_hand=by_hand)
    for first_down, spare_down, nobody in product((False, True), repeat=3):
        told = [n for n, is_down in ((first, first_down), (spare, spare_down), (gates.by_hand, nobody)) if is_down]
        helps = not spare_down and not (by_hand and nobody)
        assert fails(gates, node, *told) == (first_down and not helps)


def test_without_a_spare_it_fails_by_itself() -> None:
    gates = Gates()
    (a,) = leaves(gates, 1)
    assert gates.helped(a, [], by_hand=True) == a


@pytest.mark.parametrize("with_switch", [False, True])
def test_all_are_needed_until_a_person_makes_do_with_one(with_switch: bool) -> None:
    gates = Gates()
    a, b, switch = leaves(gates, 3)
    node = gates.one_by_hand([a, b], switch if with_switch else None)
    for a_down, b_down, nobody, stuck in product((False, True), repeat=4):
        told = [n for n, is_down in ((a, a_down), (b, b_down), (gates.by_hand, nobody), (switch, stuck)) if is_down]
        person = not nobody and not (with_switch and stuck)
        assert fails(gates, node, *told) == ((a_down and b_down) if person else (a_down or b_down))


def test_a_reserved_node_takes_children_later_and_more_after_that() -> None:
    gates = Gates()
    a, b = leaves(gates, 2)
    node = gates.reserve(Label("later"))
    gates.define(node, (a, node, gates.never, a))
    assert gates.build().children(node).tolist() == [a]
    gates.extend(node, (b,))
    assert fails(gates, node, b)
    assert fails(gates, node, a)


def test_a_node_without_children_stays_a_leaf() -> None:
    gates = Gates()
    node = gates.reserve(Label("alone"))
    gates.define(node, (gates.never,))
    assert not fails(gates, node, gates.by_hand, gates.undecided)
    assert fails(gates, node, node)


def test_the_first_place_that_states_a_need_stays() -> None:
    gates = Gates()
    a, b = leaves(gates, 2)
    assert gates.state(a, b, Span("a.tf", 1)) == b
    gates.state(a, b, Span("a.tf", 2))
    assert gates.stated == {(a, b): Span("a.tf", 1)}
