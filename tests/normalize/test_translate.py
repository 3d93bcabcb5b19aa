"""Cloud resources in Kubernetes as the resources that they are: types, references, places and accounts.

Types are those that the providers themselves return (``GetTerraformResourceType`` of
https://github.com/crossplane-contrib/provider-upjet-aws, -gcp and -azure), the manifests are their examples in short.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.model.value import Unknown
from scanner.normalize.respelled import respell, snake
from scanner.pipeline import Estate

TYPES = {
    "ec2.aws.upbound.io/Instance": "aws_instance",
    "ec2.aws.upbound.io/VPC": "aws_vpc",
    "ec2.aws.upbound.io/VPCEndpoint": "aws_vpc_endpoint",
    "ec2.aws.upbound.io/EBSVolume": "aws_ebs_volume",
    "rds.aws.upbound.io/Instance": "aws_db_instance",
    "rds.aws.upbound.io/Cluster": "aws_rds_cluster",
    "kafka.aws.upbound.io/Cluster": "aws_msk_cluster",
    "elbv2.aws.upbound.io/LB": "aws_lb",
    "cloudtrail.aws.upbound.io/Trail": "aws_cloudtrail",
    "directconnect.aws.upbound.io/Connection": "aws_dx_connection",
    "cloudwatchlogs.aws.upbound.io/Group": "aws_cloudwatch_log_group",
    "firehose.aws.upbound.io/DeliveryStream": "aws_kinesis_firehose_delivery_stream",
    "sql.gcp.upbound.io/DatabaseInstance": "google_sql_database_instance",
    "cloudplatform.gcp.upbound.io/ServiceAccount": "google_service_account",
    "vpcaccess.gcp.upbound.io/Connector": "google_vpc_access_connector",
    "dbforpostgresql.azure.upbound.io/FlexibleServer": "azurerm_postgresql_flexible_server",
    "network.azure.upbound.io/LoadBalancer": "azurerm_lb",
    "network.azure.upbound.io/DNSARecord": "azurerm_dns_a_record",
    "sql.azure.upbound.io/MSSQLDatabase": "azurerm_mssql_database",
    "devtestlab.azure.upbound.io/LinuxVirtualMachine": "azurerm_dev_test_linux_virtual_machine",
    "apimanagement.azure.upbound.io/RedisCache": "azurerm_api_management_redis_cache",
    "container.cnrm.cloud.google.com/ContainerNodePool": "google_container_node_pool",
    "pubsub.cnrm.cloud.google.com/PubSubTopic": "google_pubsub_topic",
    "iam.cnrm.cloud.google.com/IAMServiceAccount": "google_service_account",
}


@pytest.mark.parametrize(("native", "meant"), TYPES.items())
def test_each_kind_is_the_type_that_its_provider_returns(
    native: str, meant: str, estate_of: Callable[..., Estate]
) -> None:
    group, _, kind = native.partition("/")
    text = f"apiVersion: {group}/v1beta1\nkind: {kind}\nmetadata: {{name: x}}\nspec: {{forProvider: {{}}}}\n"
    assert estate_of({"x.yaml": text}).graph.resources[f"default/{kind}/x"].type == meant


def test_a_kind_that_the_catalog_does_not_know_is_counted(estate_of: Callable[..., Estate]) -> None:
    text = "apiVersion: ec2.aws.upbound.io/v1beta1\nkind: Nonesuch\nmetadata: {name: x}\nspec: {forProvider: {}}\n"
    assert estate_of({"x.yaml": text}).uncatalogued == {"ec2.aws.upbound.io/Nonesuch": 1}


NETWORK = """\
apiVersion: ec2.aws.upbound.io/v1beta1
kind: VPC
metadata: {name: sample}
spec: {forProvider: {region: us-west-1, cidrBlock: 172.16.0.0/16}}
---
apiVersion: ec2.aws.upbound.io/v1beta1
kind: Subnet
metadata: {name: sample, labels: {tier: data}}
spec: {forProvider: {region: us-west-1, availabilityZone: us-west-1b, vpcIdRef: {name: sample}}}
---
apiVersion: rds.aws.upbound.io/v1beta1
kind: SubnetGroup
metadata: {name: group}
spec: {forProvider: {region: us-west-1, subnetIdSelector: {matchLabels: {tier: data}}}}
---
apiVersion: rds.aws.upbound.io/v1beta1
kind: Instance
metadata: {name: db}
spec:
  forProvider:
    region: us-west-1
    engine: postgres
    kmsKeyIdRef:
      name: sample-key
    dbSubnetGroupNameRef:
      name: group
    multiAz: false
---
apiVersion: kms.aws.upbound.io/v1beta1
kind: Key
metadata: {name: sample-key}
spec: {forProvider: {region: us-west-1}}
"""


def test_references_by_name_and_by_labels(estate_of: Callable[..., Estate]) -> None:
    """Of two things that share a name the attribute's name tells which is meant: vpcIdRef is about a VPC."""
    graph = estate_of({"x.yaml": NETWORK}).graph
    found = {(e.source, e.target, e.kind.value, e.path) for e in graph.edges()}
    assert ("default/Subnet/sample", "default/VPC/sample", "placement", "vpc_id") in found
    assert ("default/SubnetGroup/group", "default/Subnet/sample", "placement", "subnet_ids") in found
    assert ("default/Instance/db", "default/Key/sample-key", "runtime", "kms_key_id") in found
    assert graph.resources["default/Instance/db"].placement.zones == ("us-west-1b",)


def test_places_are_those_of_the_fields_as_written(estate_of: Callable[..., Estate]) -> None:
    database = estate_of({"x.yaml": NETWORK}).graph.resources["default/Instance/db"]
    lines = NETWORK.splitlines()
    assert lines[database.span_of("zone_redundant").line - 1].strip() == "multiAz: false"
    assert lines[database.span_of("key").line - 1].strip() == "kmsKeyIdRef:"
    assert database.platform == "kubernetes"


def test_what_is_not_in_the_files_is_unknown(estate_of: Callable[..., Estate]) -> None:
    text = NETWORK.replace("name: sample-key}", "name: another}")
    key = estate_of({"x.yaml": text}).graph.resources["default/Instance/db"].get("key")
    assert isinstance(key, Unknown)
    assert key.reason == "sample-key is not in the files"


def test_cloud_resources_do_not_run_in_the_cluster_that_declares_them(estate_of: Callable[..., Estate]) -> None:
    cluster = "---\napiVersion: eks.aws.upbound.io/v1beta1\nkind: Cluster\nmetadata: {name: prod}\n"
    cluster += "spec: {forProvider: {region: us-west-1}}\n"
    graph = estate_of({"x.yaml": NETWORK + cluster}).graph
    assert not [e for e in graph.edges() if e.target == "default/Cluster/prod"]


def test_accounts_of_controllers(estate_of: Callable[..., Estate]) -> None:
    """A project by the namespace (https://cloud.google.com/config-connector/docs/how-to/organizing-resources), a role by
    the provider configuration."""
    graph = estate_of(
        {
            "google.yaml": """\
apiVersion: v1
kind: Namespace
metadata: {name: infra, annotations: {cnrm.cloud.google.com/project-id: acme}}
---
apiVersion: storage.cnrm.cloud.google.com/v1beta1
kind: StorageBucket
metadata: {name: data, namespace: infra}
spec: {location: EU}
""",
            "aws.yaml": """\
apiVersion: aws.upbound.io/v1beta1
kind: ProviderConfig
metadata: {name: prod}
spec: {assumeRoleChain: [{roleARN: "arn:aws:iam::123456789012:role/x"}]}
---
apiVersion: sqs.aws.upbound.io/v1beta1
kind: Queue
metadata: {name: jobs}
spec: {providerConfigRef: {name: prod}, forProvider: {region: eu-west-1}}
""",
        }
    ).graph
    assert graph.resources["infra/StorageBucket/data"].placement.account == "acme"
    assert graph.resources["default/Queue/jobs"].placement.account == "123456789012"


def test_templates_of_compositions_are_no_resources(estate_of: Callable[..., Estate]) -> None:
    text = """\
apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata: {name: x}
spec:
  resources:
  - name: db
    base: {apiVersion: rds.aws.upbound.io/v1beta1, kind: Instance, spec: {forProvider: {region: us-west-1}}}
"""
    estate = estate_of({"x.yaml": text})
    assert [r.kind for r in estate.graph.resources.values()] == ["other"]
    assert estate.uncatalogued == {}


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("backupRetentionPeriod", "backup_retention_period"),
        ("kmsKeyID", "kms_key_id"),
        ("vpcSecurityGroupIDs", "vpc_security_group_ids"),
        ("multiAZ", "multi_az"),
        ("multiAZEnabled", "multi_az_enabled"),
        ("preferredCacheClusterAZs", "preferred_cache_cluster_azs"),
        ("ipv6CidrBlock", "ipv6_cidr_block"),
        ("encryptionKMSCryptoKey", "encryption_kms_crypto_key"),
    ],
)
def test_snake_case(word: str, meant: str) -> None:
    assert snake(word) == meant


def test_the_users_own_keys_stay_as_they_are() -> None:
    found = respell({"tags": {"costCenter": "x"}, "environment": [{"variables": {"apiURL": "y"}}]}, "spec")
    assert found.attributes == {"tags": {"costCenter": "x"}, "environment": [{"variables": {"apiURL": "y"}}]}
    assert found.paths["environment[0].variables.apiURL"] == "spec.environment[0].variables.apiURL"


def test_hostile_specifications_end_in_no_exception(estate_of: Callable[..., Estate]) -> None:
    text = """\
apiVersion: rds.aws.upbound.io/v1beta1
kind: Instance
metadata: {name: db, labels: [], annotations: x}
spec: {forProvider: {kmsKeyIdRef: [1], subnetIdRefs: {a: 1}, vpcIdSelector: {matchLabels: 3}, 7: 8, engine: {a: [null]}}}
---
apiVersion: dbforpostgresql.azure.com/v1
kind: FlexibleServer
metadata: {name: s}
spec: [owner]
---
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: c}
managedNodeGroups: [7, {name: [x]}]
---
apiVersion: cluster.x-k8s.io/v1beta1
kind: Cluster
metadata: {name: c2}
spec: {infrastructureRef: AWSCluster, topology: {workers: {machineDeployments: [null]}}}
---
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: a}
spec: {generators: [null, {list: {elements: 7}}, {matrix: {generators: [{}, {}]}}], template: {spec: {source: {path: 7}}}}
"""
    assert len(estate_of({"x.yaml": text}).graph.resources) >= 5
