"""Seals and storage, in the words of https://developer.hashicorp.com/vault/docs/configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts import secret_servers
from scanner.facts.fact import Answer
from scanner.graph.graph import Graph
from scanner.model.value import ABSENT

AWS = 'seal "awskms" {\n  region = "us-east-1"\n}\n'
GOOGLE = 'seal "gcpckms" {\n  project = "p"\n}\n'
DISABLED = 'seal "transit" {\n  address = "a"\n  disabled = "true"\n}\n'
RAFT = 'storage "raft" {\n  path = "/data"\n}\nlistener "tcp" {\n}\n'
CONFIGURATIONS: dict[str, tuple[str, Any, Any]] = {
    "one": (AWS + RAFT, ["awskms"], "raft"),
    "two": (AWS + GOOGLE, ["awskms", "gcpckms"], ABSENT),
    "a migration's old seal": (AWS + DISABLED, ["awskms"], ABSENT),
    "key shares": (RAFT, ABSENT, "raft"),
    "file": (RAFT.replace("raft", "file"), ABSENT, "file"),
    "something else": ('storage "local" {\n}\n', ABSENT, ABSENT),
}


@pytest.mark.parametrize(("text", "seals", "storage"), CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_configurations(graph_of: Callable[..., Graph], text: str, seals: Any, storage: Any) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    graph = graph_of(f'resource "helm_release" "vault" {{\n name = "vault"\n values = ["{quoted}"]\n}}')
    resource = graph.resources["helm_release.vault"]
    for fact, expected in ((secret_servers.vault_seals, seals), (secret_servers.vault_storage, storage)):
        answer = fact(resource, graph)
        assert (answer.value if isinstance(answer, Answer) else answer) == expected
