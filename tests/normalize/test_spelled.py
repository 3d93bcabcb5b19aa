"""Resources of other dialects as the catalog spells them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from scanner.catalog.load import CatalogError, catalog
from scanner.catalog.spellings import compile_spellings, spellings
from scanner.model.resource import Declaration, ProviderContext, Reference
from scanner.model.span import Span
from scanner.model.value import Ref, Unknown, Value
from scanner.normalize.spelled import spelled

HERE = Span("template.yaml", 1)


def _declared(
    name: str,
    native: str,
    attributes: Mapping[str, Value],
    *,
    platform: str = "cloudformation",
    references: tuple[Reference, ...] = (),
    places: Mapping[str, Span] | None = None,
) -> Declaration:
    return Declaration(name, native, name, platform, HERE, attributes, places or {}, references, ProviderContext("aws"))


def _spelled(*declarations: Declaration) -> list[Declaration]:
    return list(spelled(declarations, catalog()))


def test_a_database_has_terraforms_type_names_and_places() -> None:
    at = Span("template.yaml", 7, 7)
    [found] = _spelled(
        _declared("Db", "AWS::RDS::DBInstance", {"MultiAZ": True, "DBInstanceIdentifier": "a"}, places={"MultiAZ": at})
    )
    assert (found.type, found.dialect) == ("aws_db_instance", "cloudformation")
    assert found.attributes["multi_az"] is True
    assert found.attributes["identifier"] == "a"
    assert found.span_of("multi_az") == at


def test_what_is_not_written_has_the_dialects_own_default() -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbinstance.html: 1."""
    plain, written = _spelled(
        _declared("A", "AWS::RDS::DBInstance", {}),
        _declared("B", "AWS::RDS::DBInstance", {"BackupRetentionPeriod": 0}),
    )
    assert (plain.attributes["backup_retention_period"], written.attributes["backup_retention_period"]) == (1, 0)


def test_defaults_of_templates_are_none_of_a_live_account() -> None:
    template = _declared("A", "AWS::Neptune::DBCluster", {})
    live = _declared("B", "AWS::Neptune::DBCluster", {}, platform="aws")
    assert ["skip_final_snapshot" in each.attributes for each in _spelled(template, live)] == [True, False]


def test_a_variant_is_another_type() -> None:
    [found] = _spelled(_declared("Member", "AWS::RDS::DBInstance", {"DBClusterIdentifier": "c"}))
    assert found.type == "aws_rds_cluster_instance"
    assert found.attributes["cluster_identifier"] == "c"


@pytest.mark.parametrize(
    ("native", "meant"),
    [
        ("AWS::SQS::Queue", "aws_sqs_queue"),
        ("AWS::KMS::Key", "aws_kms_key"),
        ("AWS::EC2::VPC", "aws_vpc"),
        ("AWS::EC2::Subnet", "aws_subnet"),
        ("AWS::RefactorSpaces::Route", "AWS::RefactorSpaces::Route"),
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html
        ("Custom::Thing", "AWS::CloudFormation::CustomResource"),
    ],
)
def test_types_of_the_same_words_follow(native: str, meant: str) -> None:
    assert _spelled(_declared("It", native, {}))[0].type == meant


def test_references_stand_where_their_attribute_stands_now_and_read_what_terraform_calls_it() -> None:
    read = Ref("Db", "Endpoint.Address")
    host = Unknown("known after it is made", HERE, read, (read,))
    using = _declared(
        "Fn",
        "AWS::Lambda::Function",
        {"Environment": {"Variables": {"DB_HOST": host}}},
        references=(Reference("Environment.Variables.DB_HOST", "Db", "Endpoint.Address", HERE),),
    )
    _, found = _spelled(_declared("Db", "AWS::RDS::DBInstance", {}), using)
    assert found.attributes["environment"]["variables"]["DB_HOST"].ref == Ref("Db", "address")
    assert found.references == (Reference("environment.variables.DB_HOST", "Db", "address", HERE),)


def test_documents_and_tags_keep_the_keys_that_their_authors_gave() -> None:
    policy = {"Statement": [{"Effect": "Allow", "Action": "kms:Decrypt"}]}
    tags = [{"Key": "CostCenter", "Value": "7"}]
    [found] = _spelled(_declared("Key", "AWS::KMS::Key", {"KeyPolicy": policy, "Tags": tags}))
    assert found.attributes["policy"] == policy
    assert found.attributes["tags"] == {"CostCenter": "7"}


def test_every_table_leads_to_types_of_the_catalog() -> None:
    assert compile_spellings(catalog().types)["dialects"]["cloudformation"]


def test_an_entry_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(CatalogError, match="is no type of the catalog"):
        compile_spellings({})


def test_a_dialect_without_a_table_knows_nothing() -> None:
    assert spellings("none").of("AWS::RDS::DBInstance") is None


def test_a_word_that_is_partly_known_means_nothing_for_certain() -> None:
    # 'Standard_${redundancy}' is neither ZRS nor anything else that Terraform calls a redundancy.
    size = Unknown("parameter redundancy has no default", HERE)
    partly = Unknown(size.reason, HERE, parts=("Standard_", size))
    [found] = _spelled(
        _declared("s", "Microsoft.Storage/storageAccounts", {"sku": {"name": partly}}, platform="arm"),
    )
    meant = found.attributes["account_replication_type"]
    assert isinstance(meant, Unknown)
    assert (meant.reason, meant.parts) == (size.reason, ())
