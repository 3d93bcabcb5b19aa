"""One stack: a template as it is deployed somewhere, with its functions worked out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from msgspec import Struct

from scanner.model.problem import ProblemKind
from scanner.model.span import Span
from scanner.model.value import Ref, Truth, Unknown, Value
from scanner.parsers.cloudformation import conditions, intrinsics, loops, parameters, transforms
from scanner.parsers.cloudformation.fields import NO_VALUE, Field
from scanner.parsers.cloudformation.limits import MAX_DEPTH, MAX_FIELDS
from scanner.parsers.cloudformation.reading import Reading, Template
from scanner.parsers.cloudformation.syntax import LOOP, MERGE, TRANSFORM, Argument, Misused, Scope, call_of, constant
from scanner.parsers.cloudformation.text import with_resolved


class Deployment(Struct, frozen=True):
    """Where and as what a template is deployed.

    ``prefix`` stands before the ids of what it declares, ``root`` is the template that is deployed by itself, and
    ``home`` the prefix of its ids. ``chain`` are the templates that this one is nested in, outermost first, ``call``
    is the resource that nests it. ``account`` and ``name`` are ``None`` where nothing tells them. ``fill`` fills in
    what a program does that writes templates.
    """

    root: str
    home: str = ""
    prefix: str = ""
    region: str | Unknown | None = None
    account: str | Unknown | None = None
    name: str | None = None
    given: Mapping[str, Field] = {}
    chain: tuple[str, ...] = ()
    call: Span | None = None
    via: str = ""
    fill: Callable[[str, Span], Value] | None = None


class Entry(Struct, frozen=True):
    """One entry of a section: its name, and where it is read."""

    name: str
    key: Any
    node: Any
    scope: Scope

    @property
    def span(self) -> Span:
        """Where it begins."""
        return self.scope.origin.span(self.key, self.node)


class Estate(Protocol):
    """What a stack asks about others."""

    def child(self, stack: Evaluation, name: str) -> Evaluation | None:
        """The stack that a resource nests, if its template is there."""

    def exported(self, stack: Evaluation, name: str) -> Field | None:
        """What exactly one other stack exports under a name."""

    def included(self, stack: Evaluation, location: Value, span: Span) -> tuple[Any, Scope] | None:
        """The mapping in a file that ``AWS::Include`` names."""


@dataclass(slots=True, eq=False)
class Evaluation:
    """Works out the values of one stack, each when it is asked for.

    ``targets`` are the ids of what the stacks of this scan declare: those that values may refer to.
    """

    template: Template
    deployment: Deployment
    reading: Reading
    estate: Estate
    targets: dict[str, None]
    _entries: dict[str, dict[str, Entry]] = field(default_factory=dict)
    _fields: dict[tuple[str, ...], Field] = field(default_factory=dict)
    _truths: dict[str, Truth] = field(default_factory=dict)
    _open: set[tuple[str, ...]] = field(default_factory=set)
    _includes: list[tuple[Any, Scope]] | None = None

    # -- sections ----------------------------------------------------------------------------------

    def section(self, name: str) -> dict[str, Entry]:
        """The entries of a section, with loops unfolded."""
        if name not in self._entries:
            self._entries[name] = {}  # a loop over what it makes itself finds nothing
            node = self.template.node(name)
            parts = [(node, self.template.scope)] if node is not None else []
            parts += [part for part in self._included(name) if part[0].id == "mapping"]
            self._entries[name] = {entry.name: entry for part in parts for entry in self.entries(*part)}
        return self._entries[name]

    def _included(self, name: str) -> list[tuple[Any, Scope]]:
        """What the files that the template includes at its first level say in a section."""
        if self._includes is None:
            self._includes = []  # the call itself asks for parameters
            self._includes = transforms.included_files(self)
        roots = [(scope, dict(_keyed(root))) for root, scope in self._includes]
        return [(keyed[name], scope) for scope, keyed in roots if name in keyed]

    def id_of(self, name: str) -> str:
        """The id of a resource."""
        return f"{self.deployment.prefix}{name}"

    def part(self, name: str, part: str) -> Field | None:
        """A part of a resource (``Properties``, ``DependsOn``), worked out once."""
        key = (name, part)
        if key not in self._fields:
            entry = self.section("Resources").get(name)
            found = _written(entry, part) if entry is not None else None
            if entry is None or found is None:
                return None
            if key in self._open:
                return self._circle(entry.scope.origin.span(*found), f"{name}.{part}", found, entry.scope)
            self._open.add(key)
            self._fields[key] = self.field(found[1], entry.scope, found[0])
            self._open.discard(key)
        return self._fields[key]

    def is_open(self, name: str, part: str) -> bool:
        """Whether a part of a resource is being worked out."""
        return (name, part) in self._open

    def _circle(self, span: Span, what: str, found: tuple[Any, Any], scope: Scope) -> Field:
        self.reading.report(span, ProblemKind.INVALID, f"{what} depends on itself")
        return Field(Unknown(f"{what} depends on itself", span), found[1], scope.origin, found[0])

    def parameter(self, name: str) -> Field | None:
        """A parameter's value; ``None`` when there is none of that name."""
        key = ("Parameters", name)
        if key not in self._fields:
            entry = self.section("Parameters").get(name)
            if entry is None:
                return None
            self._fields[key] = parameters.value_of(self, entry)
        return self._fields[key]

    def mapping(self, name: str) -> Field | None:
        """One of the ``Mappings``."""
        key = ("Mappings", name)
        if key not in self._fields:
            entry = self.section("Mappings").get(name)
            if entry is None:
                return None
            self._fields[key] = self.field(entry.node, entry.scope, entry.key)
        return self._fields[key]

    def output(self, name: str, part: str = "Value") -> Field | None:
        """What an output of the stack holds; ``None`` when there is no such output or its condition does not hold."""
        key = ("Outputs", name, part)
        if key in self._fields:
            return self._fields[key]
        entry = self.section("Outputs").get(name)
        found = _written(entry, part) if entry is not None else None
        if entry is None or found is None or self.exists(entry) is False:
            return None
        if key in self._open:
            return self._circle(entry.span, f"the output {name}", found, entry.scope)
        self._open.add(key)
        self._fields[key] = self.field(found[1], entry.scope, found[0])
        self._open.discard(key)
        return self._fields[key]

    def exists(self, entry: Entry) -> Truth:
        """Whether an entry's condition holds."""
        written = _written(entry, "Condition")
        if written is None or written[1].id != "scalar":
            return True
        name = entry.scope.filled(str(written[1].value))
        return self.condition(name, entry.scope.origin.span(*written))

    def condition(self, name: str, span: Span) -> Truth:
        """Whether one of the ``Conditions`` holds."""
        if name not in self._truths:
            key = ("Conditions", name)
            if key in self._open:
                self.reading.report(span, ProblemKind.INVALID, f"the condition {name} depends on itself")
                return Unknown(f"the condition {name} depends on itself", span)
            budget = self.reading.budget
            self._open.add(key)
            budget.depth += 1  # it takes twice as many calls as a value
            exceeded = budget.exceeded()
            if exceeded:
                self.reading.limit(span, exceeded)
            self._truths[name] = Unknown(exceeded, span) if exceeded else conditions.named(self, name, span)
            budget.depth -= 1
            self._open.discard(key)
        return self._truths[name]

    # -- values ------------------------------------------------------------------------------------

    def field(self, node: Any, scope: Scope, key: Any = None) -> Field:
        """A node with its functions worked out."""
        return Field(self._value(node, scope, False), node, scope.origin, key)

    def value(self, argument: Argument) -> Any:
        """What a node stands for: plain, unknown, :data:`NO_VALUE`, or a list or mapping of fields."""
        return self._value(argument.node, argument.scope, argument.bare)

    def _value(self, node: Any, scope: Scope, bare: bool) -> Any:
        budget = self.reading.budget
        budget.fields += 1
        budget.depth += 1
        try:
            if budget.depth > MAX_DEPTH or budget.fields > MAX_FIELDS:
                return self._cut_off(node, scope, budget.exceeded())
            call = call_of(node, scope, bare)
            if call is not None:
                return self._called(node, *call)
            if node.id == "scalar":
                return self._constant(node, scope, bare)
            if node.id == "sequence":
                return [item for each in node.value if (item := self.field(each, scope)).value is not NO_VALUE]
            return self._mapping(node, scope)
        finally:
            budget.depth -= 1

    def _constant(self, node: Any, scope: Scope, bare: bool) -> Any:
        value = constant(node, bare)
        if isinstance(value, str) and "{" in value:
            value = scope.filled(value)
            if self.deployment.fill is not None:
                value = self.deployment.fill(value, scope.origin.span(None, node))
            if isinstance(value, str) and "{{resolve:" in value:
                return with_resolved(value, scope.origin.span(None, node))
        return value

    def _mapping(self, node: Any, scope: Scope) -> dict[str, Field]:
        found = {}
        for entry in self.entries(node, scope):
            item = self.field(entry.node, entry.scope, entry.key)
            if item.value is not NO_VALUE:
                found[entry.name] = item
        return found

    def _called(self, node: Any, name: str, argument: Argument) -> Any:
        span = argument.scope.origin.span(None, node)
        function = intrinsics.FUNCTIONS.get(name)
        if function is None:
            message = f"{name} is a function that is not known here"
            self.reading.report(span, ProblemKind.UNSUPPORTED, message)
            return Unknown(message, span)
        try:
            result = function(self, argument, span)
            if isinstance(result, list):  # a list that is referred to again and again is copied each time in the end
                self.reading.budget.fields += len(result)
            return result
        except Misused as misused:
            message = f"{name} {misused}"
            self.reading.report(span, ProblemKind.INVALID, message)
            return Unknown(message, span)

    def _cut_off(self, node: Any, scope: Scope, exceeded: str) -> Unknown:
        span = scope.origin.span(None, node)
        self.reading.limit(span, exceeded)
        return Unknown(exceeded, span)

    def text(self, value: str | Unknown, span: Span) -> str | Unknown:
        """A text that a function has put together, within the limits."""
        length = len(value) if isinstance(value, str) else sum(len(p) for p in value.parts if isinstance(p, str))
        exceeded = self.reading.budget.text_exceeded(length)
        if exceeded:
            self.reading.limit(span, exceeded)
            return Unknown(exceeded, span)
        return with_resolved(value, span) if isinstance(value, str) else value

    # -- entries -----------------------------------------------------------------------------------

    def entries(self, node: Any, scope: Scope) -> Iterator[Entry]:
        """The entries of a mapping, with loops, merged mappings and included files unfolded."""
        for key, value in node.value:
            if key.id != "scalar":
                continue
            name = scope.filled(key.value) if scope.variables else key.value
            if key.tag == MERGE:
                for merged in value.value if value.id == "sequence" else [value]:
                    yield from self.entries(merged, scope) if merged.id == "mapping" else ()
            elif name.startswith(LOOP):
                for part, inner in loops.unfolded(self, name, value, scope):
                    yield from self.entries(part, inner)
            elif name == TRANSFORM:
                included = transforms.included(self, Argument(value, scope), scope.origin.span(key, value))
                yield from self.entries(*included) if included is not None else ()
            else:
                yield Entry(name, key, value, scope)

    def reference(self, name: str, attribute: str, span: Span) -> Unknown:
        """What a resource's attribute will be once it is deployed."""
        ref = Ref(self.id_of(name), attribute)
        self.targets[ref.address] = None
        return Unknown(f"{name}.{attribute} is known only after deployment", span, ref, (ref,))


def _keyed(node: Any) -> Iterator[tuple[str, Any]]:
    return ((key.value, value) for key, value in node.value if key.id == "scalar")


def _written(entry: Entry, part: str) -> tuple[Any, Any] | None:
    """Key and node of a part of an entry; of several with that name the last."""
    if entry.node.id != "mapping":
        return None
    return next(((k, v) for k, v in reversed(entry.node.value) if k.id == "scalar" and k.value == part), None)
