"""OSCAL assessment results, read by bindings that were generated from NIST's own JSON schema."""

from __future__ import annotations

import json
import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from oscal_bindings import AssessmentResultsDocument

from scanner.compliance.assess import assess
from scanner.compliance.frameworks import frameworks
from scanner.config import Config, load_config
from scanner.model.assessment import (
    Assessment,
    Attested,
    ComplianceReport,
    Control,
    ControlEvidence,
    Direction,
    Evidence,
    Framework,
    Origin,
    Status,
    Summary,
)
from scanner.model.finding import Related, Severity
from scanner.model.span import Span
from scanner.pipeline import scan
from scanner.reporters.assessment_oscal import OPTIONAL, render, token
from scanner.reporters.options import Options
from scanner.simulation.incidents import load_incidents

EXAMPLES = Path(__file__).parents[2] / "examples"
OPTIONS = Options(timestamp="2025-01-31T12:00:00Z")

HOSTILE = (
    "<script>alert(1)</script>",
    "[click](https://evil.example)",
    "{{ insert: param, ac-1_prm_1 }}",
    "a\nb\x1b[31m\u202e",
    "```",
    "*_~ |",
    " ",
    "",
    "../../etc/passwd",
    "a b#c?d%",
    "\ud800",
)


@cache
def example(name: str, *names: str) -> ComplianceReport:
    """Every framework that is named, against an example."""
    folder = EXAMPLES / name
    file = folder / ".riskscan.yaml"
    config = load_config(file) if file.exists() else Config()
    known = frameworks()
    report = scan([folder], config, load_incidents().values())
    return assess(report, [known[each] for each in names or known])


def results(report: ComplianceReport, options: Options = OPTIONS) -> dict[str, Any]:
    """The document, after the bindings found it valid.

    They are given the parsed document: given text, they overlook misspelled keys (their README tells).
    """
    document = json.loads(render(report, options))
    AssessmentResultsDocument.model_validate(document)
    found: dict[str, Any] = document["assessment-results"]
    return found


def made(text: str = "words", name: str = "aws_instance.x", file: str = "main.tf", **more: Any) -> ComplianceReport:
    """One control of one framework with one piece of evidence against it."""
    evidence = Evidence(
        1,
        text,
        Direction.AGAINST,
        Origin.RULE,
        Span(file, 3),
        rule="RS001",
        resource=name,
        services=(name,),
        severity=Severity.HIGH,
        domains=(text,),
        related=(Related(Span(file, 4), text, name),),
        accepted=text,
    )
    evidence = replace(evidence, **more)
    control = Control("Art. 1(a)", text or "title", (), (), Status.VERIFIED, text)
    framework = Framework("law", text or "Law", text, "https://example.org/law", (control,))
    assessment = Assessment(
        framework, Summary((text,), (evidence,), (text,), (text,)), (ControlEvidence(control, (evidence,)),)
    )
    return ComplianceReport("1.0", "/base", (assessment,), (evidence,), (), {})


@pytest.mark.parametrize("name", ["tokyo-exchange", "validator-fleet"])
def test_every_framework_of_an_example_is_valid(name: str) -> None:
    found = results(example(name))

    assert len(found["results"]) == len(frameworks())


def test_a_finding_for_each_control_with_evidence_against_it() -> None:
    report = example("tokyo-exchange", "dora", "nist-800-53")

    for assessment, result in zip(report.assessments, results(report)["results"], strict=True):
        against = {
            each.control.id
            for each in assessment.controls
            if each.of(Direction.AGAINST) and each.control.id not in OPTIONAL.get(assessment.framework.id, ())
        }
        found = {p["value"] for f in result["findings"] for p in f["props"] if p["name"] == "control"}
        assert found == against
        assert len(result["findings"]) == len(against)


def test_nothing_is_satisfied() -> None:
    """No file proves that an objective is satisfied: where evidence is in favour alone there is no finding."""
    text = render(example("tokyo-exchange"), OPTIONS)

    assert set(re.findall(r'"state": "([^"]+)"', text)) == {"not-satisfied", "operational"}  # the latter of the tool


def test_controls_that_ask_for_nothing_have_no_finding() -> None:
    """DORA allows several vendors and does not demand them."""
    report = example("tokyo-exchange", "dora")

    controls = {each.control.id: each for each in report.assessments[0].controls}
    assert controls["Art. 6(9)"].of(Direction.AGAINST)
    found = results(report)["results"][0]["findings"]
    assert not [f for f in found if f["title"].startswith("Art. 6(9)")]


def test_evidence_leads_to_file_and_line() -> None:
    report = example("tokyo-exchange", "dora")

    claims = {f"E{claim.number}": claim for claim in report.evidence}
    observations = results(report)["results"][0]["observations"]
    assert observations
    for observation in observations:
        number = next(p["value"] for p in observation["props"] if p["name"] == "number")
        href = observation["relevant-evidence"][0]["href"]
        file, _, line = href.partition("#L")
        assert (file, int(line)) == (claims[number].span.file, claims[number].span.line)
        assert Path(report.base, file).is_file()


def test_links_to_the_repository() -> None:
    options = replace(OPTIONS, repository_url="https://example.org/o/r", revision="abc", prefix="infra/")

    (evidence, _) = results(made(), options)["results"][0]["observations"][0]["relevant-evidence"]
    assert evidence["href"] == "https://example.org/o/r/blob/abc/infra/main.tf#L3"


def test_references_lead_somewhere() -> None:
    """What names a subject, an actor, an observation or a resource of the document names one that is there."""
    found = results(example("tokyo-exchange", "dora", "mica"))

    resources = {each["uuid"] for each in found["back-matter"]["resources"]}
    assert found["import-ap"]["href"].removeprefix("#") in resources
    for result in found["results"]:
        local = result["local-definitions"]
        items = {item["uuid"] for item in local["inventory-items"]}
        tools = {component["uuid"] for component in local["assessment-assets"]["components"]}
        observed = {observation["uuid"] for observation in result["observations"]}
        assert len(observed) == len(result["observations"])
        assert {link["href"].removeprefix("#") for link in result["links"]} <= resources
        for observation in result["observations"]:
            assert {subject["subject-uuid"] for subject in observation.get("subjects", ())} <= items
            assert {actor["actor-uuid"] for origin in observation["origins"] for actor in origin["actors"]} <= tools
        for finding in result["findings"]:
            assert {each["observation-uuid"] for each in finding["related-observations"]} <= observed


def test_attestations_are_observed_where_they_are_written() -> None:
    attested = Attested("the exit plan was tested", "Risk office", date(2027, 1, 31), False, Span(".riskscan.yaml", 9))
    report = made()
    (assessment,) = report.assessments
    (control,) = assessment.controls
    control = replace(control, attestations=(attested,))
    result = results(replace(report, assessments=(replace(assessment, controls=(control,)),)))["results"][0]

    observation = result["observations"][-1]
    assert observation["description"].startswith("Risk office attests: the exit plan was tested.")
    assert observation["relevant-evidence"][0]["href"] == ".riskscan.yaml#L9"
    assert {"observation-uuid": observation["uuid"]} in result["findings"][0]["related-observations"]
    assert result["findings"][0]["target"]["status"]["state"] == "not-satisfied"


def test_two_runs_give_the_same_bytes() -> None:
    assert render(example("tokyo-exchange", "dora"), OPTIONS) == render(example("tokyo-exchange", "dora"), OPTIONS)


def test_the_clock_is_the_one_that_was_given() -> None:
    text = render(made(), OPTIONS)

    assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", text)) == {OPTIONS.timestamp}


def test_identifiers_last_while_lines_move() -> None:
    def identifiers(line: int) -> list[str]:
        result = results(made(span=Span("main.tf", line)))["results"][0]
        return [result["uuid"], result["observations"][0]["uuid"], result["findings"][0]["uuid"]]

    assert identifiers(3) == identifiers(30)


def test_a_document_that_differs_has_another_identifier() -> None:
    assert results(made("one"))["uuid"] != results(made("two"))["uuid"]


@pytest.mark.parametrize(
    ("framework", "control", "expected"),
    [
        ("nist-800-53", "CP-7(1)", "cp-7.1"),  # as NIST's own catalog writes them
        ("nist-800-53", "CP-7", "cp-7"),
        ("dora", "Art. 29(1)(b)", "dora_art-29-1-b"),
        ("iso27001", "A.5.23", "iso27001_a-5-23"),
    ],
)
def test_tokens(framework: str, control: str, expected: str) -> None:
    found = {each.id: each for each in frameworks()[framework].controls}

    assert token(framework, found[control]) == expected


def test_tokens_differ_where_controls_do() -> None:
    for framework in frameworks().values():
        tokens = [token(framework.id, control) for control in framework.controls]
        assert len(set(tokens)) == len(tokens)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    found = results(made(text, text or "x", text.strip() or "main.tf"))

    shown = found["results"][0]["observations"][0]["description"]
    for markup in ("<", "[", "`", "*", "|"):
        assert not re.search(rf"(?<!\\){re.escape(markup)}", shown)
    assert "{{" not in shown
    raw = render(made(text, text or "x"), OPTIONS)
    assert not set(raw) & {"\x1b", "\u202e", "\ud800"}
