"""Provider, account, region and zones, reasoned by hand from Terraform's and the providers' documentation."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.graph.graph import Graph
from scanner.model.resource import Placement, Scope
from scanner.model.value import Unknown, equal

TOKYO = 'provider "aws" { region = "ap-northeast-1" }\n'


def place(graph: Graph, name: str) -> Placement:
    return graph.resources[name].placement


def known_zones(placement: Placement) -> tuple[str, ...]:
    assert isinstance(placement.zones, tuple)
    assert all(isinstance(zone, str) for zone in placement.zones)
    return tuple(str(zone) for zone in placement.zones)


# -- provider and region ---------------------------------------------------------------------------

PROVIDERS = """
provider "aws" { region = "ap-northeast-1" }
provider "aws" {
  alias  = "dr"
  region = "ap-southeast-1"
}
resource "aws_sqs_queue" "usual" {}
resource "aws_sqs_queue" "other" { provider = aws.dr }
resource "aws_sqs_queue" "quoted" { provider = "aws.dr" }
resource "aws_sqs_queue" "own" { region = "eu-west-1" }
resource "aws_iam_role" "global" { name = "r" }
"""


@pytest.mark.parametrize(
    ("name", "region"),
    [
        ("usual", "ap-northeast-1"),
        ("other", "ap-southeast-1"),
        ("quoted", "ap-southeast-1"),  # as written before Terraform 0.12
        ("own", "eu-west-1"),  # the region argument of every resource since provider 6
    ],
)
def test_the_region_is_that_of_the_provider_configuration(
    name: str, region: str, graph_of: Callable[..., Graph]
) -> None:
    placement = place(graph_of(PROVIDERS), f"aws_sqs_queue.{name}")
    assert (placement.provider, placement.region) == ("aws", region)


def test_a_global_thing_has_no_region(graph_of: Callable[..., Graph]) -> None:
    placement = place(graph_of(PROVIDERS), "aws_iam_role.global")
    assert (placement.scope, placement.region, placement.zones) == (Scope.GLOBAL, None, ())


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ("", "no provider block configures aws; give the region with --region"),
        ('provider "aws" {}', "provider aws has no region; give it with --region"),
        ('variable "r" {}\nprovider "aws" { region = var.r }', "variable r has no default"),
    ],
)
def test_an_unknown_region_says_why(block: str, reason: str, graph_of: Callable[..., Graph]) -> None:
    region = place(graph_of(f'{block}\nresource "aws_sqs_queue" "q" {{}}\n'), "aws_sqs_queue.q").region
    assert isinstance(region, Unknown)
    assert reason in region.reason


def test_the_region_of_the_command_line_fills_a_gap_only(graph_of: Callable[..., Graph]) -> None:
    queue = 'resource "aws_sqs_queue" "q" {}\n'
    assert place(graph_of(queue, region="eu-west-1"), "aws_sqs_queue.q").region == "eu-west-1"
    assert place(graph_of(TOKYO + queue, region="eu-west-1"), "aws_sqs_queue.q").region == "ap-northeast-1"


def test_the_region_data_source_is_decided_by_its_provider(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        PROVIDERS
        + """
data "aws_region" "here" {}
data "aws_region" "there" { provider = aws.dr }
resource "aws_ebs_volume" "here" { availability_zone = "${data.aws_region.here.name}a" }
resource "aws_ebs_volume" "there" { availability_zone = "${data.aws_region.there.region}c" }
"""
    )
    assert known_zones(place(graph, "aws_ebs_volume.here")) == ("ap-northeast-1a",)
    assert known_zones(place(graph, "aws_ebs_volume.there")) == ("ap-southeast-1c",)


# -- account ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "account"),
    [
        ('allowed_account_ids = ["111111111111"]', "111111111111"),
        ('allowed_account_ids = ["111111111111", "222222222222"]', None),
        ('assume_role { role_arn = "arn:aws:iam::333333333333:role/deploy" }', "333333333333"),
        ('assume_role { role_arn = "arn:aws:iam::333333333333:role/${var.undecided}" }', "333333333333"),
        ('profile = "vault"', "profile:vault"),
        ("", None),
    ],
)
def test_the_account_of_a_provider_configuration(
    arguments: str, account: str | None, graph_of: Callable[..., Graph]
) -> None:
    graph = graph_of(
        f'variable "undecided" {{}}\nprovider "aws" {{\n  region = "eu-west-1"\n  {arguments}\n}}\n'
        'resource "aws_sqs_queue" "q" {}\n'
    )
    assert place(graph, "aws_sqs_queue.q").account == account


def test_an_account_that_the_files_do_not_decide(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        """
variable "account" {}
provider "aws" {
  region = "eu-west-1"
  assume_role { role_arn = "arn:aws:iam::${var.account}:role/deploy" }
}
resource "aws_sqs_queue" "q" {}
"""
    )
    assert isinstance(place(graph, "aws_sqs_queue.q").account, Unknown)


def test_the_project_and_subscription(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        """
provider "google" {
  project = "main"
  region  = "asia-northeast1"
}
provider "azurerm" {
  subscription_id = "s-1"
  features {}
}
resource "google_pubsub_topic" "usual" { name = "t" }
resource "google_pubsub_topic" "other" {
  name    = "t"
  project = "vault"
}
resource "azurerm_storage_account" "a" { location = "japaneast" }
"""
    )
    assert place(graph, "google_pubsub_topic.usual").account == "main"
    assert place(graph, "google_pubsub_topic.other").account == "vault"
    assert place(graph, "azurerm_storage_account.a").account == "s-1"


# -- providers handed to modules -------------------------------------------------------------------


def test_modules_inherit_and_receive_providers(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        {
            "main.tf": """
provider "aws" { region = "ap-northeast-1" }
provider "aws" {
  alias  = "dr"
  region = "ap-southeast-1"
}
module "inherits" { source = "./queue" }
module "given" {
  source    = "./queue"
  providers = { aws = aws.dr }
}
module "pair" {
  source = "./pair"
  providers = {
    aws.primary = aws
    aws.replica = aws.dr
  }
}
""",
            "queue/main.tf": 'resource "aws_sqs_queue" "q" {}\nmodule "deeper" { source = "../leaf" }\n',
            "leaf/main.tf": 'resource "aws_sns_topic" "t" {}\n',
            "pair/main.tf": """
terraform {
  required_providers {
    aws = {
      source                = "hashicorp/aws"
      configuration_aliases = [aws.primary, aws.replica]
    }
  }
}
resource "aws_sqs_queue" "a" { provider = aws.primary }
resource "aws_sqs_queue" "b" { provider = aws.replica }
module "deeper" {
  source    = "../queue"
  providers = { aws = aws.replica }
}
""",
        }
    )
    regions = {name: place(graph, name).region for name in graph.resources if ".aws_s" in name}
    assert regions == {
        "module.inherits.aws_sqs_queue.q": "ap-northeast-1",
        "module.inherits.module.deeper.aws_sns_topic.t": "ap-northeast-1",
        "module.given.aws_sqs_queue.q": "ap-southeast-1",
        "module.given.module.deeper.aws_sns_topic.t": "ap-southeast-1",
        "module.pair.aws_sqs_queue.a": "ap-northeast-1",
        "module.pair.aws_sqs_queue.b": "ap-southeast-1",
        "module.pair.module.deeper.aws_sqs_queue.q": "ap-southeast-1",
        "module.pair.module.deeper.module.deeper.aws_sns_topic.t": "ap-southeast-1",
    }


def test_a_provider_that_a_module_configures_itself(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        {
            "main.tf": TOKYO + 'module "m" {\n  source = "./m"\n  region = "eu-west-1"\n}\n',
            "m/main.tf": 'variable "region" {}\nprovider "aws" { region = var.region }\nresource "aws_sqs_queue" "q" {}\n',
        }
    )
    assert place(graph, "module.m.aws_sqs_queue.q").region == "eu-west-1"


# -- zones through subnets -------------------------------------------------------------------------

SUBNETS = """
provider "aws" { region = "ap-northeast-1" }
variable "zones" { default = ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"] }
resource "aws_subnet" "counted" {
  count             = 3
  availability_zone = var.zones[count.index]
}
resource "aws_subnet" "keyed" {
  for_each          = toset(var.zones)
  availability_zone = each.value
}
resource "aws_subnet" "one" { availability_zone = "ap-northeast-1a" }
resource "aws_subnet" "again" { availability_zone = "ap-northeast-1a" }
resource "aws_subnet" "nowhere" { cidr_block = "10.0.0.0/24" }
resource "aws_db_subnet_group" "all" {
  name       = "all"
  subnet_ids = aws_subnet.counted[*].id
}
"""
ALL = ("ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d")


@pytest.mark.parametrize(
    ("body", "zones"),
    [
        ('resource "aws_instance" "x" { subnet_id = aws_subnet.one.id }', ("ap-northeast-1a",)),
        ('resource "aws_instance" "x" { subnet_id = aws_subnet.counted[1].id }', ("ap-northeast-1c",)),
        ('resource "aws_instance" "x" { subnet_id = aws_subnet.keyed["ap-northeast-1d"].id }', ("ap-northeast-1d",)),
        ('resource "aws_lb" "x" { subnets = aws_subnet.counted[*].id }', ALL),
        ('resource "aws_lb" "x" { subnets = aws_subnet.counted.*.id }', ALL),
        ('resource "aws_lb" "x" { subnets = [for s in aws_subnet.keyed : s.id] }', ALL),
        ('resource "aws_lb" "x" { subnets = values(aws_subnet.keyed)[*].id }', ALL),
        ('resource "aws_lb" "x" { subnets = [aws_subnet.one.id, aws_subnet.again.id] }', ("ap-northeast-1a",)),
        ('resource "aws_lb" "x" { subnets = slice(aws_subnet.counted[*].id, 0, 2) }', ALL[:2]),
        ('resource "aws_lb" "x" { subnets = concat([aws_subnet.one.id], [aws_subnet.counted[2].id]) }', (ALL[0], ALL[2])),
        (
            ('resource "aws_lb" "x" {\n  subnet_mapping { subnet_id = aws_subnet.counted[0].id }\n'
            "  subnet_mapping { subnet_id = aws_subnet.counted[1].id }\n}"),
            ALL[:2],
        ),
        ('resource "aws_db_instance" "x" { db_subnet_group_name = aws_db_subnet_group.all.name }', ALL),
        ('resource "aws_db_instance" "x" { db_subnet_group_name = "all" }', ALL),
        (
            ('resource "aws_db_instance" "x" {\n  db_subnet_group_name = aws_db_subnet_group.all.id\n'
            '  availability_zone = "ap-northeast-1c"\n}'),
            ("ap-northeast-1c",),  # the zone that is written wins over those of the group
        ),
        ('resource "aws_autoscaling_group" "x" { vpc_zone_identifier = local.ids }\nlocals { ids = aws_subnet.counted[*].id }', ALL),
        ('resource "aws_instance" "x" { ami = "ami-1" }', ()),
    ],
)  # fmt: skip
def test_zones_come_from_subnets(body: str, zones: tuple[str, ...], graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(f"{SUBNETS}\n{body}\n")
    resource = next(r for r in graph.resources.values() if r.declaration.name == "x")
    assert known_zones(resource.placement) == zones


def test_zones_come_through_module_outputs(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        {
            "main.tf": TOKYO
            + """
module "network" {
  source = "./network"
  zones  = ["ap-northeast-1a", "ap-northeast-1c"]
}
module "database" {
  source  = "./database"
  subnets = module.network.private
  group   = module.network.group
}
""",
            "network/main.tf": """
variable "zones" { type = list(string) }
resource "aws_subnet" "private" {
  for_each          = toset(var.zones)
  availability_zone = each.key
}
resource "aws_db_subnet_group" "g" {
  name       = "g"
  subnet_ids = [for s in aws_subnet.private : s.id]
}
output "private" { value = [for s in aws_subnet.private : s.id] }
output "group" { value = aws_db_subnet_group.g.id }
""",
            "database/main.tf": """
variable "subnets" {}
variable "group" {}
resource "aws_lb" "l" { subnets = var.subnets }
resource "aws_lb" "first" { subnets = [var.subnets[0]] }
resource "aws_db_instance" "d" { db_subnet_group_name = var.group }
""",
        }
    )
    both = ("ap-northeast-1a", "ap-northeast-1c")
    assert known_zones(place(graph, "module.database.aws_lb.l")) == both
    assert known_zones(place(graph, "module.database.aws_lb.first")) == both[:1]
    assert known_zones(place(graph, "module.database.aws_db_instance.d")) == both


def unknown_zones(body: str, graph_of: Callable[..., Graph]) -> tuple[str | Unknown, ...] | Unknown:
    graph = graph_of(f'provider "aws" {{ region = "ap-northeast-1" }}\n{body}\n')
    return next(r for r in graph.resources.values() if r.declaration.name == "x").placement.zones


@pytest.mark.parametrize(
    "body",
    [
        # Of variables without a value, not even the number of elements is known.
        'variable "ids" {}\nresource "aws_lb" "x" { subnets = var.ids }',
        'variable "zones" {}\nresource "aws_elb" "x" { availability_zones = var.zones }',
        'variable "n" {}\nresource "aws_subnet" "s" { count = var.n }\nresource "aws_lb" "x" { subnets = aws_subnet.s[*].id }',
        (
            'variable "m" {}\nresource "aws_subnet" "s" { for_each = var.m }\n'
            'resource "aws_lb" "x" { subnets = [for s in aws_subnet.s : s.id] }'
        ),
        # How many subnets a data source finds is known to AWS alone, as are the zones that it lists.
        'data "aws_subnets" "d" {}\nresource "aws_lb" "x" { subnets = data.aws_subnets.d.ids }',
        'data "aws_availability_zones" "z" {}\nresource "aws_elb" "x" { availability_zones = data.aws_availability_zones.z.names }',
        'module "gone" { source = "registry.example.org/a/b/c" }\nresource "aws_lb" "x" { subnets = module.gone.subnets }',
    ],
)
def test_an_unknown_number_of_zones_is_unknown(body: str, graph_of: Callable[..., Graph]) -> None:
    assert isinstance(unknown_zones(body, graph_of), Unknown)


@pytest.mark.parametrize(
    ("body", "number"),
    [
        ('variable "z" {}\nresource "aws_ebs_volume" "x" { availability_zone = var.z }', 1),
        ('variable "id" {}\nresource "aws_instance" "x" { subnet_id = var.id }', 1),
        ('resource "aws_subnet" "s" {}\nresource "aws_instance" "x" { subnet_id = aws_subnet.s.id }', 1),
        ('data "aws_availability_zones" "z" {}\nresource "aws_elb" "x" { availability_zones = slice(data.aws_availability_zones.z.names, 0, 3) }', 3),
        (
            ('data "aws_availability_zones" "z" {}\nresource "aws_subnet" "s" {\n  count = 3\n'
            "  availability_zone = data.aws_availability_zones.z.names[count.index]\n}\n"
            'resource "aws_lb" "x" { subnets = aws_subnet.s[*].id }'),
            3,
        ),
        (
            ('data "aws_availability_zones" "z" {}\nresource "aws_subnet" "s" {\n  count = 3\n'
            "  availability_zone = data.aws_availability_zones.z.names[0]\n}\n"
            'resource "aws_lb" "x" { subnets = aws_subnet.s[*].id }'),
            1,  # one element of one listing is one zone, however often it is used
        ),
        (
            ('variable "r" {}\nresource "aws_subnet" "s" {\n  count = 4\n'
            '  availability_zone = "${var.r}${["a", "c", "a", "c"][count.index]}"\n}\n'
            'resource "aws_lb" "x" { subnets = aws_subnet.s[*].id }'),
            2,
        ),
        ('data "aws_subnet" "s" { id = "subnet-1" }\nresource "aws_instance" "x" { subnet_id = data.aws_subnet.s.id }', 1),
        ('variable "a" {}\nvariable "b" {}\nresource "aws_lb" "x" { subnets = [var.a, var.b] }', 2),
        ('resource "aws_lb" "x" { subnets = ["subnet-1", "subnet-2"] }', 2),
        ('variable "a" {}\nresource "aws_lb" "x" { subnets = [var.a, var.a] }', 1),  # one subnet stands in one zone
    ],
)  # fmt: skip
def test_unknown_zones_are_counted(body: str, number: int, graph_of: Callable[..., Graph]) -> None:
    zones = unknown_zones(body, graph_of)
    assert isinstance(zones, tuple)
    assert len(zones) == number
    assert all(isinstance(zone, Unknown) for zone in zones)


def test_zones_with_different_letters_differ_in_an_unknown_region(graph_of: Callable[..., Graph]) -> None:
    zones = unknown_zones(
        'variable "r" {}\nresource "aws_elb" "x" { availability_zones = ["${var.r}a", "${var.r}c"] }', graph_of
    )
    assert isinstance(zones, tuple)
    assert equal(zones[0], zones[1]) is False


def test_subnet_groups_that_refer_to_each_other_end(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        'resource "aws_db_subnet_group" "a" { subnet_ids = [aws_db_subnet_group.b.id] }\n'
        'resource "aws_db_subnet_group" "b" { subnet_ids = [aws_db_subnet_group.a.id] }\n'
    )
    assert isinstance(place(graph, "aws_db_subnet_group.a").zones, (tuple, Unknown))


# -- google ----------------------------------------------------------------------------------------

GOOGLE = """
provider "google" {
  project = "p"
  region  = "asia-northeast1"
  zone    = "asia-northeast1-b"
}
provider "google" {
  alias = "zone_only"
  zone  = "europe-west1-c"
}
"""


@pytest.mark.parametrize(
    ("body", "region", "zones", "scope"),
    [
        ('resource "google_compute_instance" "x" { zone = "us-central1-f" }', "us-central1", ("us-central1-f",), "zonal"),
        ('resource "google_compute_instance" "x" {}', "asia-northeast1", ("asia-northeast1-b",), "zonal"),
        ('resource "google_compute_instance" "x" { provider = google.zone_only }', "europe-west1", ("europe-west1-c",), "zonal"),
        (
            'resource "google_compute_disk" "x" { zone = "https://www.googleapis.com/compute/v1/projects/p/zones/us-east1-b" }',
            "us-east1",
            ("us-east1-b",),
            "zonal",
        ),
        ('resource "google_container_cluster" "x" { location = "asia-northeast1" }', "asia-northeast1", (), "regional"),
        ('resource "google_container_cluster" "x" { location = "asia-northeast1-a" }', "asia-northeast1", ("asia-northeast1-a",), "zonal"),
        ('resource "google_storage_bucket" "x" { location = "ASIA-NORTHEAST1" }', "asia-northeast1", (), "regional"),
        ('resource "google_storage_bucket" "x" { location = "ASIA" }', "asia", (), "multi-region"),
        ('resource "google_storage_bucket" "x" { location = "EUR4" }', "eur4", (), "multi-region"),
        ('resource "google_kms_key_ring" "x" { location = "global" }', None, (), "global"),
        ('resource "google_kms_key_ring" "x" { location = "asia1" }', "asia1", (), "multi-region"),
        ('resource "google_spanner_instance" "x" { config = "regional-us-central1" }', "us-central1", (), "regional"),
        ('resource "google_spanner_instance" "x" { config = "nam-eur-asia1" }', "nam-eur-asia1", (), "multi-region"),
        (
            'resource "google_compute_region_disk" "x" { replica_zones = ["us-east1-b", "us-east1-c"] }',
            "asia-northeast1",
            ("us-east1-b", "us-east1-c"),
            "zonal",
        ),
    ],
)  # fmt: skip
def test_google(
    body: str, region: str | None, zones: tuple[str, ...], scope: str, graph_of: Callable[..., Graph]
) -> None:
    graph = graph_of(f"{GOOGLE}\n{body}\n")
    placement = next(r for r in graph.resources.values() if r.declaration.name == "x").placement
    assert (placement.region, known_zones(placement), placement.scope) == (region, zones, scope)


# -- azure -----------------------------------------------------------------------------------------

AZURE = """
provider "azurerm" { features {} }
variable "location" { default = "Japan East" }
resource "azurerm_resource_group" "g" {
  name     = "g"
  location = var.location
}
resource "azurerm_virtual_network" "v" {
  name                = "v"
  resource_group_name = azurerm_resource_group.g.name
  location            = azurerm_resource_group.g.location
}
"""


@pytest.mark.parametrize(
    ("body", "region", "zones"),
    [
        ('resource "azurerm_managed_disk" "x" { location = "West Europe" }', "westeurope", ()),
        ('resource "azurerm_managed_disk" "x" { location = azurerm_resource_group.g.location }', "japaneast", ()),
        (('resource "azurerm_managed_disk" "x" { location = data.azurerm_resource_group.d.location }\n'
         'data "azurerm_resource_group" "d" { name = "d" }'), None, ()),
        # No location of its own: that of what it belongs to, else that of its resource group.
        ('resource "azurerm_subnet" "x" { virtual_network_name = azurerm_virtual_network.v.name }', "japaneast", ()),
        ('resource "azurerm_sql_elasticpool" "x" { resource_group_name = azurerm_resource_group.g.name }', "japaneast", ()),
        (('resource "azurerm_mssql_database" "x" { server_id = azurerm_mssql_server.s.id }\n'
         'resource "azurerm_mssql_server" "s" { location = "japanwest" }'), "japanwest", ()),
        ('resource "azurerm_linux_virtual_machine" "x" {\n  location = "japaneast"\n  zone = "3"\n}', "japaneast", ("3",)),
        ('resource "azurerm_linux_virtual_machine_scale_set" "x" {\n  location = "japaneast"\n  zones = ["1", "2", "1"]\n}',
         "japaneast", ("1", "2")),
        ('resource "azurerm_managed_disk" "x" {\n  location = "japaneast"\n  zone = 2\n}', "japaneast", ("2",)),
    ],
)  # fmt: skip
def test_azure(body: str, region: str | None, zones: tuple[str, ...], graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(f"{AZURE}\n{body}\n")
    placement = next(r for r in graph.resources.values() if r.declaration.name == "x").placement
    if region is None:
        assert isinstance(placement.region, Unknown)
    else:
        assert placement.region == region
    assert known_zones(placement) == zones


@pytest.mark.parametrize(
    ("body", "provider", "region"),
    [
        ('resource "hcloud_server" "x" { location = "fsn1" }', "hetzner", "fsn1"),
        ('resource "digitalocean_droplet" "x" { region = "fra1" }', "digitalocean", "fra1"),
        ('resource "cloudflare_zone" "x" { zone = "example.org" }', "cloudflare", None),
    ],
)
def test_other_providers(body: str, provider: str, region: str | None, graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(f"{body}\n")
    placement = next(r for r in graph.resources.values() if r.declaration.name == "x").placement
    assert (placement.provider, placement.region) == (provider, region)


# -- choices that the files do not decide ----------------------------------------------------------

CHOICE = """
variable "first" {}
variable "on" { default = true }
resource "aws_subnet" "a" { availability_zone = "ap-northeast-1a" }
resource "aws_subnet" "c" { availability_zone = "ap-northeast-1c" }
resource "aws_subnet" "also_a" { availability_zone = "ap-northeast-1a" }
resource "aws_db_subnet_group" "a" {
  name       = "a"
  subnet_ids = [aws_subnet.a.id]
}
resource "aws_db_subnet_group" "c" {
  name       = "c"
  subnet_ids = [aws_subnet.c.id]
}
"""


@pytest.mark.parametrize(
    ("body", "zones"),
    [
        # One server stands in one of the two subnets: that is one zone, though not which.
        ('resource "aws_instance" "x" { subnet_id = var.first ? aws_subnet.a.id : aws_subnet.c.id }', None),
        ('resource "aws_instance" "x" { subnet_id = [aws_subnet.a.id, aws_subnet.c.id][var.first] }', None),
        ('resource "aws_instance" "x" { subnet_id = var.first ? aws_subnet.a.id : aws_subnet.also_a.id }', "ap-northeast-1a"),
        ('resource "aws_instance" "x" { subnet_id = var.on ? aws_subnet.a.id : aws_subnet.c.id }', "ap-northeast-1a"),
        ('resource "aws_ebs_volume" "x" { availability_zone = var.first ? "ap-northeast-1a" : "ap-northeast-1c" }', None),
        ('resource "aws_db_instance" "x" { db_subnet_group_name = var.on ? aws_db_subnet_group.a.name : aws_db_subnet_group.c.name }',
         "ap-northeast-1a"),
        ('resource "aws_db_instance" "x" { db_subnet_group_name = var.first ? aws_db_subnet_group.a.name : aws_db_subnet_group.c.name }',
         None),
    ],
)  # fmt: skip
def test_a_choice_of_one_place_is_one_zone(body: str, zones: str | None, graph_of: Callable[..., Graph]) -> None:
    found = unknown_zones(CHOICE + body, graph_of)
    assert isinstance(found, tuple)
    assert len(found) == 1
    assert isinstance(found[0], Unknown) if zones is None else found == (zones,)


@pytest.mark.parametrize(
    "subnets",
    [
        "var.first ? [aws_subnet.a.id] : [aws_subnet.c.id]",
        "[for s in [aws_subnet.a, aws_subnet.c] : s.id if s.cidr_block == var.first]",
        "concat(var.first ? [aws_subnet.a.id] : [aws_subnet.c.id], [])",
    ],
)
def test_a_choice_of_several_places_is_unknown(subnets: str, graph_of: Callable[..., Graph]) -> None:
    found = unknown_zones(f'{CHOICE}resource "aws_lb" "x" {{ subnets = {subnets} }}', graph_of)
    assert isinstance(found, Unknown)


def test_ids_beside_references_stand_for_themselves(graph_of: Callable[..., Graph]) -> None:
    found = unknown_zones(f'{CHOICE}resource "aws_lb" "x" {{ subnets = ["subnet-1", aws_subnet.a.id] }}', graph_of)
    assert isinstance(found, tuple)
    assert [zone for zone in found if not isinstance(zone, Unknown)] == ["ap-northeast-1a"]
    assert len(found) == 2


def test_what_stands_in_one_subnet_stands_in_one_zone(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        'variable "a" {}\nvariable "b" {}\nresource "aws_instance" "one" { subnet_id = var.a }\n'
        'resource "aws_instance" "same" { subnet_id = var.a }\nresource "aws_instance" "other" { subnet_id = var.b }'
    )
    one, same, other = (place(graph, f"aws_instance.{name}").zones for name in ("one", "same", "other"))
    assert isinstance(one, tuple)
    assert isinstance(same, tuple)
    assert isinstance(other, tuple)
    assert equal(one[0], same[0]) is True
    assert isinstance(equal(one[0], other[0]), Unknown)
