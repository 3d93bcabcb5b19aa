"""Templates of JSON → :class:`Template`.

https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from scanner.parsers.azure.arm_expressions import Expressions
from scanner.parsers.azure.json_reader import read_json
from scanner.parsers.azure.reports import Refused
from scanner.parsers.azure.tree import (
    At,
    Call,
    Entry,
    Expression,
    Fields,
    Function,
    Items,
    Literal,
    Loop,
    Module,
    Parameter,
    ParameterFile,
    Resource,
    Template,
)

DEPLOYMENT: Final = "microsoft.resources/deployments"
_SCOPES: Final = (
    ("subscriptiondeployment", "subscription"),
    ("managementgroupdeployment", "managementGroup"),
    ("tenantdeployment", "tenant"),
)


def read_template(text: str, name: str, expressions: Expressions) -> Template:
    """The template of a file. Raises :class:`Refused`."""
    data = read_json(text, expressions.of)
    if not isinstance(data, Fields):
        raise Refused("a template is an object")
    return _Building(name).template(data)


def read_parameters(text: str, name: str, expressions: Expressions) -> ParameterFile:
    """The values of a file of parameters. Raises :class:`Refused`."""
    data = read_json(text, expressions.of)
    values = data.get("parameters") if isinstance(data, Fields) else None
    if not isinstance(values, Fields):
        raise Refused("a file of parameters holds an object of parameters")
    found = {key.lower(): Entry(e.key, _given(e.value), e.at) for key, e in values.named()}
    return ParameterFile(name, found)


def _given(value: Expression) -> Expression:
    """The value of ``{"value": …}``; a reference to a key vault is known to Azure alone."""
    if not isinstance(value, Fields):
        return Call("$given", (value,))
    if value.get("reference") is not None:
        return Call("$vault", ())
    made = with_copies(value)  # a loop may make the value itself: {"copy": [{"name": "value", …}]}
    return (made.get("value") if isinstance(made, Fields) else None) or Literal(None)


@dataclass(slots=True)
class _Building:
    """Makes a template of an object."""

    name: str

    def template(self, data: Fields) -> Template:
        declared = data.get("resources")
        symbolic = isinstance(declared, Fields)
        return Template(
            name=self.name,
            dialect="arm",
            scope=_scope(data.text("$schema")),
            parameters={key.lower(): _parameter(key, e) for key, e in _named(data.get("parameters"))},
            variables=_variables(data.get("variables")),
            functions=_functions(data.get("functions")),
            resources=tuple(self._resources(declared)),
            outputs={key.lower(): _output(e.value) for key, e in _named(data.get("outputs"))},
            symbolic=symbolic,
            compiled=_compiled(data.get("metadata")),
        )

    def _resources(self, declared: Expression | None) -> Iterator[Resource]:
        if isinstance(declared, Fields):
            for symbol, entry in declared.named():
                if isinstance(entry.value, Fields):
                    yield self._resource(symbol, entry.value, entry.at)
        elif isinstance(declared, Items):
            for value, at in zip(declared.values, declared.ats, strict=True):
                if isinstance(value, Fields):
                    told = value.entry("type") or value.entry("name")  # a brace alone tells a reader nothing
                    yield self._resource("", value, at if told is None else told.at)

    def _resource(self, symbol: str, data: Fields, at: At) -> Resource:
        kind = data.get("type") or Literal("")
        module = self._module(kind, data)
        return Resource(
            symbol=symbol,
            type=kind,
            body=_body(data, module is not None),
            at=at,
            existing=_truth(data.get("existing")),
            condition=data.get("condition"),
            loop=_loop(data.get("copy"), data),
            children=tuple(self._resources(data.get("resources"))),
            depends=data.get("dependsOn"),
            module=module,
        )

    def _module(self, kind: Expression, data: Fields) -> Module | None:
        properties = data.get("properties")
        if not isinstance(kind, Literal) or str(kind.value).lower() != DEPLOYMENT or not isinstance(properties, Fields):
            return None
        given = properties.get("parameters")
        values = _module_parameters(given) if isinstance(given, Fields) else None
        entry = properties.entry("templateLink") or properties.entry("template")
        at = entry.at if entry is not None else data.at
        link, inside = properties.get("templateLink"), properties.get("template")
        if isinstance(link, Fields):
            path = link.get("relativePath") or link.get("uri") or link.get("id")
            return Module(path=path or Literal(""), parameters=values, given=given, at=at)
        if not isinstance(inside, Fields):
            return None
        options = properties.get("expressionEvaluationOptions")
        inner = isinstance(options, Fields) and options.text("scope").lower() == "inner"
        return Module(template=self.template(inside), parameters=values, outer=not inner, given=given, at=at)


def _module_parameters(given: Fields) -> Fields:
    return Fields(tuple(Entry(e.key, _given(e.value), e.at) for e in given.entries), given.at)


def _compiled(metadata: Expression | None) -> bool:
    generator = metadata.get("_generator") if isinstance(metadata, Fields) else None
    return isinstance(generator, Fields) and generator.text("name") == "bicep"


def _scope(schema: str) -> str:
    lowered = schema.lower()
    return next((scope for mark, scope in _SCOPES if mark in lowered), "resourceGroup")


def _named(data: Expression | None) -> list[tuple[str, Entry]]:
    return data.named() if isinstance(data, Fields) else []


def _truth(value: Expression | None) -> bool:
    return isinstance(value, Literal) and value.value is True


def _parameter(name: str, entry: Entry) -> Parameter:
    data = entry.value if isinstance(entry.value, Fields) else Fields(())
    secure = data.text("type").lower().startswith("secure")
    allowed = data.get("allowedValues")
    return Parameter(name, data.get("defaultValue"), allowed, secure, entry.at, _truth(data.get("nullable")))


def _variables(data: Expression | None) -> dict[str, Expression]:
    found: dict[str, Expression] = {}
    for key, entry in _named(data):
        if key.lower() == "copy" and isinstance(entry.value, Items):
            found |= {name: loop for name, loop, _ in _copies(entry.value)}
        else:
            found[key.lower()] = with_copies(entry.value)
    return found


def _functions(data: Expression | None) -> dict[str, Function]:
    """The template's own functions, as ``namespace.name`` in small letters."""
    found: dict[str, Function] = {}
    for each in data.values if isinstance(data, Items) else ():
        space = each.text("namespace") if isinstance(each, Fields) else ""
        for name, entry in _named(each.get("members") if isinstance(each, Fields) else None):
            if not isinstance(entry.value, Fields):
                continue
            declared, output = entry.value.get("parameters"), entry.value.get("output")
            inputs = declared.values if isinstance(declared, Items) else ()
            names = [p.text("name").lower() for p in inputs if isinstance(p, Fields)]
            body = output.get("value") if isinstance(output, Fields) else None
            found[f"{space}.{name}".lower()] = Function(tuple(names), with_copies(body or Literal(None)))
    return found


def _output(value: Expression) -> Expression:
    """An output's value; one that is made in a loop, the loop."""
    if not isinstance(value, Fields):
        return Literal(None)
    copy = value.get("copy")
    if isinstance(copy, Fields) and copy.get("input") is not None:
        return _counted(copy, copy.get("input") or Literal(None))
    return with_copies(value.get("value") or Literal(None))


def _counted(copy: Fields, body: Expression) -> Loop:
    count = copy.get("count") or Literal(0)
    return Loop("", "", Call("$count", (count,)), with_copies(body), None, copy.text("name").lower())


def _loop(copy: Expression | None, body: Expression) -> Loop | None:
    if not isinstance(copy, Fields):
        return None
    count = copy.get("count") or Literal(0)
    return Loop("", "", Call("$count", (count,)), body, None, copy.text("name").lower())


def _copies(copies: Items) -> Iterator[tuple[str, Loop, Entry]]:
    """The properties that a ``copy`` element makes."""
    for each, at in zip(copies.values, copies.ats, strict=True):
        if isinstance(each, Fields) and each.text("name"):
            loop = _counted(each, each.get("input") or Literal(None))
            yield each.text("name").lower(), loop, Entry(Literal(each.text("name")), loop, at)


def _body(data: Fields, is_module: bool) -> Fields:
    """A resource's body: its properties, with those that loops make in their place. A module's are read apart."""
    left_out = ("copy", "properties") if is_module else ("copy", "resources")
    kept = (e for key, e in data.named() if key.lower() not in left_out)
    return Fields(tuple(Entry(e.key, with_copies(e.value), e.at) for e in kept), data.at)


def with_copies(value: Expression) -> Expression:
    """Data with its ``copy`` elements as the properties that they make."""
    match value:
        case Fields():
            entries: list[Entry] = []
            for each in value.entries:
                is_copy = isinstance(each.key, Literal) and str(each.key.value).lower() == "copy"
                if is_copy and isinstance(each.value, Items) and _all_inputs(each.value):
                    entries.extend(entry for _, _, entry in _copies(each.value))
                else:
                    entries.append(Entry(each.key, with_copies(each.value), each.at))
            return Fields(tuple(entries), value.at)
        case Items():
            return Items(tuple(with_copies(v) for v in value.values), value.ats)
        case _:
            return value


def _all_inputs(copies: Items) -> bool:
    return all(isinstance(each, Fields) and each.get("input") is not None for each in copies.values)
