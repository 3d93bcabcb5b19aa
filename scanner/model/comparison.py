"""Two estates side by side: which resources of one are which of the other, and where one is more centralized.

``base`` is what is held to be meant (a repository, or its state before a change) and ``head`` what is held against it
(an account, or the repository after the change).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, Literal

from msgspec import Struct

from scanner.model.coverage import FormatCoverage
from scanner.model.finding import Axis, Finding, Outcome, Severity
from scanner.model.problem import Problem
from scanner.model.score import Score
from scanner.model.service import Criticality
from scanner.model.span import Span


class Basis(StrEnum):
    """By what two resources were taken for one, the strongest first."""

    ADDRESS = "address"  # the same address in both
    MOVED = "moved"  # the address that a moved block gives it
    IDENTIFIER = "identifier"  # an ARN or id of the provider
    NAME = "name"  # a name that the provider knows it by
    LOGICAL_ID = "logical-id"  # the id in the template, which the stack's tags tell
    PREFIX = "prefix"  # the known beginning of its name
    TAG = "tag"  # the tag Name
    CONTENT = "content"  # all that is written in it
    RELATION = "relation"  # it stands in the same relation to a resource that was matched
    ALONE = "alone"  # the only one of its type that was left on either side


class Effect(StrEnum):
    """What a difference does, seen from ``base``."""

    MORE = "more"  # head is more centralized
    LESS = "less"
    NEITHER = "neither"
    UNDECIDED = "undecided"


class Place(Struct, frozen=True):
    """One side of a pair: the resource's id, and a position that the side's files hold."""

    resource: str
    span: Span


class Ambiguity(Struct, frozen=True):
    """Resources that are each other's, but nothing tells which is which: ``evidence`` is all that they share."""

    type: str
    base: tuple[Place, ...]
    head: tuple[Place, ...]
    basis: Basis
    evidence: str


class Lone(Struct, frozen=True):
    """A resource of one side alone. ``note`` says why that may mean little; ``failing`` are its failed findings."""

    type: str
    kind: str
    place: Place
    note: str = ""
    failing: tuple[Finding, ...] = ()


class Difference(Struct, frozen=True):
    """A normalized property or a part of the placement that is not the same, as people read it.

    ``reason`` is set, and the effect undecided, where the two cannot be compared.
    """

    name: str
    base: str
    head: str
    base_span: Span
    head_span: Span
    effect: Effect = Effect.NEITHER
    reason: str = ""


class Shift(Struct, frozen=True):
    """A rule that answers otherwise in ``head``. ``None`` is no answer: the question does not arise there.

    ``span`` is a place in ``head``, ``reason`` says why the effect is undecided.
    """

    rule: str
    slug: str
    axis: Axis
    severity: Severity
    base: Outcome | None
    head: Outcome | None
    effect: Effect
    message: str
    span: Span
    reason: str = ""


class Match(Struct, frozen=True):
    """One resource on both sides, with all that differs."""

    type: str
    kind: str
    base: Place
    head: Place
    basis: Basis
    evidence: str
    differences: tuple[Difference, ...] = ()
    shifts: tuple[Shift, ...] = ()

    @property
    def effect(self) -> Effect:
        """What its shifts do together. One for the worse is not made good by another."""
        return worst(shift.effect for shift in self.shifts)


class Interval(Struct, frozen=True):
    """A coefficient with unknowns taken for bad (``low``) and for good; ``None`` is more than three."""

    low: int | None
    high: int | None


class Coefficient(Struct, frozen=True):
    """How many domains of a level it takes to stop a service, on both sides."""

    level: str
    base: Interval
    head: Interval
    effect: Effect


class ServicePair(Struct, frozen=True):
    """A service on both sides: ``head`` is what it is called there. ``reason`` says why it cannot be compared.

    ``stops`` are the smallest sets of domains that stop it in ``head``, unknowns taken for bad, and in ``base`` do not;
    ``spares`` those that stop it in ``base`` alone.
    """

    name: str
    head: str
    kind: Literal["service", "custody"]
    criticality: Criticality
    coefficients: tuple[Coefficient, ...] = ()
    reason: str = ""
    stops: tuple[tuple[str, ...], ...] = ()
    spares: tuple[tuple[str, ...], ...] = ()

    @property
    def effect(self) -> Effect:
        """What its coefficients say together."""
        return Effect.UNDECIDED if self.reason else worst(each.effect for each in self.coefficients)


class Cause(Struct, frozen=True):
    """A changed place that a finding comes from. ``text`` says what changed; ``removed``: it stood in base."""

    span: Span
    text: str
    removed: bool = False


class Turn(Struct, frozen=True):
    """A finding that fails on one side only. ``other`` is what the rule answers on the other side; ``None``: nothing.

    ``causes`` are the changes that made it so, the finding's own line left out; none where nothing tells.
    """

    finding: Finding
    other: Outcome | None = None
    causes: tuple[Cause, ...] = ()


class Weakening(Struct, frozen=True):
    """A way in which head's configuration, waivers or baseline let pass what base's would not."""

    span: Span
    message: str


class Side(Struct, frozen=True):
    """What is told of one side as a whole: ``label`` names it in sentences (code, account, base, head).

    ``revision`` is the commit that it was read from; empty for files as they lie.
    """

    label: str
    base: str
    inventory: bool
    resources: int
    uncatalogued: int
    score: Score
    problems: tuple[Problem, ...]
    coverage: Mapping[str, FormatCoverage]
    sources: Mapping[str, tuple[str, ...]] = {}
    revision: str = ""


class Comparison(Struct, frozen=True):
    """The answer of ``riskscan diff``. ``estate`` are the shifts of rules that ask about everything together.

    ``new`` fails in head and not in base, ``fixed`` in base and not in head, each the most severe first; ``lasting``
    are head's findings that failed before. ``weakened`` says where head judges more mildly. ``touched`` are the roots
    for which other files, or files with other contents, were read than in base.
    """

    tool_version: str
    base: Side
    head: Side
    matches: tuple[Match, ...]
    ambiguous: tuple[Ambiguity, ...]
    only_base: tuple[Lone, ...]
    only_head: tuple[Lone, ...]
    estate: tuple[Shift, ...]
    services: tuple[ServicePair, ...]
    new: tuple[Turn, ...] = ()
    fixed: tuple[Turn, ...] = ()
    lasting: tuple[Finding, ...] = ()
    weakened: tuple[Weakening, ...] = ()
    touched: tuple[str, ...] = ()
    secrets: frozenset[str] = frozenset()


_ORDER: Final = (Effect.MORE, Effect.UNDECIDED, Effect.LESS, Effect.NEITHER)


def worst(effects: Iterable[Effect]) -> Effect:
    """The effect that several have together, the worst first."""
    found = frozenset(effects)
    return next((effect for effect in _ORDER if effect in found), Effect.NEITHER)
