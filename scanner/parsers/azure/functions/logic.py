"""Truth and comparison.

https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-logical
https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-comparison
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from scanner.model.value import Truth, Unknown, Value, both, either, equal, less, negate
from scanner.parsers.azure.functions.signature import ANY, Pure
from scanner.parsers.azure.reports import Fault


def _truth(value: Value) -> Truth:
    if isinstance(value, (bool, Unknown)):
        return value
    raise Fault("a truth is expected")


def _and(*values: Value) -> Truth:
    return both([_truth(value) for value in values])


def _or(*values: Value) -> Truth:
    return either([_truth(value) for value in values])


def _not(value: Value) -> Truth:
    return negate(_truth(value))


def _less_or_equal(left: Value, right: Value) -> Truth:
    return either([less(left, right), equal(left, right)])


def _same(left: Value, right: Value) -> Truth:
    """Whether two texts are the same in whatever case."""
    return equal(*(each.lower() if isinstance(each, str) else each for each in (left, right)))


def _bool(value: Value) -> bool:
    match value:
        case bool():
            return value
        case int() | Decimal():
            return value != 0
        case str() if value.lower() in ("true", "1"):
            return True
        case str() if value.lower() in ("false", "0"):
            return False
    raise Fault("a truth, its name or a number is expected")


def coalesce(*values: Value) -> Value:
    """The first value that is not null; undecided where one before it is not known."""
    for value in values:
        if value is not None:
            return value
    return None


FUNCTIONS: Final[Mapping[str, Pure]] = {
    "and": Pure(_and, (1, ANY), "none"),
    "or": Pure(_or, (1, ANY), "none"),
    "not": Pure(_not, (1, 1), "none"),
    "true": Pure(lambda: True, (0, 0)),
    "false": Pure(lambda: False, (0, 0)),
    "null": Pure(lambda: None, (0, 0)),
    "bool": Pure(_bool, (1, 1)),
    "coalesce": Pure(coalesce, (1, ANY), "none"),
    "equals": Pure(equal, (2, 2), "none"),
    "less": Pure(less, (2, 2), "none"),
    "greater": Pure(lambda left, right: less(right, left), (2, 2), "none"),
    "lessorequals": Pure(_less_or_equal, (2, 2), "none"),
    "greaterorequals": Pure(lambda left, right: _less_or_equal(right, left), (2, 2), "none"),
    "$differs": Pure(lambda left, right: negate(equal(left, right)), (2, 2), "none"),
    "$same": Pure(_same, (2, 2), "none"),
    "$other": Pure(lambda left, right: negate(_same(left, right)), (2, 2), "none"),
}
