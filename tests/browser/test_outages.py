"""Domains taken down in the page, by mouse and by keyboard: what it says equals ``riskscan simulate``."""

from __future__ import annotations

from urllib.parse import quote

import pytest
import scene
from chromium import Open, Visit
from oracle import NAMES, TellOf, Told, Verdicts, simulated, stopped_resources

from scanner.reporters.inert import inert

pytestmark = pytest.mark.browser

SAMPLE = 30
"""So many domains of a large estate are pressed."""


def wrong(told: Told, domain: str, visit: Visit, expected: Verdicts) -> list[str]:
    """What a page says otherwise about one outage than the program does."""
    found = scene.shown(visit)
    faults = [f"{told.name}, {domain}: {text}" for text in scene.differences(expected, found.verdicts)]
    counts, wanted = scene.together(found.counts), scene.expected_counts(expected)
    if counts != wanted:
        faults.append(f"{told.name}, {domain}: counts {counts}, and not {wanted}")
    if set(found.pressed) != {domain}:
        faults.append(f"{told.name}, {domain}: pressed is {set(found.pressed)}")
    return faults


def chosen(told: Told, visit: Visit) -> list[str]:
    """All domains of an example, of a large estate a sample over the whole ranking, known from ``simulate``."""
    every = list(told.outages)
    every += [name for name in scene.domains(visit) if name not in told.outages]
    return every if told.name != "large" else every[:: max(1, len(every) // SAMPLE)][:SAMPLE]


def test_every_domain_by_mouse(estate: str, told_of: TellOf, opened: Open) -> None:
    told = told_of(estate)
    resources = stopped_resources(told.estate) if estate != "large" else {}
    with opened(told.page) as visit:
        scene.reveal(visit)
        faults: list[str] = []
        for domain in chosen(told, visit):
            scene.click(visit, domain)
            faults += wrong(told, domain, visit, told.down(domain))
            if domain in resources:
                faults += wrong_resources(told, domain, visit, resources[domain])
            scene.click(visit, domain)
            if scene.shown(visit).pressed:
                faults.append(f"{told.name}, {domain}: still down after it was pressed again")
        assert faults == []
        assert visit.all_faults() == []
        assert estate == "large" or set(told.outages) <= resources.keys()


def wrong_resources(told: Told, domain: str, visit: Visit, expected: tuple[int, int]) -> list[str]:
    """What a page says otherwise about the resources that stop for certain, and perhaps."""
    counts = scene.shown(visit).counts
    found = counts["resources-stopped"], counts["resources-doubtful"]
    return [f"{told.name}, {domain}: resources {found}, and not {expected}"] if found != expected else []


@pytest.mark.parametrize("estate", [*NAMES, "large", "hostile"])
def test_every_domain_of_simulate_is_on_the_map(estate: str, told_of: TellOf, opened: Open) -> None:
    told = told_of(estate)
    with opened(told.page) as visit:
        scene.reveal(visit)
        assert [domain for domain in map(inert, told.outages) if not scene.reachable(visit, domain)] == []


def worst(told: Told) -> str:
    """The domain whose outage stops most, by ``simulate``'s own order."""
    return next(iter(told.outages))


def tab_to(visit: Visit, domain: str) -> int:
    """Reach a domain's button with the keyboard alone, from the top; say how many keys that took."""
    visit.page.keyboard.press("Home")
    focused = "() => document.activeElement && document.activeElement.dataset.domain || ''"
    for presses in range(1, 400):
        visit.page.keyboard.press("Tab")
        if visit.evaluate(focused) == domain:
            return presses
    raise AssertionError(f"{domain} cannot be reached with Tab")


def test_a_domain_by_keyboard_alone(estate: str, told_of: TellOf, opened: Open) -> None:
    told = told_of(estate)
    domain = worst(told)
    with opened(told.page) as visit:
        tab_to(visit, domain)
        for key in ("Enter", "Space"):
            visit.page.keyboard.press(key)
            assert wrong(told, domain, visit, told.down(domain)) == [], key
            visit.page.keyboard.press("Escape")
            found = scene.shown(visit)
            assert found.pressed == (), f"{told.name}: Escape leaves {found.pressed} down"
            assert scene.together(found.counts)["survive"] == len(told.report["services"]), told.name
            focused = visit.evaluate("() => document.activeElement.dataset.domain")
            assert focused == domain, f"{told.name}: Escape moves the focus away"
        assert visit.all_faults() == []


def test_the_button_that_brings_everything_back(example: str, told_of: TellOf, opened: Open) -> None:
    told = told_of(example)
    with opened(told.page) as visit:
        assert not visit.page.locator("#outage-clear").is_visible()
        scene.click(visit, worst(told))
        visit.page.locator("#outage-clear").click()
        assert scene.shown(visit).pressed == ()


def test_an_outage_says_why_each_service_stops(example: str, told_of: TellOf, opened: Open) -> None:
    """Each service that does not stay up shows a path whose resources ``simulate`` names, too."""
    told = told_of(example)
    domain = worst(told)
    (scenario,) = simulated(told.estate, ("--down", domain))
    with opened(told.page) as visit:
        scene.click(visit, domain)
        visit.evaluate("() => { for (const each of document.querySelectorAll('#panel details')) each.open = true; }")
        visit.page.wait_for_timeout(50)
        explained = scene.shown(visit).explained
        for service in scenario["services"]:
            for resource in service["path"]:
                assert resource in explained[service["name"]], (
                    f"{example}, {domain}: {service['name']} without {resource}"
                )


def test_a_link_restores_an_outage(estate: str, told_of: TellOf, opened: Open) -> None:
    told = told_of(estate)
    domain = worst(told)
    with opened(told.page, fragment=f"#down={quote(domain, safe='')}") as visit:
        assert wrong(told, domain, visit, told.down(domain)) == []
        visit.page.keyboard.press("Escape")
        assert scene.shown(visit).pressed == ()


def test_an_outage_makes_a_link(estate: str, told_of: TellOf, opened: Open) -> None:
    told = told_of(estate)
    domain = worst(told)
    with opened(told.page) as visit:
        scene.click(visit, domain)
        fragment = visit.page.url.partition("#")[2]
    with opened(told.page, fragment=f"#{fragment}") as visit:
        assert wrong(told, domain, visit, told.down(domain)) == []


@pytest.mark.parametrize(
    "fragment", ["#down=zone:aws/nowhere", "#down=", "#down=%", "#down=__proto__", "#incident=x", "#%3Cb%3E"]
)
def test_a_broken_link_takes_nothing_down(fragment: str, told_of: TellOf, opened: Open) -> None:
    with opened(told_of("tokyo-exchange").page, fragment=fragment) as visit:
        assert scene.shown(visit).pressed == ()
        assert visit.all_faults() == []


def test_incidents_by_keyboard(estate: str, told_of: TellOf, opened: Open) -> None:
    told = told_of(estate)
    with opened(told.page) as visit:
        ids: list[str] = visit.evaluate(
            "() => JSON.parse(document.querySelector('#riskscan-data').textContent).incidents.map(i => i.id)"
        )
        expected = told.incidents(list(dict.fromkeys(name.partition(" (")[0] for name in ids)))
        slider = visit.page.locator("#incidents")
        slider.focus()
        for name in ids:
            visit.page.keyboard.press("ArrowRight")
            found = scene.shown(visit)
            faults = scene.differences(expected[name], found.verdicts)
            assert faults == [], f"{told.name}, {name}: {faults}"
            counts, wanted = scene.together(found.counts), scene.expected_counts(expected[name])
            assert counts == wanted, f"{told.name}, {name}: counts"
            assert visit.page.locator("#incident").inner_text().strip(), (
                f"{told.name}, {name}: no words about the incident"
            )
        visit.page.keyboard.press("Home")
        assert scene.shown(visit).pressed == ()
        assert scene.together(scene.shown(visit).counts)["survive"] == len(told.report["services"])
        assert visit.all_faults() == []
