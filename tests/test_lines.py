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
