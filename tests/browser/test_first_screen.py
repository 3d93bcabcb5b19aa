"""The first screen and the tables: their numbers are those of the JSON report."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import chromium
import pytest
from oracle import TellOf

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

See = Callable[[Path], chromium.Visit]


@pytest.fixture(scope="module")
def seen(browser: Browser) -> Iterator[See]:
    """Opens each page once: these tests only read."""
    with ExitStack() as stack:
        yield cache(lambda page: stack.enter_context(chromium.visit(browser, page)))


def numbers(text: str) -> str:
    """A text with its digits together: thousands are set apart by thin blanks."""
    return re.sub(r"(?<=\d)[\u2009\u202f ](?=\d{3})", "", text)


def points(low: float, high: float) -> str:
    """A range of points as every format writes it: whole ones, an interval where the ends differ."""
    ends = f"{low:g}", f"{high:g}"
    return ends[0] if ends[0] == ends[1] else "–".join(ends)


def test_score_grade_and_stage(estate: str, told_of: TellOf, seen: See) -> None:
    told = told_of(estate)
    scores = told.report["scores"]
    visit = seen(told.page)
    front = numbers(visit.page.locator(".front").inner_text())
    marks = [mark.inner_text().strip() for mark in visit.page.locator(".front .mark").all()]
    assert marks == [scores["stage"], scores["grade"]], told.name
    for end in (scores["low"], scores["high"]):
        assert re.search(rf"(?<![\d.]){re.escape(f'{end:g}')}(?![\d.]*\d)", front), (
            f"{told.name}: no {end:g} in the first screen"
        )


def test_findings_by_severity(estate: str, told_of: TellOf, seen: See) -> None:
    told = told_of(estate)
    visit = seen(told.page)
    front = numbers(visit.page.locator(".front").inner_text())
    assert re.search(rf"\b{told.report['summary']['findings']}\b", front), told.name
    for severity, number in told.report["summary"]["by_severity"].items():
        if number:
            assert f"{number} {severity}" in front, f"{told.name}: {severity}"


def test_axes(estate: str, told_of: TellOf, seen: See) -> None:
    told = told_of(estate)
    visit = seen(told.page)
    rows = {
        (row.locator("th").text_content() or "").strip(): numbers(row.inner_text())
        for row in visit.page.locator(".axes tbody tr").all()
    }
    assert [axis["axis"] for axis in told.report["scores"]["axes"]] == list(rows), told.name
    for axis in told.report["scores"]["axes"]:
        text = rows[axis["axis"]]
        if axis["judged"]:
            assert points(axis["low"], axis["high"]) in text, f"{told.name}, {axis['axis']}: points"
            assert str(axis["failing"] or axis["judged"]) in text, f"{told.name}, {axis['axis']}: checks"


def test_coefficients(estate: str, told_of: TellOf, seen: See) -> None:
    told = told_of(estate)
    visit = seen(told.page)
    table = visit.page.locator("#services table.coefficients").first
    levels = [cell.strip() for cell in table.locator("thead th").all_inner_texts()][2:]
    rows: list[list[str]] = visit.evaluate(
        "() => [...document.querySelectorAll('#services table.coefficients tbody tr')].map(r => [...r.cells].map(c => c.firstChild ? c.firstChild.textContent.trim() : ''))"
    )
    rows.sort(key=lambda row: row[0])
    services = sorted(told.report["services"], key=lambda service: service["name"])
    assert [row[0] for row in rows] == [service["name"] for service in services], told.name
    for row, service in zip(rows, services, strict=True):
        for level, cell in zip(levels, row[2:], strict=True):
            name = level.lower().replace("endpoint ", "").replace("provider service", "service")
            interval = service["intervals"][name]
            assert cell == coefficient(interval["low"], interval["high"]), f"{told.name}, {service['name']}, {level}"


def coefficient(low: int | None, high: int | None) -> str:
    """A coefficient as the page says it: none up to three is a dash, an interval has both ends."""
    if low is None:
        return "–"
    return str(low) if low == high else f"{low}–{'more' if high is None else high}"


def test_the_riskiest_outage_is_the_worst_of_simulate(example: str, told_of: TellOf, seen: See) -> None:
    """A domain named on the first screen stops as many services as it says."""
    told = told_of(example)
    visit = seen(told.page)
    text = visit.page.locator(".front .worst").inner_text()
    found = re.search(r"stops (\d+) of (\d+)", text)
    most = max(sum(n for (_, auto, _), n in verdicts.items() if auto == "down") for verdicts in told.outages.values())
    if most == 0:
        assert found is None, f"{example}: {text}"
        return
    assert found is not None, f"{example}: {text}"
    assert (int(found[1]), int(found[2])) == (most, len(told.report["services"])), f"{example}: {text}"
