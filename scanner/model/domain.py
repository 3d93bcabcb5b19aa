"""Failure domains: what fails as one, and the ids by which people and files name it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from msgspec import Struct

SHAPES: Final[Mapping[str, tuple[str, str]]] = {
    "zone": ("zone:PROVIDER/ZONE", "zone:aws/ap-northeast-1a"),
    "region": ("region:PROVIDER/REGION", "region:aws/ap-northeast-1"),
    "provider": ("provider:NAME", "provider:aws"),
    "account": ("account:PROVIDER/ACCOUNT", "account:aws/123456789012"),
    "service": ("service:PROVIDER/SERVICE[@PLACE]", "service:aws/kms@ap-northeast-1"),
    "control": ("control:PROVIDER/SERVICE[@PLACE]", "control:aws/ec2@ap-northeast-1"),
    "edge": ("edge:NAME", "edge:cloudflare"),
    "registrar": ("registrar:NAME", "registrar:markmonitor"),
    "ca": ("ca:NAME", "ca:letsencrypt"),
    "owner": ("owner:NAME", "owner:Consensys"),
    "custodian": ("custodian:NAME", "custodian:fireblocks"),
    "cluster": ("cluster:NAME", "cluster:prod"),
    "node-group": ("node-group:CLUSTER/NAME", "node-group:prod/workers"),
}
"""How the id of each level is written, and an example."""

ANY: Final = "*"
"""The last part of a pattern; see :func:`parse`."""

UNKNOWN: Final = "?"
"""Begins a place that the files do not decide; what it is read from follows."""

_OF_PROVIDERS: Final = frozenset({"zone", "region", "account", "service", "control"})
_SERVICES: Final = frozenset({"service", "control"})
_NEAR: Final = 0.6
"""How alike a word and a level are, from 0 to 1, when one was meant by the other."""
_WORD: Final = re.compile(r"[a-z0-9][a-z0-9._-]*")
_PLACE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*")

_ZONE_ID: Final = re.compile(r"([a-z]{2,}[0-9])(?:-[a-z0-9]+)*-az[0-9]+")
_REGIONS_OF_ZONE_IDS: Final[Mapping[str, str]] = {
    "afs1": "af-south-1",
    "ape1": "ap-east-1",
    "ape2": "ap-east-2",
    "apne1": "ap-northeast-1",
    "apne2": "ap-northeast-2",
    "apne3": "ap-northeast-3",
    "aps1": "ap-south-1",
    "aps2": "ap-south-2",
    "apse1": "ap-southeast-1",
    "apse2": "ap-southeast-2",
    "apse3": "ap-southeast-3",
    "apse4": "ap-southeast-4",
    "apse5": "ap-southeast-5",
    "apse6": "ap-southeast-6",
    "apse7": "ap-southeast-7",
    "cac1": "ca-central-1",
    "caw1": "ca-west-1",
    "cnn1": "cn-north-1",
    "cnw1": "cn-northwest-1",
    "euc1": "eu-central-1",
    "euc2": "eu-central-2",
    "eun1": "eu-north-1",
    "eus1": "eu-south-1",
    "eus2": "eu-south-2",
    "euw1": "eu-west-1",
    "euw2": "eu-west-2",
    "euw3": "eu-west-3",
    "ilc1": "il-central-1",
    "mec1": "me-central-1",
    "mes1": "me-south-1",
    "mxc1": "mx-central-1",
    "sae1": "sa-east-1",
    "use1": "us-east-1",
    "use2": "us-east-2",
    "usge1": "us-gov-east-1",
    "usgw1": "us-gov-west-1",
    "usw1": "us-west-1",
    "usw2": "us-west-2",
}
"""https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html; those of China and of
GovCloud are listed by the documentation of single services."""

_REGION_IN_ZONE: Final[Mapping[str, re.Pattern[str]]] = {
    "aws": re.compile(
        r"([a-z]+(?:-[a-z]+)+?-[0-9]+)(?:[a-z]|-.+)"
    ),  # us-east-1a, us-west-2-lax-1a, us-east-1-wl1-bos-wlz-1
    "google": re.compile(r"([a-z]+-[a-z]+[0-9]+)-[a-z0-9]+"),  # asia-northeast1-b
    "azure": re.compile(r"([a-z]+[0-9]?)-[0-9]+"),  # japaneast-1
}


class DomainError(ValueError):
    """A text that is no failure domain's id; the message shows how one is written."""


class Domain(Struct, frozen=True, order=True):
    """A failure domain; make one with :func:`parse`.

    ``provider`` is a cloud, of the levels that have one. ``place`` is a zone or region: of a service or control plane,
    empty when it is a global one; of a node group, its cluster. ``name`` is the account, service, vendor or group. Only
    "any one zone of a region" has all three: ``name`` is its region then, and ``place`` is ``*``.
    """

    level: str
    provider: str = ""
    name: str = ""
    place: str = ""

    @property
    def text(self) -> str:
        """The id."""
        match self.level:
            case "provider":
                body = self.provider
            case "zone" | "region" | "account":
                body = "/".join(part for part in (self.provider, self.name, self.place) if part)
            case "service" | "control":
                body = f"{self.provider}/{self.name}" + (f"@{self.place}" if self.place else "")
            case "node-group":
                body = f"{self.place}/{self.name}"
            case _:
                body = self.name
        return f"{self.level}:{body}"

    def __str__(self) -> str:
        return self.text

    @property
    def key(self) -> str:
        """What two ids of one domain have in common: names are compared without regard to case."""
        return self.text.casefold()

    @property
    def is_pattern(self) -> bool:
        """Whether it stands for several domains: its last part is ``*``."""
        return self.text.endswith((f":{ANY}", f"/{ANY}", f"@{ANY}"))

    @property
    def is_everywhere(self) -> bool:
        """Whether it is a pattern whose domains fail together, as services do; of others any one fails alone."""
        return self.is_pattern and self.level in _SERVICES

    @property
    def region(self) -> str | None:
        """The region that holds it, of zones, regions, and services and control planes of a place; else ``None``."""
        if self.level == "zone" and self.name:
            return self.name
        if self.level == "region":
            return self.place if self.place != ANY else None
        if self.level not in {"zone", *_SERVICES} or self.place in {"", ANY}:
            return None
        inside = region_of_zone(self.provider, self.place.lower())
        return inside if inside or self.level == "zone" else self.place

    def matches(self, other: Domain) -> bool:
        """Whether ``other`` is this domain or one that this pattern stands for."""
        if not self.is_pattern:
            return self.key == other.key
        if self.level != other.level or other.is_pattern:
            return False
        if self.level == "zone" and self.name:
            return (self.provider, self.name.casefold()) == (other.provider, (other.region or "").casefold())
        return other.key.startswith(self.key.removesuffix(ANY))


def parse(text: str, *, patterns: bool = False) -> Domain:
    """The domain of an id such as ``zone:aws/apne1-az4``.

    ``patterns`` allows ``*`` as the whole last part. Of most levels that is any one: ``account:google/*`` an account,
    ``account:*`` that of any provider, ``zone:aws/eu-west-1/*`` a zone of a region. Of services and control planes it
    is all of them at once: ``service:google/storage@*`` in every place, ``control:google/*`` those of every service.
    Raises :class:`DomainError` with the shapes of ids for a text that is none.
    """
    level, colon, body = text.partition(":")
    if not colon or level not in SHAPES:
        shapes = ", ".join(shape for shape, _ in SHAPES.values())
        near = get_close_matches(level.lower(), SHAPES, 1, _NEAR) if colon else []
        hint = f"; did you mean {SHAPES[near[0]][0]}, such as {SHAPES[near[0]][1]}?" if near else ""
        raise DomainError(f"`{text}` is no failure domain; they are written {shapes}{hint}")
    domain = _split(level, body)
    if domain is None or not _well_formed(domain):
        raise _malformed(text, level)
    if domain.is_pattern and not patterns:
        raise DomainError(f"`{text}` stands for several domains; name one of them")
    return domain


def _malformed(text: str, level: str) -> DomainError:
    shape, example = SHAPES[level]
    article = "an" if level[0] in "aeo" else "a"
    return DomainError(f"`{text}` is no failure domain; {article} {level} is written {shape}, such as {example}")


def _split(level: str, body: str) -> Domain | None:
    """The parts of an id's body, not yet checked; ``None`` when one is missing."""
    if level == "provider":
        return Domain(level, body.lower())
    if level == "node-group":
        cluster, slash, name = body.rpartition("/")
        return Domain(level, name=name, place=cluster) if slash and cluster and name else None
    if level not in _OF_PROVIDERS:
        return Domain(level, name=body) if body else None
    if body == ANY and level not in _SERVICES:
        return Domain(level, name=ANY) if level == "account" else Domain(level, place=ANY)
    provider, _, rest = body.partition("/")
    if not rest:
        return None
    provider = provider.lower()
    if level == "account":
        return Domain(level, provider, rest)
    if level in {"zone", "region"}:
        region, slash, last = rest.partition("/")
        if level == "zone" and slash and last == ANY and region:
            return Domain(level, provider, region, ANY)
        return Domain(level, provider, place=rest)
    service, at, place = rest.partition("@")
    if not service or (at and not place):
        return None
    return Domain(level, provider, service.lower(), place)


def _well_formed(domain: Domain) -> bool:
    if domain.level == "provider":
        return _is_word(domain.provider)
    if (
        domain.level in _OF_PROVIDERS
        and domain.text != f"{domain.level}:{ANY}"
        and not _WORD.fullmatch(domain.provider)
    ):
        return False
    written = (domain.place, domain.name) if domain.level == "node-group" else (domain.name, domain.place)
    parts = [part for part in written if part]
    if not all(part.isprintable() and part == part.strip() for part in parts):
        return False
    if any(ANY in part for part in parts[:-1]) or (ANY in parts[-1] and parts[-1] != ANY):
        return False
    match domain.level:
        case "zone" | "region":
            return _is_place(domain.place) and (not domain.name or _is_place(domain.name))
        case "service" | "control":
            return _is_word(domain.name) and (not domain.place or _is_place(domain.place))
        case _:
            return True


def _is_word(text: str) -> bool:
    return text == ANY or bool(_WORD.fullmatch(text))


def _is_place(text: str) -> bool:
    return text == ANY or text.startswith(UNKNOWN) or bool(_PLACE.fullmatch(text))


# -- zones -----------------------------------------------------------------------------------------


def is_zone_id(zone: str) -> bool:
    """Whether a zone is named by AWS' id, the same in every account (``apne1-az4``), not by an account's own name."""
    return _ZONE_ID.fullmatch(zone) is not None


def region_of_zone_id(zone_id: str) -> str | None:
    """The region of a zone with such an id, or ``None`` when AWS publishes none."""
    found = _ZONE_ID.fullmatch(zone_id)
    return _REGIONS_OF_ZONE_IDS.get(found[1]) if found else None


def region_of_zone(provider: str, zone: str) -> str | None:
    """The region that a zone's name or id tells, or ``None`` when it tells none.

    Azure's zones are named as in failure domains, with the region before the number.
    """
    if provider == "aws" and is_zone_id(zone):
        return region_of_zone_id(zone)
    pattern = _REGION_IN_ZONE.get(provider)
    found = pattern.fullmatch(zone) if pattern else None
    return found[1] if found else None
