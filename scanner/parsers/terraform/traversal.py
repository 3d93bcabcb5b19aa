"""What an expression's text mentions, without evaluating it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from scanner.parsers.terraform import tree

Steps = tuple[str | int | None, ...]
"""A traversal: root name, then attribute names and literal keys; ``None`` for a key that is computed."""

_PARTS: Final[Mapping[type, tuple[str, ...]]] = {
    tree.Template: ("parts",),
    tree.TemplateWrap: ("value",),
    tree.TemplateIf: ("condition", "then", "otherwise"),
    tree.TemplateFor: ("collection", "body"),
    tree.GetAttr: ("value",),
    tree.Index: ("value", "key"),
    tree.Splat: ("value", "each"),
    tree.Call: ("arguments",),
    tree.Unary: ("value",),
    tree.Binary: ("left", "right"),
    tree.Conditional: ("condition", "then", "otherwise"),
    tree.TupleCons: ("items",),
    tree.ForTuple: ("collection", "result", "condition"),
    tree.ForObject: ("collection", "name", "result", "condition"),
}
"""The fields that hold sub-expressions, in the order of the text."""


def children(node: tree.Expression) -> Iterator[tree.Expression]:
    """The direct sub-expressions, in the order of the text."""
    if isinstance(node, tree.ObjectCons):
        for key, value in node.items:
            yield key
            yield value
        return
    for name in _PARTS.get(type(node), ()):
        part = getattr(node, name)
        if isinstance(part, tuple):
            yield from part
        elif part is not None:
            yield part


def references(expression: tree.Expression) -> Iterator[tuple[Steps, tree.Position]]:
    """Every traversal that starts at a name, in the order of the text."""
    stack: list[tree.Expression] = [expression]
    while stack:
        node = stack.pop()
        if isinstance(node, (tree.GetAttr, tree.Index, tree.Variable)):
            steps, inner = _traversal(node)
            stack.extend(inner)
            if steps:
                yield steps, node.at
        else:
            stack.extend(reversed(list(children(node))))


def _traversal(node: tree.Expression) -> tuple[Steps, list[tree.Expression]]:
    """The steps of a traversal and the expressions inside its keys; no steps when it does not start at a name."""
    steps: list[str | int | None] = []
    inner: list[tree.Expression] = []
    while True:
        match node:
            case tree.GetAttr(value=value, name=name):
                steps.append(name)
                node = value
            case tree.Index(value=value, key=key):
                literal = key.value if isinstance(key, tree.Literal) else None
                steps.append(literal if isinstance(literal, (str, int)) else None)
                inner.append(key)
                node = value
            case tree.Variable(name=name):
                return (name, *reversed(steps)), inner
            case _:
                return (), [node, *inner]


def calls(expression: tree.Expression, opaque: frozenset[str] = frozenset()) -> Iterator[str]:
    """The names of the functions called, without ``core::``; the arguments of ``opaque`` ones are not looked at."""
    stack: list[Any] = [expression]
    while stack:
        node = stack.pop()
        if isinstance(node, tree.Call):
            name = node.name.removeprefix("core::")
            yield name
            if name in opaque:
                continue
        stack.extend(children(node))
