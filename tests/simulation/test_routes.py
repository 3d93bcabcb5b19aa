"""How requests travel: the routes of fronts, names with several records, and ways to one goal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from scanner.graph.graph import Graph
from scanner.simulation.fault_graph import FaultGraph, Maker, maker
from scanner.simulation.routes import Route
from scanner.simulation.sweep import failing

GraphOf = Callable[..., Graph]

PROVIDER = 'provider "aws" {\n  region = "eu-west-1"\n}\n'

BALANCER = (
    PROVIDER
    + """
resource "aws_lb" "main" {
  internal = false
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.main.arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.orders.arn
  }
}

resource "aws_lb_listener_rule" "prices" {
  listener_arn = aws_lb_listener.https.arn

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.prices.arn
  }

  condition {
    path_pattern {
      values = ["/prices"]
    }
  }
}

resource "aws_lb_target_group" "orders" {
}

resource "aws_lb_target_group" "prices" {
}

resource "aws_autoscaling_group" "orders" {
  availability_zones = ["eu-west-1a"]
  target_group_arns  = [aws_lb_target_group.orders.arn]
}

resource "aws_autoscaling_group" "prices" {
  availability_zones = ["eu-west-1b"]
  target_group_arns  = [aws_lb_target_group.prices.arn]
}
"""
)


def stops(faults: FaultGraph, node: int, domains: Sequence[str], *, people: bool = False) -> bool:
    """In the automatic reading, or in the one in which people help."""
    told = [faults.events[domain] for domain in domains] + ([] if people else [faults.gates.by_hand])
    return bool(failing(faults.structure, told)[node])


def made(graph: Graph) -> Maker:
    return maker(graph)


def test_each_target_group_of_a_balancer_is_work_of_its_own(graph_of: GraphOf) -> None:
    routes = made(graph_of(BALANCER)).routes
    assert routes.routes["aws_lb.main"] == (
        Route(("aws_lb_target_group.orders",)),
        Route(("aws_lb_target_group.prices",)),
    )
    assert routes.routes["aws_lb_target_group.orders"] == (Route(("aws_autoscaling_group.orders",)),)


def test_a_front_alone_needs_all_its_routes_and_a_way_only_its_own(graph_of: GraphOf) -> None:
    maker = made(graph_of(BALANCER))
    way = maker.routes.toward("aws_lb.main", "aws_autoscaling_group.orders")
    faults = maker.finish()
    whole = faults.nodes["aws_lb.main"]
    assert stops(faults, whole, ["zone:aws/eu-west-1a"])
    assert stops(faults, whole, ["zone:aws/eu-west-1b"])
    assert stops(faults, way, ["zone:aws/eu-west-1a"])
    assert not stops(faults, way, ["zone:aws/eu-west-1b"])
    assert stops(faults, way, ["region:aws/eu-west-1"])


def test_what_requests_can_reach(graph_of: GraphOf) -> None:
    reach = made(graph_of(BALANCER)).routes.reach
    assert {"aws_lb.main", "aws_autoscaling_group.orders", "aws_autoscaling_group.prices"} <= reach("aws_lb.main")
    assert reach("aws_lb_target_group.orders") == {"aws_lb_target_group.orders", "aws_autoscaling_group.orders"}
    assert reach("aws_autoscaling_group.orders") == {"aws_autoscaling_group.orders"}


def records(*blocks: str) -> str:
    zone = '\nresource "aws_route53_zone" "z" {\n  name = "example.org"\n}\n'
    servers = "".join(
        f'\nresource "aws_instance" "{z}" {{\n  availability_zone = "eu-west-1{z}"\n}}\n'
        f'\nresource "aws_eip" "{z}" {{\n  instance = aws_instance.{z}.id\n}}\n'
        for z in "ab"
    )
    return PROVIDER + zone + servers + "".join(blocks)


def record(name: str, target: str, more: str = "", kind: str = "A") -> str:
    return (
        f'\nresource "aws_route53_record" "{name}" {{\n  zone_id = aws_route53_zone.z.id\n  name    = "api"\n'
        f'  type    = "{kind}"\n  ttl     = 60\n  records = [aws_eip.{target}.public_ip]\n{more}}}\n'
    )


def weighted(name: str, *, watched: bool) -> str:
    check = f"  health_check_id = aws_route53_health_check.{name}.id\n" if watched else ""
    more = f'  set_identifier = "{name}"\n{check}  weighted_routing_policy {{\n    weight = 1\n  }}\n'
    return record(name, name, more) + (f'\nresource "aws_route53_health_check" "{name}" {{\n}}\n' if watched else "")


@pytest.mark.parametrize("watched", [True, False])
def test_weighted_records_fail_over_by_themselves_only_with_health_checks(graph_of: GraphOf, watched: bool) -> None:
    maker = made(graph_of(records(weighted("a", watched=watched), weighted("b", watched=watched))))
    assert maker.routes.names["aws_route53_record.a"] == ("aws_route53_record.a", "aws_route53_record.b")
    faults = maker.finish()
    name = faults.nodes["aws_route53_record.a"]
    assert stops(faults, name, ["zone:aws/eu-west-1a"]) is not watched
    assert not stops(faults, name, ["zone:aws/eu-west-1a"], people=True)
    assert stops(faults, name, ["zone:aws/eu-west-1a", "zone:aws/eu-west-1b"], people=True)


def test_people_need_the_plane_that_changes_names(graph_of: GraphOf) -> None:
    faults = made(graph_of(records(weighted("a", watched=False), weighted("b", watched=False)))).finish()
    name = faults.nodes["aws_route53_record.a"]
    assert stops(faults, name, ["zone:aws/eu-west-1a", "control:aws/route53"], people=True)
    assert stops(faults, name, ["zone:aws/eu-west-1a", "region:aws/us-east-1"], people=True)
    assert not stops(faults, name, ["region:aws/us-east-1"])


def test_an_address_of_the_sixth_version_is_no_second_answer(graph_of: GraphOf) -> None:
    routes = made(graph_of(records(record("four", "a"), record("six", "a", kind="AAAA")))).routes
    assert routes.names["aws_route53_record.four"] == ("aws_route53_record.four",)
    assert routes.names["aws_route53_record.six"] == ("aws_route53_record.six",)


def test_two_hosts_of_one_name_stand_in_for_each_other(graph_of: GraphOf) -> None:
    cloudflare = (
        '\nresource "cloudflare_record" "b" {\n  zone_id = "abc"\n  name = "api.example.org"\n  type = "A"\n'
        "  content = aws_eip.b.public_ip\n}\n"
    )
    maker = made(graph_of(records(record("a", "a"), cloudflare)))
    assert set(maker.routes.names["aws_route53_record.a"]) == {"aws_route53_record.a", "cloudflare_record.b"}
    faults = maker.finish()
    name = faults.nodes["aws_route53_record.a"]
    assert not stops(faults, name, ["service:aws/route53"])
    assert not stops(faults, name, ["edge:cloudflare"])
    assert stops(faults, name, ["service:aws/route53", "edge:cloudflare"], people=True)


@pytest.mark.parametrize("crossing", [True, False])
def test_a_front_end_reaches_its_own_zone_unless_balancing_crosses_zones(graph_of: GraphOf, crossing: bool) -> None:
    subnets = "".join(
        f'\nresource "aws_subnet" "{z}" {{\n  vpc_id = "vpc-1"\n  availability_zone = "eu-west-1{z}"\n}}\n'
        for z in "ab"
    )
    text = f"""{PROVIDER}{subnets}
resource "aws_lb" "n" {{
  load_balancer_type               = "network"
  subnets                          = [aws_subnet.a.id]
  enable_cross_zone_load_balancing = {str(crossing).lower()}
}}

resource "aws_lb_listener" "n" {{
  load_balancer_arn = aws_lb.n.arn

  default_action {{
    type             = "forward"
    target_group_arn = aws_lb_target_group.n.arn
  }}
}}

resource "aws_lb_target_group" "n" {{
}}

resource "aws_autoscaling_group" "n" {{
  vpc_zone_identifier = [aws_subnet.a.id, aws_subnet.b.id]
  target_group_arns   = [aws_lb_target_group.n.arn]
}}

resource "aws_instance" "a" {{
  subnet_id = aws_subnet.a.id
}}

resource "aws_instance" "b" {{
  subnet_id = aws_subnet.b.id
}}

resource "aws_lb_target_group" "two" {{
}}

resource "aws_lb_listener" "two" {{
  load_balancer_arn = aws_lb.two.arn

  default_action {{
    type             = "forward"
    target_group_arn = aws_lb_target_group.two.arn
  }}
}}

resource "aws_lb_target_group_attachment" "two" {{
  target_group_arn = aws_lb_target_group.two.arn
  target_id        = aws_instance.b.id
}}

resource "aws_lb" "two" {{
  load_balancer_type               = "network"
  subnets                          = [aws_subnet.a.id, aws_subnet.b.id]
  enable_cross_zone_load_balancing = {str(crossing).lower()}
}}
"""
    faults = made(graph_of(text)).finish()
    # The target stands in b alone: the front end of a is of use only where requests may cross.
    assert not stops(faults, faults.nodes["aws_lb.two"], ["zone:aws/eu-west-1a"])
    assert stops(faults, faults.nodes["aws_lb.two"], ["zone:aws/eu-west-1b"])
    # The front end stands in a alone, whatever stands behind it.
    assert stops(faults, faults.nodes["aws_lb.n"], ["zone:aws/eu-west-1a"])
    assert not stops(faults, faults.nodes["aws_lb.n"], ["zone:aws/eu-west-1b"])


def test_a_circle_of_fronts_ends(graph_of: GraphOf) -> None:
    text = (
        PROVIDER
        + """
resource "aws_route53_zone" "z" {
  name = "example.org"
}

resource "aws_route53_record" "a" {
  zone_id = aws_route53_zone.z.id
  name    = "a"
  type    = "CNAME"
  records = [aws_route53_record.b.fqdn]
}

resource "aws_route53_record" "b" {
  zone_id = aws_route53_zone.z.id
  name    = "b"
  type    = "CNAME"
  records = [aws_route53_record.a.fqdn]
}
"""
    )
    maker = made(graph_of(text))
    assert maker.routes.reach("aws_route53_record.a") == {"aws_route53_record.a", "aws_route53_record.b"}
    way = maker.routes.toward("aws_route53_record.a", "aws_route53_record.b")
    faults = maker.finish()
    assert not stops(faults, way, [])
    assert stops(faults, way, ["service:aws/route53"])
