"""The one pass from what is written to what it means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import chain
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from scanner.catalog.load import Catalog, Entry, catalog
from scanner.catalog.readers import read
from scanner.facts.volumes import OPERATED
from scanner.graph.graph import Graph, build_graph
from scanner.graph.index import Index, build_index
from scanner.model.compose import PLATFORM as COMPOSE
from scanner.model.objects import PLATFORM, labels_of, stands_in_cluster
from scanner.model.resource import Declaration, Placement, Resource, Scope
from scanner.model.value import ABSENT, Unknown, Value
from scanner.normalize.clusters import Clusters
from scanner.normalize.compose import compose_edges
from scanner.normalize.edges import Linker
from scanner.normalize.lined_places import lined
from scanner.normalize.objects import Objects
from scanner.normalize.placement import Placer
from scanner.normalize.planned import as_written
from scanner.normalize.pods import pod_properties
from scanner.normalize.settings import Settings
from scanner.normalize.translate import translated

_NOWHERE: Final = frozenset({"", PLATFORM, COMPOSE})
"""Providers that only say that the files do not tell the provider."""
_WHOLE: Final = re.compile(r"-?[0-9]{1,18}")


class _Properties(Struct):
    """The properties of one resource while its parts are laid over it."""

    values: dict[str, Value] = {}
    deciders: dict[str, tuple[Declaration, str]] = {}


def normalize(declarations: Sequence[Declaration], settings: Settings) -> tuple[Graph, Mapping[str, int]]:
    """The graph of all resources, and how often each uncatalogued type occurs."""
    tables = catalog()
    declarations = translated([as_written(lined(each, settings.texts)) for each in declarations], tables)
    entries = {d.id: tables.entry(native_type(d)) for d in declarations}
    index = build_index(declarations, _names(tables, declarations))
    properties = {d.id: _own_properties(d, entry, tables) for d in declarations if (entry := entries[d.id]) is not None}
    parts = _lay_over(declarations, entries, properties, index)
    clusters = Clusters(entries, index, settings.places)
    placer = Placer(index, entries, tables, settings.region, clusters)
    resources = [
        _resource(d, entry, properties[d.id], placer, settings)
        for d in declarations
        if (entry := entries[d.id]) is not None and not entry.configures
    ]
    uncatalogued: dict[str, int] = {}
    for declaration in declarations:
        if entries[declaration.id] is None and declaration.mode == "managed":
            uncatalogued[declaration.type] = uncatalogued.get(declaration.type, 0) + 1
    for declaration in declarations:
        if declaration.id in properties and len(several := clusters.every(declaration)) > 1:
            properties[declaration.id].values["clusters"] = list(several)
    edges = Linker(entries, parts, index, tables, Objects(entries, index), clusters).edges(declarations)
    return build_graph(resources, chain(edges, compose_edges(declarations)), index), dict(sorted(uncatalogued.items()))


def native_type(declaration: Declaration) -> str:
    """The catalog's key: the type, after ``data.`` for a data source."""
    return f"data.{declaration.type}" if declaration.mode == "data" else declaration.type


def _names(tables: Catalog, declarations: Iterable[Declaration]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for key in {native_type(d) for d in declarations}:
        entry = tables.entry(key)
        if entry is not None:
            found[key] = entry.names or ("name",)
    return found


def _own_properties(declaration: Declaration, entry: Entry, tables: Catalog) -> _Properties:
    result = _Properties()
    for name, reader in entry.properties.items():
        value, path = read(reader, declaration.attributes)
        if value is not ABSENT:
            result.values[name] = coerced(value, tables.property_type(entry.kind, name))
        if value is not ABSENT or path:
            result.deciders[name] = (declaration, path)
    if entry.kind in OPERATED and "zone_redundant" not in result.values and stands_in_cluster(declaration):
        reason = "nothing in it keeps its pods in different zones for certain"
        result.values["zone_redundant"] = Unknown(reason, declaration.span)
    for name, value, path in pod_properties(declaration.attributes, entry.pods) if entry.pods else ():
        result.values[name] = coerced(value, tables.property_type(entry.kind, name))
        result.deciders[name] = (declaration, path)
    return result


def coerced(value: Value, wanted: str | None) -> Value:
    """A value in its property's type, where files write it as another: one item for a list, digits for a number."""
    match wanted:
        case "list" if not isinstance(value, (list, Unknown)):
            return list(value.values()) if isinstance(value, dict) else [value]
        case "int" if isinstance(value, str) and _WHOLE.fullmatch(value):
            return int(value)
        case "bool" if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
    return value


def _lay_over(
    declarations: Sequence[Declaration],
    entries: Mapping[str, Entry | None],
    properties: Mapping[str, _Properties],
    index: Index,
) -> dict[str, tuple[str, ...]]:
    """Lay split resources over the ones that they configure; returns part → wholes."""
    parts: dict[str, tuple[str, ...]] = {}
    for declaration in declarations:
        wholes = _wholes(declaration.id, entries, index)
        if wholes:
            parts[declaration.id] = wholes
            for whole in wholes:
                _overlay(properties[whole], properties[declaration.id], declaration)
    return parts


def _wholes(name: str, entries: Mapping[str, Entry | None], index: Index, hops: int = 4) -> tuple[str, ...]:
    """What a split resource configures in the end, through parts of parts; nothing for a resource of its own."""
    entry = entries[name]
    if entry is None or not entry.configures or hops == 0:
        return ()
    for path in entry.configures:
        found: dict[str, None] = {}
        for target in index.referred(index.by_id[name], path):
            whole = entries[target]
            if whole is not None and whole.kind == entry.kind and target != name:
                further = _wholes(target, entries, index, hops - 1) if whole.configures else (target,)
                found.update(dict.fromkeys(further))
        if found:
            return tuple(found)
    return ()


def _overlay(whole: _Properties, part: _Properties, declaration: Declaration) -> None:
    exists = declaration.exists
    for name, written in part.values.items():
        value = written
        if isinstance(exists, Unknown):
            value = Unknown(f"{declaration.id} may not exist: {exists.reason}", exists.origin)
        present = whole.values.get(name)
        if isinstance(present, list) and isinstance(value, list):
            whole.values[name] = present + value
        else:
            whole.values[name] = value
        whole.deciders[name] = part.deciders.get(name, (declaration, ""))


def _resource(
    declaration: Declaration, entry: Entry, properties: _Properties, placer: Placer, settings: Settings
) -> Resource:
    attributes = declaration.attributes
    tags = labels_of(attributes) if stands_in_cluster(declaration) else attributes.get("tags", attributes.get("labels"))
    return Resource(
        declaration,
        entry.kind,
        properties.values,
        properties.deciders,
        _given(placer.place(declaration.id), declaration, settings),
        tags if isinstance(tags, dict) else {},
        _tier(declaration, settings),
    )


def _given(place: Placement, declaration: Declaration, settings: Settings) -> Placement:
    """A placement completed by what the user says of the file's resources; what the files say stays."""
    for given in settings.places:
        if any(fnmatchcase(declaration.span.file, path) for path in given.paths):
            nowhere = place.provider in _NOWHERE and given.provider
            open_region = place.region is None or isinstance(place.region, Unknown)
            wide = place.scope in (Scope.GLOBAL, Scope.MULTI_REGION) and not nowhere
            return replace(
                place,
                provider=given.provider if nowhere else place.provider,
                account=(given.account or None) if place.account is None else place.account,
                region=given.region if given.region and open_region and not wide else place.region,
                zones=given.zones if given.zones and not place.zones and not wide else place.zones,
                cluster=place.cluster or given.cluster or None,
            )
    return place


def _tier(declaration: Declaration, settings: Settings) -> str:
    for tier, patterns in settings.environments.items():
        if any(fnmatchcase(declaration.span.file, p) or fnmatchcase(declaration.root, p) for p in patterns):
            return tier
    return ""
