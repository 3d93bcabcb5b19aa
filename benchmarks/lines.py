"""Whether the line that a finding marks holds what it talks about: read in the file, not asked of the scanner."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from scanner.model.finding import Finding
from scanner.model.report import Report
from scanner.model.resource import Resource, nearest
from scanner.model.span import Span
from scanner.normalize.respelled import MovedPlaces

_STEP: Final = re.compile(r"(?:[^.\[]+)|\[[^\]]*\]")
_WORD: Final = re.compile(r"[A-Za-z0-9_-]{3,}")
_NAME: Final = re.compile(r"[A-Za-z0-9]{2,}")
_POSITION: Final = re.compile(r"\[\d+\]")
_ITEM: Final = re.compile(r"^\s*-(?:\s|$)")
_EXPRESSION: Final = "{{"
_FILLED: Final = re.compile(r"\\[$&]\\\{[^{}]*\}|<[^<>]*>")
"""What a loop fills in, in a name that is escaped for a pattern: ``S3Bucket${Identifier}``."""
_TYPED: Final = re.compile(r"\"type\"\s*:\s*\"Microsoft\.", re.IGNORECASE)
"""How a template of Azure says what it declares; the report calls the type as Terraform does."""
_KEY: Final = re.compile(r"[\"'\s-]*(?P<name>[^\"'\s:]+)[\"']?\s*:")
_TEXTS: Final = ("container_definitions", "metadata", "image", "name", "environment", "command", "https://")
_MARKED: Final[Mapping[str, tuple[str, ...]]] = {
    "RS128": ("node_count", "minsize", "min_size"),
    "RS144": ("subnet", "zone", "location_id"),
    "RS145": ("subnet", "services:"),
    "RS160": ("services:",),
    "RS172": ("beacon-node",),
    "RS173": ("execution-endpoint",),
    "RS307": ("policy", "statement", "arn:aws:", ".windows.net", ".azure.net"),
    "RS308": ("env_file",),
    "RS311": ("source",),
    "RS312": ("repo",),
    "RS371": ("image",),
    "RS310": _TEXTS,
    "RS313": _TEXTS,
    "RS407": ("backend", "provider", "terraform"),
    "RS408": ("backend", "provider", "terraform"),
    "RS415": ("role", "principal", "policy"),
    "RS409": ("versioning", "enabled", "status"),
    "RS410": ("backend", "provider", "terraform"),
    "RS373": ("imagepullpolicy",),
    "RS470": ("failurepolicy",),
    "RS502": ("name_server", "content"),
    "RS523": _TEXTS,
    "RS524": _TEXTS,
    "RS525": ("env_file",),
    "RS530": _TEXTS,
    "RS533": _TEXTS,
    "RS534": ("domain",),
    "RS629": _TEXTS,
    "RS638": _TEXTS,
    "RS653": _TEXTS,
    "RS660": ("lock",),
    "RS661": ("lock",),
    "RS706": ("deletionpolicy",),
    "RS717": ("services:",),
}
"""What stands where these rules point besides: messages speak of owners and outcomes, the line of what decides."""


def misplaced(report: Report) -> Iterator[tuple[Finding, str]]:
    """The findings whose line holds nothing that they talk about, each with that line."""
    files = Files(Path(report.base))
    resources = {each.id: each for each in report.resources}
    declared = {(each.span.file, each.span.line) for each in report.resources}
    for finding in report.findings:
        lines, number = files.lines(finding.span.file), finding.span.line
        if not 1 <= number <= len(lines):
            yield finding, f"(the file has {len(lines)} lines)"
            continue
        resource = resources.get(finding.resource)
        begins = resource is None and (finding.span.file, number) in declared and _NAME.search(lines[number - 1])
        if not begins and not holds(finding, files, resource):
            yield finding, lines[number - 1].strip()


@dataclass(slots=True)
class Files:
    """The lines of the files of a scan, read once."""

    base: Path
    known: dict[str, list[str]] = field(default_factory=dict)

    def lines(self, name: str) -> list[str]:
        """The lines of a file by its name in the report."""
        if name not in self.known:
            self.known[name] = (self.base / name).read_text(encoding="utf-8", errors="replace").splitlines()
        return self.known[name]


def holds(finding: Finding, files: Files, resource: Resource | None) -> bool:
    """Whether the marked line says the attribute's key or one above it, what is declared, or a word of the message.

    An item of a list is as good as the key of the list above it; of a chart any expression may make the field. What
    is told of the estate stands where something is declared. A line that passes on what another one holds, which the
    report shows beside it, is as good as that one.
    """
    return any(_holds(finding, files.lines(span.file), span.line, resource) for span in _sources(finding.span))


def _sources(span: Span) -> Iterator[Span]:
    """A place and those that its value came from."""
    yield span
    while span.parent is not None and span.via.startswith("value"):
        span = span.parent
        yield span


def _holds(finding: Finding, lines: list[str], number: int, resource: Resource | None) -> bool:
    line = lines[number - 1]
    near = line + "\n" + above(lines, number)
    wanted = [*keys(finding.attribute), *(written(resource, finding) if resource is not None else ())]
    if (
        any(key in near or _squeezed(key) in _squeezed(near) for key in wanted)
        or _EXPRESSION in line
        or _said(finding, near)
    ):
        return True
    if any(word in line.lower() for word in _MARKED.get(finding.rule, ())):
        return True
    if resource is None:
        declares = any(word in line for word in ("kind:", "resource", "services:", "image:", "provider"))
        return declares or any("Type: AWS::" in below.replace('"', "") for below in lines[number : number + 1])
    if finding.span == resource.span and _TYPED.search(line):
        return True
    names = (resource.declaration.name, resource.declaration.name.rpartition("/")[2], resource.type.rpartition("/")[2])
    return any(name and (name in line or _filled(name, line)) for name in names) or any(
        key in near for _, path in resource.deciders.values() for key in keys(path)
    )


def written(resource: Resource, finding: Finding) -> Iterator[str]:
    """The keys of what decides an attribute, as the files spell it: ``CrossZone`` of ``cross_zone_load_balancing``.

    Of all that stands below the attribute, what is marked is meant.
    """
    declaration, path = resource.place_of(finding.attribute)
    places = declaration.places
    known = nearest(places, path) if path else None
    if known is not None and isinstance(places, MovedPlaces):
        yield from keys(places.written(known[0]))
        for each in places:
            plain = _POSITION.sub("", each)
            if (plain == path or plain.startswith(f"{path}.")) and places[each].line == finding.span.line:
                yield from keys(places.written(each))


def _filled(name: str, line: str) -> bool:
    """Whether a line declares what a name is made of: with a part that a loop fills in, or the beginning of it."""
    key = _KEY.match(line)
    pattern = re.escape(key["name"]) if key is not None else ""
    return pattern != "" and re.match(_FILLED.sub(".+", pattern), name) is not None


def _squeezed(words: str) -> str:
    """Words as templates and the catalog both write them: ``KeyUsage`` and ``key_usage``."""
    return words.replace("_", "").lower()


def keys(path: str) -> list[str]:
    """The keys of a path, last first: what stands nearest is looked for, and marked where the last is not written."""
    return [step for step in reversed(_STEP.findall(path)) if not step.startswith("[")]


def above(lines: list[str], number: int) -> str:
    """The line that an item of a list stands below; nothing for other lines."""
    line = lines[number - 1]
    if not _ITEM.match(line):
        return ""
    indent = len(line) - len(line.lstrip())
    for other in reversed(lines[: number - 1]):
        if other.strip() and not other.lstrip().startswith("#"):
            own = len(other) - len(other.lstrip())
            if own < indent or (own == indent and not _ITEM.match(other)):
                return other
    return ""


def _said(finding: Finding, line: str) -> bool:
    """Whether the line has a word of the message: what it tells of stands elsewhere, as an image or an option."""
    words = set(_WORD.findall(line.lower()))
    told = (finding.message, *(each.message for each in finding.related if each.span == finding.span))
    return any(words & set(_WORD.findall(text.lower())) for text in told)
