"""The parameter that decides a value is told with the place of its default, or of what is given for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from scanner.model.span import Span
from scanner.parsers.parsed import Parsed

Reads = Callable[..., Parsed]

STORE = """\
param sku string = 'Standard_LRS'
param stage string
param prod bool = false
param zones array = [
  '1'
]
var kind = prod ? 'StorageV2' : 'Storage'
resource s 'Microsoft.Storage/storageAccounts@2023-01-01' = {
  name: 'ledger'
  location: 'westeurope'
  kind: kind
  sku: {
    name: sku
  }
  zones: [for zone in zones: zone]
  tags: {
    stage: stage
    kept: '${sku}-copy'
    plain: 'yes'
  }
}
"""
TEMPLATE: dict[str, Any] = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "parameters": {"sku": {"type": "string", "defaultValue": "Standard_LRS"}},
    "variables": {"chosen": "[parameters('sku')]"},
    "resources": [
        {
            "type": "Microsoft.Storage/storageAccounts",
            "apiVersion": "2023-01-01",
            "name": "ledger",
            "location": "westeurope",
            "sku": {"name": "[variables('chosen')]"},
        }
    ],
}


def told(span: Span) -> list[tuple[str, int, str]]:
    """The places that a value came from, each with how it did."""
    return [(outer.file, outer.line, inner.via) for inner, outer in pairwise(span.chain())]


@pytest.mark.parametrize(
    ("path", "line", "decided"),
    [
        ("sku.name", 13, (1, "sku")),
        ("kind", 11, (3, "prod")),
        ("zones", 15, (4, "zones")),
        ("tags.kept", 18, (1, "sku")),
        ("tags.plain", 19, None),
        ("tags.stage", 17, None),  # nothing is given: the value is unknown, and says so
        ("location", 10, None),
    ],
)
def test_the_default_that_decides_is_told(reads: Reads, path: str, line: int, decided: tuple[int, str] | None) -> None:
    (store,) = reads({"main.bicep": STORE}).declarations
    span = store.span_of(path)
    assert span.line == line
    expected = (
        [] if decided is None else [("main.bicep", decided[0], f"value from the default of parameter {decided[1]}")]
    )
    assert told(span) == expected


def test_what_a_module_is_given_is_followed_to_its_default(reads: Reads) -> None:
    main = """\
param chosen string = 'Standard_ZRS'
module store 'store.bicep' = {
  name: 'store'
  params: {
    sku: chosen
    stage: 'dev'
  }
}
"""
    parsed = reads({"main.bicep": main, "store.bicep": STORE})
    store = next(d for d in parsed.declarations if d.id == "store.s")
    assert told(store.span_of("sku.name")) == [
        ("main.bicep", 5, "value from what is given for parameter sku"),
        ("main.bicep", 1, "value from the default of parameter chosen"),
    ]
    assert told(store.span_of("tags.stage")) == [("main.bicep", 6, "value from what is given for parameter stage")]


def test_a_default_of_a_json_template_is_told_through_variables(reads: Reads) -> None:
    (store,) = reads({"main.json": json.dumps(TEMPLATE, indent=2)}).declarations
    (place,) = told(store.span_of("sku.name"))
    assert place == ("main.json", 4, "value from the default of parameter sku")


def test_variables_in_a_circle_are_followed_to_an_end(reads: Reads) -> None:
    circle = {"chosen": "[variables('other')]", "other": "[variables('chosen')]"}
    (store,) = reads({"main.json": json.dumps(TEMPLATE | {"variables": circle})}).declarations
    assert told(store.span_of("sku.name")) == []
