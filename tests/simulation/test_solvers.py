"""The same minimal cut sets as a MaxSAT solver and an answer-set solver find, on estates of 10,000 nodes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import combinations
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from scanner.simulation.components import condense
from scanner.simulation.cut_sets import minimal_cut_sets
from scanner.simulation.structure import Structure
from scanner.simulation.sweep import failing, single_outages
from scanner.simulation.witness import causes, witness

if TYPE_CHECKING:
    from estate import Estate

Cuts = set[tuple[int, ...]]
SAMPLE = 24


def below(structure: Structure, top: int) -> list[int]:
    """A node and all on which it depends."""
    found, left = {top}, [top]
    while left:
        fresh = set(structure.children(left.pop())) - found
        found.update(fresh)
        left.extend(fresh)
    return sorted(found)


def by_maxsat(structure: Structure, events: Collection[int], top: int) -> Cuts:
    """Cheapest causes first; each is then forbidden together with all that contain it. Sound without cycles only.

    Plain RC2: the stratified one loses solutions when clauses are added between calls.
    """
    from pysat.examples.rc2 import RC2
    from pysat.formula import WCNF

    formula = WCNF()
    formula.append([top + 1])
    for node in below(structure, top):
        children, threshold = structure.children(node), structure.thresholds[node]
        if node in events:
            formula.append([-node - 1], weight=1)
        elif not threshold:
            formula.append([-node - 1])
        else:  # down only if, of any children that would leave too few others, one is down
            for some in combinations(children, len(children) - threshold + 1):
                formula.append([-node - 1, *(child + 1 for child in some)])
    found: Cuts = set()
    with RC2(formula) as solver:
        while (model := solver.compute()) is not None and solver.cost <= 3:
            cut = tuple(literal - 1 for literal in model if literal > 0 and literal - 1 in events)
            found.add(cut)
            solver.add_clause([-event - 1 for event in cut])
    return found


def program(structure: Structure, events: Collection[int], top: int) -> Iterator[str]:
    """Rules whose least model is what fails."""
    yield f":- not down({top})."
    for node in below(structure, top):
        if node in events:
            yield f"event({node}). {{down({node})}}."
        elif threshold := structure.thresholds[node]:
            children = "; ".join(f"down({child})" for child in structure.children(node))
            yield f"down({node}) :- {threshold} {{{children}}}."


def by_answer_sets(structure: Structure, events: Collection[int], top: int) -> Cuts:
    """All sets of one, then two, then three events that contain no smaller one. Nothing supports itself in a stable model."""
    import clingo

    rules = "\n".join(program(structure, events, top))
    found: Cuts = set()
    for size in (1, 2, 3):
        control = clingo.Control(["0"])
        smaller = "\n".join(f":- {', '.join(f'down({event})' for event in cut)}." for cut in found)
        control.add("base", [], f"{rules}\n{smaller}\n:- not {size} {{down(E): event(E)}} {size}.\n#show down/1.")
        control.ground([("base", [])])
        with control.solve(yield_=True) as models:
            for model in models:
                down = (atom.arguments[0].number for atom in model.symbols(shown=True))
                found.add(tuple(sorted(node for node in down if node in events)))
    return found


def sample(estate: Estate, cyclic: bool = False) -> list[int]:
    """Some services, among them those on cycles if asked for."""
    looped = {n for step in condense(estate.structure) if isinstance(step, tuple) for n in step}
    chosen = [service for service in estate.services if service in looped][: SAMPLE // 2] if cyclic else []
    assert bool(chosen) == cyclic
    return sorted({*chosen, *list(estate.services)[:: len(estate.services) // (SAMPLE - len(chosen))]})


@pytest.fixture(scope="module")
def acyclic(estates: ModuleType) -> Estate:
    made: Estate = estates.estate(10_000, 200)
    return made


@pytest.fixture(scope="module")
def cyclic(estates: ModuleType) -> Estate:
    made: Estate = estates.estate(10_000, 200, seed=2, loops=12)
    return made


def test_maxsat_finds_the_same(acyclic: Estate) -> None:
    pytest.importorskip("pysat", exc_type=ImportError)
    services, events = sample(acyclic), frozenset(acyclic.events)
    result = minimal_cut_sets(acyclic.structure, acyclic.events, nodes=services)
    for service in services:
        assert set(result.of(service)) == by_maxsat(acyclic.structure, events, service)


@pytest.mark.parametrize("name", ["acyclic", "cyclic"])
def test_answer_sets_are_the_same(name: str, request: pytest.FixtureRequest) -> None:
    pytest.importorskip("clingo", exc_type=ImportError)
    estate: Estate = request.getfixturevalue(name)
    services, events = sample(estate, cyclic=name == "cyclic"), frozenset(estate.events)
    result = minimal_cut_sets(estate.structure, estate.events, nodes=services)
    for service in services:
        assert set(result.of(service)) == by_answer_sets(estate.structure, events, service)


def test_replicas_in_a_network(estates: ModuleType) -> None:
    # Each server stops with itself or with its edge switch, and there are too many ways to the core to lose them all.
    network: Estate = estates.fat_tree(16, 50)
    structure = network.structure
    assert len(network.events) == 1_344
    result = minimal_cut_sets(structure, network.events, nodes=network.services)
    for service in network.services:
        servers = structure.children(service)
        switches = {structure.children(server)[1] for server in servers}
        if len(switches) == len(servers):
            assert result.counts(service) == ((0, 4, 0) if len(servers) == 2 else (0, 0, 8))
            assert len(witness(structure, result.of(service)[-1], service)) in (3, 4)


def test_the_estate_has_every_size(cyclic: Estate) -> None:
    # Else the comparisons would say little.
    services = sample(cyclic, cyclic=True)
    result = minimal_cut_sets(cyclic.structure, cyclic.events, nodes=services)
    assert all(sum(column) > SAMPLE for column in zip(*map(result.counts, services), strict=True))


def test_outages_and_witnesses_agree(cyclic: Estate) -> None:
    structure, events, services = cyclic.structure, cyclic.events, sample(cyclic, cyclic=True)
    swept = single_outages(structure, events)
    result = minimal_cut_sets(structure, events)
    for service in services:
        singles = {cut[0] for cut in result.of(service) if len(cut) == 1}
        assert singles == {event for position, event in enumerate(events) if swept[service] >> position & 1}
        for cut in result.of(service)[::40]:
            assert failing(structure, cut)[service]
            assert causes(structure, cut, service) == tuple(sorted(cut))
            assert witness(structure, cut, service)[-1] in cut
