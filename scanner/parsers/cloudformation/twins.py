"""Templates that lie there twice, as YAML and as JSON.

Repositories of samples keep both notations side by side. They are one stack: what both say is judged once, where people
read it. Two that differ in anything but descriptions are two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from scanner.parsers.cloudformation.reading import Template
from scanner.parsers.cloudformation.syntax import Scope, call_of

_READABLE: Final = (".yaml", ".yml", ".template", ".json")
"""Endings of names, those that people read more easily first."""
_COMPARED: Final = ("Conditions", "Mappings", "Parameters", "Resources", "Rules", "Transform")
_TOLD: Final = frozenset({"Description", "Metadata", "ConstraintDescription"})
_GET: Final = "Fn::GetAtt"
_NULL: Final = "tag:yaml.org,2002:null"


def twins(templates: Sequence[Template]) -> Iterator[tuple[Template, Template]]:
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
    first: dict[Any, Template] = {}
    for template in found:
        said = _said(template)
        known = first.setdefault(said, template)
        if known is not template:
            yield template, known


def _said(template: Template) -> Any:
    """What a template says, in a form that is equal for equal templates of either notation."""
    sections = ((name, template.sections[name][1]) for name in _COMPARED if name in template.sections)
    return tuple((name, _plain(node, template.scope, False)) for name, node in sections)


def _plain(node: Any, scope: Scope, bare: bool) -> Any:
    """A node with functions in their long form, without descriptions and the order of keys; numbers are texts."""
    call = call_of(node, scope, bare)
    if call is not None:
        name, argument = call
        return ((name, _argument(name, _plain(argument.node, scope, argument.bare))),)
    if node.id == "scalar":
        return "" if node.tag == _NULL else node.value
    if node.id == "sequence":
        return ("list", *(_plain(item, scope, False) for item in node.value))
    entries = ((key.value, value) for key, value in node.value if key.id == "scalar" and key.value not in _TOLD)
    return tuple(sorted(((key, _plain(value, scope, False)) for key, value in entries), key=lambda entry: entry[0]))


def _argument(name: str, plain: Any) -> Any:
    """``!GetAtt Db.Arn`` says the same as a list of both."""
    listed = name == _GET and isinstance(plain, tuple) and all(isinstance(part, str) for part in plain)
    return ".".join(plain[1:]) if listed else plain
