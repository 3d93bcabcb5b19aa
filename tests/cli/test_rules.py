"""``riskscan explain`` and ``riskscan rules``, over one rule made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from msgspec.structs import replace

import scanner.cli.explain
import scanner.cli.rules
import scanner.rule_examples
from scanner.rule_examples import ExampleFailure
from scanner.rules.rule import Rule, RuleSet

pytestmark = pytest.mark.usefixtures("scan")

EXPLAINED = """\
RS101 database-single-zone
A database runs in one zone

axis zone, severity high, precision high

Why: If the zone fails, it is down.

Fix (terraform/aws):
  Set multi_az = true.

Controls:
  nist-800-53: CP-7

References:
  https://example.org/multi-az

Example of fail (terraform):
  resource "aws_db_instance" "a" {
    multi_az = false # <-
  }
"""


@pytest.mark.parametrize("name", ["RS101", "rs101", "database-single-zone"])
@pytest.mark.parametrize("command", [["explain"], ["rules", "show"]])
def test_a_rule_is_explained_by_any_name(riskscan: Callable[..., Any], command: list[str], name: str) -> None:
    result = riskscan(*command, name)
    assert (result.code, result.out) == (0, EXPLAINED)


@pytest.mark.parametrize("command", [["explain"], ["rules", "show"]])
def test_an_unknown_rule_is_an_error_with_the_nearest(riskscan: Callable[..., Any], command: list[str]) -> None:
    result = riskscan(*command, "database-single-zon")
    assert (result.code, result.out) == (2, "")
    assert "unknown rule `database-single-zon`; did you mean `database-single-zone`?" in result.err


def test_the_list(riskscan: Callable[..., Any]) -> None:
    assert riskscan("rules", "list").out == (
        "RS101   high      zone      database-single-zone  A database runs in one zone\n"
    )
    assert riskscan("rules", "list", "--axis", "edge").out == ""
    assert riskscan("rules", "list", "--axis", "nothing").code == 2


def test_the_list_as_json(riskscan: Callable[..., Any]) -> None:
    (rule,) = json.loads(riskscan("rules", "list", "--format", "json", "--axis", "zone").out)
    assert rule == {
        "code": "RS101",
        "slug": "database-single-zone",
        "axis": "zone",
        "severity": "high",
        "precision": "high",
        "title": "A database runs in one zone",
        "why": "If the zone fails, it is down.",
        "remediation": {"terraform/aws": "Set multi_az = true."},
        "controls": {"nist-800-53": ["CP-7"]},
        "references": ["https://example.org/multi-az"],
        "tags": [],
    }


def test_a_pack_s_words_do_not_reach_the_terminal_raw(
    riskscan: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, rules: RuleSet
) -> None:
    rule = next(iter(rules.rules.values()))
    evil = replace(rule, info=replace(rule.info, title="\x1b[31mx", why="a\x9bb"))
    for module in (scanner.cli.explain, scanner.cli.rules):
        monkeypatch.setattr(module, "load", lambda _packs: RuleSet({"RS101": evil}))
    for arguments in (["explain", "RS101"], ["rules", "list"], ["rules", "list", "--format", "json"]):
        out = riskscan(*arguments).out
        assert {c for c in out if not c.isprintable()} <= {"\n"}


@pytest.mark.parametrize(("wrong", "code"), [([], 0), (["the fail example passes \x1b[1m"], 1)])
def test_examples_are_tested(
    riskscan: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, wrong: list[str], code: int
) -> None:
    asked: list[str] = []

    def run_examples(rules: Iterable[Rule]) -> list[ExampleFailure]:
        asked.extend(rule.info.code for rule in rules)
        return [ExampleFailure("RS101", "rules/a.yaml", 1, message) for message in wrong]

    monkeypatch.setattr(scanner.rule_examples, "run_examples", run_examples)
    result = riskscan("rules", "test")
    assert (result.code, asked) == (code, ["RS101"])
    said = [f"RS101 (rules/a.yaml), example 1: {message}\n" for message in wrong]
    assert result.out == "".join(said).replace("\x1b", "\\x1b")
    assert result.err == f"1 rule, 1 example, {len(wrong)} wrong\n"
    assert riskscan("rules", "test", "RS101").code == code
    assert riskscan("rules", "test", "RS999").code == 2
