"""Files of variables: ``.env`` and what ``env_file`` names.

https://github.com/compose-spec/compose-spec/blob/main/05-services.md#env_file-format.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from scanner.model.problem import Problem
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
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "'": "'", "$": "$$"}
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
    for name, value, literal, span in _assignments(text, file, raw=raw):
        places[name] = span
        if value is None or literal:
            values[name] = value
            continue
        try:
            values[name] = seen.filled(value)
        except Refused as refused:
            problems.append(Problem(span, refused.kind, str(refused)))
    return EnvFile(values, places, tuple(problems))


def _assignments(text: str, file: str, *, raw: bool) -> Iterator[tuple[str, str | None, bool, Span]]:
    """Name, value, whether it is to be taken as it stands, and place."""
    if raw:
        for number, line in enumerate(text.splitlines(), 1):
            name, equals, value = line.partition("=")
            if name.strip() and not name.lstrip().startswith("#"):
                yield name.strip(), value if equals else None, True, Span(file, number)
        return
    line_number, last = 1, 0
    for count, found in enumerate(_LINE.finditer(text)):
        if count >= MAX_VARIABLES:
            return
        line_number += text.count("\n", last, found.start("name"))
        last = found.start("name")
        column = last - (text.rfind("\n", 0, last) + 1) + 1
        length = found.end() - last if "\n" not in found[0].strip() else len(found["name"])
        span = Span(file, line_number, column, line_number, column + length)
        yield found["name"], *_value(found), span


def _value(found: re.Match[str]) -> tuple[str | None, bool]:
    if found["set"] is None:
        return None, True
    if found["single"] is not None:
        return found["single"].replace("\\'", "'"), True
    if found["double"] is not None:
        return _ESCAPE.sub(lambda m: _ESCAPES.get(m[1], m[0]), found["double"]), False
    plain = re.sub(r"[ \t]+#.*", "", found["gap"] + found["plain"])
    return plain.strip(" \t"), False
