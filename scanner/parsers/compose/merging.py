"""Laying one Compose file, or one service, over another.

https://github.com/compose-spec/compose-spec/blob/main/13-merge.md. Both are in canonical shape, in which most
exceptions of the rules are mappings. Nothing is changed in place: merged parts are shared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from scanner.parsers.compose.fields import OVERRIDE, RESET, Field

_REPLACED: Final = frozenset({"command", "entrypoint", "healthcheck.test"})
"""Fields of a service of which the last file's counts."""


def merged(base: Field, over: Field, path: str = "") -> Field:
    """``over`` laid over ``base``. ``path`` is that of the field within its service, empty outside of services."""
    if over.tag in (RESET, OVERRIDE) or path in _REPLACED:
        return over
    if over.value is None:
        return base
    if isinstance(base.value, dict) and isinstance(over.value, dict):
        if path == "logging" and not _same_driver(base, over):
            return over
        return base.with_value(_mapping(base, over, path))
    if isinstance(base.value, list) and isinstance(over.value, list):
        return base.with_value(_sequence(base.value, over.value, path))
    return over


def merged_model(base: Field, over: Field) -> Field:
    """One file laid over another."""
    sections = dict(base.mapping())
    for key, section in over.mapping().items():
        first = sections.get(key)
        sections[key] = _section(first, section) if first is not None and key in SECTIONS else section
    return base.with_value(sections)


SECTIONS: Final = ("services", "volumes", "networks", "secrets", "configs")
"""Top-level mappings of a file by name."""


def _section(base: Field, over: Field) -> Field:
    if over.tag or not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return over if over.tag or not isinstance(base.value, dict) else base
    found = dict(base.value)
    for name, item in over.value.items():
        found[name] = merged(found[name], item) if name in found else item
    return base.with_value(found)


def _mapping(base: Field, over: Field, path: str) -> dict[str, Field]:
    found = dict(base.mapping())
    for key, item in over.mapping().items():
        first = found.get(key)
        inner = f"{path}.{key}" if path else key
        found[key] = item if first is None else merged(first, item, inner)
    return found


def without_resets(field: Field) -> Field:
    """The field without what ``!reset`` takes away."""
    if isinstance(field.value, dict):
        kept = {key: without_resets(item) for key, item in field.value.items() if item.tag != RESET}
        return field.with_value(kept)
    if isinstance(field.value, list):
        return field.with_value([without_resets(item) for item in field.value if item.tag != RESET])
    return field


def _same_driver(base: Field, over: Field) -> bool:
    drivers = [each.text("driver") for each in (base, over) if each.get("driver") is not None]
    return len(drivers) < 2 or drivers[0] == drivers[1]


def _sequence(base: list[Field], over: list[Field], path: str) -> list[Field]:
    key = _UNIQUE.get(path)
    if key is None:
        return [*base, *over]
    found: dict[object, Field] = {}
    for index, item in enumerate((*base, *over)):
        name = key(item)
        found[index if name is None else name] = item
    return list(found.values())


def _itself(item: Field) -> object:
    return item.value.partition("=")[0] if isinstance(item.value, str) else None


def _whole(item: Field) -> object:
    return item.value if isinstance(item.value, str) else None


def _target(item: Field) -> object:
    return item.text("target") or None


def _granted(item: Field) -> object:
    return item.text("target") or item.text("source") or None


def _path(item: Field) -> object:
    return item.text("path") or None


def _port(item: Field) -> object:
    parts = [item.get(key) for key in ("host_ip", "target", "published", "protocol")]
    return tuple("" if part is None else str(part.value) for part in parts)


_UNIQUE: Final[Mapping[str, Callable[[Field], object]]] = {
    "volumes": _target,
    "secrets": _granted,
    "configs": _granted,
    "ports": _port,
    "env_file": _path,
    **dict.fromkeys(("cap_add", "cap_drop", "dns", "dns_opt", "dns_search", "expose", "links", "profiles"), _itself),
    **dict.fromkeys(("security_opt", "tmpfs", "sysctls", "device_cgroup_rules", "external_links"), _itself),
    "deploy.placement.constraints": _whole,
}
"""Lists of a service in which an entry replaces another with the same key. Without a key nothing is replaced."""
