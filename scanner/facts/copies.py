"""Locked and encrypted copies: whether another copy exists, and whether it opens without the first one's key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from scanner.facts.fact import Answer, Fact
from scanner.facts.keys import STORES
from scanner.facts.relations import same_region
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.resource import Resource
from scanner.model.value import ABSENT, Truth, Unknown, Value, either, is_known, negate, unknown_from


def only_copy(resource: Resource, graph: Graph) -> Value:
    """Whether the files show no second copy of what a bucket or a backup vault keeps."""
    held = _second_copy(resource, graph)
    return negate(held)


def _second_copy(resource: Resource, graph: Graph) -> Truth:
    if resource.kind == "backup_vault":
        return either((_spread(resource), *_vault_copies(resource, graph)))
    wholes = [r for r in graph.targets(resource, "storage_account_id") if r.kind == "object_store"]
    return either((*(_spread(store) for store in (resource, *wholes)), *_standing_copies(resource, graph)))


def _spread(store: Resource) -> Truth:
    """Whether the store itself keeps a copy in another region."""
    redundancy = store.get("redundancy")
    found: list[Truth] = [redundancy if isinstance(redundancy, Unknown) else redundancy == "multi-region"]
    found.extend(_non_empty(store.get(name)) for name in ("replica_regions", "replica_targets"))
    return either(found)


def _non_empty(value: Value) -> Truth:
    if isinstance(value, Unknown):
        return value if value.ref is None else True
    return value is not ABSENT and bool(value)


def _standing_copies(store: Resource, graph: Graph) -> Iterator[Truth]:
    """Copy jobs from or to it, buckets that replicate into it, and backup plans that select it."""
    for job in graph.of_kind("replication", "export"):
        for end in ("source", "target"):
            if store in graph.targets(job, end):
                yield job.declaration.exists
    for other in graph.of_kind("object_store"):
        if other.id != store.id and store in graph.targets(other, "replica_targets"):
            yield other.declaration.exists
    for plan in graph.of_kind("backup_plan"):
        if store in (*graph.targets(plan, "selected"), *graph.targets(plan, "source")):
            yield plan.declaration.exists


def _vault_copies(vault: Resource, graph: Graph) -> Iterator[Truth]:
    """Plans that copy its recovery points further, and plans that copy others' into it."""
    for plan in graph.of_kind("backup_plan"):
        copies = plan.get("copy_targets")
        if vault in graph.targets(plan, "copy_targets"):
            yield plan.declaration.exists
        elif vault in graph.targets(plan, "vault") or not is_known(plan.get("vault")):
            yield _non_empty(copies)


def shares_backup_key(resource: Resource, graph: Graph) -> Value:
    """The stores that are encrypted under the same key as a backup vault, by id; absent when the vault names no key.

    None where a plan also copies the recovery points under another key.
    """
    if resource.get("key") is ABSENT:
        return ABSENT
    keys = _own_keys(resource, graph)
    if not keys:
        return unknown_from([resource.get("key")], "the vault's key is not in the files") if _variable(resource) else []
    sharing = [s for s in graph.of_kind(*STORES) if s.kind != "backup_vault" and keys & _own_keys(s, graph)]
    related = tuple(Related(s.span_of("key"), f"{s.id}: encrypted under the same key", s.id) for s in sharing)
    elsewhere = either(_copied_under_other_key(resource, keys, graph)) if sharing else False
    if isinstance(elsewhere, Unknown):
        return Answer(elsewhere, related)
    return Answer([] if elsewhere else [s.id for s in sharing], related)


def _copied_under_other_key(vault: Resource, keys: set[str], graph: Graph) -> Iterator[Truth]:
    for plan in graph.of_kind("backup_plan"):
        copies = plan.get("copy_targets")
        if vault not in graph.targets(plan, "vault") or copies in (ABSENT, []):
            continue
        known = [target for target in graph.targets(plan, "copy_targets") if target.kind == "backup_vault"]
        if known:
            yield any(target.id != vault.id and not keys & _own_keys(target, graph) for target in known)
        else:
            yield True if is_known(copies) else unknown_from([copies], "where the plan copies to is not in the files")


def _variable(resource: Resource) -> bool:
    return isinstance(resource.get("key"), Unknown)


def _own_keys(store: Resource, graph: Graph) -> set[str]:
    return {key.id for key in graph.targets(store, "key") if key.kind == "key"}


def copy_needs_source_key(resource: Resource, graph: Graph) -> Value:
    """The keys without which neither the data nor its copies can be read, by id.

    A bucket's copy is judged by the keys that it is written under, a replica by its own and its primary's.
    Absent where there is no copy, or where its encryption is not the customer's.
    """
    if resource.get("replica_of") is not ABSENT:
        own, primaries = _own_keys(resource, graph), graph.targets(resource, "replica_of")
        shared = own & {key for primary in primaries for key in _own_keys(primary, graph)}
        return _answer(shared, graph) if own and primaries else ABSENT
    copies = resource.get("replica_keys")
    if copies is ABSENT or copies == []:
        return ABSENT
    targets = [target for target in graph.targets(resource, "replica_keys") if target.kind == "key"]
    if not targets:
        return unknown_from([copies], "the keys of the copies are not in the files") if not is_known(copies) else []
    own = _own_keys(resource, graph)
    return _answer({key.id for key in targets if key.id in own or _beside(resource, key)}, graph)


def _beside(store: Resource, key: Resource) -> bool:
    """Whether the copies' key works in the region of the original only."""
    return same_region(store, key) is True and key.get("multi_region") is not True


def _answer(keys: Iterable[str], graph: Graph) -> Answer:
    found = sorted(keys)
    return Answer(found, tuple(Related(graph.resources[k].span, f"{k}: opens both", k) for k in found))


def provider_key_only(resource: Resource, _graph: Graph) -> Value:
    """Whether it is encrypted under a key that the provider manages, which no other account can be allowed to use."""
    encrypted = resource.get("encrypted")
    key = resource.get("key")
    if encrypted is not True:
        return encrypted if isinstance(encrypted, Unknown) else False
    if isinstance(key, Unknown):
        return False if key.ref is not None and not key.ref.is_variable else unknown_from([key])
    return key is ABSENT or (isinstance(key, str) and "alias/aws/" in key)


_STORE_AND_VAULT: Final = ("object_store", "backup_vault")

FACTS: Final[Mapping[str, Fact]] = {
    "only_copy": Fact(only_copy, "whether the files show no second copy of its data", _STORE_AND_VAULT),
    "shares_backup_key": Fact(shares_backup_key, "the stores under the same key as the vault", ("backup_vault",)),
    "copy_needs_source_key": Fact(copy_needs_source_key, "the keys that open both the data and its copies"),
    "provider_key_only": Fact(provider_key_only, "whether its key is the provider's own"),
}
