"""A revision that was read before: its tree has a name in git, so it need neither be written out nor read again.

Kept is only what follows from the tree alone: no submodules, nothing of git LFS, no file or value that a flag or the
environment names.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from scanner.cache.codec import NotStorableError, canonical, packed_declaration
from scanner.cache.keys import digest, origin_of_all
from scanner.config import Config
from scanner.discovery import Discovery, SourceFile
from scanner.model.change import Change
from scanner.model.problem import Problem
from scanner.model.resource import Declaration
from scanner.model.span import Span
from scanner.model.value import Value
from scanner.parsers.parsed import Parsed
from scanner.parsers.positioned_yaml import Positions
from scanner.states import State


class Kept(Struct, frozen=True):
    """What was discovered (names and formats, relative to the repository) and what it declares."""

    files: tuple[tuple[str, str], ...]
    left_out: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...]
    declarations: tuple[Declaration, ...]
    roots: tuple[str, ...]
    faults: tuple[Problem, ...]
    unread: frozenset[str]
    partly: frozenset[str]
    sources: Mapping[str, tuple[str, ...]]
    secrets: frozenset[str]
    changes: tuple[Change, ...]
    zone_ids: Mapping[str, str]
    moves: Mapping[str, str]
    inputs: Mapping[str, str]
    state: str


def key_of(state: State, config: Config) -> str:
    """What a state's reading is kept under; empty where it must be read."""
    named = (*config.var_files, *config.helm_values, *config.parameter_files, *config.plans)
    given = (*named, *config.variables, *config.environment_variables)
    if config.cache is None or config.cache.folder is None or state.checkout is None or given:
        return ""
    objects = state.checkout.objects()
    if not objects:
        return ""
    reading = replace(config, cache=None, file=None, root=None, packs=(), today=None)
    try:
        told = canonical(replace(reading, places={}, rule_places={}))
    except NotStorableError:
        return ""
    return digest("revision", origin_of_all(), told, *(word for item in objects for word in item))


def recalled(key: str, state: State, config: Config) -> tuple[Discovery, Parsed] | None:
    """What a state was read to be under a key, if it is known."""
    if not key or config.cache is None or state.checkout is None:
        return None
    kept = config.cache.get(key, Kept)
    return None if kept is None else (_found(kept, state), _parsed(kept))


def keep(key: str, state: State, config: Config, found: Discovery, parsed: Parsed) -> None:
    """Keep what a state was read to be, if it follows from the tree alone."""
    if not key or config.cache is None or state.checkout is None or not state.checkout.is_whole or not parsed.state:
        return
    kept = Kept(
        files=_named(found.files),
        left_out=_named(found.left_out),
        problems=found.problems,
        declarations=parsed.declarations,
        roots=parsed.roots,
        faults=parsed.problems,
        unread=parsed.unread,
        partly=parsed.partly,
        sources=parsed.sources,
        secrets=parsed.secrets,
        changes=parsed.changes,
        zone_ids=parsed.zone_ids,
        moves=parsed.moves,
        inputs=parsed.inputs,
        state=parsed.state,
    )
    config.cache.put(key, kept, lambda: _stored(kept))


def _named(files: tuple[SourceFile, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((file.name, file.format) for file in files)


def _found(kept: Kept, state: State) -> Discovery:
    def files(named: tuple[tuple[str, str], ...]) -> tuple[SourceFile, ...]:
        return tuple(SourceFile(Path(state.folder, name), name, kind) for name, kind in named)

    roots = tuple(path.resolve() for path in state.paths)
    return Discovery(state.folder, roots, files(kept.files), kept.problems, files(kept.left_out))


def _parsed(kept: Kept) -> Parsed:
    return Parsed(
        declarations=kept.declarations,
        roots=kept.roots,
        problems=kept.faults,
        unread=kept.unread,
        partly=kept.partly,
        sources=kept.sources,
        secrets=kept.secrets,
        changes=kept.changes,
        zone_ids=kept.zone_ids,
        moves=kept.moves,
        inputs=kept.inputs,
        state=kept.state,
    )


def _stored(kept: Kept) -> Kept:
    return replace(kept, declarations=tuple(packed_declaration(_placed(each)) for each in kept.declarations))


def _placed(declaration: Declaration) -> Declaration:
    """The declaration with a table of its places. Raises :class:`NotStorableError` where they may be endless."""
    places = declaration.places
    if type(places) is dict:
        return declaration
    if not isinstance(places, Positions):
        raise NotStorableError(f"places of {type(places)}")
    table: dict[str, Span] = {}
    for path in (*places, *_paths(declaration.attributes)):  # what is merged in has no place of its own in the file
        span = places.get(path)
        if span is not None:
            table[path] = span
    return replace(declaration, places=table)


def _paths(data: Value) -> list[str]:
    """The paths of all fields of a value, as facts and rules spell them."""
    found: list[str] = []
    waiting: list[tuple[str, Value]] = [("", data)]
    while waiting:
        path, value = waiting.pop()
        children: list[tuple[str, Value]] = []
        if isinstance(value, dict):
            children = [(f"{path}.{key}" if path else key, item) for key, item in value.items()]
        elif isinstance(value, list):
            children = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
        found.extend(name for name, _ in children)
        waiting.extend(children)
    return found
