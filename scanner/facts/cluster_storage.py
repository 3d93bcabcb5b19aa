"""What keeps data in a cluster: claims that several pods share, classes of volumes, and databases without a volume."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from scanner.facts.estate import managed
from scanner.facts.fact import Answer, Fact
from scanner.facts.nodes import pod_spec
from scanner.facts.pods import containers, program
from scanner.facts.programs import nodes_of
from scanner.facts.volumes import class_reach
from scanner.facts.workloads import least_pods
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.objects import PLATFORM
from scanner.model.resource import Resource
from scanner.model.value import ABSENT, Unknown, Value

_SHOWN: Final = 5
_ZONE_KEY: Final = re.compile(r"(?:^|[./])(?:zone|topology\.[a-z.]+/zone)$")
_DATABASES: Final = frozenset(
    {
        *("postgres", "postgresql", "postgis", "timescaledb", "timescaledb-ha", "mysql", "mysql-server", "mariadb"),
        *("percona-server", "mongo", "mongodb", "cassandra", "scylla", "couchdb", "neo4j", "influxdb", "clickhouse"),
        *("clickhouse-server", "cockroach", "arangodb", "etcd", "consul", "vault", "minio", "couchbase", "orientdb"),
    }
)
"""Images whose whole work is to keep data. Caches are left out: they may forget."""
_DATA_FOLDER: Final = re.compile(
    r"/(?:var/lib/(?:postgresql|mysql|mariadb|cassandra|scylla|couchdb|mongodb|neo4j|influxdb|clickhouse)|data/db"
    r"|bitnami/(?:postgresql|mysql|mariadb|mongodb|cassandra|couchdb|neo4j|influxdb|clickhouse))(?:/|$)"
)
"""Where these images keep it: an image of one's own that mounts a volume there is made from one of them."""
_NOT_SERVING: Final = re.compile(
    r"(?:^|[\s/])(?:mongos|psql|pg_dump|pg_dumpall|pg_isready|mysqldump|mysqladmin|mongodump|mongosh|sleep|tail|etcdctl)(?:\s|$)"
    r"|(?<![\w-])-dev(?![\w-])|agent(?:\s|$)"
)
"""Commands by which such an image runs a client, a router or a server that keeps nothing on purpose."""
_FLEETING: Final = frozenset(
    {"name", "emptyDir", "configMap", "secret", "projected", "downwardAPI", "ephemeral", "image", "gitRepo"}
)
"""Kinds of volumes that go with their pod, or are only read."""
_SYNCED: Final = ("execution", "consensus", "full-node", "bootnode", "relay-client", "monitor")
_BACKUP_TYPES: Final = re.compile(
    r"^(?:velero\.io/|ark\.heptio\.com/|k8up\.io/|backup\.appuio\.ch/|volsync\.backube/|snapscheduler\.backube/|stash\.appscode\.com/"
    r"|core\.kubestash\.com/|config\.kio\.kasten\.io/|longhorn\.io/RecurringJob|postgresql\.cnpg\.io/(?:Scheduled)?Backup"
    r"|gkebackup|snapshot\.storage\.k8s\.io/VolumeSnapshot$|google_gke_backup|azurerm_data_protection_backup_instance_kubernetes"
    r"|azurerm_kubernetes_cluster_extension)"
)
"""Objects by which volumes of a cluster are copied."""
_BACKUP_WORDS: Final = re.compile(
    r"backup|snapshot|restic|velero|wal-g|pgbackrest|barman|borg|pg_dump|mysqldump|mongodump|rclone", re.IGNORECASE
)


# -- claims ----------------------------------------------------------------------------------------


def shares_one_disk(workload: Resource, graph: Graph) -> Value | Answer:
    """Whether several copies mount a claim that one node at a time may mount; absent for one copy or no claim."""
    claims = workload.get("claims")
    pods = least_pods(workload, graph)
    every = workload.get("every_node") is True
    if workload.platform != PLATFORM or workload.get("stateful") is True or not isinstance(claims, list):
        return ABSENT
    if not every and (not isinstance(pods, int) or pods < 2):
        return pods if isinstance(pods, Unknown) else ABSENT
    found = _mounted(workload, graph)
    for volume in found:
        modes = volume.get("access_modes")
        if isinstance(modes, list) and modes and not {"ReadWriteMany", "ReadOnlyMany"} & {str(m) for m in modes}:
            return Answer(True, (Related(volume.span_of("access_modes"), f"{volume.id}: the claim", volume.id),))
    if len(found) < len(claims):
        return Unknown(f"a claim of {workload.id} is not in the files", workload.span_of("claims"))
    return False


def _mounted(workload: Resource, graph: Graph) -> list[Resource]:
    found = (graph.resources[e.target] for e in graph.outgoing.get(workload.id, ()))
    return [r for r in found if r.kind == "volume" and r.platform == PLATFORM]


def forgets_its_data(workload: Resource, _graph: Graph) -> Value:
    """Whether a database runs without a volume that outlives its pod; absent for what is no database."""
    if workload.platform != PLATFORM or not any(_keeps_data(c) for c in containers(workload)):
        return ABSENT
    spec = workload.declaration.attributes.get("spec")
    templates = spec.get("volumeClaimTemplates") if isinstance(spec, dict) else None
    if isinstance(templates, Unknown):
        return templates
    if templates:
        return False
    volumes = pod_spec(workload).get("volumes")
    return not any(set(v) - _FLEETING for v in volumes if isinstance(v, dict)) if isinstance(volumes, list) else True


def _keeps_data(container: Mapping[str, Value]) -> bool:
    image = container.get("image")
    known = isinstance(image, str) and program(image) in _DATABASES
    mounts = (m.get("mountPath") for m in _listed(container.get("volumeMounts")) if isinstance(m, dict))
    if not known and not any(isinstance(path, str) and _DATA_FOLDER.match(path) for path in mounts):
        return False
    parts = [str(a) for name in ("command", "args") for a in _listed(container.get(name))]
    return not _NOT_SERVING.search(" ".join(parts))


def _listed(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []


# -- classes ---------------------------------------------------------------------------------------


def class_zones(storage_class: Resource, _graph: Graph) -> Value:
    """In how many zones a class makes volumes; absent where it leaves that to the scheduler."""
    found: list[str] = []
    for term in _listed(storage_class.get("zones")):
        if isinstance(term, dict) and _ZONE_KEY.search(str(term.get("key"))):
            found.extend(str(zone) for zone in _listed(term.get("values")))
    parameters = storage_class.declaration.attributes.get("parameters")
    held = parameters if isinstance(parameters, dict) else {}
    for name in ("zone", "zones"):
        found.extend(zone.strip() for zone in str(held.get(name) or "").split(",") if zone.strip())
    if not found:
        return ABSENT
    written = next((f"parameters.{name}" for name in ("zone", "zones") if held.get(name)), "parameters")
    mark = "zones" if storage_class.get("zones") is not ABSENT else written
    return Answer(len(set(found)), (), storage_class.span_of(mark))


def class_of_zonal_disks(storage_class: Resource, _graph: Graph) -> Value:
    """Whether its volumes lie in one zone each; absent for drivers of which that is not known."""
    reach = class_reach(storage_class)
    return ABSENT if isinstance(reach, Unknown) else reach == "zone"


def claimed_from(storage_class: Resource, graph: Graph) -> Value | Answer:
    """How many claims and workloads of the files take volumes of a class."""
    users = graph.referrers(storage_class, "volume", "workload")
    related = tuple(Related(u.span, f"{u.id}: keeps data on it", u.id) for u in users[:_SHOWN])
    return Answer(len(users), related)


# -- backups ---------------------------------------------------------------------------------------


def claims_without_backup(_estate: Resource, graph: Graph) -> Value | Answer:
    """The claims of the files, by id, where nothing in the files copies any of them elsewhere. Empty otherwise.

    Absent where no workload keeps data on a claim.
    """
    found = list(_keeping(graph))
    if not found:
        return ABSENT
    first = found[0].span
    if any(_BACKUP_TYPES.match(d.type) for d in graph.index.by_id.values()) or any(
        map(_copies, managed(graph, "batch"))
    ):
        return Answer([], (), first)
    related = tuple(Related(r.span, f"{r.id}: keeps data", r.id) for r in found[:_SHOWN])
    return Answer([r.id for r in found], related, first)


def _keeping(graph: Graph) -> Iterator[Resource]:
    for workload in managed(graph, "workload"):
        kept = workload.get("stateful") is True and workload.get("claims") is not ABSENT
        if workload.platform == PLATFORM and kept and not _of_a_chain(workload, graph):
            yield workload
    for volume in managed(graph, "volume"):
        claim = volume.declaration.attributes.get("kind") == "PersistentVolumeClaim"
        if claim and any(not _of_a_chain(user, graph) for user in graph.referrers(volume, "workload")):
            yield volume


def _of_a_chain(workload: Resource, graph: Graph) -> bool:
    """Whether it runs nothing but nodes of a chain, which sync their data again from others."""
    found = nodes_of(workload, graph)
    return len(found) >= len(containers(workload)) and all(node.plays(*_SYNCED) for node in found)


def _copies(job: Resource) -> bool:
    """Whether a job's name, images or commands say that it copies data."""
    parts = [a for c in containers(job) for n in ("command", "args") for a in _listed(c.get(n))]
    images = [c.get("image") for c in containers(job)]
    return bool(_BACKUP_WORDS.search(" ".join(str(p) for p in (job.declaration.name, *images, *parts))))


_CLASS: Final = ("storage_class",)

FACTS: Final[Mapping[str, Fact]] = {
    "shares_one_disk": Fact(
        shares_one_disk, "whether several copies mount a claim that one node at a time may mount", ("workload",)
    ),
    "forgets_its_data": Fact(
        forgets_its_data, "whether a database runs without a volume that outlives its pod", ("workload",)
    ),
    "class_zones": Fact(class_zones, "in how many zones it makes volumes", _CLASS),
    "class_of_zonal_disks": Fact(class_of_zonal_disks, "whether its volumes lie in one zone each", _CLASS),
    "claimed_from": Fact(claimed_from, "how many claims and workloads take volumes of it", _CLASS),
    "claims_without_backup": Fact(
        claims_without_backup, "the claims of the files, where nothing copies them", ("estate",)
    ),
}
