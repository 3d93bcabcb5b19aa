"""A revision that was read before: its tree has a name in git, so it need neither be written out nor read again.

Kept is only what follows from the tree alone: no submodules, nothing of git LFS, no file or value that a flag or the
environment names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeGuard

from msgspec import Struct
from msgspec.structs import replace

from scanner.cache.codec import NotStorableError, canonical, packed_declaration
from scanner.cache.keys import digest, origin_of_all
from scanner.config import Config
from scanner.discovery import Discovery, SourceFile
from scanner.model.problem import Problem
from scanner.model.resource import Declaration
from scanner.model.span import Span
from scanner.model.value import Value
from scanner.normalize.lined_places import EXTENT
from scanner.parsers.parsed import Parsed
from scanner.parsers.positioned_yaml import Places, Positions
from scanner.parsers.terraform.folders import Summary
from scanner.parsers.terraform.recall import Outcome, stored
from scanner.states import State


class Kept(Struct, frozen=True):
    """What was discovered (names and formats, relative to the repository) and what it declares.

    ``roots`` and ``folders`` are the records of Terraform's front end that it was made of: other revisions are mostly
    made of the same. ``declarations`` are those in them, by the number of the record, of the outcome in it and in that,
    or stand here themselves.
    """

    files: tuple[tuple[str, str], ...]
    left_out: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...]
    parsed: Parsed
    declarations: tuple[tuple[int, int, int] | Declaration, ...]
    roots: Mapping[str, tuple[Outcome, ...]]
    folders: Mapping[str, Summary]


def key_of(state: State, config: Config) -> str:
    """What a state's reading is kept under; empty where it must be read."""
    named = (*config.var_files, *config.helm_values, *config.parameter_files, *config.plans)
    given = (*named, *config.variables, *config.environment_variables)
    if config.cache is None or config.cache.folder is None or state.checkout is None or given or state.absences:
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
    if kept is None:
        return None
    config.cache.adopt({**kept.roots, **kept.folders})
    try:
        return _found(kept, state), replace(kept.parsed, declarations=_declarations(kept))
    except IndexError:
        return None  # a stranger wrote it


def keep(
    key: str, state: State, config: Config, found: Discovery, parsed: Parsed, records: Mapping[str, object]
) -> None:
    """Keep what a state was read to be, if it follows from the tree alone. ``records`` were asked for meanwhile."""
    if not key or config.cache is None or state.checkout is None or not state.checkout.is_whole or not parsed.state:
        return
    roots = {name: record for name, record in records.items() if _are_outcomes(record)}
    kept = Kept(
        files=_named(found.files),
        left_out=_named(found.left_out),
        problems=found.problems,
        parsed=replace(parsed, declarations=()),
        declarations=tuple(_numbered(parsed.declarations, roots)),
        roots=roots,
        folders={name: record for name, record in records.items() if isinstance(record, Summary)},
    )
    config.cache.put(key, kept, lambda: _stored(kept))


def _are_outcomes(record: object) -> TypeGuard[tuple[Outcome, ...]]:
    return isinstance(record, tuple) and all(isinstance(item, Outcome) for item in record)


def _numbered(
    declarations: Sequence[Declaration], roots: Mapping[str, tuple[Outcome, ...]]
) -> Iterator[tuple[int, int, int] | Declaration]:
    """Each declaration by its place in the records, where it is in one."""
    known = {
        id(declaration): (number, nth, index)
        for number, outcomes in enumerate(roots.values())
        for nth, outcome in enumerate(outcomes)
        for index, declaration in enumerate(outcome.declarations)
    }
    return (known.get(id(declaration), declaration) for declaration in declarations)


def _declarations(kept: Kept) -> tuple[Declaration, ...]:
    records = [[outcome.declarations for outcome in outcomes] for outcomes in kept.roots.values()]
    return tuple(
        each if isinstance(each, Declaration) else records[each[0]][each[1]][each[2]] for each in kept.declarations
    )


def _named(files: tuple[SourceFile, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((file.name, file.format) for file in files)


def _found(kept: Kept, state: State) -> Discovery:
    def files(named: tuple[tuple[str, str], ...]) -> tuple[SourceFile, ...]:
        return tuple(SourceFile(Path(state.folder, name), name, kind) for name, kind in named)

    roots = tuple(path.resolve() for path in state.paths)
    return Discovery(state.folder, roots, files(kept.files), kept.problems, files(kept.left_out))


def _stored(kept: Kept) -> Kept:
    own = (each if isinstance(each, tuple) else packed_declaration(_placed(each)) for each in kept.declarations)
    roots = {name: tuple(map(stored, outcomes)) for name, outcomes in kept.roots.items()}
    return replace(kept, declarations=tuple(own), roots=roots)


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
    if isinstance(places, Places):
        extents = ((path, places.value_span(path)) for path in tuple(table))
        table |= {f"{path}{EXTENT}": extent for path, extent in extents if extent is not None and extent.several_lines}
    elif _has_lines(declaration.attributes):
        raise NotStorableError("the lines of a text that was rendered")
    return replace(declaration, places=table)


def _has_lines(value: Value) -> bool:
    """Whether a text in a value has several lines."""
    if isinstance(value, (dict, list)):
        return any(map(_has_lines, value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and "\n" in value


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
