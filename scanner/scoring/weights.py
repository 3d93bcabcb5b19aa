"""The numbers of the score: ``weights.yaml``, exact."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from scanner.model.finding import Severity
from scanner.model.score import ScoreAxis
from scanner.model.service import Criticality

FILE: Final = Path(__file__).with_name("weights.yaml")

_COMMENT: Final = re.compile(r"^\s*#.*$", re.MULTILINE)

_SETS: Final = ("capped_kinds", "dns_services", "cdn_services", "key_services")

Band = tuple[Fraction, Fraction]


class Weights(Struct, frozen=True):
    """The numbers by name, as ``weights.yaml`` explains them."""

    model: int
    axes: Mapping[ScoreAxis, Fraction]
    weakest: Fraction
    tiers: Mapping[Criticality, Fraction]
    everything_else: Fraction
    bands: Mapping[int, Band]
    half_way: Fraction
    most_cuts: Fraction
    severities: Mapping[str, int]
    other_severity: int
    rule_bands: Mapping[Severity, Band]
    rule_half_way: Fraction
    grades: Mapping[str, int]
    cap: str
    capped_kinds: frozenset[str]
    dns_services: frozenset[str]
    cdn_services: frozenset[str]
    key_services: frozenset[str]
    listed: int
    gains: int


@cache
def weights() -> Weights:
    """The weights of the model that this version computes."""
    data: dict[str, Any] = json.loads(_COMMENT.sub("", FILE.read_text(encoding="utf-8")), parse_float=Fraction)
    return Weights(
        **data
        | {
            "axes": {axis: Fraction(data["axes"][axis.value]) for axis in ScoreAxis},
            "tiers": {tier: Fraction(data["tiers"][tier.value]) for tier in Criticality},
            "everything_else": Fraction(data["everything_else"]),
            "bands": {int(size): _band(band) for size, band in data["bands"].items()},
            "half_way": Fraction(data["half_way"]),
            "most_cuts": Fraction(data["most_cuts"]),
            "rule_bands": {Severity[word.upper()]: _band(band) for word, band in data["rule_bands"].items()},
            "rule_half_way": Fraction(data["rule_half_way"]),
            **{
                name: frozenset(data[name]) for name in ("capped_kinds", "dns_services", "cdn_services", "key_services")
            },
        }
    )


def _band(band: list[Fraction]) -> Band:
    bottom, top = map(Fraction, band)
    return bottom, top
