"""Certificates: who issues them, who renews them, and how many depend on one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scanner.facts.estate import applied, is_system, managed, related
from scanner.facts.fact import Answer, Fact
from scanner.facts.relations import same_region
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.objects import PLATFORM
from scanner.model.resource import Resource, Scope
from scanner.model.value import ABSENT, Unknown, Value, both, negate, unknown_from

AUTHORITIES: Final[Mapping[str, str]] = {
    "amazon": "Amazon",
    "google": "Google Trust Services",
    "lets_encrypt": "Let's Encrypt",
    "letsencrypt": "Let's Encrypt",
    "lets-encrypt": "Let's Encrypt",
    "digicert": "DigiCert",
    "globalsign": "GlobalSign",
    "godaddy": "GoDaddy",
    "certainly": "Certainly",
    "ssl_com": "SSL.com",
    "sectigo": "Sectigo",
    "zerossl": "ZeroSSL",
    "onecertca": "OneCert",
    "sslcom": "SSL.com",
}
"""Public authorities as the catalog and providers' attributes name them → their names."""

_USERS: Final = (
    "load_balancer",
    "listener",
    "gateway",
    "cdn",
    "container_service",
    "function",
    "user_directory",
    "target_group",
)


def _public(certificate: Resource) -> str | Unknown | None:
    """The public authority of a certificate; ``None`` for private and imported ones."""
    authority = certificate.get("authority")
    return authority if isinstance(authority, Unknown) else AUTHORITIES.get(str(authority).lower())


def single_authority(_estate: Resource, graph: Graph) -> Value:
    """The one public authority that issued every certificate; empty for several, absent where the files are no system.

    Certificates brought from elsewhere were issued by somebody the files don't name: then it is unknown.
    """
    whole = is_system(graph)
    if not whole and not _served_in_cluster(graph):
        return ABSENT
    issued: dict[str, Resource] = {}
    undecided: list[Unknown] = []
    for certificate in managed(graph, "certificate"):
        if not whole and certificate.platform != PLATFORM:
            continue
        authority = _public(certificate)
        if isinstance(authority, str):
            issued.setdefault(authority, certificate)
        elif isinstance(authority, Unknown):
            undecided.append(authority)
        elif certificate.get("authority") == "imported" or (
            certificate.get("authority") is ABSENT and certificate.get("exportable") is True
        ):
            undecided.append(Unknown(f"who issued {certificate.id} is not in the files", certificate.span))
    if not issued:
        return ABSENT
    first = next(iter(issued.values()))
    if len(issued) == 1 and undecided:
        return Answer(undecided[0], (), first.span)
    return Answer(next(iter(issued)) if len(issued) == 1 else "", related(issued.values(), "issued by it"), first.span)


def _served_in_cluster(graph: Graph) -> bool:
    """Whether manifests alone show what runs and the door that its users come through."""
    return all(
        any(each.platform == PLATFORM and each.get("internal") is not True for each in managed(graph, *kinds))
        for kinds in (("workload",), ("gateway",))
    )


def certificate_users(resource: Resource, graph: Graph) -> Value:
    """How many balancers, gateways and networks present the certificate; unknown when their number is."""
    users = {u.id: u for u in graph.referrers(resource, *_USERS)}
    undecided = [u.declaration.exists for u in users.values() if isinstance(u.declaration.exists, Unknown)]
    spans = related(users.values(), "presents it")
    return Answer(unknown_from(undecided) if undecided else len(users), spans)


def issued_publicly(resource: Resource, _graph: Graph) -> Value:
    """Whether a public authority issued it for the provider that holds it."""
    found = _public(resource)
    return found if isinstance(found, Unknown) else found is not None


def authority_elsewhere(resource: Resource, graph: Graph) -> Value:
    """Whether another private authority stands in another region; absent for authorities without a region."""
    if resource.placement.scope is not Scope.REGIONAL or not resource.type.startswith(
        ("aws_acmpca_", "google_privateca_")
    ):
        return ABSENT
    others = [
        c for c in graph.of_kind("certificate_authority") if c.id != resource.id and c.placement.scope is Scope.REGIONAL
    ]
    others = [c for c in others if c.type.startswith(("aws_acmpca_", "google_privateca_", "oci_", "data."))]
    apart = negate(both(same_region(resource, other) for other in others))
    if apart is not True and not applied(resource, graph):
        return Unknown("whether another one stands elsewhere depends on who calls the module", resource.span)
    related_spans = tuple(Related(c.span, f"{c.id}: another authority", c.id) for c in others)
    return Answer(apart, related_spans)


_CERTIFICATE: Final = ("certificate",)

FACTS: Final[Mapping[str, Fact]] = {
    "single_authority": Fact(single_authority, "the one public authority that issued every certificate", ("estate",)),
    "certificate_users": Fact(
        certificate_users, "how many listeners and networks present the certificate", _CERTIFICATE
    ),
    "issued_publicly": Fact(issued_publicly, "whether a public authority issued it", _CERTIFICATE),
    "authority_elsewhere": Fact(
        authority_elsewhere, "whether another authority stands in another region", ("certificate_authority",)
    ),
}
