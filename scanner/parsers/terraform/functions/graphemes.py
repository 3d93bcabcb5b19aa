"""Characters as people see them: Unicode's extended grapheme clusters (UAX 29), in which Terraform counts."""

from __future__ import annotations

from typing import Final

_JOINER: Final = "\u200d"
_SPACING: Final = "\u0e33\u0eb3"
"""Letters that belong to the character before them."""


def clusters(text: str) -> list[str]:
    """The characters of a text in order."""
    if text.isascii() and "\r\n" not in text:
        return list(text)
    import regex

    found: list[str] = []
    for cluster in regex.findall(r"\X", text):
        found.extend(_without_conjuncts(cluster) if len(cluster) > 2 else [cluster])
    return found


def _without_conjuncts(cluster: str) -> list[str]:
    """The cluster by the rules of Unicode 15.0, which Terraform follows: consonants of Indic scripts stand alone."""
    import unicodedata

    starts = [0]
    for index in range(1, len(cluster)):
        letter = unicodedata.category(cluster[index]) == "Lo" and cluster[index] not in _SPACING
        if letter and (cluster[index - 1] == _JOINER or unicodedata.category(cluster[index - 1]) in ("Mn", "Mc", "Me")):
            starts.append(index)
    return [cluster[start:end] for start, end in zip(starts, [*starts[1:], len(cluster)], strict=True)]


def count(text: str) -> int:
    """How many characters a text has."""
    return len(text) if text.isascii() and "\r\n" not in text else len(clusters(text))


def cut(text: str, start: int, length: int) -> str:
    """``length`` characters from ``start``; all that follow when the length is negative."""
    if text.isascii() and "\r\n" not in text:
        return text[start:] if length < 0 else text[start : start + length]
    characters = clusters(text)
    return "".join(characters[start:] if length < 0 else characters[start : start + length])


def backwards(text: str) -> str:
    """The characters in reverse order."""
    return "".join(reversed(clusters(text)))
