"""Which parameter decides a value that is marked where it is used: its default, or what is given for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from scanner.model.span import Span
from scanner.model.value import Unknown
from scanner.parsers.cloudformation.fields import Field
from scanner.parsers.cloudformation.syntax import Argument, Scope, call_of

if TYPE_CHECKING:
    from scanner.parsers.cloudformation.evaluation import Evaluation

_DEEPEST: Final = 30
"""Functions and conditions inside of each other that are followed."""
_MOST: Final = 500
"""Nodes of one value that are looked at."""
_NAMED: Final = re.compile(r"\$\{\s*([A-Za-z0-9]+)\s*\}")
_CONDITION: Final = "Condition"


def decider(stack: Evaluation, field: Field) -> tuple[Span, str] | None:
    """Where the value of a field was written, and what stands there; ``None`` when no parameter has decided it.

    Of several parameters the first is told, as of Terraform's variables.
    """
    scope = Scope(field.origin)
    if call_of(field.node, scope, False) is None:
        return None
    name = next(_parameters(stack, field.node, scope), None)
    found = stack.parameter(name) if name is not None else None
    if name is None or found is None or isinstance(found.value, Unknown):
        return None
    if name in stack.deployment.given:
        return found.span, f"value from what is given for parameter {name}"
    return found.span, f"value from the default of parameter {name}"


def _parameters(stack: Evaluation, node: Any, scope: Scope) -> Iterator[str]:
    """The parameters that a value is made of, in the order in which they are written; conditions are looked into."""
    known = stack.section("Parameters")
    waiting: list[tuple[Any, bool, int]] = [(node, False, 0)]
    for _ in range(_MOST):
        if not waiting:
            return
        node, bare, depth = waiting.pop()
        call = call_of(node, scope, bare)
        if depth > _DEEPEST:
            continue
        if call is None:
            inner = _inner(stack, node)
        else:
            name, argument = call
            yield from (each for each in _told(name, argument) if each in known)
            inner = _arguments(stack, name, argument)
        waiting.extend((each, is_bare, depth + 1) for each, is_bare in reversed(inner))


def _told(name: str, argument: Argument) -> list[str]:
    """The names that a function itself tells."""
    text = argument.text
    if text is None and name == "Fn::Sub" and argument.nodes and argument.nodes[0].id == "scalar":
        text = str(argument.nodes[0].value)
    if text is None:
        return []
    return [text] if name == "Ref" else _NAMED.findall(text) if name == "Fn::Sub" else []


def _arguments(stack: Evaluation, name: str, argument: Argument) -> list[tuple[Any, bool]]:
    """What a function is applied to; of a condition that is named, what it says."""
    if name == _CONDITION:
        return _condition(stack, argument.text)
    nodes = argument.nodes
    if name == "Fn::If" and nodes:
        first = nodes[0].value if nodes[0].id == "scalar" else None
        return [*_condition(stack, first), *((node, False) for node in nodes[1:])]
    if nodes is not None:
        return [(node, False) for node in nodes]
    return [] if argument.bare else [(argument.node, False)]


def _inner(stack: Evaluation, node: Any) -> list[tuple[Any, bool]]:
    if node.id == "sequence":
        return [(item, False) for item in node.value]
    if node.id != "mapping":
        return []
    if len(node.value) == 1 and node.value[0][0].value == _CONDITION and node.value[0][1].id == "scalar":
        return _condition(stack, node.value[0][1].value)
    return [(value, False) for _, value in node.value]


def _condition(stack: Evaluation, name: str | None) -> list[tuple[Any, bool]]:
    entry = stack.section("Conditions").get(name) if name is not None else None
    return [] if entry is None else [(entry.node, False)]
