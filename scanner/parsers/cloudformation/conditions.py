"""Conditions, decided as far as their parameters are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scanner.model.problem import ProblemKind
from scanner.model.span import Span
from scanner.model.value import Truth, Unknown, Value, both, either, equal, negate
from scanner.parsers.cloudformation.fields import NO_VALUE, Field
from scanner.parsers.cloudformation.syntax import Argument, Misused, call_of
from scanner.parsers.cloudformation.text import as_text

if TYPE_CHECKING:
    from scanner.parsers.cloudformation.evaluation import Evaluation

_CONDITION: Final = "Condition"


def named(stack: Evaluation, name: str, span: Span) -> Truth:
    """Whether the condition of a name holds; unknown, with the name of the parameter, where that is not decided."""
    entry = stack.section("Conditions").get(name)
    if entry is None:
        stack.reading.report(span, ProblemKind.UNRESOLVED, f"there is no condition {name}")
        return Unknown(f"there is no condition {name}", span)
    found = truth(stack, Argument(entry.node, entry.scope))
    if isinstance(found, Unknown):
        return Unknown(f"condition {name} is not decided: {found.reason}", found.origin or entry.span, refs=found.refs)
    return found


def truth(stack: Evaluation, argument: Argument) -> Truth:
    """What a node of a condition says: a function, the name of another condition, or true and false themselves."""
    node, scope = argument.node, argument.scope
    if node.id == "mapping" and len(node.value) == 1 and node.value[0][0].value == _CONDITION:
        return _named(stack, Argument(node.value[0][1], scope))
    call = call_of(node, scope, argument.bare)
    if call is not None and call[0] == _CONDITION:
        return _named(stack, call[1])
    return as_truth(stack.value(argument), scope.origin.span(None, node))


def _named(stack: Evaluation, argument: Argument) -> Truth:
    span = argument.scope.origin.span(None, argument.node)
    name = argument.text
    return Unknown("a condition is named by a text", span) if name is None else stack.condition(name, span)


def as_truth(value: Value, span: Span) -> Truth:
    """A value as a truth: CloudFormation takes the texts for it, too."""
    text = as_text("" if value is NO_VALUE else value)
    if isinstance(text, Unknown):
        return text
    lowered = text.lower()
    return lowered == "true" if lowered in ("true", "false") else Unknown(f"{text} is neither true nor false", span)


def all_of(stack: Evaluation, argument: Argument, _span: Span) -> Truth:
    """``Fn::And``."""
    return both(truth(stack, Argument(node, argument.scope)) for node in _nodes(argument, 1))


def any_of(stack: Evaluation, argument: Argument, _span: Span) -> Truth:
    """``Fn::Or``."""
    return either(truth(stack, Argument(node, argument.scope)) for node in _nodes(argument, 1))


def opposite(stack: Evaluation, argument: Argument, _span: Span) -> Truth:
    """``Fn::Not``."""
    return negate(truth(stack, Argument(_nodes(argument, 1)[0], argument.scope)))


def same(stack: Evaluation, argument: Argument, _span: Span) -> Truth:
    """``Fn::Equals``: texts are compared, as which numbers and truths are taken."""
    left, right, *_ = (_comparable(stack.value(Argument(n, argument.scope))) for n in _nodes(argument, 2))
    return equal(left, right)


def _nodes(argument: Argument, least: int) -> list[object]:
    nodes = argument.nodes
    if nodes is None or len(nodes) < least:
        raise Misused(f"takes a list of at least {least}")
    return nodes


def _comparable(value: Value) -> Value:
    if isinstance(value, dict):
        return {key: _comparable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    if isinstance(value, Field):
        return _comparable(value.value)
    return "" if value is NO_VALUE else as_text(value)


def named_value(stack: Evaluation, argument: Argument, _span: Span) -> Truth:
    """``!Condition``."""
    return _named(stack, argument)
