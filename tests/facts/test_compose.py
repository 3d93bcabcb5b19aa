"""Whether Compose projects are for production, and on how many hosts they run."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from scanner.config import Config
from scanner.facts.compose import hosts, in_production
from scanner.model.value import Unknown
from scanner.pipeline import read_estate


def _asked(folder: Path, files: dict[str, str], config: Config | None = None) -> tuple[object, object]:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    graph = read_estate([folder], config or Config()).graph
    project = next(r for r in graph.resources.values() if r.type == "compose/project")
    return in_production(project, graph), hosts(project, graph)


@pytest.mark.parametrize(
    ("name", "service", "answer"),
    [
        ("compose.yaml", "image: a, restart: always", True),
        ("compose.yaml", "image: a, restart: 'no'", None),
        ("compose.yaml", "image: a, environment: {NODE_ENV: production}", True),
        ("compose.yaml", "image: a, environment: {NODE_ENV: development}, restart: always", False),
        ("docker-compose.prod.yml", "image: a", True),
        ("examples/a/compose.yaml", "image: a, restart: always", False),
        ("contest/compose.yaml", "image: a, restart: always", True),
        ("compose.yaml", "build: ., restart: always, volumes: ['.:/app']", False),
        ("compose.yaml", "build: ./api, restart: always, volumes: ['./api/src:/app/src']", False),
        ("compose.yaml", "build: {context: ., target: dev}, restart: always", False),
        ("compose.yaml", "build: ., restart: always, volumes: ['./data:/data']", True),
        ("compose.yaml", "build: ./api, restart: always, volumes: ['./api/conf:/conf:ro']", True),
    ],
)
def test_production(name: str, service: str, answer: bool | None, tmp_path: Path) -> None:
    found, _ = _asked(tmp_path, {name: f"services: {{a: {{{service}}}}}"})
    assert isinstance(found, Unknown) if answer is None else found is answer


def test_the_configuration_says_what_is_production(tmp_path: Path) -> None:
    files = {"compose.yaml": "services: {a: {image: a, restart: always}}"}
    for tier, answer in (("development", False), ("production", True)):
        config = replace(Config(), environments={tier: ("compose.yaml",)})
        assert _asked(tmp_path, files, config)[0] is answer


@pytest.mark.parametrize(
    ("deploy", "answer"),
    [
        ("{replicas: 3}", 1),
        ("{mode: global}", None),
        ("{replicas: 3, placement: {max_replicas_per_node: 1}}", 3),
        ("{replicas: 3, placement: {max_replicas_per_node: 2}}", 2),
        ("{placement: {constraints: [node.hostname == one]}}", 1),
        ("{placement: {constraints: [node.role == worker]}}", None),
    ],
)
def test_hosts(deploy: str, answer: int | None, tmp_path: Path) -> None:
    _, found = _asked(tmp_path, {"compose.yaml": f"services: {{a: {{image: a, deploy: {deploy}}}}}"})
    assert isinstance(found, Unknown) if answer is None else found == answer
