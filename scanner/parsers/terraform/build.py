"""What every HCL front end decides alike once it has recognized the pieces: numbers, keys, access chains, bodies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Final

from msgspec import Struct

from scanner.parsers.terraform.positions import MAX_NESTING, SyntaxInvalid, between, too_deep
from scanner.parsers.terraform.strings import text_literal
from scanner.parsers.terraform.tree import (
    Attribute,
    Block,
    Body,
    Expression,
    GetAttr,
    Index,
    Literal,
    Position,
    Splat,
    SplatItem,
    SyntaxProblem,
    Variable,
)

MAX_WHOLE_DIGITS: Final = 400
"""Whole numbers of more digits stay ``Decimal``: an ``int`` of ``1e999999999`` would fill the memory."""

_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_KEYWORDS: Final = {True: "true", False: "false", None: "null"}


def number(text: str, at: Position) -> Literal:
    """A number literal: ``int`` when whole, else ``Decimal``. Raises :class:`SyntaxInvalid` for anything else.

    A minus sign is read too: JSON has it in its numbers, HCL before them.
    """
    if len(text) <= MAX_WHOLE_DIGITS and text.isascii() and text.isdigit():
        return Literal(int(text), at)
    if _NUMBER.fullmatch(text) is None:
        raise SyntaxInvalid(f"not a number: {text[:40]}", at)
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise SyntaxInvalid(f"a number out of range: {text[:40]}", at) from None
    if value.adjusted() < MAX_WHOLE_DIGITS and value == value.to_integral_value():
        return Literal(int(value), at)
    return Literal(value, at)


def plain_name(name: str, at: Position) -> str:
    """A name of anything but a function, which alone may have a namespace."""
    if "::" in name:
        raise SyntaxInvalid(f"a name is expected here, not a function's: {name}", at)
    return name


def object_key(key: Expression) -> Expression:
    """The key of an object written without parentheses: a bare name, even a keyword's, is a text."""
    if isinstance(key, Variable):
        return text_literal(key.name, key.at)
    if isinstance(key, Literal) and (key.value is None or isinstance(key.value, bool)):
        return Literal(_KEYWORDS[key.value], key.at)
    return key


class Access(Enum):
    """One step of a chain such as ``.name[0].*.id``."""

    ATTRIBUTE = ".name"
    INDEX = "[key]"
    LEGACY_INDEX = ".0"
    ATTRIBUTE_SPLAT = ".*"
    FULL_SPLAT = "[*]"


class Step(Struct, frozen=True):
    """A step with its place; ``name`` for attributes, ``key`` for both kinds of index."""

    access: Access
    at: Position
    name: str = ""
    key: Expression | None = None


def follow(base: Expression, steps: Sequence[Step]) -> Expression:
    """Apply a chain of accesses to a value.

    ``[*]`` takes all that follows into its element; ``.*`` takes the attributes and legacy indexes that follow, and
    may not be followed by another ``.*`` (https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md#splat-operators).
    """
    if len(steps) > MAX_NESTING:
        raise too_deep(steps[0].at)
    _check_legacy(base, steps)
    index = 0
    while index < len(steps):
        step = steps[index]
        index += 1
        if step.access is Access.FULL_SPLAT:
            each = follow(SplatItem(step.at), steps[index:])
            return Splat(base, each, True, between(base.at, each.at))
        if step.access is Access.ATTRIBUTE_SPLAT:
            each = SplatItem(step.at)
            while index < len(steps) and steps[index].access in (Access.ATTRIBUTE, Access.LEGACY_INDEX):
                each = _access(each, steps[index])
                index += 1
            if index < len(steps) and steps[index].access is Access.ATTRIBUTE_SPLAT:
                raise SyntaxInvalid("a .* splat cannot follow in another one", steps[index].at)
            base = Splat(base, each, False, between(base.at, each.at))
        else:
            base = _access(base, step)
    return base


def _check_legacy(base: Expression, steps: Sequence[Step]) -> None:
    """HashiCorp's scanner takes the digits of ``x.0.1`` and ``1.5.2`` for one number each."""
    after_number = isinstance(base, Literal) and not isinstance(base.value, bool | str | None)
    for step in steps:
        legacy = step.access is Access.LEGACY_INDEX
        if legacy and after_number:
            raise SyntaxInvalid("not an index: write [ ] around it", step.at)
        after_number = legacy


def _access(base: Expression, step: Step) -> Expression:
    at = between(base.at, step.at)
    return GetAttr(base, step.name, at) if step.key is None else Index(base, step.key, at)


def body(items: Iterable[tuple[Attribute | Block, int]], problems: list[SyntaxProblem]) -> Body:
    """A body of attributes and blocks, each given with its last line (0 when lines mean nothing).

    The first of two attributes with one name is kept; the second is a problem, and so is an item that begins in
    the line in which the one before it ends.
    """
    attributes: dict[str, Attribute] = {}
    blocks: list[Block] = []
    line_before = 0
    for item, last_line in items:
        if item.at[0] == line_before:
            problems.append(SyntaxProblem("expected a new line before this", item.at, fatal=False))
        line_before = last_line
        if isinstance(item, Block):
            blocks.append(item)
        elif (first := attributes.setdefault(item.name, item)) is not item:
            message = f"the argument {item.name} was already set in line {first.at[0]}"
            problems.append(SyntaxProblem(message, item.at, fatal=False))
    return Body(attributes, tuple(blocks))


@dataclass(slots=True)
class Separators:
    """Notes where the items of an object are not parted by a comma or a line break, and commas that part nothing."""

    problems: list[SyntaxProblem]
    _line: int = 0  # the one in which the item before ends; 0 when a comma followed

    def item(self, at: Position) -> None:
        """The next thing in the object is an item."""
        if at[0] == self._line:
            self.problems.append(SyntaxProblem("expected a comma or a new line before this", at, fatal=False))
        self._line = at[2]

    def comma(self, at: Position) -> None:
        """The next thing in the object is a comma."""
        if at[0] != self._line:
            self.problems.append(SyntaxProblem("a comma is expected directly after an item", at, fatal=False))
        self._line = 0


def check_lines(
    block: Block, brace: int, content: tuple[int, int] | None, closing: int, problems: list[SyntaxProblem]
) -> None:
    """Note where a block is not laid out as HCL wants it.

    Given are the lines of the two braces and those in which the content begins and ends. Either the content has lines
    of its own, or it is one argument in the only line. Raises :class:`SyntaxInvalid` when the header is not in its
    brace's line: then words that stand above a block would be taken for its type.
    """
    if not block.at[0] == block.at[2] == brace:
        raise SyntaxInvalid("expected { in the line of the block's type", block.at)
    if content is None or (brace < content[0] and content[1] < closing):
        return
    if len(block.body.attributes) != 1 or block.body.blocks or brace != closing:
        message = "expected new lines after { and before }, as this is not just one argument in one line"
        problems.append(SyntaxProblem(message, block.at, fatal=False))
