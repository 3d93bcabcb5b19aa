"""Gates that need some of many inputs (validators, quorums, key shares): cuts by how many inputs each event fails.

Counting input by input would keep every way to fail 1, 2, 3 … of them. Here each event, pair and triple is known by the
inputs that it fails as a whole, a bitmask; events are tried from the widest, and a search ends where even three of the
widest left cannot fail enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from scanner.simulation.families import Families

LARGE: Final = 8
"""Gates with more inputs are computed here."""


def covering(families: Families, threshold: int, inputs: Sequence[int]) -> int:
    """The family of the gate that fails when ``threshold`` (more than one, not all) of the families have failed."""
    return _Coverage(families, threshold, inputs).family()


class _Coverage:
    """One gate: which inputs each cut of an input fails."""

    def __init__(self, families: Families, threshold: int, inputs: Sequence[int]) -> None:
        from scanner.simulation.families import bits

        self.families = families
        self.threshold = threshold
        self.exact = min(families.affordable_size(), *(families.all[number].exact for number in inputs))
        self.covered: dict[int, int] = {}
        """The inputs that an event, pair or triple (by its code) is a minimal cut of."""
        for position, number in enumerate(inputs):
            family = families.all[number]
            for cut in (*bits(family.single), *family.pairs, *family.triples):
                self.covered[cut] = self.covered.get(cut, 0) | 1 << position
        self.left = families.budget.candidates

    def family(self) -> int:
        """The minimal cuts of the gate, by size."""
        width = self.families.width
        events = [cut for cut in self.covered if cut < width]
        events.sort(key=lambda event: (-self.covered[event].bit_count(), event))
        alone = {event for event in events if self.enough(event)}
        events = [event for event in events if event not in alone]
        single = sum(1 << event for event in alone)
        pairs = self.collect(2, self.pairs(events, alone))
        triples = self.collect(3, self.triples(events, alone, pairs))
        return self.families.number(single, tuple(sorted(pairs)), tuple(sorted(triples)), self.exact)

    def collect(self, size: int, cuts: Iterator[int | None]) -> set[int]:
        """The cuts found, or none and a lower exactness when there were too many candidates or cuts."""
        found: set[int] = set()
        if self.exact < size:
            return found
        self.left = self.families.budget.candidates
        for cut in cuts:
            if cut is not None:
                found.add(cut)
            self.left -= 1
            self.families.spend(1)
            if self.left < 0 or len(found) > self.families.budget.family:
                self.exact = size - 1
                return set()
        return found

    def enough(self, *events: int) -> bool:
        """Whether these events, ascending, fail enough inputs: alone, by twos or all three together."""
        covered, width = self.covered, self.families.width
        mask = 0
        for event in events:
            mask |= covered.get(event, 0)
        for first, second in combinations(events, 2):
            mask |= covered.get(first * width + second, 0)
        if len(events) == 3:
            mask |= covered.get((events[0] * width + events[1]) * width + events[2], 0)
        return mask.bit_count() >= self.threshold

    def pairs(self, events: Sequence[int], alone: set[int]) -> Iterator[int | None]:
        """Candidates of two events; nothing stands for one that is no cut."""
        width = self.families.width
        for i, first in enumerate(events):
            wanted = self.threshold - self.covered[first].bit_count()
            for second in events[i + 1 :]:
                if self.covered[second].bit_count() < wanted:
                    break
                low, high = min(first, second), max(first, second)
                yield low * width + high if self.enough(low, high) else None
        for pair in self.of_size(2):
            first, second = divmod(pair, width)
            if first not in alone and second not in alone and self.enough(first, second):
                yield pair

    def triples(self, events: Sequence[int], alone: set[int], pairs: set[int]) -> Iterator[int | None]:
        """Candidates of three events of which no two are a cut."""
        yield from self.wide_triples(events, pairs)
        joint = [pair for pair in self.of_size(2) if pair not in pairs]
        for pair in joint:
            first, second = divmod(pair, self.families.width)
            if first not in alone and second not in alone:
                others = {*events, *(e for other in joint for e in self.families.split(other))}
                for third in sorted(others - alone - {first, second}):
                    yield self.triple(pairs, first, second, third)
        for code in self.of_size(3):
            split = self.families.split(code)
            if alone.isdisjoint(split):
                yield self.triple(pairs, *split)

    def wide_triples(self, events: Sequence[int], pairs: set[int]) -> Iterator[int | None]:
        """Candidates in which each event fails inputs on its own that the others do not."""
        covered, width = self.covered, self.families.width
        for i, first in enumerate(events):
            if 3 * covered[first].bit_count() < self.threshold:
                return
            for j in range(i + 1, len(events)):
                second = events[j]
                both = covered[first] | covered[second]
                if covered[first].bit_count() + 2 * covered[second].bit_count() < self.threshold:
                    break
                if both == covered[first] or min(first, second) * width + max(first, second) in pairs:
                    yield None
                    continue
                wanted = self.threshold - both.bit_count()
                for third in events[j + 1 :]:
                    if covered[third].bit_count() < wanted:
                        break
                    yield self.triple(pairs, first, second, third)

    def triple(self, pairs: set[int], *events: int) -> int | None:
        """The triple's code if it is a minimal cut; its events are none alone."""
        first, second, third = sorted(events)
        code = (first * self.families.width + second) * self.families.width + third
        if not self.families.triples_clear((code,), pairs) or not self.enough(first, second, third):
            return None
        return code

    def of_size(self, size: int) -> list[int]:
        """The pairs or triples that are cuts of an input."""
        low, high = self.families.width ** (size - 1), self.families.width**size
        return sorted(cut for cut in self.covered if low <= cut < high)
