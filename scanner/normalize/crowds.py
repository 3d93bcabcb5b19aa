"""How many pairs of a selector and a pod template a scan follows: what grows with their product, not with the files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Final

from scanner.catalog.load import catalog
from scanner.graph.index import Index
from scanner.model.objects import namespace_of
from scanner.model.problem import Problem, ProblemKind
from scanner.model.resource import Declaration
from scanner.model.value import Value
from scanner.normalize.objects import Objects

PAIRS: Final = 10_000
"""Pairs that any scan follows: two hundred selectors that all choose the same fifty workloads."""
PAIRS_EACH: Final = 5
"""Pairs more for every object of the scan, so that large estates are followed as well as small ones."""


def crowded(declarations: Sequence[Declaration]) -> dict[str, Problem]:
    """The objects that are to be left out, since their selectors pass the limit, each with the problem that says so.

    Of objects of one type with one selector the first ones stay: whether anything chooses a pod stays answered.
    """
    allowed = PAIRS + PAIRS_EACH * len(declarations)
    if len(declarations) ** 2 // 4 <= allowed:  # so many pairs can't be made of so few
        return {}
    message = f"left out: the selectors of this scan choose pods more than {allowed} times"
    return {d.id: Problem(d.span, ProblemKind.LIMIT, message) for d in _beyond(declarations, allowed)}


def _beyond(declarations: Sequence[Declaration], allowed: int) -> Iterator[Declaration]:
    """What comes after so many pairs, when of equal selectors each first one is taken before any second."""
    tables = catalog()
    objects = Objects(
        {d.id: tables.entry(d.type) for d in declarations}, Index({d.id: d for d in declarations}, {}, {})
    )
    ranks: dict[tuple[str, ...], count[int]] = {}
    found: list[tuple[int, int, str]] = []
    for each in objects.all:
        selector = objects.selector(each)
        if selector is not None:
            key = (each.type, each.root, namespace_of(each.attributes), _said(selector))
            rank = next(ranks.setdefault(key, count()))
            found.append((rank, len(objects.carrying(selector, each)), each.id))
    left = allowed
    for _, pairs, name in sorted(found):
        left -= pairs
        if left < 0 < pairs:
            yield objects.index.by_id[name]


def _said(selector: Value) -> str:
    """A selector as text: equal ones have equal texts."""
    if isinstance(selector, dict):
        return "{" + ",".join(f"{key!r}:{_said(selector[key])}" for key in sorted(selector)) + "}"
    return repr(selector)
