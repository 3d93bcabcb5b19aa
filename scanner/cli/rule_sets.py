"""The rules that a command works with: the flag, loading, and looking one up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.config import ConfigError

if TYPE_CHECKING:
    from scanner.rules.rule import Rule, RuleSet

PACKS = click.option(
    "--rules",
    "packs",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="RISKSCAN_RULES",
    show_envvar=True,
    help="A folder with rule files of your own. Repeatable.",
)


def load(packs: Sequence[Path]) -> RuleSet:
    """The shipped rules and those of some packs. Raises :class:`ConfigError` for a pack that cannot be used."""
    from scanner.rules.load import RuleError, load_rules

    try:
        return load_rules(packs)
    except RuleError as error:
        raise ConfigError(str(error)) from None


def find_rule(rules: RuleSet, name: str) -> Rule:
    """The rule with a code or slug. Raises ``UsageError`` with the nearest name when there is none."""
    try:
        return rules.by_name(name)
    except KeyError:
        from scanner.config_file import suggestion

        known = [word for info in rules.infos.values() for word in (info.code, info.slug)]
        raise click.UsageError(f"unknown rule `{name}`{suggestion(name, known)}") from None
