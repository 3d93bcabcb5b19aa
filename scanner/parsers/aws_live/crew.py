"""A fixed number of threads that work until nothing is left, where jobs may bring further jobs.

Jobs of one lane wait for the same thing, the pace of one client: only some of a lane's are under way at once, so that
the others' go on.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

Job = Callable[[], None]
Lane = Hashable


@dataclass(slots=True)
class Crew:
    """Further jobs are done before waiting ones, so that what has been begun is finished first."""

    size: int
    share: int
    """Jobs of one lane that are under way at once."""
    _lanes: OrderedDict[Lane, deque[Job]] = field(default_factory=OrderedDict)
    """Of each lane the jobs that wait. None is empty."""
    _busy: Counter[Lane] = field(default_factory=Counter)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _open: int = 0
    _ended: bool = False
    _error: BaseException | None = None

    def add(self, lane: Lane, job: Job, *, first: bool = False) -> None:
        """Have a job done, before all that wait or after them."""
        with self._changed:
            self._open += 1
            jobs = self._lanes.setdefault(lane, deque())
            (jobs.appendleft if first else jobs.append)(job)
            if first:
                self._lanes.move_to_end(lane, last=False)
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
        while (taken := self._next()) is not None:
            lane, job = taken
            try:
                job()
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits
                with self._changed:
                    self._error = self._error or error
                    self._ended = True
            finally:
                with self._changed:
                    self._open -= 1
                    self._busy[lane] -= 1
                    self._changed.notify_all()

    def _next(self) -> tuple[Lane, Job] | None:
        with self._changed:
            while not self._ended:
                lane = next((lane for lane in self._lanes if self._busy[lane] < self.share), None)
                if lane is None:
                    self._changed.wait()
                    continue
                job = self._lanes[lane].popleft()
                if not self._lanes[lane]:
                    del self._lanes[lane]
                self._busy[lane] += 1
                return lane, job
            return None
