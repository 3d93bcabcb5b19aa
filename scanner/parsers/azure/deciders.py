"""Which parameter decides a value that is marked where it is used: its default, or what is given for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scanner.model.span import Span
from scanner.model.value import Unknown
from scanner.parsers.azure.evaluate import Frame
from scanner.parsers.azure.reports import Fault
from scanner.parsers.azure.tree import Access, Call, Expression, Fields, Items, Lambda, Literal, Loop, Name, Nested

_CALLS: Final = 8
"""Modules inside of each other that are followed."""
_MOST: Final = 500
"""Expressions of one value that are looked at."""


def decider(node: Expression, frame: Frame, calls: int = _CALLS) -> tuple[Span, str] | None:
    """Where the value of an expression was written, and what stands there; ``None`` when no parameter has decided it.

    Of several parameters the first is told, as of Terraform's variables.
    """
    name = next(_parameters(node, frame), None)
    declared = frame.deployment.template.parameters.get(name.lower()) if name is not None else None
    if declared is None or not _known(declared.name, frame):
        return None
    given = frame.deployment.given.get(declared.name.lower())
    if given is None:
        return frame.deployment.span(declared.at), f"value from the default of parameter {declared.name}"
    expression, place = given
    span = place.deployment.span(place.at)
    further = decider(expression, place, calls - 1) if calls else None
    return (
        span if further is None else span.under(*further)
    ), f"value from what is given for parameter {declared.name}"


def _known(name: str, frame: Frame) -> bool:
    try:
        return not isinstance(frame.deployment.parameter(name), Unknown)
    except Fault:
        return False


def _parameters(node: Expression, frame: Frame) -> Iterator[str]:
    """The parameters that an expression is made of, in the order in which they are written, through variables."""
    template, seen = frame.deployment.template, set[str]()
    waiting: list[Expression] = [node]
    for _ in range(_MOST):
        if not waiting:
            return
        node = waiting.pop()
        name, is_variable = _named(node)
        if name in frame.names:  # an item of a loop
            continue
        if name and not is_variable and name.lower() in template.parameters:
            yield name
        elif name and name not in seen and name in template.variables:
            seen.add(name)
            waiting.append(template.variables[name])
        else:
            waiting.extend(reversed(list(_inner(node))))


def _named(node: Expression) -> tuple[str, bool]:
    """The parameter or variable that an expression names, and whether it can only be a variable."""
    match node:
        case Name(name=name):
            return name, False
        case Call(function="parameters" | "variables" as what, arguments=(Literal(value=str() as name),), target=None):
            return name, what == "variables"
    return "", False


def _inner(node: Expression) -> Iterator[Expression]:
    match node:
        case Call():
            yield from node.arguments
            if node.target is not None:
                yield node.target
        case Access():
            yield node.target
            yield node.key
        case Nested():
            yield node.target
        case Lambda():
            yield node.body
        case Loop():
            yield node.source
            yield node.body
        case Items():
            yield from node.values
        case Fields():
            yield from (entry.value for entry in node.entries)
