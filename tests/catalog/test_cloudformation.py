"""CloudFormation's resources mean what Terraform's of the same architecture mean.

Each case is written twice, by hand, from the documentation of both: the blocks of
https://registry.terraform.io/providers/hashicorp/aws and the properties of
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/. Kinds, properties, places and the edges between
the resources that ``same`` pairs must not differ.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from scanner.catalog.load import catalog
from scanner.catalog.spellings import Spelling, spellings
from scanner.graph.graph import Graph
from scanner.model.resource import Declaration, ProviderContext, Reference
from scanner.model.span import Span
from scanner.model.value import Ref, Unknown, Value
from scanner.normalize import Settings, normalize
from scanner.normalize.respelled import snake

HERE = Path(__file__).parent
FILE = Span("template.yaml", 1)
CASES: list[dict[str, Any]] = yaml.safe_load((HERE / "cloudformation_cases.yaml").read_text(encoding="utf-8"))


def _resolved(value: Any, path: str, found: list[Reference]) -> Value:
    """``{Ref: Key}`` and ``{GetAtt: Key.Arn}`` as a front end gives them."""
    if isinstance(value, dict) and len(value) == 1 and value.keys() <= {"Ref", "GetAtt"}:
        [(how, said)] = value.items()
        target, _, read = said.partition(".") if how == "GetAtt" else (said, "", "Ref")
        ref = Ref(target, read)
        found.append(Reference(path, target, read, FILE))
        return Unknown("known after it is made", FILE, ref, (ref,))
    if isinstance(value, dict):
        return {key: _resolved(each, f"{path}.{key}" if path else key, found) for key, each in value.items()}
    if isinstance(value, list):
        return [_resolved(each, f"{path}[{index}]", found) for index, each in enumerate(value)]
    return value


def _declared(name: str, resource: Mapping[str, Any], region: str) -> Declaration:
    found: list[Reference] = []
    attributes = _resolved(resource.get("Properties", {}), "", found)
    assert isinstance(attributes, dict)
    lifecycle = {key: resource[key] for key in ("DeletionPolicy", "UpdateReplacePolicy") if key in resource}
    return Declaration(
        name,
        resource["Type"],
        name,
        "cloudformation",
        FILE,
        attributes,
        references=tuple(found),
        provider=ProviderContext("aws", attributes={"region": region}),
        lifecycle=lifecycle,
    )


def _graph(resources: Mapping[str, Any], region: str) -> Graph:
    return normalize([_declared(name, each, region) for name, each in resources.items()], Settings(region))[0]


def _plain(value: Value, names: Mapping[str, str]) -> Any:
    """A value to compare: of an unknown, what it names; of a document in text, what it says."""
    if isinstance(value, Unknown):
        named = {names.get(ref.address, ref.address) for ref in (*value.refs, *([value.ref] if value.ref else []))}
        return ("unknown", sorted(named))
    if isinstance(value, dict):
        return {key: _plain(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, names) for each in value]
    return json.loads(value) if isinstance(value, str) and value[:1] in ("{", "[") else value


def _meaning(graph: Graph, name: str, names: Mapping[str, str]) -> Any:
    resource = graph.resources[name]
    place = resource.placement
    return {
        "kind": resource.kind,
        "type": resource.type,
        **{key: _plain(value, names) for key, value in sorted(resource.properties.items())},
        "scope": place.scope,
        "zones": sorted(map(str, place.zones)) if isinstance(place.zones, (tuple, list)) else place.zones,
        "region": place.region,
    }


def _edges(graph: Graph, names: Mapping[str, str]) -> set[tuple[str, str, str]]:
    return {
        (names[source], names[edge.target], str(edge.kind))
        for source in names
        for edge in graph.outgoing.get(source, ())
        if edge.target in names
    }


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{'-'.join(each['resources'])}" for n, each in enumerate(CASES)])
def test_a_template_means_what_terraform_means(case: dict[str, Any], graph_of: Callable[..., Graph]) -> None:
    theirs = graph_of(case["terraform"], region="eu-west-1")
    ours = _graph(case["resources"], "eu-west-1")
    same: dict[str, str] = case.get("same") or dict(zip(case["resources"], theirs.resources, strict=True))
    back = {address: name for name, address in same.items()}
    for name, address in same.items():
        assert _meaning(ours, name, {}) == _meaning(theirs, address, back)
    assert _edges(ours, {name: name for name in same}) == _edges(theirs, back)


def _listed() -> Iterator[tuple[str, list[str]]]:
    """Types, and the paths of their provider schemas that the table speaks of, in snake case."""
    for line in (HERE / "cloudformation_paths.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, paths = line.partition(" ")
            yield name, paths.split()


def _facts() -> dict[str, set[str]]:
    return {name.lower(): set(paths) for name, paths in _listed()}


def _spoken_of(spelling: Spelling) -> Iterator[str]:
    """The native paths of an entry, before any of them has another name."""
    body = f"{snake(spelling.body)}." if spelling.body else ""
    back: dict[str, str] = {}
    for source, target in spelling.renamed.items():
        if target is None:  # only what describe calls say twice is left out
            continue
        native = _undone(source, back)
        if (
            native != "deletion_policy"
        ):  # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
            yield f"{body}{native}"
        back[target if isinstance(target, str) else target["to"]] = native
    for part in spelling.parts:
        yield part.at
        yield from (f"{part.at}.{source}" for source in part.renamed if "." not in source)
    yield from spelling.pairs
    for _, variant in spelling.variants:
        yield from _spoken_of(variant)


def _undone(path: str, back: Mapping[str, str]) -> str:
    for target, native in sorted(back.items(), key=lambda item: -len(item[0])):
        if path == target or path.startswith(f"{target}."):
            return f"{native}{path[len(target) :]}"
    return path


def test_every_native_path_is_one_of_its_types_provider_schema() -> None:
    """Schemas: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-type-schemas.html."""
    facts, table = _facts(), spellings("cloudformation")
    wrong = [
        (name, path)
        for name in table.types
        if name in facts and (spelling := table.of(name)) is not None
        for path in _spoken_of(spelling)
        if not {path, path.partition(".")[2], f"{spelling.own.get('in')}.{path}"} & facts[name]
    ]
    assert wrong == []


def test_all_types_are_listed_but_those_of_the_serverless_transform() -> None:
    assert {n for n in spellings("cloudformation").types if n not in _facts()} == {
        name for name in spellings("cloudformation").types if name.startswith(("aws::serverless::", "custom::"))
    }
    assert len(_facts()) > 350


def test_every_type_is_one_of_the_catalog() -> None:
    table = spellings("cloudformation")
    assert all(spelling.type in catalog().types for name in table.types if (spelling := table.of(name)) is not None)


def test_the_listed_paths_are_those_of_the_provider_schemas() -> None:
    """As cfn-lint bundles them, where it is installed."""
    manager = pytest.importorskip("cfnlint.schema.manager").PROVIDER_SCHEMA_MANAGER
    wrong = [
        (name, path)
        for name, paths in _listed()
        for path in paths
        if not _stands_in(manager.get_resource_schema("us-east-1", name).schema, path)
    ]
    assert wrong == []


def _stands_in(schema: Mapping[str, Any], path: str) -> bool:
    """Whether a path in snake case leads through the properties of a schema."""
    found = [schema]
    for step in path.split("."):
        found = [
            each
            for holder in found
            for part in _alternatives(holder, schema)
            for name, each in part.get("properties", {}).items()
            if snake(name) == step
        ]
    return bool(found)


def _alternatives(part: Any, schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A part of a schema with what it refers to, the items of lists and the choices."""
    stack, seen = [part], 0
    while stack and (seen := seen + 1) < 200:
        current = stack.pop()
        if not isinstance(current, dict):
            continue
        yield current
        if "$ref" in current:
            inner: Any = schema
            for step in current["$ref"].split("/")[1:]:
                inner = inner.get(step, {})
            stack.append(inner)
        stack.append(current.get("items"))
        stack.extend(each for key in ("oneOf", "anyOf", "allOf") for each in current.get(key, ()))
