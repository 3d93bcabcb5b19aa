"""The answers of a simulation in text, Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from markdown_it import MarkdownIt

import scanner.reporters
from scanner.model.outage import DataVerdict, OutageReport, Scenario, ServiceOutage, Verdict
from scanner.model.problem import Problem, ProblemKind
from scanner.model.span import Span
from scanner.reporters import OUTAGES, Options, outage_json, outage_markdown, outage_text, render_outages

MakeOutage = Callable[..., ServiceOutage]
MakeReport = Callable[..., OutageReport]

SCHEMA = json.loads(Path(scanner.reporters.__file__).with_name("outage_schema.json").read_text(encoding="utf-8"))

TEXT = """\
zone:aws/ap-northeast-1a
  Of 4 services and custody items, 1 stops: orders; 1 depends on what the files do not say: c; 1 can
    be brought back by hand: a|b.

STOPS    orders  (critical service)
    because aws_db_instance.main  db/main.tf:1
         -> zone:aws/ap-northeast-1a  db/main.tf:3
    also down: aws_instance.beside (db/main.tf:2)
    what to do: wait for the domain to return: nothing else in these files can serve; out of reach
      until then, with every copy: aws_db_instance.main

UNKNOWN  c  (critical, custody)
    if your a is b
    because aws_db_instance.main  db/main.tf:1
         -> zone:aws/ap-northeast-1a  db/main.tf:3
    also down: aws_instance.beside (db/main.tf:2)
    what to do: say under zone_ids in .riskscan.yaml which of your zones it is; whether a copy of
      its data survives is not in the files

BY HAND  a|b  (critical service)
    because aws_db_instance.main  db/main.tf:1
         -> zone:aws/ap-northeast-1a  db/main.tf:3
    also down: aws_instance.beside (db/main.tf:2)
    what to do: promote the replica

UP       d  (critical service)
"""


@pytest.fixture
def page(outage: MakeOutage, outages: MakeReport) -> OutageReport:
    """One service of each state."""
    down, up, unknown = Verdict.DOWN, Verdict.UP, Verdict.UNKNOWN
    return outages(
        outage(),
        outage("a|b", automatic=down, manual=up, data=DataVerdict.SAFE, remedies=("promote the replica",)),
        outage("c", kind="custody", automatic=unknown, manual=unknown, data=DataVerdict.UNKNOWN, condition="if your a is b"),
        outage("d", automatic=up, manual=up, data=DataVerdict.SAFE, because=(), path=()),
    )  # fmt: skip


def test_text(page: OutageReport) -> None:
    assert outage_text.render(page) == TEXT


@pytest.mark.parametrize(
    ("automatic", "manual", "expected"),
    [
        ("up", "up", "up"),
        ("down", "up", "by hand"),
        ("down", "down", "down"),
        ("down", "unknown", "unknown"),
        ("unknown", "up", "unknown"),
        ("unknown", "unknown", "unknown"),
        ("unknown", "down", "down"),
    ],
)
def test_one_word_for_both_readings(outage: MakeOutage, automatic: str, manual: str, expected: str) -> None:
    assert outage_text.state(outage(automatic=Verdict(automatic), manual=Verdict(manual))) == expected


def test_markdown_is_a_table_whatever_the_names(page: OutageReport) -> None:
    shown = outage_markdown.render(page, Options(prefix="infra/", repository_url="https://host/a/b", revision="c0ffee"))
    assert "| a\\|b | critical | down | up | safe |" in shown
    html = MarkdownIt("commonmark").enable("table").render(shown)
    assert html.count("<td>") == 4 * 5
    assert "<td>a|b</td>" in html
    assert 'href="https://host/a/b/blob/c0ffee/infra/db/main.tf#L3"' in html
    assert html.count("<ol>") == 3
    assert "🔴 stops: orders" in html
    assert "🟠 by hand: a|b" in html
    assert "🔵 unknown: c" in html


@pytest.mark.parametrize("limit", [0, 100, 5_000, 65_536])
def test_markdown_stays_under_the_limit(outage: MakeOutage, outages: MakeReport, limit: int) -> None:
    page = outages(*(outage(f"服务 {n}") for n in range(2_000)))
    shown = outage_markdown.render(page, Options(max_bytes=limit))
    assert len(shown.encode()) <= limit
    if limit >= 5_000:
        assert shown.endswith("The rest is left out to stay within the size limit.\n")
        assert shown.count("| critical |") > 20


def test_json_follows_the_schema(page: OutageReport) -> None:
    document: dict[str, Any] = json.loads(outage_json.render(page))
    assert [error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(document)] == []
    service = SCHEMA["$defs"]["service"]
    assert list(document) == SCHEMA["required"]
    assert list(document["scenarios"][0]) == SCHEMA["$defs"]["scenario"]["required"]
    assert list(document["scenarios"][0]["services"][0]) == service["required"]


def test_the_schema_knows_the_words_of_the_model() -> None:
    service = SCHEMA["$defs"]["service"]["properties"]
    assert SCHEMA["$defs"]["verdict"]["enum"] == [verdict.value for verdict in Verdict]
    assert service["data"]["enum"] == [verdict.value for verdict in DataVerdict]
    kinds = SCHEMA["properties"]["problems"]["items"]["properties"]["kind"]["enum"]
    assert kinds == [kind.value for kind in ProblemKind]


@pytest.mark.parametrize("format_name", OUTAGES)
def test_what_is_unused_noted_or_unread_is_said(outages: MakeReport, outage: MakeOutage, format_name: str) -> None:
    scenario = Scenario("fire", ("edge:x", "edge:y"), (outage(),), "A fire", ("edge:y",), ("It was hot",))
    problems = (
        Problem(Span("bad.tf", 4), ProblemKind.INVALID, "unexpected brace"),
        Problem(Span("a.tf", 4), ProblemKind.MODULE, "no module"),
    )
    shown = render_outages(format_name, outages(scenarios=(scenario,), problems=problems), Options())
    for words in ("A fire", "edge:y", "It was hot", "bad.tf", "unexpected brace"):
        assert words in shown
    assert "no module" in shown or "1 more problem;" in shown


def test_without_services_the_way_to_name_them_is_told(outages: MakeReport) -> None:
    told = "No service is known here: name them under services in .riskscan.yaml."
    assert told in outage_text.render(outages())
    assert told in outage_markdown.render(outages()).replace("\u200b", "")


@pytest.mark.parametrize(("number", "words"), [(1, "It stays up."), (3, "All 3 stay up.")])
def test_all_stay_up(outage: MakeOutage, outages: MakeReport, number: int, words: str) -> None:
    fine = outage(automatic=Verdict.UP, manual=Verdict.UP, because=(), path=())
    assert f"  {words}\n" in outage_text.render(outages(*[fine] * number))


def test_a_ranking_lists_what_stops_something(outage: MakeOutage, outages: MakeReport) -> None:
    fine = outage(automatic=Verdict.UP, manual=Verdict.UP)
    scenarios = (
        *(Scenario(f"zone:aws/{n:02}", (f"zone:aws/{n:02}",), (outage(),)) for n in range(outage_text.RANKED + 2)),
        Scenario("zone:aws/fine", ("zone:aws/fine",), (fine,)),
    )
    shown = outage_text.render(outages(scenarios=scenarios, ranking="zone"))
    assert shown.startswith("Single outages, by zone: 42 of 43 stop something\n\nzone:aws/00\n  stops    orders\n")
    assert "zone:aws/fine" not in shown
    assert shown.endswith("and 2 more; --format json lists all\n")
