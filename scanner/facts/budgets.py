"""What may be taken away on purpose: disruption budgets, and autoscalers that change what a budget means.

Budgets and autoscalers often lie in other files than what they are about: they are looked for in the whole scan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from scanner.facts.capacity import least_copies
from scanner.facts.fact import Answer, Fact
from scanner.facts.pods import chosen, is_served
from scanner.facts.scheduling import copies_matter
from scanner.facts.workloads import least_pods, scalers
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.objects import PLATFORM, name_of_object, namespace_of
from scanner.model.resource import Resource
from scanner.model.span import Span
from scanner.model.value import ABSENT, Unknown, Value, unknown_from

_SHOWN: Final = 5


# -- budgets ---------------------------------------------------------------------------------------


def blocks_every_drain(budget: Resource, graph: Graph) -> Value | Answer:
    """Whether a budget never lets a pod go, with all copies running; absent where its pods are not in the files.

    The Eviction API refuses what a budget does not allow, so a node that holds such a pod cannot be emptied:
    https://kubernetes.io/docs/tasks/run-application/configure-pdb/.
    """
    most, least = budget.get("max_unavailable"), budget.get("min_available")
    if str(most) in ("0", "0%") or str(least) == "100%":
        return Answer(True, (), _told(budget))
    return _none_allowed(budget, graph, most_pods)


def blocks_drain_at_minimum(budget: Resource, graph: Graph) -> Value | Answer:
    """Whether a budget lets no pod go while an autoscaler runs its minimum; absent without an autoscaler."""
    workloads = chosen(budget, graph)
    if not any(scalers(workload, graph) for workload in workloads):
        return ABSENT
    always = blocks_every_drain(budget, graph)
    if (always.value if isinstance(always, Answer) else always) is not False:
        return ABSENT
    return _none_allowed(budget, graph, least_pods)


def _none_allowed(budget: Resource, graph: Graph, count: Callable[[Resource, Graph], Value]) -> Value | Answer:
    workloads = chosen(budget, graph)
    counts = [count(workload, graph) for workload in workloads]
    if not workloads or any(pods is ABSENT for pods in counts):
        return ABSENT
    if any(isinstance(pods, Unknown) for pods in counts):
        return unknown_from(counts)
    pods = sum(pods for pods in counts if isinstance(pods, int))
    if pods == 0:
        return ABSENT
    allowed = _allowed(budget, pods)
    related = _related(workloads, "what it is about")
    return Answer(allowed if isinstance(allowed, Unknown) else allowed < 1, related, _told(budget))


def _told(budget: Resource) -> Span:
    """Where a budget says how much may go, or must stay."""
    return budget.span_of("min_available" if budget.get("max_unavailable") is ABSENT else "max_unavailable")


def _allowed(budget: Resource, pods: int) -> int | Unknown:
    """How many of some pods a budget lets go. Shares are rounded up."""
    most, least = budget.get("max_unavailable"), budget.get("min_available")
    for value in (most, least):
        if isinstance(value, Unknown):
            return value
    if most is not ABSENT:
        return _of(most, pods)
    return max(0, pods - _of(least, pods)) if least is not ABSENT else pods


def _of(value: Value, pods: int) -> int:
    if isinstance(value, str) and value.endswith("%") and value[:-1].isdecimal():
        return -(-pods * int(value[:-1]) // 100)
    text = str(value)
    return int(text) if text.isdecimal() else 0


def most_pods(workload: Resource, graph: Graph) -> Value:
    """How many pods run at most: an autoscaler's maximum, else the wanted number. Absent for one on each node."""
    if workload.get("every_node") is True:
        return ABSENT
    found = [scaler.get("max_replicas") for scaler in scalers(workload, graph)]
    return next((most for most in found if most is not ABSENT), workload.get("replicas"))


def budget_missing(workload: Resource, graph: Graph) -> Value:
    """Whether no budget speaks of a workload of several copies that others wait for.

    Absent where nothing shows that what is applied together is meant to be complete: no budget, no autoscaler, no rule
    that spreads copies, no priority.
    """
    if workload.platform != PLATFORM or not is_served(workload, graph) or copies_matter(workload, graph) is not True:
        return ABSENT
    copies = least_copies(workload, graph)
    copies = copies.value if isinstance(copies, Answer) else copies
    if not isinstance(copies, int) or copies < 2:
        return ABSENT
    if workload.id in graph.once(_covered):
        return False
    return True if _is_cared_for(workload, graph) else ABSENT


def _covered(graph: Graph) -> frozenset[str]:
    """The workloads of which some budget speaks."""
    return frozenset(w.id for budget in graph.of_kind("disruption_budget") for w in chosen(budget, graph))


def _roots_of_budgets(graph: Graph) -> frozenset[str]:
    return frozenset(budget.declaration.root for budget in graph.of_kind("disruption_budget"))


def _is_cared_for(workload: Resource, graph: Graph) -> bool:
    wanted = (workload.get("zone_spread_wanted"), workload.get("host_spread_wanted"))
    others = workload.declaration.root in graph.once(_roots_of_budgets)
    return others or True in wanted or bool(scalers(workload, graph)) or workload.get("priority_class") is not ABSENT


# -- autoscalers -----------------------------------------------------------------------------------


def scales_down_to(scaler: Resource, graph: Graph) -> Value | Answer:
    """To how many copies an autoscaler may go; absent where the workload that it scales is asked itself."""
    targets = _targets(scaler, graph)
    if any(copies_matter(t, graph) is True and least_copies(t, graph) is not ABSENT for t in targets):
        return ABSENT
    return Answer(scaler.get("min_replicas"), _related(targets, "what it scales"))


def scales_nothing(scaler: Resource, graph: Graph) -> Value:
    """Whether what an autoscaler names is nowhere in the files, although other workloads stand beside it.

    Absent for kinds that are made by other programs, and where no workload is applied together with it.
    """
    spec = scaler.declaration.attributes.get("spec")
    wanted = spec.get("scaleTargetRef") if isinstance(spec, dict) else None
    if scaler.platform != PLATFORM or not isinstance(wanted, dict) or wanted.get("kind") not in _SCALED:
        return ABSENT
    if _targets(scaler, graph) or any(_is_named(w, wanted) for w in graph.of_kind("workload")):
        return False
    root, namespace = scaler.declaration.root, namespace_of(scaler.declaration.attributes)
    beside = any(
        w.declaration.root == root and namespace_of(w.declaration.attributes) == namespace
        for w in graph.of_kind("workload")
    )
    return True if beside else ABSENT


_SCALED: Final = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")


def _is_named(workload: Resource, wanted: Mapping[str, Value]) -> bool:
    attributes = workload.declaration.attributes
    return attributes.get("kind") == wanted.get("kind") and name_of_object(attributes) == wanted.get("name")


def _targets(scaler: Resource, graph: Graph) -> list[Resource]:
    targets = (graph.resources[e.target] for e in graph.outgoing.get(scaler.id, ()))
    return [t for t in targets if t.kind in ("workload", "container_service")]


def _related(found: Sequence[Resource], what: str) -> tuple[Related, ...]:
    return tuple(Related(r.span, f"{r.id}: {what}", r.id) for r in found[:_SHOWN])


_BUDGET: Final = ("disruption_budget",)

FACTS: Final[Mapping[str, Fact]] = {
    "blocks_every_drain": Fact(blocks_every_drain, "whether it never lets a pod go", _BUDGET),
    "blocks_drain_at_minimum": Fact(
        blocks_drain_at_minimum, "whether it lets no pod go while an autoscaler runs its minimum", _BUDGET
    ),
    "budget_missing": Fact(budget_missing, "whether no disruption budget speaks of it", ("workload",)),
    "scales_down_to": Fact(scales_down_to, "to how many copies it may go", ("autoscaler",)),
    "scales_nothing": Fact(scales_nothing, "whether what it names is nowhere in the files", ("autoscaler",)),
}
