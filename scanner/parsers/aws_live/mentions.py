"""Which things of an account another one names: by ARN, by an id that AWS made, or by an address that it answers at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from scanner.model.resource import Declaration, Reference
from scanner.model.value import Value

MAX_DEPTH: Final = 60
"""Objects within objects that are looked into."""

_MADE: Final = re.compile(
    r"[a-z]+(?:-[a-z]+)*-[0-9a-f]{8,32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|Z[0-9A-Z]{8,32}"
)
_ADDRESS: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+)\.?(?::[0-9]+)?(/.*)?")
_ANSWERS_AT: Final = frozenset(
    {
        *("Address", "DNSName", "DnsName", "DomainName", "domainName", "endpoint", "Endpoint", "ReaderEndpoint"),
        *("QueueUrl", "ApiEndpoint", "apiEndpoint", "regionalDomainName", "distributionDomainName", "DualStackDnsName"),
    }
)
"""Attributes that hold a thing's own address, at its top or in its own endpoint."""
_PREFIXES: Final = ("dualstack.",)
_OF_AWS: Final = (".amazonaws.com", ".amazonaws.com.cn", ".cloudfront.net", ".awsglobalaccelerator.com", ".on.aws")
_SKIPPED: Final = frozenset({"Tags", "TagList", "TagSet", "tags", "Id", "Arn"})


class Mentions(Struct, frozen=True):
    """The ids of declarations by each text that means them alone; ``local`` texts count within account and region."""

    everywhere: Mapping[str, str]
    local: Mapping[tuple[str, str, str], str]

    @classmethod
    def of(cls, declarations: Sequence[Declaration]) -> Mentions:
        """The texts that mean some declarations. One that means several means none."""
        everywhere: dict[str, set[str]] = {}
        local: dict[tuple[str, str, str], set[str]] = {}
        for each in declarations:
            for text in _own_names(each):
                everywhere.setdefault(text, set()).add(each.id)
            name = each.attributes["Id"]
            if _MADE.fullmatch(name.rpartition("/")[2]):
                for region in {_region(each), ""}:
                    local.setdefault((each.root, region, name.rpartition("/")[2]), set()).add(each.id)
        return cls(_alone(everywhere), _alone(local))

    def references(self, declaration: Declaration) -> tuple[Reference, ...]:
        """What a declaration mentions, by the path of the attribute that does."""
        found: dict[tuple[str, str], Reference] = {}
        for path, text in texts(declaration.attributes):
            target, read = self._meant(text, declaration)
            if target and target != declaration.id:
                found.setdefault((path, target), Reference(path, target, read, declaration.span))
        return tuple(found.values())

    def _meant(self, text: str, declaration: Declaration) -> tuple[str, str]:
        if text.startswith("arn:"):
            return self.everywhere.get(text, self.everywhere.get(_without_version(text), "")), "Arn"
        last = text.rpartition("/")[2]
        if _MADE.fullmatch(last):
            here, everywhere = (declaration.root, _region(declaration), last), (declaration.root, "", last)
            return self.local.get(here) or self.local.get(everywhere, ""), "Id"
        address = _address(text)
        return (self.everywhere.get(address, ""), "Endpoint") if address else ("", "")


def texts(attributes: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    """Every text in attributes with its path, without tags and what the thing itself is called."""
    stack: list[tuple[str, Value, int]] = [
        (n, v, 0) for n, v in reversed(list(attributes.items())) if n not in _SKIPPED
    ]
    while stack:
        path, value, depth = stack.pop()
        if isinstance(value, str):
            yield path, value
        elif depth < MAX_DEPTH and isinstance(value, dict):
            stack.extend((f"{path}.{name}", item, depth + 1) for name, item in reversed(list(value.items())))
        elif depth < MAX_DEPTH and isinstance(value, list):
            stack.extend((f"{path}[{i}]", value[i], depth + 1) for i in range(len(value) - 1, -1, -1))


def _own_names(declaration: Declaration) -> Iterator[str]:
    """The ARN and the addresses under which a thing can be reached."""
    arn = declaration.attributes.get("Arn")
    if isinstance(arn, str):
        yield arn
    for path, text in texts(declaration.attributes):
        steps = path.split(".")
        if steps[-1].split("[")[0] in _ANSWERS_AT and len(steps) <= _DEPTH_OF_ADDRESSES and (found := _address(text)):
            yield found


_DEPTH_OF_ADDRESSES: Final = 3


def _address(text: str) -> str:
    """A host of AWS's own as one thing is called by it; a queue also by its path. Empty for other texts."""
    found = _ADDRESS.fullmatch(text)
    if found is None:
        return ""
    host = found[1].lower()
    for prefix in _PREFIXES:
        host = host.removeprefix(prefix)
    if not host.endswith(_OF_AWS):
        return ""
    return f"{host}{found[2]}" if host.startswith(("sqs.", "queue.")) and found[2] else host


def _without_version(arn: str) -> str:
    """An ARN without what stands behind the thing itself: a version, an alias, a stream, an index, or all objects."""
    for mark in ("/stream/", "/index/", ":log-stream:"):
        arn = arn.partition(mark)[0]
    if ":function:" in arn:
        return ":".join(arn.split(":")[:7])
    return arn.removesuffix("/*").removesuffix(":*")


def _region(declaration: Declaration) -> str:
    return str(declaration.provider.attributes.get("region", ""))


def _alone(named: Mapping[str, Iterable[str]] | Mapping[tuple[str, str, str], Iterable[str]]) -> dict:  # type: ignore[type-arg]
    return {text: ids[0] for text, found in named.items() if len(ids := sorted(found)) == 1}
