"""A page for each recorded incident, and their list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from generate import links, replays
from generate.happened import rules_naming
from generate.markup import bare, bullets, code, codes, escaped, fence, link, page, prose, table
from generate.rule_lists import rule_table
from generate.wording import counted
from scanner.cli.incident_sets import load
from scanner.model.domain import Domain
from scanner.rules.load import load_rules
from scanner.simulation.incidents import Incident

_STATUS: Final = {
    "verified": "When it began, where and why was read on the pages named below.",
    "partial": "One of when it began, where and why was not read on the pages named below; the rest was.",
    "scenario": "It has not happened: the pages named below tell of a concentration that stands.",
}
_SHOWN: Final = 2
"""Failure domains of an incident that its row in the list names."""


def by_date() -> Sequence[Incident]:
    """The incidents, the latest first, and those without a date at the end."""
    return sorted(load(()).values(), key=lambda incident: (incident.start, incident.id), reverse=True)


def index_page() -> str:
    """All incidents by date."""
    number = len(load(()))
    return page(
        "Incidents",
        f"{counted(number, 'recorded outage')}, each with its sources. `riskscan simulate PATH --incident ID` takes "
        "the same things down in your own files. What no page that was read says is left out, and each row tells "
        "how well it is known.",
        table(("began", "provider or party", "what happened", "what was down", "for", "known"), map(_row, by_date())),
        "What was left out and why, and how to add one, stands in "
        f"[the folder of the incidents]({links.published('rules/incidents')}).",
        description="Recorded outages that riskscan replays",
        wide=True,
    )


def _row(incident: Incident) -> Sequence[str]:
    domains = incident.down or incident.control
    more = len(domains) - _SHOWN
    shown = codes(domain.text for domain in domains[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
    title = f'<span class="rs-wide">{link(prose(incident.title), incident.id + ".md")}</span>'
    return (
        f'<span class="rs-day">{incident.day}</span>' if incident.day else "",
        escaped(_party(incident)),
        title,
        shown,
        escaped(incident.duration),
        incident.status,
    )


def _party(incident: Incident) -> str:
    """Whose part failed: the first word after the level of a failure domain."""
    first = (incident.down or incident.control)[0].text.partition(":")[2]
    party = first.partition("/")[0].partition("@")[0]
    return "any" if party == "*" else party


def incident_page(incident: Incident) -> str:
    """All that is known of an incident, and what it would do to the examples."""
    return page(
        prose(incident.title),
        f"{code(incident.id)} · {incident.status}\n{{ .rs-meta }}",
        _STATUS[incident.status],
        table(("", ""), _facts(incident)),
        *_lists(incident),
        "## Replay it on your own files",
        fence(f"riskscan simulate infra/ --incident {incident.id}", "sh"),
        *_notes(incident),
        *_on_examples(incident),
        *_rules(incident),
        "## Sources",
        bullets(map(bare, incident.sources)),
        description=incident.title,
    )


def _facts(incident: Incident) -> Iterator[tuple[str, str]]:
    for key, label in (("start", "Began"), ("end", "Ended")):
        text = getattr(incident, key)
        if text:
            about = "about " if key in incident.approximate else ""
            yield label, about + escaped(text.replace("T", " ").removesuffix(":00Z") + (" UTC" if "T" in text else ""))
    if incident.duration:
        yield "Lasted", escaped(incident.duration)
    yield "Cause", prose(incident.cause)
    if incident.down:
        yield "Did not serve", "; ".join(map(_domain, incident.down))
    if incident.control:
        yield "Could not be changed, though what ran went on", "; ".join(map(_domain, incident.control))
    if incident.post_mortem:
        told = incident.post_mortem
        yield (
            "The provider's own report",
            bare(told) if told.startswith("https://") and " " not in told else prose(told),
        )


def _domain(domain: Domain) -> str:
    if not domain.is_pattern:
        return code(domain.text)
    return f"{code(domain.text)} ({'in every place at once' if domain.is_everywhere else 'any one of them'})"


def _lists(incident: Incident) -> Iterator[str]:
    if incident.services:
        yield "## What was named as affected"
        yield escaped(", ".join(incident.services)) + "."
    if incident.hit:
        yield "## Who was hit"
        yield bullets(map(prose, incident.hit))


def _notes(incident: Incident) -> Iterator[str]:
    if incident.notes:
        yield prose(incident.notes)
    if incident.from_memory:
        kept = ", ".join(incident.from_memory)
        yield f"No page was read that tells all of this, so that a part of it is left out: {escaped(kept)}."


def _on_examples(incident: Incident) -> Iterator[str]:
    yield "## What it does to the examples"
    hits = [hit for hit in replays.hits().get(incident.id, ()) if hit.stopped or hit.recoverable or hit.doubtful]
    if not hits:
        yield "It stops no service of any example in the repository."
        return
    yield "Computed when this page was built, from the examples in the repository."
    head = ("example", "what failed", "stays down", "a person can bring back", "not decided by the files")
    yield table(head, map(_hit, hits))


def _hit(hit: replays.Hit) -> Sequence[str]:
    folder = link(escaped(hit.example), links.published(f"examples/{hit.example}"))
    variant = code(hit.variant) if hit.variant else "as recorded"
    return folder, variant, codes(hit.stopped), codes(hit.recoverable), codes(hit.doubtful)


def _rules(incident: Incident) -> Iterator[str]:
    named = rules_naming(incident.id)
    if named:
        yield "## Rules that speak of it"
        yield rule_table([load_rules().rules[name] for name in named], "../rules/")
