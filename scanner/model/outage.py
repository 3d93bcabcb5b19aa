"""What an outage does to services, and what it takes to stop them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Literal

from msgspec import Struct

from scanner.model.coverage import FormatCoverage
from scanner.model.problem import Problem
from scanner.model.service import Criticality, ServiceCuts
from scanner.model.span import Span

LEVELS: Final = ("zone", "region", "provider", "account", "edge", "owner", "custodian", "cluster", "service")
"""Levels of failure domains for which coefficients are told."""


class Verdict(StrEnum):
    """What becomes of a service, or of the data behind it."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


class DataVerdict(StrEnum):
    """What becomes of the data that a service keeps."""

    SAFE = "safe"  # the store or a copy of it survives outside of the failed domains
    LOST = "lost"  # out of reach until the domain returns, if it does
    UNKNOWN = "unknown"


class Step(Struct, frozen=True):
    """One hop of a reason: ``name`` (a resource's id or a failure domain's) and the place that states the hop to it."""

    name: str
    text: str
    span: Span | None = None


class Cause(Struct, frozen=True):
    """A resource of a service that a failed domain takes down, and the place that puts it there."""

    resource: str
    domain: str
    span: Span | None


class ServiceOutage(Struct, frozen=True):
    """What one scenario does to one service.

    ``condition`` says on what an unknown verdict depends. ``path`` leads from the service to a failed domain.
    ``remedies`` are what a person can do, ``lost`` the stores of which no copy is within reach.
    """

    name: str
    kind: Literal["service", "custody"]
    criticality: Criticality
    automatic: Verdict
    manual: Verdict
    data: DataVerdict
    because: tuple[Cause, ...] = ()
    path: tuple[Step, ...] = ()
    condition: str = ""
    remedies: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


class Scenario(Struct, frozen=True):
    """One or more domains down at once, or an incident, and what it does to every service.

    ``unused`` lists domains on which nothing in the estate depends. ``notes`` tell what a recorded incident was, and
    where not every way to read the scenario was tried.
    """

    id: str
    down: tuple[str, ...]
    services: tuple[ServiceOutage, ...]
    title: str = ""
    unused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Effect(Struct, frozen=True):
    """What a scenario does to services, and to every resource.

    Resources are named by their ids, sorted: those certainly ``standing`` in what failed (in one of the ways to read
    it), those ``stopped``, which nothing can use until somebody acts, and those that are ``doubtful``, for it depends
    on what the files do not decide. Of both, ``recoverable`` ones are back once people have acted. ``day`` is when a
    recorded incident began (``2025-04-15``, ``2021-12``), empty where no source tells.
    """

    scenario: Scenario
    standing: tuple[str, ...]
    stopped: tuple[str, ...]
    doubtful: tuple[str, ...]
    recoverable: tuple[str, ...]
    day: str = ""


class Recorded(Struct, frozen=True):
    """An outage that happened, whether it touches the estate or not: ``down`` holds ids and patterns of domains.

    ``day`` is as in :class:`Effect`, ``sources`` are the pages that tell of it.
    """

    id: str
    title: str
    day: str
    down: tuple[str, ...]
    sources: tuple[str, ...]


class Outages(Struct, frozen=True):
    """What every failure domain of the estate would do by itself, the worst first, and what recorded incidents would.

    Incidents are in the order of their days. Those that touch nothing of the estate are left out of ``incidents``;
    ``recorded`` holds all that were given and that happened.
    """

    single: tuple[Effect, ...]
    incidents: tuple[Effect, ...]
    recorded: tuple[Recorded, ...] = ()


class RiskGroup(Struct, frozen=True):
    """A minimal set of failure domains that together stop a service, and why.

    ``certain`` is false when only unknowns make it one. ``recoverable`` tells that a person can bring the service back.
    ``paths`` holds a reason for each domain, in the order of ``domains``.
    """

    domains: tuple[str, ...]
    certain: bool
    recoverable: bool
    paths: tuple[tuple[Step, ...], ...] = ()

    @property
    def path(self) -> tuple[Step, ...]:
        """The reason for the first domain."""
        return self.paths[0] if self.paths else ()


class Loss(Struct, frozen=True):
    """A region or account that takes a store and every copy of it, if it has any.

    ``certain`` is false when only unknowns make it so.
    """

    resource: str
    domain: str
    certain: bool


class ServiceRisk(Struct, frozen=True):
    """A service and what stops it.

    ``entry`` and ``cone`` are resource ids: where the service is reached, and all that it depends on. Coefficients are
    the sizes of the smallest cut by level: pessimistic, automatic reading; ``coefficients_high`` is the other end of
    the interval and ``coefficients_manual`` the pessimistic one when people help. ``None``: no set of up to three
    domains. ``exact`` is the size up to which the enumeration of cuts is complete. ``gatekeepers`` can each alone
    prevent a release, whatever people do (custody only): parties by domain, and ``administrator:NAME`` for a principal
    who alone decides what others may do with a key.
    """

    name: str
    kind: Literal["service", "custody"]
    criticality: Criticality
    entry: tuple[str, ...]
    found: bool
    span: Span | None
    cone: frozenset[str]
    coefficients: Mapping[str, int | None]
    coefficients_high: Mapping[str, int | None]
    coefficients_manual: Mapping[str, int | None]
    cuts: ServiceCuts
    risk_groups: tuple[RiskGroup, ...] = ()
    groups_total: int = 0
    exact: int = 3
    gatekeepers: tuple[str, ...] = ()
    attestations: tuple[str, ...] = ()
    cold_start: tuple[str, ...] = ()


class OutageReport(Struct, frozen=True):
    """The answer of one simulation: scenarios, and what could not be read."""

    tool_version: str
    base: str
    scenarios: tuple[Scenario, ...]
    problems: tuple[Problem, ...]
    coverage: Mapping[str, FormatCoverage]
    sources: Mapping[str, tuple[str, ...]] = {}
    secrets: frozenset[str] = frozenset()
    ranking: str = ""
