"""One entry for each commit, place and configuration: what two branches have added both is told apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from scanner.history.entry_text import entry_text
from scanner.model.history import Entry, Place

_NUMBERS: Final = re.compile(r"\d{1,9}")


def merged(entries: Iterable[Entry]) -> tuple[tuple[Entry, ...], tuple[tuple[Entry, Entry], ...]]:
    """The entries in order, each identity once, and pairs of those that counted and that gave way without being equal.

    Of several the one counts that the newest riskscan wrote, and of those the last in the order of their texts: which
    one that is does not depend on where they stand.
    """
    groups: dict[tuple[str, Place], list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.identity, []).append(entry)
    chosen: list[Entry] = []
    gave_way: list[tuple[Entry, Entry]] = []
    for group in groups.values():
        best = max(group, key=_rank) if len(group) > 1 else group[0]
        chosen.append(best)
        gave_way.extend((best, other) for other in _others(group, best))
    chosen.sort(key=lambda entry: entry.order)
    return tuple(chosen), tuple(sorted(gave_way, key=lambda pair: (pair[0].order, entry_text(pair[1]))))


def _others(group: Sequence[Entry], best: Entry) -> Iterable[Entry]:
    return {entry_text(entry): entry for entry in group if entry != best}.values()


def _rank(entry: Entry) -> tuple[tuple[int, ...], str]:
    return tuple(map(int, _NUMBERS.findall(entry.summary.tool_version))), entry_text(entry)
