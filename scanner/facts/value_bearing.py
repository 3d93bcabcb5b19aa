"""What holds or moves value: the one place that says by which words and algorithms riskscan recognises it.

Files seldom say "this key owns funds". Two kinds of evidence are taken, and nothing else:

* the **algorithm** of a signing key. Bitcoin, Ethereum and most other chains sign with secp256k1 (SEC 2, BIP-340);
  Solana, Cardano, Polkadot and Cosmos validators with Ed25519 (RFC 8032).
* **words** in a resource's own name, its description, its tags or the modules around it: :data:`WORDS`.

Words for other signatures (:data:`OTHER_SIGNATURES`: JWT, SAML, DNSSEC …) overrule words, those for test networks
overrule both. What shows neither kind of evidence is not value-bearing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from scanner.facts.documents import literal_text
from scanner.facts.fact import Fact
from scanner.graph.graph import Graph
from scanner.model.resource import Resource
from scanner.model.value import ABSENT, Truth, Unknown, Value

ALGORITHMS: Final = frozenset(
    {
        "ecc_secg_p256k1",  # AWS KMS
        "ecc_nist_edwards25519",  # AWS KMS: Ed25519
        "ec_sign_secp256k1_sha256",  # Google Cloud KMS
        "ec_sign_ed25519",  # Google Cloud KMS
        "p-256k",  # Azure Key Vault
        "secp256k1",  # Azure Key Vault, old name; IBM, HashiCorp
        "p-256k-hsm",
        "ed25519",
        "ec_p256k",  # Alibaba Cloud KMS
    }
)
"""Key algorithms, in lower case, with which chains sign transactions."""

WORDS: Final = re.compile(
    r"(?<![a-z])(?:"
    r"wallets?|(?:hot|cold|warm)wallets?|signers?|cosigners?|co[-_ ]?signers?|custody|custodians?|custodial"
    r"|mnemonics?|seed[-_ ]?phrases?|treasury|treasuries|withdrawals?|multi[-_ ]?sig|tss|mpc|staking"
    r"|validator[-_ ]?keys?|withdrawal[-_ ]?keys?|web3signer|tmkms|horcrux"
    r")(?![a-z])"
)
"""Words of names and tags, in lower case, that say that something signs for, holds or releases funds."""

OTHER_SIGNATURES: Final = re.compile(
    r"(?<![a-z])(?:jwt|jwks?|saml|oidc|dnssec|ksk|cosign|sigstore|code|images?|artifacts?|ssh|cookie|session|urls?"
    r"|cloudfront|cdn|(?:access|id|auth)[-_ ]?tokens?|token[-_ ]?sign(?:ing|er)?|webhooks?|licen[sc]e|pdf|documents?"
    r"|email|dkim|tls|ssl|certificates?|ca|acme)(?![a-z])"
)
"""Words that say that a signature is for something else than funds."""

TEST_NETWORKS: Final = re.compile(
    r"(?<![a-z])(?:testnets?|devnets?|regtest|goerli|sepolia|holesky|hoodi|mumbai|amoy|ropsten|rinkeby|anvil|hardhat|ganache)(?![a-z])"
)
"""Networks whose coins are worth nothing."""

NOT_PRODUCTION: Final = frozenset({"development", "dev", "test", "testing", "sandbox"})
"""Configured environment tiers, in lower case, on which nothing of value depends."""
_NAMING: Final = (
    "name",
    "description",
    "bucket",
    "alias",
    "identifier",
    "cluster_identifier",
    "secret_id",
    "function_name",
    "display_name",
    "account_id",
    "title",
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def value_bearing(resource: Resource, _graph: Graph) -> Value:
    """Whether it signs for, holds or releases funds; unknown when only its algorithm could tell."""
    return is_value_bearing(resource)


def is_value_bearing(resource: Resource) -> Truth:
    """The same for other facts."""
    words = own_words(resource)
    if resource.tier.lower() in NOT_PRODUCTION or TEST_NETWORKS.search(words):
        return False
    algorithm = resource.get("algorithm") if resource.kind == "key" else ABSENT
    if isinstance(algorithm, str) and algorithm.lower() in ALGORITHMS:
        return True
    if WORDS.search(words) and not OTHER_SIGNATURES.search(words):
        return True
    return (
        Unknown(f"its algorithm is not known: {algorithm.reason}", algorithm.origin)
        if isinstance(algorithm, Unknown)
        else False
    )


def is_named_for_value(resource: Resource) -> bool:
    """Whether its own names say so: tags often name the service that it belongs to, not what it holds."""
    words = " ".join(_names(resource)).lower()
    known = WORDS.search(words) is not None and not OTHER_SIGNATURES.search(words)
    return known and is_value_bearing(resource) is True


def own_words(resource: Resource) -> str:
    """A resource's name, description, tags and modules as lower-case text; unknown pieces are left out."""
    return " ".join((*_names(resource), *_tags(resource))).lower()


def _names(resource: Resource) -> Iterator[str]:
    declaration = resource.declaration
    written = (value for name in _NAMING if (value := declaration.attributes.get(name)) is not None)
    texts = (declaration.module, declaration.name, *(literal_text(value, " ") for value in written))
    yield from (_CAMEL.sub(" ", text) for text in texts)
    yield literal_text(resource.get("name"), " ")  # an alias that another resource gives it


def _tags(resource: Resource) -> Iterator[str]:
    for name, value in resource.tags.items():
        if name.lower() not in ("owner", "repository", "repo", "source"):
            yield literal_text(value, " ")


FACTS: Final[Mapping[str, Fact]] = {
    "value_bearing": Fact(
        value_bearing, "whether its algorithm or names say that it signs for, holds or releases funds"
    ),
}
