"""The lines of a file as reports keep them."""

from __future__ import annotations


def source_lines(content: bytes | str) -> tuple[str, ...]:
    """All that a file holds, its mark of byte order, carriage returns and the empty line at its end included.

    GitHub computes its fingerprints of lines over all of it, so joined by line feeds the lines are the file again.
    """
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
    return tuple(text.split("\n"))
