"""Third parties that a resource calls while it runs, as groups of which one is enough.

Two endpoints are two only when their owners are: ``owner_group`` of the endpoint table decides. Several URLs in one
setting, or in settings that differ only by a vendor's name or a word such as ``FALLBACK``, stand in for each other.
Settings for different things are different needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from scanner.catalog.endpoints import hosts_in
from scanner.facts.documents import Setting, literal_text, settings
from scanner.facts.third_parties import domain_of, endpoints_in, owner_name
from scanner.facts.vendors import SETTINGS
from scanner.model.resource import Resource
from scanner.model.span import Span
from scanner.model.value import Unknown, Value
from scanner.simulation.context import FRONTS, SERVERS, Context

_NEEDED: Final = frozenset(
    {
        *("rpc", "auth", "indexer", "wallet-relay", "secrets", "custody", "exchange-api", "fiat", "oracle"),
        *("ai-model", "screening", "storage-ipfs"),
    }
)
"""Categories of vendors without which a service does not do its work. Mail, monitoring and delivery tools are not."""
_BY_NAME: Final = frozenset({"custody", "exchange-api", "fiat"})
"""Categories for which the name of a setting is evidence enough."""
_SETTING: Final = re.compile(rf"(?:^|_)({'|'.join(sorted(SETTINGS, key=len, reverse=True))})(?:_|$)")
_ORDER: Final = re.compile(
    r"FALLBACK|BACKUP|SECONDARY|ALTERNATIVE|ALTERNATE|SPARE|FAILOVER|STANDBY|RESERVE|PRIMARY|MAIN|\d+"
    r"|URLS?|URI|BASE|PATH|API|ENDPOINTS?|HOST|KEY|ID|SECRET|TOKEN|ACCESS|ENV"
)
"""Words of setting names that tell the first of several from the others, or the parts of one client's settings."""
_TEMPLATE: Final = re.compile(r"launch_template|launch_configuration|instance_template")
CALLERS: Final = frozenset({*SERVERS, "task", "gateway", "workflow", "analytics", "secret_manager"})
"""Kinds whose settings tell what a program calls."""


@dataclass(slots=True)
class Call:
    """One need of a resource: vendors by failure domain, own resources by id, any one of which is enough.

    ``stranger`` is set when a host among them is in no table, so that the loss of those known is not the loss of all.
    """

    span: Span
    setting: str
    domains: dict[str, str] = field(default_factory=dict)
    own: dict[str, None] = field(default_factory=dict)
    stranger: bool = False


def calls(resource: Resource, context: Context) -> list[Call]:
    """What a resource calls outside of the estate, as far as its settings name it."""
    if not (resource.kind in CALLERS or is_template(resource)) or resource.declaration.mode != "managed":
        return []
    found: dict[str, Call] = {}
    long_texts: list[Setting] = []
    for setting in settings(resource.declaration.attributes):
        if "\n" in literal_text(setting.value, ""):
            long_texts.append(setting)
        else:
            _add(found, resource, setting, context)
    seen = {domain for call in found.values() for domain in call.domains}
    for setting in long_texts:
        for host, category, domain in _vendors(setting.value):
            if domain not in seen and category in _NEEDED:
                call = found.setdefault(host, Call(resource.span_of(setting.path), setting.name))
                call.domains[domain] = host
    return [call for call in found.values() if call.domains]


def is_template(resource: Resource) -> bool:
    """Whether it is the template that servers of a group are made from."""
    return _TEMPLATE.search(resource.type) is not None


def _add(found: dict[str, Call], resource: Resource, setting: Setting, context: Context) -> None:
    vendors = list(_vendors(setting.value))
    match = _SETTING.search(setting.name.upper()) if setting.name.isupper() else None
    if match is not None and SETTINGS[match[1]][0] in _BY_NAME:
        category, owner = SETTINGS[match[1]]
        vendors.append((setting.name, category, domain_of(category, owner)))
    strangers = set(hosts_in(literal_text(setting.value))) - {host for host, _, _ in vendors} if vendors else set()
    for host, category, domain in vendors:
        if category in _NEEDED:
            key = f"{category} {_purpose(setting.name)}"
            call = found.setdefault(key, Call(resource.span_of(setting.path), setting.name))
            call.domains.setdefault(domain, host)
            call.own.update(dict.fromkeys(own_hosts(setting.value, context)))
            call.stranger = call.stranger or bool(strangers)


def own_hosts(value: Value, context: Context) -> Iterator[str]:
    """The resources of the estate whose addresses stand in a list of URLs beside those of vendors."""
    for part in value.parts if isinstance(value, Unknown) else ():
        if isinstance(part, Unknown):
            for target in context.graph.meant(part):
                if target.kind in FRONTS or target.kind in SERVERS:
                    yield target.id


def _vendors(value: Value) -> Iterator[tuple[str, str, str]]:
    """Host, category and failure domain of each known vendor in a value."""
    for text in value if isinstance(value, list) else [value]:
        for host, endpoint in endpoints_in(literal_text(text)):
            yield host, endpoint.category, domain_of(endpoint.category, owner_name(endpoint))


def _purpose(name: str) -> str:
    """A setting's name without the words that tell the first of several from the others."""
    words = [word for word in re.split(r"[_.\-]+", name.upper()) if word and not _ORDER.fullmatch(word)]
    return " ".join(word for word in words if word not in SETTINGS)


def call_nodes(found: Iterable[Call], owner: int, context: Context) -> list[int]:
    """A node for each call: it fails when all who could answer it have failed."""
    nodes = []
    for call in found:
        answers = [context.places.other(*domain.split(":", 1)) for domain in call.domains]
        answers += [context.whole[name] for name in call.own if name in context.whole]
        if call.stranger:
            answers.append(context.gates.never)
        node = context.gates.all(answers, f"everyone who answers {call.setting}")
        context.gates.state(owner, node, call.span)
        nodes.append(node)
    return nodes
