"""What the reports say of an apply."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from markdown_it import MarkdownIt

import scanner.reporters
from scanner.model.change import Action, Change
from scanner.model.finding import Outcome
from scanner.model.report import Report
from scanner.model.span import Span
from scanner.reporters import Options, changes, json_, markdown, text

Make = Callable[..., Any]

SCHEMA = json.loads(Path(scanner.reporters.__file__).with_name("report_schema.json").read_text())


@pytest.fixture
def planned(report: Make, finding: Make) -> Report:
    """A database to be replaced with a finding on it, one that goes, one that comes, and what stays."""
    table = {
        "aws_db_instance.main": (Action.REPLACED, "cannot be changed in place", ("engine", "port")),
        "aws_db_instance.old|b": (Action.DELETED, "hunter2-long is gone", ()),
        "aws_s3_bucket.new": (Action.CREATED, "", ()),
        "data.aws_ami.a": (Action.READ, "", ()),
        "aws_vpc.v": (Action.UNCHANGED, "", ()),
    }
    found = tuple(
        Change(name, name.split(".")[-2], action, "out/plan.json", Span("db/main.tf", 1), reason, attributes)
        for name, (action, reason, attributes) in table.items()
    )
    findings = [finding(), finding(resource="aws_lb.other", fingerprint="c"), finding(Outcome.PASS, fingerprint="d")]
    made: Report = report(findings, changes=found, secrets=frozenset({"hunter2-long"}))
    return made


def test_deletions_come_first_and_what_stays_is_counted(planned: Report) -> None:
    assert [each.action for each in changes.listed(planned)] == [Action.DELETED, Action.REPLACED, Action.CREATED]
    assert changes.sentence(planned) == "1 deleted, 1 replaced, 1 created, 1 read, 1 unchanged"
    assert changes.concerned(planned) == "1 on replaced resources, 1 finding on what the plan does not know"


def test_text(planned: Report) -> None:
    lines = text.render(planned).splitlines()
    start = lines.index("What the apply changes")
    assert lines[start + 1 : start + 6] == [
        "  out/plan.json: 1 deleted, 1 replaced, 1 created, 1 read, 1 unchanged",
        "    deleted   aws_db_instance.old|b ((sensitive) is gone)",
        "    replaced  aws_db_instance.main (cannot be changed in place: engine, port)",
        "    created   aws_s3_bucket.new",
        "  findings: 1 on replaced resources, 1 finding on what the plan does not know",
    ]
    assert [line.strip() for line in lines if "apply: " in line] == ["= apply: the resource is replaced"]


def test_long_lists_are_cut_unless_all_is_wanted(report: Make) -> None:
    many = tuple(Change(f"a.b{n:03}", "a", Action.CREATED, "p", Span("p", 1)) for n in range(30))
    assert "    and 10 more; --show all lists them" in text.render(report(changes=many)).splitlines()
    assert "a.b029" in text.render(report(changes=many), Options(full=True))


def test_markdown(planned: Report) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown.render(planned))
    cells = [t.content for t in tokens if t.type == "inline"]
    at = cells.index("What the apply changes")
    assert cells[at + 1].startswith("`out/plan.json`: 1 deleted, 1 replaced")
    assert cells[at + 2 : at + 6] == ["Action", "Resource", "Place", "Why"]
    assert cells[at + 6 : at + 8] == ["deleted", "`aws_db_instance.old|b`"]
    assert "`aws_db_instance.main` (replaced)" in cells


def test_json_follows_the_schema(planned: Report, report: Make) -> None:
    document = json.loads(json_.render(planned))
    jsonschema.validate(document, SCHEMA)
    told = document["changes"]
    assert told["plans"] == ["out/plan.json"]
    assert told["counts"]["deleted"] == 1
    assert told["resources"][0] == {
        "id": "aws_db_instance.main",
        "type": "aws_db_instance",
        "action": "replaced",
        "reason": "cannot be changed in place",
        "attributes": ["engine", "port"],
        "plan": "out/plan.json",
        "file": "db/main.tf",
        "line": 1,
    }
    assert {each["resource"]: each["change"] for each in document["findings"]} == {
        "aws_db_instance.main": "replaced",
        "aws_lb.other": None,
    }
    without = json.loads(json_.render(report()))
    jsonschema.validate(without, SCHEMA)
    assert without["changes"] is None


def test_the_schema_knows_every_action() -> None:
    assert SCHEMA["$defs"]["action"]["enum"] == [action.value for action in Action]


def test_without_a_plan_there_is_no_section(report: Make, finding: Make) -> None:
    for module in (text, markdown):
        assert "apply" not in module.render(report([finding()]))
