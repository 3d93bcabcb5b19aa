"""``format`` and ``formatlist``. https://developer.hashicorp.com/terraform/language/functions/format."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from itertools import repeat
from typing import Final

from msgspec import Struct

from scanner.model.value import Unknown, Value, is_known, unknown_from
from scanner.parsers.terraform import arithmetic, json_values
from scanner.parsers.terraform.functions import graphemes
from scanner.parsers.terraform.functions.calling import FunctionError
from scanner.parsers.terraform.values import (
    ELEMENTS_LIMIT,
    TEXT_LIMIT,
    TOO_LONG,
    TOO_MANY,
    ListValue,
    join_parts,
    normal,
    to_boolean,
    to_number,
    to_text,
)

_VERB: Final = (
    r"%(?:%|(?P<flags>[-+ #0]*)(?P<width>[1-9][0-9]*)?(?:\.(?P<precision>[0-9]*))?(?:\[(?P<index>[1-9][0-9]*)\])?"
    r"(?P<mode>[a-zA-Z]))"
)
_BASES: Final = {"b": (2, "0b"), "o": (8, "0"), "d": (10, ""), "x": (16, "0x"), "X": (16, "0X")}
_FIGURES: Final = 9
"""Digits of the largest width, precision or index that is looked at; longer ones are beyond every limit."""


class Verb(Struct, frozen=True):
    """One ``%`` sequence: ``index`` counts arguments from 0, ``width`` and ``precision`` are None when not written."""

    mode: str
    flags: str
    index: int
    width: int | None
    precision: int | None


@cache
def _verbs(template: str) -> tuple[str | Verb, ...]:
    """The literal pieces and the verbs of a format; raises :class:`FunctionError`."""
    pieces: list[str | Verb] = []
    position = following = 0
    for match in re.finditer(_VERB, template):
        _check_literal(template[position : match.start()])
        pieces.append(template[position : match.start()])
        position = match.end()
        mode = match["mode"]
        if mode is None:
            pieces.append("%")
            continue
        index = _count(match["index"]) if match["index"] else following + 1
        precision = None if match["precision"] is None else _count(match["precision"] or "0")
        pieces.append(
            Verb(mode, match["flags"], index - 1, _count(match["width"]) if match["width"] else None, precision)
        )
        following = index
    _check_literal(template[position:])
    pieces.append(template[position:])
    return tuple(piece for piece in pieces if piece != "")


def _check_literal(text: str) -> None:
    if "%" in text:
        raise FunctionError(f"invalid format sequence at {text[text.index('%') :][:8]!r}")


def _count(digits: str) -> int:
    return int(digits[:_FIGURES])


def format_text(template: Value, *arguments: Value) -> str | Unknown:
    """The template with its verbs replaced; partly known when an argument is unknown."""
    if isinstance(template, Unknown):
        return unknown_from([template, *arguments])
    if "%" not in template:
        verbs: tuple[str | Verb, ...] = (template,)
    else:
        verbs = _verbs(template)
    used = 0
    pieces: list[str | Unknown] = []
    for verb in verbs:
        if isinstance(verb, str):
            pieces.append(verb)
            continue
        if verb.index >= len(arguments):
            raise FunctionError(f"there are only {len(arguments)} arguments for the format")
        used = max(used, verb.index + 1)
        pieces.append(_formatted(verb, arguments[verb.index]))
    if used < len(arguments):
        raise FunctionError(f"only {used} of {len(arguments)} arguments are used by the format")
    if sum(len(piece) for piece in pieces if isinstance(piece, str)) > TEXT_LIMIT:
        return Unknown(TOO_LONG)
    return join_parts(pieces)


def _formatted(verb: Verb, value: Value) -> str | Unknown:
    if verb.mode not in "vtbdoxXeEfgGsq":
        raise FunctionError(f"unsupported format verb %{verb.mode}")
    if not is_known(value):
        plain = verb.mode in "sv" and not verb.flags and verb.width is None and verb.precision is None
        return value if plain and isinstance(value, Unknown) else unknown_from([value])
    if (verb.width or 0) > TEXT_LIMIT or (verb.precision or 0) > TEXT_LIMIT:
        return Unknown(TOO_LONG)
    if value is None and verb.mode != "v":
        raise FunctionError("a null value cannot be formatted")
    if verb.mode == "v":
        written = _as_is(verb, value)
        return written if isinstance(written, Unknown) else _padded(verb, written)
    if verb.mode == "t":
        return "true" if to_boolean(value) else "false"
    if verb.mode in "sq":
        return _text(verb, value)
    number = to_number(value)
    if isinstance(number, Unknown) or number is None:
        return unknown_from([number])
    return _whole(verb, number) if verb.mode in _BASES else _fraction(verb, number)


def _as_is(verb: Verb, value: Value) -> str | Unknown:
    if "#" not in verb.flags:
        if isinstance(value, str):
            return value
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            return Unknown(arithmetic.TOO_LARGE) if arithmetic.is_extreme(value) else arithmetic.general(value)
    return json_values.encode(value)


def _text(verb: Verb, value: Value) -> str | Unknown:
    text = to_text(value)
    if not isinstance(text, str):
        return unknown_from([text])
    if verb.precision:
        text = graphemes.cut(text, 0, verb.precision)
    return _padded(verb, json_values.quote(text) if verb.mode == "q" else text)


def _padded(verb: Verb, text: str) -> str:
    if verb.width is None:
        return text
    padding = ("0" if "0" in verb.flags else " ") * (verb.width - graphemes.count(text))
    return text + padding if "-" in verb.flags else padding + text


def _whole(verb: Verb, number: arithmetic.Number) -> str:
    """As Go formats a big integer: https://pkg.go.dev/math/big#Int.Format."""
    if not isinstance(number, int):
        raise FunctionError("a whole number is required")
    base, prefix = _BASES[verb.mode]
    digits = arithmetic.text(abs(number)) if base == 10 else format(abs(number), verb.mode)
    if verb.precision is not None:
        if not number and not verb.precision:
            return ""
        digits = digits.rjust(verb.precision, "0")
    sign = _sign(verb, negative=number < 0) + (prefix if "#" in verb.flags else "")
    missing = max(0, (verb.width or 0) - len(sign) - len(digits))
    if "-" in verb.flags:
        return sign + digits + " " * missing
    if "0" in verb.flags and verb.precision is None:
        return sign + "0" * missing + digits
    return " " * missing + sign + digits


def _fraction(verb: Verb, number: arithmetic.Number) -> str:
    """As Go formats a big float: https://pkg.go.dev/math/big#Float.Format."""
    match verb.mode.lower():
        case "f":
            digits = arithmetic.fixed(number, 6 if verb.precision is None else verb.precision)
        case "e":
            digits = arithmetic.scientific(number, 6 if verb.precision is None else verb.precision)
        case _:
            digits = arithmetic.general(number, verb.precision)
    digits = digits.upper().removeprefix("-") if verb.mode.isupper() else digits.removeprefix("-")
    sign = _sign(verb, negative=number < 0)
    missing = max(0, (verb.width or 0) - len(sign) - len(digits))
    if "0" in verb.flags:
        return sign + "0" * missing + digits
    return sign + digits + " " * missing if "-" in verb.flags else " " * missing + sign + digits


def _sign(verb: Verb, *, negative: bool) -> str:
    if negative:
        return "-"
    return "+" if "+" in verb.flags else " " if " " in verb.flags else ""


def format_list(template: Value, *arguments: Value) -> Value:
    """One text for every element of the lists among the arguments, which all have the same length."""
    if isinstance(template, Unknown):
        return unknown_from([template, *arguments])
    lengths = {len(each) for each in arguments if isinstance(each, (list, tuple))}
    if len(lengths) > 1:
        raise FunctionError("the lists have different lengths")
    undecided = any(isinstance(each, Unknown) and not each.parts for each in arguments)
    if not lengths and undecided:
        return unknown_from(arguments)
    size = lengths.pop() if lengths else 1
    if size > ELEMENTS_LIMIT:
        return Unknown(TOO_MANY)
    rows = zip(*map(_column, arguments), strict=False) if arguments else [()]
    return ListValue(normal_text(format_text(template, *row)) for row, _ in zip(rows, range(size), strict=False))


def _column(argument: Value) -> Sequence[Value] | repeat[Value]:
    if isinstance(argument, (list, tuple)):
        return argument
    if isinstance(argument, Unknown) and not argument.parts:
        return repeat(argument.derived())  # it may be a list of that length, or one value for all
    return repeat(argument)


def normal_text(text: str | Unknown) -> str | Unknown:
    """The text in normalization form C, when it is known."""
    return normal(text) if isinstance(text, str) else text
