"""What every command that reads files is told: which configuration, variables, workspace, region and day."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from msgspec.structs import replace

from scanner.config import (
    Config,
    ConfigError,
    UnknownPolicy,
    find_config,
    load_config,
    severity_of,
    severity_or_never,
)
from scanner.model.finding import Axis

if TYPE_CHECKING:
    from scanner.cache.store import Cache

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

Command = TypeVar("Command", bound=Callable[..., Any])

_CONFIGURATION: Final = (
    click.option(
        "--config", "config_file", type=FILE, envvar="RISKSCAN_CONFIG", show_envvar=True, help="The configuration file."
    ),
    click.option("--no-config", is_flag=True, help="Read no configuration file."),
)
_FILES: Final = (
    click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="A Terraform variable. Repeatable."),
    click.option(
        "--var-file",
        "var_files",
        multiple=True,
        type=FILE,
        help="A .tfvars file (--var wins over it), or parameters of ARM's templates and Bicep. Repeatable.",
    ),
    click.option(
        "--plan",
        "plans",
        multiple=True,
        type=FILE,
        help="A Terraform plan or state as JSON (terraform show -json), wherever it lies. Repeatable.",
    ),
    click.option(
        "--helm-values",
        "helm_values",
        multiple=True,
        type=FILE,
        help="A file of values for every chart; wins over the chart's own and the configuration's. Repeatable.",
    ),
    click.option("--workspace", envvar="TF_WORKSPACE", show_envvar=True, help="The Terraform workspace."),
    click.option(
        "--region",
        envvar="RISKSCAN_REGION",
        show_envvar=True,
        help="The region of what names none: templates of CloudFormation and Bicep, Terraform's providers.",
    ),
)
_CACHE: Final = (
    click.option(
        "--cache",
        "cache_folder",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="RISKSCAN_CACHE",
        show_envvar=True,
        help="A folder in which what was read is kept for the next run.  [default: nothing is kept]",
    ),
    click.option("--no-cache", is_flag=True, help="Keep nothing, whatever the environment says."),
)
_JUDGING: Final = (
    click.option(
        "--strict", is_flag=True, envvar="RISKSCAN_STRICT", show_envvar=True, help="Every problem gives exit code 3."
    ),
    click.option("--allow-incomplete", is_flag=True, help="Unread input, or none at all, does not give exit code 3."),
    click.option(
        "--today", type=click.DateTime(["%Y-%m-%d"]), help="The day on which waivers are judged.  [default: today]"
    ),
)


def sources(command: Command) -> Command:
    """Add the options to a command. It receives them as keywords, for :func:`configure`."""
    return _with(command, (*_CONFIGURATION, *_FILES, *_CACHE, *_JUDGING))


def sources_without_files(command: Command) -> Command:
    """The same for a command that reads no files, without what only counts for these."""
    return _with(command, (*_CONFIGURATION, *_JUDGING))


def _with(command: Command, options: Sequence[Callable[[Command], Command]]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def configure(
    paths: Sequence[Path],
    flags: Mapping[str, Any],
    environment: Mapping[str, str],
    named_from: Path | None = None,
    *,
    accepting: bool = True,
) -> Config:
    """The file's configuration with the flags over it, and what its baseline accepts unless nobody asks.

    ``named_from`` is the folder from which messages name files, where that is not the working directory. Raises
    ``UsageError`` or ``ConfigError``.
    """
    if flags["config_file"] and flags["no_config"]:
        raise click.UsageError("--config and --no-config exclude each other")
    if flags["strict"] and flags["allow_incomplete"]:
        raise click.UsageError("--strict and --allow-incomplete exclude each other")
    file = None if flags["no_config"] else flags["config_file"] or find_config(paths, Path.cwd())
    config = load_config(file, shown_path(file, named_from)) if file else Config()
    config = replace(config, **_overrides(config, flags, environment))
    return _with_baseline(config, config.baseline, named_from) if accepting and config.baseline else config


def _with_baseline(config: Config, file: Path, named_from: Path | None) -> Config:
    from scanner.rules.baseline_file import BaselineError, read_baseline

    try:
        return replace(config, accepted=read_baseline(file, shown_path(file, named_from)))
    except BaselineError as error:
        raise ConfigError(str(error)) from None


def _overrides(config: Config, flags: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    today: datetime | None = flags["today"]
    given: dict[str, Any] = {
        "variables": dict(map(_variable, flags.get("variables", ()))),
        "environment_variables": {
            name.removeprefix("TF_VAR_"): value for name, value in environment.items() if name.startswith("TF_VAR_")
        },
        "packs": (*config.packs, *flags.get("packs", ())),
        "helm_values": (*config.helm_values, *flags.get("helm_values", ())),
        "today": today.date() if today else datetime.now().astimezone().date(),
    }
    same = ("var_files", "plans", "workspace", "strict", "allow_incomplete", "exit_zero", "fail_on_target")
    given |= {name: flags[name] for name in same if name in flags}
    if flags.get("cache_folder") and not flags["no_cache"]:
        given["cache"] = _opened(flags["cache_folder"])
    if flags.get("region"):
        given["region"] = flags["region"]
    if flags.get("fail_on"):
        given["fail_on"] = severity_or_never(flags["fail_on"])
    if flags.get("min_severity"):
        given["min_severity"] = severity_of(flags["min_severity"])
    if flags.get("axes"):
        given["axes"] = frozenset(map(Axis, flags["axes"]))
    if flags.get("fail_on_new"):
        given["fail_on_new"] = True
    if flags.get("baseline"):
        given["baseline"] = flags["baseline"]
    if flags.get("unknown"):
        given["unknown"] = UnknownPolicy(flags["unknown"])
    return given


def _opened(folder: Path) -> Cache:
    """The cache of a folder. When the command is over it is brought down to its size, and faults are told."""
    from scanner.cache.store import Cache

    cache = Cache(folder.absolute())

    def close() -> None:
        cache.close()
        if cache.fault:
            click.echo(f"warning: nothing is kept in the cache: {cache.fault}", err=True)

    if (context := click.get_current_context(silent=True)) is not None:
        context.call_on_close(close)
    return cache


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--var")
    return name.strip(), value


def shown_path(file: Path, base: Path | None = None) -> str:
    """A path as people typed or see it: relative to a folder, by default the working one, where that is shorter."""
    relative = os.path.relpath(file, base or Path())
    return file.as_posix() if relative.startswith("..") or sys.platform == "win32" else relative
