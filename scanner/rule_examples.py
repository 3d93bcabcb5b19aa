"""Running the rules' own examples: each is a tiny configuration with the lines that the rule must point at."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from scanner.config import Config, ConfigError, load_config
from scanner.graph.graph import Graph, with_services
from scanner.model.finding import Finding
from scanner.model.problem import Problem
from scanner.model.rule import ESTATE
from scanner.pipeline import read_estate, wishes
from scanner.rules.check import MARKS
from scanner.rules.evaluate import ANY, ask, estate, is_of_type
from scanner.rules.rule import DIALECTS, Example, Rule
from scanner.simulation.study import study


class ExampleFailure(Struct, frozen=True):
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
    try:
        graph, problems = example_graph(example)
    except ConfigError as error:
        yield f"{example.outcome} example, config: {error}"
        return
    for problem in problems:
        yield f"{example.outcome} example, line {problem.span.line}: {problem.message}"
    marked = {number for number, line in enumerate(example.code.splitlines(), 1) if line.rstrip().endswith(MARKS)}
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
    subjects = [
        r
        for r in managed
        if (r.kind in rule.kinds or (ANY in rule.kinds and r.declaration.mode != "module")) and is_of_type(rule, r)
    ]
    if ESTATE in rule.kinds and graph.resources:
        subjects.append(estate(graph))
    for resource in subjects:
        finding = ask(rule, resource, graph)
        if finding is not None:
            yield finding


def example_graph(example: Example) -> tuple[Graph, tuple[Problem, ...]]:
    """The graph of an example with its services, and what a reader of the rule must not leave as it is.

    The code is read as a file named by its dialect, its configuration as ``.riskscan.yaml`` beside it. Raises
    :class:`~scanner.config.ConfigError` for a configuration that cannot be used.
    """
    with tempfile.TemporaryDirectory(prefix="riskscan-example-") as folder:
        Path(folder, DIALECTS[example.dialect]).write_text(example.code, encoding="utf-8")
        config = Config()
        if example.config:
            file = Path(folder, ".riskscan.yaml")
            file.write_text(example.config, encoding="utf-8")
            config = load_config(file, file.name)
        read = read_estate([Path(folder)], config)
    outages = study(read.graph, wishes(config))
    problems = (*(p for p in read.problems if p.kind.incomplete), *outages.problems)
    return with_services(read.graph, outages.analysis.risks(), outages.analysis.losses()), problems
