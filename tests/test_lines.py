"""Every finding of the examples marks a line that holds what it talks about, read in the file itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from scanner.config import Config
from scanner.model.span import Span
from scanner.pipeline import scan

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

from lines import misplaced  # noqa: E402  # scripts beside the package, not a part of it


@pytest.mark.parametrize("example", sorted(path.name for path in (ROOT / "examples").iterdir() if path.is_dir()))
def test_lines_of_findings_hold_what_is_said(example: str) -> None:
    report = scan([ROOT / "examples" / example], Config())
    found = [(f.rule, str(f.span), line) for f, line in misplaced(report)]
    assert not found


def test_a_wrong_line_is_noticed() -> None:
    report = scan([ROOT / "examples" / "tokyo-exchange"], Config())
    finding = next(f for f in report.findings if f.slug == "zone-database-single" and f.outcome.value == "fail")
    moved = replace(finding, span=Span(finding.span.file, finding.span.line + 1))
    assert list(misplaced(replace(report, findings=(moved,))))


TOPICS = """\
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Buckets:
    - Name
    - [A, B]
    - Bucket${Name}:
        Type: AWS::S3::Bucket
"""


def test_names_that_a_loop_fills_in_are_told_by_the_line(tmp_path: Path) -> None:
    (tmp_path / "stack.yaml").write_text(TOPICS)
    report = scan([tmp_path], Config())
    assert {f.resource for f in report.findings} >= {"BucketA", "BucketB"}
    assert not list(misplaced(report))
    (tmp_path / "stack.yaml").write_text(TOPICS.replace("Bucket${Name}:", "Other${Name}:"))
    assert list(misplaced(report))
