"""Ranges of addresses.

https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-cidr
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from scanner.model.value import Value
from scanner.parsers.azure.functions.signature import Pure
from scanner.parsers.azure.reports import Fault


def _network(value: Value) -> IPv4Network | IPv6Network:
    return ip_network(value, strict=False)


def _parsed(value: Value) -> dict[str, Value]:
    found = _network(value)
    about: dict[str, Value] = {
        "network": str(found.network_address),
        "netmask": str(found.netmask),
        "broadcast": str(found.broadcast_address),
        "firstUsable": str(found[1] if found.num_addresses > 2 else found[0]),
        "lastUsable": str(found[-2] if found.num_addresses > 2 else found[-1]),
        "cidr": found.prefixlen,
    }
    return about


def _subnet(value: Value, prefix: Value, index: Value) -> str:
    found = _network(value)
    if not found.prefixlen <= prefix <= found.max_prefixlen or not 0 <= index < 2 ** (prefix - found.prefixlen):
        raise Fault("there is no such subnet")
    size = 2 ** (found.max_prefixlen - prefix)
    return f"{found.network_address + index * size}/{prefix}"


def _host(value: Value, index: Value) -> str:
    """The host of an index, from 0 for the first that can be used."""
    return str(_network(value)[index + 1])


FUNCTIONS: Final[Mapping[str, Pure]] = {
    "parsecidr": Pure(_parsed, (1, 1)),
    "cidrsubnet": Pure(_subnet, (3, 3)),
    "cidrhost": Pure(_host, (2, 2)),
}
