"""The reference of the command line, made of the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click

from generate.markup import code, codes, escaped, fence, page, prose, table
from scanner.cli.main import COMMANDS, riskscan

_CODES: Final[Mapping[str, str]] = {
    "0": "nothing at or above `--fail-on` (default `high`)",
    "1": "findings at or above it",
    "2": "usage or configuration error; nothing was scanned",
    "3": "the scan is incomplete: a file could not be read, which `--allow-incomplete` accepts, or there was none",
    "130": "interrupted",
}


def page_of_commands() -> str:
    """Every command with its arguments and options."""
    context = click.Context(riskscan, info_name="riskscan")
    return page(
        "Commands",
        "Reports go to standard output, everything else to standard error. `NO_COLOR` and closed pipes are honoured.",
        *(part for name in COMMANDS for part in _command(riskscan.get_command(context, name), name, context, 2)),
        "## Exit codes { #exit-codes }",
        "They mean the same in every format. Where several hold, 2 comes before 1 and 1 before 3.",
        table(("code", "means"), ((code(number), text) for number, text in _CODES.items())),
        "## Environment variables { #environment }",
        "A flag wins over its variable. `TF_VAR_NAME` is a Terraform variable, as for Terraform itself.",
        table(("variable", "flag", "commands"), _variables(context)),
        description="Every command and option of riskscan",
    )


def _command(command: click.Command | None, name: str, parent: click.Context, depth: int) -> Iterator[str]:
    assert command is not None
    context = click.Context(command, info_name=name, parent=parent)
    path = context.command_path
    yield f"{'#' * depth} {code(path)} {{ #{path.replace(' ', '-')} }}"
    yield fence(f"{path} {' '.join(command.collect_usage_pieces(context))}", "sh")
    yield from (prose(paragraph) for paragraph in (command.help or "").replace("\b\n", "").split("\n\n"))
    yield table(("option", "meaning", "default"), _options(command, context))
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            yield from _command(command.get_command(context, inner), inner, context, depth + 1)


def _options(command: click.Command, context: click.Context) -> Iterator[Sequence[str]]:
    for option in options_of(command):
        yield _names(option, context), _meaning(option), _default(option)


def options_of(command: click.Command) -> Sequence[click.Option]:
    """The options of a command that its help shows."""
    return [found for found in command.params if isinstance(found, click.Option) and not found.hidden]


def _names(option: click.Option, context: click.Context) -> str:
    bare = option.is_flag or option.count or isinstance(option.type, click.Choice)
    value = "" if bare else f" {option.make_metavar(context)}"
    return ", ".join(code(name + value) for name in (*option.opts, *option.secondary_opts))


def _meaning(option: click.Option) -> str:
    text = prose((option.help or "").partition("  [default")[0])
    if isinstance(option.type, click.Choice):
        text += f" One of {codes(map(str, option.type.choices))}."
    return f"{text} Variable {code(str(option.envvar))}." if option.envvar else text


def _default(option: click.Option) -> str:
    default: Any = option.default
    if callable(default) or default in (None, (), [], "", False) or "UNSET" in repr(default):
        return escaped((option.help or "").partition("[default: ")[2].removesuffix("]"))
    return code(str(default).lower() if isinstance(default, bool) else str(default))


def _variables(context: click.Context) -> Iterator[Sequence[str]]:
    users: dict[tuple[str, str], list[str]] = {}
    for path, command in all_commands(context):
        for option in options_of(command):
            if option.envvar:
                users.setdefault((str(option.envvar), option.opts[0]), []).append(path)
    for (variable, flag), paths in sorted(users.items()):
        yield code(variable), code(flag), ", ".join(map(code, paths))


def all_commands(context: click.Context, group: click.Group = riskscan) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with its path: ``rules list``."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", found) for inner, found in all_commands(context, command))
        elif command is not None:
            yield name, command
