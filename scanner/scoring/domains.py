"""What a failure domain counts as, told from its id: levels, axes of the score, severity."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from scanner.model.score import ScoreAxis
from scanner.model.service import Level
from scanner.scoring.weights import Weights

_LEVELS: Final[Mapping[str, Level]] = {
    **{level.value: level for level in Level},
    "registrar": Level.EDGE,
    "ca": Level.EDGE,
    "control": Level.SERVICE,
}
_AXES: Final[Mapping[str, ScoreAxis]] = {
    "zone": ScoreAxis.ZONE,
    "cluster": ScoreAxis.ZONE,
    "node-group": ScoreAxis.ZONE,
    "region": ScoreAxis.REGION,
    "provider": ScoreAxis.PROVIDER,
    "account": ScoreAxis.ACCOUNT,
    "edge": ScoreAxis.EDGE,
    "owner": ScoreAxis.EDGE,
    "registrar": ScoreAxis.EDGE,
    "ca": ScoreAxis.EDGE,
    "custodian": ScoreAxis.CUSTODY,
}
_PLACES: Final = frozenset({"zone", "region", "cluster", "node-group"})
"""Kinds that nobody decides about: where things run. All others are gatekeepers of a custody item."""

_ZONES: Final[Mapping[str, re.Pattern[str]]] = {
    "aws": re.compile(r".*[0-9][a-z]|.*-az[0-9]+"),  # ap-northeast-1a, us-west-2-lax-1a, apne1-az4
    "google": re.compile(r".*[0-9]-[a-z]"),  # asia-northeast1-b
    "azure": re.compile(r".+-[0-9]"),  # japaneast-1
    "alibaba": re.compile(r".*-[a-z]|.*[0-9][a-z]"),  # cn-hangzhou-b, ap-southeast-1a
    "ibm": re.compile(r".+-[0-9]"),  # us-south-1
    "scaleway": re.compile(r".+-[0-9]"),  # fr-par-1
}
"""How a provider's zones look beside its regions, where a service's place may be either."""


class Meaning(Struct, frozen=True):
    """What one domain counts as; ``capped`` says that alone it limits the grade of a critical service."""

    levels: frozenset[Level]
    axes: frozenset[ScoreAxis]
    severity: int
    capped: bool


def meaning(domain: str, kind: Literal["service", "custody"], weights: Weights) -> Meaning:
    """What a domain means to a service or to a custody item."""
    word, _, rest = domain.partition(":")
    path, at, place = rest.partition("@")
    roles = {word}
    axes = {ScoreAxis.ANY}
    levels = {_LEVELS[word]} if word in _LEVELS else set()
    if word in _AXES:
        axes.add(_AXES[word])
    elif word in ("service", "control"):
        axes.add(_axis_of_place(path.partition("/")[0], place) if at else ScoreAxis.PROVIDER)
        roles |= _roles(path, weights)
    if roles & {"dns", "cdn"}:
        levels.add(Level.EDGE)
        axes.add(ScoreAxis.EDGE)
    if kind == "custody" and word not in _PLACES:
        axes.add(ScoreAxis.CUSTODY)
    severity = max(weights.severities.get(role, weights.other_severity) for role in roles)
    if word == "control":
        severity = weights.severities[word]
    return Meaning(frozenset(levels), frozenset(axes), severity, not roles.isdisjoint(weights.capped_kinds))


def _axis_of_place(provider: str, place: str) -> ScoreAxis:
    """A service's own place: an undecided zone is written after the region that it lies in (``R?why``)."""
    known, asked, _ = place.partition("?")
    zonal = bool(known) if asked else provider in _ZONES and _ZONES[provider].fullmatch(known) is not None
    return ScoreAxis.ZONE if zonal else ScoreAxis.REGION


def _roles(path: str, weights: Weights) -> set[str]:
    name = path.rpartition("/")[2].replace("-", "").replace("_", "").lower()
    listed = {"dns": weights.dns_services, "cdn": weights.cdn_services, "key": weights.key_services}
    return {role for role, names in listed.items() if name in names}
