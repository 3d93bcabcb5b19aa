"""What files of Bicep declare. Expectations are the examples of Microsoft's documentation, cited where they stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.model.resource import Declaration
from scanner.model.value import Ref, Unknown
from scanner.parsers.parsed import Parsed

Reads = Callable[..., Parsed]


def by_id(found: Parsed) -> dict[str, Declaration]:
    return {each.id: each for each in found.declarations}


def told(found: Parsed) -> list[tuple[str, int, str, str]]:
    return [(p.span.file, p.span.line, p.kind.value, p.message) for p in found.problems]


PARAMETERS = """{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
  "parameters": {"name": {"value": "json"}}
}"""
HUB = """
param location string = resourceGroup().location
param name string
resource vnet 'Microsoft.Network/virtualNetworks@2023-11-01' = {
  name: '${name}-vnet'
  location: location
  resource gateway 'subnets' = {
    name: 'GatewaySubnet'
  }
}
"""


def values(reads: Reads, *lines: str) -> dict[str, Any]:
    """What the lines of a tags object are worth."""
    body = "\n".join(f"    {line}" for line in lines)
    found = reads(
        f"resource s 'Microsoft.Storage/storageAccounts@2023-04-01' = {{\n  name: 's'\n  properties: {{\n{body}\n  }}\n}}\n"
    )
    assert told(found) == []
    worth: dict[str, Any] = by_id(found)["s"].attributes["properties"]
    return worth


def test_values(reads: Reads) -> None:
    found = values(
        reads,
        "text: 'a-${toUpper('b')}-${1 + 2}-${true}'",
        "loop: [for (name, i) in ['x', 'y']: '${name}${i}']",
        "filtered: [for n in range(0, 4): n]",
        "safe: { a: 1 }.?b ?? 'none'",
        "cond: 3 > 2 ? { yes: 1 } : null",
        "map: map([1, 2], n => n * 2)",
        "spread: { ...{ a: 1, b: 2 }, b: 3 }",
        "same: 'A' =~ 'a'",
        "object: toObject(['p', 'q'], k => k, k => length(k))",
    )
    assert found == {
        "text": "a-B-3-True",
        "loop": ["x0", "y1"],
        "filtered": [0, 1, 2, 3],
        "safe": "none",
        "cond": {"yes": 1},
        "map": [2, 4],
        "spread": {"a": 1, "b": 3},
        "same": True,
        "object": {"p": 1, "q": 1},
    }


# bicep/existing-resource, bicep/child-resource-name-type, bicep/conditional-resource-deployment
def test_references(reads: Reads) -> None:
    found = reads(
        HUB
        + """
param deployDb bool
resource kv 'Microsoft.KeyVault/vaults@2023-07-01' existing = {
  name: 'shared'
  scope: resourceGroup('other')
}
resource sql 'Microsoft.Sql/servers@2022-05-01' = if (deployDb) {
  name: 'sql'
  location: 'westeurope'
  properties: {
    vault: kv.properties.vaultUri
    subnet: vnet::gateway.id
    rule: '${vnet.id}/subnets/x'
  }
}
resource db 'Microsoft.Sql/servers/databases@2022-05-01' = [for n in ['x', 'y']: {
  parent: sql
  name: n
  location: sql.location
}]
resource web 'Microsoft.Web/sites@2023-12-01' = {
  name: 'web'
  location: location
  properties: {
    first: db[0].id
    names: [for i in range(0, 2): db[i].name]
    key: kv.getSecret('x')
  }
  dependsOn: [
    db
    sql
  ]
}
"""
    )
    assert told(found) == []
    declared = by_id(found)
    assert sorted(declared) == ["db[0]", "db[1]", "kv", "sql", "vnet", "vnet::gateway", "web"]
    assert {d.written for d in found.declarations} == {"bicep"}
    gateway, kv, sql, web = declared["vnet::gateway"], declared["kv"], declared["sql"], declared["web"]
    assert (gateway.type, gateway.attributes["parent"].ref) == (
        "Microsoft.Network/virtualNetworks/subnets",
        Ref("vnet", "id"),
    )
    assert gateway.attributes["name"].suffix == "-vnet/GatewaySubnet"
    assert kv.mode == "data"
    assert isinstance(kv.attributes["location"], Unknown)
    assert isinstance(sql.exists, Unknown)
    assert sql.exists.reason == "parameter deployDb has no default value"
    assert sql.attributes["properties"]["vault"].ref == Ref("kv", "properties.vaultUri")
    assert sql.attributes["properties"]["subnet"].ref == Ref("vnet::gateway", "id")
    assert sql.attributes["properties"]["rule"].refs == (Ref("vnet", "id"),)
    assert [(r.path, r.target, r.target_path, r.span.line) for r in sql.references] == [
        ("properties.rule", "vnet", "id", 23),
        ("properties.subnet", "vnet::gateway", "id", 22),
        ("properties.vault", "kv", "properties.vaultUri", 21),
    ]
    assert declared["db[1]"].attributes["name"] == "sql/y"
    assert declared["db[1]"].attributes["location"] == "westeurope"
    assert web.attributes["properties"]["first"].ref == Ref("db[0]", "id")
    assert web.attributes["properties"]["names"] == ["x", "y"]
    assert web.depends_on == ("db[0]", "db[1]", "sql")


# bicep/modules
def test_modules(reads: Reads) -> None:
    found = reads(
        {
            "infra/main.bicep": """targetScope = 'subscription'
param regions array = ['westus', 'eastus']
resource rg 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'app'
  location: 'northeurope'
}
module site 'modules/site.bicep' = [for region in regions: {
  scope: rg
  name: 'site-${region}'
  params: {
    region: region
  }
}]
module one './modules/site.bicep' = {
  scope: rg
  params: { region: rg.location, backup: site[1].outputs.id }
}
module far 'br:contoso.azurecr.io/bicep/modules/storage:v1' = {
  name: 'far'
}
""",
            "infra/modules/site.bicep": """param region string
param backup string = ''
resource plan 'Microsoft.Web/serverfarms@2023-12-01' = {
  name: 'plan-${region}'
  location: resourceGroup().location
  tags: { to: backup, where: region }
}
output id string = plan.id
""",
        }
    )
    assert [(line, kind, message) for _, line, kind, message in told(found)] == [
        (
            18,
            "module-unavailable",
            "the template br:contoso.azurecr.io/bicep/modules/storage:v1 is not on this machine",
        ),
    ]
    assert found.roots == ("infra/main.bicep",)
    declared = by_id(found)
    assert [name for name, d in declared.items() if d.mode == "managed"] == [
        "rg",
        "site[0].plan",
        "site[1].plan",
        "one.plan",
    ]
    assert declared["site[1].plan"].attributes["name"] == "plan-eastus"
    assert declared["site[1].plan"].attributes["location"] == "northeurope"
    one = declared["one.plan"].attributes["tags"]
    assert one["to"].ref == Ref("site[1].plan", "id")
    assert one["where"] == "northeurope"
    span = declared["one.plan"].span
    assert (span.file, span.line, span.via) == ("infra/modules/site.bicep", 3, "module one")
    assert span.parent is not None
    assert (span.parent.file, span.parent.line) == ("infra/main.bicep", 14)


def test_several_roots_have_prefixes(reads: Reads) -> None:
    text = "resource a 'Microsoft.Web/sites@2023-12-01' = {\n  name: 'a'\n}\n"
    found = reads({"x.bicep": text, "y/z.bicep": text})
    assert sorted(by_id(found)) == ["x.bicep#a", "y/z.bicep#a"]
    assert found.roots == ("x.bicep", "y/z.bicep")
    assert {d.root for d in found.declarations} == {"x.bicep", "y/z.bicep"}


# bicep/parameter-files
def test_files_of_parameters(reads: Reads) -> None:
    bicepparam = "using '../main.bicep'\nvar base = 'hub'\nparam name = '${base}-1'\nparam location = 'uksouth'\n"
    found = by_id(reads({"main.bicep": HUB, "env/prod.bicepparam": bicepparam}))
    assert found["vnet"].attributes["name"] == "hub-1-vnet"
    assert found["vnet"].attributes["location"] == "uksouth"
    beside = by_id(reads({"env/prod.bicepparam": "using none\n", "main.parameters.json": PARAMETERS}))
    assert beside["vnet"].attributes["name"] == "json-vnet"


def test_circles(reads: Reads) -> None:
    found = reads(
        {
            "a.bicep": "module b 'b.bicep' = { name: 'b' }\nvar x = y\nvar y = x\noutput o string = x\n",
            "b.bicep": "module a 'a.bicep' = { name: 'a' }\nresource s 'Microsoft.Web/sites@2023-12-01' = { name: s.name }\n",
        }
    )
    assert [message for *_, message in told(found)] == ["a.bicep deploys itself", "resource s depends on itself"]
    assert "b.s" in by_id(found)


def test_what_a_loop_over_the_unknown_makes(reads: Reads) -> None:
    found = by_id(
        reads(
            "param all array\nresource s 'Microsoft.Web/sites@2023-12-01' = [for a in all: {\n  name: a.name\n}]\noutput o string = s[0].id\n"
        )
    )
    assert list(found) == ["s"]
    assert isinstance(found["s"].exists, Unknown)
    assert "parameter all has no default value" in found["s"].exists.reason


def test_files_that_are_loaded(reads: Reads) -> None:
    text = "var c = loadJsonContent('c.json')\nresource s 'Microsoft.Web/sites@2023-12-01' = {\n  name: c.names[0]\n  tags: { a: loadTextContent('../../etc/passwd'), b: loadTextContent('t.txt') }\n}\n"
    found = reads({"main.bicep": text, "c.json": '{"names": ["n"]}', "t.txt": "hello"})
    attributes = by_id(found)["s"].attributes
    assert (attributes["name"], attributes["tags"]["b"]) == ("n", "hello")
    assert isinstance(attributes["tags"]["a"], Unknown)
    assert [("outside" in message or "not in the scanned folder" in message) for *_, message in told(found)] == [True]


def test_imports(reads: Reads) -> None:
    shared = "@export()\nvar region = 'westus'\n@export()\nfunc named(a string) string => '${a}-${region}'\n"
    text = "import { region, named as n } from 'shared.bicep'\nimport * as all from 'shared.bicep'\nresource s 'Microsoft.Web/sites@2023-12-01' = {\n  name: n('x')\n  location: region\n  tags: { a: all.named('y') }\n}\n"
    found = reads({"main.bicep": text, "shared.bicep": shared})
    assert told(found) == []
    assert found.roots == ("main.bicep",)
    attributes = by_id(found)["s"].attributes
    assert (attributes["name"], attributes["location"], attributes["tags"]["a"]) == ("x-westus", "westus", "y-westus")


@pytest.mark.parametrize("text", ["resource a 'b' = {\n", "param x string = }\n"])
def test_files_that_cannot_be_read(reads: Reads, text: str) -> None:
    found = reads(text)
    assert found.unread == {"main.bicep"}
    assert [p.kind.value for p in found.problems] == ["invalid"]
    assert found.declarations == ()


def test_loops_in_loops_and_variables_of_variables_are_limited(reads: Reads) -> None:
    loops = "[for a in range(0, 800): [for b in range(0, 800): [for c in range(0, 800): 1]]]"
    doubling = "".join(f"var v{n} = [v{n - 1}, v{n - 1}]\n" for n in range(1, 60))
    text = f"var v0 = 1\n{doubling}resource s 'Microsoft.Web/sites@2023-12-01' = {{\n  name: 's'\n  tags: {{ a: v59, b: 'x' }}\n  kind: {loops}\n}}\n"
    found = reads(text)
    attributes = by_id(found)["s"].attributes
    assert isinstance(attributes["tags"]["a"], Unknown)
    assert isinstance(attributes["kind"], list | Unknown)
    assert found.problems


def test_a_module_that_is_missing_is_told_once_however_often_its_caller_is_deployed(reads: Reads) -> None:
    caller = "module part 'part.bicep' = [for name in ['a', 'b']: { name: name }]\n"
    found = reads({"main.bicep": caller, "part.bicep": "module store 'br/public:avm/store:0.1.0' = { name: 's' }\n"})
    message = "the template br/public:avm/store:0.1.0 is not on this machine"
    assert [(file, line, text) for file, line, _, text in told(found)] == [("part.bicep", 1, message)]


def test_a_part_of_an_object_does_not_refer_to_what_its_other_parts_name(reads: Reads) -> None:
    found = reads(
        {
            "main.bicep": (
                "resource logs 'Microsoft.Storage/storageAccounts@2023-04-01' = { name: 'logs' }\n"
                "resource vnet 'Microsoft.Network/virtualNetworks@2023-11-01' = { name: 'hub' }\n"
                "module wall 'wall.bicep' = {\n  name: 'wall'\n  params: {\n"
                "    settings: { zones: ['1', '2'], log: logs.name, network: vnet.name }\n  }\n}\n"
            ),
            "wall.bicep": (
                "param settings object\n"
                "resource wall 'Microsoft.Network/azureFirewalls@2023-11-01' = {\n  name: 'wall'\n"
                "  zones: settings.zones\n  tags: { in: '${settings.network}-x', first: first(settings.zones) }\n}\n"
            ),
        }
    )
    wall = by_id(found)["wall.wall"]
    assert [(each.path, each.target) for each in wall.references] == [("tags.in", "vnet")]
