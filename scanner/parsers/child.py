"""Child processes held to limits, and programs of ours that answer one request after another in one.

What a foreign library does wrong inside of this process (a loop without end, memory used up) cannot be caught in
Python and would end the whole scan; a process of its own can be given limits and be ended.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from msgspec import Struct

_LOOK: Final = 0.25
"""Seconds between two looks at a deadline."""


class Limits(Struct, frozen=True):
    """What a child may take: seconds for one answer, bytes of memory, bytes of addresses (0: any number).

    Memory is held to where the system can do it (Linux).
    """

    seconds: float
    memory: int
    addresses: int = 0


class ChildError(Exception):
    """A child gave no answer. ``late``: it took too long; else it ended."""

    def __init__(self, *, late: bool) -> None:
        super().__init__("took too long" if late else "broke off")
        self.late = late


@dataclass(slots=True)
class Deadline:
    """Ends a process that takes too long over one thing, which ``with`` begins and ends; several may follow.

    One thread looks now and then for as long as the process runs: starting one for each thing takes longer than many a
    thing does.
    """

    process: subprocess.Popen[Any]
    seconds: float
    reached: bool = False
    _at: float | None = None
    _watcher: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._at = time.monotonic() + self.seconds
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, daemon=True)
            self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._at = None

    def _watch(self) -> None:
        while self.process.returncode is None:
            at = self._at
            if at is not None and time.monotonic() >= at:
                self.reached = True
                self.process.kill()
                return
            time.sleep(_LOOK)


def hold(process: int, limits: Limits) -> None:
    """Limit a process's memory where the system can."""
    if sys.platform == "linux":
        import resource

        with suppress(OSError, ValueError):
            resource.prlimit(process, resource.RLIMIT_DATA, (limits.memory, limits.memory))
            if limits.addresses:
                resource.prlimit(process, resource.RLIMIT_AS, (limits.addresses, limits.addresses))


@dataclass(slots=True)
class Child:
    """A program of ours, started as ``python -I`` when it is first asked.

    Each line of its input is a request, each line of its output the answer, both JSON. The working directory is
    ``folder``, if one is given.
    """

    program: Path
    arguments: Sequence[str]
    environment: Mapping[str, str]
    limits: Limits
    folder: Path | None = None
    _running: Deadline | None = field(default=None)

    def start(self) -> Deadline:
        """Have it running, so that it is ready when it is asked."""
        if self._running is None:
            process = subprocess.Popen(  # noqa: S603 — a file of ours
                [sys.executable, "-I", str(self.program), *self.arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=dict(self.environment),
                cwd=self.folder,
                encoding="utf-8",
            )
            hold(process.pid, self.limits)
            self._running = Deadline(process, self.limits.seconds)
        return self._running

    def ask(self, request: Any) -> Any:
        """The answer to a request. Raises as :meth:`answer` does."""
        self.send(request)
        return self.answer()

    def send(self, request: Any) -> None:
        """Ask, and have the answer made while something else is done; one request at a time."""
        stdin = self.start().process.stdin
        assert stdin is not None
        with suppress(OSError):  # it has ended, which the answer will tell
            stdin.write(json.dumps(request) + "\n")
            stdin.flush()

    def answer(self) -> Any:
        """The answer to what was sent. Raises :class:`ChildError`; another child is started for the next request.

        The time that it may take counts from here on: it may have had to wait until somebody reads.
        """
        deadline = self.start()
        stdout = deadline.process.stdout
        assert stdout is not None
        with deadline:
            line = stdout.readline()
        if not line.endswith("\n"):
            self.close()
            raise ChildError(late=deadline.reached)
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        deadline, self._running = self._running, None
        if deadline is not None:
            process = deadline.process
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                with suppress(OSError):
                    stream.close() if stream is not None else None
