"""What it takes to stop each service: minimal cut sets, coefficients by level, and the reasons behind them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Final

from msgspec import Struct

from scanner.catalog.load import catalog
from scanner.facts.recovery import STARTING
from scanner.model.outage import LEVELS, Loss, RiskGroup, ServiceRisk, Step
from scanner.model.service import CutSet, ServiceCuts
from scanner.model.span import Span
from scanner.simulation.components import never_starts
from scanner.simulation.cut_sets import CutSets, minimal_cut_sets
from scanner.simulation.fault_graph import FaultGraph
from scanner.simulation.services import Service
from scanner.simulation.sweep import outages, single_outages
from scanner.simulation.taken import is_unnamed, names_again, taken_clusters
from scanner.simulation.witness import Below

SIZE: Final = 3
SHOWN_GROUPS: Final = 60
"""Risk groups with a reason, for one service; all are counted, and all go into coefficients and score."""

_WRITTEN: Final[Mapping[str, tuple[str, ...]]] = {
    "region": ("region", "location", "zone"),
    "service": ("region", "location", "zone"),
    "control": ("region", "location", "zone"),
    "account": ("project", "subscription_id", "account_id", "allowed_account_ids", "profile"),
}
"""Attributes of a resource, or of its provider's configuration, that say where it is."""

_RANK: Final = {
    level: rank
    for rank, level in enumerate(
        ("zone", "owner", "edge", "custodian", "account", "region", "registrar", "cluster", "provider", "ca", "service")
    )
}
"""Which of several groups of one size comes first: what fails often before what seldom does."""


class _Stopped(Struct, frozen=True):
    """The cuts that stop a service for good, and the size up to which all of them are listed."""

    cuts: tuple[frozenset[str], ...]
    exact: int


@dataclass(slots=True)
class Analysis:
    """Answers about one fault graph; each enumeration is made once."""

    faults: FaultGraph
    services: Sequence[Service]
    _ids: dict[int, str] = field(default_factory=dict)
    _cones: dict[int, frozenset[int]] = field(default_factory=dict)
    _last: Below | None = None
    """The service whose reasons were asked for last: they are asked for one after the other."""

    _points: frozenset[int] = frozenset()

    _families: Mapping[str, str] = field(default_factory=dict)
    """A place → the places that it may be, where the files do not name it."""

    _taken: Mapping[str, str] = field(default_factory=dict)
    """Clusters that are taken for one because nothing tells where something is applied, and what to say of each."""

    def __post_init__(self) -> None:
        self._taken = taken_clusters(self.faults.graph)
        self._points = frozenset(node for node, label in self.faults.gates.labels.items() if label.resource)
        self._families = {name: family for family, names in self.faults.families.items() for name in names}
        self._ids = {node: name for name, node in self.faults.events.items()}

    def risks(self) -> tuple[ServiceRisk, ...]:
        """Every service with its cuts, coefficients and risk groups."""
        gates = self.faults.gates
        events = [self.faults.events[name] for name in sorted(self.faults.events) if self._counts(name)]
        nodes = [service.node for service in self.services]
        by_hand, undecided = gates.by_hand, gates.undecided
        low = self._cuts(events, (by_hand, undecided), nodes)
        high = self._cuts(events, (by_hand,), nodes)
        manual = self._cuts(events, (undecided,), nodes)
        cold = [frozenset(group) for group in never_starts(self.faults.structure) if self._wait_for_each_other(group)]
        return tuple(self._risk(service, low, high, manual, cold) for service in self.services)

    def _wait_for_each_other(self, group: Iterable[int]) -> bool:
        """Whether a circle holds two things that start; one alone whose settings name itself waits for nothing."""
        labels, resources = self.faults.gates.labels, self.faults.graph.resources
        names = {label.resource for node in group if (label := labels.get(node)) is not None and label.resource}
        return len([name for name in names if resources[name].kind in STARTING]) > 1

    def losses(self) -> tuple[Loss, ...]:
        """The regions and accounts that take a store with all its copies, if it has any."""
        faults, undecided = self.faults, self.faults.gates.undecided
        names = [name for name in sorted(faults.events) if name.startswith(("region:", "account:"))]
        events = [faults.events[name] for name in names]
        low = single_outages(faults.structure, events, (undecided,))
        high = single_outages(faults.structure, events)
        return tuple(
            Loss(store, name, bool(high[copies] >> position & 1))
            for store, copies in sorted(faults.survives.items())
            for position, name in enumerate(names)
            if low[copies] >> position & 1
        )

    def _cuts(self, events: Sequence[int], given: Iterable[int], nodes: Sequence[int]) -> CutSets:
        return minimal_cut_sets(self.faults.structure, events, given, nodes, SIZE)

    def _counts(self, name: str) -> bool:
        """Whether a domain takes part in cuts: planes that only change things and a service's zones do not."""
        return not name.startswith("control:") and name not in self.faults.zonal

    def _risk(
        self, service: Service, low: CutSets, high: CutSets, manual: CutSets, cold: Sequence[frozenset[int]]
    ) -> ServiceRisk:
        certain = self._named(high, service.node)
        cuts = self._without_aliases(self._named(low, service.node), certain)
        helped = self._named(manual, service.node)
        stopped = _Stopped(tuple(map(frozenset, helped)), manual.exact(service.node))
        groups = self._groups(service, cuts, frozenset(certain), stopped)
        inside = self.below(service.node)
        labels = self.faults.gates.labels
        cone = frozenset(labels[n].resource for n in inside & self._points)
        stuck = sorted({labels[n].resource for group in cold for n in group if n in inside and n in labels} - {""})
        return ServiceRisk(
            name=service.name,
            kind=service.kind,
            criticality=service.criticality,
            entry=service.entry,
            found=service.found,
            span=service.span,
            cone=cone,
            coefficients=coefficients(cuts),
            coefficients_high=coefficients(certain),
            coefficients_manual=coefficients(helped),
            cuts=ServiceCuts(
                service.name,
                service.kind,
                service.criticality,
                tuple(CutSet(cut) for cut in cuts if cut),
                tuple(CutSet(cut) for cut in certain if cut),
            ),
            risk_groups=groups,
            groups_total=len(cuts),
            exact=min(low.exact(service.node), high.exact(service.node)),
            gatekeepers=self._gatekeepers(service) if service.kind == "custody" else (),
            attestations=service.attested,
            cold_start=tuple(stuck),
        )

    def _gatekeepers(self, service: Service) -> tuple[str, ...]:
        """Parties each of whom alone can prevent a release whatever people do.

        Escrowed material counts, for its holder releases by hand; what the files do not decide is taken for as bad as
        it may be. Nobody is named where the doubt alone prevents a release.
        """
        faults, undecided = self.faults, self.faults.gates.undecided
        parties = {**{name: node for name, node in faults.events.items() if _locks(name)}, **faults.administrators}
        below = self.below(service.node)
        names = sorted((name for name, node in parties.items() if node in below), key=lambda name: _rank((name,)))
        told = [[undecided], *([undecided, parties[name]] for name in names), *([parties[name]] for name in names)]
        bits = outages(faults.structure, told)[service.node]
        if bits & 1:
            return ()
        sure = [name for at, name in enumerate(names, 1 + len(names)) if bits >> at & 1]
        found = (name for at, name in enumerate(names, 1) if bits >> at & 1)
        return tuple(name for name in found if not names_again(name, sure, self._families))

    def _named(self, found: CutSets, node: int) -> list[tuple[str, ...]]:
        name = self._ids.__getitem__
        named = [tuple(sorted(map(name, cut))) for cut in found.of(node)]
        return sorted(named, key=_rank)

    def below(self, node: int) -> frozenset[int]:
        """All nodes that a node depends on, itself included."""
        if node not in self._cones:
            self._cones[node] = self.walked(node).nodes
        return self._cones[node]

    def walked(self, node: int) -> Below:
        """A node with all that it depends on, to be asked about its failures."""
        if self._last is None or self._last.node != node:
            self._last = Below(self.faults.structure, node)
        return self._last

    def _without_aliases(
        self, cuts: Sequence[tuple[str, ...]], certain: Sequence[tuple[str, ...]]
    ) -> list[tuple[str, ...]]:
        """Cuts that do not merely give another name to an unknown place.

        Of cuts that only unknowns make, those of named places stand for all that differ by an unknown one; without
        any of these the first does.
        """
        sure = frozenset(map(frozenset, certain))
        as_sets = [(cut, frozenset(cut)) for cut in cuts]
        others = {
            (self._families[name], cut - {name})
            for cut in sure
            for name in cut
            if name in self._families and is_unnamed(name)
        }
        kept: list[tuple[str, ...]] = [cut for cut, names in as_sets if names in sure]
        perhaps = [cut for cut, names in as_sets if names not in sure and not self._is_alias(names, sure, others)]
        told: set[tuple[str, ...]] = set()
        for cut in sorted(perhaps, key=lambda cut: sum(map(is_unnamed, cut))):
            shape = tuple(sorted(self._families.get(name, name) for name in cut))
            if not any(map(is_unnamed, cut)) or shape not in told:
                kept.append(cut)
            told.add(shape)
        return sorted(kept, key=_rank)

    def _is_alias(
        self, cut: frozenset[str], sure: frozenset[frozenset[str]], others: set[tuple[str, frozenset[str]]]
    ) -> bool:
        """Whether a cut is a certain one when one of its places is exchanged for an unnamed one of the same family.

        ``others`` are the certain cuts without one unnamed place, each with the family of that place.
        """
        unnamed = {self._families.get(name) for name in cut if is_unnamed(name)}
        for name in cut:
            family = self._families.get(name)
            if family is not None:
                rest = cut - {name}
                if (family, rest) in others or (family in unnamed and rest in sure):
                    return True
        return False

    def _groups(
        self,
        service: Service,
        cuts: Sequence[tuple[str, ...]],
        certain: frozenset[tuple[str, ...]],
        stopped: _Stopped,
    ) -> tuple[RiskGroup, ...]:
        gates = self.faults.gates
        result = []
        for cut in [cut for cut in cuts if cut][:SHOWN_GROUPS]:
            given = [*(self.faults.events[name] for name in cut), gates.by_hand]
            sure = cut in certain  # a minimal cut that fails the optimistic bound too is minimal there
            doubts = () if sure else (gates.undecided,)
            points = self._points if len(cut) == 1 else ()
            paths = tuple(self.path(service, (*given, *doubts), self._but(cut, name), doubts, points) for name in cut)
            result.append(RiskGroup(cut, sure, self._can_be_brought_back(service, cut, stopped), paths))
        return tuple(result)

    def _can_be_brought_back(self, service: Service, cut: Sequence[str], stopped: _Stopped) -> bool:
        """Whether people can bring a service back after a cut. Where not all cuts are listed, one walk down tells."""
        if any(other.issubset(cut) for other in stopped.cuts):
            return False
        if stopped.exact >= len(cut):
            return True
        told = [*(self.faults.events[name] for name in cut), self.faults.gates.undecided]
        return not self.walked(service.node).fails(told)

    # -- reasons -----------------------------------------------------------------------------------

    def _but(self, cut: Sequence[str], name: str) -> tuple[int, ...]:
        return tuple(self.faults.events[other] for other in cut if other != name)

    def path(
        self,
        service: Service,
        failed: Iterable[int],
        apart: Iterable[int] = (),
        doubts: Collection[int] = (),
        points: Collection[int] = (),
    ) -> tuple[Step, ...]:
        """The shortest reason for a service's failure, as the resources on the way and the domain at its end.

        It does not end at events ``apart`` where it can end elsewhere. ``doubts`` and ``points`` are those of
        :func:`~scanner.simulation.witness.witness`.
        """
        gates = self.faults.gates
        conditions = (gates.by_hand, gates.undecided, *apart)
        found = self.walked(service.node).witness(frozenset(failed), conditions, doubts, points)
        return self._steps(service, found)

    def _steps(self, service: Service, nodes: Sequence[int]) -> tuple[Step, ...]:
        gates = self.faults.gates
        steps: list[Step] = []
        last, begin = "", 0
        for index, node in enumerate(nodes):
            label = gates.labels.get(node)
            if label is None or not label.resource or label.resource == last:
                continue
            span = self._stated(nodes[begin : index + 1]) or (service.span if not steps else None)
            steps.append(Step(label.resource, label.text, span or self.faults.graph.resources[label.resource].span))
            last, begin = label.resource, index
        domain = next(
            (gates.labels[n].domain for n in reversed(nodes) if n in gates.labels and gates.labels[n].domain), ""
        )
        if domain:
            wide = domain.partition(":")[0] in ("region", "account", "provider", "service", "control")
            stated = None if wide and last else self._stated(nodes[begin:])
            steps.append(Step(domain, self.describe(domain), stated or self._placed(last, domain)))
        reasons = [gates.reasons[n] for n in nodes if n in gates.reasons]
        if reasons and steps:
            final = steps[-1]
            steps[-1] = Step(final.name, f"{final.text} (not decided: {reasons[0]})", final.span)
        return tuple(steps)

    def _stated(self, nodes: Sequence[int]) -> Span | None:
        """Where the hop from the first of some nodes on is written, by the first of the others that tells."""
        stated = self.faults.gates.stated
        for start in nodes[:1]:
            for node in nodes[1:]:
                if (span := stated.get((start, node))) is not None:
                    return span
        for start, node in pairwise(nodes):
            if (span := stated.get((start, node))) is not None:
                return span
        return None

    def placed(self, resource: str, node: int, domain: str) -> Span | None:
        """Where it is written that a resource stands at a node, which the domain's failure takes down."""
        stated = self.faults.gates.stated
        whole = self.faults.nodes[resource]
        if domain.startswith(("zone:", "owner:", "custodian:")):
            found = stated.get((whole, node))
            if found is not None:
                return found
        return self._placed(resource, domain)

    def _placed(self, resource: str, domain: str) -> Span | None:
        """Where a resource's place of a level is written: of a region and above, mostly in its provider's block."""
        found = self.faults.graph.resources.get(resource)
        if found is None:
            return None
        level = domain.partition(":")[0]
        if level in ("service", "control") and "@" not in domain:
            return found.span  # a global service: that the resource is of its type says so
        own = next((name for name in _WRITTEN.get(level, ()) if found.declaration.attributes.get(name) is not None), "")
        if own:
            return found.declaration.span_of(own)
        return found.declaration.provider.span_of(*_WRITTEN.get(level, ())) or found.span

    def describe(self, domain: str) -> str:
        """A domain in words; of one that the files do not name, what would tell it."""
        if domain in self._taken:
            return f"{domain} ({self._taken[domain]})"
        if not is_unnamed(domain):
            return domain
        unknown = self.faults.unknown.get(domain)
        level = domain.partition(":")[0]
        reason = f": {unknown.reason}" if unknown is not None else ""
        return f"{'an' if level[0] in 'aeo' else 'a'} {level} that is not named{reason}"


def coefficients(cuts: Iterable[tuple[str, ...]]) -> dict[str, int | None]:
    """The size of the smallest cut at each level of :data:`LEVELS`, over domains of that level alone."""
    found: dict[str, int | None] = dict.fromkeys(LEVELS)
    for cut in cuts:
        shared = _ALL.intersection(*map(levels_of, cut))
        size = len(cut)
        for level in shared:
            before = found[level]
            if before is None or size < before:
                found[level] = size
    return found


_ALL: Final = frozenset(LEVELS)
_KNOWN: dict[str, frozenset[str]] = {}


def levels_of(domain: str) -> frozenset[str]:
    """The levels at which a domain counts: its own, and edge for what answers before any region."""
    if domain not in _KNOWN:
        level, _, rest = domain.partition(":")
        levels = {level}
        if level in ("registrar", "ca"):
            levels = {"edge"}
        if level == "node-group":
            levels = {"cluster"}
        if level == "service" and "@" not in rest:
            provider, _, name = rest.partition("/")
            if catalog().is_edge(provider, name):
                levels.add("edge")
        _KNOWN[domain] = frozenset(levels)
    return _KNOWN[domain]


def _locks(domain: str) -> bool:
    """Whether whoever holds a domain can refuse a release: parties and accounts, not places."""
    return domain.partition(":")[0] in ("provider", "account", "custodian", "owner", "registrar", "edge")


def _rank(cut: tuple[str, ...]) -> tuple[int, tuple[int, ...], tuple[str, ...]]:
    return len(cut), tuple(sorted(map(_rank_of, cut))), cut


@cache
def _rank_of(domain: str) -> int:
    return _RANK.get(domain.partition(":")[0], 99)
