"""One owner behind several services or several names: DORA Art. 29(1)(b)."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from scanner.compliance.dora.dependencies import Dependency, Estate, Mention, Substitutability
from scanner.compliance.dora.parties import ACCOUNT, Party


class Owner(Struct, frozen=True):
    """A company, the parties that belong to it, and what its loss stops.

    ``names`` are those under which the files meet it, a domain of its own or a vendor's host, each with its place.
    """

    name: str
    parties: tuple[Party, ...]
    dependencies: tuple[Dependency, ...]
    names: tuple[str, ...]

    @property
    def stopped(self) -> tuple[str, ...]:
        """The functions that stop, or may stop, when all its parties fail."""
        found = (d.service.name for d in self.dependencies if d.substitutability is not Substitutability.READY)
        return tuple(dict.fromkeys(found))

    @property
    def used(self) -> tuple[str, ...]:
        """The functions that use it at all."""
        return tuple(dict.fromkeys(d.service.name for d in self.dependencies))


def owners(estate: Estate) -> list[Owner]:
    """Every owner behind more than one function or more than one name, those that stop most first."""
    groups: dict[str, list[Party]] = {}
    for party in estate.parties:
        if estate.of_party(party):
            groups.setdefault(party.key, []).append(party)
    found = [_owner(estate, parties) for parties in groups.values()]
    several = [owner for owner in found if len(owner.used) > 1 or len(owner.names) > 1]
    return sorted(several, key=lambda owner: (-len(owner.stopped), -len(owner.names), owner.name.lower()))


def _owner(estate: Estate, parties: list[Party]) -> Owner:
    dependencies = tuple(d for party in parties for d in estate.of_party(party))
    names = tuple(name for party in parties for name in _names(estate, party))
    return Owner(parties[0].owner, tuple(parties), dependencies, names)


def _names(estate: Estate, party: Party) -> Iterator[str]:
    """The vendors' hosts that the files name, each once, else the party itself with its role."""
    mentions: dict[str, Mention] = {}
    for mention in estate.mentions.get(party.domain, ()):
        mentions.setdefault(mention.host, mention)
    yield from map(str, mentions.values())
    if not mentions:
        place = next((place for d in estate.of_party(party) for place in d.places), None)
        called = party.name if party.level == ACCOUNT else f"{party.name} ({party.role})"
        yield f"{called}, {place}" if place is not None else called
