"""Where Terraform keeps the map of what it manages, and what would take that map along."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from scanner.facts.estate import HELD, RUNNERS, managed, regional, related, written
from scanner.facts.fact import Answer, Fact
from scanner.facts.relations import same_region
from scanner.graph.graph import Graph
from scanner.model.resource import Resource
from scanner.model.value import ABSENT, Truth, Unknown, Value, either, equal

_TRIAL: Final = re.compile(
    r"(?:^|[/_.-])(?:examples?|tests?|fixtures?|samples?|demos?|sandbox|playground|tutorials?)(?:[/_.-]|$)"
)
_LAYERED: Final = re.compile(r"(?:^|/)(?:modules?|components?)(?:/|$)")
_CREDENTIALS: Final = (
    "assume_role",
    "assume_role_with_web_identity",
    "role_arn",
    "profile",
    "access_key",
    "shared_credentials_files",
)
_CLOUD_BACKENDS: Final = frozenset({"s3", "gcs", "azurerm", "oss", "cos", "oci"})


def _managed_by(backend: Resource, graph: Graph) -> list[Resource]:
    """What runs, keeps data or holds keys in the backend's root."""
    return graph.once(_managed_by_root).get(backend.declaration.root, [])


def _managed_by_root(graph: Graph) -> Mapping[str, list[Resource]]:
    found: dict[str, list[Resource]] = {}
    for resource in managed(graph, *RUNNERS, *HELD):
        found.setdefault(resource.declaration.root, []).append(resource)
    return found


def state_stake(resource: Resource, graph: Graph) -> Value:
    """How many things that run, keep data or hold keys the state describes."""
    return len(_managed_by(resource, graph))


def for_trial(resource: Resource, _graph: Graph) -> Value:
    """Whether its folder is one for examples or tests."""
    return bool(_TRIAL.search(resource.declaration.root.lower()))


def state_local(resource: Resource, _graph: Graph) -> Value:
    """Whether the state is a file on the machine that applies.

    Without a backend it is, unless a wrapper writes one: that is how folders of modules and components are applied.
    """
    if resource.get("type") != "local":
        return False
    if not _is_block(resource) and _LAYERED.search(resource.declaration.root.lower()):
        return Unknown("no backend is written; a wrapper that applies the folder may add one", resource.span)
    return True


def _is_block(resource: Resource) -> bool:
    """Whether the declaration is a written backend; an implied one stands at the provider that implies it."""
    return bool(resource.declaration.places)


def state_locked(resource: Resource, _graph: Graph) -> Value:
    """Whether a concurrent change is refused; unknown where the backend's settings are given on the command line."""
    lock = resource.get("lock")
    if lock is False and not written(resource.get("bucket")):
        return Unknown("the backend's settings are given elsewhere (-backend-config)", resource.span)
    return lock


def state_beside(resource: Resource, graph: Graph) -> Value:
    """Whether the state lies in a region and the account of something that it describes.

    Absent for backends that are no cloud's store, and where nothing regional is managed at the same provider.
    """
    if resource.get("type") not in _CLOUD_BACKENDS:
        return ABSENT
    buckets = _buckets(resource, graph)
    if any(_replicated(bucket) for bucket in buckets):
        return Answer(False, related(buckets, "keeps a copy in another region"))
    home = buckets[0] if buckets else resource
    subjects = [
        r for r in regional(_managed_by(resource, graph)) if r.placement.provider == resource.placement.provider
    ]
    if not subjects:
        return ABSENT
    beside = []
    for subject in _one_a_place(subjects):
        here = _region(home, subject)
        account = _account(resource, buckets, subject)
        found: Truth = False if here is False or account is False else account if isinstance(here, bool) else here
        beside.append(found)
    value = either(beside)
    return Answer(value, related(subjects, "described by it", 3))


def _one_a_place(subjects: list[Resource]) -> list[Resource]:
    kept: list[Resource] = []
    for subject in subjects:
        known = ((k.placement.region, k.placement.account, k.declaration.provider.alias) for k in kept)
        if (subject.placement.region, subject.placement.account, subject.declaration.provider.alias) not in known:
            kept.append(subject)
    return kept


def _buckets(backend: Resource, graph: Graph) -> list[Resource]:
    return [b for b in graph.targets(backend, "bucket") if b.kind == "object_store"]


def _replicated(bucket: Resource) -> bool:
    for name in ("replica_targets", "replica_regions"):
        value = bucket.get(name)
        if isinstance(value, Unknown) or value not in (ABSENT, []):
            return True
    return bool(bucket.get("redundancy") == "multi-region")


def _region(home: Resource, subject: Resource) -> Truth:
    found = same_region(home, subject)
    if isinstance(found, Unknown) and home.kind == "state_backend":
        return Unknown("the region of the state's bucket is not in the files", home.span_of("bucket"))
    return found


def _account(backend: Resource, buckets: list[Resource], subject: Resource) -> Truth:
    """Whether the state's account is the subject's: written, or the credentials of the same person on both sides."""
    owner = buckets[0] if buckets else backend
    mine, other = owner.placement.account, subject.placement.account
    if isinstance(mine, str) and isinstance(other, str) and mine.startswith("profile:") == other.startswith("profile:"):
        return equal(mine, other)
    plain = not any(written(backend.declaration.attributes.get(name)) for name in _CREDENTIALS)
    provider = subject.declaration.provider.attributes
    same_person = plain and not any(written(provider.get(name)) for name in _CREDENTIALS)
    if same_person and backend.get("type") in ("s3", "oss") and mine is None:
        return True
    if same_person and backend.get("type") == "azurerm" and mine is None and other is None:
        return True
    return Unknown("the account of the state's bucket is not in the files", backend.span_of("bucket"))


def state_versioned(resource: Resource, graph: Graph) -> Value:
    """Whether old versions of the state are kept. Absent for backends that keep versions themselves."""
    if resource.get("type") not in _CLOUD_BACKENDS:
        return ABSENT
    buckets = _buckets(resource, graph)
    if not buckets:
        return Unknown("the state's bucket is not in the files", resource.span_of("bucket"))
    value = buckets[0].get("versioning")
    if isinstance(value, Unknown):
        return value
    return Answer(value is True, related(buckets, "the state's bucket"), buckets[0].span_of("versioning"))


_BACKEND: Final = ("state_backend",)

FACTS: Final[Mapping[str, Fact]] = {
    "state_stake": Fact(state_stake, "how many things that run or keep data it describes", _BACKEND),
    "for_trial": Fact(for_trial, "whether its folder is one for examples or tests"),
    "state_local": Fact(state_local, "whether it is a file on the machine that applies", _BACKEND),
    "state_locked": Fact(state_locked, "whether a concurrent change is refused", _BACKEND),
    "state_beside": Fact(state_beside, "whether it lies in the region and account of what it describes", _BACKEND),
    "state_versioned": Fact(state_versioned, "whether old versions of it are kept", _BACKEND),
}
