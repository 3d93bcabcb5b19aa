"""Markdown, as the site's extensions of it read it.

https://python-markdown.github.io/ and https://facelessuser.github.io/pymdown-extensions/
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

_SPECIAL: Final = re.compile(r"[\\`*_{}\[\]#|]|^[-+!]")
"""What marks text up wherever it stands, or at its beginning: lists, rules, fences."""
_NUMBERED: Final = re.compile(r"^(\d{1,9})([.)])")
_CODE: Final = re.compile(r"(`[^`]+`)")
_RUNS: Final = re.compile("`+")
_SPACE: Final = re.compile(r"[^a-z0-9]+")


def escaped(text: str) -> str:
    """Text that means only itself."""
    plain = " ".join(html.escape(text, quote=False).split())
    if plain.startswith(("=", "~")):  # of tabs and fences: no escape is known for these
        plain = f"&#{ord(plain[0])};{plain[1:]}"
    return _NUMBERED.sub(r"\1\\\2", _SPECIAL.sub(_escape, plain))


def _escape(found: re.Match[str]) -> str:
    return "#" if found.string[found.start() - 1 :].startswith("&#") else f"\\{found.group()}"


def prose(text: str) -> str:
    """Sentences of ours, in which only code spans are marked up."""
    return "".join(
        part if part.startswith("`") and len(part) > 2 else _between(part)
        for part in _CODE.split(" ".join(text.split()))
    )


def _between(text: str) -> str:
    """A part of a sentence: :func:`escaped`, with the spaces at its ends."""
    lead, trail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return lead + escaped(text) + trail if text.strip() else text


def code(text: str) -> str:
    """A code span; in a table a pipe is still a cell's end unless it is escaped."""
    ticks = "`" * (max((len(run) for run in _RUNS.findall(text)), default=0) + 1)
    words = " ".join(text.split())
    pad = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{ticks}{pad}{words}{pad}{ticks}"


def codes(texts: Iterable[str]) -> str:
    """Code spans, separated by commas."""
    return ", ".join(map(code, texts))


def link(text: str, target: str) -> str:
    """A link; ``text`` is Markdown."""
    return f"[{text}]({target})"


def bare(address: str) -> str:
    """A link whose text is its address."""
    return link(escaped(address), f"<{address}>")


def fence(text: str, language: str = "", title: str = "", marked: Sequence[int] = ()) -> str:
    """A block of code, with a name above it and highlighted lines."""
    ticks = "`" * max(3, max((len(run) for run in _RUNS.findall(text)), default=0) + 1)
    options = [language or "text"]
    if title:
        options.append(f'title="{title}"')
    if marked:
        options.append(f'hl_lines="{" ".join(map(str, marked))}"')
    return f"{ticks} {{ .{options[0]} {' '.join(options[1:])} }}\n{text.rstrip()}\n{ticks}\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown; empty without rows."""
    lines = [f"| {' | '.join(cell.replace(chr(10), ' ') or ' ' for cell in row)} |" for row in rows]
    if not lines:
        return ""
    return "\n".join([f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *lines]) + "\n"


def bullets(items: Iterable[str]) -> str:
    """A list of Markdown texts."""
    return "".join(f"- {item}\n" for item in items)


def tabs(contents: Mapping[str, str]) -> str:
    """Content by the label of its tab."""
    parts = (f'=== "{label}"\n\n{indented(text)}\n' for label, text in contents.items())
    return "\n".join(parts)


def indented(text: str) -> str:
    """Text as the content of a tab or a note."""
    return "\n".join(f"    {line}".rstrip() for line in text.strip("\n").splitlines()) + "\n"


def note(kind: str, title: str, text: str) -> str:
    """A box beside the text."""
    return f'!!! {kind} "{title}"\n\n{indented(text)}'


def slug(text: str) -> str:
    """A name for addresses and anchors."""
    return _SPACE.sub("-", text.lower()).strip("-")


def page(title: str, *parts: str, description: str = "", wide: bool = False) -> str:
    """A page with its title; empty parts are left out. A ``wide`` one has no list of its headings beside it."""
    head = {"description": description, **({"hide": ["toc"]} if wide else {})}
    return f"---\n{json.dumps(head, ensure_ascii=False)}\n---\n\n" + "\n".join(_blocks(f"# {title}", *parts))


def _blocks(*parts: str) -> Iterator[str]:
    for part in parts:
        if part.strip():
            yield part.rstrip("\n") + "\n"
