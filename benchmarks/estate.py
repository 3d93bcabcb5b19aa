"""Generated fault structures: estates of services, and fat-tree networks. Each seed gives one structure, everywhere.

An estate's events are providers, regions, zones, accounts and third parties; a zone fails with its region, a region
with its provider. A service is one stack in a region (82 %), two in two regions (15 %) or at two providers (3 %). A
stack is a network, a key, two groups of one to three machines in as many zones, of which one, or two of three, must
run, and resources that need each other. Services call services of the tier below them, one call in five with a
fallback. Regions, accounts, third parties and callees are chosen by a power law, so that few carry much. In cyclic
estates some services also call a caller of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from scanner.simulation.structure import Structure, StructureBuilder

NODES_PER_SERVICE = 80
TIERS = 4


@dataclass(frozen=True, slots=True)
class Estate:
    """A structure, its events, and the nodes that stand for services."""

    structure: Structure
    events: Sequence[int]
    services: Sequence[int]


def estate(nodes: int, domains: int, seed: int = 1, loops: int = 0) -> Estate:
    """About ``nodes`` nodes over exactly ``domains`` events. ``loops`` services call a caller of theirs."""
    return _Estate(nodes, domains, Random(seed)).make(loops)  # noqa: S311 -- a workload, not a secret


def companies(number: int, nodes: int, domains: int, seed: int = 1) -> Estate:
    """So many estates of ``nodes`` nodes each, on the same events: services call only those of their own estate.

    The answer for each service is then as large as in one estate alone, however many there are.
    """
    made = _Estate(nodes, domains, Random(seed))  # noqa: S311 -- a workload, not a secret
    services = [service for _ in range(number) for service in made.services(0)]
    return Estate(made.builder.build(), made.events, services)


class _Estate:
    def __init__(self, nodes: int, domains: int, random: Random) -> None:
        self.random = random
        self.builder = StructureBuilder()
        self.number = max(TIERS, nodes // NODES_PER_SERVICE)
        regions = max(2, domains * 9 // 100)
        providers = max(2, regions // 8)
        accounts = domains // 5
        self.events: list[int] = []
        self.providers = [self.event() for _ in range(providers)]
        # (region, its zones), by provider in turn.
        self.regions: list[tuple[int, list[int]]] = []
        for i in range(regions):
            region = self.within(self.providers[i % providers])
            self.regions.append((region, [self.within(region) for _ in range(3)]))
        self.accounts = [self.within(self.providers[i % providers]) for i in range(accounts)]
        self.third_parties = [self.event() for _ in range(domains - len(self.events))]

    def make(self, loops: int) -> Estate:
        """The structure with all services."""
        services = self.services(loops)
        return Estate(self.builder.build(), self.events, services)

    def services(self, loops: int) -> list[int]:
        """All services, the lowest tier first."""
        below: list[int] = []
        services: list[int] = []
        parts: dict[int, list[int]] = {}
        callees: dict[int, list[int]] = {}
        for tier in range(TIERS):
            current = []
            for _ in range(self.number * (TIERS - tier) // 10):
                called: list[int] = []
                children = [self.stacks(), *self.calls(below, called)]
                service = self.builder.add(1, children)
                current.append(service)
                parts[service], callees[service] = children, called
            below = current
            services += current
        callers = [service for service in services if callees[service]]
        for _ in range(loops):
            service = caller = self.random.choice(callers)
            while callees[service] and (service == caller or self.random.random() < 0.5):
                service = self.random.choice(callees[service])
            parts[service].append(caller)
            self.builder.set(service, 1, parts[service])
        return services

    def event(self) -> int:
        """A new event."""
        self.events.append(self.builder.leaf())
        return self.events[-1]

    def within(self, parent: int) -> int:
        """A new domain that also fails with its parent."""
        return self.builder.add(1, [self.event(), parent])

    def pick(self, among: Sequence[int]) -> int:
        """One of them, early ones far more often."""
        return among[int(len(among) * self.random.random() ** 3)]

    def calls(self, below: Sequence[int], called: list[int]) -> list[int]:
        """What a service needs of the tier below; the services themselves are added to ``called``."""
        gates: list[int] = []
        for _ in range(self.random.randrange(4) if below else 0):
            callees = {self.pick(below), self.pick(below)} if self.random.random() < 0.2 else {self.pick(below)}
            called += sorted(callees)
            gates.append(self.builder.add(len(callees), sorted(callees)))
        return gates

    def stacks(self) -> int:
        """A service's own resources, in as many places as it has."""
        kind = self.random.random()
        place = int(len(self.regions) * self.random.random() ** 3)
        if kind < 0.82:
            return self.stack(place, 60)
        # Neighbours are of different providers, regions a whole round apart are of one.
        other = place + (1 if kind > 0.97 else len(self.providers))
        return self.builder.add(2, [self.stack(place, 20), self.stack(other % len(self.regions), 20)])

    def stack(self, place: int, resources: int) -> int:
        """A service's resources in one region."""
        add, random = self.builder.add, self.random
        region, zones = self.regions[place]
        account = self.pick(self.accounts)
        network = add(1, [region, account])
        key = add(1, [region, account])
        balancer = add(1, [network, self.pick(self.third_parties)])
        parts = [balancer, key, self.group(zones, network, key), self.group(zones, network, key)]
        parts += [add(1, [self.pick(self.third_parties), region]) for _ in range(random.randrange(3))]
        for _ in range(resources):
            parts.append(add(1, [random.choice(parts), random.choice((network, key, region))]))
        return add(1, parts)

    def group(self, zones: Sequence[int], network: int, key: int) -> int:
        """Machines with volumes: alone, two of which one must run, or three of which two (or one) must."""
        count = self.random.choice((1, 2, 2, 3, 3, 3))
        machines = []
        for zone in self.random.sample(zones, count):
            volume = self.builder.add(1, [zone, key])
            machines.append(self.builder.add(1, [zone, network, volume]))
        return self.builder.add(self.random.choice((2, 3)) if count == 3 else count, machines)


def fat_tree(ports: int, services: int, seed: int = 1) -> Estate:
    """A three-level fat tree of switches with ``ports`` ports, and its servers: ports³/4 + 5·ports²/4 devices.

    A server is lost with its edge switch, or when no way to a core switch is left. A service is lost with all of its
    two or three servers, which are chosen at random.
    """
    builder, random, half = StructureBuilder(), Random(seed), ports // 2  # noqa: S311 -- a workload, not a secret
    events: list[int] = []

    def device() -> int:
        events.append(builder.leaf())
        return events[-1]

    groups = [builder.add(half, [device() for _ in range(half)]) for _ in range(half)]
    servers = []
    for _ in range(ports):
        uplinks = builder.add(half, [builder.add(1, [device(), cores]) for cores in groups])
        for _ in range(half):
            edge = builder.add(1, [device(), uplinks])
            servers += [builder.add(1, [device(), edge]) for _ in range(half)]
    tops = []
    for _ in range(services):
        replicas = random.sample(servers, random.choice((2, 3)))
        tops.append(builder.add(len(replicas), replicas))
    return Estate(builder.build(), events, tops)
