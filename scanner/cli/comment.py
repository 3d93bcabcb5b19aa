"""``riskscan comment``: put a report into a pull request. The token comes from the environment and nowhere else."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from scanner.reporters.inert import inert, without_commands

if TYPE_CHECKING:
    from scanner.github.api import Api
    from scanner.github.proposals import Proposal

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_HINTS: Final = {
    403: "the token may not write here, as on pull requests of forks; the job needs pull-requests: write",
    404: "there is no such pull request, or the token may not see it",
    410: "it is gone",
    422: "the pull request has changed meanwhile, or it takes no more",
}


@click.command("comment", short_help="Put a report into a pull request.")
@click.option("--file", "file", type=FILE, help="What --output comment=FILE wrote.")
@click.option("--review", type=FILE, help="Suggest the fixes of this SARIF file on the lines of the pull request.")
@click.option("--repository", required=True, metavar="OWNER/NAME", envvar="GITHUB_REPOSITORY", show_envvar=True)
@click.option("--number", required=True, type=click.IntRange(1), metavar="N", help="The pull request.")
@click.option("--category", default="scan", show_default=True, help="Tells several comments of one pull request apart.")
def command(file: Path | None, review: Path | None, repository: str, number: int, category: str) -> int:
    """Write the one comment of a pull request, or edit it, and suggest fixes as a review.

    The token is that of GITHUB_TOKEN, the server that of GITHUB_API_URL. Beside aws, this alone uses the network. A
    comment that says that there is nothing to tell is only written over an older one. Where the token may not write, or
    GitHub does not answer, a notice says so and the command succeeds: a comment is no reason to fail a build.

    Exit codes: 0, or 2 for usage errors and answers of GitHub that only a mistake explains.
    """
    if file is None and review is None:
        raise click.UsageError("name what to write: --file, --review or both")
    if not _REPOSITORY.fullmatch(repository) or {".", ".."} & set(repository.split("/")):
        raise click.BadParameter(f"{inert(repository)!r} is not OWNER/NAME", param_hint="--repository")

    from scanner.reporters.comment import marker

    own = marker(category)
    body = _body(file, own) if file else ""
    found = _proposals(review) if review else []
    api = _api(os.environ)
    if file:
        _attempt(lambda: _put(api, repository, number, body, own))
    if review:
        _attempt(lambda: _review(api, repository, number, found, own))
    return 0


def _body(file: Path, own: str) -> str:
    """The body under our marker, within what GitHub takes."""
    from scanner.reporters.comment import MAX_BYTES
    from scanner.reporters.gfm import hard_limit

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{file} cannot be read: {error}", param_hint="--file") from None
    first = text.partition("\n")[0].rstrip()
    if first.startswith("<!-- riskscan:") and first != own:
        raise click.UsageError(f"{file} is the comment of another category than the one that --category names")
    return hard_limit(text if first == own else f"{own}\n{text}", MAX_BYTES)


def _proposals(file: Path) -> list[Proposal]:
    from scanner.github.proposals import proposals

    try:
        return proposals(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise click.BadParameter(f"{file} cannot be used: {error}", param_hint="--review") from None


def _api(environment: Mapping[str, str]) -> Api:
    from scanner.github.api import Api, Wrong

    token = environment.get("GITHUB_TOKEN", "").strip()
    if not token:
        raise click.UsageError("GITHUB_TOKEN is not set")
    try:
        return Api(environment.get("GITHUB_API_URL") or "https://api.github.com", token)
    except Wrong as error:
        raise click.UsageError(str(error)) from None


def _attempt(work: Callable[[], None]) -> None:
    """Do it, or say why not. What the token of a fork may not do fails no build; a wrong token is a mistake."""
    from scanner.github.api import Refused, Unreachable

    try:
        work()
    except Refused as refusal:
        hint = _HINTS.get(refusal.status)
        if hint is None:
            raise click.ClickException(inert(str(refusal))) from None
        _notice(f"nothing was written: {refusal} ({hint})")
    except Unreachable as error:
        _notice(f"nothing was written: {error}")


def _put(api: Api, repository: str, number: int, body: str, own: str) -> None:
    from scanner.github.comments import put
    from scanner.reporters.comment import CLEAN

    clean = body.split("\n")[1:2] == [CLEAN]
    done = put(api, repository, number, body, own, only_edit=clean)
    place = f" {done.id} {inert(done.url)}" if done.id else ""
    click.echo(without_commands(f"comment {done.done}{place}"))


def _review(api: Api, repository: str, number: int, found: list[Proposal], own: str) -> None:
    from scanner.github.reviews import suggest

    click.echo(f"suggestions {suggest(api, repository, number, found, own)}")


def _notice(words: str) -> None:
    """A notice of the workflow where one runs, else a line on stderr."""
    line = inert(words)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        click.echo(f"::notice title=riskscan::{line.replace('%', '%25')}")
    else:
        click.echo(line, err=True)
