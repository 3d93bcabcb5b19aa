"""The map of a page as a reader works with it, and what it then shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from oracle import Verdicts

if TYPE_CHECKING:
    from chromium import Visit
    from playwright.sync_api import ElementHandle

_DOMAINS: Final = "() => [...new Set([...document.querySelectorAll('[data-domain]')].map(b => b.dataset.domain))]"
_FIND: Final = """id => {
  const seen = () => [...document.querySelectorAll('[data-domain]')].find(b => b.dataset.domain === id && b.getClientRects().length);
  for (const search of [null, ...document.querySelectorAll('[data-aggregate] input[type=search]')]) {
    if (search) {
      search.value = id;
      search.dispatchEvent(new Event('input', {bubbles: true}));
    }
    const found = seen();
    if (found) return found;
  }
  return null;
}"""
_CENTRE: Final = """button => {
  button.scrollIntoView({block: 'center', behavior: 'instant'});
  const box = button.getBoundingClientRect();
  const x = box.left + Math.min(box.width / 2, 40), y = box.top + box.height / 2;
  const top = document.elementFromPoint(x, y);
  if (!button.contains(top)) throw new Error(`${button.dataset.domain} is covered by ${top && top.outerHTML.slice(0, 200)}`);
  return [x, y];
}"""
_REVEAL: Final = """() => {
  for (const each of document.querySelectorAll('[data-aggregate]')) each.open = true;
  for (const each of document.querySelectorAll('#map details')) each.open = true;
}"""
_READ: Final = """() => ({
  rows: [...document.querySelectorAll('[data-service]')].map(r =>
    [r.dataset.service, r.dataset.automatic, r.dataset.manual, r.textContent]),
  counts: Object.fromEntries([...document.querySelectorAll('[data-count]')].map(e =>
    [e.dataset.count, Number(e.textContent.replace(/[^0-9-]/g, '') || NaN)])),
  text: document.querySelector('#outage').textContent.trim(),
  pressed: [...document.querySelectorAll('[data-domain][aria-pressed=true]')].map(b => b.dataset.domain),
})"""


@dataclass(frozen=True)
class Shown:
    """What a page shows of an outage: verdicts by service, its own counts, its words, and the buttons that are pressed."""

    verdicts: Verdicts
    counts: dict[str, int]
    text: str
    pressed: tuple[str, ...]
    explained: dict[str, str]


def shown(visit: Visit) -> Shown:
    """What the page shows now."""
    found: dict[str, Any] = visit.evaluate(_READ)
    rows = Counter((name, automatic, manual) for name, automatic, manual, _ in found["rows"])
    explained = {name: text for name, *_, text in found["rows"]}
    return Shown(rows, found["counts"], found["text"], tuple(found["pressed"]), explained)


def domains(visit: Visit) -> list[str]:
    """The domains that can be pressed, those behind aggregates too."""
    reveal(visit)
    return list(visit.evaluate(_DOMAINS))


def reachable(visit: Visit, domain: str) -> bool:
    """Whether the map has a button for a domain, at once or behind a search."""
    return visit.page.evaluate_handle(_FIND, domain).as_element() is not None


def reveal(visit: Visit) -> None:
    """Open what the map folds away. Its buttons are made when that happens, after the event."""
    visit.evaluate(_REVEAL)
    visit.page.wait_for_timeout(50)


def button(visit: Visit, domain: str) -> ElementHandle:
    """The first button of a domain that can be seen, looked for among those of an aggregate if need be."""
    found = visit.page.evaluate_handle(_FIND, domain).as_element()
    assert found is not None, f"no button that can be seen takes {domain} down"
    return found


def click(visit: Visit, domain: str) -> None:
    """Press a domain with the mouse, where it is on the screen and nothing lies over it."""
    x, y = button(visit, domain).evaluate(_CENTRE)
    visit.page.mouse.click(x, y)


def expected_counts(verdicts: Verdicts) -> dict[str, int]:
    """How many stop for good, can be brought back by a person, are unknown, and survive.

    As the documentation of ``riskscan simulate`` says it: what is down in both readings stops, what is down by itself and up
    with people's help is recoverable, what is up by itself survives, and the rest is unknown.
    """
    found = {"stopped": 0, "recoverable": 0, "unknown": 0, "survive": 0}
    for (_, automatic, manual), number in verdicts.items():
        if automatic == "up":
            found["survive"] += number
        elif manual == "down":
            found["stopped"] += number
        elif automatic == "down" and manual == "up":
            found["recoverable"] += number
        else:
            found["unknown"] += number
    return found


def together(counts: dict[str, int]) -> dict[str, int]:
    """A page's counts of services and custody items, added up."""
    return {name: counts[f"services-{name}"] + counts[f"custody-{name}"] for name in expected_counts(Counter())}


def differences(expected: Verdicts, found: Verdicts) -> list[str]:
    """What the page says otherwise than the program, in words; what it leaves out counts as up."""
    told = _less_up(expected), _less_up(found)
    missing = [f"{name}: {a}/{m} is not shown" for name, a, m in _sorted(told[0] - told[1])]
    return missing + [f"{name}: shows {a}/{m}" for name, a, m in _sorted(told[1] - told[0])]


def _less_up(verdicts: Verdicts) -> Verdicts:
    return Counter({key: number for key, number in verdicts.items() if key[1:] != ("up", "up")})


def _sorted(verdicts: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return sorted(verdicts)
