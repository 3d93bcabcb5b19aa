"""Quoted texts, heredocs and templates: escapes, strip markers, indentation, directives.

This is HashiCorp's template parser (https://github.com/hashicorp/hcl/blob/main/hclsyntax/parser_template.go) over the
pieces that a syntax front end cuts a template into. The order of the steps is part of the meaning: escapes, then strip
markers, then the indentation of ``<<-`` heredocs, then joining.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final
from unicodedata import normalize

from msgspec import Struct

from scanner.parsers.terraform.positions import MAX_NESTING, SyntaxInvalid, advanced, between, too_deep
from scanner.parsers.terraform.tree import (
    Expression,
    Literal,
    Position,
    Template,
    TemplateFor,
    TemplateIf,
    TemplateWrap,
)

# What Go's unicode.IsSpace accepts; str.strip() without argument would take U+001C to U+001F too.
SPACES: Final = "".join(
    ("\t\n\v\f\r \x85\xa0\u1680", *map(chr, range(0x2000, 0x200B)), "\u2028\u2029\u202f\u205f\u3000"),
)

_QUOTED_ESCAPE: Final = re.compile(r"\\(?:u[0-9a-fA-F]{0,4}|U[0-9a-fA-F]{0,8}|[^uU]|$)|\$\$\{|%%\{|[$%]\{", re.DOTALL)
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_BARE_ESCAPE: Final = re.compile(r"\$\$\{|%%\{|[$%]\{")
_SIMPLE_ESCAPES: Final = {
    "\\n": "\n",
    "\\r": "\r",
    "\\t": "\t",
    '\\"': '"',
    "\\\\": "\\",
    "$${": "${",
    "%%{": "%{",
}
_UNICODE_ESCAPE_LENGTHS: Final = {"u": 6, "U": 10}


class Style(Enum):
    """How a template is written, which decides about escapes and indentation."""

    QUOTED = "quoted"
    HEREDOC = "heredoc"
    FLUSH = "flush heredoc"


class Text(Struct, frozen=True):
    """A stretch of a template between its sequences, as written in the file from ``line`` and ``column`` on.

    ``at`` is set when that is not where it should be said to stand.
    """

    source: str
    line: int
    column: int
    at: Position | None = None


class Mark(Struct, frozen=True):
    """One ``${ }`` or ``%{ }`` sequence.

    ``kind`` is ``interpolation``, ``if``, ``else``, ``endif``, ``for`` or ``endfor``; ``value`` is the interpolated
    value, the condition or the collection; ``key`` and ``name`` are what ``for`` binds. ``strips_before`` and
    ``strips_after`` are the ``~`` at its beginning and end.
    """

    kind: str
    at: Position
    value: Expression | None = None
    key: str = ""
    name: str = ""
    strips_before: bool = False
    strips_after: bool = False


@dataclass(slots=True)
class _Piece:
    """A literal on its way through the steps."""

    text: str
    at: Position


def unescape(source: str, line: int, column: int, *, quoted: bool = True) -> str:
    """Decode the escapes of a text: of a quoted one those with a backslash, of all ``$${`` and ``%%{``.

    Raises :class:`SyntaxInvalid` for an unknown escape, one that names no character, and an unescaped ``${`` or ``%{``.
    """
    if "{" not in source and not (quoted and "\\" in source):
        return source

    def decode(match: re.Match[str]) -> str:
        escape = match[0]
        if (simple := _SIMPLE_ESCAPES.get(escape)) is not None:
            return simple
        if len(escape) == _UNICODE_ESCAPE_LENGTHS.get(escape[1:2]):
            code = int(escape[2:], base=16)  # noqa: FURB166  # the prefix is not 0x
            if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF:
                return chr(code)
        start = advanced(line, column, source[: match.start()])
        message = f"invalid escape sequence {escape}" if escape.startswith("\\") else f"a {escape} is not allowed here"
        raise SyntaxInvalid(message, (*start, start[0], start[1] + len(escape)))

    return (_QUOTED_ESCAPE if quoted else _BARE_ESCAPE).sub(decode, source)


def text_literal(text: str, at: Position) -> Literal:
    """A text as a value: Terraform keeps these in Unicode's normal form C (cty does so, not the parser)."""
    return Literal(text if text.isascii() else normalize("NFC", text), at)


def assemble(parts: Sequence[Text | Mark], style: Style, at: Position) -> Expression:
    """Build the expression of a template.

    The result is a :class:`Literal` when nothing is interpolated, a :class:`TemplateWrap` when there is nothing but one
    interpolation, else a :class:`Template`. Raises :class:`SyntaxInvalid` for unbalanced directives.
    """
    if len(parts) == 1 and isinstance(mark := parts[0], Mark) and mark.kind == "interpolation":
        return TemplateWrap(_value(mark), at)
    pieces = list(_pieces(parts, style))
    if style is Style.FLUSH:
        _flush(pieces)
    joined = _joined(pieces)
    if not joined:
        return Literal("", at)
    if len(joined) == 1 and isinstance(piece := joined[0], _Piece):
        return text_literal(piece.text, at)
    return Template(_Builder(joined).root(), at)


def _pieces(parts: Sequence[Text | Mark], style: Style) -> Iterator[_Piece | Mark]:
    """Decode the texts, a heredoc's line by line, and apply the strip markers.

    A marker takes the spaces of the neighbouring piece only: in a heredoc, never of the line after that.
    """
    decoded = [piece for part in parts for piece in (_cut(part, style) if isinstance(part, Text) else (part,))]
    for index, piece in enumerate(decoded):
        if isinstance(piece, _Piece):
            before = decoded[index - 1] if index else None
            after = decoded[index + 1] if index + 1 < len(decoded) else None
            if isinstance(before, Mark) and before.strips_after:
                piece.text = piece.text.lstrip(SPACES)
            if isinstance(after, Mark) and after.strips_before:
                piece.text = piece.text.rstrip(SPACES)
        yield piece


def _cut(text: Text, style: Style) -> Iterator[_Piece]:
    line, column = text.line, text.column
    quoted = style is Style.QUOTED
    for source in (text.source,) if quoted else _LINE.findall(text.source):
        end = advanced(line, column, source)
        yield _Piece(unescape(source, line, column, quoted=quoted), text.at or (line, column, *end))
        line, column = end


def _flush(pieces: Sequence[_Piece | Mark]) -> None:
    """Remove the smallest indentation from every line.

    Blank lines do not count, a line that begins with a mark has none. A line begins where the
    text before it ends in a newline, which is no longer so when a strip marker took it.
    """
    indented: list[_Piece] = []
    smallest: int | None = None
    at_line_start = True
    for piece in pieces:
        if at_line_start:
            spaces = _indentation(piece)
            if spaces is not None:
                smallest = spaces if smallest is None else min(smallest, spaces)
                if isinstance(piece, _Piece):
                    indented.append(piece)
        at_line_start = isinstance(piece, _Piece) and piece.text.endswith("\n")
    for piece in indented:
        piece.text = piece.text[smallest:]


def _indentation(piece: _Piece | Mark) -> int | None:
    """How many spaces a line begins with; ``None`` for a blank line."""
    if isinstance(piece, Mark):
        return 0
    rest = piece.text.lstrip(SPACES)
    return None if not rest and piece.text.endswith("\n") else len(piece.text) - len(rest)


def _joined(pieces: Sequence[_Piece | Mark]) -> list[_Piece | Mark]:
    """The pieces without empty ones, neighbouring literals made one."""
    joined: list[_Piece | Mark] = []
    for piece in pieces:
        if isinstance(piece, Mark):
            joined.append(piece)
        elif piece.text:
            last = joined[-1] if joined else None
            if isinstance(last, _Piece):
                joined[-1] = _Piece(last.text + piece.text, between(last.at, piece.at))
            else:
                joined.append(piece)
    return joined


def _value(mark: Mark) -> Expression:
    if mark.value is None:
        raise SyntaxInvalid("an expression is expected here", mark.at)
    return mark.value


class _Builder:
    """Reads pieces in order and nests what stands between directives."""

    def __init__(self, pieces: Sequence[_Piece | Mark]) -> None:
        self._pieces = pieces
        self._next = 0
        self._depth = 0

    def root(self) -> tuple[Expression, ...]:
        parts, end = self._until(())
        if end is not None:
            raise SyntaxInvalid(f"an {end.kind} directive that closes nothing", end.at)
        return parts

    def _until(self, closers: tuple[str, ...]) -> tuple[tuple[Expression, ...], Mark | None]:
        """Everything up to a closing directive, and that directive; ``None`` at the end of the template."""
        parts: list[Expression] = []
        while self._next < len(self._pieces):
            piece = self._pieces[self._next]
            self._next += 1
            if isinstance(piece, _Piece):
                parts.append(text_literal(piece.text, piece.at))
            elif piece.kind == "interpolation":
                parts.append(_value(piece))
            elif piece.kind == "if":
                parts.append(self._if(piece))
            elif piece.kind == "for":
                parts.append(self._for(piece))
            elif not closers or piece.kind in closers:
                return tuple(parts), piece
            else:
                raise SyntaxInvalid(f"expected {closers[-1]}, found {piece.kind}", piece.at)
        return tuple(parts), None

    def _body(self, opening: Mark, closers: tuple[str, ...]) -> tuple[Template, Mark]:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise too_deep(opening.at)
        parts, end = self._until(closers)
        self._depth -= 1
        if end is None:
            raise SyntaxInvalid(f"this {opening.kind} directive is not closed: expected {closers[-1]}", opening.at)
        inside = opening.at if opening.at == end.at else (*opening.at[2:], *end.at[:2])
        return Template(parts, inside), end

    def _if(self, opening: Mark) -> TemplateIf:
        then, end = self._body(opening, ("else", "endif"))
        otherwise = Template((), end.at)
        if end.kind == "else":
            middle = Mark("if", end.at)
            otherwise, end = self._body(middle, ("endif",))
        return TemplateIf(_value(opening), then, otherwise, between(opening.at, end.at))

    def _for(self, opening: Mark) -> TemplateFor:
        body, end = self._body(opening, ("endfor",))
        return TemplateFor(opening.key, opening.name, _value(opening), body, between(opening.at, end.at))
