"""Numbers.

https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-numeric
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from scanner.model.value import Value
from scanner.parsers.azure.functions.signature import ANY, Pure
from scanner.parsers.azure.reports import Fault

_WHOLE: Final = re.compile(r"\s*[-+]?[0-9]{1,30}\s*")
_NUMBER: Final = re.compile(r"[-+]?[0-9]{1,30}(\.[0-9]{1,30})?")
_LARGEST: Final = 2**63 - 1


def _whole(value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)) or value != int(value):
        raise Fault("a whole number is expected")
    return int(value)


def _checked(value: int) -> int:
    if abs(value) > _LARGEST:
        raise Fault("the result is too large")
    return value


def _add(left: Value, right: Value) -> int:
    return _checked(_whole(left) + _whole(right))


def _sub(left: Value, right: Value) -> int:
    return _checked(_whole(left) - _whole(right))


def _mul(left: Value, right: Value) -> int:
    return _checked(_whole(left) * _whole(right))


def _div(left: Value, right: Value) -> int:
    """The quotient without its fraction, which is cut towards zero."""
    above, below = _whole(left), _whole(right)
    if below == 0:
        raise Fault("division by zero")
    found = abs(above) // abs(below)
    return found if (above < 0) == (below < 0) else -found


def _mod(left: Value, right: Value) -> int:
    return _whole(left) - _whole(right) * _div(left, right)


def _int(value: Value) -> int:
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    return _whole(value) if not isinstance(value, Decimal) else int(value)


def _float(value: Value) -> Value:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    return _whole(value) if isinstance(value, int) else Decimal(value)


def _numbers(values: tuple[Value, ...]) -> list[int]:
    given = values[0] if len(values) == 1 and isinstance(values[0], list) else values
    return [_whole(each) for each in given]


FUNCTIONS: Final[Mapping[str, Pure]] = {
    "add": Pure(_add, (2, 2)),
    "sub": Pure(_sub, (2, 2)),
    "mul": Pure(_mul, (2, 2)),
    "div": Pure(_div, (2, 2)),
    "mod": Pure(_mod, (2, 2)),
    "$negative": Pure(lambda value: -_whole(value), (1, 1)),
    "int": Pure(_int, (1, 1)),
    "float": Pure(_float, (1, 1)),
    "min": Pure(lambda *values: min(_numbers(values)), (1, ANY)),
    "max": Pure(lambda *values: max(_numbers(values)), (1, ANY)),
}
