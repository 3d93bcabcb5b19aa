"""Roots and modules that are called otherwise as a whole: they hold the same addresses under another name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Final, TypeVar

from scanner.comparison.subjects import address
from scanner.graph.graph import Graph
from scanner.model.resource import Resource

_ALIKE: Final = 0.5
"""The part of its addresses that a root keeps when its folder moves."""
_MODULE: Final = re.compile(r"module\.[\w-]+")

Contents = dict[str, frozenset[Hashable]]
K = TypeVar("K", bound=Hashable)


def roots(base: Graph, head: Graph) -> dict[str, str]:
    """The roots of base that have another name in head: those with all the same addresses, then of one basename."""
    gone, come = _only(_roots(base), _roots(head)), _only(_roots(head), _roots(base))
    found = _same(gone, come)
    left = {name: held for name, held in come.items() if name not in frozenset(found.values())}
    by_basename = _grouped(left, posixpath.basename)
    for name, held in gone.items():
        twins = by_basename.get(posixpath.basename(name), []) if name not in found else []
        if len(twins) == 1 and len(held & left[twins[0]]) >= _ALIKE * max(len(held), len(left[twins[0]])):
            found[name] = twins[0]
    return found


def modules(base: Graph, head: Graph) -> dict[str, str]:
    """The calls of modules that have another name in head, as moves of addresses behind their root and ``#``."""
    before, after = _calls(base), _calls(head)
    found: dict[str, str] = {}
    for root in before.keys() & after.keys():
        renamed = _same(_only(before[root], after[root]), _only(after[root], before[root]))
        found.update({f"{root}#{old}": f"{root}#{new}" for old, new in renamed.items()})
    return dict(sorted(found.items()))


def _roots(graph: Graph) -> Contents:
    found: dict[str, set[Hashable]] = {}
    for each in _managed(graph):
        found.setdefault(each.declaration.root, set()).add((each.type, address(each.id)))
    return _frozen(found)


def _calls(graph: Graph) -> dict[str, Contents]:
    """The addresses within the first module of each, by root and call."""
    found: dict[str, dict[str, set[Hashable]]] = {}
    for each in _managed(graph):
        own = address(each.id)
        if (call := _MODULE.match(own)) is not None:
            held = found.setdefault(each.declaration.root, {}).setdefault(call[0], set())
            held.add((each.type, own[call.end() :]))
    return {root: _frozen(calls) for root, calls in found.items()}


def _managed(graph: Graph) -> Iterable[Resource]:
    return (each for each in graph.resources.values() if each.declaration.mode == "managed")


def _frozen(found: Mapping[str, AbstractSet[Hashable]]) -> Contents:
    return {name: frozenset(held) for name, held in found.items()}


def _only(one: Contents, other: Contents) -> Contents:
    return {name: held for name, held in sorted(one.items()) if name not in other}


def _same(gone: Contents, come: Contents) -> dict[str, str]:
    """The names of the same content: where several have it, those of one basename."""
    found: dict[str, str] = {}
    others = _grouped(come, lambda name: come[name])
    for held, names in _grouped(gone, lambda name: gone[name]).items():
        twins = others.get(held, [])
        if len(names) == len(twins) == 1:
            found[names[0]] = twins[0]
            continue
        by_basename = _grouped(twins, posixpath.basename)
        for basename, several in _grouped(names, posixpath.basename).items():
            if len(several) == len(by_basename.get(basename, [])) == 1:
                found[several[0]] = by_basename[basename][0]
    return found


def _grouped(names: Iterable[str], key: Callable[[str], K]) -> dict[K, list[str]]:
    found: dict[K, list[str]] = {}
    for name in names:
        found.setdefault(key(name), []).append(name)
    return found
