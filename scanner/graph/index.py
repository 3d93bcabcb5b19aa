"""Which declared objects a written reference, name or ARN means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from msgspec import Struct

from scanner.model.resource import Declaration
from scanner.model.value import Unknown, Value, unknowns_in

_KEYS = re.compile(r'\[(?:[0-9]+|\*|"(?:[^"\\]|\\.)*")\]')
_INDEX = re.compile(r"\[[^\]]*\]")
_LAST_KEY = re.compile(r'\[(?:[0-9]+|\*|"(?:[^"\\]|\\.)*")\]$')


class Index(Struct, frozen=True):
    """Declarations by id, by id without instance keys, and by the names that others may use for them."""

    by_id: Mapping[str, Declaration]
    by_base: Mapping[str, tuple[str, ...]]
    by_name: Mapping[str, tuple[str, ...]]

    def addressed(self, address: str) -> tuple[str, ...]:
        """The ids that an address means: itself, all its instances, or the stand-in for an unknown number."""
        if address in self.by_id:
            return (address,)
        instances = self.by_base.get(address, ())
        if instances:
            return instances
        keyless = _LAST_KEY.sub("", address)
        if keyless != address:
            stand_in = f"{keyless}[*]"
            if stand_in in self.by_id:
                return (stand_in,)
            if address.endswith("[*]"):
                return self.by_base.get(keyless, ())
        return self._module_wide(address)

    def _module_wide(self, address: str) -> tuple[str, ...]:
        """Instances across an unknown number of modules (``module.x[*].aws_lb.y``)."""
        pattern = base_of(address)
        return self.by_base.get(pattern, ()) if "[*]" in address else ()

    def named(self, value: Value, types: Iterable[str] = (), root: str | None = None) -> tuple[str, ...]:
        """The ids of the objects that a name, path or ARN written as text means, of the given native types if any.

        Where some of them belong to the given root, only these are meant: environments that are copies of each other
        share their names. A plain name that things of different types share means none of them.
        """
        if not isinstance(value, str) or not value:
            return ()
        wanted = frozenset(types)
        for name in (value, *_short_names(value)):
            found = tuple(i for i in self.by_name.get(name, ()) if not wanted or self.by_id[i].type in wanted)
            found = tuple(i for i in found if self.by_id[i].root == root) or found
            if len({self.by_id[i].type for i in found}) == 1:
                return found
        return ()

    def referred(self, declaration: Declaration, path: str) -> tuple[str, ...]:
        """The ids that an attribute refers to: by what its text names, else by what its value is called."""
        found: dict[str, None] = {}
        for reference in declaration.references:
            if is_at(reference.path, path):
                found.update(dict.fromkeys(self.addressed(reference.target)))
        return tuple(found) or self.meant(at_path(declaration.attributes, path), root=declaration.root)

    def told_at(self, declaration: Declaration, path: str) -> tuple[str, ...]:
        """The ids that the text of one item refers to, as inventories tell of plain ids (``subnets[0]``)."""
        found = (self.addressed(each.target) for each in declaration.references if each.path == path)
        return tuple(dict.fromkeys(name for names in found for name in names))

    def meant(self, value: Value, types: Iterable[str] = (), root: str | None = None) -> tuple[str, ...]:
        """The ids that an attribute's value means: by reference where it is unknown, by name where it is text.

        ``root`` is that of the resource that has the attribute.
        """
        found: dict[str, None] = {}
        for unknown in unknowns_in([value]):
            for ref in unknown.refs:
                found.update(dict.fromkeys(self.addressed(ref.address)))
        for text in _texts(value):
            found.update(dict.fromkeys(self.named(text, types, root)))
        return tuple(found)


def at_path(attributes: Value, path: str) -> Value:
    """The values at a path through all blocks on the way, as one list; ``None`` when nothing is written."""
    values = [attributes]
    for step in path.split("."):
        entries = [entry for value in values for entry in (value if isinstance(value, list) else [value])]
        values = [entry[step] if isinstance(entry, dict) else entry for entry in entries if _goes_on(entry, step)]
    return None if not values else values[0] if len(values) == 1 else values


def _goes_on(entry: Value, step: str) -> bool:
    return isinstance(entry, Unknown) or (isinstance(entry, dict) and entry.get(step) is not None)


def build_index(declarations: Iterable[Declaration], names: Mapping[str, tuple[str, ...]]) -> Index:
    """Index declarations. ``names`` maps a native type to the attributes by which others may name it."""
    by_id: dict[str, Declaration] = {}
    by_base: dict[str, list[str]] = {}
    by_name: dict[str, list[str]] = {}
    for declaration in declarations:
        by_id[declaration.id] = declaration
        for base in {_LAST_KEY.sub("", declaration.id), base_of(declaration.id)} - {declaration.id}:
            by_base.setdefault(base, []).append(declaration.id)
        for path in names.get(_native(declaration), ()):
            value = declaration.attributes.get(path)
            if isinstance(value, str) and value:
                by_name.setdefault(value, []).append(declaration.id)
    return Index(by_id, {k: tuple(v) for k, v in by_base.items()}, {k: tuple(v) for k, v in by_name.items()})


def _native(declaration: Declaration) -> str:
    return declaration.type if declaration.mode != "data" else f"data.{declaration.type}"


@lru_cache(maxsize=65_536)
def base_of(address: str) -> str:
    """An address without any instance keys."""
    return _KEYS.sub("", address) if "[" in address else address


def _short_names(value: str) -> tuple[str, ...]:
    """The names inside an ARN, a resource path or an S3 host, most specific first."""
    if value.startswith("arn:"):
        tail = value.split(":", 5)[-1]
        return (tail, tail.rsplit("/", 1)[-1], tail.rsplit(":", 1)[-1])
    if "/" in value and not value.startswith(("http://", "https://")):
        return (value.rsplit("/", 1)[-1],)
    return (value.split(".", 1)[0],) if ".s3." in value else ()


@lru_cache(maxsize=65_536)
def plain_path(path: str) -> str:
    """An attribute's path without the indices of blocks: ``default_action[0].target_group_arn`` → without ``[0]``."""
    return _INDEX.sub("", path) if "[" in path else path


def is_at(written: str, path: str) -> bool:
    """Whether an attribute stands at a path or below it, whatever block of several it is in."""
    plain = plain_path(written)
    return plain == path or plain.startswith(f"{path}.")


def _texts(value: Value) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, Unknown):
        return
