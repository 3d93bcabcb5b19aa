"""``riskscan aws``: flags → what to ask → the account's answers → pipeline → reports → exit code."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from msgspec.structs import replace

from scanner.cli.incident_sets import FOLDERS, replayed
from scanner.cli.pages import NOWHERE
from scanner.cli.report_options import judging, showing, shown, write
from scanner.cli.rule_sets import load
from scanner.cli.sources import configure, sources_without_files
from scanner.config import with_rule_codes

if TYPE_CHECKING:
    from scanner.parsers.aws_live.access import Wanted
    from scanner.parsers.parsed import Parsed

_WIDTH: Final = 79


@click.command("aws", short_help="Scan a live AWS account.")
@click.option("--profile", metavar="NAME", help="The profile of the credentials.  [default: as the AWS CLI finds them]")
@click.option(
    "--regions",
    metavar="NAME,…",
    default="",
    help="The regions to read, or all that the account has enabled.  [default: the profile's]",
)
@click.option("--role-arn", "roles", multiple=True, metavar="ARN", help="Read the account of this role. Repeatable.")
@click.option("--external-id", metavar="TEXT", help="What the roles want to be told.")
@click.option("--organization", is_flag=True, help="Read every account of the organization, through a role in each.")
@click.option(
    "--role-name",
    default="OrganizationAccountAccessRole",
    show_default=True,
    help="What --organization's role is called.",
)
@click.option(
    "--save",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep what is read in this file, for `riskscan scan`. After an interruption the same file goes on.",
)
@click.option("--print-policy", is_flag=True, help="Print the least IAM policy that the reading needs, and do nothing.")
@judging
@sources_without_files
@FOLDERS
@showing
def command(
    profile: str | None,
    regions: str,
    roles: tuple[str, ...],
    external_id: str | None,
    organization: bool,
    role_name: str,
    file: Path | None,
    print_policy: bool,
    folders: tuple[Path, ...],
    outputs: tuple[str, ...],
    format_name: str | None,
    show: tuple[str, ...],
    category: str,
    sarif: str,
    color: str,
    quiet: bool,
    **flags: Any,
) -> int:
    """Scan a live AWS account for what can stop a service or lock its funds.

    It only asks: describe, get and list. No secret's value, no parameter's value and no object is ever read. Buckets
    are read wherever they lie. With --role-arn, only the accounts of the roles are read.

    Exit codes: 0 nothing at or above --fail-on, 1 findings at or above it, 2 usage or configuration error, 3 the scan
    is incomplete, 130 interrupted.
    """
    if print_policy:
        click.echo(_policy(organization), nl=False)
        return 0
    reports = shown(outputs, format_name, show, category, sarif, color, quiet)
    incidents = replayed(reports.formats, folders)
    config = configure((Path(),), flags, os.environ)
    if file is not None and not file.resolve().parent.is_dir():
        raise click.BadParameter(f"the folder {file.parent} does not exist", param_hint="--save")

    from scanner import pipeline
    from scanner.parsers.aws_live.access import Wanted

    config = with_rule_codes(config, {code: info.slug for code, info in load(config.packs).infos.items()})
    named = tuple(dict.fromkeys(name.strip() for name in regions.split(",") if name.strip()))
    wanted = Wanted(profile, named, tuple(dict.fromkeys(roles)), external_id, organization, role_name)
    report = pipeline.scan_account(lambda: _collected(wanted, file), _names, config, incidents)
    return write(report, config, replace(reports, linked=NOWHERE))


def _policy(organization: bool) -> str:
    from scanner.parsers.aws_live.actions import BESIDE, ORGANIZATION, policy
    from scanner.parsers.aws_live.specification import operations

    return policy((*operations(), *BESIDE, *(ORGANIZATION if organization else ())))


def _collected(wanted: Wanted, file: Path | None) -> Parsed:
    from scanner.parsers.aws_live.access import AccessError
    from scanner.parsers.aws_live.project import read_account
    from scanner.parsers.aws_live.store import StoreError

    gc.enable()  # the SDK's clients are rings of objects, and a run makes hundreds of them
    try:
        return read_account(wanted, file, _file_name(file), _progress())
    except (AccessError, StoreError) as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"cannot write {file}: {error.strerror}") from None
    finally:
        gc.collect()
        gc.disable()


def _file_name(file: Path | None) -> str:
    return os.path.relpath(file.resolve(), Path.cwd().resolve()).replace(os.sep, "/") if file else ""


def _names(parsed: Parsed) -> dict[str, tuple[str, ...]]:
    """What stands in the place of files: the accounts, as parts of the coverage."""
    return {"aws": parsed.roots}


def _progress() -> Callable[[int, int, str], None]:
    """Tells a terminal how far the reading is; says nothing elsewhere."""
    if not sys.stderr.isatty():
        return lambda _done, _total, _last: None

    def tell(done: int, total: int, last: str) -> None:
        text = f"{done}/{total} {last}"[:_WIDTH].ljust(_WIDTH) if done < total else " " * _WIDTH
        sys.stderr.write(f"\r{text}\r" if done == total else f"\r{text}")
        sys.stderr.flush()

    return tell
