"""What only Azure's templates need: resources inside of others, ids as text, objects that only name others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from scanner.catalog.load import CatalogError, catalog
from scanner.catalog.spellings import compile_spellings, spellings
from scanner.graph.graph import Graph
from scanner.model.resource import Declaration, ProviderContext, Reference
from scanner.model.span import Span
from scanner.model.value import Ref, Unknown
from scanner.normalize import Settings, normalize
from scanner.normalize.spelled import spelled

HERE = Span("main.json", 1)
GROUP = "/subscriptions/s/resourceGroups/r/providers"
NETWORK = f"{GROUP}/Microsoft.Network"


def _declared(
    name: str,
    native: str,
    attributes: Mapping[str, Any],
    references: tuple[Reference, ...] = (),
    places: Mapping[str, Span] | None = None,
) -> Declaration:
    context = ProviderContext("azurerm")
    return Declaration(name, native, name, "arm", HERE, attributes, places or {}, references, context)


def _spelled(*declarations: Declaration) -> dict[str, Declaration]:
    return {each.id: each for each in spelled(declarations, catalog())}


def _graph(*declarations: Declaration) -> Graph:
    graph, unknown = normalize(declarations, Settings())
    assert unknown == {}
    return graph


def _edges(graph: Graph) -> set[tuple[str, str, str]]:
    return {(e.source, e.target, e.kind.value) for name in graph.resources for e in graph.outgoing.get(name, ())}


def test_settings_count_wherever_properties_hold_them_and_keep_their_places() -> None:
    at = Span("main.json", 9, 5)
    attributes = {
        "name": "t",
        "properties": {"routes": [{"name": "o", "properties": {"nextHopIpAddress": "10.0.0.4"}}]},
    }
    places = {"properties.routes[0].properties.nextHopIpAddress": at}
    found = _spelled(_declared("t", "Microsoft.Network/routeTables", attributes, places=places))["t"]
    assert found.attributes["route"] == [{"name": "o", "next_hop_in_ip_address": "10.0.0.4"}]
    assert found.span_of("route[0].next_hop_in_ip_address") == at


def test_a_mention_by_id_is_terraforms_id_attribute_and_its_only_reference() -> None:
    ref = Ref("ip", "id")
    attributes = {"properties": {"publicIpAddresses": [{"id": Unknown("made later", HERE, ref, (ref,))}]}}
    reference = Reference("properties.publicIpAddresses[0].id", "ip", "id", HERE)
    found = _spelled(_declared("n", "Microsoft.Network/natGateways", attributes, (reference,)))["n"]
    assert found.attributes["public_ip_address_ids"][0].ref == ref
    assert [each.path for each in found.references] == ["public_ip_address_ids[0]"]


def test_subnets_in_a_network_are_resources_and_alone_have_what_they_refer_to() -> None:
    subnet = {"name": "front", "properties": {"addressPrefix": "10.0.1.0/24", "natGateway": {"id": "x"}}}
    attributes = {"name": "v", "location": "japaneast", "properties": {"subnets": [subnet]}}
    reference = Reference("properties.subnets[0].properties.natGateway.id", "nat", "id", HERE)
    graph = _graph(
        _declared("vnet", "Microsoft.Network/virtualNetworks", attributes, (reference,)),
        _declared(
            "nat", "Microsoft.Network/natGateways", {"name": "n", "location": "japaneast", "sku": {"name": "Standard"}}
        ),
    )
    found = graph.resources["vnet/subnets/front"]
    assert (found.kind, found.placement.region, found.get("cidr")) == ("subnet", "japaneast", "10.0.1.0/24")
    assert _edges(graph) == {
        ("vnet/subnets/front", "nat", "runtime"),
        ("vnet/subnets/front", "vnet", "placement"),
    }


def test_who_reads_an_entry_of_a_list_reads_the_resource_there() -> None:
    network = {"name": "v", "properties": {"subnets": [{"name": "a"}, {"name": "b"}]}}
    ref = Ref("vnet", "properties.subnets[1].id")
    using = {
        "name": "n",
        "properties": {"ipConfigurations": [{"properties": {"subnet": {"id": Unknown("", HERE, ref, (ref,))}}}]},
    }
    reference = Reference("properties.ipConfigurations[0].properties.subnet.id", "vnet", ref.path, HERE)
    found = _spelled(
        _declared("vnet", "Microsoft.Network/virtualNetworks", network),
        _declared("nic", "Microsoft.Network/networkInterfaces", using, (reference,)),
    )["nic"]
    assert [(each.path, each.target, each.target_path) for each in found.references] == [
        ("ip_configuration[0].subnet_id", "vnet/subnets/b", "id")
    ]
    assert found.attributes["ip_configuration"][0]["subnet_id"].ref == Ref("vnet/subnets/b", "id")


def test_a_subnet_declared_by_itself_too_is_one() -> None:
    found = _spelled(
        _declared("v", "Microsoft.Network/virtualNetworks", {"name": "v", "properties": {"subnets": [{"name": "a"}]}}),
        _declared("s", "Microsoft.Network/virtualNetworks/subnets", {"name": "v/a"}),
    )
    assert sorted(found) == ["s", "v"]


def test_entries_of_one_name_stay_apart() -> None:
    twice = {"properties": {"subnets": [{"name": "a"}, {"name": "a"}, {"properties": {}}]}}
    found = _spelled(_declared("v", "Microsoft.Network/virtualNetworks", twice))
    assert sorted(found) == ["v", "v/subnets/[1]", "v/subnets/[2]", "v/subnets/a"]


def test_the_first_pool_of_a_cluster_is_its_own_and_the_others_are_node_groups() -> None:
    pools = [
        {"name": "system", "count": 3, "availabilityZones": ["1"]},
        {"name": "users", "count": 2, "availabilityZones": ["2"]},
    ]
    attributes = {"name": "k", "location": "japaneast", "properties": {"agentPoolProfiles": pools}}
    graph = _graph(_declared("k", "Microsoft.ContainerService/managedClusters", attributes))
    assert graph.resources["k"].get("node_zones") == ["1"]
    assert graph.resources["k/agentPools/users"].placement.zones == ("2",)
    assert sorted(graph.resources) == ["k", "k/agentPools/users"]


BALANCED = (
    _declared(
        "lb",
        "Microsoft.Network/loadBalancers",
        {
            "id": f"{NETWORK}/loadBalancers/lb",
            "name": "lb",
            "location": "japaneast",
            "sku": {"name": "Standard"},
            "properties": {
                "frontendIPConfigurations": [
                    {"name": "f", "properties": {"publicIPAddress": {"id": f"{NETWORK}/publicIPAddresses/ip"}}}
                ],
                "backendAddressPools": [
                    {
                        "name": "b",
                        "id": f"{NETWORK}/loadBalancers/lb/backendAddressPools/b",
                        "properties": {
                            "backendIPConfigurations": [{"id": f"{NETWORK}/networkInterfaces/nic/ipConfigurations/c"}]
                        },
                    }
                ],
                "loadBalancingRules": [
                    {
                        "name": "r",
                        "properties": {
                            "backendAddressPool": {"id": f"{NETWORK}/loadBalancers/lb/backendAddressPools/b"}
                        },
                    }
                ],
            },
        },
    ),
    _declared(
        "ip",
        "microsoft.network/publicipaddresses",
        {"id": f"{NETWORK}/publicIPAddresses/ip", "name": "ip", "location": "japaneast"},
    ),
    _declared(
        "nic",
        "microsoft.network/networkinterfaces",
        {
            "id": f"{NETWORK}/networkInterfaces/nic",
            "name": "nic",
            "location": "japaneast",
            "properties": {
                "virtualMachine": {"id": f"{GROUP}/Microsoft.Compute/virtualMachines/vm"},
                "ipConfigurations": [
                    {
                        "name": "c",
                        "properties": {
                            "loadBalancerBackendAddressPools": [
                                {"id": f"{NETWORK}/loadBalancers/lb/backendAddressPools/b"}
                            ]
                        },
                    }
                ],
            },
        },
    ),
    _declared(
        "vm",
        "microsoft.compute/virtualmachines",
        {
            "id": f"{GROUP}/Microsoft.Compute/virtualMachines/vm",
            "name": "vm",
            "location": "japaneast",
            "properties": {
                "networkProfile": {
                    "networkInterfaces": [{"id": f"{NETWORK}/networkInterfaces/nic", "properties": {"primary": True}}]
                }
            },
        },
    ),
)
"""As Resource Graph answers: everything by its id, and what mirrors other resources beside it."""


def test_an_inventory_is_connected_by_its_ids_and_mirrors_connect_nothing() -> None:
    graph = _graph(*BALANCED)
    assert ("lb", "lb/backendAddressPools/b", "membership") in _edges(graph)
    assert ("lb/backendAddressPools/b", "nic", "membership") in _edges(graph)
    assert ("nic", "vm", "membership") in _edges(graph)
    assert ("lb", "ip", "runtime") in _edges(graph)
    assert {target for source, target, kind in _edges(graph) if source == "nic" and kind == "runtime"} == set()


def test_an_id_of_another_group_names_nothing_here() -> None:
    elsewhere = "/subscriptions/other/resourceGroups/r/providers/Microsoft.Network/natGateways/n"
    subnet = {
        "id": f"{NETWORK}/virtualNetworks/v/subnets/a",
        "name": "a",
        "properties": {"natGateway": {"id": elsewhere}},
    }
    found = _spelled(
        _declared("s", "Microsoft.Network/virtualNetworks/subnets", subnet),
        _declared("n", "Microsoft.Network/natGateways", {"id": f"{NETWORK}/natGateways/n", "name": "n"}),
    )["s"]
    assert found.references == ()


@pytest.mark.parametrize(
    "attributes",
    [
        {"name": "st/default/pictures"},
        {
            "name": "pictures",
            "id": f"{GROUP}/Microsoft.Storage/storageAccounts/st/blobServices/default/containers/pictures",
        },
        {"name": "pictures", "parent": f"{GROUP}/Microsoft.Storage/storageAccounts/st/blobServices/default"},
    ],
)
def test_a_child_stands_where_the_resource_far_above_it_stands(attributes: Mapping[str, Any]) -> None:
    graph = _graph(
        _declared(
            "st",
            "Microsoft.Storage/storageAccounts",
            {"name": "st", "location": "japaneast", "sku": {"name": "Standard_ZRS"}},
        ),
        _declared("c", "Microsoft.Storage/storageAccounts/blobServices/containers", attributes),
    )
    assert graph.resources["c"].placement.region == "japaneast"
    assert _edges(graph) == {("c", "st", "runtime")}


def test_settings_of_blobs_are_those_of_their_account() -> None:
    """https://learn.microsoft.com/azure/templates/microsoft.storage/storageaccounts/blobservices."""
    graph = _graph(
        _declared(
            "st",
            "Microsoft.Storage/storageAccounts",
            {"name": "st", "location": "japaneast", "sku": {"name": "Standard_LRS"}},
        ),
        _declared(
            "b",
            "Microsoft.Storage/storageAccounts/blobServices",
            {
                "name": "st/default",
                "properties": {"isVersioningEnabled": True, "deleteRetentionPolicy": {"enabled": True, "days": 30}},
            },
        ),
    )
    assert (graph.resources["st"].get("versioning"), graph.resources["st"].get("soft_delete_days")) == (True, 30)


def test_app_settings_keep_the_names_that_their_authors_gave() -> None:
    settings = {"DATABASE_URL": "postgres://db.example.com/x"}
    site = {"name": "app", "location": "japaneast", "kind": "app,linux", "properties": {}}
    graph = _graph(
        _declared("app", "Microsoft.Web/sites", site),
        _declared("set", "Microsoft.Web/sites/config", {"name": "app/appsettings", "properties": settings}),
    )
    assert graph.resources["app"].get("environment_hosts") == settings


def test_an_attribute_of_several_is_unknown_where_one_of_them_is() -> None:
    capacity = Unknown("parameter units has no default", HERE)
    found = _spelled(
        _declared("api", "Microsoft.ApiManagement/service", {"sku": {"name": "Premium", "capacity": capacity}}),
        _declared("bare", "Microsoft.ApiManagement/service", {"sku": {"name": "Consumption"}}),
    )
    joined = found["api"].attributes["sku_name"]
    assert isinstance(joined, Unknown)
    assert (joined.reason, joined.parts) == (capacity.reason, ("Premium_", capacity))
    assert "sku_name" not in found["bare"].attributes


def test_a_lock_below_any_resource_is_a_lock_on_it() -> None:
    scope = f"{GROUP}/Microsoft.Storage/storageAccounts/st"
    attributes = {
        "id": f"{scope}/providers/Microsoft.Authorization/locks/keep",
        "name": "keep",
        "properties": {"level": "ReadOnly"},
    }
    below = _declared("l", "Microsoft.Authorization/locks", attributes)
    found = _spelled(
        below,
        _declared("m", "Microsoft.Storage/storageAccounts/providers/locks", {"properties": {"level": "ReadOnly"}}),
    )
    assert (found["l"].type, found["l"].attributes["scope"], found["l"].attributes["lock_level"]) == (
        "azurerm_management_lock",
        scope,
        "ReadOnly",
    )
    assert found["m"].type == "azurerm_management_lock"


def test_the_table_says_what_many_types_are() -> None:
    assert len(compile_spellings(catalog().types)["dialects"]["arm"]) >= 150
    assert spellings("arm").of("microsoft.SQL/Servers/databases") is not None


def test_an_inner_type_without_an_entry_is_refused(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "spelled"
    folder.mkdir()
    folder.joinpath("x.yaml").write_text("types: {A/b: {type: azurerm_subnet, inner: {cs: A/b/c}}}", encoding="utf-8")
    monkeypatch.setattr("scanner.catalog.spellings.FOLDER", tmp_path)
    with pytest.raises(CatalogError, match="A/b/c is no type of this table"):
        compile_spellings(catalog().types)


def test_an_inventory_does_not_leave_open_what_a_template_leaves_open() -> None:
    template = _declared("a", "Microsoft.Network/publicIPAddresses", {"name": "a"})
    found = _spelled(template, replace(template, id="b", written="az-graph"))
    assert (found["a"].attributes.get("sku"), found["b"].attributes.get("sku")) == ("Basic", None)


def test_a_zone_with_a_configuration_of_dnssec_is_signed() -> None:
    """https://learn.microsoft.com/azure/templates/microsoft.network/dnszones/dnssecconfigs."""
    graph = _graph(
        _declared("z", "Microsoft.Network/dnsZones", {"name": "example.com"}),
        _declared("s", "Microsoft.Network/dnsZones/dnssecConfigs", {"name": "example.com/default"}),
    )
    assert graph.resources["z"].get("dnssec") is True
