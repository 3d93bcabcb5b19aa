"""SARIF: the OASIS schema, GitHub's own rules, and the values that decide what an alert looks like."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from msgspec.structs import replace

from scanner.model.finding import Axis, Finding, Outcome, Related, Severity
from scanner.model.problem import Problem, ProblemKind
from scanner.model.report import Report
from scanner.model.span import Span
from scanner.reporters.fingerprint import line_hashes
from scanner.reporters.options import Options
from scanner.reporters.sarif import MAX_NOTIFICATIONS, MAX_RESULTS, render
from scanner.reporters.sarif_contract import check

Make = Callable[..., Report]
MakeFinding = Callable[..., Finding]

# The schema of the OASIS standard as @microsoft/sarif-multitool ships it (MIT).
SCHEMA = json.loads((Path(__file__).parent.parent / "fixtures" / "sarif-2.1.0.json").read_text(encoding="utf-8-sig"))
VALIDATOR = jsonschema.validators.validator_for(SCHEMA)(SCHEMA)


def log(report: Report, options: Options | None = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(render(report, options or Options()))
    return found


def run(report: Report, options: Options | None = None) -> dict[str, Any]:
    found: dict[str, Any] = log(report, options)["runs"][0]
    return found


def known_places(full: Report) -> Report:
    """The full report with the source of every place, so that all fingerprints are there."""
    return replace(full, sources={**full.sources, "a.tf": ("",) * 10})


@pytest.mark.parametrize(
    "options", [Options(), Options(unknown_fails=True), Options(show=frozenset({Outcome.UNKNOWN}))]
)
def test_a_full_report_is_valid_and_acceptable(full: Report, options: Options) -> None:
    document = log(known_places(full), options)
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    assert check(document) == []


def test_an_empty_report_is_valid_and_acceptable(report: Make) -> None:
    document = log(report())
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    assert check(document) == []
    assert document["runs"][0]["results"] == []


def test_a_result_stands_on_the_attribute_s_line(report: Make, finding: MakeFinding) -> None:
    result = run(report([finding()]), Options(prefix="infra/"))["results"][0]
    assert result["ruleId"] == "RS101"
    assert result["ruleIndex"] == 0
    assert result["level"] == "error"
    assert result["message"]["text"] == (
        "The database runs in one zone: multi_az is false.\n\nIf that zone fails, what reads it stops."
    )
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "infra/db/main.tf"},
                "region": {"startLine": 3, "startColumn": 3, "endLine": 3, "endColumn": 19},
            },
            "logicalLocations": [{"fullyQualifiedName": "aws_db_instance.main", "kind": "resource"}],
        }
    ]
    assert result["partialFingerprints"]["riskscan/v1"] == "aa11"


def test_a_block_is_reported_by_its_first_line(report: Make, finding: MakeFinding) -> None:
    result = run(report([finding(span=Span("db/main.tf", 1, 1, 4, 2))]))["results"][0]
    # The first line of the source has 35 characters; endColumn is exclusive.
    assert result["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 36
    }  # fmt: skip
    unknown_file = run(report([finding(span=Span("gone.tf", 1, 1, 4, 2))]))["results"][0]
    assert unknown_file["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}


def test_the_chain_and_related_places_are_numbered_and_linked(full: Report) -> None:
    result = run(full)["results"][1]
    assert [(place["id"], place["message"]["text"]) for place in result["relatedLocations"]] == [
        (1, "in the module called"),
        (2, "module.other: called here too"),
    ]
    assert [place["physicalLocation"]["region"]["startLine"] for place in result["relatedLocations"]] == [7, 12]
    assert result["message"]["text"].endswith("\n\nSee also: [1](1), [2](2)")


@pytest.mark.parametrize(
    ("severity", "level", "number"),
    [
        (Severity.CRITICAL, "error", "9.5"),
        (Severity.HIGH, "error", "8.0"),
        (Severity.MEDIUM, "warning", "5.5"),
        (Severity.LOW, "note", "3.0"),
        (Severity.INFO, "note", "1.0"),
    ],
)
def test_severities(report: Make, finding: MakeFinding, severity: Severity, level: str, number: str) -> None:
    found = run(report([finding(severity=severity)]))
    rule = found["tool"]["driver"]["rules"][0]
    assert rule["properties"]["security-severity"] == number
    assert rule["defaultConfiguration"]["level"] == level
    assert found["results"][0]["level"] == level


def test_a_rule_says_everything(report: Make, finding: MakeFinding) -> None:
    rule = run(report([finding()]))["tool"]["driver"]["rules"][0]
    assert rule["id"] == "RS101"
    assert rule["name"] == "database-single-zone"
    assert rule["shortDescription"]["text"] == "A database runs in one zone"
    assert rule["properties"] == {
        "tags": ["security", "zone", "availability"],
        "precision": "high",
        "security-severity": "8.0",
    }
    assert "```hcl\nmulti_az = true\n```" in rule["help"]["markdown"]
    assert "* nist-800-53: CP-7, CP-10" in rule["help"]["markdown"]


def test_a_rule_without_words_is_still_acceptable(report: Make, finding: MakeFinding) -> None:
    assert check(log(report([finding(rule="RS999", slug="own-rule")], rules={}))) == []


def test_suppressed_passed_and_unknown_are_no_results(full: Report) -> None:
    assert len(run(full)["results"]) == 2
    shown = run(full, Options(show=frozenset({Outcome.UNKNOWN})))["results"]
    assert [result["level"] for result in shown] == ["error", "error", "note"]
    assert shown[2]["message"]["text"].startswith("Unknown: The database")
    failing = run(full, Options(unknown_fails=True))["results"]
    assert [result["level"] for result in failing] == ["error", "error", "error"]


def test_one_alert_for_a_rule_and_line(report: Make, finding: MakeFinding) -> None:
    here = Span("db/main.tf", 3, 3, 3, 19)
    calls = [here.under(Span("main.tf", line, 1, line, 9), "in the module called") for line in (7, 12)]
    findings = [finding(span=span, resource=f"module.m{n}.a.b") for n, span in enumerate(calls)]
    document = log(report(findings))
    assert check(document) == []
    (found,) = document["runs"][0]["results"]
    assert [place["message"]["text"] for place in found["relatedLocations"]] == [
        "in the module called",
        "module.m1.a.b: the same here",
    ]
    assert [place["physicalLocation"]["region"]["startLine"] for place in found["relatedLocations"]] == [7, 12]


def test_problems_are_notifications(full: Report, report: Make) -> None:
    invocation = run(full)["invocations"][0]
    assert invocation["executionSuccessful"] is False
    notes = {n["descriptor"]["id"]: n for n in invocation["toolExecutionNotifications"]}
    assert notes["invalid"]["level"] == "error"
    assert notes["invalid"]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "bad.tf"
    assert notes["module-unavailable"]["level"] == "warning"
    assert notes["unknown"]["message"]["text"] == "1 question not decided by the files."
    assert notes["suppressed"]["message"]["text"] == "1 question suppressed by waivers."
    only_module = report(problems=(Problem(Span("a.tf", 1), ProblemKind.MODULE, "x"),))
    assert run(only_module)["invocations"][0]["executionSuccessful"] is True


def test_no_more_than_github_keeps(report: Make, finding: MakeFinding) -> None:
    findings = [
        finding(severity=Severity(n % 5), span=Span("db/main.tf", n + 1, 1, n + 1, 2), fingerprint=str(n))
        for n in range(25_001)
    ]
    document = log(report(findings, sources={"db/main.tf": ("x",) * 25_001}))
    assert check(document) == []
    results = document["runs"][0]["results"]
    assert len(results) == MAX_RESULTS
    assert {result["properties"]["severity"] for result in results} == {"critical"}
    notes = document["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert notes[0]["message"]["text"] == "20001 of 25001 results are left out, the mildest ones."


def test_notifications_are_capped(report: Make) -> None:
    problems = tuple(Problem(Span("a.tf", n + 1), ProblemKind.MODULE, "x") for n in range(MAX_NOTIFICATIONS + 5))
    notes = run(report(problems=problems))["invocations"][0]["toolExecutionNotifications"]
    assert notes[-1]["message"]["text"] == "5 more problems are left out."


@pytest.mark.parametrize(
    ("file", "prefix", "expected"),
    [
        ("main.tf", "", "main.tf"),
        ("main.tf", "infra/", "infra/main.tf"),
        ("./a/../main.tf", "", "main.tf"),
        ("a b/é.tf", "", "a%20b/%C3%A9.tf"),
        ("a:b#c?d%.tf", "", "a%3Ab%23c%3Fd%25.tf"),
        ("bad\udcff.tf", "", "bad%FF.tf"),
    ],
)
def test_uris(report: Make, finding: MakeFinding, file: str, prefix: str, expected: str) -> None:
    result = run(report([finding(span=Span(file, 1))]), Options(prefix=prefix))["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == expected


def test_the_category_ends_with_a_slash(report: Make) -> None:
    assert run(report(), Options(category="prod"))["automationDetails"]["id"] == "riskscan/prod/"
    assert run(report(), Options(category="/prod/"))["automationDetails"]["id"] == "riskscan/prod/"


def test_line_hashes_ignore_line_ends_and_redaction(report: Make, finding: MakeFinding) -> None:
    source = 'a {\n  password = "hunter22"\n}\n'
    expected = line_hashes(source)[1]
    for text in (source, source.replace("\n", "\r\n")):
        page = report(
            [finding(span=Span("x.tf", 2, 3, 2, 5))],
            sources={"x.tf": tuple(text.split("\n"))},
            secrets=frozenset({"hunter22"}),
        )
        assert run(page)["results"][0]["partialFingerprints"]["primaryLocationLineHash"] == expected


@pytest.mark.parametrize("text", ["[x](javascript:alert(1))", "[x](1)", "a](b", "\x1b[31m\n::error::x"])
def test_scanned_text_cannot_make_links_or_escapes(report: Make, finding: MakeFinding, text: str) -> None:
    page = report([finding(message=text, why=text, related=(Related(Span("a", 1), text, text),))])
    found = run(page)["results"][0]
    message, related = found["message"]["text"], found["relatedLocations"][0]["message"]["text"]
    for shown in (message.removesuffix("\n\nSee also: [1](1)"), related):
        assert "](" not in shown
        assert "\x1b" not in shown
    assert message.count("\n\n") == 2


# -- the contract check itself: a good log, spoiled in one way at a time -----------------------------------------------


def rule(document: Any) -> Any:
    return document["runs"][0]["tool"]["driver"]["rules"][0]


def result(document: Any) -> Any:
    return document["runs"][0]["results"][0]


def region(document: Any) -> Any:
    return result(document)["locations"][0]["physicalLocation"]["region"]


def artifact(document: Any) -> Any:
    return result(document)["locations"][0]["physicalLocation"]["artifactLocation"]


SPOILERS: list[tuple[Callable[[Any], object], str]] = [
    (lambda d: d.update(version="2.0"), "version"),
    (lambda d: d["runs"].append(d["runs"][0]), "2 runs"),
    (lambda d: d["runs"][0]["automationDetails"].update(id="riskscan"), "no slash"),
    (lambda d: d["runs"][0].pop("results"), "results is missing"),
    (lambda d: d["runs"][0]["invocations"][0].pop("executionSuccessful"), "executionSuccessful"),
    (lambda d: d["runs"][0]["results"].append(result(d)), "2 times the same result"),
    (lambda d: d["runs"][0]["results"].extend({} for _ in range(MAX_RESULTS)), "too many"),
    (lambda d: d["runs"][0]["tool"]["driver"]["rules"].append(rule(d)), "2 times the same rule"),
    (lambda d: rule(d)["properties"].update({"security-severity": 8.0}), "not a string"),
    (lambda d: rule(d)["properties"].update({"security-severity": "11"}), "outside"),
    (lambda d: rule(d)["properties"].update(tags=["zone"]), "tag `security`"),
    (lambda d: rule(d)["properties"].update(tags=["security", *map(str, range(10))]), "11 tags"),
    (lambda d: rule(d)["properties"].pop("precision"), "precision"),
    (lambda d: rule(d)["shortDescription"].update(text=""), "shortDescription.text is empty"),
    (lambda d: rule(d)["fullDescription"].update(text="x" * 1_025), "longer than 1024"),
    (lambda d: rule(d)["help"].pop("markdown"), "help.markdown"),
    (lambda d: rule(d).update(name="x" * 256), "longer than 255"),
    (lambda d: result(d).update(ruleIndex=5), "disagree"),
    (lambda d: result(d).update(message={"id": "x"}), "message.text"),
    (lambda d: result(d).update(level="none"), "level"),
    (lambda d: result(d).update(suppressions=[{"kind": "inSource"}]), "suppressions"),
    (lambda d: result(d).update(locations=[]), "0 locations"),
    (lambda d: artifact(d).update(uri="/a.tf"), "no relative URI"),
    (lambda d: artifact(d).update(uri="../a.tf"), "no relative URI"),
    (lambda d: artifact(d).update(uri="a b.tf"), "no relative URI"),
    (lambda d: artifact(d).update(uri="file:///a"), "no relative URI"),
    (lambda d: region(d).pop("startLine"), "no startLine"),
    (lambda d: region(d).update(endLine=9), "several lines"),
    (lambda d: region(d).update(endColumn=3), "not after startColumn"),
    (lambda d: result(d)["partialFingerprints"].pop("riskscan/v1"), "no fingerprint"),
    (lambda d: result(d)["partialFingerprints"].pop("primaryLocationLineHash"), "no primaryLocationLineHash"),
    (lambda d: result(d)["partialFingerprints"].update(primaryLocationLineHash="requires login"), "not as GitHub"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "part"), SPOILERS, ids=[part for _, part in SPOILERS])
def test_the_contract_notices(report: Make, finding: MakeFinding, spoil: Callable[[Any], object], part: str) -> None:
    document = log(report([finding()]))
    assert check(document) == []
    spoil(document)
    assert part in "\n".join(check(document))


def test_axes_are_tags(report: Make, finding: MakeFinding) -> None:
    for axis in Axis:
        page = report([finding()], rules={"RS101": replace(report().rules["RS101"], axis=axis)})
        assert axis.value in rule(log(page))["properties"]["tags"]
