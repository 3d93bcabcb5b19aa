"""Inventories as the providers' documentation shows them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dialects import coefficients, judged, kinds, of_terraform

from scanner.discovery.machine_written import machine_format
from scanner.model.problem import ProblemKind
from scanner.model.report import Report
from scanner.model.resource import Declaration
from scanner.normalize.respelled import snake
from scanner.parsers.inventories import aws_config, project
from scanner.pipeline import Estate

Read = Callable[..., Estate]

VOLUME: dict[str, Any] = {
    "configurationItemVersion": "1.3",
    "resourceId": "vol-ce676ccc",
    "arn": "arn:aws:ec2:us-west-2:123456789012:volume/vol-ce676ccc",
    "awsAccountId": "123456789012",
    "awsRegion": "us-west-2",
    "configurationItemCaptureTime": "2024-03-07T23:47:08.918Z",
    "configurationItemStatus": "OK",
    "availabilityZone": "us-west-2b",
    "resourceType": "AWS::EC2::Volume",
    "tags": {"tier": "gold"},
    "relationships": [
        {"resourceId": "i-344c463d", "resourceType": "AWS::EC2::Instance", "name": "Is attached to Instance"}
    ],
    "configuration": {
        "volumeId": "vol-ce676ccc",
        "size": 1,
        "attachments": [{"instanceId": "i-344c463d", "device": "/dev/sdf"}],
    },
}
INSTANCE: dict[str, Any] = VOLUME | {
    "resourceId": "i-344c463d",
    "arn": "arn:aws:ec2:us-west-2:123456789012:instance/i-344c463d",
    "resourceType": "AWS::EC2::Instance",
    "relationships": [
        {"resourceId": "vol-ce676ccc", "resourceType": "AWS::EC2::Volume", "name": "Has attached volume"},
        {"resourceId": "subnet-1", "resourceType": "AWS::EC2::Subnet", "name": "Is contained in Subnet"},
        {"resourceId": "vpc-1", "resourceType": "AWS::EC2::VPC", "name": "Is contained in Vpc"},
    ],
    "configuration": {"instanceId": "i-344c463d", "subnetId": "subnet-1"},
}
SUBNET: dict[str, Any] = VOLUME | {
    "resourceId": "subnet-1",
    "arn": None,
    "resourceType": "AWS::EC2::Subnet",
    "relationships": [{"resourceId": "i-344c463d", "resourceType": "AWS::EC2::Instance", "name": "Contains Instance"}],
    "configuration": {"cidrBlock": "10.0.0.0/24"},
}


def snapshot(*items: Any, **more: Any) -> str:
    """A file as AWS Config delivers it to a bucket."""
    return json.dumps({"fileVersion": "1.0", "configSnapshotId": "94ccff53", "configurationItems": list(items)} | more)


def declared(estate: Estate) -> dict[str, Declaration]:
    return {each.id: each for each in estate.parsed.declarations}


def references(declaration: Declaration) -> list[tuple[str, str, str]]:
    return [(r.path, r.target, r.target_path) for r in declaration.references]


# -- AWS Config ------------------------------------------------------------------------------------


def test_a_snapshot_of_aws_config(estate_of: Read) -> None:
    """https://docs.aws.amazon.com/config/latest/developerguide/example-s3-snapshot.html."""
    content = snapshot(VOLUME, INSTANCE, SUBNET)
    estate = estate_of({"aws/snapshot.json": content})
    found = declared(estate)
    assert set(found) == {VOLUME["arn"], INSTANCE["arn"], "123456789012/us-west-2/AWS::EC2::Subnet/subnet-1"}
    volume = found[VOLUME["arn"]]
    assert (volume.type, volume.platform, volume.dialect) == ("AWS::EC2::Volume", "aws", "aws-config")
    assert volume.attributes == VOLUME["configuration"] | {
        "Id": "vol-ce676ccc",
        "Arn": VOLUME["arn"],
        "tags": {"tier": "gold"},
        "availabilityZone": "us-west-2b",
    }
    assert dict(volume.provider.attributes) == {"region": "us-west-2", "account_id": "123456789012"}
    assert references(volume) == [("attachments[0].instanceId", INSTANCE["arn"], "Id")]
    place = volume.references[0].span
    assert content[place.column - 1 : place.end_column - 1] == '"instanceId": "i-344c463d"'
    # the volume that it has needs the instance, not the other way round; what is not listed is no target
    assert references(found[INSTANCE["arn"]]) == [
        ("subnetId", "123456789012/us-west-2/AWS::EC2::Subnet/subnet-1", "Id")
    ]
    assert references(found["123456789012/us-west-2/AWS::EC2::Subnet/subnet-1"]) == []
    assert not estate.problems


def test_acronyms_are_written_as_the_service_writes_them(estate_of: Read) -> None:
    """``dBInstanceIdentifier`` is DBInstanceIdentifier of DescribeDBInstances, and ``dbclusterMembers`` DBClusterMembers.

    https://github.com/awslabs/aws-config-resource-schema/blob/master/config/properties/resource-types/AWS::RDS::DBInstance.properties.json.
    """
    configuration = {
        "dBInstanceIdentifier": "orders",
        "dBSubnetGroup": {"dBSubnetGroupName": "g", "subnets": [{"subnetIdentifier": "subnet-1"}]},
        "multiAZ": True,
        "iAMDatabaseAuthenticationEnabled": False,
        "dbclusterMembers": [{"dbinstanceIdentifier": "a"}],
        "dbiResourceId": "db-1",
        "tags": {"aB": "c"},
    }
    content = snapshot(VOLUME | {"tags": {}, "configuration": configuration})
    (found,) = declared(estate_of({"snapshot.json": content})).values()
    assert found.attributes.keys() >= {
        "DBInstanceIdentifier",
        "DBSubnetGroup",
        "multiAZ",
        "IAMDatabaseAuthenticationEnabled",
        "DBClusterMembers",
        "dbiResourceId",
    }
    assert found.attributes["DBSubnetGroup"]["DBSubnetGroupName"] == "g"
    assert found.attributes["DBClusterMembers"] == [{"DBInstanceIdentifier": "a"}]
    assert found.attributes["tags"] == {"aB": "c"}
    at = found.span_of("DBSubnetGroup.DBSubnetGroupName")
    assert content[at.column - 1 : at.end_column - 1] == '"dBSubnetGroupName": "g"'
    assert set(found.places) >= {"DBSubnetGroup.DBSubnetGroupName", "DBClusterMembers[0].DBInstanceIdentifier"}


@pytest.mark.parametrize(
    ("service", "shape", "names"),
    [
        (
            "rds",
            "DBInstance",
            "dBInstanceIdentifier cACertificateIdentifier dBName dBSubnetGroup dbInstancePort dbiResourceId multiAZ performanceInsightsKMSKeyId readReplicaSourceDBInstanceIdentifier",
        ),
        (
            "rds",
            "DBCluster",
            "dbclusterArn dbclusterIdentifier dbclusterMembers dbclusterParameterGroup dbsubnetGroup dbClusterResourceId iamdatabaseAuthenticationEnabled kmsKeyId multiAZ",
        ),
        ("rds", "DBClusterMember", "dbinstanceIdentifier dbclusterParameterGroupStatus isClusterWriter promotionTier"),
        ("elbv2", "LoadBalancer", "dNSName canonicalHostedZoneId vpcId ipAddressType"),
        ("autoscaling", "AutoScalingGroup", "vpczoneIdentifier autoScalingGroupARN targetGroupARNs"),
    ],
)
def test_names_of_aws_config_are_those_of_the_api(service: str, shape: str, names: str) -> None:
    """Names from https://github.com/awslabs/aws-config-resource-schema against the services' own models."""
    import botocore.session

    members = botocore.session.get_session().get_service_model(service).shape_for(shape).members
    right = aws_config._named_right(dict.fromkeys(names.split(), 1), {})
    known = {snake(name) for name in members}
    assert [name for name in right if snake(name) not in known] == []


def test_a_scaling_group_names_its_subnets_in_one_text(estate_of: Read) -> None:
    group = VOLUME | {
        "resourceType": "AWS::AutoScaling::AutoScalingGroup",
        "arn": "arn:aws:autoscaling:us-west-2:123456789012:autoScalingGroup:x:autoScalingGroupName/g",
        "resourceId": "g",
        "relationships": [
            {"resourceId": "subnet-1", "resourceType": "AWS::EC2::Subnet", "name": "Is associated with Subnet"}
        ],
        "configuration": {"vpczoneIdentifier": "subnet-0, subnet-1", "availabilityZones": [{"value": "us-west-2a"}]},
    }
    found = declared(estate_of({"snapshot.json": snapshot(group, SUBNET)}))[group["arn"]]
    assert found.attributes["availabilityZones"] == ["us-west-2a"]
    assert references(found) == [("VPCZoneIdentifier", "123456789012/us-west-2/AWS::EC2::Subnet/subnet-1", "Id")]


def item(kind: str, name: str, configuration: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "awsAccountId": "123456789012",
        "awsRegion": "eu-central-1",
        "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2024-03-07T23:47:08.918Z",
        "resourceType": f"AWS::{kind}",
        "resourceId": name,
        "configuration": configuration,
        "relationships": [],
    } | more


def related(*names: tuple[str, str]) -> dict[str, Any]:
    return {
        "relationships": [
            {"resourceType": f"AWS::{kind}", "resourceId": name, "relationshipName": f"Is contained in {kind}"}
            for kind, name in names
        ]
    }


ELB = "arn:aws:elasticloadbalancing:eu-central-1:123456789012"
BALANCER, GROUP = f"{ELB}:loadbalancer/app/web/1", f"{ELB}:targetgroup/web/2"
BETWEEN = related(("EC2::VPC", "vpc-1"), ("EC2::Subnet", "subnet-a"), ("EC2::Subnet", "subnet-b"))
TWO_ZONES = (
    item("EC2::VPC", "vpc-1", {"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/16", "isDefault": False}),
    *(
        item(
            "EC2::Subnet",
            f"subnet-{zone}",
            {"subnetId": f"subnet-{zone}", "vpcId": "vpc-1", "defaultForAz": False},
            availabilityZone=f"eu-central-1{zone}",
            **related(("EC2::VPC", "vpc-1")),
        )
        for zone in "ab"
    ),
    item(
        "ElasticLoadBalancingV2::LoadBalancer",
        BALANCER,
        {
            "loadBalancerArn": BALANCER,
            "loadBalancerName": "web",
            "scheme": "internet-facing",
            "type": "application",
            "vpcId": "vpc-1",
            "availabilityZones": [
                {"zoneName": "eu-central-1a", "subnetId": "subnet-a", "loadBalancerAddresses": []},
                {"zoneName": "eu-central-1b", "subnetId": "subnet-b", "loadBalancerAddresses": []},
            ],
        },
        arn=BALANCER,
        availabilityZone="Multiple Availability Zones",
        **BETWEEN,
    ),
    item(
        "ElasticLoadBalancingV2::TargetGroup",
        GROUP,
        {"targetGroupArn": GROUP, "targetGroupName": "web", "protocol": "HTTP", "port": 80, "vpcId": "vpc-1"},
        arn=GROUP,
        **related(("EC2::VPC", "vpc-1")),
    ),
    item(
        "ElasticLoadBalancingV2::Listener",
        f"{ELB}:listener/app/web/1/3",
        {
            "listenerArn": f"{ELB}:listener/app/web/1/3",
            "loadBalancerArn": BALANCER,
            "port": 80,
            "protocol": "HTTP",
            "defaultActions": [{"type": "forward", "targetGroupArn": GROUP}],
        },
        arn=f"{ELB}:listener/app/web/1/3",
        **related(("ElasticLoadBalancingV2::LoadBalancer", BALANCER), ("ElasticLoadBalancingV2::TargetGroup", GROUP)),
    ),
    item(
        "EC2::LaunchTemplate",
        "lt-1",
        {"launchTemplateId": "lt-1", "launchTemplateName": "web", "launchTemplateData": {"imageId": "ami-12c6146b"}},
    ),
    item(
        "AutoScaling::AutoScalingGroup",
        "arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:1:autoScalingGroupName/web",
        {
            "autoScalingGroupName": "web",
            "minSize": 2,
            "maxSize": 4,
            "desiredCapacity": 2,
            "availabilityZones": ["eu-central-1a", "eu-central-1b"],
            "vpczoneIdentifier": "subnet-a,subnet-b",
            "targetGroupARNs": [GROUP],
            "launchTemplate": {"launchTemplateId": "lt-1", "launchTemplateName": "web", "version": "1"},
        },
        resourceName="web",
        **related(
            ("EC2::Subnet", "subnet-a"),
            ("EC2::Subnet", "subnet-b"),
            ("EC2::LaunchTemplate", "lt-1"),
            ("ElasticLoadBalancingV2::TargetGroup", GROUP),
        ),
    ),
    item(
        "RDS::DBInstance",
        "db-ABC",
        {
            "dBInstanceIdentifier": "orders",
            "dBInstanceClass": "db.m5.large",
            "engine": "postgres",
            "multiAZ": True,
            "backupRetentionPeriod": 7,
            "deletionProtection": True,
            "availabilityZone": "eu-central-1a",
            "secondaryAvailabilityZone": "eu-central-1b",
        },
        availabilityZone="eu-central-1a",
        resourceName="orders",
    ),
)
"""The architecture ``aws-two-zones`` as AWS Config records it: the describe calls' answers in camel case, by
https://github.com/awslabs/aws-config-resource-schema."""
BY_ITSELF = (
    item("EC2::VPC", "vpc-0", {"vpcId": "vpc-0", "isDefault": True}),
    *(
        item(
            "EC2::Subnet",
            f"subnet-0{zone}",
            {"subnetId": f"subnet-0{zone}", "vpcId": "vpc-0", "defaultForAz": True},
            availabilityZone=f"eu-central-1{zone}",
            **related(("EC2::VPC", "vpc-0")),
        )
        for zone in "abc"
    ),
    item(
        "EC2::Instance",
        "i-0123456789abcdef0",
        {"instanceId": "i-0123456789abcdef0", "subnetId": "subnet-a"},
        tags={"aws:autoscaling:groupName": "web"},
        **related(("EC2::Subnet", "subnet-a")),
    ),
    item(
        "EC2::Volume",
        "vol-0123456789abcdef0",
        {"volumeId": "vol-0123456789abcdef0", "attachments": [{"deleteOnTermination": True}]},
        **related(("EC2::Instance", "i-0123456789abcdef0")),
    ),
)
"""What stands in the account besides: its default network, and the machines that the group has started."""


def test_aws_config_and_terraform_are_judged_alike(report_of: Callable[..., Report]) -> None:
    planned = {"RS624", "RS713"}  # what Terraform's next plan may destroy: nobody plans here
    found, terraform = report_of({"config.json": snapshot(*TWO_ZONES, *BY_ITSELF)}), of_terraform("aws-two-zones")
    assert kinds(found) == kinds(terraform)
    told = [{k: n for k, n in judged(each).items() if k[0] not in planned} for each in (found, terraform)]
    assert told[0] == told[1]
    assert coefficients(found) == coefficients(terraform)


def test_a_default_network_that_is_used_counts(estate_of: Read) -> None:
    server = item(
        "EC2::Instance",
        "i-9",
        {"instanceId": "i-9", "subnetId": "subnet-0b"},
        **related(("EC2::Subnet", "subnet-0b"), ("EC2::VPC", "vpc-0")),
    )
    found = declared(estate_of({"config.json": snapshot(*BY_ITSELF, server)}))
    assert sorted(each.name for each in found.values()) == ["i-9", "subnet-0b", "vpc-0"]


@pytest.mark.parametrize("attachments", ["none", {"a": 1}, [1], None])
def test_what_has_not_the_shape_of_an_answer_stays(attachments: Any, estate_of: Read) -> None:
    group = item("RDS::DBSubnetGroup", "net", {"subnets": attachments})
    cache = item("ElastiCache::ReplicationGroup", "c", {"memberClusters": 3, "automaticFailover": attachments})
    volume = item("EC2::Volume", "vol-1", {"attachments": attachments})
    assert len(declared(estate_of({"config.json": snapshot(group, cache, volume)}))) == 3


def test_of_a_history_the_latest_counts_and_the_deleted_is_gone(estate_of: Read) -> None:
    """https://docs.aws.amazon.com/config/latest/developerguide/example-s3-config-history.html."""
    later = VOLUME | {"configurationItemCaptureTime": "2024-03-08T00:00:00Z", "configuration": {"size": 9}}
    gone = INSTANCE | {"configurationItemStatus": "ResourceDeleted"}
    estate = estate_of({"history.json": snapshot(later, VOLUME, gone)})
    assert {i: d.attributes.get("size") for i, d in declared(estate).items()} == {VOLUME["arn"]: 9}


def test_results_of_a_query_are_texts(estate_of: Read) -> None:
    """https://docs.aws.amazon.com/config/latest/APIReference/API_SelectResourceConfig.html."""
    answer = {
        "Results": [json.dumps(VOLUME), json.dumps(INSTANCE)],
        "QueryInfo": {"SelectFields": [{"Name": "resourceId"}]},
    }
    estate = estate_of({"results.json": json.dumps(answer, indent=1)})
    assert [(d.id, d.span.line) for d in estate.parsed.declarations] == [(INSTANCE["arn"], 4), (VOLUME["arn"], 3)]


def test_calls_answer_the_configuration_as_a_text(estate_of: Read) -> None:
    """https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigurationItem.html: ``configuration`` is a string."""
    item = VOLUME | {
        "configuration": json.dumps(VOLUME["configuration"]),
        "supplementaryConfiguration": {"Versioning": '{"status": "Enabled"}', "Policy": "none"},
        "accountId": "1",
    }
    (found,) = declared(estate_of({"history.json": snapshot(item)})).values()
    assert found.attributes["size"] == 1
    assert found.attributes["supplementaryConfiguration"] == {"Versioning": {"status": "Enabled"}, "Policy": "none"}
    assert found.span_of("size") == found.span


def test_packed_snapshots(estate_of: Read) -> None:
    packed = gzip.compress(snapshot(VOLUME).encode())
    estate = estate_of({"a.json.gz": packed, "b.json.gz": packed[:-12], "c.json.gz": gzip.compress(b'{"x": 1}')})
    assert set(declared(estate)) == {VOLUME["arn"]}
    assert [(p.span.file, p.kind) for p in estate.problems] == [("b.json.gz", ProblemKind.UNREADABLE)]


def test_what_is_packed_is_not_unpacked_beyond_the_limit(estate_of: Read) -> None:
    from scanner.config import Limits

    packed = gzip.compress(snapshot(VOLUME, VOLUME | {"padding": "x" * 1_000_000}).encode())
    assert len(packed) < 5_000
    estate = estate_of({"a.json.gz": packed}, limits=Limits(5_000))
    assert [(p.kind, "max_file_bytes" in p.message) for p in estate.problems] == [(ProblemKind.LIMIT, True)]


# -- Azure -----------------------------------------------------------------------------------------

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg"
NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/net"
CARD: dict[str, Any] = {
    "id": f"{GROUP}/providers/Microsoft.Network/networkInterfaces/nic",
    "name": "nic",
    "type": "microsoft.network/networkinterfaces",
    "location": "westeurope",
    "resourceGroup": "rg",
    "subscriptionId": "00000000-0000-0000-0000-000000000001",
    "tags": {"see": NETWORK},
    "zones": None,
    "properties": {
        "ipConfigurations": [
            {
                "properties": {
                    "subnet": {"id": f"{NETWORK}/subnets/a".upper().replace("/SUBSCRIPTIONS", "/subscriptions")}
                }
            }
        ]
    },
}
DATABASE = f"{GROUP}/providers/Microsoft.Sql/servers/s/databases/d"


def listed(*more: Any) -> list[Any]:
    network = {
        "id": NETWORK,
        "name": "net",
        "type": "microsoft.network/virtualnetworks",
        "resourceGroup": "rg",
        "properties": {},
    }
    server = {
        "id": DATABASE.rsplit("/", 2)[0],
        "name": "s",
        "type": "microsoft.sql/servers",
        "resourceGroup": "rg",
        "properties": {},
    }
    database = {
        "id": DATABASE,
        "name": "d",
        "type": "microsoft.sql/servers/databases",
        "resourceGroup": "rg",
        "properties": {"zoneRedundant": True},
    }
    return [CARD, network, server, database, *more]


@pytest.mark.parametrize("wrapped", [None, "data", "value"])
def test_lists_of_azure_resources(wrapped: str | None, estate_of: Read) -> None:
    """``az graph query``, the API of Resource Graph, ``az resource list`` and the API of Resource Manager.

    https://learn.microsoft.com/rest/api/azureresourcegraph/resourcegraph/resources/resources.
    """
    document: Any = listed() if wrapped is None else {"count": 4, wrapped: listed()}
    estate = estate_of({"graph.json": json.dumps(document, indent=2)})
    found = declared(estate)
    card = found[CARD["id"]]
    assert (card.type, card.platform, card.dialect, card.name) == (
        "microsoft.network/networkinterfaces",
        "arm",
        "az-graph",
        "nic",
    )
    assert card.attributes.keys() == {"id", "name", "location", "tags", "properties"}
    assert dict(card.provider.attributes) == {"subscription_id": CARD["subscriptionId"]}
    assert references(card) == [("properties.ipConfigurations[0].properties.subnet.id", NETWORK, "id")], (
        "a subnet is a part of its network"
    )
    assert found[DATABASE].attributes["parent"] == DATABASE.rsplit("/", 2)[0]
    assert references(found[DATABASE]) == [("parent", DATABASE.rsplit("/", 2)[0], "id")]
    assert card.span_of("location").line > card.span.line
    assert not estate.problems


def test_an_azure_item_without_a_type_is_told(estate_of: Read) -> None:
    estate = estate_of({"graph.json": json.dumps(listed({"id": f"{GROUP}/x"}))})
    assert [(p.kind, p.message) for p in estate.problems] == [
        (ProblemKind.INVALID, "an item without id or type is left out; project both")
    ]
    assert estate.parsed.partly == {"graph.json"}


# -- Google ----------------------------------------------------------------------------------------

COMPUTE = "https://www.googleapis.com/compute/v1"
MACHINE: dict[str, Any] = {
    "name": "//compute.googleapis.com/projects/p/zones/us-central1-a/instances/i",
    "asset_type": "compute.googleapis.com/Instance",
    "resource": {
        "version": "v1",
        "discovery_name": "Instance",
        "parent": "//cloudresourcemanager.googleapis.com/projects/1074106860578",
        "data": {
            "name": "i",
            "selfLink": f"{COMPUTE}/projects/p/zones/us-central1-a/instances/i",
            "disks": [{"source": f"{COMPUTE}/projects/p/zones/us-central1-a/disks/d"}],
            "zone": f"{COMPUTE}/projects/p/zones/us-central1-a",
        },
        "location": "us-central1-a",
    },
    "ancestors": ["projects/1074106860578"],
    "update_time": "2024-04-05T08:23:00.662291Z",
}
DISK: dict[str, Any] = {
    "name": "//compute.googleapis.com/projects/p/zones/us-central1-a/disks/d",
    "asset_type": "compute.googleapis.com/Disk",
    "resource": {
        "data": {
            "diskEncryptionKey": {"kmsKeyName": "projects/p/locations/us/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"}
        },
        "location": "us-central1-a",
    },
}
KEY: dict[str, Any] = {
    "name": "//cloudkms.googleapis.com/projects/p/locations/us/keyRings/r/cryptoKeys/k",
    "asset_type": "cloudkms.googleapis.com/CryptoKey",
    "resource": {"data": {"purpose": "ENCRYPT_DECRYPT"}, "location": "us"},
}


def test_an_export_of_google_assets(estate_of: Read) -> None:
    """https://cloud.google.com/asset-inventory/docs/export-asset-metadata-cloud-storage: one asset a line."""
    lines = [json.dumps(each) for each in (MACHINE, DISK, KEY)]
    estate = estate_of({"assets.ndjson": "\n".join(lines) + "\n"})
    found = declared(estate)
    machine = found[MACHINE["name"]]
    assert (machine.type, machine.platform, machine.dialect) == (
        "compute.googleapis.com/Instance",
        "google",
        "gcp-assets",
    )
    assert machine.attributes == MACHINE["resource"]["data"] | {"Id": MACHINE["name"]}
    assert dict(machine.provider.attributes) == {"project": "p", "region": "us-central1"}
    assert references(machine) == [("disks[0].source", DISK["name"], "Id")]
    assert references(found[DISK["name"]]) == [("diskEncryptionKey.kmsKeyName", KEY["name"], "Id")]
    ring = KEY["name"].rpartition("/cryptoKeys/")[0]
    assert found[KEY["name"]].attributes == KEY["resource"]["data"] | {
        "Id": KEY["name"],
        "AssetParent": ring,
        "location": "us",
    }
    assert dict(found[KEY["name"]].provider.attributes) == {"project": "p", "region": "us"}
    assert [(d.span.line, d.span_of("disks").line) for d in (machine, found[DISK["name"]])] == [(1, 1), (2, 2)]
    place = machine.references[0].span
    assert (
        lines[0][place.column - 1 : place.end_column - 1]
        == f'"source": "{MACHINE["resource"]["data"]["disks"][0]["source"]}"'
    )


def test_a_list_of_google_assets(estate_of: Read) -> None:
    camel = [{"assetType" if k == "asset_type" else k: v for k, v in each.items()} for each in (MACHINE, DISK)]
    estate = estate_of({"assets.json": json.dumps(camel, indent=2)})
    assert set(declared(estate)) == {MACHINE["name"], DISK["name"]}


def test_an_export_without_data_and_a_broken_line_are_told(estate_of: Read) -> None:
    lines = [json.dumps(MACHINE), json.dumps({k: v for k, v in DISK.items() if k != "resource"}), '{"name": ']
    estate = estate_of({"assets.json": "\n".join(lines)})
    assert [(p.kind, p.span.line) for p in estate.problems] == [(ProblemKind.UNRESOLVED, 2), (ProblemKind.INVALID, 3)]
    assert estate.parsed.partly == {"assets.json"}
    assert set(declared(estate)) == {MACHINE["name"], DISK["name"]}


# -- hostile files ---------------------------------------------------------------------------------

HOSTILE: list[Any] = [None, True, -1, "", "/subscriptions/x", "//x", "projects/p/", [], [[]], {}, {"name": {}}]


def spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(spot for key, child in children for spot in spots(child, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(copy[path[0]], path[1:], new)
    return copy


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("aws-config", json.loads(snapshot(VOLUME | {"supplementaryConfiguration": {"a": "{"}}, INSTANCE))),
        ("az-graph", listed()),
        ("gcp-assets", [MACHINE, DISK, KEY]),
    ],
)
def test_no_inventory_is_too_broken(kind: str, document: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    for spot in spots(document):
        for new in HOSTILE:
            path.write_text(json.dumps(changed(document, spot, new)))
            result = project.read([project.InputFile(path, "x.json", kind)], 1_000_000)
            assert len({each.id for each in result.declarations}) == len(result.declarations)


# -- told by content -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"format_version":"1.2","terraform_version":"1.11.4","planned_values":{}}', "terraform-plan"),
        ('{"format_version":"1.0","values":{"root_module":{}}}', "terraform-state"),
        ('{\n  "version": 4,\n  "terraform_version": "1.9.0",\n  "serial": 1,\n  "lineage": "x"', "terraform-state"),
        ('{"format_version":"1.0","provider_schemas":{}}', None),
        ('{"format_version":"1.0","valid":true,"error_count":0}', None),
        (snapshot(VOLUME), "aws-config"),
        ('{"Results": ["{\\"resourceType\\":\\"AWS::EC2::VPC\\"}"]}', "aws-config"),
        ('{"Results": ["a"]}', None),
        ('{"configurationItems": [{"resourceType": "thing"}]}', None),
        (json.dumps({"data": listed()}), "az-graph"),
        (json.dumps({"$schema": "https://schema.management.azure.com/x", "value": listed()}), None),
        (json.dumps(CARD), None),
        (json.dumps(MACHINE), "gcp-assets"),
        ('{"asset_type": "stock", "name": "//x"}', None),
        ('{"name": "package", "version": 4, "serial": 7}', None),
    ],
)
def test_formats_are_told_by_their_marks(content: str, expected: str | None) -> None:
    assert machine_format(content.encode()) == expected
