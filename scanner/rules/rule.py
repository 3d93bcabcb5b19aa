"""A rule as the engine uses it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from scanner.model.rule import RuleInfo
from scanner.rules.condition import Condition

DIALECTS: Final[Mapping[str, str]] = {
    "terraform": "main.tf",
    "kubernetes": "manifests.yaml",
    "compose": "compose.yaml",
    "cloudformation": "template.yaml",
    "bicep": "main.bicep",
}
"""What examples are written in → the file that a scan would find them in."""


class Example(Struct, frozen=True):
    """A configuration and what the rule must say of its marked lines. ``outcome`` is fail, pass or unknown.

    ``config`` is the content of a ``.riskscan.yaml`` beside it; without one, services are found in the graph.
    """

    outcome: str
    code: str
    dialect: str = "terraform"
    config: str = ""


class Rule(Struct, frozen=True):
    """One rule file. ``mark`` names what to underline.

    ``kinds`` may be ``any``, or ``estate`` for questions about the whole.
    """

    info: RuleInfo
    kinds: tuple[str, ...]
    fails_when: Condition
    message: str
    when: Condition | None = None
    types: tuple[str, ...] = ()
    mark: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    file: str = ""


class RuleSet(Struct, frozen=True):
    """All rules of a scan, by code."""

    rules: Mapping[str, Rule]

    @property
    def infos(self) -> Mapping[str, RuleInfo]:
        """The words of every rule, by code."""
        return {code: rule.info for code, rule in self.rules.items()}

    def by_name(self, name: str) -> Rule:
        """The rule with a code or slug, in any case. Raises ``KeyError``."""
        wanted = name.lower()
        for rule in self.rules.values():
            if wanted in (rule.info.code.lower(), rule.info.slug.lower()):
                return rule
        raise KeyError(name)
