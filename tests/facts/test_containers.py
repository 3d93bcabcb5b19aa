"""Containers of every platform, their command lines and variables."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from scanner.facts.containers import COMPOSE_SERVICE, Container, containers, running
from scanner.facts.documents import Setting
from scanner.graph.graph import Graph
from scanner.model.resource import Declaration, Placement, Resource
from scanner.model.span import Span
from scanner.model.value import ABSENT, Unknown, Value
from scanner.pipeline import Estate

GAP = Unknown("variable v has no default")


def resource(kind: str, attributes: Mapping[str, Value]) -> Resource:
    declaration = Declaration("r", kind, "r", "test", Span("f", 1), attributes)
    return Resource(declaration, "workload", {}, {}, Placement("kubernetes"))


def container(command: tuple[Value, ...] = (), env: tuple[Setting, ...] = (), image: Value = "x") -> Container:
    return Container("main", image, command, env, "c")


POD = {"initContainers": [{"name": "first", "image": "busybox"}], "containers": [{"name": "main", "image": "geth"}]}
ENTRY = {"name": "main", "image": "geth"}

# Where each platform documents its containers:
# https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/,
# https://registry.terraform.io/providers/hashicorp/kubernetes/latest/docs/resources/deployment,
# https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/cloud_run_v2_service,
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
PLACES: dict[str, tuple[str, Mapping[str, Value], list[tuple[str, bool]]]] = {
    "a pod": ("core/Pod", {"spec": POD}, [("spec.initContainers[0]", True), ("spec.containers[0]", False)]),
    "a deployment": (
        "apps/Deployment",
        {"spec": {"template": {"spec": POD}}},
        [("spec.template.spec.initContainers[0]", True), ("spec.template.spec.containers[0]", False)],
    ),
    "a cron job": (
        "batch/CronJob",
        {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [ENTRY]}}}}}},
        [("spec.jobTemplate.spec.template.spec.containers[0]", False)],
    ),
    "a rollout of Argo": (
        "argoproj.io/Rollout",
        {"spec": {"template": {"spec": {"containers": [ENTRY]}}}},
        [("spec.template.spec.containers[0]", False)],
    ),
    "Terraform's deployment": (
        "kubernetes_deployment",
        {"spec": [{"template": [{"spec": [{"init_container": [ENTRY], "container": [ENTRY, ENTRY]}]}]}]},
        [
            ("spec[0].template[0].spec[0].init_container[0]", True),
            ("spec[0].template[0].spec[0].container[0]", False),
            ("spec[0].template[0].spec[0].container[1]", False),
        ],
    ),
    "Cloud Run": (
        "google_cloud_run_v2_service",
        {"template": [{"containers": [{"image": "geth"}]}]},
        [("template[0].containers[0]", False)],
    ),
    "a task definition": (
        "aws_ecs_task_definition",
        {"container_definitions": json.dumps([ENTRY, ENTRY])},
        [("container_definitions", False), ("container_definitions", False)],
    ),
    "a task definition with a gap": (
        "aws_ecs_task_definition",
        {"container_definitions": Unknown("g", parts=('[{"name":"main","image":"geth:', GAP, '"}]'))},
        [("container_definitions", False)],
    ),
    "a service of Compose": (COMPOSE_SERVICE, {"image": "geth"}, [("", False)]),
    "a config map": ("core/ConfigMap", {"data": {"image": "geth"}}, []),
    "containers without images": ("core/Pod", {"spec": {"containers": [{"name": "main"}, None, "text"]}}, []),
    "no list at all": ("core/Pod", {"spec": {"containers": "text"}}, []),
}


@pytest.mark.parametrize("name", PLACES)
def test_where_containers_are(name: str) -> None:
    kind, attributes, expected = PLACES[name]
    assert [(found.path, found.initial) for found in containers(resource(kind, attributes))] == expected


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        ("sigp/lighthouse", "sigp/lighthouse"),
        ("sigp/Lighthouse:v8.1.3", "sigp/lighthouse"),
        ("ghcr.io/paradigmxyz/reth@sha256:00", "ghcr.io/paradigmxyz/reth"),
        ("localhost:5000/geth", "localhost:5000/geth"),
        ("localhost:5000/geth:v1@sha256:00", "localhost:5000/geth"),
        (Unknown("g", parts=(GAP, "/fabric-peer:", GAP)), "?/fabric-peer"),
        (GAP, "?"),
        (None, ""),
    ],
)
def test_repository_of_an_image(image: Value, repository: str) -> None:
    assert container(image=image).repository == repository


ENV = (Setting("BEACON", "http://a:5052", "c.env[0].value"), Setting("SECRET", GAP, "c.env[1].value"))
OPTIONS: dict[str, tuple[tuple[Value, ...], tuple[Setting, ...], Any]] = {
    "after an equals sign": (("--beacon-nodes=http://a",), (), "http://a"),
    "as the next word": (("--beacon-nodes", "http://a"), (), "http://a"),
    "with one dash": (("-beacon-nodes", "http://a"), (), "http://a"),
    "in camel case of another client": (("--beaconNodes=http://a",), (), ABSENT),
    "in a script": (("sh", "-ac", "exec lighthouse vc \\\n  --beacon-nodes=http://a \\\n  --http\n"), (), "http://a"),
    "in quotes of a script": (("sh", "-c", "lighthouse vc --beacon-nodes='http://a'"), (), "http://a"),
    "twice": (("--beacon-nodes=http://a", "--beacon-nodes=http://b"), (), "http://a,http://b"),
    "without a value": (("--beacon-nodes", "--http"), (), True),
    "as a variable of the pod": (("--beacon-nodes=$(BEACON)",), ENV, "http://a:5052"),
    "as a variable of the shell": (("sh", "-c", "lighthouse vc --beacon-nodes=${BEACON}"), ENV, "http://a:5052"),
    "by a variable": ((), (Setting("CHARON_BEACON_NODES", "http://a", "e"),), "http://a"),
    "by another variable": ((), (Setting("BEACON_NODES_TIMEOUT", "3s", "e"),), ABSENT),
    "nowhere": (("lighthouse", "vc"), (), ABSENT),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options(name: str) -> None:
    command, env, expected = OPTIONS[name]
    assert container(command, env).option("beacon-nodes") == expected


@pytest.mark.parametrize(
    "command",
    [
        (Unknown("g", parts=("--beacon-nodes=", GAP)),),
        ("--beacon-nodes=$(SECRET)",),
        ("--beacon-nodes=$(MISSING)",),
        ("--beacon-nodes", GAP),
    ],
)
def test_an_option_with_a_gap_is_unknown(command: tuple[Value, ...]) -> None:
    assert isinstance(container(command, ENV).option("beacon-nodes"), Unknown)


def test_what_is_known_of_an_option_is_kept() -> None:
    found = container((Unknown("g", parts=("--beacon-nodes=http://a,", GAP)),)).option("beacon-nodes")
    assert isinstance(found, Unknown)
    assert found.prefix == "http://a,"


@pytest.mark.parametrize(
    "environment", [{"BEACON": "http://a"}, ["BEACON=http://a"], [{"name": "BEACON", "value": "http://a"}]]
)
def test_environments(environment: Value) -> None:
    (found,) = containers(resource(COMPOSE_SERVICE, {"image": "x", "environment": environment}))
    assert found.option("beacon") == "http://a"


def test_a_variable_that_compose_takes_from_outside_is_unknown() -> None:
    (found,) = containers(
        resource(COMPOSE_SERVICE, {"image": "x", "environment": ["BEACON", Unknown("g", parts=("RELAYS=a,", GAP))]})
    )
    assert isinstance(found.option("beacon"), Unknown)
    relays = found.option("relays")
    assert isinstance(relays, Unknown)
    assert relays.parts == ("a,", GAP)


def test_compose_splits_a_command_line() -> None:
    (found,) = containers(
        resource(COMPOSE_SERVICE, {"image": "x", "command": 'lighthouse bn --graffiti "a b" \'unbalanced'})
    )
    assert found.words()[:2] == ["lighthouse", "bn"]
    (found,) = containers(
        resource(COMPOSE_SERVICE, {"image": "x", "entrypoint": ["sh"], "command": "-c 'geth --http'"})
    )
    assert found.words() == ["sh", "-c", "geth", "--http"]


MANIFEST = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {CHARON_THRESHOLD: "3", beacon: http://b}
---
apiVersion: v1
kind: Pod
metadata: {name: charon}
spec:
  containers:
    - name: charon
      image: obolnetwork/charon
      envFrom: [{configMapRef: {name: settings}}]
      env:
        - {name: BEACON_NODE_ENDPOINTS, valueFrom: {configMapKeyRef: {name: settings, key: beacon}}}
        - {name: TOKEN, valueFrom: {secretKeyRef: {name: token, key: t}}}
"""


def test_variables_from_configuration_objects(estate_of: Callable[..., Estate]) -> None:
    graph: Graph = estate_of({"m.yaml": MANIFEST}).graph
    (found,) = running(graph)["default/Pod/charon"]
    assert found.option("threshold") == "3"
    assert found.option("beacon-node-endpoints") == "http://b"
    assert isinstance(found.option("token"), Unknown)
    assert found.option_path("threshold") == "spec.containers[0].envFrom[0]"
