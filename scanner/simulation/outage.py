"""Outages replayed: which services stop, which a person can bring back, what becomes of data, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, product
from math import prod
from typing import Final

from msgspec import Struct

from scanner.model.domain import Domain
from scanner.model.outage import (
    LEVELS,
    Cause,
    DataVerdict,
    Effect,
    Outages,
    Recorded,
    Scenario,
    ServiceOutage,
    Verdict,
)
from scanner.model.service import Criticality
from scanner.simulation.analysis import Analysis, levels_of
from scanner.simulation.context import STORES
from scanner.simulation.fault_graph import FaultGraph
from scanner.simulation.incidents import SCENARIO, Incident
from scanner.simulation.readings import Reading, Readings, meaningless
from scanner.simulation.services import Service
from scanner.simulation.sweep import outages

SHOWN_STEPS: Final = 5
MOST_STEPS: Final = 200
"""So many resources are looked at to find what a person has to do."""

_ACTIONS: Final[Mapping[str, str]] = {
    "database": "promote or restore",
    "object_store": "point callers to the copy of, or restore,",
    "file_store": "restore",
    "volume": "restore",
    "search": "restore",
    "queue": "restore",
    "cache": "promote a replica of",
    "secret": "point callers to a replica of",
    "key": "point callers to a replica of",
    "dns_record": "edit the name",
    "certificate": "replace",
}
"""What a person does about a resource of a kind."""

MOST_READINGS: Final = 64
"""So many ways to read one scenario are tried; more are cut off, and the answer says so."""

_READINGS: Final = (("by_hand", "undecided"), ("by_hand",), ("undecided",), ())
"""Automatic pessimistic, automatic optimistic, manual pessimistic, manual optimistic: the switches that have failed."""


_ANY_LEVEL: Final = (*LEVELS, "control", "registrar", "ca", "node-group")

_KEEPING: Final = STORES - {"cache", "queue"}
"""Kinds whose data is missed when it is gone."""


class _Inside(Struct, frozen=True):
    """What of places and stores one service depends on: resources with their places, and the nodes of its data."""

    standing: tuple[tuple[str, tuple[int, ...]], ...]
    stores: tuple[tuple[int, bool], ...]


class _Swept(Struct, frozen=True):
    """Failures of all nodes, four bits a reading; those of one scenario's readings begin at ``first``."""

    bits: Sequence[int]
    first: int

    def failed(self, node: int, reading: int, kind: int) -> bool:
        """Whether a node fails in a scenario's reading, with the switches ``_READINGS[kind]``."""
        return bool(self.bits[node] >> ((self.first + reading) * len(_READINGS) + kind) & 1)


class _Answer(Struct, frozen=True):
    """A scenario with the failures of all nodes that it was made of."""

    scenario: Scenario
    swept: _Swept
    readings: int


@dataclass
class Replay:
    """Runs scenarios on one fault graph."""

    faults: FaultGraph
    services: Sequence[Service]
    analysis: Analysis
    _names: dict[int, str] = field(default_factory=dict)
    _resources: dict[int, str] = field(default_factory=dict)
    _inside: dict[int, _Inside] = field(default_factory=dict)
    _standing: dict[int, list[tuple[str, tuple[int, ...]]]] = field(default_factory=dict)
    _keeping: dict[int, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._domains = Readings(self.faults)
        self._names = {event: name for name, event in self.faults.events.items()}
        self._resources = {node: name for name, node in self.faults.nodes.items()}
        faults = self.faults
        for resource, nodes in faults.standing.items():
            self._standing.setdefault(faults.own.get(resource, faults.nodes[resource]), []).append((resource, nodes))
        for resource, node in faults.survives.items():
            if faults.graph.resources[resource].kind in _KEEPING:
                self._keeping.setdefault(faults.nodes[resource], []).append(node)

    def run(self, name: str, down: Sequence[Domain], title: str = "", notes: Sequence[str] = ()) -> Scenario:
        """What becomes of every service when all of the domains are down at once."""
        choices = [self._domains.of(domain) for domain in down]
        told = tuple(d.text for d in down)
        return self._answer(name, choices, told, title, meaningless(down, choices), notes).scenario

    def outages(self, incidents: Iterable[Incident] = ()) -> Outages:
        """What each failure domain does by itself, and what those incidents do that touch the estate."""
        told = sorted(incidents, key=lambda incident: (incident.start, incident.id))
        replayed = [(answer, incident.day) for incident in told for answer in self._incident(incident)]
        return Outages(
            tuple(map(self._effect, self._every(_ANY_LEVEL))),
            tuple(self._effect(a, day) for a, day in replayed if len(a.scenario.unused) < len(a.scenario.down)),
            tuple(_recorded(incident) for incident in told if incident.status != SCENARIO),
        )

    def _effect(self, answer: _Answer, day: str = "") -> Effect:
        """What a scenario does to every resource."""
        verdicts = {
            resource: [
                _combined(
                    [
                        _verdict(*(answer.swept.failed(node, index, kind + more) for more in (0, 1)))
                        for index in range(answer.readings)
                    ]
                )
                for kind in (0, 2)
            ]
            for resource, node in self.faults.nodes.items()
        }

        def those(*automatic: Verdict) -> list[str]:
            return sorted(resource for resource, (found, _) in verdicts.items() if found in automatic)

        return Effect(
            answer.scenario,
            tuple(sorted(r for r, nodes in self.faults.standing.items() if self._stands(nodes, answer))),
            tuple(those(Verdict.DOWN)),
            tuple(those(Verdict.UNKNOWN)),
            tuple(r for r in those(Verdict.DOWN, Verdict.UNKNOWN) if verdicts[r][1] is Verdict.UP),
            day,
        )

    def _stands(self, nodes: Sequence[int], answer: _Answer) -> bool:
        return any(answer.swept.failed(node, index, 0) for node in nodes for index in range(answer.readings))

    def _answer(
        self,
        name: str,
        choices: Sequence[Sequence[Reading]],
        down: tuple[str, ...],
        title: str = "",
        unused: tuple[str, ...] = (),
        notes: Sequence[str] = (),
    ) -> _Answer:
        readings = [
            Reading(
                tuple(dict.fromkeys(event for reading in combined for event in reading.events)),
                " and ".join(reading.assumption for reading in combined if reading.assumption),
            )
            for combined in islice(product(*choices), MOST_READINGS)
        ]
        swept = self._swept(readings)
        found = tuple(self._outage(service, swept, readings) for service in self.services)
        more = prod(map(len, choices)) > MOST_READINGS
        cut = [f"only the first {MOST_READINGS} ways to read it were tried"] if more else []
        return _Answer(Scenario(name, down, found, title, unused, (*notes, *cut)), swept, len(readings))

    def _swept(self, readings: Sequence[Reading]) -> _Swept:
        told = [self._told(reading, kind) for reading in readings for kind in range(len(_READINGS))]
        return _Swept(outages(self.faults.structure, told), 0)

    def _told(self, reading: Reading, kind: int) -> tuple[int, ...]:
        gates = self.faults.gates
        switches = {"by_hand": gates.by_hand, "undecided": gates.undecided}
        return (*reading.events, *(switches[name] for name in _READINGS[kind]))

    def incident(self, incident: Incident) -> list[Scenario]:
        """A recorded incident on this estate; where it hit one account of a provider, once for each account here."""
        return [answer.scenario for answer in self._incident(incident)]

    def _incident(self, incident: Incident) -> list[_Answer]:
        down = [*incident.down, *incident.control]
        apart = [domain for domain in down if domain.is_pattern and domain.level == "account"]
        notes = [f"{incident.day or 'no date'}, {incident.duration or 'duration not told'}: {incident.cause}"]
        if not incident.down:
            notes.append("only changes failed; what ran went on")
        for domain in apart:
            accounts = self._domains.matched(domain)
            rest = [self._domains.of(other) for other in down if other != domain]
            told = tuple(other.text for other in down if other != domain)
            if accounts:
                return [
                    self._answer(
                        f"{incident.id} ({name})",
                        [[Reading((self.faults.events[name],))], *rest],
                        (name, *told),
                        incident.title,
                        meaningless([other for other in down if other != domain], rest),
                        notes,
                    )
                    for name in accounts
                ]
        choices = [self._domains.of(domain) for domain in down]
        told = tuple(domain.text for domain in down)
        return [self._answer(incident.id, choices, told, incident.title, meaningless(down, choices), notes)]

    def every(self, levels: Iterable[str]) -> list[Scenario]:
        """Each domain of the levels down by itself, those that stop most and most critical first."""
        return [answer.scenario for answer in self._every(levels)]

    def _every(self, levels: Iterable[str]) -> list[_Answer]:
        wanted = set(levels)
        names = [
            name for name in sorted(self.faults.events) if wanted & levels_of(name) and name not in self.faults.zonal
        ]
        readings = [Reading((self.faults.events[name],)) for name in names]
        bits = self._swept(readings).bits
        answers = [
            _Answer(self._single(name, reading, _Swept(bits, at)), _Swept(bits, at), 1)
            for at, (name, reading) in enumerate(zip(names, readings, strict=True))
        ]
        return sorted(answers, key=lambda a: (tuple(-weight for weight in _weights(a.scenario)), a.scenario.id))

    def _single(self, name: str, reading: Reading, swept: _Swept) -> Scenario:
        return Scenario(name, (name,), tuple(self._outage(service, swept, [reading]) for service in self.services))

    # -- verdicts ----------------------------------------------------------------------------------

    def _outage(self, service: Service, swept: _Swept, readings: Sequence[Reading]) -> ServiceOutage:
        kinds, count = range(len(_READINGS)), len(readings)
        failed = [[swept.failed(service.node, index, kind) for kind in kinds] for index in range(count)]
        automatic = _combined([_verdict(row[0], row[1]) for row in failed])
        manual = _combined([_verdict(row[2], row[3]) for row in failed])
        data = self._data(service, swept, count)
        worst = next(
            (i for i, row in enumerate(failed) if row[1]), next((i for i, row in enumerate(failed) if row[0]), None)
        )
        if worst is None:
            return ServiceOutage(service.name, service.kind, service.criticality, automatic, manual, data)
        kind = 1 if failed[worst][1] else 0
        path = self.analysis.path(service, self._told(readings[worst], kind))
        return ServiceOutage(
            service.name,
            service.kind,
            service.criticality,
            automatic,
            manual,
            data,
            self._because(service, readings[worst], swept, worst, kind),
            path,
            self._condition(failed, readings),
            self._remedies(service, manual, swept, (worst, kind), self._told(readings[worst], kind + 2)),
            self._lost(service, swept, worst, kind + 2),
        )

    def _condition(self, failed: Sequence[Sequence[bool]], readings: Sequence[Reading]) -> str:
        """On what a verdict depends: which zone is meant, or what the files do not decide."""
        if len(readings) > 1:
            when = [reading.assumption for reading, row in zip(readings, failed, strict=True) if row[0]]
            return f"if {' or if '.join(when)}" if len(when) < len(readings) else ""
        return ""

    def _because(self, service: Service, reading: Reading, swept: _Swept, index: int, kind: int) -> tuple[Cause, ...]:
        """The resources of the service that stand in what failed, each with the place that puts it there."""
        names = [self._names[event] for event in reading.events]
        causes: dict[str, Cause] = {}
        for resource, nodes in self._inside_of(service).standing:
            hit = next((node for node in nodes if swept.failed(node, index, kind)), None)
            if hit is not None:
                domain = self._failed_domain(hit, names)
                causes[resource] = Cause(resource, domain, self.analysis.placed(resource, hit, domain))
        ordered = sorted(causes.values(), key=lambda c: (c.resource not in service.entry, c.resource))
        return tuple(ordered)

    def _failed_domain(self, node: int, names: Sequence[str]) -> str:
        """Which of the failed domains reaches a place's node."""
        below = self.analysis.below(node)
        return next((name for name in names if self.faults.events[name] in below), "")

    def _data(self, service: Service, swept: _Swept, count: int) -> DataVerdict:
        """Whether every store of the service, or a copy of it, survives."""
        found: list[DataVerdict] = []
        for node, is_entry in self._inside_of(service).stores:
            for index in range(count):
                worst, best = swept.failed(node, index, 2), swept.failed(node, index, 3)
                if is_entry:  # of several entries those that are left may be enough
                    worst = worst and swept.failed(service.node, index, 2)
                    best = best and swept.failed(service.node, index, 3)
                found.append(DataVerdict.LOST if best else DataVerdict.UNKNOWN if worst else DataVerdict.SAFE)
        if all(verdict is DataVerdict.SAFE for verdict in found):
            return DataVerdict.SAFE
        if DataVerdict.LOST in found:
            certain = count == 1 or self._lost_always(service, swept, count)
            return DataVerdict.LOST if certain else DataVerdict.UNKNOWN
        return DataVerdict.UNKNOWN

    def _lost_always(self, service: Service, swept: _Swept, count: int) -> bool:
        stores = self._inside_of(service).stores
        return all(any(swept.failed(node, index, 3) for node, _ in stores) for index in range(count))

    def _inside_of(self, service: Service) -> _Inside:
        """The places and stores of a service, found once."""
        if service.node not in self._inside:
            below = self.analysis.below(service.node)
            standing = [found for node in sorted(below) for found in self._standing.get(node, ())]
            self._inside[service.node] = _Inside(tuple(standing), self._stores(service, below))
        return self._inside[service.node]

    def _stores(self, service: Service, below: frozenset[int]) -> tuple[tuple[int, bool], ...]:
        """What keeps data for a service, and whether it is an entry of it.

        These are stores on its graph, those that a failover group on it names, and vaults among its entries.
        """
        graph, nodes = self.faults.graph, self.faults.nodes
        named = {
            nodes[edge.target]
            for job in graph.of_kind("replication")
            if nodes[job.id] in below
            for edge in graph.outgoing.get(job.id, ())
        }
        entries = {nodes[name] for name in service.entry}
        kept = [(n, node in entries) for node in sorted(below | named) for n in self._keeping.get(node, ())]
        vaults = [name for name in service.entry if graph.resources[name].kind == "backup_vault"]
        return (*kept, *((self.faults.survives[name], True) for name in vaults if name in self.faults.survives))

    def _remedies(
        self, service: Service, manual: Verdict, swept: _Swept, at: tuple[int, int], told: Sequence[int]
    ) -> tuple[str, ...]:
        """What a person can do about it: for each thing on the way that is down by itself and up with people's help."""
        if manual is Verdict.DOWN:
            return ()
        graph, (index, kind) = self.faults.graph, at
        helpable = [
            self._resources[node]
            for node in sorted(self.analysis.below(service.node) & self._resources.keys())
            if swept.failed(node, index, kind) and not swept.failed(node, index, kind + 2)
        ][:MOST_STEPS]
        causes = self._lowest(self._necessary(service, helpable, told) or helpable)
        steps = [f"{_ACTIONS.get(graph.resources[r].kind, 'switch over')} {r}" for r in causes]
        return (*service.attested, *steps[:SHOWN_STEPS])

    def _necessary(self, service: Service, steps: list[str], told: Sequence[int]) -> list[str]:
        """What has to come back for the service to come back."""
        nodes = self.faults.nodes
        without = outages(self.faults.structure, [(*told, nodes[step]) for step in steps])[service.node] if steps else 0
        return [step for position, step in enumerate(steps) if without >> position & 1]

    def _lowest(self, steps: Sequence[str]) -> list[str]:
        """Where people begin: what needs none of the others."""
        nodes = {self.faults.nodes[step]: step for step in steps}
        return [step for node, step in nodes.items() if not (nodes.keys() & self.analysis.below(node)) - {node}]

    def _lost(self, service: Service, swept: _Swept, index: int, kind: int) -> tuple[str, ...]:
        """The stores of which no copy is within reach."""
        lost = {node for node, _ in self._inside_of(service).stores if swept.failed(node, index, kind)}
        return tuple(sorted(name for name, node in self.faults.survives.items() if node in lost))


def _recorded(incident: Incident) -> Recorded:
    down = tuple(domain.text for domain in (*incident.down, *incident.control))
    return Recorded(incident.id, incident.title, incident.day, down, incident.sources)


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
