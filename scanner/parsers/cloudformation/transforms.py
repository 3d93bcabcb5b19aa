"""Transforms: what ``AWS::Include`` brings in from files, and macros, which AWS alone runs.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-reference.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from scanner.model.problem import ProblemKind
from scanner.model.span import Span
from scanner.model.value import Unknown
from scanner.parsers.cloudformation.fields import Field
from scanner.parsers.cloudformation.syntax import Argument, Scope

if TYPE_CHECKING:
    from scanner.parsers.cloudformation.evaluation import Evaluation

INCLUDE: Final = "AWS::Include"
_HARMLESS: Final = ("AWS::LanguageExtensions", "AWS::Serverless-", "AWS::SecretsManager-", "AWS::CodeDeployBlueGreen")
"""Beginnings of transforms that are worked out, or that only add what the template does not name."""


def included(stack: Evaluation, argument: Argument, span: Span) -> tuple[Any, Scope] | None:
    """The mapping that ``Fn::Transform`` brings in; ``None``, with a problem, for what only AWS can run."""
    call = stack.value(argument)
    if isinstance(call, list) and len(call) == 1:
        call = call[0].value
    return _call(stack, call, span)


def _call(stack: Evaluation, call: Any, span: Span) -> tuple[Any, Scope] | None:
    parts: dict[str, Field] = call if isinstance(call, dict) else {}
    name, given = parts.get("Name"), parts.get("Parameters")
    location = given.get("Location") if given is not None else None
    if name is None or name.value != INCLUDE:
        what = f"the macro {name.value}" if name is not None and isinstance(name.value, str) else "a macro"
        _by_aws(stack, what, span)
        return None
    if location is None:
        stack.reading.report(span, ProblemKind.INVALID, f"{INCLUDE} takes a Location")
        return None
    return stack.estate.included(stack, location.value, span)


def _by_aws(stack: Evaluation, what: str, span: Span) -> None:
    stack.reading.report(span, ProblemKind.UNSUPPORTED, f"{what} is run by AWS alone")
    stack.reading.partly.add(span.file)


def value(stack: Evaluation, argument: Argument, span: Span) -> Any:
    """``Fn::Transform`` where a value stands."""
    found = included(stack, argument, span)
    if found is None:
        return Unknown("what a transform makes of it is known only to AWS", span)
    return stack.value(Argument(*found))


def included_files(stack: Evaluation) -> list[tuple[Any, Scope]]:
    """What the section ``Transform`` brings in. Macros in it may rewrite the whole template, which is told."""
    section = stack.template.sections.get("Transform")
    if section is None:
        return []
    scope, found = stack.template.scope, []
    for node in section[1].value if section[1].id == "sequence" else [section[1]]:
        span = scope.origin.span(None, node)
        written = stack.value(Argument(node, scope))
        if isinstance(written, dict):
            part = _call(stack, written, span)
            found += [part] if part is not None else []
        elif not isinstance(written, str) or not written.startswith(_HARMLESS):
            _by_aws(stack, f"the macro {written}" if isinstance(written, str) else "a macro", span)
    return found
