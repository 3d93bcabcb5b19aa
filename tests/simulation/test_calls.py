"""Third parties that a resource calls: by owner, and which of them stand in for each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from scanner.facts.third_parties import slug
from scanner.graph.graph import Graph
from scanner.simulation.calls import Call
from scanner.simulation.fault_graph import Maker, maker
from scanner.simulation.sweep import failing

GraphOf = Callable[..., Graph]

INFURA = '"https://mainnet.infura.io/v3"'  # Consensys
LINEA = '"https://rpc.linea.build"'  # Consensys, too
ALCHEMY = '"https://eth-mainnet.g.alchemy.com/v2"'


def function(settings: Mapping[str, str], more: str = "") -> str:
    lines = "\n".join(f"      {name} = {value}" for name, value in settings.items())
    return (
        'provider "aws" {\n  region = "eu-west-1"\n}\n'
        'resource "aws_lambda_function" "api" {\n  function_name = "api"\n'
        f"  environment {{\n    variables = {{\n{lines}\n    }}\n  }}\n}}\n{more}"
    )


def found(graph: Graph, name: str = "aws_lambda_function.api") -> tuple[Call, ...]:
    return maker(graph).calls.get(name, ())


@pytest.mark.parametrize(
    ("settings", "groups"),
    [
        ({"ETH_RPC_URL": INFURA}, [["owner:Consensys"]]),
        ({"ETH_RPC_URL": INFURA, "ETH_RPC_FALLBACK_URL": ALCHEMY}, [["owner:Consensys", "owner:Alchemy"]]),
        ({"ETH_RPC_URL_1": INFURA, "ETH_RPC_URL_2": ALCHEMY}, [["owner:Consensys", "owner:Alchemy"]]),
        ({"ETH_RPC_URLS": f"{INFURA[:-1]},{ALCHEMY[1:]}"}, [["owner:Consensys", "owner:Alchemy"]]),
        ({"ETH_RPC_URL": INFURA, "LINEA_RPC_URL": LINEA}, [["owner:Consensys"], ["owner:Consensys"]]),
        ({"ETH_RPC_URL": INFURA, "SOLANA_RPC_URL": ALCHEMY}, [["owner:Consensys"], ["owner:Alchemy"]]),
        ({"ETH_RPC_URL": INFURA, "ETH_RPC_FALLBACK_URL": LINEA}, [["owner:Consensys"]]),
        ({"FIREBLOCKS_API_KEY": '"x"'}, [["custodian:fireblocks"]]),
        ({"fireblocks_api_key": '"x"'}, []),  # no setting of an environment, and no address
        ({"DD_SITE": '"https://api.datadoghq.com"'}, []),  # watching is not serving
        ({"ETH_RPC_URL": '"https://rpc.example.org"'}, []),  # nobody that the table knows
    ],
)
def test_needs_by_owner(graph_of: GraphOf, settings: Mapping[str, str], groups: list[list[str]]) -> None:
    assert [list(call.domains) for call in found(graph_of(function(settings)))] == groups


def test_a_stranger_beside_a_vendor_answers_when_the_vendor_does_not(graph_of: GraphOf) -> None:
    graph = graph_of(function({"ETH_RPC_URLS": f'{INFURA[:-1]},https://rpc.example.org"'}))
    (call,) = found(graph)
    assert call.stranger
    assert not stops(maker(graph), "owner:Consensys")


def stops(made: Maker, *domains: str) -> bool:
    faults = made.finish()
    return bool(failing(faults.structure, [faults.events[d] for d in domains])[faults.nodes["aws_lambda_function.api"]])


def test_a_node_of_one_s_own_beside_a_vendor(graph_of: GraphOf) -> None:
    balancer = (
        'resource "aws_lb" "node" {\n  internal = true\n}\n'
        'resource "aws_lb_target_group" "node" {\n}\n'
        'resource "aws_lb_listener" "node" {\n  load_balancer_arn = aws_lb.node.arn\n'
        '  default_action {\n    type = "forward"\n    target_group_arn = aws_lb_target_group.node.arn\n  }\n}\n'
        'resource "aws_instance" "node" {\n  availability_zone = "eu-west-1a"\n}\n'
        'resource "aws_lb_target_group_attachment" "node" {\n'
        "  target_group_arn = aws_lb_target_group.node.arn\n  target_id = aws_instance.node.id\n}\n"
    )
    text = function({"ETH_RPC_URLS": f'{INFURA[:-1]},http://${{aws_lb.node.dns_name}}"'}, balancer)
    graph = graph_of(text)
    (call,) = found(graph)
    assert list(call.own) == ["aws_lb.node"]
    assert not stops(maker(graph), "owner:Consensys")
    assert not stops(maker(graph), "zone:aws/eu-west-1a")
    assert stops(maker(graph), "owner:Consensys", "zone:aws/eu-west-1a")


def test_a_group_calls_what_its_template_calls(graph_of: GraphOf) -> None:
    graph = graph_of(
        'provider "aws" {\n  region = "eu-west-1"\n}\n'
        'resource "aws_launch_template" "t" {\n  user_data = "ETH_RPC_URL=https://mainnet.infura.io/v3"\n}\n'
        'resource "aws_autoscaling_group" "g" {\n  availability_zones = ["eu-west-1a", "eu-west-1b"]\n'
        "  launch_template {\n    id = aws_launch_template.t.id\n  }\n}\n"
    )
    faults = maker(graph).finish()
    down = failing(faults.structure, [faults.events["owner:Consensys"]])
    assert down[faults.nodes["aws_autoscaling_group.g"]]


def test_a_call_stands_where_the_setting_is(graph_of: GraphOf) -> None:
    (call,) = found(graph_of(function({"ETH_RPC_URL": INFURA})))
    assert (call.span.file, call.span.line) == ("main.tf", 7)  # `variables = {`, the attribute that holds it


@pytest.mark.parametrize(
    ("name", "expected"), [("Fireblocks", "fireblocks"), ("BitGo, Inc.", "bitgo-inc."), (" a  b ", "a-b")]
)
def test_names_as_ids(name: str, expected: str) -> None:
    assert slug(name) == expected
