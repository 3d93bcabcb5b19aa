"""Child processes held to limits, and programs of ours that answer one request after another in one.

What a foreign library does wrong inside of this process (a loop without end, memory used up) cannot be caught in
Python and would end the whole scan; a process of its own can be given limits and be ended.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from msgspec import Struct


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
    """Ends a process that takes too long."""

    process: subprocess.Popen[Any]
    seconds: float
    reached: bool = False
    _timer: threading.Timer | None = None

    def __enter__(self) -> Self:
        self._timer = threading.Timer(self.seconds, self._end)
        self._timer.daemon = True
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _end(self) -> None:
        self.reached = True
        self.process.kill()


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
    _process: subprocess.Popen[str] | None = field(default=None)

    def start(self) -> subprocess.Popen[str]:
        """Have it running, so that it is ready when it is asked."""
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603 — a file of ours
                [sys.executable, "-I", str(self.program), *self.arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=dict(self.environment),
                cwd=self.folder,
                encoding="utf-8",
            )
            hold(self._process.pid, self.limits)
        return self._process

    def ask(self, request: Any) -> Any:
        """The answer to a request. Raises :class:`ChildError`; another one is started for the next request."""
        process = self.start()
        assert process.stdin is not None
        assert process.stdout is not None
        with Deadline(process, self.limits.seconds) as deadline:
            with suppress(OSError):
                process.stdin.write(json.dumps(request) + "\n")
                process.stdin.flush()
            line = process.stdout.readline()
        if not line.endswith("\n"):
            self.close()
            raise ChildError(late=deadline.reached)
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                with suppress(OSError):
                    stream.close() if stream is not None else None
