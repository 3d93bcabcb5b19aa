"""Expressions → values. What only Azure knows is unknown, with the resource or parameter that would decide it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from scanner.model.value import Ref, Unknown, Value, equal, unknown_from
from scanner.parsers.azure import functions
from scanner.parsers.azure.functions.collections import key_in
from scanner.parsers.azure.limits import MAX_COPIES
from scanner.parsers.azure.reports import Fault
from scanner.parsers.azure.texts import brief, shown
from scanner.parsers.azure.tree import (
    NOWHERE,
    Access,
    At,
    Broken,
    Call,
    Expression,
    Fields,
    Items,
    Lambda,
    Literal,
    Loop,
    Name,
    Nested,
)

if TYPE_CHECKING:
    from scanner.parsers.azure.deployment import Deployment
    from scanner.parsers.azure.instance import Instance

COPY: Final = "$copy:"
"""Before the name of a loop of JSON, its number among the names that an expression sees."""


class Handle(Struct, frozen=True):
    """A declared resource as a value."""

    instance: Instance


class Outputs(Struct, frozen=True):
    """The outputs of a deployment as a value; ``wrapped`` as JSON sees them, each with its type."""

    instance: Instance
    wrapped: bool


class Closure(Struct, frozen=True):
    """A function that is handed to a function."""

    names: tuple[str, ...]
    body: Expression
    frame: Frame


@dataclass(frozen=True, slots=True)
class Frame:
    """Where an expression stands: the deployment whose names it sees, what loops bound, and its place."""

    deployment: Deployment
    names: Mapping[str, Value] = field(default_factory=dict)
    at: At = NOWHERE

    def binding(self, names: Mapping[str, Value]) -> Frame:
        """The same place inside a loop."""
        return Frame(self.deployment, {**self.names, **names}, self.at)

    def outside(self) -> Frame:
        """The same place for a resource with a loop of its own, which is the one meant where none is named."""
        return Frame(self.deployment, {name: item for name, item in self.names.items() if name != COPY}, self.at)

    def moved(self, at: At) -> Frame:
        """Another place in the same deployment."""
        return Frame(self.deployment, self.names, at)

    def unknown(self, reason: str, *values: Value) -> Unknown:
        """A value that is not known, of this place; it depends on others that may not be known either."""
        found = unknown_from(values, reason)
        return Unknown(reason, self.deployment.span(self.at), None, found.refs, choice=found.choice)


def value(node: Expression, frame: Frame) -> Value:
    """The value of an expression. Raises :class:`Fault`."""
    if isinstance(node, Literal):
        return node.value
    run = frame.deployment.run
    run.enter()
    try:
        found = _EVALUATED[type(node)](node, frame)
        if isinstance(found, (list, dict)):
            run.size(found)
        return found
    finally:
        run.leave()


def safe_value(node: Expression, frame: Frame) -> Value:
    """The value of an expression; what Azure would refuse is a problem, and unknown."""
    try:
        return value(node, frame)
    except Fault as fault:
        frame.deployment.run.fault(frame.deployment.span(frame.at), str(fault))
        return frame.unknown(str(fault))


def guessed(node: Expression, frame: Frame) -> Value:
    """A value that may never be asked for: what is wrong with it is not said."""
    run = frame.deployment.run
    run.guesses += 1
    try:
        return value(node, frame)
    except Fault as fault:
        return frame.unknown(str(fault))
    finally:
        run.guesses -= 1


def apply(closure: Value, *arguments: Value) -> Value:
    """The value of a function that was handed over."""
    if not isinstance(closure, Closure):
        raise Fault("a lambda is expected")
    closure.frame.deployment.run.count(1)
    names = dict(zip(closure.names, arguments, strict=False))
    return value(closure.body, closure.frame.binding(names))


def _broken(node: Broken, _: Frame) -> Value:
    raise Fault(f"an expression that cannot be read: {node.message}")


def _name(node: Name, frame: Frame) -> Value:
    if node.name in frame.names:
        return frame.names[node.name]
    return frame.deployment.named(node.name)


def _access(node: Access, frame: Frame) -> Value:
    run = frame.deployment.run
    before = len(run.touched)
    target = value(node.target, frame)
    key = value(node.key, frame)
    found = member(target, key, safe=node.safe)
    if isinstance(target, (dict, list)):
        run.narrow(before, found)
    return found


def member(target: Value, key: Value, *, safe: bool = False) -> Value:
    """A property or an item of a value."""
    match target:
        case Handle():
            return target.instance.read(str(key))
        case Outputs():
            return target.instance.output(str(key), wrapped=target.wrapped)
        case Unknown():
            return _below(target, key)
        case dict() | list() if isinstance(key, Unknown):
            items = list(target.values()) if isinstance(target, dict) else target
            return _one_of(items, key)
        case dict():
            name = key_in(target, str(key))
            if name is None and not safe:
                raise Fault(f"there is no {key} in the object")
            return None if name is None else target[name]
        case list() if isinstance(key, int) and not isinstance(key, bool):
            if not 0 <= key < len(target):
                if safe:
                    return None
                raise Fault(f"there is no item {key} among {len(target)}")
            return target[key]
        case None if safe:
            return None
    raise Fault(f"{brief(key)} cannot be read of {_kind(target)}")


def _kind(found: Value) -> str:
    kinds = {type(None): "null", str: "a text", list: "an array", bool: "a truth"}
    return kinds.get(type(found), "a number" if isinstance(found, int) else "this value")


def _one_of(items: list[Value], key: Unknown) -> Value:
    """An item, when nothing tells which."""
    known = [each for each in items if not isinstance(each, (Handle, Outputs))]
    if items and len(known) == len(items) and all(equal(each, items[0]) is True for each in items):
        return items[0]
    refs = [Ref(each.instance.id) for each in items if isinstance(each, Handle)]
    found = unknown_from([key, *known])
    return Unknown(key.reason, key.origin, None, tuple(dict.fromkeys((*found.refs, *refs))), choice=True)


def _below(target: Unknown, key: Value) -> Unknown:
    """A part of what is not known; of a resource's attribute, a longer path."""
    if target.ref is None or target.ref.is_variable or isinstance(key, Unknown):
        return target.derived()
    step = f"[{key}]" if isinstance(key, int) else f".{key}" if target.ref.path else str(key)
    ref = Ref(target.ref.address, f"{target.ref.path}{step}")
    return Unknown(f"{ref} is known once it is deployed", target.origin, ref, (ref,))


def _nested(node: Nested, frame: Frame) -> Value:
    target = value(node.target, frame)
    if isinstance(target, Handle):
        return target.instance.child(node.name)
    if isinstance(target, Unknown):
        return target.derived()
    raise Fault(f"{node.name} is no resource inside of another")


def _call(node: Call, frame: Frame) -> Value:
    name = node.function.lower()
    if node.target is not None:
        return _method(node, frame)
    special = frame.deployment.run.calls.get(name)
    if special is not None:
        return _guarded(special, node, frame)
    own = frame.deployment.function(name)
    if own is not None:
        return _own(node, frame)
    before = len(frame.deployment.run.touched)
    arguments = [value(each, frame) for each in node.arguments]
    if name in functions.FUNCTIONS:
        found = functions.call(name, [plain(each) for each in arguments])
        if any(isinstance(each, (dict, list)) for each in arguments):
            frame.deployment.run.narrow(before, found)
        return found
    if name.startswith("list"):
        return _listed(node.function, arguments, frame)
    raise Fault(f"there is no function {node.function}")


def _guarded(special: Special, node: Call, frame: Frame) -> Value:
    """The value of a function that sees where it stands, whatever it is handed."""
    try:
        return special(node, frame)
    except RecursionError:
        raise Fault("expressions lead too far") from None
    except (ArithmeticError, AttributeError, KeyError, IndexError, TypeError, ValueError):
        raise Fault(f"{node.function}: its arguments are not of the kinds that it takes") from None


def plain(found: Value) -> Value:
    """A value for functions, which cannot look into resources."""
    match found:
        case Handle():
            ref = Ref(found.instance.id)
            return Unknown(f"{ref} is known once it is deployed", found.instance.span, ref, (ref,))
        case Outputs():
            return plain(Handle(found.instance))
        case list() if any(isinstance(each, (Handle, Outputs)) for each in found):
            return [plain(each) for each in found]
        case _:
            return found


def _listed(function: str, arguments: list[Value], frame: Frame) -> Unknown:
    refs = [Ref(each.instance.id, function) for each in arguments if isinstance(each, Handle)]
    found = unknown_from([plain(each) for each in arguments])
    refs += [Ref(ref.address, function) for ref in found.refs if not ref.is_variable]
    reason = f"{function}() is answered by Azure once it is deployed"
    return Unknown(reason, frame.deployment.span(frame.at), None, tuple(dict.fromkeys(refs)))


def _method(node: Call, frame: Frame) -> Value:
    """A function of a resource (``account.listKeys()``), or of what is imported under a name."""
    if isinstance(node.target, Name):
        name = f"{node.target.name}.{node.function}".lower()
        if frame.deployment.function(name) is not None:
            return _own(Call(name, node.arguments), frame)
    target = value(node.target, frame) if node.target is not None else None
    if isinstance(target, (Handle, Unknown)):
        return _listed(node.function, [target], frame)
    raise Fault(f"there is no function {node.function} of this value")


def _own(node: Call, frame: Frame) -> Value:
    """A function that the template defines: it sees its arguments alone."""
    found = frame.deployment.function(node.function.lower())
    if found is None or len(found[0].names) != len(node.arguments):
        raise Fault(f"{node.function} does not take {len(node.arguments)} arguments")
    function, deployment = found
    given = dict(zip(function.names, (value(each, frame) for each in node.arguments), strict=True))
    names = {**given, **{f"$parameter:{name.lower()}": each for name, each in given.items()}}
    return value(function.body, Frame(deployment, names, frame.at))


# -- collections ---------------------------------------------------------------------------------


def _fields(node: Fields, frame: Frame) -> Value:
    found: dict[str, Value] = {}
    for entry in node.entries:
        if entry.key is None:
            spread = value(entry.value, frame)
            if isinstance(spread, Unknown):
                return spread.derived()
            found |= spread or {}
            continue
        key = value(entry.key, frame)
        if isinstance(key, Unknown):
            key = shown(key)
        found[str(key)] = value(entry.value, frame)
    return found


def _items(node: Items, frame: Frame) -> Value:
    found: list[Value] = []
    for number, each in enumerate(node.values):
        made = value(each, frame)
        if number not in node.spread:
            found.append(made)
        elif isinstance(made, Unknown):
            return made.derived()
        else:
            found.extend(made or [])
    return found


def rounds(loop: Loop, frame: Frame) -> list[Frame] | Unknown:
    """The frames of a loop's iterations, without those that its condition leaves out."""
    source = value(loop.source, frame)
    if isinstance(source, Unknown):
        return source
    if isinstance(source, dict):
        raise Fault("a loop goes over an array")
    if len(source or []) > MAX_COPIES:
        raise Fault(f"a loop of more than {MAX_COPIES} iterations")
    frame.deployment.run.count(len(source or []))
    found: list[Frame] = []
    for number, item in enumerate(source or []):
        inside = bound(loop, frame, item, number)
        kept = True if loop.condition is None else value(loop.condition, inside)
        if isinstance(kept, Unknown):
            return kept
        if kept:
            found.append(inside)
    return found


def bound(loop: Loop, frame: Frame, item: Value, number: Value) -> Frame:
    """The frame of one iteration. Where no loop is named, that of the resource is meant, not one of its properties.

    See https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-numeric#copyindex.
    """
    if loop.copy is not None:
        return frame.binding({COPY: frame.names.get(COPY, number), COPY + loop.copy: number})
    return frame.binding({loop.item: item, loop.index: number} if loop.index else {loop.item: item})


def _loop(node: Loop, frame: Frame) -> Value:
    frames = rounds(node, frame)
    if isinstance(frames, Unknown):
        return frames.derived()
    return [value(node.body, each) for each in frames]


def _lambda(node: Lambda, frame: Frame) -> Value:
    return Closure(node.names, node.body, frame)


Special = Callable[[Call, Frame], Value]
"""A function that sees where it stands."""

_EVALUATED: Final[dict[type[Expression], Callable[..., Value]]] = {
    Broken: _broken,
    Name: _name,
    Access: _access,
    Nested: _nested,
    Call: _call,
    Fields: _fields,
    Items: _items,
    Loop: _loop,
    Lambda: _lambda,
}
