"""What the reports say of services: how many failures each takes, the riskiest outage, the groups that matter most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from scanner.model.outage import LEVELS, RiskGroup, ServiceRisk
from scanner.model.report import Report
from scanner.model.service import Criticality

TOP_GROUPS: Final = 5
NAMES: Final = 12
"""So many services are named in one sentence; the rest is counted."""

PASSIVE: Final = frozenset(
    {
        *("other", "glue", "listener", "policy", "identity", "grant", "monitor", "security_group", "subnet", "route"),
        *("audit_log", "health_check", "account", "organization", "identity_provider", "billing_commitment"),
    }
)
"""Kinds that neither run nor keep anything of a service."""
_WEIGHTS: Final = {Criticality.CRITICAL: 8, Criticality.HIGH: 4, Criticality.MEDIUM: 2, Criticality.LOW: 1}


class Outage(Struct, frozen=True):
    """One domain that alone stops services, and which."""

    domain: str
    services: tuple[str, ...]
    total: int


def levels(services: Sequence[ServiceRisk]) -> tuple[str, ...]:
    """The levels at which some service can be stopped; those without any are left out of tables."""
    return tuple(level for level in LEVELS if any(service.coefficients[level] is not None for service in services))


def coefficient(service: ServiceRisk, level: str) -> str:
    """How many domains of a level it takes: ``1``, ``1-2`` where unknowns decide, ``-`` for more than three."""
    low, high = service.coefficients[level], service.coefficients_high[level]
    if low == high:
        return "-" if low is None else str(low)
    return f"{low}-{'more' if high is None else high}"


def riskiest(report: Report) -> Outage | None:
    """The single domain whose loss stops most, the most critical first; the smallest of several that stop the same."""
    stopped: dict[str, list[ServiceRisk]] = {}
    for service in report.services:
        for cut in service.cuts.high:
            if len(cut.domains) == 1:
                stopped.setdefault(cut.domains[0], []).append(service)
    if not stopped:
        return None
    domain = max(sorted(stopped), key=lambda name: (_weight(stopped[name]), -_reach(name)))
    return Outage(domain, tuple(service.name for service in stopped[domain]), len(report.services))


def _weight(services: Sequence[ServiceRisk]) -> int:
    return sum(_WEIGHTS[service.criticality] for service in services)


def _reach(domain: str) -> int:
    """How much a domain's failure takes with it beyond: of equal outages, the more likely smaller one is told."""
    order = ("zone", "owner", "custodian", "edge", "registrar", "account", "region", "cluster", "provider", "service")
    level = domain.partition(":")[0]
    return order.index(level) if level in order else len(order)


def top_groups(report: Report, most: int = TOP_GROUPS) -> list[tuple[ServiceRisk, RiskGroup]]:
    """The risk groups that matter most: small ones of critical services first, each domain set once."""
    found = [
        (len(group.domains), not group.certain, -_WEIGHTS[service.criticality], position, service, group)
        for service in report.services
        for position, group in enumerate(service.risk_groups)
        if not group.domains[0].startswith("service:")
    ]
    ordered = sorted(found, key=lambda item: (*item[:4], item[4].name))
    seen: set[tuple[str, ...]] = set()
    chosen = []
    for *_, service, group in ordered:
        if group.domains not in seen:
            seen.add(group.domains)
            chosen.append((service, group))
    return chosen[:most]


def also_stopped(report: Report, group: RiskGroup, but: ServiceRisk) -> list[str]:
    """The other services that the same group stops."""
    return [s.name for s in report.services if s is not but and any(g.domains == group.domains for g in s.risk_groups)]


def called(domain: str) -> str:
    """A domain as people read it: a place that the files do not name by its level and provider alone."""
    level, _, rest = domain.partition(":")
    provider, _, place = rest.partition("/")
    if not place.startswith("?"):
        return domain
    return f"{'an' if level[0] in 'aeo' else 'a'} {level} of {provider} that is not named"


def sentence(outage: Outage) -> str:
    """``region:aws/eu-west-1 alone stops 3 of 4 services and custody items: orders, …``."""
    number, names = len(outage.services), some(outage.services)
    return f"{called(outage.domain)} alone stops {number} of {outage.total} services and custody items: {names}"


def some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    rest = len(names) - NAMES
    return f"{', '.join(names[:NAMES])} and {rest} more" if rest > 0 else ", ".join(names)


def by_resource(report: Report) -> dict[str, list[str]]:
    """The services whose graph holds a resource, by its id."""
    found: dict[str, list[str]] = {}
    for service in report.services:
        for name in service.cone:
            found.setdefault(name, []).append(service.name)
    return found


def locks(report: Report) -> Iterator[str]:
    """Who alone can prevent the release of each custody item, and whose word stands against that."""
    for item in report.services:
        if item.kind == "custody" and item.gatekeepers:
            who = ", ".join(map(called, item.gatekeepers))
            each = f"each of {who}" if len(item.gatekeepers) > 1 else who
            yield f"{item.name}: {each} alone can refuse to release it"
        elif item.kind == "custody":
            yield f"{item.name}: nobody alone can refuse to release it"
        for word in item.attestations:
            yield f"{item.name}: {word}"


def missed_targets(report: Report) -> Iterator[str]:
    """The targets of the configuration that services miss."""
    policy = report.score.policy
    for missed in policy.missed if policy else ():
        sure = "" if missed.certain else ", unless what is unknown turns out well"
        wanted = f"{missed.wanted} {missed.level}s" if missed.wanted > 1 else f"{missed.wanted} {missed.level}"
        yield f"{missed.service} is to survive until {wanted} fail; {missed.found} is enough{sure}"


def uncovered(report: Report) -> list[str]:
    """The resources that run or store and are on no service's graph."""
    inside = {name for service in report.services for name in service.cone}
    return [
        resource.id
        for resource in report.resources
        if resource.id not in inside and resource.kind not in PASSIVE and resource.declaration.mode == "managed"
    ]


def rows(services: Sequence[ServiceRisk]) -> Iterator[tuple[str, ...]]:
    """Name, criticality and the coefficient at each of :func:`levels`, a row a service."""
    shown = levels(services)
    for service in services:
        kind = "custody" if service.kind == "custody" else service.criticality.value
        yield (service.name, kind, *(coefficient(service, level) for level in shown))
