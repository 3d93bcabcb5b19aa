"""Terraform's JSON configuration syntax (https://developer.hashicorp.com/terraform/language/syntax/json).

JSON does not tell a block from an argument; Terraform asks the provider's schema, which is not at hand here. So:

- The properties of the root that are names of Terraform's blocks become blocks, with as many labels as those have.
- In them, :data:`_NESTED_BLOCKS` become blocks: what the language itself defines, and ``timeouts``. Every other object
  or array stays an argument whose value is an object or a tuple, also where a provider means blocks by it.
- Texts are templates, except in :data:`_LITERAL_ARGUMENTS` and :data:`_LITERAL_BLOCKS`, where they are literal, and in
  :data:`_REFERENCE_ARGUMENTS`, where they hold an expression in native syntax. The result is the tree that the native
  syntax would give.
- A ``.tfvars.json`` file is arguments only, and all of its texts are literal.
- Properties named ``//`` are comments wherever blocks and arguments are expected.

A block stands at its last label (or its type, without labels), an argument from its name to the end of its value, and
all inside of a template at the text that holds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Final

from msgspec import Struct

from scanner.parsers.terraform import front_end
from scanner.parsers.terraform.build import body, number, object_key
from scanner.parsers.terraform.json_text import JsonArray, JsonObject, JsonProperty, JsonScalar, JsonValue, read_text
from scanner.parsers.terraform.positions import SyntaxInvalid, between
from scanner.parsers.terraform.strings import text_literal
from scanner.parsers.terraform.tree import (
    Attribute,
    Block,
    Body,
    Expression,
    Literal,
    ObjectCons,
    ParsedFile,
    Position,
    SyntaxProblem,
    TupleCons,
)

_ROOT_BLOCKS: Final = {
    "check": 1,
    "data": 2,
    "ephemeral": 2,
    "import": 0,
    "locals": 0,
    "module": 1,
    "moved": 0,
    "output": 1,
    "provider": 1,
    "removed": 0,
    "resource": 2,
    "terraform": 0,
    "variable": 1,
}
"""The blocks of a configuration and how many labels they have."""

_RESOURCE_BLOCKS: Final = {"connection": 0, "dynamic": 1, "lifecycle": 0, "provisioner": 1, "timeouts": 0}
_NESTED_BLOCKS: Final[dict[str, dict[str, int]]] = {
    "check": {"assert": 0, "data": 2},
    "data": _RESOURCE_BLOCKS,
    "dynamic": {"content": 0},
    "content": {"dynamic": 1},
    "ephemeral": _RESOURCE_BLOCKS,
    "lifecycle": {"postcondition": 0, "precondition": 0},
    "module": {"lifecycle": 0},
    "output": {"precondition": 0},
    "provider": {"dynamic": 1},
    "provisioner": {"connection": 0},
    "removed": {"connection": 0, "lifecycle": 0, "provisioner": 1},
    "resource": _RESOURCE_BLOCKS,
    "terraform": {"backend": 1, "cloud": 0, "encryption": 0, "provider_meta": 1, "required_providers": 0},
    "cloud": {"workspaces": 0},
    "variable": {"validation": 0},
}
"""The blocks inside of a block, by its type, and how many labels they have."""

_LITERAL_BLOCKS: Final = frozenset(("backend", "cloud", "required_providers", "terraform", "variable", "workspaces"))
"""Blocks whose arguments Terraform reads before anything could be interpolated."""

_LITERAL_ARGUMENTS: Final = frozenset(
    (("module", "source"), ("module", "version"), ("provider", "alias"), ("provider", "version"))
)
_REFERENCE_ARGUMENTS: Final = frozenset(
    (
        ("data", "depends_on"),
        ("data", "provider"),
        ("ephemeral", "depends_on"),
        ("ephemeral", "provider"),
        ("import", "provider"),
        ("import", "to"),
        ("lifecycle", "ignore_changes"),
        ("lifecycle", "replace_triggered_by"),
        ("module", "depends_on"),
        ("module", "providers"),
        ("moved", "from"),
        ("moved", "to"),
        ("output", "depends_on"),
        ("provisioner", "on_failure"),
        ("provisioner", "when"),
        ("removed", "from"),
        ("resource", "depends_on"),
        ("resource", "provider"),
        ("variable", "type"),
    )
)
"""Arguments, by the block they stand in, whose texts are expressions."""


class _Reading(Enum):
    """What a text in an argument is."""

    TEMPLATE = "template"
    LITERAL = "literal"
    REFERENCE = "reference"


def read_json(source: str, path: str = "") -> ParsedFile:
    """Read a file in JSON configuration syntax; the end of ``path`` tells variable values from configuration."""
    root, error = read_text(source)
    problems = [] if error is None else [SyntaxProblem(error.message, error.at)]
    items: list[Attribute | Block] = []
    name = path.lower()
    for item in _properties(root, problems):
        if name.endswith(".tfvars.json"):
            items.extend(_argument_or_problem(item, _Reading.LITERAL, problems))
        elif item.name in _ROOT_BLOCKS:
            items.extend(_root_blocks(item, problems))
        else:
            items.extend(_argument_or_problem(item, _Reading.TEMPLATE, problems))
            if name.endswith((".tf.json", ".tofu.json")):
                problems.append(SyntaxProblem(f"no block is called {item.name}", item.name_at, fatal=False))
    return ParsedFile(_body(items, problems), tuple(problems))


def _properties(value: JsonValue | None, problems: list[SyntaxProblem]) -> Iterator[JsonProperty]:
    """The properties of an object, or of the objects in an array, without comments. A null has none."""
    match value:
        case JsonObject():
            yield from (item for item in value.properties if item.name != "//")
        case JsonArray():
            for part in value.items:
                yield from _properties(part, problems)
        case JsonScalar() if value.quoted or value.text != "null":
            problems.append(SyntaxProblem("an object is expected here", value.at))


class _Content(Struct, frozen=True):
    """What one block holds, under its labels."""

    labels: tuple[str, ...]
    content: JsonObject
    at: Position


def _contents(item: JsonProperty, labels: int, problems: list[SyntaxProblem]) -> list[_Content]:
    """Every block that one property describes: one in an object, many in an array, by label where it has labels."""
    found: list[tuple[tuple[str, ...], JsonValue, Position]] = [((), item.value, item.name_at)]
    for _ in range(labels):
        found = [
            ((*outer, inner.name), inner.value, inner.name_at)
            for outer, value, _ in found
            for inner in _properties(value, problems)
        ]
    contents: list[_Content] = []
    for names, value, at in found:
        for part in value.items if isinstance(value, JsonArray) else (value,):
            if isinstance(part, JsonObject):
                contents.append(_Content(names, part, at))
            elif isinstance(part, JsonArray) or part.quoted or part.text != "null":
                problems.append(SyntaxProblem(f"an object is expected here, with the content of {item.name}", part.at))
    return contents


def _root_blocks(item: JsonProperty, problems: list[SyntaxProblem]) -> Iterator[Block]:
    """The blocks that can be read; one with something unreadable in it is left out whole."""
    for content in _contents(item, _ROOT_BLOCKS[item.name], problems):
        try:
            yield _block(item.name, content, problems)
        except SyntaxInvalid as error:
            if error is not _INCOMPLETE:
                problems.append(SyntaxProblem(error.message, error.at))


_INCOMPLETE: Final = SyntaxInvalid("the file breaks off here", (1, 1, 1, 1))
"""Raised where the JSON text itself went wrong, which is a problem of its own already."""


def _block(kind: str, found: _Content, problems: list[SyntaxProblem]) -> Block:
    if not found.content.complete:
        raise _INCOMPLETE
    nested = _NESTED_BLOCKS.get(kind, {})
    items: list[Attribute | Block] = []
    for item in _properties(found.content, problems):
        if item.name in nested:
            wrong: list[SyntaxProblem] = []
            contents = _contents(item, nested[item.name], wrong)
            if wrong:
                raise SyntaxInvalid(wrong[0].message, wrong[0].at)
            items.extend(_block(item.name, content, problems) for content in contents)
        else:
            items.append(_argument(item, _reading(kind, item.name)))
    return Block(kind, found.labels, _body(items, problems), found.at)


def _body(items: list[Attribute | Block], problems: list[SyntaxProblem]) -> Body:
    return body(((item, 0) for item in items), problems)


def _reading(block: str, argument: str) -> _Reading:
    if (block, argument) in _REFERENCE_ARGUMENTS:
        return _Reading.REFERENCE
    if block in _LITERAL_BLOCKS or (block, argument) in _LITERAL_ARGUMENTS:
        return _Reading.LITERAL
    return _Reading.TEMPLATE


def _argument_or_problem(item: JsonProperty, reading: _Reading, problems: list[SyntaxProblem]) -> Iterator[Attribute]:
    try:
        yield _argument(item, reading)
    except SyntaxInvalid as error:
        if error is not _INCOMPLETE:
            problems.append(SyntaxProblem(error.message, error.at))


def _argument(item: JsonProperty, reading: _Reading) -> Attribute:
    return Attribute(item.name, _expression(item.value, reading), between(item.name_at, item.value.at))


def _expression(value: JsonValue, reading: _Reading) -> Expression:
    match value:
        case JsonScalar():
            return _text(value.text, value.at, reading) if value.quoted else _word(value)
        case JsonArray():
            if not value.complete:
                raise _INCOMPLETE
            return TupleCons(tuple(_expression(item, reading) for item in value.items), value.at)
        case JsonObject():
            if not value.complete:
                raise _INCOMPLETE
            items = ((_key(item, reading), _expression(item.value, reading)) for item in value.properties)
            return ObjectCons(tuple(items), value.at)


def _key(item: JsonProperty, reading: _Reading) -> Expression:
    key = _text(item.name, item.name_at, reading)
    return object_key(key) if reading is _Reading.REFERENCE else key


def _text(text: str, at: Position, reading: _Reading) -> Expression:
    if reading is _Reading.REFERENCE:
        return front_end.expression(text, at)
    if reading is _Reading.TEMPLATE and ("${" in text or "%{" in text):
        return front_end.template(text, at)
    return text_literal(text, at)


_WORDS: Final = {"true": True, "false": False, "null": None}


def _word(value: JsonScalar) -> Literal:
    if value.text in _WORDS:
        return Literal(_WORDS[value.text], value.at)
    return number(value.text, value.at)
