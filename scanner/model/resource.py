"""What is declared, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from scanner.model.span import Span, line_of
from scanner.model.value import ABSENT, Ref, Truth, Unknown, Value


class Scope(StrEnum):
    """How far one failure must reach to take a resource down."""

    ZONAL = "zonal"  # lives in one zone, or in the zones listed
    REGIONAL = "regional"  # survives zones, not the region
    GLOBAL = "global"  # one global service of the provider
    MULTI_REGION = "multi-region"  # survives a region


class EdgeKind(StrEnum):
    """What a reference means for the one that refers."""

    RUNTIME = "runtime"  # needed to serve
    CONTROL = "control"  # needed to change, scale or restart
    PLACEMENT = "placement"  # says where it runs
    MEMBERSHIP = "membership"  # target of a balancer, member of a group, replica
    NONE = "none"  # mentioned, not needed


class Reference(Struct, frozen=True):
    """An attribute mentions another declared object: ``target`` is its address, ``target_path`` what is read."""

    path: str
    target: str
    target_path: str
    span: Span


class ProviderContext(Struct, frozen=True):
    """The provider configuration that a resource is created with.

    ``name`` is the provider's local type name (``aws``, ``google``, ``azurerm``), ``attributes`` its configuration as
    evaluated, ``places`` where each attribute is written. ``declared`` is false when no provider block configures it.
    """

    name: str
    alias: str = ""
    attributes: Mapping[str, Value] = {}
    span: Span | None = None
    declared: bool = False
    places: Mapping[str, Span] = {}

    def span_of(self, *names: str) -> Span | None:
        """Where the first of some attributes that is written stands, else the block."""
        return next((self.places[name] for name in names if name in self.places), self.span)


class Declaration(Struct, frozen=True):
    """A resource as written: the parser's product, before anything is known about its type.

    ``attributes`` is plain data; nested blocks are lists of objects. ``places`` maps an attribute's path
    (``settings[0].tier``) to its span; use :meth:`span_of`. ``exists`` is unknown when ``count`` or ``for_each`` is.
    ``root`` is the folder of the Terraform root or the template's path, relative to the folder that is scanned.
    ``written`` is the dialect of the files, where that is not the platform's own, and ``written_type`` the type in its
    words. ``metadata`` is what a template says of a resource beside its properties, as far as waivers are in it.
    """

    id: str
    type: str
    name: str
    platform: str
    span: Span
    attributes: Mapping[str, Value]
    places: Mapping[str, Span] = {}
    references: tuple[Reference, ...] = ()
    provider: ProviderContext = ProviderContext("")
    exists: Truth = True
    root: str = ""
    module: str = ""
    mode: str = "managed"
    lifecycle: Mapping[str, Value] = {}
    depends_on: tuple[str, ...] = ()
    written: str = ""
    written_type: str = ""
    metadata: Mapping[str, Value] = {}

    @property
    def native_type(self) -> str:
        """The type as its dialect says it, such as ``AWS::RDS::DBInstance``, whatever type it is judged as."""
        return self.written_type or self.type

    @property
    def dialect(self) -> str:
        """The dialect it was written in, such as ``terraform``, whatever platform it stands for."""
        return self.written or self.platform

    def span_of(self, path: str) -> Span:
        """The nearest known position of an attribute: its own, its block's, or the declaration's first line."""
        return nearest_span(self.places, path, self.span)

    def span_in(self, path: str, word: str, nth: int = 0) -> Span:
        """The position of a word in an attribute: its line, where the text takes several, else that of the attribute.

        ``nth`` counts the mentions of the word before it.
        """
        found, span = self.line_in(path, word, nth), self.span_of(path)
        return span if found is None or (found.file, found.line) == (span.file, span.line) else found

    def line_in(self, path: str, word: str, nth: int = 0) -> Span | None:
        """The line of an attribute that says a word; ``None`` where none does, or where the lines are not known."""
        known = nearest(self.places, path)
        return None if known is None else line_of(self.places, known[0], word, nth)


def nearest_span(places: Mapping[str, Span], path: str, fallback: Span) -> Span:
    """The span of the longest known ancestor of ``path``.

    A block without an index stands for its first one, a list that is written in one attribute for its entries.
    """
    found = nearest(places, path)
    return fallback if found is None else found[1]


def nearest(places: Mapping[str, Span], path: str) -> tuple[str, Span] | None:
    """The longest known ancestor of a path, and its span."""
    if path and (exact := places.get(path)) is not None:
        return path, exact
    for candidate in _ancestors(path):
        whole = candidate.rpartition("[")[0] if candidate.endswith("]") else ""
        for known in (candidate, f"{candidate}[0]", whole):
            found = places.get(known)
            if found is not None:
                return known, found
    return None


def _ancestors(path: str) -> list[str]:
    """``a.b.c`` → itself and every shorter prefix, each also with ``[0]`` after every step that has no index."""
    found: list[str] = []
    steps = path.split(".") if path else []
    for length in range(len(steps), 0, -1):
        plain = ".".join(steps[:length])
        indexed = ".".join(s if s.endswith("]") else f"{s}[0]" for s in steps[: length - 1])
        found.append(plain)
        if indexed:
            found.append(f"{indexed}.{steps[length - 1]}")
    return found


class Placement(Struct, frozen=True):
    """Where a resource runs.

    ``zones`` holds the provider's own words (``ap-northeast-1a``, Azure ``1``) or unknowns, one per distinct zone; it
    is
    an unknown itself when not even their number is known, and empty when the scope has none.
    """

    provider: str
    account: str | Unknown | None = None
    region: str | Unknown | None = None
    zones: tuple[str | Unknown, ...] | Unknown = ()
    scope: Scope = Scope.REGIONAL
    cluster: str | None = None


class Resource(Struct, frozen=True):
    """A resource with its meaning: kind, normalized properties and effective place.

    ``properties`` holds what the catalog reads from the attributes, under names shared by all platforms;
    ``deciders`` tells the declaration and native attribute that decided each (a part may be declared apart from the
    whole).
    """

    declaration: Declaration
    kind: str
    properties: Mapping[str, Value]
    deciders: Mapping[str, tuple[Declaration, str]]
    placement: Placement
    tags: Mapping[str, Value] = {}
    tier: str = ""

    @property
    def id(self) -> str:
        """The address, unique in a scan."""
        return self.declaration.id

    @property
    def type(self) -> str:
        """The type that it is judged as, such as ``aws_db_instance``."""
        return self.declaration.type

    @property
    def native_type(self) -> str:
        """The type as people wrote it."""
        return self.declaration.native_type

    @property
    def platform(self) -> str:
        """What it is a part of, such as ``terraform``: mostly the dialect it was written in."""
        return self.declaration.platform

    @property
    def span(self) -> Span:
        """The declaration's first line."""
        return self.declaration.span

    def get(self, name: str) -> Value:
        """A normalized property, or ``ABSENT``."""
        return self.properties.get(name, ABSENT)

    def place_of(self, name: str) -> tuple[Declaration, str]:
        """The declaration and native path that decide a normalized property or hold a native attribute."""
        return self.deciders.get(name, (self.declaration, name))

    def span_of(self, name: str) -> Span:
        """The position that decides a normalized property or a native attribute."""
        declaration, path = self.place_of(name)
        return declaration.span_of(path)

    def span_in(self, name: str, word: str, nth: int = 0) -> Span:
        """The position of a word in what decides a normalized property or in a native attribute."""
        declaration, path = self.place_of(name)
        return declaration.span_in(path, word, nth)


class Edge(Struct, frozen=True):
    """One resource refers to another. ``path`` is the attribute of ``source`` that states it."""

    source: str
    target: str
    kind: EdgeKind
    path: str
    span: Span


__all__ = [
    "Declaration",
    "Edge",
    "EdgeKind",
    "Placement",
    "ProviderContext",
    "Ref",
    "Reference",
    "Resource",
    "Scope",
    "nearest_span",
]
