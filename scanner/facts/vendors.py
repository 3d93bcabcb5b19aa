"""Custodians, venues, payment rails and chain nodes that the configuration names, by owner.

Evidence is a host name (``scanner/catalog/endpoints.tsv``) or a setting's name that a vendor's documentation prescribes
(:data:`SETTINGS`). Hosts of sandboxes hold nothing and do not count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

from msgspec import Struct

from scanner.catalog.endpoints import hosts_in, owner_of
from scanner.facts.documents import Setting, host_span, literal_text, setting_span, settings, texts
from scanner.facts.fact import Answer, Fact
from scanner.facts.signers import signing_keys
from scanner.facts.value_bearing import own_words
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.resource import Resource
from scanner.model.span import Span
from scanner.model.value import ABSENT, Unknown, Value

SETTINGS: Final[Mapping[str, tuple[str, str]]] = {
    "FIREBLOCKS": ("custody", "Fireblocks"),
    "BITGO": ("custody", "BitGo"),
    "COPPER_API": ("custody", "Copper.co"),
    "ANCHORAGE_API": ("custody", "Anchorage"),
    "COINBASE_PRIME": ("custody", "Coinbase"),
    "COINBASE_CUSTODY": ("custody", "Coinbase"),
    "CDP_API_KEY": ("custody", "Coinbase"),
    "CDP_WALLET": ("custody", "Coinbase"),
    "DFNS": ("custody", "Dfns"),
    "TURNKEY": ("custody", "Turnkey"),
    "PRIVY_APP": ("custody", "Stripe"),
    "WEB3AUTH": ("custody", "Consensys"),
    "PAXOS": ("custody", "Paxos"),
    "BINANCE": ("exchange-api", "Binance"),
    "KRAKEN": ("exchange-api", "Payward"),
    "KUCOIN": ("exchange-api", "KuCoin"),
    "BITFINEX": ("exchange-api", "iFinex"),
    "BITSTAMP": ("exchange-api", "Robinhood"),
    "BYBIT": ("exchange-api", "Bybit"),
    "OKX": ("exchange-api", "OKX"),
    "CIRCLE_API": ("fiat", "Circle"),
    "MOONPAY": ("fiat", "MoonPay"),
    "TRANSAK": ("fiat", "Transak"),
    "STRIPE": ("fiat", "Stripe"),
    "ADYEN": ("fiat", "Adyen"),
    "MODERN_TREASURY": ("fiat", "Modern Treasury"),
    "DWOLLA": ("fiat", "Dwolla"),
    "INFURA": ("rpc", "Consensys"),
    "ALCHEMY": ("rpc", "Alchemy"),
    "QUICKNODE": ("rpc", "QuickNode"),
    "CHAINSTACK": ("rpc", "Chainstack"),
    "HELIUS": ("rpc", "Helius"),
    "COINGECKO": ("oracle", "CoinGecko"),
    "COINMARKETCAP": ("oracle", "Binance"),
    "CRYPTOCOMPARE": ("oracle", "CoinDesk"),
    "WALLETCONNECT": ("wallet-relay", "Reown"),
    "REOWN": ("wallet-relay", "Reown"),
    "TWILIO": ("email-sms", "Twilio"),
    "SENDGRID": ("email-sms", "Twilio"),
    "MAILGUN": ("email-sms", "Sinch"),
    "POSTMARK": ("email-sms", "ActiveCampaign"),
    "VONAGE": ("email-sms", "Vonage"),
    "TELNYX": ("email-sms", "Telnyx"),
    "OPENAI": ("ai-model", "OpenAI"),
    "ANTHROPIC": ("ai-model", "Anthropic"),
    "MISTRAL": ("ai-model", "Mistral AI"),
    "COHERE": ("ai-model", "Cohere"),
}
"""Beginnings of setting names → category and owner, in the words of the endpoint table."""

_SETTING: Final = re.compile(rf"(?:^|_)({'|'.join(sorted(SETTINGS, key=len, reverse=True))})_[A-Z]")
_SECRETS: Final = {name.lower(): found for name, found in SETTINGS.items() if "_" not in name}
_OPEN: Final[Mapping[str, re.Pattern[str]]] = {
    "custody": re.compile(r"CUSTODIAN|CUSTODY", re.IGNORECASE),
    "exchange-api": re.compile(r"VENUE|LIQUIDITY|EXCHANGE_API", re.IGNORECASE),
    "fiat": re.compile(r"FIAT|PSP_|PAYMENT_PROVIDER|BANK_API", re.IGNORECASE),
    "rpc": re.compile(r"(?:^|_)(?:RPC|WEB3_PROVIDER|ETH_NODE)", re.IGNORECASE),
    "oracle": re.compile(r"ORACLE|PRICE_(?:FEED|API|SOURCE)", re.IGNORECASE),
    "wallet-relay": re.compile(r"WALLET_?(?:RELAY|LINK)|RELAY_URL", re.IGNORECASE),
    "email-sms": re.compile(r"SMTP|SMS_|EMAIL_(?:API|HOST|PROVIDER)|OTP_", re.IGNORECASE),
    "indexer": re.compile(r"SUBGRAPH|INDEXER", re.IGNORECASE),
    "ai-model": re.compile(r"(?:LLM|MODEL|AI)_(?:API|BASE|ENDPOINT|HOST|URL|PROVIDER)", re.IGNORECASE),
}
"""Setting names that could hold another vendor of a category."""
_SAFE: Final = re.compile(r"SAFE.*(?:SERVICE|UI|API|GATEWAY)")
"""Setting names that say where multi-signature transactions are prepared."""
TEST_HOSTS: Final = re.compile(r"sandbox|staging|[.-]test\b|testnet|\.ninja$")
_OWN_NODES: Final = re.compile(
    r"(?<![a-z])(?:geth|client-go|erigon|nethermind|besu|reth|bitcoind|bitcoin-core|solana-validator|agave|lighthouse|prysm|teku|nimbus"
    r"|lodestar|op-node|op-geth|nitro-node|avalanchego|bor|heimdall|gaiad|cosmovisor|juno|pathfinder)(?![a-z])"
)
_CALLERS: Final = frozenset(
    {
        "function",
        "compute",
        "compute_group",
        "container_service",
        "task",
        "workload",
        "batch",
        "secret",
        "workflow",
        "analytics",
        "stack",
        "gateway",
        "other",
        "container",
    }
)


class Mention(Struct, frozen=True):
    """A vendor named in a resource, and where."""

    owner: str
    resource: Resource
    span: Span


def mentions(graph: Graph, category: str) -> dict[str, Mention]:
    """The owners of a category's vendors, each with the first place that names one."""
    return graph.once(_mentions).get(category, {})


def _mentions(graph: Graph) -> dict[str, dict[str, Mention]]:
    found: dict[str, dict[str, Mention]] = {}
    for resource in callers(graph):
        for category, owner, place in _owners(resource):
            owners = found.setdefault(category, {})
            if owner not in owners:
                owners[owner] = Mention(owner, resource, place())
    return found


def callers(graph: Graph) -> Iterator[Resource]:
    """Everything that may name a third party."""
    for resource in graph.resources.values():
        if resource.declaration.mode == "managed" and resource.kind in _CALLERS:
            yield resource


def _owners(resource: Resource) -> Iterator[tuple[str, str, Callable[[], Span]]]:
    """Category, owner and what tells the place that names it."""
    for path, text in texts(resource.declaration.attributes):
        for host in hosts_in(text) if "." in text else ():
            endpoint = owner_of(host)
            if endpoint is not None and not TEST_HOSTS.search(host):
                owner = endpoint.owner_group.split(" (", 1)[0] or endpoint.provider
                yield endpoint.category, owner, partial(host_span, resource, path, text, host)
    for setting in named_settings(resource):
        match = _SETTING.search(setting.name)
        if match:
            yield *SETTINGS[match[1]], partial(setting_span, resource, setting)
    if resource.kind == "secret":
        words = re.findall(r"[a-z0-9]+", own_words(resource) + " " + resource.id.lower())
        for word in words:
            if word in _SECRETS:
                yield *_SECRETS[word], partial(resource.span_of, "name")


def named_settings(resource: Resource) -> Iterator[Setting]:
    """Its settings in capitals, as environment variables are written."""
    return (setting for setting in settings(resource.declaration.attributes) if setting.name.isupper())


def open_setting(graph: Graph, category: str) -> Unknown | None:
    """A setting that may name one more vendor."""
    pattern = _OPEN[category]
    for resource in callers(graph):
        for setting in named_settings(resource):
            if (
                pattern.search(setting.name)
                and isinstance(setting.value, Unknown)
                and not literal_text(setting.value).strip()
            ):
                return Unknown(f"{setting.name} may name another one: {setting.value.reason}", setting.value.origin)
    return None


def single_owner(graph: Graph, category: str, noun: str) -> Value:
    """The owner when there is exactly one; an empty text for several; absent for none."""
    found = mentions(graph, category)
    if not found:
        return ABSENT
    first = next(iter(found.values()))
    related = tuple(Related(m.span, f"{m.resource.id}: {noun} {m.owner}", m.resource.id) for m in found.values())
    if len(found) > 1:
        return Answer("", related, first.span)
    undecided = open_setting(graph, category)
    return Answer(undecided if undecided is not None else first.owner, related, first.span)


def single_custodian(_estate: Resource, graph: Graph) -> Value:
    """The only custodian whose interface can release funds; empty when there are several, absent when there is none."""
    return single_owner(graph, "custody", "calls")


def single_venue(_estate: Resource, graph: Graph) -> Value:
    """The only exchange that the estate trades at."""
    return single_owner(graph, "exchange-api", "trades at")


def single_fiat_rail(_estate: Resource, graph: Graph) -> Value:
    """The only company through which money is paid in and out."""
    return single_owner(graph, "fiat", "pays through")


def handles_funds(_estate: Resource, graph: Graph) -> Value:
    """Whether the estate holds or moves customers' assets: keys that sign for funds, a custodian, or an exchange."""
    return bool(signing_keys(graph) or mentions(graph, "custody") or mentions(graph, "exchange-api"))


def own_signing_keys(_estate: Resource, graph: Graph) -> Value:
    """Whether keys in these files sign for funds beside any custodian."""
    return bool(signing_keys(graph))


def runs_own_node(graph: Graph) -> bool:
    """Whether anything runs the software of a chain's node."""
    return any(
        _OWN_NODES.search(text.lower()) for caller in callers(graph) for _, text in texts(caller.declaration.attributes)
    )


def node_alternative(resource: Resource, graph: Graph) -> Value:
    """Whether the chain is reached in another way too: own node software, an RPC vendor, a node at another provider."""
    others = [n for n in graph.of_kind("blockchain_node") if n.placement.provider != resource.placement.provider]
    if others or mentions(graph, "rpc"):
        return True
    if runs_own_node(graph):
        return True
    undecided = open_setting(graph, "rpc")
    return False if undecided is None else undecided


def hosted_safe(_estate: Resource, graph: Graph) -> Value:
    """Whether multi-signature transactions are prepared at the hosted service of Safe; absent when nothing names it.

    A setting that names another service of the kind means that the hosted one is not needed.
    """
    found = mentions(graph, "custody").get("Safe")
    if found is None:
        return ABSENT
    undecided: Unknown | None = None
    asked = found.span
    for resource in callers(graph):
        for setting in named_settings(resource):
            if not _SAFE.search(setting.name):
                continue
            if isinstance(setting.value, Unknown):
                undecided = Unknown(f"{setting.name} is not in the files: {setting.value.reason}", setting.value.origin)
                asked = setting_span(resource, setting)
            elif any(owner_of(host) is None for host in hosts_in(str(setting.value))):
                return Answer(False, (), setting_span(resource, setting))
    return Answer(True if undecided is None else undecided, (), asked)


_ESTATE: Final = ("estate",)

FACTS: Final[Mapping[str, Fact]] = {
    "single_custodian": Fact(single_custodian, "the only custodian whose interface can release funds", _ESTATE),
    "single_venue": Fact(single_venue, "the only exchange that is traded at", _ESTATE),
    "single_fiat_rail": Fact(single_fiat_rail, "the only company through which money is paid", _ESTATE),
    "handles_funds": Fact(handles_funds, "whether customers' assets are held or moved", _ESTATE),
    "own_signing_keys": Fact(own_signing_keys, "whether own keys sign for funds", _ESTATE),
    "hosted_safe": Fact(hosted_safe, "whether the hosted service of Safe prepares what signers sign", _ESTATE),
    "node_alternative": Fact(node_alternative, "whether the chain is reached in another way too", ("blockchain_node",)),
}
