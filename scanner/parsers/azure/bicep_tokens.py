"""Bicep's text as tokens.

https://github.com/Azure/bicep/blob/main/docs/grammar.md
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from scanner.model.problem import ProblemKind
from scanner.parsers.azure.limits import MAX_NESTING
from scanner.parsers.azure.lines import Lines
from scanner.parsers.azure.reports import Refused

_SPACE: Final = re.compile(r"(?:[ \t\ufeff]+|//[^\r\n]*|/\*.*?\*/|#[^\r\n]*)+", re.DOTALL)
_NEWLINE: Final = re.compile(r"(?:\r\n|\r|\n)")
_NAME: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]+")
_MARK: Final = re.compile(r"\.\.\.|=>|==|!=|=~|!~|<=|>=|&&|\|\||\?\?|::|\.\?|\[\?|[{}\[\]().,:;=<>+\-*/%!?@|&]")
_PLAIN: Final = re.compile(r"[^'\\$\r\n]+")
_ESCAPE: Final = re.compile(r"\\(u\{[0-9a-fA-F]{1,6}\}|[nrt\\'$])")
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}
_BLOCK: Final = re.compile(r"(\$*)'''(?:\r?\n)?(.*?)(?='''(?!'))'''", re.DOTALL)
_MAX_DIGITS: Final = 40

NEWLINE: Final = "newline"
END: Final = "end"


class Token(Struct, frozen=True):
    """One token: its kind (``name``, ``number``, ``text``, ``newline``, ``end``, or the mark itself) and place.

    ``parts`` of a text are its literal pieces and, for what is filled in, the tokens of an expression.
    """

    kind: str
    text: str
    start: int
    end: int
    parts: tuple[str | tuple[Token, ...], ...] = ()


def tokens_of(text: str, lines: Lines) -> list[Token]:
    """The tokens of a file. Raises :class:`Refused` with a place."""
    return _Scanner(text, lines).tokens("", 0)


@dataclass(slots=True)
class _Scanner:
    text: str
    lines: Lines
    position: int = 0

    def refused(self, message: str, start: int) -> Refused:
        return Refused(f"not valid Bicep: {message}", self.lines.at(start, min(start + 1, len(self.text))))

    def tokens(self, closing: str, depth: int) -> list[Token]:
        """The tokens up to the end, or up to the bracket that closes what is filled in a text."""
        if depth > MAX_NESTING:
            at = self.lines.at(self.position, self.position)
            raise Refused(f"nested deeper than {MAX_NESTING} levels", at, ProblemKind.LIMIT)
        found: list[Token] = []
        opened = 0
        while True:
            if space := _SPACE.match(self.text, self.position):
                self.position = space.end()
            if self.position >= len(self.text):
                if closing:
                    raise self.refused("an interpolation has no end", len(self.text))
                found.append(Token(END, "the end", self.position, self.position))
                return found
            token = self._token(depth)
            if token.kind == "{":
                opened += 1
            elif token.kind == "}":
                if closing and not opened:
                    found.append(Token(END, "}", token.start, token.end))
                    return found
                opened -= 1
            found.append(token)

    def _token(self, depth: int) -> Token:
        start = self.position
        for kind, pattern in ((NEWLINE, _NEWLINE), ("name", _NAME), ("number", _NUMBER)):
            if found := pattern.match(self.text, start):
                if kind == "number" and found.end() - start > _MAX_DIGITS:
                    raise self.refused("a number is too long", start)
                return self._made(kind, found[0], start, found.end())
        if block := _BLOCK.match(self.text, start):
            return self._block(block, depth)
        if self.text[start] == "'":
            return self._quoted(start, depth)
        mark = _MARK.match(self.text, start)
        if mark is None:
            raise self.refused(f"{self.text[start]!r} is not expected here", start)
        return self._made(mark[0], mark[0], start, mark.end())

    def _made(self, kind: str, text: str, start: int, end: int) -> Token:
        self.position = end
        return Token(kind, text, start, end)

    def _block(self, block: re.Match[str], depth: int) -> Token:
        """A text over several lines; with dollar signs before it as many begin an interpolation."""
        sign, body, begins = block[1], block[2], block.start(2)
        parts: list[str | tuple[Token, ...]] = []
        opening = sign + "{"
        position = 0
        while sign and (found := body.find(opening, position)) >= 0:
            parts.append(body[position:found])
            self.position = begins + found + len(opening)
            parts.append(tuple(self.tokens("}", depth + 1)))
            position = self.position - begins
        parts.append(body[position:])
        self.position = block.end()
        return Token("text", block[0], block.start(), block.end(), tuple(p for p in parts if p))

    def _quoted(self, start: int, depth: int) -> Token:
        parts: list[str | tuple[Token, ...]] = []
        piece: list[str] = []
        self.position = start + 1
        while True:
            position = self.position
            if plain := _PLAIN.match(self.text, position):
                piece.append(plain[0])
                self.position = plain.end()
            elif self.text.startswith("${", position):
                self.position = position + 2
                parts.extend(("".join(piece), tuple(self.tokens("}", depth + 1))))
                piece = []
            elif self.text.startswith("$", position):
                piece.append("$")
                self.position = position + 1
            elif escape := _ESCAPE.match(self.text, position):
                piece.append(self._character(escape))
                self.position = escape.end()
            elif self.text.startswith("'", position):
                self.position = position + 1
                parts.append("".join(piece))
                kept = tuple(part for part in parts if part)
                return Token("text", self.text[start : self.position], start, self.position, kept)
            else:
                raise self.refused("a text has no end, or an escape that Bicep does not know", position)

    def _character(self, escape: re.Match[str]) -> str:
        code = escape[1]
        if not code.startswith("u{"):
            return _ESCAPES.get(code, code)
        number = int(code[2:-1], 16)
        if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
            raise self.refused("an escape names no character", escape.start())
        return chr(number)
