"""From a rule and a graph to findings: outcomes, places, confidence, crashes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from scanner.facts import FACTS
from scanner.facts.fact import Answer, Fact
from scanner.graph.graph import Graph
from scanner.model.finding import Axis, Finding, Outcome, Related, Severity
from scanner.model.problem import ProblemKind
from scanner.model.resource import Resource
from scanner.model.rule import RuleInfo
from scanner.model.span import Span
from scanner.model.value import ABSENT, Unknown
from scanner.rules.evaluate import evaluate, names_in, show
from scanner.rules.rule import Rule, RuleSet

INFO = RuleInfo("RS1", "one", Axis.ZONE, Severity.HIGH, "high", "A title", "Why.")
RULE = Rule(
    INFO, ("database",), {"zone_redundant": {"is": False}}, "{id} has {zone_redundant}", mark=("zone_redundant",)
)


def judged(graph: Graph, rule: Rule = RULE, **settings: Any) -> list[Finding]:
    return list(
        evaluate(
            RuleSet({rule.info.code: rule}),
            graph,
            settings.get("severities", {}),
            settings.get("disabled", frozenset()),
        )[0]
    )


DATABASES = """
variable "undecided" {}
resource "aws_db_instance" "single" { multi_az = false }
resource "aws_db_instance" "double" { multi_az = true }
resource "aws_db_instance" "default" {}
resource "aws_db_instance" "perhaps" { multi_az = var.undecided }
resource "aws_rds_cluster" "cannot_tell" {}
resource "aws_sqs_queue" "other_kind" {}
data "aws_db_instance" "not_ours" { db_instance_identifier = "x" }
"""


def test_four_answers(graph_of: Callable[..., Graph]) -> None:
    found = {finding.resource: finding for finding in judged(graph_of(DATABASES))}
    assert {name: finding.outcome.value for name, finding in found.items()} == {
        "aws_db_instance.single": "fail",
        "aws_db_instance.double": "pass",
        "aws_db_instance.default": "fail",
        "aws_db_instance.perhaps": "unknown",
    }
    assert found["aws_db_instance.single"].message == "aws_db_instance.single has false"
    assert found["aws_db_instance.double"].message == "A title"


def test_an_unknown_says_what_would_decide_it(graph_of: Callable[..., Graph]) -> None:
    (found,) = [f for f in judged(graph_of(DATABASES)) if f.outcome is Outcome.UNKNOWN]
    assert found.message.startswith("not decided: variable undecided has no default")
    assert found.message.endswith("(main.tf:2:1)")
    assert found.reason.startswith("variable undecided has no default")
    assert [(related.span.line, related.message) for related in found.related] == [(2, found.reason)]


@pytest.mark.parametrize(
    ("when", "outcome"),
    [
        ({"engine": {"is": "mysql"}}, "fail"),
        ({"engine": {"is": "postgres"}}, None),
        ({"cluster": {"is": "x"}}, None),  # a property that it cannot express
        ({"key": {"is": "x"}}, "unknown"),  # whether the rule applies is not decided
        ({"any": [{"key": {"is": "x"}}, {"engine": {"is": "mysql"}}]}, "fail"),
    ],
)
def test_when_a_rule_applies(when: Mapping[str, Any], outcome: str | None, graph_of: Callable[..., Graph]) -> None:
    graph = graph_of('variable "u" {}\nresource "aws_db_instance" "d" {\n  engine = "mysql"\n  kms_key_id = var.u\n}\n')
    assert [f.outcome.value for f in judged(graph, replace(RULE, when=when))] == ([outcome] if outcome else [])


def test_what_passes_passes_whether_or_not_the_rule_applies(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of('variable "u" {}\nresource "aws_db_instance" "d" {\n  multi_az = true\n  kms_key_id = var.u\n}\n')
    assert [f.outcome for f in judged(graph, replace(RULE, when={"key": {"is": "x"}}))] == [Outcome.PASS]


def test_types_kinds_severities_and_disabled(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(DATABASES + 'resource "google_sql_database_instance" "g" {}\n')
    assert {f.resource for f in judged(graph, replace(RULE, types=("google_*",)))} == {"google_sql_database_instance.g"}
    both = replace(RULE, kinds=("queue", "database"), fails_when={"engine": {"exists": True}}, mark=())
    assert {f.resource.split(".")[1] for f in judged(graph, both)} >= {"other_kind", "single"}
    assert {f.severity for f in judged(graph, severities={"RS1": Severity.LOW})} == {Severity.LOW}
    assert judged(graph, disabled=frozenset({"RS1"})) == []


# -- places ----------------------------------------------------------------------------------------


def marked(finding: Finding) -> list[tuple[str, int, int]]:
    return [(span.file, span.line, span.column) for span in finding.span.chain()]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('resource "aws_db_instance" "d" {\n  multi_az = false\n}\n', [("main.tf", 2, 3)]),
        ('resource "aws_db_instance" "d" {\n}\n', [("main.tf", 1, 1)]),
        ('locals {\n  ha = false\n}\nresource "aws_db_instance" "d" {\n  multi_az = local.ha\n}\n', [("main.tf", 5,
        3), ("main.tf", 2, 3)]),
        (
            'variable "ha" {\n  default = false\n}\nresource "aws_db_instance" "d" {\n  multi_az = var.ha\n}\n',
            [("main.tf", 5, 3), ("main.tf", 1, 1)],
        ),
        (
            ('variable "ha" {\n  default = false\n}\nlocals {\n  a = local.b\n  b = var.ha\n}\n'
            'resource "aws_db_instance" "d" {\n  multi_az = local.a\n}\n'),
            [("main.tf", 9, 3), ("main.tf", 5, 3), ("main.tf", 6, 3), ("main.tf", 1, 1)],
        ),
    ],
)  # fmt: skip
def test_the_mark_is_the_attribute_and_the_chain_leads_to_its_value(
    text: str, place: list[tuple[str, int, int]], graph_of: Callable[..., Graph]
) -> None:
    (found,) = judged(graph_of(text))
    assert marked(found) == place


def test_the_chain_leads_out_of_modules(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        {
            "main.tf": 'locals {\n  ha = false\n}\n\nmodule "outer" {\n  source = "./outer"\n  ha     = local.ha\n}\n',
            "outer/main.tf": 'variable "ha" {}\n\nmodule "inner" {\n  source = "../inner"\n\n  redundant = var.ha\n}\n',
            "inner/main.tf": 'variable "redundant" {}\n\n\nresource "aws_db_instance" "d" {\n  multi_az = var.redundant\n}\n',
        }
    )
    (found,) = judged(graph)
    assert marked(found) == [("inner/main.tf", 5, 3), ("outer/main.tf", 6, 3), ("main.tf", 7, 3), ("main.tf", 2, 3)]


def test_an_attribute_written_in_a_module_leads_to_the_call(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of(
        {
            "main.tf": '\nmodule "m" {\n  source = "./m"\n}\n',
            "m/main.tf": 'resource "aws_db_instance" "d" {\n  multi_az = false\n}\n',
        }
    )
    (found,) = judged(graph)
    assert marked(found) == [("m/main.tf", 2, 3), ("main.tf", 2, 1)]
    (found,) = judged(graph, replace(RULE, mark=("nothing_written",)))
    assert marked(found) == [("m/main.tf", 1, 1), ("main.tf", 2, 1)]


def test_the_first_mark_that_is_written_wins(graph_of: Callable[..., Graph]) -> None:
    text = 'resource "aws_db_instance" "d" {\n  engine = "x"\n  backup_window = "y"\n}\n'
    rule = replace(RULE, mark=("zone_redundant", "backup_window", "engine"))
    (found,) = judged(graph_of(text), rule)
    assert (found.span.line, found.attribute) == (3, "backup_window")
    (found,) = judged(graph_of(text), replace(rule, mark=("zone_redundant",)))
    assert (found.span.line, found.attribute) == (1, "multi_az")


def test_a_fact_marks_and_relates(monkeypatch: pytest.MonkeyPatch, graph_of: Callable[..., Graph]) -> None:
    answer = Answer(1, (Related(Span("other.tf", 4), "the other one"),), Span("main.tf", 9))
    monkeypatch.setitem(FACTS, "members", Fact(lambda _r, _g: answer, "for this test"))
    rule = replace(RULE, fails_when={"members": {"below": 2}}, message="{members} of {name} in {file}, a {type}")
    (found,) = judged(graph_of('resource "aws_db_instance" "d" { multi_az = false }\n'), rule)
    assert (found.span, found.related) == (Span("main.tf", 9), answer.related)
    assert found.message == "1 of d in main.tf, a aws_db_instance"


# -- resources that may not exist ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("meta", "precision", "resources", "confidence"),
    [
        ("count = 1", "high", ["aws_db_instance.d[0]"], "high"),
        ("count = 0", "high", [], ""),
        ("count = var.undecided", "high", ["aws_db_instance.d[*]"], "medium"),
        ("count = var.undecided ? 1 : 0", "very-high", ["aws_db_instance.d[*]"], "medium"),
        ("for_each = var.undecided", "medium", ["aws_db_instance.d[*]"], "low"),
        ('for_each = { a = 1, "b c" = 2 }', "medium", ['aws_db_instance.d["a"]', 'aws_db_instance.d["b c"]'], "medium"),
        ("", "low", ["aws_db_instance.d"], "low"),
    ],
)
def test_confidence(
    meta: str, precision: str, resources: list[str], confidence: str, graph_of: Callable[..., Graph]
) -> None:
    graph = graph_of(
        f'variable "undecided" {{}}\nresource "aws_db_instance" "d" {{\n  {meta}\n  multi_az = false\n}}\n'
    )
    found = judged(graph, replace(RULE, info=replace(INFO, precision=precision)))
    assert [finding.resource for finding in found] == resources
    assert {finding.confidence for finding in found} <= {confidence}
    assert {finding.outcome for finding in found} <= {Outcome.FAIL}


# -- the estate ------------------------------------------------------------------------------------


def test_a_question_about_everything_is_asked_once(
    monkeypatch: pytest.MonkeyPatch, graph_of: Callable[..., Graph]
) -> None:
    def count(_resource: Resource, graph: Graph) -> int:
        return len(graph.of_kind("database"))

    monkeypatch.setitem(FACTS, "databases", Fact(count, "for this test", ("estate",)))
    rule = replace(
        RULE, kinds=("estate",), fails_when={"databases": {"below": 9}}, message="{databases} databases", mark=()
    )
    (found,) = judged(graph_of(DATABASES), rule)
    assert (found.resource, found.message, found.span.line) == ("estate", "6 databases", 3)
    assert judged(graph_of(""), rule) == []


# -- crashes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ZeroDivisionError("by zero"), RecursionError("deep"), KeyError("k")])
def test_a_fact_that_crashes_is_a_problem_and_an_error(
    error: Exception, monkeypatch: pytest.MonkeyPatch, graph_of: Callable[..., Graph]
) -> None:
    def crash(resource: Resource, _graph: Graph) -> bool:
        if resource.declaration.name == "bad":
            raise error
        return True

    monkeypatch.setitem(FACTS, "fragile", Fact(crash, "for this test"))
    graph = graph_of('resource "aws_db_instance" "bad" {}\nresource "aws_db_instance" "good" {}\n')
    rule = replace(RULE, fails_when={"fragile": {"is": True}}, message="{id}")
    findings, problems = evaluate(RuleSet({"RS1": rule}), graph, {}, frozenset())
    assert {f.resource: f.outcome for f in findings} == {
        "aws_db_instance.bad": Outcome.ERROR,
        "aws_db_instance.good": Outcome.FAIL,
    }
    (problem,) = problems
    assert (problem.kind, problem.span.line) == (ProblemKind.CRASHED, 1)
    assert problem.message.startswith(f"RS1 could not be evaluated for aws_db_instance.bad: {type(error).__name__}")
    assert ProblemKind.CRASHED.incomplete


# -- words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "true"),
        (None, "none"),
        (ABSENT, "none"),
        (7, "7"),
        ("text", "text"),
        ("x" * 200, "x" * 117 + "..."),
        (["a", "b"], "a, b"),
        ([], "none"),
        (["a", Unknown("x"), Unknown("y")], "a, 2 not known by name"),
        ([str(n) for n in range(10)], "0, 1, 2, 3 and 6 more"),
        (Unknown("x"), "unknown"),
    ],
)
def test_values_for_people(value: Any, shown: str) -> None:
    assert show(value) == shown


def test_names_of_a_message() -> None:
    assert list(names_in("{id} {zones} in {region}: {name}, {type} {file} {{literal}}")) == ["zones", "region"]


def test_findings_are_ordered_by_severity_axis_and_place(graph_of: Callable[..., Graph]) -> None:
    graph = graph_of({"b.tf": 'resource "aws_db_instance" "b" {}\n', "a.tf": '\nresource "aws_db_instance" "a" {}\n'})
    low = replace(RULE, info=replace(INFO, code="RS0", severity=Severity.LOW))
    edge = replace(RULE, info=replace(INFO, code="RS2", axis=Axis.EDGE))
    findings, _ = evaluate(RuleSet({"RS0": low, "RS2": edge, "RS1": RULE}), graph, {}, frozenset())
    assert [(f.rule, f.resource.split(".")[1]) for f in findings] == [
        ("RS1", "a"), ("RS1", "b"), ("RS2", "a"), ("RS2", "b"), ("RS0", "a"), ("RS0", "b"),
    ]  # fmt: skip
