"""What must keep running or stay releasable, and the smallest sets of failure domains that stop it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from msgspec import Struct


class Criticality(StrEnum):
    """How much a service matters, in the words of the configuration, most critical first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Bound(StrEnum):
    """How to read what the files do not decide.

    ``low`` takes every unknown for as bad as it may be, ``high`` for as good: so the bounds of a score are named after
    the end of its interval.
    """

    LOW = "low"
    HIGH = "high"


class CutSet(Struct, frozen=True):
    """A minimal set of one to three failure domains that together stop a service: their ids, sorted."""

    domains: tuple[str, ...]


class ServiceCuts(Struct, frozen=True):
    """A top event with all its minimal cut sets of up to three domains, for failover that needs nobody.

    ``low`` and ``high`` hold them for either :class:`Bound`: what is down in the high bound is down in the low one.
    ``kind`` is ``custody`` for what must be releasable rather than running.
    """

    name: str
    kind: Literal["service", "custody"]
    criticality: Criticality
    low: tuple[CutSet, ...]
    high: tuple[CutSet, ...]


class Level(StrEnum):
    """The kinds of failure domains that coefficients count and targets speak of, in the order reports show them."""

    ZONE = "zone"
    REGION = "region"
    PROVIDER = "provider"
    ACCOUNT = "account"
    EDGE = "edge"
    OWNER = "owner"
    CUSTODIAN = "custodian"
    CLUSTER = "cluster"
    SERVICE = "service"


Targets = Mapping[Criticality, Mapping[Level, int]]
"""The size that the smallest cut set of a service must have at a level; 0 or absent is no target."""
