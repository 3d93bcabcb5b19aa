"""Built pages as a browser would take them apart: ids, links, assets and blocks of code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

_ASSETS = {"script": "src", "img": "src", "iframe": "src", "source": "srcset", "video": "src", "object": "data"}
_LOADED = {"stylesheet", "icon", "preload", "prefetch", "modulepreload", "manifest", "preconnect", "dns-prefetch"}
"""Relations of ``<link>`` that make a browser ask for something."""


@dataclass(slots=True)
class Block:
    """A block of code: its text and the numbers of its highlighted lines."""

    text: str = ""
    marked: set[int] = field(default_factory=set)


@dataclass
class BuiltPage(HTMLParser):
    """What is on a page."""

    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    assets: list[str] = field(default_factory=list)
    classes: set[str] = field(default_factory=set)
    blocks: list[Block] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    _open: list[bool] = field(default_factory=list)
    _in_block: bool = False

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids.update({given["id"]} if "id" in given else ())
        self.classes.update(given.get("class", "").split())
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in _ASSETS and given.get(_ASSETS[tag]):
            self.assets.append(given[_ASSETS[tag]])
        if tag == "link" and _LOADED & set(given.get("rel", "").split()):
            self.assets.append(given["href"])
        if tag == "pre":
            self._in_block = True
            self.blocks.append(Block())
        elif self._in_block and tag == "span":
            self._open.append("hll" in given.get("class", "").split())

    def handle_endtag(self, tag: str) -> None:
        if tag == "pre":
            self._in_block = False
        elif self._in_block and tag == "span":
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if not self._in_block:
            return
        block = self.blocks[-1]
        for line in data.splitlines(keepends=True):
            if any(self._open) and line.strip():
                block.marked.add(block.text.count("\n") + 1)
            block.text += line


@cache
def built(path: Path) -> BuiltPage:
    page = BuiltPage()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def pages(site: Path) -> Iterator[Path]:
    return (path for path in sorted(site.rglob("*.html")) if path.name != "404.html")
