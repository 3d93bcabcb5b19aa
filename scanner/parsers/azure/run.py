"""What is shared by everything that is evaluated for one root: limits, problems, and the resources by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scanner.model.problem import ProblemKind
from scanner.model.span import Span
from scanner.model.value import Ref, Value
from scanner.parsers.azure.limits import MAX_DEPLOYMENTS, MAX_DEPTH, MAX_ITEMS, MAX_NESTING, MAX_RESOURCES, MAX_STEPS
from scanner.parsers.azure.reading import Reading
from scanner.parsers.azure.reports import Fault
from scanner.parsers.azure.texts import shown

if TYPE_CHECKING:
    from scanner.parsers.azure.deployment import Deployment
    from scanner.parsers.azure.evaluate import Special
    from scanner.parsers.azure.instance import Instance


@dataclass(slots=True)
class Run:
    """The state of one root.

    ``touched`` are the resources that the expression at hand has mentioned; ``guesses`` counts the branches around it
    of which nobody knows whether they are taken: what goes wrong there may never happen. ``calls`` are the
    functions that see where they stand, ``deploys`` makes the deployment of a module.
    """

    reading: Reading
    calls: Mapping[str, Special]
    deploys: Callable[[Instance], Deployment | None]
    touched: list[Ref] = field(default_factory=list)
    guesses: int = 0
    deployments: int = 0
    resources: int = 0
    declared: dict[str, Instance] = field(default_factory=dict)
    registry: dict[tuple[str, str], list[Instance]] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    _sizes: dict[int, tuple[Value, int, int]] = field(default_factory=dict)
    _steps: int = 0
    _depth: int = 0
    _told: set[str] = field(default_factory=set)

    def enter(self) -> None:
        """Count one step inwards. Raises :class:`Fault` beyond the limits."""
        self.count(1)
        if self._depth >= MAX_DEPTH:
            raise Fault(f"expressions lead further than {MAX_DEPTH} levels")
        self._depth += 1

    def narrow(self, before: int, found: Value) -> None:
        """Forget what only other parts of an object mention than the one that was taken out of it.

        What is unknown tells itself what it was computed from; what is known is told by the names in it.
        """
        if len(self.touched) == before:
            return
        text = shown(found)
        self.touched[before:] = [ref for ref in self.touched[before:] if self._names(ref.address, text)]

    def _names(self, address: str, text: str) -> bool:
        instance = self.declared.get(address)
        return instance is None or shown(instance.name) in text

    def count(self, steps: int) -> None:
        """Count steps. Raises :class:`Fault` beyond the limit."""
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise Fault(f"more than {MAX_STEPS} expressions")

    def leave(self) -> None:
        """Count one step outwards."""
        self._depth -= 1

    def size(self, found: Value) -> int:
        """How many values are in a value. Raises :class:`Fault` for too many, and for too many levels."""
        size, _ = self._measured(found, 0)
        return size

    def _measured(self, found: Value, depth: int) -> tuple[int, int]:
        """Size and depth. What was measured once is not walked through again."""
        if not isinstance(found, (list, dict)):
            return 1, 0
        known = self._sizes.get(id(found))
        if known is not None:
            return known[1:]
        if depth > MAX_NESTING:
            raise Fault(f"a value deeper than {MAX_NESTING} levels")
        size, deepest = 1, 0
        for each in found.values() if isinstance(found, dict) else found:
            inside, below = self._measured(each, depth + 1)
            size, deepest = size + inside, max(deepest, below + 1)
        if size > MAX_ITEMS or deepest > MAX_NESTING:
            raise Fault(f"a value of more than {MAX_ITEMS} parts or {MAX_NESTING} levels")
        self._sizes[id(found)] = (found, size, deepest)  # the value is kept, or another would get its id
        return size, deepest

    def fault(self, span: Span, message: str) -> None:
        """Note what Azure would refuse, unless nobody knows whether it is ever asked."""
        if not self.guesses:
            self.reading.report(span, ProblemKind.UNRESOLVED, message)

    def counted_resource(self, span: Span) -> bool:
        """Count one resource; false, with a problem, once there are too many."""
        self.resources += 1
        return self._within(self.resources, MAX_RESOURCES, "resources", span)

    def counted_deployment(self, span: Span) -> bool:
        """Count one deployment; false, with a problem, once there are too many."""
        self.deployments += 1
        return self._within(self.deployments, MAX_DEPLOYMENTS, "modules and nested deployments", span)

    def _within(self, number: int, most: int, what: str, span: Span) -> bool:
        if number > most and what not in self._told:
            self._told.add(what)
            self.reading.report(span, ProblemKind.LIMIT, f"more than {most} {what}; the rest is left out")
            self.reading.partly.add(span.file)
        return number <= most

    def unique(self, name: str, longer: str) -> str:
        """An id that no resource has yet: the name, else the longer one, else that with a number."""
        for candidate in (name, longer):
            if candidate not in self.ids:
                self.ids[candidate] = 1
                return candidate
        while True:
            self.ids[longer] += 1
            candidate = f"{longer}~{self.ids[longer]}"
            if candidate not in self.ids:
                self.ids[candidate] = 1
                return candidate
