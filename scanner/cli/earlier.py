"""What a scan is compared with: a path, or a revision of the repository that the paths are in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from scanner.cli.sources import configure
from scanner.config import FILE_NAMES, Config, ConfigError
from scanner.states import State, files_of, place_of

if TYPE_CHECKING:
    from scanner.revisions import Repository

LARGEST: Final = 64 * 1024 * 1024
"""Larger files of a revision are written as their size alone, unless the configuration allows for larger ones."""

Command = TypeVar("Command", bound=Callable[..., Any])


def config_from(default: str) -> Callable[[Command], Command]:
    """The option that tells whose configuration counts; ``default`` says whose does without it."""
    return click.option(
        "--config-from",
        type=click.Choice(["head", "base"]),
        envvar="RISKSCAN_CONFIG_FROM",
        show_envvar=True,
        help=f"Which side's configuration, waivers and baseline count.  [default: {default}]",
    )


_OPTIONS: Final = (
    click.option(
        "--base",
        metavar="REVISION|PATH",
        envvar="RISKSCAN_BASE",
        show_envvar=True,
        help="Say what changed since a git revision, or against other files.",
    ),
    click.option(
        "--fail-on-new",
        is_flag=True,
        envvar="RISKSCAN_FAIL_ON_NEW",
        show_envvar=True,
        help="Only what is new since --base gives exit code 1.",
    ),
    config_from("head"),
)


def comparing(command: Command) -> Command:
    """Add the options by which a scan is compared with an earlier state."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@contextmanager
def opened(word: str, beside: Sequence[Path], config: Config | None = None, *, later: bool = False) -> Iterator[State]:
    """The state that a word names, while it is open: the path that exists, or ``beside`` as they were at a revision.

    The files that ``config`` names are there too; without it, all of the revision is. With ``later``, only its
    configuration is there before it is filled. Raises ``UsageError``.
    """
    if Path(word).exists():
        yield State((Path(word),))
        return
    from scanner.revisions import RevisionError, checked_out

    with ExitStack() as stack:
        try:
            repository = _repository(word, beside[0])
            largest = max(LARGEST, config.limits.max_file_bytes if config else 0)
            checkout = stack.enter_context(checked_out(repository, word, beside, largest, later=later))
            if config is None and not later:
                checkout.add_all()
            else:
                checkout.add((*(files_of(config) if config else ()), *_configurations(beside)))
        except RevisionError as error:
            raise click.UsageError(str(error)) from None
        yield State(tuple(map(checkout.place_of, beside)), checkout)


@contextmanager
def usable() -> Iterator[None]:
    """Raises ``UsageError`` for a revision that turns out not to be whole in this clone."""
    from scanner.revisions import RevisionError

    try:
        yield
    except RevisionError as error:
        raise click.UsageError(str(error)) from None


def _repository(word: str, path: Path) -> Repository:
    from scanner.revisions import RevisionError, find_repository

    try:
        return find_repository(path)
    except RevisionError as error:
        raise click.UsageError(f"there is no path {word}, and {error}") from None


def _configurations(paths: Sequence[Path]) -> Iterator[Path]:
    """Where the configuration of some paths may lie."""
    for folder in {parent: None for path in paths for parent in (path.resolve(), *path.resolve().parents)}:
        yield from (folder / name for name in FILE_NAMES)


def configured(state: State, head: State, flags: Mapping[str, Any], environment: Mapping[str, str]) -> Config:
    """The configuration that lies in a state, with the flags over it: files that they name are the state's own.

    Raises ``UsageError`` or ``ConfigError``.
    """
    if state.checkout is None:
        return configure(state.paths, flags, environment)
    named = flags["config_file"] and place_of(flags["config_file"], head, state)
    missing = named is not None and not named.exists()
    flags = {**flags, "config_file": None if missing else named, "no_config": flags["no_config"] or missing}
    if flags.get("baseline"):
        flags["baseline"] = place_of(flags["baseline"], head, state)
    packs = tuple(place_of(pack, head, state) for pack in flags.get("packs", ()))
    flags["packs"] = tuple(pack for pack in packs if pack.exists())
    return configure(state.paths, flags, environment, state.folder)


def others_config(state: State, head: State, flags: Mapping[str, Any]) -> Config | None:
    """The configuration that does not count, to be held against the one that does; ``None`` where it is none."""
    try:
        return configured(state, head, flags, os.environ)
    except (ConfigError, click.UsageError):
        if state.checkout is None:
            return None
    from scanner.revisions import RevisionError

    try:
        state.checkout.add_all()  # it names what the head's does not
        return configured(state, head, flags, os.environ)
    except (ConfigError, click.UsageError, RevisionError):
        return None


def without_base(config: Config) -> Config:
    """The configuration of a scan that is compared with nothing. Raises ``UsageError`` if it judges what is new."""
    if config.fail_on_new:
        raise click.UsageError(
            "only what is new is to be judged, so there must be something to compare with: "
            "name an earlier revision or path with --base, such as --base origin/main"
        )
    return config
