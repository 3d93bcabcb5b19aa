"""Running the rules' own examples: each is a tiny configuration with the lines that the rule must point at."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scanner.config import Config
from scanner.discovery import discover
from scanner.graph.graph import Graph
from scanner.model.finding import Finding
from scanner.model.problem import Problem
from scanner.normalize import Settings, normalize
from scanner.pipeline import read_terraform
from scanner.rules.check import MARK
from scanner.rules.evaluate import ESTATE, ask, estate, is_of_type
from scanner.rules.rule import Example, Rule


@dataclass(frozen=True, slots=True)
class ExampleFailure:
    """An example on which a rule did not do what its file says. ``number`` counts from 1."""

    rule: str
    file: str
    number: int
    message: str


def run_examples(rules: Iterable[Rule]) -> Iterator[ExampleFailure]:
    """Every disagreement between the rules and their examples."""
    for rule in rules:
        for number, example in enumerate(rule.examples, 1):
            for message in disagreements(rule, example):
                yield ExampleFailure(rule.info.code, rule.file, number, message)


def disagreements(rule: Rule, example: Example) -> Iterator[str]:
    """How the rule differs from an example: wrong outcomes, marked lines without a finding, and the reverse."""
    graph, problems = example_graph(example)
    for problem in problems:
        if problem.kind.incomplete:
            yield f"{example.outcome} example, line {problem.span.line}: {problem.message}"
    marked = {number for number, line in enumerate(example.code.splitlines(), 1) if line.rstrip().endswith(MARK)}
    found = list(answers(rule, graph))
    lines = {f.span.line for f in found if f.outcome.value == example.outcome}
    for line in sorted(marked - lines):
        others = ", ".join(f"{f.outcome.value} on line {f.span.line} ({f.message})" for f in found) or "nothing"
        yield f"{example.outcome} example: expected {example.outcome} on line {line}, got {others}"
    for finding in found:
        if finding.outcome.value == example.outcome and finding.span.line not in marked:
            yield f"{example.outcome} example: {example.outcome} on line {finding.span.line}, which is not marked"
        elif finding.outcome.value != example.outcome and finding.span.line in marked:
            said = f"{finding.outcome.value} on marked line {finding.span.line}: {finding.message}"
            yield f"{example.outcome} example: {said}"


def answers(rule: Rule, graph: Graph) -> Iterator[Finding]:
    """The rule's findings in a graph."""
    managed = [r for r in graph.resources.values() if r.declaration.mode != "data"]
    subjects = [r for r in managed if r.kind in rule.kinds and is_of_type(rule, r)]
    if ESTATE in rule.kinds and graph.resources:
        subjects.append(estate(graph))
    for resource in subjects:
        finding = ask(rule, resource, graph)
        if finding is not None:
            yield finding


def example_graph(example: Example) -> tuple[Graph, tuple[Problem, ...]]:
    """The graph of an example, read as a file named by its dialect."""
    with tempfile.TemporaryDirectory(prefix="riskscan-example-") as folder:
        Path(folder, "main.tf").write_text(example.code, encoding="utf-8")
        config = Config()
        found = discover([Path(folder)], config.limits.max_file_bytes)
        terraform = read_terraform(found, config)
    graph, _ = normalize(terraform.declarations, Settings())
    return graph, terraform.problems
