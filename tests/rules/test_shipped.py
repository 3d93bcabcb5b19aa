"""Every shipped rule does on its examples what its file says, and its words keep the rules of rules/README.md."""

from __future__ import annotations

import json
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import yaml

from scanner.model.finding import Axis
from scanner.rule_examples import disagreements, run_examples
from scanner.rules import load
from scanner.rules.load import compile_rules, load_rules, shipped_folder
from scanner.rules.rule import Example, Rule

RULES = load_rules().rules
EACH = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
HUNDREDS = {axis: number for number, axis in enumerate(Axis, 1)}
"""The first digit of an axis's codes: RS1xx zone … RS7xx data."""

CONTROLS: dict[str, set[str]] = {}
for path in (shipped_folder() / "frameworks").glob("*.yaml"):
    CONTROLS[path.stem] = {control["id"] for control in yaml.safe_load(path.read_text(encoding="utf-8"))["controls"]}


@EACH
def test_examples(rule: Rule) -> None:
    assert [message for example in rule.examples for message in disagreements(rule, example)] == []


@EACH
def test_words(rule: Rule) -> None:
    info = rule.info
    assert 0 < len(info.title) <= 80
    assert not info.title.endswith(".")
    assert info.why.endswith(".")
    assert info.remediation
    assert all(text.strip() for text in info.remediation.values())
    assert info.references
    assert all(reference.startswith("https://") for reference in info.references)
    assert "estate" in rule.kinds or any(name for _, name, _, _ in Formatter().parse(rule.message)), (
        "the message shows no value"
    )


@EACH
def test_place(rule: Rule) -> None:
    info = rule.info
    assert int(info.code.removeprefix("RS")) // 100 == HUNDREDS[info.axis]
    assert rule.file.split("/")[1] == info.axis
    assert info.slug.split("-")[0] == info.axis


@EACH
def test_controls_exist(rule: Rule) -> None:
    cited = {(framework, control) for framework, controls in rule.info.controls.items() for control in controls}
    assert {(f, c) for f, c in cited if c not in CONTROLS.get(f, set())} == set()


def test_rules_are_found_by_code_and_slug_in_any_case() -> None:
    rules = load_rules()
    rule = next(iter(rules.rules.values()))
    assert rules.by_name(rule.info.code.lower()) is rule
    assert rules.by_name(rule.info.slug.upper()) is rule
    with pytest.raises(KeyError):
        rules.by_name("RS000")


def test_the_compiled_form_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shipped_folder()
    from_yaml = compile_rules(folder)
    monkeypatch.setattr(load, "COMPILED", tmp_path / "rules.json")
    assert load._compiled(folder) is None
    (tmp_path / "rules.json").write_text(json.dumps(from_yaml), encoding="utf-8")
    again: list[dict[str, Any]] = load._compiled(folder)
    assert again == from_yaml["rules"]
    assert [load._rule(d["data"], d["file"]) for d in again] == sorted(RULES.values(), key=lambda rule: rule.file)
    (tmp_path / "rules.json").write_text(json.dumps({**from_yaml, "sources": [["a.yaml", 1, 1]]}), encoding="utf-8")
    assert load._compiled(folder) is None


# -- the examples themselves are able to fail ------------------------------------------------------

DATABASE = 'resource "aws_db_instance" "d" {\n  multi_az = VALUE # <-\n}\n'


@pytest.mark.parametrize(
    ("example", "told"),
    [
        (Example("fail", DATABASE.replace("VALUE", "false")), []),
        (
            Example("fail", DATABASE.replace("VALUE", "true")),
            ["expected fail on line 2, got pass on line 2", "pass on marked line 2"],
        ),
        (
            Example("fail", DATABASE.replace("VALUE", "false").replace(" # <-", "")),
            ["fail on line 2, which is not marked"],
        ),
        (
            Example("unknown", DATABASE.replace("VALUE", "false")),
            ["expected unknown on line 2, got fail", "fail on marked line 2"],
        ),
        (Example("fail", 'resource "aws_sqs_queue" "q" {} # <-\n'), ["expected fail on line 1, got nothing"]),
        (Example("fail", DATABASE.replace("VALUE", "")), ["line 2", "expected fail on line 2, got nothing"]),
    ],
)
def test_disagreements_are_told(example: Example, told: list[str]) -> None:
    rule = load_rules().by_name("RS101")
    found = list(disagreements(rule, example))
    assert len(found) == len(told), found
    assert all(part in message for part, message in zip(told, found, strict=True))


def test_a_failing_example_is_named(tmp_path: Path) -> None:
    source = next(shipped_folder().rglob("database-single.yaml")).read_text(encoding="utf-8")
    changed = (
        source.replace("RS101", "XX101")
        .replace("slug: zone-", "slug: test-")
        .replace("multi_az = true # <-", "multi_az = false # <-")
    )
    (tmp_path / "test.yaml").write_text(changed, encoding="utf-8")
    rule = load_rules([tmp_path]).by_name("XX101")
    failures = list(run_examples([rule]))
    assert {failure.rule for failure in failures} == {"XX101"}
    assert failures[0].file == f"{tmp_path.name}/test.yaml"
    assert rule.examples[failures[0].number - 1].outcome == "pass"
