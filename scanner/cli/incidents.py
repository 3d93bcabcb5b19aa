"""``riskscan incidents``: what has happened before, to replay on your own infrastructure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from scanner.cli.incident_sets import FOLDERS, find_incident, load
from scanner.reporters.inert import inert, json_text

if TYPE_CHECKING:
    from scanner.model.domain import Domain
    from scanner.simulation.incidents import Incident

_SHOWN_DOMAINS: Final = 2
"""Domains of an incident that its line in the list names; the others are counted."""


@click.group("incidents", short_help="List and show recorded incidents.")
def command() -> None:
    """List and show recorded incidents, which `riskscan simulate --incident` replays."""


@command.command("list")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    help="How to print them.",
)
@FOLDERS
def list_incidents(format_name: str, folders: tuple[Path, ...]) -> None:
    """List the incidents by id: when each began, what was down, and how well it is known."""
    known = list(load(folders).values())
    click.echo(_LISTS[format_name](known), nl=False)


@command.command("show")
@click.argument("name", metavar="ID")
@click.option("--format", "format_name", type=click.Choice(["text", "json"]), default="text", help="How to print it.")
@FOLDERS
def show_incident(name: str, format_name: str, folders: tuple[Path, ...]) -> None:
    """Show all that is known of the incident ID, with its sources."""
    incident = find_incident(load(folders), name)
    click.echo(json_text(_as_data(incident), 2) if format_name == "json" else _as_page(incident), nl=False)


# -- lists -----------------------------------------------------------------------------------------


def _as_table(known: Iterable[Incident]) -> str:
    rows = [(inert(incident.id), inert(incident.day), _failed(incident), inert(incident.status)) for incident in known]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    return "".join(
        f"{name:<{widths[0]}}  {day:<{widths[1]}}  {failed:<{widths[2]}}  {status}\n"
        for name, day, failed, status in rows
    )


def _as_markdown(known: Iterable[Incident]) -> str:
    from scanner.reporters.gfm import code, escaped

    lines = ["| Incident | Began | What happened | What was down | Status |", "|---|---|---|---|---|"]
    for incident in known:
        failed = _failed(incident, code).replace("|", "\\|")  # a pipe ends a cell even inside a code span
        cells = (code(incident.id), escaped(incident.day), escaped(incident.title), failed, escaped(incident.status))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _failed(incident: Incident, shown_as: Callable[[str], str] = inert) -> str:
    """What did not serve; of an incident in which only changes failed, the control planes."""
    domains = [domain.text for domain in incident.down or incident.control]
    shown = [shown_as(text) for text in domains[:_SHOWN_DOMAINS]]
    more = len(domains) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _as_json(known: Iterable[Incident]) -> str:
    return json.dumps([_as_data(incident) for incident in known], indent=2) + "\n"


_LISTS: Final = {"text": _as_table, "json": _as_json, "markdown": _as_markdown}


def _as_data(incident: Incident) -> Mapping[str, object]:
    return {
        "id": incident.id,
        "title": incident.title,
        "status": incident.status,
        "start": incident.start or None,
        "end": incident.end or None,
        "duration": incident.duration,
        "cause": incident.cause,
        "down": [domain.text for domain in incident.down],
        "control": [domain.text for domain in incident.control],
        "services": list(incident.services),
        "hit": list(incident.hit),
        "post_mortem": incident.post_mortem,
        "sources": list(incident.sources),
        "notes": incident.notes,
        "approximate": list(incident.approximate),
        "from_memory": list(incident.from_memory),
    }


# -- one page --------------------------------------------------------------------------------------


def _as_page(incident: Incident) -> str:
    """Everything about an incident. Folders may be anybody's, so nothing of them reaches a terminal raw."""
    return "\n".join(_page(incident)) + "\n"


def _page(incident: Incident) -> Iterator[str]:
    yield f"{inert(incident.id)} ({inert(incident.status)})"
    yield inert(incident.title)
    yield ""
    yield f"When: {_when(incident)}"
    yield f"Cause: {inert(incident.cause)}"
    yield from _section("Down", map(_domain, incident.down))
    yield from _section("Could not be changed, though what ran went on", map(_domain, incident.control))
    yield from _section("Affected services", map(inert, incident.services))
    yield from _section("Hit", map(inert, incident.hit))
    yield from _section("Post-mortem", filter(None, [inert(incident.post_mortem)]))
    yield from _section("Sources", map(inert, incident.sources))
    if incident.notes:
        yield from ("", f"Notes: {inert(incident.notes)}")
    if incident.from_memory:
        yield from ("", f"Left out, for no page was read that tells it: a part of {', '.join(incident.from_memory)}")
    yield from ("", "Replay it on your own files:", f"  riskscan simulate PATH --incident {inert(incident.id)}")


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    written = [f"  {line}" for line in lines]
    if written:
        yield from ("", f"{title}:", *written)


def _when(incident: Incident) -> str:
    duration = inert(incident.duration)
    if not incident.start:
        return duration or "not told"
    began, ended = (_time(incident, key) for key in ("start", "end"))
    span = f"{began} to {ended}" if ended else f"from {began}"
    return f"{span} ({duration})" if duration else span


def _time(incident: Incident, key: str) -> str:
    text: str = inert(incident.start if key == "start" else incident.end)
    shown = text.replace("T", " ").removesuffix(":00Z") + " UTC" if "T" in text else text
    return f"about {shown}" if shown and key in incident.approximate else shown


def _domain(domain: Domain) -> str:
    text = inert(domain.text)
    if not domain.is_pattern:
        return text
    return f"{text} (in every place at once)" if domain.is_everywhere else f"{text} (any one of them, one at a time)"
