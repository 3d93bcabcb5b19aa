"""HCL through the compiled ``tree-sitter-hcl`` grammar: the front end that is used where its wheel is installed.

The grammar is laxer than HashiCorp's parser, and in a few places wrong. What it accepts too much is found by the reader
where that is cheap; where it would misread, it gets a text of the same length to look at. Texts and numbers are always
taken from the original. What stays accepted though Terraform would refuse it: line breaks inside of an expression that
stands in no brackets, which cannot change its meaning.
"""

from __future__ import annotations

import re
from typing import Final

from tree_sitter import Node, Parser

from scanner.parsers.terraform.front_end import BodyAndProblems
from scanner.parsers.terraform.positions import SyntaxInvalid, advanced
from scanner.parsers.terraform.tree import Expression, Position
from scanner.parsers.terraform.treesitter_nodes import BODY, COMMENT, EXPRESSION, HEREDOC, LANGUAGE, one
from scanner.parsers.terraform.treesitter_reader import Reader

_OVERESCAPED: Final = re.compile(rb"(?<!\$)\${3,}+\{|(?<!%)%{3,}+\{")
_HEREDOC_MARKER: Final = re.compile(rb"<<-?([\w-]+)[ \t]*\r?\n")
_WORD_BEFORE_SEQUENCE: Final = re.compile(rb"^([ \t]*)([\w-]+)(?=[ \t]*[$%]\{)", re.MULTILINE)
# In HCL a number may have an exponent without a fraction.
_EXPONENT: Final = re.compile(rb"(?<![\w.-])[0-9]+[eE][-+]?[0-9]+")
# { a = b <newline> (c) = d } is two items, not a call of b. With a number for b there is nothing to call.
_NAME_BEFORE_KEY: Final = re.compile(rb"(?<![\w.:-])[A-Za-z_][\w-]*(?=[ \t]*(?:(?:\#|//)[^\n]*|\r)?\n\s*\()")


def _masked(source: bytes) -> bytes:
    """The text with what the grammar's scanner would misread replaced by underscores, byte for byte.

    It takes ``$$${`` for a dollar sign, a dollar sign and an interpolation, where HashiCorp's reads ``$`` and an
    escaped ``${``. And in a heredoc it overlooks an interpolation that follows on the marker's own letters.
    """
    if b"$$${" in source or b"%%%{" in source:
        source = _OVERESCAPED.sub(lambda match: b"_" * len(match[0]), source)
    if b"<<" in source and (markers := set(_HEREDOC_MARKER.findall(source))):
        source = _WORD_BEFORE_SEQUENCE.sub(
            lambda match: match[1] + b"_" * len(match[2]) if match[2] in markers else match[0], source
        )
    return source


def read_body(source: bytes, first_line: int = 1) -> BodyAndProblems:
    """See :class:`~scanner.parsers.terraform.front_end.FrontEnd`."""
    reader = Reader(source, first_line)
    content = [node for node in _parse(source, reader).children if node.kind_id != COMMENT]
    if content and content[0].kind_id != BODY:
        raise SyntaxInvalid("a block or an argument is expected here, not an object", reader.at(content[0]))
    return reader.body(content[0] if content else None), reader.problems


def read_expression(source: str, at: Position | None = None) -> Expression:
    """See :class:`~scanner.parsers.terraform.front_end.FrontEnd`."""
    # The grammar does not mind a line break after the equals sign, so lines only shift by one.
    data = f"x =\n{source}".encode()
    reader = Reader(data, 0, at)
    content = [node for part in _parse(data, reader).children if part.kind_id == BODY for node in part.children]
    arguments = [node for node in content if node.kind_id != COMMENT]
    if len(arguments) != 1:
        raise SyntaxInvalid("one expression is expected here", reader.at(arguments[1]))
    value = reader.expression(one(arguments[0].children, EXPRESSION))
    if reader.problems:
        raise SyntaxInvalid(reader.problems[0].message, reader.problems[0].at)
    return value


def read_template(source: str, at: Position | None = None) -> Expression:
    """See :class:`~scanner.parsers.terraform.front_end.FrontEnd`."""
    count = 0
    while (marker := f"TEMPLATE{count}") in source:
        count += 1
    data = f"x = <<{marker}\n{source}\n{marker}\n".encode()
    reader = Reader(data, 0, at)
    node = _parse(data, reader).descendant_for_byte_range(4, 5)
    while node is not None and node.kind_id != HEREDOC:
        node = node.parent
    if node is None:
        raise SyntaxInvalid("a template is expected here", at or (1, 1, 1, 1))
    return reader.heredoc(node, at or (1, 1, *advanced(1, 1, source)))


def _parse(source: bytes, reader: Reader) -> Node:
    """The root of the parsed text; read a second time around the grammar's known gaps when the first brought errors."""
    masked = _masked(source)
    root = Parser(LANGUAGE).parse(masked).root_node
    if not root.has_error:
        return root
    repaired = _EXPONENT.sub(lambda match: b"1" * len(match[0]), masked)
    repaired = _NAME_BEFORE_KEY.sub(lambda match: b"1" * len(match[0]), repaired)
    if repaired != masked:
        again = Parser(LANGUAGE).parse(repaired).root_node
        if not again.has_error:
            return again
    raise reader.error(root)
