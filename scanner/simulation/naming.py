"""What people would call a service that the files show, and how much its loss matters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import Final

from scanner.facts.documents import literal_text
from scanner.facts.value_bearing import NOT_PRODUCTION
from scanner.model.compose import SERVICE
from scanner.model.objects import PLATFORM
from scanner.model.resource import Resource
from scanner.model.service import Criticality

_NAMING_TAGS: Final = ("app", "application", "service", "app.kubernetes.io/name", "component")
_CRITICALITY_TAGS: Final = ("criticality", "importance", "priority", "tier")
_GENERIC: Final = frozenset({"this", "main", "default", "primary", "it", "self", "app", "service", "example", "test"})
_GAP: Final = re.compile(r"\{…\}[-_./]*")
"""What stands in the names of Azure's templates for what is not known."""
_MODULE_KEY: Final = re.compile(r'\["([^"\]]+)"\]')
_INSTANCE: Final = re.compile(r"\[[^\]]*\]")
"""The key of an instance in an address."""
_TELLING: Final = 5
"""The known part of a name says something from so many characters on."""
_SAYING: Final = 3
"""What several names begin with says something from so many characters on."""


def name_of(resource: Resource) -> str:
    """What people would call a thing: its tag, its name, else the module's or block's name that says most."""
    own = resource.type == SERVICE or resource.declaration.platform == PLATFORM  # labels there are of a group, too
    if own and resource.declaration.name not in _GENERIC:
        return resource.declaration.name
    for key in _NAMING_TAGS:
        value = resource.tags.get(key)
        if isinstance(value, str) and value:
            return value
    keys = _MODULE_KEY.findall(resource.id)
    if keys:
        return str(keys[-1])
    for value in (resource.get("name"), resource.declaration.attributes.get("name"), resource.get("domain")):
        text = value if isinstance(value, str) else literal_text(value, "").strip("-_./")
        if text and (isinstance(value, str) or len(text) > _TELLING):
            return text.rstrip(".")
    called = _known_part(resource.declaration.name)
    if called and called not in _GENERIC:
        return called
    modules = [part for part in re.split(r"\.?module\.", resource.declaration.module) if part]
    module = _INSTANCE.sub("", modules[-1]).rstrip(".").rpartition("#")[2].rpartition(".")[2] if modules else ""
    if known := _known_part(module):
        return known
    return resource.declaration.root.rpartition("/")[2] or resource.declaration.name


def _known_part(name: str) -> str:
    return _GAP.sub("", name).strip("-_./") if "{…}" in name else name


def shared_name(members: Sequence[Resource]) -> str:
    """What the names of several begin with, ``charon`` of ``charon-0`` and ``charon-1``; else the first one's."""
    names = [name_of(member) for member in members]
    same = takewhile(lambda column: len(set(column)) == 1, zip(*names, strict=False))
    shared = "".join(column[0] for column in same).rstrip("-_.0123456789")
    return shared if len(names) > 1 and len(shared) >= _SAYING else names[0]


def criticality_of(resource: Resource, *, public: bool) -> Criticality:
    """How bad its loss is: what its tags say, else by whether the public reaches it."""
    if resource.tier.lower() in NOT_PRODUCTION:
        return Criticality.LOW
    for key, value in resource.tags.items():
        if key.lower() in _CRITICALITY_TAGS and isinstance(value, str) and value.lower() in set(Criticality):
            return Criticality(value.lower())
    return Criticality.HIGH if public else Criticality.MEDIUM
