"""``riskscan report``: what a scan is evidence for and against, control by control of laws and standards."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from scanner.cli.exits import INCOMPLETE, OK, why_incomplete
from scanner.cli.incident_sets import FOLDERS
from scanner.cli.outputs import parse_outputs, write_assessments
from scanner.cli.rule_sets import PACKS
from scanner.cli.sources import configure, sources
from scanner.cli.timestamps import TIMESTAMP, when
from scanner.config import Config, ConfigError, shown_from, with_rule_codes
from scanner.model.assessment import Attested, Framework, Status
from scanner.model.span import Span
from scanner.reporters import ASSESSMENTS

if TYPE_CHECKING:
    from scanner.rules.rule import RuleSet

FORMATS: Final = tuple(ASSESSMENTS)
ALL: Final = "all"
"""Stands for every framework."""


@click.command("report", short_help="Say what the files are evidence of, for the controls of a framework.")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--framework",
    "names",
    multiple=True,
    metavar="NAME",
    help="A framework such as dora or iso27001, or all. Repeatable.",
)
@click.option("--list", "listing", is_flag=True, help="List the frameworks with the number of their controls, and end.")
@click.option(
    "--output", "-o", "outputs", multiple=True, metavar="FORMAT=FILE", help="Write a report; - is stdout. Repeatable."
)
@click.option(
    "--format",
    "-f",
    "format_name",
    type=click.Choice(FORMATS),
    help="Write this report to stdout.  [default: markdown]",
)
@TIMESTAMP
@PACKS
@FOLDERS
@sources
def command(
    paths: tuple[Path, ...],
    names: tuple[str, ...],
    listing: bool,
    outputs: tuple[str, ...],
    format_name: str | None,
    timestamp: str | None,
    folders: tuple[Path, ...],
    **flags: Any,
) -> int:
    """Say what infrastructure files are evidence of, for and against, control by control of laws and standards.

    PATHS are files or folders, by default the working directory. No output says that an organization meets a control.

    Exit codes: 0 answered, 2 usage or configuration error, 3 input could not be read, 130 interrupted.
    """
    if listing:
        click.echo(_as_json() if format_name == "json" else _as_table(), nl=False)
        return OK
    wanted = _wanted(names)
    targets = parse_outputs(outputs, format_name, FORMATS)
    made = when(timestamp, [target.format for target in targets], os.environ)
    paths = paths or (Path(),)
    config = configure(paths, flags, os.environ)
    rules = _rules(config)
    config = with_rule_codes(config, {code: info.slug for code, info in rules.infos.items()})

    from scanner import pipeline
    from scanner.cli.incident_sets import load as load_incidents
    from scanner.compliance.assess import assess
    from scanner.reporters.redact import redacted

    report = redacted(pipeline.scan(paths, config, load_incidents(folders).values()))
    day = flags["today"].date() if flags["today"] else None
    write_assessments(assess(report, wanted, attested(config, Path(report.base)), day), targets, made)
    if reason := why_incomplete(report, config):
        click.echo(f"incomplete: {reason}", err=True)
        return INCOMPLETE
    return OK


def attested(config: Config, base: Path) -> tuple[Attested, ...]:
    """What the configuration attests, with places as reports show them."""
    return tuple(
        Attested(
            claim=each.claim,
            holder=each.holder,
            until=each.until,
            expired=each.past(config.today),
            span=each.span or Span(str(config.file or "the configuration"), 1),
            resource=each.resource,
            control=each.control,
            reference=each.evidence,
        )
        for each in shown_from(config, base).attest
    )


def _rules(config: Config) -> RuleSet:
    """The rules. Those of packs, too, cite controls that exist."""
    from scanner.cli.rule_sets import load
    from scanner.compliance.citations import check_rules
    from scanner.compliance.frameworks import FrameworkError

    rules = load(config.packs)
    try:
        check_rules(rules.infos.values())
    except FrameworkError as error:
        raise ConfigError(*str(error).splitlines()) from None
    return rules


def _wanted(names: Sequence[str]) -> tuple[Framework, ...]:
    """The frameworks that were named, each once. Raises ``UsageError`` with the nearest for one that does not exist."""
    known = _known()
    if not names:
        raise click.UsageError("say which framework: --framework NAME; --list shows all")
    for name in names:
        if name != ALL and name not in known:
            from scanner.config_file import suggestion

            hint = suggestion(name, [*known, ALL])
            raise click.BadParameter(f"unknown framework `{name}`{hint}; --list shows all", param_hint="--framework")
    chosen = known if ALL in names else dict.fromkeys(names)
    return tuple(known[name] for name in chosen)


def _known() -> Mapping[str, Framework]:
    from scanner.compliance.frameworks import frameworks

    return frameworks()


# -- the list --------------------------------------------------------------------------------------


def _counts(framework: Framework) -> dict[str, int]:
    return {status.value: sum(c.status is status for c in framework.controls) for status in Status}


def _as_table() -> str:
    heads = ("framework", "controls", "verified", "partly", "from memory", "name")
    rows: list[tuple[str, ...]] = [heads]
    for name, framework in _known().items():
        rows.append((name, str(len(framework.controls)), *map(str, _counts(framework).values()), framework.name))
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    return "".join(
        "  ".join([row[0].ljust(widths[0]), *(row[i].rjust(widths[i]) for i in range(1, 5)), row[5]]) + "\n"
        for row in rows
    )


def _as_json() -> str:
    listed = [
        {
            "id": framework.id,
            "name": framework.name,
            "version": framework.version,
            "url": framework.url,
            "controls": len(framework.controls),
            **_counts(framework),
        }
        for framework in _known().values()
    ]
    return json.dumps(listed, indent=2, ensure_ascii=False) + "\n"
