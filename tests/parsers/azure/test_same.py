"""One resource that several declarations mean. Azure's ids, which tell them apart, are documented at
https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-resource#resourceid.
"""

from __future__ import annotations

from collections.abc import Callable

from scanner.model.value import Ref, Unknown
from scanner.parsers.parsed import Parsed

Reads = Callable[..., Parsed]
CLUSTER = """
resource cluster 'Microsoft.ContainerService/managedClusters@2024-02-01' = {
  name: 'main'
  location: 'westeurope'
}
module pool 'pool.bicep' = {
  name: 'pool'
  params: { clusterName: cluster.name }
}
"""
POOL = """
param clusterName string
resource cluster 'Microsoft.ContainerService/managedClusters@2024-02-01' existing = {
  name: clusterName
}
resource pool 'Microsoft.ContainerService/managedClusters/agentPools@2024-02-01' = {
  parent: cluster
  name: 'workers'
  properties: { note: 'of ${cluster.id}' }
}
"""
TWICE = """
module storage 'storage.bicep' = [for round in ['init', 'idem']: {
  name: 'storage-${round}'
  params: { name: NAME }
}]
"""
STORAGE = """
param name string
resource account 'Microsoft.Storage/storageAccounts@2023-04-01' = {
  name: name
  location: 'westeurope'
}
"""


def ids(found: Parsed) -> list[str]:
    return [each.id for each in found.declarations if each.mode != "module"]


def test_what_exists_is_what_the_module_around_deploys(reads: Reads) -> None:
    found = reads({"main.bicep": CLUSTER, "pool.bicep": POOL})
    assert ids(found) == ["cluster", "pool.pool"]
    pool = found.declarations[-1]
    assert isinstance(pool.attributes["parent"], Unknown)
    assert pool.attributes["parent"].ref == Ref("cluster", "id")
    assert pool.attributes["properties"]["note"].refs == (Ref("cluster", "id"),)
    assert {reference.target for reference in pool.references} == {"cluster"}


def test_what_exists_in_another_group_is_another(reads: Reads) -> None:
    elsewhere = POOL.replace("name: clusterName\n", "name: clusterName\n  scope: resourceGroup('other')\n")
    found = reads({"main.bicep": CLUSTER, "pool.bicep": elsewhere})
    assert ids(found) == ["cluster", "pool.cluster", "pool.pool"]


def test_a_loop_that_deploys_one_name_deploys_one_resource(reads: Reads) -> None:
    found = reads({"main.bicep": TWICE.replace("NAME", "'data'"), "storage.bicep": STORAGE})
    assert ids(found) == ["storage[0].account"]


def test_names_that_are_not_known_may_differ(reads: Reads) -> None:
    named = "param prefix string\n" + TWICE.replace("NAME", "'${prefix}data'")
    found = reads({"main.bicep": named, "storage.bicep": STORAGE})
    assert ids(found) == ["storage[0].account", "storage[1].account"]


def test_one_name_in_two_groups_is_two_resources(reads: Reads) -> None:
    group = "  scope: resourceGroup(round)\n  params: { name: 'data' }"
    found = reads({"main.bicep": TWICE.replace("  params: { name: NAME }", group), "storage.bicep": STORAGE})
    assert ids(found) == ["storage[0].account", "storage[1].account"]


def test_of_two_that_a_parameter_chooses_neither_is_left_out(reads: Reads) -> None:
    found = reads(
        "param fast bool\n"
        "resource a 'Microsoft.Cache/redis@2023-08-01' = if (fast) { name: 'cache', location: 'westeurope' }\n"
        "resource b 'Microsoft.Cache/redis@2023-08-01' = if (!fast) { name: 'cache', location: 'northeurope' }\n"
    )
    assert ids(found) == ["a", "b"]
