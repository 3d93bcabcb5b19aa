"""Text from scanned files, made harmless before it reaches a terminal or a log."""

from __future__ import annotations

import json
import re
from typing import Final
from urllib.parse import quote

import msgspec.json

_BEYOND_ASCII: Final = (
    "\x7f-\x9f"  # DEL and C1 controls, of which some terminals obey
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional overrides (CVE-2021-42574)
    "\u2028\u2029\ufeff\ud800-\udfff"  # further line breaks, an invisible mark, halves of pairs
)
_HARMFUL: Final = re.compile(f"[\x00-\x1f{_BEYOND_ASCII}]")
_HARMFUL_IN_JSON: Final = re.compile(f"[{_BEYOND_ASCII}]")
LOG_COMMAND: Final = re.compile(r"##(?=\w*\[)")
"""Where a command to the log of GitHub, Azure or TeamCity begins, wherever it stands in a line."""


def inert(text: str) -> str:
    r"""One line of visible characters.

    Line breaks and tabs become blanks, controls become ``\x1b``, and commands to logs (``##[``) lose their effect.
    """
    if text.isascii() and text.isprintable() and "##" not in text:
        return text
    one_line = " ".join(text.split()) if any(space in text for space in "\n\r\t\v\f") else text
    return LOG_COMMAND.sub("# #", _HARMFUL.sub(_visible, one_line))


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def in_url(path: str) -> str:
    """A path as a part of a URL."""
    return quote(as_bytes(path), safe="/")


def as_bytes(text: str) -> bytes:
    """UTF-8. Bytes of a file name that are none stay what they are, and half of a pair is kept."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def without_commands(line: str) -> str:
    """A log line that GitHub does not take for a workflow command: those begin with ``::``, after any blanks."""
    return line.replace("::", ": :", 1) if line.lstrip().startswith("::") else line


def json_text(document: object, indent: int) -> str:
    """A document as readable JSON that a terminal can show: what is harmful is escaped, so that nothing is lost."""
    try:  # json writes without indentation in C; msgspec adds it
        text = msgspec.json.format(escaped(json.dumps(document, ensure_ascii=False)), indent=indent)
    except msgspec.DecodeError:  # half of a pair, or an infinite number, which json alone writes
        text = escaped(json.dumps(document, ensure_ascii=False, indent=indent))
    return text + "\n"


def escaped(text: str) -> str:
    """JSON with what is harmful in it escaped."""
    return _HARMFUL_IN_JSON.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
