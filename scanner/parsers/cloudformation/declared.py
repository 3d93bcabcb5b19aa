"""Resources of a stack as declarations."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from scanner.model.problem import ProblemKind
from scanner.model.resource import Declaration, ProviderContext, Reference
from scanner.model.value import Truth, Unknown, Value
from scanner.parsers.cloudformation.deciders import decider
from scanner.parsers.cloudformation.evaluation import Entry, Evaluation
from scanner.parsers.cloudformation.fields import NO_VALUE, Field, FieldPlaces, Plain
from scanner.parsers.cloudformation.names import region_of

PLATFORM: Final = "cloudformation"
_LIFECYCLE: Final = ("DeletionPolicy", "UpdateReplacePolicy", "UpdatePolicy", "CreationPolicy")

_METADATA: Final = ("riskscan/ignore", "checkov", "bridgecrew")


def declarations(stack: Evaluation, written: str) -> Iterator[Declaration]:
    """Every resource of a stack that may exist."""
    for entry in stack.section("Resources").values():
        kind = _type(stack, entry)
        exists = stack.exists(entry) if kind else False
        if exists is not False:
            yield _declaration(stack, entry, kind, exists, written)


def _type(stack: Evaluation, entry: Entry) -> str:
    found = stack.part(entry.name, "Type")
    if found is not None and isinstance(found.value, str):
        return found.value
    message = f"resource {entry.name} has no Type"
    if found is not None and isinstance(found.value, Unknown):
        message = f"the type of {entry.name} is not decided: {found.value.reason}"
    stack.reading.report(entry.span, ProblemKind.INVALID, message)
    stack.reading.partly.add(entry.scope.origin.file)
    return ""


def _declaration(stack: Evaluation, entry: Entry, kind: str, exists: Truth, written: str) -> Declaration:
    properties = stack.part(entry.name, "Properties") or Field({}, entry.node, entry.scope.origin, entry.key)
    references: dict[Reference, None] = {}
    plain = Plain(stack.targets, references, stack.reading.budget)
    attributes = plain.value(properties, "")
    if attributes is not NO_VALUE and not isinstance(attributes, (dict, type(None))):
        told = f": {attributes.reason}" if isinstance(attributes, Unknown) else ""
        message = f"the properties of {entry.name} are no mapping{told}"
        stack.reading.report(properties.span, ProblemKind.INVALID, message)
    if not stack.reading.budget.has_room:
        stack.reading.limit(entry.span, stack.reading.budget.exceeded())
    beside = {name: found for name in _LIFECYCLE if (found := stack.part(entry.name, name)) is not None}
    lifecycle: dict[str, Value] = {name: plain.value(each, f"lifecycle.{name}") for name, each in beside.items()}
    places = {f"lifecycle.{name}": each for name, each in beside.items()}
    metadata = _metadata(stack.part(entry.name, "Metadata"), plain)
    places |= {f"metadata.{name}": found for name, (found, _) in metadata.items()}
    condition = stack.part(entry.name, "Condition")
    if condition is not None:
        places["Condition"] = condition
    depends_on = stack.part(entry.name, "DependsOn")
    if depends_on is not None:
        places["DependsOn"] = depends_on
    return Declaration(
        id=stack.id_of(entry.name),
        type=kind,
        name=entry.name,
        platform=PLATFORM,
        span=entry.span.under(stack.deployment.call, stack.deployment.via),
        attributes=attributes if isinstance(attributes, dict) else {},
        places=FieldPlaces(properties, places, stack.reading.sources, partial(decider, stack)),
        references=tuple(references),
        provider=_provider(stack),
        exists=exists,
        root=stack.deployment.root,
        module=stack.deployment.prefix.removeprefix(stack.deployment.home).rstrip("."),
        lifecycle={name: value for name, value in lifecycle.items() if value is not NO_VALUE},
        depends_on=tuple(_depends_on(stack, entry, depends_on)),
        written=written,
        metadata={name: value for name, (_, value) in metadata.items()},
    )


def _metadata(held: Field | None, plain: Plain) -> dict[str, tuple[Field, Value]]:
    """The parts of a resource's metadata in which waivers stand; the rest is for whoever deploys it."""
    parts = held.mapping() if held is not None else {}
    read = {name: (parts[name], plain.value(parts[name], f"metadata.{name}")) for name in _METADATA if name in parts}
    return {name: (found, value) for name, (found, value) in read.items() if value is not NO_VALUE}


def _provider(stack: Evaluation) -> ProviderContext:
    attributes: dict[str, Any] = {"region": region_of(stack)}
    if stack.deployment.account is not None:
        attributes["account_id"] = stack.deployment.account
    return ProviderContext("aws", "", attributes, None, True)


def _depends_on(stack: Evaluation, entry: Entry, found: Field | None) -> Iterator[str]:
    """The ids of what is created before; what a condition leaves out is not waited for."""
    resources = stack.section("Resources")
    for item in [] if found is None else found.items() or [found]:
        name = item.value
        if isinstance(name, str) and name in resources:
            yield stack.id_of(name)
        elif isinstance(name, str):
            message = f"{entry.name} depends on {name}, which is no resource of the template"
            stack.reading.report(item.span, ProblemKind.UNRESOLVED, message)
