"""Who else stands behind a service: clouds, vendors, custodians and the like, and who owns them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from msgspec import Struct

from scanner.compliance import spoken
from scanner.facts.names import owner_of_vendor
from scanner.model.domain import UNKNOWN, DomainError, parse

ROLES: Final[Mapping[str, str]] = {
    "provider": "cloud or hosting provider",
    "account": "account at a provider",
    "owner": "vendor that programs call",
    "custodian": "custodian of keys or funds",
    "edge": "DNS host or delivery network",
    "registrar": "registrar of a domain name",
    "ca": "certificate authority",
}
"""Levels of failure domains that are somebody else's business, in the order in which tables show them."""

ACCOUNT: Final = "account"
"""The level that is no party of its own, but what an entity has with one."""

_OWNERS: Final[Mapping[str, str]] = {
    "aws": "Amazon",
    "amazon": "Amazon",
    "route53": "Amazon",
    "azure": "Microsoft",
    "google": "Google",
    "linode": "Akamai",
    "letsencrypt": "ISRG",
}
"""Names whose owner has another one: Let's Encrypt is run by the Internet Security Research Group
(https://letsencrypt.org/about/). Vendors' owners stand in the table of endpoints."""

DESIGNATED: Final[Mapping[str, str]] = {
    "aws": "Amazon Web Services EMEA",
    "google": "Google Cloud EMEA",
    "azure": "Microsoft Ireland",
    "oracle": "Oracle Nederland",
    "equinix": "Equinix",
}
"""Of the 19 providers designated under DORA Art. 31(9) on 18 November 2025, those that are failure domains here."""

_PLAIN: Final = re.compile(r"[^a-z0-9]+")


class Party(Struct, frozen=True):
    """A failure domain that is somebody else's business.

    ``name`` is what people call it, ``owner`` the company that it belongs to as far as the tables know, else its own
    name. ``key`` is equal for parties of one owner.
    """

    domain: str
    level: str
    name: str
    owner: str
    key: str

    @property
    def role(self) -> str:
        """What it does for a service."""
        return ROLES[self.level]

    @property
    def named(self) -> bool:
        """Whether the files name it: an account may be one that they do not decide."""
        return not self.domain.partition("/")[2].startswith(UNKNOWN)


@lru_cache(maxsize=4096)
def party_of(domain: str) -> Party | None:
    """The party that a failure domain is, or ``None`` for places and parts of a provider."""
    try:
        found = parse(domain)
    except DomainError:
        return None
    if found.level not in ROLES:
        return None
    own = found.provider if found.level in ("provider", ACCOUNT) else found.name
    name = spoken.named(found.level, own)
    if found.level == ACCOUNT:
        name = f"{found.name} at {name}" if not found.name.startswith(UNKNOWN) else f"an account at {name} not named"
    owner = owner_of_vendor(own)
    owner = _OWNERS.get(_plain(owner)) or spoken.named("provider", owner)
    return Party(domain, found.level, name, owner, _plain(owner))


def _plain(name: str) -> str:
    return _PLAIN.sub("", name.lower())


def ordered(parties: Iterable[Party]) -> list[Party]:
    """Parties by role, then by name."""
    roles = list(ROLES)
    return sorted(parties, key=lambda party: (roles.index(party.level), party.name.lower(), party.domain))
