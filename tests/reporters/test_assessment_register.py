"""The register of information as CSV: every column of every template, and nothing that a spreadsheet computes."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from scanner.compliance.assess import assess
from scanner.compliance.frameworks import frameworks
from scanner.config import load_config
from scanner.model.assessment import Assessment, ComplianceReport, Section, Summary
from scanner.pipeline import scan
from scanner.reporters.assessment_register import HEADER, render

EXAMPLES = Path(__file__).parents[2] / "examples"

COLUMNS = {"B_02.02": 18, "B_05.01": 12, "B_05.02": 7, "B_06.01": 10, "B_07.01": 12}
"""How many columns the templates have in the layout of the European Banking Authority, numbered c0010, c0020, …"""
OTHERS = {"B_01.01", "B_01.02", "B_01.03", "B_02.01", "B_02.03", "B_03.01", "B_03.02", "B_03.03", "B_04.01", "B_99.01"}


@pytest.fixture(scope="module")
def lines() -> list[dict[str, str]]:
    folder = EXAMPLES / "tokyo-exchange"
    report = scan([folder], load_config(folder / ".riskscan.yaml"), ())
    return read(render(assess(report, [frameworks()["dora"]])))


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def cell(lines: list[dict[str, str]], template: str, about: str, column: str) -> list[str]:
    return [x["value"] for x in lines if (x["template"], x["about"], x["column"]) == (template, about, column)]


def test_every_column_of_every_template_is_told(lines: list[dict[str, str]]) -> None:
    for template, number in COLUMNS.items():
        told = {line["column"] for line in lines if line["template"] == template}
        assert told == {f"c{10 * index:04}" for index in range(1, number + 1)}
    assert {line["template"] for line in lines} == {*COLUMNS, *OTHERS}


def test_what_stays_empty_says_why(lines: list[dict[str, str]]) -> None:
    assert all(line["remark"] for line in lines)
    assert all(line["value"] == "" for line in lines if not line["row"])


def test_every_filled_cell_has_its_place(lines: list[dict[str, str]]) -> None:
    filled = [line for line in lines if line["value"]]

    assert len(filled) > 40
    assert all(":" in line["where"] for line in filled)


def test_functions(lines: list[dict[str, str]]) -> None:
    assert cell(lines, "B_06.01", "orders", "c0010") == ["F1"]
    assert cell(lines, "B_06.01", "orders", "c0050") == ["Yes"]  # the configuration rates it critical
    assert cell(lines, "B_06.01", "market-data", "c0050") == [""]  # medium is no assessment


def test_countries_and_data(lines: list[dict[str, str]]) -> None:
    about = "market-data: Amazon Web Services"

    assert cell(lines, "B_02.02", about, "c0130") == ["JP", "US", ""]  # Tokyo, a certificate, CloudFront
    assert cell(lines, "B_02.02", about, "c0150") == ["JP", "", ""]
    assert cell(lines, "B_02.02", about, "c0160") == ["JP", "", ""]  # a certificate works on no data


def test_substitutability(lines: list[dict[str, str]]) -> None:
    options = {line["value"] for line in lines if (line["template"], line["column"]) == ("B_07.01", "c0050")}

    assert options == {"Highly complex substitutability", "Medium complexity in terms of substitutability"}


def made(*rows: tuple[str, ...]) -> ComplianceReport:
    columns = ("Row", "c0050 Name of the provider", "Where the files say so")
    section = Section("register-b-05-01", "title", "text", columns, rows)
    assessment = Assessment(frameworks()["dora"], Summary((), (), (), ()), (), sections=(section,))
    return ComplianceReport("1.0", "/base", (assessment,), (), (), {})


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\n=1", ' "=1"', "\x1b[31m", "\u202e", "a,b", '"']
)
def test_no_cell_is_a_formula(text: str) -> None:
    shown = render(made((text, text, text)))

    for row in csv.reader(io.StringIO(shown, newline="")):
        assert len(row) == len(HEADER)
        assert not any(value.lstrip().startswith(("=", "+", "-", "@", "\t", "\r")) for value in row)
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_without_a_register_there_is_only_the_header() -> None:
    report = ComplianceReport("1.0", "/base", (), (), (), {})

    assert render(report) == ",".join(HEADER) + "\r\n"
