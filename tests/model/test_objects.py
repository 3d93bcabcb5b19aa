"""Selectors over labels, and what pods ask of nodes, as Kubernetes' documentation says."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.objects import ZONE_LABELS, admits, pinned_values, plain_labels, selects
from scanner.model.value import Unknown

LABELS = {"app": "api", "tier": "front", "n": 1}
OPEN = Unknown("a variable decides")


# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({"app": "api"}, True),
        ({"app": "web"}, False),
        ({"app": "api", "other": "x"}, False),
        ({}, True),
        (None, False),
        ({"matchLabels": {"app": "api", "n": "1"}}, True),
        ({"matchLabels": {"app": "web"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "api"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}, True),
        ({"matchExpressions": [{"key": "gone", "operator": "NotIn", "values": ["web"]}]}, True),
        ({"matchExpressions": [{"key": "gone", "operator": "In", "values": ["web"]}]}, False),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
        ({"matchLabels": {"app": "api"}, "matchExpressions": [{"key": "tier", "operator": "Exists"}]}, True),
        ({"matchLabels": {"app": "api"}, "matchExpressions": [{"key": "x", "operator": "Exists"}]}, False),
        ({"matchLabels": None}, True),
    ],
)
def test_selectors(selector: Any, expected: bool) -> None:
    assert selects(selector, LABELS) is expected


@pytest.mark.parametrize(
    "selector", [OPEN, {"app": OPEN}, {"matchLabels": OPEN}, {"matchExpressions": [{"key": "app", "operator": OPEN}]}]
)
def test_what_is_not_known_selects_perhaps(selector: Any) -> None:
    assert isinstance(selects(selector, LABELS), Unknown)


def test_a_certain_difference_decides_beside_an_unknown() -> None:
    assert selects({"app": "web", "tier": OPEN}, LABELS) is False


def term(*values: str, key: str = ZONE_LABELS[0], operator: str = "In") -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


def required(*terms: dict[str, Any]) -> dict[str, Any]:
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}
    return {"affinity": {"nodeAffinity": required}}


# "If you specify multiple terms in nodeSelectorTerms, then the Pod can be scheduled onto a node if one of the specified
# terms can be satisfied": https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#node-affinity
@pytest.mark.parametrize(
    ("spec", "zones"),
    [
        ({}, []),
        ({"nodeSelector": {"topology.kubernetes.io/zone": "a"}}, ["a"]),
        ({"nodeSelector": {"failure-domain.beta.kubernetes.io/zone": "a"}}, ["a"]),
        ({"nodeSelector": {"disk": "ssd"}}, []),
        (required(term("a", "b")), ["a", "b"]),
        (required(term("a"), term("b")), ["a", "b"]),
        (required(term("a"), term("x", key="disk")), []),
        (required(term("a", operator="NotIn")), []),
        (
            {
                "affinity": {
                    "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"preference": term("a")}]}
                }
            },
            [],
        ),
    ],
)
def test_zones_to_which_a_pod_is_bound(spec: dict[str, Any], zones: list[str]) -> None:
    assert pinned_values(spec, ZONE_LABELS)[0] == zones


GPU = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}


# https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
@pytest.mark.parametrize(
    ("spec", "labels", "taints", "expected"),
    [
        ({}, {}, [], True),
        ({"nodeSelector": {"pool": "x"}}, {"pool": "x"}, [], True),
        ({"nodeSelector": {"pool": "x"}}, {"pool": "y"}, [], False),
        (required(term("x", key="pool")), {"pool": "y"}, [], False),
        ({}, {}, [GPU], False),
        ({"tolerations": [{"key": "gpu", "operator": "Exists"}]}, {}, [GPU], True),
        ({"tolerations": [{"key": "gpu", "value": "yes"}]}, {}, [GPU], True),
        ({"tolerations": [{"key": "gpu", "value": "no"}]}, {}, [GPU], False),
        ({"tolerations": [{"operator": "Exists"}]}, {}, [GPU], True),
        ({"tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]}, {}, [GPU], True),
        ({"tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoExecute"}]}, {}, [GPU], False),
        (
            {"tolerations": [{"operator": "Exists", "effect": "NoSchedule"}]},
            {},
            [{**GPU, "effect": "NO_SCHEDULE"}],
            True,
        ),
        ({}, {}, [{**GPU, "effect": "PreferNoSchedule"}], True),
        ({}, {}, [{**GPU, "effect": "PREFER_NO_SCHEDULE"}], True),
    ],
)
def test_which_nodes_take_a_pod(spec: Any, labels: Any, taints: Any, expected: bool) -> None:
    assert admits(spec, labels, taints) is expected


def test_what_no_label_can_hold_pins_to_nothing() -> None:
    terms = [{"matchExpressions": [{"key": ZONE_LABELS[0], "operator": "In", "values": [["a"], {"b": 1}, 3, "c"]}]}]
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    assert pinned_values({"affinity": affinity}, ZONE_LABELS)[0] == ["3", "c"]
    assert pinned_values({"nodeSelector": {ZONE_LABELS[0]: ["a"]}}, ZONE_LABELS)[0] == []


def test_plain_labels_are_those_that_everything_chosen_carries() -> None:
    assert plain_labels({"app": "web", "shard": 1, "odd": True, "open": Unknown("not known")}) == {
        "app": "web",
        "shard": "1",
    }
    expressions = {"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "tier", "operator": "Exists"}]}
    assert plain_labels(expressions) == {"app": "web"}
    assert plain_labels({"matchExpressions": []}) == {}
    assert plain_labels(None) == {}
