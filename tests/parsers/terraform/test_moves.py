"""``moved`` blocks: https://developer.hashicorp.com/terraform/language/block/moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.config import Config
from scanner.pipeline import read_estate


def moves(folder: Path, **files: str) -> dict[str, str]:
    for name, text in files.items():
        file = folder / f"{name}.tf"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f'resource "aws_vpc" "v" {{}}\n{text}', encoding="utf-8")
    return dict(read_estate([folder], Config()).parsed.moves)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("aws_lb.a", "aws_lb.b", {".#aws_lb.a": ".#aws_lb.b"}),
        ("aws_lb.a", "module.m.aws_lb.a", {".#aws_lb.a": ".#module.m.aws_lb.a"}),
        ("module.a", 'module.b["x"]', {".#module.a": '.#module.b["x"]'}),
        ("aws_lb.a[0]", 'aws_lb.a["a\\"b.c"]', {".#aws_lb.a[0]": '.#aws_lb.a["a\\"b.c"]'}),
        ("aws_lb.a[var.x]", "aws_lb.b", {}),
        ('"aws_lb.a"', "aws_lb.b", {}),
    ],
)
def test_addresses(tmp_path: Path, old: str, new: str, expected: dict[str, str]) -> None:
    assert moves(tmp_path, main=f"moved {{\n  from = {old}\n  to = {new}\n}}\n") == expected


def test_half_a_block_tells_nothing(tmp_path: Path) -> None:
    assert moves(tmp_path, main="moved {\n  from = aws_lb.a\n}\n") == {}


def test_a_block_in_a_module_counts_in_each_of_its_instances(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "main.tf").write_text("moved {\n  from = aws_lb.a\n  to = aws_lb.b\n}\n", encoding="utf-8")
    assert moves(tmp_path, main='module "m" {\n  count = 2\n  source = "./m"\n}\n') == {
        ".#module.m[0].aws_lb.a": ".#module.m[0].aws_lb.b",
        ".#module.m[1].aws_lb.a": ".#module.m[1].aws_lb.b",
    }


def test_a_block_with_a_label_is_refused(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('moved "x" {\n}\n', encoding="utf-8")
    problems = read_estate([tmp_path], Config()).problems
    assert [problem.message for problem in problems] == ["a moved block has 0 labels, not 1"]
