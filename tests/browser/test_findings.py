"""Search and filters over the findings: what stays is what the JSON report holds of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from chromium import Open, Visit
from oracle import TellOf, Told, listed

pytestmark = pytest.mark.browser

EXPLAINING = 5
"""So many places that explain a finding are named in the page; the JSON report has them all."""

_WITHOUT = """word => [...document.querySelectorAll('[data-finding]')].filter(r => !r.hidden &&
  !(r.textContent + r.closest('[data-rule]').textContent).toLowerCase().includes(word)).map(r => r.textContent.slice(0, 80))"""
_SHOWN = """() => [...document.querySelectorAll('[data-finding]')].filter(r => !r.hidden).map(r =>
  [r.dataset.outcome, r.dataset.severity, r.dataset.axis, r.dataset.file].join(' '))"""


def summed(findings: list[Mapping[str, Any]]) -> Counter[str]:
    """Findings counted by what is told of each in the page."""
    return Counter(" ".join((f["outcome"], f["severity"], f["axis"], f["file"])) for f in findings)


def check(told: Told, visit: Visit, expected: list[Mapping[str, Any]], what: str) -> None:
    """The rows that are shown, and the number that the page says."""
    assert Counter(visit.evaluate(_SHOWN)) == summed(expected), f"{told.name}, {what}: rows"
    assert said(visit) == len(expected), f"{told.name}, {what}: the number said"


def said(visit: Visit) -> int:
    """The number of findings that the page says it shows: ``3 of 81 findings``, or one of each outcome."""
    text = re.sub(r"(?<=\d)[\u2009\u202f,](?=\d{3})", "", visit.page.locator("#findings-shown").inner_text())
    shown = text.partition(" of ")[0]
    return sum(map(int, re.findall(r"\d+", shown)))


def test_each_filter(estate: str, told_of: TellOf, opened: Open) -> None:
    told = told_of(estate)
    findings = listed(told)
    with opened(told.page) as visit:
        check(told, visit, findings, "no filter")
        for name in ("severity", "axis", "outcome", "file"):
            values = sorted({finding[name] for finding in findings})
            field = visit.page.locator(f"#filters select[name={name}]")
            for value in values[:: max(1, len(values) // 6)]:
                field.select_option(value)
                check(told, visit, [f for f in findings if f[name] == value], f"{name} {value}")
            field.select_option("")
            check(told, visit, findings, f"{name} taken away")
        assert visit.all_faults() == []


def test_two_filters_together(estate: str, told_of: TellOf, opened: Open) -> None:
    told = told_of(estate)
    pairs = Counter((f["severity"], f["axis"]) for f in listed(told))
    severity, axis = min(pairs, key=lambda pair: (pairs[pair], pair))
    with opened(told.page) as visit:
        visit.page.locator("#filters select[name=severity]").select_option(severity)
        visit.page.locator("#filters select[name=axis]").select_option(axis)
        expected = [f for f in listed(told) if (f["severity"], f["axis"]) == (severity, axis)]
        check(told, visit, expected, f"{severity} and {axis}")


def test_search(estate: str, told_of: TellOf, opened: Open) -> None:
    """A rule, resource or file finds at least what is about it, and nothing that does not show it."""
    told = told_of(estate)
    with opened(told.page) as visit:
        for kind in ("rule", "resource", "file"):
            words = sorted({finding[kind] for finding in listed(told)})
            for word in (words[0], words[len(words) // 2], words[-1]):
                visit.page.locator("#search").fill(word.upper())
                expected = summed([f for f in listed(told) if mentions(f, word.lower())])
                found = Counter(visit.evaluate(_SHOWN))
                assert expected - found == {}, f"{told.name}, search {word}: not found"
                assert visit.evaluate(_WITHOUT, word.lower()) == [], f"{told.name}, search {word}: shown without it"
                assert said(visit) == found.total(), f"{told.name}, search {word}: the number said"


def test_search_among_resources(estate: str, told_of: TellOf, opened: Open) -> None:
    """The same search leaves the resources of which id or file has every word."""
    told = told_of(estate)
    resources = sorted(told.report["resources"], key=lambda r: r["id"])
    with opened(told.page) as visit:
        for chosen in (resources[0], resources[len(resources) // 2], resources[-1]):
            visit.page.locator("#search").fill(f"{chosen['id'].upper()}  {chosen['file']}")
            words = (chosen["id"].lower(), chosen["file"].lower())
            expected = {r["id"] for r in resources if all(w in f"{r['id']} {r['file']}".lower() for w in words)}
            found = visit.evaluate(
                "() => [...document.querySelectorAll('#resource-list [data-resource]')].map(r => r.dataset.resource)"
            )
            assert set(found) == expected, f"{told.name}, {chosen['id']}"


def mentions(finding: Mapping[str, Any], word: str) -> bool:
    """Whether a finding is about a word: by its rule, message, resource or file, or as a place that explains it."""
    fields = [finding["rule"], finding["message"], finding["resource"], finding["file"]]
    for place in finding["related"][:EXPLAINING]:
        fields += [place["resource"] or "", place["file"], place["message"]]
    return any(word in field.lower() for field in fields)


def test_a_search_for_nothing(example: str, told_of: TellOf, opened: Open) -> None:
    told = told_of(example)
    with opened(told.page) as visit:
        visit.page.locator("#search").fill("no such thing (.*) [")
        check(told, visit, [], "search for nothing")
        assert visit.all_faults() == []
