"""Plans and states over the configuration that they belong to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from scanner.model.finding import Outcome
from scanner.model.problem import ProblemKind
from scanner.model.report import Report
from scanner.model.value import Unknown
from scanner.parsers.terraform.plan_references import unkeyed
from scanner.pipeline import Estate

Read = Callable[..., Estate]

QUEUES = """\
provider "aws" {
  region = var.region
}
variable "region" {}
variable "number" {}
resource "aws_sqs_queue" "many" {
  count = var.number
  name  = "q-${count.index}"
}
resource "aws_sqs_queue" "one" {
  name              = var.region
  kms_master_key_id = aws_kms_key.k.arn
}
resource "aws_kms_key" "k" {}
"""


def resource(address: str, values: Mapping[str, Any], index: Any = None) -> dict[str, Any]:
    *_, kind, name = unkeyed(address).split(".")
    found = {"address": address, "mode": "managed", "type": kind, "name": name, "values": dict(values)}
    return (
        found
        | {"provider_name": "registry.terraform.io/hashicorp/aws"}
        | ({"index": index} if index is not None else {})
    )


def plan(
    values: Mapping[str, Mapping[str, Any]], unknown: Mapping[str, Any] | None = None, written: Any = (), **more: Any
) -> str:
    """A plan of instances by address; ``written`` are addresses of its configuration beside theirs."""
    resources = [resource(a, v, json.loads(a.partition("[")[2][:-1]) if "[" in a else None) for a, v in values.items()]
    changes = [
        {"address": a, "type": "x", "change": {"actions": ["create"], "after_unknown": (unknown or {}).get(a, {})}}
        for a in values
    ]
    bases = dict.fromkeys([*map(unkeyed, values), *written])
    config = [
        {"address": base, "expressions": {"kms_master_key_id": {"references": ["aws_kms_key.k.arn"]}}} for base in bases
    ]
    return json.dumps(
        {
            "format_version": "1.2",
            "planned_values": {"root_module": {"resources": resources}},
            "resource_changes": changes,
            "configuration": {"root_module": {"resources": config}},
        }
        | more
    )


def state(values: Mapping[str, Mapping[str, Any]]) -> str:
    resources = [resource(a, v, json.loads(a.partition("[")[2][:-1]) if "[" in a else None) for a, v in values.items()]
    return json.dumps({"format_version": "1.0", "values": {"root_module": {"resources": resources}}})


ALL = {
    "aws_sqs_queue.many[0]": {"name": "q-0"},
    "aws_sqs_queue.many[1]": {"name": "q-1"},
    "aws_sqs_queue.one": {"name": "eu-west-1"},
    "aws_kms_key.k": {},
}


def places(estate: Estate) -> dict[str, tuple[str, int]]:
    return {d.id: (d.span.file, d.span.line) for d in estate.parsed.declarations if d.mode == "managed"}


def test_the_values_are_the_plans_and_the_lines_the_files(estate_of: Read) -> None:
    estate = estate_of({"main.tf": QUEUES, "plan.json": plan(ALL, {"aws_sqs_queue.one": {"kms_master_key_id": True}})})
    assert places(estate) == {
        "aws_sqs_queue.many[0]": ("main.tf", 6),
        "aws_sqs_queue.many[1]": ("main.tf", 6),
        "aws_sqs_queue.one": ("main.tf", 10),
        "aws_kms_key.k": ("main.tf", 14),
    }
    one = next(d for d in estate.parsed.declarations if d.id == "aws_sqs_queue.one")
    assert one.attributes["name"] == "eu-west-1"
    assert (one.span_of("name").line, one.span_of("kms_master_key_id").line) == (11, 12)
    key = one.attributes["kms_master_key_id"]
    assert (key.reason, key.ref.address, key.ref.path) == ("known after apply", "aws_kms_key.k", "arn")
    assert [(r.target, r.span.line) for r in one.references] == [("aws_kms_key.k", 12)]
    assert not estate.problems


def test_what_was_written_after_the_plan_stays_and_is_said(estate_of: Read) -> None:
    known = {a: v for a, v in ALL.items() if a != "aws_kms_key.k"}
    estate = estate_of({"main.tf": QUEUES, "plan.json": plan(known)})
    assert "aws_kms_key.k" in places(estate)
    assert [(p.kind, p.span.line) for p in estate.problems] == [(ProblemKind.UNRESOLVED, 14)]


@pytest.mark.parametrize("complete", [True, False])
def test_a_whole_plan_says_what_will_not_be(complete: bool, estate_of: Read) -> None:
    """Without instances of what is written, ``count`` is 0; a plan of some targets says nothing of the rest."""
    known = {a: v for a, v in ALL.items() if "many" not in a}
    estate = estate_of({"main.tf": QUEUES, "plan.json": plan(known, written=["aws_sqs_queue.many"], complete=complete)})
    assert ("aws_sqs_queue.many[*]" in places(estate)) is not complete


@pytest.mark.parametrize(
    ("file", "root"),
    [
        ("envs/dev/plan.json", "envs/dev"),
        ("envs/prod/out/plan.json", "envs/prod"),
        ("plans/plan.json", ""),
    ],
)
def test_which_of_several_alike_roots_a_plan_belongs_to(file: str, root: str, estate_of: Read) -> None:
    files = {"envs/dev/main.tf": QUEUES, "envs/prod/main.tf": QUEUES, file: plan(ALL)}
    estate = estate_of(files)
    found = {i.partition("#")[0] for i in places(estate) if "many[1]" in i}
    assert found == {root or "plans/plan.json"}
    assert [p.kind for p in estate.problems] == ([] if root else [ProblemKind.UNRESOLVED])


def test_the_root_with_the_most_common_addresses(estate_of: Read) -> None:
    other = 'resource "aws_sqs_queue" "one" {}\nresource "aws_sns_topic" "t" {}\nresource "aws_sns_topic" "u" {}\n'
    estate = estate_of({"a/main.tf": other, "b/main.tf": QUEUES, "plan.json": plan(ALL)})
    assert {i for i in places(estate) if "many" in i} == {"b#aws_sqs_queue.many[0]", "b#aws_sqs_queue.many[1]"}


def test_resources_of_a_module_that_is_not_here_stand_where_it_is_called(estate_of: Read) -> None:
    files = 'module "db" {\n  source  = "terraform-aws-modules/rds/aws"\n  version = "6.0.0"\n}\n'
    inner = {"resources": [{"address": "aws_db_instance.this", "expressions": {}}]}
    document = json.loads(plan({}))
    document["planned_values"]["root_module"]["child_modules"] = [
        {"address": "module.db[0]", "resources": [resource("module.db[0].aws_db_instance.this", {"multi_az": False})]}
    ]
    document["configuration"]["root_module"] = {"module_calls": {"db": {"module": inner}}}
    estate = estate_of({"main.tf": files, "plan.json": json.dumps(document)})
    assert places(estate) == {"module.db[0].aws_db_instance.this": ("main.tf", 1)}
    assert next(d for d in estate.parsed.declarations if d.mode == "managed").span_of("multi_az").file == "main.tf"


def test_a_plan_of_something_else_stands_by_itself(estate_of: Read) -> None:
    estate = estate_of({"main.tf": QUEUES, "plan.json": plan({"aws_s3_bucket.b": {}})})
    assert places(estate)["plan.json#aws_s3_bucket.b"] == ("plan.json", 1)
    assert "aws_sqs_queue.one" in places(estate)


def test_several_plans_of_one_root_are_several_estates(estate_of: Read) -> None:
    estate = estate_of({"main.tf": QUEUES, "dev.json": plan(ALL), "prod.json": plan(ALL)})
    assert {i for i in places(estate) if "one" in i} == {"dev.json#aws_sqs_queue.one", "prod.json#aws_sqs_queue.one"}
    one = next(d for d in estate.parsed.declarations if d.id == "prod.json#aws_sqs_queue.one")
    assert (one.span.file, one.root, [r.target for r in one.references]) == (
        "main.tf",
        "prod.json",
        ["prod.json#aws_kms_key.k"],
    )
    assert {c.id for c in estate.parsed.changes if "one" in c.id} == {
        "dev.json#aws_sqs_queue.one",
        "prod.json#aws_sqs_queue.one",
    }


def test_a_state_decides_only_what_the_files_leave_open(estate_of: Read) -> None:
    files = 'resource "aws_db_instance" "d" {\n  identifier = "new"\n  multi_az = var.multi\n}\nvariable "multi" {}\n'
    values = {
        "identifier": "old",
        "multi_az": True,
        "backup_retention_period": 7,
        "arn": "arn:aws:rds:eu-west-1:123456789012:db:old",
    }
    estate = estate_of(
        {
            "main.tf": files,
            "state.json": state({"aws_db_instance.d": values, "aws_db_instance.gone": {"multi_az": False}}),
        }
    )
    assert places(estate) == {"aws_db_instance.d": ("main.tf", 1), "aws_db_instance.gone": ("state.json", 1)}
    found = next(d for d in estate.parsed.declarations if d.id == "aws_db_instance.d")
    assert found.attributes == {"identifier": "new", "multi_az": True, "arn": values["arn"]}
    assert found.provider.attributes["region"] == "eu-west-1"
    assert not estate.parsed.changes


def test_a_state_tells_how_many_there_are(estate_of: Read) -> None:
    estate = estate_of(
        {"main.tf": QUEUES, "terraform.tfstate.json": state({a: v for a, v in ALL.items() if "many" in a})}
    )
    assert {i for i in places(estate) if "many" in i} == {"aws_sqs_queue.many[0]", "aws_sqs_queue.many[1]"}
    assert isinstance(
        next(d for d in estate.parsed.declarations if d.id == "aws_sqs_queue.one").attributes["name"], Unknown
    )


@pytest.mark.parametrize("beside", ["main.tf", "README.md"])
def test_beside_its_plan_a_state_is_left_out(beside: str, estate_of: Read) -> None:
    estate = estate_of({beside: QUEUES, "plan.json": plan(ALL), "state.json": state(ALL)})
    assert set(places(estate)) == set(ALL)
    assert [(p.kind, p.span.file) for p in estate.problems] == [(ProblemKind.UNSUPPORTED, "state.json")]


def test_planned_zones_and_defaults_reach_the_graph(estate_of: Read) -> None:
    """What only the provider decides says as little as what nobody wrote: the catalog's default holds."""
    files = 'resource "aws_db_instance" "d" {\n  multi_az = var.multi\n}\nvariable "multi" {}\n'
    unknown = {"aws_db_instance.d": {"backup_retention_period": True, "arn": True}}
    document = json.loads(plan({"aws_db_instance.d": {"multi_az": False}}, unknown))
    document["configuration"]["root_module"]["resources"][0]["expressions"] = {
        "multi_az": {"references": ["var.multi"]}
    }
    estate = estate_of({"main.tf": files, "plan.json": json.dumps(document)})
    found = estate.graph.resources["aws_db_instance.d"]
    assert (found.get("zone_redundant"), found.get("backup_retention_days")) == (False, 0)


def test_the_same_is_found_with_and_without_the_files(report_of: Callable[..., Report]) -> None:
    """A database in a subnet: by the plan alone, and on the lines of the files."""
    files = (
        'provider "aws" {\n  region = var.region\n}\nvariable "region" {}\nvariable "multi" {}\n'
        'resource "aws_subnet" "a" {\n  availability_zone = "${var.region}a"\n}\n'
        'resource "aws_db_subnet_group" "g" {\n  name       = "g"\n  subnet_ids = [aws_subnet.a.id]\n}\n'
        'resource "aws_db_instance" "d" {\n  engine               = "postgres"\n  multi_az             = var.multi\n'
        "  db_subnet_group_name = aws_db_subnet_group.g.name\n}\n"
    )
    values: dict[str, dict[str, Any]] = {
        "aws_subnet.a": {"availability_zone": "eu-west-1a"},
        "aws_db_subnet_group.g": {"name": "g"},
        "aws_db_instance.d": {"engine": "postgres", "multi_az": False, "db_subnet_group_name": "g"},
    }
    unknown = {"aws_db_subnet_group.g": {"subnet_ids": True}, "aws_db_instance.d": {"backup_retention_period": True}}
    document = json.loads(
        plan(values, unknown, variables={"region": {"value": "eu-west-1"}, "multi": {"value": False}})
    )
    written = {
        "aws_subnet.a": {"availability_zone": ["var.region"]},
        "aws_db_subnet_group.g": {"name": [], "subnet_ids": ["aws_subnet.a.id", "aws_subnet.a"]},
        "aws_db_instance.d": {
            "engine": [],
            "multi_az": ["var.multi"],
            "db_subnet_group_name": ["aws_db_subnet_group.g.name"],
        },
    }
    region = {"region": {"references": ["var.region"]}}
    document["configuration"] = {
        "provider_config": {"aws": {"name": "aws", "expressions": region}},
        "root_module": {
            "resources": [
                {
                    "address": a,
                    "provider_config_key": "aws",
                    "expressions": {k: {"references": v} for k, v in e.items()},
                }
                for a, e in written.items()
            ]
        },
    }
    alone, joined = (
        report_of({"plan.json": json.dumps(document)}),
        report_of({"main.tf": files, "plan.json": json.dumps(document)}),
    )
    found = [
        {(f.rule, f.resource, f.outcome) for f in report.findings if f.resource.startswith("aws_")}
        for report in (alone, joined)
    ]
    assert found[0] == found[1]
    assert ("RS101", "aws_db_instance.d", Outcome.FAIL) in found[0]
    at = next(f.span for f in joined.findings if f.rule == "RS101" and f.outcome is Outcome.FAIL)
    assert (at.file, at.line) == ("main.tf", 15)
    assert [r.placement.zones for r in alone.resources if r.id == "aws_subnet.a"] == [("eu-west-1a",)]
