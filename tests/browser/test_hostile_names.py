"""Names that strangers chose stay text: the page is executed, everything in it opened and pressed, and nothing of theirs runs.

The page's own policy would stop most of it. Everything is therefore tried a second time with the policy switched off: then the
page's escaping alone has to hold.
"""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import hostile_estate
import pytest
import scene
from chromium import Open, Visit
from msgspec.structs import replace
from oracle import TellOf, listed

from scanner.model.finding import Axis, Outcome, Severity
from scanner.model.outage import Cause, DataVerdict, Effect, Outages, Scenario, Step, Verdict
from scanner.model.problem import Problem, ProblemKind
from scanner.model.report import Report
from scanner.model.rule import RuleInfo
from scanner.model.span import Span
from scanner.model.value import Unknown
from scanner.reporters import Options, render

pytestmark = pytest.mark.browser

REPORTERS = Path(__file__).parents[1] / "reporters"

_STATE = """() => ({
  ran: window.__ran === undefined ? '' : String(window.__ran),
  title: document.title,
  prototype: Object.keys(Object.prototype).concat(Object.keys(Array.prototype)),
  base: document.querySelectorAll('base, meta[http-equiv=refresh], iframe, object, embed, img, form[action], math, template').length,
  tags: [...document.querySelectorAll('*')].map(e => e.localName),
  handlers: [...document.querySelectorAll('*')].flatMap(e =>
    [...e.attributes].filter(a => /^on|^style$|^srcdoc$|^autofocus$/i.test(a.name)).map(a => `${e.localName} ${a.name}=${a.value}`)),
  links: [...document.querySelectorAll('[href], [src], [xlink\\\\:href]')].map(e =>
    e.getAttribute('href') || e.getAttribute('src')).filter(u => !/^(#|https:\\/\\/)/.test(u)),
  text: document.body.textContent,
})"""

_OPEN = "() => { for (const each of document.querySelectorAll('details')) each.open = true; }"


def exercised(visit: Visit) -> None:
    """Do with a page all that a reader can: open, press, slide, search, filter, move over it."""
    visit.evaluate(_OPEN)
    for domain in scene.domains(visit):
        visit.evaluate(
            "id => [...document.querySelectorAll('[data-domain]')].find(b => b.dataset.domain === id).click()", domain
        )
    visit.page.keyboard.press("Escape")
    slider = visit.page.locator("#incidents")
    if slider.count():
        slider.focus()
        for _ in range(int(slider.get_attribute("max") or 0)):
            visit.page.keyboard.press("ArrowRight")
    for words in hostile_estate.PAYLOADS.values():
        visit.page.locator("#search").fill(words)
        visit.page.wait_for_timeout(20)
    visit.page.locator("#search").fill("")
    visit.evaluate(_OPEN)
    visit.page.wait_for_timeout(300)


def state(visit: Visit) -> dict[str, Any]:
    found: dict[str, Any] = visit.evaluate(_STATE)
    return found


def harmless(found: dict[str, Any], visit: Visit) -> None:
    """Nothing ran, was asked for, or became an element or a handler."""
    assert found["ran"] == ""
    assert found["prototype"] == []
    assert found["base"] == 0
    assert found["handlers"] == []
    assert found["links"] == []
    assert visit.all_faults() == []


@pytest.mark.parametrize("own_policy", [True, False], ids=["policy", "no policy"])
def test_hostile_files(own_policy: bool, told_of: TellOf, opened: Open) -> None:
    told = told_of("hostile")
    with opened(told.page, bypass_csp=not own_policy) as visit:
        title = visit.page.title()
        exercised(visit)
        found = state(visit)
        harmless(found, visit)
        assert found["title"] == title
        for name in (*hostile_estate.PAYLOADS, *hostile_estate.UNSEEN):
            assert hostile_estate.shown(name) in found["text"], f"{name} is not to be seen"
        for word in ("w-reason", "w-title", "w-why", "w-message", "w-remedy", "w-code", "w-incident", "w-cause"):
            assert word in found["text"], f"{word} is not to be seen"


def test_hostile_names_are_counted_as_others_are(told_of: TellOf, opened: Open) -> None:
    """What is named like a part of JavaScript or of a selector is found and pressed like any other."""
    told = told_of("hostile")
    with opened(told.page) as visit:
        scene.reveal(visit)
        for name in hostile_estate.POLLUTION:
            domain = f"zone:aws/{name}"
            scene.click(visit, domain)
            found = scene.shown(visit)
            assert scene.differences(told.down(domain), found.verdicts) == [], domain
            assert set(found.pressed) == {domain}
            scene.click(visit, domain)
        assert visit.evaluate("() => document.querySelectorAll('[data-finding]').length") == len(listed(told))


def test_no_element_comes_from_a_name(told_of: TellOf, opened: Open) -> None:
    """Each kind of element is one that the page of a harmless estate has, too."""
    with opened(told_of("tokyo-exchange").page) as visit:
        exercised(visit)
        known = set(state(visit)["tags"])
    with opened(told_of("hostile").page) as visit:
        exercised(visit)
        strange = Counter(tag for tag in state(visit)["tags"] if tag not in known)
    assert strange == {}


def module(name: str) -> ModuleType:
    """A module of the reporters' tests, whose folder is no package."""
    spec = importlib.util.spec_from_file_location(f"reporters_{name}", REPORTERS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def everywhere(texts: list[str]) -> Report:
    """A report with each text in every field that files, configurations, rules and incidents can reach."""
    made, corpus = module("conftest"), module("test_injection_corpus")
    findings, services, rules, effects, resources = [], [], {}, [], []
    for text in texts:
        span = Span(text or "x", 1)
        findings += corpus.findings(made.make_finding, text)
        services.append(corpus.risk_of(made.make_risk, text))
        remedy = {f"terraform/{text}": text, "terraform": f"{text}\n\n```hcl\n{text}\n```"}
        rules[text] = RuleInfo(
            text,
            text,
            Axis.ZONE,
            Severity.HIGH,
            "high",
            text or "x",
            text,
            remedy,
            {text: (text,)},
            (text, f"https://x/{text}"),
            (text,),
        )
        resources.append(
            made.make_resource(text, region=Unknown(text, span), zones=(text,), account=text, cluster=text)
        )
        effects.append(effect(text, span))
    outages = Outages(tuple(effects), tuple(replace(each, day="2025-01-01") for each in effects))
    report: Report = made.make_report(
        findings,
        services=tuple(services),
        resources=tuple(resources),
        problems=tuple(Problem(Span(text, 1), ProblemKind.INVALID, text) for text in texts),
        sources={"db/main.tf": ("", "", " ".join(texts))},
        uncatalogued=dict.fromkeys(texts, 1),
        rules=rules,
        outages=outages,
    )
    return report


def effect(text: str, span: Span) -> Effect:
    """An outage in which every word is the text."""
    made = module("conftest")
    down = f"owner:{text}"
    service = made.make_outage(
        text,
        automatic=Verdict.DOWN,
        manual=Verdict.UNKNOWN,
        data=DataVerdict.LOST,
        condition=text,
        because=(Cause(text, down, span), Cause(f"x{text}", down, span)),
        path=(Step(text, text, span), Step(down, text, span)),
        remedies=(text,),
        lost=(text,),
    )
    return Effect(Scenario(down, (down,), (service,), text or "x", (down,), (text,)), (text,), (text,), (), (), "")


@pytest.mark.parametrize("own_policy", [True, False], ids=["policy", "no policy"])
def test_every_field_of_a_report(own_policy: bool, tmp_path: Path, opened: Open) -> None:
    corpus = module("test_injection_corpus").CORPUS
    texts = [*corpus.values(), *hostile_estate.PAYLOADS.values(), *(text for text, _ in hostile_estate.UNSEEN.values())]
    texts += hostile_estate.POLLUTION
    page = tmp_path / "report.html"
    report = everywhere(list(dict.fromkeys(texts)))
    page.write_bytes(
        render("html", report, Options(show=frozenset(Outcome), full=True)).encode("utf-8", "backslashreplace")
    )
    with opened(page, bypass_csp=not own_policy) as visit:
        title = visit.page.title()
        exercised(visit)
        found = state(visit)
        harmless(found, visit)
        assert found["title"] == title
        for name, text in {
            **hostile_estate.PAYLOADS,
            **{name: seen for name, (_, seen) in hostile_estate.UNSEEN.items()},
        }.items():
            assert text in found["text"], f"{name} is not to be seen"
