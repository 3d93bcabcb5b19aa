"""How bytes of YAML and JSON are text: told by how they begin, as YAML says."""

from __future__ import annotations

from typing import Final

_BEGINNINGS: Final = (
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\xfe\xff", "utf-16"),
    (b"\xff\xfe", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)


def encoding_of(content: bytes) -> str:
    """The encoding, by its mark, else by where the first character has zeros; UTF-8 where nothing tells.

    https://yaml.org/spec/1.2.2/#52-character-encodings
    """
    for beginning, encoding in _BEGINNINGS:
        if content.startswith(beginning):
            return encoding
    zeros = tuple(byte == 0 for byte in content[:4])
    if zeros == (True, True, True, False):
        return "utf-32-be"
    if zeros == (False, True, True, True):
        return "utf-32-le"
    if zeros[:2] == (True, False):
        return "utf-16-be"
    return "utf-16-le" if zeros[:2] == (False, True) else "utf-8"
