"""Templates that lie there twice, as YAML and as JSON.

Repositories of samples keep both notations side by side. They are one stack: what both say is judged once, where people
read it. Two that differ in anything but descriptions are two.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from scanner.parsers.cloudformation.reading import Template
from scanner.parsers.cloudformation.syntax import Scope, call_of

_READABLE: Final = (".yaml", ".yml", ".template", ".json")
"""Endings of names, those that people read more easily first."""
_JSON: Final = _READABLE[-1]
_COMPARED: Final = ("Conditions", "Mappings", "Parameters", "Resources", "Rules", "Transform")
_TOLD: Final = frozenset({"Description", "Metadata", "ConstraintDescription"})
_GET: Final = "Fn::GetAtt"
_NULL: Final = "tag:yaml.org,2002:null"


def twins(templates: Iterable[Template]) -> Iterator[tuple[Template, Template]]:
    """Of templates that say the same under one name in one folder, each but the first, with that one."""
    by_name: dict[PurePosixPath, list[Template]] = {}
    for template in templates:
        path = PurePosixPath(template.path)
        if path.suffix in _READABLE:
            by_name.setdefault(path.with_suffix(""), []).append(template)
    for found in by_name.values():
        if len(found) > 1:
            yield from _same(sorted(found, key=lambda each: _READABLE.index(PurePosixPath(each.path).suffix)))


def _same(found: Sequence[Template]) -> Iterator[tuple[Template, Template]]:
    first: list[tuple[Any, Template]] = []
    for template in found:
        said = _said(template)
        known = next((other for others, other in first if others == said), None)
        if known is not None:
            yield template, known
        else:
            first.append((said, template))


def readable(path: str, paths: Mapping[str, Any]) -> str | None:
    """The path of the notation that people would rather read than a file of JSON, if it lies beside it."""
    if not path.endswith(_JSON):
        return None
    stem = path.removesuffix(_JSON)
    return next((stem + ending for ending in _READABLE[:-1] if stem + ending in paths), None)


def says(content: bytes, template: Template) -> bool:
    """Whether a file of JSON says what a template does. Python's parser takes a tenth of the time that places take."""
    try:
        found = json.loads(content, object_pairs_hook=_mapping, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return False
    sections = isinstance(found, dict) and {name: found[name] for name in _COMPARED if name in found}
    return bool(sections == _said(template))


def _said(template: Template) -> dict[str, Any]:
    """What a template says, in a form that is equal for equal templates of either notation."""
    sections = ((name, template.sections[name][1]) for name in _COMPARED if name in template.sections)
    return {name: _plain(node, template.scope, False) for name, node in sections}


def _plain(node: Any, scope: Scope, bare: bool) -> Any:
    """A node with functions in their long form, without descriptions; what is no mapping or list is a text."""
    call = call_of(node, scope, bare)
    if call is not None:
        name, argument = call
        return {name: _argument(name, _plain(argument.node, scope, argument.bare))}
    if node.id == "scalar":
        return "" if node.tag == _NULL else node.value
    if node.id == "sequence":
        return [_plain(item, scope, False) for item in node.value]
    entries = [(key.value, value) for key, value in node.value if key.id == "scalar" and key.value not in _TOLD]
    plain = {key: _plain(value, scope, False) for key, value in entries}
    return plain if len(plain) == len(entries) else object()  # with a key twice it is like no other


def _mapping(pairs: Sequence[tuple[str, Any]]) -> Any:
    """The same form of a mapping of JSON."""
    plain = {key: _text(value) for key, value in pairs if key not in _TOLD}
    if len(plain) == 1 and _GET in plain:
        return {_GET: _argument(_GET, plain[_GET])}
    return plain if len(plain) == len(pairs) or len({key for key, _ in pairs}) == len(pairs) else object()


def _text(value: Any) -> Any:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list():
            return [_text(item) for item in value]
        case _:
            return value


def _argument(name: str, plain: Any) -> Any:
    """``!GetAtt Db.Arn`` says the same as a list of both."""
    listed = name == _GET and isinstance(plain, list) and all(isinstance(part, str) for part in plain)
    return ".".join(plain) if listed else plain
