"""The shipped tables as data: native types, their kinds and properties, regions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec.json
from msgspec import Struct

from scanner.catalog.program_table import program_faults
from scanner.catalog.readers import KEYS, Reader
from scanner.model.resource import EdgeKind

FOLDER: Final = Path(__file__).parent
COMPILED: Final = FOLDER.parent / "_compiled" / "catalog.json"

_ENTRY_KEYS: Final = frozenset(
    {
        "kind",
        "scope",
        "zones",
        "zones_from",
        "region",
        "region_from",
        "account",
        "properties",
        "refs",
        "names",
        "configures",
        "member_of",
        "connects",
        "pods",
        "selects",
        "objects",
        "hosts",
        "makes",
        "note",
        "as",
    }
)
_SCOPES: Final = frozenset({"zonal", "regional", "global", "multi-region"})
_EDGES: Final = frozenset(kind.value for kind in EdgeKind)
_NOT_TYPES: Final = frozenset({"vocabulary.yaml", "refs.yaml", "services.yaml", "programs.yaml", "translations.yaml"})


class CatalogError(Exception):
    """A table that breaks its own rules; the message names file and type."""


class Connection(Struct, frozen=True):
    """Glue between what two attributes refer to; of several for one end the first that names something counts."""

    source: tuple[str, ...]
    target: tuple[str, ...]
    kind: str


class ObjectPath(Struct, frozen=True):
    """An attribute that names Kubernetes objects: of these types unless it says a kind itself, as ``kind`` of need.

    ``namespace`` is the path of the namespace, where it is not written beside the name and not the object's own.
    """

    path: str
    types: tuple[str, ...]
    kind: str = EdgeKind.RUNTIME.value
    namespace: str = ""


class Entry(Struct, frozen=True):
    """What a native type means. Paths are native attribute paths.

    ``pods`` is the path of a pod template, ``selects`` of a selector over labels of pods. ``hosts`` are the Services
    that a controller makes for an object, ``{}`` its name; ``makes`` maps a kind that it makes to its name's paths.
    """

    kind: str
    scope: Reader = "regional"
    zones: tuple[str, ...] = ()
    zones_from: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    region_from: tuple[str, ...] = ()
    account: tuple[str, ...] = ()
    properties: Mapping[str, Reader] = {}
    refs: Mapping[str, str] = {}
    names: tuple[str, ...] = ()
    configures: tuple[str, ...] = ()
    member_of: tuple[str, ...] = ()
    connects: tuple[Connection, ...] = ()
    pods: str = ""
    selects: str = ""
    objects: tuple[ObjectPath, ...] = ()
    hosts: tuple[str, ...] = ()
    makes: Mapping[str, tuple[str, ...]] = {}


class Region(Struct, frozen=True):
    """What is known of a region: how many zones, and where it lies."""

    zones: int
    geography: str = ""
    area: str = ""
    pair: str = ""


class Catalog(Struct, frozen=True):
    """All tables. ``types`` is keyed by native type (``data.`` before a data source's)."""

    types: Mapping[str, Mapping[str, Any]]
    kinds: Mapping[str, Mapping[str, Any]]
    common: Mapping[str, Any]
    references: Mapping[str, str]
    regions: Mapping[str, Mapping[str, Mapping[str, Any]]]
    multi_regions: Mapping[str, Mapping[str, list[str]]]
    services: Mapping[str, Mapping[str, Any]]
    programs: Mapping[str, Mapping[str, Any]]
    translations: Mapping[str, Mapping[str, Any]] = {}

    def entry(self, native_type: str) -> Entry | None:
        """The meaning of a native type, or ``None`` when it is not catalogued."""
        return _entry(native_type)

    def property_type(self, kind: str, name: str) -> str | None:
        """The type of a normalized property of a kind, or ``None`` when there is no such property."""
        found = self.kinds.get(kind, {}).get("properties", {}).get(name) or self.common.get(name)
        return str(found[0]) if found else None

    def region(self, provider: str, name: str) -> Region | None:
        """What is known of a provider's region, or ``None``."""
        found = self.regions.get(provider, {}).get(name)
        if found is None:
            return None
        return Region(
            int(found.get("zones", 0)), found.get("geography", ""), found.get("area", ""), found.get("pair", "")
        )

    def service(self, provider: str, native_type: str) -> str:
        """The provider's service that a native type belongs to, as failure domains name it."""
        prefixes = self.services.get(provider, {}).get("prefixes", {})
        if "/" in native_type:  # what a cluster's controllers make of a cloud's parts
            return str(prefixes.get(native_type) or prefixes.get(native_type.partition("/")[0]) or "kubernetes")
        words = native_type.split("_")
        for length in range(len(words), 0, -1):
            found = prefixes.get("_".join(words[:length]))
            if found is not None:
                return str(found)
        return words[1] if len(words) > 1 else native_type

    def home(self, provider: str, service: str) -> str | None:
        """The region that holds a global service's control plane, or ``None`` when the provider does not say."""
        found = self.services.get(provider, {}).get("homes", {}).get(service)
        return None if found is None else str(found)

    def is_edge(self, provider: str, service: str) -> bool:
        """Whether a service answers before any region: a cloud's DNS, delivery network or global steering."""
        return service in self.services.get(provider, {}).get("edge", ())


@cache
def catalog() -> Catalog:
    """The shipped catalog: its compiled form when that is current, else read from YAML."""
    data = _compiled() or compile_catalog(FOLDER)
    return Catalog(
        data["types"],
        data["kinds"],
        data["common"],
        data["references"],
        data["regions"],
        data["multi_regions"],
        data["services"],
        data["programs"],
        data["translations"],
    )


@cache
def _entry(native_type: str) -> Entry | None:
    data = catalog().types.get(native_type)
    if data is None:
        return None
    return Entry(
        kind=data["kind"],
        scope=data.get("scope", "regional"),
        zones=_paths(data.get("zones")),
        zones_from=_paths(data.get("zones_from")),
        region=_paths(data.get("region")),
        region_from=_paths(data.get("region_from")),
        account=_paths(data.get("account")),
        properties=data.get("properties") or {},
        refs=data.get("refs") or {},
        names=_paths(data.get("names")),
        configures=_paths(data.get("configures")),
        member_of=_paths(data.get("member_of")),
        connects=tuple(
            Connection(_paths(link["from"]), _paths(link["to"]), link["kind"]) for link in data.get("connects", ())
        ),
        pods=data.get("pods", ""),
        selects=data.get("selects", ""),
        objects=tuple(
            ObjectPath(path, _paths(what["type"]), what.get("kind", "runtime"), what.get("namespace", ""))
            for path, what in (data.get("objects") or {}).items()
        ),
        hosts=_paths(data.get("hosts")),
        makes={kind: _paths(paths) for kind, paths in (data.get("makes") or {}).items()},
    )


def _paths(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _compiled() -> Any:
    """The compiled tables, unless a source file changed since."""
    try:
        data = msgspec.json.decode(COMPILED.read_bytes())
    except (OSError, ValueError):
        return None
    return data if is_current(data, FOLDER) else None


def is_current(compiled: Mapping[str, Any], folder: Path) -> bool:
    """Whether no source file changed since its compilation. In an installed package none is looked at."""
    sources = compiled.get("sources", 0)
    return sources is None or sources == source_state(folder)


def source_state(folder: Path) -> list[list[Any]]:
    """Name, size and time of every source file: equal states mean equal content."""
    state = []
    for path in sorted(folder.rglob("*.yaml")):
        stat = path.stat()
        state.append([path.relative_to(folder).as_posix(), stat.st_size, int(stat.st_mtime)])
    return state


def compile_catalog(folder: Path) -> dict[str, Any]:
    """Read and check every table of ``folder``: plain data for :data:`COMPILED`. Raises :class:`CatalogError`."""
    vocabulary = read_table(folder / "vocabulary.yaml")
    kinds, common = vocabulary["kinds"], vocabulary["common"]
    types: dict[str, Any] = {}
    aliases: dict[str, Any] = {}
    for path in sorted(folder.rglob("*.yaml")):
        if path.name in _NOT_TYPES or path.parent.name in ("regions", "spelled"):
            continue
        for native_type, data in read_table(path).items():
            where = f"{path.relative_to(folder).as_posix()}: {native_type}"
            if native_type in types:
                raise CatalogError(f"{where}: listed twice")
            if isinstance(data, dict) and "as" in data:
                aliases[native_type] = data
                continue
            for fault in faults(data, kinds, common):
                raise CatalogError(f"{where}: {fault}")
            types[native_type] = data
    types.update(_aliased(aliases, types))
    references = {name: kind for kind, names in read_table(folder / "refs.yaml").items() for name in names}
    regions, multi_regions = _regions(folder)
    return {
        "sources": source_state(folder),
        "types": types,
        "kinds": kinds,
        "common": common,
        "references": references,
        "regions": regions,
        "multi_regions": multi_regions,
        "translations": _translations(folder, types),
        "services": read_table(services) if (services := folder / "services.yaml").exists() else {},
        "programs": _programs(folder / "programs.yaml"),
    }


def _aliased(aliases: Mapping[str, Any], types: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Types that are another one ``as`` which they are read; what their references mean is their own."""
    for name, data in aliases.items():
        if name in types:
            raise CatalogError(f"{name}: listed twice")
        if data["as"] not in types:
            raise CatalogError(f"{name}: {data['as']} is no type of the catalog")
        for key in sorted(data.keys() - {"as", "refs"}, key=str):
            raise CatalogError(f"{name}: unknown key {key}")
        for fault in _edge_faults(data):
            raise CatalogError(f"{name}: {fault}")
        yield name, {**types[data["as"]], **data}


def _translations(folder: Path, types: Mapping[str, Any]) -> dict[str, Any]:
    """What cloud resources in Kubernetes are (``kubernetes/translations.yaml``): each a type of the catalog."""
    path = folder / "kubernetes" / "translations.yaml"
    data = read_table(path) if path.exists() else {}
    for name, what in data.get("types", {}).items():
        meant = {"type": what} if isinstance(what, str) else what
        for key in sorted(meant.keys() - {"type", "global", "regional", "zonal", "renamed"}):
            raise CatalogError(f"translations.yaml: {name}: unknown key {key}")
        for key in sorted(meant.keys() & {"type", "global", "regional", "zonal"}):
            if meant[key] not in types:
                raise CatalogError(f"translations.yaml: {name}: {meant[key]} is no type of the catalog")
    return {key: data.get(key, {}) for key in ("groups", "references", "types")}


def _regions(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    regions: dict[str, Any] = {}
    multi: dict[str, Any] = {}
    for path in sorted((folder / "regions").glob("*.yaml")):
        data = read_table(path)
        multi[path.stem] = data.pop("multi_regions", {})
        regions[path.stem] = data.pop("regions", data)
    return regions, multi


def _programs(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = read_table(path) if path.exists() else {}
    for name, data in found.items():
        for fault in program_faults(data):
            raise CatalogError(f"{path.name}: {name}: {fault}")
    return found


def faults(data: Any, kinds: Mapping[str, Any], common: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with one entry."""
    if not isinstance(data, dict) or data.get("kind") not in kinds:
        yield f"kind {data.get('kind') if isinstance(data, dict) else data!r} is not in vocabulary.yaml"
        return
    for key in sorted(data.keys() - _ENTRY_KEYS, key=str):
        yield f"unknown key {key}"
    scope = data.get("scope", "regional")
    if isinstance(scope, str):
        if scope not in _SCOPES:
            yield f"unknown scope {scope}"
    else:
        yield from _reader_faults("scope", scope)
    yield from _edge_faults(data)
    properties = kinds[data["kind"]].get("properties", {})
    for name, reader in (data.get("properties") or {}).items():
        if name not in properties and name not in common:
            yield f"{name} is no property of {data['kind']}"
        yield from _reader_faults(name, reader)


def _edge_faults(data: Mapping[str, Any]) -> Iterator[str]:
    for path, kind in (data.get("refs") or {}).items():
        if kind not in _EDGES:
            yield f"refs: {path}: {kind} is no kind of dependency"
    for link in data.get("connects") or ():
        if not isinstance(link, dict) or link.keys() != {"from", "to", "kind"}:
            yield "connects: each link has from, to and kind"
        elif link["kind"] not in _EDGES:
            yield f"connects: {link['kind']} is no kind of dependency"
    for path, what in (data.get("objects") or {}).items():
        if not isinstance(what, dict) or "type" not in what or what.keys() - {"type", "kind", "namespace"}:
            yield f"objects: {path}: each has type, and may have kind and namespace"
        elif what.get("kind", "runtime") not in _EDGES:
            yield f"objects: {path}: {what['kind']} is no kind of dependency"


def _reader_faults(name: str, reader: Reader) -> Iterator[str]:
    if isinstance(reader, str):
        return
    if not isinstance(reader, dict):
        yield f"{name}: a reader is a path or a mapping"
        return
    for key in sorted(reader.keys() - KEYS, key=str):
        yield f"{name}: unknown reader key {key}"
    for key in ("matches", "extract"):
        try:
            groups = re.compile(reader.get(key, "()")).groups
        except re.error as error:
            yield f"{name}: {key}: not a regular expression: {error}"
        else:
            if key == "extract" and groups < 1:
                yield f"{name}: extract: the regular expression has no group"
    for key in ("all", "any", "first"):
        for part in reader.get(key, ()):
            yield from _reader_faults(name, part)
    if not reader.keys() & {"path", "annotation", "const", "all", "any", "first"}:
        yield f"{name}: says no path"


def read_table(path: Path) -> Any:
    """A table as it is written. Raises :class:`CatalogError`."""
    import yaml

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return yaml.load(path.read_bytes(), Loader=loader) or {}  # noqa: S506  # one of the two safe loaders
    except yaml.YAMLError as error:
        raise CatalogError(f"{path.name}: {error}") from None
