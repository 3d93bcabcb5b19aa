"""Outages replayed: which services stop, which a person can bring back, what becomes of data, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from scanner.catalog.load import catalog
from scanner.model.domain import Domain, is_zone_id, parse, region_of_zone, region_of_zone_id
from scanner.model.outage import Cause, DataVerdict, Scenario, ServiceOutage, Verdict
from scanner.model.service import Criticality
from scanner.simulation.analysis import Analysis, levels_of
from scanner.simulation.context import STORES
from scanner.simulation.fault_graph import FaultGraph
from scanner.simulation.incidents import Incident
from scanner.simulation.services import Service
from scanner.simulation.sweep import outages

MOST_READINGS: Final = 64
"""So many ways to read one scenario are tried; more are cut off, and the answer says so."""

_READINGS: Final = (("by_hand", "undecided"), ("by_hand",), ("undecided",), ())
"""Automatic pessimistic, automatic optimistic, manual pessimistic, manual optimistic: the switches that have failed."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read a scenario: the events that fail, and what it assumes."""

    events: tuple[int, ...]
    assumption: str = ""


@dataclass(slots=True)
class Replay:
    """Runs scenarios on one fault graph."""

    faults: FaultGraph
    services: Sequence[Service]
    analysis: Analysis
    _by_key: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_key = {name.casefold(): name for name in self.faults.events}

    def run(self, name: str, down: Sequence[Domain], title: str = "", notes: Sequence[str] = ()) -> Scenario:
        """What becomes of every service when all of the domains are down at once."""
        choices = [self._readings(domain) for domain in down]
        unused = tuple(d.text for d, found in zip(down, choices, strict=True) if not any(r.events for r in found))
        return self._scenario(name, choices, tuple(d.text for d in down), title, unused, notes)

    def _scenario(
        self,
        name: str,
        choices: Sequence[Sequence[_Reading]],
        down: tuple[str, ...],
        title: str = "",
        unused: tuple[str, ...] = (),
        notes: Sequence[str] = (),
    ) -> Scenario:
        readings = [
            _Reading(
                tuple(dict.fromkeys(event for reading in combined for event in reading.events)),
                " and ".join(reading.assumption for reading in combined if reading.assumption),
            )
            for combined in list(product(*choices))[:MOST_READINGS]
        ]
        gates = self.faults.gates
        switches = {"by_hand": gates.by_hand, "undecided": gates.undecided}
        told = [(*r.events, *(switches[s] for s in failed)) for r in readings for failed in _READINGS]
        bits = outages(self.faults.structure, told)
        found = tuple(self._outage(service, bits, readings, told) for service in self.services)
        cut = [f"only the first {MOST_READINGS} ways to read it were tried"] if len(readings) == MOST_READINGS else []
        return Scenario(name, down, found, title, unused, (*notes, *cut))

    def incident(self, incident: Incident) -> list[Scenario]:
        """A recorded incident on this estate; where it hit one account of a provider, once for each account here."""
        down = [*incident.down, *incident.control]
        apart = [domain for domain in down if domain.is_pattern and domain.level == "account"]
        notes = [f"{incident.day or 'no date'}, {incident.duration or 'duration not told'}: {incident.cause}"]
        if not incident.down:
            notes.append("only changes failed; what ran went on")
        for domain in apart:
            accounts = [name for name in sorted(self.faults.events) if domain.matches(parse(name))]
            rest = [other for other in down if other != domain]
            if accounts:
                return [self.run(f"{incident.id} ({n})", [parse(n), *rest], incident.title, notes) for n in accounts]
        return [self.run(incident.id, down, incident.title, notes)]

    def every(self, levels: Iterable[str]) -> list[Scenario]:
        """Each domain of the levels down by itself, those that stop most and most critical first."""
        wanted = set(levels)
        names = [
            name for name in sorted(self.faults.events) if wanted & levels_of(name) and name not in self.faults.zonal
        ]
        scenarios = [self._alone(name) for name in names]
        return sorted(scenarios, key=lambda s: (tuple(-weight for weight in _weights(s)), s.id))

    def _alone(self, name: str) -> Scenario:
        return self._scenario(name, [[_Reading((self.faults.events[name],))]], (name,))

    # -- reading domains ---------------------------------------------------------------------------

    def _readings(self, domain: Domain) -> list[_Reading]:
        """The ways to read a domain on this estate; one, unless a place may be one of several."""
        events = self.faults.events
        exact = self._by_key.get(self._spelled(domain).casefold())
        if domain.level == "provider" and exact is None:
            exact = self._by_key.get(f"edge:{domain.provider}".casefold())
        if domain.level == "edge" and exact is None:
            exact = self._by_key.get(f"provider:{domain.name}".casefold())
        if domain.is_pattern:
            named = [name for name in events if domain.matches(parse(name))]
            return [_Reading((events[name],), f"it is {self._said(name)}") for name in sorted(named)] or [_Reading(())]
        if domain.level == "zone":
            return self._zone_readings(domain, exact)
        if exact is None and domain.level in ("region", "account"):
            family = f"{domain.level}:{domain.provider}"
            return self._maybe([n for n in self.faults.families.get(family, ()) if n in self.faults.unknown], domain)
        return [_Reading((events[exact],) if exact is not None else ())]

    def _spelled(self, domain: Domain) -> str:
        if domain.level == "zone" and domain.provider == "aws":
            return f"zone:aws/{self._names_of_ids().get(domain.place, domain.place)}"
        return domain.text

    def _names_of_ids(self) -> Mapping[str, str]:
        """Zone ids → the names that the configuration gives them."""
        return self.faults.zone_ids

    def _zone_readings(self, domain: Domain, exact: str | None) -> list[_Reading]:
        """A zone by its name; by its id, each zone of the region that it may be."""
        events = self.faults.events
        region = (
            region_of_zone_id(domain.place)
            if is_zone_id(domain.place)
            else region_of_zone(domain.provider, domain.place)
        )
        family = self.faults.families.get(f"zone:{domain.provider}/{region}", ())
        if exact is not None and not is_zone_id(domain.place):
            return [_Reading((events[exact],))]
        if domain.place in self._names_of_ids():  # also when nothing stands in the zone that the account calls so
            unnamed = [n for n in family if n in self.faults.unknown]
            return [_Reading((events[exact],))] if exact is not None else self._maybe(unnamed, domain)
        taken = set(self._names_of_ids().values())
        if is_zone_id(domain.place):
            others = [n for n in family if n != exact and not is_zone_id(_place(n)) and _place(n) not in taken]
        else:
            others = [n for n in family if n in self.faults.unknown]
        sure = (events[exact],) if exact is not None else ()
        named = [n for n in others if n not in self.faults.unknown]
        known = catalog().region(domain.provider, region or "")
        readings = [_Reading((*sure, events[n]), f"{self._said(n)} is {domain.place}") for n in others]
        if sure or not named or known is None or known.zones != len(named) + len(taken & {_place(n) for n in family}):
            readings.append(_Reading(sure, f"none of them is {domain.place}" if others else ""))
        return readings

    def _maybe(self, names: Sequence[str], domain: Domain) -> list[_Reading]:
        place = domain.place or domain.name
        readings = [_Reading((self.faults.events[n],), f"{self._said(n)} is {place}") for n in names]
        return [*readings, _Reading((), f"none of them is {place}" if readings else "")]

    def _said(self, name: str) -> str:
        """A domain in an assumption: your ap-northeast-1a; for one that is not named, what would tell it."""
        unknown = self.faults.unknown.get(name)
        place = _place(name)
        if unknown is None and not place.startswith("?"):
            return f"your {place}" if name.startswith("zone:") else name
        return f"the place not named ({unknown.reason})" if unknown is not None else f"the place of {place[1:]}"

    # -- verdicts ----------------------------------------------------------------------------------

    def _outage(
        self, service: Service, bits: Sequence[int], readings: Sequence[_Reading], told: Sequence[tuple[int, ...]]
    ) -> ServiceOutage:
        mask = bits[service.node]
        failed = [[bool(mask >> (index * 4 + kind) & 1) for kind in range(4)] for index in range(len(readings))]
        automatic = _combined([_verdict(row[0], row[1]) for row in failed])
        manual = _combined([_verdict(row[2], row[3]) for row in failed])
        data = self._data(service, bits, len(readings))
        worst = next(
            (i for i, row in enumerate(failed) if row[1]), next((i for i, row in enumerate(failed) if row[0]), None)
        )
        if worst is None:
            return ServiceOutage(service.name, service.kind, service.criticality, automatic, manual, data)
        kind = 1 if failed[worst][1] else 0
        path = self.analysis.path(service, told[worst * 4 + kind])
        return ServiceOutage(
            service.name,
            service.kind,
            service.criticality,
            automatic,
            manual,
            data,
            self._because(service, readings[worst], bits, worst, kind),
            path,
            self._condition(failed, readings),
            self._remedies(service, manual, automatic),
        )

    def _condition(self, failed: Sequence[Sequence[bool]], readings: Sequence[_Reading]) -> str:
        """On what a verdict depends: which zone is meant, or what the files do not decide."""
        if len(readings) > 1:
            when = [reading.assumption for reading, row in zip(readings, failed, strict=True) if row[0]]
            return f"if {' or if '.join(when)}" if len(when) < len(readings) else ""
        return ""

    def _because(
        self, service: Service, reading: _Reading, bits: Sequence[int], index: int, kind: int
    ) -> tuple[Cause, ...]:
        """The resources of the service that stand in what failed, each with the place that puts it there."""
        faults = self.faults
        ids = {node: name for name, node in faults.events.items()}
        names = [ids[event] for event in reading.events]
        below = self.analysis.below(service.node)
        bit = 1 << (index * 4 + kind)
        causes: dict[str, Cause] = {}
        for resource, nodes in faults.standing.items():
            if faults.own.get(resource, faults.nodes[resource]) not in below:
                continue
            hit = next((node for node in nodes if bits[node] & bit), None)
            if hit is not None:
                domain = self._failed_domain(hit, names)
                causes[resource] = Cause(resource, domain, self.analysis.placed(resource, hit, domain))
        ordered = sorted(causes.values(), key=lambda c: (c.resource not in service.entry, c.resource))
        return tuple(ordered)

    def _failed_domain(self, node: int, names: Sequence[str]) -> str:
        """Which of the failed domains reaches a place's node."""
        below = self.analysis.below(node)
        return next((name for name in names if self.faults.events[name] in below), "")

    def _data(self, service: Service, bits: Sequence[int], count: int) -> DataVerdict:
        """Whether every store of the service, or a copy of it, survives."""
        below = self.analysis.below(service.node)
        found: list[DataVerdict] = []
        for resource in self._stores(service, below):
            node = self.faults.survives[resource]
            for index in range(count):
                worst, best = bits[node] >> (index * 4 + 2) & 1, bits[node] >> (index * 4 + 3) & 1
                if resource in service.entry:  # of several entries those that are left may be enough
                    worst &= bits[service.node] >> (index * 4 + 2)
                    best &= bits[service.node] >> (index * 4 + 3)
                found.append(DataVerdict.LOST if best else DataVerdict.UNKNOWN if worst else DataVerdict.SAFE)
        if all(verdict is DataVerdict.SAFE for verdict in found):
            return DataVerdict.SAFE
        if DataVerdict.LOST in found:
            certain = count == 1 or self._lost_always(service, bits, count)
            return DataVerdict.LOST if certain else DataVerdict.UNKNOWN
        return DataVerdict.UNKNOWN

    def _lost_always(self, service: Service, bits: Sequence[int], count: int) -> bool:
        stores = [self.faults.survives[name] for name in self._stores(service, self.analysis.below(service.node))]
        return all(any(bits[node] >> (index * 4 + 3) & 1 for node in stores) for index in range(count))

    def _stores(self, service: Service, below: frozenset[int]) -> list[str]:
        """What keeps data for a service: stores on its graph, those that a failover group on it names, and vaults."""
        graph, nodes = self.faults.graph, self.faults.nodes
        named = {
            edge.target
            for job in graph.of_kind("replication")
            if nodes[job.id] in below
            for edge in graph.outgoing.get(job.id, ())
        }
        kept = STORES - {"cache", "queue"}
        found = [r for r in self.faults.survives if graph.resources[r].kind in kept]
        return [
            *(r for r in found if nodes[r] in below or r in named),
            *(r for r in service.entry if graph.resources[r].kind == "backup_vault"),
        ]

    def _remedies(self, service: Service, manual: Verdict, automatic: Verdict) -> tuple[str, ...]:
        if automatic is Verdict.UP:
            return ()
        if manual is Verdict.UP:
            return (*service.attested, "a person can bring it back: promote a replica, restore, or change the name")
        return ()


def _weights(scenario: Scenario) -> tuple[int, ...]:
    """How many services of each criticality go down, the most critical first; then those that people can bring back."""
    order = list(Criticality)
    stopped = [s for s in scenario.services if s.automatic is not Verdict.UP]
    lasting = [sum(s.criticality is c and s.manual is not Verdict.UP for s in stopped) for c in order]
    return (*lasting, *(sum(s.criticality is c for s in stopped) for c in order))


def _verdict(worst: bool, best: bool) -> Verdict:
    return Verdict.DOWN if best else Verdict.UNKNOWN if worst else Verdict.UP


def _combined(verdicts: Iterable[Verdict]) -> Verdict:
    found = set(verdicts)
    return found.pop() if len(found) == 1 else Verdict.UNKNOWN


def _parsed(name: str) -> Domain:
    return parse(name)


def _place(name: str) -> str:
    return name.partition("/")[2]
