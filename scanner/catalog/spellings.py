"""What the types of other dialects are: tables that lead to the catalog's own types, read only where they are needed.

``spelled/README.md`` describes the tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

import msgspec.json
from msgspec import Struct
from msgspec.structs import replace

from scanner.catalog.load import COMPILED, FOLDER, CatalogError, catalog, is_current, read_table, source_state
from scanner.catalog.readers import Reader

COMPILED_SPELLINGS: Final = COMPILED.with_name("spelled.json")
_KEYS: Final = frozenset(
    {"type", "body", "renamed", "pairs", "defaults", "outputs", "variants", "own", "parts", "inner", "joined", "kept"}
)
_EVERY: Final = "*/"
"""Before a type that may stand below any other: ``*/providers/locks``."""
_CUSTOM: Final = "custom::"
"""Before the types that CloudFormation's users name themselves: ``Custom::*`` stands for all."""
_PART_KEYS: Final = frozenset({"at", "type", "as", "renamed", "whole", "shared"})
_MERGED: Final = ("renamed", "pairs", "defaults", "outputs", "own", "inner", "joined")


class Part(Struct, frozen=True):
    """Something written inside a resource that the catalog knows as one of its own: an entry of the list at ``at``.

    Its ``whole`` attribute names the resource. ``value`` is the attribute that a plain entry gives; ``shared`` are
    attributes of the resource that its parts have too, unless they say otherwise.
    """

    at: str
    type: str
    whole: str = ""
    value: str = ""
    renamed: Mapping[str, Any] = {}
    shared: Mapping[str, str] = {}


class Spelling(Struct, frozen=True):
    """What a native type is: the catalog's ``type``, and the paths that it calls otherwise (in snake case).

    What is written in the native object ``body`` counts as if it stood beside it. ``pairs`` are lists of keys and
    values, by key the catalog's path. ``defaults`` are values that the dialect gives to what is not written, where
    Terraform gives others. ``outputs`` are the attributes that others may read. ``own``: of the list ``in`` the entry
    whose ``region`` is the resource's own says what the resource itself is. Of ``variants`` the first counts whose
    reader is true.

    ``inner`` are paths of lists whose entries are resources of another native type. ``joined`` are attributes made of
    several: ``{sku.name}_{sku.capacity}``. ``kept`` is the attribute that gets the dialect's body as it is written,
    where its keys are the user's.
    """

    type: str
    body: str = ""
    renamed: Mapping[str, Any] = {}
    pairs: Mapping[str, Mapping[str, str]] = {}
    defaults: Mapping[str, Any] = {}
    outputs: Mapping[str, str] = {}
    own: Mapping[str, str] = {}
    parts: tuple[Part, ...] = ()
    inner: Mapping[str, str] = {}
    joined: Mapping[str, str] = {}
    kept: str = ""
    variants: tuple[tuple[Reader, Spelling], ...] = ()

    def without_defaults(self) -> Spelling:
        """The same for what says everything itself, as the answers of an interface do."""
        return replace(
            self, defaults={}, variants=tuple((when, each.without_defaults()) for when, each in self.variants)
        )


class Spellings(Struct, frozen=True):
    """One dialect's table. Types are compared in lower case, as Azure does."""

    types: Mapping[str, Any]
    _made: dict[str, Spelling | None] = {}

    def of(self, native_type: str) -> Spelling | None:
        """What a native type is, or ``None`` where the table does not say."""
        if native_type not in self._made:
            self._made[native_type] = self._of(native_type.lower())
        return self._made[native_type]

    def _of(self, name: str) -> Spelling | None:
        found = self.types.get(name)
        if found is None and "/providers/" in name:
            found = self.types.get(f"{_EVERY}providers/{name.rpartition('/providers/')[2]}")
        if found is None and name.startswith(_CUSTOM):
            found = self.types.get(f"{_CUSTOM}*")
        return None if found is None else _spelling(found, {})


def _spelling(data: Mapping[str, Any], base: Mapping[str, Any]) -> Spelling:
    """An entry; a variant has all that its entry has, and more."""
    merged: dict[str, Any] = {key: {**base.get(key, {}), **data.get(key, {})} for key in _MERGED}
    merged.update({key: data.get(key, base.get(key, "")) for key in ("type", "body", "kept")})
    merged["parts"] = data.get("parts", base.get("parts", ()))
    variants = tuple((each["when"], _spelling(each, merged)) for each in data.get("variants", ()))
    return Spelling(**{**merged, "parts": tuple(map(_part, merged["parts"]))}, variants=variants)


def _part(data: Mapping[str, Any]) -> Part:
    plain = {key: data[key] for key in ("at", "type", "whole", "renamed", "shared") if key in data}
    return Part(**plain, value=data.get("as", ""))


@cache
def spellings(dialect: str) -> Spellings:
    """The table of a dialect; it is empty where none is shipped."""
    return Spellings(_tables().get(dialect, {}))


@cache
def _tables() -> Mapping[str, Mapping[str, Any]]:
    try:
        data = msgspec.json.decode(COMPILED_SPELLINGS.read_bytes())
    except (OSError, ValueError):
        data = None
    if data is None or not is_current(data, FOLDER):
        data = compile_spellings(catalog().types)
    tables: Mapping[str, Mapping[str, Any]] = data["dialects"]
    return tables


def compile_spellings(types: Mapping[str, Any]) -> dict[str, Any]:
    """Read and check all tables: plain data for :data:`COMPILED_SPELLINGS`. Raises :class:`CatalogError`.

    ``types`` are those of the catalog.
    """
    dialects: dict[str, Any] = {}
    for path in sorted((FOLDER / "spelled").glob("*.yaml")):
        table: dict[str, Any] = {}
        written = read_table(path)
        common = written.get("common") or {}
        for name, what in (written.get("types") or {}).items():
            entry: Any = {"type": what} if isinstance(what, str) else what
            for fault in _faults(entry, types):
                raise CatalogError(f"spelled/{path.name}: {name}: {fault}")
            if name.lower() in table:
                raise CatalogError(f"spelled/{path.name}: {name}: listed twice")
            table[name.lower()] = {**entry, "renamed": {**common, **entry.get("renamed", {})}} if common else entry
        for name, entry in table.items():
            for native in entry.get("inner", {}).values():
                if native.lower() not in table:
                    raise CatalogError(f"spelled/{path.name}: {name}: {native} is no type of this table")
        dialects[path.stem] = table
    return {"sources": source_state(FOLDER), "dialects": dialects}


def _faults(entry: Any, types: Mapping[str, Any], *, variant: bool = False) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield "an entry is a type or a mapping"
        return
    for key in sorted(entry.keys() - _KEYS - ({"when"} if variant else set()), key=str):
        yield f"unknown key {key}"
    if ("type" in entry or not variant) and entry.get("type") not in types:
        yield f"{entry.get('type')} is no type of the catalog"
    if variant and "when" not in entry:
        yield "a variant says when it is meant"
    for source, target in (entry.get("renamed") or {}).items():
        if target is not None and not isinstance(target, str) and set(target) != {"to", "values"}:
            yield f"renamed: {source}: a path, to and values, or nothing"
    for each in entry.get("parts") or ():
        yield from _part_faults(each, types)
    for each in entry.get("variants") or ():
        yield from _faults(each, types, variant=True)


def _part_faults(part: Any, types: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(part, dict) or "at" not in part:
        yield "a part says where it stands"
        return
    for key in sorted(part.keys() - _PART_KEYS, key=str):
        yield f"parts: {part['at']}: unknown key {key}"
    if part.get("type") not in types:
        yield f"parts: {part['at']}: {part.get('type')} is no type of the catalog"
