"""Names of the DNS that external-dns makes for objects of a cluster, and the DNS host where its arguments tell it.

https://kubernetes-sigs.github.io/external-dns/latest/docs/annotations/annotations/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from scanner.catalog.readers import lookup, whole
from scanner.model.objects import PLATFORM, annotations_of
from scanner.model.resource import Declaration, ProviderContext, Reference
from scanner.model.span import Span
from scanner.model.value import ABSENT, Value
from scanner.normalize.respelled import MovedPlaces

RECORD: Final = "externaldns.k8s.io/Record"
_PREFIXES: Final = ("external-dns.kubernetes.io/", "external-dns.alpha.kubernetes.io/")
"""Of annotations: releases before 0.22 used the second one."""
_ENDPOINT: Final = "externaldns.k8s.io/DNSEndpoint"
_IMAGE: Final = re.compile(r"(?:^|/)external-dns(?=[:@]|$)")
_ARGUMENT: Final = re.compile(r"--provider[= ]([a-z0-9-]+)")
_HOSTS: Final[Mapping[str, str]] = {
    "azure": "azurerm",
    "azure-dns": "azurerm",
    "azure-private-dns": "azurerm",
    "alibabacloud": "alicloud",
    "oci": "oci",
}
"""What external-dns calls otherwise than Terraform calls the provider."""
_NO_HOSTS: Final = frozenset({"inmemory", "webhook", "coredns", "rfc2136", "pihole", "plural"})
"""Providers that are no DNS host, or only speak to one that is not told."""
_POLICIES: Final[Mapping[str, str]] = {
    "aws-weight": "weighted",
    "aws-region": "latency",
    "aws-failover": "failover",
    "aws-geolocation-country-code": "geo",
    "aws-geolocation-continent-code": "geo",
    "aws-multi-value-answer": "multivalue",
}
"""Annotations that make a record one of several: .../docs/tutorials/aws/#routing-policies."""
_MOST: Final = 100
"""Names of one object that are looked at."""


@dataclass
class PublishedNames:
    """Finds the records that external-dns makes."""

    declarations: Sequence[Declaration]

    def translated(self) -> Iterator[Declaration]:
        """Every declaration, the records of its names after it."""
        for each in self.declarations:
            yield each
            if each.platform == PLATFORM and each.mode == "managed":
                yield from self._endpoints(each) if each.type == _ENDPOINT else self._annotated(each)

    @cached_property
    def _host(self) -> str:
        """The one DNS host that every external-dns in the files is told; empty for several and where none is."""
        found = {word for each in self.declarations if each.platform == PLATFORM for word in _told_hosts(each)}
        word = next(iter(found)) if len(found) == 1 else ""
        return "" if word in _NO_HOSTS else _HOSTS.get(word, word)

    def _annotated(self, source: Declaration) -> Iterator[Declaration]:
        told = _annotations(source)
        key, listed = told.get("hostname", ("", ""))
        names = dict.fromkeys(_listed(listed))
        if not names:
            return
        span = source.span_of(f"metadata.annotations.{key}")
        policy = next((word for name, word in _POLICIES.items() if name in told), "simple")
        body: dict[str, Value] = {"routing": policy}
        for name in ("ttl", "target", "aws-health-check-id", "cloudflare-proxied"):
            if name in told and (name != "ttl" or told[name][1].isdecimal()):  # or a duration such as 1m
                body[name.replace("-", "_")] = told[name][1]
        for name in names:
            if "target" in told:  # it leads there, not to the object
                yield self._record(source, name, {**body, "domain": name}, span, ())
            else:
                links = (Reference("source", source.id, "id", span),)
                yield self._record(source, name, {**body, "domain": name, "source": source.name}, span, links)

    def _endpoints(self, source: Declaration) -> Iterator[Declaration]:
        endpoints = lookup(source.attributes, "spec.endpoints")
        for index, each in enumerate(endpoints[:_MOST] if isinstance(endpoints, list) else ()):
            name = each.get("dnsName") if isinstance(each, dict) else None
            if isinstance(each, dict) and isinstance(name, str):
                keys = {"record_type": "recordType", "ttl": "recordTTL", "target": "targets"}
                body: dict[str, Value] = {key: each[written] for key, written in keys.items() if written in each}
                span = source.span_of(f"spec.endpoints[{index}].dnsName")
                yield self._record(source, name.rstrip("."), {**body, "domain": name.rstrip(".")}, span, ())

    def _record(
        self, source: Declaration, name: str, body: Mapping[str, Value], span: Span, links: tuple[Reference, ...]
    ) -> Declaration:
        kind = f"/{body['record_type']}" if "record_type" in body else ""
        return Declaration(
            id=f"{source.id}/{name}{kind}",
            type=RECORD,
            name=name,
            platform=PLATFORM,
            span=span,
            attributes=body,
            places=MovedPlaces({"at": span}, dict.fromkeys(body, "at")),
            references=links,
            provider=ProviderContext(self._host),
            root=source.root,
        )


def _annotations(source: Declaration) -> Mapping[str, tuple[str, str]]:
    """What external-dns is told of an object: words → the whole key and the text. Others may be told to do it."""
    found: dict[str, tuple[str, str]] = {}
    for key, value in annotations_of(source.attributes).items():
        for prefix in _PREFIXES:
            if key.startswith(prefix) and isinstance(value, (str, int)):
                found.setdefault(key.removeprefix(prefix), (key, str(value)))
    return {} if found.get("controller", ("", "dns-controller"))[1] != "dns-controller" else found


def _listed(names: str) -> list[str]:
    return [name for word in names.split(",")[:_MOST] if (name := word.strip().rstrip(".").lower())]


def _told_hosts(workload: Declaration) -> Iterator[str]:
    """The DNS hosts that the arguments of an external-dns name."""
    containers = whole(workload.attributes, "spec.template.spec.containers")
    for each in containers if isinstance(containers, list) else () if containers is ABSENT else (containers,):
        if isinstance(each, dict) and _IMAGE.search(str(each.get("image", ""))):
            written = [each.get(key) for key in ("command", "args")]
            words = [str(word) for words in written if isinstance(words, list) for word in words]
            yield from _ARGUMENT.findall(" ".join(words))
