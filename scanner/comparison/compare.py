"""From two judged estates and what is what in them to the comparison that reports show."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from scanner.comparison.causes import Causes, Origins
from scanner.comparison.causes import Side as Told
from scanner.comparison.differences import View, differences, tagged
from scanner.comparison.lines import changes
from scanner.comparison.matching import Group, Matching, Pair
from scanner.comparison.services import services
from scanner.comparison.shifts import Answers, by_resource, effects, shifts
from scanner.comparison.subjects import INVENTORIES
from scanner.comparison.turns import turns
from scanner.graph.graph import Graph
from scanner.model.comparison import Ambiguity, Comparison, Lone, Match, Place, Shift, Side, Turn
from scanner.model.finding import Finding, Outcome
from scanner.model.outage import ServiceRisk
from scanner.model.report import Report
from scanner.model.resource import Resource
from scanner.model.value import Unknown

_ESTATE: Final = "estate"
"""The id under which rules answer for everything together."""
_STANDING: Final = INVENTORIES | {"terraform-state"}
"""Formats that tell what stands."""
FAILING: Final = frozenset({Outcome.FAIL})
"""The outcomes that are failures, unless the user asks for more."""


class Estate(Struct, frozen=True):
    """One side: what was found and judged, its graph, and the commit if it was read from one.

    ``origins`` tells where the attributes of its declarations take their values from.
    """

    report: Report
    graph: Graph
    revision: str = ""
    origins: Origins = lambda _declaration, _path: ()

    @property
    def is_inventory(self) -> bool:
        """Whether it tells what stands, not what is wanted."""
        formats = {name for name, files in self.report.coverage.items() if files.found}
        return bool(formats) and formats <= _STANDING


def compare(
    base: Estate,
    head: Estate,
    matching: Matching,
    reads: Mapping[str, frozenset[str]],
    counted: AbstractSet[Outcome] = FAILING,
) -> Comparison:
    """Hold ``head`` against ``base``.

    ``reads`` tells which properties each rule looks at, ``counted`` which outcomes are failures.
    """
    return Comparer(base, head, matching, reads, counted).comparison()


def labels(base: Estate, head: Estate) -> tuple[str, str]:
    """What the sides are called: code and account, unless both are the same."""
    if head.is_inventory and not base.is_inventory:
        return "code", "account"
    return "base", "head"


@dataclass
class Comparer:
    """Both sides, with what is known of ids and findings by resource."""

    base: Estate
    head: Estate
    matching: Matching
    reads: Mapping[str, frozenset[str]]
    counted: AbstractSet[Outcome]
    words: tuple[str, str] = field(init=False)
    answers: tuple[Mapping[str, Answers], Mapping[str, Answers]] = field(init=False)
    twins: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.words = labels(self.base, self.head)
        self.answers = by_resource(self.base.report.findings), by_resource(self.head.report.findings)
        self.twins = {pair.head: pair.base for pair in self.matching.pairs}

    def comparison(self) -> Comparison:
        """All of it."""
        matching, base, head = self.matching, self.base, self.head
        counterparts = {pair.base: pair.head for pair in matching.pairs}
        stopped = (_stopped_in(base.graph), _stopped_in(head.graph))
        found = turns(base.report.findings, head.report.findings, matching, self.counted, stopped)
        return Comparison(
            tool_version=head.report.tool_version,
            base=self._side(0),
            head=self._side(1),
            matches=tuple(map(self._match, matching.pairs)),
            ambiguous=tuple(map(self._ambiguity, matching.groups)),
            only_base=tuple(self._lone(0, name) for name in matching.only_base),
            only_head=tuple(self._lone(1, name) for name in matching.only_head),
            estate=self._shifts(_ESTATE, _ESTATE),
            services=services(base.report.services, head.report.services, counterparts, self.words),
            new=self._explained(found.new),
            fixed=found.fixed,
            lasting=found.lasting,
            secrets=base.report.secrets | head.report.secrets,
        )

    def _explained(self, found: Sequence[Turn]) -> tuple[Turn, ...]:
        """The new findings with what causes them. Of an account no line tells."""
        if not found or self.head.is_inventory or self.base.is_inventory:
            return tuple(found)
        lines = changes(self.base.report.sources, self.head.report.sources)
        causes = Causes(_told(self.base), _told(self.head), lines, self.twins, self.reads)
        return tuple(replace(turn, causes=causes.of(turn.finding, self._before(turn.finding))) for turn in found)

    def _before(self, finding: Finding) -> Finding | None:
        """What a finding's rule said of its resource in base."""
        name = self.twins.get(finding.resource, finding.resource)
        return self.answers[0].get(name, {}).get(finding.rule)

    def _side(self, number: int) -> Side:
        estate = self._estate(number)
        report = estate.report
        return Side(
            label=self.words[number],
            base=report.base,
            inventory=estate.is_inventory,
            resources=len(self.matching.pairs) + self._unmatched(number),
            uncatalogued=sum(report.uncatalogued.values()),
            score=report.score,
            problems=report.problems,
            coverage=report.coverage,
            sources=report.sources,
            revision=estate.revision,
        )

    def _unmatched(self, number: int) -> int:
        found = self.matching
        lone, groups = (found.only_head if number else found.only_base), found.groups
        return len(lone) + sum(len(group.head if number else group.base) for group in groups)

    def _estate(self, number: int) -> Estate:
        return self.head if number else self.base

    def _resource(self, number: int, name: str) -> Resource:
        return self._estate(number).graph.resources[name]

    def _place(self, number: int, name: str) -> Place:
        return Place(name, self._resource(number, name).span)

    def _match(self, pair: Pair) -> Match:
        base, head = self._resource(0, pair.base), self._resource(1, pair.head)
        views = (
            View(base, self.base.graph, lambda name: f"\0{name}", self.words[0]),
            View(head, self.head.graph, lambda name: f"\0{self.twins.get(name, name)}", self.words[1]),
        )
        found = list(differences(*views))
        changed = self._shifts(pair.base, pair.head, views)
        return Match(
            base.type,
            base.kind,
            Place(base.id, base.span),
            Place(head.id, head.span),
            pair.basis,
            pair.evidence,
            tagged(found, effects(found, changed, self.reads, head)),
            changed,
        )

    def _shifts(self, base: str, head: str, views: tuple[View, View] | None = None) -> tuple[Shift, ...]:
        return tuple(shifts(self.answers[0].get(base, {}), self.answers[1].get(head, {}), views))

    def _ambiguity(self, group: Group) -> Ambiguity:
        return Ambiguity(
            self._resource(0, group.base[0]).type,
            tuple(self._place(0, name) for name in group.base),
            tuple(self._place(1, name) for name in group.head),
            group.basis,
            group.evidence,
        )

    def _lone(self, number: int, name: str) -> Lone:
        resource = self._resource(number, name)
        failing = (f for f in self.answers[number].get(name, {}).values() if f.outcome is Outcome.FAIL)
        return Lone(
            resource.type,
            resource.kind,
            self._place(number, name),
            "; ".join(self._notes(number, resource)),
            tuple(sorted(failing, key=lambda finding: (-finding.severity, finding.rule))),
        )

    def _notes(self, number: int, resource: Resource) -> Iterator[str]:
        """Why it may say little that a resource has no counterpart."""
        exists = resource.declaration.exists
        if isinstance(exists, Unknown):
            yield f"may not exist: {exists.reason}"
        other = self._estate(1 - number)
        if other.is_inventory and resource.type not in self._types[1 - number]:
            yield f"the {self.words[1 - number]} lists nothing of this type"

    @property
    def _types(self) -> Sequence[frozenset[str]]:
        return [estate.graph.once(_types_of) for estate in (self.base, self.head)]


def _stopped_in(graph: Graph) -> Callable[[Finding], Hashable]:
    """What a finding tells of a service: its name and the domain that stops it, where the resource has such a tie."""

    def stopped(finding: Finding) -> Hashable:
        found = {
            (stop.service.name, stop.domain)
            for stop in graph.stops.get(finding.resource, ())
            if stop.service.name in finding.message and (stop.domain in finding.message or "?" in stop.domain)
        }
        return min(found) if len(found) == 1 else None

    return stopped


def _told(estate: Estate) -> Told:
    entered: dict[str, list[ServiceRisk]] = {}
    for service in estate.report.services:
        for name in service.entry:
            entered.setdefault(name, []).append(service)
    return Told(estate.graph, entered, estate.origins)


def _types_of(graph: Graph) -> frozenset[str]:
    return frozenset(resource.type for resource in graph.resources.values())
