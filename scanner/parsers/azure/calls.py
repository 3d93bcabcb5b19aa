"""Functions that see where they stand: the template's inputs, loops, and what is left unevaluated.

https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions
"""

from __future__ import annotations

from typing import Final

from scanner.model.value import Unknown, Value, equal, unknown_from
from scanner.parsers.azure import functions
from scanner.parsers.azure.evaluate import COPY, Closure, Frame, Special, guessed, plain, value
from scanner.parsers.azure.limits import MAX_COPIES, MAX_ITEMS
from scanner.parsers.azure.reports import Fault
from scanner.parsers.azure.texts import brief
from scanner.parsers.azure.tree import Call, Expression, Literal


def _argument(node: Call, frame: Frame, number: int) -> Value:
    if number >= len(node.arguments):
        raise Fault(f"{node.function} takes more than {len(node.arguments)} arguments")
    return value(node.arguments[number], frame)


def _if(node: Call, frame: Frame) -> Value:
    condition = _argument(node, frame, 0)
    if len(node.arguments) != 3:
        raise Fault("if takes a condition and two values")
    if isinstance(condition, bool):
        return value(node.arguments[1 if condition else 2], frame)
    if not isinstance(condition, Unknown):
        raise Fault("the condition of if is a truth")
    either = [guessed(each, frame) for each in node.arguments[1:]]
    return either_of(condition, *either)


def either_of(condition: Unknown, left: Value, right: Value) -> Value:
    """One of two values, when nothing tells which."""
    left, right = plain(left), plain(right)
    if equal(left, right) is True:
        return left
    found = unknown_from([condition, left, right])
    return Unknown(condition.reason, condition.origin, None, found.refs, choice=True)


def _coalesce(node: Call, frame: Frame) -> Value:
    found: list[Value] = []
    for each in node.arguments:
        made = value(each, frame)
        if made is not None and not isinstance(made, Unknown):
            return made if not found else unknown_from([*found, plain(made)])
        if isinstance(made, Unknown):
            if made.parts or (made.ref is not None and not made.ref.is_variable and made.ref.path == "id"):
                return made  # a text, whatever it says, is not null
            found.append(made)
    return found[0] if len(found) == 1 else unknown_from(found) if found else None


def _logical(node: Call, frame: Frame) -> Value:
    """``and`` and ``or`` look no further than they need to."""
    decisive = node.function.lower() == "or"
    found: list[Value] = []
    for each in node.arguments:
        made = guessed(each, frame) if any(isinstance(f, Unknown) for f in found) else value(each, frame)
        found.append(made)
        if made is decisive:
            return decisive
    return functions.call(node.function.lower(), [plain(each) for each in found])


def _parameters(node: Call, frame: Frame) -> Value:
    name = _argument(node, frame, 0)
    local = f"$parameter:{name}".lower()
    if local in frame.names:
        return frame.names[local]
    return name.derived() if isinstance(name, Unknown) else frame.deployment.parameter(str(name))


def _variables(node: Call, frame: Frame) -> Value:
    name = _argument(node, frame, 0)
    return name.derived() if isinstance(name, Unknown) else frame.deployment.variable(str(name).lower())


def _copy_index(node: Call, frame: Frame) -> Value:
    arguments = [value(each, frame) for each in node.arguments]
    loop = str(arguments.pop(0)).lower() if arguments and isinstance(arguments[0], str) else ""
    if COPY + loop not in frame.names:
        raise Fault(f"copyIndex stands in no loop{' ' + loop if loop else ''}")
    return functions.call("add", [frame.names[COPY + loop], arguments[0] if arguments else 0])


def _count(node: Call, frame: Frame) -> Value:
    count = plain(_argument(node, frame, 0))
    if isinstance(count, Unknown):
        return count
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise Fault("the count of a loop is a whole number")
    if count > MAX_COPIES:
        raise Fault(f"a loop of more than {MAX_COPIES} iterations")
    return list(range(count))


def _given(node: Call, frame: Frame) -> Value:
    """The value in ``{"value": …}``, where an expression makes that object."""
    found = value(node.arguments[0], frame)
    if isinstance(found, dict):
        return frame.unknown("the value is kept in a key vault") if "reference" in found else found.get("value")
    return found.derived() if isinstance(found, Unknown) else found


def _computed(node: Call, frame: Frame) -> Value:
    """What Azure works out: the same for the same arguments, and nothing that files could tell."""
    arguments = [plain(value(each, frame)) for each in node.arguments]
    told = ", ".join(map(brief, arguments))
    return frame.unknown(f"{node.function}({told}) is worked out by Azure", *arguments)


def _zones(node: Call, frame: Frame) -> Value:
    """``pickZones(provider, type, location, count, offset)``: how many is written, which is up to Azure."""
    arguments = [plain(value(each, frame)) for each in node.arguments]
    count = arguments[3] if len(arguments) > 3 else 1
    if isinstance(count, int) and 0 <= count <= MAX_ITEMS:
        reason = "which zone pickZones takes is worked out by Azure"
        return [frame.unknown(f"{reason} (number {n + 1})", *arguments[:3]) for n in range(count)]
    return frame.unknown("which zones pickZones takes is worked out by Azure", *arguments)


def _lambda_names(node: Call) -> tuple[tuple[str, ...], Expression]:
    names = [each.value for each in node.arguments[:-1] if isinstance(each, Literal)]
    return tuple(str(name) for name in names), node.arguments[-1]


def _arm_lambda(node: Call, frame: Frame) -> Value:
    if not node.arguments:
        raise Fault("a lambda has a body")
    return Closure(*_lambda_names(node), frame)


def _lambda_variable(node: Call, frame: Frame) -> Value:
    name = _argument(node, frame, 0)
    if name not in frame.names:
        raise Fault(f"there is no lambda variable {brief(name)}")
    return frame.names[name]


SPECIAL: Final[dict[str, Special]] = {
    "if": _if,
    "and": _logical,
    "or": _logical,
    "coalesce": _coalesce,
    "parameters": _parameters,
    "variables": _variables,
    "copyindex": _copy_index,
    "$count": _count,
    "$given": _given,
    "uniquestring": _computed,
    "guid": _computed,
    "newguid": _computed,
    "utcnow": _computed,
    "$vault": lambda _, frame: frame.unknown("the value is kept in a key vault"),
    "pickzones": _zones,
    "lambda": _arm_lambda,
    "lambdavariables": _lambda_variable,
}
"""Functions that see where they stand, by name in small letters."""
