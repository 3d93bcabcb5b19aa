"""What the services of Compose projects need of each other, where they stand, and which of them are services."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scanner.config import Config, load_config
from scanner.graph.graph import Graph
from scanner.model.path_placement import PathPlacement
from scanner.model.value import Unknown
from scanner.pipeline import read_estate, scan
from scanner.simulation.study import Wishes, study


@pytest.fixture
def compose_graph(tmp_path: Path) -> Callable[..., Graph]:
    """The graph of Compose files; a text alone is ``compose.yaml``."""

    def call(files: str | dict[str, str], config: Config | None = None) -> Graph:
        for name, content in ({"compose.yaml": files} if isinstance(files, str) else files).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content)
        return read_estate([tmp_path], config or Config()).graph

    return call


def edges(graph: Graph) -> set[tuple[str, str, str, str]]:
    return {
        (e.source.partition(":")[2], e.target, e.kind.value, e.path)
        for e in graph.edges()
        if e.kind.value != "none" or e.path.startswith(("env", "depends"))
    }


def needs(text: str, compose_graph: Callable[..., Graph]) -> set[tuple[str, str, str, str]]:
    return edges(compose_graph(text))


BACKENDS = "\n  db: {image: postgres}\n  redis: {image: redis}\n  other: {image: x, container_name: box, networks: {n: {aliases: [alias]}}}\n"


@pytest.mark.parametrize(
    ("service", "found"),
    [
        ("depends_on: [db]", {("db", "runtime", "depends_on.db")}),
        ("depends_on: {db: {condition: service_healthy}}", {("db", "runtime", "depends_on.db")}),
        ("depends_on: {db: {condition: service_completed_successfully}}", {("db", "control", "depends_on.db")}),
        ("depends_on: {db: {condition: service_started, required: false}}", {("db", "none", "depends_on.db")}),
        ('links: ["db:database"]', {("db", "runtime", "links[0]")}),
        ('network_mode: "service:db"', {("db", "runtime", "network_mode")}),
        ("volumes_from: [db:ro]", {("db", "runtime", "volumes_from[0]")}),
        ("environment: {URL: postgres://u:p@db:5432/x}", {("db", "runtime", "environment.URL")}),
        ("environment: {URL: 'postgres://u:${PW}@db:5432/x'}", {("db", "runtime", "environment.URL")}),
        ("environment: [REDIS_HOST=redis]", {("redis", "runtime", "environment.REDIS_HOST")}),
        ("environment: {BROKERS: 'redis:9092,box:9092'}", {("redis", "runtime", "environment.BROKERS"), ("other", "runtime", "environment.BROKERS")}),
        ("environment: {API_URL: 'http://alias/x'}", {("other", "runtime", "environment.API_URL")}),
        ('links: ["db:database"]\n    environment: {A: "database:5432"}', {("db", "runtime", "links[0]")}),
        ("command: [serve, --db-host=db]", {("db", "runtime", "command")}),
        ("command: wait-for db:5432 -- serve", {("db", "runtime", "command")}),
        ("environment: {POSTGRES_DB: db, DB_NAME: db, USER: redis}", set()),
        ("environment: {OTEL_EXPORTER_OTLP_ENDPOINT: 'http://other:4317'}", {("other", "none", "environment.OTEL_EXPORTER_OTLP_ENDPOINT")}),
        ("environment: {URL: 'https://db.example.com/db:x'}", set()),
        ("environment: {CORE_PEER_GOSSIP_BOOTSTRAP: 'other:7051'}", {("other", "none", "environment.CORE_PEER_GOSSIP_BOOTSTRAP")}),
        ("environment: {KAFKA_BOOTSTRAP_SERVERS: 'other:9092'}", {("other", "runtime", "environment.KAFKA_BOOTSTRAP_SERVERS")}),
        ("command: geth --bootnodes enode://00ff@other:30303 --ethstats=x:y@db:3000", {("db", "runtime", "command")}),
    ],
)  # fmt: skip
def test_what_a_service_needs(
    service: str, found: set[tuple[str, str, str]], compose_graph: Callable[..., Graph]
) -> None:
    text = f"services:\n  web:\n    image: web\n    {service}{BACKENDS}"
    expected = {("web", f"service:{target}", kind, path) for target, kind, path in found}
    assert {edge for edge in needs(text, compose_graph) if edge[0] == "web"} == expected


def test_tools_that_look_after_a_store_go_on_without_it(compose_graph: Callable[..., Graph]) -> None:
    text = "services:\n  db: {image: postgres}\n  admin: {image: dpage/pgadmin4, environment: {DB_HOST: db}}\n"
    assert needs(text, compose_graph) == {("admin", "service:db", "none", "environment.DB_HOST")}


def test_volumes_secrets_and_configs(compose_graph: Callable[..., Graph]) -> None:
    text = (
        "services:\n  db:\n    image: postgres\n    volumes: [data:/var/lib/postgresql/data, ./x:/y]\n    secrets: [pw]\n"
        "    configs: [conf]\n    networks: [back]\n"
        "volumes: {data: {}}\nsecrets: {pw: {file: pw.txt}}\nconfigs: {conf: {content: 'a: b'}}\nnetworks: {back: {}}\n"
    )
    graph = compose_graph(text)
    assert {(target, kind) for _, target, kind, _ in edges(graph)} == {
        ("volume:data", "runtime"), ("secret:pw", "runtime"), ("config:conf", "runtime"),
    }  # fmt: skip
    kinds = {r.id: r.kind for r in graph.resources.values()}
    assert kinds == {
        "project:compose": "stack", "service:db": "workload", "volume:data": "volume", "secret:pw": "secret",
        "config:conf": "config", "network:back": "other",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("image", "stateful"),
    [
        ("postgres", True),
        ("postgres:17-alpine", True),
        ("docker.io/bitnami/mongodb:8.0@sha256:00", True),
        ("mcr.microsoft.com/azure-sql-edge:1.0", True),
        ("mcr.microsoft.com/mssql/server:2022-latest", False),
        ("confluentinc/cp-kafka:7", True),
        ("redis/redis-stack:latest", True),
        ("registry.example.com:5000/mysql/client:1", False),
        ("prom/postgres-exporter", False),
        ("etl-kafka", False),
        ("dpage/pgadmin4", False),
    ],
)
def test_images_that_keep_data(image: str, stateful: bool, compose_graph: Callable[..., Graph]) -> None:
    graph = compose_graph(f"services: {{a: {{image: '{image}'}}}}")
    assert graph.resources["service:a"].get("stateful") is stateful


def test_images_that_are_not_known(compose_graph: Callable[..., Graph]) -> None:
    graph = compose_graph("services: {a: {image: $IMAGE}, b: {build: .}}")
    assert isinstance(graph.resources["service:a"].get("stateful"), Unknown)
    assert graph.resources["service:b"].get("stateful") is False


@pytest.mark.parametrize(
    ("deploy", "copies"),
    [("scale: 3", 3), ("deploy: {replicas: 2}", 2), ("user: me", 1), ("deploy: {replicas: '${N:-4}'}", 4)],
)
def test_copies(deploy: str, copies: int, compose_graph: Callable[..., Graph]) -> None:
    assert compose_graph(f"services: {{a: {{image: i, {deploy}}}}}").resources["service:a"].get("replicas") == copies


# -- services that are found -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("services", "found"),
    [
        ("web: {image: w, ports: ['80:80'], depends_on: [api]}, api: {image: a}", ["web"]),
        ("web: {image: w, ports: ['80:80'], depends_on: [api]}, api: {image: a, ports: ['81:81']}", ["api", "web"]),
        ("web: {image: w, ports: ['80:80'], depends_on: [api]}, api: {image: a, ports: ['127.0.0.1:81:81']}", ["web"]),
        ("web: {image: w, depends_on: [db]}, db: {image: postgres, ports: ['5432:5432']}", ["web"]),
        ("web: {image: w, ports: ['80:80']}, db: {image: postgres}", ["web"]),
        ("db: {image: postgres, ports: ['5432:5432']}", ["db"]),
        ("git: {image: gitea/gitea, ports: ['3000:3000'], depends_on: [db]}, db: {image: postgres}", ["git"]),
        ("web: {image: w, depends_on: {job: {condition: service_completed_successfully}}}, job: {image: j}", ["web"]),
        ("worker: {image: w}", ["worker"]),
        ("db: {image: postgres}, web: {environment: {A: b}}", []),
        ("proxy: {image: traefik, ports: ['80:80']}, api: {image: a, labels: [traefik.http.routers.api.rule=Host(`a`)]}, web: {image: w, depends_on: [api]}", ["api", "proxy", "web"]),
    ],
)  # fmt: skip
def test_found_services(services: str, found: list[str], compose_graph: Callable[..., Graph]) -> None:
    graph = compose_graph(f"services: {{{services}}}")
    assert sorted(service.name for service in study(graph, Wishes()).services) == found


# -- where it stands -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "domain"),
    [
        ({"compose.yaml": "services: {web: {image: w}}"}, "cluster:compose"),
        ({"compose.yaml": "name: shop\nservices: {web: {image: w}}"}, "cluster:shop"),
        ({"compose.yaml": "services: {web: {image: w}}", ".env": "COMPOSE_PROJECT_NAME=named"}, "cluster:named"),
        ({"a/compose.yaml": "services: {web: {image: w}}", "b/compose.yaml": "services: {api: {image: a}}"}, "cluster:a"),
    ],
)  # fmt: skip
def test_a_project_is_one_host(files: dict[str, str], domain: str, compose_graph: Callable[..., Graph]) -> None:
    risks = study(compose_graph(files), Wishes()).analysis.risks()
    web = next(risk for risk in risks if risk.name == "web")
    assert [group.domains for group in web.risk_groups] == [(domain,)]


PLACE = "version: 1\nplacements:\n  - {paths: [compose.yaml], provider: aws, region: ap-northeast-1, zones: [%s]}\n"


@pytest.mark.parametrize(
    ("service", "zones", "stopped"),
    [
        ("scale: 3", "ap-northeast-1a", "zone"),
        ("scale: 3", "ap-northeast-1a, ap-northeast-1c", "zone"),
        ("deploy: {replicas: 3, placement: {preferences: [{spread: node.labels.zone}]}}", "ap-northeast-1a, ap-northeast-1c", ""),
        ("deploy: {mode: global}", "ap-northeast-1a, ap-northeast-1c", ""),
        ("deploy: {replicas: 1, placement: {preferences: [{spread: node.labels.zone}]}}", "ap-northeast-1a, ap-northeast-1c", "zone"),
    ],
)  # fmt: skip
def test_the_configuration_says_where_the_host_stands(service: str, zones: str, stopped: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(f"services: {{web: {{image: w, ports: ['80:80'], {service}}}}}")
    (tmp_path / ".riskscan.yaml").write_text(PLACE % zones)
    report = scan([tmp_path], load_config(tmp_path / ".riskscan.yaml", ".riskscan.yaml"))
    web = report.services[0]
    alone = {group.domains[0].partition(":")[0] for group in web.risk_groups if len(group.domains) == 1}
    assert ("zone" in alone) is bool(stopped)
    assert {"region", "cluster", "provider"} <= alone
    place = next(r.placement for r in report.resources if r.id == "service:web")
    assert (place.provider, place.region) == ("aws", "ap-northeast-1")


def test_a_cluster_that_the_configuration_names(compose_graph: Callable[..., Graph]) -> None:
    config = Config(placements=(PathPlacement(paths=("compose.yaml",), cluster="edge-1"),))
    risks = study(compose_graph("services: {web: {image: w}}", config), Wishes()).analysis.risks()
    assert [group.domains for group in risks[0].risk_groups] == [("cluster:edge-1",)]


def test_a_volume_that_another_machine_keeps_does_not_stand_on_the_host(compose_graph: Callable[..., Graph]) -> None:
    text = (
        "services: {db: {image: postgres, volumes: [a:/a, b:/b]}}\n"
        "volumes:\n  a: {}\n  b: {driver_opts: {type: nfs, o: 'addr=10.0.0.1', device: ':/x'}}\n"
    )
    graph = study(compose_graph(text), Wishes()).faults
    assert graph.standing["volume:a"]
    assert not graph.standing["volume:b"]


def test_third_parties_in_every_place_that_settings_come_from(compose_graph: Callable[..., Graph]) -> None:
    files = {
        "compose.yaml": (
            "services:\n  a: {image: a, environment: {RPC_URL: 'https://mainnet.infura.io/v3/$KEY'}}\n"
            "  b: {image: b, env_file: b.env}\n  c: {image: c, configs: [conf]}\nconfigs: {conf: {file: conf.toml}}\n"
        ),
        "b.env": "FIREBLOCKS_API_KEY=x\n",
        "conf.toml": 'first = 1\nrpc = "https://eth-mainnet.g.alchemy.com/v2/x"\n',
    }
    outages = study(compose_graph(files), Wishes())
    singles = {
        risk.name: {domain for group in risk.risk_groups for domain in group.domains}
        for risk in outages.analysis.risks()
    }
    assert "owner:Consensys" in singles["a"]
    assert "custodian:fireblocks" in singles["b"]
    assert "owner:Alchemy" in singles["c"]
