"""Third parties that programs call while they run: chains' endpoints, prices, relays, messages, models.

Two endpoints are two only when their owners are: ``owner_group`` of ``scanner/catalog/endpoints.tsv`` decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from scanner.catalog.endpoints import Endpoint, hosts_in, owner_of
from scanner.facts.documents import Setting, host_span, literal_text, setting_span, settings, texts
from scanner.facts.estate import applied, managed
from scanner.facts.fact import Answer, Fact
from scanner.facts.vendors import TEST_HOSTS, callers, mentions, open_setting, runs_own_node, single_owner
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.resource import Resource
from scanner.model.span import Span
from scanner.model.value import ABSENT, Unknown, Value

RETIRED: Final[Mapping[str, str]] = {
    "blastapi.io": "Blast API closed in October 2025",
    "api.thegraph.com": "The Graph's hosted service is shut down",
    "cloudflare-ipfs.com": "Cloudflare's public IPFS gateway is retired",
}
"""Names whose service has ended, with what happened; names below them are meant too."""

PUBLIC_RPC: Final = frozenset(
    {
        *("publicnode.com", "llamarpc.com", "meowrpc.com", "polygon-rpc.com", "mainnet.base.org", "arbitrum.io"),
        *("mainnet.optimism.io", "bsc-dataseed.bnbchain.org", "api.avax.network", "forno.celo.org"),
        *("api.mainnet-beta.solana.com", "cloudflare-eth.com", "1rpc.io", "api.trongrid.io", "fullnode.mainnet.sui.io"),
    }
)
"""Endpoints that are open to everybody, rate limited, and promised to nobody."""

_FALLBACK: Final = re.compile(
    r"_?(?:FALLBACK|BACKUP|SECONDARY|ALTERNATIVE|ALTERNATE|SPARE|FAILOVER|STANDBY|RESERVE)(?=_|$)"
)
_RPC_NAME: Final = re.compile(r"RPC|WEB3|PROVIDER|NODE|ENDPOINT|INFURA|ALCHEMY", re.IGNORECASE)


@lru_cache(maxsize=16_384)
def endpoints_in(text: str) -> tuple[tuple[str, Endpoint], ...]:
    """The known third-party hosts in a text, sandboxes left out."""
    if "." not in text:
        return ()
    known = ((host, owner_of(host)) for host in hosts_in(text) if not TEST_HOSTS.search(host))
    return tuple((host, endpoint) for host, endpoint in known if endpoint is not None)


def owner_name(endpoint: Endpoint) -> str:
    """Who owns it; the vendor itself when nobody else is known to."""
    return endpoint.owner_group.split(" (", 1)[0] or endpoint.provider


def domain_of(category: str, owner: str) -> str:
    """The failure domain of a vendor: ``custodian:fireblocks``, ``owner:Consensys``."""
    return f"custodian:{slug(owner)}" if category == "custody" else f"owner:{owner}"


def slug(name: str) -> str:
    """A name as an id: lower case, with dashes."""
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-")


def rpc_owner(_estate: Resource, graph: Graph) -> Value:
    """The one company whose endpoints lead to the chains. Empty for several, or where own nodes run.

    Absent when nothing calls a chain.
    """
    found = mentions(graph, "rpc")
    if found and (any(managed(graph, "blockchain_node")) or runs_own_node(graph)):
        first = next(iter(found.values()))
        return Answer("", (), first.span)
    return single_owner(graph, "rpc", "calls")


def price_source(_estate: Resource, graph: Graph) -> Value:
    """The one source of prices."""
    return single_owner(graph, "oracle", "asks")


def wallet_relay(_estate: Resource, graph: Graph) -> Value:
    """The one relay through which users' wallets connect."""
    return single_owner(graph, "wallet-relay", "relays through")


def chain_indexer(_estate: Resource, graph: Graph) -> Value:
    """The one hosted indexer that answers queries about chains."""
    return single_owner(graph, "indexer", "queries")


def message_vendor(_estate: Resource, graph: Graph) -> Value:
    """The one company that delivers e-mail and text messages to users; own senders of the clouds count as others."""
    answer = single_owner(graph, "email-sms", "sends through")
    senders = [r for r in graph.resources.values() if r.type.startswith(_SENDERS)]
    if isinstance(answer, Answer) and isinstance(answer.value, str) and senders:
        return Answer("", answer.related, answer.mark)
    return answer


_SENDERS: Final = ("aws_ses_", "aws_sesv2_", "aws_sns_sms", "aws_pinpoint_", "azurerm_communication_service")


def model_vendor(_estate: Resource, graph: Graph) -> Value:
    """The one vendor whose AI models are called, over settings and models that are deployed here."""
    found: dict[str, tuple[Resource, Span]] = {
        owner: (m.resource, m.span) for owner, m in mentions(graph, "ai-model").items() if owner != "AWS"
    }
    for resource in managed(graph, "analytics"):
        vendor = resource.get("vendor")
        if isinstance(vendor, Unknown):
            return Answer(vendor, (), resource.span_of("vendor"))
        if isinstance(vendor, str):
            found.setdefault(_MODEL_VENDORS.get(vendor.lower(), vendor), (resource, resource.span_of("vendor")))
    if not found:
        return ABSENT
    first = next(iter(found.values()))
    spans = tuple(Related(span, f"{r.id}: calls models of {owner}", r.id) for owner, (r, span) in found.items())
    if len(found) > 1:
        return Answer("", spans, first[1])
    undecided = open_setting(graph, "ai-model")
    return Answer(undecided if undecided is not None else next(iter(found)), spans, first[1])


_MODEL_VENDORS: Final = {
    "openai": "OpenAI",
    "anthropic": "Anthropic",
    "amazon": "Amazon",
    "meta": "Meta",
    "cohere": "Cohere",
    "mistral": "Mistral AI",
    "google": "Google",
}


# -- single resources ------------------------------------------------------------------------------


def rpc_fallback_owner(resource: Resource, _graph: Graph) -> Value:
    """The company that owns both an endpoint and its spare. Empty when they differ; absent where there is no spare.

    A spare is a second URL in one setting, or a setting named like another with a word such as ``FALLBACK``.
    """
    different: Span | None = None
    for urls, setting in _lists(resource):
        owners = {owner_name(endpoint) for _, endpoint in urls}
        unknown = _gap(setting.value)
        span = setting_span(resource, setting)
        if unknown is not None and len(owners) == 1:
            return Answer(Unknown(f"{setting.name} may name another owner: {unknown.reason}", unknown.origin), (), span)
        if len(owners) == 1 and not _strangers(setting):
            return Answer(next(iter(owners)), (), span)
        different = different or span
    return ABSENT if different is None else Answer("", (), different)


def _lists(resource: Resource) -> Iterator[tuple[list[tuple[str, Endpoint]], Setting]]:
    """The settings that hold a chain's endpoint and its spare, with the known endpoints in both."""
    named = [s for s in settings(resource.declaration.attributes) if _RPC_NAME.search(s.name)]
    by_name = {s.name.upper(): s for s in named}
    for setting in named:
        urls = list(_rpc(setting.value))
        if urls and literal_text(setting.value).count("://") + (_gap(setting.value) is not None) > 1:
            yield urls, setting
        base = _FALLBACK.sub("", setting.name.upper())
        primary = by_name.get(base) or by_name.get(base.replace("__", "_").strip("_"))
        if primary is not None and primary.name != setting.name:
            both = [*_rpc(primary.value), *urls]
            if _rpc_known(primary.value) and (urls or isinstance(setting.value, Unknown)):
                yield both, setting


def _rpc(value: Value) -> Iterator[tuple[str, Endpoint]]:
    for text in value if isinstance(value, list) else [value]:
        yield from ((host, e) for host, e in endpoints_in(literal_text(text)) if e.category == "rpc")


def _rpc_known(value: Value) -> bool:
    return next(_rpc(value), None) is not None


def _gap(value: Value) -> Unknown | None:
    """The unknown piece of a list of URLs that could be a whole URL: one that no literal ``://`` precedes."""
    if not isinstance(value, Unknown):
        return None
    if not value.parts:
        return value
    before = ""
    for part in value.parts:
        if isinstance(part, Unknown):
            if before == "" or before.rstrip().endswith((",", ";")):
                return part
            before = "…"
        else:
            before = part
    return None


def _strangers(setting: Setting) -> bool:
    """Whether a list also names a host whose owner is not known."""
    hosts = hosts_in(literal_text(setting.value))
    known = [host for host, _ in endpoints_in(literal_text(setting.value))]
    return len(set(hosts) - set(known)) > 0


def retired_endpoints(resource: Resource, _graph: Graph) -> Value:
    """What has ended of the services that it calls; absent for what calls nobody."""
    found: dict[str, Span] = {}
    calls = False
    for path, text in texts(resource.declaration.attributes):
        for host in hosts_in(text) if "." in text else ():
            calls = True
            for name, what in RETIRED.items():
                if what not in found and (host == name or host.endswith(f".{name}")):
                    found[what] = host_span(resource, path, text, host)
    if not found:
        return False if calls else ABSENT
    return Answer(next(iter(found)), (), next(iter(found.values())))


def public_rpc_only(resource: Resource, _graph: Graph) -> Value:
    """Whether all of its chain endpoints are public ones; absent where it names none."""
    found: dict[str, tuple[str, str]] = {}
    for path, text in texts(resource.declaration.attributes):
        for host, endpoint in endpoints_in(text):
            if endpoint.category == "rpc":
                found.setdefault(host, (path, text))
    if not found:
        return ABSENT
    public = all(any(host == name or host.endswith(f".{name}") for name in PUBLIC_RPC) for host in found)
    first, (path, text) = next(iter(found.items()))
    return Answer(public, (), host_span(resource, path, text, first))


# -- one owner behind several names ----------------------------------------------------------------


def one_owner_behind(_estate: Resource, graph: Graph) -> Value:
    """A company that stands behind all of several vendors of one kind, as text; empty when there is none.

    Absent when no kind of service has two vendors.
    """
    classes: dict[str, dict[str, tuple[str, Resource, Span]]] = {}
    for caller in callers(graph):
        for path, text in texts(caller.declaration.attributes):
            for host, e in endpoints_in(text):
                if e.owner_group and e.category not in _NOT_ALTERNATIVES:
                    vendors = classes.setdefault(e.category, {})
                    if _base_name(e.provider) not in vendors:
                        span = host_span(caller, path, text, host)
                        vendors[_base_name(e.provider)] = (owner_name(e), caller, span)
    for service in managed(graph, "saas"):
        vendor, kind = service.get("vendor"), service.get("class")
        owner = SAAS_OWNERS.get(str(vendor))
        if owner and applied(service, graph):
            vendors = classes.setdefault(str(kind), {})
            vendors.setdefault(str(vendor), (owner, service, service.span))
    several = {kind: vendors for kind, vendors in classes.items() if len(vendors) > 1}
    for vendors in several.values():
        owners = {owner for owner, _, _ in vendors.values()}
        if len(owners) == 1:
            spans = tuple(Related(span, f"{r.id}: calls {name}", r.id) for name, (_, r, span) in vendors.items())
            first = next(iter(vendors.values()))
            return Answer(f"{' and '.join(sorted(vendors))} both belong to {first[0]}", spans, first[2])
    if not several:
        return ABSENT
    return Answer("", (), next(iter(next(iter(several.values())).values()))[2])


def _base_name(provider: str) -> str:
    return provider.split(" (", 1)[0]


_NOT_ALTERNATIVES: Final = frozenset(
    {"cicd", "cdn", "registry", "storage-ipfs", "secrets", "dns", "auth", "mev-relay", "checkpoint"}
)
"""Kinds of hosts where two names are parts of one service rather than two of a kind, or that another rule judges."""

SAAS_OWNERS: Final[Mapping[str, str]] = {
    "auth0": "Okta",
    "okta": "Okta",
    "pagerduty": "PagerDuty",
    "opsgenie": "Atlassian",
    "bitbucket": "Atlassian",
    "statuspage": "Atlassian",
    "splunk": "Cisco",
    "victorops": "Cisco",
    "duo": "Cisco",
    "github": "Microsoft",
    "azure-devops": "Microsoft",
}
"""Vendors of SaaS, as the catalog names them → owner. Splunk On-Call was VictorOps; Splunk and Duo belong to Cisco."""

_ESTATE: Final = ("estate",)

FACTS: Final[Mapping[str, Fact]] = {
    "rpc_owner": Fact(rpc_owner, "the one company whose endpoints lead to the chains", _ESTATE),
    "price_source": Fact(price_source, "the one source of prices", _ESTATE),
    "wallet_relay": Fact(wallet_relay, "the one relay of users' wallets", _ESTATE),
    "chain_indexer": Fact(chain_indexer, "the one hosted indexer of chains", _ESTATE),
    "message_vendor": Fact(message_vendor, "the one company that delivers messages to users", _ESTATE),
    "model_vendor": Fact(model_vendor, "the one vendor whose AI models are called", _ESTATE),
    "one_owner_behind": Fact(one_owner_behind, "the company behind several vendors of one kind", _ESTATE),
    "rpc_fallback_owner": Fact(rpc_fallback_owner, "the company that owns both an endpoint and its spare"),
    "retired_endpoints": Fact(retired_endpoints, "what has ended of the services that it calls"),
    "public_rpc_only": Fact(public_rpc_only, "whether all of its chain endpoints are public ones"),
}
