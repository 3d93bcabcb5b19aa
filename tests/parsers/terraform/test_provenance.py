"""Where values come from, through variables, locals, arguments, outputs and repetitions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.parsers.terraform.provenance import Provenance

ReadFiles = Callable[..., Any]

MODULE = """\
variable "standby" {
  type    = bool
  default = true
}
variable "sizes" {}

resource "aws_db_instance" "this" {
  multi_az       = var.standby
  instance_class = var.sizes.db
}
output "zone" { value = aws_db_instance.this.availability_zone }
output "fixed" { value = local.fixed }
locals { fixed = "a" }
"""
ROOT = """\
variable "standby" {
  type    = bool
  default = true
}
locals {
  cells = {
    tokyo = { standby = var.standby, zone = "a" }
    osaka = {
      standby = true
      zone    = "b"
    }
  }
}
module "db" {
  source   = "./modules/db"
  for_each = local.cells
  standby  = each.value.standby
  sizes    = { db = "large", web = "small" }
}
resource "aws_ebs_volume" "logs" {
  availability_zone = local.cells["osaka"].zone
  type              = module.db["tokyo"].fixed
}
resource "aws_instance" "web" {
  count     = length(local.cells)
  subnet_id = "subnet-1"
}
resource "aws_lb" "web" {
  name    = "web"
  subnets = [for each in aws_instance.web : each.subnet_id]
  access_logs {
    enabled = var.standby
  }
}
provider "aws" {
  region = local.cells.tokyo.zone
}
"""


@pytest.fixture
def origins(read_files: ReadFiles) -> Callable[..., list[str]]:
    """The origins of an attribute as ``file:line text``."""

    def call(address: str, path: str, extra: dict[str, str] | None = None) -> list[str]:
        result = read_files({"main.tf": ROOT, "modules/db/main.tf": MODULE, **(extra or {})})
        declaration = next(each for each in result.declarations if each.id == address)
        known = Provenance(result.sources, "")
        return [f"{each.span.file}:{each.span.line} {each.text}" for each in known.origins(declaration, path)]

    return call


def test_through_an_argument_an_entry_of_a_map_and_a_default(origins: Callable[..., list[str]]) -> None:
    assert origins('module.db["tokyo"].aws_db_instance.this', "multi_az") == [
        "main.tf:17 argument standby of module db",
        "main.tf:7 local cells",
        "main.tf:3 the default of variable standby",
    ]


def test_the_other_instance_has_an_entry_of_its_own(origins: Callable[..., list[str]]) -> None:
    assert origins('module.db["osaka"].aws_db_instance.this', "multi_az") == [
        "main.tf:17 argument standby of module db",
        "main.tf:9 local cells",
    ]


def test_a_value_wins_over_the_default(origins: Callable[..., list[str]]) -> None:
    found = origins(
        'module.db["tokyo"].aws_db_instance.this',
        "multi_az",
        {
            "terraform.tfvars": "standby = true\n",
            "x.auto.tfvars": "\nstandby = false\n",
            "prod.tfvars": "standby = true",
        },
    )
    assert found[-1] == "x.auto.tfvars:2 the value of variable standby"


def test_a_part_of_an_object_is_named_alone(origins: Callable[..., list[str]]) -> None:
    assert origins('module.db["tokyo"].aws_db_instance.this', "instance_class") == [
        "main.tf:18 argument sizes of module db"
    ]
    assert origins("aws_ebs_volume.logs", "availability_zone") == ["main.tf:10 local cells"]


def test_through_an_output(origins: Callable[..., list[str]]) -> None:
    assert origins("aws_ebs_volume.logs", "type") == [
        "modules/db/main.tf:12 output fixed of module db",
        "modules/db/main.tf:13 local fixed",
    ]


def test_what_repeats_a_resource(origins: Callable[..., list[str]]) -> None:
    assert origins("aws_instance.web[0]", "count") == [
        "main.tf:6 local cells",
        "main.tf:3 the default of variable standby",
    ]
    assert origins("aws_lb.web", "subnets") == ["main.tf:6 local cells", "main.tf:3 the default of variable standby"]
    assert origins("aws_instance.web[0]", "subnet_id") == []


def test_a_nested_block_and_a_provider(origins: Callable[..., list[str]]) -> None:
    assert origins("aws_lb.web", "access_logs[0].enabled") == ["main.tf:3 the default of variable standby"]
    assert origins("aws_lb.web", "provider.region")[0] == "main.tf:7 local cells"


@pytest.mark.parametrize("path", ["name", "missing", "access_logs[4].enabled", "provider.zone", "for_each", ""])
def test_what_comes_from_nowhere(path: str, origins: Callable[..., list[str]]) -> None:
    assert origins("aws_lb.web", path) == []


def test_circles_end(read_files: ReadFiles) -> None:
    text = 'locals {\n  a = local.b\n  b = local.a\n}\nresource "aws_lb" "x" {\n  name = local.a\n}\n'
    result = read_files(text)
    (declaration,) = [each for each in result.declarations if each.id == "aws_lb.x"]
    found = Provenance(result.sources, "").origins(declaration, "name")
    assert {each.text for each in found} == {"local a", "local b"}


def test_roots_below_the_top(read_files: ReadFiles) -> None:
    files = {f"envs/{name}/main.tf": 'locals { n = "x" }\nresource "aws_lb" "x" { name = local.n }\n' for name in "ab"}
    result = read_files(files)
    known = Provenance(result.sources, "")
    found = {
        origin.span.file
        for each in result.declarations
        if each.type == "aws_lb"
        for origin in known.origins(each, "name")
    }
    assert found == {"envs/a/main.tf", "envs/b/main.tf"}
