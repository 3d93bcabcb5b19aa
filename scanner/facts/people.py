"""Who can act: administrators, the way they sign in, and the machines that deploy.

Files seldom show everybody. These facts speak of what the files grant; people who were let in by hand are not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from scanner.facts.documents import literal_text
from scanner.facts.estate import RUNNERS, applied, managed, regional, related, runners
from scanner.facts.fact import Answer, Fact
from scanner.facts.relations import same_region
from scanner.facts.value_bearing import own_words
from scanner.graph.graph import Graph
from scanner.graph.index import base_of
from scanner.model.finding import Related
from scanner.model.resource import Declaration, EdgeKind, Resource
from scanner.model.value import ABSENT, Unknown, Value, either, unknowns_in

CI_ISSUERS: Final[Mapping[str, str]] = {
    "token.actions.githubusercontent.com": "GitHub Actions",
    "gitlab.com": "GitLab",
    "oidc.circleci.com": "CircleCI",
    "api.bitbucket.org": "Bitbucket Pipelines",
    "agent.buildkite.com": "Buildkite",
    "app.terraform.io": "HCP Terraform",
    "vstoken.dev.azure.com": "Azure Pipelines",
    "app.spacelift.io": "Spacelift",
}
"""Issuers of the tokens with which build services sign in → the service."""

_STRONG: Final = re.compile(
    r"(?:^|/)(?:AdministratorAccess|PowerUserAccess)$|^roles/(?:owner|editor)$|^(?:Owner|Contributor)$"
)
_BREAK_GLASS: Final = re.compile(r"break[-_ ]?glass|emergency|(?<![a-z])(?:fire[-_ ]?call|firefighter)(?![a-z])")
_PEOPLE: Final = (
    *(
        "aws_iam_user",
        "aws_iam_group",
        "aws_ssoadmin_permission_set",
        "aws_identitystore_user",
        "aws_identitystore_group",
    ),
    *("azuread_user", "azuread_group", "google_cloud_identity_group"),
)
_GROUPS: Final = (
    "aws_iam_group",
    "azuread_group",
    "aws_ssoadmin_permission_set",
    "google_cloud_identity_group",
    "aws_identitystore_group",
)
_LOGINS: Final = ("aws_iam_saml_provider", "google_iam_workforce_pool_provider")
_FEDERATED_USERS: Final = ("azurerm_federated_identity_credential", "azuread_application_federated_identity_credential")


def single_login(_estate: Resource, graph: Graph) -> Value:
    """The one identity provider through which people reach the clouds, where nobody else is let in.

    Empty when there are two, or when the files declare a user or role for emergencies. Absent when they declare no way
    to sign in.
    """
    logins: dict[str, Resource] = {}
    for login in managed(graph, "identity_provider"):
        if login.type in _LOGINS and applied(login, graph):
            logins.setdefault(_label(login), login)
    centers = [r for r in managed(graph, "identity") if r.type == "aws_ssoadmin_permission_set" and applied(r, graph)]
    if centers:
        logins.setdefault("IAM Identity Center", centers[0])
    if not logins:
        return ABSENT
    name, first = next(iter(logins.items()))
    for other in managed(graph, "identity"):
        if other.type in ("aws_iam_user", "azuread_user") or _BREAK_GLASS.search(own_words(other)):
            return Answer("", related([other], "lets somebody in without it"), first.span)
    return Answer(name if len(logins) == 1 else "", related(logins.values(), "a way to sign in"), first.span)


def _label(login: Resource) -> str:
    issuer = login.get("issuer")
    return issuer if isinstance(issuer, str) else login.declaration.name


# -- administrators --------------------------------------------------------------------------------


def single_admin(_estate: Resource, graph: Graph) -> Value:
    """The one user, role or service account that may do everything at a provider. Groups count as several people.

    Empty when every provider has two, absent when the files grant nobody everything.
    """
    grants: dict[str, list[Resource]] = {}
    for grant in managed(graph, "grant"):
        if grant.get("admin") in (False, ABSENT) or grant.placement.provider == "kubernetes":
            continue
        if applied(grant, graph) and _whole(grant, graph):
            grants.setdefault(grant.placement.provider, []).append(grant)
    for own in grants.values():
        alone = _only_principal(own, graph)
        if alone != "":
            return Answer(alone, (), own[0].span_of("principals"))
    return Answer("", (), next(iter(grants.values()))[0].span) if grants else ABSENT


def _only_principal(grants: list[Resource], graph: Graph) -> str | Unknown:
    """The one principal of grants of everything; empty for several."""
    names: dict[str, None] = {}
    undecided: Unknown | None = None
    for grant in grants:
        admin = grant.get("admin")
        for name in _principals(grant, graph):
            if isinstance(name, Unknown) or isinstance(admin, Unknown):
                undecided = name if isinstance(name, Unknown) else admin
            else:
                names[name] = None
    if len(names) > 1 or any(_several(name, graph) for name in names):
        return ""
    return undecided if undecided is not None else next(iter(names), "")


def _whole(grant: Resource, graph: Graph) -> bool:
    """Whether a grant is about an account rather than about one resource in it."""
    return not any(t.kind not in ("account", "organization") for t in graph.targets(grant, "scope"))


def _principals(grant: Resource, graph: Graph) -> Iterator[str | Unknown]:
    targets = [t for t in graph.targets(grant, "principals") if t.kind in ("identity", "account")]
    if targets:
        yield from (t.id for t in targets)
        return
    value = grant.get("principals")
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, (str, Unknown)) and item != "":
            yield item


def _several(name: str, graph: Graph) -> bool:
    resource = graph.resources.get(name)
    return name.startswith(("group:", "domain:")) or (resource is not None and resource.type in _GROUPS)


# -- machines that deploy --------------------------------------------------------------------------


def only_deployer(_estate: Resource, graph: Graph) -> Value:
    """The build service that alone may take on every identity which can change the account.

    Empty when somebody else may too, absent when no such identity trusts a build service.
    """
    services: dict[str, Resource] = {}
    others: list[Resource] = []
    undecided: list[Unknown] = []
    for grant in managed(graph, "grant"):
        role = grant.get("role")
        strong = _STRONG.search(literal_text(role)) is not None or grant.get("admin") is True
        if not strong or grant.placement.provider == "kubernetes" or not applied(grant, graph):
            continue
        for identity in graph.targets(grant, "principals"):
            trusted = set(_trusted(identity, graph))
            for service in trusted & set(CI_ISSUERS.values()):
                services.setdefault(service, identity)
            if "people" in trusted:
                others.append(identity)
            elif "unknown" in trusted:
                undecided.append(Unknown(f"who may take on {identity.id} is not in the files", identity.span))
        if literal_text(grant.get("principals")).startswith(("user:", "group:")):
            others.append(grant)
    if not services:
        return ABSENT
    name, first = next(iter(services.items()))
    if others or len(services) > 1:
        return Answer("", related([*others, *services.values()], "may deploy too"), first.span)
    return Answer(undecided[0] if undecided else name, (), first.span)


def _trusted(identity: Resource, graph: Graph) -> Iterator[str]:
    """Who may act as an identity: build services by name, ``people``, ``unknown``; providers' services are left out."""
    if identity.type in _PEOPLE:
        yield "people"
        return
    yield from _issuers_for(identity, graph)
    trust = identity.get("trust")
    if trust is ABSENT:
        return
    declarations = [graph.index.by_id[i] for i in graph.index.meant(trust) if i in graph.index.by_id]
    documents = [d for d in declarations if d.mode == "data"]
    texts = [literal_text(trust), *(_flat(d.attributes) for d in documents)]
    linked = [*declarations, *(graph.index.by_id[i] for d in documents for i in _meant_below(d, graph))]
    yield from (name for issuer, name in CI_ISSUERS.items() if any(issuer in text for text in texts))
    for issuer, name in CI_ISSUERS.items():
        if any(issuer in str(d.attributes.get("url", "")) for d in linked):
            yield name
    if any(_people_in(text) for text in texts) or any(d.type == "aws_iam_saml_provider" for d in linked):
        yield "people"
    elif isinstance(trust, Unknown) and not trust.parts and not documents:
        yield "unknown"


def _people_in(text: str) -> bool:
    """Whether a trust policy lets in principals of accounts (``"AWS"``), as JSON or as blocks."""
    return re.search(r'"AWS"|(?:^|\s)AWS(?:$|\s)', text) is not None or "saml-provider" in text


def _flat(value: Value) -> str:
    """The literal texts below a value, one a line."""
    if isinstance(value, dict):
        return "\n".join(_flat(item) for item in value.values())
    if isinstance(value, list):
        return "\n".join(_flat(item) for item in value)
    return literal_text(value)


def _meant_below(declaration: Declaration, graph: Graph) -> Iterator[str]:
    for reference in declaration.references:
        yield from graph.index.addressed(reference.target)
    for unknown in unknowns_in(list(declaration.attributes.values())):
        yield from graph.index.meant(unknown)


def _issuers_for(identity: Resource, graph: Graph) -> Iterator[str]:
    """Build services that federate into an Azure identity or a Google service account."""
    group = {
        identity.id,
        *(t.id for t in graph.targets(identity, "client_id")),
        *(t.id for t in graph.targets(identity, "application_id")),
    }
    for credential in graph.of_kind("identity_provider"):
        if credential.type in _FEDERATED_USERS and group & {e.target for e in graph.outgoing.get(credential.id, ())}:
            yield from _service_of(credential)
    for grant in graph.of_kind("grant"):
        role = grant.get("role")
        if role == "roles/iam.workloadIdentityUser" and identity in graph.targets(grant, "scope"):
            pools = {base_of(i) for u in unknowns_in([grant.get("principals")]) for i in graph.index.meant(u)}
            for provider in graph.of_kind("identity_provider"):
                if pools & {base_of(e.target) for e in graph.outgoing.get(provider.id, ())}:
                    yield from _service_of(provider)


def _service_of(provider: Resource) -> Iterator[str]:
    issuer = literal_text(provider.get("issuer"))
    yield from (name for host, name in CI_ISSUERS.items() if host in issuer)


# -- identities of programs ------------------------------------------------------------------------

_SUPPORT: Final = ("execution_role", "node_role", "service_role", "service_linked", "monitoring")


def role_users(resource: Resource, graph: Graph) -> Value:
    """How many different programs run under an identity; instances of one declaration are one."""
    found = {base_of(user.id): user for user in _run_as(resource, graph, 0)}
    return Answer(len(found), related(found.values(), "runs as it"))


def _run_as(identity: Resource, graph: Graph, depth: int) -> Iterator[Resource]:
    for edge in graph.incoming.get(identity.id, ()):
        source = graph.resources[edge.source]
        if any(word in edge.path for word in _SUPPORT) or edge.kind is EdgeKind.NONE:
            continue
        if source.kind in (*RUNNERS, "task") and source.kind not in ("cluster", "node_group"):
            yield source
        elif source.kind == "identity" and depth < 2:
            yield from _run_as(source, graph, depth + 1)


def login_beside_workload(_estate: Resource, graph: Graph) -> Value:
    """Whether IAM Identity Center lives in a region where workloads run. Absent where the files configure none."""
    centers = [
        r for r in managed(graph, "identity", "grant") if r.type.startswith("aws_ssoadmin_") and applied(r, graph)
    ]
    workloads = [r for r in regional(runners(graph)) if r.placement.provider == "aws"]
    if not centers or not workloads:
        return ABSENT
    spans = tuple(Related(w.span, f"{w.id}: runs there", w.id) for w in workloads[:3])
    return Answer(either(same_region(centers[0], w) for w in workloads), spans, centers[0].span)


_ESTATE: Final = ("estate",)

FACTS: Final[Mapping[str, Fact]] = {
    "single_login": Fact(single_login, "the one identity provider through which people sign in", _ESTATE),
    "single_admin": Fact(single_admin, "the one principal that may do everything", _ESTATE),
    "only_deployer": Fact(only_deployer, "the build service that alone may deploy", _ESTATE),
    "login_beside_workload": Fact(login_beside_workload, "whether people sign in where workloads run", _ESTATE),
    "role_users": Fact(role_users, "how many different programs run under the identity", ("identity",)),
}
