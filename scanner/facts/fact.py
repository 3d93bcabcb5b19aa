"""What a fact is."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet

from msgspec import Struct

from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.resource import Resource
from scanner.model.span import Span
from scanner.model.value import Value


class Answer(Struct, frozen=True):
    """A fact's value, other places that explain it, and the place that decided it if not the rule's mark."""

    value: Value
    related: tuple[Related, ...] = ()
    mark: Span | None = None


class Fact(Struct, frozen=True):
    """A computed property. ``kinds`` are those that it can be asked of (empty: all); ``ABSENT`` means "does not apply".

    ``about`` completes "the fact … is" for documentation. ``only`` names the few resources of a graph for which there
    is an answer, where that is known beforehand: it is absent for all others.
    """

    compute: Callable[[Resource, Graph], Value | Answer]
    about: str
    kinds: tuple[str, ...] = ()
    only: Callable[[Graph], AbstractSet[str]] | None = None
