"""What Bicep's compiler writes beside its source. The mark of the compiler is that of ``bicep build``; see
https://learn.microsoft.com/azure/azure-resource-manager/bicep/bicep-cli#build.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from scanner.parsers.parsed import Parsed

Reads = Callable[..., Parsed]
LOCAL = """
param name string = 'data'
module store 'store.bicep' = { name: 'store', params: { name: name } }
"""
REGISTRY = LOCAL.replace("'store.bicep'", "'br/public:avm/res/storage/storage-account:0.9.0'")
STORE = """
param name string
resource account 'Microsoft.Storage/storageAccounts@2023-04-01' = { name: name }
"""
CALLER = "module main 'main.bicep' = { name: 'all', params: { name: 'kept' } }\n"


def template(**sections: Any) -> dict[str, Any]:
    schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
    return {"$schema": schema, "contentVersion": "1.0.0.0", "languageVersion": "2.0", **sections}


def compiled(generator: str = "bicep") -> str:
    account = {"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-04-01", "name": "[parameters('name')]"}
    inner = template(parameters={"name": {"type": "string"}}, resources={"account": account})
    store = {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": "store",
        "properties": {
            "expressionEvaluationOptions": {"scope": "inner"},
            "mode": "Incremental",
            "parameters": {"name": {"value": "[parameters('name')]"}},
            "template": inner,
        },
    }
    return json.dumps(
        template(
            metadata={"_generator": {"name": generator, "version": "0.30.3.12046"}},
            parameters={"name": {"type": "string", "defaultValue": "data"}},
            resources={"store": store},
        ),
        indent=2,
    )


def accounts(found: Parsed) -> list[tuple[str, str]]:
    return [(each.span.file, each.attributes["name"]) for each in found.declarations if each.mode == "managed"]


def test_the_source_is_judged(reads: Reads) -> None:
    found = reads({"main.bicep": LOCAL, "store.bicep": STORE, "main.json": compiled()})
    assert accounts(found) == [("store.bicep", "data")]
    assert found.roots == ("main.bicep",)


def test_the_compiled_one_holds_what_a_registry_keeps(reads: Reads) -> None:
    found = reads({"main.bicep": REGISTRY, "main.json": compiled()})
    assert accounts(found) == [("main.json", "data")]
    assert found.problems == ()


def test_a_caller_of_the_source_gets_what_a_registry_keeps(reads: Reads) -> None:
    found = reads({"main.bicep": REGISTRY, "main.json": compiled(), "test.bicep": CALLER})
    assert accounts(found) == [("main.json", "kept")]
    assert found.roots == ("test.bicep",)
    assert found.problems == ()


def test_modules_of_a_source_that_is_not_judged_are_no_templates_of_their_own(reads: Reads) -> None:
    both = REGISTRY + "module more 'store.bicep' = { name: 'more', params: { name: 'more' } }\n"
    found = reads({"main.bicep": both, "store.bicep": STORE, "main.json": compiled()})
    assert found.roots == ("main.json",)


def test_parameters_for_the_source_are_those_of_the_compiled_one(reads: Reads) -> None:
    given = "using 'main.bicep'\nparam name = 'given'\n"
    found = reads({"main.bicep": REGISTRY, "main.json": compiled(), "main.bicepparam": given})
    assert accounts(found) == [("main.json", "given")]


def test_json_that_people_write_is_another_template(reads: Reads) -> None:
    found = reads({"main.bicep": LOCAL, "store.bicep": STORE, "main.json": compiled("other")})
    assert accounts(found) == [("store.bicep", "data"), ("main.json", "data")]
