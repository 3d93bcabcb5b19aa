"""Our own small expression tree of HCL, the product of every syntax front end.

A position is ``(line, column, end_line, end_column)``: counted from 1, columns in Unicode characters, end exclusive.
The tree follows HashiCorp's HCL native syntax specification
(https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md): parentheses leave no node of their own, a template that
consists of one interpolation is a :class:`TemplateWrap`, a heredoc is a :class:`Template` whose indentation is already
stripped, escapes are already decoded.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

Position = tuple[int, int, int, int]


class Literal(Struct, frozen=True):
    """A number (``int`` when whole, else ``Decimal``), bool, null or a text without interpolation."""

    value: bool | int | Decimal | str | None
    at: Position


class Template(Struct, frozen=True):
    """A text with interpolations or directives. Its parts are literals and expressions in order."""

    parts: tuple[Expression, ...]
    at: Position


class TemplateWrap(Struct, frozen=True):
    """``"${x}"`` with nothing else: the value keeps its type."""

    value: Expression
    at: Position


class TemplateIf(Struct, frozen=True):
    """``%{ if }``: both branches are templates; ``otherwise`` is an empty template when there is no else."""

    condition: Expression
    then: Template
    otherwise: Template
    at: Position


class TemplateFor(Struct, frozen=True):
    """``%{ for k, v in xs }``; ``key`` is empty when one name is given."""

    key: str
    value: str
    collection: Expression
    body: Template
    at: Position


class Variable(Struct, frozen=True):
    """A root name: ``var``, ``local``, ``aws_db_instance``, ``each``, or a name bound by ``for``."""

    name: str
    at: Position


class GetAttr(Struct, frozen=True):
    """``x.name``."""

    value: Expression
    name: str
    at: Position


class Index(Struct, frozen=True):
    """``x[key]``; the legacy ``x.0`` is one too, with a literal key."""

    value: Expression
    key: Expression
    at: Position


class Splat(Struct, frozen=True):
    """``x[*]`` (``full``) or ``x.*``: ``each`` is applied to every element, which it names by :class:`SplatItem`.

    A full splat takes all accessors that follow into ``each``; an attribute-only splat takes only the ``.name`` ones,
    and an index after it applies to the whole list.
    """

    value: Expression
    each: Expression
    full: bool
    at: Position


class SplatItem(Struct, frozen=True):
    """The element that the innermost :class:`Splat` is looking at."""

    at: Position


class Call(Struct, frozen=True):
    """A function call. ``name`` may be namespaced (``provider::aws::arn_parse``); ``expand`` is ``...``."""

    name: str
    arguments: tuple[Expression, ...]
    expand: bool
    at: Position


class Unary(Struct, frozen=True):
    """``-x`` or ``!x``."""

    operator: str
    value: Expression
    at: Position


class Binary(Struct, frozen=True):
    """``+ - * / % == != < <= > >= && ||``."""

    operator: str
    left: Expression
    right: Expression
    at: Position


class Conditional(Struct, frozen=True):
    """``condition ? then : otherwise``."""

    condition: Expression
    then: Expression
    otherwise: Expression
    at: Position


class TupleCons(Struct, frozen=True):
    """``[a, b]``."""

    items: tuple[Expression, ...]
    at: Position


class ObjectCons(Struct, frozen=True):
    """``{a = 1, (k) = 2}``. A bare identifier key is a :class:`Literal` text; ``(k)`` is any expression."""

    items: tuple[tuple[Expression, Expression], ...]
    at: Position


class ForTuple(Struct, frozen=True):
    """``[for k, v in xs : result if condition]``; ``key`` is empty when one name is given."""

    key: str
    value: str
    collection: Expression
    result: Expression
    condition: Expression | None
    at: Position


class ForObject(Struct, frozen=True):
    """``{for k, v in xs : name => result... if condition}``; ``group`` is the ``...``."""

    key: str
    value: str
    collection: Expression
    name: Expression
    result: Expression
    group: bool
    condition: Expression | None
    at: Position


Expression = (
    Literal
    | Template
    | TemplateWrap
    | TemplateIf
    | TemplateFor
    | Variable
    | GetAttr
    | Index
    | Splat
    | SplatItem
    | Call
    | Unary
    | Binary
    | Conditional
    | TupleCons
    | ObjectCons
    | ForTuple
    | ForObject
)


class Attribute(Struct, frozen=True):
    """``name = value``. ``at`` covers both."""

    name: str
    value: Expression
    at: Position


class Block(Struct, frozen=True):
    """``type "label" { … }``. ``at`` is the header: from the type's first character to the end of the last label."""

    type: str
    labels: tuple[str, ...]
    body: Body
    at: Position


class Body(Struct, frozen=True):
    """Attributes by name and blocks in order."""

    attributes: dict[str, Attribute]
    blocks: tuple[Block, ...]


class SyntaxProblem(Struct, frozen=True):
    """What is wrong in a file and where; ``expected`` completes the sentence when the parser can tell."""

    message: str
    at: Position
    fatal: bool = True


class ParsedFile(Struct, frozen=True):
    """The tree of one file, as far as it could be read."""

    body: Body
    problems: tuple[SyntaxProblem, ...] = ()
