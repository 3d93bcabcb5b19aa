"""The functions of templates that need nothing but their arguments.

https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from scanner.model.value import Unknown, Value, is_known, unknown_from
from scanner.parsers.azure.functions import collections, dates, encoding, logic, network, numbers, text
from scanner.parsers.azure.functions.signature import Pure
from scanner.parsers.azure.reports import Fault

FUNCTIONS: Final[Mapping[str, Pure]] = {
    **collections.FUNCTIONS,
    **dates.FUNCTIONS,
    **encoding.FUNCTIONS,
    **logic.FUNCTIONS,
    **network.FUNCTIONS,
    **numbers.FUNCTIONS,
    **text.FUNCTIONS,
}
"""Functions by name in small letters."""


def call(name: str, arguments: list[Value]) -> Value:
    """The value of a function. Raises :class:`Fault` for arguments that Azure would refuse."""
    function = FUNCTIONS[name]
    least, most = function.arguments
    if not least <= len(arguments) <= most:
        raise Fault(f"{name} does not take {len(arguments)} arguments")
    if function.undecided(arguments):
        return unknown_from(arguments)
    try:
        return function.value(*arguments)
    except (ArithmeticError, AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise Fault(f"{name}: {_told(error)}") from None


def _told(error: Exception) -> str:
    match error:
        case Fault():
            return str(error)
        case ZeroDivisionError() | ArithmeticError():
            return "the numbers have no such result"
        case _:
            return "its arguments are not of the kinds that it takes"


__all__ = ["FUNCTIONS", "Callable", "Unknown", "call", "is_known"]
