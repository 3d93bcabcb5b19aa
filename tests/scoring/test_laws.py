"""Laws of the score over random fault structures whose cut sets are found by trying every set of domains.

A structure is a tree: a domain, or a gate that is up while at least ``need`` of its members are. A choice is unknown: the
low bound takes it for both (down when either is), the high bound for whichever is up.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache, reduce
from itertools import combinations
from operator import and_, or_
from random import Random
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from scanner.model.finding import Axis, Finding, Outcome, Severity
from scanner.model.score import Score, ScoreAxis, Stage
from scanner.model.service import Bound, Criticality, CutSet, Level, ServiceCuts, Targets
from scanner.model.span import Span
from scanner.scoring import coefficients, score
from scanner.scoring.domains import meaning
from scanner.scoring.weights import weights

DOMAINS = (
    "zone:aws/ap-northeast-1a",
    "zone:aws/ap-northeast-1c",
    "region:aws/ap-northeast-1",
    "region:google/asia-northeast1",
    "provider:aws",
    "account:aws/1",
    "service:aws/kms@ap-northeast-1",
    "service:aws/route53",
    "edge:cloudflare",
    "owner:Consensys",
    "custodian:fireblocks",
)
FRESH = "provider:fresh"
"""A domain that no random structure has."""


class Gate(Struct, frozen=True):
    """Up while at least ``need`` of the members are."""

    need: int
    members: tuple[Structure, ...]


class Choice(Struct, frozen=True):
    """One of the two, and the files do not say which."""

    one: Structure
    other: Structure


Structure = str | Gate | Choice


@cache
def scenarios(universe: tuple[str, ...]) -> tuple[list[frozenset[str]], dict[str, int]]:
    """All sets of one to three domains, smallest first, and for each domain the bits of the sets that it is in."""
    chosen = [frozenset(found) for size in (1, 2, 3) for found in combinations(universe, size)]
    return chosen, {d: sum(1 << bit for bit, each in enumerate(chosen) if d in each) for d in universe}


def down(structure: Structure, bound: Bound, universe: tuple[str, ...]) -> int:
    """In which scenarios the structure is down: one bit each."""
    chosen, bits = scenarios(universe)
    match structure:
        case Gate(need, members):
            if need > len(members):
                return (1 << len(chosen)) - 1
            lost = [down(member, bound, universe) for member in members]
            many = combinations(lost, len(members) - need + 1) if need > 0 else ()
            return reduce(or_, (reduce(and_, some) for some in many), 0)
        case Choice(one, other):
            first, second = down(one, bound, universe), down(other, bound, universe)
            return first | second if bound is Bound.LOW else first & second
        case domain:
            return bits[domain]


def minimal_cuts(structure: Structure, bound: Bound, universe: tuple[str, ...]) -> tuple[CutSet, ...]:
    found: list[frozenset[str]] = []
    lost = down(structure, bound, universe)
    for bit, chosen in enumerate(scenarios(universe)[0]):
        if lost >> bit & 1 and not any(smaller <= chosen for smaller in found):
            found.append(chosen)
    return tuple(CutSet(cut) for cut in sorted(tuple(sorted(each)) for each in found))


class Wanted(Struct, frozen=True):
    """A service before its cuts are known."""

    name: str
    kind: Literal["service", "custody"]
    criticality: Criticality
    structure: Structure


def service(wanted: Wanted, universe: tuple[str, ...] = (*DOMAINS, FRESH)) -> ServiceCuts:
    low, high = (minimal_cuts(wanted.structure, bound, universe) for bound in Bound)
    return ServiceCuts(wanted.name, wanted.kind, wanted.criticality, low, high)


LEAVES: st.SearchStrategy[Structure] = st.sampled_from(DOMAINS)


def gates(members: st.SearchStrategy[Structure]) -> st.SearchStrategy[Structure]:
    several = st.lists(members, min_size=1, max_size=3).map(tuple)
    anything = several.flatmap(lambda m: st.builds(Gate, st.integers(1, len(m)), st.just(m)))
    return st.one_of(anything, several.map(lambda m: Gate(len(m), m)), st.builds(Choice, members, members))


STRUCTURES = st.recursive(LEAVES, gates, max_leaves=7)
KINDS: st.SearchStrategy[Literal["service", "custody"]] = st.sampled_from(("service", "custody"))
ESTATES = st.lists(
    st.builds(Wanted, st.just(""), KINDS, st.sampled_from(Criticality), STRUCTURES), min_size=1, max_size=3
).map(lambda found: [replace(each, name=f"s{place}") for place, each in enumerate(found)])
FINDINGS = st.lists(
    st.builds(
        Finding,
        st.sampled_from(["RS1", "RS2"]),
        st.just("slug"),
        st.sampled_from(Axis),
        st.sampled_from(Severity),
        st.sampled_from(Outcome),
        st.just("r"),
        st.just(Span("main.tf", 1)),
        st.just("m"),
    ),
    max_size=4,
)
TARGETS: st.SearchStrategy[Targets] = st.dictionaries(
    st.sampled_from(Criticality), st.dictionaries(st.sampled_from(Level), st.integers(0, 4), max_size=5), max_size=4
)
LAW = settings(max_examples=100)
SLOW = settings(max_examples=50)


def scored(estate: Sequence[Wanted], findings: Sequence[Finding] = (), targets: Targets | None = None) -> Score:
    return score([service(each) for each in estate], findings, findings, targets)


def at_least(better: Score, worse: Score) -> bool:
    """Whether nothing that a score says is worse than in another."""
    pairs = [(better.low, worse.low), (better.high, worse.high)]
    pairs += [(better.together.low, worse.together.low), (better.together.high, worse.together.high)]
    for a, b in zip(better.axes, worse.axes, strict=True):
        pairs += [(a.low, b.low), (a.high, b.high), (b.stopped, a.stopped)]
    if better.policy or worse.policy:
        assert better.policy
        assert worse.policy
        pairs += [(better.policy.low, worse.policy.low), (better.policy.high, worse.policy.high)]
        named = [{(m.service, m.level) for m in policy.missed} for policy in (better.policy, worse.policy)]
        pairs.append((int(named[0] <= named[1]), 1))
    stages = list(Stage)
    if better.stage and worse.stage and better.stage_high and worse.stage_high:
        pairs.append((stages.index(better.stage), stages.index(worse.stage)))
        pairs.append((stages.index(better.stage_high), stages.index(worse.stage_high)))
    return better.lost <= worse.lost and all(a >= b for a, b in pairs) and better.grade <= worse.grade


# -- changes of a structure --------------------------------------------------------------------------------------------

Change = Callable[[Structure, Structure], Structure]
"""What becomes of a place in a structure, given another structure to use."""


def places(structure: Structure, path: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    inner: tuple[Structure, ...] = ()
    if isinstance(structure, Gate):
        inner = structure.members
    elif isinstance(structure, Choice):
        inner = (structure.one, structure.other)
    return [path, *(found for index, each in enumerate(inner) for found in places(each, (*path, index)))]


def changed(structure: Structure, path: tuple[int, ...], change: Callable[[Structure], Structure]) -> Structure:
    if not path:
        return change(structure)
    first, rest = path[0], path[1:]
    if isinstance(structure, Gate):
        members = list(structure.members)
        members[first] = changed(members[first], rest, change)
        return replace(structure, members=tuple(members))
    assert isinstance(structure, Choice)
    if first == 0:
        return replace(structure, one=changed(structure.one, rest, change))
    return replace(structure, other=changed(structure.other, rest, change))


def with_alternative(old: Structure, other: Structure) -> Structure:
    return Gate(1, (old, other))


def with_fresh_alternative(old: Structure, _: Structure) -> Structure:
    return Gate(1, (old, FRESH))


def without_dependency(old: Structure, _: Structure) -> Structure:
    """A member is dropped from what is needed: it counts as always up."""
    if not isinstance(old, Gate):
        return old
    return Gate(old.need - 1, old.members[1:])


def with_one_fewer_needed(old: Structure, _: Structure) -> Structure:
    return replace(old, need=old.need - 1) if isinstance(old, Gate) else old


def with_any_instead_of_all(old: Structure, _: Structure) -> Structure:
    return replace(old, need=1) if isinstance(old, Gate) and old.need else old


def gone(_: Structure, __: Structure) -> Structure:
    return Gate(0, ())


FIXES: Sequence[Change] = (
    with_alternative,
    with_fresh_alternative,
    without_dependency,
    with_one_fewer_needed,
    with_any_instead_of_all,
    gone,
)


def with_another_dependency(old: Structure, other: Structure) -> Structure:
    return Gate(2, (old, other))


def with_one_more_needed(old: Structure, _: Structure) -> Structure:
    return replace(old, need=old.need + 1) if isinstance(old, Gate) else old


def with_all_instead_of_any(old: Structure, _: Structure) -> Structure:
    return replace(old, need=max(old.need, len(old.members))) if isinstance(old, Gate) else old


def with_alternatives_shared(old: Structure, other: Structure) -> Structure:
    """All members come to need the same thing."""
    if not isinstance(old, Gate):
        return old
    return replace(old, members=tuple(Gate(2, (member, other)) for member in old.members))


DEGRADATIONS: Sequence[Change] = (
    with_another_dependency,
    with_one_more_needed,
    with_all_instead_of_any,
    with_alternatives_shared,
)


def somewhere(data: st.DataObject, estate: list[Wanted], changes: Sequence[Change]) -> list[Wanted]:
    """The estate after one change at one place."""
    index = data.draw(st.integers(0, len(estate) - 1), "service")
    structure = estate[index].structure
    path = data.draw(st.sampled_from(places(structure)), "place")
    change, other = data.draw(st.sampled_from(changes), "change"), data.draw(STRUCTURES, "other")
    after = changed(structure, path, lambda old: change(old, other))
    return [*estate[:index], replace(estate[index], structure=after), *estate[index + 1 :]]


# -- the laws, numbered as in README.md --------------------------------------------------------------------------------


@given(st.data(), ESTATES, FINDINGS, TARGETS)
@settings(max_examples=200)
def test_1_a_fix_never_lowers_anything(
    data: st.DataObject, estate: list[Wanted], findings: list[Finding], targets: Targets
) -> None:
    fixed = somewhere(data, estate, FIXES)
    assert at_least(scored(fixed, findings, targets), scored(estate, findings, targets))


@given(ESTATES, FINDINGS)
@LAW
def test_2_contributions_are_positive_and_add_up(estate: list[Wanted], findings: list[Finding]) -> None:
    found = scored(estate, findings)
    assert all(each.points > 0 for each in found.contributions)
    assert sum((each.points for each in found.contributions), found.others.points) == found.lost
    if not found.others.number:
        assert found.others.points == 0
        shares: defaultdict[str, Fraction] = defaultdict(Fraction)
        for each in found.contributions:
            for domain in each.cut:
                shares[domain] += each.points / len(each.cut)
        assert {each.domain: each.points for each in found.domains} == shares
    assert 0 <= found.low <= found.high <= 100
    assert 0 <= found.confidence <= 1
    assert abs(100 - float(found.lost) - found.low) <= 0.05 + 1e-9
    assert all(0 <= axis.low <= axis.high <= 100 for axis in found.axes)
    order = [(-each.points, each.service) for each in found.contributions]
    assert order == sorted(order)


@given(ESTATES, FINDINGS, TARGETS, st.randoms(use_true_random=False))
@LAW
def test_3_names_and_order_do_not_matter(
    estate: list[Wanted], findings: list[Finding], targets: Targets, random: Random
) -> None:
    services = [service(each) for each in estate]
    before = score(services, findings, findings, targets)

    def renamed(cuts: tuple[CutSet, ...]) -> tuple[CutSet, ...]:
        # Another account, custodian, vendor and Tokyo's other zones: each keeps its kind.
        other = {
            "account:aws/1": "account:aws/9",
            "custodian:fireblocks": "custodian:bitgo",
            "owner:Consensys": "owner:Q",
        }
        other |= {"zone:aws/ap-northeast-1a": "zone:aws/eu-west-1c", "edge:cloudflare": "edge:akamai"}
        mixed = [CutSet(tuple(sorted(other.get(domain, domain) for domain in cut.domains))) for cut in cuts]
        random.shuffle(mixed)
        return tuple(mixed)

    names = random.sample("qwertzuiop", len(services))
    again = [
        replace(each, name=name, low=renamed(each.low), high=renamed(each.high))
        for name, each in zip(names, services, strict=True)
    ]
    random.shuffle(again)
    shuffled = random.sample(findings, len(findings))
    after = score(again, shuffled, shuffled, targets)
    assert at_least(after, replace(before, policy=after.policy))
    assert at_least(before, replace(after, policy=before.policy))
    assert (before.policy and (before.policy.low, before.policy.high)) == (
        after.policy and (after.policy.low, after.policy.high)
    )
    assert sorted(each.points for each in before.contributions) == sorted(each.points for each in after.contributions)


@given(ESTATES, FINDINGS)
@SLOW
def test_4_what_nothing_needs_changes_nothing(estate: list[Wanted], findings: list[Finding]) -> None:
    before = scored(estate, findings)
    universe = (*DOMAINS, FRESH, "region:aws/unused", "owner:unused")
    passes = [replace(finding, outcome=Outcome.PASS) for finding in findings]
    after = score([service(each, universe) for each in estate], [*findings, *passes], [*findings, *passes])
    unjudged = [replace(axis, judged=0) for axis in after.axes]
    assert unjudged == [replace(axis, judged=0) for axis in before.axes]
    assert replace(after, axes=()) == replace(before, axes=())
    beside = [replace(each, structure=Gate(1, (Gate(1, (each.structure,)), Gate(1, ())))) for each in estate]
    assert scored(beside, findings) == before


@given(ESTATES, FINDINGS)
@LAW
def test_5_two_copies_of_half_the_weight_count_as_one(estate: list[Wanted], findings: list[Finding]) -> None:
    half = {Criticality.CRITICAL: Criticality.HIGH, Criticality.HIGH: Criticality.MEDIUM}
    half |= {Criticality.MEDIUM: Criticality.LOW}
    first, *others = estate
    first = replace(first, criticality=Criticality.HIGH)
    copies = [replace(first, name=name, criticality=half[first.criticality]) for name in ("copy 1", "copy 2")]
    one, two = scored([first, *others], findings), scored([*copies, *others], findings)
    assert one.lost == two.lost
    assert (one.low, one.high, one.stage, one.together) == (two.low, two.high, two.stage, two.together)
    assert [(axis.low, axis.high) for axis in one.axes] == [(axis.low, axis.high) for axis in two.axes]


def resolved(structure: Structure, random: Random) -> Structure:
    """The structure with one unknown decided."""
    choices = [path for path in places(structure) if _at(structure, path)]
    if not choices:
        return structure

    def decide(old: Structure) -> Structure:
        assert isinstance(old, Choice)
        return random.choice([old.one, old.other, Gate(1, (old.one, old.other)), Gate(2, (old.one, old.other))])

    return changed(structure, random.choice(choices), decide)


def _at(structure: Structure, path: tuple[int, ...]) -> bool:
    for step in path:
        if isinstance(structure, Gate):
            structure = structure.members[step]
        elif isinstance(structure, Choice):
            structure = (structure.one, structure.other)[step]
    return isinstance(structure, Choice)


@given(ESTATES, TARGETS, st.randoms(use_true_random=False))
@LAW
def test_6_deciding_an_unknown_stays_within_the_interval(
    estate: list[Wanted], targets: Targets, random: Random
) -> None:
    before = scored(estate, (), targets)
    after = scored([replace(each, structure=resolved(each.structure, random)) for each in estate], (), targets)
    assert before.low <= after.low <= after.high <= before.high
    assert before.together.low <= after.together.low <= after.together.high <= before.together.high
    for wide, narrow in zip(before.axes, after.axes, strict=True):
        assert wide.low <= narrow.low <= narrow.high <= wide.high
    if before.policy and after.policy:
        assert before.policy.low <= after.policy.low <= after.policy.high <= before.policy.high
        certain = {(m.service, m.level) for m in before.policy.missed if m.certain}
        assert certain <= {(m.service, m.level) for m in after.policy.missed if m.certain}
    assert before.stage
    assert before.stage_high
    assert after.stage
    assert before.stage <= after.stage <= (after.stage_high or after.stage) <= before.stage_high


@given(ESTATES, FINDINGS)
@LAW
def test_7_the_gain_is_that_of_a_score_without_the_cut(estate: list[Wanted], findings: list[Finding]) -> None:
    services = [service(each) for each in estate]
    found = score(services, findings, findings)
    for each in found.contributions:
        if each.gain_if_fixed is None:
            continue
        if each.service:
            after = score([_without(s, each.service, each.cut) for s in services], findings, findings)
        else:
            left = [finding for finding in findings if finding.rule != each.rule]
            after = score(services, left, left)
        assert each.gain_if_fixed == found.lost - after.lost >= 0
    assert [each.gain_if_fixed is not None for each in found.contributions[:20]].count(False) == 0


def _without(found: ServiceCuts, name: str, cut: tuple[str, ...]) -> ServiceCuts:
    return replace(found, low=tuple(c for c in found.low if (found.name, c.domains) != (name, cut)))


@given(st.data(), ESTATES, FINDINGS)
@LAW
def test_8_what_is_said_twice_counts_once(data: st.DataObject, estate: list[Wanted], findings: list[Finding]) -> None:
    def twice(old: Structure, _: Structure) -> Structure:
        return Gate(2, (old, old))

    def either(old: Structure, _: Structure) -> Structure:
        return Gate(1, (old, old))

    assert scored(somewhere(data, estate, [twice, either]), findings) == scored(estate, findings)


@given(st.data(), ESTATES, FINDINGS, TARGETS)
@settings(max_examples=200)
def test_9_a_degradation_never_raises_anything(
    data: st.DataObject, estate: list[Wanted], findings: list[Finding], targets: Targets
) -> None:
    worse = somewhere(data, estate, DEGRADATIONS)
    assert at_least(scored(estate, findings, targets), scored(worse, findings, targets))


@given(ESTATES, FINDINGS, st.fractions(Fraction(1, 9), 9, max_denominator=9))
@LAW
def test_10_only_proportions_of_weights_matter(estate: list[Wanted], findings: list[Finding], factor: Fraction) -> None:
    services, numbers = [service(each) for each in estate], weights()
    scaled = replace(
        numbers,
        tiers={tier: weight * factor for tier, weight in numbers.tiers.items()},
        everything_else=numbers.everything_else * factor,
    )
    assert score(services, findings, findings, numbers=scaled) == score(services, findings, findings)


def test_12_every_run_gives_the_same_bytes() -> None:
    pages = {
        subprocess.run(
            [sys.executable, __file__, order],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("0", "1", "4242")
        for order in ("0", "7")
    }
    assert len(pages) == 1
    assert b"contributions" in pages.pop()


def _print_a_score(order: int) -> None:
    """The scores of a fixed estate, its input shuffled."""
    random = Random(order)  # noqa: S311  # repeatable on purpose
    chosen = Random(1)  # noqa: S311  # the same
    services = [
        ServiceCuts(
            f"s{number}",
            "service" if number % 2 else "custody",
            chosen.choice(list(Criticality)),
            *(
                tuple(CutSet(tuple(sorted(each))) for each in chosen.sample(list(combinations(DOMAINS, size)), 6))
                for size in (1, 2)
            ),
        )
        for number in range(8)
    ]
    mixed = [replace(each, low=tuple(random.sample(each.low, 6))) for each in random.sample(services, 8)]
    targets: Mapping[Criticality, Mapping[Level, int]] = {tier: dict.fromkeys(Level, 2) for tier in Criticality}
    sys.stdout.write(repr(score(mixed, (), (), targets)))


@given(ESTATES, FINDINGS)
@LAW
def test_16_a_waiver_changes_no_score(estate: list[Wanted], findings: list[Finding]) -> None:
    waived = [replace(f, outcome=Outcome.SUPPRESSED) if f.outcome is Outcome.FAIL else f for f in findings]
    assert scored(estate, waived) == scored(estate, findings)


# -- the same by its definition ----------------------------------------------------------------------------------------


@given(ESTATES)
@LAW
def test_the_score_is_the_one_of_the_formula(estate: list[Wanted]) -> None:
    """The definition of README.md, word for word and without any of the shortcuts."""
    numbers, services = weights(), [service(each) for each in estate]
    whole = numbers.everything_else + sum(numbers.tiers[each.criticality] for each in services)
    exposed = dict.fromkeys(ScoreAxis, Fraction(0))
    for each in services:
        for axis in ScoreAxis:
            inside = [
                c.domains for c in each.low if all(axis in meaning(d, each.kind, numbers).axes for d in c.domains)
            ]
            if not inside:
                continue
            size = min(map(len, inside))
            severities = [
                Fraction(sum(meaning(d, each.kind, numbers).severity for d in cut), size)
                for cut in inside
                if len(cut) == size
            ]
            number = min(sum(severities, Fraction(0)), numbers.most_cuts)
            bottom, top = numbers.bands[size]
            exposure = bottom + (top - bottom) * number / (number + numbers.half_way)
            exposed[axis] += numbers.tiers[each.criticality] * exposure / whole
    mean = sum((numbers.axes[axis] * exposure for axis, exposure in exposed.items()), Fraction(0))
    worst = max(exposure for axis, exposure in exposed.items() if axis is not ScoreAxis.ANY)
    found = score(services, (), ())
    assert found.lost == 100 * ((1 - numbers.weakest) * mean + numbers.weakest * worst)
    assert [axis.low for axis in found.axes] == [float(round(100 * (1 - exposed[ScoreAxis(a)]), 1)) for a in Axis]


@given(st.data(), STRUCTURES)
@LAW
def test_a_fix_never_lowers_a_coefficient(data: st.DataObject, structure: Structure) -> None:
    before = service(Wanted("a", "service", Criticality.HIGH, structure))
    (after,) = somewhere(data, [Wanted("a", "service", Criticality.HIGH, structure)], FIXES)
    old, new = coefficients(before.low), coefficients(service(after).low)
    assert all((new[level] or 4) >= (old[level] or 4) for level in Level)


if __name__ == "__main__":
    _print_a_score(int(sys.argv[1]))
