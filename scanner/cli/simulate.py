"""``riskscan simulate``: take failure domains down and see what stops, what a person can bring back, and why."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from msgspec.structs import replace

from scanner.cli.exits import INCOMPLETE, OK, why_incomplete
from scanner.cli.incident_sets import FOLDERS, find_incident, load
from scanner.cli.outputs import show_text
from scanner.cli.sources import configure, sources
from scanner.model.domain import Domain, DomainError, parse
from scanner.model.outage import LEVELS, Scenario
from scanner.reporters.inert import inert

if TYPE_CHECKING:
    from scanner.simulation.incidents import Incident
    from scanner.simulation.study import Study

FORMATS: Final = ("text", "markdown", "json")


@click.command("simulate", short_help="Take failure domains down and see what stops.")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--down",
    "down",
    multiple=True,
    metavar="DOMAIN",
    help="A failure domain that is down, such as zone:aws/eu-west-1a. Repeatable: all at once.",
)
@click.option(
    "--incident",
    "incident_ids",
    multiple=True,
    metavar="ID",
    help="Replay a recorded incident. Repeatable: one after the other.",
)
@FOLDERS
@click.option(
    "--every",
    "levels",
    multiple=True,
    type=click.Choice(LEVELS),
    help="Each domain of a level by itself, worst first. Repeatable.",
)
@click.option("--format", "-f", "format_name", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option(
    "--output",
    "-o",
    "output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the answer here.  [default: stdout]",
)
@sources
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="NO_COLOR and FORCE_COLOR count too.",
)
def command(
    paths: tuple[Path, ...],
    down: tuple[str, ...],
    incident_ids: tuple[str, ...],
    folders: tuple[Path, ...],
    levels: tuple[str, ...],
    format_name: str,
    output: Path | None,
    color: str,
    **flags: Any,
) -> int:
    """Say which services stop when failure domains are down, which a person can bring back, and why.

    PATHS are files or folders, by default the working directory.

    Exit codes: 0 answered, 2 usage or configuration error, 3 input could not be read, 130 interrupted.
    """
    if not (down or incident_ids or levels):
        raise click.UsageError("say what is down: --down DOMAIN, --incident ID or --every LEVEL")
    incidents = _incidents(incident_ids, folders)
    paths = paths or (Path(),)
    config = configure(paths, flags, os.environ, accepting=False)

    from scanner import pipeline

    report = pipeline.replay(paths, config, _questions(down, incidents, levels))
    report = replace(report, ranking=" ".join(levels) if levels and not (down or incident_ids) else "")
    show_text(format_name, report, output, color)
    if reason := why_incomplete(report, config):
        click.echo(f"incomplete: {reason}", err=True)
        return INCOMPLETE
    return OK


def _questions(
    down: Sequence[str], incidents: Sequence[Incident], levels: Sequence[str]
) -> Callable[[Study], tuple[Scenario, ...]]:
    def ask(study: Study) -> tuple[Scenario, ...]:
        domains, replay = [_domain(text, study) for text in down], study.replay
        scenarios = [replay.run(" + ".join(d.text for d in domains), domains)] if domains else []
        for incident in incidents:
            scenarios.extend(replay.incident(incident))
        if levels:
            scenarios.extend(replay.every(levels))
        return tuple(scenarios)

    return ask


def _domain(text: str, study: Study) -> Domain:
    """A domain as given. Raises ``BadParameter`` for a malformed one, with the nearest that the estate has."""
    try:
        return parse(text)
    except DomainError as error:
        from scanner.config_file import suggestion

        near = suggestion(text, study.faults.events)
        raise click.BadParameter(inert(f"{error}{near}"), param_hint="--down") from None


def _incidents(names: Sequence[str], folders: Sequence[Path]) -> list[Incident]:
    if not names:
        return []
    known = load(folders)
    return [find_incident(known, name) for name in names]
