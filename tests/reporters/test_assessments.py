"""Evidence for controls in every format: what is shown, and that text of strangers stays text."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
from datetime import date
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options as Cmark
from msgspec.structs import replace

import scanner.reporters
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
    Section,
    Status,
    Summary,
)
from scanner.model.coverage import FormatCoverage
from scanner.model.finding import Acceptance, Axis, Related, Severity
from scanner.model.problem import Problem, ProblemKind
from scanner.model.span import Span
from scanner.reporters import ASSESSMENTS, Options, render_assessments
from scanner.reporters.assessment_csv import COLUMNS, neutral

SCHEMA: Final = Path(scanner.reporters.__file__).with_name("assessment_schema.json")
HOST: Final = "https://github.com/example/exchange"
LINKED: Final = Options(repository_url=HOST, revision="c" * 40)

HOSTILE: Final = {
    "markdown": "**b** _i_ ~~s~~ # h > q [a](https://evil.example) ![p](https://evil.example/p.png) <https://evil.example>",
    "html": "<img src=x onerror=alert(1)><a href='javascript:alert(1)'>x</a><!-- --><h1>owned</h1>",
    "closing": "</code></li></td></tr></table></style></title></main><script>alert(1)</script>",
    "quotes": "\" onmouseover=alert(1) x='y' `z`",
    "template": "{{ 7 * 7 }} {% raw %} {# x #} ${7*7} <%= 7 %>",
    "entities": "&lt;img src=x&gt; &#60;img&#62; &amp;lt;b&amp;gt;",
    "table": "a | b || c \\| d |\n|---|---|\n| e",
    "list": "1. x\n- y\n# z",
    "formula": '=HYPERLINK("https://evil.example","x")',
    "plus": "+1+cmd|' /C calc'!A0",
    "minus": "-1+1",
    "at": "@SUM(A1:A9)",
    "tab": "\t=1+1",
    "return": "\r=1+1",
    "blanks": "  =1+1",
    "wide formula": "\uff1d1+1",
    "cells": 'a","=1+1","b\r\n=1+1;=1+1',
    "controls": "\x1b]0;owned\x07\x9b31m\x00\x7f",
    "bidi": "\u202eowned\u2066x\u200f",
    "breaks": "a\u2028b\u2029c\ufeff",
    "mention": "@octocat #1 www.evil.example",
    "math": "$x$ $$y$$",
    "log": "##[error]x\n::error::y",
    "wide": "日本 é 🛢️",
}


def claim(number: int, text: str, direction: Direction, **changes: Any) -> Evidence:
    made = Evidence(
        number=number,
        text=f"{text}.",
        direction=direction,
        origin=Origin.RULE,
        span=Span("db/main.tf", 3),
        rule="RS101",
        check=text,
        resource=text,
        services=(text,),
        severity=Severity.HIGH,
        axis=Axis.ZONE,
        meaning=text,
        domains=("zone:aws/ap-northeast-1a",),
        related=(Related(Span("main.tf", 7), text, text),),
    )
    return replace(made, **changes)


def made(text: str) -> ComplianceReport:
    """A report of one framework with three controls, in which every text of strangers is the same."""
    file = f"{text}.tf" if text else "x.tf"
    claims = (
        claim(1, text, Direction.AGAINST),
        claim(2, text, Direction.AGAINST, accepted=text, accepted_by=Acceptance.WAIVER, span=Span(file, 1)),
        claim(3, text, Direction.OPEN, origin=Origin.PROBLEM, rule="", check="", resource="", services=()),
        claim(4, text, Direction.FOR),
        claim(5, text, Direction.FOR),
        claim(6, text, Direction.OPEN, origin=Origin.COEFFICIENT, rule="", check="", severity=None, axis=None),
    )
    place = Span(".riskscan.yaml", 9)
    words = (
        Attested(text, text, date(2027, 1, 31), False, place, control="dora:Art. 1", reference=text),
        Attested(text, "", date(2026, 1, 31), True, place, resource=text),
    )
    controls = (
        Control("Art. 1", "First", (Axis.ZONE,), (), Status.VERIFIED, "Only people can show it."),
        Control("Art. 2", "Second", (), (Axis.DATA,), Status.PARTLY, "Only people can show that.", "A remark."),
        Control("Art. 3", "Third", (Axis.DATA,), (), Status.MEMORY, "Only people can show this."),
    )
    assessment = Assessment(
        Framework("dora", "A law", "1", "https://example.org/law", controls),
        Summary((text,), claims[:1], (text,), (text,)),
        (
            ControlEvidence(controls[0], claims, words, (text,)),
            ControlEvidence(controls[1], claims[:1]),
            ControlEvidence(controls[2], ()),
        ),
        (replace(words[0], control="dora"),),
        (Section("parties", text, text, ("Party", text), ((text, "db/main.tf:3"), ("B", text)), text),),
    )
    return ComplianceReport(
        tool_version="1.2.3",
        base="/repository",
        assessments=(assessment,),
        evidence=claims,
        problems=(Problem(Span(file, 1), ProblemKind.INVALID, text),),
        coverage={"terraform": FormatCoverage(2, 1, 0, 1)},
        day=date(2026, 11, 27),
    )


PLAIN: Final = made("plain words")


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).replace("\u200b", "").split())


def page(text: str) -> Page:
    shown = Page()
    shown.feed(text)
    shown.close()
    return shown


def shown_markdown(report: ComplianceReport) -> Page:
    text = render_assessments("markdown", report, LINKED)
    return page(github_flavored_markdown_to_html(text, Cmark.CMARK_OPT_UNSAFE))


# -- text of strangers -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_is_built_as_with_plain_words(name: str) -> None:
    hostile, plain = shown_markdown(made(HOSTILE[name])), shown_markdown(PLAIN)
    without = [tag for tag in hostile.tags if tag != "span"]  # around a dollar
    assert without == plain.tags
    addresses = {value for tag, attribute, value in hostile.attributes if attribute in ("href", "src")}
    assert all(value.startswith((f"{HOST}/", "https://example.org/law")) for value in addresses)


@pytest.mark.parametrize("name", HOSTILE)
def test_html_is_built_as_with_plain_words(name: str) -> None:
    hostile = page(render_assessments("html", made(HOSTILE[name]), LINKED))
    plain = page(render_assessments("html", PLAIN, LINKED))
    assert hostile.tags == plain.tags
    assert [(tag, attribute) for tag, attribute, _ in hostile.attributes] == [(t, a) for t, a, _ in plain.attributes]
    assert not any(attribute.startswith("on") for _, attribute, _ in hostile.attributes)
    addresses = {value for _, attribute, value in hostile.attributes if attribute in ("href", "src")}
    assert all(value.startswith(("#", f"{HOST}/", "https://example.org/law")) for value in addresses)
    assert not {"script", "img", "iframe", "object", "link", "form", "base"} & set(hostile.tags)


@pytest.mark.parametrize("name", ["markdown", "html", "closing", "template", "entities", "math", "wide"])
@pytest.mark.parametrize("format_name", ["markdown", "html"])
def test_readers_see_the_text_itself(name: str, format_name: str) -> None:
    report = made(HOSTILE[name])
    shown = shown_markdown(report) if format_name == "markdown" else page(render_assessments("html", report, LINKED))
    assert "".join(HOSTILE[name].split()) in "".join(shown.text.split())


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("format_name", ASSESSMENTS)
def test_no_control_character_reaches_a_reader(name: str, format_name: str) -> None:
    text = render_assessments(format_name, made(HOSTILE[name]), LINKED)
    line_ends = {"\n", "\r"} if format_name in ("csv", "register") else {"\n"}
    assert {c for c in text if not c.isprintable()} - line_ends - {"\u200b"} == set()


# -- CSV -------------------------------------------------------------------------------------------


def rows(report: ComplianceReport) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(render_assessments("csv", report, LINKED), newline=""), strict=True))


@pytest.mark.parametrize("name", HOSTILE)
def test_no_cell_is_a_formula(name: str) -> None:
    found = rows(made(HOSTILE[name]))
    assert len(found) == len(rows(PLAIN))
    for row in found:
        assert tuple(row) == COLUMNS
        for cell in row.values():
            assert cell.lstrip()[:1] not in set("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20") or not cell, cell


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\t=1", "'=1"),
        ("  =1", "'  =1"),
        ("a=1", "a=1"),
        ("", ""),
        ("–", "–"),
    ],
)
def test_a_formula_becomes_text(cell: str, told: str) -> None:
    assert neutral(cell) == told


def test_a_row_is_a_claim_under_a_control() -> None:
    found = rows(PLAIN)
    told = [(row["control"], row["kind"], row["number"], row["speaks"]) for row in found]
    assert told == [
        ("(every control)", "attestation", "", ""),
        ("(every control)", "evidence", "E3", "open"),
        ("Art. 1", "evidence", "E1", "against"),
        ("Art. 1", "evidence", "E2", "against"),
        ("Art. 1", "evidence", "E4", "for"),
        ("Art. 1", "evidence", "E5", "for"),
        ("Art. 1", "evidence", "E6", "open"),
        ("Art. 1", "attestation", "", ""),
        ("Art. 1", "attestation, ended", "", ""),
        ("Art. 1", "not provable by files", "", ""),
        ("Art. 2", "evidence", "E1", "against"),
        ("Art. 2", "not provable by files", "", ""),
        ("Art. 3", "nothing", "", ""),
        ("Art. 3", "not provable by files", "", ""),
    ]
    first = found[2]
    assert (first["file"], first["line"], first["severity"], first["identifier"]) == (
        "db/main.tf",
        "3",
        "high",
        "verified",
    )
    assert found[12]["identifier"] == "from memory"


def test_lines_end_as_the_standard_says() -> None:
    """RFC 4180: CRLF, and quotes are doubled."""
    text = render_assessments("csv", made('say "x"'), LINKED)
    assert text.count("\r\n") == text.count("\n")
    assert 'say ""x""' in text


# -- what is shown ---------------------------------------------------------------------------------


@pytest.mark.parametrize("format_name", ["markdown", "html"])
def test_everything_is_shown(format_name: str) -> None:
    report = PLAIN
    shown = shown_markdown(report) if format_name == "markdown" else page(render_assessments("html", report, LINKED))
    for words in (
        "Evidence against",
        "Left open by the files",
        "Evidence in favour",
        "What no file can prove",
        "Only people can show that.",
        "Partly verified: the identifier",
        "From memory: the identifier",
        "A remark.",
        "What matters most for this framework",
        "What remains open",
        "What files cannot tell",
        "Somebody accepted this finding (waiver) with the reason: plain words",
        "plain words attests: plain words. It holds until 2027-01-31. The proof is said to be at: plain words",
        "Somebody who is not named attests of the resource “plain words”: plain words. The attestation ended on",
        "The check “plain words” found nothing wrong with 2 resources.",
        "It is relevant to Art. 1, Art. 2.",
        "Attestations were judged as of 2026-11-27.",
        "Availability zone",
    ):
        assert words in shown.text, words
    places = [v for _, a, v in shown.attributes if a == "href" and v.endswith("db/main.tf#L3")]
    assert len(places) > 3


def test_sections_are_tables_in_every_format() -> None:
    markdown = render_assessments("markdown", PLAIN, Options())
    assert "| Party | plain words |\n| --- | --- |\n| plain words | db/main.tf:3 |\n| B | plain words |\n" in markdown
    html = page(render_assessments("html", PLAIN, Options()))
    assert ("section", "id", "dora-parties") in html.attributes
    (section,) = json.loads(render_assessments("json", PLAIN, Options()))["frameworks"][0]["sections"]
    assert section["rows"] == [["plain words", "db/main.tf:3"], ["B", "plain words"]]


def test_the_html_allows_its_own_style_and_nothing_else() -> None:
    text = render_assessments("html", PLAIN, Options())
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = (value for tag, name, value in page(text).attributes if name == "content" and "default-src" in value)
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert not re.search(r"url\(|@import|https?:", style)
    assert not any(name == "style" for _, name, _ in page(text).attributes)


def test_links_inside_the_page_lead_somewhere_and_ids_are_unique() -> None:
    shown = page(render_assessments("html", PLAIN, Options()))
    ids = [value for _, name, value in shown.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {v[1:] for _, name, v in shown.attributes if name == "href" and v.startswith("#")} <= set(ids)


@pytest.mark.parametrize("name", HOSTILE)
def test_the_json_keeps_the_text_and_its_schema(name: str) -> None:
    document = json.loads(render_assessments("json", made(HOSTILE[name]), Options()))
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)
    assert document["evidence"][0]["why_it_matters"] == HOSTILE[name]
    assert document["frameworks"][0]["controls"][0]["evidence"] == {
        "against": ["E1", "E2"],
        "open": ["E3", "E6"],
        "for": ["E4", "E5"],
    }


@pytest.mark.parametrize("format_name", ASSESSMENTS)
def test_secrets_of_the_files_are_not_shown(format_name: str) -> None:
    report = replace(made("plain words"), secrets=frozenset({"hunter2-hunter2"}))
    secret = "hunter2-hunter2"
    words = Attested(secret, secret, None, False, Span("x", 1), control="dora", reference=secret)
    (assessment,) = report.assessments
    report = replace(
        report,
        assessments=(replace(assessment, attestations=(words,)),),
        problems=(Problem(Span("x.tf", 1), ProblemKind.INVALID, "unexpected hunter2-hunter2"),),
    )
    text = render_assessments(format_name, report, Options())
    assert "hunter2" not in text
    assert "(sensitive)" in text or format_name == "register"  # which has neither attestations nor problems
