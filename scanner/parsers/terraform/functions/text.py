"""Functions over texts. https://developer.hashicorp.com/terraform/language/functions, "String Functions"."""

from __future__ import annotations

from typing import Final

from scanner.model.value import Truth, Unknown, Value, unknown_from
from scanner.parsers.terraform.functions import graphemes
from scanner.parsers.terraform.functions.calling import FunctionError, integer
from scanner.parsers.terraform.values import TEXT_LIMIT, TOO_LONG, ListValue, join_parts, map_text, normal

_SPACES: Final = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""Unicode's White_Space, which Python's strip() exceeds."""


def chomp(text: str) -> str:
    """Without line ends at the end."""
    return text.rstrip("\r\n")


def ends_with(text: Value, suffix: str) -> Truth:
    """Whether a text ends so."""
    if not isinstance(text, Unknown):
        return bool(text.endswith(suffix))
    known = text.suffix
    if known.endswith(suffix):
        return True
    return unknown_from([text]) if suffix.endswith(known) else False


def starts_with(text: Value, prefix: str) -> Truth:
    """Whether a text begins so."""
    if not isinstance(text, Unknown):
        return bool(text.startswith(prefix))
    known = text.prefix
    if known.startswith(prefix):
        return True
    return unknown_from([text]) if prefix.startswith(known) else False


def contains(text: Value, part: str) -> Truth:
    """Whether a text has another inside."""
    if not isinstance(text, Unknown):
        return part in text
    return any(isinstance(known, str) and part in known for known in text.parts) or unknown_from([text])


def indent(spaces: Value, text: str) -> Value:
    """Spaces after every line end."""
    width = integer(spaces)
    if width < 0:
        raise FunctionError("a negative number of spaces")
    if "\n" not in text:
        return text
    if width * text.count("\n") > TEXT_LIMIT:
        return Unknown(TOO_LONG)
    return text.replace("\n", "\n" + " " * width)


def join(separator: str, *lists: list[Value]) -> Value:
    """All elements with a separator between them; partly known when elements are unknown."""
    if not lists:
        raise FunctionError("it takes at least one list")
    items = [item for each in lists for item in each]
    if None in items:
        raise FunctionError("an element is null")
    length = sum(len(item) for item in items if isinstance(item, str)) + len(separator) * len(items)
    if length > TEXT_LIMIT:
        return Unknown(TOO_LONG)
    if all(isinstance(item, str) for item in items):
        return separator.join(items)
    pieces: list[str | Unknown] = []
    for item in items:
        pieces += [separator, item]
    return join_parts(pieces[1:])


def lower(text: Value) -> Value:
    """Every character's simple lowercase mapping."""
    return map_text(text, lambda part: part.lower() if part.isascii() else "".join(map(_lower, part)))


def _lower(character: str) -> str:
    return character.lower()[0]  # only U+0130 has more, whose simple mapping is the first


def upper(text: Value) -> Value:
    """Every character's simple uppercase mapping."""
    return map_text(text, lambda part: part.upper() if part.isascii() else "".join(map(_upper, part)))


def _upper(character: str) -> str:
    for mapped in (character.upper(), character.title()):  # the titlecase has the simple mapping of Greek with iota
        if len(mapped) == 1:
            return mapped
    return character


def split(separator: str, text: str) -> Value:
    """The pieces between separators; characters when the separator is empty."""
    return ListValue(map(normal, text.split(separator) if separator else text))


def reverse(text: str) -> str:
    """Characters in reverse order."""
    return graphemes.backwards(text)


def substring(text: Value, offset: Value, length: Value) -> Value:
    """``length`` characters from ``offset``, which counts from the end when negative."""
    start, size = integer(offset), integer(length)
    if isinstance(text, Unknown):
        within = text.prefix.isascii() and start >= 0 and 0 <= start + size < len(text.prefix) and size >= 0
        return text.prefix[start : start + size] if within else unknown_from([text])
    if start < 0:
        start = max(0, start + graphemes.count(text))
        size = size or -1  # Terraform's own: zero characters from the end mean all of them
    return graphemes.cut(text, start, size)


def title(text: str) -> str:
    """The first letter of every word as a capital, as Go's ``strings.Title`` finds words."""
    result, previous = [], " "
    for character in text:
        capital = character.title() if _separates(previous) else character
        result.append(capital if len(capital) == 1 else character)
        previous = character
    return "".join(result)


def _separates(character: str) -> bool:
    if character.isascii():
        return not (character.isalnum() or character == "_")
    return character in _SPACES


def trim(text: str, cutset: str) -> str:
    """Without the given characters at both ends."""
    return text.strip(cutset)


def trim_prefix(text: Value, prefix: str) -> Value:
    """Without the prefix, if it is there."""
    if isinstance(text, Unknown):
        if prefix and text.prefix.startswith(prefix):
            return join_parts([text.prefix.removeprefix(prefix), *text.parts[1:]])
        return text if starts_with(text, prefix) is False else text.derived()
    return text.removeprefix(prefix)


def trim_suffix(text: Value, suffix: str) -> Value:
    """Without the suffix, if it is there."""
    if isinstance(text, Unknown):
        if suffix and text.suffix.endswith(suffix):
            return join_parts([*text.parts[:-1], text.suffix.removesuffix(suffix)])
        return text if ends_with(text, suffix) is False else text.derived()
    return text.removesuffix(suffix)


def trim_space(text: str) -> str:
    """Without white space at both ends."""
    return text.strip(_SPACES)
