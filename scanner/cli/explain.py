"""``riskscan explain``: everything about one rule."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.rule_sets import PACKS, find_rule, load
from scanner.reporters.inert import inert
from scanner.reporters.rule_help import rule_text

if TYPE_CHECKING:
    from scanner.rules.rule import Rule


@click.command("explain", short_help="Explain a rule.")
@click.argument("rule")
@PACKS
def command(rule: str, packs: tuple[Path, ...]) -> None:
    """Explain RULE, a code or slug: the risk, how to fix it in each dialect, controls, references and examples."""
    click.echo(explanation(find_rule(load(packs), rule)), nl=False)


def explanation(rule: Rule) -> str:
    """A rule's words and examples as plain text. Packs may be anybody's, so nothing of them reaches a terminal raw."""
    parts = [rule_text(rule.info)]
    for example in rule.examples:
        code = "\n".join(f"  {line}".rstrip() for line in example.code.strip("\n").splitlines())
        parts.append(f"Example of {example.outcome} ({example.dialect}):\n{code}\n")
    return "".join(f"{_visible(line)}\n" for line in "\n".join(parts).splitlines())


def _visible(line: str) -> str:
    indent = len(line) - len(line.lstrip(" "))
    return line[:indent] + inert(line[indent:])
