"""Regular expressions, by RE2 as in Terraform: no backtracking, so that no pattern of a scanned file can hang.

Syntax: https://github.com/google/re2/wiki/Syntax. Where the ``google-re2`` wheel is missing results are unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from scanner.model.value import Unknown, Value
from scanner.parsers.terraform.functions.calling import FunctionError
from scanner.parsers.terraform.values import ELEMENTS_LIMIT, TEXT_LIMIT, TOO_LONG, TOO_MANY, ListValue, normal

_NO_ENGINE: Final = Unknown("regular expressions need the package google-re2, which is not installed")
_CACHED: Final = 256


@lru_cache(_CACHED)
def compile_pattern(pattern: str) -> Any:
    """The compiled pattern, or None when there is no engine; raises :class:`FunctionError` for an invalid one."""
    try:
        import re2  # type: ignore[import-untyped,unused-ignore]  # no types are published
    except ImportError:
        return None
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        raise FunctionError(f"invalid pattern: {_decoded(reason)}") from None


def _decoded(reason: object) -> str:
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)


def first_match(pattern: str, text: str) -> Value:
    """``regex``: the match, a tuple of its groups, or an object of its named groups."""
    compiled = compile_pattern(pattern)
    if compiled is None:
        return _NO_ENGINE
    names = _group_names(compiled)
    match = compiled.search(text)
    if match is None:
        raise FunctionError("the pattern does not match any part of the text")
    return _captured(match, names)


def all_matches(pattern: str, text: str) -> Value:
    """``regexall``: what ``regex`` gives, for every match in order."""
    compiled = compile_pattern(pattern)
    if compiled is None:
        return _NO_ENGINE
    names = _group_names(compiled)
    found: list[Value] = []
    for match in matches(compiled, text):
        found.append(_captured(match, names))
        if len(found) > ELEMENTS_LIMIT:
            return Unknown(TOO_MANY)
    return ListValue(found)


def _group_names(compiled: Any) -> dict[str, int]:
    names: dict[str, int] = compiled.groupindex
    if names and len(names) != compiled.groups:
        raise FunctionError("named and unnamed groups cannot be mixed")
    return names


def _captured(match: Any, names: dict[str, int]) -> Value:
    if names:
        return {name: _normal(match.group(number)) for name, number in sorted(names.items())}
    groups = match.groups()
    return [_normal(group) for group in groups] if groups else normal(match.group())


def _normal(group: str | None) -> str | None:
    return None if group is None else normal(group)


def matches(compiled: Any, text: str) -> Iterator[Any]:
    """All matches as Go finds them: no empty one directly behind another."""
    end = -1
    for match in compiled.finditer(text):
        if match.start() != match.end() or match.start() != end:
            yield match
        end = match.end()


def replace(text: str, searched: str, replacement: str) -> Value:
    """``replace``: of a part, or of a pattern when that is written between slashes."""
    if len(searched) > 1 and searched[0] == searched[-1] == "/":
        return _replace_pattern(text, searched[1:-1], replacement)
    count = text.count(searched)
    if len(text) + count * len(replacement) > TEXT_LIMIT:
        return Unknown(TOO_LONG)
    return text.replace(searched, replacement)


def _replace_pattern(text: str, pattern: str, replacement: str) -> Value:
    compiled = compile_pattern(pattern)
    if compiled is None:
        return _NO_ENGINE
    template = _template(replacement)
    names = compiled.groupindex
    pieces: list[str] = []
    size = position = 0
    for match in matches(compiled, text):
        pieces.append(text[position : match.start()])
        pieces.extend(_expanded(template, match, names))
        position = match.end()
        size += len(pieces[-1])
        if size > TEXT_LIMIT:
            return Unknown(TOO_LONG)
    pieces.append(text[position:])
    return "".join(pieces)


def _template(replacement: str) -> list[tuple[str, str]]:
    """Literal text and the name of a group after it, by Go's rules: ``$name``, ``${name}``, ``$$``."""
    parts: list[tuple[str, str]] = []
    literal, rest = "", replacement
    while "$" in rest:
        before, _, rest = rest.partition("$")
        literal += before
        if rest.startswith("$"):
            literal, rest = literal + "$", rest[1:]
            continue
        name, after = _group_reference(rest)
        if not name:
            literal += "$"
            continue
        parts.append((literal, name))
        literal, rest = "", after
    return [*parts, (literal + rest, "")]


def _group_reference(text: str) -> tuple[str, str]:
    braced = text.startswith("{")
    body = text[1:] if braced else text
    size = next((i for i, each in enumerate(body) if not (each.isalnum() or each == "_")), len(body))
    if braced and not body[size:].startswith("}"):
        return "", text
    return body[:size], body[size + braced :]


def _expanded(template: list[tuple[str, str]], match: Any, names: dict[str, int]) -> Iterator[str]:
    for literal, name in template:
        yield literal
        number = int(name) if name.isascii() and name.isdigit() else names.get(name, -1)
        if name and 0 <= number <= len(match.groups()):
            yield match.group(number) or ""
