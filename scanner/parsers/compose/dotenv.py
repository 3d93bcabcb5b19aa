"""Files of variables: ``.env`` and what ``env_file`` names.

https://github.com/compose-spec/compose-spec/blob/main/05-services.md#env_file-format.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from scanner.model.problem import Problem, ProblemKind
from scanner.model.span import Span
from scanner.parsers.compose.interpolation import Refused, Text, Variables

MAX_VARIABLES: Final = 20_000
"""Variables of one file; what follows is left out."""

_LINE: Final = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][\w.-]*)[ \t]*
    (?:(?P<set>[=:])(?P<gap>[ \t]*)(?:
        '(?P<single>(?:\\'|[^'])*)'[ \t]*(?:\#.*)?
      | "(?P<double>(?:\\.|[^"\\])*)"[ \t]*(?:\#.*)?
      | (?P<plain>[^\r\n]*)
    ))?[ \t]*$""",
    re.MULTILINE | re.VERBOSE,
)
_ESCAPES: Final = {
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "\\": "\\",
    '"': '"',
    "'": "'",
    "$": "$$",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
}
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)


class EnvFile(Struct, frozen=True):
    """The variables of a file in its order; ``None`` for one that is only named. ``places`` has the line of each."""

    values: Mapping[str, Text | None]
    places: Mapping[str, Span]
    problems: tuple[Problem, ...] = ()


def read_variables(text: str, file: str, known: Variables, *, raw: bool = False) -> EnvFile:
    """Read a file of variables. Those read first, and ``known`` ones, may be used by the later ones.

    ``raw`` values are taken as they stand.
    """
    values: dict[str, Text | None] = {}
    places: dict[str, Span] = {}
    problems: list[Problem] = []
    seen = Variables(ChainMap(dict(known.values), values), known.scope, known.spent)
    for each in _assignments(text, file, raw=raw):
        places[each.name] = each.span
        if each.broken:
            problems.append(Problem(each.span, ProblemKind.INVALID, f"the quote of {each.name} is not closed"))
            continue
        try:
            values[each.name] = each.value if each.value is None or each.literal else seen.filled(each.value)
        except Refused as refused:
            values.pop(each.name, None)
            problems.append(Problem(each.span, refused.kind, str(refused)))
    return EnvFile(values, places, tuple(problems))


class _Assignment(Struct, frozen=True):
    """One line. ``literal`` values are taken as they stand; a ``broken`` one has a quote that nothing closes."""

    name: str
    value: str | None
    span: Span
    literal: bool = False
    broken: bool = False


def _assignments(text: str, file: str, *, raw: bool) -> Iterator[_Assignment]:
    if raw:
        for number, content in enumerate(text.splitlines()[:MAX_VARIABLES], 1):
            name, equals, written = content.partition("=")
            if name.strip() and not name.lstrip().startswith("#"):
                yield _Assignment(name.strip(), written if equals else None, Span(file, number), True)
        return
    line, last = 1, 0
    for count, found in enumerate(_LINE.finditer(text)):
        if count >= MAX_VARIABLES:
            return
        line += text.count("\n", last, found.start("name"))
        last = found.start("name")
        column = last - (text.rfind("\n", 0, last) + 1) + 1
        length = found.end() - last if "\n" not in text[last : found.end()] else len(found["name"])
        value, literal, broken = _value(found)
        yield _Assignment(found["name"], value, Span(file, line, column, line, column + length), literal, broken)


def _value(found: re.Match[str]) -> tuple[str | None, bool, bool]:
    """The value, whether it is taken as it stands, and whether its quote is open."""
    if found["set"] is None:
        return None, True, False
    if found["single"] is not None:
        return found["single"].replace("\\'", "'"), True, False
    if found["double"] is not None:
        return _ESCAPE.sub(lambda m: _ESCAPES.get(m[1], m[0]), found["double"]), False, False
    plain = re.sub(r"[ \t]+#.*", "", found["gap"] + found["plain"]).strip(" \t")
    return plain, False, plain.startswith(("'", '"'))
