"""Plans as ``terraform show -json`` writes them: https://developer.hashicorp.com/terraform/internals/json-format."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from scanner.config import Config
from scanner.model.change import Action
from scanner.model.problem import ProblemKind
from scanner.model.resource import Declaration
from scanner.model.value import Ref, Unknown
from scanner.parsers.parsed import Parsed
from scanner.parsers.terraform import plan as plan_module
from scanner.parsers.terraform import planned
from scanner.parsers.terraform.plan_references import most_specific, steps_of, unkeyed
from scanner.pipeline import Estate, read_estate

AWS = "registry.terraform.io/hashicorp/aws"

Scan = Callable[..., Estate]


def resource(address: str, values: dict[str, Any], index: Any = None, **more: Any) -> dict[str, Any]:
    """One resource of a values representation."""
    *_, kind, name = unkeyed(address).split(".")
    found = {"address": address, "mode": "managed", "type": kind, "name": name, "provider_name": AWS, "values": values}
    return found | ({"index": index} if index is not None else {}) | more


def change(address: str, *actions: str, unknown: Any = None, **more: Any) -> dict[str, Any]:
    """One entry of ``resource_changes``."""
    *_, kind, name = unkeyed(address).split(".")
    inner = {"actions": list(actions), "before": None, "after": {}, "after_unknown": unknown or {}}
    inner |= {k: more.pop(k) for k in ("replace_paths", "before", "before_sensitive") if k in more}
    return {"address": address, "mode": "managed", "type": kind, "name": name, "change": inner} | more


def written(address: str, key: str = "aws", **expressions: Any) -> dict[str, Any]:
    """One resource of the configuration; a text is a reference, a list of them several."""
    kind, name = address.split(".")[-2:]
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_config_key": key,
        "expressions": {k: refs(v) if isinstance(v, (str, tuple)) else v for k, v in expressions.items()},
    }


def refs(names: str | Sequence[str]) -> dict[str, Any]:
    return {"references": [names] if isinstance(names, str) else list(names)}


def plan(*resources: Any, changes: Sequence[Any] = (), config: Any = None, providers: Any = None, **more: Any) -> bytes:
    """A plan file in one line, as Terraform writes it."""
    document = {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": list(resources)}},
        "resource_changes": list(changes),
        "configuration": {"provider_config": providers or {"aws": {"name": "aws"}}, "root_module": config or {}},
    }
    return json.dumps(document | more).encode()


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    def call(files: dict[str, str | bytes], plans: Sequence[str] = (), folder: str = ".") -> Estate:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_estate([tmp_path / folder], Config(plans=tuple(tmp_path / name for name in plans)))

    return call


def declared(estate: Estate) -> dict[str, Declaration]:
    return {each.id: each for each in estate.parsed.declarations}


def actions(estate: Estate) -> dict[str, str]:
    return {each.id: each.action.value for each in estate.parsed.changes}


# -- values ----------------------------------------------------------------------------------------


def test_what_is_unknown_says_so_and_null_is_not_written(scan: Scan) -> None:
    """``planned_values`` leave unknown values out; ``after_unknown`` tells them from what nobody wrote."""
    values: dict[str, Any] = {
        "name": "q",
        "policy": None,
        "tags": {},
        "redrive": [{"arn": None, "count": 3}],
        "zones": [None, "b"],
    }
    unknown = {"arn": True, "policy": True, "redrive": [{"arn": True}], "zones": [True, False]}
    config = {"resources": [written("aws_sqs_queue.q", name="var.n", policy="var.p", zones=("var.z",))]}
    config["resources"][0]["expressions"]["redrive"] = [
        {"arn": refs("aws_sqs_queue.d.arn"), "count": {"constant_value": 3}}
    ]
    estate = scan(
        {
            "plan.json": plan(
                resource("aws_sqs_queue.q", values),
                changes=[change("aws_sqs_queue.q", "create", unknown=unknown)],
                config=config,
            )
        }
    )
    found = declared(estate)["aws_sqs_queue.q"].attributes
    assert found.keys() == {"name", "arn", "policy", "redrive", "zones"}
    assert {found["arn"].reason, found["policy"].reason, found["zones"][0].reason} == {"known after apply"}
    assert found["zones"][1] == "b"
    assert found["redrive"][0]["count"] == 3
    assert found["redrive"][0]["arn"].refs == (Ref("aws_sqs_queue.d", "arn"),)
    assert found["arn"].ref == Ref("aws_sqs_queue.q", "arn"), "nobody wrote it: it is itself"
    assert found["policy"].ref is None, "somebody wrote it: what it will be is not known"


def test_blocks_that_are_not_written_are_not_there(scan: Scan) -> None:
    """The values of a plan hold an empty list for each block that a resource may have."""
    values = {"rule": [{"when": [], "then": [], "name": "x"}], "logging": [], "ports": []}
    config = {
        "resources": [
            written(
                "aws_wafv2_rule_group.g", rule=[{"then": refs("var.t"), "name": {"constant_value": "x"}}], ports="var.p"
            )
        ]
    }
    found = declared(scan({"plan.json": plan(resource("aws_wafv2_rule_group.g", values), config=config)}))
    assert found["aws_wafv2_rule_group.g"].attributes == {"rule": [{"then": [], "name": "x"}], "ports": []}


def test_without_a_configuration_nothing_tells_what_is_written(scan: Scan) -> None:
    changes = [change("aws_sqs_queue.q", "create", unknown={"policy": True})]
    estate = scan({"plan.json": plan(resource("aws_sqs_queue.q", {}), changes=changes)})
    assert declared(estate)["aws_sqs_queue.q"].attributes["policy"] == Unknown(
        "known after apply", declared(estate)["aws_sqs_queue.q"].span
    )


def test_blocks_of_a_set_stand_in_another_order_than_they_are_written(scan: Scan) -> None:
    blocks = [
        {"port": {"constant_value": 443}, "group": refs("aws_security_group.web.id")},
        {"port": {"constant_value": 22}, "group": refs("aws_security_group.ops.id")},
    ]
    values = {"ingress": [{"port": 22}, {"port": 443}]}
    unknown = {"ingress": [{"group": True}, {"group": True}]}
    estate = scan(
        {
            "plan.json": plan(
                resource("aws_security_group.a", values),
                changes=[change("aws_security_group.a", "create", unknown=unknown)],
                config={"resources": [written("aws_security_group.a", ingress=blocks)]},
            )
        }
    )
    ssh, https = declared(estate)["aws_security_group.a"].attributes["ingress"]
    assert ssh["group"].refs == (Ref("aws_security_group.ops", "id"),)
    assert https["group"].refs == (Ref("aws_security_group.web", "id"),)


def test_the_content_of_a_dynamic_block_stays_unknown(scan: Scan) -> None:
    """Dynamic blocks are in no configuration of a plan, so that nothing tells what their content refers to."""
    estate = scan(
        {
            "plan.json": plan(
                resource("aws_lb.a", {"access_logs": [{"enabled": None}]}),
                changes=[change("aws_lb.a", "create", unknown={"access_logs": [{"enabled": True}]})],
                config={"resources": [written("aws_lb.a", name="var.x")]},
            )
        }
    )
    (logs,) = declared(estate)["aws_lb.a"].attributes["access_logs"]
    assert isinstance(logs["enabled"], Unknown)
    assert logs["enabled"].ref is None


# -- references ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listed", "kept"),
    [
        (["aws_subnet.a[0].id", "aws_subnet.a[0]", "aws_subnet.a"], ["aws_subnet.a[0].id"]),
        (["module.v.ids", "module.v", "var.x"], ["module.v.ids", "var.x"]),
        (["aws_subnet.ab", "aws_subnet.a"], ["aws_subnet.ab", "aws_subnet.a"]),
    ],
)
def test_a_plan_lists_the_beginnings_of_each_reference_too(listed: list[str], kept: list[str]) -> None:
    assert most_specific(listed) == kept


def test_keys_may_hold_dots_and_brackets() -> None:
    address = 'module.a["x.y[0]"].aws_subnet.b["p\\"q"]'
    assert [step.text for step in steps_of(address)] == ["module", "a", '["x.y[0]"]', "aws_subnet", "b", '["p\\"q"]']
    assert unkeyed(address) == "module.a.aws_subnet.b"


def test_references_lead_through_inputs_and_outputs_of_modules(scan: Scan) -> None:
    """https://developer.hashicorp.com/terraform/internals/json-format#expression-representation."""
    network: Any = {
        "resources": [written("aws_subnet.s", vpc_id="var.vpc", cidr_block="each.value")],
        "outputs": {"ids": {"expression": refs("aws_subnet.s")}},
    }
    network["resources"][0]["for_each_expression"] = refs("var.cidrs")
    config = {
        "resources": [
            written("aws_vpc.v"),
            written("aws_lb.a", subnets=("module.net.ids", "module.net")),
            written("aws_vpc_ipam.i"),
        ],
        "module_calls": {
            "net": {
                "module": network,
                "expressions": {"vpc": refs(("aws_vpc.v.id", "aws_vpc.v")), "cidrs": refs("aws_vpc_ipam.i.cidrs")},
            }
        },
    }
    child = {
        "address": "module.net",
        "resources": [resource(f'module.net.aws_subnet.s["{k}"]', {"vpc_id": "v"}, k) for k in "ab"],
    }
    document = json.loads(
        plan(
            resource("aws_vpc.v", {"id": "v"}), resource("aws_lb.a", {}), resource("aws_vpc_ipam.i", {}), config=config
        )
    )
    document["planned_values"]["root_module"]["child_modules"] = [child]
    found = declared(scan({"plan.json": json.dumps(document)}))
    subnet = found['module.net.aws_subnet.s["a"]']
    assert {(r.path, r.target, r.target_path) for r in subnet.references} == {
        ("vpc_id", "aws_vpc.v", "id"),
        ("cidr_block", "aws_vpc_ipam.i", "cidrs"),
    }
    assert [r.target for r in found["aws_lb.a"].references] == [f'module.net.aws_subnet.s["{k}"]' for k in "ab"]
    assert subnet.module == "module.net"


def test_an_instance_refers_to_the_one_with_its_own_key(scan: Scan) -> None:
    """``subnet_id = aws_subnet.s[count.index].id`` is listed as ``aws_subnet.s`` and ``count.index``."""
    config = {
        "resources": [written("aws_subnet.s"), written("aws_instance.i", subnet_id=("aws_subnet.s", "count.index"))]
    }
    resources = [resource(f"{kind}[{n}]", {}, n) for kind in ("aws_subnet.s", "aws_instance.i") for n in (0, 1)]
    found = declared(scan({"plan.json": plan(*resources, config=config)}))
    assert [r.target for r in found["aws_instance.i[1]"].references] == ["aws_subnet.s[1]"]


def test_data_of_modules_in_plans_of_terraform_0_12(scan: Scan) -> None:
    """There the state before the plan tells the addresses of modules' resources without the modules, and without keys."""
    data = [resource("data.aws_subnet.s", {"id": f"subnet-{n}"}, n, mode="data") for n in (0, 1)]
    for each in data:
        each["address"] = "data.aws_subnet.s"
    prior = {"values": {"root_module": {"child_modules": [{"address": "module.net", "resources": data}]}}}
    module = {"outputs": {"id": {"expression": refs("data.aws_subnet.s[1]")}}}
    config = {
        "resources": [written("aws_instance.i", subnet_id="module.net.id")],
        "module_calls": {"net": {"module": module}},
    }
    found = declared(scan({"plan.json": plan(resource("aws_instance.i", {}), config=config, prior_state=prior)}))
    assert set(found) == {"aws_instance.i", "module.net.data.aws_subnet.s[0]", "module.net.data.aws_subnet.s[1]"}
    assert [r.target for r in found["aws_instance.i"].references] == ["module.net.data.aws_subnet.s[1]"]


def test_modules_that_hand_each_other_on_in_a_circle_end(scan: Scan) -> None:
    config = {
        "resources": [written("aws_lb.a", subnets="module.a.x")],
        "module_calls": {
            "a": {"module": {"outputs": {"x": {"expression": refs("var.x")}}}, "expressions": {"x": refs("module.a.x")}}
        },
    }
    assert declared(scan({"plan.json": plan(resource("aws_lb.a", {}), config=config)}))["aws_lb.a"].references == ()


def test_what_comes_through_local_values_is_told_by_values(scan: Scan) -> None:
    """Local values are not in a plan; the state before it tells what depends on what."""
    config = {"resources": [written("aws_vpc.v"), written("aws_subnet.s", vpc_id="local.vpc")]}
    prior = {"values": {"root_module": {"resources": [resource("aws_subnet.s", {}, depends_on=["aws_vpc.v"])]}}}
    values = [
        resource("aws_vpc.v", {"id": "vpc-12"}),
        resource("aws_subnet.s", {"vpc_id": "vpc-12", "tags": {"v": "vpc-12"}}),
    ]
    found = declared(scan({"plan.json": plan(*values, config=config, prior_state=prior)}))
    assert [(r.path, r.target, r.target_path) for r in found["aws_subnet.s"].references] == [
        ("vpc_id", "aws_vpc.v", "id")
    ]


# -- providers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "region"),
    [
        ({"constant_value": "eu-west-1"}, "eu-west-1"),
        (refs("var.region"), "eu-central-1"),
        (refs(("var.places.main", "var.places")), "eu-north-1"),
        (refs(("var.regions", "var.env")), "the plan does not tell what comes of var.regions, var.env"),
        (refs("local.region"), "the plan does not tell what comes of local.region"),
        (refs("var.none"), "the plan does not tell the value of var.none"),
    ],
)
def test_the_region_of_a_provider(expression: Any, region: str, scan: Scan) -> None:
    variables = {"region": {"value": "eu-central-1"}, "places": {"value": {"main": "eu-north-1"}}}
    config = {"resources": [written("aws_sqs_queue.q", key="aws.x")]}
    providers = {"aws.x": {"name": "aws", "alias": "x", "expressions": {"region": expression}}}
    estate = scan(
        {"plan.json": plan(resource("aws_sqs_queue.q", {}), config=config, providers=providers, variables=variables)}
    )
    provider = declared(estate)["aws_sqs_queue.q"].provider
    found = provider.attributes["region"]
    assert (provider.name, provider.alias, provider.declared) == ("aws", "x", True)
    assert (found.reason if isinstance(found, Unknown) else found) == region


def test_a_provider_of_a_module_reads_the_inputs_of_its_call(scan: Scan) -> None:
    inner = {"resources": [written("aws_sqs_queue.q", key="module.m:aws")]}
    call = {"module": inner, "expressions": {"place": {"constant_value": "us-east-2"}}}
    providers = {
        "module.m:aws": {"name": "aws", "module_address": "module.m", "expressions": {"region": refs("var.place")}}
    }
    document = json.loads(plan(config={"module_calls": {"m": call}}, providers=providers))
    child = {"address": "module.m", "resources": [resource("module.m.aws_sqs_queue.q", {})]}
    document["planned_values"]["root_module"]["child_modules"] = [child]
    found = declared(scan({"plan.json": json.dumps(document)}))["module.m.aws_sqs_queue.q"]
    assert found.provider.attributes == {"region": "us-east-2"}


def test_arns_tell_the_region_and_account_that_no_provider_tells(scan: Scan) -> None:
    values = [
        resource("aws_sqs_queue.q", {"arn": "arn:aws:sqs:eu-west-3:123456789012:q"}),
        resource("aws_route.r", {"id": "r-1"}),
    ]
    found = declared(
        scan({"plan.json": plan(*values, config={"resources": [written("aws_sqs_queue.q"), written("aws_route.r")]})})
    )
    told = {"region": "eu-west-3", "allowed_account_ids": ["123456789012"]}
    assert dict(found["aws_sqs_queue.q"].provider.attributes) == told
    assert dict(found["aws_route.r"].provider.attributes) == told, "the other resource has the same provider"


# -- changes ---------------------------------------------------------------------------------------


def test_the_actions_of_a_plan(scan: Scan) -> None:
    """https://developer.hashicorp.com/terraform/internals/json-format#change-representation."""
    table = {
        "a": ("no-op",),
        "b": ("create",),
        "c": ("update",),
        "d": ("delete", "create"),
        "e": ("create", "delete"),
        "f": ("delete",),
        "g": ("forget",),
    }
    standing = [resource(f"aws_sqs_queue.{name}", {}) for name in "abcde"]
    changes = [change(f"aws_sqs_queue.{name}", *words) for name, words in table.items()]
    changes[3] |= {"action_reason": "replace_because_cannot_update"}
    changes[3]["change"]["replace_paths"] = [["kms", 0, "key"], ["name"]]
    estate = scan(
        {"plan.json": plan(*standing, changes=[*changes, change("aws_sqs_queue.c", "delete", deposed="12ab")])}
    )
    assert actions(estate) == {
        "aws_sqs_queue.a": "unchanged",
        "aws_sqs_queue.b": "created",
        "aws_sqs_queue.c": "updated",
        "aws_sqs_queue.c (deposed 12ab)": "deleted",
        "aws_sqs_queue.d": "replaced",
        "aws_sqs_queue.e": "replaced",
        "aws_sqs_queue.f": "deleted",
        "aws_sqs_queue.g": "forgotten",
    }
    assert set(declared(estate)) == {f"aws_sqs_queue.{name}" for name in "abcde"}, "what is deleted does not stand"
    (replaced,) = [each for each in estate.parsed.changes if each.id == "aws_sqs_queue.d"]
    assert (replaced.reason, replaced.attributes) == ("cannot be changed in place", ("kms[0].key", "name"))


def test_a_plan_that_is_not_whole_says_so(scan: Scan) -> None:
    told = [
        [(p.kind, p.message.partition(":")[0]) for p in scan({"plan.json": content}).problems]
        for content in (plan(errored=True), plan(complete=False))
    ]
    assert told == [
        [(ProblemKind.UNRESOLVED, "planning ended in an error")],
        [(ProblemKind.UNRESOLVED, "the plan is not complete")],
    ]


# -- secrets ---------------------------------------------------------------------------------------


def test_sensitive_values_are_secrets(scan: Scan) -> None:
    config = {
        "resources": [written("aws_db_instance.d", size="var.size")],
        "variables": {"password": {"sensitive": True}, "size": {}},
    }
    estate = scan(
        {
            "plan.json": plan(
                resource("aws_db_instance.d", {"password": "correct-horse"}, sensitive_values={"password": True}),
                changes=[
                    change(
                        "aws_db_instance.old",
                        "delete",
                        before={"password": "staple"},
                        before_sensitive={"password": True},
                    )
                ],
                config=config,
                variables={"password": {"value": "by-variable"}, "size": {"value": "large"}},
            )
        }
    )
    assert estate.parsed.secrets == {"correct-horse", "staple", "by-variable"}
    assert "plan.json" not in estate.parsed.sources


# -- files -----------------------------------------------------------------------------------------


def test_places_in_a_file_of_one_line(scan: Scan) -> None:
    content = plan(resource("aws_sqs_queue.é", {"name": "ü", "fifo": True}), resource("aws_sqs_queue.b", {"name": "x"}))
    text = content.decode()
    found = declared(scan({"plan.json": content}))["aws_sqs_queue.b"]
    at = found.span_of("name")
    assert (at.line, text[at.column - 1 : at.end_column - 1]) == (1, '"name": "x"')
    assert text[found.span.column - 1 : found.span.end_column - 1] == '"address": "aws_sqs_queue.b"'


def test_a_plan_in_utf_16_as_powershell_writes_it(scan: Scan) -> None:
    estate = scan({"plan.json": plan(resource("aws_sqs_queue.q", {})).decode().encode("utf-16")})
    assert set(declared(estate)) == {"aws_sqs_queue.q"}
    assert not estate.problems


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        (b"PK\x03\x04rest", ProblemKind.INVALID, "terraform show -json"),
        (b'{"format_version": "1.2", "planned_values": {', ProblemKind.INVALID, "not valid JSON"),
        (b'{"format_version": "2.0", "planned_values": {}}', ProblemKind.UNSUPPORTED, "format 2.0"),
        (
            b'{"version": 3, "terraform_version": "0.11.0", "serial": 1, "modules": []}',
            ProblemKind.UNSUPPORTED,
            "version 3",
        ),
        (b'{"a": 1}', ProblemKind.INVALID, "neither a plan nor a state"),
        (b"[" * 100_000, ProblemKind.LIMIT, "deep"),
        (
            b'{"format_version": "1.2", "planned_values": [7], "resource_changes": {"x": 1}, "configuration": 3}',
            None,
            "",
        ),
        (b'{"format_version": "1.2", "planned_values": {"root_module": {"resources": [1, {"address": 2}]}}}', None, ""),
    ],
)
def test_files_that_are_no_plans(content: bytes, kind: ProblemKind | None, message: str, scan: Scan) -> None:
    estate = scan({"infra/x.txt": "", "p.json": content}, plans=["p.json"], folder="infra")
    assert [problem.kind for problem in estate.problems] == ([kind] if kind else [])
    assert all(message in problem.message for problem in estate.problems)
    assert estate.parsed.unread == (frozenset({problem.span.file for problem in estate.problems}))


def test_a_plan_over_the_limit_is_not_read(tmp_path: Path) -> None:
    from scanner.config import Limits

    (tmp_path / "plan.json").write_bytes(plan(resource("aws_sqs_queue.q", {"name": "q" * 5_000})))
    estate = read_estate([tmp_path], Config(limits=Limits(1_000)))
    assert [(p.kind, "max_file_bytes" in p.message) for p in estate.problems] == [(ProblemKind.LIMIT, True)]
    assert not estate.parsed.declarations


def test_further_resources_than_the_limit_are_left_out(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_module, "MAX_RESOURCES", 2)
    estate = scan({"plan.json": plan(*(resource(f"aws_sqs_queue.q{n}", {}) for n in range(3)))})
    assert len(declared(estate)) == 2
    assert [(p.kind, p.message) for p in estate.problems] == [
        (ProblemKind.LIMIT, "more than 2 resources: the rest is left out")
    ]
    assert estate.parsed.partly == {"plan.json"}


def test_a_plan_outside_of_the_paths_is_read_when_it_is_named(scan: Scan) -> None:
    files = {"infra/a.tf": 'resource "aws_sns_topic" "t" {}\n', "out/plan.json": plan(resource("aws_sqs_queue.q", {}))}
    assert set(declared(scan(files, folder="infra"))) == {"aws_sns_topic.t"}
    named = scan(files, plans=["out/plan.json"], folder="infra")
    assert [f.format for f in named.found.files] == ["terraform-plan", "terraform"]
    assert {each.partition("#")[2] or each for each in declared(named)} == {"aws_sns_topic.t", "aws_sqs_queue.q"}


# Any JSON in the place of any other: a plan that a stranger wrote ends in problems, never in an exception.

HOSTILE: list[Any] = [
    None,
    True,
    -1,
    "",
    "module.m[0].a.b",
    "var.x",
    [],
    [[]],
    {},
    {"references": ["module.m.x", 7]},
    {"constant_value": {}},
]


def spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(spot for key, child in children for spot in spots(child, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(copy[path[0]], path[1:], new)
    return copy


def test_no_plan_is_too_broken(tmp_path: Path) -> None:
    module = {
        "resources": [written("aws_subnet.s", vpc_id="var.v")],
        "outputs": {"x": {"expression": refs("aws_subnet.s.id")}},
    }
    config = {
        "resources": [
            written("aws_lb.a", subnets=("module.m.x", "module.m"), log=[{"on": refs("local.x")}], depends_on="x")
        ],
        "module_calls": {"m": {"module": module, "expressions": {"v": refs("var.v")}}},
        "variables": {"v": {"sensitive": True}},
    }
    document = json.loads(
        plan(
            resource(
                "aws_lb.a",
                {"log": [{"on": None}], "arn": "arn:aws:x:eu-west-1:123456789012:y"},
                sensitive_values={"log": [{}]},
            ),
            changes=[
                change(
                    "aws_lb.a", "delete", "create", unknown={"log": [{"on": True}]}, replace_paths=[["log", 0, "on"]]
                )
            ],
            config=config,
            providers={
                "aws": {
                    "name": "aws",
                    "expressions": {"region": refs("var.v"), "assume_role": [{"role_arn": refs("var.v")}]},
                }
            },
            variables={"v": {"value": "value"}},
            prior_state={
                "values": {
                    "outputs": {"o": {"value": "x", "sensitive": True}},
                    "root_module": {"resources": [resource("aws_lb.a", {}, depends_on=["aws_lb.b"])]},
                }
            },
        )
    )
    document["planned_values"]["root_module"]["child_modules"] = [
        {"address": "module.m", "resources": [resource("module.m.aws_subnet.s", {})]}
    ]
    path = tmp_path / "plan.json"
    for spot in spots(document):
        for new in HOSTILE:
            path.write_text(json.dumps(changed(document, spot, new)))
            result = planned.read([planned.InputFile(path, "plan.json")], Parsed(), {}, tmp_path)
            assert len({each.id for each in result.declarations}) == len(result.declarations)


def test_no_state_is_too_broken(tmp_path: Path) -> None:
    instance = {
        "index_key": "a",
        "attributes": {"id": "i", "v": {"value": 1, "type": "number"}},
        "dependencies": ["aws_a.b"],
        "sensitive_attributes": [[{"type": "get_attr", "value": "v"}]],
    }
    document = {
        "version": 4,
        "terraform_version": "1.9.0",
        "serial": 1,
        "lineage": "l",
        "outputs": {"o": {"value": "secret", "sensitive": True}},
        "resources": [
            {
                "module": "module.m[0]",
                "mode": "managed",
                "type": "aws_a",
                "name": "b",
                "provider": 'provider["x/y/aws"].z',
                "instances": [instance],
            }
        ],
    }
    path = tmp_path / "terraform.tfstate"
    for spot in spots(document):
        for new in HOSTILE:
            path.write_text(json.dumps(changed(document, spot, new)))
            planned.read([planned.InputFile(path, "terraform.tfstate")], Parsed(), {}, tmp_path)


# -- the tool itself -------------------------------------------------------------------------------

MAIN = """\
variable "number" { default = 2 }
variable "secret" {
  default   = "correct-horse"
  sensitive = true
}
resource "terraform_data" "a" {
  count = var.number
  input = { name = "a-${count.index}", secret = var.secret }
}
resource "terraform_data" "b" {
  for_each         = toset(["x", "y"])
  input            = terraform_data.a[0].id
  triggers_replace = [each.key, var.number]
}
module "m" {
  source   = "./mod"
  for_each = toset(["k"])
  value    = terraform_data.b["x"].output
}
resource "terraform_data" "c" {
  input = module.m["k"].out
}
"""
MODULE = """\
variable "value" {}
resource "terraform_data" "in" {
  input = "pre-${var.value}"
}
output "out" { value = terraform_data.in.id }
"""


def terraform(folder: Path, *arguments: str) -> bytes:
    return subprocess.run(["terraform", *arguments], cwd=folder, check=True, capture_output=True).stdout


@pytest.mark.skipif(shutil.which("terraform") is None, reason="needs terraform")
def test_a_plan_of_terraform_itself(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "mod").mkdir(parents=True)
    (root / "main.tf").write_text(MAIN)
    (root / "mod/main.tf").write_text(MODULE)
    terraform(root, "init", "-input=false")
    terraform(root, "plan", "-out=first", "-input=false")
    (tmp_path / "first.json").write_bytes(terraform(root, "show", "-json", "first"))
    alone, joined = (
        read_estate([tmp_path / "first.json"], Config()),
        read_estate([root], Config(plans=(tmp_path / "first.json",))),
    )
    ids = {
        "terraform_data.a[0]",
        "terraform_data.a[1]",
        'terraform_data.b["x"]',
        'terraform_data.b["y"]',
        "terraform_data.c",
        'module.m["k"].terraform_data.in',
    }
    for estate in (alone, joined):
        found = declared(estate)
        assert set(found) == ids
        assert set(actions(estate).values()) == {Action.CREATED}
        assert found["terraform_data.a[1]"].attributes["input"] == {"name": "a-1", "secret": "correct-horse"}
        assert all(isinstance(found[name].attributes["id"], Unknown) for name in ids)
        assert [(r.path, r.target, r.target_path) for r in found['terraform_data.b["y"]'].references] == [
            ("input", "terraform_data.a[0]", "id")
        ]
        assert [(r.path, r.target) for r in found["terraform_data.c"].references] == [
            ("input", 'module.m["k"].terraform_data.in')
        ]
        assert [(r.path, r.target, r.target_path) for r in found['module.m["k"].terraform_data.in'].references] == [
            ("input", 'terraform_data.b["x"]', "output")
        ]
        assert estate.parsed.secrets == {"correct-horse"}
        assert not estate.problems
    places = {name: (each.span.file, each.span.line) for name, each in declared(joined).items()}
    assert places["terraform_data.a[1]"] == ("main.tf", 6)
    assert places['module.m["k"].terraform_data.in'] == ("mod/main.tf", 2)
    assert declared(joined)['module.m["k"].terraform_data.in'].attributes["input"].prefix == "pre-", (
        "the files know a part"
    )

    terraform(root, "apply", "-input=false", "first")
    terraform(root, "plan", "-out=second", "-input=false", "-var=number=1")
    (tmp_path / "second.json").write_bytes(terraform(root, "show", "-json", "second"))
    (tmp_path / "state.json").write_bytes(terraform(root, "show", "-json"))
    second = read_estate([root / "mod"], Config(plans=(tmp_path / "second.json",)))
    told = {each.id.partition("#")[2]: (each.action.value, each.reason) for each in second.parsed.changes}
    assert told == {
        "terraform_data.a[0]": ("unchanged", ""),
        "terraform_data.a[1]": ("deleted", "beyond count"),
        'terraform_data.b["x"]': ("replaced", "cannot be changed in place"),
        'terraform_data.b["y"]': ("replaced", "cannot be changed in place"),
        "terraform_data.c": ("unchanged", ""),
        'module.m["k"].terraform_data.in': ("updated", ""),
    }

    # One state in both of its formats holds the same: the file that Terraform keeps, and what it shows of it.
    stored, shown = (
        read_estate([root / "terraform.tfstate"], Config()),
        read_estate([tmp_path / "state.json"], Config()),
    )
    assert {i: d.attributes for i, d in declared(stored).items()} == {
        i: d.attributes for i, d in declared(shown).items()
    }
    assert set(declared(shown)) == ids
    assert stored.parsed.secrets == shown.parsed.secrets == {"correct-horse"}
    assert {("input", "terraform_data.a[0]", "id")} <= {
        (r.path, r.target, r.target_path) for r in declared(stored)['terraform_data.b["x"]'].references
    }
