"""One resource of a deployment: what it is called, whether it is there, and what it tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from scanner.model.span import Span
from scanner.model.value import Ref, Truth, Unknown, Value, both
from scanner.parsers.azure.evaluate import Frame, Handle, Outputs, safe_value, value
from scanner.parsers.azure.reports import Fault
from scanner.parsers.azure.texts import hint, joined, label, segments, shown
from scanner.parsers.azure.tree import Resource

if TYPE_CHECKING:
    from scanner.parsers.azure.deployment import Deployment

WRITTEN: Final = frozenset({"location", "tags", "zones", "kind", "sku", "plan"})
"""Attributes that are, once deployed, what the template says."""


@dataclass(slots=True, eq=False)
class Instance:
    """One resource. ``number`` counts in its loop; ``undecided`` is set when the loop's length is not known."""

    deployment: Deployment
    declared: Resource
    frame: Frame
    parent: Instance | None = None
    number: int | None = None
    undecided: Unknown | None = None
    id: str = ""
    type: str = ""
    name: Value = None
    full_name: Value = None
    name_key: str = ""
    inner: Deployment | None = None
    _named: bool = False
    counted: bool | None = None
    _asked: bool = False
    _exists: Truth | None = None
    _open: set[str] = field(default_factory=set)

    # -- what it is called -------------------------------------------------------------------------

    @property
    def span(self) -> Span:
        """Where it is declared."""
        return self.deployment.span(self.declared.at)

    @property
    def name_shown(self) -> str:
        """What people call it: its symbolic name, else its name."""
        return self.declared.symbol or label(self.full_name)

    def name_it(self) -> None:
        """Work out type, names and id, and make it known under them. Of what is not deployed, nothing is wrong."""
        run = self.deployment.run
        self.parent = self.parent or self._written_parent()
        absent = self.exists is False
        run.guesses += absent
        try:
            self._name_it()
        finally:
            run.guesses -= absent

    def _name_it(self) -> None:
        kind = safe_value(self.declared.type, self.frame)
        self.type = self._full_type(shown(kind).partition("@")[0] if self.declared.module is None else shown(kind))
        if self.declared.module is not None:
            self.type = "Microsoft.Resources/deployments"
        written = self.declared.body.entry("name")
        self.name = safe_value(written.value, self.frame.moved(written.at)) if written is not None else self._unnamed()
        self.full_name = self._full_name()
        self.name_key = shown(self.full_name).lower()
        self.id = self._unique_id()
        self._named = True
        run = self.deployment.run
        run.declared[self.id] = self
        run.registry.setdefault((self.type.lower(), self.name_key), []).append(self)

    def _unnamed(self) -> Value:
        """Modules of Bicep need no name of their own."""
        return self.declared.symbol or self.frame.unknown("it has no name")

    def _written_parent(self) -> Instance | None:
        written = self.declared.body.entry("parent")
        if written is None:
            return None
        found = safe_value(written.value, self.frame.moved(written.at))
        return found.instance if isinstance(found, Handle) else None

    def _full_type(self, kind: str) -> str:
        """The type with that of the resource around it."""
        if self.parent is None or "." in kind.partition("/")[0]:
            return kind
        return f"{self.parent.type}/{kind}"

    def _full_name(self) -> Value:
        """The name with that of its parent before it."""
        if self.parent is None or not self.type.lower().startswith(f"{self.parent.type}/".lower()):
            return self.name
        if len(segments(self.name)) >= self.type.count("/"):
            return self.name
        return joined([self.parent.full_name, "/", self.name])

    def _unique_id(self) -> str:
        prefix = self.deployment.prefix
        number = "" if self.number is None else f"[{self.number}]"
        if self.declared.symbol:
            inside = f"{self.parent.id.removeprefix(prefix)}::" if self._is_nested() and self.parent else ""
            name = f"{prefix}{inside}{self.declared.symbol}{number}"
            return self.deployment.run.unique(name, name)
        name = label(self.full_name)
        if not name.strip("{…}/-_"):
            written = self.declared.body.get("name")
            name = "{" + (hint(written) if written is not None else "…") + "}"
        return self.deployment.run.unique(f"{prefix}{name}", f"{prefix}{self.type}/{name}")

    def _is_nested(self) -> bool:
        return self.declared.body.entry("parent") is None

    # -- whether it is there -----------------------------------------------------------------------

    @property
    def exists(self) -> Truth:
        """Whether it is deployed."""
        if self._exists is None:
            self._exists = both(self._conditions())
        return self._exists

    def _conditions(self) -> Iterator[Truth]:
        owner = self.deployment.owner
        if owner is not None:
            yield owner.exists
        if self.parent is not None and self.parent.declared in self._around():
            yield self.parent.exists
        if self.undecided is not None:
            yield self.undecided.derived(f"it is unknown how many there are: {self.undecided.reason}")
        loop = self.declared.loop
        for condition in (self.declared.condition, loop.condition if loop is not None else None):
            if condition is not None:
                found = safe_value(condition, self.frame)
                yield found if isinstance(found, (bool, Unknown)) else self.frame.unknown("the condition is no truth")

    def _around(self) -> tuple[Resource, ...]:
        """The resource that it is written inside of."""
        inside = self.parent is not None and any(child is self.declared for child in self.parent.declared.children)
        return (self.parent.declared,) if inside and self.parent is not None else ()

    # -- what it tells -----------------------------------------------------------------------------

    def ref(self, path: str) -> Unknown:
        """An attribute that is known once it is deployed."""
        ref = Ref(self.id, path)
        self.deployment.run.touched.append(ref)
        return Unknown(f"{ref} is known once it is deployed", self.span, ref, (ref,))

    def id_value(self, text: Value) -> Unknown:
        """Its id, of which the files know a part."""
        found = self.ref("id")
        parts = text.parts if isinstance(text, Unknown) else (text,)
        return Unknown(found.reason, found.origin, found.ref, found.refs, tuple(parts))

    def read(self, key: str) -> Value:
        """An attribute, as an expression elsewhere reads it."""
        if not self._named:
            raise Fault(f"resource {self.declared.symbol} depends on itself")
        match key:
            case "id":
                return self._id()
            case "name":
                self.deployment.run.touched.append(Ref(self.id, "name"))
                return self.name
            case "type":
                return self.type
            case "outputs" if self.declared.module is not None:
                self.deployment.run.touched.append(Ref(self.id, "outputs"))
                return Outputs(self, not self.declared.module.bicep)
            case "properties" if self.declared.module is not None:
                return Handle(self)
            case _ if key.lower() in WRITTEN and not self.declared.existing:
                return self._written(key)
            case _:
                return self.ref(key)

    def _id(self) -> Unknown:
        space, *types = self.type.split("/")
        names = segments(self.full_name)
        place = self.deployment.place
        if self.type.lower() == "microsoft.resources/resourcegroups":
            pieces: list[Value] = ["/subscriptions/", place.subscription, "/resourceGroups/", self.name]
        else:
            base = ["/subscriptions/", place.subscription, "/resourceGroups/", place.group, "/providers/", space]
            pieces = base if len(types) == len(names) else [self.frame.unknown("the id is told when it is deployed")]
            for step, name in zip(types, names, strict=False):
                pieces += ["/", step, "/", name]
        return self.id_value(joined(pieces))

    def _written(self, key: str) -> Value:
        """What the template says of an attribute; else it is told once it is deployed."""
        entry = self.declared.body.entry(key)
        if entry is None or key in self._open:
            return self.ref(key)
        self._open.add(key)
        try:
            self.deployment.run.touched.append(Ref(self.id, key))
            return value(entry.value, self.frame.moved(entry.at))
        finally:
            self._open.discard(key)

    def child(self, symbol: str) -> Value:
        """A resource that is declared inside of this one."""
        for each in self.declared.children:
            if each.symbol == symbol:
                found = self.deployment.instances(each, self)
                return Handle(found[0]) if each.loop is None and found else [Handle(one) for one in found]
        raise Fault(f"{self.declared.symbol} holds no resource {symbol}")

    def output(self, name: str, *, wrapped: bool) -> Value:
        """What the template that it deploys hands back."""
        inner = self.inside()
        if inner is None:
            found: Value = self.ref(f"outputs.{name}")
            return {"value": found} if wrapped else found
        declared = inner.template.outputs.get(name.lower())
        if declared is None:
            raise Fault(f"{self.name_shown} has no output {name}")
        made = inner.once(("output", name.lower()), lambda: value(declared, inner.frame_of_values()))
        return {"value": made} if wrapped else made

    def inside(self) -> Deployment | None:
        """The deployment of the template that it deploys; none when that cannot be read."""
        if not self._asked and self.declared.module is not None:
            self._asked = True
            self.inner = self.deployment.run.deploys(self)
        return self.inner
