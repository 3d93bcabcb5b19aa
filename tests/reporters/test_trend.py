"""Histories worked by hand, in every format: changes, breaks, coordinates, and nothing of a stranger's that acts."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from markdown_it import MarkdownIt

import scanner.reporters
from scanner.model.history import Entry, History, Place, breaks, series
from scanner.model.problem import Problem, ProblemKind
from scanner.model.score import Stage
from scanner.model.span import Span
from scanner.reporters import HISTORIES, Options, render_history
from scanner.reporters.trend import change_text, steps
from scanner.reporters.trend_svg import LEFT, RIGHT, STYLE, plot, render, x_of, y_of

Make = Callable[..., Entry]
SCHEMA = json.loads(Path(scanner.reporters.__file__).with_name("history_schema.json").read_text(encoding="utf-8"))
SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own text, without a document type


def three(entry: Make) -> History:
    """Three commits: 0, 50 to 60 and 100 points; a zone stops one of two services, then it takes two, then none can."""
    return History(
        "history.jsonl",
        (
            entry("2026-01-01", "a" * 40, low=0.0, services={"x": {"zone": (1, 1)}, "y": {"zone": (2, 3)}}),
            entry(
                "2026-01-02",
                "b" * 40,
                low=50.0,
                high=60.0,
                services={"x": {"zone": (2, 2)}, "y": {"zone": (2, 3)}},
                stage=Stage.R1,
                stage_high=Stage.R2,
            ),
            entry(
                "2026-01-05",
                "c" * 40,
                low=100.0,
                services={"x": {"zone": (None, None)}, "y": {"zone": (None, None)}},
                stage=Stage.R3,
                stage_high=Stage.R3,
                grade="A",
            ),
        ),
    )


def broken(entry: Make) -> History:
    """The same with other rules from the second commit on, and another score model at the third."""
    first, *_ = three(entry).entries
    return History(
        "history.jsonl",
        (
            first,
            entry("2026-01-02", "b" * 40, low=50.0, rule_set="cd34", complete=False, problems=1),
            entry("2026-01-05", "c" * 40, low=80.0, rule_set="cd34", score_model=2, grade="B"),
        ),
    )


def test_changes_are_those_of_the_lower_end(entry: Make) -> None:
    found = steps(series(three(entry))[0])
    assert [step.change for step in found] == [None, 50.0, 50.0]
    assert [change_text(step) for step in found] == ["", "+50", "+50"]


def test_nothing_is_compared_across_a_break(entry: Make) -> None:
    found = steps(series(broken(entry))[0])
    assert [step.change for step in found] == [None, None, None]
    assert [step.breaks for step in found] == [(), ("the rules changed",), ("score model 1 became 2",)]


@pytest.mark.parametrize(
    ("rules", "versions", "reasons"),
    [
        (("a", "a"), ("1", "2"), 0),
        (("a", "b"), ("1", "1"), 1),
        (("a", ""), ("1", "1"), 0),
        (("", ""), ("1", "1"), 0),
        (("a", ""), ("1", "2"), 1),
        (("", ""), ("1", "2"), 1),
    ],
)
def test_rules_that_are_not_told_are_those_of_the_version(
    entry: Make, rules: tuple[str, str], versions: tuple[str, str], reasons: int
) -> None:
    before, after = (entry(rule_set=r, tool_version=v).summary for r, v in zip(rules, versions, strict=True))
    assert len(breaks(before, after)) == reasons


def test_where_nothing_was_judged_nothing_is_compared(entry: Make) -> None:
    history = History("h", (entry("2026-01-01", "a" * 40, grade=""), entry("2026-01-02", "b" * 40)))
    assert [step.change for step in steps(series(history)[0])] == [None, None]


def test_series_are_told_apart(entry: Make) -> None:
    places = [Place(), Place(("infra",)), Place(name="prod"), Place(configuration="0123456789abcdef")]
    entries = [entry(f"2026-01-0{day}", str(day) * 40, place=place) for day, place in enumerate(places, start=1)]
    entries.append(entry("2026-01-09", "9" * 40, branch="other"))
    found = series(History("h", tuple(entries)))
    assert [(each.branch, each.place) for each in found] == [
        ("other", places[0]),
        *(("main", place) for place in reversed(places)),
    ]


# -- text --------------------------------------------------------------------------------------------------------------


def test_text_of_three_commits(entry: Make) -> None:
    assert render_history("text", three(entry), Options()).splitlines() == [
        "the whole repository on main: 3 entries, 2026-01-01 to 2026-01-05",
        "Now 100 of 100, grade A, stage R3",
        "",
        "  score     ▁▅█  100",
        "  zone      12+  more",
        "",
        "date        commit      stage     grade  score     change  findings               unknown",
        "2026-01-01  aaaaaaaaaa  R0        F      0                 3: 1 critical, 2 high  3",
        "2026-01-02  bbbbbbbbbb  R1 to R2  F      50 to 60  +50     3: 1 critical, 2 high  3",
        "2026-01-05  cccccccccc  R3        A      100       +50     3: 1 critical, 2 high  3",
        "",
        "How many failures stop a service now, and on 2026-01-01",
        "  x: zone more (was 1)",
        "  y: zone more (was 2 to 3)",
    ]


def test_text_tells_breaks_and_what_is_incomplete(entry: Make) -> None:
    lines = render_history("text", broken(entry), Options()).splitlines()
    assert "  score     ▁╎▅╎▇  80" in lines
    assert "-- The rules changed: not compared with what was before." in lines
    assert "-- Score model 1 became 2: not compared with what was before." in lines
    assert sum(line.endswith("incomplete") for line in lines) == 1
    assert "How many failures stop a service now" in lines  # nothing earlier may be compared with


def test_text_of_one_service(entry: Make) -> None:
    shown = render_history("text", three(entry), Options(), "y")
    assert "  zone      22+  more\n" in shown
    assert "  x: " not in shown


def test_text_counts_what_it_leaves_out(entry: Make) -> None:
    entries = tuple(entry(f"2026-01-{day:02d}T00:00:00Z"[:10], f"{day:040x}") for day in range(1, 32))
    assert "The newest 30 of 31 entries" in render_history("text", History("h", entries), Options())
    assert "The newest" not in render_history("text", History("h", entries), Options(full=True))


@pytest.mark.parametrize("format_name", HISTORIES)
def test_an_empty_history_says_so(format_name: str) -> None:
    shown = render_history(format_name, History("h.jsonl", ()), Options())
    if format_name in ("text", "markdown", "svg"):
        assert "no entries" in shown.casefold()
    elif format_name == "json":
        assert json.loads(shown)["series"] == []


# -- JSON and CSV ------------------------------------------------------------------------------------------------------


def test_json_follows_its_schema(entry: Make) -> None:
    problem = Problem(Span("history.jsonl", 4), ProblemKind.INVALID, "no entry")
    bare = History("h", (entry("2026-01-01", "", branch="", grade=""),), (problem,))
    for history in (three(entry), broken(entry), bare):
        shown = json.loads(render_history("json", history, Options()))
        jsonschema.Draft202012Validator(SCHEMA).validate(shown)
    document = json.loads(render_history("json", bare, Options()))
    assert document["problems"] == [{"file": "history.jsonl", "line": 4, "kind": "invalid", "message": "no entry"}]
    assert document["series"][0]["entries"][0]["score"] is None


def test_json_tells_changes_and_breaks(entry: Make) -> None:
    entries = json.loads(render_history("json", three(entry), Options()))["series"][0]["entries"]
    assert [each["change"] for each in entries] == [None, 50.0, 50.0]
    assert entries[1]["score"] == {"low": 50.0, "high": 60.0}
    assert entries[1]["services"][1]["coefficients"] == {"zone": {"low": 2, "high": 3}}
    entries = json.loads(render_history("json", broken(entry), Options()))["series"][0]["entries"]
    assert [each["breaks"] for each in entries] == [[], ["the rules changed"], ["score model 1 became 2"]]


def test_csv_has_a_row_for_each_entry(entry: Make) -> None:
    rows = list(csv.DictReader(io.StringIO(render_history("csv", three(entry), Options()))))
    assert [row["score_low"] for row in rows] == ["0", "50", "100"]
    assert [row["change"] for row in rows] == ["", "50", "50"]
    assert [(row["coefficient_zone_low"], row["coefficient_zone_high"]) for row in rows] == [
        ("1", "1"),
        ("2", "2"),
        ("", ""),
    ]
    assert rows[0]["zone_high"] == "20.5"
    assert rows[0]["data_low"] == ""
    rows = list(csv.DictReader(io.StringIO(render_history("csv", broken(entry), Options()))))
    assert [(row["comparable"], row["complete"]) for row in rows] == [
        ("true", "true"),
        ("false", "false"),
        ("false", "true"),
    ]


def test_no_cell_is_a_formula(entry: Make) -> None:
    history = History("h", (entry(branch="=1+1", tool_version="@SUM(A1)", place=Place(("-x",), "+y")),))
    row = next(csv.DictReader(io.StringIO(render_history("csv", history, Options()))))
    assert [row[key] for key in ("branch", "tool_version", "paths", "name")] == ["'=1+1", "'@SUM(A1)", "'-x", "'+y"]


# -- Markdown ----------------------------------------------------------------------------------------------------------


def test_markdown_is_two_tables(entry: Make) -> None:
    html = MarkdownIt("commonmark").enable("table").render(render_history("markdown", three(entry), Options()))
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)]
    assert rows[1] == [
        "2026-01-05",
        "<code>cccccccccc</code>",
        "R3",
        "A",
        "100",
        "+50",
        "3: 1 critical, 2 high",
        "3",
        "",
    ]
    assert rows[-2:] == [["<code>x</code>", "more"], ["<code>y</code>", "more"]]


# -- SVG ---------------------------------------------------------------------------------------------------------------


def shapes(svg: str, name: str, kind: str) -> list[ET.Element]:
    return [each for each in parsed(svg).iter(f"{SVG}{name}") if each.get("class") == kind]


def test_places_of_three_commits_worked_by_hand(entry: Make) -> None:
    """The plot is 620 wide from 84 on, and 180 high above 264: halves are 310 and 90."""
    svg = plot(three(entry))
    (line,) = shapes(svg, "polyline", "trend-line")
    assert line.get("points") == "84,264 394,174 704,84"
    (band,) = shapes(svg, "polygon", "trend-band")
    assert band.get("points") == "84,264 394,174 704,84 704,84 394,156 84,264"
    points = [(each.get("cx"), each.get("cy")) for each in shapes(svg, "circle", "trend-point")]
    assert points == [("84", "264"), ("394", "174"), ("704", "84")]
    titles = [each[0].text for each in shapes(svg, "circle", "trend-point")]
    assert titles[1] == "2026-01-02 bbbbbbbbbb: 50 to 60 of 100, grade F, stage R1 to R2"


def test_rows_of_three_commits_worked_by_hand(entry: Make) -> None:
    """Cells meet half way between commits: at 239 and 549, a pixel of air on either side."""
    svg = plot(three(entry))
    cells = [
        (each.get("class"), each.get("x"), each.get("width"), each.get("y")) for each in parsed(svg).iter(f"{SVG}rect")
    ]
    assert cells == [
        ("trend-1", "85", "153", "288"),
        ("trend-2", "240", "308", "288"),
        ("trend-4", "550", "153", "288"),
        ("trend-1", "85", "153", "316"),
        ("trend-2", "240", "308", "316"),
        ("trend-4", "550", "153", "316"),
    ]
    words = [each.text for each in shapes(svg, "text", "trend-ink")]
    assert words == ["100 of 100, grade A, stage R3", "R0", "R1 to R2", "R3", "1 (1 of 2)", "2 (2 of 2)", "more"]


def test_a_break_parts_the_line(entry: Make) -> None:
    svg = plot(broken(entry))
    assert [each.get("points") for each in shapes(svg, "polyline", "trend-line")] == ["84,264", "394,174", "704,120"]
    lines = shapes(svg, "line", "trend-break")
    assert [each.get("x1") for each in lines] == ["239", "549"]
    assert lines[0][0].text == "The rules changed: not compared with what was before."
    assert [each.text for each in shapes(svg, "text", "trend-broken")] == ["new rules", "new score model"]
    assert len(shapes(svg, "circle", "trend-hollow")) == 1
    assert "numbers on either side are not compared" in svg


def test_places_in_general() -> None:
    assert [x_of(index, 5) for index in (0, 4)] == [LEFT, RIGHT]
    assert x_of(0, 1) == (LEFT + RIGHT) / 2
    assert y_of(25) - y_of(75) == 90


def test_a_page_with_a_strict_policy_may_hold_the_plot(entry: Make) -> None:
    root = parsed(plot(three(entry)))
    assert root.get("role") == "img"
    ids = {each.get("id"): each.text for each in root.iter() if each.get("id")}
    assert root.get("aria-labelledby") == "riskscan-trend-title riskscan-trend-desc"
    assert set(ids) == {"riskscan-trend-title", "riskscan-trend-desc"}
    assert ids["riskscan-trend-desc"] == (
        "the whole repository on main: 3 entries, 2026-01-01 to 2026-01-05; 2026-01-05: 100 of 100, grade A, stage R3."
        " At first: 0 of 100, grade F, stage R0."
    )
    names = {each.tag.removeprefix(SVG) for each in root.iter()}
    assert names <= {"svg", "g", "title", "desc", "text", "line", "polyline", "polygon", "circle", "rect"}
    assert not any(name == "style" or name.startswith("on") for each in root.iter() for name in each.keys())  # noqa: SIM118
    assert render(three(entry)).count("<style>") == 1


def channels(color: str) -> tuple[float, ...]:
    digits = color.removeprefix("#")
    digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
    return tuple(int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))


def luminance(color: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_texts_and_lines_can_be_told_from_what_they_stand_on(theme: int) -> None:
    """4.5 to 1 for texts, 3 to 1 for lines: https://www.w3.org/TR/WCAG22/#contrast-minimum."""
    colors = dict(re.findall(r"--trend-([a-z0-9]+):(#[0-9a-f]+)", STYLE.split("@media")[theme]))
    assert all(contrast(colors[ink], colors["paper"]) >= 4.5 for ink in ("ink", "faint", "break"))
    assert all(contrast(colors["ink"], colors[f"s{rank}"]) >= 4.5 for rank in range(1, 5))
    assert contrast(colors["line"], colors["paper"]) >= 3


def test_many_entries_stay_small_and_say_what_is_left_out(entry: Make) -> None:
    entries = tuple(entry(f"2026-01-01T{n // 60 % 24:02d}:{n % 60:02d}:00Z", f"{n:040x}") for n in range(900))
    svg = plot(History("h", entries))
    assert len(svg) < 20_000
    assert "500 older entries are not drawn." in svg
    assert shapes(svg, "circle", "trend-point") == []


# -- all formats -------------------------------------------------------------------------------------------------------

HOSTILE = (
    "\x1b]0;owned\x07\u202e\r\n::error::x ##[add-mask] <script>alert(1)</script> ]]> & \" ' | [a](javascript:b) \uffff"
)


@pytest.mark.parametrize("format_name", HISTORIES)
def test_what_strangers_wrote_stays_text(entry: Make, format_name: str) -> None:
    made = entry(
        branch=HOSTILE, tool_version=HOSTILE, place=Place((HOSTILE,), HOSTILE), services={HOSTILE: {"zone": (1, 2)}}
    )
    other = entry("2026-01-04", "b" * 40, branch=HOSTILE, tool_version="2", place=made.place, rule_set="")
    history = History(HOSTILE, (made, other), (Problem(Span(HOSTILE, 1), ProblemKind.INVALID, HOSTILE),))
    shown = render_history(format_name, history, Options())
    assert {c for c in shown if not c.isprintable()} <= {"\n", "\u200b", "\uffff"}
    if format_name != "json":
        assert "##[" not in shown
    assert not re.search(r"^\s*::", shown, re.MULTILINE)
    if format_name == "svg":
        assert not list(parsed(shown).iter(f"{SVG}script"))
    if format_name == "markdown":
        html = MarkdownIt("commonmark", {"html": True}).enable("table").render(shown)
        assert "<script" not in html
        assert "<a " not in html


@pytest.mark.parametrize("format_name", HISTORIES)
def test_the_same_history_gives_the_same_bytes(entry: Make, format_name: str) -> None:
    assert render_history(format_name, broken(entry), Options()) == render_history(
        format_name, broken(entry), Options()
    )
