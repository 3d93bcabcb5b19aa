"""By what a resource can be found again in another estate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from scanner.catalog.load import catalog
from scanner.graph.graph import Graph
from scanner.model.resource import Resource, Scope
from scanner.model.value import Unknown, Value

INVENTORIES: Final = frozenset({"aws-config", "aws-snapshot", "az-graph", "gcp-assets", "aws"})
"""Dialects that tell what stands, not what is wanted."""

MOVES: Final = 32
"""So many moves of one resource are followed: each release of its code may add one."""

_IDENTIFIERS: Final = ("id", "arn", "self_link")
"""https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/compute_instance#attributes-reference"""
_LOGICAL_ID: Final = "aws:cloudformation:logical-id"
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html"""
_STACK: Final = "aws:cloudformation:stack-name"
_PREFIXES: Final = "_prefix"
_SHORTEST_PREFIX: Final = 3
_TELLING: Final = 2
"""With fewer attributes, two resources may be alike by chance."""
_DEEPEST: Final = 32
"""Levels of a value that are compared."""
_ALIKE: Final[Mapping[str, str]] = {"aws_alb": "aws_lb", "aws_alb_listener": "aws_lb_listener"}
"""Two names of one type."""
_MARKS: Final = ("cidr_block", "set_identifier")
"""Networks of one network differ in their addresses, DNS records of one name in these."""
_LEFT_OUT: Final = frozenset({"state_backend"})
"""Kinds of which no account and no other tool knows."""


class Content(str):
    """All that a resource says, as one text."""

    __slots__ = ()


class Place(Struct, frozen=True):
    """Where a resource stands; ``None`` for what is not known."""

    account: str | None
    region: str | None
    zones: tuple[str, ...] | None


class Subject(Struct, frozen=True):
    """One resource with all that may identify it. Texts are as the provider compares them.

    ``names`` are those of attributes that the catalog says it is known by, ``prefixes`` beginnings of them, ``mark``
    what tells it from others beside it.
    """

    resource: Resource
    type: str
    address: str
    root: str
    place: Place
    identifiers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    logical_id: str = ""
    tag: str = ""
    mark: str = ""

    @property
    def content(self) -> Content | None:
        """All that is written in it, where that is enough to tell it from others."""
        attributes = self.resource.declaration.attributes
        return Content(_plain(attributes)) if len(attributes) >= _TELLING else None

    @property
    def id(self) -> str:
        """The resource's id."""
        return self.resource.id


def subjects(graph: Graph, moves: Mapping[str, str], roots: Mapping[str, str] = {}) -> dict[str, Subject]:
    """The resources of an estate that another may have too, by id. ``roots`` maps roots to the other's names."""
    return {
        resource.id: subject(resource, moves, roots.get(resource.declaration.root, resource.declaration.root))
        for resource in graph.resources.values()
        if resource.declaration.mode == "managed" and resource.kind not in _LEFT_OUT
    }


def subject(resource: Resource, moves: Mapping[str, str], root: str) -> Subject:
    """What a resource can be found by. ``moves`` maps addresses to those that moved blocks give them."""
    attributes = resource.declaration.attributes
    azure = resource.placement.provider == "azure"
    return Subject(
        resource,
        _ALIKE.get(resource.type, resource.type),
        moved(address(resource.id), resource.declaration.root, moves),
        root,
        _place(resource),
        tuple(_identifiers(resource, folded=azure)),
        tuple(name.lower() if azure else name for name in _names(resource)),
        tuple(_prefixes(resource, attributes)),
        _logical_id(resource),
        _text(resource.tags.get("Name")),
        next(filter(None, (_text(attributes.get(name)) for name in _MARKS)), ""),
    )


def _plain(value: Value, depth: int = 0) -> str:
    """A value as text that does not depend on where it stands, nor on what it refers to is called."""
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, Unknown):
        named = value.ref.address.rpartition(".")[0] if value.ref is not None else value.reason
        return f"<{named}>"
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{key}:{_plain(value[key], depth + 1)}' for key in sorted(value))}}}"
    if isinstance(value, (list, tuple)):
        return f"[{','.join(_plain(item, depth + 1) for item in value)}]"
    return repr(value)


def address(name: str) -> str:
    """An id without the root that it is in."""
    return name.partition("#")[2] if "#" in name.partition("[")[0] else name


def moved(name: str, root: str, moves: Mapping[str, str]) -> str:
    """The address at the end of all moves: of the object itself, or of a module that it is in."""
    for _ in range(MOVES if moves else 0):
        step = next((step for part in _ancestors(name) if (step := _step(part, root, moves)) is not None), None)
        if step is None:
            return name
        old, new = step
        name = new + name[len(old) :]
    return name


def _step(old: str, root: str, moves: Mapping[str, str]) -> tuple[str, str] | None:
    """Where an address of a root moved to, if it did; of another root, as a state's may be, by the address alone."""
    new = moves.get(f"{root}#{old}") or moves.get(old)
    return (old, new.partition("#")[2] if "#" in new.partition("[")[0] else new) if new else None


def by_address(moves: Mapping[str, str]) -> dict[str, str]:
    """Moves of roots, completed by those of addresses alone where no two roots differ in them."""
    bare: dict[str, set[str]] = {}
    for old, new in moves.items():
        bare.setdefault(old.partition("#")[2], set()).add(new.partition("#")[2])
    return {**{old: min(new) for old, new in bare.items() if len(new) == 1}, **moves}


def _ancestors(name: str) -> Iterator[str]:
    """An address, itself without its key, and the addresses of the modules around it, longest first."""
    quoted, ends = False, [len(name)]
    for position, char in enumerate(name):
        if char == '"':
            quoted = not quoted
        elif char in ".[" and not quoted:
            ends.append(position)
    yield from (name[:end] for end in sorted(ends, reverse=True))


def _place(resource: Resource) -> Place:
    place = resource.placement
    zones = () if isinstance(place.zones, Unknown) else place.zones
    known = tuple(sorted(zone for zone in zones if isinstance(zone, str)))
    whole = not isinstance(place.zones, Unknown) and len(known) == len(zones)
    standing = bool(known) or place.scope is not Scope.ZONAL
    return Place(_known(place.account), _known(place.region), known if whole and standing else None)


def _known(value: Value) -> str | None:
    return value if isinstance(value, str) and value else None


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _identifiers(resource: Resource, *, folded: bool) -> Iterator[str]:
    attributes = resource.declaration.attributes
    found = (_text(attributes.get(name)) for name in _IDENTIFIERS)
    for text in dict.fromkeys(filter(None, found)):
        yield text.lower() if folded else text


def name_paths(resource: Resource) -> tuple[str, ...]:
    """The attributes by which others know a resource."""
    entry = catalog().entry(resource.type)
    return (entry.names if entry is not None else ()) or ("name",)


def _names(resource: Resource) -> Iterator[str]:
    for path in name_paths(resource):
        if text := _text(resource.declaration.attributes.get(path)):
            yield text


def _prefixes(resource: Resource, attributes: Mapping[str, Value]) -> Iterable[str]:
    for path in name_paths(resource):
        value = attributes.get(path)
        known = value.prefix if isinstance(value, Unknown) else _text(attributes.get(f"{path}{_PREFIXES}"))
        if len(known) >= _SHORTEST_PREFIX:
            yield known


def _logical_id(resource: Resource) -> str:
    """The id in a template: its own, or what the tags of the stack that made it tell."""
    told = _text(resource.tags.get(_LOGICAL_ID))
    own = resource.declaration.name.rpartition(".")[2]  # of a nested stack's resource, the last part
    return told or (own if resource.platform == "cloudformation" else "")


def stack(resource: Resource) -> str:
    """The stack that made a resource, as its tags tell; empty when they do not."""
    return _text(resource.tags.get(_STACK))
