"""What the entries of a configuration mean: ids, globs, kinds and tags."""

from __future__ import annotations

import re
from typing import Final

from scanner.graph.graph import Graph
from scanner.model.resource import Resource
from scanner.simulation.context import FRONTS, SERVERS

_TAGGED: Final = frozenset(
    {"database", "cache", "queue", "object_store", "key", "search", "file_store", "workflow", "cluster"}
)
"""Kinds that a tag may make an entry, beside fronts and servers."""


def select(graph: Graph, selector: str) -> list[Resource]:
    """The resources that an entry means: an id (without an index, all its instances), a glob, a kind or a tag."""
    if selector.startswith("kind:"):
        return [r for r in graph.of_kind(selector.removeprefix("kind:")) if r.declaration.mode == "managed"]
    if selector.startswith("tag:"):
        key, _, value = selector.removeprefix("tag:").partition("=")
        return [
            r for r in graph.resources.values() if r.tags.get(key) == value and r.kind in SERVERS | FRONTS | _TAGGED
        ]
    if "*" in selector.replace("[*]", ""):
        return [r for r in graph.resources.values() if matches(r.id, selector)]
    return [graph.resources[name] for name in graph.index.addressed(selector) if name in graph.resources]


def matches(name: str, pattern: str) -> bool:
    """Whether an id is meant: equal, an instance of it, or matched by a glob in which ``*`` is any text."""
    if name == pattern or (name.startswith(f"{pattern}[") and "]" not in pattern[-1:]):
        return True
    if "*" not in pattern:
        return False
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name) is not None
