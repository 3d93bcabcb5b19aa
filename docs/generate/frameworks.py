"""The controls of frameworks, and what counts for each: rules, and what the fault graph says besides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from scanner.compliance.citations import Cited
from scanner.compliance.frameworks import frameworks
from scanner.compliance.mapping import Observation, mapped
from scanner.model.assessment import Control
from scanner.rules.load import load_rules
from scanner.rules.rule import Rule

_ABOUT: Final[Mapping[str, str]] = {
    "gatekeeper": "who alone can keep keys or funds from being released",
    "stage": "what every service survives",
    "incident": "what a recorded incident would stop if it came again",
    "dependency": "the companies that services need",
}
_OF: Final[Mapping[str, str]] = {
    "service": "stop a service",
    "custody": "keep keys or funds from being released",
}


def control(framework: str, wanted: str) -> Control:
    """A control by its id. Raises ``KeyError``."""
    for found in frameworks()[framework].controls:
        if found.id == wanted:
            return found
    raise KeyError(f"{framework}: {wanted}")


@cache
def citing() -> Mapping[Cited, tuple[Rule, ...]]:
    """The rules that are evidence for each control: they cite it, or one that asks for the same thing."""
    cited: dict[Cited, dict[str, Rule]] = {}
    for rule in load_rules().rules.values():
        for own in _cited_by(rule):
            for each in (own, *mapped().crosswalk.get(own, ())):
                cited.setdefault(each, {})[rule.info.code] = rule
    return {key: tuple(rules.values()) for key, rules in cited.items()}


def _cited_by(rule: Rule) -> Iterator[Cited]:
    for framework, ids in rule.info.controls.items():
        yield from ((framework, wanted) for wanted in ids)


def observed(cited: Cited) -> list[str]:
    """What the fault graph tells that counts for a control, in words."""
    return [_words(found) for found in mapped().observations if cited in found.controls]


def _words(found: Observation) -> str:
    if found.about == "coefficient":
        text = f"how many failures of the level {found.level} {_OF[found.of]}"
    elif found.about == "outage":
        levels = f" of one {', '.join(found.levels)}" if found.levels else " of one domain"
        text = f"what the failure{levels} would stop"
    else:
        text = _ABOUT[found.about]
    return f"{text} (neither for nor against)" if found.open else text
