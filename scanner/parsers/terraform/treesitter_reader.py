"""From the nodes of ``tree-sitter-hcl`` to our own tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from tree_sitter import Node

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
from scanner.parsers.terraform.positions import MAX_NESTING, SyntaxInvalid, between, too_deep, unexpected
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
from scanner.parsers.terraform.treesitter_nodes import (
    ATTRIBUTE,
    BLOCK,
    BLOCK_START,
    BODY,
    COMMA,
    COMMENT,
    CONDITIONAL,
    ELLIPSIS,
    EXPRESSION,
    FOR_COND,
    FOR_INTRO,
    FULL_SPLAT,
    FUNCTION_ARGUMENTS,
    GET_ATTR,
    IDENTIFIER,
    INDEX,
    LEGACY_INDEX,
    OBJECT_ELEM,
    PARENTHESIS,
    SPLAT,
    STRING,
    STRIP_MARKER,
    TEMPLATE_MARKS,
    kind,
    one,
    one_or_none,
    sequences,
)

_ACCESSES: Final = frozenset((GET_ATTR, INDEX, SPLAT, COMMENT))


class Reader:
    """Turns the nodes of one parse into our tree.

    Lines count from ``first_line``; or all of it stands ``everywhere``, in one place.
    """

    def __init__(self, source: bytes, first_line: int, everywhere: Position | None = None) -> None:
        self.problems: list[SyntaxProblem] = []
        self._source = source
        self._first_line = first_line
        self._everywhere = everywhere
        self._depth = 0
        self._ascii = source.decode("ascii") if source.isascii() else None
        self._lines = [] if self._ascii is not None else source.split(b"\n")

    # Places and texts

    def at(self, node: Node) -> Position:
        """Where a node stands."""
        if self._everywhere is not None:
            return self._everywhere
        row, column = node.start_point
        end_row, end_column = node.end_point
        if self._lines:
            column = self._column(row, column)
            end_column = self._column(end_row, end_column)
        return (row + self._first_line, column + 1, end_row + self._first_line, end_column + 1)

    def _line(self, point: tuple[int, int]) -> int:
        return point[0] + self._first_line

    def _column(self, row: int, column: int) -> int:
        return len(self._lines[row][:column].decode())

    def _slice(self, start: int, end: int) -> str:
        return self._ascii[start:end] if self._ascii is not None else self._source[start:end].decode()

    def _text(self, node: Node) -> str:
        return self._slice(node.start_byte, node.end_byte)

    def _name(self, node: Node) -> str:
        name = self._text(node)
        return plain_name(name, self.at(node)) if "::" in name else name

    def _enter(self, node: Node) -> None:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise too_deep(self.at(node))

    def _problem(self, message: str, at: Position) -> None:
        self.problems.append(SyntaxProblem(message, at, fatal=False))

    def error(self, root: Node) -> SyntaxInvalid:
        """What is wrong at the first place where the grammar got lost."""
        node = root
        while not (node.is_missing or node.is_error):
            node = next(child for child in node.children if child.has_error or child.is_missing)
        if node.is_missing:
            return SyntaxInvalid(f"expected {node.type}", self.at(node))
        while node.children and node.children[-1].has_error:
            node = node.children[-1]
        if self._line(node.start_point) < 1:  # in what was put around an expression
            return SyntaxInvalid("not a complete expression", self._everywhere or (1, 1, 1, 1))
        found = " ".join(self._text(node).split())
        return SyntaxInvalid(unexpected(found), self.at(node))

    # Bodies

    def body(self, node: Node | None) -> Body:
        """Read a body; ``None`` is an empty one."""
        return body(self._items(node), self.problems) if node is not None else Body({}, ())

    def _items(self, node: Node) -> Iterator[tuple[Attribute | Block, int]]:
        for child in node.children:
            kind = child.kind_id
            if kind == ATTRIBUTE:
                attribute = self._attribute(child)
                yield attribute, attribute.at[2]
            elif kind == BLOCK:
                yield self._block(child), self._line(child.end_point)

    def _attribute(self, node: Node) -> Attribute:
        children = node.children
        value = children[-1] if children[-1].kind_id == EXPRESSION else one(children, EXPRESSION)
        at = self.at(node)
        if self._line(value.start_point) != at[0]:
            self._problem("expected the value in the line of its name", at)
        return Attribute(self._name(children[0]), self.expression(value), at)

    def _block(self, node: Node) -> Block:
        self._enter(node)
        labels: list[str] = []
        content: Node | None = None
        children = node.children
        first = last = brace = children[0]
        for child in children[1:]:
            kind = child.kind_id
            if kind == STRING:
                labels.append(self._string(child))
                last = child
            elif kind == IDENTIFIER:
                labels.append(self._name(child))
                last = child
            elif kind == BLOCK_START:
                brace = child
            elif kind == BODY:
                content = child
        found = Block(self._name(first), tuple(labels), self.body(content), between(self.at(first), self.at(last)))
        inside = None if content is None else (self._line(content.start_point), self._line(content.end_point))
        check_lines(found, self._line(brace.start_point), inside, self._line(children[-1].start_point), self.problems)
        self._depth -= 1
        return found

    # Expressions

    def expression(self, node: Node) -> Expression:
        """Read an expression."""
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise too_deep(self.at(node))
        value, _ = self._term(node.children, 0)
        self._depth -= 1
        return value

    def _term(self, children: Sequence[Node], index: int) -> tuple[Expression, int]:
        """Read a value and the accesses after it; also give the index of the first node that does not belong to it."""
        while (kind := (node := children[index]).kind_id) == COMMENT:
            index += 1
        if kind == PARENTHESIS:
            while children[index].kind_id != EXPRESSION:
                index += 1
            value = self.expression(children[index])
            index += 1
            while children[index].kind_id == COMMENT:
                index += 1
        else:
            value = self._TERMS[kind](self, node)
        index += 1
        steps: list[Step] = []
        while index < len(children) and (kind := (node := children[index]).kind_id) in _ACCESSES:
            if kind != COMMENT:
                steps.extend(self._steps(node))
            index += 1
        return (follow(value, steps) if steps else value), index

    def _steps(self, node: Node) -> Iterator[Step]:
        kind = node.kind_id
        if kind == GET_ATTR:
            yield Step(Access.ATTRIBUTE, self.at(node), name=self._name(node.children[-1]))
        elif kind == INDEX:
            yield self._index(node.children[0])
        else:
            splat = node.children[0]
            access = Access.FULL_SPLAT if splat.kind_id == FULL_SPLAT else Access.ATTRIBUTE_SPLAT
            yield Step(access, self.at(splat.children[0]))
            for child in splat.children[1:]:
                if child.kind_id != COMMENT:
                    yield from self._steps(child)

    def _index(self, node: Node) -> Step:
        at = self.at(node)
        if node.kind_id == LEGACY_INDEX:
            digits = self._text(node).removeprefix(".").strip()
            return Step(Access.LEGACY_INDEX, at, key=number(digits, at))
        return Step(Access.INDEX, at, key=self.expression(one(node.children, EXPRESSION)))

    def _inner(self, node: Node) -> Expression:
        """A node that only wraps another one."""
        child = node.children[0]
        return self._TERMS[child.kind_id](self, child)

    def _variable(self, node: Node) -> Expression:
        return Variable(self._name(node), self.at(node))

    def _numeric(self, node: Node) -> Expression:
        text = self._text(node)
        # What is no number here was made one for the grammar's eyes only.
        return number(text, self.at(node)) if text[0].isdigit() else Variable(text, self.at(node))

    def _bool(self, node: Node) -> Expression:
        return Literal(self._text(node) == "true", self.at(node))

    def _null(self, node: Node) -> Expression:
        return Literal(None, self.at(node))

    def _unary(self, node: Node) -> Expression:
        self._enter(node)
        children = node.children
        value, _ = self._term(children, 1)
        self._depth -= 1
        return Unary(self._text(children[0]), value, between(self.at(children[0]), value.at))

    def _binary(self, node: Node) -> Expression:
        self._enter(node)
        children = node.children
        left, index = self._term(children, 0)
        right, _ = self._term(children, index + 1)
        self._depth -= 1
        return Binary(self._text(children[index]), left, right, between(left.at, right.at))

    def _conditional(self, node: Node) -> Expression:
        """Read a chain of conditionals.

        The grammar takes ``a ? b : c ? d : e`` for ``(a ? b : c) ? d : e``; HCL means ``a ? b : (c ? d : e)``.
        """
        thens: list[Node] = []
        otherwises: list[Node] = []
        while True:
            condition, then, otherwise = (child for child in node.children if child.kind_id == EXPRESSION)
            thens.append(then)
            otherwises.append(otherwise)
            if (inner := one_or_none(condition.children, CONDITIONAL)) is None:
                break
            node = inner
        self._depth += len(thens)
        if self._depth > MAX_NESTING:
            raise too_deep(self.at(node))
        value = self.expression(otherwises[0])
        for then, test in zip(thens, (*otherwises[1:], condition), strict=True):
            tested = self.expression(test)
            value = Conditional(tested, self.expression(then), value, between(tested.at, value.at))
        self._depth -= len(thens)
        return value

    def _tuple(self, node: Node) -> Expression:
        items = [self.expression(child) for child in node.children if child.kind_id == EXPRESSION]
        return TupleCons(tuple(items), self.at(node))

    def _object(self, node: Node) -> Expression:
        items: list[tuple[Expression, Expression]] = []
        check = Separators(self.problems)
        for child in node.children:
            kind = child.kind_id
            if kind == OBJECT_ELEM:
                key, value = (part for part in child.children if part.kind_id == EXPRESSION)
                check.item(self.at(child))
                items.append((self._key(key), self.expression(value)))
            elif kind == COMMA:
                check.comma(self.at(child))
        return ObjectCons(tuple(items), self.at(node))

    def _key(self, node: Node) -> Expression:
        value = self.expression(node)
        return value if node.children[0].kind_id == PARENTHESIS else object_key(value)

    def _call(self, node: Node) -> Expression:
        arguments = one_or_none(node.children, FUNCTION_ARGUMENTS)
        inside = arguments.children if arguments is not None else ()
        values = [self.expression(child) for child in inside if child.kind_id == EXPRESSION]
        expand = any(child.kind_id == ELLIPSIS for child in inside)
        return Call(self._text(node.children[0]), tuple(values), expand, self.at(node))

    def _for_tuple(self, node: Node) -> Expression:
        key, name, collection, condition = self._for_parts(node)
        return ForTuple(
            key, name, collection, self.expression(one(node.children, EXPRESSION)), condition, self.at(node)
        )

    def _for_object(self, node: Node) -> Expression:
        key, name, collection, condition = self._for_parts(node)
        label, result = (self.expression(child) for child in node.children if child.kind_id == EXPRESSION)
        group = one_or_none(node.children, ELLIPSIS) is not None
        return ForObject(key, name, collection, label, result, group, condition, self.at(node))

    def _for_parts(self, node: Node) -> tuple[str, str, Expression, Expression | None]:
        intro = one(node.children, FOR_INTRO).children
        key, name = self._for_names(intro)
        collection = self.expression(one(intro, EXPRESSION))
        test = one_or_none(node.children, FOR_COND)
        return key, name, collection, None if test is None else self.expression(one(test.children, EXPRESSION))

    def _for_names(self, children: Sequence[Node]) -> tuple[str, str]:
        names = [self._name(child) for child in children if child.kind_id == IDENTIFIER]
        return (names[0], names[1]) if len(names) > 1 else ("", names[0])

    # Templates

    def _string(self, node: Node) -> str:
        text = self._slice(node.start_byte + 1, node.end_byte - 1)
        if "\n" in text:
            raise SyntaxInvalid("a quoted text ends in its line", self.at(node))
        if "\\" in text or "{" in text:
            line, column, _, _ = self.at(node)
            return unescape(text, line, column + 1)
        return text

    def _string_literal(self, node: Node) -> Expression:
        return text_literal(self._string(node), self.at(node))

    def _quoted(self, node: Node) -> Expression:
        at = self.at(node)
        parts = self._parts(node, node.start_byte + 1, node.end_byte - 1, (at[0], at[1] + 1))
        if any(isinstance(part, Text) and "\n" in part.source for part in parts):
            raise SyntaxInvalid("a quoted text ends in its line", at)
        return assemble(parts, Style.QUOTED, at)

    def heredoc(self, node: Node, template: Position | None = None) -> Expression:
        """Read a heredoc; or the template that one was put around, whose place this is, without its last newline."""
        children = [child for child in node.children if child.kind_id != COMMENT]
        opening, marker, closing = children[0], children[1], children[-1]
        at = self.at(node)
        start = self._source.find(b"\n", marker.end_byte) + 1
        if opening.end_byte != marker.start_byte or self._slice(marker.end_byte, start) not in ("\n", "\r\n"):
            raise SyntaxInvalid("a heredoc's marker is expected directly after << and at the end of its line", at)
        end = self._source.rfind(b"\n", 0, closing.start_byte) + 1
        place = (node.start_point[0] + self._first_line + 1, 1)
        if template is not None:
            return assemble(self._parts(node, start, end - 1, place), Style.HEREDOC, template)
        style = Style.FLUSH if self._text(opening) == "<<-" else Style.HEREDOC
        return assemble(self._parts(node, start, end, place), style, at)

    def _parts(self, template: Node, start: int, end: int, place: tuple[int, int]) -> list[Text | Mark]:
        """Cut a template from byte ``start`` to ``end``; ``place`` is the line and column of its beginning.

        The texts are what stands between the sequences: the grammar's own literal nodes lack their outer spaces.
        """
        parts: list[Text | Mark] = []
        for node in sequences(template):
            if node.start_byte > start:
                parts.append(Text(self._slice(start, node.start_byte), *place, self._everywhere))
            mark = self._mark(node)
            parts.append(mark)
            start, place = node.end_byte, mark.at[2:]
        if end > start:
            parts.append(Text(self._slice(start, end), *place, self._everywhere))
        return parts

    def _mark(self, node: Node) -> Mark:
        children = node.children
        value = one_or_none(children, EXPRESSION)
        kind = TEMPLATE_MARKS.get(node.kind_id, "interpolation")
        key, name = self._for_names(children) if kind == "for" else ("", "")
        return Mark(
            kind,
            self.at(node),
            None if value is None else self.expression(value),
            key,
            name,
            strips_before=children[1].kind_id == STRIP_MARKER,
            strips_after=children[-2].kind_id == STRIP_MARKER,
        )

    _TERMS: Final[dict[int, Callable[[Reader, Node], Expression]]] = {
        kind("literal_value"): _inner,
        kind("template_expr"): _inner,
        kind("collection_value"): _inner,
        kind("for_expr"): _inner,
        kind("operation"): _inner,
        kind("variable_expr"): _variable,
        kind("function_call"): _call,
        kind("conditional"): _conditional,
        kind("string_lit"): _string_literal,
        kind("quoted_template"): _quoted,
        kind("heredoc_template"): heredoc,
        kind("numeric_lit"): _numeric,
        kind("bool_lit"): _bool,
        kind("null_lit"): _null,
        kind("tuple"): _tuple,
        kind("object"): _object,
        kind("for_tuple_expr"): _for_tuple,
        kind("for_object_expr"): _for_object,
        kind("unary_operation"): _unary,
        kind("binary_operation"): _binary,
    }
