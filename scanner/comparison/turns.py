"""Findings on two sides: which are new, which are gone, which stay.

Findings are held against each other by what they are about: a matched resource, a group of resources that nothing tells
apart, or an id that both sides have. Of one thing and rule they are counted: two that became three are one new.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from msgspec import Struct

from scanner.comparison.matching import Matching
from scanner.comparison.subjects import address
from scanner.model.comparison import Turn
from scanner.model.finding import Axis, Finding, Outcome

Key = tuple[Hashable, str]
"""What a finding is about, and its rule."""


class Turns(Struct, frozen=True):
    """The findings of two sides that count, each the most severe first."""

    new: tuple[Turn, ...]
    fixed: tuple[Turn, ...]
    lasting: tuple[Finding, ...]


@dataclass(slots=True)
class Topic:
    """The findings of one rule about one thing on both sides."""

    base: list[Finding] = field(default_factory=list)
    head: list[Finding] = field(default_factory=list)


Stopped = Callable[[Finding], Hashable]
"""Which service and failure domain a finding is about; ``None`` for one about its resource."""


def turns(
    base: Sequence[Finding],
    head: Sequence[Finding],
    matching: Matching,
    counted: AbstractSet[Outcome],
    stopped: tuple[Stopped, Stopped],
) -> Turns:
    """Hold the findings of two sides against each other; those whose outcome is ``counted`` are failures.

    That one domain stops a service is no news where another resource of it is the first that it takes down.
    """
    new: list[Turn] = []
    fixed: list[Turn] = []
    lasting: list[Finding] = []
    for topic in _topics(base, head, matching).values():
        before = [finding for finding in topic.base if finding.outcome in counted]
        after = [finding for finding in topic.head if finding.outcome in counted]
        stayed, gone, come = _held(before, after)
        new += [Turn(finding, _answer(topic.base, counted)) for finding in come]
        if Outcome.SUPPRESSED not in {finding.outcome for finding in topic.head}:  # a waiver fixes nothing
            fixed += [Turn(finding, _answer(topic.head, counted)) for finding in gone]
        lasting += stayed
    new, fixed, same = _by_service(new, fixed, stopped)
    lasting += same
    return Turns(
        tuple(sorted(new, key=lambda turn: order(turn.finding))),
        tuple(sorted(fixed, key=lambda turn: order(turn.finding))),
        tuple(sorted(lasting, key=order)),
    )


def _by_service(
    new: Sequence[Turn], fixed: Sequence[Turn], stopped: tuple[Stopped, Stopped]
) -> tuple[list[Turn], list[Turn], list[Finding]]:
    """What is left of both, and what both have of a service, a domain and a rule."""
    waiting: dict[Hashable, list[Turn]] = {}
    for turn in fixed:
        if (key := stopped[0](turn.finding)) is not None:
            waiting.setdefault((turn.finding.rule, key), []).append(turn)
    left: list[Turn] = []
    same: list[Finding] = []
    for turn in new:
        key = stopped[1](turn.finding)
        others = waiting.get((turn.finding.rule, key)) if key is not None else None
        if others:
            others.pop()
            same.append(turn.finding)
        else:
            left.append(turn)
    open_turns = {id(turn) for several in waiting.values() for turn in several}
    gone = [turn for turn in fixed if stopped[0](turn.finding) is None or id(turn) in open_turns]
    return left, gone, same


def order(finding: Finding) -> tuple[int, int, str, int, int, str, str]:
    """The most severe first, then by axis and place, as in a scan's report."""
    span = finding.span
    axis = list(Axis).index(finding.axis)
    return -finding.severity, axis, span.file, span.line, span.column, finding.rule, finding.resource


def _held(before: Sequence[Finding], after: Sequence[Finding]) -> tuple[list[Finding], list[Finding], list[Finding]]:
    """What stays, as ``after`` says it, what is gone and what has come: first by attribute, then by number."""
    waiting: dict[str, list[Finding]] = {}
    for finding in before:
        waiting.setdefault(finding.attribute, []).append(finding)
    stayed: list[Finding] = []
    rest: list[Finding] = []
    for finding in after:
        same = waiting.get(finding.attribute)
        if same:
            same.pop()
            stayed.append(finding)
        else:
            rest.append(finding)
    gone = [finding for several in waiting.values() for finding in several]
    moved = min(len(gone), len(rest))
    return stayed + rest[:moved], gone[moved:], rest[moved:]


def _answer(others: Sequence[Finding], counted: AbstractSet[Outcome]) -> Outcome | None:
    """What the rule says on the side where it does not fail; nothing where the question does not arise."""
    found = [finding.outcome for finding in others if finding.outcome not in counted]
    return found[0] if found else None


def _topics(base: Sequence[Finding], head: Sequence[Finding], matching: Matching) -> Mapping[Key, Topic]:
    bases, heads = subjects_of(matching)
    ids = {finding.resource for finding in base} & {finding.resource for finding in head}

    def other(name: str) -> Hashable:
        return ("id", name if name in ids else address(name))

    found: defaultdict[Key, Topic] = defaultdict(Topic)
    for finding in base:
        found[bases.get(finding.resource, other(finding.resource)), finding.rule].base.append(finding)
    for finding in head:
        found[heads.get(finding.resource, other(finding.resource)), finding.rule].head.append(finding)
    return found


def subjects_of(matching: Matching) -> tuple[dict[str, Hashable], dict[str, Hashable]]:
    """What the ids of either side mean to both: the pair or the group that they are in; of one alone, itself."""
    bases: dict[str, Hashable] = {name: ("base", name) for name in matching.only_base}
    heads: dict[str, Hashable] = {name: ("head", name) for name in matching.only_head}
    for pair in matching.pairs:
        bases[pair.base] = heads[pair.head] = ("pair", pair.base)
    for group in matching.groups:
        bases |= dict.fromkeys(group.base, ("group", group.base))
        heads |= dict.fromkeys(group.head, ("group", group.base))
    return bases, heads
