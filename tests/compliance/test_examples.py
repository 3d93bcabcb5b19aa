"""What is shown of every example, for every framework and in every format."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from scanner.compliance.assess import assess
from scanner.compliance.frameworks import frameworks
from scanner.config import Config, load_config, shown_from
from scanner.model.assessment import Attested, ComplianceReport, Direction, Origin
from scanner.model.span import Span
from scanner.pipeline import scan
from scanner.reporters import ASSESSMENTS, Options, render_assessments
from scanner.reporters.redact import redacted
from scanner.simulation.incidents import load_incidents

ROOT: Final = Path(__file__).parents[2]
EXAMPLES: Final = sorted(path.name for path in (ROOT / "examples").iterdir() if path.is_dir())
SCHEMA: Final = json.loads((ROOT / "scanner" / "reporters" / "assessment_schema.json").read_text(encoding="utf-8"))


@cache
def report_of(name: str) -> ComplianceReport:
    folder = ROOT / "examples" / name
    file = folder / ".riskscan.yaml"
    config = load_config(file) if file.is_file() else Config()
    report = redacted(scan([folder], replace(config, cache=None), load_incidents().values()))
    attested = tuple(
        Attested(a.claim, a.holder, a.until, a.past(None), a.span or Span(".riskscan.yaml", 1), a.resource, a.control)
        for a in shown_from(config, Path(report.base)).attest
    )
    return assess(report, tuple(frameworks().values()), attested)


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("format_name", ASSESSMENTS)
def test_no_output_says_that_anything_is_compliant(name: str, format_name: str) -> None:
    text = render_assessments(format_name, report_of(name), Options())
    assert re.findall(r".{0,40}\bcompliant\b.{0,40}", text, re.IGNORECASE) == []
    assert re.findall(r".{0,40}\bcompl(?:y|ies)\b.{0,40}", text, re.IGNORECASE) == []
    assert len(text) > 1000


@pytest.mark.parametrize("framework", sorted(frameworks()))
def test_each_framework_has_evidence_in_some_example(framework: str) -> None:
    found = [
        (name, each.control.id)
        for name in EXAMPLES
        for assessment in report_of(name).assessments
        if assessment.framework.id == framework
        for each in assessment.controls
        if any(claim.origin is not Origin.PROBLEM for claim in each.evidence)
    ]
    assert found


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_claim_is_a_sentence_at_a_line_that_exists(name: str) -> None:
    report = report_of(name)
    base = Path(report.base)
    lengths: dict[str, int] = {}
    for claim in report.evidence:
        assert claim.text.endswith("."), claim.text
        assert re.match(r"[A-Z“0-9]", claim.text), claim.text
        assert not re.search(r"\b(zone|region|provider|account|owner|custodian|edge|ca|registrar):\w", claim.text), (
            claim
        )
        file = claim.span.file
        if file not in lengths:
            lengths[file] = len((base / file).read_text(encoding="utf-8").splitlines())
        assert 1 <= claim.span.line <= lengths[file], claim


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_control_of_every_framework_is_shown(name: str) -> None:
    report = report_of(name)
    shown = {(a.framework.id, each.control.id) for a in report.assessments for each in a.controls}
    assert shown == {(key, control.id) for key, framework in frameworks().items() for control in framework.controls}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_json_keeps_to_its_schema(name: str) -> None:
    document = json.loads(render_assessments("json", report_of(name), Options()))
    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(document)] == []


def test_dora_on_the_exchange_in_tokyo() -> None:
    """As a supervisor would ask: what stops it, who is behind it, what nobody has shown."""
    (dora,) = (a for a in report_of("tokyo-exchange").assessments if a.framework.id == "dora")
    by_id = {each.control.id: each for each in dora.controls}
    worst = [claim.text for claim in dora.summary.worst]
    assert worst[0].startswith("The failure of the provider Amazon Web Services alone stops the services “orders”")
    concentration = [claim.text for claim in by_id["Art. 29(1)(b)"].of(Direction.AGAINST)]
    assert "Infura and Linea both belong to Consensys." in concentration
    register = " ".join(claim.text for claim in by_id["Art. 28(3)"].of(Direction.OPEN))
    for party in ("Amazon Web Services", "Consensys", "Fireblocks"):
        assert party in register
    keys = [claim.text for claim in by_id["Art. 9(4)(d)"].of(Direction.AGAINST)]
    assert "The custodian Fireblocks alone can refuse to release “hot-wallet”." in keys
    assert any("market_data_multi_az" in text for text in dora.summary.remaining)


def test_two_runs_give_the_same_bytes() -> None:
    first = render_assessments("html", report_of("validator-fleet"), Options())
    report_of.cache_clear()
    assert render_assessments("html", report_of("validator-fleet"), Options()) == first
