"""Estates of a few lines, scanned and held against frameworks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from scanner.compliance.assess import assess
from scanner.compliance.frameworks import frameworks
from scanner.config import Config
from scanner.model.assessment import Attested, ComplianceReport
from scanner.pipeline import scan
from scanner.reporters.redact import redacted

Assess = Callable[..., ComplianceReport]


@pytest.fixture
def assessed(tmp_path: Path) -> Assess:
    """The evidence of files for frameworks."""

    def call(
        files: dict[str, str], *names: str, attested: Sequence[Attested] = (), **settings: Any
    ) -> ComplianceReport:
        for name, text in files.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        report = redacted(scan([tmp_path], replace(Config(), **settings), ()))
        return assess(report, [frameworks()[name] for name in names], attested)

    return call
