"""Every rule that suggests a literal: written into its own failing examples, the finding is gone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from scanner.model.finding import Outcome
from scanner.reporters.suggestion import Suggestion, bare, suggested
from scanner.rule_examples import answers, example_graph
from scanner.rules.load import load_rules
from scanner.rules.rule import Example, Rule

RULES = [rule for rule in load_rules().rules.values() if rule.info.suggest]


def fixes(rule: Rule, example: Example) -> Iterator[Suggestion]:
    lines = example.code.split("\n")
    for finding in answers(rule, example_graph(example)[0]):
        fix = suggested(finding, rule.info, lines)
        if fix is not None:
            yield fix


def written(example: Example, fix: Suggestion, literal: str) -> Example:
    lines = example.code.split("\n")
    line = lines[fix.line - 1]
    lines[fix.line - 1] = f"{line[: fix.column - 1]}{literal}{line[fix.end_column - 1 :]}"
    return replace(example, code="\n".join(lines))


def outcome(rule: Rule, example: Example, resource: str) -> Outcome | None:
    return next((f.outcome for f in answers(rule, example_graph(example)[0]) if f.resource == resource), None)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.info.code)
def test_what_a_rule_suggests_fixes_its_own_examples(rule: Rule) -> None:
    untested = {(key, old) for key, values in rule.info.suggest.items() for old in values}
    for example in (example for example in rule.examples if example.outcome == "fail"):
        for fix in fixes(rule, example):
            name = fix.finding.resource
            # The question may also not arise any more, where the changed line is what made it arise.
            assert outcome(rule, written(example, fix, fix.text), name) in (Outcome.PASS, None), fix.after
            for key, values in rule.info.suggest.items():
                for old, new in values.items() if bare(key) == bare(fix.key) else ():
                    assert not old or outcome(rule, written(example, fix, old), name) is Outcome.FAIL, old
                    assert outcome(rule, written(example, fix, new), name) in (Outcome.PASS, None), new
                    untested.discard((key, old))
    # What is suggested is shown: a key that no example writes may be misspelled, and nobody would know.
    assert untested == set()


def test_many_rules_suggest() -> None:
    assert len(RULES) >= 40
