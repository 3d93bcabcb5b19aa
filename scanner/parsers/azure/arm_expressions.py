"""The expressions of JSON templates, ``[concat(parameters('a'), '-b')]``.

https://learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from scanner.parsers.azure.limits import MAX_EXPRESSION, MAX_NESTING
from scanner.parsers.azure.reports import Refused
from scanner.parsers.azure.tree import Access, Broken, Call, Expression, Literal

_TOKEN: Final = re.compile(
    r"[ \t\r\n]*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?[0-9]+(?:\.[0-9]+)?)|(?P<name>[A-Za-z_$][\w$]*)"
    r"|(?P<mark>[\[\](),.])|(?P<end>$))",
)
_WORDS: Final = {"true": True, "false": False, "null": None}
_NESTED: Final = Refused(f"nested deeper than {MAX_NESTING} levels")


@dataclass(slots=True)
class Expressions:
    """Reads texts of templates, each different one once."""

    _read: dict[str, Expression] = field(default_factory=dict)

    def of(self, text: str) -> Expression:
        """What a text of a template stands for: itself, or the expression in its brackets."""
        if not text.startswith("["):
            return Literal(text)
        found = self._read.get(text)
        if found is None:
            found = self._read[text] = _expression(text)
        return found


def _expression(text: str) -> Expression:
    if not text.rstrip().endswith("]"):
        return Literal(text)
    if text.startswith("[["):
        return Literal(text[1:])  # an escape: the text itself stands in brackets
    if len(text) > MAX_EXPRESSION:
        return Broken(f"an expression of more than {MAX_EXPRESSION} characters")
    try:
        return _Parser(text.rstrip()[1:-1]).whole()
    except Refused as refused:
        return Broken(str(refused))


@dataclass(slots=True)
class _Parser:
    source: str
    position: int = 0
    kind: str = ""
    token: str = ""

    def whole(self) -> Expression:
        self._advance()
        found = self._expression(0)
        if self.kind != "end":
            raise Refused(f"{self.token} is not expected here")
        return found

    def _advance(self) -> None:
        found = _TOKEN.match(self.source, self.position)
        if found is None:
            rest = self.source[self.position :].lstrip()[:1]
            raise Refused(f"{rest} is not expected here")
        self.position, self.kind = found.end(), found.lastgroup or ""
        self.token = found[self.kind]

    def _takes(self, mark: str) -> bool:
        """Pass over a mark if it stands here."""
        if self.kind != "mark" or self.token != mark:
            return False
        self._advance()
        return True

    def _expect(self, mark: str) -> None:
        if not self._takes(mark):
            raise Refused(f"{mark} is expected before {self.token or 'the end'}")

    def _expression(self, depth: int) -> Expression:
        if depth > MAX_NESTING:
            raise _NESTED
        found = self._primary(depth)
        for _ in range(MAX_NESTING):
            if self._takes("."):
                found = Access(found, Literal(self._name()))
            elif self._takes("["):
                found = Access(found, self._index(depth))
            else:
                return found
        raise _NESTED

    def _index(self, depth: int) -> Expression:
        key = self._expression(depth + 1)
        self._expect("]")
        return key

    def _name(self) -> str:
        if self.kind != "name":
            raise Refused(f"a name is expected before {self.token or 'the end'}")
        name = self.token
        self._advance()
        return name

    def _primary(self, depth: int) -> Expression:
        kind, token = self.kind, self.token
        if kind == "text":
            self._advance()
            return Literal(token[1:-1].replace("''", "'"))
        if kind == "number":
            self._advance()
            return Literal(Decimal(token) if "." in token else int(token))
        name = self._name()
        while self.kind == "mark" and self.token == ".":  # the namespace of a template's own function
            self._advance()
            name = f"{name}.{self._name()}"
        if self._takes("("):
            return Call(name, self._arguments(depth))
        if name.lower() in _WORDS:
            return Literal(_WORDS[name.lower()])
        raise Refused(f"{name} is neither a function nor a text in quotation marks")

    def _arguments(self, depth: int) -> tuple[Expression, ...]:
        found: list[Expression] = []
        if self._takes(")"):
            return ()
        while True:
            found.append(self._expression(depth + 1))
            if self._takes(")"):
                return tuple(found)
            self._expect(",")
