"""Calls that may end the process: tfparse aborts on some input, and must not take the measurement with it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

Argument = TypeVar("Argument")
Answer = TypeVar("Answer")


class Aborted(Exception):
    """The call took its process down."""


class Isolated:
    """One child process, started anew after each abort. Calling it costs some tenths of a millisecond."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(max_workers=1)

    def __call__(self, function: Callable[[Argument], Answer], argument: Argument) -> Answer:
        """The function's answer. Raises :class:`Aborted`, and whatever the function raises."""
        try:
            return self._pool.submit(function, argument).result()
        except BrokenProcessPool:
            self._pool = ProcessPoolExecutor(max_workers=1)
            raise Aborted(function.__name__) from None
