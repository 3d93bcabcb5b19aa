"""Module calls: which folder, which inputs, which are roots, and what is said where one is missing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from scanner.model.problem import Problem
from scanner.model.value import Unknown, Value
from scanner.parsers.terraform.project import TerraformResult

Read = Callable[..., TerraformResult]


def inputs(result: TerraformResult) -> dict[str, Value]:
    """Address → ``input`` of every terraform_data resource."""
    return {d.id: d.attributes.get("input") for d in result.declarations if d.type == "terraform_data"}


def told(result: TerraformResult) -> list[tuple[str, str, str]]:
    return [(str(problem.span), problem.kind.value, problem.message) for problem in result.problems]


DATA = 'variable "v" { default = "default" }\nresource "terraform_data" "d" { input = var.v }\noutput "o" { value = "from ${var.v}" }\n'


# -- modules that are not here ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "terraform-aws-modules/vpc/aws",
        "git::https://example.org/vpc.git?ref=v1",
        "github.com/a/b",
        "s3::https://s3.amazonaws.com/b/m.zip",
    ],
)
def test_an_unavailable_module_is_one_problem_at_its_call(source: str, read_files: Read) -> None:
    result = read_files(
        f'module "vpc" {{\n  source   = "{source}"\n  for_each = toset(["a", "b"])\n}}\n'
        'resource "terraform_data" "d" { input = [module.vpc["a"].id, module.vpc["b"].subnets[0]] }\n'
        'resource "terraform_data" "e" {\n  for_each = module.vpc\n  input    = each.key\n}\n'
    )
    message = f"module.vpc is not available: its source {source} is not on this machine (terraform init brings it)"
    assert told(result) == [("main.tf:2:3", "module-unavailable", message)]
    values = inputs(result)["terraform_data.d"]
    assert all(isinstance(value, Unknown) and value.reason == message for value in values)
    assert [str(value.ref) for value in values] == ['module.vpc["a"].id', 'module.vpc["b"].subnets[0]']
    assert {name for name in inputs(result) if ".e" in name} == {'terraform_data.e["a"]', 'terraform_data.e["b"]'}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ('"./missing"', "its source ./missing holds no configuration"),
        ('"../outside"', "its source ../outside lies outside the scanned folder"),
        ('"./inner/../../../outside"', "its source ./inner/../../../outside lies outside the scanned folder"),
        ('"./link"', "its source ./link lies outside the scanned folder"),
        ('"./a\\u0000b"', "its source ./a\0b lies outside the scanned folder"),
        ("var.v", "its source is not a plain text"),
        ('"${path.module}/m"', "its source is not a plain text"),
        ("null", "its source is not a plain text"),
    ],
)
def test_sources_that_lead_nowhere(source: str, reason: str, tmp_path: Path, read_files: Read) -> None:
    (tmp_path.parent / "outside").mkdir(exist_ok=True)
    (tmp_path.parent / "outside" / "main.tf").write_text(DATA, encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path.parent / "outside")
    result = read_files(
        f'variable "v" {{}}\nmodule "m" {{ source = {source} }}\nresource "terraform_data" "d" {{ input = module.m.o }}\n'
    )
    assert [(kind, message) for _, kind, message in told(result)] == [
        ("module-unavailable", f"module.m is not available: {reason}")
    ]
    assert list(inputs(result)) == ["terraform_data.d"]


def test_an_output_that_is_not_declared(read_files: Read) -> None:
    result = read_files(
        {
            "main.tf": 'module "m" { source = "./m" }\nresource "terraform_data" "d" { input = module.m.nope }\n',
            "m/main.tf": DATA,
        }
    )
    value = inputs(result)["terraform_data.d"]
    assert isinstance(value, Unknown)
    assert value.reason == "module module.m has no output nope"


def test_a_missing_variable_names_itself_and_its_place(read_files: Read) -> None:
    result = read_files(
        {
            "main.tf": 'module "m" { source = "./m" }\n',
            "m/main.tf": '\nvariable "v" {}\nresource "terraform_data" "d" { input = var.v }\n',
        }
    )
    value = inputs(result)["module.m.terraform_data.d"]
    assert isinstance(value, Unknown)
    assert value.reason.startswith("variable v has no default")
    assert (str(value.origin), str(value.ref)) == ("m/main.tf:2:1", "module.m.var.v")


# -- modules that terraform init brought -----------------------------------------------------------


def manifest(*entries: tuple[str, str]) -> str:
    return json.dumps({"Modules": [{"Key": key, "Source": "x", "Dir": folder} for key, folder in entries]})


CALL = 'module "m" {\n  source = "example.org/a/b/c"\n  v      = "given"\n}\nresource "terraform_data" "out" { input = module.m.o }\n'


def test_installed_modules_are_read(read_files: Read) -> None:
    result = read_files(
        {
            "envs/prod/main.tf": CALL,
            "envs/prod/.terraform/modules/modules.json": manifest(
                ("", "."), ("m", ".terraform/modules/m"), ("m.deep", ".terraform/modules/m.deep")
            ),
            "envs/prod/.terraform/modules/m/main.tf": DATA
            + 'module "deep" { source = "example.org/d/e/f" }\nmodule "local" { source = "./modules/local" }\n',
            "envs/prod/.terraform/modules/m/.hidden.tf": "resource {",
            "envs/prod/.terraform/modules/m/modules/local/main.tf": DATA,
            "envs/prod/.terraform/modules/m.deep/main.tf": DATA,
        }
    )
    assert told(result) == []
    assert inputs(result) == {
        "module.m.module.deep.terraform_data.d": "default",
        "module.m.module.local.terraform_data.d": "default",
        "module.m.terraform_data.d": "given",
        "terraform_data.out": "from given",
    }
    (found,) = [d for d in result.declarations if d.id == "module.m.terraform_data.d"]
    assert str(found.span) == "envs/prod/.terraform/modules/m/main.tf:2:1"
    assert result.sources[found.span.file][1].startswith('resource "terraform_data"')


def test_an_installed_module_with_instances_is_read_once(read_files: Read) -> None:
    result = read_files(
        {
            "main.tf": 'module "m" {\n  source = "example.org/a/b/c"\n  count = 3\n}\n',
            ".terraform/modules/modules.json": manifest(("m", ".terraform/modules/m")),
            ".terraform/modules/m/main.tf": DATA + "resource {\n",
        }
    )
    assert len(inputs(result)) == 3
    assert [(file, kind) for file, kind, _ in told(result)] == [(".terraform/modules/m/main.tf:4:10", "invalid")]
    assert result.partly == {".terraform/modules/m/main.tf"}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "null",
        '{"Modules": 5}',
        '{"Modules": [5, null]}',
        '{"Modules": [{"Key": "m"}]}',
        '{"Modules": [{"Key": "m", "Dir": 5}]}',
        '{"Modules": [{"Key": "m", "Dir": "a\\u0000b"}]}',
        "[" * 100_000,
        manifest(("m", "../../../../../../etc")),
        manifest(("m", ".terraform/modules/link")),
        manifest(("other", ".terraform/modules/m")),
        b"\xff\xfe",
    ],
)
def test_a_manifest_that_cannot_be_used(text: str | bytes, tmp_path: Path, read_files: Read) -> None:
    (tmp_path.parent / "elsewhere").mkdir(exist_ok=True)
    (tmp_path.parent / "elsewhere" / "main.tf").write_text(DATA, encoding="utf-8")
    (tmp_path / ".terraform" / "modules").mkdir(parents=True)
    (tmp_path / ".terraform" / "modules" / "link").symlink_to(tmp_path.parent / "elsewhere")
    result = read_files({"main.tf": CALL, ".terraform/modules/modules.json": text})
    assert [kind for _, kind, _ in told(result)] == ["module-unavailable"]
    assert list(inputs(result)) == ["terraform_data.out"]


def test_links_in_installed_modules_do_not_lead_outside(tmp_path: Path, read_files: Read) -> None:
    (tmp_path.parent / "secret.tf").write_text(DATA, encoding="utf-8")
    module = tmp_path / ".terraform" / "modules" / "m"
    module.mkdir(parents=True)
    (module / "link.tf").symlink_to(tmp_path.parent / "secret.tf")
    result = read_files({"main.tf": CALL, ".terraform/modules/modules.json": manifest(("m", ".terraform/modules/m"))})
    assert list(inputs(result)) == ["terraform_data.out"]


# -- circles ---------------------------------------------------------------------------------------


def test_a_module_that_calls_itself_ends(read_files: Read) -> None:
    result = read_files(DATA + 'module "me" { source = "./" }\nmodule "again" { source = "./." }\n')
    assert inputs(result) == {"terraform_data.d": "default"}
    assert [(place, kind) for place, kind, _ in told(result)] == [
        ("main.tf:4:15", "invalid"),
        ("main.tf:5:18", "invalid"),
    ]
    assert told(result)[0][2] == "module.me calls itself: its source ./ is what it is called from"


def test_modules_that_only_call_each_other_are_still_read(read_files: Read) -> None:
    result = read_files(
        {
            "a/main.tf": DATA + 'module "b" { source = "../b" }\n',
            "b/main.tf": DATA + 'module "c" { source = "../c" }\n',
            "c/main.tf": DATA + 'module "a" { source = "../a" }\n',
        }
    )
    assert [root.name for root in result.roots] == ["a"]
    assert list(inputs(result)) == [
        "module.b.module.c.terraform_data.d",
        "module.b.terraform_data.d",
        "terraform_data.d",
    ]
    assert [kind for _, kind, _ in told(result)] == ["invalid"]


# -- roots -----------------------------------------------------------------------------------------


def test_one_root_has_no_prefix_and_two_have_their_paths(read_files: Read) -> None:
    files = {"envs/dev/main.tf": 'module "m" { source = "../../m" }\n', "m/main.tf": DATA}
    result = read_files(files)
    assert ([root.name for root in result.roots], list(inputs(result))) == (["envs/dev"], ["module.m.terraform_data.d"])
    result = read_files({"envs/prod/main.tf": 'module "m" {\n  source = "../../m"\n  v = "prod"\n}\n' + DATA})
    assert [root.name for root in result.roots] == ["envs/dev", "envs/prod"]
    assert inputs(result) == {
        "envs/dev#module.m.terraform_data.d": "default",
        "envs/prod#module.m.terraform_data.d": "prod",
        "envs/prod#terraform_data.d": "default",
    }
    assert {d.root for d in result.declarations} == {"envs/dev", "envs/prod"}


def test_references_stay_inside_their_root(read_files: Read) -> None:
    text = 'resource "aws_kms_key" "k" {}\nresource "terraform_data" "d" { input = aws_kms_key.k.arn }\n'
    result = read_files({"a/main.tf": text, "b/main.tf": text})
    targets = {d.id: [reference.target for reference in d.references] for d in result.declarations if d.references}
    assert targets == {"a#terraform_data.d": ["a#aws_kms_key.k"], "b#terraform_data.d": ["b#aws_kms_key.k"]}
    value = inputs(result)["a#terraform_data.d"]
    assert isinstance(value, Unknown)
    assert str(value.ref) == "a#aws_kms_key.k.arn"


@pytest.mark.parametrize(
    ("extra", "library"),
    [
        ({}, True),
        ({"provider.tf": 'provider "aws" { region = "eu-west-1" }\n'}, False),
        ({"backend.tf": 'terraform {\n  backend "s3" {}\n}\n'}, False),
        ({"cloud.tf": "terraform {\n  cloud {}\n}\n"}, False),
        ({"terraform.tfvars": 'v = "x"\n'}, False),
        ({"versions.tf": 'terraform {\n  required_version = ">= 1.5"\n}\n'}, True),
    ],
)
def test_a_folder_that_is_applied_is_no_library(extra: Mapping[str, str], library: bool, read_files: Read) -> None:
    result = read_files({"main.tf": DATA, **extra})
    assert [root.library for root in result.roots] == [library]


def test_folders_without_configuration_are_no_roots(read_files: Read) -> None:
    result = read_files({"empty.tf": "# nothing\n", "values/terraform.tfvars": "v = 1\n", "a/main.tf": DATA})
    assert [root.name for root in result.roots] == ["a"]


def test_an_applied_root_has_a_state_backend(read_files: Read) -> None:
    backend = 'terraform {\n  backend "s3" {\n    bucket = "state"\n  }\n}\n'
    (found,) = [d for d in read_files({"main.tf": backend + DATA}).declarations if d.mode == "backend"]
    assert (found.id, found.type, found.attributes) == (
        "terraform.backend.s3",
        "terraform_backend_s3",
        {"bucket": "state"},
    )
    assert [d for d in read_files({"main.tf": DATA}).declarations if d.mode == "backend"] == []


# -- inputs of roots -------------------------------------------------------------------------------


def test_tofu_files_replace_tf_files_of_the_same_name(read_files: Read) -> None:
    result = read_files(
        {
            "main.tf": 'resource "terraform_data" "tf" {}\n',
            "main.tofu": 'resource "terraform_data" "tofu" {}\n',
            "both.tf": 'resource "terraform_data" "both" {}\n',
            "json.tf.json": '{"resource": {"terraform_data": {"tf_json": {}}}}',
            "json.tofu.json": '{"resource": {"terraform_data": {"tofu_json": {}}}}',
        }
    )
    assert list(inputs(result)) == ["terraform_data.both", "terraform_data.tofu", "terraform_data.tofu_json"]


def test_the_workspace_is_that_of_the_command_line(read_files: Read) -> None:
    text = 'resource "terraform_data" "d" { input = terraform.workspace == "prod" ? "big" : "small" }\n'
    assert inputs(read_files(text, workspace="prod")) == {"terraform_data.d": "big"}
    assert inputs(read_files(text, workspace="dev")) == {"terraform_data.d": "small"}
    value = inputs(read_files(text))["terraform_data.d"]
    assert isinstance(value, Unknown)
    assert value.reason == "the workspace is not known; give it with --workspace NAME"


def test_given_values_that_do_not_parse_or_fit(read_files: Read) -> None:
    text = 'variable "n" { type = number }\nvariable "l" { type = list(string) }\nresource "terraform_data" "d" { input = [var.n, var.l] }\n'
    result = read_files(text, variables={"n": "many", "l": "["})
    assert all(isinstance(value, Unknown) for value in inputs(result)["terraform_data.d"])
    assert sorted(kind for _, kind, _ in told(result)) == ["unresolved", "unresolved"]
    assert any("--var l is not a valid value" in message for _, _, message in told(result))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "default"),
        ({"environment_variables": {"v": "environment"}}, "environment"),
        ({"environment_variables": {"v": "environment"}, "variables": {"v": "flag"}}, "flag"),
    ],
)
def test_the_command_line_wins_over_the_environment(settings: dict[str, Any], expected: str, read_files: Read) -> None:
    assert inputs(read_files(DATA, **settings)) == {"terraform_data.d": expected}


def test_values_reach_roots_that_declare_the_variable(read_files: Read) -> None:
    other = 'resource "terraform_data" "e" {}\n'
    result = read_files({"a/main.tf": DATA, "b/main.tf": DATA, "c/main.tf": other}, variables={"v": "given"})
    assert inputs(result) == {"a#terraform_data.d": "given", "b#terraform_data.d": "given", "c#terraform_data.e": None}


def test_a_value_file_that_is_gone(read_files: Read, tmp_path: Path) -> None:
    result = read_files(DATA, var_files=(tmp_path / "gone.tfvars",))
    assert told(result) == [("gone.tfvars:1:1", "unreadable", "file not read: No such file or directory")]


def test_expressions_in_value_files_are_told(read_files: Read) -> None:
    result = read_files({"main.tf": DATA, "terraform.tfvars": "v = local.x\n"})
    (problem,) = result.problems
    assert isinstance(problem, Problem)
    assert (str(problem.span), problem.message) == (
        "terraform.tfvars:1:5",
        "a variables file holds constants only, not local",
    )


def test_sensitive_values_are_remembered(read_files: Read) -> None:
    result = read_files(
        {
            "main.tf": 'variable "p" {\n  default   = { a = "hunter2hunter2", b = ["other-secret", "abc"] }\n  sensitive = true\n}\n'
            'resource "terraform_data" "d" { input = var.p }\n'
        }
    )
    assert {"hunter2hunter2", "other-secret"} <= result.secrets
    assert "abc" not in result.secrets  # so short that it would black out half of a report
