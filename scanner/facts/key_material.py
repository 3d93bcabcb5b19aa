"""Keys that lie open: written in files, handed over in the environment, kept whole in one secret.

Values are looked at, never reported: facts return the names under which they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from scanner.facts.documents import Setting, literal_text, setting_span, settings
from scanner.facts.fact import Answer, Fact
from scanner.facts.value_bearing import NOT_PRODUCTION, TEST_NETWORKS, is_value_bearing, own_words
from scanner.graph.graph import Graph
from scanner.model.resource import Resource
from scanner.model.value import ABSENT, Truth, Unknown, Value

_OWNERS: Final = (
    r"wallet|deployer|signer|cosigner|owner|treasury|operator|relayer|minter|hot|cold|custody|eth|ethereum|evm|btc|bitcoin|sol|solana"
    r"|validator|withdrawal|sequencer|batcher|proposer|keeper|faucet|staking"
)
_KEY_NAME: Final = re.compile(
    rf"(?:^|_)(?:mnemonic(?:_phrase|_words)?|seed_?phrase|seed_words|(?:secret_)?recovery_phrase|(?:wallet|master|hd)_seed|xprv|wallet_key"
    rf"|(?:{_OWNERS})_?(?:wallet_)?(?:private_?key|priv_?key|secret_?key|pk))$"
)
"""Setting names, in lower case with underscores, that mean a key that owns funds."""
_BARE_NAME: Final = re.compile(r"(?:^|_)(?:private_?key|priv_?key|secret_?seed|seed)$")
"""Setting names that may mean one: the value or the resource must say so too."""
_CONTENT: Final = frozenset({"value", "insecure_value", "secret_string", "secret_data", "data_json"})
"""Attributes that hold what a secret keeps."""
_SECRET_NAME: Final = re.compile(
    r"mnemonics?|seed[-_ /]?phrases?|(?:wallet|master)[-_ /]?seeds?|wallet[-_ /]?(?:private[-_ ]?)?keys?"
    rf"|(?<![a-z])xprvs?(?![a-z])|(?<![a-z])(?:{_OWNERS})[-_ /]+(?:wallet[-_ /]+)?private[-_ ]?keys?"
    r"|validator[-_ /]?keys?(?:tores?)?"
)
_ABOUT_ONE: Final = re.compile(r"keys?[-_ /]?(?:ids?|arns?|alias(?:es)?|names?|urls?|rings?|polic(?:y|ies))(?![a-z])")
"""Names of things about a key rather than of the key."""
_SHARE: Final = re.compile(r"(?<![a-z])(?:shares?|shards?|fragments?|shamir|slip39)(?![a-z])|\d+[-_ ]?of[-_ ]?\d+")
_PUBLIC: Final = re.compile(r"(?<![a-z])(?:xpubs?|public|addresses|pubkeys?)(?![a-z])")

_WORDS: Final = re.compile(r"[a-z]{3,8}(?:\s+[a-z]{3,8})*")
_SHORTEST: Final = 16
_WORD_COUNTS: Final = frozenset({12, 15, 18, 21, 24})  # BIP-39
_HEX: Final = re.compile(r"(?:0x)?[0-9a-fA-F]{64}")
_EXTENDED: Final = re.compile(r"[xyz]prv[1-9A-HJ-NP-Za-km-z]{107,108}")  # BIP-32
_BASE58: Final = re.compile(r"[5KL][1-9A-HJ-NP-Za-km-z]{50,51}|[1-9A-HJ-NP-Za-km-z]{87,88}")  # WIF; a Solana key pair
_PEM: Final = re.compile(r"-----BEGIN (?:EC |OPENSSH )?PRIVATE KEY-----")
_PUBLISHED: Final = frozenset(
    {
        "test test test test test test test test test test test junk",
        "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
        "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
        "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    }
)
"""Keys that development chains publish for everybody (https://getfoundry.sh/anvil/overview)."""

_ENVIRONMENTS: Final = ("function", "container_service", "task", "workload", "batch", "compute", "compute_group")
_HOLDERS: Final = (*_ENVIRONMENTS, "stack", "secret", "secret_manager", "signer", "blockchain_node", "other")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OF_STORES: Final = (
    "arn:",
    "projects/",
    "secretref:",
    "@microsoft.keyvault",
    "vault:",
    "op://",
    "ssm:",
    "sm://",
    "https://",
    "file:",
)


def open_keys(resource: Resource, _graph: Graph) -> Value:
    """The names under which it holds keys written out in the files; absent when no name means a key.

    Unknown when such a name gets its value from a variable.
    """
    named = list(_named_keys(resource))
    written = [*(s for s in named if _is_written(s.value)), *_recognised(resource)]
    if written:
        span = setting_span(resource, written[0])
        return Answer(sorted({setting.name for setting in written}), (), span)
    for setting in named:
        if isinstance(setting.value, Unknown) and _is_input(setting.value):
            reason = f"the value of {setting.name} is not in the files: {setting.value.reason}"
            return Answer(Unknown(reason, setting.value.origin), (), setting_span(resource, setting))
    return [] if named else ABSENT


def handed_keys(resource: Resource, _graph: Graph) -> Value:
    """The names of settings that carry a whole key from elsewhere into an environment; absent without any such name."""
    found = [setting for setting in _named_keys(resource) if setting.name not in _CONTENT]
    if not found:
        return ABSENT
    carried = [setting for setting in found if isinstance(setting.value, Unknown) and not _names_a_store(setting.value)]
    span = setting_span(resource, carried[0]) if carried else None
    return Answer(sorted({setting.name for setting in carried}), (), span)


def key_texts(graph: Graph) -> Iterator[str]:
    """Every text in the graph that is key material, so that reports can leave it out."""
    for resource in graph.of_kind(*_HOLDERS):
        written = (setting for setting in _named_keys(resource) if _is_written(setting.value))
        for setting in (*written, *_recognised(resource)):
            yield str(setting.value)
            yield from (line.strip() for line in str(setting.value).splitlines() if len(line.strip()) > _SHORTEST)


def whole_key(resource: Resource, _graph: Graph) -> Value:
    """Whether a secret's name says that it holds a key or seed that owns funds."""
    return is_whole_key(resource)


def is_whole_key(resource: Resource) -> bool:
    """The same for other modules."""
    names = " ".join(_names(resource)).lower()
    if _is_worthless(resource) or _PUBLIC.search(names) or _ABOUT_ONE.search(names):
        return False
    return _SECRET_NAME.search(names) is not None


def _names(resource: Resource) -> Iterator[str]:
    yield resource.declaration.name
    for name in ("name", "name_prefix", "secret_id", "parameter_id"):
        yield literal_text(resource.declaration.attributes.get(name), " ")


def _is_worthless(resource: Resource) -> bool:
    """Whether it belongs to a test: nothing of value hangs on its keys."""
    return resource.tier.lower() in NOT_PRODUCTION or TEST_NETWORKS.search(own_words(resource)) is not None


def key_share(resource: Resource, _graph: Graph) -> Value:
    """Whether a secret's name says that it is one share of several."""
    return _SHARE.search(own_words(resource)) is not None


def secret_single_region(resource: Resource, _graph: Graph) -> Value:
    """Whether a secret is stored in one region only; absent where a cluster or server keeps it."""
    if resource.placement.provider in ("kubernetes", "vault"):
        return ABSENT
    replicas = resource.get("replica_regions")
    replicated = resource.get("replicated")
    for value in (replicas, replicated):
        if isinstance(value, Unknown):
            return value
    count = len(replicas) if isinstance(replicas, list) else 0
    enough = (
        2 if resource.placement.provider == "google" else 1
    )  # Google lists every location, the others the further ones
    return replicated is not True and count < enough and resource.placement.region is not None


def _named_keys(resource: Resource) -> Iterator[Setting]:
    """The settings whose name, or whose secret's name, means a key that owns funds."""
    if _is_worthless(resource):
        return
    whole = resource.kind == "secret" and is_whole_key(resource)
    for setting in _contents(resource):
        if _means_a_key(setting.name) or (whole and setting.name in _CONTENT):
            yield setting


def _recognised(resource: Resource) -> Iterator[Setting]:
    """The settings whose value is a key by its form, under names that alone would not say so."""
    if _is_worthless(resource):
        return
    bearing = is_value_bearing(resource) is True
    for setting in _contents(resource):
        if isinstance(setting.value, str) and not _means_a_key(setting.name):
            name = _folded(setting.name)
            text = setting.value.strip()
            own = _BARE_NAME.search(name) is not None and (bearing or ("priv" in name and not _PEM.search(text)))
            if _EXTENDED.fullmatch(text) or (own and _is_written(text)):
                yield setting


@lru_cache(maxsize=4096)
def _means_a_key(name: str) -> bool:
    """Whether a setting's name means a key that owns funds. Few names make up most settings."""
    return _KEY_NAME.search(_folded(name)) is not None


def _contents(resource: Resource) -> Iterator[Setting]:
    """Its settings, and what a version of a secret, declared apart from it, holds."""
    yield from settings(resource.declaration.attributes)
    value = resource.get("value")
    declaration, path = resource.place_of("value")
    if isinstance(value, (str, Unknown)) and declaration is not resource.declaration:
        yield from (Setting(s.name, s.value, "value") for s in settings({path: value}))


def _is_written(value: Value) -> bool:
    """Whether a value has the form of a key and is none that everybody knows."""
    text = value.strip() if isinstance(value, str) else ""
    if not text or text.lower().removeprefix("0x") in _PUBLISHED:
        return False
    forms = (_HEX.fullmatch, _BASE58.fullmatch, _EXTENDED.fullmatch, _PEM.search)
    return _is_mnemonic(text) or any(form(text) for form in forms)


def _is_mnemonic(text: str) -> bool:
    return _WORDS.fullmatch(text) is not None and len(text.split()) in _WORD_COUNTS


def _is_input(value: Unknown) -> bool:
    """Whether an unknown comes from a variable rather than from a store that keeps it."""
    return not value.refs or any(ref.is_variable for ref in value.refs)


def _names_a_store(value: Unknown) -> bool:
    """Whether a value is the name or address of a secret rather than its content."""
    if value.prefix.lower().startswith(_OF_STORES):
        return True
    return bool(value.refs) and all(
        ref.path.rsplit(".", 1)[-1]
        in ("arn", "id", "name", "secret_id", "version_id", "versionless_id", "self_link", "key_id")
        for ref in value.refs
    )


@lru_cache(maxsize=4096)
def _folded(name: str) -> str:
    return _CAMEL.sub("_", name).lower().replace("-", "_").replace(".", "_").replace("/", "_")


def state_only(resource: Resource, graph: Graph) -> Value:
    """Whether a key made by Terraform itself is handed to no store that the files show: the state alone keeps it."""
    keepers = [graph.resources[e.source] for e in graph.incoming.get(resource.id, ())]
    kept: Truth = any(keeper.kind == "secret" for keeper in keepers)
    return not kept


_SECRET: Final = ("secret",)

FACTS: Final[Mapping[str, Fact]] = {
    "open_keys": Fact(open_keys, "the names under which keys are written out in the files", _HOLDERS),
    "handed_keys": Fact(handed_keys, "the settings that carry a whole key into a program's environment", _ENVIRONMENTS),
    "whole_key": Fact(whole_key, "whether its name says that it holds a key or seed that owns funds", _SECRET),
    "key_share": Fact(key_share, "whether its name says that it is one share of several", _SECRET),
    "secret_single_region": Fact(secret_single_region, "whether it is stored in one region only", _SECRET),
    "state_only": Fact(state_only, "whether the state alone keeps it", ("key", "secret", "other")),
}
