"""The incidents that a command works with: the flag, loading, and looking one up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from scanner.config import ConfigError
from scanner.reporters.inert import inert

if TYPE_CHECKING:
    from scanner.simulation.incidents import Incident

REPLAYING: Final = frozenset({"html"})
"""Formats of a scan that tell of outages. For the others none are replayed: that takes time."""

FOLDERS = click.option(
    "--incidents",
    "folders",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="RISKSCAN_INCIDENTS",
    show_envvar=True,
    help="A folder with incidents of your own. Repeatable.",
)


def load(folders: Sequence[Path]) -> Mapping[str, Incident]:
    """The shipped incidents and those of some folders. Raises :class:`ConfigError` for a file that cannot be used."""
    from scanner.simulation.incidents import IncidentError, load_incidents

    try:
        return load_incidents(folders)
    except IncidentError as error:
        raise ConfigError(inert(str(error))) from None


def replayed(formats: Iterable[str], folders: Sequence[Path] = ()) -> Collection[Incident] | None:
    """The incidents to replay for reports of some formats; ``None`` where none of them shows outages."""
    return load(folders).values() if REPLAYING.intersection(formats) else None


def find_incident(incidents: Mapping[str, Incident], name: str) -> Incident:
    """The incident with an id. Raises ``UsageError`` with the nearest ids when there is none."""
    found = incidents.get(name.casefold())
    if found is None:
        from scanner.simulation.incidents import nearest

        *others, last = [f"`{known}`" for known in nearest(name, incidents)] or [""]
        near = f"{', '.join(others)} or {last}" if others else last
        hint = f"; did you mean {near}?" if near else "; `riskscan incidents list` shows them"
        raise click.UsageError(f"unknown incident `{inert(name)}`{hint}")
    return found
