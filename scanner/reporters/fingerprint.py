"""GitHub's fingerprint of a line, so that alerts keep their identity when lines above them come and go.

The algorithm is that of ``upload-sarif`` (github/codeql-action, ``src/fingerprints.ts``): a rolling 64-bit hash over
UTF-16 code units, white space left out, of the 100 units that follow each line's start. It reads on past the line's
end, so that equal lines in different surroundings differ; equal hashes of one file are numbered.
"""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from typing import Final

_WINDOW: Final = 100
_FACTOR: Final = 37
_MASK: Final = (1 << 64) - 1
_OUTGOING: Final = pow(_FACTOR, _WINDOW, 1 << 64)
_END: Final = 0xFFFF
_UTF_16: Final = "utf-16-le" if sys.byteorder == "little" else "utf-16-be"
_TAB, _LF, _CR, _SPACE = 9, 10, 13, 32


def line_hashes(text: str) -> list[str]:
    """``primaryLocationLineHash`` of every line of a file: lower-case hex, a colon, and how often it was met so far.

    LF, CR LF and CR end lines alike; a text that ends with a line break has one more, empty line.
    """
    units, starts = _kept(text)
    hashes: list[str] = []
    met: Counter[int] = Counter()
    waiting = iter(starts)
    due = next(waiting) + _WINDOW
    value = 0
    for position in range(len(units) + _WINDOW):
        if position == due:
            met[value] += 1
            hashes.append(f"{value:x}:{met[value]}")
            due = next(waiting, len(units)) + _WINDOW
        incoming = units[position] if position < len(units) else 0
        outgoing = units[position - _WINDOW] if position >= _WINDOW else 0
        value = (_FACTOR * value + incoming - _OUTGOING * outgoing) & _MASK
    return hashes


def _kept(text: str) -> tuple[list[int], list[int]]:
    """The code units that count, an end mark included, and the position among them at which each line starts."""
    units: list[int] = []
    starts = [0]
    after_cr = False
    for unit in array("H", text.encode(_UTF_16, "surrogatepass")):
        if unit in (_SPACE, _TAB) or (after_cr and unit == _LF):
            after_cr = False
            continue
        after_cr = unit == _CR
        units.append(_LF if after_cr else unit)
        if units[-1] == _LF:
            starts.append(len(units))
    units.append(_END)
    return units, starts
