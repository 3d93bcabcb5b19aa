"""JUnit XML, read back by the standard library's parser."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest

from scanner.model.finding import Finding, Outcome
from scanner.model.report import Report
from scanner.reporters.junit import render
from scanner.reporters.options import Options

Make = Callable[..., Report]
MakeFinding = Callable[..., Finding]


def parsed(report: Report, options: Options | None = None) -> ET.Element:
    return ET.fromstring(render(report, options or Options()).encode())  # noqa: S314 - our own text


def test_a_full_report(full: Report) -> None:
    root = parsed(full, Options(prefix="infra/"))
    assert root.attrib == {"name": "riskscan", "tests": "7", "failures": "2", "errors": "2", "skipped": "2"}
    suites = {suite.attrib["name"]: suite for suite in root}
    rule = suites["RS101 database-single-zone"]
    assert {name: rule.attrib[name] for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "6", "failures": "2", "errors": "1", "skipped": "2"
    }  # fmt: skip
    cases = {(case.attrib["name"], case.attrib["line"]): case for case in rule}
    failure = cases["aws_db_instance.main", "1"]
    assert failure.attrib["file"] == "infra/db/main.tf"
    assert failure.attrib["classname"] == "database-single-zone"
    assert failure[0].tag == "failure"
    assert failure[0].attrib == {"message": "The database runs in one zone: multi_az is false.", "type": "critical"}
    assert failure[0].text == "db/main.tf:1:1: If that zone fails, what reads it stops."
    assert [child.tag for child in cases["aws_db_instance.good", "3"]] == []
    assert cases["aws_db_instance.known", "3"][0].attrib == {"message": "Rebuilt nightly."}
    assert cases["aws_db_instance.odd", "3"][0].tag == "error"
    assert suites["input"][0][0].attrib == {"message": "unexpected }", "type": "invalid"}


def test_unknowns_fail_on_request(report: Make, finding: MakeFinding) -> None:
    assert parsed(report([finding(Outcome.UNKNOWN)])).attrib["skipped"] == "1"
    assert parsed(report([finding(Outcome.UNKNOWN)]), Options(unknown_fails=True)).attrib["failures"] == "1"


@pytest.mark.parametrize("text", ["<a>&\"'", "\x00\x1b[31m\x85", "\ufffe\uffff\udcff", "]]>", "日本 \U0001f600"])
def test_any_text_is_well_formed(report: Make, finding: MakeFinding, text: str) -> None:
    root = parsed(report([finding(message=text, why=text, resource=text, slug=text)]))
    shown = root[0][0].attrib["name"]
    if text.isprintable() and "\uffff" not in text:
        assert shown == text
