"""What remains when a provider fails for good: the scenario of Art. 26(2)(b) of the RTS on ICT risk management."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from scanner.compliance.dora.dependencies import Dependency, Estate, Place, Substitutability
from scanner.compliance.dora.parties import ACCOUNT, Party
from scanner.model.domain import ANY, DomainError, parse
from scanner.model.outage import DataVerdict, Recorded
from scanner.model.resource import Resource

KEYS: Final = frozenset({"key", "hsm", "key_store", "secret", "secret_manager"})
"""Kinds of resources that hold keys."""

CUSTODIAN: Final = "custodian"


class Collapse(Struct, frozen=True):
    """One party gone, and with it all of its owner.

    ``lost`` are functions that stop for good, ``recovered`` those that people bring back, and ``open`` those whose fate
    is not decided. ``data`` are stores and ``keys`` keys out of reach. ``own`` are recorded incidents in which the
    whole party was down, ``parts`` is the number of those in which parts of it were, and ``alike`` are those at others
    of its role: only of custodians some ended in insolvency.
    """

    party: Party
    dependencies: tuple[Dependency, ...]
    lost: tuple[str, ...]
    recovered: tuple[str, ...]
    open: tuple[str, ...]
    data: tuple[Place, ...]
    undecided_data: tuple[str, ...]
    keys: tuple[Place, ...]
    own: tuple[Recorded, ...]
    parts: int
    alike: tuple[Recorded, ...]

    @property
    def holds(self) -> bool:
        """Whether it holds keys or funds that no file shows."""
        return self.party.level == CUSTODIAN


def collapses(estate: Estate) -> Iterator[Collapse]:
    """The scenario for every party that something uses; an account is no party that could become insolvent."""
    recorded = estate.report.outages.recorded if estate.report.outages is not None else ()
    for party in estate.parties:
        dependencies = estate.of_party(party)
        if dependencies and party.level != ACCOUNT:
            yield _collapse(estate, party, dependencies, recorded)


def _collapse(estate: Estate, party: Party, dependencies: list[Dependency], recorded: tuple[Recorded, ...]) -> Collapse:
    own = tuple(incident for incident in recorded if _at(party, incident))
    custodians = (i for i in recorded if i.down and all(d.startswith(f"{CUSTODIAN}:") for d in i.down))
    return Collapse(
        party,
        tuple(dependencies),
        _named(dependencies, Substitutability.HARD),
        _named(dependencies, Substitutability.PEOPLE),
        _named(dependencies, Substitutability.UNKNOWN),
        tuple(estate.declared(dict.fromkeys(name for d in dependencies for name in d.lost))),
        tuple(d.service.name for d in dependencies if d.outage.data is DataVerdict.UNKNOWN),
        tuple(estate.declared(_keys(estate, dependencies[0]))),
        own,
        sum(_in_part(party, incident) for incident in recorded if incident not in own),
        tuple(i for i in custodians if i not in own) if party.level == CUSTODIAN else (),
    )


def _named(dependencies: Iterable[Dependency], answer: Substitutability) -> tuple[str, ...]:
    return tuple(d.service.name for d in dependencies if d.substitutability is answer)


def _keys(estate: Estate, dependency: Dependency) -> Iterator[str]:
    """Keys that stop with the party and that nobody can bring back."""
    recoverable = frozenset(dependency.effect.recoverable)
    for name in dependency.effect.stopped:
        resource = estate.resources.get(name)
        if resource is not None and resource.kind in KEYS and name not in recoverable and not _published(resource):
            yield name


def _published(resource: Resource) -> bool:
    """Whether it is a parameter that AWS publishes for everybody, such as the newest machine image.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters.html
    """
    name = resource.declaration.attributes.get("name")
    return resource.declaration.mode == "data" and isinstance(name, str) and name.startswith("/aws/service/")


def _at(party: Party, incident: Recorded) -> bool:
    """Whether the whole party was down in an incident."""
    return any(_belongs(party, text) for text in incident.down)


def _belongs(party: Party, text: str) -> bool:
    try:
        mine, other = parse(party.domain), parse(text, patterns=True)
    except DomainError:
        return False
    if party.level != "provider":
        return other.key == mine.key
    return other.level == "provider" and other.provider in (mine.provider, ANY)


def _in_part(party: Party, incident: Recorded) -> bool:
    """Whether a zone, region or service of a provider was down in an incident."""
    level, _, provider = party.domain.partition(":")
    return level == "provider" and any(_provider_of(text) == provider for text in incident.down)


def _provider_of(text: str) -> str:
    try:
        return parse(text, patterns=True).provider
    except DomainError:
        return ""
