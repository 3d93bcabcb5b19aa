"""How a page is laid out: on a phone, on paper, without scripts, and with nothing asked of anybody."""

from __future__ import annotations

import re

import pytest
import scene
from accessibility import grave_violations
from chromium import DESK, PHONE, TABLET, Open, Visit
from oracle import NAMES, TellOf, Told, listed

pytestmark = pytest.mark.browser


_WIDE = """() => {
  const wide = document.scrollingElement.scrollWidth;
  if (wide <= innerWidth) return '';
  const out = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1);
  return `${wide} > ${innerWidth}: ` + out.slice(0, 5).map(e => `${e.tagName}.${e.className}#${e.id}`).join(', ');
}"""
_SMALL = """(least) => [...document.querySelectorAll('button, select, input, summary, nav a')].filter(e => {
  const box = e.getBoundingClientRect();
  return box.width && box.height && (box.width < least || box.height < least);
}).map(e => `${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 30)} ${JSON.stringify(e.getBoundingClientRect())}`).slice(0, 5)"""
TARGET = 24
"""The least size of what is pressed: https://www.w3.org/TR/WCAG22/#target-size-minimum."""


def test_nothing_is_asked_for_and_nothing_goes_wrong(estate: str, told_of: TellOf, opened: Open) -> None:
    told = told_of(estate)
    with opened(told.page) as visit:
        visit.evaluate("() => { for (const each of document.querySelectorAll('details')) each.open = true; }")
        visit.evaluate("() => scrollTo(0, document.body.scrollHeight)")
        visit.page.wait_for_timeout(100)
        assert visit.all_faults() == [], told.name


def test_the_policy_allows_nothing_else(example: str, told_of: TellOf, opened: Open) -> None:
    """A script, a style and a picture that somebody brings in do not run, and are not asked for."""
    with opened(told_of(example).page) as visit:
        visit.evaluate("""() => {
          const script = document.createElement('script'); script.textContent = 'window.__ran = 1'; document.body.append(script);
          const image = document.createElement('img'); image.src = 'https://evil.example/x'; document.body.append(image);
          const style = document.createElement('style'); style.textContent = 'body {display: none}'; document.body.append(style);
          document.body.setAttribute('onclick', 'window.__ran = 1'); document.body.click();
        }""")
        visit.page.wait_for_timeout(50)
        assert visit.evaluate("() => window.__ran") is None, example
        assert visit.evaluate("() => getComputedStyle(document.body).display") != "none", example
        assert len(visit.evaluate("() => window.__violations")) >= 4, example
        assert not any("asks for" in fault for fault in visit.faults), example


def test_no_horizontal_scroll(estate: str, told_of: TellOf, opened: Open) -> None:
    told = told_of(estate)
    with opened(told.page) as visit:
        for what in ("at first", "everything open", "with an outage"):
            if what == "everything open":
                visit.evaluate("() => { for (const each of document.querySelectorAll('details')) each.open = true; }")
            elif what == "with an outage":
                scene.click(visit, next(iter(told.outages)))
            for width, height in (PHONE, TABLET, DESK):
                visit.page.set_viewport_size({"width": width, "height": height})
                assert visit.evaluate(_WIDE) == "", f"{told.name} at {width}, {what}"


def test_what_is_pressed_is_large_enough(estate: str, told_of: TellOf, opened: Open) -> None:
    told = told_of(estate)
    with opened(told.page, PHONE, has_touch=True, is_mobile=True) as visit:
        assert visit.evaluate(_SMALL, TARGET) == [], told.name


def opened_up(visit: Visit, told: Told) -> None:
    """Some of everything that can be opened, and an outage."""
    visit.evaluate(
        "() => document.querySelectorAll('#findings details, #services details').forEach((d, i) => { d.open = i < 6; })"
    )
    scene.click(visit, next(iter(told.outages)))


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_grave(scheme: str, size: tuple[int, int], told_of: TellOf, opened: Open) -> None:
    told = told_of("tokyo-exchange")
    with opened(told.page, size, color_scheme=scheme) as visit:
        assert grave_violations(visit) == []
        opened_up(visit, told)
        assert grave_violations(visit) == [], "with an outage"


@pytest.mark.parametrize("estate", [name for name in NAMES if name != "tokyo-exchange"] + ["medium", "hostile"])
@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESK, "light")], ids=["phone", "desk"])
def test_axe_finds_nothing_grave_elsewhere(
    estate: str, size: tuple[int, int], scheme: str, told_of: TellOf, opened: Open
) -> None:
    told = told_of(estate)
    with opened(told.page, size, color_scheme=scheme) as visit:
        opened_up(visit, told)
        assert grave_violations(visit) == [], estate


def test_on_paper(example: str, told_of: TellOf, opened: Open) -> None:
    """Every finding is printed, what only a script serves is not, and a dark screen prints on white."""
    told = told_of(example)
    with opened(told.page, color_scheme="dark") as visit:
        visit.page.emulate_media(media="print")
        visit.evaluate("() => dispatchEvent(new Event('beforeprint'))")  # as printing does
        hidden = visit.evaluate("""() => [...document.querySelectorAll('[data-finding] .msg')].filter(e =>
          !e.checkVisibility({checkVisibilityCSS: true})).length""")
        assert hidden == 0, f"{example}: findings that are not printed"
        for control in ("#search", "#filters", "#incidents", "#outage-clear", "nav"):
            assert not visit.page.locator(control).first.is_visible(), f"{example}: {control} is printed"
        assert visit.evaluate("() => getComputedStyle(document.body).color") != "rgb(255, 255, 255)", example


def test_the_pdf_tells_every_finding(example: str, told_of: TellOf, opened: Open) -> None:
    import pypdfium2

    told = told_of(example)
    with opened(told.page) as visit:
        paper = pypdfium2.PdfDocument(visit.page.pdf(format="A4"))
    text = _together("".join(page.get_textpage().get_text_range() for page in paper))
    missing = [f["message"] for f in listed(told) if _together(f["message"]) not in text]
    assert missing == [], f"{example}: {len(paper)} pages"
    assert 2 < len(paper) < 60, f"{example}: {len(paper)} pages"


def _together(text: str) -> str:
    """A text without what lines are broken at."""
    return re.sub(r"[\s\ufffe\u00ad-]", "", text)


def test_without_scripts(estate: str, told_of: TellOf, opened: Open) -> None:
    told = told_of(estate)
    with opened(told.page, java_script_enabled=False) as visit:
        text = visit.page.content()
        assert visit.faults == [], told.name
        body = visit.page.locator("body")
        words = body.text_content() or ""
        assert visit.page.locator(".front .mark").all_inner_texts() == [
            told.report["scores"]["stage"],
            told.report["scores"]["grade"],
        ]
        assert not visit.page.locator("#filters").is_visible(), f"{told.name}: filters that do nothing"
        for axis in told.report["scores"]["axes"]:
            assert axis["axis"] in words, f"{told.name}: {axis['axis']}"
        for service in told.report["services"]:
            assert service["name"] in words, f"{told.name}: {service['name']}"
        for finding in listed(told):
            assert finding["message"] in words, f"{told.name}: {finding['message']}"
        for problem in told.report["problems"]:
            assert problem["message"] in words, f"{told.name}: {problem['message']}"
        for resource in told.report["resources"]:
            for what in resource["unknown"].values():
                assert what["reason"] in words, f"{told.name}: {what['reason']}"
        assert text.count("<script") == 2, told.name
