"""What ``Ref`` and ``Fn::GetAtt`` name: pseudo parameters, loops' values, parameters, resources."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from scanner.model.problem import ProblemKind
from scanner.model.span import Span
from scanner.model.value import Ref, Unknown, with_origin
from scanner.parsers.cloudformation.fields import NO_VALUE
from scanner.parsers.cloudformation.syntax import Scope

if TYPE_CHECKING:
    from scanner.parsers.cloudformation.evaluation import Evaluation

_PARTITIONS: Final = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b"}
_NESTED: Final = "AWS::CloudFormation::Stack"


def referred(stack: Evaluation, name: str, scope: Scope, span: Span) -> Any:
    """What ``Ref`` gives."""
    if name in scope.variables:
        return scope.variables[name]
    if name in PSEUDO:
        value = PSEUDO[name](stack)
        return with_origin(value, span) if isinstance(value, Unknown) else value
    parameter = stack.parameter(name)
    if parameter is not None:
        return parameter.value
    if name in stack.section("Resources"):
        return _unless_missing(stack, name, "Ref", span)
    return _nothing(stack, name, span)


def attribute(stack: Evaluation, name: str, path: str, span: Span) -> Any:
    """What ``Fn::GetAtt`` gives. Outputs of a stack that is there are what they are in it."""
    entry = stack.section("Resources").get(name)
    if entry is None:
        return _nothing(stack, name, span)
    kind = stack.part(name, "Type")
    if path.startswith("Outputs.") and kind is not None and kind.value == _NESTED:
        child = stack.estate.child(stack, name)
        if child is not None:
            output = child.output(path.removeprefix("Outputs."))
            if output is not None:
                return output.value
            message = f"the stack {name} has no output {path.removeprefix('Outputs.')}"
            stack.reading.report(span, ProblemKind.UNRESOLVED, message)
            return Unknown(message, span)
    return _unless_missing(stack, name, path, span)


def _unless_missing(stack: Evaluation, name: str, path: str, span: Span) -> Unknown:
    entry = stack.section("Resources")[name]
    if stack.exists(entry) is False:
        return Unknown(f"{name} is not created here: its condition does not hold", span)
    return stack.reference(name, path, span)


def _nothing(stack: Evaluation, name: str, span: Span) -> Unknown:
    message = f"{name} is neither a parameter nor a resource of the template"
    stack.reading.report(span, ProblemKind.UNRESOLVED, message)
    return Unknown(message, span)


def region_of(stack: Evaluation) -> str | Unknown:
    """The region that the stack is deployed to."""
    region = stack.deployment.region
    if region is not None:
        return region
    ref = Ref(f"{stack.deployment.home}data.aws_region.current", "name")
    return Unknown("the template does not say its region; give it with --region", None, ref, (ref,))


def _account(stack: Evaluation) -> str | Unknown:
    account = stack.deployment.account
    if account is not None:
        return account
    return _told_later(stack.deployment.home, "aws_caller_identity", "account_id", "the account")


def partition_of(stack: Evaluation) -> str:
    """The partition of the stack's region; the common one where that is not known."""
    region = stack.deployment.region
    if not isinstance(region, str):
        return "aws"
    return next((name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws")


def _told_later(prefix: str, kind: str, path: str, what: str) -> Unknown:
    ref = Ref(f"{prefix}data.{kind}.current", path)
    return Unknown(f"{what} is known only when the stack is deployed", None, ref, (ref,))


def _stack_name(stack: Evaluation) -> str | Unknown:
    name = stack.deployment.name
    if name is not None:
        return name
    return _told_later(stack.deployment.prefix, "aws_cloudformation_stack", "name", "the stack's name")


def _domain(stack: Evaluation) -> str:
    return "amazonaws.com.cn" if partition_of(stack) == "aws-cn" else "amazonaws.com"


PSEUDO: Final[dict[str, Callable[[Evaluation], Any]]] = {
    "AWS::Region": region_of,
    "AWS::AccountId": _account,
    "AWS::Partition": partition_of,
    "AWS::NoValue": lambda _: NO_VALUE,
    "AWS::StackName": _stack_name,
    "AWS::StackId": lambda s: _told_later(s.deployment.prefix, "aws_cloudformation_stack", "id", "the stack's id"),
    "AWS::NotificationARNs": lambda s: _told_later(
        s.deployment.prefix, "aws_cloudformation_stack", "notification_arns", "whom the stack notifies"
    ),
    "AWS::URLSuffix": _domain,
}
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html"""
