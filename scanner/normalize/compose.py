"""What the services of a Compose project need of each other: stated, or named as a host in their settings.

On a project's networks every service is reached by its name, the aliases that it has there, and its container's name
(https://github.com/compose-spec/compose-spec/blob/main/05-services.md#networks).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from scanner.model.compose import PLATFORM, SERVICE
from scanner.model.resource import Declaration, Edge, EdgeKind
from scanner.model.value import Unknown, Value
from scanner.normalize.hints import finds_members, setting_at

_ADDRESS: Final = re.compile(
    r"://(?:[^\s@/]*@)?([a-z0-9][\w.,:-]*)|(?<![\w./-])([a-z0-9][\w.-]*):[0-9]{2,5}(?![0-9])", re.IGNORECASE
)
"""Hosts in texts: of URLs, several of which may be listed, and before ports."""
_NAMING: Final = re.compile(
    r"(?:^|[_.-])(?:HOST|HOSTS|HOSTNAME|ADDR|ADDRESS|SERVER|SERVERS|SERVICE|ENDPOINTS?|URLS?|URI|UPSTREAM|BROKERS?|DSN|PEERS?"
    r"|NODES?|BACKEND|PROXY|RPC)(?:$|[_.-])|(?:HOST|ADDR|URL|SERVER)$",
    re.IGNORECASE,
)
"""Settings whose whole value is a host, or several."""
_TELLING: Final = re.compile(
    r"OTEL|OTLP|JAEGER|ZIPKIN|STATSD|SENTRY|PROMETHEUS|LOKI|GRAYLOG|LOGSTASH|FLUENT|TRACING|TELEMETRY|METRICS|DATADOG"
    r"|APM|LOG_?(?:HOST|SERVER|URL)",
    re.IGNORECASE,
)
"""Settings that say where something is reported to: work goes on when nobody listens there."""
_OPERATORS: Final = re.compile(
    r"(?:^|/)(?:adminer|phpmyadmin|pgadmin4?|mongo-express|redis-?commander|redisinsight|portainer)(?:$|[:@-])"
)
"""Images of tools with which people look after a store."""
_FLAG: Final = re.compile(r"--?([\w.-]+)(?:=|\s+)[\"']?([a-z0-9][\w.-]*)[\"']?(?:\s|$)", re.IGNORECASE)
_LONGEST: Final = 100_000
"""Characters of one text in which hosts are looked for."""
_FINISHED: Final = "service_completed_successfully"
_MOUNTED: Final = ("volume", "cluster")

Found = tuple[str, EdgeKind, str]
"""Target, kind and path of an edge."""


def compose_edges(declarations: Iterable[Declaration]) -> Iterator[Edge]:
    """The edges between what Compose projects declare."""
    projects: dict[str, list[Declaration]] = {}
    for declaration in declarations:
        if declaration.platform == PLATFORM:
            projects.setdefault(declaration.root, []).append(declaration)
    for members in projects.values():
        yield from _Project(members).edges()


class _Project:
    """The declarations of one project, by kind and name."""

    def __init__(self, members: Iterable[Declaration]) -> None:
        self.services: dict[str, Declaration] = {}
        self.others: dict[tuple[str, str], str] = {}
        for declaration in members:
            if declaration.type == SERVICE:
                self.services[declaration.name] = declaration
            else:
                self.others[declaration.type.partition("/")[2], declaration.name] = declaration.id
        self.hosts = self._hosts()

    def _hosts(self) -> dict[str, list[str]]:
        """The ids of the services that answer to each name."""
        found: dict[str, list[str]] = {}
        for name, service in self.services.items():
            attributes = service.attributes
            aliases = [name, attributes.get("container_name"), attributes.get("hostname")]
            networks = attributes.get("networks")
            for network in networks.values() if isinstance(networks, dict) else ():
                listed = network.get("aliases") if isinstance(network, dict) else None
                aliases += listed if isinstance(listed, list) else []
            for alias in dict.fromkeys(a.lower() for a in aliases if isinstance(a, str) and a):
                found.setdefault(alias, []).append(service.id)
        return found

    def edges(self) -> Iterator[Edge]:
        for service in self.services.values():
            seen: set[tuple[str, EdgeKind]] = set()
            links = _links(service.attributes)
            for target, kind, path in (*self._stated(service), *self._named(service, links)):
                if target != service.id and (target, kind) not in seen:
                    seen.add((target, kind))
                    yield Edge(service.id, target, kind, path, service.span_of(path))

    # -- stated ------------------------------------------------------------------------------------

    def _stated(self, service: Declaration) -> Iterator[Found]:
        attributes = service.attributes
        depends = attributes.get("depends_on")
        for name, how in depends.items() if isinstance(depends, dict) else ():
            if name in self.services:
                yield self.services[name].id, _kind(how), f"depends_on.{name}"
        for index, link in enumerate(_listed(attributes.get("links"))):
            name = str(link).partition(":")[0]
            if name in self.services:
                yield self.services[name].id, EdgeKind.RUNTIME, f"links[{index}]"
        for key in ("network_mode", "ipc", "pid"):
            shared = attributes.get(key)
            name = shared.removeprefix("service:") if isinstance(shared, str) and shared.startswith("service:") else ""
            if name in self.services:
                yield self.services[name].id, EdgeKind.RUNTIME, key
        for index, other in enumerate(_listed(attributes.get("volumes_from"))):
            name = str(other).partition(":")[0]
            if name in self.services:
                yield self.services[name].id, EdgeKind.RUNTIME, f"volumes_from[{index}]"
        yield from self._mounted(attributes)

    def _mounted(self, attributes: Mapping[str, Value]) -> Iterator[Found]:
        for index, mount in enumerate(_listed(attributes.get("volumes"))):
            if isinstance(mount, dict) and mount.get("type") in _MOUNTED:
                target = self.others.get(("volume", str(mount.get("source"))))
                if target is not None:
                    yield target, EdgeKind.RUNTIME, f"volumes[{index}]"
        for key in ("secret", "config"):
            for index, grant in enumerate(_listed(attributes.get(f"{key}s"))):
                target = self.others.get((key, str(grant.get("source")) if isinstance(grant, dict) else ""))
                if target is not None:
                    yield target, EdgeKind.RUNTIME, f"{key}s[{index}]"
        networks = attributes.get("networks")
        for name in networks if isinstance(networks, dict) else ():
            target = self.others.get(("network", name))
            if target is not None:
                yield target, EdgeKind.NONE, f"networks.{name}"

    # -- named -------------------------------------------------------------------------------------

    def _named(self, service: Declaration, links: Mapping[str, str]) -> Iterator[Found]:
        """Services that settings and commands name as hosts. A tool for people asks what it looks after; both go on."""
        image = service.attributes.get("image")
        looks_after = isinstance(image, str) and _OPERATORS.search(image) is not None
        for path, name, text in _told(service.attributes):
            for setting, host in dict.fromkeys(_hosts(name, text)):
                loose = looks_after or _TELLING.search(name) or finds_members(setting)
                kind = EdgeKind.NONE if loose else EdgeKind.RUNTIME
                for target in self.hosts.get(links.get(host, host), ()):
                    yield target, kind, path


def _kind(how: Value) -> EdgeKind:
    """What a start-up dependency means: a job that has to end first is not needed afterwards."""
    if isinstance(how, dict) and how.get("required") in (False, "false"):
        return EdgeKind.NONE
    return EdgeKind.CONTROL if isinstance(how, dict) and how.get("condition") == _FINISHED else EdgeKind.RUNTIME


def _links(attributes: Mapping[str, Value]) -> dict[str, str]:
    """The names that links give to other services, for this one alone."""
    written = (str(link).lower().split(":") for link in _listed(attributes.get("links")))
    return {parts[1]: parts[0] for parts in written if len(parts) == 2}


def _listed(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []


def _told(attributes: Mapping[str, Value]) -> Iterator[tuple[str, str, str]]:
    """Path, name and literal text of all that tells a program what to call."""
    environment = attributes.get("environment")
    for name, value in environment.items() if isinstance(environment, dict) else ():
        yield f"environment.{name}", name, _literal(value)
    for key in ("command", "entrypoint"):
        command = attributes.get(key)
        text = " ".join(_literal(part) for part in command) if isinstance(command, list) else _literal(command)
        if text:
            yield key, "", text
    for index, config in enumerate(_listed(attributes.get("configs"))):
        if isinstance(config, dict) and isinstance(config.get("content"), str):
            yield f"configs[{index}]", "", config["content"]


def _literal(value: Value) -> str:
    if isinstance(value, Unknown):
        return "\n".join(part for part in value.parts if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _hosts(name: str, text: str) -> Iterator[tuple[str, str]]:
    """The hosts in a text, each with the setting that names it."""
    text = text[:_LONGEST]
    for found in _ADDRESS.finditer(text):
        setting = name or setting_at(text, found.start())
        for listed in (found[1] or found[2]).split(","):
            yield setting, listed.partition(":")[0].rstrip(".").lower()
    if name and _NAMING.search(name):
        for host in re.split(r"[,;\s]+", text.strip().lower()):
            yield name, host
    if not name:
        for flag in _FLAG.finditer(text):
            if flag[1] == "h" or _NAMING.search(flag[1]):
                yield flag[1], flag[2].lower()
