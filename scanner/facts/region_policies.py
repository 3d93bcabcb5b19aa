"""Guardrails that say where resources may be created.

AWS: service control policies that deny what is requested outside of listed regions (``aws:RequestedRegion``). Google:
the list constraint ``gcp.resourceLocations``. Azure: the parameter of the built-in policies "Allowed locations".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from scanner.catalog.readers import whole
from scanner.facts.documents import json_document
from scanner.facts.fact import Fact
from scanner.graph.graph import Graph
from scanner.model.resource import Resource
from scanner.model.value import ABSENT, Unknown, Value, unknown_from

_EXCEPT: Final = ("stringnotequals", "stringnotlike", "stringnotequalsignorecase")
_ONLY: Final = ("stringequals", "stringlike", "stringequalsignorecase")
_GROUP: Final = re.compile(r"^in:(?P<name>[a-z0-9-]+)-locations$")
_GOOGLE_REGION: Final = re.compile(r"^[a-z]+-[a-z]+\d+$")
_AZURE_PARAMETERS: Final = ("listofallowedlocations", "allowedlocations")
_GLOBAL: Final = frozenset({"global", ""})


def allowed_regions(resource: Resource, graph: Graph) -> Value:
    """The regions in which a guardrail lets people create something; absent when it is about something else.

    A group of locations (``in:us-locations``) counts as one entry of its own name with a star.
    """
    if resource.type.startswith("aws_organizations_"):
        found = _of_document(_document(resource, graph), _requested_regions)
    elif resource.platform == "terraform" and resource.type.startswith("google_"):
        found = _google_locations(resource)
    elif resource.type.startswith("azurerm_"):
        found = _of_document(json_document(resource.declaration.attributes.get("parameters", ABSENT)), _azure_locations)
    else:
        return ABSENT
    return found


def _document(resource: Resource, graph: Graph) -> Value:
    """The policy's JSON, or the statements of the data source that writes it."""
    value = resource.get("document")
    if isinstance(value, Unknown) and value.ref is not None:
        for name in graph.index.addressed(value.ref.address):
            declaration = graph.index.by_id[name]
            if declaration.type == "aws_iam_policy_document":
                return {"Statement": declaration.attributes.get("statement", [])}
    return json_document(value)


def _of_document(document: Value, search: Callable[[Mapping[str, Value]], Iterator[Value]]) -> Value:
    if not isinstance(document, dict):
        return ABSENT
    return _listed(search(document))


def _listed(values: Iterable[Value]) -> Value:
    """The values, each once; unknown when one of them is, absent when there are none."""
    found = list(values)
    unknown = next((item for item in found if isinstance(item, Unknown)), None)
    if unknown is not None:
        return unknown_from([unknown])
    return list(dict.fromkeys(str(item) for item in found)) or ABSENT


def _requested_regions(document: Mapping[str, Value]) -> Iterator[Value]:
    statements = document.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        if not isinstance(statement, dict):
            continue
        effect = statement.get("Effect", statement.get("effect", "Allow"))
        operators = _EXCEPT if effect == "Deny" else _ONLY
        for operator, variable, values in _tests(statement):
            if operator.lower() in operators and variable.lower() == "aws:requestedregion":
                yield from values if isinstance(values, list) else [values]


def _tests(statement: Mapping[str, Value]) -> Iterator[tuple[str, str, Value]]:
    """Operator, context key and values of every condition, in JSON's form or in that of the data source's blocks."""
    written = statement.get("Condition", {})
    for operator, tests in written.items() if isinstance(written, dict) else ():
        for variable, values in tests.items() if isinstance(tests, dict) else ():
            yield operator, variable, values
    blocks = statement.get("condition", [])
    for block in blocks if isinstance(blocks, list) else ():
        if isinstance(block, dict) and isinstance(block.get("test"), str) and isinstance(block.get("variable"), str):
            yield block["test"], block["variable"], block.get("values", [])


def _google_locations(resource: Resource) -> Value:
    named = resource.get("constraint")
    if not isinstance(named, str) or not named.endswith("gcp.resourceLocations"):
        return ABSENT
    paths = ("spec.rules.values.allowed_values", "list_policy.allow.values")
    written = [value for path in paths if (value := whole(resource.declaration.attributes, path)) is not ABSENT]
    values = [item for value in written for item in (value if isinstance(value, list) else [value])]
    return _listed(_location(value) for value in values)


def _location(value: Value) -> Value:
    """A region, or a group's name with a star when the group holds several regions."""
    if not isinstance(value, str):
        return value
    group = _GROUP.match(value)
    if group is None:
        return value.removeprefix("is:")
    return group["name"] if _GOOGLE_REGION.match(group["name"]) else f"{group['name']}*"


def _azure_locations(document: Mapping[str, Value]) -> Iterator[Value]:
    for name, parameter in document.items():
        if name.lower() in _AZURE_PARAMETERS and isinstance(parameter, dict):
            value = parameter.get("value", [])
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, str) and item.lower() not in _GLOBAL:
                    yield item.replace(" ", "").lower()
                elif isinstance(item, Unknown):
                    yield item


def pinned_region(resource: Resource, graph: Graph) -> Value:
    """Whether a guardrail allows exactly one region; absent when it does not limit regions."""
    found = allowed_regions(resource, graph)
    if found is ABSENT or isinstance(found, Unknown):
        return found
    regions = [region for region in found if isinstance(region, str)]
    return len(regions) == 1 and "*" not in regions[0]


FACTS: Final[Mapping[str, Fact]] = {
    "guardrail_regions": Fact(allowed_regions, "the regions that a guardrail allows", ("policy",)),
    "pinned_region": Fact(pinned_region, "whether a guardrail allows exactly one region", ("policy",)),
}
