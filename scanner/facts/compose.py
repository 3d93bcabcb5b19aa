"""Projects of Docker Compose: on how many hosts they run, whether that is production, and what holds their data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from scanner.catalog.readers import lookup
from scanner.facts.fact import Answer, Fact
from scanner.facts.value_bearing import NOT_PRODUCTION
from scanner.graph.graph import Graph
from scanner.model.compose import FOR_DEVELOPMENT, PLATFORM, PROJECT, RUNNABLE, SERVICE, VOLUME
from scanner.model.finding import Related
from scanner.model.resource import EdgeKind, Resource
from scanner.model.value import ABSENT, Truth, Unknown, Value, either, unknown_from

_PRODUCTION: Final = re.compile(r"(?:^|[-._/])(?:prod|production|live|mainnet|swarm)(?:$|[-._/])")
_STAGE: Final = frozenset(
    {
        *("NODE_ENV", "RAILS_ENV", "RACK_ENV", "APP_ENV", "FLASK_ENV", "GO_ENV", "DJANGO_ENV", "ENV", "ENVIRONMENT"),
        *("ASPNETCORE_ENVIRONMENT", "STAGE"),
    }
)
"""Variables by which programs are told what they run for."""
_CODE: Final = frozenset(
    {"src", "app", "lib", "code", "source", "pkg", "public", "templates", "static", "pages", "components"}
)
"""Folders of a build context that hold its code, by name."""
_STAGES: Final[Mapping[str, bool]] = {
    "production": True,
    "prod": True,
    "development": False,
    "dev": False,
    "test": False,
    "local": False,
}
_RESTARTED: Final = ("always", "unless-stopped")
_LOOPBACK: Final = re.compile(r"^(?:127\.|::1$|localhost$)")
_BACKUP: Final = re.compile(
    r"backup|restic|wal-?g|wal-e|pgbackrest|barman|litestream|duplicati|borg|kopia|velero|mysqldump|pg_dump",
    re.IGNORECASE,
)
"""Words of services that copy data elsewhere."""
_REMOTE: Final = re.compile(r"nfs|cifs|smb|ceph|gluster|efs|s3|sshfs|rclone", re.IGNORECASE)
"""Words of volume drivers and mount types whose data does not lie on the host."""
_APPLICATIONS: Final = re.compile(
    r"(?:^|[/-])(?:gitea|forgejo|gitlab|gitlab-[ce]e|nextcloud|owncloud|minio|registry|vault|openbao|consul)(?:$|[:@-])"
)
"""Images that keep data and that people use by themselves."""
_HOSTNAME: Final = re.compile(r"node\.hostname\s*==\s*([\w.-]+)")
_PASSING: Final = re.compile(
    r"(?:^|/)(?:redis[\w-]*|rejson|redisearch|valkey|keydb|dragonfly|rabbitmq|nats|pulsar|kafka|cp-kafka|redpanda|zookeeper|etcd)"
    r"(?:$|[:@])"
)
"""Images of stores that many keep nothing in: without a mount nobody meant to."""
_TAG: Final = re.compile(r"[:@].*$")
_SHOWN: Final = 5


# -- projects --------------------------------------------------------------------------------------


def services_of(resource: Resource, graph: Graph) -> tuple[Resource, ...]:
    """The services of the project that a resource belongs to."""
    return graph.once(_by_project).get(resource.declaration.root, ())


def _by_project(graph: Graph) -> dict[str, tuple[Resource, ...]]:
    found: dict[str, list[Resource]] = {}
    for resource in graph.of_kind("workload"):
        if resource.type == SERVICE:
            found.setdefault(resource.declaration.root, []).append(resource)
    return {root: tuple(services) for root, services in found.items()}


def on_swarm(resource: Resource, graph: Graph) -> bool:
    """Whether a project says what only a swarm of several hosts heeds: where copies go, or networks across hosts."""
    return graph.once(_swarms).get(resource.declaration.root, False)


def _swarms(graph: Graph) -> dict[str, bool]:
    found = {root: any(map(_for_swarm, services)) for root, services in graph.once(_by_project).items()}
    for resource in graph.of_kind("other"):
        if resource.platform == PLATFORM and resource.declaration.attributes.get("driver") == "overlay":
            found[resource.declaration.root] = True
    return found


def _for_swarm(service: Resource) -> bool:
    deploy = service.declaration.attributes.get("deploy")
    if not isinstance(deploy, dict):
        return False
    keys = {"placement", "endpoint_mode", "update_config", "rollback_config"}
    return bool(keys & deploy.keys()) or deploy.get("mode") in ("global", "global-job", "replicated-job")


def hosts(resource: Resource, graph: Graph) -> Value:
    """On how many hosts a project runs at least: of a swarm's, as many as its constraints ask for."""
    if resource.platform != PLATFORM:
        return ABSENT
    if not on_swarm(resource, graph):
        return 1
    services = services_of(resource, graph)
    pinned = [_pinned(service) for service in services]
    least = max((len({host for host in pinned if host}), *(_apart(service) for service in services)), default=1)
    if least > 1:
        return least
    bound = bool(pinned) and all(pinned)
    return 1 if bound else Unknown("how many nodes its swarm has is not in the files", resource.span)


def _pinned(service: Resource) -> str:
    """The one node that a service is bound to by its name."""
    constraints = lookup(service.declaration.attributes, "deploy.placement.constraints")
    for constraint in constraints if isinstance(constraints, list) else ():
        found = _HOSTNAME.fullmatch(constraint.strip()) if isinstance(constraint, str) else None
        if found:
            return found[1]
    return ""


def _apart(service: Resource) -> int:
    """How many nodes the copies of a service need that may not share one."""
    each = lookup(service.declaration.attributes, "deploy.placement.max_replicas_per_node")
    copies = service.get("replicas")
    known = isinstance(each, int) and isinstance(copies, int) and each > 0
    return -(-copies // each) if known else 0


def in_production(resource: Resource, graph: Graph) -> Value:
    """Whether a project is for production: by the configuration, its files' names, or how its services are run."""
    if resource.platform != PLATFORM:
        return ABSENT
    if resource.tier:
        return resource.tier.lower() not in NOT_PRODUCTION
    return graph.once(_uses).get(resource.declaration.root, _undecided(resource))


def _undecided(resource: Resource) -> Unknown:
    return Unknown("nothing says whether the project is for production", resource.span)


def _uses(graph: Graph) -> dict[str, Truth]:
    return {
        p.declaration.root: _use(p, services_of(p, graph), graph) for p in graph.of_kind("stack") if p.type == PROJECT
    }


def _use(project: Resource, services: tuple[Resource, ...], graph: Graph) -> Truth:
    files = project.declaration.attributes.get("files")
    names = [str(name).lower() for name in files] if isinstance(files, list) else []
    if any(_PRODUCTION.search(name) for name in names):
        return True
    if any(FOR_DEVELOPMENT.search(name) for name in names) or any(map(_for_development, services)):
        return False
    kept = any(map(_kept_running, services)) or on_swarm(project, graph)
    return True if kept or any(_stage(service) is True for service in services) else _undecided(project)


def _for_development(service: Resource) -> bool:
    """Whether a service runs a developer's working copy: its source is mounted over what the image holds."""
    build = service.declaration.attributes.get("build")
    if not isinstance(build, dict):
        return _stage(service) is False
    context = _folder(build.get("context", "."))
    target = build.get("target")
    if isinstance(target, str) and re.search(r"(?:^|[-_])(?:dev|development|debug)(?:$|[-_])", target):
        return True
    mounted = (m for m in _mounts(service) if m.get("type") == "bind" and m.get("read_only") is not True)
    sources = [_folder(mount.get("source")) for mount in mounted]
    return any(_is_source(source, context) for source in sources if source) or _stage(service) is False


def _is_source(folder: str, context: str) -> bool:
    """Whether a folder holds what an image is built from: the context itself, or its code."""
    inside = folder.startswith(f"{context}/") or (context == "." and folder[0] not in "/~.")
    return folder == context or (inside and folder.rpartition("/")[2] in _CODE)


def _folder(path: Value) -> str:
    text = path if isinstance(path, str) else ""
    return text.removeprefix("./").rstrip("/") or ("." if text else "")


def _stage(service: Resource) -> bool | None:
    environment = service.declaration.attributes.get("environment")
    for name, value in environment.items() if isinstance(environment, dict) else ():
        if name in _STAGE and isinstance(value, str) and value.lower() in _STAGES:
            return _STAGES[value.lower()]
    return None


def _kept_running(service: Resource) -> bool:
    attributes = service.declaration.attributes
    deploy = attributes.get("deploy")
    policy = isinstance(deploy, dict) and ("restart_policy" in deploy or "replicas" in deploy)
    return policy or attributes.get("restart") in _RESTARTED


# -- services --------------------------------------------------------------------------------------


def published(service: Resource) -> bool:
    """Whether it is reached from outside of the project: by a port of the host, or through a proxy that is told so."""
    if service.type != SERVICE:
        return False
    attributes = service.declaration.attributes
    for port in attributes.get("ports") or () if isinstance(attributes.get("ports"), list) else ():
        address = port.get("host_ip") if isinstance(port, dict) else None
        if isinstance(port, dict) and not (isinstance(address, str) and _LOOPBACK.search(address)):
            return True
    labels, environment = attributes.get("labels"), attributes.get("environment")
    routed = isinstance(labels, dict) and any(str(key).startswith("traefik.http.routers.") for key in labels)
    return routed or (isinstance(environment, dict) and "VIRTUAL_HOST" in environment)


def is_backend(service: Resource) -> bool:
    """Whether it is a store that programs use, not people."""
    image = service.declaration.attributes.get("image")
    kept = service.type == SERVICE and service.get("stateful") is True
    return kept and not (isinstance(image, str) and _APPLICATIONS.search(image))


def is_asked(service: Resource, graph: Graph, *, called: bool) -> bool:
    """Whether it is there for people, not only for other services. ``called`` says that another one needs it.

    A store is when its project runs nothing else. What says neither image nor build is a layer over the service of
    another file and runs nothing.
    """
    if service.type != SERVICE:
        return not called
    if is_job(service, graph) or not service.declaration.attributes.keys() & RUNNABLE:
        return False
    if is_backend(service):
        return not called and all(is_backend(other) for other in services_of(service, graph))
    return not called or published(service)


def is_job(service: Resource, graph: Graph) -> bool:
    """Whether it only has to end before others start."""
    incoming = graph.incoming.get(service.id, ())
    return service.type == SERVICE and any(
        edge.kind is EdgeKind.CONTROL and edge.path.startswith("depends_on.") for edge in incoming
    )


def restart_missing(service: Resource, graph: Graph) -> Value:
    """Whether nothing starts it again after it has ended or its host was restarted."""
    attributes = service.declaration.attributes
    if service.type != SERVICE or is_job(service, graph) or on_swarm(service, graph):
        return ABSENT
    if attributes.get("profiles"):
        return ABSENT
    deploy, restart = attributes.get("deploy"), attributes.get("restart", "no")
    policy = deploy.get("restart_policy") if isinstance(deploy, dict) else None
    if isinstance(policy, dict):
        condition = policy.get("condition", "any")
        return condition if isinstance(condition, Unknown) else condition == "none"
    if isinstance(restart, Unknown):
        return restart
    return restart in ("no", False, "false", None)


def held_to_one(service: Resource, graph: Graph) -> Value:
    """What keeps a second copy from starting: a fixed container name, or one port of the host for several copies."""
    if service.type != SERVICE or on_swarm(service, graph):
        return ABSENT
    attributes = service.declaration.attributes
    if attributes.get("container_name"):
        return "container name"
    copies = service.get("replicas")
    fixed = any(_is_fixed(port) for port in attributes.get("ports") or () if isinstance(port, dict))
    return "host port" if fixed and isinstance(copies, int) and copies > 1 else ""


def _is_fixed(port: Mapping[str, Value]) -> bool:
    published_as = port.get("published")
    return published_as is not None and not isinstance(published_as, Unknown) and "-" not in str(published_as)


# -- data ------------------------------------------------------------------------------------------


def data_on_host(service: Resource, graph: Graph) -> Value | Answer:
    """Whether all that a store keeps lies on one host's disk, with no service that copies it elsewhere."""
    if service.type != SERVICE or service.get("stateful") is ABSENT:
        return ABSENT
    image = service.declaration.attributes.get("image")
    passing = isinstance(image, str) and _PASSING.search(image) is not None
    if passing and not any(_on_host(mount, service, graph) is not None for mount in _mounts(service)):
        return ABSENT
    found = [each for mount in _mounts(service) if (each := _on_host(mount, service, graph)) is not None]
    local: Truth = either(found) if found else True
    if local is not True:
        return local
    first = next((n for n, mount in enumerate(_mounts(service)) if _on_host(mount, service, graph) is True), None)
    at = service.declaration.span_of("image" if first is None else f"volumes[{first}]")
    helpers = [other for other in services_of(service, graph) if other is not service and _BACKUP.search(_words(other))]
    related = tuple(Related(other.span, f"{other.id}: copies data", other.id) for other in helpers[:_SHOWN])
    return Answer(not helpers, related, at)


def _mounts(service: Resource) -> Iterator[Mapping[str, Value]]:
    mounts = service.declaration.attributes.get("volumes")
    return (mount for mount in mounts if isinstance(mount, dict)) if isinstance(mounts, list) else iter(())


def _on_host(mount: Mapping[str, Value], service: Resource, graph: Graph) -> Truth | None:
    """Whether a mount keeps data on the host; ``None`` for one that keeps none."""
    kind, source = mount.get("type"), mount.get("source")
    if mount.get("read_only") is True or kind in ("tmpfs", "npipe", "image"):
        return None
    if kind == "bind":
        file = isinstance(source, str) and re.search(r"\.\w{2,4}$|\.sock$|^/(?:etc|var/run|run|sys|proc|dev)/", source)
        return None if file else True
    if isinstance(kind, Unknown) or isinstance(source, Unknown):
        return unknown_from([kind, source])
    for edge in graph.outgoing.get(service.id, ()):
        target = graph.resources[edge.target]
        if target.type == VOLUME and target.declaration.name == source:
            return volume_on_host(target)
    return True


def volume_on_host(volume: Resource) -> Truth:
    """Whether a volume is a folder of the host."""
    attributes = volume.declaration.attributes
    driver, options = attributes.get("driver"), attributes.get("driver_opts")
    if isinstance(options, dict) and any(_REMOTE.search(str(options.get(key))) for key in ("type", "device", "o")):
        return False
    if driver not in (None, "local", "default"):
        if isinstance(driver, str) and _REMOTE.search(driver):
            return False
        return Unknown(f"where the volume driver {driver} keeps data is not in the files", volume.span_of("driver"))
    if attributes.get("external"):
        return Unknown(f"volume {volume.declaration.name} is made outside of these files", volume.span_of("external"))
    return True


def _words(service: Resource) -> str:
    attributes = service.declaration.attributes
    return " ".join(
        str(each) for each in (service.declaration.name, attributes.get("image"), attributes.get("command"))
    )


def whole_project_needs(service: Resource, graph: Graph) -> Value | Answer:
    """Whether every service of the project that people reach stops with this store, which has no second of its kind."""
    if service.type != SERVICE or not is_backend(service):
        return ABSENT
    others = [other for other in services_of(service, graph) if other is not service]
    entries = [other for other in others if published(other) and not is_backend(other)]
    if not entries:
        return ABSENT
    stopped = _stopped_by(service, graph)
    if not all(entry.id in stopped for entry in entries):
        return False
    image = _family(service)
    peers = [other for other in others if image and _family(other) == image]
    related = tuple(Related(e.span, f"{e.id} needs it", e.id) for e in entries[:_SHOWN])
    return Answer(not peers, related)


def _family(service: Resource) -> str:
    image = service.declaration.attributes.get("image")
    return _TAG.sub("", image.rpartition("/")[2]) if isinstance(image, str) else ""


def _stopped_by(service: Resource, graph: Graph) -> set[str]:
    """What needs a service in order to serve, directly or through others."""
    seen, stack = {service.id}, [service.id]
    while stack:
        for edge in graph.incoming.get(stack.pop(), ()):
            if edge.kind is EdgeKind.RUNTIME and edge.source not in seen:
                seen.add(edge.source)
                stack.append(edge.source)
    return seen


def service_count(project: Resource, graph: Graph) -> Value:
    """How many services a project has that keep running."""
    if project.type != PROJECT:
        return ABSENT
    return sum(1 for service in services_of(project, graph) if not is_job(service, graph))


_OF_SERVICES: Final = ("workload",)
_OF_BOTH: Final = ("workload", "stack")

FACTS: Final[Mapping[str, Fact]] = {
    "project_hosts": Fact(hosts, "on how many hosts a Compose project runs", _OF_BOTH),
    "project_in_production": Fact(in_production, "whether a Compose project is for production", _OF_BOTH),
    "project_services": Fact(service_count, "how many services of a Compose project keep running", ("stack",)),
    "restart_missing": Fact(restart_missing, "whether nothing starts a Compose service again", _OF_SERVICES),
    "held_to_one": Fact(held_to_one, "what keeps a second copy of a Compose service from starting", _OF_SERVICES),
    "data_on_host": Fact(data_on_host, "whether a Compose store keeps its only copy on one host", _OF_SERVICES),
    "whole_project_needs": Fact(whole_project_needs, "whether a project stops with this one store", _OF_SERVICES),
}
