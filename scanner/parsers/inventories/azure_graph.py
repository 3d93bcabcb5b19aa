"""Azure resources as Resource Graph and ``az resource list`` list them.

https://learn.microsoft.com/azure/governance/resource-graph/concepts/query-language: the shape is that of Resource
Manager, types mostly in lower case.
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

PLATFORM: Final = "arm"
FORMAT: Final = "az-graph"

_LISTS: Final = ("data", "value")
_KEPT: Final = frozenset(
    {
        "id",
        "name",
        "location",
        "zones",
        "sku",
        "kind",
        "identity",
        "tags",
        "properties",
        "plan",
        "managedBy",
        "extendedLocation",
    }
)
_SUBSCRIPTION: Final = re.compile(r"/subscriptions/([^/]+)", re.IGNORECASE)
_ID: Final = re.compile(r"/subscriptions/[^/]+/resourceGroups/[^/\s]+(?:/[^\s]*)?", re.IGNORECASE)
_PROVIDERS: Final = "/providers/"


def entries(document: JsonDocument) -> Iterator[Entry | Problem]:
    """The resources of one file."""
    data, places = document.data, document.places
    name = places.source.name
    if isinstance(data, dict):
        found = next((key for key in _LISTS if isinstance(data.get(key), list)), None)
        if found is None:
            yield Problem(
                Span(name, 1), ProblemKind.INVALID, "not a list of Azure resources: neither data nor value is one"
            )
            return
        data, places = data[found], places.step(found)
    for index, item in enumerate(data if isinstance(data, list) else []):
        own = places.step(index)
        if not isinstance(item, dict) or not text(item, "id").startswith("/") or not text(item, "type"):
            yield Problem(own.span, ProblemKind.INVALID, "an item without id or type is left out; project both")
        else:
            yield _entry(item, own, name)


def _entry(item: Mapping[str, Value], places: JsonPlaces, root: str) -> Entry:
    own, span = item["id"], places.get("id") or places.span
    attributes = {name: value for name, value in item.items() if name in _KEPT and value not in (None, {}, [], "")}
    parent = _parent(own, item["type"])
    if parent:
        attributes["parent"] = parent
    subscription = text(item, "subscriptionId") or next(iter(_SUBSCRIPTION.findall(own)), "")
    return Entry(
        id=own,
        type=item["type"],
        name=text(item, "name") or own.rpartition("/")[2],
        span=span,
        attributes=attributes,
        places=places,
        provider=ProviderContext(
            "azurerm", attributes={"subscription_id": subscription} if subscription else {}, span=span, declared=True
        ),
        root=root,
        keys=(own.lower(),),
        mentions=tuple(_mentions(attributes, own, places, span)),
    )


def _parent(own: str, kind: str) -> str:
    """The id of what a resource is a part of: ``servers/databases`` of the server."""
    return own.rsplit("/", 2)[0] if kind.count("/") > 1 and _PROVIDERS in own.lower() else ""


def _mentions(attributes: Mapping[str, Value], own: str, places: JsonPlaces, span: Span) -> Iterator[Mention]:
    """The ids of other resources: what is listed as a part of one (a subnet of a network) stands for that."""
    for path, value in texts({name: each for name, each in attributes.items() if name not in ("id", "tags")}):
        if not _ID.fullmatch(value) or value.lower() == own.lower():
            continue
        keys = list(_ancestors(value.lower()))
        if not own.lower().startswith(f"{keys[-1]}/") or path == "parent":
            yield Mention(path, tuple(keys), "id", places.get(path) or span)


def _ancestors(own: str) -> Iterator[str]:
    """The id itself, then those of what it is a part of, up to the resource that a provider keeps."""
    scope, _, rest = own.rpartition(_PROVIDERS)
    steps = rest.split("/") if scope else []
    yield own
    for length in range(len(steps) - 2, 2, -2):
        yield f"{scope}{_PROVIDERS}{'/'.join(steps[:length])}"
