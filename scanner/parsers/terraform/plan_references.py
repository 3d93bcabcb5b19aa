"""What the expressions of a plan's configuration refer to, as addresses of instances.

A plan keeps of an expression only the names in it (https://developer.hashicorp.com/terraform/internals/json-format#expression-representation).
Inputs and outputs of modules are followed to the resources behind them. Local values are not in a plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct

from scanner.model.value import Ref, Value

MAX_TARGETS: Final = 1_000
"""So many targets of one expression are followed."""
MAX_HOPS: Final = 64
"""Inputs and outputs on the way from an expression to a resource."""

_STEP: Final = re.compile(r'\[(?P<number>\d+|\*)\]|\["(?P<key>(?:[^"\\]|\\.)*)"\]|\.?(?P<name>[^.\[\]]+)')
_ELSEWHERE: Final = frozenset({"local", "path", "terraform", "self", "each", "count", "tofu"})

Config = Mapping[str, Value]
Key = str | int | None


class Name(Struct, frozen=True):
    """One step of a reference: a name, or a key in brackets as it is written."""

    text: str
    bracketed: bool


def steps_of(reference: str) -> tuple[Name, ...]:
    """``module.a["k"].b[0].id`` as its steps."""
    found: list[Name] = []
    for match in _STEP.finditer(reference):
        if match["name"] is not None:
            found.append(Name(match["name"], False))
        else:
            found.append(Name(match[0], True))
    return tuple(found)


def most_specific(references: Iterable[Value]) -> list[str]:
    """The references of an expression without those that only begin another one, which a plan lists as well."""
    kept: list[str] = []
    for each in references:
        if isinstance(each, str) and not any(k == each or k.startswith((f"{each}.", f"{each}[")) for k in kept):
            kept.append(each)
    return kept


class Module(Struct, frozen=True, eq=False):
    """One instance of a module: its part of the configuration, its address, and where it is called."""

    config: Config
    address: str = ""
    key: Key = None
    call: Config | None = None
    parent: Module | None = None

    @property
    def prefix(self) -> str:
        """What addresses inside begin with."""
        return f"{self.address}." if self.address else ""


class Asked(Struct, frozen=True):
    """Who asks: the module instance, the key of the instance in it, and what ``for_each`` of it refers to."""

    module: Module
    key: Key = None
    repeated: tuple[str, ...] = ()


@dataclass(slots=True)
class References:
    """Follows references. ``instances`` are the addresses of all resources that the plan knows, with their keys."""

    root: Module
    instances: Mapping[str, Key]
    _by_base: dict[str, list[str]] = field(default_factory=dict)
    _modules: dict[str, list[tuple[str, Key]]] = field(default_factory=dict)
    _children: dict[tuple[str, str], list[Module]] = field(default_factory=dict)
    _found: dict[tuple[str, str, Key], tuple[Ref, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for address in self.instances:
            self._by_base.setdefault(unkeyed(address), []).append(address)
            for module, base, key in _modules_of(address):
                known = self._modules.setdefault(base, [])
                if (module, key) not in known[-1:]:
                    known.append((module, key))
        for base, found in self._modules.items():
            self._modules[base] = list(dict.fromkeys(found))

    def targets(self, references: Iterable[Value], asked: Asked, hops: int = 0) -> tuple[Ref, ...]:
        """The objects that an expression's references lead to, each once, in their order."""
        wanted = most_specific(references)
        alike = any(each.startswith(("each.", "count.")) for each in wanted)
        found: dict[Ref, None] = {}
        for reference in wanted:
            if len(found) < MAX_TARGETS:
                found.update(dict.fromkeys(self._followed(reference, asked, alike, hops)))
        return tuple(found)[:MAX_TARGETS]

    def _followed(self, reference: str, asked: Asked, alike: bool, hops: int) -> tuple[Ref, ...]:
        if reference.startswith("each.value") and asked.repeated:
            return self.targets(asked.repeated, Asked(asked.module), hops + 1) if hops < MAX_HOPS else ()
        known = (reference, asked.module.address, asked.key if alike else None)
        if known not in self._found:
            self._found[known] = ()  # of a circle, what is not in it
            steps = steps_of(reference)
            self._found[known] = self._led(steps, asked, alike, hops) if hops < MAX_HOPS and len(steps) > 1 else ()
        return self._found[known]

    def _led(self, steps: tuple[Name, ...], asked: Asked, alike: bool, hops: int) -> tuple[Ref, ...]:
        head = steps[0].text
        if head in _ELSEWHERE:
            return ()
        if head == "var":
            return self._input(steps[1].text, asked.module, hops)
        if head == "module":
            return self._output(steps, asked, alike, hops)
        length = 3 if head in ("data", "ephemeral") else 2
        if len(steps) < length:
            return ()
        base = asked.module.prefix + ".".join(step.text for step in steps[:length])
        return self._resources(base, steps[length:], asked.key if alike else None)

    def _resources(self, base: str, rest: Sequence[Name], key: Key) -> tuple[Ref, ...]:
        """The instance that is named, else the one with the asker's own key, else all of them."""
        named = rest[0].text if rest and rest[0].bracketed else ""
        path = ".".join(step.text for step in rest if not step.bracketed)
        known = [a for a in self._by_base.get(unkeyed(base), ()) if a == base or a.startswith(f"{base}[")]
        if named:
            return (Ref(base + named, path),)
        same = [address for address in known if key is not None and self.instances[address] == key]
        return tuple(Ref(address, path) for address in same or known or [base])

    def _input(self, name: str, module: Module, hops: int) -> tuple[Ref, ...]:
        """What the call of a module gives for one of its variables."""
        if module.parent is None or module.call is None:
            return ()
        expression = mapping(mapping(module.call, "expressions"), name)
        asked = Asked(module.parent, module.key, tuple(repeated_by(module.call)))
        return self.targets(listed(expression, "references"), asked, hops + 1)

    def _output(self, steps: tuple[Name, ...], asked: Asked, alike: bool, hops: int) -> tuple[Ref, ...]:
        named = steps[2].text if len(steps) > 2 and steps[2].bracketed else ""
        names = [step.text for step in steps[2:] if not step.bracketed]
        children = self.children(asked.module, steps[1].text)
        if named:
            children = [child for child in children if child.address.endswith(named)]
        elif alike:
            children = [child for child in children if child.key == asked.key] or children
        found: dict[Ref, None] = {}
        for child in children:
            outputs = mapping(child.config, "outputs")
            # Of ``module.a[*].id`` a plan names the module alone: its output is known where it has but one.
            output = names[0] if names else next(iter(outputs)) if len(outputs) == 1 else ""
            expression = mapping(mapping(outputs, output), "expression")
            found.update(dict.fromkeys(self.targets(listed(expression, "references"), Asked(child), hops + 1)))
        return tuple(found)[:MAX_TARGETS]

    # -- modules -----------------------------------------------------------------------------------

    def children(self, module: Module, name: str) -> list[Module]:
        """The instances of a module that another one calls, those with resources in them; else one without a key."""
        known = (module.address, name)
        if known not in self._children:
            call = mapping(mapping(module.config, "module_calls"), name)
            base, config = f"{module.prefix}module.{name}", mapping(call, "module")
            instances = [
                (address, key)
                for address, key in self._modules.get(unkeyed(base), ())
                if address == base or address.startswith(f"{base}[")
            ]
            self._children[known] = [
                Module(config, address, key, call, module) for address, key in instances or [(base, None)]
            ]
        return self._children[known]

    def module(self, address: str) -> Module | None:
        """The module instance at an address."""
        found = self.root
        for whole, base, _ in _modules_of(f"{address}.") if address else ():
            name = base.rpartition("module.")[2]
            child = next((c for c in self.children(found, name) if c.address == whole), None)
            if child is None:
                return None
            found = child
        return found


def unkeyed(address: str) -> str:
    """An address without the keys of instances."""
    if "[" not in address:
        return address
    return ".".join(step.text for step in steps_of(address) if not step.bracketed)


def _modules_of(address: str) -> Iterator[tuple[str, str, Key]]:
    """The modules that an address lies in, outermost first: with keys, without, and the key of each."""
    steps = steps_of(address)
    whole, base, at = "", "", 0
    while at + 1 < len(steps) and steps[at] == Name("module", False):
        key: Key = None
        whole += f"{'.' if whole else ''}module.{steps[at + 1].text}"
        base += f"{'.' if base else ''}module.{steps[at + 1].text}"
        at += 2
        if at < len(steps) and steps[at].bracketed:
            whole += steps[at].text
            key = key_in(steps[at].text)
            at += 1
        yield whole, base, key


def key_in(brackets: str) -> Key:
    """``[0]`` → 0, ``["a"]`` → a."""
    inner = brackets[1:-1]
    return int(inner) if inner.isdigit() else re.sub(r"\\(.)", r"\1", inner[1:-1])


def repeated_by(config: Config) -> list[str]:
    """What ``for_each`` of a resource or a call refers to."""
    return most_specific(listed(mapping(config, "for_each_expression"), "references"))


def mapping(data: Value, name: str) -> dict[str, Value]:
    """The object of a name; an empty one where there is none."""
    found = data.get(name) if isinstance(data, Mapping) else None
    return found if isinstance(found, dict) else {}


def listed(data: Value, name: str) -> list[Value]:
    """The array of a name; an empty one where there is none."""
    found = data.get(name) if isinstance(data, Mapping) else None
    return found if isinstance(found, list) else []
