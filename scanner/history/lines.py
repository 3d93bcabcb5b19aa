"""A history as JSON Lines: one entry a line, sorted, so that the additions of two branches merge as a union."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from scanner.history.entry_text import LineError, entry_text, read_entry
from scanner.history.merging import merged
from scanner.history.refusal import HistoryError, why
from scanner.model.history import Entry
from scanner.model.problem import Problem, ProblemKind
from scanner.model.span import Span

MAX_BYTES: Final = 256 * 1024 * 1024
"""A larger file is refused: at some 1,000 bytes an entry it would hold a quarter of a million."""
_MAX_PROBLEMS: Final = 100
"""Lines that are told one by one."""


def read(path: Path, name: str) -> tuple[list[Entry], list[Problem]]:
    """The entries of a file as they stand there, and its lines that are none.

    Raises :class:`HistoryError` where nothing in it is an entry, or it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise HistoryError(f"{name}: cannot be read: {why(error)}") from None
    return _parsed(data, name)


def _parsed(data: bytes, name: str) -> tuple[list[Entry], list[Problem]]:
    if len(data) > MAX_BYTES:
        raise HistoryError(f"{name}: larger than {MAX_BYTES} bytes")
    entries: list[Entry] = []
    problems: list[Problem] = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            entries.append(read_entry(line))
        except LineError as error:
            problems.append(Problem(Span(name, number), ProblemKind.INVALID, str(error)))
    if problems and not entries:
        raise HistoryError(f"{problems[0].span}: {problems[0].message}; no line of this file is an entry")
    return entries, _shortened(problems, name)


def _shortened(problems: list[Problem], name: str) -> list[Problem]:
    rest = problems[_MAX_PROBLEMS:]
    if not rest:
        return problems
    more = Problem(Span(name, rest[0].span.line), ProblemKind.INVALID, f"{len(rest)} more lines are no entries")
    return [*problems[:_MAX_PROBLEMS], more]


def add(path: Path, name: str, entries: Iterable[Entry]) -> None:
    """Put entries into a file, in the place of those of the same identity.

    Raises :class:`HistoryError`, and leaves the file as it is, where a line of it would be lost.
    """
    target = path.resolve()
    try:
        with _locked(target) as stream:
            present, problems = _parsed(stream.read(MAX_BYTES + 1), name)
            if problems:
                first = problems[0]
                raise HistoryError(f"{first.span}: {first.message}; nothing is written before this line is repaired")
            new = tuple(entries)
            replaced = {entry.identity for entry in new}
            kept = (entry for entry in merged(present)[0] if entry.identity not in replaced)
            _write(target, stream, text((*kept, *new)))
    except OSError as error:
        raise HistoryError(f"{name}: cannot be written: {why(error)}") from None


def text(entries: Iterable[Entry]) -> bytes:
    """The file of some entries: the same bytes in whatever order they come."""
    lines = [entry_text(entry) for entry in sorted(entries, key=lambda entry: entry.order)]
    return "".join(f"{line}\n" for line in lines).encode("ascii")


@contextmanager
def _locked(target: Path) -> Iterator[IO[bytes]]:
    """The file, open for reading and writing, while nobody else changes it. One that stays empty goes again."""
    while True:
        with os.fdopen(os.open(target, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666), "r+b") as stream:
            _lock(stream)
            if not _is(target, stream):
                continue  # somebody has put another file in its place meanwhile
            try:
                yield stream
            except BaseException:
                if os.fstat(stream.fileno()).st_size == 0:
                    target.unlink(missing_ok=True)
                raise
            return


def _is(target: Path, stream: IO[bytes]) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(target.stat(), os.fstat(stream.fileno()))
    return False


if sys.platform == "win32":
    import msvcrt

    def _lock(stream: IO[bytes]) -> None:
        """Lock a byte far behind the end: what is locked cannot be read there."""
        stream.seek(1 << 40)
        msvcrt.locking(stream.fileno(), msvcrt.LK_LOCK, 1)
        stream.seek(0)

    def _write(_target: Path, stream: IO[bytes], data: bytes) -> None:
        """An open file cannot be replaced there."""
        stream.seek(0)
        stream.write(data)
        stream.truncate()

else:
    import fcntl

    def _lock(stream: IO[bytes]) -> None:
        fcntl.flock(stream, fcntl.LOCK_EX)

    def _write(target: Path, stream: IO[bytes], data: bytes) -> None:
        """Put a whole file in the place of the old one, so that nobody reads half of it."""
        scratch = target.with_name(f".riskscan-{os.getpid()}.tmp")
        mode = os.fstat(stream.fileno()).st_mode & 0o777
        try:
            with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as made:
                os.fchmod(made.fileno(), mode)
                made.write(data)
                made.flush()
                os.fsync(made.fileno())
            scratch.replace(target)
        except BaseException:
            scratch.unlink(missing_ok=True)
            raise
