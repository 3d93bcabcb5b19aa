"""Entries of one native resource that are resources of their own, and what stands in lists of keys and values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scanner.catalog.load import catalog
from scanner.model.resource import Declaration, ProviderContext, Reference
from scanner.model.span import Span
from scanner.model.value import Ref, Unknown, Value
from scanner.normalize.spelled import spelled

HERE = Span("template.yaml", 1)


def _declared(name: str, native: str, attributes: Mapping[str, Value], **more: Any) -> Declaration:
    provider = ProviderContext("aws", attributes={"region": "eu-west-1"} if more.pop("region", True) else {})
    return Declaration(name, native, name, "cloudformation", HERE, attributes, provider=provider, **more)


def _spelled(*declarations: Declaration) -> dict[str, Declaration]:
    return {each.id: each for each in spelled(declarations, catalog())}


def _read(address: str, path: str) -> Unknown:
    ref = Ref(address, path)
    return Unknown("known after it is made", HERE, ref, (ref,))


def test_targets_are_attachments_at_their_own_places() -> None:
    second = Span("template.yaml", 9, 9)
    found = _spelled(
        _declared("I", "AWS::EC2::Instance", {}),
        _declared(
            "G",
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            {"Targets": [{"Id": "i-1"}, {"Id": _read("I", "Ref")}]},
            places={"Targets[1]": second},
            references=(Reference("Targets[1].Id", "I", "Ref", second),),
        ),
    )
    first, last = found["G/targets[0]"], found["G/targets[1]"]
    assert (first.type, first.attributes["target_id"], first.span) == ("aws_lb_target_group_attachment", "i-1", HERE)
    assert (last.span, last.references[0]) == (second, Reference("target_id", "I", "id", second))
    assert [each.target for each in first.references] == ["G"]
    assert found["G"].references == ()


def test_a_part_that_no_file_decides_stays_with_the_whole() -> None:
    found = _spelled(_declared("G", "AWS::ElasticLoadBalancingV2::TargetGroup", {"Targets": Unknown("a condition")}))
    assert list(found) == ["G"]


def test_a_plain_entry_is_the_attribute_that_the_table_names() -> None:
    found = _spelled(
        _declared("R", "AWS::IAM::Role", {"RoleName": "r", "ManagedPolicyArns": ["arn:aws:iam::aws:policy/A"]})
    )
    part = found["R/managed_policy_arns[0]"]
    assert (part.type, part.attributes) == (
        "aws_iam_role_policy_attachment",
        {"policy_arn": "arn:aws:iam::aws:policy/A", "role": "r"},
    )


def test_records_of_a_group_stand_in_its_zone_unless_they_name_another() -> None:
    zone = {"HostedZoneId": _read("Z", "Ref"), "RecordSets": [{"Name": "a"}, {"Name": "b", "HostedZoneId": "Z2"}]}
    found = _spelled(
        _declared("Z", "AWS::Route53::HostedZone", {}),
        _declared("G", "AWS::Route53::RecordSetGroup", zone, references=(Reference("HostedZoneId", "Z", "Ref", HERE),)),
    )
    shared, own = found["G/record_sets[0]"], found["G/record_sets[1]"]
    assert [(each.path, each.target) for each in shared.references] == [("zone_id", "Z")]
    assert (own.attributes["zone_id"], own.references) == ("Z2", ())


def test_a_global_table_is_its_own_regions_replica() -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html."""
    here = Span("template.yaml", 5, 5)
    replicas = {
        "Replicas": [
            {"Region": "us-east-1"},
            {"Region": "eu-west-1", "DeletionProtectionEnabled": True},
            {"Region": "eu-central-1"},
        ]
    }
    found = _spelled(
        _declared("T", "AWS::DynamoDB::GlobalTable", replicas, places={"Replicas[1].DeletionProtectionEnabled": here})
    )["T"]
    assert found.attributes["deletion_protection_enabled"] is True
    assert found.span_of("deletion_protection_enabled") == here
    assert [each["region_name"] for each in found.attributes["replica"]] == ["us-east-1", "eu-central-1"]


def test_where_the_region_is_not_known_the_first_replica_is_the_table() -> None:
    found = _spelled(
        _declared(
            "T",
            "AWS::DynamoDB::GlobalTable",
            {"Replicas": [{"Region": "us-east-1"}, {"Region": "eu-west-1"}]},
            region=False,
        )
    )["T"]
    assert [each["region_name"] for each in found.attributes["replica"]] == ["eu-west-1"]


def test_attributes_in_pairs_have_their_values_places() -> None:
    here = Span("template.yaml", 4, 4)
    attributes = {
        "LoadBalancerAttributes": [{"Key": "deletion_protection.enabled", "Value": "true"}, {"Key": "x"}, "y"]
    }
    found = _spelled(
        _declared(
            "L",
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            attributes,
            places={"LoadBalancerAttributes[0].Value": here},
        )
    )["L"]
    assert found.attributes["enable_deletion_protection"] == "true"
    assert found.span_of("enable_deletion_protection") == here


def test_a_deletion_policy_decides_on_the_last_snapshot() -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html."""
    here = Span("template.yaml", 3, 3)
    found = _spelled(
        _declared("Kept", "AWS::Neptune::DBCluster", {}, lifecycle={"DeletionPolicy": "Snapshot"}),
        _declared("Gone", "AWS::Neptune::DBCluster", {}),
        _declared(
            "Lost",
            "AWS::RDS::DBInstance",
            {},
            lifecycle={"DeletionPolicy": "Delete"},
            places={"lifecycle.DeletionPolicy": here},
        ),
        _declared("Open", "AWS::RDS::DBInstance", {}, lifecycle={"DeletionPolicy": Unknown("parameter P")}),
    )
    skipped = {name: each.attributes.get("skip_final_snapshot") for name, each in found.items()}
    assert (skipped["Kept"], skipped["Gone"], skipped["Lost"]) == (False, True, True)
    assert isinstance(skipped["Open"], Unknown)
    assert found["Lost"].span_of("skip_final_snapshot") == here


def test_a_name_that_is_given_is_read_where_a_ref_gives_it() -> None:
    cluster = _declared("C", "AWS::EKS::Cluster", {"Name": "main"})
    text = Unknown("in part", HERE, None, (Ref("C", "Ref"),), ("eks/", _read("C", "Ref")))
    found = _spelled(
        cluster,
        _declared(
            "N", "AWS::EKS::Nodegroup", {"ClusterName": _read("C", "Ref")}, references=_referring("ClusterName", "C")
        ),
        _declared("A", "AWS::EKS::Addon", {"ClusterName": text}, references=_referring("ClusterName", "C")),
        _declared(
            "F", "AWS::EKS::Addon", {"ClusterName": _read("C", "Arn")}, references=_referring("ClusterName", "C")
        ),
    )
    assert found["N"].attributes["cluster_name"] == "main"
    assert found["A"].attributes["cluster_name"] == "eks/main"
    assert isinstance(found["F"].attributes["cluster_name"], Unknown)
    assert [each.target for each in found["N"].references] == ["C"]


def _referring(path: str, target: str) -> tuple[Reference, ...]:
    return (Reference(path, target, "Ref", HERE),)


def test_what_terraform_has_not_keeps_its_name() -> None:
    found = _spelled(_declared("N", "AWS::ManagedBlockchain::Node", {"NetworkId": "n-ETHEREUM-MAINNET"}))["N"]
    assert (found.type, found.attributes) == ("AWS::ManagedBlockchain::Node", {"network_id": "n-ETHEREUM-MAINNET"})
