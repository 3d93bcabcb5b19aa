"""Top events: what must keep running and what must stay releasable, from the configuration or found in the graph."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from scanner.facts.committees import Committee, committees
from scanner.facts.compose import is_asked, published
from scanner.facts.custody import fund_keepers, sealed_servers
from scanner.facts.deploying import deploys
from scanner.facts.estate import in_private_zone
from scanner.graph.graph import Graph
from scanner.model.objects import stands_in_cluster
from scanner.model.problem import Problem, ProblemKind
from scanner.model.resource import Resource
from scanner.model.service import Criticality
from scanner.model.span import Span
from scanner.model.value import ABSENT, Unknown
from scanner.simulation.committees import no_signature
from scanner.simulation.context import FRONTS
from scanner.simulation.fault_graph import Maker
from scanner.simulation.gates import Label
from scanner.simulation.naming import criticality_of, name_of, shared_name
from scanner.simulation.selectors import matches, select

_ROOTS: Final = ("dns_record", "cdn", "global_balancer", "gateway", "load_balancer")
_RUNNING: Final = ("container_service", "function", "compute_group", "workload", "compute")
_PART: Final = re.compile(r"_addon$|_capability$")
"""Types that are a part of their cluster, whatever they run."""
_MOST_GOALS: Final = 40
"""A front that leads to more different things is one service of its own."""


class Wanted(Struct, frozen=True):
    """A service or custody item as the configuration names it. ``threshold`` 0 means all entries."""

    name: str
    kind: Literal["service", "custody"]
    entry: tuple[str, ...]
    criticality: Criticality
    threshold: int
    span: Span | None


class Escrow(Struct, frozen=True):
    """Somebody vouches that a key's material exists outside: ``resource`` is an id or a glob."""

    resource: str
    holder: str
    until: date | None
    span: Span | None


class Service(Struct, frozen=True):
    """A top event with its node. ``attested`` tells whose word makes it releasable by hand."""

    name: str
    kind: Literal["service", "custody"]
    criticality: Criticality
    entry: tuple[str, ...]
    node: int
    found: bool
    span: Span | None
    attested: tuple[str, ...] = ()


@dataclass
class Finder:
    """Turns wishes and entry points into services; problems are wishes that match nothing."""

    maker: Maker
    escrows: Sequence[Escrow] = ()
    problems: list[Problem] | None = None

    @property
    def _graph(self) -> Graph:
        return self.maker.context.graph

    # -- as configured -----------------------------------------------------------------------------

    def configured(self, wanted: Iterable[Wanted]) -> list[Service]:
        """The services that the configuration names; one whose entries match nothing is a problem, not a service."""
        found = []
        for wish in wanted:
            entries: dict[str, Resource] = {}
            for selector in wish.entry:
                matched = select(self._graph, selector)
                if not matched:
                    self._report(wish.span, f"{wish.kind} {wish.name}: the entry {selector} matches no resource")
                entries.update((resource.id, resource) for resource in matched)
            if entries:
                found.append(self._service(wish, list(entries.values())))
        return found

    def _service(self, wish: Wanted, entries: list[Resource]) -> Service:
        gates = self.maker.context.gates
        needed = len(entries) if wish.threshold == 0 else min(wish.threshold, len(entries))
        if wish.threshold > len(entries):
            self._report(wish.span, f"{wish.kind} {wish.name}: threshold {wish.threshold} of {len(entries)} entries")
        everything = needed == len(entries)
        nodes, attested = [], list[str]()
        for entry in entries:
            node = (
                self._toward(entry, entries) if everything and len(entries) > 1 else self.maker.context.whole[entry.id]
            )
            if wish.kind == "custody":
                node, word = self._released(entry, node)
                attested.extend(word)
            nodes.append(self._counted(entry, node, needed, entries))
        released = gates.at_least(len(nodes) - needed + 1, nodes)
        keys = [entry for entry in entries if entry.kind == "key"]
        if 0 < min(needed, len(keys)) <= len(attested):  # with the keys in hand the programs beside them are not needed
            released = gates.all((released, gates.by_hand))
        top = self._top(wish.name, [released], entries, nodes, wish.span)
        ids = tuple(entry.id for entry in entries)
        return Service(wish.name, wish.kind, wish.criticality, ids, top, False, wish.span, tuple(attested))

    def _counted(self, entry: Resource, node: int, needed: int, entries: Sequence[Resource]) -> int:
        """An entry that may not exist is missing in the pessimistic bound, where enough others certainly exist."""
        certain = sum(not isinstance(other.declaration.exists, Unknown) for other in entries)
        exists, gates = entry.declaration.exists, self.maker.context.gates
        if not isinstance(exists, Unknown) or certain < needed:
            return node
        return gates.any((node, gates.missing(exists.reason)))

    def _top(
        self, name: str, children: Sequence[int], entries: Sequence[Resource], nodes: Sequence[int], span: Span | None
    ) -> int:
        gates = self.maker.context.gates
        top = gates.reserve(Label(name))
        gates.define(top, children)
        for entry, node in zip(entries, nodes, strict=True):
            gates.state(top, node, span or entry.span)
        return top

    def _toward(self, entry: Resource, entries: Sequence[Resource]) -> int:
        """A front among entries that are all needed serves only those of them that are behind it."""
        context, routes = self.maker.context, self.maker.routes
        if entry.kind not in FRONTS:
            return context.whole[entry.id]
        goals = [other.id for other in entries if other.id != entry.id and other.id in routes.reach(entry.id)]
        return (
            context.gates.any([routes.toward(entry.id, goal) for goal in goals]) if goals else context.whole[entry.id]
        )

    def _released(self, entry: Resource, node: int) -> tuple[int, tuple[str, ...]]:
        """With material outside, its holder can release by hand whatever has failed."""
        for escrow in self.escrows:
            if matches(entry.id, escrow.resource):
                until = f" until {escrow.until.isoformat()}" if escrow.until else ""
                word = f"{entry.id}: material escrowed, says {escrow.holder or 'nobody in particular'}{until}"
                return self.maker.context.gates.all((node, self.maker.context.gates.by_hand)), (word,)
        return node, ()

    def _report(self, span: Span | None, message: str) -> None:
        if self.problems is not None:
            self.problems.append(Problem(span or Span("the configuration", 1), ProblemKind.UNRESOLVED, message))

    # -- as found ----------------------------------------------------------------------------------

    def found_services(self) -> list[Service]:
        """Services by what users reach; behind fronts of several works, one for each; then what runs on its own."""
        by_goal: dict[str, list[str]] = {}
        roots = self._roots(lambda r: _is_public(r, self._graph))
        reached = {name for root in roots for name in self.maker.routes.reach(root.id)}
        inner = [r for r in self._roots(lambda r: not _is_public(r, self._graph)) if r.id not in reached]
        used = reached | {name for root in inner for name in self.maker.routes.reach(root.id)}
        inner = self._not_only_called(inner, roots, used)
        for root in (*roots, *inner):
            for goal in self._goals(root.id):
                by_goal.setdefault(goal, []).append(root.id)
        public = {root.id for root in roots}
        services = [self._found(goal, fronts, bool(public & set(fronts))) for goal, fronts in by_goal.items()]
        services += [self._alone(members) for members in self._running_alone(used)]
        return _named_apart([*services, *self._idle_clusters(services)])

    def _not_only_called(self, inner: Sequence[Resource], public: Sequence[Resource], used: set[str]) -> list[Resource]:
        """Inner fronts without those that serve only what is a service already: a Service that other programs call.

        Of several that call each other in a circle the first is kept.
        """
        called = [r.id for r in inner if stands_in_cluster(r.declaration) and self._is_called(r)]
        if not called:
            return list(inner)
        left_out = set(called)
        alone = [m.id for m in self._graph.of_kind(*_RUNNING) if m.id not in self._needed and m.id not in used]
        seen = self._cone([*(r.id for r in (*public, *inner) if r.id not in left_out), *alone])
        for name in called:
            if name not in seen:
                left_out.discard(name)
                seen |= self._cone([name])
        return [r for r in inner if r.id not in left_out]

    def _is_called(self, front: Resource) -> bool:
        behind = self.maker.routes.reach(front.id)
        return any(source not in behind for source in self._needed.get(front.id, ()))

    @cached_property
    def _needed(self) -> dict[str, list[str]]:
        """What something needs in order to serve, with what needs it; settings stand for what reads them."""
        found: dict[str, list[str]] = {}
        for resource in self._graph.resources.values():
            for edge in self.maker.context.needs_of(resource):
                readers = [e.source for e in self._graph.incoming.get(resource.id, ())]
                found.setdefault(edge.target, []).extend(readers if resource.kind == "config" else [resource.id])
        return found

    def _cone(self, names: Iterable[str]) -> set[str]:
        """All that some resources need or lead to, themselves included."""
        seen = set(names)
        stack = list(seen)
        while stack:
            name = stack.pop()
            needs = (e.target for e in self.maker.context.needs_of(self._graph.resources[name]))
            led = (target for route in self.maker.routes.routes.get(name, ()) for target in route.targets)
            for target in (*needs, *led):
                if target not in seen:
                    seen.add(target)
                    stack.append(target)
        return seen

    def _roots(self, wanted: Callable[[Resource], bool]) -> list[Resource]:
        routes = self.maker.routes
        fronts = [
            r
            for r in self._graph.of_kind(*_ROOTS)
            if r.declaration.mode == "managed" and routes.routes.get(r.id) and _leads(r) and wanted(r)
        ]
        behind = {t for front in fronts for t in routes.reach(front.id) if t != front.id}
        return [front for front in fronts if front.id not in behind]

    def _goals(self, root: str) -> list[str]:
        goals: dict[str, None] = {}
        seen = {root}
        stack = [root]
        while stack:
            front = stack.pop()
            routes = self.maker.routes.routes.get(front, ())
            if not routes or len(self.maker.routes.names.get(front, ())) > 1:
                goals[front] = None
                continue
            for route in routes:
                target = route.targets[0]
                if len(route.targets) > 1 or self._graph.resources[target].kind not in FRONTS:
                    goals[front if len(route.targets) > 1 else target] = None
                elif target not in seen:
                    seen.add(target)
                    stack.append(target)
        return list(goals) if 0 < len(goals) <= _MOST_GOALS else [root]

    def _found(self, goal: str, fronts: Sequence[str], public: bool) -> Service:
        context = self.maker.context
        entries = [context.graph.resources[front] for front in dict.fromkeys((*fronts, goal))]
        ways = [self.maker.routes.toward(front, goal) for front in fronts]
        top = self._top("", [context.gates.all(ways)], entries[: len(fronts)], ways, None)
        resource = context.graph.resources[goal]
        named = self._behind(resource)
        return Service(
            name_of(named),
            "service",
            criticality_of(named, public=public),
            tuple(e.id for e in entries),
            top,
            True,
            named.span,
        )

    def _behind(self, goal: Resource) -> Resource:
        """What gives a service its name: the first server behind its last front."""
        for route in self.maker.routes.routes.get(goal.id, ()):
            for target in route.targets:
                found = self._graph.resources[target]
                return (
                    found
                    if found.kind not in FRONTS or goal.kind in ("dns_record", "global_balancer")
                    else self._behind(found)
                )
        return goal

    def _running_alone(self, used: set[str]) -> Iterator[list[Resource]]:
        """What runs without a front, servers of one block together, unless something else needs it to serve."""
        blocks: dict[tuple[str, Span], list[Resource]] = {}
        for resource in self._graph.of_kind(*_RUNNING):
            alone = (
                resource.id not in used
                and is_asked(resource, self._graph, called=resource.id in self._needed)
                and not self._is_member(resource)
                and not deploys(resource, self._graph)
            )
            if resource.declaration.mode == "managed" and alone and not _PART.search(resource.type):
                key = resource.id if resource.kind == "function" else ""
                blocks.setdefault((key, resource.span), []).append(resource)
        yield from blocks.values()

    def _idle_clusters(self, services: Sequence[Service]) -> Iterator[Service]:
        """Kubernetes clusters in which the files show nothing that runs: what runs there is the service."""
        used = {e.target for r in self._graph.of_kind("workload") for e in self._graph.outgoing.get(r.id, ())}
        used.update(name for service in services for name in service.entry)
        for cluster in self._graph.of_kind("cluster"):
            managed = cluster.declaration.mode == "managed" and cluster.get("engine") == "kubernetes"
            if managed and cluster.id not in used:
                yield self._alone([cluster])

    def _is_member(self, resource: Resource) -> bool:
        return any(self._graph.resources[e.source].kind == "cluster" for e in self._graph.incoming.get(resource.id, ()))

    def _alone(self, members: list[Resource]) -> Service:
        context = self.maker.context
        nodes = [context.whole[m.id] for m in members]
        top = self._top("", [context.group(members, nodes, "all of them")], members, nodes, None)
        first, ids = members[0], tuple(m.id for m in members)
        public = first.get("public") is True or published(first)
        return Service(name_of(first), "service", criticality_of(first, public=public), ids, top, True, first.span)

    def found_custody(self) -> list[Service]:
        """What must stay releasable: what keeps keys to funds, sealed servers of secrets, what each custodian holds."""
        context = self.maker.context
        kept = [(each, Criticality.CRITICAL) for each in fund_keepers(self._graph)]
        kept += [(each, Criticality.HIGH) for each in sealed_servers(self._graph)]
        found = []
        for keeper, criticality in kept:
            node, attested = self._released(keeper, context.whole[keeper.id])
            top = self._top("", [node], [keeper], [node], None)
            name, ids = name_of(keeper), (keeper.id,)
            found.append(Service(name, "custody", criticality, ids, top, True, keeper.span, attested))
        custodians: dict[str, tuple[Resource, Span]] = {}
        for name, calls in self.maker.calls.items():
            for call in calls:
                for domain in call.domains:
                    if domain.startswith("custodian:"):
                        custodians.setdefault(domain, (self._graph.resources[name], call.span))
        for domain, (caller, span) in custodians.items():
            node = context.places.other(*domain.split(":", 1))
            top = self._top("", [node], [caller], [node], span)
            name = f"funds at {domain.partition(':')[2]}"
            found.append(Service(name, "custody", Criticality.CRITICAL, (caller.id,), top, True, span))
        return _named_apart([*found, *self._committees()])

    def _committees(self) -> Iterator[Service]:
        """What signs together, where the files show enough of it to stop the signing."""
        context = self.maker.context
        for committee in committees(self._graph):
            node = no_signature(committee, context)
            if node != context.gates.never:
                yield self._signing(committee, node)

    def _signing(self, committee: Committee, node: int) -> Service:
        members = list({member.resource.id: member.resource for member in committee.members}.values())
        top = self._top("", [node], [], [], None)
        for member in members:
            self.maker.context.gates.state(top, node, member.span)
        name = f"signatures of {committee.terms.title or shared_name(members)}"
        ids = tuple(member.id for member in members)
        return Service(name, "custody", Criticality.CRITICAL, ids, top, True, committee.terms.span)


def _leads(front: Resource) -> bool:
    return front.kind != "dns_record" or front.get("record_type") in ("A", "AAAA", "CNAME", "ALIAS", "ANAME", ABSENT)


def _is_public(front: Resource, graph: Graph) -> bool:
    if front.kind in ("cdn", "global_balancer"):
        return True
    if front.kind == "dns_record":
        return in_private_zone(front, graph) is not True
    return front.get("public") is True or front.get("internal") in (False, ABSENT)


def _named_apart(services: Sequence[Service]) -> list[Service]:
    """Services with names of their own: equal ones get what tells them apart, their folder if that does, or entry."""
    called: dict[str, list[Service]] = {}
    for service in services:
        called.setdefault(service.name, []).append(service)
    return [_told_apart(service, called[service.name]) for service in services]


def _told_apart(service: Service, equal: Sequence[Service]) -> Service:
    if len(equal) == 1:
        return service
    folders = {each.entry[-1].partition("#")[0] for each in equal if "#" in each.entry[-1]}
    entry = service.entry[-1]
    apart = entry.partition("#")[0] if len(folders) == len(equal) else entry
    return replace(service, name=f"{service.name} ({apart})")
