"""What is not the same of one resource on two sides: its normalized properties and its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from scanner.comparison.subjects import INVENTORIES
from scanner.facts.documents import json_document
from scanner.facts.policies import statements
from scanner.graph.graph import Graph
from scanner.graph.index import at_path
from scanner.model.comparison import Difference, Effect
from scanner.model.resource import Resource
from scanner.model.span import Span
from scanner.model.value import ABSENT, Unknown, Value, equal

LISTED: Final = 6
"""So many items of a list are named; the rest is counted."""
LONGEST: Final = 120
"""Characters of one value."""
_DEEPEST: Final = 32
"""Levels of a value in which references are looked for."""

Meaning = Callable[[str], str]
"""The pair that an id belongs to, as a word that both sides share; the id itself for what was not matched."""


class View(Struct, frozen=True):
    """A resource with its graph, and what ids of its side mean."""

    resource: Resource
    graph: Graph
    meaning: Meaning
    label: str

    @property
    def tells_all(self) -> bool:
        """Whether what is not written is not so. An inventory may not have asked."""
        return self.resource.declaration.dialect not in INVENTORIES

    def is_written(self, name: str) -> bool:
        """Whether the files say what a property is, rather than leave it to a default."""
        declaration, path = self.resource.place_of(name)
        known = name in self.resource.deciders and path != ""
        return not known or at_path(declaration.attributes, path) is not None


class _Compared(Struct, frozen=True):
    """Two values of one thing, and what people read of them."""

    name: str
    base: Value
    head: Value
    base_span: Span
    head_span: Span
    reason: str = ""


def differences(base: View, head: View) -> Iterator[Difference]:
    """All that differs or cannot be compared, in the order of names, the place first."""
    for pair in (*_of_place(base, head), *_of_properties(base, head), *_of_principals(base, head)):
        same = equal(_shared(pair.base, base), _shared(pair.head, head))
        if pair.reason:
            yield _difference(pair, pair.reason)
        elif isinstance(same, Unknown):
            yield _difference(pair, same.reason)
        elif not same:
            yield _difference(pair, "")


def _difference(pair: _Compared, reason: str) -> Difference:
    effect = Effect.UNDECIDED if reason else Effect.NEITHER
    return Difference(pair.name, shown(pair.base), shown(pair.head), pair.base_span, pair.head_span, effect, reason)


def _of_place(base: View, head: View) -> Iterator[_Compared]:
    """Parts of the placement that both sides tell. Code may leave account and zones to whoever deploys it."""
    one, other = base.resource.placement, head.resource.placement
    spans = base.resource.span, head.resource.span
    for name in ("provider", "account", "region", "cluster"):
        values = getattr(one, name), getattr(other, name)
        if None not in values:
            yield _Compared(name, *values, *spans)
    yield _Compared("scope", one.scope.value, other.scope.value, *spans)
    zones = [each if isinstance(each, Unknown) else sorted(each, key=shown) for each in (one.zones, other.zones)]
    if all(isinstance(each, Unknown) or each for each in zones):
        yield _Compared("zones", zones[0], zones[1], *spans)


def _of_properties(base: View, head: View) -> Iterator[_Compared]:
    for name in sorted(base.resource.properties.keys() | head.resource.properties.keys()):
        values = base.resource.get(name), head.resource.get(name)
        spans = base.resource.span_of(name), head.resource.span_of(name)
        yield _Compared(name, *values, *spans, _silent(name, base, head))


def _silent(name: str, base: View, head: View) -> str:
    """Why one side says too little of a property to be compared; empty when it says enough or both agree."""
    values = base.resource.get(name), head.resource.get(name)
    if equal(_shared(values[0], base), _shared(values[1], head)) is True:
        return ""
    for view in (head, base):
        if not view.tells_all and not view.is_written(name):
            return f"the {view.label} does not say"
    mixed = base.tells_all is not head.tells_all
    return f"the {base.label} leaves it open" if mixed and values[0] is ABSENT else ""


def _of_principals(base: View, head: View) -> Iterator[_Compared]:
    """Whom the policies of keys, buckets and vaults name."""
    found = [statements(view.resource, view.graph) for view in (base, head)]
    if None in found:
        return
    values = [_principals(each) for each in found]
    spans = base.resource.span_of("policy"), head.resource.span_of("policy")
    yield _Compared("policy principals", values[0], values[1], *spans)


def _principals(found: object) -> Value:
    if not isinstance(found, tuple):
        return found
    named: dict[str, None] = {}
    for statement in found:
        if isinstance(statement.principals, Unknown):
            return statement.principals
        unknown = next((each for each in statement.principals if isinstance(each, Unknown)), None)
        if unknown is not None:
            return unknown
        named.update(dict.fromkeys(map(str, statement.principals)))
    return sorted(named)


def _shared(value: Value, view: View, depth: int = 0) -> Value:
    """A value in words that both sides share: what it refers to by pair, numbers as numbers, documents read."""
    if depth > _DEEPEST:
        return Unknown("it is nested too deeply")
    if isinstance(value, Unknown):
        targets = view.graph.index.addressed(value.ref.address) if value.ref is not None else ()
        return _meant(targets, view) or value
    if isinstance(value, str):
        if value.lstrip()[:1] in ("{", "["):
            document = json_document(value)
            return value if isinstance(document, Unknown) else _shared(document, view, depth + 1)
        return _meant(view.graph.index.named(value, root=view.resource.declaration.root), view) or value
    if isinstance(value, Mapping):
        return {key: _shared(item, view, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return _in_any_order([_shared(item, view, depth + 1) for item in value])
    return "" if value is ABSENT else value


def _in_any_order(items: list[Value]) -> list[Value]:
    """A list without its order, which means nothing in any property; as it is where not all of it is text."""
    return sorted(items) if all(isinstance(item, str) for item in items) else items


def _meant(targets: Sequence[str], view: View) -> str:
    return view.meaning(targets[0]) if len(targets) == 1 and targets[0] in view.graph.resources else ""


def shown(value: Value) -> str:
    """A value for people, on one line: references by what they name, long lists and documents counted."""
    match value:
        case Unknown():
            return str(value.ref) if value.ref is not None and not value.ref.is_variable else "not known"
        case bool():
            return "on" if value else "off"
        case int() | float() | Decimal():
            return str(value)
        case str():
            return _cut(value)
        case list() | tuple():
            return _list(value)
        case dict():
            return f"a document of {len(value)} entries"
    return "none"


def _list(items: Sequence[Value]) -> str:
    more = len(items) - LISTED
    words = ", ".join(map(shown, items[:LISTED]))
    return f"{words} and {more} more" if more > 0 else words or "none"


def _cut(text: str) -> str:
    if text.lstrip()[:1] in ("{", "["):
        return "a document"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def tagged(found: Sequence[Difference], effects: Mapping[str, Effect]) -> tuple[Difference, ...]:
    """The differences with what they do, as far as rules that read them tell; an undecided one stays so."""
    return tuple(each if each.reason else replace(each, effect=effects.get(each.name, each.effect)) for each in found)
