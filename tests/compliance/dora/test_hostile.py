"""Names that strangers chose, in every form in which the tables of third parties are shown."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from html.parser import HTMLParser

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options as Unsafe
from oscal_bindings import AssessmentResultsDocument

from scanner.compliance.assess import assess
from scanner.compliance.frameworks import frameworks
from scanner.model.report import Report
from scanner.reporters import ASSESSMENTS, render_assessments
from scanner.reporters.options import Options

NAMES = (
    "<script>alert(1)</script>",
    "=HYPERLINK(1)",
    "[x](javascript:alert(1)) | <img src=x onerror=alert(1)>",
    "https://evil.example @everyone #1",
    "\\u001b[31mred\\u202e",
)

FILES = """\
provider "aws" {
  region              = "eu-west-1"
  allowed_account_ids = ["=1+1 <b>x</b>"]
}

resource "aws_instance" "api" {
  availability_zone = "eu-west-1a"
  user_data         = "ETH_RPC_URL=https://mainnet.infura.io/v3/<script>alert(1)</script>"
}

resource "aws_db_instance" "books" {
  for_each = toset(["<script>alert(1)</script>", "=1"])
}
"""


class Tags(HTMLParser):
    """The elements, their attributes and the links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.links: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in ("href", "src")}


@pytest.fixture
def shown(estate_of: Callable[[Mapping[str, str]], Report]) -> Mapping[str, str]:
    """Each format of an estate in which everything has a hostile name."""
    services = "".join(
        f'  - {{name: "{name}", entry: [aws_instance.api, "aws_db_instance.books*"], threshold: all, criticality: critical}}\n'
        for name in NAMES
    )
    report = estate_of({"main.tf": FILES, ".riskscan.yaml": f"version: 1\nservices:\n{services}"})
    assert len(report.services) >= len(NAMES)
    assessed = assess(report, [frameworks()["dora"]])
    options = Options(timestamp="2025-01-31T12:00:00Z")
    return {name: render_assessments(name, assessed, options) for name in ASSESSMENTS}


def tags(page: str) -> Tags:
    parser = Tags()
    parser.feed(page)
    return parser


def test_nothing_of_theirs_becomes_markup(shown: Mapping[str, str]) -> None:
    pages = {
        "html": shown["html"],
        "markdown": cmarkgfm.github_flavored_markdown_to_html(shown["markdown"], Unsafe.CMARK_OPT_UNSAFE),
    }

    for page in pages.values():
        found = tags(page)
        assert not found.found & {"script", "img", "b"}
        assert "onerror" not in found.attributes
        assert not any("evil.example" in link or link.startswith("javascript:") for link in found.links)


def test_no_format_obeys_a_control(shown: Mapping[str, str]) -> None:
    for text in shown.values():
        assert not set(text) & {"\x1b", "\u202e"}


def test_the_register_computes_nothing(shown: Mapping[str, str]) -> None:
    rows = list(csv.DictReader(io.StringIO(shown["register"], newline="")))

    assert "'=HYPERLINK(1)" in {row["value"] for row in rows}
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())


def test_oscal_stays_valid(shown: Mapping[str, str]) -> None:
    AssessmentResultsDocument.model_validate(json.loads(shown["oscal"]))
    assert "<script" not in json.loads(shown["oscal"])["assessment-results"]["results"][0]["description"].replace(
        "\\<", ""
    )
