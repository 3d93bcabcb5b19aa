"""``Fn::ForEach`` (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from scanner.model.problem import ProblemKind
from scanner.model.span import Span
from scanner.model.value import Unknown
from scanner.parsers.cloudformation.fields import NO_VALUE, Field
from scanner.parsers.cloudformation.limits import MAX_LOOP
from scanner.parsers.cloudformation.syntax import Argument, Scope
from scanner.parsers.cloudformation.text import as_text

if TYPE_CHECKING:
    from scanner.parsers.cloudformation.evaluation import Evaluation


def unfolded(stack: Evaluation, name: str, node: Any, scope: Scope) -> Iterator[tuple[Any, Scope]]:
    """The body of a loop, with the scope of each turn. What is made stands where its body does, under the loop."""
    span = scope.origin.span(None, node)
    parts = node.value if node.id == "sequence" else []
    if len(parts) != 3 or parts[0].id != "scalar" or parts[2].id != "mapping":
        message = f"{name} takes a name, a list of values and a mapping"
        stack.reading.report(span, ProblemKind.INVALID, message)
        stack.reading.partly.add(span.file)
        return
    turns = _turns(stack, name, parts[1], scope, span)
    origin = replace(scope.origin, parent=span, via="made by the loop")
    for turn in turns:
        yield parts[2], Scope(origin, {**scope.variables, str(parts[0].value): turn})


def _turns(stack: Evaluation, name: str, node: Any, scope: Scope, span: Span) -> list[str]:
    values = stack.value(Argument(node, scope))
    if isinstance(values, Unknown) or not isinstance(values, list):
        reason = values.reason if isinstance(values, Unknown) else "that is no list"
        message = f"what {name} goes over is not decided: {reason}; its entries are left out"
        stack.reading.report(span, ProblemKind.UNRESOLVED, message)
        return []
    found: dict[str, None] = {}
    for item in values:
        found.update(dict.fromkeys(_texts(stack, name, item)))
    if len(found) > MAX_LOOP:
        stack.reading.limit(span, f"a loop makes more than {MAX_LOOP} entries")
    return list(found)[:MAX_LOOP]


def _texts(stack: Evaluation, name: str, item: Field) -> list[str]:
    """The texts of one item; a list in the list counts by its items."""
    if isinstance(item.value, list):
        return [text for each in item.value for text in _texts(stack, name, each)]
    text = as_text("" if item.value is NO_VALUE or isinstance(item.value, dict) else item.value)
    if isinstance(text, str):
        return [text] if text else []
    stack.reading.report(item.span, ProblemKind.UNRESOLVED, f"an item that {name} goes over is left out: {text.reason}")
    return []
