"""Backup plans: what they select, how long they keep it, and who could delete it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final

from scanner.catalog.readers import lookup, whole
from scanner.facts.fact import Answer, Fact
from scanner.facts.policies import statements
from scanner.facts.relations import same_account, same_region
from scanner.graph.graph import Graph
from scanner.model.compose import PLATFORM as COMPOSE
from scanner.model.finding import Related
from scanner.model.resource import Resource
from scanner.model.value import ABSENT, Truth, Unknown, Value, both, either, equal, negate, unknown_from, with_origin

_BACKED_UP: Final = ("database", "file_store", "object_store", "volume", "compute", "cluster")
"""Kinds that backup plans select."""

_SERVICES: Final[Mapping[str, tuple[str, ...]]] = {
    "aws_db_instance": ("rds",),
    "aws_rds_cluster": ("rds",),
    "aws_docdb_cluster": ("rds", "docdb"),
    "aws_neptune_cluster": ("rds", "neptune"),
    "aws_dynamodb_table": ("dynamodb",),
    "aws_redshift_cluster": ("redshift",),
    "aws_timestreamwrite_table": ("timestream",),
    "aws_efs_file_system": ("elasticfilesystem",),
    "aws_ebs_volume": ("ec2",),
    "aws_instance": ("ec2",),
    "aws_s3_bucket": ("s3",),
    "aws_eks_cluster": ("eks",),
}
"""The services in the ARNs of what AWS Backup can select.
https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-feature-availability.html"""

_NAMES: Final = ("identifier", "cluster_identifier", "name", "bucket")
_SNAPSHOTS: Final = "aws_dlm_lifecycle_policy"
_DELETES: Final = "backup:DeleteRecoveryPoint"


# -- what a plan selects ---------------------------------------------------------------------------


def in_plan(store: Resource, plan: Resource, graph: Graph) -> Truth:
    """Whether a plan backs a store up: by reference, by a pattern of its ARN, or by its tags."""
    named = [name for name in ("selected", "source") if plan.get(name) is not ABSENT]
    direct = [name for name in named if store in graph.targets(plan, name)]
    if direct:
        return both((plan.declaration.exists, either(stated(plan, name) for name in direct)))
    if not _reaches(store, plan):
        return False
    found = [*_by_pattern(store, plan, graph), _by_tags(store, plan)]
    return both((plan.declaration.exists, either(found), _not_elsewhere(store, plan)))


def stated(resource: Resource, name: str) -> Truth:
    """Whether a property certainly holds: unknown when the part that states it may not exist."""
    value = resource.get(name)
    bare = isinstance(value, Unknown) and value.ref is None and not value.refs and not value.parts
    return value if isinstance(value, Unknown) and bare else True


def _reaches(store: Resource, plan: Resource) -> bool:
    """Patterns and tags are AWS's; Data Lifecycle Manager sees volumes and servers only."""
    if plan.type == _SNAPSHOTS:
        return store.type in ("aws_ebs_volume", "aws_instance")
    return plan.type == "aws_backup_plan" and store.type in _SERVICES


def _not_elsewhere(store: Resource, plan: Resource) -> Truth:
    """A plan sees its own region and account only."""
    return both((_unless_known(same_region(store, plan)), _unless_known(same_account(store, plan))))


def _unless_known(same: Truth) -> Truth:
    return True if isinstance(same, Unknown) else same


def _by_pattern(store: Resource, plan: Resource, graph: Graph) -> Iterator[Truth]:
    written = plan.get("selected")
    if isinstance(written, Unknown):
        yield False if graph.targets(plan, "selected") else unknown_from([written])
        return
    for pattern in written if isinstance(written, list) else ():
        if isinstance(pattern, str):
            yield _selects(pattern, store)
        elif isinstance(pattern, Unknown) and not graph.meant(pattern):
            yield unknown_from([pattern])


def _selects(pattern: str, store: Resource) -> bool:
    """``*`` or ``arn:aws:dynamodb:*:*:table/*``; a pattern with a name in it is judged by that name."""
    if pattern == "*":
        return True
    parts = pattern.split(":", 5)
    if len(parts) < 6 or not any(fnmatchcase(service, parts[2] or "*") for service in _SERVICES[store.type]):
        return False
    names = [store.declaration.attributes.get(name) for name in _NAMES]
    tail = parts[5].rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    return tail == "*" or any(isinstance(v, str) and fnmatchcase(v, tail) for v in names)


def _by_tags(store: Resource, plan: Resource) -> Truth:
    wanted = plan.get("selected_tags")
    if wanted is ABSENT or wanted is None:
        return False
    tags = effective_tags(store)
    if isinstance(wanted, Unknown):
        return unknown_from([wanted])
    if isinstance(wanted, dict) and plan.type == _SNAPSHOTS:  # any of them
        return either(_has(tags, key, value) for key, value in wanted.items())
    blocks = wanted if isinstance(wanted, list) else [wanted]
    return either(_block_selects(block, tags) for block in blocks if isinstance(block, dict))


def _block_selects(block: Mapping[str, Value], tags: Value) -> Truth:
    """A ``selection_tag`` block, or a ``condition`` block of which all must hold."""
    if "key" in block:
        return _has(tags, block["key"], block.get("value"))
    tests: list[Truth] = []
    for operator, pairs in block.items():
        for pair in pairs if isinstance(pairs, list) else [pairs]:
            if not isinstance(pair, dict):
                continue
            held = _has(tags, pair.get("key"), pair.get("value"), like=operator.endswith("like"))
            tests.append(negate(held) if "not" in operator else held)
    return both(tests) if tests else False


def _has(tags: Value, key: Value, value: Value, like: bool = False) -> Truth:
    if isinstance(tags, Unknown) or isinstance(key, Unknown):
        return unknown_from([tags, key])
    name = key.removeprefix("aws:ResourceTag/") if isinstance(key, str) else key
    held = tags.get(name, ABSENT)
    if held is ABSENT:
        return False
    if like and isinstance(held, str) and isinstance(value, str):
        return fnmatchcase(held, value)
    return equal(held, value)


def effective_tags(store: Resource) -> Value:
    """Its own tags over those that its provider configuration gives to everything."""
    own = lookup(store.declaration.attributes, "tags")
    given = lookup(store.declaration.provider.attributes, "default_tags.tags")
    own, given = ({} if tags is ABSENT else tags for tags in (own, given))
    if isinstance(own, Unknown) or isinstance(given, Unknown):
        return with_origin(unknown_from([own, given], "the tags are not known"), store.declaration.span_of("tags"))
    return {**given, **own} if isinstance(own, dict) and isinstance(given, dict) else {}


def in_backup_plan(resource: Resource, graph: Graph) -> Value:
    """Whether a backup plan in the files selects it; absent where no plan of its region and account could."""
    plans = [p for p in graph.of_kind("backup_plan") if p.declaration.mode == "managed" and _has_selection(p)]
    selected = either(in_plan(resource, plan, graph) for plan in plans)
    near = [plan for plan in plans if _reaches(resource, plan) and _not_elsewhere(resource, plan) is True]
    if selected is False and not near:
        return ABSENT
    return Answer(selected, tuple(Related(plan.span, f"{plan.id} does not select it", plan.id) for plan in near[:5]))


def _has_selection(plan: Resource) -> bool:
    return any(plan.get(name) is not ABSENT for name in ("selected", "selected_tags", "source"))


def backed_up_by_plan(resource: Resource, graph: Graph) -> Value:
    """Whether a plan selects it; false, rather than absent, when there is no plan."""
    return either(in_plan(resource, plan, graph) for plan in graph.of_kind("backup_plan"))


# -- how long and by whom --------------------------------------------------------------------------


def longest_retention_days(resource: Resource, _graph: Graph) -> Value:
    """The longest time that any rule of a plan keeps recovery points, in days; absent when one keeps them for ever."""
    if resource.type != "aws_backup_plan":
        return resource.get("retention_days")
    rules = resource.declaration.attributes.get("rule", [])
    if isinstance(rules, Unknown):
        return unknown_from([rules])
    days = [lookup(rule, "lifecycle.delete_after") for rule in rules if isinstance(rule, dict)]
    if not days or any(day is ABSENT for day in days):
        return ABSENT
    unknown = next((day for day in days if isinstance(day, Unknown)), None)
    if unknown is not None:
        return unknown
    return max((day for day in days if isinstance(day, int)), default=ABSENT)


def deletable(resource: Resource, graph: Graph) -> Value:
    """Whether whoever administers a vault's account can delete its recovery points at once, in every copy.

    A lock, an air-gapped vault, soft delete or a policy that denies the deletion stands against that; so does a copy in
    another account. A vault that only receives copies from another account is out of that account's reach already.
    """
    guards: list[Truth] = [_is(resource.get("air_gapped")), _is(resource.get("soft_delete"))]
    lock = resource.get("lock_mode")
    guards.append(lock if isinstance(lock, Unknown) else lock is not ABSENT and lock not in ("", "unlocked", None))
    guards.append(_denied(resource, graph))
    guards.extend(_apart(resource, graph))
    return negate(either(guards))


def _is(value: Value) -> Truth:
    return value if isinstance(value, (bool, Unknown)) else False


def _denied(vault: Resource, graph: Graph) -> Truth:
    found = statements(vault, graph)
    if found is None or isinstance(found, Unknown):
        return False if found is None else found
    return either(both((s.does("Deny"), s.covers(_DELETES))) for s in found)


def _apart(vault: Resource, graph: Graph) -> Iterator[Truth]:
    """Copies that leave the account, from this vault or into it."""
    for plan in graph.of_kind("backup_plan"):
        targets = graph.targets(plan, "copy_targets") if plan.get("copy_targets") is not ABSENT else ()
        if vault in targets:
            yield both((negate(same_account(plan, vault)), plan.declaration.exists))
        elif vault in graph.targets(plan, "vault"):
            yield from (both((negate(same_account(vault, t)), t.declaration.exists)) for t in targets)
            yield from _named_accounts(plan, vault) if not targets else ()


def _named_accounts(plan: Resource, vault: Resource) -> Iterator[Truth]:
    written = plan.get("copy_targets")
    for target in written if isinstance(written, list) else ():
        if isinstance(target, Unknown):
            yield Unknown("the vault that copies go to is not in the files", plan.span_of("copy_targets"))
        elif isinstance(target, str) and target.count(":") >= 5:
            account = vault.placement.account
            other = target.split(":")[4]
            known = isinstance(account, str) and account.isdecimal()
            yield account != other if known else Unknown("the account of the vault is not in the files", vault.span)


def snapshotted(resource: Resource, graph: Graph) -> Value:
    """Whether a policy, plan or snapshot in the files covers a disk; absent where the files cannot tell."""
    if resource.placement.provider in ("kubernetes", "docker", "nomad") or resource.platform == COMPOSE:
        return ABSENT
    if resource.get("snapshot_policy") is not ABSENT or _policies(resource):
        return True
    taken = [s for s in graph.of_kind("snapshot") if resource in graph.targets(s, "source")]
    planned = either(in_plan(resource, plan, graph) for plan in graph.of_kind("backup_plan"))
    copied = [j for j in graph.of_kind("replication") if resource in graph.targets(j, "source")]
    return either((planned, *(s.declaration.exists for s in (*taken, *copied))))


def _policies(disk: Resource) -> bool:
    """Snapshot policies that a disk of Google's names itself."""
    found = whole(disk.declaration.attributes, "resource_policies")
    return found is not ABSENT and found not in ([], None)


def restore_tested(_resource: Resource, graph: Graph) -> Value:
    """Whether the files declare a plan that restores backups to see that they work."""
    tests = [r for r in graph.of_kind("other") if r.type == "aws_backup_restore_testing_plan"]
    return either(r.declaration.exists for r in tests)


FACTS: Final[Mapping[str, Fact]] = {
    "in_backup_plan": Fact(in_backup_plan, "whether a backup plan of the files selects it", _BACKED_UP),
    "backed_up_by_plan": Fact(backed_up_by_plan, "whether a backup plan selects it", _BACKED_UP),
    "longest_retention_days": Fact(longest_retention_days, "the longest retention of a plan in days", ("backup_plan",)),
    "deletable": Fact(deletable, "whether one administrator can delete what a vault holds", ("backup_vault",)),
    "snapshotted": Fact(snapshotted, "whether a policy or plan takes snapshots of a disk", ("volume",)),
    "restore_tested": Fact(restore_tested, "whether backups are restored to test them", ("backup_plan",)),
}
