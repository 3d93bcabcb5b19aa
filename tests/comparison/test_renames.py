"""Roots and modules that are called otherwise as a whole."""

from __future__ import annotations

from pathlib import Path

from scanner.config import Config
from scanner.model.comparison import Basis, Comparison
from scanner.since import diff

NAMELESS = """\
resource "aws_ebs_volume" "data" {
  availability_zone = "eu-west-1a"
  size              = 100
}
resource "aws_ebs_volume" "logs" {
  availability_zone = "eu-west-1a"
  size              = 10
}
"""


def compared(folder: Path, base: dict[str, str], head: dict[str, str]) -> Comparison:
    for side, files in (("base", base), ("head", head)):
        for name, text in files.items():
            file = folder / side / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    return diff(folder / "base", folder / "head", Config(region="eu-west-1"))


def pairs(report: Comparison) -> dict[str, str]:
    assert not any((report.new, report.fixed, report.ambiguous, report.only_base, report.only_head))
    return {match.base.resource: match.head.resource for match in report.matches}


def test_a_root_that_moved_among_others_alike(tmp_path: Path) -> None:
    """Both roots hold the same addresses; the folders' own names tell which is which."""
    base = {f"envs/{name}/main.tf": NAMELESS for name in ("prod", "stage")}
    head = {f"live/eu/{name}/main.tf": NAMELESS for name in ("stage", "prod")}
    assert pairs(compared(tmp_path, base, head)) == {
        f"envs/{name}#aws_ebs_volume.{disk}": f"live/eu/{name}#aws_ebs_volume.{disk}"
        for name in ("prod", "stage")
        for disk in ("data", "logs")
    }


def test_a_root_that_changed_a_little_on_its_way(tmp_path: Path) -> None:
    grown = NAMELESS + 'resource "aws_sqs_queue" "new" {\n  name = "new"\n}\n'
    base = {"a/prod/main.tf": NAMELESS, "other/main.tf": 'resource "aws_sqs_queue" "q" {\n  name = "q"\n}\n'}
    head = {"b/prod/main.tf": grown, "other/main.tf": base["other/main.tf"]}
    report = compared(tmp_path, base, head)
    assert {(m.base.resource, m.head.resource) for m in report.matches if "prod" in m.base.resource} == {
        ("a/prod#aws_ebs_volume.data", "b/prod#aws_ebs_volume.data"),
        ("a/prod#aws_ebs_volume.logs", "b/prod#aws_ebs_volume.logs"),
    }
    assert [lone.place.resource for lone in report.only_head] == ["b/prod#aws_sqs_queue.new"]


def test_a_module_call_with_another_name(tmp_path: Path) -> None:
    def root(name: str) -> str:
        return f'module "{name}" {{\n  source   = "./m"\n  for_each = toset(["x", "y"])\n}}\n'

    report = compared(
        tmp_path, {"main.tf": root("disks"), "m/main.tf": NAMELESS}, {"main.tf": root("volumes"), "m/main.tf": NAMELESS}
    )
    assert pairs(report)['module.disks["x"].aws_ebs_volume.data'] == 'module.volumes["x"].aws_ebs_volume.data'
    assert {match.basis for match in report.matches} == {Basis.MOVED}


def test_two_calls_that_could_be_either_are_not_taken_for_one(tmp_path: Path) -> None:
    def root(*names: str) -> str:
        return "".join(f'module "{name}" {{\n  source = "./m"\n}}\n' for name in names)

    report = compared(
        tmp_path, {"main.tf": root("a", "b"), "m/main.tf": NAMELESS}, {"main.tf": root("c", "d"), "m/main.tf": NAMELESS}
    )
    assert not report.new
    assert all(match.basis is not Basis.MOVED for match in report.matches)


def test_resources_without_names_are_known_by_what_is_written_in_them(tmp_path: Path) -> None:
    renamed = NAMELESS.replace('"data"', '"store"').replace('"logs"', '"journal"')
    report = compared(tmp_path, {"main.tf": NAMELESS}, {"main.tf": renamed})
    assert pairs(report) == {
        "aws_ebs_volume.data": "aws_ebs_volume.store",
        "aws_ebs_volume.logs": "aws_ebs_volume.journal",
    }
    assert {match.basis for match in report.matches} == {Basis.CONTENT}
