"""Hardware modules and stores of keys: how many stand together, and what stands elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from scanner.facts.fact import Answer, Fact
from scanner.facts.relations import same_region
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.resource import Resource
from scanner.model.value import ABSENT, Truth, Unknown, Value, both, either, equal, negate


def hsm_count(resource: Resource, graph: Graph) -> Value:
    """How many modules a cluster of them has; unknown when none is in the files, for it can't do anything without."""
    if resource.get("type") != "cloudhsm":
        return ABSENT
    modules = _modules(resource, graph)
    certain = [m for m in modules if m.declaration.exists is True]
    undecided = next((m.declaration.exists for m in modules if isinstance(m.declaration.exists, Unknown)), None)
    if undecided is not None and len(certain) < 2:
        return undecided
    if not certain:
        return Unknown("no module of it is in the files", resource.span)
    related = tuple(Related(module.span, f"{module.id}: its module", module.id) for module in certain)
    return Answer(len(certain), related)


def hsm_zone_count(resource: Resource, graph: Graph) -> Value:
    """In how many zones its modules stand for certain; unknown when their zones may or may not differ."""
    if resource.get("type") != "cloudhsm":
        return ABSENT
    zones: list[str | Unknown] = []
    for module in _modules(resource, graph):
        found = module.placement.zones
        if isinstance(found, Unknown):
            return found
        zones.extend(found)
    if not zones:
        return Unknown("the zones of its modules are not in the files", resource.span)
    distinct: list[str | Unknown] = []
    for zone in zones:
        alike = either(equal(zone, other) for other in distinct)
        if isinstance(alike, Unknown) and len(distinct) < 2 and not _both_placed(zone, distinct):
            return alike
        if alike is not True:
            distinct.append(zone)
    return len(distinct)


def _both_placed(zone: str | Unknown, others: Iterable[str | Unknown]) -> bool:
    """Two objects of which only the address is known: whoever declares two subnets means two zones."""
    return all(isinstance(z, Unknown) and z.ref is not None and "var." not in z.ref.address for z in (zone, *others))


def _modules(resource: Resource, graph: Graph) -> list[Resource]:
    return [member for member in graph.members(resource) if member.kind == "hsm"]


def store_elsewhere(resource: Resource, graph: Graph) -> Value:
    """Whether a second store of its kind does not share its fate; absent for the provider's ordinary stores.

    Clusters of modules must stand in another region; external stores must be reached at another address.
    """
    kind = resource.get("type")
    if kind not in ("cloudhsm", "external"):
        return ABSENT
    peers = [
        other
        for other in graph.of_kind("key_store")
        if other.id != resource.id and other.get("type") == kind and _is_cluster(other) == _is_cluster(resource)
    ]
    apart = [both((other.declaration.exists, _is_apart(resource, other, kind))) for other in peers]
    return either(apart)


def _is_cluster(resource: Resource) -> bool:
    """A cluster of modules, as opposed to a key service's store that is backed by one."""
    return resource.type.endswith("_cluster")


def _is_apart(left: Resource, right: Resource, kind: str) -> Truth:
    if left.placement.provider != right.placement.provider:
        return True
    if kind == "cloudhsm":
        return negate(same_region(left, right))
    mine, other = _address(left), _address(right)
    return (
        Unknown("the address of its external key manager is not known", left.span)
        if ABSENT in (mine, other)
        else negate(equal(mine, other))
    )


def _address(resource: Resource) -> Value:
    attributes = resource.declaration.attributes
    for name in ("xks_proxy_uri_endpoint", "xks_proxy_vpc_endpoint_service_name"):
        if attributes.get(name) is not None:
            return attributes[name]
    resolvers = attributes.get("service_resolvers")
    if isinstance(resolvers, Unknown):
        return resolvers
    first = resolvers[0] if resolvers else {}
    return first.get("hostname", ABSENT) if isinstance(first, dict) else first


_STORE: Final = ("key_store",)

FACTS: Final[Mapping[str, Fact]] = {
    "hsm_count": Fact(hsm_count, "how many hardware modules its cluster has", _STORE),
    "hsm_zone_count": Fact(hsm_zone_count, "in how many zones its hardware modules stand", _STORE),
    "store_elsewhere": Fact(store_elsewhere, "whether a second store of its kind stands apart from it", _STORE),
}
