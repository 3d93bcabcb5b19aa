"""What stands between users and a region: delivery networks, front doors and global balancers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from scanner.catalog.endpoints import owner_of
from scanner.facts.estate import applied, in_private_zone, is_system, managed, written
from scanner.facts.fact import Answer, Fact
from scanner.facts.names import SERVING, is_leading, leads_to, owner_of_vendor, siblings
from scanner.facts.relations import same_region
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.resource import Declaration, Resource, Scope
from scanner.model.span import Span
from scanner.model.value import ABSENT, Truth, Unknown, Value, both, either, equal

_PARTS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "azurerm_traffic_manager_profile": (
        (
            *("azurerm_traffic_manager_azure_endpoint", "azurerm_traffic_manager_external_endpoint"),
            *("azurerm_traffic_manager_nested_endpoint", "azurerm_traffic_manager_endpoint"),
        ),
        ("profile_id", "profile_name"),
    ),
    "azurerm_cdn_frontdoor_origin_group": (("azurerm_cdn_frontdoor_origin",), ("cdn_frontdoor_origin_group_id",)),
    "aws_globalaccelerator_listener": (("aws_globalaccelerator_endpoint_group",), ("listener_arn",)),
}
"""Wholes → the types that add an endpoint to them, and the attributes by which those name the whole."""


class Endpoint(Struct, frozen=True):
    """One place that traffic may be sent to. ``region`` is ``ABSENT`` when nothing tells it."""

    span: Span
    target: Resource | None
    region: Value
    counts: Truth


def endpoints(resource: Resource, graph: Graph) -> list[Endpoint] | Unknown | None:
    """The endpoints of a global balancer or origin group; ``None`` for types whose endpoints are not understood."""
    if resource.type == "aws_globalaccelerator_accelerator":
        listeners = _parts("aws_globalaccelerator_accelerator", resource, graph)
        return [_of_part(p, graph) for name in listeners for p in _parts("aws_globalaccelerator_listener", name, graph)]
    if resource.type in _PARTS:
        return [_of_part(part, graph) for part in _parts(resource.type, resource, graph)]
    if resource.type == "cloudflare_load_balancer":
        return _of_pools(resource, graph)
    return None


def _parts(whole: str, named: Resource | Declaration, graph: Graph) -> list[Declaration]:
    types, paths = _PARTS.get(whole, (("aws_globalaccelerator_listener",), ("accelerator_arn",)))
    return [
        declaration
        for declaration in graph.index.by_id.values()
        if declaration.type in types
        and any(named.id in graph.index.meant(declaration.attributes.get(path)) for path in paths)
    ]


def _of_part(part: Declaration, graph: Graph) -> Endpoint:
    attributes = part.attributes
    target = next(
        (
            t
            for name in ("target_resource_id", "target", "host_name", "endpoint_configuration")
            for t in graph.meant(attributes.get(name))
            if t.kind not in ("other", "glue")
        ),
        None,
    )
    region = attributes.get("endpoint_group_region", attributes.get("endpoint_location", ABSENT))
    own = graph.resources.get(part.id)
    if region is ABSENT and part.type == "aws_globalaccelerator_endpoint_group" and own is not None:
        region = own.placement.region
    return Endpoint(part.span, target, region, both((attributes.get("enabled", True), part.exists)))


def _of_pools(balancer: Resource, graph: Graph) -> list[Endpoint] | Unknown:
    found: list[Endpoint] = []
    pools = [p for name in ("default_pools", "default_pool_ids") for p in graph.targets(balancer, name)]
    if not pools:
        return Unknown("its pools are not in the files", balancer.span_of("endpoints"))
    for pool in {p.id: p for p in pools}.values():
        origins = pool.declaration.attributes.get("origins", [])
        if isinstance(origins, Unknown):
            return origins
        for index, origin in enumerate(origins):
            address = origin.get("address") if isinstance(origin, dict) else origin
            target = next((t for t in graph.meant(address) if t.kind in (*SERVING, "cdn")), None)
            counts = both((origin.get("enabled", True) if isinstance(origin, dict) else True, pool.declaration.exists))
            found.append(Endpoint(pool.declaration.span_of(f"origins[{index}]"), target, ABSENT, counts))
    return found


def endpoint_count(resource: Resource, graph: Graph) -> Value:
    """How many enabled endpoints a balancer or origin group has; unknown when none is in the files."""
    found = endpoints(resource, graph)
    if found is None or isinstance(found, Unknown):
        return ABSENT if found is None else found
    if not found:
        return Unknown("its endpoints are not in the files", resource.span)
    certain = [e for e in found if e.counts is True]
    undecided = next((e.counts for e in found if isinstance(e.counts, Unknown)), None)
    if len(certain) < 2 and undecided is not None:
        return undecided
    return Answer(len(certain), (), certain[0].span if len(certain) == 1 else None)


def endpoints_one_region(resource: Resource, graph: Graph) -> Value:
    """Whether all of several endpoints stand in one region. Absent for fewer than two, or for none in a region."""
    found = endpoints(resource, graph)
    if found is None or isinstance(found, Unknown):
        return ABSENT if found is None else found
    return _one_region([e for e in found if e.counts is not False])


def _one_region(found: Sequence[Endpoint]) -> Value:
    if len(found) < 2 or any(e.target is not None and _everywhere(e.target) for e in found):
        return ABSENT
    first, *others = found
    explained = tuple(Related(e.span, "an endpoint in the same region") for e in others)
    return Answer(both(_together(first, other) for other in others), explained, first.span)


def _everywhere(target: Resource) -> bool:
    return target.placement.scope in (Scope.GLOBAL, Scope.MULTI_REGION) or target.kind in ("cdn", "global_balancer")


def _together(left: Endpoint, right: Endpoint) -> Truth:
    if left.target is not None and right.target is not None:
        return same_region(left.target, right.target)
    mine, other = _region_text(left), _region_text(right)
    if mine is ABSENT or other is ABSENT:
        return Unknown("where an endpoint stands is not in the files", (left if mine is ABSENT else right).span)
    return equal(mine, other)


def _region_text(endpoint: Endpoint) -> Value:
    found = endpoint.region if endpoint.region is not ABSENT else endpoint.target and endpoint.target.placement.region
    return found.replace(" ", "").lower() if isinstance(found, str) else ABSENT if found is None else found


_STEERED: Final = ("failover", "weighted", "latency", "geo", "multivalue")


def backends_one_region(resource: Resource, graph: Graph) -> Value:
    """Whether every back end of a global backend service stands in one region and nothing above it has another.

    Absent where a back end is global.
    """
    if resource.type != "google_compute_backend_service":
        return ABSENT
    targets = [t for t in graph.targets(resource, "targets") if t.kind in (*SERVING, "node_group")]
    if not targets:
        return (
            Unknown("its back ends are not in the files", resource.span_of("targets"))
            if written(resource.get("targets"))
            else ABSENT
        )
    if any(_everywhere(t) for t in targets):
        return ABSENT
    if any(managed(graph, "global_balancer")) or any(
        r.get("routing") in _STEERED for r in managed(graph, "dns_record")
    ):
        return False
    uncertain = next((t.declaration.exists for t in targets if isinstance(t.declaration.exists, Unknown)), None)
    first, *others = targets
    together = both(same_region(first, other) for other in others)
    return uncertain if uncertain is not None and together is True else together


def stacked_on(resource: Resource, graph: Graph) -> Value:
    """The global balancers and delivery networks of its own vendor that it sends traffic to, by id."""
    found = endpoints(resource, graph)
    if not isinstance(found, list):
        return ABSENT
    targets = [e.target for e in found if e.target is not None]
    return [
        t.id
        for t in targets
        if t.kind in ("cdn", "global_balancer") and t.placement.provider == resource.placement.provider
    ]


# -- delivery networks -----------------------------------------------------------------------------


def switched_off(resource: Resource, _graph: Graph) -> Value:
    """Whether it is written as disabled."""
    enabled = resource.declaration.attributes.get("enabled", True)
    return enabled if isinstance(enabled, Unknown) else enabled is False


def origins_one_region(resource: Resource, graph: Graph) -> Value:
    """Whether the members of an origin group all stand in one region, so that its failover outlives no region."""
    attributes = resource.declaration.attributes
    groups, origins = attributes.get("origin_group", []), attributes.get("origin", [])
    if isinstance(groups, Unknown) or isinstance(origins, Unknown):
        return groups if isinstance(groups, Unknown) else origins
    for number, group in enumerate(groups):
        names = (
            {m.get("origin_id") for m in group.get("member", []) if isinstance(m, dict)}
            if isinstance(group, dict)
            else set()
        )
        members = [
            Endpoint(
                resource.declaration.span_of(f"origin[{i}].domain_name"),
                _origin_target(resource, i, graph),
                ABSENT,
                True,
            )
            for i, origin in enumerate(origins)
            if isinstance(origin, dict) and origin.get("origin_id") in names
        ]
        answer = _one_region(members)
        if answer is ABSENT:
            continue
        if isinstance(answer, Answer) and answer.value is not False:
            return Answer(answer.value, answer.related, resource.declaration.span_of(f"origin_group[{number}]"))
        return answer
    return ABSENT


def _origin_target(cdn: Resource, number: int, graph: Graph) -> Resource | None:
    origins = cdn.declaration.attributes.get("origin")
    found = list(graph.meant(origins[number].get("domain_name"))) if isinstance(origins, list) else []
    for target in found:
        if target.kind == "dns_record":
            found.extend(leads_to(target, graph))
    return next((t for t in found if t.kind in SERVING), None)


def single_cdn(_estate: Resource, graph: Graph) -> Value:
    """The one delivery network behind which all public names stand.

    Empty when there are two, or when a name leads past it; absent for files that are no system or name no such network.
    Names that a network uses for its own origins do not count as ways past it.
    """
    if not is_system(graph):
        return ABSENT
    networks = [n for n in managed(graph, "cdn") if n.placement.provider and switched_off(n, graph) is not True]
    owners = {owner_of_vendor(str(n.get("vendor"))): n.span for n in networks if isinstance(n.get("vendor"), str)}
    behind: dict[str, Span] = {}
    for record in managed(graph, "dns_record"):
        if not is_leading(record) or in_private_zone(record, graph) is True or _feeds_network(record, graph):
            continue
        found = _network_of(record, graph)
        if isinstance(found, Unknown):
            return Answer(found, (), record.span_of("values"))
        if found == "" and applied(record, graph):
            return Answer("", (), record.span)
        if found:
            behind.setdefault(found, record.span)
    owners.update({owner: span for owner, span in behind.items() if owner not in owners})
    if not owners:
        return ABSENT
    spans = tuple(Related(span, "a name behind it") for span in behind.values())
    owner, span = next(iter(owners.items()))
    return Answer("" if len(owners) > 1 else _shown_owner(owner), spans, span)


def _shown_owner(owner: str) -> str:
    return {"AWS": "CloudFront", "cloudfront": "CloudFront", "Microsoft": "Azure Front Door", "fastly": "Fastly"}.get(
        owner, owner
    )


def _feeds_network(record: Resource, graph: Graph) -> bool:
    return bool(graph.referrers(record, "cdn"))


def _network_of(record: Resource, graph: Graph) -> str | Unknown | None:
    """The owner of the network that a name leads to; empty for a way past all, ``None`` for a stranger's host."""
    proxied = record.get("proxied")
    if isinstance(proxied, Unknown):
        return proxied
    if proxied is True:
        return "Cloudflare"
    targets = leads_to(record, graph)
    for target in targets:
        vendor = target.get("vendor")
        if target.kind == "cdn" and isinstance(vendor, str):
            return owner_of_vendor(vendor)
    if targets:
        return ""
    values = record.get("values")
    for value in values if isinstance(values, list) else [values]:
        if isinstance(value, Unknown) and not graph.index.meant(value):
            return value
        endpoint = owner_of(value) if isinstance(value, str) else None
        if endpoint is not None and endpoint.category == "cdn":
            return endpoint.owner_group
    return None


def origins_locked(resource: Resource, graph: Graph) -> Value:
    """Whether all of its origins refuse everybody else: nothing could be served without it.

    CloudFront: access controls of buckets, private (VPC) origins, balancers that admit its address list alone. A
    Cloudflare tunnel has no other entrance by design. False where a second network serves too.
    """
    if resource.type.startswith("cloudflare_") and "tunnel" in resource.type:
        return not any(managed(graph, "load_balancer"))
    if resource.type != "aws_cloudfront_distribution" or switched_off(resource, graph) is True:
        return ABSENT
    if any(n.get("vendor") != "cloudfront" for n in managed(graph, "cdn")) or _has_other_way(resource, graph):
        return False
    origins = resource.declaration.attributes.get("origin", [])
    if isinstance(origins, Unknown):
        return origins
    return (
        both(_locked(resource, number, origin, graph) for number, origin in enumerate(origins)) if origins else ABSENT
    )


def _has_other_way(cdn: Resource, graph: Graph) -> bool:
    """Whether a name that leads to a network has an answer elsewhere too."""
    return any(either(siblings(record, graph)) is True for record in graph.referrers(cdn, "dns_record"))


def _locked(cdn: Resource, number: int, origin: Value, graph: Graph) -> Truth:
    if not isinstance(origin, dict):
        return Unknown("an origin is not known", cdn.span_of("origins"))
    if written(origin.get("origin_access_control_id")) or written(origin.get("vpc_origin_config")):
        return True
    blocks = origin.get("s3_origin_config")
    if isinstance(blocks, list) and any(
        isinstance(b, dict) and written(b.get("origin_access_identity")) for b in blocks
    ):
        return True
    target = _origin_target(cdn, number, graph)
    return target is not None and _admits_network_only(target, graph)


_ADDRESS_LIST: Final = "com.amazonaws.global.cloudfront.origin-facing"


def _admits_network_only(target: Resource, graph: Graph) -> bool:
    groups = graph.targets(target, "security_groups")
    return bool(groups) and all(_list_only(group, graph) for group in groups)


def _list_only(group: Resource, graph: Graph) -> bool:
    """Whether the sources of a security group are CloudFront's address list and nothing else."""
    lists = {d.id for d in graph.index.by_id.values() if d.mode == "data" and d.attributes.get("name") == _ADDRESS_LIST}
    rules = [
        d for d in graph.index.by_id.values() if group.id in graph.index.meant(d.attributes.get("security_group_id"))
    ]
    blocks = list(_dicts(group.declaration.attributes.get("ingress")))
    sources = [
        *blocks,
        *(r.attributes for r in rules if "egress" not in r.type and r.attributes.get("type") != "egress"),
    ]
    named = [lists & set(graph.index.meant([s.get("prefix_list_ids"), s.get("prefix_list_id")])) for s in sources]
    open_ways = ("cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6")
    return bool(sources) and all(named) and not any(written(s.get(way)) for s in sources for way in open_ways)


def _dicts(value: Value) -> Iterator[Mapping[str, Value]]:
    for item in value if isinstance(value, list) else []:
        if isinstance(item, dict):
            yield item


_BALANCERS: Final = ("global_balancer", "target_group")

FACTS: Final[Mapping[str, Fact]] = {
    "endpoint_count": Fact(endpoint_count, "how many enabled endpoints it has", _BALANCERS),
    "endpoints_one_region": Fact(endpoints_one_region, "whether all of its endpoints stand in one region", _BALANCERS),
    "backends_one_region": Fact(
        backends_one_region, "whether all of its back ends stand in one region", ("target_group",)
    ),
    "stacked_on": Fact(stacked_on, "the balancers of its own vendor that it leads to", ("global_balancer",)),
    "switched_off": Fact(switched_off, "whether it is written as disabled", ("cdn",)),
    "origins_one_region": Fact(
        origins_one_region, "whether the members of an origin group stand in one region", ("cdn",)
    ),
    "origins_locked": Fact(origins_locked, "whether all of its origins refuse everybody else", ("cdn", "gateway")),
    "single_cdn": Fact(single_cdn, "the one delivery network behind which all public names stand", ("estate",)),
}
