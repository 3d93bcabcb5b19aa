"""Entries by key: in memory for this run, and in a folder for the next ones if there is one.

Several processes may share the folder. An entry appears whole or not at all, under a name that says what it is made
from, so that two that write the same one do no harm; one that is gone is made again.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from scanner.cache.codec import ForeignError, NotStorableError, decode, encode
from scanner.cache.keys import hashing

MAX_BYTES: Final = 256 * 1024 * 1024
"""Size of the folder, beyond which what was used longest ago is taken away."""
MAX_ENTRY_BYTES: Final = 64 * 1024 * 1024
"""Size of the largest entry."""

_MARK: Final = b"riskscan cache 1\n"
_CHECK_BYTES: Final = 16
_NAME_LENGTH: Final = 40
_SUFFIX: Final = ".entry"
_TEMPORARY: Final = ".riskscan-"
_KEPT: Final = 0.8
"""How full the folder is after taking away."""
_STALE_SECONDS: Final = 3_600
"""A use is noted once in so many seconds; what a broken run left half-written is taken away after them."""
_TAG: Final = "CACHEDIR.TAG"
_TAGGED: Final = "Signature: 8a477f597d28d172789f06886806bc55\n# Results of riskscan; may be deleted at any time.\n"
"""Tells backups to pass the folder over: https://bford.info/cachedir/."""

T = TypeVar("T")


@dataclass(slots=True)
class Cache:
    """What has been read in this run, and in earlier ones if ``folder`` is set. Nothing in it ever raises."""

    folder: Path | None = None
    max_bytes: int = MAX_BYTES
    fault: str = ""
    hits: int = 0
    misses: int = 0
    _records: dict[str, Any] = field(default_factory=dict)
    _computed: dict[Hashable, Any] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)
    _written: int = 0

    def get(self, key: str, kind: type[T]) -> T | None:
        """The record under a key, unless there is none of that type."""
        self._asked.add(key)
        found = self._records.get(key)
        if found is None and self.folder is not None:
            found = self._load(key, kind)
        self.hits, self.misses = (self.hits, self.misses + 1) if found is None else (self.hits + 1, self.misses)
        return cast("T | None", found)

    def put(
        self, key: str, record: object, stored: Callable[[], object] | None = None, *, private: bool = False
    ) -> None:
        """Keep a record. ``stored`` makes what is encoded of it. A private one stays in memory."""
        self._asked.add(key)
        self._records[key] = record
        if self.folder is None or private:
            return
        with suppress(NotStorableError):
            self._write(key, encode(stored() if stored is not None else record))

    @contextmanager
    def asked(self) -> Iterator[dict[str, Any]]:
        """When it is left, the records that were asked for meanwhile, by their keys."""
        outer, self._asked = self._asked, set()
        found: dict[str, Any] = {}
        try:
            yield found
        finally:
            found.update((key, self._records[key]) for key in sorted(self._asked & self._records.keys()))
            self._asked |= outer

    def adopt(self, records: Mapping[str, object]) -> None:
        """Take records that another one brought with it; what is there already stays."""
        self._records = {**records, **self._records}

    def once(self, key: Hashable, compute: Callable[[], T]) -> T:
        """What was computed in this run already, or is now."""
        if key not in self._computed:
            self._computed[key] = compute()
        return cast("T", self._computed[key])

    def close(self) -> None:
        """Bring the folder down to its size, if something was added."""
        if self.folder is not None and self._written:
            self._written = 0
            with suppress(OSError):
                _trim(self.folder, self.max_bytes)

    def _load(self, key: str, kind: type[T]) -> T | None:
        assert self.folder is not None
        data = _read(f"{self.folder}/{key}{_SUFFIX}")
        payload = _checked(key, data) if data is not None else None
        if payload is None:
            return None
        try:
            record = decode(payload, kind)
        except ForeignError:
            return None
        self._records[key] = record
        return record

    def _write(self, key: str, payload: bytes) -> None:
        assert self.folder is not None
        data = b"".join((_MARK, _check(key, payload), payload))
        if len(data) > MAX_ENTRY_BYTES:
            return
        try:
            if not self._written:
                _prepare(self.folder)
            _replace(self.folder, key + _SUFFIX, data)
            self._written += 1
        except OSError as error:
            self.fault = self.fault or f"{self.folder}: {error.strerror}"


def _check(key: str, payload: bytes) -> bytes:
    """A checksum that holds for this key alone: an entry under another name is none."""
    return hashing()(payload, digest_size=_CHECK_BYTES, key=key.encode()).digest()


def _checked(key: str, data: bytes) -> bytes | None:
    start = len(_MARK) + _CHECK_BYTES
    payload = data[start:]
    return payload if data[:start] == _MARK + _check(key, payload) else None


def _read(path: str) -> bytes | None:
    """A file's bytes: of a plain one, not of what a link leads to, and never waiting for a pipe."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
    except (OSError, ValueError):
        return None
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_ENTRY_BYTES:
            return None
        with os.fdopen(handle, "rb", buffering=0, closefd=False) as file:
            data = file.read(MAX_ENTRY_BYTES)
        if time.time() - found.st_mtime > _STALE_SECONDS:
            os.utime(path)
        return data
    except OSError:
        return None
    finally:
        os.close(handle)


def _prepare(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError), (folder / _TAG).open("x", encoding="utf-8") as file:
        file.write(_TAGGED)


def _replace(folder: Path, name: str, data: bytes) -> None:
    """Put a file in its place at once: who reads meanwhile sees the one before or nothing."""
    import tempfile

    handle, temporary = tempfile.mkstemp(prefix=_TEMPORARY, dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, folder / name)  # noqa: PTH105 - the name is text
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108
        raise


def _trim(folder: Path, max_bytes: int) -> None:
    """Take away what was used longest ago until the rest fits, and what broken runs left."""
    entries = sorted(_sizes(folder, _SUFFIX))
    total = sum(size for _, size, _ in entries)
    stale = time.time() - _STALE_SECONDS
    leaving = [path for used, _, path in _sizes(folder, "") if used < stale and Path(path).name.startswith(_TEMPORARY)]
    for _, size, path in entries if total > max_bytes else ():
        if total <= max_bytes * _KEPT:
            break
        total -= size
        leaving.append(path)
    for path in leaving:
        with suppress(OSError):  # another process was first
            os.unlink(path)  # noqa: PTH108


def _sizes(folder: Path, suffix: str) -> Iterator[tuple[float, int, str]]:
    """Last use, size and path of files of ours. What else lies in the folder is nobody's to delete."""
    with os.scandir(folder) as found:
        for entry in found:
            ours = entry.name.startswith(_TEMPORARY) if not suffix else _is_entry(entry.name)
            if ours and entry.is_file(follow_symlinks=False):
                with suppress(FileNotFoundError):
                    state = entry.stat(follow_symlinks=False)
                    yield state.st_mtime, state.st_size, entry.path


def _is_entry(name: str) -> bool:
    stem = name.removesuffix(_SUFFIX)
    return name.endswith(_SUFFIX) and len(stem) == _NAME_LENGTH and all(c in "0123456789abcdef" for c in stem)
