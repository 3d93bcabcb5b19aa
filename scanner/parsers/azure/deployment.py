"""A template with its inputs, and the resources that it declares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from scanner.model.span import Span
from scanner.model.value import Ref, Unknown, Value, equal
from scanner.parsers.azure.evaluate import Frame, Handle, bound, guessed, rounds, value
from scanner.parsers.azure.instance import Instance
from scanner.parsers.azure.place import Place
from scanner.parsers.azure.reports import Fault
from scanner.parsers.azure.run import Run
from scanner.parsers.azure.tree import (
    At,
    Expression,
    Function,
    Literal,
    Loop,
    Parameter,
    Resource,
    Template,
)

Given = tuple[Expression, Frame]
"""An input: an expression, and where it stands."""


@dataclass(slots=True, eq=False)
class Deployment:
    """A template with its inputs. ``prefix`` stands before the ids of its resources, ``owner`` is what deploys it.

    With ``seen`` its expressions are those of another template, as those of nested templates are in Azure's default.
    """

    run: Run
    template: Template
    prefix: str
    given: Mapping[str, Given]
    place: Place
    owner: Instance | None = None
    seen: Frame | None = None
    everything: Given | None = None
    _memo: dict[tuple[str, str], tuple[Value, tuple[Ref, ...]]] = field(default_factory=dict)
    _open: set[tuple[str, str]] = field(default_factory=set)
    _instances: dict[int, list[Instance]] = field(default_factory=dict)
    _symbols: dict[str, Resource] | None = None
    _nested: dict[str, Deployment] = field(default_factory=dict)
    _handles: dict[str, list[Handle]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._symbols = {each.symbol: each for each in self.template.resources if each.symbol}

    # -- places ------------------------------------------------------------------------------------

    def span(self, at: At) -> Span:
        """A place of the template, reached through what deploys it."""
        parent = self.owner.span if self.owner is not None else None
        return Span(self.template.name, *at).under(parent, f"module {self.owner.name_shown}" if self.owner else "")

    def shown_name(self) -> Value:
        """The name of the deployment."""
        if self.owner is not None:
            return self.owner.full_name
        return Unknown("the name of the deployment is told when it is deployed")

    def frame(self, at: At) -> Frame:
        """Where expressions of the template stand."""
        return self.seen.moved(at) if self.seen is not None else Frame(self, {}, at)

    # -- names -------------------------------------------------------------------------------------

    def parameter(self, name: str) -> Value:
        """The value of an input. Raises :class:`Fault` for one that is not declared."""
        declared = self.template.parameters.get(name.lower())
        if declared is None:
            raise Fault(f"there is no parameter {name}")
        return self.once(("parameter", declared.name), lambda: self._parameter(declared))

    def _parameter(self, declared: Parameter) -> Value:
        span = self.span(declared.at)
        ref = Ref(f"{self.prefix}var.{declared.name}")
        if self.everything is not None and declared.name.lower() not in self.given:
            whole = guessed(*self.everything)
            if isinstance(whole, dict) and declared.name in whole:
                found = whole[declared.name]
                wrapped = self.template.dialect == "arm" and isinstance(found, dict) and "value" in found
                return found["value"] if wrapped else found
            return Unknown(f"parameter {declared.name} may be given by the module's caller", span, ref, (ref,))
        given = self.given.get(declared.name.lower())
        if given is not None:
            found = value(*given)
            if found is not None or declared.default is None:
                self._check(declared, found, given[1])
                return found
        if declared.default is not None:
            found = value(declared.default, self.frame(declared.at))
            if declared.secure and isinstance(found, str) and found:
                self.run.reading.secrets.add(found)
            return found
        if declared.nullable:
            return None
        return Unknown(f"parameter {declared.name} has no default value", span, ref, (ref,))

    def _check(self, declared: Parameter, found: Value, frame: Frame) -> None:
        if declared.secure and isinstance(found, str) and found:
            self.run.reading.secrets.add(found)
        allowed = value(declared.allowed, self.frame(declared.at)) if declared.allowed is not None else None
        if (
            isinstance(allowed, list)
            and isinstance(found, (str, int))
            and not any(equal(found, a) is True for a in allowed)
        ):
            told = "the value given" if declared.secure else str(found)[:80]
            message = f"{told} is not among the allowed values of parameter {declared.name}"
            self.run.fault(frame.deployment.span(frame.at), message)

    def variable(self, name: str) -> Value:
        """The value of a variable. Raises :class:`Fault` for one that is not declared."""
        declared = self.template.variables.get(name)
        if declared is None:
            raise Fault(f"there is no variable {name}")
        return self.once(("variable", name), lambda: value(declared, self.frame_of_values()))

    def frame_of_values(self) -> Frame:
        """Where variables and outputs stand."""
        return self.seen if self.seen is not None else Frame(self, {})

    def once(self, key: tuple[str, str], make: Callable[[], Value]) -> Value:
        """A value that is worked out once, with the resources that it mentions."""
        if key in self._memo:
            found, touched = self._memo[key]
            self.run.touched.extend(touched)
            return found
        if key in self._open:
            raise Fault(f"{key[0]} {key[1]} depends on itself")
        before, self.run.touched = self.run.touched, []
        self._open.add(key)
        try:
            found = make()
        finally:
            self._open.discard(key)
            touched = tuple(dict.fromkeys(self.run.touched))
            self.run.touched = before
            self.run.touched.extend(touched)
        if not self.run.guesses or not isinstance(found, Unknown):
            self._memo[key] = (found, touched)
        return found

    def named(self, name: str) -> Value:
        """What a name of Bicep stands for. Raises :class:`Fault` for one that is not declared."""
        declared = self.template.parameters.get(name.lower())
        if declared is not None and declared.name == name:
            return self.parameter(name)
        if name in self.template.variables:
            return self.variable(name)
        resource = (self._symbols or {}).get(name)
        if resource is not None:
            return self._resource_value(resource)
        imported = self._imported(name)
        if imported is not None:
            return imported[0].variable(imported[1])
        raise Fault(f"there is no {name}")

    def _resource_value(self, resource: Resource) -> Value:
        found = self.instances(resource, None)
        if resource.loop is None:
            return Handle(found[0])
        if len(found) == 1 and found[0].number is None:
            reason = f"how many {resource.symbol} there are is not known"
            ref = Ref(found[0].id)
            return Unknown(reason, found[0].span, None, (ref,))
        if resource.symbol not in self._handles:  # each of a loop may name one of another loop
            self._handles[resource.symbol] = [Handle(each) for each in found]
        return self._handles[resource.symbol]

    def symbol(self, name: str) -> Instance | None:
        """The resource of a symbolic name, its first where there are several."""
        resource = (self._symbols or {}).get(name)
        found = self.instances(resource, None) if resource is not None else []
        return found[0] if found else None

    def function(self, name: str) -> tuple[Function, Deployment] | None:
        """A function that the template defines or imports, and the deployment whose names it sees."""
        found = self.template.functions.get(name)
        if found is not None:
            return found, self
        if self.seen is not None and self.seen.deployment is not self:
            return self.seen.deployment.function(name)
        imported = self._imported(name) if self.template.imports else None
        if imported is not None and imported[1].lower() in imported[0].template.functions:
            return imported[0].template.functions[imported[1].lower()], imported[0]
        return None

    def _imported(self, name: str) -> tuple[Deployment, str] | None:
        """The file that a name is imported from, and its name there."""
        for path, original, alias in self.template.imports:
            if alias.lower() != name.lower() and not (original == "*" and name.lower().startswith(f"{alias}.".lower())):
                continue
            if path not in self._nested:
                reading = self.run.reading
                template = reading.template(reading.path_of(path, self.template.name), self.span((1, 1, 1, 1)))
                if template is None:
                    raise Fault(f"{path} is not read")
                reading.reached.add(template.name)
                self._nested[path] = Deployment(self.run, template, self.prefix, {}, self.place, self.owner)
            return self._nested[path], original if original != "*" else name.partition(".")[2]
        return None

    # -- resources ---------------------------------------------------------------------------------

    def every(self) -> Iterator[Instance]:
        """All resources, those inside of others after them."""
        for resource in self.template.resources:
            yield from self._with_children(resource, None)

    def _with_children(self, resource: Resource, parent: Instance | None) -> Iterator[Instance]:
        for instance in self.instances(resource, parent):
            yield instance
            for child in resource.children:
                yield from self._with_children(child, instance)

    def instances(self, resource: Resource, parent: Instance | None) -> list[Instance]:
        """The resources that a declaration makes: one, or one for each iteration of its loop."""
        key = id(resource) if parent is None else hash((id(resource), id(parent)))
        if key in self._instances:
            return self._instances[key]
        opened = ("resource", resource.symbol or str(id(resource)))
        if opened in self._open:
            raise Fault(f"resource {resource.symbol} depends on itself")
        self._open.add(opened)
        try:
            found = self._made(resource, parent)
        finally:
            self._open.discard(opened)
        self._instances[key] = found
        for each in found:
            each.name_it()
        return found

    def _made(self, resource: Resource, parent: Instance | None) -> list[Instance]:
        base = parent.frame if parent is not None else self.frame(resource.at)
        frame = base.moved(resource.at)
        if resource.loop is None:
            return [Instance(self, resource, frame, parent)]
        frame = frame.outside()
        try:
            frames = rounds(Loop("", "", resource.loop.source, Literal(None), None, ""), frame)
        except Fault as fault:
            self.run.fault(self.span(resource.at), str(fault))
            frames = frame.unknown(str(fault))
        if isinstance(frames, Unknown):
            item = frames.derived(f"it is unknown what the loop goes over: {frames.reason}")
            return [Instance(self, resource, bound(resource.loop, frame, item, item), parent, None, frames)]
        source = value(resource.loop.source, frame)
        return [
            Instance(self, resource, bound(resource.loop, frame, item, number), parent, number)
            for number, item in enumerate(source or [])
        ]

    def find(self, kind: str, name: str) -> Instance | None:
        """The resource of a type and full name: of this template first, else of any that is deployed with it."""
        found = self.run.registry.get((kind.lower(), name.lower()), ())
        near = [each for each in found if each.deployment is self or each.deployment.seen_by(self)]
        fits = near or found
        if "{" in name and len(fits) > 1:
            return None  # what is not known of their names need not be the same
        return next(iter(fits), None)

    def seen_by(self, other: Deployment) -> bool:
        """Whether its expressions are those of another deployment."""
        return self.seen is not None and self.seen.deployment is other

    def find_by_name(self, name: str) -> Instance | None:
        """The only resource of a name in this template."""
        lowered = name.lower()
        for resource in self.template.resources:
            for each in self.instances(resource, None):
                if each.name_key == lowered:
                    return each
        return None

    def looped(self, name: str) -> list[Instance]:
        """What a loop of JSON makes, by the loop's name."""
        loops = [r for r in self.template.resources if r.loop is not None and r.loop.copy == name.lower()]
        return [each for resource in loops for each in self.instances(resource, None)]
