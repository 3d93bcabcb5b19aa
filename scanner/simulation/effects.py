"""Verdicts read off a sweep of many scenarios at once, most of which leave most things up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Final

from msgspec import Struct

from scanner.model.outage import Verdict

KINDS: Final = 4
"""Bits of one reading: automatic and pessimistic, automatic and optimistic, and the same when people help."""
_ALL: Final = (1 << KINDS) - 1
_CERTAIN: Final = 2


class Swept(Struct, frozen=True):
    """Failures of all nodes, four bits a reading; those of one scenario's readings begin at ``first``."""

    bits: Sequence[int]
    first: int

    def failed(self, node: int, reading: int, kind: int) -> bool:
        """Whether a node fails in a scenario's reading, with the switches of a kind."""
        return bool(self.bits[node] >> ((self.first + reading) * KINDS + kind) & 1)


class Fate(Struct, frozen=True):
    """What becomes of resources in one scenario: their names, sorted. What only may stand there is not ``standing``."""

    standing: tuple[str, ...]
    stopped: tuple[str, ...]
    doubtful: tuple[str, ...]
    recoverable: tuple[str, ...]


def hits(bits: int) -> Iterator[tuple[int, int]]:
    """The readings in which a node fails in some way, ascending, each with its four bits."""
    while bits:
        reading = ((bits & -bits).bit_length() - 1) // KINDS
        yield reading, bits >> reading * KINDS & _ALL
        rest = (reading + 1) * KINDS
        bits = bits >> rest << rest


def verdict(worst: bool, best: bool) -> Verdict:
    """What a pessimistic and an optimistic answer come to."""
    return Verdict.DOWN if best else Verdict.UNKNOWN if worst else Verdict.UP


def combined(verdicts: Iterable[Verdict]) -> Verdict:
    """What several readings come to: the verdict that all of them share."""
    found = set(verdicts)
    return found.pop() if len(found) == 1 else Verdict.UNKNOWN


def fates(
    bits: Sequence[int],
    owners: Sequence[int],
    nodes: Mapping[str, int],
    standing: Mapping[str, Sequence[int]],
) -> list[Fate]:
    """What each scenario does to every resource. ``owners`` tells of each reading in the sweep whose it is.

    Resources are looked at one by one, each in the scenarios alone that reach it.
    """
    count = 1 + max(owners, default=-1)
    readings = Counter(owners)
    lists: list[tuple[list[str], list[str], list[str], list[str]]] = [([], [], [], []) for _ in range(count)]

    @cache
    def told(pattern: int) -> tuple[tuple[int, Verdict, Verdict], ...]:
        found: dict[int, list[int]] = {}
        for reading, four in hits(pattern):
            found.setdefault(owners[reading], []).append(four)
        return tuple((number, *_both(tuple(fours), readings[number])) for number, fours in found.items())

    for name in sorted(nodes):
        for number, automatic, manual in told(bits[nodes[name]]):
            if automatic is Verdict.UP:
                continue
            lists[number][1 if automatic is Verdict.DOWN else 2].append(name)
            if manual is Verdict.UP:
                lists[number][3].append(name)
    for name in sorted(standing):
        reached = {owners[at] for node in standing[name] for at, four in hits(bits[node]) if four & _CERTAIN}
        for number in reached:
            lists[number][0].append(name)
    return [Fate(*map(tuple, four)) for four in lists]


@cache
def _both(fours: tuple[int, ...], readings: int) -> tuple[Verdict, Verdict]:
    """The verdicts without and with people, of the readings that fail in some way and those that do not."""
    padded = fours if len(fours) == readings else (*fours, 0)
    automatic, manual = (
        combined(verdict(bool(four >> kind & 1), bool(four >> kind + 1 & 1)) for four in padded) for kind in (0, 2)
    )
    return automatic, manual
