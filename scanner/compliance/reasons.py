"""What many claims about services ask of a report, gathered once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scanner.catalog.load import catalog
from scanner.model.outage import Effect, RiskGroup, ServiceRisk
from scanner.model.report import Report
from scanner.model.service import Level
from scanner.model.span import Span

_PARTS: Mapping[str, Level] = {"registrar": Level.EDGE, "ca": Level.EDGE, "node-group": Level.CLUSTER}
_LEVELS = frozenset(Level)


def levels_of(domain: str) -> frozenset[Level]:
    """The levels at which a domain counts: a provider's service for names and delivery is one at the edge, too."""
    word, _, rest = domain.partition(":")
    if word in _PARTS:
        return frozenset({_PARTS[word]})
    if word not in _LEVELS:
        return frozenset()
    owner, _, name = rest.partition("/")
    at_edge = word == Level.SERVICE and "@" not in rest and catalog().is_edge(owner, name)
    return frozenset({Level(word), Level.EDGE}) if at_edge else frozenset({Level(word)})


@dataclass(frozen=True, slots=True)
class Reasons:
    """What claims point at.

    ``places`` says where the files put something into a failure domain, ``levels`` at which levels a service depends on
    any, and ``conditions`` on what it hangs whether a domain's failure stops a service.
    """

    places: Mapping[str, Span]
    levels: Mapping[str, frozenset[Level]]
    conditions: Mapping[tuple[str, str], str]

    @classmethod
    def of(cls, report: Report) -> Reasons:
        """Those of a report with outages."""
        return cls(_places(report), _levels(report), dict(_conditions(report)))


def singles(report: Report) -> Iterator[tuple[str, Effect]]:
    """Every failure domain with what its failure does, the worst first."""
    for effect in report.outages.single if report.outages else ():
        if len(effect.scenario.down) == 1:
            yield effect.scenario.down[0], effect


def _places(report: Report) -> dict[str, Span]:
    found: dict[str, Span] = {}
    for service in report.services:
        for group in service.risk_groups:
            for path in group.paths:
                if path and path[-1].span is not None:
                    found.setdefault(path[-1].name, path[-1].span)
    spans = {resource.id: resource.span for resource in report.resources}
    for domain, effect in singles(report):
        causes = [cause.span for each in effect.scenario.services for cause in each.because if cause.span is not None]
        inside = [spans[name] for name in effect.standing if name in spans]
        for span in (*causes[:1], *inside[:1]):
            found.setdefault(domain, span)
    return found


def _levels(report: Report) -> dict[str, frozenset[Level]]:
    of_resources: dict[str, set[Level]] = {}
    for domain, effect in singles(report):
        levels = levels_of(domain)
        for name in effect.standing:
            of_resources.setdefault(name, set()).update(levels)
    return {s.name: frozenset().union(*(of_resources.get(name, ()) for name in s.cone)) for s in report.services}


def _conditions(report: Report) -> Iterator[tuple[tuple[str, str], str]]:
    for domain, effect in singles(report):
        for each in effect.scenario.services:
            if each.condition:
                yield (domain, each.name), each.condition


def lone(service: ServiceRisk, level: Level) -> list[RiskGroup]:
    """The risk groups that are one domain of a level."""
    return [g for g in service.risk_groups if len(g.domains) == 1 and level in levels_of(g.domains[0])]
