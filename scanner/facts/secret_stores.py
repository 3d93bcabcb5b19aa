"""Where the secrets of clusters are fetched from: https://external-secrets.io/latest/introduction/overview/."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scanner.catalog.readers import lookup
from scanner.facts.estate import managed, related
from scanner.facts.fact import Answer, Fact
from scanner.graph.graph import Graph
from scanner.model.objects import PLATFORM
from scanner.model.resource import Resource
from scanner.model.value import ABSENT, Unknown, Value

_STORES: Final = ("external-secrets.io/SecretStore", "external-secrets.io/ClusterSecretStore")
_WIDE: Final = ("gcpsm",)
"""Providers that keep secrets in several regions unless the store names one of them.

https://cloud.google.com/secret-manager/docs/choosing-replication
"""
_NO_SERVER: Final = ("kubernetes", "fake")
"""Providers that fetch from a cluster itself."""


def only_secret_store(_estate: Resource, graph: Graph) -> Value:
    """The one provider and region that all secrets of clusters are fetched from. Empty for several.

    Absent where nothing is fetched, or no store is in the files. A server that stands for itself, such as Vault, may
    be spread over any regions: then it is unknown.
    """
    stores = sorted((r for r in managed(graph, "other") if _is_store(r)), key=lambda store: store.span)
    if not stores or not any(secret.type.startswith("external-secrets.io/") for secret in managed(graph, "secret")):
        return ABSENT
    first, *others = stores
    spans = related(others, "another store")
    places = {_place(store) for store in stores}
    if len(places) > 1 or "" in places:
        return Answer("", spans, first.span)
    return Answer(_decided(first, places.pop()), spans, first.span)


def _is_store(resource: Resource) -> bool:
    return resource.type in _STORES and _provider(resource) not in _NO_SERVER


def _provider(store: Resource) -> str:
    found = lookup(store.declaration.attributes, "spec.provider")
    return next(iter(found), "") if isinstance(found, dict) else ""


def _place(store: Resource) -> str:
    """Provider and region in words; the provider or its server where no region is told, empty for all regions."""
    region = store.placement.region
    if store.placement.provider != PLATFORM and isinstance(region, str):
        return f"{store.placement.provider} in {region}"
    word = _provider(store)
    if word in _WIDE:
        return ""
    path = f"spec.provider.{word}"
    told = (lookup(store.declaration.attributes, f"{path}.{key}") for key in ("server", "vaultUrl", "host", "url"))
    return next((value for value in told if isinstance(value, str)), word)


def _decided(store: Resource, place: str) -> Value:
    region = store.placement.region
    if store.placement.provider != PLATFORM and isinstance(region, str):
        return place
    return Unknown(f"in which regions {place} keeps secrets is not in the files", store.span)


FACTS: Final[Mapping[str, Fact]] = {
    "only_secret_store": Fact(only_secret_store, "the one store that all secrets are fetched from", ("estate",)),
}
