"""Verdicts read off a sweep, against reading each bit by itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scanner.model.outage import Verdict
from scanner.simulation.effects import KINDS, fates, hits

SWEEPS = st.lists(st.integers(1, 3), min_size=1, max_size=6).flatmap(
    lambda readings: st.tuples(
        st.just(readings),
        st.lists(st.integers(0, (1 << KINDS * sum(readings)) - 1), min_size=1, max_size=5),
    )
)
"""How many readings each scenario has, and the bits of some nodes."""


@given(st.integers(0, 1 << 60))
def test_hits_are_the_readings_with_a_bit(bits: int) -> None:
    found = dict(hits(bits))
    assert sum(four << reading * KINDS for reading, four in found.items()) == bits
    assert list(found) == sorted(found)
    assert all(found.values())


def answer(bits: int, first: int, count: int, kind: int) -> Verdict:
    """What a node comes to: bit by bit, for a pair of pessimistic and optimistic bits."""
    seen = set()
    for reading in range(first, first + count):
        worst, best = (bits >> reading * KINDS + kind + more & 1 for more in (0, 1))
        seen.add(Verdict.DOWN if best else Verdict.UNKNOWN if worst else Verdict.UP)
    return seen.pop() if len(seen) == 1 else Verdict.UNKNOWN


@given(SWEEPS)
def test_fates_are_what_each_scenario_says_of_each_resource(sweep: tuple[list[int], list[int]]) -> None:
    readings, bits = sweep
    owners = [number for number, count in enumerate(readings) for _ in range(count)]
    nodes = {f"r{node}": node for node in range(len(bits))}
    found = fates(bits, owners, nodes, {"s": range(len(bits))})
    assert len(found) == len(readings)
    first = 0
    for fate, count in zip(found, readings, strict=True):
        automatic = {name: answer(bits[node], first, count, 0) for name, node in nodes.items()}
        manual = {name: answer(bits[node], first, count, 2) for name, node in nodes.items()}
        assert fate.stopped == tuple(name for name in nodes if automatic[name] is Verdict.DOWN)
        assert fate.doubtful == tuple(name for name in nodes if automatic[name] is Verdict.UNKNOWN)
        back = [name for name in nodes if automatic[name] is not Verdict.UP and manual[name] is Verdict.UP]
        assert fate.recoverable == tuple(back)
        certain = any(b >> at * KINDS + 1 & 1 for b in bits for at in range(first, first + count))
        assert fate.standing == (("s",) if certain else ())
        first += count
