"""A picture of the services and of the domains that stop them, as GitHub draws it from a ``mermaid`` block.

Labels are quoted and hold nothing that Mermaid reads otherwise than as a letter: not its quotes and comments
(https://mermaid.js.org/syntax/flowchart.html), directives (``%%{init``), entities (``#35;``), formulas (``$$``), lists
nor HTML.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from scanner.model.outage import RiskGroup, ServiceRisk
from scanner.model.report import Report
from scanner.reporters import services
from scanner.reporters.inert import inert

MAX_SERVICES: Final = 12
MAX_GROUPS: Final = 3
"""Risk groups drawn of one service, of the smallest size that it has."""

MAX_LABEL: Final = 60

_PLAIN: Final = frozenset(" ._-/:,()=+@?!'")
_ALIKE: Final = {
    '"': "”", "`": "‘", "<": "‹", ">": "›", "&": "＆", "#": "＃", "%": "％", ";": "；", "\\": "＼",
    "{": "｛", "}": "｝", "[": "［", "]": "］", "|": "｜", "*": "∗", "$": "＄", "~": "∼", "^": "ˆ",
}  # fmt: skip
"""Signs that look like those that mean something."""

_LETTERS: Final = ("L", "M", "N")
_ITEM: Final = re.compile(r"[-+]|\d+[.)]")


def picture(report: Report) -> str:
    """The lines of a flowchart, or nothing when no domain is known to stop a service."""
    drawn = [(service, groups) for service in report.services if (groups := _smallest(service))][:MAX_SERVICES]
    if not drawn:
        return ""
    stops = {group.domains for _, groups in drawn for group in groups}
    names = {domains: f"d{number}" for number, domains in enumerate(sorted(stops))}
    return "".join(f"{line}\n" for line in _lines(drawn, names))


def _smallest(service: ServiceRisk) -> list[RiskGroup]:
    """The groups of the smallest size, in their order; a provider's services only where nothing else stops it."""
    places = [group for group in service.risk_groups if not group.domains[0].startswith("service:")]
    groups = places or list(service.risk_groups)
    least = min((len(group.domains) for group in groups), default=0)
    return [group for group in groups if len(group.domains) == least][:MAX_GROUPS]


def _lines(drawn: list[tuple[ServiceRisk, list[RiskGroup]]], names: dict[tuple[str, ...], str]) -> Iterator[str]:
    yield "flowchart LR"
    for domains, name in names.items():
        yield f'  {name}(["{" + ".join(label(services.called(domain)) for domain in domains)}"])'
    for number, (service, groups) in enumerate(drawn):
        yield f'  s{number}["{label(service.name)}"]'
        for group in groups:
            arrow = "-->" if group.certain else "-.->"
            verb = "stops" if len(group.domains) == 1 else "together stop"
            yield f"  {names[group.domains]} {arrow}|{verb if group.certain else f'perhaps {verb}'}| s{number}"


def label(text: str) -> str:
    """A name between Mermaid's quotes, in which no sign means anything."""
    shown = "".join(_sign(sign) for sign in inert(text)).strip() or "?"
    shown = shown if len(shown) <= MAX_LABEL else f"{shown[: MAX_LABEL - 1]}…"
    # A label that begins as the item of a list is refused ("Unsupported markdown: list").
    return f"·{shown}" if _ITEM.match(shown) else shown


def _sign(sign: str) -> str:
    plain = sign in _PLAIN or unicodedata.category(sign)[0] in _LETTERS
    return sign if plain else _ALIKE.get(sign, "·")
