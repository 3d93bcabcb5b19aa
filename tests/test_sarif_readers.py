"""Readers of SARIF that are not ours: they count what the JSON report of the same scan counts, and errors are noticed."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("sarif", "check_jsonschema")),
    reason="the readers are not installed: extra dev",
)


def benchmark() -> Any:
    """``benchmarks/sarif.py``, which is no part of the package and shares its name with one of the readers."""
    spec = importlib.util.spec_from_file_location("sarif_benchmark", ROOT / "benchmarks" / "sarif.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


readers = benchmark()


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    found: tuple[Path, dict[str, Any]] = readers.scan(
        ROOT / "examples" / "custody-wallet-repaired", tmp_path_factory.mktemp("scanned")
    )
    return found


def test_a_consumer_counts_what_the_report_counts(scanned: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    sarif, report = scanned
    wanted = readers.expected(report)
    assert 0 < len(wanted) < len([f for f in report["findings"] if f["outcome"] == "fail"])  # some share a line
    assert not list(readers.consumer_faults(sarif, wanted, tmp_path))


def test_what_a_consumer_misses_is_noticed(scanned: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    sarif, report = scanned
    log = json.loads(sarif.read_text())
    lost = log["runs"][0]["results"].pop()
    (tmp_path / "less.sarif").write_text(json.dumps(log))
    faults = "\n".join(readers.consumer_faults(tmp_path / "less.sarif", readers.expected(report), tmp_path))
    assert "sarif summary counts" in faults
    assert f"lists other rules: ['{lost['ruleId']}']" in faults
    assert "sarif csv has 1 rows apart" in faults
    assert "sarif diff since empty" in faults


def test_what_the_schema_refuses_is_noticed(scanned: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    sarif, _ = scanned
    assert not list(readers.schema_faults(sarif))
    log = json.loads(sarif.read_text())
    log["runs"][0]["results"][0]["level"] = "fatal"
    (tmp_path / "wrong.sarif").write_text(json.dumps(log))
    (fault,) = readers.schema_faults(tmp_path / "wrong.sarif")
    assert "fatal" in fault
