"""Which parameters and variables go into an attribute of a Bicep file."""

from __future__ import annotations

import pytest

from scanner.model.resource import Declaration
from scanner.model.span import Span
from scanner.parsers.azure.provenance import Provenance

BICEP = """\
@description('the mode of the standby')
param haMode string = 'ZoneRedundant'
param days int
var settings = {
  // a comment with days

  mode: haMode
  days: 'days'
}
var name = 'ledger-${days}'

resource db 'Microsoft.DBforPostgreSQL/flexibleServers@2023-12-01-preview' = {
  name: name
  properties: {
    highAvailability: { mode: settings.mode, haMode: 'days' }
    version: '16'
    size: days > 7 ? haMode : name
  }
}
"""
VALUES = "using './main.bicep'\n\nparam days = 7\n"


def told(line: int, values: str = "") -> list[str]:
    sources = {"infra/main.bicep": tuple(BICEP.splitlines())}
    sources |= {"infra/prod.bicepparam": tuple(values.splitlines())} if values else {}
    span = Span("infra/main.bicep", line)
    declaration = Declaration("db", "x", "db", "arm", span, {}, {"path": span}, written="bicep")
    found = Provenance(sources).origins(declaration, "path")
    return [f"{each.span.file.rpartition('/')[2]}:{each.span.line}-{each.span.end_line} {each.text}" for each in found]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (13, ["main.bicep:10-10 variable name", "main.bicep:3-3 parameter days"]),
        (15, ["main.bicep:4-9 variable settings", "main.bicep:2-2 parameter haMode"]),
        (16, []),
        (17, ["main.bicep:3-3 parameter days", "main.bicep:2-2 parameter haMode", "main.bicep:10-10 variable name"]),
    ],
)
def test_names_are_followed(line: int, expected: list[str]) -> None:
    assert told(line) == expected


def test_a_file_of_values_wins() -> None:
    assert told(13, VALUES) == ["main.bicep:10-10 variable name", "prod.bicepparam:3-3 the value of parameter days"]


def test_what_is_not_written() -> None:
    declaration = Declaration("db", "x", "db", "arm", Span("main.bicep", 1), {})
    assert Provenance({}).origins(declaration, "path") == ()
