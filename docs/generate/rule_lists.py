"""The list of all rules, by axis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from generate.links import rule_page
from generate.markup import link, page, prose, table
from generate.wording import counted
from scanner.model.finding import Axis, Severity
from scanner.rules.load import load_rules
from scanner.rules.rule import Rule

ASKS: Final[Mapping[Axis, str]] = {
    Axis.ZONE: "What stops when one availability zone does",
    Axis.REGION: "What stops, or is gone, with one region",
    Axis.PROVIDER: "What only one cloud provider holds or runs",
    Axis.ACCOUNT: "What one account, organization or administrator can end",
    Axis.EDGE: "Third parties in the path: DNS, CDN, certificate authority, registrar, RPC vendors",
    Axis.CUSTODY: "Who alone can sign, decrypt, release, or refuse to",
    Axis.DATA: "What cannot be restored, or cannot leave",
}
"""What each axis asks."""


def by_axis() -> Mapping[Axis, Sequence[Rule]]:
    """The rules of each axis, by code."""
    rules = load_rules().rules.values()
    return {axis: [rule for rule in rules if rule.info.axis is axis] for axis in Axis}


def index_page() -> str:
    """Every rule with its severity, and how many there are."""
    return page(
        "Rules",
        _introduction(),
        _counts(),
        *(part for axis, rules in by_axis().items() for part in _section(axis, rules)),
        description="Every rule of riskscan, by axis and severity",
    )


def _introduction() -> str:
    rules = load_rules().rules.values()
    examples = sum(len(rule.examples) for rule in rules)
    return (
        f"{counted(len(rules), 'rule')} with {counted(examples, 'example')}. Each is one YAML file; its examples are "
        "its tests, and its page is made of it. `riskscan explain CODE` shows the same in a terminal. A severity "
        "can be changed, and a rule switched off, in the [configuration](../reference/configuration.md#rules)."
    )


def _counts() -> str:
    order = sorted(Severity, reverse=True)
    rows = []
    for axis, rules in by_axis().items():
        number = Counter(rule.info.severity for rule in rules)
        counts = [str(number[severity] or "") for severity in order]
        rows.append((link(axis.value, f"#{axis.value}"), ASKS[axis], *counts, str(len(rules))))
    return table(("axis", "asks", *(severity.label for severity in order), "all"), rows)


def _section(axis: Axis, rules: Sequence[Rule]) -> Iterator[str]:
    yield f"## {axis.value.capitalize()} {{ #{axis.value} }}"
    yield f"{ASKS[axis]}."
    yield rule_table(rules, "")


def rule_table(rules: Sequence[Rule], folder: str) -> str:
    """Rules with code, title and severity; ``folder`` leads from the page to theirs."""
    return table(("code", "what it finds", "severity"), (_row(rule, folder) for rule in rules))


def _row(rule: Rule, folder: str) -> tuple[str, str, str]:
    info = rule.info
    label = info.severity.label
    target = folder + rule_page(info.slug).removeprefix("rules/")
    return link(info.code, target), prose(info.title), f'<span class="rs-severity rs-{label}">{label}</span>'
