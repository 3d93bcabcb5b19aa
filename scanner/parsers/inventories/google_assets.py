"""Assets of Google Cloud as ``gcloud asset export`` and ``gcloud asset list`` write them.

https://cloud.google.com/asset-inventory/docs/export-asset-metadata-cloud-storage. ``resource.data`` is what the
service's own REST API answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from scanner.model.problem import Problem, ProblemKind
from scanner.model.resource import ProviderContext
from scanner.model.span import Span
from scanner.model.value import Value
from scanner.parsers.inventories.listing import Entry, Mention, text, texts
from scanner.parsers.positioned_json import JsonDocument, JsonPlaces

PLATFORM: Final = "google"
FORMAT: Final = "gcp-assets"

_ZONE: Final = re.compile(r"(.+-.+\d)-[a-z]")
_PLACE: Final = re.compile(r"/(?:locations|zones|regions)/([^/]+)")
_PROJECT: Final = re.compile(r"(?:^|/)projects/([^/]+)")
_NAME: Final = re.compile(
    r"(?:https?:)?(?://[^/]+/)?(?:(?:[a-z]+/)?(?:v[0-9][a-z0-9]*|beta|alpha)/)?((?:projects|folders|organizations)/[^/\s]+/[^\s?]+)"
)
_OWN_NAMES: Final = frozenset({"selfLink", "selfLinkWithId", "name", "id"})
"""Fields in which a resource tells its own name."""
_LOCATIONS: Final = frozenset({"location", "region", "zone"})
_OWN_STEPS: Final[Mapping[str, int]] = {"locations": 6, "zones": 6, "regions": 6, "global": 5}
"""How many steps the name of a resource has, by where it stands: ``projects/p/zones/z/instances/i``; 4 elsewhere."""
_MASTER: Final = "masterInstanceName"
"""The instance that a replica of Cloud SQL follows, as ``project:instance``."""


def entries(document: JsonDocument) -> Iterator[Entry | Problem]:
    """The assets of one document: one asset of an export, or a list of them."""
    data, places = document.data, document.places
    items = (
        [(item, places.step(index)) for index, item in enumerate(data)] if isinstance(data, list) else [(data, places)]
    )
    for item, own in items:
        kind, name = (text(item, "asset_type", "assetType"), text(item, "name")) if isinstance(item, dict) else ("", "")
        if not kind or not name:
            yield Problem(own.span, ProblemKind.INVALID, "an asset without name or type is left out")
            continue
        if not isinstance(_data(item), dict):
            message = "an asset without resource.data: export with --content-type=resource"
            yield Problem(own.span, ProblemKind.UNRESOLVED, message)
        yield _entry(item, kind, name, own)


def _data(item: Mapping[str, Value]) -> Value:
    resource = item.get("resource")
    return resource.get("data") if isinstance(resource, dict) else None


def _entry(item: Mapping[str, Value], kind: str, name: str, places: JsonPlaces) -> Entry:
    data = _data(item)
    attributes: dict[str, Value] = dict(data) if isinstance(data, dict) else {}
    told = _LOCATIONS & attributes.keys()
    resource = item["resource"] if isinstance(item.get("resource"), dict) else {}
    span = places.get("name") or places.span
    inner = places.step("resource", "data")
    location = text(resource, "location") or text(item, "location") or next(iter(_PLACE.findall(name)), "")
    project = next(iter(_PROJECT.findall(name)), "") or next(iter(_PROJECT.findall(text(resource, "parent"))), "")
    context = {"project": project, "region": _region(location)}
    beside = {"Id": name, "AssetParent": _parent(name), "location": "" if told else location}
    return Entry(
        id=name,
        type=kind,
        name=text(attributes, "displayName") or name.rpartition("/")[2],
        span=span,
        attributes=attributes | {key: value for key, value in beside.items() if value},
        places=inner,
        provider=ProviderContext(
            PLATFORM, attributes={key: value for key, value in context.items() if value}, span=span, declared=True
        ),
        root=places.source.name,
        keys=tuple(_path_of(name)),
        mentions=(*_mentions(attributes, name, inner, span), *_inside(name, span)),
        # Exports of policies name the same assets again, without their data.
        taken=text(item, "update_time", "updateTime") if attributes else "",
    )


def _region(location: str) -> str:
    """The region of a location, which may be a zone or several regions."""
    zone = _ZONE.fullmatch(location)
    return zone[1] if zone else location.lower()


def _parent(name: str) -> str:
    """The name of what an asset is a part of (a key of its key ring); empty for one that only belongs to a project."""
    steps = next(iter(_path_of(name)), "").split("/")
    own = _OWN_STEPS.get(steps[2], 4) if len(steps) > 2 else len(steps)
    return name.rsplit("/", 2)[0] if len(steps) > own else ""


def _inside(name: str, span: Span) -> Iterator[Mention]:
    parent = _parent(name)
    if parent:
        yield Mention("AssetParent", tuple(_path_of(parent)), "Id", span)


def _path_of(name: str) -> Iterator[str]:
    """The part of a name that fields of other resources hold, whatever service and version stand before it."""
    found = _NAME.fullmatch(name)
    if found is not None:
        yield found[1]


def _mentions(attributes: Mapping[str, Value], own: str, places: JsonPlaces, span: Span) -> Iterator[Mention]:
    """What fields name by URL or relative name; a version of a key stands for the key."""
    for path, written in texts(attributes):
        value = written
        if path == _MASTER:
            value = f"projects/{value.replace(':', '/instances/', 1)}"
        found = None if path in _OWN_NAMES else _NAME.fullmatch(value)
        if found is not None and not own.endswith(found[1]):
            steps = found[1].split("/")
            keys = tuple("/".join(steps[:length]) for length in range(len(steps), 3, -2))
            yield Mention(path, keys, "Id", places.get(path) or span)
