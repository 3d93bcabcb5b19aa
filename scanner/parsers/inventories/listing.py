"""What every inventory comes to: entries, and what they mention of each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from scanner.model.resource import Declaration, ProviderContext, Reference
from scanner.model.span import Span
from scanner.model.value import Value

MAX_DEPTH: Final = 60
"""How deep values are looked through for what they mention."""


class Mention(Struct, frozen=True):
    """An attribute names another entry, by the first of ``keys`` that is known; ``target_path`` is what it reads."""

    path: str
    keys: tuple[str, ...]
    target_path: str
    span: Span


class Entry(Struct, frozen=True):
    """One resource of an inventory.

    ``keys`` are what others may call it, ``taken`` is when it was looked at (ISO 8601, so that texts compare): of
    several entries with one id the latest counts.
    """

    id: str
    type: str
    name: str
    span: Span
    attributes: Mapping[str, Value]
    places: Mapping[str, Span]
    provider: ProviderContext
    root: str
    keys: tuple[str, ...] = ()
    mentions: tuple[Mention, ...] = ()
    taken: str = ""


def declared(entries: Iterable[Entry], platform: str, written: str) -> Iterator[Declaration]:
    """The entries as declarations, those that are mentioned as references."""
    latest: dict[str, Entry] = {}
    for entry in entries:
        known = latest.get(entry.id)
        if known is None or entry.taken > known.taken:
            latest[entry.id] = entry
    known_by = _known_by(latest.values())
    for entry in latest.values():
        yield Declaration(
            id=entry.id,
            type=entry.type,
            name=entry.name,
            platform=platform,
            span=entry.span,
            attributes=entry.attributes,
            places=entry.places,
            references=tuple(_references(entry, known_by)),
            provider=entry.provider,
            root=entry.root,
            written=written,
        )


def _known_by(entries: Iterable[Entry]) -> dict[str, str]:
    """The id behind each key; a key that means several entries means none."""
    found: dict[str, str] = {}
    for entry in entries:
        for key in entry.keys:
            found[key] = entry.id if found.get(key, entry.id) == entry.id else ""
    return {key: name for key, name in found.items() if name}


def _references(entry: Entry, known_by: Mapping[str, str]) -> Iterator[Reference]:
    seen: set[tuple[str, str]] = set()
    for mention in entry.mentions:
        target = next((known_by[key] for key in mention.keys if key in known_by), entry.id)
        if target != entry.id and (mention.path, target) not in seen:
            seen.add((mention.path, target))
            yield Reference(mention.path, target, mention.target_path, mention.span)


def texts(value: Value, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Every text in a value, with its path."""
    if isinstance(value, str):
        yield path, value
    elif depth < MAX_DEPTH and isinstance(value, dict):
        for name, item in value.items():
            yield from texts(item, f"{path}.{name}" if path else str(name), depth + 1)
    elif depth < MAX_DEPTH and isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, f"{path}[{index}]", depth + 1)


def text(data: Mapping[str, Value], *names: str) -> str:
    """The first of some fields that holds a text."""
    return next((found for name in names if isinstance(found := data.get(name), str) and found), "")
