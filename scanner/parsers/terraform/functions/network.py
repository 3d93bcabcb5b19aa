"""Functions over IP networks. https://developer.hashicorp.com/terraform/language/functions, "IP Network Functions"."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from scanner.model.value import Unknown, Value
from scanner.parsers.terraform.functions.calling import FunctionError, integer
from scanner.parsers.terraform.values import ELEMENTS_LIMIT, TOO_MANY, ListValue

_MOST_NEW_BITS: Final = 32
_MAPPED: Final = 0xFFFF << 32
"""``::ffff:0:0/96``: IPv4 addresses inside IPv6, which Go writes in either notation."""
_MAPPED_REASON: Final = "IPv4 addresses inside IPv6 are not computed"


class Network(Struct, frozen=True):
    """The first address, the bits of the prefix, and the bits of an address (32 or 128)."""

    first: int
    prefix: int
    bits: int

    @property
    def size(self) -> int:
        """How many addresses it has."""
        return 1 << (self.bits - self.prefix)

    def __str__(self) -> str:
        return f"{write_address(self.first, self.bits)}/{self.prefix}"


def write_address(address: int, bits: int) -> str:
    """The address as Go writes it."""
    from ipaddress import IPv4Address, IPv6Address

    return str(IPv4Address(address) if bits == 32 else IPv6Address(address))


def parse_address(text: str) -> tuple[int, int]:
    """The address and how many bits it has; raises :class:`FunctionError`. IPv4 may have zeros before its numbers."""
    octets = text.split(".")
    if len(octets) == 4 and all(re.fullmatch(r"\d{1,7}", octet, re.ASCII) and int(octet) < 256 for octet in octets):
        return int.from_bytes(bytes(map(int, octets)), "big"), 32
    from ipaddress import IPv6Address

    try:
        address = IPv6Address(text)
    except ValueError:
        raise FunctionError(f"{text!r} is not an IP address") from None
    if address.scope_id is not None:
        raise FunctionError(f"{text!r} has a zone")
    return int(address), 128


def parse_network(text: str) -> Network:
    """The network of an address and a prefix length; raises :class:`FunctionError`."""
    address, slash, length = text.partition("/")
    if not slash or not re.fullmatch(r"\d{1,7}", length, re.ASCII):
        raise FunctionError(f"{text!r} is not in CIDR notation")
    number, bits = parse_address(address)
    prefix = int(length)
    if prefix > bits:
        raise FunctionError(f"{text!r} has a prefix of more than {bits} bits")
    return Network(number >> (bits - prefix) << (bits - prefix), prefix, bits)


def _is_mapped(network: Network) -> bool:
    return network.bits == 128 and network.first >> 32 << 32 == _MAPPED


def host(prefix: str, number: Value) -> Value:
    """``cidrhost``: the address with a number, counted from the end when negative."""
    network = parse_network(prefix)
    wanted = integer(number)
    if not -network.size <= wanted < network.size:
        raise FunctionError(f"{prefix} has no host with the number {wanted}")
    if _is_mapped(network):
        return Unknown(_MAPPED_REASON)
    return write_address(network.first + wanted % network.size, network.bits)


def netmask(prefix: str) -> Value:
    """``cidrnetmask``: the mask of an IPv4 network."""
    network = parse_network(prefix)
    if network.bits != 32:
        raise FunctionError("an IPv6 network has no netmask")
    return write_address((1 << 32) - network.size, 32)


def subnet(prefix: str, new_bits: Value, number: Value) -> Value:
    """``cidrsubnet``: the network with a number among those that are so many bits longer."""
    network, bits, wanted = parse_network(prefix), integer(new_bits), integer(number)
    length = network.prefix + bits
    if not 0 <= length <= network.bits:
        raise FunctionError(f"{prefix} cannot be extended by {bits} bits")
    if bits >= 0 and wanted >= 1 << bits:
        raise FunctionError(f"{bits} bits have no room for a network with the number {wanted}")
    if bits < 0 or wanted < 0:
        return Unknown("a shorter prefix or a negative number of a network is not computed")
    if _is_mapped(network):
        return Unknown(_MAPPED_REASON)
    return str(Network(network.first + (wanted << (network.bits - length)), length, network.bits))


def subnets(prefix: str, *new_bits: Value) -> Value:
    """``cidrsubnets``: consecutive networks, each so many bits longer."""
    network = parse_network(prefix)
    if len(new_bits) > ELEMENTS_LIMIT:
        return Unknown(TOO_MANY)
    if new_bits and not network.first:
        raise FunctionError("Terraform finds no network before the first address of all")
    position, found = network.first, []
    for each in new_bits:
        bits = integer(each)
        length = network.prefix + bits
        if not 1 <= bits <= _MOST_NEW_BITS or length > network.bits:
            raise FunctionError(f"{prefix} cannot be extended by {bits} bits")
        size = 1 << (network.bits - length)
        position = -(-position // size) * size
        if position + size > network.first + network.size:
            raise FunctionError(f"{prefix} has no room left for a prefix of {length} bits")
        found.append(str(Network(position, length, network.bits)))
        position += size
    return Unknown(_MAPPED_REASON) if _is_mapped(network) else ListValue(found)


def contains(network: str, other: str) -> bool:
    """``cidrcontains`` of OpenTofu: whether an address or a network lies inside a network."""
    outer = parse_network(network)
    if "/" in other:
        inner = parse_network(other)
    else:
        address, bits = parse_address(other)
        inner = Network(address, bits, bits)
    if inner.bits != outer.bits:
        raise FunctionError("one is IPv4 and the other IPv6")
    return outer.first <= inner.first and inner.first + inner.size <= outer.first + outer.size
