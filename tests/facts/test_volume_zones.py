"""Where disks can be used."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.facts.volume_zones import shares_volume, volume_copies, volume_zones
from scanner.pipeline import Estate

SET = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: postgres}]}
  volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], storageClassName: own}}]
"""
TOPOLOGY = """
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: own}
provisioner: pd.csi.storage.gke.io
parameters: {replication-type: %s}
allowedTopologies: %s
"""


@pytest.mark.parametrize(
    ("replication", "topologies", "zones", "copies"),
    [
        ("none", "[]", None, None),
        ("regional-pd", "[]", None, 2),
        ("regional-pd", "[{matchLabelExpressions: [{key: topology.gke.io/zone, values: [b, c]}]}]", {"b", "c"}, 2),
        ("none", "[{matchLabelExpressions: [{key: topology.kubernetes.io/zone, values: [b]}]}]", {"b"}, None),
        ("none", "[{matchLabelExpressions: [{key: topology.kubernetes.io/region, values: [r]}]}]", None, None),
    ],
)
def test_zones_of_volumes(
    replication: str, topologies: str, zones: set[str] | None, copies: int | None, estate_of: Callable[..., Estate]
) -> None:
    text = SET + TOPOLOGY % (replication, topologies)
    graph = estate_of({"a.yaml": text}).graph
    workload = graph.resources["default/StatefulSet/db"]
    assert volume_zones(workload, graph) == zones
    assert volume_copies(workload, graph) == copies
    assert not shares_volume(workload)
