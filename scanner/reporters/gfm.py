"""GitHub-flavoured Markdown: text of strangers that stays text, links, and pages that stay under a limit.

GitHub shows nothing at all of a summary, and refuses a comment, that is larger than it allows.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from scanner.model.span import Span
from scanner.reporters.inert import in_url, inert
from scanner.reporters.options import Options

_SPECIAL: Final = re.compile(r"([\\`*\[\]#|~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
_BLOCK: Final = re.compile(r"^(\d*)([-+.)](?=\s)|[.)]$|[-=]{2,}\s*$)", re.ASCII)
"""What begins a list, a rule or a heading where a line or the text of a list's item begins."""
_HTML: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LINKED: Final = re.compile(r"@(?=\w)|#(?=\d)|\bGH-(?=\d)|\bwww(?=\.)|\b(?:https?|ftp|mailto|xmpp)(?=:)", re.IGNORECASE)
"""What GitHub makes mentions and links of in bare text: a zero-width space behind it keeps it from that."""

_DOLLAR: Final = "<span>$</span>"
"""A dollar that begins no formula, in the way that GitHub's documentation tells for text: an escaped one may begin it.

https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/writing-mathematical-expressions
"""

_RESERVE: Final = 200
"""Bytes kept free for each section's word on what was left out."""

CUT: Final = "to stay within the size limit."
"""How every sentence ends that says what was left out."""


class Section(Struct, frozen=True):
    """Some rows between fixed lines; rows are dropped from the end when room is short.

    ``left_out`` is said instead of how many rows there was no room for.
    """

    head: str
    rows: tuple[str, ...]
    tail: str = ""
    left_out: str = ""


def page(head: str, sections: Sequence[Section], foot: str, max_bytes: int) -> str:
    """A page of at most ``max_bytes`` bytes of UTF-8: earlier sections have room first. Empty ones are left out."""
    filled = [section for section in sections if section.rows]
    room = max_bytes - size(head) - size(foot) - _RESERVE * len(filled)
    body = []
    for section in filled:
        text = _fitted(section, room)
        room -= size(text)
        body.append(text)
    return hard_limit("\n".join([head, *body, foot]), max_bytes)


def _fitted(section: Section, room: int) -> str:
    """A section with as many of its rows as there is room for, and how many there is none for."""
    room -= size(section.head) + size(section.tail)
    kept = 0
    for row in section.rows:
        room -= size(row)
        if room < 0:
            break
        kept += 1
    left_out = len(section.rows) - kept
    words = section.left_out or f"{left_out} of {len(section.rows)} are left out here {CUT}"
    note = f"\n{words}\n" if left_out else ""
    return section.head + "".join(section.rows[:kept]) + section.tail + note if kept else note


def hard_limit(text: str, max_bytes: int) -> str:
    """Whole lines up to the limit, for limits that not even the fixed parts fit in."""
    if size(text) <= max_bytes:
        return text
    note = f"\nThe rest is left out {CUT}\n"
    cut = text.encode("utf-8", "backslashreplace")[: max(0, max_bytes - len(note))].decode("utf-8", "ignore")
    return cut[: cut.rfind("\n") + 1] + note if "\n" in cut else ""


def size(text: str) -> int:
    """Bytes of UTF-8, as files are written."""
    return len(text.encode("utf-8", "backslashreplace"))


def collapsed(title: str, rows: Iterable[str], head: str = "") -> Section:
    """Rows that are shown when a reader opens them. ``title`` is ours."""
    return Section(f"<details><summary>{title}</summary>\n\n{head}", tuple(rows), "\n</details>\n")


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line, without links, mentions or references of its own."""
    plain = _LINKED.sub("\\g<0>\u200b", inert(text))
    safe = _SPECIAL.sub(r"\\\1", plain.translate(_HTML)).replace("$", _DOLLAR)
    return _BLOCK.sub(r"\1\\\2", safe)


def code(text: str) -> str:
    """Text as a code span, in which links, mentions and HTML do nothing."""
    shown = inert(text) or " "
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{'`' * (longest + 1)}{pad}{shown}{pad}{'`' * (longest + 1)}"


def cell(text: str) -> str:
    """A code span or link in a table, whose cells a pipe ends even there."""
    return text.replace("|", "\\|")


def fenced(language: str, lines: Iterable[str]) -> str:
    """A code block that no line of it can end."""
    body = "".join(f"{line}\n" for line in lines)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", body)), default=0))
    return f"{fence}{language}\n{body}{fence}\n"


def link(span: Span, options: Options, revision: str | None = None) -> str:
    """A place, as a link where the repository's page is known; ``revision`` is a commit other than head's."""
    path = posixpath.normpath(options.prefix + span.file)
    shown, page_of_it = code(f"{path}:{span.line}"), url(span, options, revision)
    return f"[{shown}]({page_of_it})" if page_of_it else shown


def url(span: Span, options: Options, revision: str | None = None) -> str:
    """The page of a place; empty where the repository's is not known, or does not hold it."""
    path = posixpath.normpath(options.prefix + span.file)
    commit = options.revision if revision is None else revision
    if not options.repository_url or not commit or path.startswith(("../", "/")):
        return ""
    return f"{options.repository_url}/blob/{commit}/{in_url(path)}#L{span.line}"
