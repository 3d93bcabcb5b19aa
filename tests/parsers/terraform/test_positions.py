"""Where attributes, blocks, references and problems stand: lines and columns counted in characters from 1."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.model.resource import Declaration
from scanner.model.span import Span
from scanner.parsers.terraform.project import TerraformResult

Read = Callable[..., TerraformResult]

TEXT = """\
variable "sizes" { default = [1, 2] }

resource "aws_instance" "s" {
  ami  = "ami-1" # a comment
  tags = {
    Name = "ü — 名前"
  }

  ebs_block_device {
    device_name = "a"
  }
  /* äöü */ ebs_block_device {
    device_name = "b"
    nested { deep = 1 }
  }
  dynamic "network_interface" {
    for_each = var.sizes
    content {
      device_index = network_interface.value
    }
  }
  user_data = <<-EOT
    text
  EOT
  lifecycle { prevent_destroy = true }
}
"""


@pytest.fixture
def server(read_files: Read) -> Declaration:
    return next(d for d in read_files(TEXT).declarations if d.type == "aws_instance")


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("", (3, 1, 3, 28)),  # the header stands for the whole
        ("ami", (4, 3, 4, 17)),
        ("tags", (5, 3, 7, 4)),
        ("tags.Name", (5, 3, 7, 4)),  # the nearest that is known
        ("ebs_block_device", (9, 3, 9, 19)),  # a block without an index is its first one
        ("ebs_block_device[0].device_name", (10, 5, 10, 22)),
        ("ebs_block_device.device_name", (10, 5, 10, 22)),
        ("ebs_block_device[1]", (12, 13, 12, 29)),
        ("ebs_block_device[1].device_name", (13, 5, 13, 22)),
        ("ebs_block_device[1].nested[0].deep", (14, 14, 14, 22)),
        ("ebs_block_device[1].nested[0].nothing", (14, 5, 14, 11)),
        ("ebs_block_device[1].nothing.at.all", (12, 13, 12, 29)),
        ("network_interface[0].device_index", (19, 7, 19, 45)),
        ("network_interface[1].device_index", (19, 7, 19, 45)),
        ("network_interface[1]", (16, 3, 16, 30)),
        ("user_data", (22, 3, 24, 6)),
        ("lifecycle.prevent_destroy", (25, 15, 25, 37)),
        ("nothing", (3, 1, 3, 28)),
    ],
)
def test_places(path: str, place: tuple[int, int, int, int], server: Declaration) -> None:
    span = server.span_of(path)
    assert span.file == "main.tf"
    assert (span.line, span.column, span.end_line, span.end_column) == place


def test_lifecycle_is_no_attribute(server: Declaration) -> None:
    assert server.lifecycle == {"prevent_destroy": True}
    assert "lifecycle" not in server.attributes
    assert "count" not in server.attributes


def test_windows_lines_and_a_byte_order_mark_move_nothing(read_files: Read) -> None:
    plain = read_files({"a.tf": TEXT})
    windows = read_files({"a.tf": b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode()})
    places = [{path: str(span) for path, span in d.places.items()} for r in (plain, windows) for d in r.declarations]
    assert places[: len(places) // 2] == places[len(places) // 2 :]


def test_references_stand_at_their_attribute(read_files: Read) -> None:
    (found,) = [
        d
        for d in read_files(
            'resource "aws_instance" "s" {\n  subnet_id = "${aws_subnet.a.id}"\n  root_block_device {\n'
            '    kms_key_id = data.aws_kms_key.k[0].arn\n  }\n}\ndata "aws_kms_key" "k" { count = 1 }\n'
        ).declarations
        if d.type == "aws_instance"
    ]
    assert {(r.path, r.target, r.target_path, r.span.line, r.span.column) for r in found.references} == {
        ("subnet_id", "aws_subnet.a", "id", 2, 3),
        ("root_block_device[0].kms_key_id", "data.aws_kms_key.k[0]", "arn", 4, 5),
    }


# -- the chain -------------------------------------------------------------------------------------


def chain(result: TerraformResult, address: str, path: str) -> list[str]:
    (found,) = [d for d in result.declarations if d.id == address]
    return [f"{span} {span.via}".strip() for span in found.span_of(path).chain()]


def test_the_chain_of_a_value(read_files: Read) -> None:
    result = read_files(
        {
            "main.tf": 'locals {\n  x = "eu"\n}\nmodule "a" {\n  source = "./a"\n  given  = local.x\n  fixed  = 1\n}\n',
            "a/main.tf": 'variable "given" {}\nvariable "fixed" {}\nvariable "unset" { default = 2 }\n'
            'resource "aws_instance" "s" {\n  one = var.given\n  two = var.fixed\n  three = var.unset\n  four = 4\n'
            '  five = "${var.given}-x"\n}\n',
        }
    )
    address = "module.a.aws_instance.s"
    assert chain(result, address, "one") == [
        "a/main.tf:5:3 value from",
        "main.tf:6:3 value from",
        "main.tf:2:3",
    ]
    assert chain(result, address, "two") == ["a/main.tf:6:3 value from", "main.tf:7:3"]
    assert chain(result, address, "three") == [
        "a/main.tf:7:3 value from",
        "a/main.tf:3:1 in the module called",
        "main.tf:4:1",
    ]
    assert chain(result, address, "four") == ["a/main.tf:8:3 in the module called", "main.tf:4:1"]
    assert chain(result, address, "")[0] == "a/main.tf:4:1 in the module called"


def test_a_value_file_ends_the_chain(read_files: Read) -> None:
    files = {
        "main.tf": 'variable "v" {}\nresource "aws_instance" "s" {\n  one = var.v\n}\n',
        "terraform.tfvars": '# first\nv = "x"\n',
    }
    assert chain(read_files(files), "aws_instance.s", "one") == ["main.tf:3:3 value from", "terraform.tfvars:2:1"]


def test_problems_inside_of_modules_lead_to_the_call(read_files: Read) -> None:
    result = read_files(
        {
            "main.tf": '\nmodule "a" { source = "./a" }\n',
            "a/main.tf": 'resource "aws_instance" "s" {\n  x = upper(local.nothing)\n}\n',
        }
    )
    (problem,) = result.problems
    assert [str(span) for span in problem.span.chain()] == ["a/main.tf:2:13", "main.tf:2:1"]


# -- spans -----------------------------------------------------------------------------------------


def test_spans() -> None:
    span = Span("a.tf", 3, 5)
    assert (span.end_line, span.end_column, str(span)) == (3, 5, "a.tf:3:5")
    inner = span.under(Span("b.tf", 1), "because").under(None, "ignored")
    assert [str(place) for place in inner.chain()] == ["a.tf:3:5", "b.tf:1:1"]
    assert inner.via == "because"
    assert sorted([Span("b.tf", 1), Span("a.tf", 10), Span("a.tf", 9, 2)]) == [
        Span("a.tf", 9, 2),
        Span("a.tf", 10),
        Span("b.tf", 1),
    ]
