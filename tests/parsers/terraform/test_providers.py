"""The provider configuration that each resource is created with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.model.resource import ProviderContext
from scanner.model.value import Unknown
from scanner.parsers.terraform.project import TerraformResult

Read = Callable[..., TerraformResult]


def context(result: TerraformResult, address: str = "aws_sqs_queue.q") -> ProviderContext:
    (found,) = [d for d in result.declarations if d.id == address]
    return found.provider


@pytest.mark.parametrize(
    ("provider", "name", "alias", "region"),
    [
        ("", "aws", "", "eu-west-1"),
        ("provider = aws", "aws", "", "eu-west-1"),
        ("provider = aws.tokyo", "aws", "tokyo", "ap-northeast-1"),
        ('provider = "aws.tokyo"', "aws", "tokyo", "ap-northeast-1"),
        ('provider = "${aws.tokyo}"', "aws", "tokyo", "ap-northeast-1"),
    ],
)
def test_ways_to_name_a_provider(provider: str, name: str, alias: str, region: str, read_files: Read) -> None:
    found = context(
        read_files(
            'provider "aws" { region = "eu-west-1" }\nprovider "aws" {\n  alias = "tokyo"\n  region = "ap-northeast-1"\n}\n'
            f'resource "aws_sqs_queue" "q" {{\n  {provider}\n}}\n'
        )
    )
    assert (found.name, found.alias, found.attributes["region"], found.declared) == (name, alias, region, True)


def test_a_provider_that_no_block_configures(read_files: Read) -> None:
    assert context(read_files('resource "aws_sqs_queue" "q" {}\n')) == ProviderContext("aws")
    found = context(read_files('provider "aws" {}\nresource "aws_sqs_queue" "q" { provider = aws.gone }\n'))
    assert (found.name, found.alias, found.declared) == ("aws", "gone", False)


def test_the_provider_of_a_type_is_its_first_word(read_files: Read) -> None:
    result = read_files(
        'provider "google-beta" { project = "p" }\n'
        'resource "google_pubsub_topic" "t" {}\nresource "google_pubsub_topic" "b" { provider = google-beta }\n'
    )
    assert context(result, "google_pubsub_topic.t") == ProviderContext("google")
    assert context(result, "google_pubsub_topic.b").attributes == {"project": "p"}


def test_configurations_are_evaluated_where_they_stand(read_files: Read) -> None:
    result = read_files(
        {
            "main.tf": 'provider "aws" { region = local.region }\nlocals { region = "eu-${var.side}-1" }\n'
            'variable "side" { default = "west" }\nmodule "m" { source = "./m" }\n',
            "m/main.tf": 'locals { region = "not this one" }\nresource "aws_sqs_queue" "q" {}\n',
        }
    )
    found = context(result, "module.m.aws_sqs_queue.q")
    assert found.attributes == {"region": "eu-west-1"}
    assert str(found.span) == "main.tf:1:1"


def test_blocks_of_a_configuration(read_files: Read) -> None:
    text = 'variable "u" {}\nprovider "aws" {\n  assume_role {\n    role_arn = "arn:aws:iam::1:role/a"\n  }\n  default_tags {\n'
    text += '    tags = { team = var.u }\n  }\n}\nresource "aws_sqs_queue" "q" {}\n'
    attributes = context(read_files(text)).attributes
    assert attributes["assume_role"] == [{"role_arn": "arn:aws:iam::1:role/a"}]
    assert isinstance(attributes["default_tags"][0]["tags"]["team"], Unknown)


def test_aliases_do_not_reach_modules_unless_they_are_handed_over(read_files: Read) -> None:
    files = {
        "main.tf": 'provider "aws" {\n  alias = "dr"\n  region = "eu-west-1"\n}\nmodule "m" {\n  source = "./m"\n  PROVIDERS\n}\n',
        "m/main.tf": 'resource "aws_sqs_queue" "q" { provider = aws.dr }\n',
    }
    assert not context(
        read_files({**files, "main.tf": files["main.tf"].replace("PROVIDERS", "")}), "module.m.aws_sqs_queue.q"
    ).declared
    handed = files["main.tf"].replace("PROVIDERS", "providers = { aws.dr = aws.dr }")
    assert (
        context(read_files({**files, "main.tf": handed}), "module.m.aws_sqs_queue.q").attributes["region"]
        == "eu-west-1"
    )


@pytest.mark.parametrize(
    ("source", "provider", "expected"),
    [
        ('data "aws_region" "x" {}', "aws", "eu-west-1"),
        ('data "aws_caller_identity" "x" {}', "aws", "111111111111"),
        ('data "aws_partition" "x" {}', "aws", "aws"),
        ('data "google_client_config" "x" {}', "google", "p"),
        ('data "azurerm_client_config" "x" {}', "azurerm", "s"),
    ],
)
def test_data_sources_that_the_configuration_answers(
    source: str, provider: str, expected: str, read_files: Read
) -> None:
    kind = source.split('"')[1]
    name = {"aws_region": "name", "aws_caller_identity": "account_id", "aws_partition": "partition"}.get(
        kind, "project"
    )
    name = "subscription_id" if provider == "azurerm" else name
    result = read_files(
        'provider "aws" {\n  region = "eu-west-1"\n  allowed_account_ids = ["111111111111"]\n}\n'
        'provider "google" { project = "p" }\nprovider "azurerm" { subscription_id = "s" }\n'
        f'{source}\nresource "terraform_data" "d" {{ input = data.{kind}.x.{name} }}\n'
    )
    (found,) = [d for d in result.declarations if d.type == "terraform_data"]
    assert found.attributes["input"] == expected


def test_data_sources_that_only_the_provider_answers(read_files: Read) -> None:
    result = read_files(
        'data "aws_region" "x" {}\ndata "aws_ami" "a" {}\n'
        'resource "terraform_data" "d" { input = [data.aws_region.x.name, data.aws_ami.a.id] }\n'
    )
    (found,) = [d for d in result.declarations if d.type == "terraform_data"]
    assert [str(value.ref) for value in found.attributes["input"]] == ["data.aws_region.x.name", "data.aws_ami.a.id"]
