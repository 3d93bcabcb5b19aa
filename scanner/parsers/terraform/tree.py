"""Our own small expression tree of HCL, the product of every syntax front end.

A position is ``(line, column, end_line, end_column)``: counted from 1, columns in Unicode characters, end exclusive.
The tree follows HashiCorp's HCL native syntax specification
(https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md): parentheses leave no node of their own, a template that
consists of one interpolation is a :class:`TemplateWrap`, a heredoc is a :class:`Template` whose indentation is already
stripped, escapes are already decoded.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

Position = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Literal:
    """A number (``int`` when whole, else ``Decimal``), bool, null or a text without interpolation."""

    value: bool | int | Decimal | str | None
    at: Position


@dataclass(frozen=True, slots=True)
class Template:
    """A text with interpolations or directives. Its parts are literals and expressions in order."""

    parts: tuple[Expression, ...]
    at: Position


@dataclass(frozen=True, slots=True)
class TemplateWrap:
    """``"${x}"`` with nothing else: the value keeps its type."""

    value: Expression
    at: Position


@dataclass(frozen=True, slots=True)
class TemplateIf:
    """``%{ if }``: both branches are templates; ``otherwise`` is an empty template when there is no else."""

    condition: Expression
    then: Template
    otherwise: Template
    at: Position


@dataclass(frozen=True, slots=True)
class TemplateFor:
    """``%{ for k, v in xs }``; ``key`` is empty when one name is given."""

    key: str
    value: str
    collection: Expression
    body: Template
    at: Position


@dataclass(frozen=True, slots=True)
class Variable:
    """A root name: ``var``, ``local``, ``aws_db_instance``, ``each``, or a name bound by ``for``."""

    name: str
    at: Position


@dataclass(frozen=True, slots=True)
class GetAttr:
    """``x.name``."""

    value: Expression
    name: str
    at: Position


@dataclass(frozen=True, slots=True)
class Index:
    """``x[key]``; the legacy ``x.0`` is one too, with a literal key."""

    value: Expression
    key: Expression
    at: Position


@dataclass(frozen=True, slots=True)
class Splat:
    """``x[*]`` (``full``) or ``x.*``: ``each`` is applied to every element, which it names by :class:`SplatItem`.

    A full splat takes all accessors that follow into ``each``; an attribute-only splat takes only the ``.name`` ones,
    and an index after it applies to the whole list.
    """

    value: Expression
    each: Expression
    full: bool
    at: Position


@dataclass(frozen=True, slots=True)
class SplatItem:
    """The element that the innermost :class:`Splat` is looking at."""

    at: Position


@dataclass(frozen=True, slots=True)
class Call:
    """A function call. ``name`` may be namespaced (``provider::aws::arn_parse``); ``expand`` is ``...``."""

    name: str
    arguments: tuple[Expression, ...]
    expand: bool
    at: Position


@dataclass(frozen=True, slots=True)
class Unary:
    """``-x`` or ``!x``."""

    operator: str
    value: Expression
    at: Position


@dataclass(frozen=True, slots=True)
class Binary:
    """``+ - * / % == != < <= > >= && ||``."""

    operator: str
    left: Expression
    right: Expression
    at: Position


@dataclass(frozen=True, slots=True)
class Conditional:
    """``condition ? then : otherwise``."""

    condition: Expression
    then: Expression
    otherwise: Expression
    at: Position


@dataclass(frozen=True, slots=True)
class TupleCons:
    """``[a, b]``."""

    items: tuple[Expression, ...]
    at: Position


@dataclass(frozen=True, slots=True)
class ObjectCons:
    """``{a = 1, (k) = 2}``. A bare identifier key is a :class:`Literal` text; ``(k)`` is any expression."""

    items: tuple[tuple[Expression, Expression], ...]
    at: Position


@dataclass(frozen=True, slots=True)
class ForTuple:
    """``[for k, v in xs : result if condition]``; ``key`` is empty when one name is given."""

    key: str
    value: str
    collection: Expression
    result: Expression
    condition: Expression | None
    at: Position


@dataclass(frozen=True, slots=True)
class ForObject:
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


@dataclass(frozen=True, slots=True)
class Attribute:
    """``name = value``. ``at`` covers both."""

    name: str
    value: Expression
    at: Position


@dataclass(frozen=True, slots=True)
class Block:
    """``type "label" { … }``. ``at`` is the header: from the type's first character to the end of the last label."""

    type: str
    labels: tuple[str, ...]
    body: Body
    at: Position


@dataclass(frozen=True, slots=True)
class Body:
    """Attributes by name and blocks in order."""

    attributes: dict[str, Attribute]
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class SyntaxProblem:
    """What is wrong in a file and where; ``expected`` completes the sentence when the parser can tell."""

    message: str
    at: Position
    fatal: bool = True


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """The tree of one file, as far as it could be read."""

    body: Body
    problems: tuple[SyntaxProblem, ...] = ()
