"""Which recorded incidents a sentence speaks of: those that began on a day that it names."""

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
    """The incidents that began on one of the days named in a text, in the order of their ids."""
    days = {datetime.strptime(day, "%d %B %Y").date().isoformat() for day in _DAY.findall(text)}  # noqa: DTZ007  # a day
    return [incident for incident in load(()).values() if incident.day in days]


@cache
def rules_naming(name: str) -> tuple[str, ...]:
    """The codes of the rules whose words speak of an incident."""
    return tuple(
        code
        for code, rule in load_rules().rules.items()
        if name in {incident.id for incident in mentioned(rule.info.why)}
    )
