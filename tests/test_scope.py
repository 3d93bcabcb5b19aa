"""The fingerprint of a set of rules: what they ask counts, how they say it does not."""

from __future__ import annotations

from msgspec.structs import replace

from scanner.config import Config
from scanner.model.finding import Axis, Severity
from scanner.rules.load import load_rules
from scanner.rules.rule import Rule, RuleSet
from scanner.scope import rule_set_of


def changed(loaded: RuleSet, **changes: object) -> RuleSet:
    """The rules with a change to one."""
    rule: Rule = loaded.rules["RS101"]
    return RuleSet({**loaded.rules, "RS101": replace(rule, **changes)})


def test_words_do_not_count_and_questions_do() -> None:
    loaded, config = load_rules(), Config()
    first = rule_set_of(loaded, config)
    words = replace(loaded.rules["RS101"].info, title="Other", why="Other", remediation={}, references=())
    assert rule_set_of(changed(loaded, info=words, message="Other", examples=(), file="other.yaml"), config) == first
    questions: list[dict[str, object]] = [
        {"kinds": ("cache",)},
        {"when": {"fact": "x"}},
        {"types": ("aws_db_instance",)},
        {"fails_when": {}},
    ]
    for other in questions:
        assert rule_set_of(changed(loaded, **other), config) != first


def test_what_is_asked_and_how_severe_it_is_counts() -> None:
    loaded = load_rules()
    configs = [
        Config(),
        Config(disable=frozenset({"zone-database-single"})),
        Config(severities={"RS101": Severity.LOW}),
        Config(axes=frozenset({Axis.ZONE})),
    ]
    assert len({rule_set_of(loaded, config) for config in configs}) == 4
    named = Config(severities={"zone-database-single": Severity.LOW}, fail_on=None)
    assert rule_set_of(loaded, named) == rule_set_of(loaded, configs[2])
