"""Input that means harm ends soon, in a Problem: never in a crash, a hang, or a read outside of the root."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scanner.model.problem import ProblemKind
from scanner.model.report import Report
from scanner.parsers.terraform.options import TerraformOptions
from scanner.parsers.terraform.project import TerraformResult

Read = Callable[..., TerraformResult]
GOOD = '\nresource "aws_sqs_queue" "good" {}\n'


def kinds(result: TerraformResult | Report) -> set[str]:
    return {problem.kind.value for problem in result.problems}


# -- bytes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"\0",
        b'resource "a" "b" {\n  c = "\0"\n}\n',
        b"\xff\xfe\x00\x01",
        b'locals { a = "\xff" }\n',
        "locals { a = 1 }".encode("utf-16"),
        b"{" * 1_000,
        b'"' * 1_001,
        b"${" * 1_000,
        b"<<EOT\n" * 1_000,
        b"/*" * 1_000,
        b"}" * 1_000,
        b'resource "aws_sqs_queue" "q" {',
        b"a = [" * 1_000,
        b"a = " + b"(" * 100_000 + b"1" + b")" * 100_000,
        b"a = " + b"!" * 100_000 + b"true",
        b"locals { a = " + b"-" * 100_000 + b"1 }",
        b"a {" * 100_000,
        b'a = "' + b'${"' * 10_000,
        b"locals { a = " + b"1 + " * 100_000 + b"1 }",
        b"locals { a = " + b"true ? 1 : " * 50_000 + b"1 }",
        b"locals { a = b" + b"[0]" * 100_000 + b" }",
        b"locals { a = b" + b".c" * 100_000 + b" }",
    ],
)
@pytest.mark.parametrize("name", ["bad.tf", "bad.auto.tfvars"])
def test_bad_bytes(data: bytes, name: str, report_of: Callable[..., Report]) -> None:
    report = report_of({name: data, "good.tf": GOOD})
    assert kinds(report) & {"invalid", "limit", "unreadable", "unresolved"}
    assert [resource.id for resource in report.resources] == ["aws_sqs_queue.good"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"resource": 5}',
        '{"resource": {"aws_sqs_queue": "x"}}',
        '{"resource": {"aws_sqs_queue": {"q": [[[[]]]]}}}',
        '{"resource": {"aws_sqs_queue": {"q": {"count": 1e400}}}}',
        '{"locals": {"a": "${"}}',
        '{"resource": {"aws_sqs_queue": {"q": {"count": 1' + "0" * 10_000 + "}}}}",
        '{"a": "\\ud800"}',
        '{"a": NaN}',
        '{"resource": {"aws_sqs_queue": {"q": {}, "q": {}}}}',
        "\0",
    ],
)
def test_bad_json(text: str, report_of: Callable[..., Report]) -> None:
    report = report_of({"bad.tf.json": text, "good.tf": GOOD})
    assert "aws_sqs_queue.good" in [resource.id for resource in report.resources]
    assert report.problems


def test_a_file_that_is_not_read_does_not_count_as_read(report_of: Callable[..., Report]) -> None:
    report = report_of({"bad.tf": b"\0", "half.tf": b'locals { a = 1 }\nresource "a" "b" {\n', "good.tf": GOOD})
    coverage = report.coverage["terraform"]
    assert (coverage.found, coverage.read, coverage.partly, coverage.unread) == (3, 1, 1, 1)


def test_the_size_limit(report_of: Callable[..., Report]) -> None:
    report = report_of({"large.tf": "#" * (5 * 1024 * 1024 + 1), "good.tf": GOOD})
    assert [(p.kind, p.span.file) for p in report.problems] == [(ProblemKind.LIMIT, "large.tf")]
    assert report.coverage["terraform"].unread == 1


def test_long_texts_within_the_limit(read_files: Read) -> None:
    heredoc = "locals {\n  a = <<EOT\n" + "x ${local.b} y\n" * 20_000 + "EOT\n  b = 1\n}\n"
    line = "locals { c = [" + "1, " * 100_000 + "] }\n"
    result = read_files(
        {"heredoc.tf": heredoc, "line.tf": line, "use.tf": 'resource "x" "y" { a = [local.a, local.c] }\n'}
    )
    assert kinds(result) <= {"limit"}


# -- numbers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "meta",
    [
        "count = 100000000",
        "count = pow(10, 18)",
        "count = 1001",
        "for_each = toset([for i in range(1001) : tostring(i)])",
        "for_each = { for i in range(1024) : i => i }",
    ],
)
def test_very_many_instances_are_cut_off(meta: str, read_files: Read) -> None:
    result = read_files(f'resource "aws_sqs_queue" "q" {{\n  {meta}\n}}\n')
    assert len(result.declarations) == TerraformOptions().max_instances
    assert [(p.kind, p.span.line) for p in result.problems] == [(ProblemKind.LIMIT, 2)]


@pytest.mark.parametrize(
    "meta",
    [
        "for_each = toset([for i in range(1000000000) : tostring(i)])",
        "count = length(range(1, 1000000000000))",
        'count = length(join(",", range(1000000000)))',
        'for_each = toset(split("", join("", [for i in range(100000) : "abcdefghij"])))',
        "count = length(setproduct(range(10000), range(10000)))",
        "count = length(flatten([for i in range(1000) : range(1000)]))",
        "count = 1" + "0" * 10_000,
        "count = 1.5",
        "count = -1",
        'count = "many"',
        "count = null",
        "count = true",
        "count = [1]",
        'for_each = "x"',
        "for_each = [1, 2]",
        "for_each = [null]",
        "for_each = null",
        "for_each = 5",
        "count = pow(10, 400)",
        "count = pow(999999999, 999999999)",
        "count = 1e1000000",
        "count = length(cidrsubnets(\"10.0.0.0/8\", [for i in range(10000) : 24]...))",
        'count = length(regexall("(a+)+$", "' + "a" * 5_000 + '!"))',
        'count = length(format("%9999999999d", 1))',
        'count = length(jsondecode("' + "[" * 20_000 + '"))',
        'count = length(yamldecode("' + "[" * 20_000 + '"))',
        ('count = length(yamldecode("a: &a [x,x,x,x,x,x,x,x,x]\\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\\nc: &c [*b,*b,*b,*b,*b,*b,*b]\\n'
        'd: &d [*c,*c,*c,*c,*c,*c,*c]\\ne: &e [*d,*d,*d,*d,*d,*d,*d]\\nf: [*e,*e,*e,*e,*e,*e,*e]"))'),
        'count = length(base64gzip(join("", [for i in range(1024) : "' + "x" * 1_000 + '"])))',
    ],
)  # fmt: skip
def test_numbers_that_cannot_be_stand_for_an_unknown_number(meta: str, read_files: Read) -> None:
    result = read_files(f'resource "aws_sqs_queue" "q" {{\n  {meta}\n}}\n')
    assert len(result.declarations) <= TerraformOptions().max_instances


def test_instances_of_instances_are_limited_together(read_files: Read) -> None:
    result = read_files(
        {
            "main.tf": 'module "a" {\n  source = "./a"\n  count = 1000\n}\n',
            "a/main.tf": 'module "b" {\n  source = "../b"\n  count = 1000\n}\n',
            "b/main.tf": 'resource "aws_sqs_queue" "q" { count = 1000 }\n',
        }
    )
    assert len(result.declarations) == TerraformOptions().max_resources
    assert [(p.kind, p.message) for p in result.problems] == [
        (ProblemKind.LIMIT, "more than 50000 resources: the rest is left out")
    ]


def test_modules_that_double_at_every_level_are_limited(read_files: Read) -> None:
    files = {
        f"m{level}/main.tf": f'module "x" {{ source = "../m{level + 1}" }}\nmodule "y" {{ source = "../m{level + 1}" }}\n'
        for level in range(25)
    }
    result = read_files({**files, "m25/main.tf": GOOD})
    assert len(result.declarations) <= TerraformOptions().max_modules
    assert [p.message for p in result.problems] == ["more than 5000 modules"]


def test_modules_that_nest_too_deeply_are_limited(read_files: Read) -> None:
    files = {f"m{level:02}/main.tf": f'module "x" {{ source = "../m{level + 1:02}" }}\n{GOOD}' for level in range(60)}
    result = read_files(files)
    assert len(result.declarations) == TerraformOptions().max_module_depth + 1
    assert kinds(result) == {"limit", "module-unavailable"}


# -- circles and growth ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "locals { a = local.a }",
        "locals {\n  a = local.b\n  b = local.c\n  c = local.a\n}",
        "locals { a = [local.a, local.a] }",
        'resource "x" "y" { a = x.y.a }',
        'resource "x" "y" { count = length(x.y) }',
        'resource "x" "y" {\n  for_each = { for k, v in x.z : k => v.a }\n}\nresource "x" "z" {\n  for_each = { for k, v in x.y : k => v }\n  a = 1\n}',
        'variable "v" { default = var.v }',
        'provider "aws" { region = aws_x.y.region }\nresource "aws_x" "y" { tags = { a = data.aws_region.r.name } }\ndata "aws_region" "r" {}',
        'output "o" { value = module.m.o }\nmodule "m" { source = "./" }',
        'module "m" {\n  source = "./m"\n  v = module.m.o\n}',
    ],
)  # fmt: skip
def test_circles_of_values_end(text: str, read_files: Read) -> None:
    result = read_files(
        {
            "main.tf": text + '\nresource "aws_sqs_queue" "good" { tags = { a = try(local.a, "x") } }\n',
            "m/main.tf": 'variable "v" {}\noutput "o" { value = var.v }\n',
        }
    )
    assert "aws_sqs_queue.good" in {d.id.split("#")[-1] for d in result.declarations}


def test_long_chains_of_values(read_files: Read) -> None:
    chain = "\n".join(f"  a{i} = local.a{i + 1}" for i in range(5_000))
    result = read_files(f'locals {{\n{chain}\n  a5000 = 1\n}}\nresource "aws_sqs_queue" "good" {{ x = local.a0 }}\n')
    assert [d.id for d in result.declarations] == ["aws_sqs_queue.good"]


@pytest.mark.parametrize(
    "line",
    [
        "a{next} = [local.a{this}, local.a{this}]",
        "a{next} = {{ x = local.a{this}, y = local.a{this} }}",
        'a{next} = "${{local.a{this}}}${{local.a{this}}}"',
        "a{next} = concat(local.a{this}, local.a{this})",
        'a{next} = join("", [local.a{this}, local.a{this}])',
        "a{next} = merge({{ k{next} = local.a{this} }}, {{ l{next} = local.a{this} }})",
        "a{next} = jsonencode([local.a{this}, local.a{this}])",
        'a{next} = replace(local.a{this}, "x", "xx")',
        "a{next} = setproduct(local.a{this}, local.a{this})",
        'a{next} = format("%s%s", local.a{this}, local.a{this})',
        "a{next} = local.a{this} * local.a{this}",
        "a{next} = base64encode(local.a{this})",
    ],
)
@pytest.mark.parametrize("start", ['"x"', '["x", "y"]', "var.undecided", '"${var.undecided}x"', "99"])
def test_values_that_double_end(line: str, start: str, read_files: Read) -> None:
    doubled = "\n".join("  " + line.format(this=i, next=i + 1) for i in range(60))
    result = read_files(
        f'variable "undecided" {{}}\nlocals {{\n  a0 = {start}\n{doubled}\n}}\n'
        'resource "aws_sqs_queue" "good" {\n  name = local.a60\n  tags = { a = local.a60 }\n}\n'
    )
    assert [d.id for d in result.declarations] == ["aws_sqs_queue.good"]


def test_many_problems_of_one_place_are_told_once(read_files: Read) -> None:
    result = read_files('resource "aws_sqs_queue" "q" {\n  count = 1000\n  name  = local.nothing\n}\n')
    assert [(p.span.line, p.message) for p in result.problems] == [(3, "there is no local value nothing")]


@pytest.mark.parametrize("count", ['" 5"', '"²"', '"٣"', '"1_0"', '"0x5"', '""', '"5.5"', "1.5", "-1", "true", "[]"])
def test_a_count_that_terraform_refuses_is_a_problem(count: str, read_files: Read) -> None:
    result = read_files(f'resource "aws_sqs_queue" "q" {{\n  count = {count}\n}}\n')
    assert [d.id for d in result.declarations] == ["aws_sqs_queue.q[*]"]
    assert [(str(p.span), p.message) for p in result.problems] == [("main.tf:2:3", "count is not a whole number")]


# -- files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        'file("/etc/passwd")',
        'file("../../../../../../etc/passwd")',
        'file("${path.module}/../outside.txt")',
        'file("link.txt")',
        'templatefile("../outside.txt", {})',
        'filebase64("~/.ssh/id_rsa")',
        'fileexists("/etc/passwd")',
        'filesha256("/etc/passwd")',
        'fileset("/etc", "*")',
        'fileset(".", "../../*")',
        'file("a\\u0000b")',
    ],
)
def test_nothing_outside_of_the_root_is_read(call: str, read_files: Read, tmp_path: Path) -> None:
    (tmp_path.parent / "outside.txt").write_text("outside-secret", encoding="utf-8")
    (tmp_path / "link.txt").symlink_to(tmp_path.parent / "outside.txt")
    result = read_files(f'resource "aws_sqs_queue" "q" {{ name = {call} }}\n')
    shown = repr([d.attributes for d in result.declarations])
    assert "root:" not in shown
    assert "outside-secret" not in shown
    assert "passwd'" not in shown.replace("/etc/passwd'", "")


def test_a_template_that_includes_itself_ends(read_files: Read) -> None:
    result = read_files(
        {
            "main.tf": 'resource "aws_sqs_queue" "q" { name = templatefile("t.tpl", {}) }\n',
            "t.tpl": '${templatefile("t.tpl", {})}',
        }
    )
    assert [d.id for d in result.declarations] == ["aws_sqs_queue.q"]
