"""Templates that are written into a text of another (``TemplateBody``)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scanner.parsers.cloudformation.fields import Field
from scanner.parsers.cloudformation.reading import Reading, Template, root_of, template_of
from scanner.parsers.positioned_yaml import read_yaml


def template(body: Field, path: str, reading: Reading) -> Template | None:
    """The template in a text; ``None`` when the text is not known or holds none.

    What stands in a block of lines keeps its places; what is escaped or put together stands where the text does.
    """
    name = body.origin.file
    if not isinstance(body.value, str):
        return None
    lines = _lines(body, reading.sources.get(name, ()))
    found = read_yaml((lines or body.value).encode(), name)
    reading.problems.extend(found.problems)
    if not found.documents or not isinstance(found.documents[0].data, dict):
        return None
    root = root_of(found.documents[0])
    if not lines:
        _move(root, body.node, set())
    return template_of(path, name, root)


def _lines(body: Field, source: tuple[str, ...]) -> str:
    """The lines of a block as they stand in the file; the text has lost their indentation, and nothing else."""
    node = body.node
    first, last = node.start_mark.line + 1, node.end_mark.line + (1 if node.end_mark.column else 0)
    if getattr(node, "style", None) != "|" or node.tag[:1] == "!" or last > len(source):
        return ""
    written = source[first:last]
    if _stripped(written) != _stripped(body.value.splitlines()):
        return ""
    return "\n".join([*[""] * first, *written])


def _stripped(lines: Iterable[str]) -> list[str]:
    return [line.strip() for line in lines if line.strip()]


def _move(node: Any, to: Any, moved: set[int]) -> None:
    """Put a node and all below it where another stands."""
    if id(node) in moved:
        return
    moved.add(id(node))
    node.start_mark, node.end_mark = to.start_mark, to.start_mark
    for item in node.value if node.id != "scalar" else ():
        for each in item if isinstance(item, tuple) else (item,):
            _move(each, to, moved)
