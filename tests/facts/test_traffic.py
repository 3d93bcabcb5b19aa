"""The ways that traffic takes."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent
from typing import Any

import pytest

from scanner.facts import FACTS, Answer
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT, Unknown
from scanner.pipeline import Estate

UNKNOWN = "unknown"
A, C = "ap-northeast-1a", "ap-northeast-1c"
VARIABLES = 'variable "zones" { type = list(string) }\nvariable "on" { type = bool }\nvariable "place" {}\n'


def answer(graph: Graph, resource: str, fact: str) -> Any:
    """The fact's value; an unknown as a word."""
    found = FACTS[fact].compute(graph.resources[resource], graph)
    value = found.value if isinstance(found, Answer) else found
    return UNKNOWN if isinstance(value, Unknown) else value


def server(name: str, body: str) -> str:
    return (
        f'resource "aws_instance" "{name}" {{\n {body}\n}}\n'
        f'resource "aws_lb_target_group_attachment" "{name}" {{\n target_group_arn = aws_lb_target_group.t.arn\n'
        f" target_id = aws_instance.{name}.id\n}}\n"
    )


TARGETS = 'resource "aws_lb_target_group" "t" {\n port = 80\n}\n'
SPARE = (
    'resource "aws_autoscaling_group" "g" {\n count = var.on ? 1 : 0\n min_size = 1\n max_size = 1\n'
    f' availability_zones = ["{C}"]\n target_group_arns = [aws_lb_target_group.t.arn]\n}}\n'
)
BEHIND: dict[str, tuple[str, Any, Any, Any]] = {
    "nothing asks it": (
        TARGETS + f'resource "aws_instance" "a" {{ availability_zone = "{A}" }}',
        False,
        ABSENT,
        ABSENT,
    ),
    "alone": (TARGETS + server("a", f'availability_zone = "{A}"'), True, True, ABSENT),
    "two in one zone": (
        TARGETS + server("a", f'availability_zone = "{A}"') + server("b", f'availability_zone = "{A}"'),
        True,
        False,
        True,
    ),
    "two in two zones": (
        TARGETS + server("a", f'availability_zone = "{A}"') + server("b", f'availability_zone = "{C}"'),
        True,
        False,
        False,
    ),
    "two in zones that a variable gives": (
        VARIABLES
        + TARGETS
        + server("a", "availability_zone = var.zones[0]")
        + server("b", "availability_zone = var.zones[1]"),
        True,
        False,
        UNKNOWN,
    ),
    "a spare that may not exist": (
        VARIABLES + TARGETS + server("a", f'availability_zone = "{A}"') + SPARE,
        True,
        UNKNOWN,
        False,
    ),
    "one of several records of a name": (
        TARGETS + f'resource "aws_instance" "a" {{ availability_zone = "{A}" }}\n'
        'resource "aws_route53_record" "r" {\n zone_id = "Z"\n name = "n"\n type = "A"\n ttl = 5\n'
        ' set_identifier = "one"\n records = [aws_instance.a.public_ip]\n'
        ' failover_routing_policy {\n type = "PRIMARY"\n }\n}',
        True,
        False,
        ABSENT,
    ),
    "named through its fixed address": (
        TARGETS + f'resource "aws_instance" "a" {{ availability_zone = "{A}" }}\n'
        'resource "aws_eip" "e" { instance = aws_instance.a.id }\n'
        'resource "aws_route53_record" "r" {\n zone_id = "Z"\n name = "n"\n type = "A"\n ttl = 5\n'
        " records = [aws_eip.e.public_ip]\n}",
        True,
        True,
        ABSENT,
    ),
    # an address alone may be a bastion's
    "an address that no name leads to": (
        TARGETS + f'resource "aws_instance" "a" {{ availability_zone = "{A}" }}\n'
        'resource "aws_eip" "e" { instance = aws_instance.a.id }\n',
        False,
        ABSENT,
        ABSENT,
    ),
}


@pytest.mark.parametrize(("text", "serving", "alone", "together"), BEHIND.values(), ids=BEHIND)
def test_targets(text: str, serving: Any, alone: Any, together: Any, graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(text)
    assert answer(graph, "aws_instance.a", "serves") == serving
    assert answer(graph, "aws_instance.a", "alone_behind_front") == alone
    assert answer(graph, "aws_lb_target_group.t", "targets_in_one_zone") == together


def test_the_same_zone_number_in_two_regions_is_not_one_zone(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        "".join(
            f'resource "azurerm_linux_virtual_machine" "{region}" {{\n location = "{region}"\n zone = "1"\n}}\n'
            for region in ("japaneast", "koreacentral")
        )
        + 'resource "azurerm_dns_a_record" "r" {\n name = "api"\n zone_name = "z"\n ttl = 5\n'
        " records = [azurerm_linux_virtual_machine.japaneast.public_ip_address,"
        " azurerm_linux_virtual_machine.koreacentral.public_ip_address]\n}"
    )
    assert answer(graph, "azurerm_dns_a_record.r", "targets_in_one_zone") is False


@pytest.mark.parametrize(
    ("arns", "expected"),
    [('["arn:aws:elasticloadbalancing:ap-northeast-1:111122223333:targetgroup/t/1"]', True), ("[]", False)],
)
def test_a_group_attached_outside_of_the_files_serves(
    arns: str, expected: bool, graph_of: Callable[..., Graph]
) -> None:
    graph = graph_of(
        f'resource "aws_autoscaling_group" "g" {{\n min_size = 1\n max_size = 1\n target_group_arns = {arns}\n}}'
    )
    assert answer(graph, "aws_autoscaling_group.g", "serves") is expected


def network(tables: str) -> str:
    return (
        'resource "aws_subnet" "s" {\n for_each = toset(["a", "c"])\n vpc_id = "v"\n'
        ' availability_zone = "ap-northeast-1${each.key}"\n}\n' + tables
    )


ONE_NAT = (
    'resource "aws_nat_gateway" "n" {\n subnet_id = aws_subnet.s["a"].id\n}\n'
    'resource "aws_route_table" "t" {\n vpc_id = "v"\n route {\n cidr_block = "0.0.0.0/0"\n'
    " nat_gateway_id = aws_nat_gateway.n.id\n }\n}\n"
    'resource "aws_route_table_association" "x" {\n for_each = aws_subnet.s\n subnet_id = each.value.id\n'
    " route_table_id = aws_route_table.t.id\n}\n"
)
NAT_PER_ZONE = (
    'resource "aws_nat_gateway" "n" {\n for_each = aws_subnet.s\n subnet_id = each.value.id\n}\n'
    'resource "aws_route_table" "t" {\n for_each = aws_subnet.s\n vpc_id = "v"\n}\n'
    'resource "aws_route" "r" {\n for_each = aws_subnet.s\n route_table_id = aws_route_table.t[each.key].id\n'
    " nat_gateway_id = aws_nat_gateway.n[each.key].id\n}\n"
    'resource "aws_route_table_association" "x" {\n for_each = aws_subnet.s\n subnet_id = each.value.id\n'
    " route_table_id = aws_route_table.t[each.key].id\n}\n"
)


@pytest.mark.parametrize(
    ("text", "nat", "expected"),
    [
        (network(ONE_NAT), "aws_nat_gateway.n", 2),
        (network(NAT_PER_ZONE), 'aws_nat_gateway.n["a"]', 1),
        (network('resource "aws_nat_gateway" "n" {\n subnet_id = "s"\n}'), "aws_nat_gateway.n", ABSENT),
        (
            # https://learn.microsoft.com/en-us/azure/nat-gateway/nat-availability-zones: Azure's subnets span zones
            (
                'resource "azurerm_subnet" "s" {\n name = "s"\n}\n'
                'resource "azurerm_nat_gateway" "n" {\n zones = ["1"]\n}\n'
                'resource "azurerm_subnet_nat_gateway_association" "x" {\n subnet_id = azurerm_subnet.s.id\n'
                " nat_gateway_id = azurerm_nat_gateway.n.id\n}"
            ),
            "azurerm_nat_gateway.n",
            UNKNOWN,
        ),
    ],
    ids=["one for both zones", "one a zone", "no routes in the files", "a subnet of all zones"],
)
def test_egress_zones(text: str, nat: str, expected: Any, graph_of: Callable[..., Graph]) -> None:
    assert answer(graph_of(text), nat, "egress_zones") == expected


def tunnels(count: str) -> str:
    return (
        VARIABLES + 'resource "google_compute_ha_vpn_gateway" "g" {\n name = "g"\n}\n'
        f'resource "google_compute_vpn_tunnel" "t" {{\n count = {count}\n'
        " vpn_gateway = google_compute_ha_vpn_gateway.g.id\n}\n"
    )


@pytest.mark.parametrize(
    ("text", "gateway", "expected"),
    [
        (tunnels("1"), "google_compute_ha_vpn_gateway.g", 1),
        (tunnels("2"), "google_compute_ha_vpn_gateway.g", 2),
        (tunnels("var.on ? 2 : 1"), "google_compute_ha_vpn_gateway.g", UNKNOWN),
        (tunnels("1"), "google_compute_vpn_tunnel.t[0]", ABSENT),
        ('resource "google_compute_ha_vpn_gateway" "g" {}', "google_compute_ha_vpn_gateway.g", ABSENT),
        # https://docs.aws.amazon.com/vpn/latest/s2svpn/VPNTunnels.html: two tunnels for each connection
        ('resource "aws_vpn_connection" "c" {}', "aws_vpn_connection.c", 2),
        ('resource "azurerm_virtual_network_gateway" "g" {}', "azurerm_virtual_network_gateway.g", 1),
        (
            'resource "azurerm_virtual_network_gateway" "g" { active_active = true }',
            "azurerm_virtual_network_gateway.g",
            2,
        ),
        (
            'resource "azurerm_virtual_network_gateway" "g" { type = "ExpressRoute" }',
            "azurerm_virtual_network_gateway.g",
            2,
        ),
    ],
)
def test_vpn_paths(text: str, gateway: str, expected: Any, graph_of: Callable[..., Graph]) -> None:
    assert answer(graph_of(text), gateway, "vpn_paths") == expected


def line(name: str, location: str) -> str:
    return f'resource "aws_dx_connection" "{name}" {{\n name = "{name}"\n location = {location}\n}}\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (line("a", '"EqTY2"'), 1),
        (line("a", '"EqTY2"') + line("b", '"EqTY2"'), 1),
        (line("a", '"EqTY2"') + line("b", '"EqOS1"'), 2),
        (line("a", '"EqTY2"') + 'resource "aws_vpn_connection" "v" {}', 2),
        (line("a", '"EqTY2"') + 'resource "google_compute_vpn_tunnel" "v" {}', 1),
        (VARIABLES + line("a", '"EqTY2"') + line("b", "var.place"), UNKNOWN),
    ],
    ids=["one", "two at one place", "two at two places", "a VPN beside it", "another cloud's VPN", "a place not known"],
)
def test_link_locations(text: str, expected: Any, graph_of: Callable[..., Graph]) -> None:
    assert answer(graph_of(text), "aws_dx_connection.a", "link_locations") == expected


def balancer(group: str) -> str:
    return (
        'resource "aws_lb" "l" {\n load_balancer_type = "network"\n subnets = ["s", "t"]\n}\n'
        f'resource "aws_lb_target_group" "t" {{\n port = 443\n {group}\n}}\n'
        'resource "aws_lb_listener" "x" {\n load_balancer_arn = aws_lb.l.arn\n default_action {\n'
        ' type = "forward"\n target_group_arn = aws_lb_target_group.t.arn\n }\n}\n'
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-cross-zone.html: groups override
        (balancer(""), True),
        (balancer('load_balancing_cross_zone_enabled = "true"'), False),
        (balancer('load_balancing_cross_zone_enabled = "false"'), True),
        ('resource "aws_lb" "l" {\n subnets = ["s", "t"]\n}', False),
    ],
)
def test_balances_within_zone(text: str, expected: bool, graph_of: Callable[..., Graph]) -> None:
    assert answer(graph_of(text), "aws_lb.l", "balances_within_zone") is expected


@pytest.mark.parametrize(
    ("subnets", "expected"), [((A,), 1), ((A, C), 2), ((), ABSENT)], ids=["one", "two", "none in the files"]
)
def test_mount_zone_count(subnets: tuple[str, ...], expected: Any, graph_of: Callable[..., Graph]) -> None:
    text = 'resource "aws_efs_file_system" "f" {}\n' + "".join(
        f'resource "aws_subnet" "s{n}" {{\n vpc_id = "v"\n availability_zone = "{zone}"\n}}\n'
        f'resource "aws_efs_mount_target" "m{n}" {{\n file_system_id = aws_efs_file_system.f.id\n'
        f" subnet_id = aws_subnet.s{n}.id\n}}\n"
        for n, zone in enumerate(subnets)
    )
    assert answer(graph_of(text), "aws_efs_file_system.f", "mount_zone_count") == expected


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ('resource "azurerm_firewall" "u" {\n zones = ["1", "2"]\n ip_configuration {\n ', True),
        ('resource "azurerm_firewall" "u" {\n zones = ["1"]\n ip_configuration {\n ', False),
        ('resource "azurerm_firewall" "u" {\n zones = var.zones\n ip_configuration {\n ', UNKNOWN),
    ],
)
def test_fronts_several_zones(user: str, expected: Any, graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        VARIABLES + 'resource "azurerm_public_ip" "p" {\n name = "p"\n zones = ["1"]\n}\n' + user + 'name = "p"\n'
        " public_ip_address_id = azurerm_public_ip.p.id\n }\n}"
    )
    assert answer(graph, "azurerm_public_ip.p", "fronts_several_zones") == expected


def test_subnets_whose_zones_a_map_of_regions_decides_are_unknown(estate_of: Callable[..., Estate]) -> None:
    """The region of a template is not known: neither is what a map says of it, nor how many zones that makes."""
    template = """
        Mappings:
          Zones:
            us-east-1: {All: [us-east-1a, us-east-1b]}
            eu-west-1: {All: [eu-west-1a, eu-west-1b]}
        Resources:
          S:
            Type: AWS::EC2::Subnet
            Properties:
              AvailabilityZone: !Select [0, !FindInMap [Zones, !Ref AWS::Region, All]]
          N:
            Type: AWS::EC2::NatGateway
            Properties: {SubnetId: !Ref S}
          T: {Type: AWS::EC2::RouteTable}
          R:
            Type: AWS::EC2::Route
            Properties: {RouteTableId: !Ref T, NatGatewayId: !Ref N}
          A:
            Type: AWS::EC2::SubnetRouteTableAssociation
            Properties: {SubnetId: !Ref S, RouteTableId: !Ref T}
    """
    assert answer(estate_of({"template.yaml": dedent(template)}).graph, "N", "egress_zones") == UNKNOWN


def test_mount_targets_stand_in_a_zone_each(graph_of: Callable[..., Graph]) -> None:
    """https://docs.aws.amazon.com/efs/latest/ug/accessing-fs.html: one mount target in each zone."""
    text = 'variable "a" {}\nvariable "b" {}\nresource "aws_efs_file_system" "f" {}\n' + "".join(
        f'resource "aws_efs_mount_target" "{name}" {{\n file_system_id = aws_efs_file_system.f.id\n'
        f" subnet_id = var.{name}\n}}\n"
        for name in "ab"
    )
    assert answer(graph_of(text), "aws_efs_file_system.f", "mount_zone_count") == 2
