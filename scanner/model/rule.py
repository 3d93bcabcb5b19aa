"""A rule as loaded from its file: the words that reports need. The condition lives in ``scanner.rules``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scanner.model.finding import Axis, Severity


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """Everything that a report may print about a rule.

    ``remediation`` maps a dialect (``terraform/aws``) to text with code. ``controls`` maps a framework's name to
    control
    ids. ``precision`` is SARIF's: very-high, high, medium or low.
    """

    code: str
    slug: str
    axis: Axis
    severity: Severity
    precision: str
    title: str
    why: str
    remediation: Mapping[str, str] = field(default_factory=dict)
    controls: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    references: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
