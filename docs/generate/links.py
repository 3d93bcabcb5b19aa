"""Links between pages, files of the repository and generated pages."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from scanner.rules.load import load_rules

REPOSITORY: Final = "https://github.com/riskscan/riskscan"
"""Where the source code is published."""

PLACES: Final[Mapping[str, str]] = {
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "README.md": "index.md",
    "benchmarks/README.md": "project/measurements.md",
    "rules": "rules/index.md",
    "rules/README.md": "reference/rule-files.md",
    "rules/WAIVERS.md": "reference/accepted-risks.md",
    "rules/frameworks/README.md": "frameworks/index.md",
    "rules/incidents/README.md": "incidents/index.md",
    "scanner/catalog": "catalog/index.md",
    "scanner/catalog/README.md": "reference/catalog-entries.md",
    "scanner/catalog/vocabulary.yaml": "reference/facts.md",
    "scanner/config_schema.json": "reference/configuration.md",
    "scanner/reporters/assessment_schema.json": "reference/evidence-json.md",
    "scanner/reporters/comparison_schema.json": "reference/diff-json.md",
    "scanner/reporters/history_schema.json": "reference/history-json.md",
    "scanner/reporters/outage_schema.json": "reference/simulate-json.md",
    "scanner/reporters/report_schema.json": "reference/report-json.md",
    "scanner/scoring/README.md": "reference/score.md",
    "scanner/simulation/README.md": "reference/outages.md",
}
"""Files of the repository that are pages of the site, or of which pages are made."""

_LINK: Final = re.compile(r"(?<=\]\()(?!<|[a-z]+:|#)([^)\s#]+)(#[^)\s]*)?(?=\))")
_DRAWING: Final = re.compile(r'<img alt="([^"]*)" src="[^"]*?(images/[a-z-]+\.svg)"\s*/?>')
_CODE: Final = re.compile(r"^( *)(`{3,}|~{3,}).*?^\1\2`*\s*$|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def rule_page(slug: str) -> str:
    """The page of a rule."""
    return f"rules/{slug}.md"


def incident_page(name: str) -> str:
    """The page of a recorded incident."""
    return f"incidents/{name}.md"


def framework_page(name: str) -> str:
    """The page of a framework."""
    return f"frameworks/{name}.md"


def relative(target: str, page: str) -> str:
    """A page, or an anchor in one, as a link on another page says it."""
    return posixpath.relpath(target, posixpath.dirname(page) or ".")


def resolved(markdown: str, page: str, folder: str = "docs") -> str:
    """A page's text, with links that lead out of ``docs/`` made good.

    ``folder`` is where the text lies in the repository. Code is left alone.
    """
    parts, end = [], 0
    for fenced in _CODE.finditer(markdown):
        parts += [_resolved(markdown[end : fenced.start()], page, folder), fenced.group()]
        end = fenced.end()
    return "".join((*parts, _resolved(markdown[end:], page, folder)))


def _resolved(text: str, page: str, folder: str) -> str:
    def target(found: re.Match[str]) -> str:
        address, anchor = found.group(1), found.group(2) or ""
        here = posixpath.dirname(page) if folder == "docs" else ""
        place = posixpath.normpath(posixpath.join(folder, here, address))
        if place.startswith("docs/"):
            return found.group() if folder == "docs" else relative(place.removeprefix("docs/"), page) + anchor
        made = made_of(place)
        return relative(made, page) + anchor if made else published(place) + anchor

    return _LINK.sub(target, text)


def published(place: str) -> str:
    """Where a file or folder of the repository can be read."""
    kind = "blob" if "." in posixpath.basename(place) or place.endswith(("LICENSE", "Makefile")) else "tree"
    return f"{REPOSITORY}/{kind}/main/{place}"


def made_of(place: str) -> str:
    """The page that is made of a file of the repository; empty for all others."""
    if place in PLACES:
        return PLACES[place]
    folder, name = posixpath.split(place.removesuffix(".yaml"))
    match folder:
        case "rules/incidents":
            return incident_page(name)
        case "rules/frameworks":
            return framework_page(name)
        case _:
            slugs = {
                f"rules/{rule.info.axis}/{_name(rule.file)}": rule.info.slug for rule in load_rules().rules.values()
            }
            return rule_page(slugs[f"{folder}/{name}"]) if f"{folder}/{name}" in slugs else ""


def _name(file: str) -> str:
    return posixpath.basename(file).removesuffix(".yaml")


def with_drawings(html: str, docs: Path) -> str:
    """A page in which drawings are no pictures but part of it, named by the text that describes them."""

    def inlined(found: re.Match[str]) -> str:
        drawing = (docs / found.group(2)).read_text(encoding="utf-8")
        return drawing[drawing.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{found.group(1)}"', 1)

    return _DRAWING.sub(inlined, html)
