"""Where secrets of clusters are fetched from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.model.value import ABSENT

SECRET = (
    "---\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: db}\n"
    "spec: {secretStoreRef: {name: s}, data: [{secretKey: p, remoteRef: {key: db}}]}\n"
)


def store(name: str, provider: str, kind: str = "SecretStore") -> str:
    return (
        f"---\napiVersion: external-secrets.io/v1\nkind: {kind}\nmetadata: {{name: {name}}}\n"
        f"spec: {{provider: {{{provider}}}}}\n"
    )


AWS = "aws: {service: SecretsManager, region: eu-west-1}"
# https://external-secrets.io/latest/provider/aws-secrets-manager/, google-secrets-manager/, hashicorp-vault/, kubernetes/
STORES: dict[str, tuple[str, Any]] = {
    "one": (store("s", AWS) + SECRET, "aws in eu-west-1"),
    "one for the whole cluster": (store("s", AWS, "ClusterSecretStore") + SECRET, "aws in eu-west-1"),
    "two names of one place": (store("s", AWS) + store("t", AWS) + SECRET, "aws in eu-west-1"),
    "two regions": (store("s", AWS) + store("t", AWS.replace("eu-west-1", "eu-west-3")) + SECRET, ""),
    "two clouds": (store("s", AWS) + store("t", "gcpsm: {projectID: p}") + SECRET, ""),
    "one of google, which spreads secrets": (store("s", "gcpsm: {projectID: p}") + SECRET, ""),
    "one of google in a region": (
        store("s", "gcpsm: {projectID: p, location: europe-west1}") + SECRET,
        "google in europe-west1",
    ),
    "a server of its own": (
        store("s", "vault: {server: 'https://vault.acme.example', path: secret}") + SECRET,
        "unknown",
    ),
    "a cluster's own secrets": (store("s", "kubernetes: {remoteNamespace: x}") + SECRET, ABSENT),
    "nothing is fetched": (store("s", AWS), ABSENT),
    "the store is elsewhere": (SECRET, ABSENT),
}


@pytest.mark.parametrize(("manifests", "expected"), STORES.values(), ids=STORES)
def test_only_secret_store(manifests: str, expected: Any, told: Callable[..., Any]) -> None:
    assert told(manifests, "only_secret_store") == expected
