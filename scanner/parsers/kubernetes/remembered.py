"""What charts and overlays rendered to before: starting Helm or kustomize is the dear part of reading them.

Kept is only what follows from the chart or overlay: no failure for want of time or memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from scanner.cache.keys import digest, of_content, origin
from scanner.cache.store import Cache
from scanner.parsers.kubernetes import kustomize_run
from scanner.parsers.kubernetes.helm_render import Answer, Library, Program, Rendered, Renderer, Request

_ARCHIVE: Final = "\0chart"
"""Stands for the path of the chart's archive, which is another one each time."""


@dataclass(slots=True)
class Remembered:
    """A renderer of charts that asks another one only for what is not known.

    ``inside`` is the scanned folder: values from outside of it may hold secrets, and what they render to is not
    written.
    """

    engine: Renderer
    cache: Cache
    inside: Path

    def prepare(self) -> None:
        """It may turn out not to be needed."""

    def start(self, request: Request) -> Answer:
        """Begin to render one chart."""
        try:
            key = digest("chart", origin(), _engine(self.engine), *_asked(request))
        except OSError:
            return self.engine.start(request)  # which says what it cannot read
        found = self.cache.get(key, Rendered)
        if found is not None:
            known = replace(found, error=found.error.replace(_ARCHIVE, str(request.chart)))
            return lambda: known
        answer = self.engine.start(request)
        return lambda: self._kept(key, request, answer())

    def _kept(self, key: str, request: Request, found: Rendered) -> Rendered:
        if found.sure:
            private = not all(path.resolve().is_relative_to(self.inside) for path in request.values)
            kept = replace(found, error=found.error.replace(str(request.chart), _ARCHIVE))
            self.cache.put(key, kept, private=private)
        return found

    def close(self) -> None:
        """Leave nothing running."""
        self.engine.close()


def _asked(request: Request) -> Iterator[str | bytes]:
    yield request.chart.read_bytes()
    yield request.release
    yield request.namespace
    for path in request.values:
        yield path.read_bytes()


def _engine(engine: Renderer) -> str:
    """Which program renders, in which version."""
    match engine:
        case Program(program=program):
            return _state_of(program)
        case Library():
            return "library"  # its version is a part of the origin
    return type(engine).__name__


def _state_of(program: str) -> str:
    """A program by its name, size and time: another version has others."""
    found = Path(program).resolve()
    state = found.stat()
    return f"{found.name} {state.st_size} {state.st_mtime_ns}"


def build(tool: kustomize_run.Tool, copy: kustomize_run.Copy, cache: Cache | None) -> kustomize_run.Rendered:
    """What an overlay renders to."""
    if cache is None:
        return kustomize_run.render(tool, copy)
    try:
        if sum(path.stat().st_size for path in copy.files.values()) > kustomize_run.MAX_COPIED_BYTES:
            return kustomize_run.render(tool, copy)  # which refuses
        key = digest("overlay", origin(), tool.command, _state_of(tool.path), *_laid_out(copy))
    except OSError:
        return kustomize_run.render(tool, copy)  # which says what it cannot read
    found = cache.get(key, kustomize_run.Rendered)
    if found is None or found.fault:
        found = kustomize_run.render(tool, copy)
        if not found.fault:
            cache.put(key, found)
    return found


def _laid_out(copy: kustomize_run.Copy) -> Iterator[str | bytes]:
    """All that the tool will find, with what tells one list from the next."""
    yield copy.entry.as_posix()
    for path, content in sorted(copy.contents.items()):
        yield from ("content", path.as_posix(), content)
    for path, file in sorted(copy.files.items()):
        yield from ("file", path.as_posix(), of_content(file.read_bytes()))
    for path, target in sorted(copy.links.items()):
        yield from ("link", path.as_posix(), target.as_posix())
    for path in copy.folders:
        yield from ("folder", path.as_posix())
