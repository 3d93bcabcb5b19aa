"""Rendering by Helm itself: ``helm`` on the PATH, else the extra ``riskscan[helm]``. Never over the network.

Both render a copy of the chart in which nothing asks for a network: ``helm template`` of a file fetches nothing, its
``lookup`` finds nothing, and JSON Schemas, which may refer to other hosts, are not copied.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from msgspec import Struct

from scanner.parsers.child import Child, ChildError, Deadline, Limits, hold

SECONDS: Final = 30
"""How long one rendering may take."""
MEMORY: Final = 224 << 20
"""Bytes of memory of the renderer, where the system can hold it to them (Linux).

With what the scan itself takes that stays below 300 MB. The charts of real estates are content with 160 MB.
"""
ADDRESSES: Final = 2 << 30
"""Bytes of addresses of the renderer. Go reserves 1.4 GB of them at once and lays memory into what it reserved, which
Linux does not hold against :data:`MEMORY` at first: one huge text would pass it by."""
_COLLECTED: Final = "160MiB"
"""The memory from which on Go's collector works harder, so that garbage alone does not reach the limit:
https://pkg.go.dev/runtime#hdr-Environment_Variables."""
MAX_RENDERED: Final = 64 << 20
"""Characters that a chart may render to."""

PACKAGE: Final = "helm_python"
_WORKER: Final = Path(__file__).with_name("helm_worker.py")
_REFUSED: Final = 1
"""The code with which Helm ends where it says what is wrong."""
_ENDED: Final = "the renderer broke off, most likely for want of memory"
_SOURCE: Final = re.compile(r"^# Source: (.+)$", re.MULTILINE)


class Request(Struct, frozen=True):
    """What to render: the archive of a chart. ``values`` are files, the last of which wins."""

    chart: Path
    values: tuple[Path, ...]
    release: str
    namespace: str


class Rendered(Struct, frozen=True):
    """What templates rendered to, by Helm's names for them, or why they did not.

    ``sure`` is whether that follows from the chart alone: want of time or memory does not.
    """

    texts: Mapping[str, str]
    error: str = ""
    sure: bool = True


Answer = Callable[[], Rendered]
"""Waits for what a chart renders to."""


class Renderer(Protocol):
    """Something that renders charts, one at a time."""

    def prepare(self) -> None:
        """Have it ready by the time that it is asked."""

    def start(self, request: Request) -> Answer:
        """Begin to render one chart."""

    def close(self) -> None:
        """Leave nothing running."""


def renderer(folder: Path) -> Renderer | None:
    """What renders on this machine. ``folder`` is an empty one, for what ``helm`` would keep in the user's home."""
    program = shutil.which("helm")
    if program is not None:
        return Program(program, folder)
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        return None
    packages = str(Path(found.origin).parent.parent)
    return Library(Child(_WORKER, [packages], _environment(folder), _limits(), folder))


def _limits() -> Limits:
    return Limits(SECONDS, MEMORY, ADDRESSES)


@dataclass(slots=True)
class Program:
    """``helm template``."""

    program: str
    folder: Path

    def prepare(self) -> None:
        """Each chart has a process of its own."""

    def start(self, request: Request) -> Answer:
        """Begin to render one chart."""
        values = [argument for path in request.values for argument in ("--values", str(path))]
        namespace = f"--namespace={request.namespace}"
        command = [self.program, "template", request.release, str(request.chart), namespace, *values]
        process = subprocess.Popen(  # noqa: S603 — no shell; the chart is a copy in a folder of ours
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(self.folder),
            cwd=self.folder,
        )
        hold(process.pid, _limits())
        return lambda: self._answer(process)

    def _answer(self, process: subprocess.Popen[bytes]) -> Rendered:
        complaint: list[bytes] = []
        stdout, stderr = process.stdout, process.stderr
        assert stdout is not None
        assert stderr is not None
        listener = threading.Thread(target=lambda: complaint.append(stderr.read()), daemon=True)
        listener.start()
        with Deadline(process, SECONDS) as limit, stdout, stderr:
            output = stdout.read(MAX_RENDERED + 1)
            if len(output) > MAX_RENDERED:
                process.kill()
            process.wait()
            listener.join()
        if limit.reached:
            return Rendered({}, _late(), sure=False)
        if len(output) > MAX_RENDERED:
            return _too_large()
        if process.returncode:
            said = b"".join(complaint).decode("utf-8", "replace").strip()
            error = said.rpartition("Error: ")[2].partition("\n\nUse --debug")[0]
            told = error or f"helm ended with code {process.returncode}"
            return Rendered({}, told, sure=process.returncode == _REFUSED)
        return Rendered(_by_source(output.decode("utf-8", "replace")))

    def close(self) -> None:
        """Nothing is left running."""


@dataclass(slots=True)
class Library:
    """``helm-python-sdk`` in a process of its own, which renders one chart after another.

    A user's own packages are not on the path of ``python -I``: the folder of the library is its argument.
    """

    child: Child

    def prepare(self) -> None:
        """Load the library, which takes longer than to render some charts."""
        self.child.start()

    def start(self, request: Request) -> Answer:
        """Begin to render one chart."""
        asked = {
            "chart": str(request.chart),
            "values": [str(path) for path in request.values],
            "release": request.release,
            "namespace": request.namespace,
            "limit": MAX_RENDERED,
        }
        self.child.send(asked)
        return self._answer

    def _answer(self) -> Rendered:
        try:
            answer: dict[str, Any] = self.child.answer()
        except ChildError as error:
            return Rendered({}, _late() if error.late else _ENDED, sure=False)
        return _too_large() if answer.get("large") else Rendered(answer.get("rendered", {}), answer.get("error", ""))

    def close(self) -> None:
        """End the process."""
        self.child.close()


def _late() -> str:
    return f"rendering took longer than {SECONDS} s"


def _too_large() -> Rendered:
    return Rendered({}, f"it renders to more than {MAX_RENDERED} characters")


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of the user's: no proxies, no plugins, no cluster. Windows cannot start programs without SYSTEMROOT."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    places = ("HOME", "TMPDIR", "HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "HELM_PLUGINS")
    settings = {
        "KUBECONFIG": str(folder / "no-cluster"),
        "LC_ALL": "C.UTF-8",
        "GOMEMLIMIT": _COLLECTED,
        "MALLOC_ARENA_MAX": "1",
    }
    return {**kept, **dict.fromkeys(places, str(folder)), **settings}


def _by_source(output: str) -> dict[str, str]:
    """What each template rendered to, by the comments that Helm writes before documents."""
    found: dict[str, str] = {}
    name, done = "", 0
    for place in (*_SOURCE.finditer(output), None):
        if name:
            found[name] = found.get(name, "") + output[done : place.start() if place else len(output)]
        if place is not None:
            name, done = place[1].strip(), place.end()
    return found
