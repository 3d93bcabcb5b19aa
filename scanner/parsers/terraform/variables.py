"""Values for root variables, from ``.tfvars`` files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from scanner.model.problem import Problem, ProblemKind
from scanner.model.span import Span
from scanner.model.value import Value
from scanner.parsers.terraform import tree
from scanner.parsers.terraform.evaluate import EvaluationError, Scope, evaluate_or_unknown
from scanner.parsers.terraform.functions import FunctionContext


class Assignment(Struct, frozen=True):
    """One ``name = value`` of a variables file."""

    value: Value
    span: Span


def read_assignments(parsed: tree.ParsedFile, name: str, problems: list[Problem]) -> Mapping[str, Assignment]:
    """The assignments of a parsed ``.tfvars`` file. Values are constants: no names, no functions."""

    def constant_only(root: str, at: tree.Position) -> Value:
        raise EvaluationError(f"a variables file holds constants only, not {root}", at)

    def report(error: EvaluationError) -> None:
        problems.append(Problem(Span(name, *error.at), ProblemKind.UNRESOLVED, error.message))

    def no_templates(_text: str, _variables: Mapping[str, Value]) -> Value:
        return None

    problems.extend(Problem(Span(name, *p.at), ProblemKind.INVALID, p.message) for p in parsed.problems)
    scope = Scope(constant_only, FunctionContext(Path(), Path(), no_templates), name)
    return {
        key: Assignment(evaluate_or_unknown(attribute.value, scope, report), Span(name, *attribute.at))
        for key, attribute in parsed.body.attributes.items()
    }
