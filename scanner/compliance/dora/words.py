"""What the tables say, in complete sentences that need no knowledge of infrastructure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from scanner.compliance.dora.dependencies import Dependency, Place, Substitutability
from scanner.compliance.dora.parties import ACCOUNT
from scanner.model.outage import DataVerdict, ServiceOutage, ServiceRisk, Verdict
from scanner.model.service import Criticality

LISTED: Final = 5
"""So many names are listed in a cell; how many more there are is said."""

EVERYTHING: Final = 1_000_000
"""For what is listed whole, such as functions that stop."""

NOTHING: Final = "The files state no place of their own for this."


def listed(names: Sequence[str], most: int = LISTED) -> str:
    """``a, b and c``; beyond ``most`` names how many more there are."""
    shown = list(names[:most])
    if len(names) > most:
        shown.append(f"{len(names) - most} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else "none"


def rated(service: ServiceRisk) -> str:
    """How critical a function is, and who says so."""
    if service.found:
        return f"{service.criticality} (an assumption: no configuration rates it)"
    if service.criticality is Criticality.HIGH:  # which is also the default
        return "high (the configuration rates it so, or does not say)"
    return f"{service.criticality} (as the configuration rates it)"


def function(service: ServiceRisk) -> str:
    """The name of a function, with what it is."""
    kind = "keys or funds to be released" if service.kind == "custody" else "service"
    return f"{service.name} ({kind})"


def where(places: Sequence[Place], more: int = 0) -> str:
    """Names with file and line."""
    if not places:
        return NOTHING
    return "; ".join(map(str, places)) + (f"; and {more} more" if more else "")


def failure(dependency: Dependency) -> str:
    """What happens before anybody acts."""
    match dependency.outage.automatic:
        case Verdict.DOWN if dependency.service.kind == "custody":
            return "Nothing can be released."
        case Verdict.DOWN:
            return "The function stops."
        case Verdict.UNKNOWN:
            return f"Not decided by the files{_condition(dependency.outage)}."
        case _:
            return "The function keeps running." if dependency.service.kind == "service" else "Release still works."


def help_of_people(outage: ServiceOutage) -> str:
    """What people can do about it."""
    if outage.automatic is Verdict.UP:
        return "Nobody has to act."
    match outage.manual:
        case Verdict.UP if outage.remedies:
            return f"People can bring it back. They have to {listed(outage.remedies)}."
        case Verdict.UP:
            return "People can bring it back."
        case Verdict.UNKNOWN:
            return f"Whether people can bring it back is not decided by the files{_condition(outage)}."
        case _:
            return "Nobody can bring it back before the failure has ended."


def _condition(outage: ServiceOutage) -> str:
    return f": it depends on {outage.condition}" if outage.condition else ""


_SAME_OWNER: Final = {
    Substitutability.HARD: "Hard to substitute",
    Substitutability.PEOPLE: "Substitutable with people's help",
    Substitutability.UNKNOWN: "Unknown",
}
"""What is said of a party that is one of several of its owner."""


def substitutable(dependency: Dependency) -> str:
    """The answer to DORA Art. 29(1)(a), as far as files give one."""
    if dependency.outage.automatic is Verdict.UP and dependency.joint is not None:
        return f"{_SAME_OWNER[dependency.substitutability]}: what would take over belongs to the same owner."
    match dependency.substitutability:
        case Substitutability.HARD if dependency.party.level == ACCOUNT:
            return "The account by itself stops the function; it is a part of what is contracted with the provider."
        case Substitutability.HARD:
            return "Hard to substitute: the files show nothing that takes over, and no way for people to do without."
        case Substitutability.PEOPLE:
            return "Substitutable with people's help."
        case Substitutability.READY:
            return f"An alternative stands ready{_together(dependency)}."
        case _:
            return "Unknown: the files do not decide it."


def _together(dependency: Dependency) -> str:
    if not dependency.alternatives:
        return ""
    return f"; the function could stop if {listed(dependency.alternatives)} failed as well"


def data(outage: ServiceOutage, places: Iterable[Place]) -> str:
    """What becomes of the data, with the places of the stores that are out of reach."""
    match outage.data:
        case DataVerdict.SAFE:
            return "Data stays within reach: a copy survives, or the function keeps none there."
        case DataVerdict.UNKNOWN:
            return "The files do not tell whether data stays within reach."
        case _:
            names = [str(place) for place in places]
            return f"Data out of reach: {listed(names)}." if names else "Data is out of reach."
