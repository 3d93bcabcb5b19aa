"""Third parties: two endpoints are two only when their owners are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts import FACTS, Answer, third_parties
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT, Unknown
from scanner.rules.evaluate import estate

UNKNOWN = "unknown"


def caller(**variables: str) -> str:
    lines = "\n".join(f" {name} = {value}" for name, value in variables.items())
    return (
        'variable "key" {}\nvariable "url" {}\n'
        'resource "aws_lambda_function" "f" {\n function_name = "f"\n environment {\n variables = {\n'
        f"{lines}\n }}\n }}\n}}\n"
    )


def value(found: Any) -> Any:
    plain = found.value if isinstance(found, Answer) else found
    return UNKNOWN if isinstance(plain, Unknown) else plain


# Owners: Infura and Linea belong to Consensys, Alchemy is its own and took over Blast API, QuickNode is its own.
SPARES: dict[str, tuple[str, Any]] = {
    "one URL": (caller(RPC_URL='"https://mainnet.infura.io/v3/k"'), ABSENT),
    "a list of one owner": (
        caller(RPC_URLS='"https://mainnet.infura.io/v3/k,https://rpc.linea.build"'),
        "Consensys",
    ),
    "a list of one owner with keys from elsewhere": (
        caller(RPC_URLS='"https://mainnet.infura.io/v3/${var.key},https://rpc.linea.build/${var.key}"'),
        "Consensys",
    ),
    "a list of two": (
        caller(RPC_URLS='"https://mainnet.infura.io/v3/k;https://eth-mainnet.g.alchemy.com/v2/k"'),
        "",
    ),
    "an own node in the list": (
        caller(RPC_URLS='"https://mainnet.infura.io/v3/k,https://node.exchange.example:8545,https://rpc.linea.build"'),
        "",
    ),
    "a list with a piece from elsewhere": (caller(RPC_URLS='"https://mainnet.infura.io/v3/k,${var.url}"'), UNKNOWN),
    "a spare by name": (
        caller(
            ETH_RPC_URL='"https://eth-mainnet.g.alchemy.com/v2/k"',
            ETH_RPC_FALLBACK_URL='"https://eth-mainnet.blastapi.io/k"',
        ),
        "Alchemy",
    ),
    "a spare by its first word": (
        caller(RPC_URL='"https://mainnet.infura.io"', BACKUP_RPC_URL='"https://x.quiknode.pro"'),
        "",
    ),
    "a spare from elsewhere": (
        caller(RPC_URL='"https://mainnet.infura.io"', RPC_URL_BACKUP="var.url"),
        UNKNOWN,
    ),
    "two chains": (
        caller(ETH_RPC_URL='"https://mainnet.infura.io"', POLYGON_RPC_URL='"https://polygon-mainnet.infura.io"'),
        ABSENT,
    ),
    "two databases": (caller(DATABASE_URLS='"https://a.infura.io,https://b.infura.io"'), ABSENT),
}


@pytest.mark.parametrize(("code", "expected"), SPARES.values(), ids=SPARES)
def test_spares(graph_of: Callable[..., Graph], code: str, expected: Any) -> None:
    graph = graph_of(code)
    resource = graph.resources["aws_lambda_function.f"]
    assert value(FACTS["rpc_fallback_owner"].compute(resource, graph)) == expected


OWNERS: dict[str, tuple[str, str, Any]] = {
    "nobody": ("rpc_owner", caller(NAME='"x"'), ABSENT),
    "one owner under two names": (
        "rpc_owner",
        caller(A='"https://mainnet.infura.io"', B='"https://rpc.linea.build"'),
        "Consensys",
    ),
    "two owners": ("rpc_owner", caller(A='"https://mainnet.infura.io"', B='"https://rpc.ankr.com/eth"'), ""),
    "by a setting's name": ("rpc_owner", caller(INFURA_API_KEY="var.key"), "Consensys"),
    "a test network's host": ("rpc_owner", caller(A='"https://sandbox.infura.io"'), ABSENT),
    "not a suffix at a label's boundary": ("rpc_owner", caller(A='"https://notinfura.io"'), ABSENT),
    "an own node": (
        "rpc_owner",
        caller(A='"https://mainnet.infura.io"')
        + 'resource "aws_instance" "n" {\n user_data = "docker run ethereum/client-go"\n}',
        "",
    ),
    # Twilio owns SendGrid.
    "two brands": ("message_vendor", caller(A='"https://api.twilio.com"', B='"https://api.sendgrid.com"'), "Twilio"),
    "own mail": (
        "message_vendor",
        caller(A='"https://api.twilio.com"') + 'resource "aws_ses_domain_identity" "d" {\n domain = "a.example"\n}',
        "",
    ),
    "a model deployed and one called": (
        "model_vendor",
        caller(OPENAI_BASE_URL='"https://api.openai.com/v1"')
        + 'resource "azurerm_cognitive_deployment" "d" {\n model {\n format = "OpenAI"\n name = "gpt-4o"\n }\n}',
        "OpenAI",
    ),
    "models of two": (
        "model_vendor",
        caller(OPENAI_BASE_URL='"https://api.openai.com/v1"')
        + 'resource "aws_bedrockagent_agent" "a" {\n foundation_model = "anthropic.claude-v2"\n}',
        "",
    ),
    "two of one owner": (
        "one_owner_behind",
        caller(A='"https://mainnet.infura.io"', B='"https://rpc.linea.build"'),
        "Infura and Linea both belong to Consensys",
    ),
    "two of two owners": (
        "one_owner_behind",
        caller(A='"https://mainnet.infura.io"', B='"https://rpc.ankr.com"'),
        "",
    ),
    "one of a kind": ("one_owner_behind", caller(A='"https://mainnet.infura.io"'), ABSENT),
}


@pytest.mark.parametrize(("fact", "code", "expected"), OWNERS.values(), ids=OWNERS)
def test_owners(graph_of: Callable[..., Graph], fact: str, code: str, expected: Any) -> None:
    graph = graph_of(code)
    assert value(FACTS[fact].compute(estate(graph), graph)) == expected


@pytest.mark.parametrize(
    ("url", "ended"),
    [
        ("https://eth-mainnet.blastapi.io/k", "Blast API closed in October 2025"),
        ("https://blast.io", False),
        ("https://api.thegraph.com/subgraphs/name/x/y", "The Graph's hosted service is shut down"),
        ("https://gateway.thegraph.com/api", False),
    ],
)
def test_retired(graph_of: Callable[..., Graph], url: str, ended: Any) -> None:
    graph = graph_of(caller(URL=f'"{url}"'))
    assert value(FACTS["retired_endpoints"].compute(graph.resources["aws_lambda_function.f"], graph)) == ended


def test_a_host_is_marked_where_the_text_calls_it(estate_of: Callable[..., Any]) -> None:
    """The comment names it too; the line that calls it is the one to change."""
    manifest = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: pages
spec:
  template:
    spec:
      containers:
        - name: pages
          image: pages:1
          command:
            - sh
            - -c
            - |
              # cloudflare-ipfs.com was quick
              curl https://cloudflare-ipfs.com/ipfs/Qm
"""
    graph = estate_of({"a.yaml": manifest}).graph
    (pages,) = (r for r in graph.resources.values() if r.kind == "workload")
    answer = third_parties.retired_endpoints(pages, graph)
    assert isinstance(answer, Answer)
    assert str(answer.mark) == "a.yaml:16:15"
