"""The fault graph of a scan with its services: what every question about outages starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from scanner.graph.graph import Graph
from scanner.model.problem import Problem
from scanner.model.service import Criticality
from scanner.simulation.analysis import Analysis
from scanner.simulation.fault_graph import FaultGraph, maker
from scanner.simulation.services import Escrow, Finder, Service, Wanted

if TYPE_CHECKING:
    from scanner.simulation.outage import Replay


class Wishes(Struct, frozen=True):
    """What the configuration says of services: without any of a kind, that kind is found in the graph."""

    services: Sequence[Wanted] = ()
    custody: Sequence[Wanted] = ()
    escrows: Sequence[Escrow] = ()
    zone_ids: Mapping[str, str] = {}


class Study(Struct, frozen=True):
    """A fault graph, the services on it, and the tools that answer about them."""

    faults: FaultGraph
    services: tuple[Service, ...]
    analysis: Analysis
    problems: tuple[Problem, ...]

    @property
    def replay(self) -> Replay:
        """Runs scenarios. Made, and its module imported, where somebody asks: a scan does not."""
        from scanner.simulation.outage import Replay

        return Replay(self.faults, self.services, self.analysis)


def study(graph: Graph, wishes: Wishes) -> Study:
    """Build the fault graph of an estate and find its services and custody items, critical ones first."""
    made = maker(graph, wishes.zone_ids)
    problems: list[Problem] = []
    finder = Finder(made, wishes.escrows, problems)
    services = finder.configured(wishes.services) if wishes.services else finder.found_services()
    custody = finder.configured(wishes.custody) if wishes.custody else finder.found_custody()
    if not wishes.services:
        order = list(Criticality)
        services = sorted(services, key=lambda service: (order.index(service.criticality), service.name))
    faults = made.finish()
    found = (*services, *custody)
    return Study(faults, found, Analysis(faults, found), tuple(problems))
