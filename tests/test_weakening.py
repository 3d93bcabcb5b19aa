"""What a pull request does to its own gate: each key of the configuration, made milder and made stricter."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from scanner.config import Config, UnknownPolicy, load_config
from scanner.model.finding import Axis, Severity
from scanner.model.rule import RuleInfo
from scanner.model.span import Span
from scanner.rules.waivers import RiskWaiver, inline_waivers
from scanner.weakening import Judging, weakenings

RULES = {
    "RS101": RuleInfo("RS101", "database-single-zone", Axis.ZONE, Severity.HIGH, "high", "", ""),
    "RS701": RuleInfo("RS701", "data-no-backups", Axis.DATA, Severity.MEDIUM, "high", "", ""),
}


def config(folder: Path, name: str, text: str) -> Config:
    (folder / name).mkdir(parents=True, exist_ok=True)
    file = folder / name / ".riskscan.yaml"
    file.write_text(f"version: 1\n{text}", encoding="utf-8")
    return load_config(file)


def told(folder: Path, base: str, head: str) -> list[str]:
    """What is weaker in ``head``, with its line."""
    before, after = (Judging(config(folder, n, text), "conf.yaml") for n, text in (("base", base), ("head", head)))
    found = weakenings(before, after, RULES)
    assert {each.span.file for each in found} <= {"conf.yaml"}
    return [f"{each.span.line}: {each.message}" for each in found]


CASES = [
    ("fail_on: high", "fail_on: critical", ["2: only critical and worse fails the gate; before high did"]),
    ("", "fail_on: never", ["2: nothing fails the gate; before high did"]),
    ("fail_on: medium", "", ["1: only high and worse fails the gate; before medium did"]),
    ("", "fail_on_new: true", ["2: only what is new fails the gate; before everything did"]),
    ("", "rules:\n  disable: [database-single-zone]", ["3: the rule database-single-zone is disabled"]),
    ("", "rules:\n  severity: {RS101: low}", ["3: the rule RS101 counts as low; before high"]),
    ("rules: {severity: {RS701: critical}}", "", ["1: the rule RS701 counts as medium; before critical"]),
    (
        "",
        "ignore:\n  - {rule: RS101, resource: aws_db_instance.main, reason: x}",
        ["3: RS101 is ignored at aws_db_instance.main"],
    ),
    (
        "ignore:\n  - {rule: RS101, resource: aws_db_instance.main, reason: x}",
        'ignore:\n  - {rule: database-single-zone, resource: "aws_db_instance.*", reason: x}',
        ["3: database-single-zone is ignored at aws_db_instance.*; before at less"],
    ),
    (
        "ignore:\n  - {rule: RS101, resource: a, reason: x, until: 2027-01-31}",
        "ignore:\n  - {rule: RS101, resource: a, reason: x, until: 2027-06-30}",
        ["3: RS101 is ignored at a until 2027-06-30; before until 2027-01-31"],
    ),
    (
        "ignore:\n  - {rule: RS101, resource: a, reason: x, until: 2027-01-31}",
        "ignore:\n  - {rule: RS101, resource: a, reason: x}",
        ["3: RS101 is ignored at a for good; before until 2027-01-31"],
    ),
    (
        "",
        "attest:\n  - {resource: aws_kms_key.a, claim: material-escrowed, holder: x, until: 2027-01-31}",
        ["3: material-escrowed is attested for aws_kms_key.a until 2027-01-31"],
    ),
    (
        "targets:\n  critical: {zone: 2, region: 2}",
        "targets:\n  critical: {zone: 1}",
        [
            "3: the target of critical services at region is 0; before 2",
            "3: the target of critical services at zone is 1; before 2",
        ],
    ),
    (
        "services:\n  - {name: orders, entry: [a, b], threshold: all, criticality: critical}\n  - {name: site, entry: [c]}",
        "services:\n  - {name: orders, entry: [a, b], criticality: low}",
        [
            "2: site is no longer named in services",
            "3: orders is of low criticality; before critical",
            "3: orders needs 1 of its entries; before all",
        ],
    ),
    ("links:\n  - {from: a, to: b}", "", ["1: that a needs b is no longer said"]),
    (
        'environments:\n  production: ["envs/prod/**"]',
        'environments:\n  development: ["envs/prod/**"]',
        ["2: envs/prod/** no longer counts as production", "3: envs/prod/** counts as development"],
    ),
    (
        "",
        "limits: {max_file_bytes: 1000}",
        ["2: files of more than 1000 bytes are not read; before of more than 5242880"],
    ),
]


@pytest.mark.parametrize(("base", "head", "expected"), CASES, ids=[str(number) for number in range(len(CASES))])
def test_milder_is_told_and_stricter_is_not(base: str, head: str, expected: list[str], tmp_path: Path) -> None:
    assert told(tmp_path, base, head) == expected
    assert told(tmp_path / "same", head, head) == []
    widened = "at less" in expected[0] or "environments" in base
    assert widened or told(tmp_path / "back", head, base) == []


def test_a_pack_that_is_no_longer_asked(tmp_path: Path) -> None:
    for side in ("base", "head"):
        (tmp_path / side / "policies").mkdir(parents=True)
    assert told(tmp_path, "rules: {packs: [policies]}", "rules: {packs: [policies]}") == []
    assert told(tmp_path, "rules: {packs: [policies]}", "") == ["1: the rules in policies are no longer asked"]


def test_flags_that_are_the_same_hide_what_the_file_says(tmp_path: Path) -> None:
    sides = [config(tmp_path, name, f"fail_on: {word}") for name, word in (("base", "low"), ("head", "never"))]
    before, after = (Judging(replace(side, fail_on=Severity.HIGH), "conf.yaml") for side in sides)
    assert weakenings(before, after, RULES) == ()


def test_what_only_flags_say() -> None:
    base = Config(unknown=UnknownPolicy.FAIL)
    head = Config(unknown=UnknownPolicy.IGNORE, axes=frozenset({Axis.ZONE}))
    messages = [each.message for each in weakenings(Judging(base, "c"), Judging(head, "c"), RULES)]
    assert messages == [
        "account, custody, data, edge, provider, region is no longer reported",
        "what is unknown is judged as ignore; before fail",
    ]


def waivers(text: str) -> tuple[RiskWaiver, ...]:
    return tuple(inline_waivers({"main.tf": tuple(text.splitlines())}))


def inline(base: str, head: str) -> list[str]:
    """New inline waivers; what they cover is the rest of their line, or the next one."""

    def judging(text: str) -> Judging:
        lines = text.splitlines()

        def marked(waiver: RiskWaiver) -> str:
            number = min(waiver.lines or {1})
            own = lines[number - 1]
            return own[: waiver.span.column - 1].strip() if number == waiver.span.line else own

        return Judging(Config(), "c", waivers(text), marked)

    return [f"{each.span.line}: {each.message}" for each in weakenings(judging(base), judging(head), RULES)]


def test_waivers_in_files() -> None:
    one = "a = 1 # riskscan: ignore[RS101] until=2027-01-31 why"
    assert inline("", one) == ["1: a comment waives RS101 here until 2027-01-31"]
    assert inline(one, f"\n\n{one}") == []  # it only moved
    assert inline(one, f"{one}\n{one}") == ["2: a comment waives RS101 here until 2027-01-31"]
    later = one.replace("2027-01-31", "2028-01-31")
    assert inline(one, later) == ["1: a comment waives RS101 here until 2028-01-31; before until 2027-01-31"]
    assert inline(later, one) == []
    assert inline(one, one.replace(" until=2027-01-31", "")) == [
        "1: a comment waives RS101 here for good; before until 2027-01-31"
    ]
    assert inline("", "a = 1 # riskscan: ignore[RS101]") == []  # without a reason it waives nothing


def test_places_are_those_of_reports() -> None:
    waiver = RiskWaiver("RS101", "why", Span("main.tf", 3), until=date(2027, 1, 31))
    (found,) = weakenings(Judging(Config(), "c"), Judging(Config(), "c", (waiver,)), RULES)
    assert found.span == Span("main.tf", 3)
