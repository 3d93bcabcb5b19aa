"""Resources that others name as text: by ARN, host name, or the name that a setting gives them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from scanner.catalog.endpoints import hosts_in
from scanner.catalog.load import Catalog, Entry
from scanner.facts.documents import settings, texts
from scanner.graph.index import Index
from scanner.model.resource import Declaration

_ARN: Final = re.compile(r"arn:aws[a-z-]*:([a-z0-9-]+):[a-z0-9-]*:[0-9]*:[^\s\"',*?{}]+")
_ARN_SERVICES: Final[Mapping[str, str]] = {
    "elasticloadbalancing": "elb",
    "states": "stepfunctions",
    "events": "eventbridge",
    "execute-api": "apigateway",
    "es": "opensearch",
    "elasticfilesystem": "efs",
    "kafka": "msk",
}
"""Service names in ARNs that differ from those of failure domains."""
_NAMING: Final = re.compile(r"(?:BUCKET|QUEUE|TABLE|TOPIC|STREAM|SECRET)(?:_NAME|_ID|_ARN|_URL)?$", re.IGNORECASE)
"""Settings whose value is the name of a store or queue."""
_NAMED: Final = frozenset({"object_store", "queue", "database", "secret"})
_PROGRAMS: Final = frozenset(
    {
        *("compute", "compute_group", "container_service", "function", "workload", "node_group", "batch", "task"),
        *("gateway", "workflow", "analytics", "secret_manager"),
    }
)
"""Kinds whose settings tell what a program calls."""
_CALLED: Final = frozenset({"object_store", "queue", "database"})
"""Kinds that programs reach by name and region alone, such as tables and buckets."""
_STORE_HOSTS: Final = (
    (
        re.compile(
            r"([a-z0-9-]+)\.(?:cluster-(?:ro-)?)?[a-z0-9]+\.[a-z0-9-]+\.(?:rds|docdb|neptune)\.amazonaws\.com(?:\.cn)?"
        ),
        frozenset({"database"}),
    ),
    (
        re.compile(
            r"(?:(?:master|replica|clustercfg)\.)?([a-z0-9-]+)\.[a-z0-9]+(?:\.ng|\.cfg)?(?:\.[0-9]{4})?\.[a-z0-9]+"
            r"\.cache\.amazonaws\.com(?:\.cn)?"
        ),
        frozenset({"cache"}),
    ),
    (
        re.compile(
            r"([a-z0-9-]+)\.(?:(?:postgres|mysql|mariadb)\.database\.azure\.com|database\.windows\.net"
            r"|documents\.azure\.com|redis\.cache\.windows\.net|servicebus\.windows\.net)"
        ),
        frozenset({"database", "cache", "queue"}),
    ),
)
"""Hosts of stores that begin with the store's own name, and the kinds of store that answer there:
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Endpoints.Cluster.html,
https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Endpoints.html."""
_QUEUE_URL: Final = re.compile(r"//sqs\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/[0-9]{12}/([A-Za-z0-9_.-]+)")
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html."""
_SERVICE_ACCOUNT: Final = re.compile(r"([a-z][a-z0-9-]{4,28}[a-z0-9])@[a-z0-9.:-]+\.iam\.gserviceaccount\.com")
"""https://cloud.google.com/iam/docs/service-account-overview."""
_ACCOUNT_HOST: Final = ".iam.gserviceaccount.com"
_LONGEST: Final = 1 << 18
"""Characters of one text in which names are looked for: more than any policy or script that a cloud takes."""
_SHORTEST: Final = 6
"""Shorter names of stores (``main``) may be any word of a setting."""


@dataclass
class Names:
    """Finds what the texts of a declaration name."""

    entries: Mapping[str, Entry | None]
    index: Index
    tables: Catalog

    def mentions(self, declaration: Declaration) -> Iterator[tuple[str, str]]:
        """Attribute paths with the id of a resource that a text there names."""
        for path, whole in texts(declaration.attributes):
            text = whole[:_LONGEST]
            for arn in _ARN.finditer(text):
                yield from ((path, target) for target in self._of_arn(arn[0], arn[1], declaration))
            for queue in _QUEUE_URL.finditer(text):
                yield from ((path, t) for t in self._stores(queue[1], frozenset({"queue"}), declaration))
            for account in _SERVICE_ACCOUNT.finditer(text) if _ACCOUNT_HOST in text else ():
                yield from ((path, t) for t in self._stores(account[1], frozenset({"identity"}), declaration))
            if "." in text:
                yield from ((path, t) for host in hosts_in(text) for t in self._of_host(host, declaration))
        entry = self.entries[declaration.id]
        if entry is not None and entry.kind in _PROGRAMS:
            for setting in settings(declaration.attributes):
                if isinstance(setting.value, str):
                    found = self._of_setting(setting.name, setting.value, declaration)
                    yield from ((setting.path, target) for target in found)

    def _of_setting(self, name: str, text: str, declaration: Declaration) -> Iterator[str]:
        if _NAMING.search(name):
            yield from self._of_kinds(text, _NAMED, declaration)
        elif len(text) >= _SHORTEST and text in self.index.by_name:
            yield from self._of_kinds(text, _CALLED, declaration)

    def _of_arn(self, arn: str, service: str, declaration: Declaration) -> Iterator[str]:
        wanted = _ARN_SERVICES.get(service, service)
        for target in self.index.named(arn.removesuffix("/"), root=declaration.root):
            if self.tables.service("aws", self.index.by_id[target].type) == wanted:
                yield target

    def _of_host(self, host: str, declaration: Declaration) -> Iterator[str]:
        yield from self._records.get(host, ())
        bucket, dot, rest = host.partition(".s3")
        if dot and rest.endswith(("amazonaws.com", "amazonaws.com.cn")):
            yield from self._of_kinds(bucket, frozenset({"object_store"}), declaration)
        for pattern, kinds in _STORE_HOSTS:
            if store := pattern.fullmatch(host):
                yield from self._stores(store[1], kinds, declaration)

    def _stores(self, name: str, kinds: frozenset[str], declaration: Declaration) -> Iterator[str]:
        """The stores of a name, whatever else is called so: of the declaration's root, else of the others."""
        found = [i for i in self.index.by_name.get(name, ()) if (e := self.entries[i]) is not None and e.kind in kinds]
        own = [i for i in found if self.index.by_id[i].root == declaration.root]
        yield from own or found

    def _of_kinds(self, name: str, kinds: frozenset[str], declaration: Declaration) -> Iterator[str]:
        for target in self.index.named(name, root=declaration.root):
            entry = self.entries[target]
            if entry is not None and entry.kind in kinds:
                yield target

    @cached_property
    def _records(self) -> Mapping[str, tuple[str, ...]]:
        """Host names that records of the files answer for."""
        found: dict[str, list[str]] = {}
        for declaration in self.index.by_id.values():
            entry = self.entries.get(declaration.id)
            name = declaration.attributes.get("name")
            if entry is not None and entry.kind == "dns_record" and isinstance(name, str) and "." in name:
                found.setdefault(name.rstrip(".").lower(), []).append(declaration.id)
        return {name: tuple(ids) for name, ids in found.items()}
