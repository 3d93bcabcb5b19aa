"""Selectors and pods that multiply: what a scan follows is bounded by the files, what is left out is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from scanner.graph.graph import Graph
from scanner.model.problem import ProblemKind
from scanner.normalize.crowds import PAIRS, PAIRS_EACH
from scanner.pipeline import Estate

POD: Final = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p%d, labels: {app: a%d}}\nspec: {containers: [{name: c, image: x}]}\n"
)
SERVICE: Final = "apiVersion: v1\nkind: Service\nmetadata: {name: s%d}\nspec: {selector: {app: a%d}}\n"
POLICY: Final = (
    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: n%d}\nspec: {podSelector: {}}\n"
)
BUDGET: Final = (
    "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: b%d}\n"
    "spec: {minAvailable: 1, selector: {matchExpressions: [{key: app, operator: In, values: [a0, z%d]}]}}\n"
)


def together(*texts: str) -> dict[str, str]:
    return {"all.yaml": "---\n".join(texts)}


def chosen_by(kind: str, graph: Graph) -> dict[str, int]:
    """How many pods each object of a kind chooses."""
    names = [name for name, r in graph.resources.items() if r.type.endswith(f"/{kind}")]
    return {name: sum("/Pod/" in e.target for e in graph.outgoing.get(name, ())) for name in names}


@pytest.mark.parametrize("selector", [SERVICE, POLICY, BUDGET], ids=["services", "policies", "budgets"])
def test_selectors_that_all_choose_the_same_pods_are_followed_up_to_a_limit(
    selector: str, estate_of: Callable[..., Estate]
) -> None:
    count = 200
    pods = [POD % (i, 0) for i in range(count)]
    texts = [selector % ((i, 0) if selector is SERVICE else (i, i) if selector is BUDGET else i) for i in range(count)]
    estate = estate_of(together(*pods, *texts))
    edges = sum(map(len, estate.graph.outgoing.values()))
    assert PAIRS <= edges <= PAIRS + PAIRS_EACH * 2 * count
    kept = len(estate.graph.resources) - count
    told = [p for p in estate.problems if p.kind is ProblemKind.LIMIT]
    assert (kept, len(told)) == (edges // count, count - kept)
    assert estate.parsed.partly == {"all.yaml"}
    assert all(problem.span.line > 4 * count for problem in told)  # where each of them is written, after the pods


def test_the_first_of_every_selector_stays(estate_of: Callable[..., Estate]) -> None:
    pods = [POD % (i, i % 2) for i in range(300)]
    services = [SERVICE % (i, 0) for i in range(200)] + [SERVICE % (999, 1)]
    graph = estate_of(together(*pods, *services)).graph
    assert chosen_by("Service", graph)["default/Service/s999"] == 150


def test_many_selectors_of_few_pods_are_all_followed(estate_of: Callable[..., Estate]) -> None:
    pods, services = [POD % (i, i) for i in range(300)], [SERVICE % (i, i) for i in range(300)]
    estate = estate_of(together(*pods, *services))
    assert set(chosen_by("Service", estate.graph).values()) == {1}
    assert len(estate.graph.resources) == 600
    assert not estate.problems
