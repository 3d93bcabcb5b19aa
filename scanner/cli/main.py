"""The command ``riskscan``: finds the subcommand, and turns every ending into an exit code."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Final

import click

from scanner.cli.exits import INCOMPLETE, INTERRUPTED, USAGE
from scanner.version import VERSION

COMMANDS: Final = {
    "scan": "scanner.cli.scan",
    "aws": "scanner.cli.aws",
    "simulate": "scanner.cli.simulate",
    "diff": "scanner.cli.diff",
    "baseline": "scanner.cli.baseline",
    "history": "scanner.cli.history",
    "report": "scanner.cli.report",
    "explain": "scanner.cli.explain",
    "rules": "scanner.cli.rules",
    "incidents": "scanner.cli.incidents",
    "init": "scanner.cli.init",
    "comment": "scanner.cli.comment",
}
"""The module of each subcommand, which holds it as ``command``. Imported only when it is called."""


class LazyGroup(click.Group):
    """A group that imports a subcommand when it is needed, so that starting costs little."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The subcommands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand of that name."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(COMMANDS[cmd_name]).command
        return command if isinstance(command, click.Command) else None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION, message="riskscan %(version)s")
def riskscan() -> None:
    """Find who can stop a service and who can lock its funds, from its infrastructure files."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code, at once: freeing what a scan made takes time."""
    gc.disable()  # a scan builds trees that it needs to its end: looking for garbage in them costs a tenth of the time
    code = run(sys.argv[1:] if arguments is None else arguments)
    with suppress(BrokenPipeError):  # the reader may have gone
        sys.stdout.flush()
    with suppress(BrokenPipeError):
        sys.stderr.flush()
    os._exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code."""
    from scanner.config import ConfigError

    try:
        result = riskscan.main(list(arguments), prog_name="riskscan", standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return USAGE
    except click.ClickException as error:
        click.echo(f"error: {error.format_message()}", err=True)
        return USAGE
    except ConfigError as error:
        for line in error.lines:
            click.echo(f"error: {line}", err=True)
        return USAGE
    except Exception as error:  # noqa: BLE001 - a defect must end in an exit code of its own
        return _internal_error(error)
    return result if isinstance(result, int) else 0


def _internal_error(error: Exception) -> int:
    """A defect of ours must not look like findings, nor like their absence."""
    import traceback

    traceback.print_exception(error)
    click.echo("error: this is a defect of riskscan; the scan did not finish", err=True)
    return INCOMPLETE
