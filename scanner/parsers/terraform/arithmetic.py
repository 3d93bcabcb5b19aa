"""Numbers as Terraform computes them: binary floating point with a mantissa of 512 bits.

Terraform's numbers are Go ``big.Float`` values (https://github.com/zclconf/go-cty/blob/main/docs/types.md), rounded
half to even after every operation and written as the shortest decimal that reads back as the same number. That decimal
is our representation: ``int`` when whole, else ``Decimal``. Two numbers are equal exactly when these decimals are.

Two things are not modelled: the sign of zero, and that a few of Terraform's own functions (``length``, ``index``)
return numbers of 64 bits, so that ``length(x) / 3`` shows 20 digits there and 154 here.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from typing import Final

from scanner.model.value import Unknown

Number = int | Decimal

MANTISSA_BITS: Final = 512
LARGEST_EXPONENT: Final = 5_000
"""Powers of ten from here on are not computed: a ten-character literal could ask for gigabytes of digits."""

TOO_LARGE: Final = "a number is too large or too small to compute with"
_EXACT_LIMIT: Final = 1 << MANTISSA_BITS
_MOST_DIGITS: Final = 157
"""Digits that always identify a number of 512 bits."""
_LARGEST_BITS: Final = LARGEST_EXPONENT * 4


def add(left: Number, right: Number) -> Number | Unknown:
    """``left + right``."""
    if isinstance(left, int) and isinstance(right, int):
        return _whole(left + right)
    return _exactly(lambda a, b: a + b, left, right)


def subtract(left: Number, right: Number) -> Number | Unknown:
    """``left - right``."""
    if isinstance(left, int) and isinstance(right, int):
        return _whole(left - right)
    return _exactly(lambda a, b: a - b, left, right)


def multiply(left: Number, right: Number) -> Number | Unknown:
    """``left * right``."""
    if isinstance(left, int) and isinstance(right, int):
        return _whole(left * right)
    return _exactly(lambda a, b: a * b, left, right)


def divide(left: Number, right: Number) -> Number | Unknown:
    """``left / right``; a division by zero is for the caller to refuse."""
    if isinstance(left, int) and isinstance(right, int) and left % right == 0:
        return _whole(left // right)
    return _exactly(lambda a, b: a / b, left, right)


def modulo(left: Number, right: Number) -> Number | Unknown:
    """``left % right`` with the sign of ``left``; ``left`` itself when ``right`` is zero."""
    if not right:
        return left
    return _exactly(lambda a, b: a - _binary(b * int(_binary(a / b))), left, right)


def negate(number: Number) -> Number:
    """``-number``."""
    return -number if isinstance(number, int) else number.copy_negate()


def from_float(number: float) -> Number | Unknown:
    """The number that a 64-bit float is, written as its shortest decimal; infinite ones are unknown."""
    if not isfinite(number):
        return Unknown("a number is infinite")
    return simplest(Decimal(repr(number)))


def simplest(number: Decimal) -> Number:
    """``int`` when whole, else the decimal without trailing zeros."""
    if number == number.to_integral_value():
        return int(number)
    sign, digits, exponent = number.as_tuple()
    zeros = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    return Decimal((sign, digits[: len(digits) - zeros], int(exponent) + zeros))


def parse(text: str) -> Number | Unknown | None:
    """The number that a decimal notation stands for (``1``, ``-.5``, ``1e3``), or None when it is none."""
    try:
        number = Decimal(text)
    except ArithmeticError:
        return None
    if not text.isascii() or "_" in text or text != text.strip():
        return None
    if not number.is_finite():
        return Unknown("a number is infinite") if text.lstrip("+-").lower() == "inf" else None
    return canonical(number)


def canonical(number: Decimal | int) -> Number | Unknown:
    """The number rounded to 512 bits."""
    if isinstance(number, int):
        return _whole(number)
    if not number:
        return 0
    if is_extreme(number):
        return Unknown(TOO_LARGE)
    if len(number.as_tuple().digits) <= MANTISSA_BITS // 4:  # decimals this short are the shortest of their number
        return simplest(number)
    return _rounded(Fraction(number))


def is_extreme(number: Number) -> bool:
    """Whether a number is too large or too small to compute with: its digits alone could fill the memory."""
    if isinstance(number, int):
        return number.bit_length() > _LARGEST_BITS
    return bool(number) and abs(number.adjusted()) > LARGEST_EXPONENT


def text(number: Number) -> str:
    """The number as Terraform writes it: all digits, never an exponent. Not for one that :func:`is_extreme`."""
    if isinstance(number, int):
        if -(10**18) < number < 10**18:
            return str(number)
        whole = canonical(number)
        return format(Decimal(number if isinstance(whole, Unknown) else whole), "f")
    written = format(number, "f")
    return written.rstrip("0").rstrip(".") if "." in written else written


def _whole(number: int) -> Number | Unknown:
    if -_EXACT_LIMIT <= number <= _EXACT_LIMIT:
        return number
    if number.bit_length() > _LARGEST_BITS:
        return Unknown(TOO_LARGE)
    return _rounded(Fraction(number))


def _exactly(operation: Callable[[Fraction, Fraction], Fraction], left: Number, right: Number) -> Number | Unknown:
    operands = []
    for number in (left, right):
        if is_extreme(number):
            return Unknown(TOO_LARGE)
        operands.append(_binary(Fraction(number)))
    return _rounded(operation(*operands))


def _mantissa(number: Fraction) -> tuple[int, int]:
    """The whole ``m`` of at most 512 bits and the ``e`` for which ``m * 2**e`` is nearest to a positive number."""
    exponent = number.numerator.bit_length() - number.denominator.bit_length() - MANTISSA_BITS
    if number < Fraction(2) ** (exponent + MANTISSA_BITS):
        exponent -= 1
    shifted = number / Fraction(2) ** (exponent + 1)
    return round(shifted), exponent + 1  # round() of a Fraction is half to even


def _binary(number: Fraction) -> Fraction:
    if not number or (number.denominator == 1 and abs(number.numerator) <= _EXACT_LIMIT):
        return number
    mantissa, exponent = _mantissa(abs(number))
    return mantissa * Fraction(2) ** exponent * (1 if number > 0 else -1)


def _rounded(number: Fraction) -> Number | Unknown:
    """The shortest decimal of the nearest number of 512 bits."""
    if not number:
        return 0
    mantissa, exponent = _mantissa(abs(number))
    value = mantissa * Fraction(2) ** exponent
    if value.denominator == 1 and value.numerator <= _EXACT_LIMIT:
        return value.numerator if number > 0 else -value.numerator
    if abs(exponent + MANTISSA_BITS) > _LARGEST_BITS:
        return Unknown(TOO_LARGE)
    shortest = _shortest(value, Fraction(2) ** exponent / 2, closed=mantissa % 2 == 0)
    return simplest(shortest if number > 0 else shortest.copy_negate())


def _shortest(value: Fraction, reach: Fraction, *, closed: bool) -> Decimal:
    """The decimal with the fewest digits within ``reach`` of ``value``: a binary search over the number of digits."""
    power = len(str(value.numerator // value.denominator)) - 1 if value >= 1 else _power_below_one(value)
    fewest, most = 1, _MOST_DIGITS
    while fewest < most:
        digits = (fewest + most) // 2
        distance = abs(_digits(value, power, digits)[0] - value)
        if distance < reach or (closed and distance == reach):
            most = digits
        else:
            fewest = digits + 1
    _, whole, scale = _digits(value, power, fewest)
    return Decimal(whole).scaleb(scale) if whole < 10**28 else Decimal((0, tuple(map(int, str(whole))), scale))


def _power_below_one(value: Fraction) -> int:
    power = -len(str(value.denominator // value.numerator))
    return power + 1 if value >= Fraction(10) ** (power + 1) else power


def _digits(value: Fraction, power: int, digits: int) -> tuple[Fraction, int, int]:
    scale = power - digits + 1
    whole = round(value / Fraction(10) ** scale)
    return whole * Fraction(10) ** scale, whole, scale


def fixed(number: Number, places: int) -> str:
    """Go's ``%f``: the exact number with so many digits after the point, rounded half to even."""
    whole = round(abs(_binary(Fraction(number))) * Fraction(10) ** places)
    figures = format(Decimal(whole), "f").rjust(places + 1, "0")
    minus = "-" if number < 0 else ""
    return minus + (f"{figures[:-places]}.{figures[-places:]}" if places else figures)


def scientific(number: Number, places: int) -> str:
    """Go's ``%e``: one digit, so many after the point, and an exponent of at least two digits."""
    figures, power = _significant(number, places + 1)
    return ("-" if number < 0 else "") + _with_exponent(figures.ljust(places + 1, "0"), power)


def general(number: Number, digits: int | None = None) -> str:
    """Go's ``%g``: at most ``digits`` significant digits, or as many as needed; an exponent when it is large or small.

    https://pkg.go.dev/math/big#Float.Text; without ``digits`` the exponent is shown from a million on.
    """
    figures, power = _significant(number, digits)
    threshold = 6 if digits is None else max(digits, 1)
    if digits is not None and digits > len(figures) > power:
        threshold = len(figures)
    minus = "-" if number < 0 else ""
    if power < -4 or power >= threshold:
        return minus + _with_exponent(figures, power)
    if power < 0:
        return f"{minus}0.{'0' * (-power - 1)}{figures}"
    whole, fraction = figures[: power + 1].ljust(power + 1, "0"), figures[power + 1 :]
    return minus + (f"{whole}.{fraction}" if fraction else whole)


def _with_exponent(figures: str, power: int) -> str:
    mantissa = f"{figures[0]}.{figures[1:]}" if len(figures) > 1 else figures
    return f"{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"


def _significant(number: Number, digits: int | None) -> tuple[str, int]:
    """The significant figures without trailing zeros and the power of ten of the first."""
    if not number:
        return "0", 0
    exact = abs(_binary(Fraction(number)))
    power = abs(Decimal(number)).adjusted()
    if digits is None:
        figures = "".join(map(str, Decimal(number).as_tuple().digits))
    else:
        scale = max(digits, 1) - 1 - power
        figures = str(round(exact * Fraction(10) ** scale))
        if len(figures) > max(digits, 1):  # 9.99 became 10
            figures, power = figures[:-1], power + 1
    return figures.rstrip("0") or "0", power
