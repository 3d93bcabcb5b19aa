"""What refers to what: by text, by value, through modules, by name, as parts, members and glue."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.graph.graph import Graph, build_graph
from scanner.model.resource import Edge, EdgeKind
from scanner.model.span import Span
from scanner.model.value import ABSENT, Unknown


def links(graph: Graph) -> set[tuple[str, str, str]]:
    """Every edge as source, target and kind."""
    return {(edge.source, edge.target, edge.kind.value) for edge in graph.edges()}


def test_edges_that_differ_in_their_place_alone_keep_the_order_of_the_text(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of('resource "aws_ebs_volume" "a" {}\nresource "aws_ebs_volume" "b" {}\n')
    told = [Edge("aws_ebs_volume.a", "aws_ebs_volume.b", EdgeKind.RUNTIME, "x", Span("main.tf", n)) for n in range(40)]
    found = build_graph(graph.resources.values(), told, graph.index)
    assert list(found.edges()) == told


# -- references ------------------------------------------------------------------------------------

KEY = 'resource "aws_kms_key" "k" {}\n'


@pytest.mark.parametrize(
    "body",
    [
        "key = aws_kms_key.k.arn",
        'key = "${aws_kms_key.k.arn}"',
        "key = local.key",
        "key = local.keys.main.arn",
        "key = try(aws_kms_key.k.arn, null)",
        "key = var.undecided ? aws_kms_key.k.arn : null",
        'key = var.on ? aws_kms_key.k.arn : "none"',
        "key = one([for k in [aws_kms_key.k] : k.arn])",
        'key = join("", aws_kms_key.k[*].arn)',
        'key = lookup({ a = aws_kms_key.k.arn }, "a", null)',
    ],
)
def test_references_by_text_and_by_value(body: str, graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        KEY
        + 'variable "undecided" {}\nvariable "on" { default = true }\n'
        + "locals {\n  key = aws_kms_key.k.arn\n  keys = { main = aws_kms_key.k }\n}\n"
        + f'resource "aws_ebs_volume" "v" {{\n  {body.replace("key =", "kms_key_id =")}\n}}\n'
    )
    assert links(graph) == {("aws_ebs_volume.v", "aws_kms_key.k", "runtime")}


@pytest.mark.parametrize(
    "value",
    ["null", "var.off ? aws_kms_key.k.arn : null", 'var.off ? aws_kms_key.k.arn : "arn:aws:kms:x"', "var.none"],
)
def test_what_is_not_used_is_not_referred_to(value: str, graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        KEY
        + 'variable "off" { default = false }\nvariable "none" { default = null }\n'
        + f'resource "aws_ebs_volume" "v" {{ kms_key_id = {value} }}\n'
    )
    assert links(graph) == set()


def test_references_into_and_out_of_modules(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        {
            "main.tf": """
module "keys" { source = "./keys" }
module "data" {
  source = "./data"
  key    = module.keys.arn
  keys   = { for name, key in module.keys.all : name => key.arn }
}
resource "aws_ebs_volume" "v" { kms_key_id = module.keys.by_name["b"] }
""",
            "keys/main.tf": """
resource "aws_kms_key" "k" {}
resource "aws_kms_key" "more" { for_each = toset(["a", "b"]) }
output "arn" { value = aws_kms_key.k.arn }
output "all" { value = aws_kms_key.more }
output "by_name" { value = { for name, key in aws_kms_key.more : name => key.arn } }
""",
            "data/main.tf": """
variable "key" {}
variable "keys" {}
locals { key = var.key }
resource "aws_ebs_volume" "v" { kms_key_id = local.key }
module "inner" {
  source = "./inner"
  key    = var.keys["a"]
}
""",
            "data/inner/main.tf": 'variable "key" {}\nresource "aws_ebs_volume" "v" { kms_key_id = var.key }\n',
        }
    )
    assert links(graph) == {
        ("aws_ebs_volume.v", 'module.keys.aws_kms_key.more["b"]', "runtime"),
        ("module.data.aws_ebs_volume.v", "module.keys.aws_kms_key.k", "runtime"),
        ("module.data.module.inner.aws_ebs_volume.v", 'module.keys.aws_kms_key.more["a"]', "runtime"),
    }


def test_the_same_name_in_two_modules_is_two_things(graph_of: Callable[..., Graph]) -> None:
    module = 'resource "aws_kms_key" "k" {}\nresource "aws_ebs_volume" "v" { kms_key_id = aws_kms_key.k.arn }\n'
    graph = graph_of({"main.tf": module + 'module "a" { source = "./a" }\n', "a/main.tf": module})
    assert links(graph) == {
        ("aws_ebs_volume.v", "aws_kms_key.k", "runtime"),
        ("module.a.aws_ebs_volume.v", "module.a.aws_kms_key.k", "runtime"),
    }


def test_instances_refer_to_their_own_counterpart(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        """
resource "aws_kms_key" "k" { count = 2 }
resource "aws_ebs_volume" "v" {
  count      = 2
  kms_key_id = aws_kms_key.k[count.index].arn
}
"""
    )
    assert links(graph) == {
        ("aws_ebs_volume.v[0]", "aws_kms_key.k[0]", "runtime"),
        ("aws_ebs_volume.v[1]", "aws_kms_key.k[1]", "runtime"),
    }


def test_an_unknown_number_stands_for_all(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        'variable "n" {}\nresource "aws_kms_key" "k" { count = var.n }\n'
        'resource "aws_ebs_volume" "v" { kms_key_id = aws_kms_key.k[0].arn }\n'
        'resource "aws_ebs_volume" "w" { kms_key_id = one(aws_kms_key.k[*].arn) }\n'
    )
    assert links(graph) == {
        ("aws_ebs_volume.v", "aws_kms_key.k[*]", "runtime"),
        ("aws_ebs_volume.w", "aws_kms_key.k[*]", "runtime"),
    }


# -- what a reference means ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "body", "kind"),
    [
        ('resource "aws_subnet" "t" {}', "subnet_id = aws_subnet.t.id", "placement"),
        ('resource "aws_iam_instance_profile" "t" {}', "iam_instance_profile = aws_iam_instance_profile.t.name", "control"),
        ('resource "aws_security_group" "t" {}', "vpc_security_group_ids = [aws_security_group.t.id]", "none"),
        ('resource "aws_db_instance" "t" {}', 'user_data = "db=${aws_db_instance.t.address}"', "runtime"),
        ('resource "aws_sqs_queue" "t" {}', "tags = { queue = aws_sqs_queue.t.name }", "none"),
    ],
)  # fmt: skip
def test_the_attribute_says_what_a_reference_means(
    target: str, body: str, kind: str, graph_of: Callable[..., Graph]
) -> None:
    graph = graph_of(f'{target}\nresource "aws_instance" "s" {{\n  {body}\n}}\n')
    assert {(source, found) for source, _, found in links(graph)} == {("aws_instance.s", kind)}


def test_an_edge_stands_at_the_line_that_states_it(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        KEY + 'resource "aws_instance" "s" {\n  root_block_device {\n    kms_key_id = aws_kms_key.k.arn\n  }\n}\n'
    )
    (edge,) = graph.edges()
    assert (edge.path, edge.span.file, edge.span.line, edge.span.column) == (
        "root_block_device[0].kms_key_id",
        "main.tf",
        4,
        5,
    )
    assert graph.targets(graph.resources["aws_instance.s"], "key") == (graph.resources["aws_kms_key.k"],)
    assert graph.referrers(graph.resources["aws_kms_key.k"], "compute") == (graph.resources["aws_instance.s"],)
    assert graph.referrers(graph.resources["aws_kms_key.k"], "database") == ()


def test_references_in_dynamic_blocks(graph_of: Callable[..., Graph]) -> None:
    text = """
variable "replicas" { default = {} }
resource "aws_kms_key" "k" { for_each = toset(["a", "b"]) }
resource "aws_secretsmanager_secret" "s" {
  dynamic "replica" {
    for_each = FOR_EACH
    content {
      region     = replica.key
      kms_key_id = replica.value
    }
  }
}
"""
    graph = graph_of(text.replace("FOR_EACH", '{ "eu-west-1" = aws_kms_key.k["a"].arn }'))
    assert {target for _, target, _ in links(graph)} == {'aws_kms_key.k["a"]'}
    assert graph.resources["aws_secretsmanager_secret.s"].get("replica_regions") == ["eu-west-1"]


# -- names -----------------------------------------------------------------------------------------


def test_names_and_arns_mean_declared_things(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        """
resource "aws_rds_cluster" "c" { cluster_identifier = "orders" }
resource "aws_rds_cluster_instance" "by_name" { cluster_identifier = "orders" }
resource "aws_rds_cluster_instance" "by_id" { cluster_identifier = aws_rds_cluster.c.id }
resource "aws_rds_cluster_instance" "stranger" { cluster_identifier = "payments" }
"""
    )
    cluster = graph.resources["aws_rds_cluster.c"]
    assert [member.id for member in graph.members(cluster)] == [
        "aws_rds_cluster_instance.by_id",
        "aws_rds_cluster_instance.by_name",
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ledger", ("aws_s3_bucket.b",)),
        ("arn:aws:s3:::ledger", ("aws_s3_bucket.b",)),
        ("ledger.s3.eu-west-1.amazonaws.com", ("aws_s3_bucket.b",)),
        ("arn:aws:sqs:eu-west-1:111111111111:orders", ("aws_sqs_queue.q",)),
        ("arn:aws:kms:eu-west-1:111111111111:alias/signer", ("aws_kms_alias.a",)),
        ("alias/signer", ("aws_kms_alias.a",)),
        ("both", ()),  # two types share the name: nothing says which is meant
        ("https://example.org/ledger", ()),
        ("", ()),
        (None, ()),
        (7, ()),
    ],
)
def test_what_a_text_names(value: object, expected: tuple[str, ...], graph_of: Callable[..., Graph]) -> None:
    index = graph_of(
        """
resource "aws_s3_bucket" "b" { bucket = "ledger" }
resource "aws_sqs_queue" "q" { name = "orders" }
resource "aws_kms_alias" "a" { name = "alias/signer" }
resource "aws_sqs_queue" "both" { name = "both" }
resource "aws_sns_topic" "both" { name = "both" }
"""
    ).index
    assert index.named(value) == expected
    assert index.named("both", ["aws_sns_topic"]) == ("aws_sns_topic.both",)


def test_a_name_means_the_one_of_the_same_root(graph_of: Callable[..., Graph]) -> None:
    text = """
provider "aws" { region = "REGION" }
resource "aws_rds_cluster" "c" { cluster_identifier = "orders" }
resource "aws_rds_cluster_instance" "i" { cluster_identifier = "orders" }
"""
    graph = graph_of(
        {"dev/main.tf": text.replace("REGION", "eu-west-1"), "prod/main.tf": text.replace("REGION", "ap-northeast-1")}
    )
    assert {(source, target) for source, target, kind in links(graph) if kind == "membership"} == {
        ("dev#aws_rds_cluster.c", "dev#aws_rds_cluster_instance.i"),
        ("prod#aws_rds_cluster.c", "prod#aws_rds_cluster_instance.i"),
    }


# -- split resources -------------------------------------------------------------------------------

BUCKET = 'resource "aws_s3_bucket" "b" { bucket = "ledger" }\n'
VERSIONING = """
resource "aws_s3_bucket_versioning" "v" {
  META
  bucket = BUCKET
  versioning_configuration { status = "STATUS" }
}
"""


def versioning(meta: str = "", bucket: str = "aws_s3_bucket.b.id", status: str = "Enabled") -> str:
    return VERSIONING.replace("META", meta).replace("BUCKET", bucket).replace("STATUS", status)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("", False),
        (versioning(), True),
        (versioning(status="Suspended"), False),
        (versioning(bucket='"ledger"'), True),
        (versioning(bucket="aws_s3_bucket.b.bucket"), True),
        (versioning(bucket='"another"'), False),
        (versioning("count = 1"), True),
        (versioning("count = 0"), False),
        (versioning('for_each = toset(["x"])'), True),
    ],
)
def test_a_part_is_laid_over_its_whole(part: str, expected: bool, graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(BUCKET + part)
    bucket = graph.resources["aws_s3_bucket.b"]
    assert bucket.get("versioning") is expected
    assert list(graph.resources) == ["aws_s3_bucket.b"]


def test_a_part_that_may_not_exist_decides_nothing(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of('variable "n" {}\n' + BUCKET + versioning("count = var.n"))
    value = graph.resources["aws_s3_bucket.b"].get("versioning")
    assert isinstance(value, Unknown)
    assert "aws_s3_bucket_versioning.v[*] may not exist" in value.reason


def test_the_part_is_where_its_property_is_decided(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of({"main.tf": BUCKET, "versioning.tf": versioning().lstrip()})
    span = graph.resources["aws_s3_bucket.b"].span_of("versioning")
    assert (span.file, span.line) == ("versioning.tf", 4)


def test_parts_of_one_module_over_a_whole_of_another(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        {
            "main.tf": 'module "bucket" { source = "./bucket" }\n' + versioning(bucket="module.bucket.id"),
            "bucket/main.tf": BUCKET + 'output "id" { value = aws_s3_bucket.b.id }\n',
        }
    )
    assert graph.resources["module.bucket.aws_s3_bucket.b"].get("versioning") is True


def test_lists_of_parts_are_joined_and_references_are_those_of_the_whole(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        """
resource "aws_kms_key" "k" {}
resource "aws_s3_bucket" "a" { bucket = "a" }
resource "aws_s3_bucket" "copy" { bucket = "copy" }
resource "aws_s3_bucket_server_side_encryption_configuration" "e" {
  bucket = aws_s3_bucket.a.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.k.arn
    }
  }
}
resource "aws_s3_bucket_replication_configuration" "r" {
  bucket = aws_s3_bucket.a.id
  role   = "arn:aws:iam::111111111111:role/r"
  rule {
    status = "Enabled"
    destination { bucket = aws_s3_bucket.copy.arn }
  }
}
"""
    )
    bucket = graph.resources["aws_s3_bucket.a"]
    assert ("aws_s3_bucket.a", "aws_kms_key.k", "runtime") in links(graph)
    assert graph.targets(bucket, "key") == (graph.resources["aws_kms_key.k"],)
    assert graph.targets(bucket, "replica_targets") == (graph.resources["aws_s3_bucket.copy"],)
    assert bucket.get("mfa_delete") is False


# -- members and glue ------------------------------------------------------------------------------

BALANCER = """
resource "aws_lb" "l" {}
resource "aws_lb_target_group" "g" {}
resource "aws_lb_target_group" "other" {}
resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.l.arn
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.g.arn
  }
}
resource "aws_lb_listener_rule" "api" {
  listener_arn = aws_lb_listener.https.arn
  action {
    type = "forward"
    forward {
      target_group { arn = aws_lb_target_group.other.arn }
    }
  }
}
resource "aws_instance" "s" { count = 2 }
resource "aws_lb_target_group_attachment" "a" {
  count            = 2
  target_group_arn = aws_lb_target_group.g.arn
  target_id        = aws_instance.s[count.index].id
}
resource "aws_autoscaling_group" "asg" { target_group_arns = [aws_lb_target_group.other.arn] }
"""


def test_a_balancer_reaches_its_targets_through_listeners_and_attachments(graph_of: Callable[..., Graph]) -> None:
    found = {(s, t) for s, t, kind in links(graph_of(BALANCER)) if kind == "membership"}
    assert {
        ("aws_lb.l", "aws_lb_target_group.g"),
        ("aws_lb.l", "aws_lb_target_group.other"),  # through the rule and its listener
        ("aws_lb_target_group.g", "aws_instance.s[0]"),
        ("aws_lb_target_group.g", "aws_instance.s[1]"),
        ("aws_lb_target_group.other", "aws_autoscaling_group.asg"),
    } <= found


def test_glue_connects_its_ends(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        """
resource "aws_instance" "s" {}
resource "aws_ebs_volume" "v" {}
resource "aws_volume_attachment" "a" {
  instance_id = aws_instance.s.id
  volume_id   = aws_ebs_volume.v.id
}
"""
    )
    assert ("aws_instance.s", "aws_ebs_volume.v", "runtime") in links(graph)


def test_members_of_groups_of_groups(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        """
resource "aws_rds_global_cluster" "g" { global_cluster_identifier = "g" }
resource "aws_rds_cluster" "a" { global_cluster_identifier = aws_rds_global_cluster.g.id }
resource "aws_rds_cluster" "b" { global_cluster_identifier = aws_rds_global_cluster.g.id }
resource "aws_rds_cluster_instance" "i" {
  count              = 2
  cluster_identifier = aws_rds_cluster.a.id
}
"""
    )
    assert [r.id for r in graph.members(graph.resources["aws_rds_global_cluster.g"])] == [
        "aws_rds_cluster.a",
        "aws_rds_cluster.b",
    ]
    assert [r.id for r in graph.members(graph.resources["aws_rds_cluster.a"])] == [
        "aws_rds_cluster_instance.i[0]",
        "aws_rds_cluster_instance.i[1]",
    ]
    assert graph.members(graph.resources["aws_rds_cluster.b"]) == ()


def test_nothing_is_linked_to_itself_or_to_nothing(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        'resource "aws_sqs_queue" "q" {\n  kms_master_key_id = aws_kms_key.gone.arn\n  policy = aws_sqs_queue.q.arn\n}\n'
    )
    assert links(graph) == set()
    assert graph.resources["aws_sqs_queue.q"].get("nothing") is ABSENT


def test_kinds_are_listed_in_id_order(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        'resource "aws_sqs_queue" "b" {}\nresource "aws_sqs_queue" "a" {}\nresource "aws_ebs_volume" "v" {}\n'
    )
    assert [r.id for r in graph.of_kind("volume", "queue", "nothing")] == [
        "aws_ebs_volume.v",
        "aws_sqs_queue.a",
        "aws_sqs_queue.b",
    ]
    assert EdgeKind("runtime") is EdgeKind.RUNTIME
