"""What one failure domain does to the services: the simulation's answers, asked of the resource that a fix would touch.

The last resource on the way from a service to a failure domain is the one that *ties* the service to it; the question
whether a domain of some level stops a service is asked there. A service that no single domain of a level stops is told
at its first entry. What the files do not decide is unknown at the tie.

Two groups of services are told apart. *Watched* ones are of critical or high importance, by the configuration or since
users reach them. *Named* ones are those of them that the configuration names, or that a tag calls critical: whether
something else does the work of a service that was only found is not in the files, and cells in several regions are
found as so many services.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final

from msgspec import Struct

from scanner.catalog.load import catalog
from scanner.facts.fact import Answer, Fact
from scanner.graph.graph import Graph, Stop
from scanner.model.finding import Related
from scanner.model.outage import RiskGroup, ServiceRisk
from scanner.model.resource import Resource
from scanner.model.service import Criticality
from scanner.model.value import ABSENT, Unknown, Value

_MATTERS: Final = frozenset({Criticality.CRITICAL, Criticality.HIGH})
_EXPLAINED: Final = 2
"""Services whose way to the domain is shown beside a finding."""

_UNDECIDED: Final = re.compile(r"\(not decided: (?P<reason>.*)\)$", re.DOTALL)
"""How the last step of a reason tells what the files leave open."""


def is_watched(service: ServiceRisk) -> bool:
    """Whether it must run and matters much."""
    return service.kind == "service" and service.criticality in _MATTERS


def is_named(service: ServiceRisk) -> bool:
    """Whether somebody says so: the configuration names it, or a tag calls it critical."""
    return is_watched(service) and (not service.found or service.criticality is Criticality.CRITICAL)


def is_named_custody(service: ServiceRisk) -> bool:
    """Whether it must stay releasable and the configuration says by which keys.

    Keys that were only found may sign together.
    """
    return service.kind == "custody" and not service.found and service.criticality in _MATTERS


def level_of(domain: str) -> str:
    """The level of a failure domain, ``edge`` also for what answers before any region.

    A registrar keeps a level of its own: a name has one and cannot have two.
    """
    level, _, rest = domain.partition(":")
    provider, _, name = rest.partition("/")
    if level == "service" and "@" not in rest and catalog().is_edge(provider, name):
        return "edge"
    return level


class Question(Struct, frozen=True):
    """Which domains alone stop which services: those of a level, for services of a group.

    ``about`` says in words what the domains are. ``counts`` leaves out some domains of some services, ``besides`` the
    kinds of resources of which another rule says the same.
    """

    about: str
    level: str
    of: Callable[[ServiceRisk], bool]
    counts: Callable[[ServiceRisk, str, Graph], bool] = lambda _service, _domain, _graph: True
    besides: frozenset[str] = frozenset()

    def is_of(self, domain: str) -> bool:
        """Whether a domain is of the level that the question is about."""
        return level_of(domain) == self.level

    def stops(self, service: ServiceRisk, graph: Graph) -> list[RiskGroup]:
        """The domains that stop a service, certain ones only where there are any."""
        found = [
            group
            for group in service.risk_groups
            if len(group.domains) == 1
            and self.is_of(group.domains[0])
            and self.counts(service, group.domains[0], graph)
        ]
        return [group for group in found if group.certain] or found


def is_far(service: ServiceRisk, domain: str, graph: Graph) -> bool:
    """Whether a region is none of those in which a service is entered, as far as its entries name any."""
    places = [graph.resources[name].placement for name in service.entry if name in graph.resources]
    homes = {f"region:{place.provider}/{place.region}" for place in places if isinstance(place.region, str)}
    return bool(homes) and domain not in homes and not is_unnamed(domain)


def is_unnamed(domain: str) -> bool:
    """Whether a domain is a place that the files do not name (``zone:aws/?var.zone``)."""
    return domain.partition("/")[2].startswith("?")


ZONE: Final = Question("zone", "zone", is_watched)
REGION: Final = Question(
    "region", "region", is_named, lambda service, domain, graph: not is_far(service, domain, graph)
)
FAR_REGION: Final = Question("region beside its own", "region", is_named, is_far)
PROVIDER: Final = Question("provider", "provider", is_named)
ACCOUNT: Final = Question("account", "account", is_named)
EDGE: Final = Question("DNS host or delivery network", "edge", is_watched, besides=frozenset({"dns_zone"}))
REGISTRAR: Final = Question("registrar", "registrar", is_watched)
OWNER: Final = Question("third party", "owner", is_watched)


def told_of(graph: Graph) -> frozenset[str]:
    """The resources that tie a service to something or are entered first: of the others there is nothing to say."""
    return frozenset(graph.stops) | frozenset(graph.entered)


def stopped(question: Question, resource: Resource, graph: Graph) -> Value | Answer:
    """The services that one domain stops and this resource ties to it, by name, the most critical first.

    Empty for the first entry of a service that no such domain stops, unknown when only unknowns make it one; absent for
    every other resource.
    """
    if resource.id not in graph.once(told_of):
        return ABSENT
    held = _tied(question, resource, graph)
    tied = [s for s in held if s.group.certain]
    if tied:
        return Answer(list(dict.fromkeys(s.service.name for s in tied)), _ways(tied), tied[0].group.path[-1].span)
    if held:
        return _not_decided(held[0])
    free = [s for s in graph.entered.get(resource.id, ()) if question.of(s) and _is_free(question, s)]
    return [] if free else ABSENT


def stopping(question: Question, resource: Resource, graph: Graph) -> Value:
    """The domains that :func:`stopped` speaks of."""
    tied = [s for s in _tied(question, resource, graph) if s.group.certain]
    return list(dict.fromkeys(said(s.domain) for s in tied))


def _tied(question: Question, resource: Resource, graph: Graph) -> list[Stop]:
    tying = graph.stops.get(resource.id, ())
    if not tying or resource.kind in question.besides:
        return []
    stops = (s for s in tying if question.of(s.service))
    found = [s for s in stops if any(s.group is group for group in question.stops(s.service, graph))]
    order = list(Criticality)
    return sorted(found, key=lambda s: order.index(s.service.criticality))


def _is_free(question: Question, service: ServiceRisk) -> bool:
    """Whether it depends on domains of the level and certainly survives each.

    Not all groups may be listed, and a place that is open on one level is open on those below it.
    """
    groups = service.risk_groups
    single = [group.domains[0] for group in groups if len(group.domains) == 1]
    complete = len(groups) == service.groups_total or len(groups) > len(single)
    decided = all(group.certain for group in groups if len(group.domains) == 1)
    depends = any(question.is_of(domain) for cut in service.cuts.low for domain in cut.domains)
    return complete and decided and depends and not any(question.is_of(domain) for domain in single)


def _not_decided(stop: Stop) -> Answer:
    last = stop.group.path[-1]
    told = _UNDECIDED.search(last.text)
    reason = told["reason"] if told else last.text
    return Answer(Unknown(f"whether {said(stop.domain)} stops {stop.service.name}: {reason}", last.span), (), last.span)


def _ways(stops: Iterable[Stop]) -> tuple[Related, ...]:
    """The steps from the services to the domain, but for the last, which is the place of the finding itself."""
    found: dict[Related, None] = {}
    for stop in list({s.service.name: s for s in stops}.values())[:_EXPLAINED]:
        before = stop.service.name
        for step in stop.group.path[:-1]:
            if step.span is not None:
                found[Related(step.span, f"{before} needs {step.name}", step.name)] = None
            before = step.name
    return tuple(found)


def said(domain: str) -> str:
    """A failure domain for people."""
    level = domain.partition(":")[0]
    if is_unnamed(domain):
        article = "an" if level[0] in "aeo" else "a"
        return f"{article} {level} that the files do not name"
    return domain


# -- custody ---------------------------------------------------------------------------------------

_GATEKEEPERS: Final = ("custodian", "owner", "account", "provider")


def locked(resource: Resource, graph: Graph) -> Value | Answer:
    """The custody items that one party alone can keep from being released and this resource ties to it, by name.

    A party that the holder of escrowed material needs not ask is none.
    """
    if resource.id not in graph.once(told_of):
        return ABSENT
    answers = [stopped(_gatekeeper(level), resource, graph) for level in _GATEKEEPERS]
    held = [a for a in answers if isinstance(a, Answer)]
    sure = [a for a in held if not isinstance(a.value, Unknown)]
    if sure:
        names = dict.fromkeys(name for a in sure for name in a.value)
        related = dict.fromkeys(r for a in sure for r in a.related)
        return Answer(list(names), tuple(related), sure[0].mark)
    if held:
        return held[0]
    free = any(is_named_custody(s) and not s.gatekeepers for s in graph.entered.get(resource.id, ()))
    return [] if free else ABSENT


def lockers(resource: Resource, graph: Graph) -> Value:
    """The parties that :func:`locked` speaks of."""
    found = [stopping(_gatekeeper(level), resource, graph) for level in _GATEKEEPERS]
    return [name for names in found for name in names]


def _gatekeeper(level: str) -> Question:
    return Question("party", level, is_named_custody, lambda service, domain, _: domain in service.gatekeepers)


_ABOUT: Final = "services that one {} stops, of which this resource is the tie to it"

_QUESTIONS: Final[Mapping[str, Question]] = {
    "zone": ZONE,
    "region": REGION,
    "far_region": FAR_REGION,
    "provider": PROVIDER,
    "account": ACCOUNT,
    "edge": EDGE,
    "registrar": REGISTRAR,
    "owner": OWNER,
}

FACTS: Final[Mapping[str, Fact]] = {
    **{
        f"stopped_by_{name}": Fact(partial(stopped, question), _ABOUT.format(question.about), only=told_of)
        for name, question in _QUESTIONS.items()
    },
    **{
        f"stopping_{name}": Fact(partial(stopping, question), f"the {question.about} that stops them")
        for name, question in _QUESTIONS.items()
    },
    "locked_items": Fact(locked, "custody items that one party alone can keep from being released", only=told_of),
    "locking_parties": Fact(lockers, "the parties that can"),
}
