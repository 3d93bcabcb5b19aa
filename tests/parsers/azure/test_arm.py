"""Templates of JSON. Expectations are the examples of Microsoft's documentation, cited where they stand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from scanner.model.resource import Declaration
from scanner.model.value import Ref, Unknown
from scanner.parsers.parsed import Parsed

Reads = Callable[..., Parsed]
SCHEMAS = "https://schema.management.azure.com/schemas/2019-04-01/"


def template(**sections: Any) -> str:
    """A template of JSON."""
    return json.dumps({"$schema": f"{SCHEMAS}deploymentTemplate.json#", "contentVersion": "1.0.0.0", **sections})


def parameters(**values: Any) -> str:
    """A file of parameters."""
    given = {name: {"value": value} for name, value in values.items()}
    return json.dumps({"$schema": f"{SCHEMAS}deploymentParameters.json#", "parameters": given})


def by_id(found: Parsed) -> dict[str, Declaration]:
    return {each.id: each for each in found.declarations}


def told(found: Parsed) -> list[tuple[str, int, str, str]]:
    return [(p.span.file, p.span.line, p.kind.value, p.message) for p in found.problems]


def resource(kind: str, name: Any, /, **more: Any) -> dict[str, Any]:
    return {"type": kind, "apiVersion": "2022-09-01", "name": name, **more}


STORAGE = "Microsoft.Storage/storageAccounts"


def values(reads: Reads, expressions: dict[str, str], **sections: Any) -> dict[str, Any]:
    """What expressions are worth."""
    found = reads({"main.json": template(**sections, resources=[resource(STORAGE, "s", properties=expressions)])})
    assert told(found) == []
    found_values: dict[str, Any] = by_id(found)["s"].attributes["properties"]
    return found_values


def test_parameters_variables_and_functions(reads: Reads) -> None:
    found = values(
        reads,
        {
            "default": "[parameters('Env')]",
            "variable": "[variables('names').web[1]]",
            "escaped": "[[parameters('env')]",
            "quoted": "[concat('it''s ', 5)]",
            "own": "[contoso.uniqueName('a')]",
            "if": "[if(equals(parameters('env'), 'prod'), 'big', 'small')]",
            "not taken": "[if(true(), 1, div(1, 0))]",
            "object": "[createObject('a', null(), 'b', array(1))]",
            "spaces": "[ toUpper( 'a' ) ]",
        },
        parameters={"env": {"type": "string", "defaultValue": "prod", "allowedValues": ["dev", "prod"]}},
        variables={"names": {"web": ["a", "[concat(parameters('env'), '-b')]"]}},
        functions=[
            {
                "namespace": "contoso",
                "members": {
                    "uniqueName": {
                        "parameters": [{"name": "prefix", "type": "string"}],
                        "output": {"type": "string", "value": "[concat(parameters('prefix'), '-x')]"},
                    }
                },
            }
        ],
    )
    assert found == {
        "default": "prod",
        "variable": "prod-b",
        "escaped": "[parameters('env')]",
        "quoted": "it's 5",
        "own": "a-x",
        "if": "big",
        "not taken": 1,
        "object": {"a": None, "b": [1]},
        "spaces": "A",
    }


# templates/template-functions-lambda: the dogs
DOGS = [
    {"name": "Evie", "age": 5, "interests": ["Ball", "Frisbee"]},
    {"name": "Casper", "age": 3, "interests": ["Other dogs"]},
    {"name": "Indy", "age": 2, "interests": ["Butter"]},
    {"name": "Kira", "age": 8, "interests": ["Rubs"]},
]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (
            "[map(filter(variables('dogs'), lambda('dog', greaterOrEquals(lambdaVariables('dog').age, 5))), lambda('d', lambdaVariables('d').name))]",
            ["Evie", "Kira"],
        ),
        (
            "[map(variables('dogs'), lambda('dog', format('{0} {1}', 'Hello', lambdaVariables('dog').name)))]",
            ["Hello Evie", "Hello Casper", "Hello Indy", "Hello Kira"],
        ),
        (
            "[reduce(map(variables('dogs'), lambda('dog', lambdaVariables('dog').age)), 0, lambda('cur', 'next', add(lambdaVariables('cur'), lambdaVariables('next'))))]",
            18,
        ),
        (
            "[map(sort(variables('dogs'), lambda('a', 'b', less(lambdaVariables('a').age, lambdaVariables('b').age))), lambda('d', lambdaVariables('d').name))]",
            ["Indy", "Casper", "Evie", "Kira"],
        ),
        (
            "[toObject(variables('dogs'), lambda('entry', lambdaVariables('entry').name), lambda('entry', lambdaVariables('entry').age))]",
            {"Evie": 5, "Casper": 3, "Indy": 2, "Kira": 8},
        ),
    ],
)
def test_lambdas(reads: Reads, expression: str, expected: Any) -> None:
    assert values(reads, {"x": expression}, variables={"dogs": DOGS})["x"] == expected


def test_undecided_parameters_are_named(reads: Reads) -> None:
    found = reads(
        {
            "main.json": template(
                parameters={"where": {"type": "string"}, "on": {"type": "bool"}},
                resources=[
                    resource(STORAGE, "a", location="[parameters('where')]", condition="[parameters('on')]"),
                    resource(STORAGE, "[concat(parameters('where'), '-b')]", kind="[if(parameters('on'), 'X', 'Y')]"),
                    resource(STORAGE, "never", condition=False),
                ],
            )
        }
    )
    assert sorted(by_id(found)) == ["a", "{where}-b"]
    a, b = by_id(found)["a"], by_id(found)["{where}-b"]
    location = a.attributes["location"]
    assert (location.reason, location.ref) == ("parameter where has no default value", Ref("var.where"))
    assert isinstance(a.exists, Unknown)
    assert a.exists.reason == "parameter on has no default value"
    assert b.attributes["name"].suffix == "-b"
    assert b.attributes["kind"].choice
    assert b.exists is True


def test_places(reads: Reads) -> None:
    text = """{
  // a comment, as Azure allows it
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "resources": [
    {
      "type": "Microsoft.Storage/storageAccounts", /* another */
      "name": "s",
      "location": "westeurope",
      "properties": {
        "acls": [
          { "id": "x" }
        ]
      }
    }
  ]
}"""
    declared = by_id(reads({"main.json": text}))["s"]
    assert (declared.span.file, declared.span.line) == ("main.json", 6)
    spans = {path: declared.span_of(path) for path in ("name", "location", "properties.acls[0].id", "properties.none")}
    assert {path: (s.line, s.column, s.end_column) for path, s in spans.items()} == {
        "name": (7, 7, 18),
        "location": (8, 7, 31),
        "properties.acls[0].id": (11, 13, 22),
        "properties.none": (9, 7, 19),
    }


# templates/copy-resources, #iteration-for-a-child-resource, templates/copy-properties, templates/copy-variables
def test_copies(reads: Reads) -> None:
    found = reads(
        {
            "main.json": template(
                parameters={"count": {"type": "int", "defaultValue": 2}},
                variables={
                    "disks": {
                        "copy": [
                            {
                                "name": "all",
                                "count": 2,
                                "input": {"name": "[concat('myDataDisk', copyIndex('all', 1))]"},
                            }
                        ]
                    },
                    "copy": [{"name": "names", "count": 3, "input": "[concat('item', copyIndex('names', 1))]"}],
                },
                resources=[
                    resource(
                        STORAGE,
                        "[concat(copyIndex(), 'storage')]",
                        copy={"name": "storagecopy", "count": "[parameters('count')]"},
                        tags={"n": "[variables('names')[copyIndex(1)]]"},
                    ),
                    resource(
                        "Microsoft.Compute/virtualMachines",
                        "vm",
                        dependsOn=["storagecopy"],
                        properties={
                            "storageProfile": {
                                "copy": [
                                    {
                                        "name": "dataDisks",
                                        "count": 2,
                                        "input": {
                                            "lun": "[copyIndex('dataDisks')]",
                                            "name": "[variables('disks').all[copyIndex('dataDisks')].name]",
                                        },
                                    }
                                ]
                            },
                        },
                    ),
                ],
            )
        }
    )
    assert told(found) == []
    assert [d.id for d in found.declarations] == ["0storage", "1storage", "vm"]
    assert [by_id(found)[name].attributes["tags"]["n"] for name in ("0storage", "1storage")] == ["item2", "item3"]
    vm = by_id(found)["vm"]
    assert vm.attributes["properties"]["storageProfile"] == {
        "dataDisks": [{"lun": 0, "name": "myDataDisk1"}, {"lun": 1, "name": "myDataDisk2"}]
    }
    assert vm.depends_on == ("0storage", "1storage")


def test_undecided_and_too_many_copies(reads: Reads) -> None:
    found = reads(
        {
            "main.json": template(
                parameters={"n": {"type": "int"}},
                resources=[
                    resource(STORAGE, "[concat('a', copyIndex())]", copy={"name": "one", "count": "[parameters('n')]"}),
                    resource("Microsoft.Web/sites", "[concat('b', copyIndex())]", copy={"name": "two", "count": 801}),
                ],
            )
        }
    )
    assert all(isinstance(d.exists, Unknown) for d in found.declarations)
    assert "parameter n has no default value" in str(found.declarations[0].exists)
    assert [(line, message) for _, line, _, message in told(found)] == [(1, "a loop of more than 800 iterations")]


# templates/child-resource-name-type
def test_children(reads: Reads) -> None:
    subnet = {
        "type": "subnets",
        "apiVersion": "2022-11-01",
        "name": "Subnet1",
        "properties": {"addressPrefix": "10.0.0.0/24"},
    }
    outside = resource("Microsoft.Network/virtualNetworks/subnets", "VNet1/Subnet2", dependsOn=["VNet1"])
    vnet = resource("Microsoft.Network/virtualNetworks", "VNet1", resources=[{**subnet, "dependsOn": ["VNet1"]}])
    found = by_id(reads({"main.json": template(resources=[vnet, outside])}))
    assert sorted(found) == ["VNet1", "VNet1/Subnet1", "VNet1/Subnet2"]
    for name in ("VNet1/Subnet1", "VNet1/Subnet2"):
        child = found[name]
        assert (child.type, child.attributes["name"]) == ("Microsoft.Network/virtualNetworks/subnets", name)
        assert child.attributes["parent"].ref == Ref("VNet1", "id")
        assert child.depends_on == ("VNet1",)
        assert [(r.path, r.target, r.target_path) for r in child.references] == [("parent", "VNet1", "id")]


# templates/template-functions-resource#resourceid
def test_ids(reads: Reads) -> None:
    group = "/subscriptions/s1/resourceGroups/g/providers/"
    found = reads(
        {
            "main.json": template(
                resources=[
                    resource("Microsoft.Network/virtualNetworks", "v"),
                    resource("Microsoft.Network/virtualNetworks/subnets", "v/a"),
                    resource(
                        "Microsoft.Network/networkInterfaces",
                        "n",
                        dependsOn=["[resourceId('Microsoft.Network/virtualNetworks', 'v')]"],
                        properties={
                            "subnet": "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 'a')]",
                            "built": "[concat(resourceId('Microsoft.Network/virtualNetworks', 'v'), '/subnets/a')]",
                            "other": "[resourceId('s1', 'g', 'Microsoft.Storage/storageAccounts', 'x')]",
                            "role": "[subscriptionResourceId('s1', 'Microsoft.Authorization/roleDefinitions', 'r')]",
                            "policy": "[tenantResourceId('Microsoft.Authorization/policyDefinitions', 'p')]",
                            "lock": f"[extensionResourceId('{group}Microsoft.Web/sites/w', 'Microsoft.Authorization/locks', 'l')]",
                            "state": "[reference(resourceId('Microsoft.Network/virtualNetworks', 'v')).subnets[0].id]",
                            "where": "[reference('v', '2022-09-01', 'Full').location]",
                            "keys": "[listKeys(resourceId('Microsoft.Network/virtualNetworks', 'v'), '2022-09-01').keys[0].value]",
                        },
                    ),
                ]
            )
        }
    )
    assert told(found) == []
    nic = by_id(found)["n"]
    properties = nic.attributes["properties"]
    assert properties["subnet"].ref == Ref("v/a", "id")
    assert properties["subnet"].suffix == "/providers/Microsoft.Network/virtualNetworks/v/subnets/a"
    assert (properties["built"].ref, properties["built"].suffix) == (None, "/subnets/a")
    assert properties["built"].refs == (Ref("v", "id"),)
    assert properties["other"] == f"{group}Microsoft.Storage/storageAccounts/x"
    assert properties["role"] == "/subscriptions/s1/providers/Microsoft.Authorization/roleDefinitions/r"
    assert properties["policy"] == "/providers/Microsoft.Authorization/policyDefinitions/p"
    assert properties["lock"] == f"{group}Microsoft.Web/sites/w/providers/Microsoft.Authorization/locks/l"
    assert properties["state"].ref == Ref("v", "properties.subnets[0].id")
    assert properties["where"].ref == Ref("v", "location")
    assert properties["keys"].refs == (Ref("v", "listKeys"),)
    assert nic.depends_on == ("v",)
    assert [(r.path, r.target, r.target_path) for r in nic.references] == [
        ("properties.built", "v", "id"),
        ("properties.keys", "v", "listKeys"),
        ("properties.state", "v", "properties.subnets[0].id"),
        ("properties.subnet", "v/a", "id"),
        ("properties.where", "v", "location"),
    ]


def test_a_variable_read_twice_refers_twice(reads: Reads) -> None:
    """A value that is worked out once still tells each reader what it is made of."""
    ids = {"x": "[variables('id')]", "y": "[last(split(variables('name'), '-'))]", "z": "[variables('id')]"}
    found = reads(
        {
            "main.json": template(
                variables={"id": "[resourceId('Microsoft.Storage/storageAccounts', 's')]", "name": "a-b"},
                resources=[resource(STORAGE, "s"), resource("Microsoft.Web/sites", "w", properties=ids)],
            )
        }
    )
    site = by_id(found)["w"]
    assert site.attributes["properties"]["y"] == "b"
    assert [(r.path, r.target) for r in site.references] == [("properties.x", "s"), ("properties.z", "s")]


def test_scopes(reads: Reads) -> None:
    sections = {
        "resources": [
            resource(
                STORAGE,
                "s",
                location="[resourceGroup().location]",
                zones="[pickZones('Microsoft.Compute', 'virtualMachines', 'westus2', 2)]",
            )
        ]
    }
    unknown = by_id(reads({"main.json": template(**sections)}))["s"].attributes
    assert unknown["location"].reason == "location of the resource group"
    assert [isinstance(zone, Unknown) for zone in unknown["zones"]] == [True, True]
    known = by_id(reads({"main.json": template(**sections)}, region="westeurope"))["s"].attributes
    assert known["location"] == "westeurope"


# templates/symbolic names: languageVersion 2.0
def test_symbolic_names(reads: Reads) -> None:
    found = by_id(
        reads(
            {
                "main.json": template(
                    languageVersion="2.0",
                    resources={
                        "stg": resource(STORAGE, "s"),
                        "old": resource("Microsoft.KeyVault/vaults", "k", existing=True),
                        "web": resource(
                            "Microsoft.Web/sites",
                            "w",
                            dependsOn=["stg"],
                            properties={
                                "blob": "[reference('stg').primaryEndpoints.blob]",
                                "uri": "[reference('old').vaultUri]",
                            },
                        ),
                        "many": resource(
                            "Microsoft.Web/sites", "[format('x{0}', copyIndex())]", copy={"name": "many", "count": 2}
                        ),
                    },
                )
            }
        )
    )
    assert sorted(found) == ["many[0]", "many[1]", "old", "stg", "web"]
    assert found["old"].mode == "data"
    assert found["web"].depends_on == ("stg",)
    properties = found["web"].attributes["properties"]
    assert properties["blob"].ref == Ref("stg", "properties.primaryEndpoints.blob")
    assert properties["uri"].ref == Ref("old", "properties.vaultUri")


# templates/linked-templates#expression-evaluation-scope-in-nested-templates
@pytest.mark.parametrize(("scope", "expected"), [("inner", "from nested template"), ("outer", "from parent template")])
def test_nested_templates(reads: Reads, scope: str, expected: str) -> None:
    nested = {
        "variables": {"exampleVar": "from nested template"},
        "resources": [resource(STORAGE, "inside", kind="[variables('exampleVar')]")],
        "outputs": {"testVar": {"type": "string", "value": "[variables('exampleVar')]"}},
    }
    properties = {
        "expressionEvaluationOptions": {"scope": scope},
        "mode": "Incremental",
        "template": {"$schema": "x", **nested},
    }
    output = {"tags": {"message": "[reference('nestedTemplate1').outputs.testVar.value]"}}
    found = reads(
        {
            "main.json": template(
                variables={"exampleVar": "from parent template"},
                resources=[
                    resource("Microsoft.Resources/deployments", "nestedTemplate1", properties=properties),
                    resource("Microsoft.Web/sites", "w", **output),
                ],
            )
        }
    )
    assert told(found) == []
    declared = by_id(found)
    assert declared["w"].attributes["tags"]["message"] == expected
    assert declared["nestedTemplate1.inside"].attributes["kind"] == expected
    assert declared["nestedTemplate1"].mode == "module"
    assert declared["nestedTemplate1.inside"].module == "nestedTemplate1"


def linked(**link: str) -> dict[str, Any]:
    given = {"where": {"value": "westus"}}
    return resource(
        "Microsoft.Resources/deployments",
        "linked",
        properties={"mode": "Incremental", "templateLink": link, "parameters": given},
    )


CHILD = template(
    parameters={"where": {"type": "string"}}, resources=[resource(STORAGE, "s", location="[parameters('where')]")]
)


# templates/linked-templates#linked-template
@pytest.mark.parametrize(
    "link",
    [
        {"relativePath": "children/child.json"},
        {"uri": "[uri(deployment().properties.templateLink.uri, 'children/child.json')]"},
        {"uri": "[uri(parameters('_artifactsLocation'), concat('children/child.json', '?sas'))]"},
    ],
)
def test_linked_templates(reads: Reads, link: dict[str, str]) -> None:
    base = {"_artifactsLocation": {"type": "string", "defaultValue": "[deployment().properties.templateLink.uri]"}}
    found = reads(
        {"a/main.json": template(parameters=base, resources=[linked(**link)]), "a/children/child.json": CHILD}
    )
    assert told(found) == []
    assert found.roots[0] == "a/main.json"
    inside = next(d for d in found.declarations if d.id.endswith("linked.s"))
    assert inside.attributes["location"] == "westus"
    assert inside.span.file == "a/children/child.json"
    assert inside.span.parent is not None
    assert inside.span.parent.file == "a/main.json"


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"uri": "https://example.com/x.json"}, "is not on this machine"),
        ({"relativePath": "../../outside.json"}, "outside"),
        ({"relativePath": "none.json"}, "is not in the scanned folder"),
        ({"uri": "[parameters('p')]"}, "which template is deployed is not known: p"),
        ({"relativePath": "main.json"}, "deploys itself"),
    ],
)
def test_templates_that_cannot_be_followed_are_named(reads: Reads, link: dict[str, str], words: str) -> None:
    found = reads({"main.json": template(parameters={"p": {"type": "string"}}, resources=[linked(**link)])})
    assert [words in message for *_, message in told(found)] == [True]
    assert by_id(found)["linked"].mode == "module"


def test_cycles_end_in_problems(reads: Reads) -> None:
    found = reads(
        {
            "main.json": template(
                variables={"a": "[variables('b')]", "b": "[variables('a')]"},
                resources=[
                    resource(STORAGE, "s", kind="[variables('a')]"),
                    resource(STORAGE, "t", kind="[variables('none')]"),
                ],
            )
        }
    )
    assert sorted(message for *_, message in told(found)) == [
        "there is no variable none",
        "variable a depends on itself",
    ]
    assert all(isinstance(d.attributes["kind"], Unknown) for d in found.declarations)


def test_names_that_several_resources_have(reads: Reads) -> None:
    found = reads(
        {
            "main.json": template(
                parameters={"old": {"type": "bool"}},
                resources=[
                    resource(STORAGE, "x"),
                    resource("Microsoft.Web/sites", "x", condition="[parameters('old')]"),
                    resource("Microsoft.Web/sites", "x", condition="[not(parameters('old'))]"),
                ],
            )
        }
    )
    assert [d.id for d in found.declarations] == ["x", "Microsoft.Web/sites/x", "Microsoft.Web/sites/x~2"]


# templates/parameter-files
def test_files_of_parameters(reads: Reads) -> None:
    main = template(
        parameters={"env": {"type": "string", "allowedValues": ["dev", "prod"]}, "key": {"type": "secureString"}},
        resources=[resource(STORAGE, "s", kind="[parameters('env')]", tags={"k": "[parameters('key')]"})],
    )
    own = reads({"azuredeploy.json": main, "azuredeploy.parameters.json": parameters(env="prod", key="hunter2hunter2")})
    assert by_id(own)["s"].attributes["kind"] == "prod"
    assert own.secrets == {"hunter2hunter2"}
    wrong = reads({"azuredeploy.parameters.json": parameters(env="test", key="k")})
    assert [m for *_, m in told(wrong)] == ["test is not among the allowed values of parameter env"]
    several = reads({"azuredeploy.params.json": parameters(env="dev")})
    assert isinstance(by_id(several)["s"].attributes["kind"], Unknown)
    assert [m for *_, m in told(several)] == [
        "several files give it parameters (azuredeploy.parameters.json, azuredeploy.params.json); none is taken"
    ]
    named = reads({"prod.json": parameters(env="prod")}, given=("prod.json",))
    assert by_id(named)["s"].attributes["kind"] == "prod"


def test_values_of_a_key_vault(reads: Reads) -> None:
    given = '{"$schema": "https://schema.management.azure.com/schemas/2015-01-01/deploymentParameters.json#", "parameters": {"p": {"reference": {"keyVault": {"id": "x"}, "secretName": "y"}}}}'
    found = reads(
        {
            "main.parameters.json": given,
            "main.json": template(
                parameters={"p": {"type": "secureString"}}, resources=[resource(STORAGE, "s", kind="[parameters('p')]")]
            ),
        }
    )
    assert by_id(found)["s"].attributes["kind"].reason == "the value is kept in a key vault"


def test_files_that_cannot_be_read(reads: Reads) -> None:
    broken = '{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",\n "resources": ${all}}'
    found = reads(
        {
            "a.json": broken,
            "b.json": template(resources=[resource(STORAGE, "s", kind="[concat('a']", location="westus")]),
        }
    )
    assert found.unread == {"a.json"}
    assert [(f, line, kind) for f, line, kind, _ in told(found)] == [
        ("a.json", 2, "invalid"),
        ("b.json", 1, "unresolved"),
    ]
    assert by_id(found)["s"].attributes["location"] == "westus"


@pytest.mark.parametrize(
    "expression",
    [
        "[range(0, 100000000)]",
        "[" + "concat(" * 5_000 + "'a'" + ")" * 5_000 + "]",
        "[map(range(0, 9000), lambda('a', map(range(0, 9000), lambda('b', map(range(0, 9000), lambda('c', 1))))))]",
        "[reduce(range(0, 99), 'a', lambda('a', 'b', createArray(lambdaVariables('a'), lambdaVariables('a'))))]",
        "[reduce(range(0, 9999), 'a', lambda('a', 'b', createArray(lambdaVariables('a'))))]",
        "[reduce(range(0, 10000), createArray(1, 2), lambda('a', 'b', concat(lambdaVariables('a'), lambdaVariables('a'))))]",
        "[reduce(range(0, 10000), 'aaaaaaaaaa', lambda('a', 'b', concat(lambdaVariables('a'), lambdaVariables('a'))))]",
    ],
    ids=["range", "depth", "steps", "repeated", "deep", "long", "text"],
)
def test_limits(reads: Reads, expression: str) -> None:
    found = reads({"main.json": template(resources=[resource(STORAGE, "s", kind=expression)])})
    assert isinstance(by_id(found)["s"].attributes["kind"], Unknown)
    assert len(found.problems) == 1


def test_a_linked_template_that_is_not_deployed_is_no_root(reads: Reads) -> None:
    away = {**linked(uri="[uri(deployment().properties.templateLink.uri, 'child.json')]"), "condition": False}
    found = reads({"main.json": template(resources=[away]), "child.json": CHILD})
    assert (found.roots, found.declarations) == (("main.json",), ())


def test_parameters_that_are_handed_on_as_a_whole(reads: Reads) -> None:
    link = linked(relativePath="child.json")
    link["properties"]["parameters"] = "[variables('all')]"
    found = reads(
        {
            "main.json": template(variables={"all": {"where": {"value": "eastus"}}}, resources=[link]),
            "child.json": CHILD,
        }
    )
    assert by_id(found)["linked.s"].attributes["location"] == "eastus"


# https://learn.microsoft.com/azure/azure-resource-manager/bicep/loops compiles to copies named "value"
def test_a_loop_that_makes_a_parameter(reads: Reads) -> None:
    link = linked(relativePath="child.json")
    made = {"copy": [{"name": "value", "count": 2, "input": "[concat('r', copyIndex('value'))]"}]}
    link["properties"]["parameters"] = {"where": made}
    found = reads({"main.json": template(resources=[link]), "child.json": CHILD})
    assert told(found) == []
    assert by_id(found)["linked.s"].attributes["location"] == ["r0", "r1"]


def test_what_is_not_deployed_is_not_faulted(reads: Reads) -> None:
    gone = resource(STORAGE, "[last(split(parameters('id'), '/'))]", condition="[not(empty(parameters('id')))]")
    found = reads({"main.json": template(parameters={"id": {"type": "string", "nullable": True}}, resources=[gone])})
    assert (told(found), found.declarations) == ([], ())


def test_an_expression_that_makes_the_object_of_a_parameter(reads: Reads) -> None:
    """As Bicep compiles conditional parameters."""
    link = linked(relativePath="child.json")
    link["properties"]["parameters"] = {
        "where": "[if(true(), createObject('value', 'westus3'), createObject('value', null()))]"
    }
    found = reads({"main.json": template(resources=[link]), "child.json": CHILD})
    assert by_id(found)["linked.s"].attributes["location"] == "westus3"


# Without the name of a loop the current iteration of resources is meant: template-functions-numeric, copyIndex.
def test_a_loop_of_properties_inside_of_one_of_resources(reads: Reads) -> None:
    disks = {"name": "disks", "count": 2, "input": {"of": "[copyIndex()]", "disk": "[copyIndex('disks')]"}}
    machine = resource(
        "Microsoft.Compute/virtualMachines",
        "[concat('vm', copyIndex())]",
        copy={"name": "machines", "count": 3},
        properties={"copy": [disks]},
    )
    found = reads({"main.json": template(resources=[machine])})
    assert told(found) == []
    last = found.declarations[-1].attributes
    assert last["name"] == "vm2"
    assert last["properties"] == {"disks": [{"of": 2, "disk": 0}, {"of": 2, "disk": 1}]}


def test_a_loop_of_resources_in_a_nested_template_inside_of_another(reads: Reads) -> None:
    inner = resource(STORAGE, "[concat('s', copyIndex(), copyIndex('outer'))]", copy={"name": "inner", "count": 2})
    nested = resource(
        "Microsoft.Resources/deployments",
        "[concat('d', copyIndex())]",
        copy={"name": "outer", "count": 2},
        properties={"mode": "Incremental", "template": json.loads(template(resources=[inner]))},
    )
    found = reads({"main.json": template(resources=[nested])})
    names = [each.attributes["name"] for each in found.declarations if each.mode == "managed"]
    assert names == ["s00", "s10", "s01", "s11"]
