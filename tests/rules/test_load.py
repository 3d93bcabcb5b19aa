"""Rule files that are wrong are told with their line; packs add rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.model.finding import Axis, Severity
from scanner.rules.load import RuleError, load_rules

RULE = """\
code: XX001
slug: one
axis: zone
severity: high
precision: high
title: A queue
why: >
  Because
  of it.
applies_to:
  kind: queue
  type: ["aws_*"]
  when: {engine: {is: sqs}}
fails_when:
  retention_hours: {below: 24}
message: "{id} keeps messages {retention_hours} hours"
mark: retention_hours
remediation:
  terraform/aws: Keep them longer.
controls: {dora: ["Art. 12(2)", 5]}
references: ["https://example.org/"]
tags: [a]
examples:
  - fail: |
      resource "aws_sqs_queue" "q" { message_retention_seconds = 3600 } # <-
  - pass: |
      resource "aws_sqs_queue" "q" {} # <-
  - unknown: |
      x # <-
"""


def pack(folder: Path, **files: str) -> Path:
    """A folder of rule files."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_rule_file_becomes_a_rule(tmp_path: Path) -> None:
    rules = load_rules([pack(tmp_path / "mine", one=RULE)])
    rule = rules.by_name("one")
    info = rule.info
    assert (info.code, info.axis, info.severity, info.precision) == ("XX001", Axis.ZONE, Severity.HIGH, "high")
    assert (info.why, info.controls, info.tags) == ("Because of it.", {"dora": ("Art. 12(2)", "5")}, ("a",))
    assert (rule.kinds, rule.types, rule.mark, rule.file) == (
        ("queue",),
        ("aws_*",),
        ("retention_hours",),
        "mine/one.yaml",
    )
    assert rule.fails_when == {"retention_hours": {"below": 24}}
    assert [example.outcome for example in rule.examples] == ["fail", "pass", "unknown"]
    assert rules.infos["XX001"] is info
    assert len(rules.rules) == len(load_rules().rules) + 1
    assert list(rules.rules) == sorted(rules.rules)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("axis: zone", "axis: zones", "3: axis is one of zone, region, provider, account, edge, custody, data"),
        ("severity: high", "severity: 3", "4: severity is a text"),
        ("precision: high", "precision: sure", "5: precision is one of very-high, high, medium, low"),
        ("title: A queue", "titel: A queue", "6: unknown key titel; did you mean title?"),
        ("title: A queue\n", "", "1: title is missing"),
        ("why: >\n  Because\n  of it.", "why: 5", "7: why is a text"),
        ("  kind: queue", "  kind: queu", "11: there is no kind queu; did you mean queue?"),
        ("  kind: queue", "  kind: []", "10: applies_to names at least one kind"),
        ("  kind: queue", "  kind: [{a: b}]", "11: kind is a text or a list of texts"),
        ('  type: ["aws_*"]', "  type: {a: b}", "12: type is a text or a list of texts"),
        ("  when: {engine", "  whn: {engine", "13: unknown key whn; did you mean when?"),
        ("{engine: {is: sqs}}", "{engin: {is: sqs}}", "13: engin is neither a fact nor a property of the kinds it applies to; did you mean engine?"),
        ("retention_hours: {below", "region_zoness: {below", "15: region_zoness is neither a fact nor a property of the kinds it applies to; did you mean region_zones?"),
        ("{below: 24}", "{belw: 24}", "15: belw is no operator; did you mean below?"),
        ("{below: 24}", "{below: yes}", "15: below takes a number"),
        ("{below: 24}", "{matches: '('}", "15: matches takes a regular expression: missing ), unterminated subpattern at position 0"),
        ("{retention_hours} hours", "{retention} hours", "16: the message uses retention, which is neither a fact nor a property"),
        ("{retention_hours} hours", "{retention_hours hours", "16: the message cannot be filled in: expected '}' before end of string"),
        ("mark: retention_hours", "mark: RetentionHours", "17: RetentionHours is neither a property nor an attribute"),
        ("tags: [a]", "suggest: {hours: often}", "22: what is suggested for hours is true, false, a number, or a mapping of what to what"),
        ("tags: [a]", "suggest: {hours: {}}", "22: what is suggested for hours maps texts of one word, quoted where they would be none"),
        ("tags: [a]", "suggest: {hours: {2: 3}}", "22: what is suggested for hours maps texts of one word, quoted where they would be none"),
        ("tags: [a]", "suggest: {hours: {LOW: a b}}", "22: what is suggested for hours are words, numbers and truth values"),
        ("tags: [a]", "suggest: {a b: 1}", "22: suggest names keys of files, and a b is none"),
        ("tags: [a]", "suggest: [1]", "22: suggest is a mapping"),
        ("mark: retention_hours", "mark: 5", "17: mark is a text or a list"),
        ("  terraform/aws: Keep them longer.", "  terraform/aws: [a]", "19: the remediation for terraform/aws is a text"),
        ("remediation:\n  terraform/aws: Keep them longer.", "remediation: {}", "18: remediation is missing"),
        ('{dora: ["Art. 12(2)", 5]}', "{dora: Art. 12}", "20: the controls of dora are a list"),
        ('["https://example.org/"]', "[]", "21: references is missing"),
        ('["https://example.org/"]', "[1]", "21: references is a list of texts"),
        ("  - pass: |", "  - passes: |", "23: an example is one of fail, pass, unknown with its text"),
        ("  - unknown: |\n      x # <-\n", "", "23: there is no example that is unknown"),
        ("{} # <-", "{}", "26: the pass example marks no line with '# <-'"),
        ("      x # <-", "      x # <-\n    dialct: terraform", "30: unknown key dialct; did you mean dialect?"),
        ("      x # <-", "      x # <-\n    dialect: terrafrom", "30: dialect is one of terraform, kubernetes, compose, cloudformation, bicep; did you mean terraform?"),
        ("code: XX001", "code: &c XX001\nslug: *c", "2: aliases are not allowed"),
        ("title: A queue", "title: A queue: b", "6: not valid YAML: mapping values are not allowed in this context"),
        ("title: A queue", "title: 2024-13-45", "1: cannot be read: month must be in 1..12"),
        (RULE, "- a list", "1: a rule file is a mapping"),
        (RULE, "", "1: a rule file is a mapping"),
        (RULE, "\0", "1: not valid YAML: unacceptable character #x0000: control characters are not allowed"),
        (RULE, "[" * 100 + "]" * 100, "1: nested deeper than 50 levels"),
        (RULE, "[" * 100_000 + "]" * 100_000, "1: nested deeper than 50 levels"),  # by PyYAML's own limit
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(old: str, new: str, told: str, tmp_path: Path) -> None:
    assert old in RULE
    with pytest.raises(RuleError) as caught:
        load_rules([pack(tmp_path / "mine", one=RULE.replace(old, new, 1))])
    assert str(caught.value).startswith(f"mine/one.yaml:{told}")


def test_a_rule_may_explain_why_nothing_is_unknown(tmp_path: Path) -> None:
    text = RULE.replace("  - unknown: |\n      x # <-\n", "") + "note: It is always written.\n"
    assert load_rules([pack(tmp_path, one=text)]).by_name("XX001").info.slug == "one"


def test_codes_and_slugs_are_used_once(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"^mine/two.yaml: code XX001 is already used by mine/one.yaml$"):
        load_rules([pack(tmp_path / "mine", one=RULE, two=RULE.replace("slug: one", "slug: two"))])
    with pytest.raises(RuleError, match=r"^mine/two.yaml: slug one is already used by mine/one.yaml$"):
        load_rules([pack(tmp_path / "mine", two=RULE.replace("XX001", "XX002"))])


def test_a_pack_cannot_replace_a_shipped_rule(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"code RS101 is already used by rules/zone/"):
        load_rules([pack(tmp_path, one=RULE.replace("XX001", "RS101"))])


def test_a_pack_is_a_folder_within_which_everything_is_read(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="no such folder of rules"):
        load_rules([tmp_path / "missing"])
    (tmp_path / "outside.yaml").write_text(RULE, encoding="utf-8")
    (pack(tmp_path / "mine") / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    with pytest.raises(RuleError, match=r"^mine/link.yaml: a link that leads out of the folder$"):
        load_rules([tmp_path / "mine"])
