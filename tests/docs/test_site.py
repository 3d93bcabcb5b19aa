"""The built site, as readers find it. ``RISKSCAN_SITE`` names the folder that ``make docs SITE=…`` wrote."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
import yaml

pytestmark = pytest.mark.site

ROOT = Path(__file__).parents[2]
RULES = sorted(
    path
    for path in (ROOT / "rules").glob("*/*.yaml")
    if path.parent.name in {"zone", "region", "provider", "account", "edge", "custody", "data"}
)
MARK = re.compile(r"[ \t]*(?:#|//) <-[ \t]*$")


# -- pages as a browser takes them apart -----------------------------------------------------------

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


@pytest.fixture(scope="session")
def site() -> Path:
    folder = os.environ.get("RISKSCAN_SITE")
    assert folder, "RISKSCAN_SITE names no built site: make docs SITE=FOLDER"
    return Path(folder).resolve()


# -- links and assets ------------------------------------------------------------------------------


def test_every_internal_link_and_anchor_leads_somewhere(site: Path) -> None:
    astray = [
        f"{page.relative_to(site)}: {link}"
        for page in pages(site)
        for link in built(page).links
        if not leads(site, page, link)
    ]
    assert not astray, astray[:20]


def leads(site: Path, page: Path, link: str) -> bool:
    address, anchor = urldefrag(link)
    if urlsplit(address).scheme:
        return True
    target = page if not address else (page.parent / unquote(address)).resolve()
    target = target / "index.html" if target.is_dir() else target
    if not target.is_file() or not target.is_relative_to(site):
        return False
    return not anchor or target.suffix != ".html" or anchor == "__tabbed" or unquote(anchor) in built(target).ids


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    remote = {asset for page in pages(site) for asset in built(page).assets if urlsplit(asset).netloc}
    assert not remote
    # Diagrams that are drawn in the page, and counts of stars, would be fetched by the theme's own script.
    assert not {"mermaid", "md-source"} & {name for page in pages(site) for name in built(page).classes}


def test_no_stylesheet_loads_anything_from_elsewhere(site: Path) -> None:
    sheets = list(site.rglob("*.css"))
    assert sheets
    for sheet in sheets:
        assert not re.findall(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//", sheet.read_text(encoding="utf-8")), sheet


def test_every_asset_is_there(site: Path) -> None:
    for page in pages(site):
        for asset in built(page).assets:
            assert (
                urlsplit(asset).scheme == "data" or (page.parent / urldefrag(asset)[0].partition("?")[0]).is_file()
            ), (page, asset)


# -- rules -----------------------------------------------------------------------------------------


def test_there_are_rules() -> None:
    assert len(RULES) > 280


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_a_rule_page_shows_every_example_with_its_marked_lines(path: Path, site: Path) -> None:
    rule = yaml.safe_load(path.read_text(encoding="utf-8"))
    page = built(site / "rules" / rule["slug"] / "index.html")
    shown = Counter((block.text.rstrip("\n"), frozenset(block.marked)) for block in page.blocks)
    wanted = Counter(map(as_shown, rule["examples"]))
    assert not wanted - shown
    configurations = Counter(example["config"].rstrip("\n") for example in rule["examples"] if "config" in example)
    assert not configurations - Counter(block.text.rstrip("\n") for block in page.blocks)


def as_shown(example: Mapping[str, str]) -> tuple[str, frozenset[int]]:
    lines = next(example[name] for name in ("fail", "pass", "unknown") if name in example).rstrip("\n").split("\n")
    marked = frozenset(number for number, line in enumerate(lines, 1) if MARK.search(line))
    return "\n".join(MARK.sub("", line) for line in lines).rstrip("\n"), marked


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_a_rule_page_says_why_and_how_to_fix_it(path: Path, site: Path) -> None:
    rule = yaml.safe_load(path.read_text(encoding="utf-8"))
    page = built(site / "rules" / rule["slug"] / "index.html")
    assert f"{rule['code']}: {plain(rule['title'])}" in page.text
    assert plain(rule["why"]) in page.text
    assert rule["severity"] in page.text
    for address in rule["references"]:
        assert address in page.links
    for framework, controls in (rule.get("controls") or {}).items():
        for control in controls:
            assert str(control) in page.text
        assert any(link.startswith(f"../../frameworks/{framework}/#") for link in page.links), framework


def plain(text: str) -> str:
    return " ".join(text.replace("`", "").split())


# -- incidents and frameworks ----------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted((ROOT / "rules/incidents").glob("*.yaml")), ids=lambda path: path.stem)
def test_an_incident_has_a_page_with_its_sources(path: Path, site: Path) -> None:
    incident = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506  # texts alone
    page = built(site / "incidents" / incident["id"] / "index.html")
    assert plain(incident["cause"]) in page.text
    assert not set(incident["sources"]) - set(page.links)
    assert f"riskscan simulate infra/ --incident {incident['id']}" in page.text
    assert f"{incident['id']}/" in built(site / "incidents/index.html").links


@pytest.mark.parametrize("path", sorted((ROOT / "rules/frameworks").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_framework_has_a_page_with_its_controls(path: Path, site: Path) -> None:
    framework = yaml.safe_load(path.read_text(encoding="utf-8"))
    page = built(site / "frameworks" / framework["id"] / "index.html")
    for control in framework["controls"]:
        assert control["id"] in page.text
        assert plain(control["title"]) in page.text
    assert "compliant" not in page.text


def test_what_is_from_memory_says_so(site: Path) -> None:
    assert (
        "Mark memory: written from memory; check it before relying on it."
        in built(site / "frameworks/mica/index.html").text
    )


# -- references ------------------------------------------------------------------------------------


def test_the_configuration_reference_has_every_key(site: Path) -> None:
    schema = json.loads((ROOT / "scanner/config_schema.json").read_text(encoding="utf-8"))
    text = built(site / "reference/configuration/index.html").text
    names = set(keys(schema, schema))
    assert {"services", "criticality", "max_file_bytes", "custodian"} <= names
    assert not {name for name in names if name not in text}


def keys(part: Any, root: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from part.get("properties", {})
        if str(part.get("$ref", "")).startswith("#/$defs/"):
            yield from keys(root["$defs"][part["$ref"].rpartition("/")[2]], root)
        for value in part.values():
            yield from keys(value, root)
    elif isinstance(part, list):
        for value in part:
            yield from keys(value, root)


def test_the_command_reference_has_every_option_of_every_help(site: Path) -> None:
    text = built(site / "reference/commands/index.html").text
    names = [line.split()[0] for line in section(help_of())]
    assert "scan" in names
    for name in names:
        told = help_of(name)
        commands = [[name]] + [[name, line.split()[0]] for line in section(told)] if "Commands:" in told else [[name]]
        for command in commands:
            assert f"riskscan {' '.join(command)}" in text
            for option in re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", help_of(*command), re.MULTILINE):
                assert option == "--help" or option in text, (command, option)


def help_of(*command: str) -> str:
    return subprocess.run(["riskscan", *command, "--help"], check=True, capture_output=True, text=True).stdout


def section(told: str) -> Iterator[str]:
    """The lines of commands in a help, without what they are continued with."""
    lines = told.partition("Commands:\n")[2].splitlines()
    return (line for line in lines if re.match(r"  \S", line))


def test_the_schemas_are_published(site: Path) -> None:
    for name in ("config_schema.json", "reporters/report_schema.json", "reporters/outage_schema.json"):
        published = site / "schemas" / Path(name).name
        assert published.read_text(encoding="utf-8") == (ROOT / "scanner" / name).read_text(encoding="utf-8")
