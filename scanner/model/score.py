"""The score of a scan, and where each lost point went."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction

from msgspec import Struct

from scanner.model.finding import Axis
from scanner.model.service import Level


class ScoreAxis(StrEnum):
    """An axis of the score: those of the rules, and ``any`` for all failure domains together."""

    ZONE = "zone"
    REGION = "region"
    PROVIDER = "provider"
    ACCOUNT = "account"
    EDGE = "edge"
    CUSTODY = "custody"
    DATA = "data"
    ANY = "any"


class Stage(StrEnum):
    """What every service survives. Each stage asks for all that the one before asks for."""

    R0 = "R0"  # one zone, region or cluster stops a service
    R1 = "R1"  # every service survives any one region
    R2 = "R2"  # also any one provider, account, key or DNS host
    R3 = "R3"  # any two domains of one axis


class Interval(Struct, frozen=True):
    """Points with every unknown taken for bad (``low``, the headline) and for good (``high``)."""

    low: float
    high: float


class AxisScore(Struct, frozen=True):
    """The score of one axis: 0 (worst) to 100. ``low`` counts every unknown as a failure, ``high`` as a pass.

    ``failing`` and ``judged`` count rule findings of the axis; ``stopped`` counts the services that some one domain of
    the axis stops, unknowns taken for bad.
    """

    axis: Axis
    low: float
    high: float
    failing: int
    judged: int
    stopped: int = 0


class Contribution(Struct, frozen=True):
    """Points that one cut set of one service costs on one axis, or that a rule's worst findings cost.

    For a cut, ``service`` and ``cut`` are set and ``rule`` is empty; for findings about what belongs to no service it
    is the other way round. ``points`` are exact: those of all contributions add up to the points that the score lost.
    ``gain_if_fixed`` is what the score would gain without this cut (on every axis) or without the rule's findings, if
    nothing took their place; ``None`` where it was not computed. It differs from ``points``: other cuts remain.
    """

    axis: ScoreAxis
    points: Fraction
    service: str = ""
    cut: tuple[str, ...] = ()
    rule: str = ""
    gain_if_fixed: Fraction | None = None


class Remainder(Struct, frozen=True):
    """What a list leaves out: how many entries, and their points together."""

    number: int = 0
    points: Fraction = Fraction(0)


class DomainPoints(Struct, frozen=True):
    """The points that one failure domain costs: an equal part of each cut that it belongs to (its Shapley value)."""

    domain: str
    points: Fraction


class MissedTarget(Struct, frozen=True):
    """A service with a smaller cut than wanted. ``found`` is its size and ``cuts`` are all of that size.

    Unknowns are taken for bad; ``certain`` says that the target is missed even when they are taken for good.
    """

    service: str
    level: Level
    wanted: int
    found: int
    cuts: tuple[tuple[str, ...], ...]
    certain: bool


class Policy(Struct, frozen=True):
    """The score against the targets of the configuration: what no target asks for costs nothing."""

    low: float
    high: float
    missed: tuple[MissedTarget, ...]


class Score(Struct, frozen=True):
    """The score of the whole scan and of its axes. ``low`` is the headline; ``model`` is the version of the formula.

    ``stage`` takes unknowns for bad, ``stage_high`` for good; both are ``None`` when no service is known. ``services``
    is how many are. ``together`` is the axis ``any``. ``lost`` is 100 - ``low`` before rounding, and the points of
    ``contributions`` (largest first) and ``others`` add up to it. ``policy`` is ``None`` without targets.
    """

    model: int
    low: float
    high: float
    grade: str
    axes: tuple[AxisScore, ...]
    stage: Stage | None = None
    stage_high: Stage | None = None
    services: int = 0
    together: Interval = Interval(100.0, 100.0)
    lost: Fraction = Fraction(0)
    contributions: tuple[Contribution, ...] = ()
    others: Remainder = Remainder()
    domains: tuple[DomainPoints, ...] = ()
    policy: Policy | None = None

    @property
    def confidence(self) -> float:
        """1 when no unknown matters to the score, 0 when unknowns decide all of it."""
        return round(1 - (self.high - self.low) / 100, 3)
