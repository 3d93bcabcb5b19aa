"""Secret servers such as Vault and OpenBao: what opens them, and where they keep what they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from scanner.facts.documents import partly_known, settings, texts
from scanner.facts.fact import Answer, Fact
from scanner.graph.graph import Graph
from scanner.model.resource import Resource
from scanner.model.value import ABSENT, Value

_SEAL: Final = re.compile(r'^\s*seal\s+"(\w+)"\s*\{', re.MULTILINE)
_SEAL_BLOCK: Final = re.compile(r'^\s*seal\s+"\w+"\s*\{([^}]*)\}', re.MULTILINE)
_DISABLED: Final = re.compile(r'^\s*seal\s+"\w+"\s*\{[^}]*\bdisabled\s*=\s*"?true"?', re.MULTILINE)
_STORAGE: Final = re.compile(r'^\s*storage\s+"(\w+)"\s*\{', re.MULTILINE)
_LISTENER: Final = re.compile(r'^\s*(?:listener\s+"\w+"|api_addr\s*=|cluster_addr\s*=)', re.MULTILINE)
_SEAL_SETTINGS: Final = {
    "VAULT_AWSKMS_SEAL_KEY_ID": "awskms",
    "VAULT_GCPCKMS_SEAL_CRYPTO_KEY": "gcpckms",
    "VAULT_AZUREKEYVAULT_KEY_NAME": "azurekeyvault",
    "VAULT_OCIKMS_SEAL_KEY_ID": "ocikms",
}

_KEY_NAMED: Final = re.compile(
    r'^\s*(?:kms_key_id|crypto_key|key_ring|key_name|vault_name|key_id)\s*=\s*"([^"\0]+)"', re.MULTILINE
)
_GAP: Final = re.compile("\0(\\d+)\0")

_HOLDERS: Final = (
    "stack",
    "workload",
    "compute",
    "compute_group",
    "container_service",
    "task",
    "secret",
    "secret_manager",
    "other",
)
_CONFIGURED: Final = frozenset(_HOLDERS)


def vault_seals(resource: Resource, _graph: Graph) -> Value:
    """What unseals a secret server, one entry a seal; absent where no seal is configured."""
    found: dict[tuple[int, str], str] = {}
    for path, text in texts(resource.declaration.attributes):
        for number, seal in enumerate(_SEAL.findall(_DISABLED.sub("", text))):
            found[number, seal] = path
    if not found:
        found = {(0, seal): path for seal, path in _by_settings(resource)}
    if not found:
        return ABSENT
    path = next(iter(found.values()))
    return Answer([seal for _, seal in found], (), resource.declaration.span_of(path))


def seals(resource: Resource) -> dict[str, list[tuple[Value, ...]]]:
    """By attribute that configures a secret server, what each of its seals names. A disabled seal is none."""
    found: dict[str, list[tuple[Value, ...]]] = {}
    attributes = resource.declaration.attributes if resource.kind in _CONFIGURED else {}
    for name, value in attributes.items():
        for parts in partly_known(value):
            marked = "".join(p if isinstance(p, str) else f"\0{at}\0" for at, p in enumerate(parts))
            for block in _SEAL_BLOCK.findall(_DISABLED.sub("", marked)):
                gaps = [parts[int(at)] for at in _GAP.findall(block)]
                found.setdefault(name, []).append((*gaps, *_KEY_NAMED.findall(block)))
    return found


def _by_settings(resource: Resource) -> Iterator[tuple[str, str]]:
    for setting in settings(resource.declaration.attributes):
        if setting.name in _SEAL_SETTINGS:
            yield _SEAL_SETTINGS[setting.name], setting.path


def vault_seal_count(resource: Resource, graph: Graph) -> Value:
    """How many seals can open it; absent where no seal is configured."""
    answer = vault_seals(resource, graph)
    return Answer(len(answer.value), answer.related, answer.mark) if isinstance(answer, Answer) else ABSENT


def vault_storage(resource: Resource, _graph: Graph) -> Value:
    """The storage of a secret server's configuration; absent where the text is none."""
    for path, text in texts(resource.declaration.attributes):
        found = _STORAGE.search(text)
        if found and (_LISTENER.search(text) or _SEAL.search(text)):
            return Answer(found[1], (), resource.declaration.span_in(path, found[0].strip()))
    return ABSENT


FACTS: Final[Mapping[str, Fact]] = {
    "vault_seals": Fact(vault_seals, "what unseals the secret server that it configures", _HOLDERS),
    "vault_seal_count": Fact(vault_seal_count, "how many seals can open it", _HOLDERS),
    "vault_storage": Fact(vault_storage, "the storage of the secret server that it configures", _HOLDERS),
}
