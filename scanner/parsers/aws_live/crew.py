"""A fixed number of threads that work until nothing is left, where jobs may bring further jobs."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

Job = Callable[[], None]


@dataclass(slots=True)
class Crew:
    """Further jobs are done before waiting ones, so that what has been begun is finished first."""

    size: int
    _jobs: deque[Job] = field(default_factory=deque)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _open: int = 0
    _ended: bool = False
    _error: BaseException | None = None

    def add(self, job: Job, *, first: bool = False) -> None:
        """Have a job done, before all that wait or after them."""
        with self._changed:
            self._open += 1
            (self._jobs.appendleft if first else self._jobs.append)(job)
            self._changed.notify()

    def run(self) -> None:
        """Do all jobs. Raises what a job raised, and ``KeyboardInterrupt``; both leave the waiting jobs undone."""
        threads = [threading.Thread(target=self._work, name=f"riskscan-{n}", daemon=True) for n in range(self.size)]
        for thread in threads:
            thread.start()
        try:
            with self._changed:
                while self._open and self._error is None:
                    self._changed.wait(0.2)  # returns to the interpreter now and then, which so sees an interrupt
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()
        for thread in threads:
            thread.join()
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                job()
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits
                with self._changed:
                    self._error = self._error or error
            finally:
                with self._changed:
                    self._open -= 1
                    self._changed.notify_all()

    def _next(self) -> Job | None:
        with self._changed:
            while not self._jobs and not self._ended:
                self._changed.wait()
            return None if self._ended else self._jobs.popleft()
