"""SAM through Amazon's own translator, with the places of what it makes in the SAM template.

The translator runs in a process of its own (:mod:`~scanner.parsers.cloudformation.sam_worker`). Nothing is asked of
AWS: there it finds no SDK, and it sees no application of the Serverless Application Repository, which it would look
up. What it takes over from the template keeps its place through marks on the values; what it makes stands where the
SAM resource does.
"""

from __future__ import annotations

import atexit
import importlib.util
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scanner.model.problem import ProblemKind
from scanner.parsers.child import Child, ChildError, Limits
from scanner.parsers.cloudformation.nested import APPLICATION
from scanner.parsers.cloudformation.reading import Template, template_of
from scanner.parsers.cloudformation.syntax import Scope, call_of, constant

if TYPE_CHECKING:
    from scanner.parsers.cloudformation.evaluation import Evaluation

TRANSFORM: Final = "AWS::Serverless-2016-10-31"
_SERVERLESS: Final = "AWS::Serverless::"
_SECTIONS: Final = ("Resources", "Conditions", "Outputs", "Mappings", "Globals", "Parameters")
_KEPT: Final = frozenset({"Parameters", "Globals", "Transform"})
"""Sections that are not the translator's: it fills in defaults that a parameter file may replace."""
_ELSEWHERE: Final = "us-east-1"
"""The region in which the translator believes to be where none is known."""
_SOMEWHERE: Final = "riskscan-region-not-known"
"""What it writes for that region; ``AWS::Region`` is put back in its place."""
_UPLOADED: Final = ("CodeUri", "ContentUri", "DefinitionUri")
"""Properties that name a local folder or file until `sam package` has uploaded it."""
_BUCKET: Final = "riskscan-not-uploaded"
"""Stands for the bucket that a local path will be uploaded to; what the translator makes of it is undone."""
_WORD: Final = re.compile(r"[A-Za-z0-9]+")
_TAGS: Final = {bool: "bool", int: "int", float: "float", str: "str"}

SECONDS: Final = 30
"""How long one template may take."""
MEMORY: Final = 224 << 20
"""Bytes of memory of the translator, which is content with 60 MB for real templates."""
_PACKAGE: Final = "samtranslator"
_WORKER: Final = Path(__file__).with_name("sam_worker.py")

Place = tuple[Any, Any]
"""Key and node of a field of the SAM template."""


class _RefusedError(Exception):
    """Why there is no translation."""


def is_sam(template: Template) -> bool:
    """Whether a template asks for the transform."""
    found = template.sections.get("Transform")
    nodes = [] if found is None else found[1].value if found[1].id == "sequence" else [found[1]]
    return any(node.id == "scalar" and node.value == TRANSFORM for node in nodes)


def translated(stack: Evaluation) -> Template:
    """The template of a stack with its SAM resources unfolded; as it is, with a problem, where that fails."""
    template, reading = stack.template, stack.reading
    if importlib.util.find_spec(_PACKAGE) is None:
        message = "SAM resources are not unfolded without aws-sam-translator; install riskscan[sam]"
        reading.report(template.span, ProblemKind.UNSUPPORTED, message)
        return template
    marking = _Marking(stack)
    source = _Mapping({name: marking.section(name) for name in _SECTIONS if template.node(name) is not None})
    resources = source.get("Resources", _Mapping())
    kept = frozenset(name for name, resource in resources.items() if _of_repository(resource))
    for name in kept:
        del resources[name]
    values = {name: _given(name, given.value) for name, given in stack.deployment.given.items()}
    try:
        made = _translate(source, {**_unknown(source, values), **values}, stack.deployment.region)
    except _RefusedError as error:
        reading.report(template.span, ProblemKind.UNSUPPORTED, f"the SAM translator refuses it: {error}")
        reading.partly.add(template.name)
        return template
    return _rebuilt(template, made, kept)


def _given(name: str, value: Any) -> Any:
    """A parameter's value where it is a plain one; else the parameter stays a reference."""
    return value if isinstance(value, (str, int, float)) else {"Ref": name}


def _of_repository(resource: Any) -> bool:
    """Whether a resource is an application that only AWS can look up: its location is no file."""
    if not isinstance(resource, dict) or resource.get("Type") != APPLICATION:
        return False
    properties = resource.get("Properties")
    return not isinstance(properties, dict) or not isinstance(properties.get("Location"), str)


def prepare() -> None:
    """Have the translator loaded by the time that a template is read: it takes longer than reading some hundred."""
    if importlib.util.find_spec(_PACKAGE) is not None:
        _child().start()


@cache
def _child() -> Child:
    """The translator's process. It needs nothing of the environment and finds what this one finds."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}  # Windows starts nothing without
    found = [path for path in sys.path if Path(path).is_absolute()]
    child = Child(_WORKER, [json.dumps(found)], kept, Limits(SECONDS, MEMORY))
    atexit.register(child.close)
    return child


def _translate(source: _Mapping, values: dict[str, Any], region: Any) -> dict[str, Any]:
    """What the translator makes of sections. Raises :class:`_RefusedError`."""
    places: list[Place] = []
    known = isinstance(region, str)
    if not known:
        values = {**values, "AWS::Region": _SOMEWHERE, "AWS::Partition": "aws"}
    asked = {
        "sections": _numbered(source, places),
        "values": values,
        "region": region if known else _ELSEWHERE,
    }
    try:
        answer = _child().ask(asked)
    except ChildError as error:
        raise _RefusedError(f"it {error}") from None
    if "error" in answer:
        raise _RefusedError(answer["error"])
    made: dict[str, Any] = _located(answer["made"], places)
    return made


def _unknown(source: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters whose default only names what is read at deployment: they stay references."""
    found = {}
    for name, definition in source.get("Parameters", {}).items():
        kind = definition.get("Type") if isinstance(definition, dict) else None
        if isinstance(kind, str) and kind.startswith("AWS::SSM::Parameter::Value<") and name not in given:
            found[name] = {"Ref": name}
    return found


# -- marks -----------------------------------------------------------------------------------------


class _Text(str):
    """A text that knows its place."""

    __slots__ = ("place",)
    place: Place | None


class _Mapping(dict[str, Any]):
    """A mapping that knows its place."""

    __slots__ = ("place",)
    place: Place | None


class _Items(list[Any]):
    """A list that knows its place."""

    __slots__ = ("place",)
    place: Place | None


def _numbered(value: Any, places: list[Place]) -> Any:
    """Marked values for the other process: ``[number of the place, value]``; none for what has no place."""
    place = getattr(value, "place", None)
    number = None
    if place is not None:
        number = len(places)
        places.append(place)
    if isinstance(value, dict):
        return [number, {name: _numbered(item, places) for name, item in value.items()}]
    if isinstance(value, list):
        return [number, [_numbered(item, places) for item in value]]
    return [number, value] if isinstance(value, str) else value


def _located(value: Any, places: Sequence[Place]) -> Any:
    """Values of the other process, with their places."""
    if not isinstance(value, list):
        return value
    number, held = value
    made: Any
    if isinstance(held, dict):
        made = _Mapping({name: _located(item, places) for name, item in held.items()})
    elif isinstance(held, list):
        made = _Items(_located(item, places) for item in held)
    else:
        made = _Text(held)
    return _placed(made, None if number is None else places[number])


@dataclass(slots=True)
class _Marking:
    """Makes the data that the translator takes: short functions written out, every value with its place."""

    stack: Evaluation

    def section(self, name: str) -> _Mapping:
        found = _Mapping()
        for entry in self.stack.section(name).values():
            found[entry.name] = self._value(entry.node, entry.scope, entry.key)
        if name in ("Resources", "Globals"):
            for resource in found.values():
                self._as_uploaded(resource.get("Properties", resource) if isinstance(resource, dict) else None)
        return found

    def _as_uploaded(self, properties: Any) -> None:
        for name in _UPLOADED if isinstance(properties, dict) else ():
            value = properties.get(name)
            if isinstance(value, _Text) and not value.startswith(("s3://", "http")):
                properties[name] = _placed(_Text(f"s3://{_BUCKET}/{value}"), value.place)

    def _value(self, node: Any, scope: Scope, key: Any = None, *, bare: bool = False) -> Any:
        call = None if bare else call_of(node, scope, False)
        if call is not None and call[1].bare:
            name, argument = call
            inner = self._value(node, scope, key, bare=True)
            if name == "Fn::GetAtt" and argument.text is not None:
                inner = argument.text.split(".", 1)
            return _placed(_Mapping({name: inner}), (key, node))
        if node.id == "scalar":
            value = constant(node, bare)
            return _placed(_Text(scope.filled(value)), (key, node)) if isinstance(value, str) else value
        if node.id == "sequence":
            return _placed(_Items(self._value(item, scope) for item in node.value), (key, node))
        entries = self.stack.entries(node, scope)
        return _placed(_Mapping({e.name: self._value(e.node, e.scope, e.key) for e in entries}), (key, node))


def _placed(value: Any, place: Place | None) -> Any:
    value.place = place
    return value


# -- places ----------------------------------------------------------------------------------------


def _rebuilt(template: Template, made: Mapping[str, Any], kept: frozenset[str]) -> Template:
    """A template of what the translator made, with the resources that it has not seen."""
    import yaml

    written = template.sections["Resources"] if "Resources" in template.sections else template.sections["Transform"]
    resources = template.node("Resources")
    sources = {k.value: (k, v) for k, v in resources.value if k.id == "scalar"} if resources is not None else {}
    pairs = []
    for name, value in made.items():
        if name in _KEPT or not isinstance(value, dict):
            continue
        place = template.sections.get(name, written)
        if name == "Resources":
            shared = template.node("Globals")
            section = _resources(value, sources, place, _keys(shared) if shared is not None else {})
            section.value += [place for source, place in sources.items() if source in kept]
        else:
            section = _Building(place, _keys(place[1])).mapping(value, place)
        pairs.append((_scalar(name, place), section))
    pairs += [section for name, section in template.sections.items() if name not in made or name in _KEPT]
    root = yaml.MappingNode("tag:yaml.org,2002:map", pairs, written[0].start_mark, written[1].end_mark)
    return template_of(template.path, template.name, root)


def _resources(made: Mapping[str, Any], sources: Mapping[str, Place], place: Place, shared: Mapping[str, Place]) -> Any:
    import yaml

    pairs = []
    for name, value in made.items():
        source = _source(name, value, sources) or place
        keys = {**shared, **_keys(source[1])}
        pairs.append((_scalar(name, source), _Building(source, keys).node(value, source)))
    return yaml.MappingNode("tag:yaml.org,2002:map", pairs, place[1].start_mark, place[1].end_mark)


def _source(name: str, value: Any, sources: Mapping[str, Place]) -> Place | None:
    """The resource that another was made of: translated names begin with it; else one that it took from or names."""
    named = [source for source in sources if name.startswith(source)]
    if named:
        return sources[max(named, key=len)]
    lines = {place[1].start_mark.line for place in _places(value)}
    for source in sources.values():
        if any(source[0].start_mark.line <= line <= source[1].end_mark.line for line in lines):
            return source
    mentioned = {word for text in _texts(value) for word in _WORD.findall(text)}
    return next((place for source, place in sources.items() if source in mentioned), None)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    items: Iterable[Any] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in items:
        yield from _texts(item)


def _places(value: Any) -> Iterator[Place]:
    place = getattr(value, "place", None)
    if place is not None:
        yield place
    items: Iterable[Any] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in items:
        yield from _places(item)


def _keys(node: Any) -> dict[str, Place]:
    """The keys below a node that stand there once, by name: where numbers, which carry no mark, were written."""
    found: dict[str, Place] = {}
    several: set[str] = set()
    stack = [node]
    while stack:
        each = stack.pop()
        if each.id == "sequence":
            stack.extend(each.value)
        elif each.id == "mapping":
            for key, value in each.value:
                if key.value in found:
                    several.add(key.value)
                found.setdefault(key.value, (key, value))
                stack.append(value)
    return {name: place for name, place in found.items() if name not in several}


@dataclass(slots=True)
class _Building:
    """Makes nodes of what the translator made. ``whole`` is the place of the resource that it was made of."""

    whole: Place
    keys: Mapping[str, Place] = field(default_factory=dict)

    def node(self, value: Any, place: Place) -> Any:
        """A node at a place."""
        if isinstance(value, dict):
            local = _local_path(value)
            return self.mapping(value, place) if local is None else _scalar(local, place)
        if isinstance(value, (list, tuple)):
            return self._sequence(value, place)
        if isinstance(value, str) and _SOMEWHERE in value:
            return self.mapping({"Fn::Sub": value.replace("${", "${!")}, place)
        return _scalar(value, place)

    def mapping(self, value: Mapping[str, Any], place: Place) -> Any:
        """A mapping at a place."""
        import yaml

        pairs = []
        for name, item in value.items():
            own = getattr(item, "place", None)
            at = own if own is not None and own[0] is not None else self.keys.get(str(name), own or place)
            if name == "Fn::Sub" and isinstance(item, str):
                inner = _scalar(item.replace(_SOMEWHERE, "${AWS::Region}"), at)
            else:
                inner = self.node(item, at)
            pairs.append((_key(str(name), at), inner))
        return yaml.MappingNode("tag:yaml.org,2002:map", pairs, place[1].start_mark, place[1].end_mark)

    def _sequence(self, value: Iterable[Any], place: Place) -> Any:
        import yaml

        items = [self.node(item, getattr(item, "place", None) or place) for item in value]
        return yaml.SequenceNode("tag:yaml.org,2002:seq", items, place[1].start_mark, place[1].end_mark)


def _local_path(value: Mapping[str, Any]) -> str | None:
    """The path that an invented place in a bucket stands for."""
    held = value.get("S3Bucket", value.get("Bucket"))
    found = value.get("S3Key", value.get("Key"))
    return str(found) if held == _BUCKET and found is not None else None


def _key(name: str, place: Place) -> Any:
    return _scalar(name, (None, place[0] if place[0] is not None else place[1]))


def _scalar(value: Any, place: Place) -> Any:
    import yaml

    node = place[1] if place[1].id == "scalar" or place[0] is None else place[0]
    kind = _TAGS.get(type(value), "null" if value is None else "str")
    text = str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
    style = '"' if kind == "str" else None
    return yaml.ScalarNode(f"tag:yaml.org,2002:{kind}", text, node.start_mark, node.end_mark, style=style)
