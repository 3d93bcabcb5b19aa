"""Domain names: who answers for them, who registered them, and where public names lead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from scanner.catalog.endpoints import owner_of
from scanner.facts.documents import literal_text
from scanner.facts.estate import applied, in_private_zone
from scanner.facts.fact import Answer, Fact
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.resource import Resource, Scope
from scanner.model.value import ABSENT, Truth, Unknown, Value, either, equal, unknown_from, unknowns_in

OWNERS: Final[Mapping[str, str]] = {
    "route53": "AWS",
    "google": "Google",
    "azure": "Microsoft",
    "cloudflare": "Cloudflare",
    "ns1": "IBM",
    "akamai": "Akamai",
    "dnsimple": "DNSimple",
    "dnsmadeeasy": "DigiCert",
    "ultradns": "DigiCert",
    "godaddy": "GoDaddy",
    "namecheap": "Namecheap",
    "gandi": "Gandi",
    "squarespace": "Squarespace",
    "digitalocean": "DigitalOcean",
}
"""Vendors of zones and registrars as the catalog names them → who owns them, in the words of the endpoint table."""

SERVING: Final = (
    *("load_balancer", "gateway", "compute", "compute_group", "container_service", "function", "object_store"),
    *("address", "cluster", "target_group", "cache", "database"),
)
"""Kinds that a name may lead to and that run in some place."""

_STEERING: Final = ("cdn", "global_balancer")
_LEADING: Final = ("A", "AAAA", "CNAME", "ALIAS", "ANAME")
_PROOF: Final = re.compile(r"(?:^|\.)_|^selector\d|domainkey", re.MULTILINE)
"""Names of records that prove who owns a domain or signs its mail."""


def owner_of_vendor(vendor: str) -> str:
    """Who owns a DNS host or registrar; itself when nobody else is known to."""
    return OWNERS.get(vendor, vendor)


def _same_name(left: Value, right: Value) -> Truth:
    if isinstance(left, str) and isinstance(right, str):
        return left.rstrip(".").lower() == right.rstrip(".").lower()
    return equal(left, right)


def zones_of(domain: Value, graph: Graph) -> Iterator[tuple[Resource, Truth]]:
    """The public zones in the files that are, or may be, those of a domain."""
    for zone in graph.of_kind("dns_zone"):
        same = _same_name(domain, zone.get("domain"))
        if zone.get("private") is not True and same is not False:
            yield zone, same


# -- operators -------------------------------------------------------------------------------------


def dns_operators(resource: Resource, graph: Graph) -> Value:
    """The owners of the services that answer for a public zone; unknown when another one may.

    Counted are zones of the same domain at other hosts, and the name servers that a registration or an NS record lists.
    """
    own = resource.get("vendor")
    if resource.get("private") is True or not isinstance(own, str):
        return ABSENT
    domain = resource.get("domain")
    found = {owner_of_vendor(own): resource.span}
    undecided: list[Unknown] = []
    if isinstance(domain, Unknown) and not applied(resource, graph):
        undecided.append(Unknown(f"whose zone it is depends on who calls the module: {domain.reason}", domain.origin))
    if isinstance(domain, Unknown) and isinstance(resource.declaration.exists, Unknown):
        undecided.append(resource.declaration.exists)
    for zone, same in zones_of(domain, graph):
        vendor = zone.get("vendor")
        if same is True and isinstance(vendor, str):
            found.setdefault(owner_of_vendor(vendor), zone.span)
        elif isinstance(same, Unknown) and vendor != own:
            undecided.append(same)
    for server_owner, source in _name_server_owners(resource, graph):
        found.setdefault(server_owner, source.span)
    if len(found) == 1 and undecided:
        return undecided[0]
    related = tuple(Related(span, f"answered by {owner} too") for owner, span in found.items() if span != resource.span)
    return Answer(sorted(found), related)


def _name_server_owners(zone: Resource, graph: Graph) -> Iterator[tuple[str, Resource]]:
    """Owners of the name servers listed for the zone's domain, with the resource that lists them."""
    domain = zone.get("domain")
    for source in graph.of_kind("domain_registration", "dns_record"):
        if source.kind == "dns_record" and source.get("record_type") != "NS":
            continue
        if _same_name(domain, source.get("domain")) is not True and not _is_apex(source, zone, graph):
            continue
        for owner in _owners_of_servers(source, graph):
            yield owner, source


def _is_apex(record: Resource, zone: Resource, graph: Graph) -> bool:
    return record.get("domain") in ("@", "") and zone in graph.targets(record, "zone")


def _owners_of_servers(source: Resource, graph: Graph) -> Iterator[str]:
    path = "name_servers" if source.kind == "domain_registration" else "values"
    for other in graph.targets(source, path):
        vendor = other.get("vendor")
        if other.kind == "dns_zone" and isinstance(vendor, str):
            yield owner_of_vendor(vendor)
    values = source.get(path)
    for value in values if isinstance(values, list) else [values]:
        endpoint = owner_of(value) if isinstance(value, str) else None
        if endpoint is not None and endpoint.owner_group:
            yield endpoint.owner_group


def dns_operator_count(resource: Resource, graph: Graph) -> Value:
    """How many independent operators answer for a public zone."""
    answer = dns_operators(resource, graph)
    return Answer(len(answer.value), answer.related, answer.mark) if isinstance(answer, Answer) else answer


def registrar_hosts_dns(resource: Resource, graph: Graph) -> Value:
    """Whether the registrar of a domain also runs every DNS host of it. Absent when the files show no DNS host."""
    registrar = resource.get("registrar")
    if not isinstance(registrar, str):
        return ABSENT
    owners = dict.fromkeys(_owners_of_servers(resource, graph))
    undecided = list(unknowns_in(resource.get("name_servers")))
    for zone, same in zones_of(resource.get("domain"), graph):
        vendor = zone.get("vendor")
        if same is True and isinstance(vendor, str):
            owners[owner_of_vendor(vendor)] = None
    if not owners:
        return unknown_from(undecided, "the name servers are not in the files") if undecided else ABSENT
    return list(owners) == [owner_of_vendor(registrar)]


# -- where names lead ------------------------------------------------------------------------------


def leads_to(record: Resource, graph: Graph) -> list[Resource]:
    """What a record's alias or values refer to."""
    found = {r.id: r for name in ("alias_target", "values") for r in graph.targets(record, name)}
    return [r for r in found.values() if r.kind in (*SERVING, *_STEERING)]


def is_leading(record: Resource) -> bool:
    """Whether a record gives the address of something; proofs of ownership do not."""
    return record.get("record_type") in _LEADING and not _PROOF.search(literal_text(record.get("domain")))


def one_endpoint(resource: Resource, graph: Graph) -> Value:
    """Whether a public name leads to one regional thing and has no other answer. Absent for other names."""
    if not is_leading(resource):
        return ABSENT
    targets = leads_to(resource, graph)
    private = in_private_zone(resource, graph)
    if not targets or private is True or any(t.kind in _STEERING or t.get("internal") is True for t in targets):
        return ABSENT
    if any(
        t.placement.scope in (Scope.GLOBAL, Scope.MULTI_REGION) or t.get("replica_of") is not ABSENT for t in targets
    ):
        return ABSENT
    if all(t.kind in ("database", "cache") for t in targets) or resource.get("proxied") is True:
        return ABSENT
    routed = resource.get("routing")
    if isinstance(routed, Unknown):
        return routed
    if routed not in ("simple", ABSENT):
        return False
    others = either(siblings(resource, graph))
    if others is not False:
        return others if isinstance(others, Unknown) else False
    explained = tuple(Related(t.span, f"{t.id}: the only answer", t.id) for t in targets[:1])
    return Answer(private if isinstance(private, Unknown) and not applied(resource, graph) else True, explained)


def siblings(record: Resource, graph: Graph) -> Iterator[Truth]:
    """Whether each other record of its type and zone has its name, where that leads somewhere else."""
    mine = {z.id for z in graph.targets(record, "zone")}
    targets = {t.id for t in leads_to(record, graph)}
    for other in graph.of_kind("dns_record"):
        if other.id == record.id or other.get("record_type") != record.get("record_type"):
            continue
        same = _same_name(record.get("domain"), other.get("domain"))
        if same is False or not _same_zone(record, other, mine, graph):
            continue
        if targets != {t.id for t in leads_to(other, graph)}:
            yield same


def _same_zone(record: Resource, other: Resource, mine: set[str], graph: Graph) -> bool:
    theirs = {z.id for z in graph.targets(other, "zone")}
    return bool(mine & theirs) or (not mine and not theirs and equal(record.get("zone"), other.get("zone")) is True)


def only_answer(resource: Resource, graph: Graph) -> Value:
    """The resource that a name leads to, by id; absent for several or none."""
    targets = leads_to(resource, graph)
    return targets[0].id if len(targets) == 1 else ABSENT


def slow_to_move(resource: Resource, graph: Graph) -> Value:
    """Whether resolvers may keep a public answer for longer than a failover can wait.

    Five minutes where records or balancers switch by themselves, an hour where a person edits the name.
    """
    ttl = resource.get("ttl")
    if resource.kind == "dns_record" and (not is_leading(resource) or in_private_zone(resource, graph) is True):
        return ABSENT
    if ttl is ABSENT:
        return ABSENT
    if isinstance(ttl, Unknown):
        return ttl
    if isinstance(ttl, str):
        ttl = int(ttl) if ttl.isdigit() else 0
    routed = resource.get("routing")
    switches = resource.kind == "global_balancer" or routed not in ("simple", ABSENT)
    if isinstance(routed, Unknown):
        return routed if 300 < ttl <= 3600 else bool(ttl > 3600)
    return bool(ttl > (300 if switches else 3600))


# -- resolvers and private zones -------------------------------------------------------------------

_PROVIDED: Final = ("AmazonProvidedDNS", "169.254.169.253", "168.63.129.16", "169.254.169.254")
_REDUNDANT: Final = ("gateway", "endpoint", "load_balancer", "target_group")


def resolver_count(resource: Resource, graph: Graph) -> Value:
    """How many name servers a network's machines are given. Absent for the provider's own and for balanced ones."""
    servers = resource.get("dns_servers")
    if servers is ABSENT or servers == []:
        return ABSENT
    if any(t.kind in _REDUNDANT for t in graph.targets(resource, "dns_servers")):
        return ABSENT
    if not isinstance(servers, list):
        return servers if isinstance(servers, Unknown) else 1
    return ABSENT if any(s in _PROVIDED for s in servers if isinstance(s, str)) else len(servers)


def zone_signing_keys(resource: Resource, graph: Graph) -> Value:
    """How many key-signing keys a signed Route 53 zone has; unknown when none is in the files."""
    if resource.type != "aws_route53_zone":
        return ABSENT
    parts = [
        d
        for d in graph.index.by_id.values()
        if d.type == "aws_route53_key_signing_key"
        and resource.id in graph.index.meant(d.attributes.get("hosted_zone_id"))
    ]
    if not parts:
        return Unknown("its key-signing keys are not in the files", resource.span)
    undecided = next((d.exists for d in parts if isinstance(d.exists, Unknown)), None)
    if undecided is not None and len(parts) < 2:
        return undecided
    first = parts[0]
    return Answer(len(parts), (), first.span_of("key_management_service_arn"))


# -- who may issue certificates --------------------------------------------------------------------

_ISSUERS: Final[Mapping[str, str]] = {
    "amazonaws.com": "amazon.com",
    "amazontrust.com": "amazon.com",
    "awstrust.com": "amazon.com",
}
"""Names that authorise an authority which has another one."""


def caa_issuers(resource: Resource, graph: Graph) -> Value:
    """The authorities that may issue for a name, over all its CAA records. Absent when no record names one."""
    if resource.get("record_type") != "CAA":
        return ABSENT
    issuers: dict[str, None] = {}
    undecided: list[Unknown] = []
    for record in (resource, *_of_one_name(resource, graph)):
        found = list(_issuers(record))
        issuers.update(dict.fromkeys(name for name in found if isinstance(name, str) and name))
        undecided.extend(name for name in found if isinstance(name, Unknown))
    if undecided and len(issuers) < 2:
        return undecided[0]
    return sorted(issuers) if issuers else ABSENT


def _of_one_name(record: Resource, graph: Graph) -> Iterator[Resource]:
    mine = {z.id for z in graph.targets(record, "zone")}
    for other in graph.of_kind("dns_record"):
        if other.id == record.id or other.get("record_type") != "CAA":
            continue
        same = _same_name(record.get("domain"), other.get("domain"))
        if same is True and _same_zone(record, other, mine, graph):
            yield other


def _issuers(record: Resource) -> Iterator[str | Unknown]:
    """What each ``issue`` or ``issuewild`` property of a record allows, in the forms of the providers' schemas."""
    attributes = record.declaration.attributes
    entries = attributes.get("record", attributes.get("data", record.get("values")))
    for entry in entries if isinstance(entries, list) else [entries]:
        if isinstance(entry, Unknown):
            yield from (
                _of_text("".join(p if isinstance(p, str) else "\0" for p in entry.parts)) if entry.parts else (entry,)
            )
        elif isinstance(entry, dict):
            yield from _of_entry(entry.get("tag"), entry.get("value"))
        elif isinstance(entry, str):
            yield from _of_text(entry)


def _of_text(text: str) -> Iterator[str | Unknown]:
    """``0 issue "ca.example; policy=ev"``."""
    _, _, rest = text.strip().partition(" ")
    tag, _, value = rest.strip().partition(" ")
    yield from _of_entry(tag, value.strip().strip('\\"'))


def _of_entry(tag: Value, value: Value) -> Iterator[str | Unknown]:
    if isinstance(tag, Unknown) or (tag in ("issue", "issuewild") and isinstance(value, Unknown)):
        yield tag if isinstance(tag, Unknown) else value
    elif tag in ("issue", "issuewild") and isinstance(value, str):
        name = value.split(";", 1)[0].strip().lower()
        if "\0" in name:
            yield Unknown("an issuer's name is only partly known")
        else:
            yield _ISSUERS.get(name, name)


def caa_issuer_count(resource: Resource, graph: Graph) -> Value:
    """How many authorities may issue for a name."""
    found = caa_issuers(resource, graph)
    return len(found) if isinstance(found, list) else found


_RECORD: Final = ("dns_record",)

FACTS: Final[Mapping[str, Fact]] = {
    "dns_operators": Fact(dns_operators, "the operators that answer for a public zone", ("dns_zone",)),
    "dns_operator_count": Fact(dns_operator_count, "how many operators answer for a public zone", ("dns_zone",)),
    "registrar_hosts_dns": Fact(
        registrar_hosts_dns, "whether the registrar runs all of its DNS", ("domain_registration",)
    ),
    "one_endpoint": Fact(one_endpoint, "whether a public name leads to one regional thing alone", _RECORD),
    "only_answer": Fact(only_answer, "the one thing that a name leads to", _RECORD),
    "slow_to_move": Fact(
        slow_to_move, "whether resolvers keep it longer than a failover can wait", (*_RECORD, "global_balancer")
    ),
    "resolver_count": Fact(resolver_count, "how many name servers the network's machines are given", ("network",)),
    "zone_signing_keys": Fact(zone_signing_keys, "how many key-signing keys a signed zone has", ("dns_zone",)),
    "caa_issuers": Fact(caa_issuers, "the authorities that may issue for a name", _RECORD),
    "caa_issuer_count": Fact(caa_issuer_count, "how many authorities may issue for a name", _RECORD),
}
