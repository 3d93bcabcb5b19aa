"""Regions as files write them (names, ARNs, paths, lists of replicas), held against a resource's own region."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

from scanner.catalog.load import catalog
from scanner.model.resource import Resource
from scanner.model.value import Truth, Unknown, Value, either, equal, negate, unknown_from

_LISTS_HOME: Final = (
    "astra_database",
    "aws_keyspaces_keyspace",
    "azurerm_cosmosdb_account",
    "cockroach_cluster",
    "google_active_directory_domain",
    "google_secret_manager_secret",
    "google_storage_bucket",
    "mongodbatlas_*",
    "ovh_cloud_project_database",
)
"""Types whose list of regions also names the one that they stand in."""

_ARN: Final = re.compile(r"^arn:[^:]*:[^:]*:([a-z0-9-]+):")
_GOOGLE_PATH: Final = re.compile(r"/locations/([a-z0-9-]+)/")


def lists_home(store: Resource) -> bool:
    """Whether the type's list of regions names its own region too."""
    return any(fnmatchcase(store.type, pattern) for pattern in _LISTS_HOME)


def lists_another(store: Resource, regions: Value) -> Truth:
    """Whether a written list of regions names another one than the store's."""
    if isinstance(regions, Unknown):
        return unknown_from([regions])
    if not isinstance(regions, list):
        return False
    if lists_home(store):
        return len(_distinct(regions)) > 1
    return either(is_replica_elsewhere(store, region) for region in regions)


def is_replica_elsewhere(store: Resource, region: Value) -> Truth:
    """Whether a region of a list of replicas is another one: providers refuse the store's own, but for file systems."""
    known = not isinstance(region, Unknown) and not isinstance(store.placement.region, Unknown)
    return names_other_region(store, region) if known or store.kind == "file_store" else True


def names_other_region(store: Resource, region: Value) -> Truth:
    """Whether a region's name, or the region in an ARN or path, is not the store's."""
    if isinstance(region, str) and region.lower() in catalog().multi_regions.get(store.placement.provider, {}):
        return True
    return negate(equal(_plain(region_in(region)), _plain(store.placement.region)))


def _plain(region: Value) -> Value:
    return region.replace(" ", "").lower() if isinstance(region, str) else region


def region_in(value: Value) -> Value:
    """The region that a text names: by itself, in an ARN, or in a resource path. Unknown stays unknown."""
    text = value.prefix if isinstance(value, Unknown) else value
    if not isinstance(text, str):
        return value
    found = _ARN.match(text) or _GOOGLE_PATH.search(text)
    return found[1] if found else value


def _distinct(values: Iterable[Value]) -> list[Value]:
    kept: list[Value] = []
    for value in values:
        if not any(equal(_plain(value), _plain(other)) is True for other in kept):
            kept.append(value)
    return kept
