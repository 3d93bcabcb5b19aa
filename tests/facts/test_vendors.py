"""Custodians and venues by host and by setting; the traps are hosts that look alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts import vendors
from scanner.facts.fact import Answer
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT, Unknown


def function(settings: str) -> str:
    return f"""variable "more" {{}}
resource "aws_lambda_function" "f" {{
  function_name = "f"
  role          = "arn:aws:iam::111122223333:role/r"
  environment {{
    variables = {{
      {settings}
    }}
  }}
}}"""


CUSTODIANS: dict[str, tuple[str, Any]] = {
    "host": ('URL = "https://api.fireblocks.io/v1"', "Fireblocks"),
    "two custodians": ('A = "https://api.fireblocks.io"\n B = "https://app.bitgo.com"', ""),
    "two names of one owner": ('A = "https://api.prime.coinbase.com"\n B = "https://api.cdp.coinbase.com"', "Coinbase"),
    "setting": ('FIREBLOCKS_API_KEY = "name-of-a-secret"', "Fireblocks"),
    # api.copper.co keeps coins, api.copper.com keeps customers' addresses.
    "custodian": ('A = "https://api.copper.co"', "Copper.co"),
    "namesake": ('A = "https://api.copper.com"', ABSENT),
    "look-alike": ('A = "https://api.fireblocks.io.example.com"', ABSENT),
    # What a sandbox holds is worth nothing.
    "sandbox": ('A = "https://sandbox-api.fireblocks.io"', ABSENT),
    "test network": ('A = "https://app.bitgo-test.com"', ABSENT),
    "none": ('A = "https://example.com"', ABSENT),
    "one more that is not known": ('A = "https://api.fireblocks.io"\n CUSTODIAN_URL = var.more', None),
}


@pytest.mark.parametrize(("settings", "expected"), CUSTODIANS.values(), ids=CUSTODIANS)
def test_custodians(graph_of: Callable[..., Graph], settings: str, expected: Any) -> None:
    graph = graph_of(function(settings))
    (resource,) = graph.of_kind("function")
    answer = vendors.single_custodian(resource, graph)
    value = answer.value if isinstance(answer, Answer) else answer
    assert isinstance(value, Unknown) if expected is None else value == expected


def test_the_mark_is_the_line_that_names_it(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(function('URL = "https://api.fireblocks.io/v1"'))
    answer = vendors.single_custodian(next(iter(graph.resources.values())), graph)
    assert isinstance(answer, Answer)
    assert answer.mark is not None
    assert answer.mark.line == 7  # the setting, not `variables` above it
