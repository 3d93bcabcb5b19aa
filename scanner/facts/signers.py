"""Who signs for funds: the keys and the programs, and how many gatekeepers stand behind all of them.

A gatekeeper is an account of a provider: whoever holds it, or the provider itself, can withhold every signature
made in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from scanner.facts.committees import committee_of, signs_by_program
from scanner.facts.documents import texts
from scanner.facts.estate import shares_account
from scanner.facts.fact import Answer, Fact
from scanner.facts.value_bearing import OTHER_SIGNATURES, is_value_bearing, own_words
from scanner.facts.workloads import least_pods
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.resource import Resource
from scanner.model.value import ABSENT, Truth, Unknown, Value, both, less

_PROCESSES: Final = ("compute", "compute_group", "container_service", "workload")
_SOFTWARE: Final = re.compile(
    r"(?<![a-z])(?:web3signer|ethsigner|tmkms|horcrux|remote[-_]signer|eth2[-_]?signer|dirk|cosmos[-_]kms|fireblocks[-_]?cosigner|cosigner"
    r"|api-co-signer|signer)(?=[:@/\"'\s-]|$)"
)
"""Names of programs that hold keys and sign, as they appear in image names."""
_SIGNER_WORDS: Final = re.compile(r"(?<![a-z])(?:signers?|web3signer|tmkms|horcrux)(?![a-z])")
_THRESHOLD_WORDS: Final = re.compile(r"(?<![a-z])(?:mpc|tss|co[-_ ]?signers?|threshold[-_ ]?signers?)(?![a-z])")
_UNPROTECTED: Final = re.compile(r"slashing[-_]protection(?:[-_]db)?[-_]enabled[\"',\s=:]+false", re.IGNORECASE)
_IMAGE: Final = re.compile(r'(?:"image"\s*:\s*"|image\s*[:=]\s*"?|^)([\w.:/@-]+)')


def signing_keys(graph: Graph) -> tuple[Resource, ...]:
    """The keys that sign for funds, replicas left out."""
    return tuple(
        key
        for key in graph.of_kind("key")
        if key.declaration.mode == "managed"
        and key.get("usage") == "sign"
        and key.get("replica_of") is ABSENT
        and is_value_bearing(key) is True
    )


def signing_quorum(resource: Resource, graph: Graph) -> Value:
    """Whether two other providers also hold keys that sign for funds, so that no single one is needed.

    With one other provider it is unknown: the files don't say whether either key alone can release the funds.
    """
    others = [key for key in signing_keys(graph) if key.placement.provider != resource.placement.provider]
    providers = {key.placement.provider: key for key in others}
    related = tuple(Related(key.span, f"{key.id}: signs at another provider", key.id) for key in providers.values())
    if len(providers) == 1:
        provider, key = next(iter(providers.items()))
        reason = f"whether the key at {provider} can release the same funds alone is not in the files"
        return Answer(Unknown(reason, key.span), related)
    return Answer(len(providers) > 1, related)


def signer_count(_estate: Resource, graph: Graph) -> Value:
    """How many keys sign for funds."""
    return len(signing_keys(graph))


def signers_one_account(_estate: Resource, graph: Graph) -> Value:
    """Whether all keys that sign for funds lie in one account and none exists outside; absent for fewer than two."""
    return _all_share(graph, shares_account)


def signers_one_provider(_estate: Resource, graph: Graph) -> Value:
    """Whether all keys that sign for funds lie with one provider and none exists outside; absent for fewer than two."""
    return _all_share(graph, lambda left, right: left.placement.provider == right.placement.provider)


def _all_share(graph: Graph, same: Callable[[Resource, Resource], Truth]) -> Value:
    keys = signing_keys(graph)
    if len(keys) < 2:
        return ABSENT
    first, *others = keys
    related = tuple(Related(key.span, f"{key.id}: signs too", key.id) for key in others)
    shared = both(same(first, other) for other in others)
    kept_inside = both(_only_inside(key) for key in keys)
    return Answer(both((shared, kept_inside)), related, first.span)


def _only_inside(key: Resource) -> Truth:
    outside = key.get("exportable")
    return outside if isinstance(outside, Unknown) else outside is not True


def runs_signer(resource: Resource, graph: Graph) -> Value:
    """Whether it runs a program that signs with keys, by its images and its name."""
    words = own_words(resource)
    if _SIGNER_WORDS.search(words) and not OTHER_SIGNATURES.search(words):
        return True
    return signs_by_program(resource, graph) or any(
        _SOFTWARE.search(image) for source in (resource, *graph.targets(resource, "task")) for image in _images(source)
    )


def _images(resource: Resource) -> Sequence[str]:
    return [
        image.rsplit("/", 1)[-1].lower()
        for path, text in texts(resource.declaration.attributes)
        if path.split(".", 1)[0] not in ("name", "description", "tags")
        for image in _IMAGE.findall(text)
    ]


def signer_processes(resource: Resource, graph: Graph) -> Value:
    """How many processes of it run at least; servers of one kind of signer are counted together.

    Absent for a party of a committee, which never signs alone.
    """
    if committee_of(resource, graph) is not None:
        return ABSENT
    if resource.kind == "compute":
        peers = [r for r in graph.of_kind("compute") if runs_signer(r, graph) is True]
        uncertain = next((r.declaration.exists for r in peers if isinstance(r.declaration.exists, Unknown)), None)
        return len(peers) if uncertain is None or len(peers) > 1 else uncertain
    if resource.kind == "workload":
        return least_pods(resource, graph)
    for name in ("min_replicas", "min_size", "replicas"):
        value = resource.get(name)
        if value is not ABSENT:
            return value
    return ABSENT


def slashing_protection_off(resource: Resource, _graph: Graph) -> Value:
    """Whether a signer is told to keep no record of what it signed; absent where nothing is said about it."""
    for path, text in texts(resource.declaration.attributes):
        if "slashing" in text.lower():
            found = _UNPROTECTED.search(text)
            return Answer(found is not None, (), resource.declaration.span_in(path, found[0] if found else "slashing"))
    return ABSENT


def threshold_one_account(_estate: Resource, graph: Graph) -> Value:
    """Whether all nodes of a threshold-signature group run in one account; absent for fewer than two nodes."""
    nodes = [
        r
        for r in graph.of_kind(*_PROCESSES)
        if r.declaration.mode == "managed" and _THRESHOLD_WORDS.search(own_words(r))
    ]
    nodes = [node for node in nodes if is_value_bearing(node) is True]
    if not nodes:
        return ABSENT
    first, *others = nodes
    if not others:
        return _alone(first)
    related = tuple(Related(node.span, f"{node.id}: another node", node.id) for node in others)
    return Answer(both(shares_account(first, other) for other in others), related, first.span)


def _alone(node: Resource) -> Value:
    """One resource is a group when it runs several copies."""
    for name in ("replicas", "min_replicas", "min_size"):
        value = node.get(name)
        if isinstance(value, Unknown):
            return Answer(value, (), node.span_of(name))
        if value is not ABSENT and less(1, value) is True:
            return Answer(True, (), node.span_of(name))
    return ABSENT


_ESTATE: Final = ("estate",)

FACTS: Final[Mapping[str, Fact]] = {
    "signing_quorum": Fact(signing_quorum, "whether keys at two other providers sign for funds too", ("key",)),
    "signer_count": Fact(signer_count, "how many keys sign for funds", _ESTATE),
    "signers_one_account": Fact(
        signers_one_account, "whether all keys that sign for funds lie in one account", _ESTATE
    ),
    "signers_one_provider": Fact(
        signers_one_provider, "whether all keys that sign for funds lie with one provider", _ESTATE
    ),
    "threshold_one_account": Fact(
        threshold_one_account, "whether all nodes of a threshold signature run in one account", _ESTATE
    ),
    "slashing_protection_off": Fact(
        slashing_protection_off, "whether it keeps no record of what it signed", (*_PROCESSES, "task", "stack")
    ),
    "runs_signer": Fact(runs_signer, "whether it runs a program that signs with keys", _PROCESSES),
    "signer_processes": Fact(signer_processes, "how many processes of it run at least", _PROCESSES),
}
