"""Which resources of one estate are which of another: one to one, by the strongest evidence that there is.

Every kind of evidence gives keys to resources; what alone has a key on either side is one resource. Resources that
share a key are told apart by their place, where all of theirs are known. Nothing is guessed: what is left over of a key
that both sides have is ambiguous. Each pass goes once over resources or edges, and their number is fixed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct

from scanner.comparison.renames import modules, roots
from scanner.comparison.subjects import Content, Subject, address, by_address, stack, subjects
from scanner.graph.graph import Graph
from scanner.model.comparison import Basis

ROUNDS: Final = 6
"""So many resources lie at most between one that is known by itself and one that is known by its relations to it."""
CANDIDATES: Final = 8
"""A beginning that more names share tells nothing."""

Keys = Callable[[Subject], Iterable[Hashable]]


class Pair(Struct, frozen=True):
    """Two ids of one resource, by what they are, and that in words."""

    base: str
    head: str
    basis: Basis
    evidence: str


class Group(Struct, frozen=True):
    """Ids that share their evidence with more than one resource of the other side."""

    base: tuple[str, ...]
    head: tuple[str, ...]
    basis: Basis
    evidence: str


class Matching(Struct, frozen=True):
    """What is what. Every resource that was looked at is in one of these."""

    pairs: tuple[Pair, ...]
    groups: tuple[Group, ...]
    only_base: tuple[str, ...]
    only_head: tuple[str, ...]
    steps: int = 0
    """How often a resource was looked up: what the work is measured by."""


class Tier(Struct, frozen=True):
    """One kind of evidence. ``strict`` evidence counts even where names contradict it."""

    basis: Basis
    keys: Keys
    strict: bool = False


def match(base: Graph, head: Graph, moves: Mapping[str, str]) -> Matching:
    """Match the resources of two estates. ``moves`` are the moved blocks of either, old to new, by root."""
    moves = by_address({**modules(base, head), **moves})
    matcher = Matcher(base, head, subjects(base, moves, roots(base, head)), subjects(head, moves))
    for tier in TIERS:
        matcher.by_keys(tier)
        if tier.basis is Basis.NAME:
            matcher.by_beginnings()
    matcher.by_relations()
    matcher.by_keys(CONTENT)
    matcher.by_type_alone()
    return matcher.result()


def _addressed(each: Subject) -> Iterable[Hashable]:
    return [(each.type, each.root, each.address)]


def _bare(each: Subject) -> Iterable[Hashable]:
    return [(each.type, each.address)]


def _identified(each: Subject) -> Iterable[Hashable]:
    return [(each.type, identifier) for identifier in each.identifiers]


def _named(each: Subject) -> Iterable[Hashable]:
    return [(each.type, name) for name in each.names]


def _stacked(each: Subject) -> Iterable[Hashable]:
    return [(each.type, each.logical_id)] if each.logical_id else []


def _tagged(each: Subject) -> Iterable[Hashable]:
    return [(each.type, each.tag)] if each.tag else []


def _alike(each: Subject) -> Iterable[Hashable]:
    return [(each.type, each.root, each.content)] if each.content else []


def _typed(each: Subject) -> Iterable[Hashable]:
    return [each.type]


TIERS: Final = (
    Tier(Basis.ADDRESS, _addressed, strict=True),
    Tier(Basis.ADDRESS, _bare, strict=True),
    Tier(Basis.IDENTIFIER, _identified, strict=True),
    Tier(Basis.NAME, _named),
    Tier(Basis.LOGICAL_ID, _stacked),
    Tier(Basis.TAG, _tagged),
)
"""The evidence that resources carry themselves, the strongest first."""
CONTENT: Final = Tier(Basis.CONTENT, _alike)
"""What tells those apart that nothing else does: chance may make two alike, so it comes after relations."""


@dataclass(slots=True)
class Bucket:
    """The subjects of both sides that share a key."""

    base: list[Subject] = field(default_factory=list)
    head: list[Subject] = field(default_factory=list)

    @property
    def is_pair(self) -> bool:
        """Whether there is one of each."""
        return len(self.base) == len(self.head) == 1


@dataclass(slots=True)
class Matcher:
    """The state of one matching: what is not matched yet, and what is."""

    base_graph: Graph
    head_graph: Graph
    base: dict[str, Subject]
    head: dict[str, Subject]
    pairs: dict[str, Pair] = field(default_factory=dict)
    by_head: dict[str, Pair] = field(default_factory=dict)
    steps: int = 0

    # -- evidence of their own ---------------------------------------------------------------------

    def by_keys(self, tier: Tier) -> None:
        """Match by one kind of keys: first those that are alone with theirs, then by place, then what that leaves."""
        for split in (_as_one, _by_account, _by_region, _by_zone, _by_mark, _as_one):
            buckets = self._buckets(tier.keys)
            found = [(part, _words(key)) for key, bucket in buckets.items() for part in split(bucket) if part.is_pair]
            self._accept(found, tier.basis, strict=tier.strict)

    def by_beginnings(self) -> None:
        """Match by the known beginning of a name that is not known whole."""
        names = sorted((each.type, name, each.id) for each in self._open(self.head) for name in each.names)
        found = []
        for each in self._open(self.base):
            for prefix in () if each.names else each.prefixes:
                fitting = _beginning(names, each.type, prefix)
                found += [(Bucket([each], [self.head[name]]), prefix) for name in fitting]
                self.steps += len(fitting)
        self._accept(found, Basis.PREFIX)

    def _buckets(self, keys: Keys) -> dict[Hashable, Bucket]:
        """The keys that both sides have."""
        found: dict[Hashable, Bucket] = {}
        for each in self._open(self.base):
            for key in keys(each):
                self.steps += 1
                found.setdefault(key, Bucket()).base.append(each)
        for each in self._open(self.head):
            for key in keys(each):
                self.steps += 1
                if key in found:
                    found[key].head.append(each)
        return {key: bucket for key, bucket in found.items() if bucket.head}

    def _open(self, side: Mapping[str, Subject]) -> Iterator[Subject]:
        taken = self.pairs if side is self.base else self.by_head
        return (each for name, each in side.items() if name not in taken)

    def _accept(self, found: Iterable[tuple[Bucket, str]], basis: Basis, *, strict: bool = False) -> None:
        """Keep the proposals that nothing contradicts: neither another proposal nor what the two are called."""
        proposed: dict[tuple[str, str], str] = {}
        for bucket, evidence in found:
            one, other = bucket.base[0], bucket.head[0]
            if strict or not contradict(one, other):
                proposed.setdefault((one.id, other.id), evidence)
        bases, heads = _counts(name for name, _ in proposed), _counts(name for _, name in proposed)
        for (base, head), evidence in proposed.items():
            if bases[base] == heads[head] == 1:
                renamed = basis is Basis.ADDRESS and address(base) != address(head)
                self._pair(Pair(base, head, Basis.MOVED if renamed else basis, evidence))

    def _pair(self, pair: Pair) -> None:
        self.pairs[pair.base] = self.by_head[pair.head] = pair

    # -- relations ---------------------------------------------------------------------------------

    def by_relations(self) -> None:
        """Match what stands in the same relation to matched resources, round by round from there."""
        for _ in range(ROUNDS):
            before = len(self.pairs)
            for split in (_as_one, _by_zone, _by_mark):
                buckets = self._related()
                found = [
                    (part, f"{direction} {target}")
                    for (target, direction, _), bucket in buckets.items()
                    for part in split(bucket)
                    if part.is_pair
                ]
                self._accept(found, Basis.RELATION)
            if len(self.pairs) == before:
                return

    def _related(self) -> dict[tuple[str, str, str], Bucket]:
        """What is not matched by the pairs that it stands beside: base's id, the direction, and its type."""
        found: dict[tuple[str, str, str], Bucket] = {}
        for pair in list(self.pairs.values()):
            for direction, name in self._beside(self.base_graph, pair.base):
                if name in self.base and name not in self.pairs:
                    each = self.base[name]
                    found.setdefault((pair.base, direction, each.type), Bucket()).base.append(each)
            for direction, name in self._beside(self.head_graph, pair.head):
                if name in self.head and name not in self.by_head:
                    each = self.head[name]
                    if (bucket := found.get((pair.base, direction, each.type))) is not None:
                        bucket.head.append(each)
        return found

    def _beside(self, graph: Graph, name: str) -> Iterator[tuple[str, str]]:
        outgoing = dict.fromkeys(edge.target for edge in graph.outgoing.get(name, ()))
        incoming = dict.fromkeys(edge.source for edge in graph.incoming.get(name, ()))
        self.steps += len(outgoing) + len(incoming)
        yield from (("used by", target) for target in outgoing)
        yield from (("uses", source) for source in incoming)

    # -- the rest ----------------------------------------------------------------------------------

    def by_type_alone(self) -> None:
        """Match the last of a type, or the last with its mark or in its zones, unless their tags say otherwise."""
        for split in (_by_mark, _by_zone, _as_one):
            found = [
                (part, _words(kind))
                for kind, bucket in self._buckets(_typed).items()
                for part in split(bucket)
                if part.is_pair and not _tags_differ(part.base[0], part.head[0])
            ]
            self._accept(found, Basis.ALONE)
        self.by_relations()

    def result(self) -> Matching:
        """What was found, with what is left over of keys that both sides have."""
        groups = list(self._groups())
        base, head = self.pairs.keys(), self.by_head.keys()
        taken = (frozenset(n for g in groups for n in g.base), frozenset(n for g in groups for n in g.head))
        return Matching(
            tuple(self.pairs[name] for name in sorted(self.pairs)),
            tuple(sorted(groups, key=lambda group: (group.base, group.head))),
            tuple(sorted(self.base.keys() - base - taken[0])),
            tuple(sorted(self.head.keys() - head - taken[1])),
            self.steps,
        )

    def _groups(self) -> Iterator[Group]:
        seen: set[str] = set()
        heads: set[str] = set()
        for tier in TIERS:
            for key, bucket in self._buckets(tier.keys).items():
                yield from _group(bucket, tier.basis, _words(key), seen, heads)
        for key, bucket in self._buckets(_typed).items():
            nameless = [each for each in bucket.base if not (each.names or each.prefixes or each.tag)]
            yield from _group(Bucket(nameless, bucket.head), Basis.ALONE, _words(key), seen, heads)


def _group(bucket: Bucket, basis: Basis, evidence: str, seen: set[str], heads: set[str]) -> Iterator[Group]:
    """What of a bucket is in no group yet, as a group if both sides are in it."""
    base = sorted(each.id for each in bucket.base if each.id not in seen)
    head = sorted(each.id for each in bucket.head if each.id not in heads)
    if base and head and not _all_contradict(bucket):
        seen.update(base)
        heads.update(head)
        yield Group(tuple(base), tuple(head), basis, evidence)


def _all_contradict(bucket: Bucket) -> bool:
    """Whether one pair alone shares the evidence, and its names say that it is two resources."""
    return bucket.is_pair and contradict(bucket.base[0], bucket.head[0])


def contradict(one: Subject, other: Subject) -> bool:
    """Whether two resources of a type certainly are two: they have names or stacks, and none in common."""
    if one.names and other.names:
        return not frozenset(one.names) & frozenset(other.names)
    if one.prefixes and other.names:
        return not any(name.startswith(prefix) for name in other.names for prefix in one.prefixes)
    stacks = stack(one.resource), stack(other.resource)
    return bool(stacks[0] and stacks[1] and stacks[0] != stacks[1])


def _tags_differ(one: Subject, other: Subject) -> bool:
    return bool(one.tag and other.tag and one.tag != other.tag)


def _as_one(bucket: Bucket) -> Iterator[Bucket]:
    yield bucket


def _by_account(bucket: Bucket) -> Iterator[Bucket]:
    return _split(bucket, lambda each: each.place.account)


def _by_region(bucket: Bucket) -> Iterator[Bucket]:
    return _split(bucket, lambda each: each.place.region)


def _by_zone(bucket: Bucket) -> Iterator[Bucket]:
    return _split(bucket, lambda each: each.place.zones and (each.place.region, each.place.zones))


def _by_mark(bucket: Bucket) -> Iterator[Bucket]:
    return _split(bucket, lambda each: each.mark or None)


def _split(bucket: Bucket, place: Callable[[Subject], Hashable]) -> Iterator[Bucket]:
    """A bucket by places; whole, where one of them is not known and may be any."""
    parts: dict[Hashable, Bucket] = {}
    for each in bucket.base:
        parts.setdefault(place(each), Bucket()).base.append(each)
    for each in bucket.head:
        parts.setdefault(place(each), Bucket()).head.append(each)
    if None in parts:
        yield bucket
    else:
        yield from parts.values()


def _beginning(names: list[tuple[str, str, str]], kind: str, prefix: str) -> list[str]:
    """The ids of the resources of a type whose names begin so; none where they are too many to mean one."""
    found: list[str] = []
    for at in range(bisect_left(names, (kind, prefix, "")), len(names)):
        if names[at][0] != kind or not names[at][1].startswith(prefix):
            return found
        found.append(names[at][2])
        if len(found) > CANDIDATES:
            return []
    return found


def _counts(names: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in names:
        found[name] = found.get(name, 0) + 1
    return found


def _words(key: Hashable) -> str:
    """The part of a key that people know a resource by: its last, unless that is all that it holds."""
    if isinstance(key, tuple) and isinstance(key[-1], Content):
        return str(key[0])
    return str(key[-1]) if isinstance(key, tuple) else str(key)
