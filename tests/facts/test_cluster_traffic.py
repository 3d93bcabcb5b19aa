"""Services that lead nowhere or outside, and webhooks that the API server waits for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.model.value import ABSENT

Told = Callable[..., Any]
SERVICE = "default/Service/s"


def service(spec: str, name: str = "s", space: str = "default") -> str:
    return f"---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {space}}}\nspec: {{{spec}}}\n"


def pods(app: str = "a", kind: str = "Deployment", replicas: str = "", pod: str = "", space: str = "default") -> str:
    return (
        f"---\napiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {app}, namespace: {space}}}\nspec:\n  {replicas}\n"
        f"  template: {{metadata: {{labels: {{app: {app}}}}}, spec: {{containers: [{{name: c, image: i:1}}]{pod}}}}}\n"
    )


CUSTOM = "---\napiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: pg}\nspec: {instances: 3}\n"
MONITOR = "---\napiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: m}\n"
JOB = (
    "---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec: {template: {metadata: {labels: {app: j}},"
    " spec: {containers: []}}}\n"
)


@pytest.mark.parametrize(
    ("manifests", "nothing"),
    [
        (service("selector: {app: a}") + pods(), False),
        (service("selector: {app: b}") + pods(), True),
        (service("selector: {app: b}"), ABSENT),
        (service("ports: []") + pods(), ABSENT),
        (service("type: ExternalName, externalName: a.example.com, selector: {app: b}") + pods(), ABSENT),
        (service("selector: {app: b}") + pods() + CUSTOM, "unknown"),
        (service("selector: {app: b}") + pods() + MONITOR, True),  # a kind that makes no pods
        (service("selector: {app: j}") + pods() + JOB, False),
        # an overlay may give it another namespace
        (service("selector: {app: a}") + pods(space="shop"), False),
    ],
)
def test_chooses_nothing(manifests: str, nothing: Any, told: Told) -> None:
    assert told(manifests, "chooses_nothing", SERVICE) == nothing


# https://kubernetes.io/docs/concepts/services-networking/service-traffic-policy/
@pytest.mark.parametrize(
    ("manifests", "stays"),
    [
        (service("selector: {app: a}") + pods(), ABSENT),
        (service("selector: {app: a}, internalTrafficPolicy: Local") + pods(), True),
        (service("selector: {app: a}, internalTrafficPolicy: Local") + pods(kind="DaemonSet"), False),
        (service("selector: {app: a}, internalTrafficPolicy: Local"), ABSENT),
        (service("selector: {app: a}, internalTrafficPolicy: Cluster") + pods(), False),
        (service("selector: {app: a}, topologyKeys: [kubernetes.io/hostname]") + pods(), True),
        (service('selector: {app: a}, topologyKeys: [kubernetes.io/hostname, "*"]') + pods(), ABSENT),
    ],
)
def test_stays_on_node(manifests: str, stays: Any, told: Told) -> None:
    assert told(manifests, "stays_on_node", SERVICE) is stays


ENDPOINTS = "apiVersion: v1\nkind: Endpoints\nmetadata: {name: s}\nsubsets: [{addresses: [%s]}]\n"
SLICE = "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: s}\nendpoints: [%s]\n"


@pytest.mark.parametrize(
    ("manifests", "resource", "endpoint"),
    [
        (service("type: ExternalName, externalName: db.example.com"), SERVICE, "db.example.com"),
        (service("type: ExternalName, externalName: a.b.svc.cluster.local"), SERVICE, ABSENT),
        (service("selector: {app: a}"), SERVICE, ABSENT),
        (ENDPOINTS % "{ip: 192.0.2.1}", "default/Endpoints/s", "192.0.2.1"),
        (ENDPOINTS % "{ip: 192.0.2.1}, {ip: 192.0.2.2}", "default/Endpoints/s", ""),
        (SLICE % "{addresses: [192.0.2.1]}", "default/EndpointSlice/s", "192.0.2.1"),
        (SLICE % "{addresses: [192.0.2.1]}, {addresses: [192.0.2.2]}", "default/EndpointSlice/s", ""),
    ],
)
def test_outside_endpoint(manifests: str, resource: str, endpoint: Any, told: Told) -> None:
    assert told(manifests, "outside_endpoint", resource) == endpoint


@pytest.mark.parametrize(
    ("pod", "servers"),
    [
        ("", ABSENT),
        (", dnsPolicy: None, dnsConfig: {nameservers: [192.0.2.1]}", 1),
        (", dnsPolicy: None, dnsConfig: {nameservers: [192.0.2.1, 192.0.2.2]}", 2),
        (", dnsPolicy: ClusterFirst, dnsConfig: {nameservers: [192.0.2.1]}", ABSENT),  # beside the cluster's
    ],
)
def test_pod_resolvers(pod: str, servers: Any, told: Told) -> None:
    assert told(pods(pod=pod), "pod_resolvers", "default/Deployment/a") == servers


# -- webhooks --------------------------------------------------------------------------------------

HOOK = "ValidatingWebhookConfiguration/h"
AT_SERVICE = "{service: {name: s, namespace: tools}}"


def webhook(rest: str = "", client: str = AT_SERVICE, version: str = "v1") -> str:
    return (
        f"---\napiVersion: admissionregistration.k8s.io/{version}\nkind: ValidatingWebhookConfiguration\n"
        f"metadata: {{name: h}}\nwebhooks: [{{name: h.example.com, clientConfig: {client}{rest}}}]\n"
    )


ANSWERS = service("selector: {app: a}", space="tools")


# the default of v1 is Fail: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
@pytest.mark.parametrize(
    ("manifests", "copies"),
    [
        (webhook() + ANSWERS + pods(space="tools"), 1),
        (webhook() + ANSWERS + pods(space="tools", replicas="replicas: 3"), 3),
        (webhook(", failurePolicy: Ignore") + ANSWERS + pods(space="tools"), ABSENT),
        (webhook(version="v1beta1") + ANSWERS + pods(space="tools"), ABSENT),
        (webhook(client="{url: https://h.example.com}"), ABSENT),
        (webhook(), "unknown"),
        (webhook() + ANSWERS + pods(space="tools", kind="DaemonSet"), ABSENT),
        (webhook() + ANSWERS, ABSENT),
    ],
)
def test_webhook_copies(manifests: str, copies: Any, told: Told) -> None:
    assert told(manifests, "webhook_copies", HOOK) == copies


def asked(about: str = '[""]', resources: str = "[pods]", operations: str = "[CREATE]") -> str:
    return f", rules: [{{apiGroups: {about}, resources: {resources}, operations: {operations}}}]"


NAMED = ", namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [%s]}]}"
LABELLED = ", namespaceSelector: {matchExpressions: [{key: guarded, operator: Exists}]}"
NAMESPACE = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: tools, labels: {%s}}\n"


@pytest.mark.parametrize(
    ("manifests", "waits"),
    [
        (webhook(asked()), True),
        (webhook(asked("['*']", "['*/*']", "['*']")), True),
        (webhook(asked("[apps]", "[deployments]")), ABSENT),
        (webhook(asked(operations="[UPDATE]")), ABSENT),
        (webhook(asked() + ", failurePolicy: Ignore"), ABSENT),
        (webhook(asked() + NAMED % "tools"), False),
        (webhook(asked() + NAMED % "kube-system"), True),
        (webhook(asked() + LABELLED), "unknown"),
        (webhook(asked() + LABELLED) + NAMESPACE % "guarded: y", True),
        (webhook(asked() + LABELLED) + NAMESPACE % "other: y", False),
        (webhook(asked() + ", objectSelector: {matchLabels: {checked: y}}"), False),
    ],
)
def test_waits_for_itself(manifests: str, waits: Any, told: Told) -> None:
    assert told(manifests, "waits_for_itself", HOOK) == waits
