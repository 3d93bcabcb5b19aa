"""Bicep's expressions, from the weakest operator to the strongest.

https://learn.microsoft.com/azure/azure-resource-manager/bicep/operators#operator-precedence-and-associativity
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from scanner.model.problem import ProblemKind
from scanner.parsers.azure.bicep_tokens import END, NEWLINE, Token
from scanner.parsers.azure.limits import MAX_NESTING
from scanner.parsers.azure.lines import Lines
from scanner.parsers.azure.reports import Refused
from scanner.parsers.azure.tree import (
    Access,
    At,
    Call,
    Entry,
    Expression,
    Fields,
    Items,
    Lambda,
    Literal,
    Loop,
    Name,
    Nested,
)

_BINARY: Final = {
    "??": (1, "coalesce"),
    "||": (2, "or"),
    "&&": (3, "and"),
    "==": (4, "equals"),
    "!=": (4, "$differs"),
    "=~": (4, "$same"),
    "!~": (4, "$other"),
    "<": (5, "less"),
    "<=": (5, "lessOrEquals"),
    ">": (5, "greater"),
    ">=": (5, "greaterOrEquals"),
    "+": (6, "add"),
    "-": (6, "sub"),
    "*": (7, "mul"),
    "/": (7, "div"),
    "%": (7, "mod"),
}
_WORDS: Final = {"true": True, "false": False, "null": None}
_SPACES: Final = frozenset({"sys", "az"})


@dataclass(slots=True)
class Parser:
    """Reads tokens one after another."""

    tokens: Sequence[Token]
    lines: Lines
    position: int = 0
    depth: int = 0

    # -- tokens ------------------------------------------------------------------------------------

    @property
    def token(self) -> Token:
        """The token that is next."""
        return self.tokens[self.position]

    def refused(self, message: str = "") -> Refused:
        """What is wrong with the next token."""
        token = self.token
        shown = {NEWLINE: "the end of the line", END: "the end"}.get(token.kind, token.text[:40])
        return Refused(f"not valid Bicep: {message or f'{shown} is not expected here'}", self.at(token, token))

    def at(self, first: Token, last: Token) -> At:
        """The place of a stretch of tokens."""
        return self.lines.at(first.start, last.end)

    def next(self) -> Token:
        """Take a token."""
        token = self.token
        if token.kind != END:
            self.position += 1
        return token

    def takes(self, *kinds: str) -> bool:
        """Take a token of a kind if it is next."""
        if self.token.kind not in kinds:
            return False
        self.next()
        return True

    def expect(self, kind: str) -> Token:
        """Take a token that must be next."""
        if self.token.kind != kind:
            raise self.refused()
        return self.next()

    def word(self, text: str) -> bool:
        """Take a word if it is next."""
        if self.token.kind != "name" or self.token.text != text:
            return False
        self.next()
        return True

    def newlines(self) -> None:
        """Pass over ends of lines."""
        while self.token.kind == NEWLINE:
            self.next()

    def last(self) -> Token:
        """The token that was taken last."""
        return self.tokens[max(self.position - 1, 0)]

    def _continues(self, *kinds: str) -> bool:
        """Whether a line that follows begins so; if it does, it is come to."""
        position = self.position
        while self.tokens[position].kind == NEWLINE:
            position += 1
        if self.tokens[position].kind in kinds:
            self.position = position
            return True
        return False

    # -- expressions -------------------------------------------------------------------------------

    def expression(self) -> Expression:
        """One expression."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            at = self.at(self.token, self.token)
            raise Refused(f"nested deeper than {MAX_NESTING} levels", at, ProblemKind.LIMIT)
        found = self._binary(1)
        if self._continues("?"):
            self.next()
            self.newlines()
            then = self.expression()
            self._continues(":")
            self.expect(":")
            self.newlines()
            found = Call("if", (found, then, self.expression()))
        self.depth -= 1
        return found

    def _binary(self, weakest: int) -> Expression:
        left = self._unary()
        while True:
            self._continues(*_BINARY)
            strength, function = _BINARY.get(self.token.kind, (0, ""))
            if strength < weakest:
                return left
            self.next()
            self.newlines()
            left = Call(function, (left, self._binary(strength + 1)))

    def _unary(self) -> Expression:
        signs: list[str] = []
        while self.token.kind in ("!", "-"):
            signs.append(self.next().kind)
        found = self._postfix(self._primary())
        for sign in reversed(signs):
            if sign == "-" and isinstance(found, Literal) and isinstance(found.value, int):
                found = Literal(-found.value)
            else:
                found = Call("not" if sign == "!" else "$negative", (found,))
        return found

    def _postfix(self, found: Expression) -> Expression:
        safe = False  # after the first safe access the rest of the chain is null as well where that is
        while True:
            if self.token.kind == NEWLINE and not self._continues(".", ".?", "::"):
                return found
            match self.token.kind:
                case "." | ".?":
                    safe = self.next().kind == ".?" or safe
                    found = self._property(found, safe=safe)
                case "[" | "[?":
                    safe = self.next().kind == "[?" or safe
                    found = Access(found, self._index(), safe)
                case "::":
                    self.next()
                    found = Nested(found, self.expect("name").text)
                case "!":
                    self.next()  # it only says that the value is not null
                case _:
                    return found

    def _property(self, target: Expression, *, safe: bool) -> Expression:
        if safe and self.takes("["):
            return Access(target, self._index(), safe)
        name = self.expect("name").text
        return self._member(target, name) if self.token.kind == "(" else Access(target, Literal(name), safe)

    def _index(self) -> Expression:
        self.newlines()
        key = self.expression()
        self.newlines()
        self.expect("]")
        return key

    def _member(self, target: Expression, name: str) -> Call:
        arguments = self._arguments()
        if isinstance(target, Name) and target.name in _SPACES:
            return Call(name, arguments)
        return Call(name, arguments, target)

    def _arguments(self) -> tuple[Expression, ...]:
        self.expect("(")
        found: list[Expression] = []
        self.newlines()
        while not self.takes(")"):
            found.append(self.expression())
            self.newlines()
            if not self.takes(","):
                self.expect(")")
                break
            self.newlines()
        return tuple(found)

    def _primary(self) -> Expression:
        token = self.token
        match token.kind:
            case "number":
                self.next()
                return Literal(int(token.text))
            case "text":
                self.next()
                return self.text(token)
            case "(":
                return self._parenthesis()
            case "[":
                return self._array_or_loop()
            case "[?":
                raise self.refused()
            case "{":
                return self.object()
            case "name":
                return self._named()
        raise self.refused()

    def _named(self) -> Expression:
        name = self.next().text
        if self.token.kind == "=>":
            return self._lambda((name,))
        if name in _WORDS and self.token.kind != "(":
            return Literal(_WORDS[name])
        return Call(name, self._arguments()) if self.token.kind == "(" else Name(name)

    def _lambda(self, names: tuple[str, ...]) -> Lambda:
        self.expect("=>")
        self.newlines()
        return Lambda(names, self.expression())

    def _parenthesis(self) -> Expression:
        names = self._lambda_names()
        if names is not None:
            return self._lambda(names)
        self.expect("(")
        self.newlines()
        found = self.expression()
        self.newlines()
        self.expect(")")
        return found

    def _lambda_names(self) -> tuple[str, ...] | None:
        """The names before an arrow; none, and nothing taken, for an expression in parentheses."""
        position, names = self.position + 1, []
        while self.tokens[position].kind in ("name", ",", NEWLINE):
            if self.tokens[position].kind == "name":
                names.append(self.tokens[position].text)
            position += 1
        if self.tokens[position].kind != ")" or self.tokens[position + 1].kind != "=>":
            return None
        self.position = position + 1
        return tuple(names)

    def text(self, token: Token) -> Expression:
        """A text; one with something filled in is put together when it is evaluated."""
        parts = [Literal(part) if isinstance(part, str) else self._filled(part) for part in token.parts]
        if not parts:
            return Literal("")
        return parts[0] if len(parts) == 1 and isinstance(parts[0], Literal) else Call("$text", tuple(parts))

    def _filled(self, tokens: tuple[Token, ...]) -> Expression:
        inner = Parser(tokens, self.lines, 0, self.depth + 1)
        inner.newlines()
        found = inner.expression()
        inner.newlines()
        if inner.token.kind != END:
            raise inner.refused()
        return found

    # -- collections -------------------------------------------------------------------------------

    def object(self) -> Fields:
        """An object."""
        opening = self.expect("{")
        entries: list[Entry] = []
        while True:
            while self.token.kind in (NEWLINE, ","):
                self.next()
            if self.takes("}"):
                return Fields(tuple(entries), self.at(opening, self.last()))
            entries.append(self.entry())

    def entry(self) -> Entry:
        """One property of an object."""
        first = self.token
        if self.takes("..."):
            value = self.expression()
            return Entry(None, value, self.at(first, self.last()))
        if first.kind not in ("name", "text", "number"):
            raise self.refused()
        self.next()
        key = self.text(first) if first.kind == "text" else Literal(first.text)
        self._continues(":")
        self.expect(":")
        self.newlines()
        value = self.expression()
        last = self.last() if self._in_line(first) and not isinstance(value, (Fields, Items, Loop)) else first
        if self.token.kind not in (NEWLINE, ",", "}"):
            raise self.refused()
        return Entry(key, value, self.at(first, last))

    def _in_line(self, first: Token) -> bool:
        return self.lines.place(first.start)[0] == self.lines.place(self.last().end)[0]

    def _array_or_loop(self) -> Expression:
        opening = self.expect("[")
        self.newlines()
        if (
            self.token.kind == "name"
            and self.token.text == "for"
            and self.tokens[self.position + 1].kind in ("name", "(")
        ):
            return self.loop(None)
        values: list[Expression] = []
        ats: list[At] = []
        spread: set[int] = set()
        while True:
            while self.token.kind in (NEWLINE, ","):
                self.next()
            if self.takes("]"):
                return Items(tuple(values), tuple(ats), frozenset(spread))
            first = self.token
            if self.takes("..."):
                spread.add(len(values))
            values.append(self.expression())
            ats.append(self.at(first, self.last() if self._in_line(first) else first))
            if self.token.kind not in (NEWLINE, ",", "]"):
                raise self.refused()
        raise self.refused(f"{opening.text} is not closed")

    def loop(self, body: Expression | None) -> Loop:
        """A loop after its bracket. With ``body`` its body is that of a resource, which the caller reads."""
        item, index = self._loop_head()
        self.newlines()
        source = self.expression()
        self.newlines()
        self.expect(":")
        self.newlines()
        condition = self.condition()
        made = self.expression() if body is None else body
        if body is None:
            self.newlines()
            self.expect("]")
        return Loop(item, index, source, made, condition)

    def _loop_head(self) -> tuple[str, str]:
        self.expect("name")
        index = ""
        if self.takes("("):
            item = self.expect("name").text
            self.expect(",")
            index = self.expect("name").text
            self.expect(")")
        else:
            item = self.expect("name").text
        if not self.word("in"):
            raise self.refused()
        return item, index

    def condition(self) -> Expression | None:
        """``if (…)`` where it stands."""
        if not (self.token.kind == "name" and self.token.text == "if" and self.tokens[self.position + 1].kind == "("):
            return None
        self.next()
        found = self._parenthesis()
        self.newlines()
        return found
