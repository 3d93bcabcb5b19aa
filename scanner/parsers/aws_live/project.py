"""A live account, as every front end hands over what it reads."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from scanner.parsers.aws_live.access import Access, Wanted
from scanner.parsers.aws_live.collecting import Progress, collect
from scanner.parsers.aws_live.reading import declared, read_lines
from scanner.parsers.aws_live.store import Store
from scanner.parsers.parsed import Parsed
from scanner.version import VERSION


def read_account(wanted: Wanted, file: Path | None, name: str, progress: Progress) -> Parsed:
    """Ask the accounts, keep the answers in the file if there is one, and say what they declare.

    ``name`` is the file's in reports. Raises :class:`~scanner.parsers.aws_live.access.AccessError`,
    :class:`~scanner.parsers.aws_live.store.StoreError` and ``OSError`` when the file cannot be written.
    """
    access = Access.begin(wanted)
    store = Store(file, VERSION)
    try:
        collect(access, store, progress)
    finally:
        store.close()
    parsed = declared(read_lines(store.numbered(), name))
    lost = {problem.message.partition(" of account ")[2][:12] for problem in parsed.problems if problem.kind.incomplete}
    return replace(parsed, partly=frozenset(account for account in parsed.roots if account in lost))
