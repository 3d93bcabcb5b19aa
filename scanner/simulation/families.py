"""Families of minimal cuts of up to three events, hash-consed, and the gates over them.

A family is an antichain: no cut contains another. Events are numbered 1 … width-1. The cuts of one event are a bitmask;
a pair i < j is the code ``i * width + j``, a triple i < j < k is ``(i * width + j) * width + k``; since no event is 0,
codes of different sizes differ. Equal families are one number, so a gate over the same families is computed once. What
is truncated never matters: a minimal cut of up to n events unites minimal cuts of inputs, of up to n events each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from typing import Final, NamedTuple

from msgspec import Struct

LARGEST: Final = 3
"""The most events of a cut."""

NEVER: Final = 0
"""The family without cuts: nothing up to the size fails it."""

ALWAYS: Final = 1
"""The family of the empty cut: it has failed already."""


class Budget(Struct, frozen=True):
    """How much may be counted before an enumeration stops at smaller cuts: the same on every machine."""

    family: int = 250_000
    """Cuts of one size in one family."""
    candidates: int = 5_000_000
    """Unions of cuts tried for one size at one gate."""
    total: int = 20_000_000
    """Cuts of one size in all distinct families together."""
    work: int = 200_000_000
    """Cuts looked at by all gates together: after these no gate gets cuts of three events, after twice these of two."""


class Family(NamedTuple):
    """All minimal cuts of up to ``exact`` events, and none larger: a bitmask, and ascending codes."""

    length: int
    """Bits of ``single``, to set hashes apart: integers hash modulo 2**61 - 1, so powers of two have but 61 hashes."""
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
        self.all = [Family(0, 0, (), (), size), Family(0, 0, (), (), size)]
        self._numbers: dict[Family, int] = {self.all[NEVER]: NEVER}
        self._gates: dict[tuple[int, ...], int] = {}
        self._codes: dict[int, int] = {}
        self._counts = [0, 0, 0, 0]
        self._work = 0

    def event(self, event: int) -> int:
        """The family of an event alone."""
        return self.number(1 << event, (), (), self.size)

    def number(self, single: int, pairs: tuple[int, ...], triples: tuple[int, ...], exact: int) -> int:
        """The number of the family of these cuts, an antichain with ascending codes, after the budget."""
        family = Family(single.bit_length(), single, pairs, triples, exact)
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

    def at_least(self, threshold: int, families: Sequence[int]) -> int:
        """The family of a gate that fails when ``threshold`` of its inputs have. Threshold 0 is a leaf's: never."""
        if threshold == 1:
            return self.one_of({*families})
        if threshold == len(families):
            return self._all_of({*families})
        counted = sorted(family for family in families if family != NEVER)
        always = counted.count(ALWAYS)
        if not 0 < threshold <= len(counted):
            return NEVER
        threshold -= always
        if threshold <= 0:
            return ALWAYS
        return self._some_of(threshold, counted[always:])

    def one_of(self, families: set[int]) -> int:
        """The family of a gate that fails when one of its inputs has. The set is used up."""
        families.discard(NEVER)
        if len(families) < 2:
            return families.pop() if families else NEVER
        if ALWAYS in families:
            return ALWAYS
        key = (1, *sorted(families))
        found = self._gates.get(key)
        if found is None:
            found = self._gates[key] = self._union([self.all[number] for number in key[1:]])
        return found

    def _all_of(self, families: set[int]) -> int:
        families.discard(ALWAYS)
        if NEVER in families:
            return NEVER
        if len(families) < 2:
            return families.pop() if families else ALWAYS
        result, *rest = sorted(families)
        for family in rest:
            result = self._both(result, family)
        return result

    def _some_of(self, threshold: int, families: Sequence[int]) -> int:
        """A gate over ascending families; each may be there more than once."""
        if threshold == 1 or threshold == len(families):
            return self.at_least(threshold, families)
        key = (threshold, *families)
        found = self._gates.get(key)
        if found is None:
            found = self._gates[key] = self._gate(threshold, families)
        return found

    def _gate(self, threshold: int, families: Sequence[int]) -> int:
        from scanner.simulation.coverage import LARGE, covering

        if len(families) > LARGE:
            return covering(self, threshold, families)
        # counted[j] fails when j of the families so far have; from the largest j, so that none counts twice.
        counted = [ALWAYS] + [NEVER] * threshold
        for family in families:
            for j in range(threshold, 0, -1):
                counted[j] = self.one_of({counted[j], self._both(counted[j - 1], family)})
        return counted[threshold]

    def _union(self, families: Sequence[Family]) -> int:
        """One failed input is enough: the union, minimised."""
        single, exact = 0, self.affordable_size()
        for family in families:
            single |= family.single
            exact = min(exact, family.exact)
            self.spend(len(family.pairs) + len(family.triples))
        deep = [family for family in families if family.pairs or family.triples] if exact > 1 else ()
        if len(deep) <= 1:
            pairs, triples = deep[0][2:4] if deep else ((), ())
            more = bits(single & ~deep[0].single) if deep else ()
            return self.number(
                single, self.pairs_without(pairs, more), self.triples_without(triples, more) if exact > 2 else (), exact
            )
        found: set[int] = set()
        for family in deep:
            found.update(self.pairs_without(family.pairs, bits(single & ~family.single)))
        larger: set[int] = set()
        for family in deep if exact > 2 else ():
            kept = self.triples_without(family.triples, bits(single & ~family.single))
            larger.update(self.triples_clear(kept, found.difference(family.pairs)))
        return self.number(single, tuple(sorted(found)), tuple(sorted(larger)), exact)

    def _both(self, left: int, right: int) -> int:
        """Both inputs must fail: unions of a cut of each, minimised."""
        if left == right or NEVER in (left, right):
            return left if left == NEVER else right
        if ALWAYS in (left, right):
            return left if right == ALWAYS else right
        key = (2, min(left, right), max(left, right))
        found = self._gates.get(key)
        if found is None:
            found = self._gates[key] = self._product(self.all[left], self.all[right])
        return found

    def _product(self, left: Family, right: Family) -> int:
        """Reduced by case: with the events that fail both taken out, no pair or triple below contains a single cut."""
        exact = min(left.exact, right.exact, self.affordable_size())
        both = left.single & right.single
        ours, theirs = bits(left.single & ~both), bits(right.single & ~both)
        pairs: set[int] = set()
        triples: set[int] = set()
        if exact >= 2 and len(ours) * len(theirs) > self.budget.candidates:
            exact = 1
        if exact >= 2:
            self.spend(len(ours) * len(theirs) + len(left.pairs) + len(right.pairs))
            pairs = self._pairs(left, right, ours, theirs)
        if exact >= 3:
            tried = len(left.pairs) * len(theirs) + len(right.pairs) * len(ours)
            joined = _joined(self, left.pairs, right.pairs, self.budget.candidates - tried)
            if joined is None:
                exact = 2
            else:
                triples = joined
                self.spend(tried + len(joined) + len(left.triples) + len(right.triples))
                triples.update(self._hit(left.triples, right), self._hit(right.triples, left))
                triples = {*self.triples_clear(triples, pairs)}
                self._extend(triples, left.pairs, theirs, pairs)
                self._extend(triples, right.pairs, ours, pairs)
        shared = self._codes.setdefault  # one object per code
        return self.number(
            both, tuple([shared(p, p) for p in sorted(pairs)]), tuple([shared(t, t) for t in sorted(triples)]), exact
        )

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
        """Add the unions of a pair of one side and an event of the other that contain no pair already ``taken``.

        A pair that contains one of the events is taken itself. So a union can only contain a taken pair of the event
        and one of the pair's, which must come from the pair's side.
        """
        width = self.width
        square = width * width
        split = [(pair, pair // width, pair % width) for pair in pairs if pair not in taken]
        if not split:
            return
        partners: dict[int, set[int]] = {event: set() for event in events}
        for first, second in (divmod(pair, width) for pair in taken.intersection(pairs)):
            if first in partners:
                partners[first].add(second)
            if second in partners:
                partners[second].add(first)
        for event, taboo in partners.items():
            free = [p for p in split if p[1] not in taboo and p[2] not in taboo] if taboo else split
            triples.update(
                [
                    pair * width + event
                    if event > b
                    else event * square + pair
                    if event < a
                    else (a * width + event) * width + b
                    for pair, a, b in free
                ]
            )

    def _hit(self, triples: Sequence[int], other: Family) -> Iterable[int]:
        """The triples that contain a cut of ``other``."""
        if not triples:
            return ()
        hit = {*other.triples}.intersection(triples)
        hit.update(self.within(triples, other.single))
        if other.pairs:
            hit.update({*triples}.difference(self.triples_clear(triples, {*other.pairs})))
        return hit

    def pairs_without(self, pairs: tuple[int, ...], events: Sequence[int]) -> tuple[int, ...]:
        """The pairs that contain none of the events."""
        if not pairs or not events:
            return pairs
        width, hit = self.width, {*events}
        kept = [pair for pair in pairs if pair % width not in hit and pair // width not in hit]
        return pairs if len(kept) == len(pairs) else tuple(kept)

    def triples_without(self, triples: tuple[int, ...], events: Sequence[int]) -> tuple[int, ...]:
        """The triples that contain none of the events."""
        if not triples or not events:
            return triples
        width, hit = self.width, {*events}
        square = width * width
        kept = [t for t in triples if t % width not in hit and t // square not in hit and t // width % width not in hit]
        return triples if len(kept) == len(triples) else tuple(kept)

    def within(self, cuts: Sequence[int], single: int) -> Iterable[int]:
        """The pairs or triples that contain at least one of the events of a bitmask."""
        events = set(bits(single))
        return [cut for cut in cuts if not events.isdisjoint(self.split(cut))] if events else ()

    def split(self, cut: int) -> tuple[int, ...]:
        """The events of a pair or triple, ascending."""
        rest, last = divmod(cut, self.width)
        if rest < self.width:
            return rest, last
        return (*divmod(rest, self.width), last)

    def triples_clear(self, triples: Collection[int], pairs: Collection[int]) -> Collection[int]:
        """The triples that contain none of the pairs."""
        if not triples or not pairs:
            return triples
        width = self.width
        return [
            triple
            for triple in triples
            if (pair := triple // width) not in pairs
            and pair // width * width + (last := triple % width) not in pairs
            and pair % width * width + last not in pairs
        ]

    def spend(self, cuts: int) -> None:
        """Count cuts looked at."""
        self._work += cuts

    def affordable_size(self) -> int:
        """The most events that a new family's cuts may have after what has been spent."""
        return max(1, min(self.size, LARGEST - self._work // max(self.budget.work, 1)))

    def _affordable(self, family: Family) -> Family:
        """The family, or what the budget leaves of it."""
        if family.exact >= 3 and self._exceeds(3, len(family.triples)):
            family = family._replace(triples=(), exact=2)
        if family.exact >= 2 and self._exceeds(2, len(family.pairs)):
            family = family._replace(pairs=(), triples=(), exact=1)
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
