"""Where records go: into memory, or into a file that an interrupted collection can go on with."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from scanner.parsers.aws_live.records import (
    SIGN,
    VERSION,
    Complete,
    Done,
    Found,
    Head,
    Record,
    Tags,
    Zones,
    read_record,
    written,
)

Place = tuple[str, str]
"""An account and a listing in it."""

MODE: Final = 0o600
"""Only its owner may read a snapshot: it says what an account looks like."""


class StoreError(Exception):
    """A file cannot be used for a snapshot; the text says why."""


class Store:
    """Records as they come in. All methods may be called by many threads.

    Of an earlier collection in the same file, what a whole listing gave stays and is not asked again; of a listing
    that was not finished, or in which something failed, what is fully known of its things stays.
    """

    def __init__(self, path: Path | None, tool: str) -> None:
        self.lines: list[bytes] = []
        self._path, self._lock = path, threading.Lock()
        self._file: BinaryIO | None = None
        self._done: set[Place] = set()
        self._known: dict[Place, dict[str, Found]] = {}
        kept = self._earlier(path) if path is not None and path.exists() else []
        if path is not None:
            self._file = _begun(path, [Head(VERSION, tool), *kept])
        else:
            self.lines.append(written(Head(VERSION, tool)))

    def _earlier(self, path: Path) -> list[Record]:
        """What stays of an earlier collection. Raises :class:`StoreError` for a file that is not such a one."""
        records = list(_records(path))
        if any(isinstance(record, Complete) for record in records):
            raise StoreError(f"{path} is a finished snapshot; scan it with `riskscan scan`, or name another file")
        self._done = {(r.account, r.listing) for r in records if isinstance(r, Done) and r.whole}
        kept = [record for record in records if self._stays(record)]
        for record in kept:
            if isinstance(record, Found) and (record.account, record.listing) not in self._done:
                self._known.setdefault((record.account, record.listing), {})[f"{record.type} {record.id}"] = record
        return kept

    def _stays(self, record: Record) -> bool:
        if isinstance(record, Found):
            return not record.unknown or (record.account, record.listing) in self._done
        if isinstance(record, Done | Tags | Zones):
            return (record.account, record.listing) in self._done
        return False

    def is_done(self, account: str, listing: str) -> bool:
        """Whether an earlier collection made this listing to its end, without a failure."""
        return (account, listing) in self._done

    def known(self, account: str, listing: str, type_: str, name: str) -> Found | None:
        """What an earlier collection found out about a thing of a listing that it did not finish."""
        return self._known.get((account, listing), {}).get(f"{type_} {name}")

    def add(self, record: Record) -> None:
        """Keep a record. In a file it is there for good when this returns. Raises ``OSError``."""
        line = written(record)
        with self._lock:
            if self._file is None:
                self.lines.append(line)
            else:
                self._file.write(line + b"\n")
                self._file.flush()

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            if self._file is not None:
                self._file.close()

    def numbered(self) -> Iterator[tuple[int, bytes]]:
        """All records' lines with their numbers, from memory or from the file."""
        if self._path is None:
            yield from enumerate(self.lines, 1)
            return
        with self._path.open("rb") as file:
            yield from enumerate(file, 1)


def _begun(path: Path, records: Iterable[Record]) -> BinaryIO:
    """The file with some records in it, open for more."""
    scratch = path.with_name(f".riskscan-{os.getpid()}.tmp")
    try:
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE), "wb") as file:
            file.writelines(written(record) + b"\n" for record in records)
        scratch.replace(path)
        return path.open("ab")
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise StoreError(f"{path} cannot be written: {error.strerror}") from None


def _records(path: Path) -> Iterator[Record]:
    """The records of a file, up to a line that was not written to its end."""
    with path.open("rb") as file:
        if not (first := file.readline()).startswith(SIGN):
            raise StoreError(f"{path} is no snapshot of ours; name another file")
        try:
            head = read_record(first)
        except msgspec.DecodeError:
            head = None
        if not isinstance(head, Head) or head.version != VERSION:
            raise StoreError(f"{path} was written by another version; name another file")
        for line in file:
            try:
                yield read_record(line)
            except (msgspec.DecodeError, RecursionError):
                return
