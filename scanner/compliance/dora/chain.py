"""What third parties stand on themselves: DORA Art. 29(2). Files seldom tell, and what they do not tell is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from scanner.catalog.load import catalog
from scanner.compliance.dora.dependencies import Estate, Place
from scanner.compliance.dora.parties import ACCOUNT, Party
from scanner.model.domain import DomainError, parse

UNKNOWN: Final = "Unknown: neither the files nor the catalog say on whom it relies."


class Link(Struct, frozen=True):
    """One thing that a party stands on: a sentence, what it is known from, and where the files meet the party."""

    party: Party
    text: str
    basis: str
    places: tuple[Place, ...]

    @property
    def known(self) -> bool:
        """Whether anything is known."""
        return self.text != UNKNOWN


def links(estate: Estate) -> Iterator[Link]:
    """What is known of every used party's own suppliers; one link that says so where nothing is."""
    for party in estate.parties:
        dependencies = estate.of_party(party)
        if not dependencies or party.level == ACCOUNT:
            continue
        places = next((d.places for d in dependencies if d.places), ())[:1]
        found = [Link(party, text, basis, places) for text, basis in _known(estate, party)]
        yield from found or [Link(party, UNKNOWN, "no source", places)]


def _known(estate: Estate, party: Party) -> Iterator[tuple[str, str]]:
    vendors = dict.fromkeys(mention.vendor for mention in estate.mentions.get(party.domain, ()))
    for vendor in vendors:
        if vendor.split(" (", 1)[0].lower() != party.owner.lower():
            yield f"{vendor} belongs to {party.owner}.", "the catalog's table of endpoints"
    for other in estate.parties:
        if other.level == "provider" and other.key == party.key and other is not party:
            yield f"It belongs to the owner of {other.name}, which the files use as well.", "the catalog's owners"
    yield from _homes(estate, party)


def _homes(estate: Estate, party: Party) -> Iterator[tuple[str, str]]:
    """The regions from which a cloud's worldwide services are changed."""
    level, _, provider = party.domain.partition(":")
    regions: dict[str, list[str]] = {}
    for name in _worldwide(estate, provider) if level == "provider" else ():
        home = catalog().home(provider, name)
        if home is not None:
            regions.setdefault(home, []).append(name)
    for region, services in sorted(regions.items()):
        known = catalog().region(provider, region)
        country = f" ({known.geography})" if known is not None and known.geography else ""
        names = ", ".join(sorted(services))
        yield f"Changes to {names} are made from its region {region}{country}.", "the catalog's home regions"


def _worldwide(estate: Estate, provider: str) -> Iterator[str]:
    """The provider's services without a region that the estate uses."""
    for domain in estate.effects:
        try:
            found = parse(domain)
        except DomainError:
            continue
        if found.level == "service" and found.provider == provider and not found.place:
            yield found.name
