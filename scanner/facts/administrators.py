"""Who alone decides what others may do with a key.

Only key policies of AWS and the roles of Azure's managed HSMs can leave the account out. A Google Cloud role on a
project holds for all keys in it (https://cloud.google.com/kms/docs/reference/permissions-and-roles), and who manages an
Azure key vault may let himself in (https://learn.microsoft.com/azure/key-vault/general/assign-access-policy): there the
account is the gatekeeper.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from scanner.facts.documents import literal_text
from scanner.facts.policies import identity, sole_policy_administrator
from scanner.graph.graph import Graph
from scanner.model.resource import Resource
from scanner.model.span import Span

# https://learn.microsoft.com/azure/key-vault/managed-hsm/built-in-roles
_ROLE: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_ASSIGNING: Final = (
    "a290e904-7015-4bba-90c8-60543313cdb4",  # Managed HSM Administrator
    "515eb02d-2335-4d2d-92f2-b1cbdf9c3778",  # Managed HSM Crypto Officer
    "4bd23610-cdcf-4971-bdee-bdc562cc28e4",  # Managed HSM Policy Administrator
)
"""The built-in roles that may assign roles. One that the files do not name, or define themselves, may as well."""
_BUILT_IN: Final = frozenset(
    {
        *_ASSIGNING,
        "21dbd100-6940-42c2-9190-5d6cb909625b",  # Managed HSM Crypto User
        "2c18b078-7c48-4d3a-af88-5a3a1b3f82b3",  # Managed HSM Crypto Auditor
        "33413926-3206-4cdd-b39a-83574fe37a17",  # Managed HSM Crypto Service Encryption User
        "7b127d3c-77bd-4e3e-bbe0-dbb8971fa7f8",  # Managed HSM Backup
    }
)


class Administrator(Struct, frozen=True):
    """A principal (an ARN, the id of an Azure principal, or the resource that has either) and where it is named."""

    name: str
    span: Span


def sole_administrator(key: Resource, graph: Graph) -> Administrator | None:
    """The principal who certainly alone decides what others may do with a key, if there is one."""
    if key.placement.provider == "azure":
        return _of_managed_hsm(key, graph)
    name = sole_policy_administrator(key, graph)
    return None if name is None else Administrator(name, key.span_of("policy"))


def _of_managed_hsm(key: Resource, graph: Graph) -> Administrator | None:
    """The one principal that a managed HSM was made for, when nobody else may assign its roles."""
    stores = [store for store in graph.targets(key, "key_ring") if store.get("hsm") is True]
    if len(stores) != 1 or stores[0].declaration.mode != "managed":
        return None
    named = stores[0].declaration.attributes.get("admin_object_ids")
    if not isinstance(named, list) or len(named) != 1:
        return None
    only = identity(named[0])
    others = (g for g in graph.referrers(stores[0], "grant") if identity(g.get("principals")) != only)
    if any(_may_assign(grant, graph) for grant in others):
        return None
    return Administrator(only.removesuffix(".object_id"), stores[0].declaration.span_of("admin_object_ids"))


def _may_assign(grant: Resource, graph: Graph) -> bool:
    """Whether a role on a managed HSM may let its holder assign roles."""
    given = grant.get("role")
    names = [literal_text(given), *(literal_text(t.declaration.attributes.get("name")) for t in graph.meant(given))]
    roles = {found[0] for name in names if (found := _ROLE.search(name))}
    return not roles or not roles <= _BUILT_IN or not roles.isdisjoint(_ASSIGNING)
