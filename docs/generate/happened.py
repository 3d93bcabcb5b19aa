"""Which recorded incidents a sentence speaks of.

Those that began on a day that it names, and the end of a custodian that it names.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import Final

from scanner.cli.incident_sets import load
from scanner.rules.load import load_rules
from scanner.simulation.incidents import Incident

_DAY: Final = re.compile(
    r"\b\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December) 20\d\d\b"
)


def mentioned(text: str) -> list[Incident]:
    """The incidents of which a text speaks, in the order of their ids."""
    days = {datetime.strptime(day, "%d %B %Y").date().isoformat() for day in _DAY.findall(text)}  # noqa: DTZ007  # a day
    return [incident for incident in load(()).values() if incident.day in days or _is_named(incident, text)]


def _is_named(incident: Incident, text: str) -> bool:
    """Whether the text names the custodian whose end the incident is: Celsius, FTX, Signature Bank."""
    names = (domain.text.partition(":")[2] for domain in incident.down if domain.level == "custodian")
    own = (name for name in names if incident.id.startswith(f"{name}-"))
    found = (word for name in own for word in re.findall(rf"\b{name.replace('-', ' ')}\b", text, re.IGNORECASE))
    return any(word[0].isupper() for word in found)


@cache
def rules_naming(name: str) -> tuple[str, ...]:
    """The codes of the rules whose words speak of an incident."""
    return tuple(
        code
        for code, rule in load_rules().rules.items()
        if name in {incident.id for incident in mentioned(rule.info.why)}
    )
