"""Variables in Compose files: ``$NAME``, ``${NAME}`` and the operators after a name, nested to any sensible depth.

https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md. Compose puts an empty text in place of a
variable that is not set. Whoever starts the project may have set it, so that here it is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from scanner.model.problem import ProblemKind
from scanner.model.value import Ref, Unknown

MAX_TEXT: Final = 262_144
"""Characters that one value may have once its variables are filled in."""
MAX_FILLED: Final = 16_000_000
"""Characters that the variables of one project may make in all."""
MAX_NESTED: Final = 20
"""How deep defaults may hold variables with defaults."""

MAX_PARTS: Final = 64
"""Pieces of a partly known text; one of more is not known at all."""

Text = str | Unknown
Parts = list[Text]

_NAME: Final = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_OPERATOR: Final = re.compile(r":?[-?+]")


class Refused(Exception):
    """A text whose variables cannot be filled in, and why."""

    def __init__(self, kind: ProblemKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(slots=True)
class Variables:
    """The variables of a project. ``scope`` tells those of one project from another's."""

    values: Mapping[str, Text | None]
    scope: str = ""
    spent: list[int] = field(default_factory=lambda: [0])

    def with_defaults(self, defaults: Mapping[str, Text | None]) -> Variables:
        """The same variables over others that count where these are not set. The budget is shared."""
        return Variables({**defaults, **self.values}, self.scope, self.spent)

    def filled(self, text: str) -> Text:
        """The text with its variables filled in; partly known where some are not. Raises :class:`Refused`."""
        if "$" not in text:
            return text
        found = joined(self._parts(text, 0))
        self.spent[0] += _size(found)
        if self.spent[0] > MAX_FILLED:
            raise Refused(ProblemKind.LIMIT, f"variables make more than {MAX_FILLED} characters of the project")
        return found

    def _parts(self, text: str, depth: int) -> Parts:
        if depth > MAX_NESTED:
            raise Refused(ProblemKind.LIMIT, f"variables nested deeper than {MAX_NESTED} levels")
        found: Parts = []
        size = 0
        for part in self._pieces(text, depth):
            size += _size(part)
            if size > MAX_TEXT:
                raise Refused(ProblemKind.LIMIT, f"variables make more than {MAX_TEXT} characters of one value")
            found.append(part)
        return found

    def _pieces(self, text: str, depth: int) -> Iterator[Text]:
        at = 0
        while (dollar := text.find("$", at)) >= 0:
            yield text[at:dollar]
            following = text[dollar + 1 : dollar + 2]
            name = _NAME.match(text, dollar + 1)
            if following == "$":
                yield "$"
                at = dollar + 2
            elif name is not None:
                yield self._value(name[0])
                at = name.end()
            elif following == "{":
                end = _closing(text, dollar + 1)
                yield from self._braced(text[dollar + 2 : end], depth)
                at = end + 1
            else:
                yield "$"
                at = dollar + 1
        yield text[at:]

    def _braced(self, inside: str, depth: int) -> Parts:
        name = _NAME.match(inside)
        if name is None:
            raise Refused(ProblemKind.INVALID, f"${{{inside[:40]}}} names no variable")
        if name.end() == len(inside):
            return [self._value(name[0])]
        operator = _OPERATOR.match(inside, name.end())
        if operator is None:
            raise Refused(ProblemKind.INVALID, f"${{{inside[:40]}}} is nothing that Compose can fill in")
        return self._chosen(name[0], operator[0], inside[operator.end() :], depth)

    def _chosen(self, name: str, operator: str, word: str, depth: int) -> Parts:
        value = self.values.get(name)
        if isinstance(value, Unknown):
            return [value]
        missing = value is None or (value == "" and operator[0] == ":")
        match operator[-1]:
            case "-":
                return self._parts(word, depth + 1) if missing else [value or ""]
            case "?":
                return [self._required(name, word)] if missing else [value or ""]
            case _ if value is None:
                return [self._unset(name, f"whether variable {name} is set is not in the files")]
            case _:
                return [""] if missing else self._parts(word, depth + 1)

    def _value(self, name: str) -> Text:
        value = self.values.get(name)
        return self._unset(name, f"variable {name} is not in .env and has no default") if value is None else value

    def _required(self, name: str, message: str) -> Unknown:
        said = f": {message[:80]}" if message and "$" not in message else ""
        return self._unset(name, f"variable {name} must be set{said}")

    def _unset(self, name: str, reason: str) -> Unknown:
        ref = Ref(f"{self.scope}#env.{name}" if self.scope else f"env.{name}")
        return Unknown(reason, None, ref, (ref,))


def joined(parts: Parts) -> Text:
    """Pieces as one value: a text, the one unknown that it is, or a partly known text."""
    merged: Parts = []
    for part in parts:
        for piece in part.parts or (part,) if isinstance(part, Unknown) else (part,):
            if isinstance(piece, str) and merged and isinstance(merged[-1], str):
                merged[-1] += piece
            elif piece != "":
                merged.append(piece)
    unknown = [part for part in merged if isinstance(part, Unknown)]
    if not unknown:
        return str(merged[0]) if merged else ""
    if len(merged) == 1:
        return unknown[0]
    refs = tuple(dict.fromkeys(ref for part in unknown for ref in part.refs))
    return Unknown(unknown[0].reason, unknown[0].origin, None, refs, tuple(merged) if len(merged) <= MAX_PARTS else ())


def _size(part: Text) -> int:
    """Characters of a text as far as it is known."""
    return len(part) if isinstance(part, str) else 1 + sum(len(p) for p in part.parts if isinstance(p, str))


def _closing(text: str, start: int) -> int:
    """Where the brace that opens at ``start`` is closed."""
    depth = 0
    for at in range(start, len(text)):
        if text[at] == "{":
            depth += 1
        elif text[at] == "}":
            depth -= 1
            if depth == 0:
                return at
    raise Refused(ProblemKind.INVALID, f"${text[start : start + 40]} is not closed")
