"""Who asks, and with which clients: profiles, roles to assume, regions, retries."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import boto3
import botocore.session
from botocore.config import Config as ClientConfig
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader
from msgspec import Struct

from scanner.parsers.aws_live.pace import Pace
from scanner.version import VERSION

WORKERS, SHARE = 32, 8
"""Calls under way at once, of all clients and of one. Those that AWS has asked to slow down wait among them, and the
others' should go on."""

ATTEMPTS: Final = 8
"""How often a call is made before it counts as failed. :mod:`~scanner.parsers.aws_live.pace` says how fast."""

FIRST_REGIONS: Final = {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""Where the global services of other partitions than ``aws`` are asked."""

SESSION_NAME: Final = "riskscan"


class AccessError(Exception):
    """The account cannot be asked at all; the text says why."""


class Wanted(Struct, frozen=True):
    """What to read. Without ``roles`` or ``organization`` it is the account of the credentials themselves.

    ``regions`` may be empty for the profile's own, or ``("all",)`` for every region that the account has enabled.
    """

    profile: str | None = None
    regions: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    external_id: str | None = None
    organization: bool = False
    role_name: str = "OrganizationAccountAccessRole"


class Models(Loader):  # type: ignore[misc]  # the SDK publishes no types
    """The SDK's models of services, parsed once for all sessions until they are done with."""

    def forget(self, service: str) -> None:
        """Free what has been parsed of a service."""
        cache: dict[tuple[str, ...], Any] = self.__dict__.get("_cache", {})
        for key in [key for key in cache if service in key]:
            del cache[key]


@dataclass(slots=True)
class Account:
    """One account's session. ``number`` is its id. Clients are made once and may be used by all threads."""

    number: str
    partition: str
    session: Any
    first_region: str
    models: Models
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, service: str, region: str) -> Any:
        """The client of a service in a region."""
        with self._lock:
            if (service, region) not in self._clients:
                made = self.session.client(service, region_name=region, config=_CONFIG)
                self._clients[service, region] = Pace().follow(made)
            return self._clients[service, region]

    def forget(self, service: str) -> None:
        """Free the clients and the model of a service that is done with: all of them take hundreds of megabytes."""
        with self._lock:
            for key in [key for key in self._clients if key[0] == service]:
                del self._clients[key]
            self.models.forget(service)

    def offers(self, service: str, region: str) -> bool:
        """Whether the SDK knows the service to be in the region; true when it knows of no region at all."""
        known = self.session.get_available_regions(service, partition_name=self.partition)
        return not known or region in known


_CONFIG: Final = ClientConfig(
    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    connect_timeout=10,
    read_timeout=60,
    max_pool_connections=WORKERS,
    user_agent_extra=f"riskscan/{VERSION}",
)


@dataclass(slots=True)
class Access:
    """The credentials that everything begins with."""

    wanted: Wanted
    base: Account

    @classmethod
    def begin(cls, wanted: Wanted) -> Access:
        """Find the credentials and whose they are. Raises :class:`AccessError`."""
        try:
            models = Models()
            session = _session(botocore.session.Session(profile=wanted.profile), models)
            region = session.region_name or (wanted.regions[0] if wanted.regions[:1] not in ((), ("all",)) else "")
            partition = session.get_partition_for_region(region) if region else "aws"
            first = FIRST_REGIONS.get(partition, "us-east-1")
            identity = session.client("sts", region_name=region or first, config=_CONFIG).get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            raise AccessError(f"no access to AWS: {error}") from None
        return cls(wanted, Account(identity["Account"], partition, session, first, models))

    def accounts(self) -> Iterator[Account | AccessError]:
        """The accounts to read, one after the other; those that cannot be entered as errors."""
        roles = self.wanted.roles
        if self.wanted.organization:
            yield self.base
            roles = (*roles, *self._members())
        elif not roles:
            yield self.base
        for role in roles:
            yield self._assumed(role)

    def _members(self) -> list[str]:
        """The roles in all other active accounts of the organization. Raises :class:`AccessError`."""
        client = self.base.client("organizations", self.base.first_region)
        try:
            pages = list(client.get_paginator("list_accounts").paginate())
        except (BotoCoreError, ClientError) as error:
            raise AccessError(f"the organization's accounts cannot be listed: {error}") from None
        found = [account["Id"] for page in pages for account in page["Accounts"] if account["Status"] == "ACTIVE"]
        name, partition = self.wanted.role_name, self.base.partition
        return [f"arn:{partition}:iam::{number}:role/{name}" for number in sorted(found) if number != self.base.number]

    def _assumed(self, role: str) -> Account | AccessError:
        """The account of a role. Its credentials renew themselves, however long the reading takes."""
        extra = {"RoleSessionName": SESSION_NAME}
        if self.wanted.external_id:
            extra["ExternalId"] = self.wanted.external_id
        # pylint's and mypy's view of the SDK ends here: its own session is what fetches credentials.
        own = self.base.session._session  # noqa: SLF001 - boto3 has no public name for the session below it
        fetcher = AssumeRoleCredentialFetcher(
            lambda *args, **kwargs: own.create_client(
                *args, **{**kwargs, "region_name": self.base.first_region, "config": _CONFIG}
            ),
            self.base.session.get_credentials(),
            role,
            extra_args=extra,
        )
        below = botocore.session.Session()
        below._credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")  # noqa: SLF001
        session = _session(below, self.base.models)
        try:
            identity = session.client("sts", region_name=self.base.first_region, config=_CONFIG).get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            return AccessError(f"the role {role} cannot be assumed: {error}")
        return Account(identity["Account"], self.base.partition, session, self.base.first_region, self.base.models)

    def regions(self, account: Account) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The regions to read in an account, and those asked for that it has not enabled. Raises AccessError."""
        asked = self.wanted.regions or ((account.session.region_name or self.base.session.region_name,))
        if asked == (None,):
            raise AccessError("no region: name some with --regions, or all")
        try:
            client = account.client("ec2", account.first_region)
            known = client.describe_regions(AllRegions=True)["Regions"]
        except (BotoCoreError, ClientError) as error:
            if asked == ("all",):
                raise AccessError(f"the account's regions cannot be listed: {error}") from None
            return tuple(asked), ()
        enabled = {each["RegionName"]: each.get("OptInStatus") != "not-opted-in" for each in known}
        if asked == ("all",):
            asked = tuple(sorted(enabled))
        strange = [region for region in asked if region not in enabled]
        if strange:
            raise AccessError(f"no such region: {', '.join(strange)}")
        return tuple(r for r in asked if enabled[r]), tuple(r for r in asked if not enabled[r])


def _session(below: Any, loader: Any) -> Any:
    """A session that shares the parsed models of all services with the others."""
    below.register_component("data_loader", loader)
    return boto3.Session(botocore_session=below)
