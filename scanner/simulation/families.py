"""Families of minimal cuts of up to three events, hash-consed, and the gates over them.

A family is an antichain: no cut contains another. Events are numbered 1 … width-1. The cuts of one event are a bitmask;
a pair i < j is the code ``i * width + j``, a triple i < j < k is ``(i * width + j) * width + k``; since no event is 0,
codes of different sizes differ. Equal families are one number, so a gate over the same families is computed once. What
is truncated never matters: a minimal cut of up to n events unites minimal cuts of inputs, of up to n events each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

LARGEST: Final = 3
"""The most events of a cut."""

NEVER: Final = 0
"""The family without cuts: nothing up to the size fails it."""

ALWAYS: Final = 1
"""The family of the empty cut: it has failed already."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be counted before an enumeration stops at smaller cuts: the same on every machine."""

    family: int = 250_000
    """Cuts of one size in one family."""
    candidates: int = 5_000_000
    """Unions of cuts tried for one size at one gate."""
    total: int = 20_000_000
    """Cuts of one size in all distinct families together."""


@dataclass(frozen=True, slots=True)
class Family:
    """All minimal cuts of up to ``exact`` events, and none larger: a bitmask, and ascending codes."""

    single: int
    pairs: tuple[int, ...]
    triples: tuple[int, ...]
    exact: int


class Families:
    """All distinct families of one enumeration by number, and the gates over them."""

    def __init__(self, events: int, size: int, budget: Budget) -> None:
        if not 1 <= size <= LARGEST:
            raise ValueError(f"cuts of up to {size} events cannot be enumerated, only 1 to {LARGEST}")
        self.width = events + 1
        self.size = size
        self.budget = budget
        self.all = [Family(0, (), (), size), Family(0, (), (), size)]
        self._numbers: dict[Family, int] = {self.all[NEVER]: NEVER}
        self._gates: dict[tuple[int, ...], int] = {}
        self._codes: dict[int, int] = {}
        self._counts = [0, 0, 0, 0]

    def event(self, event: int) -> int:
        """The family of an event alone."""
        return self.number(1 << event, (), (), self.size)

    def number(self, single: int, pairs: Iterable[int], triples: Iterable[int], exact: int) -> int:
        """The number of the family of these cuts, which must be an antichain, after the budget."""
        family = Family(single, tuple(sorted(pairs)), tuple(sorted(triples)), exact)
        found = self._numbers.get(family)
        if found is None:
            family = self._affordable(family)
            found = self._numbers.get(family)
        if found is None:
            found = self._numbers[family] = len(self.all)
            self.all.append(family)
            self._counts[2] += len(family.pairs)
            self._counts[3] += len(family.triples)
        return found

    def lowered(self, number: int, exact: int) -> int:
        """The family without its cuts of more than ``exact`` events."""
        family = self.all[number]
        if number == ALWAYS or family.exact <= exact:
            return number
        return self.number(family.single, family.pairs if exact >= 2 else (), (), exact)

    def at_least(self, threshold: int, families: Iterable[int]) -> int:
        """The family of a gate that fails when ``threshold`` of its inputs have."""
        counted = sorted(family for family in families if family != NEVER)
        always = counted.count(ALWAYS)
        threshold -= always
        del counted[:always]
        if threshold <= 0:
            return ALWAYS
        if threshold > len(counted):
            return NEVER
        if threshold == 1 or threshold == len(counted):
            counted = sorted(set(counted))
            if len(counted) == 1:
                return counted[0]
            threshold = 1 if threshold == 1 else len(counted)
        key = (threshold, *counted)
        found = self._gates.get(key)
        if found is None:
            found = self._gates[key] = self._gate(threshold, counted)
        return found

    def _gate(self, threshold: int, families: Sequence[int]) -> int:
        from scanner.simulation.coverage import LARGE, covering

        if threshold == 1:
            return self._any(families)
        if threshold == len(families):
            result = families[0]
            for family in families[1:]:
                result = self._both(result, family)
            return result
        if len(families) > LARGE:
            return covering(self, threshold, families)
        # counted[j] fails when j of the families so far have; from the largest j, so that none counts twice.
        counted = [ALWAYS] + [NEVER] * threshold
        for family in families:
            for j in range(threshold, 0, -1):
                counted[j] = self.at_least(1, (counted[j], self.at_least(2, (counted[j - 1], family))))
        return counted[threshold]

    def _any(self, numbers: Sequence[int]) -> int:
        """One failed input is enough: the union, minimised."""
        families = [self.all[number] for number in numbers]
        single, exact = 0, self.size
        for family in families:
            single |= family.single
            exact = min(exact, family.exact)
        pairs: set[int] = set()
        triples: set[int] = set()
        if exact >= 2:
            for family in families:
                if family.pairs:
                    pairs.update(self.without(family.pairs, single & ~family.single))
        if exact >= 3:
            for family in families:
                if family.triples:
                    triples.update(self.without(family.triples, single & ~family.single))
            if triples and any(len(family.pairs) < len(pairs) for family in families if family.triples):
                triples = {t for t in triples if not self.contains_pair(t, pairs)}
        return self.number(single, pairs, triples, exact)

    def _both(self, left: int, right: int) -> int:
        """Both inputs must fail: unions of a cut of each, minimised."""
        if left == right or NEVER in (left, right):
            return min(left, right)
        if ALWAYS in (left, right):
            return max(left, right)
        key = (2, min(left, right), max(left, right))
        found = self._gates.get(key)
        if found is None:
            found = self._gates[key] = self._product(self.all[left], self.all[right])
        return found

    def _product(self, left: Family, right: Family) -> int:
        """Reduced by case: with the events that fail both taken out, no pair or triple below contains a single cut."""
        exact = min(left.exact, right.exact)
        both = left.single & right.single
        ours, theirs = bits(left.single & ~both), bits(right.single & ~both)
        pairs: set[int] = set()
        triples: set[int] = set()
        if exact >= 2 and len(ours) * len(theirs) > self.budget.candidates:
            exact = 1
        if exact >= 2:
            pairs = self._pairs(left, right, ours, theirs)
        if exact >= 3:
            tried = len(left.pairs) * len(theirs) + len(right.pairs) * len(ours)
            joined = _joined(self, left.pairs, right.pairs, self.budget.candidates - tried)
            if joined is None:
                exact = 2
            else:
                triples = joined
                self._extend(triples, left.pairs, theirs, pairs)
                self._extend(triples, right.pairs, ours, pairs)
                triples.update(self._hit(left.triples, right))
                triples.update(self._hit(right.triples, left))
                if pairs:
                    triples = {t for t in triples if not self.contains_pair(t, pairs)}
        return self.number(both, map(self._shared, pairs), map(self._shared, triples), exact)

    def _pairs(self, left: Family, right: Family, ours: Sequence[int], theirs: Sequence[int]) -> set[int]:
        width = self.width
        pairs = {a * width + b if a < b else b * width + a for a in ours for b in theirs}
        if left.pairs:
            pairs.update(self.within(left.pairs, right.single))
        if right.pairs:
            pairs.update(self.within(right.pairs, left.single))
            pairs.update(set(left.pairs).intersection(right.pairs))
        return pairs

    def _extend(self, triples: set[int], pairs: Sequence[int], events: Sequence[int], taken: set[int]) -> None:
        """Add the unions of a pair and an event, except of pairs that are cuts themselves."""
        width = self.width
        square = width * width
        for pair in pairs:
            if pair in taken:
                continue
            first, second = divmod(pair, width)
            for event in events:
                if event > second:
                    triples.add(pair * width + event)
                elif event < first:
                    triples.add(event * square + pair)
                elif first < event < second:
                    triples.add((first * width + event) * width + second)

    def _hit(self, triples: Sequence[int], other: Family) -> Iterable[int]:
        """The triples that contain a cut of ``other``."""
        if not triples:
            return ()
        pairs, same = set(other.pairs), set(other.triples)
        events = set(bits(other.single))
        return [t for t in triples if t in same or not events.isdisjoint(self.split(t)) or self.contains_pair(t, pairs)]

    def without(self, cuts: Iterable[int], single: int) -> Iterable[int]:
        """The pairs or triples (all of one size) that contain none of the events of a bitmask."""
        if not single:
            return cuts
        events = set(bits(single))
        return [cut for cut in cuts if events.isdisjoint(self.split(cut))]

    def within(self, cuts: Iterable[int], single: int) -> Iterable[int]:
        """The pairs or triples that contain at least one of the events of a bitmask."""
        events = set(bits(single))
        return [cut for cut in cuts if not events.isdisjoint(self.split(cut))]

    def split(self, cut: int) -> tuple[int, ...]:
        """The events of a pair or triple, ascending."""
        rest, last = divmod(cut, self.width)
        if rest < self.width:
            return rest, last
        return (*divmod(rest, self.width), last)

    def contains_pair(self, triple: int, pairs: set[int]) -> bool:
        """Whether one of the three pairs in a triple is among ``pairs``."""
        width = self.width
        pair, last = divmod(triple, width)
        first, second = divmod(pair, width)
        return pair in pairs or first * width + last in pairs or second * width + last in pairs

    def _shared(self, code: int) -> int:
        """One object per number."""
        return self._codes.setdefault(code, code)

    def _affordable(self, family: Family) -> Family:
        """The family, or what the budget leaves of it."""
        if family.exact >= 3 and self._exceeds(3, len(family.triples)):
            family = Family(family.single, family.pairs, (), 2)
        if family.exact >= 2 and self._exceeds(2, len(family.pairs)):
            family = Family(family.single, (), (), 1)
        return family

    def _exceeds(self, size: int, count: int) -> bool:
        return count > self.budget.family or self._counts[size] + count > self.budget.total


def bits(mask: int) -> list[int]:
    """The positions of the set bits, ascending."""
    found = []
    while mask:
        lowest = mask & -mask
        found.append(lowest.bit_length() - 1)
        mask ^= lowest
    return found


def _joined(families: Families, left: Sequence[int], right: Sequence[int], allowed: int) -> set[int] | None:
    """The unions with three events of a pair of each side; nothing when more than ``allowed`` would be tried."""
    width = families.width
    by_event: dict[int, list[int]] = {}
    for pair in right:
        first, second = divmod(pair, width)
        by_event.setdefault(first, []).append(second)
        by_event.setdefault(second, []).append(first)
    found: set[int] = set()
    for pair in left:
        first, second = divmod(pair, width)
        for third in chain(by_event.get(first, ()), by_event.get(second, ())):
            allowed -= 1
            if third in (first, second):
                continue
            a, b, c = sorted((first, second, third))
            found.add((a * width + b) * width + c)
        if allowed < 0:
            return None
    return None if allowed < 0 else found
