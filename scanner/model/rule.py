"""A rule as loaded from its file: the words that reports need. The condition lives in ``scanner.rules``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from scanner.model.finding import Axis, Severity

ESTATE: Final = "estate"
"""The kind, and the id, of the one pseudo-resource that stands for everything scanned together."""


class RuleInfo(Struct, frozen=True):
    """Everything that a report may print about a rule.

    ``remediation`` maps a dialect (``terraform/aws``) to text with code. ``controls`` maps a framework's name to
    control ids. ``precision`` is SARIF's: very-high, high, medium or low. ``suggest`` maps a key of files to the
    literal to write behind it: by what stands there, or under ``""`` in place of any truth value or number.
    """

    code: str
    slug: str
    axis: Axis
    severity: Severity
    precision: str
    title: str
    why: str
    remediation: Mapping[str, str] = {}
    controls: Mapping[str, tuple[str, ...]] = {}
    references: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    suggest: Mapping[str, Mapping[str, str]] = {}
