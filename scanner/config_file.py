"""A YAML file read with the position of every value, and checked against a JSON Schema.

The schema is the one truth about the file: editors use it, and this module walks it. Only the keywords listed in
:data:`KEYWORDS` are understood. Scalars follow YAML 1.2's core schema, so ``no`` is a text and ``0123`` keeps its zero.
"""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import yaml
from msgspec import Struct

from scanner.model.span import Span

MAX_BYTES: Final = 1 << 20
"""A larger configuration is refused."""

MAX_VALUES: Final = 100_000
"""More values than this, aliases followed, are refused: a few lines of aliases can mean billions."""

# fmt: off
KEYWORDS: Final = frozenset({
    "$ref", "additionalProperties", "anyOf", "const", "enum", "format", "items", "minItems", "minLength", "minimum",
    "pattern", "properties", "propertyNames", "required", "type",
})
# fmt: on
"""The assertions of JSON Schema (2020-12) that :func:`violations` knows; others are annotations."""

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)?\.[0-9]+([eE][-+]?[0-9]+)?")
_WORDS: Final = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")
}


class Positioned(Struct, frozen=True):
    """Plain data, and the place of each value in it by path (``ignore[0].rule``; the whole is the empty path)."""

    data: Any
    places: Mapping[str, Span]


class Refused(Exception):
    """The text is no usable YAML. The message names the reason, ``span`` the place."""

    def __init__(self, message: str, span: Span) -> None:
        super().__init__(message)
        self.span = span


def read_yaml(text: str, file: str) -> Positioned:
    """The single document of a YAML text; an empty one is an empty object.

    Raises :class:`Refused` for broken YAML, tags, duplicate keys, more than one document and anything oversized.
    """
    start = Span(file, 1)
    if len(text) > MAX_BYTES:
        raise Refused(f"larger than {MAX_BYTES} characters", start)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        places: dict[str, Span] = {"": start}
        data = {} if root is None else _convert(root, "", file, places)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Span(file, mark.line + 1, mark.column + 1) if mark else start
        raise Refused(f"invalid YAML: {error.problem or error.context or 'unreadable'}", place) from None
    except yaml.YAMLError:
        raise Refused("invalid YAML: it holds a character that YAML does not allow", start) from None
    except RecursionError:
        raise Refused("nested too deeply", start) from None
    return Positioned({} if data is None else data, places)


def _convert(node: yaml.Node, path: str, file: str, places: dict[str, Span]) -> Any:
    place = _span(node, file)
    if len(places) > MAX_VALUES:
        raise Refused(f"more than {MAX_VALUES} values", place)
    if not node.tag.startswith("tag:yaml.org,2002:") or "python" in node.tag:
        raise Refused(f"the tag {node.tag} is not supported", place)
    places[path] = place
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return [_convert(item, f"{path}[{index}]", file, places) for index, item in enumerate(node.value)]
    found: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise Refused("a key must be a text", _span(key, file))
        if key.value in found:
            raise Refused(f"duplicate key `{key.value}`", _span(key, file))
        inner = f"{path}.{key.value}" if path else key.value
        found[key.value] = _convert(value, inner, file, places)
        places[f"{inner}#"] = _span(key, file)
    return found


def _span(node: yaml.Node, file: str) -> Span:
    start, end = node.start_mark, node.end_mark
    return Span(file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _scalar(node: yaml.ScalarNode) -> Any:
    text: str = node.value
    if node.style is not None:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def violations(value: Any, schema: Mapping[str, Any], path: str = "") -> list[tuple[str, str]]:
    """What of a value breaks a schema: pairs of a path and a clause. An unknown key's path ends with ``#``."""
    return list(_check(value, schema, schema.get("$defs", {}), path))


def _check(value: Any, schema: Mapping[str, Any], defs: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    if "$ref" in schema:
        yield from _check(value, defs[schema["$ref"].removeprefix("#/$defs/")], defs, path)
    if "anyOf" in schema:
        attempts = [list(_check(value, option, defs, path)) for option in schema["anyOf"]]
        if all(attempts):
            yield path, " or ".join(dict.fromkeys(clause for attempt in attempts for _, clause in attempt))
    if problem := _wrong_value(value, schema):
        yield path, problem
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _check(item, schema.get("items", {}), defs, f"{path}[{index}]")
    elif isinstance(value, dict):
        yield from _check_object(value, schema, defs, path)


def _check_object(
    value: Mapping[str, Any], schema: Mapping[str, Any], defs: Mapping[str, Any], path: str
) -> Iterator[tuple[str, str]]:
    known, other = schema.get("properties", {}), schema.get("additionalProperties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield path, f"the key `{name}` is missing"
    for name, item in value.items():
        inner = f"{path}.{name}" if path else name
        pattern = schema.get("propertyNames", {}).get("pattern", "")
        if name not in known and other is False:
            yield f"{inner}#", f"unknown key `{name}`{suggestion(name, known)}"
        elif not re.search(pattern, name):
            yield f"{inner}#", f"the name `{name}` does not match {pattern}"
        else:
            yield from _check(item, known.get(name, other or {}), defs, inner)


def _wrong_value(value: Any, schema: Mapping[str, Any]) -> str:
    """What is wrong with the value itself, its members aside."""
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    allowed: Sequence[Any] = [schema["const"]] if "const" in schema else schema.get("enum", ())
    if kinds and kind_of(value) not in kinds:
        return f"expected {' or '.join(map(_with_article, kinds))}, found {_with_article(kind_of(value))}"
    if allowed and not any(value == choice and type(value) is type(choice) for choice in allowed):
        near = suggestion(value, map(str, allowed)) if isinstance(value, str) else ""
        return f"expected {_choices(allowed)}, found {_shown(value)}{near}"
    least = schema.get("minItems" if isinstance(value, list) else "minLength", 0)
    if isinstance(value, (str, list)) and len(value) < least:
        return "must not be empty"
    if isinstance(value, int) and value < schema.get("minimum", value):
        return f"must be at least {schema['minimum']}"
    if schema.get("format") == "date" and isinstance(value, str) and not _is_date(value):
        return f"expected a day as YYYY-MM-DD, found `{value}`"
    return ""


def kind_of(value: Any) -> str:
    """The name that JSON Schema gives to the type of plain data."""
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")


def _with_article(kind: str) -> str:
    words = {"array": "a list", "object": "a mapping", "string": "a text", "integer": "a whole number"}
    return words.get(kind) or {"null": "nothing"}.get(kind) or f"a {kind}"


def _choices(allowed: Sequence[Any]) -> str:
    shown = [str(choice) for choice in allowed]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def _shown(value: Any) -> str:
    return f"`{value}`" if isinstance(value, (str, int, float)) else _with_article(kind_of(value))


def _is_date(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def suggestion(word: str, known: Iterable[str]) -> str:
    """``; did you mean `…`?`` with the nearest known word, or nothing when none is near."""
    by_folded = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), by_folded, n=1)
    return f"; did you mean `{by_folded[near[0]]}`?" if near else ""
