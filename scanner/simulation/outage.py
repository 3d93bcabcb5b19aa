"""Outages replayed: which services stop, which a person can bring back, what becomes of data, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice, product
from math import prod
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from scanner.model.domain import Domain
from scanner.model.outage import LEVELS, Cause, DataVerdict, Effect, Outages, Scenario, ServiceOutage, Verdict
from scanner.model.service import Criticality
from scanner.simulation.analysis import Analysis, levels_of
from scanner.simulation.context import STORES
from scanner.simulation.effects import KINDS, Swept, combined, fates, hits, verdict
from scanner.simulation.fault_graph import FaultGraph
from scanner.simulation.incidents import SCENARIO, Incident, recorded
from scanner.simulation.readings import Reading, Readings, meaningless
from scanner.simulation.services import Service
from scanner.simulation.sweep import outages
from scanner.simulation.taken import is_unnamed

SHOWN_STEPS: Final = 5
MOST_ALIKE: Final = 8
"""Of so many places without a name is told why they may stop a service: the others may stop it just so."""
SWEPT: Final = 512
"""So many scenarios are swept at once."""
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


class _Question(Struct, frozen=True):
    """A scenario that is asked for. ``choices`` are the ways to read each of its domains."""

    name: str
    choices: Sequence[Sequence[Reading]]
    down: tuple[str, ...]
    title: str = ""
    unused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    day: str = ""

    @property
    def readings(self) -> list[Reading]:
        """The ways to read it as a whole, not more than :data:`MOST_READINGS`."""
        return [
            Reading(
                tuple(dict.fromkeys(event for reading in combined for event in reading.events)),
                " and ".join(reading.assumption for reading in combined if reading.assumption),
            )
            for combined in islice(product(*self.choices), MOST_READINGS)
        ]

    @property
    def cut(self) -> tuple[str, ...]:
        """What to say where not all ways were tried."""
        more = prod(map(len, self.choices)) > MOST_READINGS
        return (f"only the first {MOST_READINGS} ways to read it were tried",) if more else ()


class _Answers(Struct, frozen=True):
    """Scenarios, with the failures of all nodes that they were made of, and whose each reading is."""

    scenarios: list[Scenario]
    bits: Sequence[int]
    owners: list[int]


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
    _surviving: dict[int, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._domains = Readings(self.faults)
        self._names = {event: name for name, event in self.faults.events.items()}
        self._resources = {node: name for name, node in self.faults.nodes.items()}
        faults = self.faults
        for resource, nodes in faults.standing.items():
            self._standing.setdefault(faults.own.get(resource, faults.nodes[resource]), []).append((resource, nodes))
        for resource, node in faults.survives.items():
            self._surviving.setdefault(node, []).append(resource)
            if faults.graph.resources[resource].kind in _KEEPING:
                self._keeping.setdefault(faults.nodes[resource], []).append(node)

    def run(self, name: str, down: Sequence[Domain], title: str = "", notes: Sequence[str] = ()) -> Scenario:
        """What becomes of every service when all of the domains are down at once."""
        choices = [self._domains.of(domain) for domain in down]
        told = tuple(d.text for d in down)
        asked = _Question(name, choices, told, title, meaningless(down, choices), tuple(notes))
        return self._answers([asked]).scenarios[0]

    def every(self, levels: Iterable[str]) -> list[Scenario]:
        """Each domain of the levels down by itself, those that stop most and most critical first."""
        return sorted(self._answers(self._singles(levels)).scenarios, key=_worst_first)

    def incident(self, incident: Incident) -> list[Scenario]:
        """A recorded incident on this estate; where it hit one account of a provider, once for each account here."""
        return self._answers(self._replayed(incident)).scenarios

    def outages(self, incidents: Iterable[Incident] = ()) -> Outages:
        """What each failure domain does by itself, and what those incidents do that touch the estate.

        What hit one account is replayed on the account alone that stops most.
        """
        single = sorted(self._effects(self._singles(_ANY_LEVEL)), key=lambda effect: _worst_first(effect.scenario))
        rank = {effect.scenario.id: position for position, effect in enumerate(single)}
        told = sorted(incidents, key=lambda incident: (incident.start, incident.id))
        asked = [self._hardest(self._replayed(incident), rank) for incident in told]
        touching = [question for question in asked if len(question.unused) < len(question.down)]
        known = tuple(recorded(incident) for incident in told if incident.status != SCENARIO)
        return Outages(tuple(single), tuple(self._effects(touching)), known)

    def _hardest(self, asked: Sequence[_Question], rank: Mapping[str, int]) -> _Question:
        """Of the ways to replay an incident on one account each, that on the account which stops most."""
        if len(asked) == 1:
            return asked[0]
        worst = min(asked, key=lambda question: rank.get(question.down[0], len(rank)))
        return replace(worst, notes=(*worst.notes, f"the account, of {len(asked)} here, whose loss stops most"))

    def _effects(self, asked: Sequence[_Question]) -> Iterator[Effect]:
        """What scenarios do to services and resources; many are swept at once, but not so many that it takes memory."""
        for start in range(0, len(asked), SWEPT):
            some = asked[start : start + SWEPT]
            answers = self._answers(some, MOST_ALIKE)
            found = fates(answers.bits, answers.owners, self.faults.nodes, self.faults.standing)
            for question, scenario, fate in zip(some, answers.scenarios, found, strict=True):
                yield Effect(scenario, fate.standing, fate.stopped, fate.doubtful, fate.recoverable, question.day)

    def _answers(self, asked: Sequence[_Question], alike: int | None = None) -> _Answers:
        """What becomes of every service in each scenario: service by service, so that each is walked down once.

        Of places without a name that may stop a service, the reasons are told of the first ``alike`` alone.
        """
        readings = [question.readings for question in asked]
        owners = [number for number, found in enumerate(readings) for _ in found]
        firsts = [0, *accumulate(map(len, readings))]
        told = [self._told(reading, kind) for found in readings for reading in found for kind in range(KINDS)]
        bits = outages(self.faults.structure, told)
        rows: list[list[ServiceOutage]] = [[] for _ in asked]
        for service in self.services:
            calm = ServiceOutage(
                service.name, service.kind, service.criticality, Verdict.UP, Verdict.UP, DataVerdict.SAFE
            )
            for row in rows:
                row.append(calm)
            left = alike
            for number in dict.fromkeys(owners[reading] for reading, _ in hits(self._touched(service, bits))):
                swept = Swept(bits, firsts[number])
                brief = left is not None and left <= 0 and is_unnamed(asked[number].name)
                rows[number][-1] = found = self._outage(service, swept, readings[number], brief=brief)
                if left is not None and found.automatic is Verdict.UNKNOWN and is_unnamed(asked[number].name):
                    left -= 1
        scenarios = [
            Scenario(q.name, q.down, tuple(row), q.title, q.unused, (*q.notes, *q.cut))
            for q, row in zip(asked, rows, strict=True)
        ]
        return _Answers(scenarios, bits, owners)

    def _touched(self, service: Service, bits: Sequence[int]) -> int:
        """The readings in which something becomes of a service or its data."""
        found = bits[service.node]
        for node, _ in self._inside_of(service).stores:
            found |= bits[node]
        return found

    def _told(self, reading: Reading, kind: int) -> tuple[int, ...]:
        gates = self.faults.gates
        switches = {"by_hand": gates.by_hand, "undecided": gates.undecided}
        return (*reading.events, *(switches[name] for name in _READINGS[kind]))

    def _singles(self, levels: Iterable[str]) -> list[_Question]:
        wanted, events = set(levels), self.faults.events
        names = (name for name in sorted(events) if wanted & levels_of(name) and name not in self.faults.zonal)
        return [_Question(name, [[Reading((events[name],))]], (name,)) for name in names]

    def _replayed(self, incident: Incident) -> list[_Question]:
        down = [*incident.down, *incident.control]
        apart = [domain for domain in down if domain.is_pattern and domain.level == "account"]
        notes = [f"{incident.day or 'no date'}, {incident.duration or 'duration not told'}: {incident.cause}"]
        if not incident.down:
            notes.append("only changes failed; what ran went on")
        asked = _Question(incident.id, [], (), incident.title, (), tuple(notes), incident.day)
        for domain in apart:
            accounts = self._domains.matched(domain)
            others = [other for other in down if other != domain]
            rest = [self._domains.of(other) for other in others]
            if accounts:
                return [
                    replace(
                        asked,
                        name=f"{incident.id} ({name})",
                        choices=[[Reading((self.faults.events[name],))], *rest],
                        down=(name, *(other.text for other in others)),
                        unused=meaningless(others, rest),
                    )
                    for name in accounts
                ]
        choices = [self._domains.of(domain) for domain in down]
        told = tuple(domain.text for domain in down)
        return [replace(asked, choices=choices, down=told, unused=meaningless(down, choices))]

    # -- verdicts ----------------------------------------------------------------------------------

    def _outage(
        self, service: Service, swept: Swept, readings: Sequence[Reading], *, brief: bool = False
    ) -> ServiceOutage:
        kinds, count = range(KINDS), len(readings)
        failed = [[swept.failed(service.node, index, kind) for kind in kinds] for index in range(count)]
        automatic = combined(verdict(row[0], row[1]) for row in failed)
        manual = combined(verdict(row[2], row[3]) for row in failed)
        data = self._data(service, swept, count)
        worst = next(
            (i for i, row in enumerate(failed) if row[1]), next((i for i, row in enumerate(failed) if row[0]), None)
        )
        if worst is None or (brief and automatic is Verdict.UNKNOWN):
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

    def _because(self, service: Service, reading: Reading, swept: Swept, index: int, kind: int) -> tuple[Cause, ...]:
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

    def _data(self, service: Service, swept: Swept, count: int) -> DataVerdict:
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

    def _lost_always(self, service: Service, swept: Swept, count: int) -> bool:
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
        self, service: Service, manual: Verdict, swept: Swept, at: tuple[int, int], told: Sequence[int]
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
        nodes, structure = self.faults.nodes, self.faults.structure
        if len(steps) * len(self.analysis.below(service.node)) < len(structure):
            below = self.analysis.walked(service.node)
            return [step for step in steps if below.fails((*told, nodes[step]))]
        without = outages(structure, [(*told, nodes[step]) for step in steps])[service.node] if steps else 0
        return [step for position, step in enumerate(steps) if without >> position & 1]

    def _lowest(self, steps: Sequence[str]) -> list[str]:
        """Where people begin: what needs none of the others."""
        nodes = {self.faults.nodes[step]: step for step in steps}
        return [step for node, step in nodes.items() if not (nodes.keys() & self.analysis.below(node)) - {node}]

    def _lost(self, service: Service, swept: Swept, index: int, kind: int) -> tuple[str, ...]:
        """The stores of which no copy is within reach."""
        lost = {node for node, _ in self._inside_of(service).stores if swept.failed(node, index, kind)}
        return tuple(sorted(name for node in lost for name in self._surviving.get(node, ())))


def _worst_first(scenario: Scenario) -> tuple[tuple[int, ...], str]:
    """By how many services of each criticality go down, the most critical first; then those that people bring back."""
    order = list(Criticality)
    stopped = [s for s in scenario.services if s.automatic is not Verdict.UP]
    lasting = [sum(s.criticality is c and s.manual is not Verdict.UP for s in stopped) for c in order]
    weights = (*lasting, *(sum(s.criticality is c for s in stopped) for c in order))
    return tuple(-weight for weight in weights), scenario.id
