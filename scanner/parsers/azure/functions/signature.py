"""What is known of a function beside its code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from msgspec import Struct

from scanner.model.value import Unknown, Value, is_known

ANY: Final = 1_000
"""Any number of arguments."""


class Pure(Struct, frozen=True):
    """A function, how many arguments it takes, and how much of them it must know.

    ``needs`` is ``all`` when nothing inside of the arguments may be unknown, ``top`` when collections may hold unknown
    values but none may stand for a collection, ``none`` when the function itself sees to it.
    """

    value: Callable[..., Value]
    arguments: tuple[int, int]
    needs: Literal["all", "top", "none"] = "all"

    def undecided(self, arguments: list[Value]) -> bool:
        """Whether too much is unknown."""
        match self.needs:
            case "all":
                return not is_known(arguments)
            case "top":
                return any(isinstance(each, Unknown) for each in arguments)
            case _:
                return False
