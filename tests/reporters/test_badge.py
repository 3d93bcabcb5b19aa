"""Badges: what they say, how wide it is, and that nothing uncertain is green."""

from __future__ import annotations

import itertools
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import pytest

from scanner.model.history import Entry
from scanner.model.score import Stage
from scanner.reporters.badge import COLORS, Badge, as_json, as_svg, badge_of, width_of

Make = Callable[..., Entry]
SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own text, without a document type


GOOD: dict[str, Any] = {"low": 95.0, "grade": "A", "stage": Stage.R2, "stage_high": Stage.R2}


@pytest.mark.parametrize(
    ("changes", "stage", "score", "color"),
    [
        ({}, "R2 · grade A", "95 of 100", "brightgreen"),
        ({"grade": "B"}, "R2 · grade B", "95 of 100", "green"),
        ({"grade": "C"}, "R2 · grade C", "95 of 100", "yellow"),
        ({"grade": "D"}, "R2 · grade D", "95 of 100", "orange"),
        ({"grade": "F"}, "R2 · grade F", "95 of 100", "red"),
        ({"high": 98.0}, "R2 · grade A", "95 to 98 of 100", "yellow"),
        ({"stage_high": Stage.R3}, "R2 to R3 · grade A", "95 of 100", "yellow"),
        ({"high": 98.0, "grade": "F"}, "R2 · grade F", "95 to 98 of 100", "red"),
        ({"complete": False}, "R2 · grade A, incomplete", "95 of 100, incomplete", "lightgrey"),
        ({"stage": None, "stage_high": None}, "95 of 100", "95 of 100", "brightgreen"),
        ({"grade": ""}, "unknown", "unknown", "lightgrey"),
        ({"grade": "", "complete": False}, "unknown", "unknown", "lightgrey"),
    ],
)
def test_what_a_badge_says(entry: Make, changes: dict[str, Any], stage: str, score: str, color: str) -> None:
    summary = entry(**(GOOD | changes)).summary
    assert badge_of(summary) == Badge("centralization risk", stage, color)
    assert badge_of(summary, "score") == Badge("centralization risk", score, color)


def test_no_summary_is_unknown() -> None:
    assert badge_of(None) == Badge("centralization risk", "unknown", "lightgrey")


def test_what_is_not_sure_is_never_green(entry: Make) -> None:
    for grade, high, stage_high, complete in itertools.product(
        "ABCDF", (95.0, 96.0), (Stage.R2, Stage.R3), (True, False)
    ):
        summary = entry(
            **(GOOD | {"grade": grade, "high": high, "stage_high": stage_high, "complete": complete})
        ).summary
        sure = complete and high == 95.0 and stage_high is Stage.R2
        assert sure or "green" not in badge_of(summary).color


def test_json_is_what_shields_reads(entry: Make) -> None:
    """https://shields.io/badges/endpoint-badge: schemaVersion (always 1), label and message are required."""
    document = json.loads(as_json(badge_of(entry(**GOOD).summary)))
    assert document == {
        "schemaVersion": 1,
        "label": "centralization risk",
        "message": "R2 · grade A",
        "color": "brightgreen",
    }


# What `anafanafo` 2.0.0, the measurer of shields.io, says of these in 11 px Verdana.
@pytest.mark.parametrize(
    ("words", "width"),
    [
        ("centralization risk", 98.11),
        ("R2 · grade A", 69.32),
        ("71.5 to 80 of 100, incomplete", 165.22),
        ("unknown", 50.03),
        ("The quick brown fox jumps over the lazy dog", 250.16),
        ("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", 212.08),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 196.37),
    ],
)
def test_texts_are_as_wide_as_verdana_makes_them(words: str, width: float) -> None:
    assert width_of(words) == pytest.approx(width, abs=0.01 * len(words))


def test_halves_meet_and_texts_stand_in_their_middle(entry: Make) -> None:
    root = parsed(as_svg(badge_of(entry(**GOOD).summary)))
    (whole,) = root.iter(f"{SVG}rect")
    (half,) = root.iter(f"{SVG}path")
    left = float(re.findall(r"H(\d+)", half.attrib["d"])[0])
    assert root.attrib["width"] == whole.attrib["width"]
    assert left == pytest.approx(width_of("centralization risk") + 12, abs=0.5)
    assert float(whole.attrib["width"]) - left == pytest.approx(width_of("R2 · grade A") + 12, abs=0.5)
    label, message = root.iter(f"{SVG}text")
    assert (label.text, message.text) == ("centralization risk", "R2 · grade A")
    assert float(label.attrib["x"]) == left / 2
    assert float(message.attrib["textLength"]) == pytest.approx(width_of("R2 · grade A"), abs=0.5)
    assert whole.attrib["fill"] == COLORS["brightgreen"]


def test_a_badge_is_told_to_those_who_do_not_see_it(entry: Make) -> None:
    root = parsed(as_svg(badge_of(entry(**GOOD).summary)))
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == root[0].text == "centralization risk: R2 · grade A"
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", as_svg(badge_of(None)))


def test_a_label_of_a_stranger_stays_a_text(entry: Make) -> None:
    label = "<script>\x1b\uffff\"'&" + "x" * 500
    svg = as_svg(badge_of(entry(**GOOD).summary, "stage", label))
    root = parsed(svg)
    assert not list(root.iter(f"{SVG}script"))
    assert float(root.attrib["width"]) < 1_000
    assert parsed(as_svg(badge_of(None, "stage", ""))).attrib["aria-label"] == ": unknown"


@pytest.mark.parametrize("color", COLORS)
def test_white_can_be_read_on_every_colour(color: str) -> None:
    """https://www.w3.org/TR/WCAG22/#contrast-minimum"""
    digits = COLORS[color].removeprefix("#")
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    assert 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05) >= 4.5
