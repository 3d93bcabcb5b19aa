"""What is left when a domain fails: the levers to switch, the copies of data, a start from nothing, other services."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Final

from scanner.catalog.load import catalog
from scanner.facts.elsewhere import copies
from scanner.facts.estate import RECORDS, RUNNERS
from scanner.facts.fact import Answer, Fact
from scanner.facts.relations import same_account, same_region
from scanner.facts.selections import in_plan
from scanner.facts.services import ZONE, is_named, is_unnamed, is_watched, said
from scanner.facts.value_bearing import is_value_bearing, own_words
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.outage import Loss, RiskGroup, ServiceRisk, Step
from scanner.model.resource import Resource, Scope
from scanner.model.value import ABSENT, Truth, Unknown, Value, either

_STORES: Final = ("database", "file_store", "search")
"""Kinds of records; of buckets, replication rules are asked about accounts and regions."""

# -- levers ----------------------------------------------------------------------------------------

_LEVERS: Final = ("dns_record", "cdn", "global_balancer")


def lever_lost(resource: Resource, graph: Graph) -> Value | Answer:
    """The services that people could bring back by changing this name or balancer, but for one region, by name.

    That region holds the control plane which would make the change. Absent where the provider says no home region, and
    for services that need no hand to survive a region, or that no hand brings back.
    """
    home = _home(resource)
    if home is None:
        return ABSENT
    found: list[tuple[ServiceRisk, RiskGroup]] = []
    helped = False
    for service in graph.services:
        if is_named(service) and resource.id in service.cone:
            regions = [g for g in service.risk_groups if len(g.domains) == 1 and g.domains[0].startswith("region:")]
            by_hand = any(group.recoverable and group.domains[0] != home for group in regions)
            helped = helped or by_hand
            found += [(service, group) for group in regions if by_hand and group.domains[0] == home]
    lost = [(service, group) for service, group in found if not group.recoverable]
    sure = [(service, group) for service, group in lost if group.certain]
    if lost and not sure:
        return Unknown(f"whether {home} stops {lost[0][0].name} is not decided", resource.span)
    related = [Related(g.path[-1].span, f"{s.name} stops with {home}", s.entry[0]) for s, g in sure if g.path[-1].span]
    if sure:
        return Answer([service.name for service, _ in sure], tuple(dict.fromkeys(related)))
    return [] if helped else ABSENT


def lever_home(resource: Resource, _graph: Graph) -> Value:
    """The region through which a name or global balancer is changed."""
    return _home(resource) or ABSENT


def _home(resource: Resource) -> str | None:
    provider = resource.placement.provider
    if resource.placement.scope is not Scope.GLOBAL:
        return None
    home = catalog().home(provider, catalog().service(provider, resource.type))
    return None if home is None else f"region:{provider}/{home}"


# -- copies ----------------------------------------------------------------------------------------


def lost_with(level: str, resource: Resource, graph: Graph) -> Value | Answer:
    """The services that stop with a domain of the level which also takes this store of theirs and every copy, by name.

    Absent for stores that no named service needs, for replicas, and for stores that have no copy at all: other rules
    ask for one. Of accounts, absent for what a backup plan covers: the plan is asked. Of regions, only stores with a
    copy elsewhere are asked.
    """
    needing = [s for s in graph.services if is_named(s) and resource.id in s.cone]
    if not needing or resource.get("replica_of") is not ABSENT or not _has_copies(level, resource, graph):
        return ABSENT
    lost = _lost(level, resource, graph)
    stopped = [s for s in needing if any(_stops(loss, s) for loss in lost)]
    if not stopped:
        return ABSENT if lost else []
    if not any(loss.certain for loss in lost):
        reason = f"whether a copy of {resource.id} survives {said(lost[0].domain)} is not in the files"
        return Unknown(reason, resource.span)
    return Answer([service.name for service in stopped], _needed_by(stopped))


def taking(level: str, resource: Resource, graph: Graph) -> Value:
    """The domains that :func:`lost_with` speaks of."""
    return [said(loss.domain) for loss in _lost(level, resource, graph) if loss.certain]


def _lost(level: str, resource: Resource, graph: Graph) -> list[Loss]:
    return [loss for loss in graph.losses.get(resource.id, ()) if loss.domain.startswith(f"{level}:")]


def _stops(loss: Loss, service: ServiceRisk) -> bool:
    return any(group.domains == (loss.domain,) and group.certain for group in service.risk_groups)


def _has_copies(level: str, resource: Resource, graph: Graph) -> bool:
    plans = [plan for plan in graph.of_kind("backup_plan") if in_plan(resource, plan, graph) is not False]
    found = list(copies(resource, graph))
    if level == "account":
        return not plans and (resource.get("backup_enabled") is True or any(c.elsewhere is True for c in found))
    vaults = [v for plan in plans for name in ("vault", "copy_targets") for v in graph.targets(plan, name)]
    return any(copy.elsewhere is True for copy in found) or any(same_region(resource, v) is False for v in vaults)


def _needed_by(services: list[ServiceRisk]) -> tuple[Related, ...]:
    return tuple(Related(s.span, f"{s.name} needs it", s.entry[0]) for s in services if s.span is not None)


# -- custody ---------------------------------------------------------------------------------------

_COPY_WORDS: Final = re.compile(
    r"(?<![a-z])(?:backups?|escrow(?:ed)?|recovery|shares?|shards?|break[-_ ]?glass)(?![a-z])"
)
"""Words of names that say that something is kept for the day on which the signer is gone."""

_KEEPERS: Final = ("secret", "object_store", "backup_vault")


def beside_signers(resource: Resource, graph: Graph) -> Value | Answer:
    """The signers of the account in which a backup or share of a wallet's key is kept, by id.

    Absent for what its names do not call a backup of something that holds funds, and where no signer is in the files.
    """
    if not _COPY_WORDS.search(own_words(resource)) or is_value_bearing(resource) is not True:
        return ABSENT
    items = [service for service in graph.services if service.kind == "custody"]
    names = dict.fromkeys(entry for item in items for entry in item.entry if entry != resource.id)
    signers = [graph.resources[name] for name in names if name in graph.resources]
    found: list[tuple[Resource, Truth]] = [(signer, same_account(resource, signer)) for signer in signers]
    together = [signer for signer, shared in found if shared is True]
    if not signers:
        return ABSENT
    if not together:
        shared = either(truth for _, truth in found)
        return shared if isinstance(shared, Unknown) else []
    related = tuple(Related(signer.span, f"{signer.id} signs in the same account", signer.id) for signer in together)
    return Answer([signer.id for signer in together], related)


# -- the whole -------------------------------------------------------------------------------------

STARTING: Final = frozenset({*RUNNERS, *RECORDS, "secret_manager", "directory", "identity_provider"})
"""Kinds that wait for what they need when they start; a front, its name and its address do not."""


def cold_start(_estate: Resource, graph: Graph) -> Value | Answer:
    """What would wait for each other if all of it had to start from nothing, by id; absent without services."""
    watched = [service for service in graph.services if is_watched(service)]
    if not watched:
        return ABSENT
    circles = _joined([service.cold_start for service in watched])
    starting = ([graph.resources[n] for n in sorted(names) if n in graph.resources] for names in circles)
    found = sorted(
        ([r for r in circle if r.kind in STARTING] for circle in starting), key=lambda c: (-len(c), [r.id for r in c])
    )
    if not found or len(found[0]) < 2:
        return []
    first, *others = found
    related = [Related(r.span, f"{r.id} waits too", r.id) for r in first[1:]]
    related += [Related(r.span, f"{r.id} waits in another circle", r.id) for c in others if len(c) > 1 for r in c]
    return Answer([r.id for r in first], tuple(related), first[0].span)


def _joined(circles: Iterable[Collection[str]]) -> list[set[str]]:
    """The circles of all services; those that have a member in common are one."""
    found: list[set[str]] = []
    for circle in circles:
        apart = [each for each in found if each.isdisjoint(circle)]
        found = [*apart, set(circle).union(*(each for each in found if not each.isdisjoint(circle)))]
    return found


_FEWEST: Final = 3
"""Of fewer services, what stops most of them is what stops one."""


def zone_of_most(_estate: Resource, graph: Graph) -> Value | Answer:
    """The services that one zone stops, if these are more than half of all that matter; absent for fewer than three."""
    watched = [service for service in graph.services if is_watched(service)]
    if len(watched) < _FEWEST:
        return ABSENT
    _, widest = _widest(watched, graph, certain=True)
    ways = list(widest.values())
    if 2 * len(widest) > len(watched):
        related = [Related(way[-2].span, f"{way[-2].name} stands there", way[-2].name) for way in ways if way[-2].span]
        return Answer(list(widest), tuple(dict.fromkeys(related)), ways[0][-1].span)
    _, widest = _widest(watched, graph, certain=False)
    if 2 * len(widest) > len(watched):
        last = list(widest.values())[-1][-1].span
        names, more = list(widest)[:_NAMED], len(widest) - _NAMED
        listed = f"{', '.join(names)}{f' and {more} more' if more > 0 else ''}"
        return Answer(Unknown(f"whether one zone stops {listed}", last), (), last)
    return []


def widest_zone(_estate: Resource, graph: Graph) -> Value:
    """The zone that stops most services."""
    zone, _ = _widest([service for service in graph.services if is_watched(service)], graph, certain=True)
    return said(zone) if zone else ABSENT


def _widest(services: list[ServiceRisk], graph: Graph, *, certain: bool) -> tuple[str, Mapping[str, tuple[Step, ...]]]:
    """The zone that stops most services, and the way of each of these to it; without ``certain``, the one that may."""
    zones: dict[str, dict[str, tuple[Step, ...]]] = {}
    for service in services:
        for group in ZONE.stops(service, graph):
            if len(group.path) > 1 and (group.certain or not certain):
                zones.setdefault(group.domains[0], {}).setdefault(service.name, group.path)
    if not certain:  # a zone that the files do not name may be any
        unnamed = [held for zone, held in zones.items() if is_unnamed(zone)]
        for held in zones.values():
            for other in unnamed:
                held.update({name: path for name, path in other.items() if name not in held})
    zone = max(zones, key=lambda name: len(zones[name]), default="")
    return zone, zones.get(zone, {})


_NAMED: Final = 3
"""Services that a reason lists by name."""

_ESTATE: Final = ("estate",)

FACTS: Final[Mapping[str, Fact]] = {
    "lever_lost": Fact(
        lever_lost, "services that only a change of it would bring back, and one region prevents", _LEVERS
    ),
    "lever_home": Fact(lever_home, "the region through which it is changed", _LEVERS),
    "lost_with_account": Fact(
        partial(lost_with, "account"), "services whose data an account takes with all copies", _STORES
    ),
    "lost_with_region": Fact(
        partial(lost_with, "region"), "services whose data a region takes with all copies", _STORES
    ),
    "taking_account": Fact(partial(taking, "account"), "the account that takes it with all copies", _STORES),
    "taking_region": Fact(partial(taking, "region"), "the region that takes it with all copies", _STORES),
    "beside_signers": Fact(beside_signers, "the signers in the account of what is kept for their loss", _KEEPERS),
    "cold_start": Fact(cold_start, "what waits for each other when all of it has to start", _ESTATE),
    "zone_of_most": Fact(zone_of_most, "the services that one zone stops, if they are most", _ESTATE),
    "widest_zone": Fact(widest_zone, "the zone that stops most services", _ESTATE),
}
