"""Where Compose projects stand: on one host, or on a swarm of hosts, of which the files know no more than the name."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.facts.compose import on_swarm, volume_on_host
from scanner.model.compose import PLATFORM, VOLUME, host_name
from scanner.model.resource import Resource
from scanner.simulation.context import Context


@dataclass
class Hosts:
    """Places what Compose files declare."""

    context: Context

    def standing(self, resource: Resource) -> list[int]:
        """The host as a failure domain, and what the configuration says of its place.

        A volume that another machine keeps stands elsewhere, and nothing tells where.
        """
        if resource.type == VOLUME and volume_on_host(resource) is not True:
            return []
        place, places = resource.placement, self.context.places
        found = [places.other("cluster", place.cluster or host_name(resource.declaration))]
        if place.provider == PLATFORM:
            return found
        if place.account is not None:
            found.append(places.account(place.provider, place.account))
        zones = place.zones if isinstance(place.zones, tuple) else ()
        if not zones:
            region = place.region
            found.append(places.provider(place.provider) if region is None else places.region(place.provider, region))
        elif len(zones) == 1:
            found.append(places.zone(place.provider, place.region, zones[0]))
        else:
            found.append(self._among(resource))
        return found

    def _among(self, resource: Resource) -> int:
        """One of several zones, or all of them for a swarm that is told to spread copies."""
        place, places = resource.placement, self.context.places
        zones = place.zones if isinstance(place.zones, tuple) else ()
        copies = resource.get("replicas")
        apart = resource.get("zone_spread_wanted") is True and isinstance(copies, int) and copies > 1
        if on_swarm(resource, self.context.graph) and (apart or resource.get("every_node") is True):
            nodes = [places.zone(place.provider, place.region, zone) for zone in zones]
            return self.context.gates.all(nodes, "all zones of its swarm")
        owner = host_name(resource.declaration) if not on_swarm(resource, self.context.graph) else resource.id
        return places.zone_among(place.provider, place.region, owner, zones)
