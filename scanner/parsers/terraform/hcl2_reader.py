"""From the parse tree of ``python-hcl2``'s grammar to our own tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hcl2.parser import parser
from lark import Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken

from scanner.parsers.terraform.build import (
    Access,
    Separators,
    Step,
    body,
    check_lines,
    follow,
    number,
    object_key,
    plain_name,
)
from scanner.parsers.terraform.masking import Code, Embedded, Quote
from scanner.parsers.terraform.positions import MAX_NESTING, Lines, SyntaxInvalid, between, too_deep, unexpected
from scanner.parsers.terraform.strings import Mark, Style, Text, assemble, text_literal, unescape
from scanner.parsers.terraform.tree import (
    Attribute,
    Binary,
    Block,
    Body,
    Call,
    Conditional,
    Expression,
    ForObject,
    ForTuple,
    Literal,
    ObjectCons,
    Position,
    SyntaxProblem,
    TupleCons,
    Unary,
    Variable,
)

Branch = Tree[Token]

_WORDS: Final = {"true": True, "false": False, "null": None}
_NAMES: Final = frozenset(("identifier", "keyword", "literal_value"))
_ACCESSED: Final = frozenset(("index_expr_term", "get_attr_expr_term", "attr_splat_expr_term", "full_splat_expr_term"))
_NAME: Final = r"[^\W\d][\w-]*"
_DIRECTIVE: Final = re.compile(
    rf"\s*(?:(?P<kind>if|else|endif|endfor)|for\s+(?P<first>{_NAME})(?:\s*,\s*(?P<second>{_NAME}))?\s+in)(?![\w-])"
)
_PREFIX: Final = "x = "


class Reader:
    """Turns one text into our tree, code piece by code piece."""

    def __init__(self, source: str, lines: Lines) -> None:
        self.problems: list[SyntaxProblem] = []
        self._source = source
        self._lines = lines
        self._depth = 0
        self._quotes: dict[int, Quote] = {}
        self._base = 0

    def file(self, code: Code) -> Body:
        """Read code as a body."""
        self._quotes.update(code.quotes)
        start = self._parse(code.masked + "\n", code.start)
        return self._body(_branch(start, "body"))

    def value(self, code: Code) -> Expression:
        """Read code as one expression."""
        self._enter(code.start)
        self._quotes.update(code.quotes)
        outer = self._base
        content = [*_branches(_branch(self._parse(f"{_PREFIX}{code.masked}\n", code.start - len(_PREFIX)), "body"))]
        if len(content) != 1 or content[0].data != "attribute":
            raise SyntaxInvalid("one expression is expected here", self._lines.at(code.start, code.end))
        value = self._expression(content[0].children[-1])
        self._base = outer
        self._depth -= 1
        return value

    def template(self, quote: Quote, at: Position) -> Expression:
        """Read a quoted text, heredoc or bare template."""
        parts: list[Text | Mark] = []
        place = quote.inner
        for sequence in quote.embedded:
            parts.extend(self._stretch(place, sequence.start))
            parts.append(self._mark(sequence))
            place = sequence.end
        parts.extend(self._stretch(place, quote.inner_end))
        return assemble(parts, quote.style, at)

    def _parse(self, masked: str, base: int) -> Branch:
        self._base = base
        try:
            return parser().parse(masked)
        except UnexpectedInput as error:
            raise self._unexpected(error) from None

    def _unexpected(self, error: UnexpectedInput) -> SyntaxInvalid:
        length = len(error.token) if isinstance(error, UnexpectedToken) else 1
        found_at: int = getattr(error, "pos_in_stream", -1)  # -1 is the end of the text
        start = len(self._source) if found_at < 0 else found_at + self._base
        found = " ".join(self._source[start : start + length].split())
        if not found:
            start = len(self._source[:start].rstrip())
        message = unexpected(found) if found else "expected more at the end of this line"
        return SyntaxInvalid(message, self._lines.at(start, start + length))

    # Places and texts

    def _at(self, node: Branch | Token, last: Branch | Token | None = None) -> Position:
        return self._lines.at(_start(node) + self._base, _end(last or node) + self._base)

    def _text(self, node: Branch | Token) -> str:
        return self._source[_start(node) + self._base : _end(node) + self._base]

    def _name(self, node: Branch | Token) -> str:
        return plain_name(self._text(node), self._at(node))

    def _enter(self, place: int) -> None:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise too_deep(self._lines.at(place, place + 1))

    # Bodies

    def _body(self, node: Branch) -> Body:
        return body(self._items(node), self.problems)

    def _items(self, node: Branch) -> Iterator[tuple[Attribute | Block, int]]:
        for child in _branches(node):
            if child.data == "attribute":
                at = self._at(child)
                yield Attribute(self._name(child.children[0]), self._expression(child.children[-1]), at), at[2]
            else:
                yield self._block(child), self._at(child)[2]

    def _block(self, node: Branch) -> Block:
        self._enter(_start(node) + self._base)
        header = [child for child in _branches(node) if child.data != "body"]
        labels = tuple(self._label(child) for child in header[1:])
        brace = next(child for child in node.children if isinstance(child, Token))
        at = self._at(header[0], header[-1])
        content = _branch(node, "body")
        found = Block(self._name(header[0]), labels, self._body(content), at)
        items = [*_branches(content)]
        inside = (self._at(items[0])[0], self._at(items[-1])[2]) if items else None
        check_lines(found, self._at(brace)[0], inside, self._at(node.children[-1])[0], self.problems)
        self._depth -= 1
        return found

    def _label(self, node: Branch) -> str:
        if node.data != "string":
            return self._name(node)
        quote = self._quotes[_start(node) + self._base]
        if quote.embedded or quote.style is not Style.QUOTED:
            raise SyntaxInvalid("a label is a plain text", self._at(node))
        return unescape(self._source[quote.inner : quote.inner_end], *self._lines.place(quote.inner))

    # Expressions

    def _expression(self, node: Branch | Token) -> Expression:
        if isinstance(node, Token):
            raise SyntaxInvalid("an expression is expected here", self._at(node))
        self._enter(_start(node) + self._base)
        if node.data == "expr_term":
            value = self._term(node)
        elif node.data == "conditional":
            condition, then, otherwise = (self._expression(child) for child in _branches(node))
            value = Conditional(condition, then, otherwise, between(condition.at, otherwise.at))
        elif node.data == "binary_op":
            left, term = _branches(node)
            operator, right = _branches(term)
            first, second = self._expression(left), self._expression(right)
            value = Binary(str(operator.children[0]).strip(), first, second, between(first.at, second.at))
        else:
            operand = self._expression(node.children[1])
            value = Unary(self._text(node.children[0]), operand, between(self._at(node.children[0]), operand.at))
        self._depth -= 1
        return value

    def _term(self, node: Branch) -> Expression:
        children = [*_branches(node)]
        child = children[0]
        if isinstance(node.children[0], Token):
            return self._expression(child)
        kind = child.data
        if kind in _ACCESSED:
            return self._accessed(child)
        if kind in ("int_lit", "float_lit"):
            return self._number(child)
        match kind:
            case "identifier":
                return Variable(self._name(child), self._at(child))
            case "literal_value":
                return Literal(_WORDS[self._text(child)], self._at(child))
            case "string":
                return self.template(self._quotes[_start(child) + self._base], self._at(child))
            case "tuple":
                return TupleCons(tuple(self._expression(item) for item in _branches(child)), self._at(child))
            case "object":
                return self._object(child)
            case "function_call":
                return self._call(child)
            case "for_tuple_expr" | "for_object_expr":
                return self._for(child)
        raise SyntaxInvalid("not expected here", self._at(child))

    def _number(self, node: Branch) -> Expression:
        text, at = self._text(node), self._at(node)
        if not text.startswith("-"):
            return number(text, at)
        operand = number(text[1:], (at[0], at[1] + 1, at[2], at[3]))
        return Unary("-", operand, at)

    def _object(self, node: Branch) -> Expression:
        items: list[tuple[Expression, Expression]] = []
        check = Separators(self.problems)
        for child in node.children:
            if isinstance(child, Token):
                if child.type == "COMMA":
                    check.comma(self._at(child))
            elif child.data == "object_elem":
                check.item(self._at(child))
                if not items and self._text(child.children[0]) == "for":
                    raise SyntaxInvalid("not expected here: for", self._at(child))
                items.append(self._object_item(child))
        return ObjectCons(tuple(items), self._at(node))

    def _object_item(self, node: Branch) -> tuple[Expression, Expression]:
        key, value = _branches(node)
        name = key.children[0]
        if isinstance(name, Tree) and name.data in _NAMES:
            return text_literal(self._name(name), self._at(name)), self._expression(value)
        read = self._expression(name)
        in_parentheses = self._source.startswith("(", _start(name) + self._base)
        return read if in_parentheses else object_key(read), self._expression(value)

    def _call(self, node: Branch) -> Expression:
        bracket = next(child for child in node.children if isinstance(child, Token) and child.type == "LPAR")
        name = self._source[_start(node) + self._base : _start(bracket) + self._base].strip()
        arguments = next((child for child in _branches(node) if child.data == "arguments"), None)
        values = [] if arguments is None else [self._expression(child) for child in _branches(arguments)]
        expand = arguments is not None and any(
            isinstance(child, Token) and child.type == "ELLIPSIS" for child in arguments.children
        )
        return Call(name, tuple(values), expand, self._at(node))

    def _for(self, node: Branch) -> Expression:
        intro, *results = _branches(node)
        test = results.pop() if results[-1].data == "for_cond" else None
        *names, collection = _branches(intro)
        key, name = ("", *map(self._name, names))[-2:]
        source = self._expression(collection)
        values = [self._expression(result) for result in results]
        condition = None if test is None else self._expression(next(_branches(test)))
        if node.data == "for_tuple_expr":
            return ForTuple(key, name, source, values[0], condition, self._at(node))
        group = any(isinstance(child, Token) and child.type == "ELLIPSIS" for child in node.children)
        return ForObject(key, name, source, values[0], values[1], group, condition, self._at(node))

    def _accessed(self, node: Branch) -> Expression:
        """Read a chain of accesses, which the grammar nests from the last to the first."""
        chain: list[Branch] = []
        while True:
            base, access = _branches(node)
            chain.append(access)
            inner = base.children[0]
            if isinstance(inner, Token) or inner.data not in _ACCESSED:
                break
            node = inner
        value = self._expression(base)
        return follow(value, [step for access in reversed(chain) for step in self._steps(access)])

    def _steps(self, node: Branch) -> Iterator[Step]:
        match node.data:
            case "get_attr":
                yield Step(Access.ATTRIBUTE, self._at(node), name=self._name(next(_branches(node))))
            case "short_index":
                yield Step(
                    Access.LEGACY_INDEX, self._at(node), key=number(self._text(node.children[1]), self._at(node))
                )
            case "braces_index":
                yield Step(Access.INDEX, self._at(node), key=self._expression(next(_branches(node))))
            case _:
                full = node.data == "full_splat"
                yield Step(Access.FULL_SPLAT if full else Access.ATTRIBUTE_SPLAT, self._at(node.children[0]))
                for child in _branches(node):
                    yield from self._steps(child)

    # Templates

    def _stretch(self, start: int, end: int) -> Iterator[Text]:
        if end > start:
            yield Text(self._source[start:end], *self._lines.place(start), self._lines.everywhere)

    def _mark(self, sequence: Embedded) -> Mark:
        at = self._lines.at(sequence.start, sequence.end)
        strips = (sequence.strips_before, sequence.strips_after)
        code = sequence.code
        if not sequence.directive:
            return Mark("interpolation", at, self.value(code), "", "", *strips)
        if (directive := _DIRECTIVE.match(code.masked)) is None:
            raise SyntaxInvalid("expected if, else, endif, for or endfor", at)
        kind = directive["kind"] or "for"
        rest = Code(code.masked[directive.end() :], code.start + directive.end(), code.end, code.quotes)
        value = self.value(rest) if kind in ("if", "for") else None
        if value is None and rest.masked.strip():
            raise SyntaxInvalid(f"nothing is expected after {kind}", at)
        spans = [directive.span(group) for group in ("first", "second") if directive[group]]
        key, name = ("", "", *(self._source[code.start + start : code.start + end] for start, end in spans))[-2:]
        return Mark(kind, at, value, key, name, *strips)


def _branches(node: Branch) -> Iterator[Branch]:
    """The children that are no tokens, comments or line breaks."""
    return (child for child in node.children if isinstance(child, Tree) and child.data != "new_line_or_comment")


def _branch(node: Branch, kind: str) -> Branch:
    return next(child for child in _branches(node) if child.data == kind)


def _start(node: Branch | Token) -> int:
    return node.meta.start_pos if isinstance(node, Tree) else node.start_pos or 0


def _end(node: Branch | Token) -> int:
    """Where the last token ends; a branch itself may go on over comments and line breaks."""
    while isinstance(node, Tree):
        node = next(
            child
            for child in reversed(node.children)
            if isinstance(child, Token) or child.data != "new_line_or_comment"
        )
    return node.end_pos or 0
