"""Building a fault structure in words: gates over failures, two switches, and what each node stands for.

A node *fails*. Two switches choose how the one structure is read: ``by_hand`` counts as failed in the automatic
reading, so that what only a person can do does not help there; ``undecided`` counts as failed in the pessimistic bound,
so that what the files do not decide is taken for as bad as it may be.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec import Struct

from scanner.model.span import Span
from scanner.simulation.structure import Structure, StructureBuilder


class Label(Struct, frozen=True):
    """What a node stands for: a resource, a failure domain, or (both empty) a group; ``text`` says it in words."""

    text: str = ""
    resource: str = ""
    domain: str = ""


@dataclass(slots=True)
class Gates:
    """A structure in the making. Equal gates are one node."""

    builder: StructureBuilder = field(default_factory=StructureBuilder)
    labels: dict[int, Label] = field(default_factory=dict)
    stated: dict[tuple[int, int], Span] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)
    by_hand: int = field(init=False)
    undecided: int = field(init=False)
    never: int = field(init=False)
    _missing: dict[str, int] = field(default_factory=dict)
    _defined: dict[int, tuple[int, ...]] = field(default_factory=dict)
    _shared: dict[tuple[int, tuple[int, ...]], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_hand = self.leaf(Label("only by hand"))
        self.undecided = self.leaf(Label("the files do not decide"))
        self.never = self.leaf(Label("nothing"))

    def leaf(self, label: Label) -> int:
        """A new basic event."""
        node = self.builder.leaf()
        self.labels[node] = label
        return node

    def reserve(self, label: Label) -> int:
        """A node whose children are told later with :meth:`define`."""
        return self.leaf(label)

    def define(self, node: int, children: Iterable[int]) -> None:
        """Let a reserved node fail as soon as one child fails."""
        found = tuple(dict.fromkeys(child for child in children if child not in (self.never, node)))
        self._defined[node] = found
        if found:
            self.builder.set(node, 1, found)

    def extend(self, node: int, children: Iterable[int]) -> None:
        """Give a node that was defined more children."""
        self.define(node, (*self._defined.get(node, ()), *children))

    def any(self, children: Iterable[int], text: str = "") -> int:
        """Fails as soon as one child fails: all of them are needed."""
        return self.at_least(1, children, text)

    def all(self, children: Iterable[int], text: str = "") -> int:
        """Fails when all children have failed: any one of them is enough."""
        found = tuple(children)
        return self.at_least(len(dict.fromkeys(found)), found, text)

    def at_least(self, threshold: int, children: Iterable[int], text: str = "") -> int:
        """Fails when so many of the children have failed; never without children."""
        found = tuple(dict.fromkeys(children))
        if self.never in found:
            found = tuple(child for child in found if child != self.never)
        if threshold > len(found) or not found:
            return self.never
        if len(found) == 1:
            return found[0]
        key = (threshold, tuple(sorted(found)))
        node = self._shared.get(key)
        if node is None:
            node = self._shared[key] = self.builder.add(threshold, found)
            if text:
                self.labels[node] = Label(text)
        return node

    def if_undecided(self, child: int, reason: str = "") -> int:
        """Fails with the child where every unknown is taken for as bad as it may be, never in the other bound.

        ``reason`` says what the files do not decide.
        """
        node = self.all((self.undecided, child))
        if reason and node not in (child, self.never):
            self.reasons.setdefault(node, reason)
        return node

    def missing(self, reason: str) -> int:
        """Fails in the pessimistic bound, for ``reason``."""
        node = self._missing.get(reason)
        if node is None:
            node = self._missing[reason] = self.builder.add(1, (self.undecided,))
            self.reasons[node] = reason
        return node

    def helped(self, child: int, spares: Iterable[int], *, by_hand: bool) -> int:
        """Fails when the child and all spares have failed; spares that take a person do not help by themselves."""
        usable = [self.any((self.by_hand, spare)) if by_hand else spare for spare in spares]
        return self.all((child, *usable))

    def one_by_hand(self, members: Iterable[int], switch: int | None = None) -> int:
        """All are needed, but a person can make do with any one of them while ``switch`` (a control plane) works."""
        found = tuple(dict.fromkeys(members))
        if len(found) < 2:
            return self.any(found)
        stuck = self.by_hand if switch is None else self.any((self.by_hand, switch))
        return self.any((self.all(found), self.all((stuck, self.any(found)))))

    def state(self, owner: int, child: int, span: Span) -> int:
        """Remember where it is written that ``owner`` needs ``child``; the first place stays."""
        self.stated.setdefault((owner, child), span)
        return child

    def build(self) -> Structure:
        """The finished structure."""
        return self.builder.build()
