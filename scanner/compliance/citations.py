"""Whether cited controls exist, and what was meant where they do not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches

from scanner.compliance.frameworks import FrameworkError, frameworks
from scanner.model.rule import RuleInfo

Cited = tuple[str, str]
"""A framework's id and a control's."""


def fault(framework: str, control: str = "") -> str:
    """Why a framework, or a control of it, cannot be cited; empty when it can."""
    known = frameworks()
    if framework not in known:
        return f"there is no framework {framework}{_nearest(framework, known)}"
    ids = [each.id for each in known[framework].controls]
    if control and control not in ids:
        return f"{framework} has no control {control}{_nearest(control, ids)}"
    return ""


def faults(where: str, controls: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """What is wrong with the citations of one rule or observation, which ``where`` names."""
    for framework, ids in controls.items():
        for control in ids or ("",):
            if wrong := fault(framework, control):
                yield f"{where}: {wrong}"


def rule_faults(rules: Iterable[RuleInfo]) -> Iterator[str]:
    """Every citation of the rules that leads nowhere."""
    for rule in rules:
        yield from faults(f"rule {rule.code} ({rule.slug})", rule.controls)


def check_rules(rules: Iterable[RuleInfo]) -> None:
    """Raise :class:`FrameworkError` with every citation of the rules that leads nowhere, a line each."""
    wrong = list(rule_faults(rules))
    if wrong:
        raise FrameworkError("\n".join(wrong))


def split(reference: str) -> Cited:
    """``dora:Art. 28(8)`` → framework and control; the control is empty where the whole framework is meant."""
    framework, _, control = reference.partition(":")
    return framework.strip(), control.strip()


def _nearest(word: str, known: Iterable[str]) -> str:
    by_folded = {name.casefold(): name for name in known}
    near = get_close_matches(word.casefold(), by_folded, 1)
    return f"; did you mean {by_folded[near[0]]}?" if near else ""
