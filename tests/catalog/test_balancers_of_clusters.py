"""What annotations of Services and Ingresses say of the balancers that a cloud makes for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.model.value import ABSENT
from scanner.pipeline import Estate

SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: s, annotations: {%s}}\nspec: {type: %s}\n"
INGRESS = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: s, annotations: {%s}}\nspec: {%s}\n"
AWS = "service.beta.kubernetes.io/aws-load-balancer"


# https://kubernetes.io/docs/concepts/services-networking/service/#internal-load-balancer and
# https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/annotations/
@pytest.mark.parametrize(
    ("manifest", "name", "value"),
    [
        (SERVICE % ("", "ClusterIP"), "internal", True),
        (SERVICE % ("", "LoadBalancer"), "internal", False),
        (SERVICE % (f'{AWS}-internal: "true"', "LoadBalancer"), "internal", True),
        (SERVICE % (f'{AWS}-internal: "false"', "LoadBalancer"), "internal", False),
        (SERVICE % (f"{AWS}-scheme: internal", "LoadBalancer"), "internal", True),
        (SERVICE % (f"{AWS}-scheme: internet-facing", "LoadBalancer"), "internal", False),
        (SERVICE % ("networking.gke.io/load-balancer-type: Internal", "LoadBalancer"), "internal", True),
        (
            SERVICE % ('service.beta.kubernetes.io/azure-load-balancer-internal: "true"', "LoadBalancer"),
            "internal",
            True,
        ),
        (SERVICE % ("", "LoadBalancer"), "cross_zone", ABSENT),
        (SERVICE % (f'{AWS}-cross-zone-load-balancing-enabled: "false"', "LoadBalancer"), "cross_zone", False),
        (
            SERVICE % (f"{AWS}-attributes: 'a=b,load_balancing.cross_zone.enabled=true'", "LoadBalancer"),
            "cross_zone",
            True,
        ),
        (SERVICE % (f"{AWS}-attributes: a=b", "LoadBalancer"), "cross_zone", ABSENT),
        (SERVICE % (f"{AWS}-subnets: subnet-1", "LoadBalancer"), "zone_redundant", False),
        (SERVICE % (f"{AWS}-subnets: 'subnet-1, subnet-2'", "LoadBalancer"), "zone_redundant", True),
        (INGRESS % ("", "ingressClassName: nginx"), "internal", False),
        (INGRESS % ("", "ingressClassName: nginx-internal"), "internal", True),
        (INGRESS % ("kubernetes.io/ingress.class: gce-internal", ""), "internal", True),
        (INGRESS % ("alb.ingress.kubernetes.io/scheme: internal", ""), "internal", True),
        (INGRESS % ("alb.ingress.kubernetes.io/scheme: internet-facing", ""), "internal", False),
    ],
)
def test_annotations(manifest: str, name: str, value: Any, estate_of: Callable[..., Estate]) -> None:
    (resource,) = estate_of({"a.yaml": manifest}).graph.resources.values()
    assert resource.get(name) is value
