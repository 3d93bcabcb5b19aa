"""The architectures of ``tests/fixtures/dialects`` as accounts of moto's.

Moto's CloudFormation makes what it knows; the rest is made by the calls that CloudFormation would make.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scanner.parsers.positioned_yaml import read_yaml

Client = Callable[[str], Any]
"""The client of a service in the architecture's region."""
SERVICES = {"ElasticLoadBalancingV2": "elbv2"}
"""Of CloudFormation's names of services those that the SDK spells otherwise."""


def services(template: Path) -> set[str]:
    """The services, as the SDK calls them, that a template's resources belong to."""
    named = re.findall(r"AWS::(\w+)::", template.read_text(encoding="utf-8"))
    return {SERVICES.get(name, name.lower()) for name in named}


def make(template: Path, client: Client) -> None:
    """Make what a template describes."""
    by_hand = BY_HAND.get(template.parent.name)
    if by_hand is not None:
        by_hand(_properties(template), client)
        return
    client("cloudformation").create_stack(
        StackName=template.parent.name,
        TemplateBody=template.read_text(encoding="utf-8"),
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    set_right = SET_RIGHT.get(template.parent.name)
    if set_right is not None:
        set_right(client)


def _properties(template: Path) -> Mapping[str, dict[str, Any]]:
    read = read_yaml(template.read_bytes(), template.name)
    return {name: dict(each["Properties"]) for name, each in read.documents[0].data["Resources"].items()}


def _cache(written: Mapping[str, dict[str, Any]], client: Client) -> None:
    """Moto's CloudFormation has no ElastiCache, and its ElastiCache counts replicas only, not all nodes."""
    caches, group = client("elasticache"), written["Sessions"]
    caches.create_replication_group(ReplicasPerNodeGroup=group.pop("NumCacheClusters") - 1, **group)
    single = written["Prices"]
    caches.create_cache_cluster(CacheClusterId=single.pop("ClusterName"), **single)


def _cluster(written: Mapping[str, dict[str, Any]], client: Client) -> None:
    """Moto's CloudFormation has no Aurora."""
    databases = client("rds")
    databases.create_db_cluster(**written["Ledger"])
    for name in ("Writer", "Reader"):
        databases.create_db_instance(**{**written[name], "DBClusterIdentifier": "ledger"})


def _key(written: Mapping[str, dict[str, Any]], client: Client) -> None:
    """Moto's CloudFormation makes no key without a policy, which KMS does."""
    keys = client("kms")
    signing = keys.create_key(**written["Signing"])["KeyMetadata"]
    keys.create_alias(AliasName=written["SigningAlias"]["AliasName"], TargetKeyId=signing["KeyId"])
    data = keys.create_key(Description=written["Data"]["Description"])["KeyMetadata"]
    keys.enable_key_rotation(KeyId=data["KeyId"])
    client("secretsmanager").create_secret(Name=written["Seed"]["Name"], SecretString="x", KmsKeyId=data["Arn"])
    where = {"LocationConstraint": client("s3").meta.region_name}
    client("s3").create_bucket(Bucket=written["Backups"]["BucketName"], CreateBucketConfiguration=where)


def _two_zones(client: Client) -> None:
    """Moto's CloudFormation forgets a database's deletion protection. Its volumes do not say that they end with their
    machine, which those of a launch template do, so that they are not told from volumes of their own."""
    client("rds").modify_db_instance(DBInstanceIdentifier="orders", DeletionProtection=True)
    for volume in client("ec2").describe_volumes()["Volumes"]:
        for attached in volume["Attachments"]:
            client("ec2").detach_volume(VolumeId=volume["VolumeId"], InstanceId=attached["InstanceId"])
        client("ec2").delete_volume(VolumeId=volume["VolumeId"])


BY_HAND: Mapping[str, Callable[[Mapping[str, dict[str, Any]], Client], None]] = {
    "aws-cache": _cache,
    "aws-cluster": _cluster,
    "aws-key": _key,
}
SET_RIGHT: Mapping[str, Callable[[Client], None]] = {"aws-two-zones": _two_zones}
