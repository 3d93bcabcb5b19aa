"""Functions over numbers. https://developer.hashicorp.com/terraform/language/functions, "Numeric Functions"."""

from __future__ import annotations

import math
from typing import Final

from scanner.model.value import Unknown, Value
from scanner.parsers.terraform import arithmetic
from scanner.parsers.terraform.arithmetic import Number
from scanner.parsers.terraform.functions.calling import FunctionError, integer

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Go's digits of number bases; up to base 36 the case of letters does not matter."""
_INFINITE: Final = "a number is infinite"
_LARGEST_POWER: Final = 2**63
_OVERFLOWING: Final = 1 << 12
_LN2_HIGH: Final = 6.93147180369123816490e-01
_LN2_LOW: Final = 1.90821492927058770002e-10
_LOG: Final = (
    6.666666666666735130e-01,
    3.999999999940941908e-01,
    2.857142874366239149e-01,
    2.222219843214978396e-01,
    1.818357216161805012e-01,
    1.531383769920937332e-01,
    1.479819860511658591e-01,
)


def absolute(number: Number) -> Number:
    """The magnitude."""
    return arithmetic.negate(number) if number < 0 else number


def ceiling(number: Number) -> Number:
    """The smallest whole number that is not smaller."""
    return math.ceil(number)


def floor(number: Number) -> Number:
    """The largest whole number that is not larger."""
    return math.floor(number)


def logarithm(number: Number, base: Number) -> Value:
    """The logarithm in 64-bit floats, as Go computes it on amd64."""
    if number < 0 or base < 0:
        raise FunctionError("the logarithm of a negative number is not a number")
    if not number or not base or base == 1:
        return _logarithm_at_limits(number, base)
    dividend, divisor = _float(number), _float(base)
    if dividend is None or divisor is None:
        return Unknown(_INFINITE)
    return arithmetic.from_float(_natural_logarithm(dividend) / _natural_logarithm(divisor))


def _float(number: Number) -> float | None:
    """The 64-bit float, None when there is none so large, or only zero is so small."""
    try:
        converted = float(number)
    except OverflowError:
        return None
    return converted if math.isfinite(converted) and bool(converted) == bool(number) else None


def _logarithm_at_limits(number: Number, base: Number) -> Value:
    """Where one of the logarithms is zero or minus infinity."""
    if (not number and not base) or (number == 1 and base == 1):
        raise FunctionError("the result is not a number")
    return Unknown(_INFINITE) if base else 0


def _natural_logarithm(number: float) -> float:
    """FreeBSD's ``e_log.c``, which Go uses: other libraries differ in the last digit."""
    fraction, exponent = math.frexp(number)
    if fraction < math.sqrt(2) / 2:
        fraction, exponent = fraction * 2, exponent - 1
    f = fraction - 1
    s = f / (2 + f)
    s2 = s * s
    s4 = s2 * s2
    odd = s2 * (_LOG[0] + s4 * (_LOG[2] + s4 * (_LOG[4] + s4 * _LOG[6])))
    even = s4 * (_LOG[1] + s4 * (_LOG[3] + s4 * _LOG[5]))
    half = 0.5 * f * f
    return exponent * _LN2_HIGH - ((half - (s * (half + odd + even) + exponent * _LN2_LOW)) - f)


def power(number: Number, exponent: Number) -> Value:
    """``number`` to the power of ``exponent`` in 64-bit floats, by squaring as Go does it."""
    x, y = _float(number), _float(exponent)
    if x is None or y is None:
        return Unknown(_INFINITE)
    whole = abs(y)
    if y in (0, 1) or x == 1:
        return arithmetic.from_float(x if y == 1 else 1.0)
    if not x:
        return Unknown(_INFINITE) if y < 0 else 0
    if whole == 0.5 and x > 0:
        return arithmetic.from_float(math.sqrt(x) if y > 0 else 1 / math.sqrt(x))
    if not whole.is_integer():
        if x < 0:
            raise FunctionError("the result is not a number")
        return Unknown("the last digits of a fractional power depend on the machine")
    if whole >= _LARGEST_POWER:
        return Unknown(_INFINITE)
    result, shift = _squared(x, int(whole))
    if y < 0:
        result, shift = 1 / result, -shift
    try:
        return arithmetic.from_float(math.ldexp(result, shift))
    except OverflowError:
        return Unknown(_INFINITE)


def _squared(number: float, exponent: int) -> tuple[float, int]:
    """A power as a fraction and a power of two."""
    result, shift = 1.0, 0
    fraction, scale = math.frexp(number)
    while exponent:
        if abs(scale) > _OVERFLOWING:
            return result, shift + scale
        if exponent & 1:
            result, shift = result * fraction, shift + scale
        fraction, scale = fraction * fraction, scale * 2
        if fraction < 0.5:
            fraction, scale = fraction * 2, scale - 1
        exponent >>= 1
    return result, shift


def sign(number: Number) -> Number:
    """-1, 0 or 1 for a whole number."""
    whole = integer(number)
    return (whole > 0) - (whole < 0)


def smallest(*numbers: Number) -> Number:
    """The smallest of the numbers."""
    if not numbers:
        raise FunctionError("it takes at least 1 argument")
    return min(numbers)


def largest(*numbers: Number) -> Number:
    """The largest of the numbers."""
    if not numbers:
        raise FunctionError("it takes at least 1 argument")
    return max(numbers)


def parse_int(text: Value, base: Number) -> Value:
    """The whole number that a text is in a base of 2 to 62."""
    if not isinstance(text, str):
        raise FunctionError("the first argument must be a text")
    radix = integer(base)
    if not 2 <= radix <= 62:
        raise FunctionError("the base must be between 2 and 62")
    digits = text[1:] if text[:1] in ("+", "-") else text
    if radix <= 36:
        digits = digits.lower()
    allowed = _DIGITS[:radix]
    if not digits or any(digit not in allowed for digit in digits):
        raise FunctionError(f"cannot parse {text!r} as a whole number of base {radix}")
    if len(digits) > arithmetic.LARGEST_EXPONENT:
        return Unknown(arithmetic.TOO_LARGE)
    number = 0
    for digit in digits:
        number = number * radix + allowed.index(digit)
    return arithmetic.canonical(-number if text[0] == "-" else number)
