"""The smallest cuts of each service on each axis, counted by what their domains mean.

A million cuts are counted, so each becomes one number: two bits for how many of its domains have each meaning. Cuts
of one number count the same everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Final, Literal

from msgspec import Struct

from scanner.model.score import ScoreAxis
from scanner.model.service import CutSet, Level, ServiceCuts
from scanner.scoring.domains import Meaning, meaning
from scanner.scoring.exposure import SIXTHS
from scanner.scoring.weights import Weights

_DOMAINS: Final = attrgetter("domains")

Kind = Literal["service", "custody"]
Smallest = Mapping[ScoreAxis, tuple[int, int]]
"""The size of a service's smallest cuts on each axis where it has any, and their summed severity in sixths."""


class CutClass(Struct, frozen=True):
    """What all cuts with domains of the same meanings have in common."""

    size: int
    axes: tuple[ScoreAxis, ...]
    levels: tuple[Level, ...]
    sixths: int
    capped: bool


class _Codes(dict[str, int]):
    """The code of each domain, worked out when first asked for."""

    def __init__(self, code: Callable[[str], int]) -> None:
        super().__init__()
        self._code = code

    def __missing__(self, domain: str) -> int:
        code = self[domain] = self._code(domain)
        return code


class Classes(dict[int, CutClass]):
    """What each number stands for, worked out when first asked for, and the numbers of cuts."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self._weights = weights
        self._meanings: dict[Meaning, int] = {}
        self._codes: dict[Kind, _Codes] = {}

    def numbers(self, kind: Kind, cuts: Iterable[CutSet]) -> list[int]:
        """The number of each cut."""
        if kind not in self._codes:
            self._codes[kind] = _Codes(lambda domain: self._code(meaning(domain, kind, self._weights)))
        code = self._codes[kind]
        # Written out, since summing up to three numbers costs more than the numbers.
        return [
            code[ids[0]] + code[ids[1]] + code[ids[2]]
            if len(ids) == 3  # the largest cut
            else code[ids[0]] + code[ids[1]]
            if len(ids) == 2
            else code[ids[0]]
            for ids in map(_DOMAINS, cuts)
        ]

    def _code(self, found: Meaning) -> int:
        return 1 << 2 * self._meanings.setdefault(found, len(self._meanings))

    def __missing__(self, number: int) -> CutClass:
        counted = [(found, number >> 2 * index & 3) for found, index in self._meanings.items()]
        members = [(found, times) for found, times in counted if times]
        size = sum(times for _, times in members)
        each = self[number] = CutClass(
            size,
            tuple(axis for axis in ScoreAxis if all(axis in found.axes for found, _ in members)),
            tuple(level for level in Level if all(level in found.levels for found, _ in members)),
            SIXTHS * sum(found.severity * times for found, times in members) // size,
            size == 1 and members[0][0].capped,
        )
        return each


class Reading(Struct, frozen=True):
    """The cuts of a service in one bound: each, its number, how many there are of each number, the smallest by axis."""

    cuts: Sequence[CutSet]
    numbers: Sequence[int]
    counts: Mapping[int, int]
    smallest: Smallest


def read(kind: Kind, cuts: Sequence[CutSet], classes: Classes) -> Reading:
    """The cuts of one service in one bound."""
    numbers = classes.numbers(kind, cuts)
    counts = Counter(numbers)
    return Reading(cuts, numbers, counts, smallest(counts, classes))


def read_both(service: ServiceCuts, classes: Classes) -> tuple[Reading, Reading]:
    """The low and the high bound of a service."""
    low = read(service.kind, service.low, classes)
    return low, low if service.high == service.low else read(service.kind, service.high, classes)


def avoidable(reading: Reading, classes: Classes) -> Smallest:
    """The smallest cuts without those of a registrar: a name has one, and no design gives it a second."""
    if not any(domain.startswith("registrar:") for cut in reading.cuts for domain in cut.domains):
        return reading.smallest
    kept = [
        number
        for number, cut in zip(reading.numbers, reading.cuts, strict=True)
        if not any(domain.startswith("registrar:") for domain in cut.domains)
    ]
    return smallest(Counter(kept), classes)


def smallest(counts: Mapping[int, int], classes: Classes) -> dict[ScoreAxis, tuple[int, int]]:
    """The size and the summed severity of the smallest cuts of each axis that has any."""
    found: dict[ScoreAxis, tuple[int, int]] = {}
    for number, times in counts.items():
        each = classes[number]
        for axis in each.axes:
            best = found.get(axis)
            if best is None or each.size < best[0]:
                found[axis] = (each.size, each.sixths * times)
            elif each.size == best[0]:
                found[axis] = (each.size, best[1] + each.sixths * times)
    return found


def milder(low: Smallest, high: Smallest) -> Smallest:
    """The high bound, held to be no worse than the low one even where a budget cut the low one's list short."""
    if low is high:
        return high
    return {
        axis: max(cuts, low[axis], key=lambda found: (found[0], -found[1]))
        for axis, cuts in high.items()
        if axis in low
    }


def sizes_by_level(counts: Mapping[int, int], classes: Classes) -> dict[Level, int]:
    """The size of the smallest cuts of each level that has any."""
    found: dict[Level, int] = {}
    for number in counts:
        each = classes[number]
        for level in each.levels:
            found[level] = min(each.size, found.get(level, each.size))
    return found
