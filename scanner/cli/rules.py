"""``riskscan rules``: what is judged."""

from __future__ import annotations

import json
from pathlib import Path

import click

from scanner.cli.exits import FINDINGS, OK
from scanner.cli.explain import explanation
from scanner.cli.rule_sets import PACKS, find_rule, load
from scanner.model.finding import Axis
from scanner.model.rule import RuleInfo
from scanner.reporters.inert import inert
from scanner.reporters.summary import plural


@click.group("rules", short_help="List, show and test rules.")
def command() -> None:
    """List, show and test the shipped rules and those of your own packs."""


@command.command("list")
@click.option("--axis", "axes", multiple=True, type=click.Choice([axis.value for axis in Axis]), help="Only this axis.")
@click.option("--format", "format_name", type=click.Choice(["text", "json"]), default="text", help="How to print them.")
@PACKS
def list_rules(axes: tuple[str, ...], format_name: str, packs: tuple[Path, ...]) -> None:
    """List the rules by code."""
    infos = [info for _, info in sorted(load(packs).infos.items()) if not axes or info.axis.value in axes]
    click.echo(_as_json(infos) if format_name == "json" else _as_table(infos), nl=False)


def _as_table(infos: list[RuleInfo]) -> str:
    width = max((len(info.slug) for info in infos), default=0)
    return "".join(
        f"{inert(info.code):<8}{info.severity.label:<10}{info.axis.value:<10}"
        f"{inert(info.slug):<{width}}  {inert(info.title)}\n"
        for info in infos
    )


def _as_json(infos: list[RuleInfo]) -> str:
    rows = [
        {
            "code": info.code,
            "slug": info.slug,
            "axis": info.axis.value,
            "severity": info.severity.label,
            "precision": info.precision,
            "title": info.title,
            "why": info.why,
            "remediation": dict(info.remediation),
            "controls": {name: list(ids) for name, ids in info.controls.items()},
            "references": list(info.references),
            "tags": list(info.tags),
        }
        for info in infos
    ]
    return json.dumps(rows, indent=2) + "\n"


@command.command("show")
@click.argument("rule")
@PACKS
def show_rule(rule: str, packs: tuple[Path, ...]) -> None:
    """Show RULE, a code or slug, as `riskscan explain` does."""
    click.echo(explanation(find_rule(load(packs), rule)), nl=False)


@command.command("test")
@click.argument("names", nargs=-1, metavar="[RULE]...")
@PACKS
def test_examples(names: tuple[str, ...], packs: tuple[Path, ...]) -> int:
    """Check the examples of each RULE, by default of all: that each line marked in one gets the outcome it shows.

    The controls that a rule cites must exist, too.

    Exit codes: 0 every example is right, 1 something is wrong, 2 usage error or unreadable rule.
    """
    from scanner.compliance.citations import rule_faults
    from scanner.rule_examples import run_examples

    known = load(packs)
    rules = [find_rule(known, name) for name in names] or list(known.rules.values())
    wrong = list(run_examples(rules))
    for failure in wrong:
        click.echo(inert(f"{failure.rule} ({failure.file}), example {failure.number}: {failure.message}"))
    unknown = list(rule_faults(rule.info for rule in rules))
    for text in unknown:
        click.echo(inert(text))
    examples = sum(len(rule.examples) for rule in rules)
    click.echo(f"{plural(len(rules), 'rule')}, {plural(examples, 'example')}, {len(wrong)} wrong", err=True)
    return FINDINGS if wrong or unknown else OK
