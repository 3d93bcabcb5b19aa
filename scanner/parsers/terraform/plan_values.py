"""The values that a plan gives a resource, with an unknown for each that is known only after the apply.

``values`` leave out what is unknown; only ``after_unknown`` beside them tells it from what nobody wrote
(https://developer.hashicorp.com/terraform/internals/json-format#change-representation).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from scanner.model.span import Span
from scanner.model.value import Ref, Unknown, Value

AFTER_APPLY: Final = "known after apply"
"""Why a planned value is unknown."""

_SHORTEST_SECRET: Final = 4
"""Shorter texts are no secrets: hiding them would tear other words apart."""

Nodes = Sequence[Value]
"""The expressions that may give a value: several where nothing tells which block of a set it is."""


@dataclass(slots=True)
class Planned:
    """Makes the attributes of one resource.

    ``expressions`` are those of its configuration, ``None`` when the plan has none. ``behind`` follows an expression's
    references.
    """

    id: str
    origin: Span
    expressions: Mapping[str, Value] | None
    behind: Callable[[list[Value]], tuple[Ref, ...]]

    def attributes(self, values: Value, unknown: Value) -> dict[str, Value]:
        """All that is planned. What is null, or a list of no blocks, is not written, as in the configuration."""
        written = self.expressions or {}
        values = values if isinstance(values, dict) else {}
        unknown = unknown if isinstance(unknown, dict) else {}
        found: dict[str, Value] = {}
        for name in dict.fromkeys((*values, *unknown)):
            nodes: Nodes = () if self.expressions is None else (self.expressions.get(name),)
            value = self._value(values.get(name), unknown.get(name), nodes, name)
            if value is not None and (name in written or isinstance(value, Unknown) or value not in ([], {})):
                found[name] = value
        return found

    def _value(self, value: Value, unknown: Value, nodes: Nodes, path: str) -> Value:
        if unknown is True:
            return self._unknown(nodes, path)
        if isinstance(value, dict) or (isinstance(unknown, dict) and value is None):
            inner = unknown if isinstance(unknown, dict) else {}
            return self._object(value or {}, inner, _matching(nodes, value), path) if value or inner else value
        if isinstance(value, list) or (isinstance(unknown, list) and value is None):
            return self._list(value or [], unknown if isinstance(unknown, list) else [], nodes, path)
        return value

    def _object(
        self, values: dict[str, Value], unknown: Mapping[str, Value], nodes: Nodes, path: str
    ) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for name in dict.fromkeys((*values, *unknown)):
            place = f"{path}.{name}" if path else name
            inner = _inside(nodes, name)
            value = self._value(values.get(name), unknown.get(name), inner, place)
            left_out = bool(inner) and all(node is None for node in inner) and value in ([], {})
            if value is not None and not left_out:
                found[name] = value
        return found

    def _list(self, values: list[Value], unknown: list[Value], nodes: Nodes, path: str) -> list[Value]:
        length = max(len(values), len(unknown))
        items = [*values, *[None] * (length - len(values))]
        marks = [*unknown, *[None] * (length - len(unknown))]
        return [self._value(items[i], marks[i], _item(nodes, i, items), f"{path}[{i}]") for i in range(length)]

    def _unknown(self, nodes: Nodes, path: str) -> Unknown:
        """An unknown with what its expression refers to; one that nobody wrote is what the provider makes of it."""
        written = [node for node in nodes if node is not None]
        if nodes and not written:
            own = Ref(self.id, path)
            return Unknown(AFTER_APPLY, self.origin, own, (own,))
        references = [name for node in written if isinstance(node, dict) for name in _all_references(node)]
        return Unknown(AFTER_APPLY, self.origin, None, self.behind(references))


def _item(nodes: Nodes, index: int, items: list[Value]) -> Nodes:
    """The expressions of one item of a list: its own block where the blocks are as many and in order, else any."""
    blocks: list[Value] = []
    for node in nodes:
        if isinstance(node, list) and len(node) == len(items) and all(map(_fits, node, items)):
            blocks.append(node[index])
        else:
            blocks.extend(node if isinstance(node, list) else [node])
    return blocks


def _inside(nodes: Nodes, name: str) -> Nodes:
    """The expressions one level further in: ``None`` where a block that is written leaves something out.

    There are none inside of what is not written: that may be the content of a dynamic block, of which a plan tells
    nothing.
    """
    written = (node for node in nodes if node is not None)
    return [node if is_expression(node) else node.get(name) if isinstance(node, dict) else None for node in written]


def _matching(nodes: Nodes, value: Value) -> Nodes:
    """Of several blocks those whose constants a value has: sets are not in the order in which they are written."""
    if len(nodes) < 2 or not isinstance(value, dict):
        return nodes
    fitting = [node for node in nodes if _fits(node, value)]
    return fitting or nodes


def _fits(block: Value, value: Value) -> bool:
    """Whether an object has all that a block says in plain."""
    if not isinstance(block, dict) or not isinstance(value, dict):
        return False
    constants = ((k, e["constant_value"]) for k, e in block.items() if isinstance(e, dict) and "constant_value" in e)
    return all(value.get(name) == constant for name, constant in constants)


def is_expression(node: Value) -> bool:
    """Whether a node of the configuration gives a value, rather than the content of a block."""
    if not isinstance(node, dict):
        return False
    return not node or "constant_value" in node or isinstance(node.get("references"), list)


def _all_references(node: Mapping[str, Value]) -> list[Value]:
    """The references of an expression, or of all in a block."""
    return [name for _, names in written_references(node, "") for name in names]


def written_references(node: Mapping[str, Value], path: str) -> Iterator[tuple[str, list[Value]]]:
    """The path of every expression below a node of the configuration, with what it refers to."""
    if is_expression(node):
        yield path, node.get("references") or []
        return
    for name, item in node.items():
        place = f"{path}.{name}" if path else name
        if isinstance(item, dict):
            yield from written_references(item, place)
        elif isinstance(item, list):
            for index, block in enumerate(item):
                if isinstance(block, dict):
                    yield from written_references(block, f"{place}[{index}]")


def secrets_in(value: Value, marks: Value) -> Iterator[str]:
    """The texts in a value that are marked as sensitive, each as it is written."""
    if marks is True:
        yield from _texts(value)
    elif isinstance(marks, dict) and isinstance(value, dict):
        for name, mark in marks.items():
            yield from secrets_in(value.get(name), mark)
    elif isinstance(marks, list) and isinstance(value, list):
        for item, mark in zip(value, marks, strict=False):
            yield from secrets_in(item, mark)


def _texts(value: Value) -> Iterator[str]:
    if isinstance(value, str) and len(value) >= _SHORTEST_SECRET:
        yield value
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
