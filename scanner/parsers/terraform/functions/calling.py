"""What a function of the language is: its parameters, how it treats unknown arguments, and how it is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from scanner.model.value import Unknown, Value, is_known, unknown_from
from scanner.parsers.terraform.disk import Disk
from scanner.parsers.terraform.types import (
    ANY,
    STRING,
    Collection,
    ConversionError,
    Scalar,
    Type,
    convert,
)
from scanner.parsers.terraform.values import ELEMENTS_LIMIT, TOO_MANY, is_too_large, normal


class FunctionError(Exception):
    """Terraform would reject the call; the message is a clause."""


class FunctionContext(Struct, frozen=True):
    """What functions may see of the world.

    ``root`` is the real path of the scanned folder, outside of which no file is read. ``module_dir`` is the folder of
    the root module, to which Terraform takes paths to be relative. ``render_template`` evaluates a template's text with
    the given variables; ``in_template`` is set where it does, since Terraform renders no templates inside of templates.
    ``looking`` writes down which files were looked at.
    """

    root: Path
    module_dir: Path
    render_template: Callable[[str, dict[str, Value]], Value]
    in_template: bool = False
    looking: Disk | None = None

    @property
    def disk(self) -> Disk:
        """What files are looked at through."""
        return self.looking or Disk(self.root)


NULLABLE: Final = Scalar("any")
"""Any value, also null. Told apart from ``ANY`` by identity."""

TEXTS: Final = Collection("list", STRING)
LIST: Final = Collection("list", ANY)
SET: Final = Collection("set", ANY)

STRICT: Final = 0
"""An unknown anywhere in an argument makes the result unknown."""
SHALLOW: Final = 1
"""An argument that is unknown itself makes the result unknown; the function sees those inside."""
FIRST: Final = 2
"""An unknown argument makes the result unknown, except the first, which the function deals with."""
LENIENT: Final = 3
"""The function deals with every unknown."""


class Function(Struct, frozen=True):
    """``run`` takes the converted arguments, after the context if ``contextual``. ``rest`` types further arguments."""

    run: Callable[..., Value]
    parameters: tuple[Type, ...] = ()
    rest: Type | None = None
    unknowns: int = STRICT
    contextual: bool = False
    deep: bool = False
    """It looks at elements of elements, so that what is shared between them is seen each time."""
    reference: bool = False
    """An argument that is some attribute itself is the result (``sort``, ``sensitive``)."""


def invoke(function: Function, arguments: Sequence[Value], context: FunctionContext) -> Value:
    """The function's result for evaluated arguments; raises :class:`FunctionError`."""
    count, parameters = len(arguments), function.parameters
    if count < len(parameters) or (count > len(parameters) and function.rest is None):
        expected = f"at least {len(parameters)}" if function.rest is not None else str(len(parameters))
        raise FunctionError(f"it takes {expected} arguments, not {count}")
    if function.rest is not None:
        parameters += (function.rest,) * (count - len(parameters))
    if (function.deep or function.unknowns == STRICT) and any(map(_is_large_collection, arguments)):
        return Unknown(TOO_MANY)
    converted = [_argument(value, wanted) for value, wanted in zip(arguments, parameters, strict=True)]
    if function.unknowns != LENIENT and not _decided(converted, function.unknowns):
        return _unknown_result(function, converted)
    try:
        result = function.run(context, *converted) if function.contextual else function.run(*converted)
    except (ConversionError, ValueError) as error:
        raise FunctionError(str(error)) from None
    if isinstance(result, str):
        return normal(result)
    oversized = isinstance(result, (list, tuple, dict)) and len(result) > ELEMENTS_LIMIT
    return Unknown(TOO_MANY) if oversized else result


def _argument(value: Value, wanted: Type) -> Value:
    if wanted is NULLABLE or isinstance(value, Unknown):
        return value
    if value is None:
        raise FunctionError("an argument must not be null")
    if wanted is ANY or (wanted is STRING and type(value) is str):
        return value
    try:
        return convert(value, wanted)
    except ConversionError as error:
        raise FunctionError(str(error)) from None


def _is_large_collection(value: Value) -> bool:
    return isinstance(value, (list, tuple, dict)) and is_too_large(value)


def _decided(arguments: Sequence[Value], unknowns: int) -> bool:
    if unknowns != STRICT:
        return not any(isinstance(value, Unknown) for value in arguments[unknowns == FIRST :])
    return all(type(value) is str or is_known(value) for value in arguments)


def _unknown_result(function: Function, arguments: Sequence[Value]) -> Unknown:
    if function.reference and isinstance(arguments[0], Unknown):
        return arguments[0]
    return unknown_from(arguments)


def integer(value: Value) -> int:
    """A whole number; raises :class:`FunctionError`."""
    if isinstance(value, int):
        return value
    raise FunctionError("a whole number is required")


def always_unknown(reason: str) -> Callable[..., Value]:
    """A function whose result no file decides."""

    def run(*arguments: Value) -> Unknown:
        return unknown_from(arguments, reason)

    return run
