"""Conditions over facts and properties: parsing, checking, three-valued evaluation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from scanner.facts import FACTS, Answer, Fact
from scanner.graph.graph import Graph
from scanner.model.finding import Related
from scanner.model.resource import Resource
from scanner.model.span import Span
from scanner.model.value import (
    ABSENT,
    Truth,
    Unknown,
    Value,
    both,
    contains,
    either,
    equal,
    is_known,
    less,
    negate,
    unknown_from,
)

Condition = Mapping[str, Any]
"""``{all: [...]}``, ``{any: [...]}``, ``{not: {...}}`` or ``{name: {operator: operand}}``: plain data as in the rule
file."""

Verdict = Truth | None
"""True, false, unknown; ``None`` when the question does not apply to the resource."""


@dataclass(slots=True)
class Inquiry:
    """One resource under one rule: computes each fact once and keeps what explains the answers."""

    resource: Resource
    graph: Graph
    values: dict[str, Value] = field(default_factory=dict)
    related: dict[Related, None] = field(default_factory=dict)
    mark: Span | None = None

    def value(self, name: str) -> Value:
        """The value of a fact or normalized property; ``ABSENT`` when the resource has none."""
        if name not in self.values:
            self.values[name] = self._compute(name)
        return self.values[name]

    def _fact(self, name: str) -> Fact | None:
        """The fact of that name, unless it is about other kinds: then the name is a property's."""
        fact = FACTS.get(name)
        return None if fact is None or (fact.kinds and self.resource.kind not in fact.kinds) else fact

    def _compute(self, name: str) -> Value:
        fact = self._fact(name)
        if fact is None:
            return self.resource.get(name)
        answer = fact.compute(self.resource, self.graph)
        if isinstance(answer, Answer):
            self.related.update(dict.fromkeys(answer.related))
            self.mark = self.mark or answer.mark
            return answer.value
        return answer

    def can_tell(self, name: str) -> bool:
        """Whether the question applies: a fact that answers, or a property that the type can express."""
        if self._fact(name) is not None:
            return self.value(name) is not ABSENT
        return name in self.resource.properties or name in self.resource.deciders


def judge(condition: Condition, inquiry: Inquiry) -> Verdict:
    """Evaluate by Kleene's logic. Parts that do not apply are left out of ``any`` and decide ``all`` and ``not``."""
    if "all" in condition:
        verdicts = [judge(part, inquiry) for part in condition["all"]]
        return None if None in verdicts else both(v for v in verdicts if v is not None)
    if "any" in condition:
        applying = [v for part in condition["any"] if (v := judge(part, inquiry)) is not None]
        return either(applying) if applying else None
    if "not" in condition:
        inner = judge(condition["not"], inquiry)
        return None if inner is None else negate(inner)
    (name, tests), *_ = condition.items()
    return _leaf(name, tests, inquiry)


def _leaf(name: str, tests: Mapping[str, Any], inquiry: Inquiry) -> Verdict:
    value = inquiry.value(name)
    if "exists" in tests:
        return _exists(value, tests["exists"])
    if not inquiry.can_tell(name) or (value is ABSENT and not tests.keys() & _OF_ABSENT):
        return None
    return both(OPERATORS[operator](value, operand) for operator, operand in tests.items())


_OF_ABSENT: Final = frozenset({"is_not", "not_in", "empty", "known"})
"""Operators that have an answer for what is not written and has no default. To the others it does not apply."""


def _exists(value: Value, wanted: bool) -> Truth:
    if isinstance(value, Unknown):
        named = value.ref is not None and not value.ref.is_variable
        return wanted if named or any(isinstance(part, str) for part in value.parts) else unknown_from([value])
    return (value is not ABSENT and value not in (None, "", [], {})) is wanted


def _at_least(value: Value, limit: Value) -> Truth:
    return negate(less(value, limit)) if _ordered(value, limit) else False


def _at_most(value: Value, limit: Value) -> Truth:
    return negate(less(limit, value)) if _ordered(value, limit) else False


def _ordered(value: Value, limit: Value) -> bool:
    """Whether one of two known values can be the smaller one; an unknown may be any."""
    if isinstance(value, Unknown):
        return True
    numbers = all(isinstance(v, (int, float, Decimal)) and not isinstance(v, bool) for v in (value, limit))
    return numbers or (isinstance(value, str) and isinstance(limit, str))


def _in(value: Value, options: Any) -> Truth:
    return either(_is(value, option) for option in options)


def _is(value: Value, wanted: Value) -> Truth:
    if isinstance(value, str) and isinstance(wanted, str):
        return value.lower() == wanted.lower()
    return equal(value, wanted)


def _empty(value: Value, wanted: bool) -> Truth:
    if isinstance(value, Unknown):
        return unknown_from([value])
    return (value in ([], {}, "", None) or value is ABSENT) is wanted


def _matches(value: Value, pattern: str) -> Truth:
    if isinstance(value, list):
        return either(_matches(item, pattern) for item in value)
    if isinstance(value, Unknown):
        return unknown_from([value])
    return isinstance(value, str) and re.search(pattern, value) is not None


def _contains(value: Value, item: Value) -> Truth:
    return contains(value, item)


def _known(value: Value, wanted: bool) -> Truth:
    return is_known(value) is wanted


OPERATORS: Final[Mapping[str, Callable[[Value, Any], Truth]]] = {
    "is": _is,
    "is_not": lambda value, wanted: negate(_is(value, wanted)),
    "in": _in,
    "not_in": lambda value, options: negate(_in(value, options)),
    "below": less,
    "above": lambda value, limit: less(limit, value),
    "at_least": _at_least,
    "at_most": _at_most,
    "contains": _contains,
    "empty": _empty,
    "matches": _matches,
    "known": _known,
    "exists": _exists,
}
"""Operator names and their meaning. ``exists`` and ``known`` also judge what is absent or unknown."""


def faults(condition: Any, names: frozenset[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with a condition: the offending key and a sentence."""
    if not isinstance(condition, Mapping) or not condition:
        yield "", "a condition is a mapping: all, any, not, or a fact's name"
        return
    if len(condition) > 1:
        yield next(iter(condition)), "a condition has one key; use all: [...] for several"
        return
    (key, body), *_ = condition.items()
    if key in ("all", "any"):
        for part in body if isinstance(body, list) else ():
            yield from faults(part, names)
        if not isinstance(body, list) or not body:
            yield key, f"{key} takes a list of conditions"
    elif key == "not":
        yield from faults(body, names)
    elif key not in names:
        yield key, f"{key} is neither a fact nor a property of the kinds it applies to{_nearest(key, names)}"
    elif not isinstance(body, Mapping) or not body:
        yield key, f"{key} takes a mapping of operators: {', '.join(OPERATORS)}"
    else:
        for operator in (operator for operator in body if operator not in OPERATORS):
            yield key, f"{operator} is no operator{_nearest(operator, OPERATORS)}"
        for operator, operand in body.items():
            fault = _operand_fault(operator, operand)
            if fault:
                yield key, fault


def _operand_fault(operator: str, operand: Any) -> str:
    """What is wrong with what an operator compares with; empty when nothing is."""
    if operator in ("in", "not_in") and not isinstance(operand, list):
        return f"{operator} takes a list"
    if operator in ("empty", "known", "exists") and not isinstance(operand, bool):
        return f"{operator} takes true or false"
    if operator in ("below", "above", "at_least", "at_most") and (
        isinstance(operand, bool) or not isinstance(operand, (int, float, str))
    ):
        return f"{operator} takes a number"
    if operator == "matches":
        try:
            re.compile(operand)
        except (re.error, TypeError) as error:
            return f"matches takes a regular expression: {error}"
    return ""


def _nearest(word: str, options: Any) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, list(options), 1)
    return f"; did you mean {close[0]}?" if close else ""


def mentioned(condition: Condition) -> Iterator[str]:
    """The facts and properties that a condition asks for."""
    for key, body in condition.items():
        if key in ("all", "any"):
            for part in body:
                yield from mentioned(part)
        elif key == "not":
            yield from mentioned(body)
        else:
            yield key
